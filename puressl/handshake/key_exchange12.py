"""Key exchange of TLS 1.2: ECDHE, DHE and RSA (RFC 5246 7.4.3, 7.4.7, 8.1; RFC 8422; RFC 7919).

Theory of operation: the client's half of an exchange is one ``ClientExchange``: the ClientKeyExchange to send and the
premaster secret. The server's half begins with a share that it keeps until ClientKeyExchange comes. What
ServerKeyExchange signs is the two randoms and the parameters, not the transcript; that binds the key but not the
negotiation, which only Finished protects.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Union

from puressl.codes import NamedGroup, SignatureScheme, name_of
from puressl.crypto.groups import FiniteFieldGroup, Group
from puressl.crypto.keys import ECPublicKey, KeyType, PublicKey, RSAPublicKey
from puressl.crypto.provider import Provider
from puressl.crypto.suites import Authentication, KeyExchange, Suite
from puressl.env import Env, Purpose
from puressl.errors import Problem, ProtocolError
from puressl.wire import (
    ClientHello,
    ClientKeyExchangeDHE,
    ClientKeyExchangeECDHE,
    ClientKeyExchangeRSA,
    ServerKeyExchangeDHE,
    ServerKeyExchangeECDHE,
    SignatureAlgorithms,
    SupportedGroups,
)
from puressl.x509.certificate import Certificate
from puressl.x509.extensions import KeyUsage

#: The curves of ECDHE (RFC 8422 5.1.1). Finite fields and hybrids may stand in supported_groups beside them.
CURVES = frozenset(
    (NamedGroup.SECP256R1, NamedGroup.SECP384R1, NamedGroup.SECP521R1, NamedGroup.X25519, NamedGroup.X448)
)
#: RFC 7919 2: code points of finite field groups, known or not.
FINITE_FIELDS = range(256, 512)
#: RFC 5246 8.1.1: the version of the ClientHello and random octets.
PREMASTER_LENGTH = 48
#: RFC 5246 7.4.1.4.1: what a client without signature_algorithms is taken to offer. SHA-1 signs nothing here.
IMPLICIT_SCHEMES: tuple[int, ...] = (SignatureScheme.RSA_PKCS1_SHA1, SignatureScheme.ECDSA_SHA1)

_KEY_TYPES = {
    Authentication.RSA: (KeyType.RSA, KeyType.RSA_PSS),  # RFC 8446 4.2.3: RSASSA-PSS keys may sign in TLS 1.2, too
    Authentication.ECDSA: (KeyType.EC, KeyType.ED25519, KeyType.ED448),  # RFC 8422 5.10
}

ServerKeyExchange = Union[ServerKeyExchangeECDHE, ServerKeyExchangeDHE]
ClientKeyExchange = Union[ClientKeyExchangeECDHE, ClientKeyExchangeDHE, ClientKeyExchangeRSA]


@dataclass(frozen=True, slots=True)
class ClientExchange:
    """The client's half. message: its ClientKeyExchange. group: None for RSA and for a group without a code point."""

    message: ClientKeyExchange
    premaster: bytes = field(repr=False)
    group: int | None = None


def supported_groups(hello: ClientHello) -> tuple[int, ...] | None:
    """The groups a ClientHello lists, None without the extension."""
    extension = hello.extensions.get(SupportedGroups)
    return None if extension is None else extension.groups


def offered_schemes(hello: ClientHello) -> tuple[int, ...]:
    """The signature schemes a ClientHello lists, or what it means to list none (RFC 5246 7.4.1.4.1)."""
    extension = hello.extensions.get(SignatureAlgorithms)
    return IMPLICIT_SCHEMES if extension is None else extension.schemes


def key_fits(suite: Suite, key: PublicKey, groups: tuple[int, ...] | None) -> bool:
    """Whether a certificate's key may serve a suite (RFC 5246 7.4.2, RFC 8422 5.3).

    groups: the client's supported_groups, which in TLS 1.2 restrict the key's curve, too (RFC 8422 5.1.1).
    """
    if suite.key_exchange is KeyExchange.RSA:
        return key.key_type is KeyType.RSA
    if key.key_type not in _KEY_TYPES.get(suite.authentication, ()):
        return False
    return groups is None or not isinstance(key, ECPublicKey) or NamedGroup[key.curve.name] in groups


def may_encipher(leaf: Certificate) -> bool:
    """RFC 5246 7.4.2: for RSA key exchange keyUsage, where there is one, must have keyEncipherment."""
    usage = leaf.extensions.key_usage
    return usage is None or bool(usage & KeyUsage.KEY_ENCIPHERMENT)


def signed_content(client_random: bytes, server_random: bytes, message: ServerKeyExchange) -> bytes:
    """What ServerKeyExchange signs (RFC 5246 7.4.3, RFC 8422 5.4)."""
    return client_random + server_random + message.params()


# The client's half ----------------------------------------------------------------------------------------------------


def answer_ecdhe(message: ServerKeyExchangeECDHE, hello: ClientHello, provider: Provider, env: Env) -> ClientExchange:
    """RFC 8422 5.4: the curve must be one that was offered. RFC 8422 5.7: our own point answers."""
    group = provider.groups.get(message.group)
    if group is None or message.group not in CURVES or message.group not in (supported_groups(hello) or ()):
        raise ProtocolError(
            Problem.ILLEGAL_PARAMETER,
            f"ServerKeyExchange on {name_of(NamedGroup, message.group)}, which was not offered",
        )
    public, secret = group.respond(message.point, env)
    return ClientExchange(ClientKeyExchangeECDHE(public), secret, message.group)


def answer_dhe(message: ServerKeyExchangeDHE, provider: Provider, env: Env) -> ClientExchange:
    """RFC 5246 7.4.3. A group of no name is accepted if it is large enough (RFC 7919 3.1)."""
    group = provider.finite_field_group(int.from_bytes(message.p, "big"), int.from_bytes(message.g, "big"))
    share = group.generate(env)
    secret = finite_field_secret(share.derive, message.y, len(share.public))
    return ClientExchange(ClientKeyExchangeDHE(share.public), secret, group.id or None)


def answer_rsa(key: PublicKey, client_version: int, provider: Provider, env: Env) -> ClientExchange:
    """RFC 5246 7.4.7.1. client_version: what ClientHello said, whatever was negotiated."""
    if not isinstance(key, RSAPublicKey):
        raise ProtocolError(Problem.ILLEGAL_PARAMETER, f"RSA key exchange with a key of type {key.key_type.value}")
    version = client_version.to_bytes(2, "big")
    premaster = version + env.random(PREMASTER_LENGTH - len(version), Purpose.PREMASTER_SECRET)
    return ClientExchange(ClientKeyExchangeRSA(provider.encrypt_premaster(key, premaster, env)), premaster)


def finite_field_secret(derive: Callable[[bytes], bytes], public: bytes, size: int) -> bytes:
    """The premaster secret of DHE: without its leading zeros (RFC 5246 8.1.2).

    derive: public value to shared secret. public: the peer's value, leading zeros optional. size: octets of the prime.
    A value out of range is handshake_failure here (RFC 7919 3, 4), not illegal_parameter.
    """
    try:
        shared = derive(public.lstrip(b"\x00").rjust(size, b"\x00"))
    except ProtocolError as error:
        if error.problem is not Problem.BAD_KEY_SHARE:
            raise
        raise ProtocolError(Problem.BAD_DH_VALUE, error.detail or "") from error
    return shared.lstrip(b"\x00")


# The server's half ----------------------------------------------------------------------------------------------------


def server_params(group: Group, public: bytes, scheme: int) -> ServerKeyExchange:
    """A ServerKeyExchange that is still to be signed."""
    if isinstance(group, FiniteFieldGroup):
        prime = group.prime.to_bytes(group.size, "big")
        generator = group.generator.to_bytes((group.generator.bit_length() + 7) // 8, "big")
        return ServerKeyExchangeDHE(prime, generator, public, scheme, b"")
    return ServerKeyExchangeECDHE(group.id, public, scheme, b"")
