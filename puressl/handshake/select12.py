"""A server's choices in TLS 1.2, as pure functions of the ClientHello and the configuration.

Theory of operation: a TLS 1.2 suite decides three things at once: key exchange, authentication and cipher. ``suites``
leaves those for which group and cipher are agreed; which of them the certificate allows is asked when it is chosen
(``suite``).
"""

from __future__ import annotations

from collections.abc import Sequence

from puressl.codes import CipherSuite, ECPointFormat, NamedGroup, SignatureScheme, name_of
from puressl.config import ServerConfig
from puressl.crypto.groups import Group
from puressl.crypto.suites import Authentication, CipherKind, KeyExchange, Suite
from puressl.errors import Problem, ProtocolError
from puressl.handshake.key_exchange12 import (
    CURVES,
    FINITE_FIELDS,
    key_fits,
    may_encipher,
    offered_schemes,
    supported_groups,
)
from puressl.handshake.parameters12 import TLS12, mac_is_sound
from puressl.wire import (
    ClientHello,
    ECPointFormats,
    EncryptThenMac,
    RenegotiationInfo,
)
from puressl.x509.credential import Credential


def secure_renegotiation(config: ServerConfig, hello: ClientHello) -> bool:
    """Whether the client signals RFC 5746, by suite value or extension; one that does not is refused (3.6, 4.3)."""
    info = hello.extensions.get(RenegotiationInfo)
    if info is not None and info.renegotiated_connection:
        raise ProtocolError(Problem.INSECURE_RENEGOTIATION, "renegotiation_info of an initial handshake is not empty")
    signalled = info is not None or CipherSuite.TLS_EMPTY_RENEGOTIATION_INFO_SCSV in hello.cipher_suites
    if config.secure_renegotiate and not signalled:
        raise ProtocolError(Problem.INSECURE_RENEGOTIATION, "neither renegotiation_info nor its SCSV in ClientHello")
    return signalled


def check_point_formats(hello: ClientHello) -> None:
    """RFC 8422 5.1.2: who offers curves must take uncompressed points."""
    formats = hello.extensions.get(ECPointFormats)
    if formats is None or ECPointFormat.UNCOMPRESSED in formats.formats:
        return
    if CURVES.intersection(supported_groups(hello) or ()):
        raise ProtocolError(Problem.ILLEGAL_PARAMETER, "ec_point_formats without uncompressed (RFC 8422 5.1.2)")


def curve(config: ServerConfig, hello: ClientHello) -> Group | None:
    """Our first curve that the client supports; without supported_groups it leaves the choice to us (RFC 8422 4)."""
    offered = supported_groups(hello)
    for group in config.groups:
        if group in CURVES and (offered is None or group in offered):
            return config.provider.groups[group]
    return None


def finite_field(config: ServerConfig, hello: ClientHello) -> Group | None:
    """Our first finite field group that the client lists; if it lists none, it takes what it gets (RFC 7919 4)."""
    offered = [group for group in supported_groups(hello) or () if group in FINITE_FIELDS]
    configured = [group for group in config.groups if group in FINITE_FIELDS]
    if offered:
        return next((config.provider.groups[group] for group in configured if group in offered), None)
    return config.provider.groups.get(configured[0] if configured else NamedGroup.FFDHE2048)


def group(config: ServerConfig, hello: ClientHello, suite: Suite) -> Group | None:
    """The group for a suite's key exchange; None when there is none in common, or the suite needs none."""
    if suite.key_exchange is KeyExchange.ECDHE:
        return curve(config, hello)
    if suite.key_exchange is KeyExchange.DHE:
        return finite_field(config, hello)
    return None


def encrypt_then_mac(hello: ClientHello, suite: Suite) -> bool:
    """RFC 7366 3: wherever it is offered and means anything."""
    return suite.cipher.kind is CipherKind.CBC and hello.extensions.get(EncryptThenMac) is not None


def is_usable(config: ServerConfig, hello: ClientHello, suite: Suite) -> bool:
    """Whether key exchange and cipher of a suite are agreed, whatever the certificate."""
    if suite.id not in hello.cipher_suites:
        return False
    agreed = encrypt_then_mac(hello, suite)
    if not mac_is_sound(suite, agreed, allow_mac_then_encrypt=config.allow_mac_then_encrypt):
        return False
    return suite.key_exchange is KeyExchange.RSA or group(config, hello, suite) is not None


def suites(config: ServerConfig, hello: ClientHello) -> tuple[Suite, ...]:
    """The common suites that can be used, in our order; none ends the handshake (RFC 5246 7.4.1.3)."""
    usable = tuple(each for each in config.suites_for(TLS12) if is_usable(config, hello, each))
    if usable:
        return usable
    offered = ", ".join(name_of(CipherSuite, each) for each in hello.cipher_suites)
    common = [each for each in config.suites_for(TLS12) if each.id in hello.cipher_suites]
    if any(each.key_exchange is KeyExchange.DHE for each in common) and finite_field(config, hello) is None:
        raise ProtocolError(Problem.NO_COMMON_FINITE_FIELD, f"client offers {offered}")  # RFC 7919 4
    raise ProtocolError(Problem.NO_COMMON_CIPHER_SUITE, f"client offers {offered}")


def authentications(candidates: Sequence[Suite]) -> tuple[Authentication, ...]:
    """The kinds of certificate that some of the suites want."""
    return tuple(dict.fromkeys(each.authentication for each in candidates))


def curves(hello: ClientHello) -> tuple[int, ...]:
    """The curves that an ECDSA certificate may be on (RFC 8422 5.1.1); () for any."""
    return tuple(each for each in supported_groups(hello) or () if each in CURVES)


def suite(hello: ClientHello, candidates: Sequence[Suite], credential: Credential) -> Suite:
    """The first of the suites that the certificate's key can serve (RFC 5246 7.4.2)."""
    key, may_decrypt = credential.leaf.public_key, may_encipher(credential.leaf)
    for each in candidates:
        if each.key_exchange is KeyExchange.RSA and not may_decrypt:
            continue
        if key is not None and key_fits(each, key, supported_groups(hello)):
            return each
    names = ", ".join(each.name for each in candidates)
    raise ProtocolError(Problem.NO_COMMON_CIPHER_SUITE, f"our certificate's key serves none of {names}")


def scheme(config: ServerConfig, hello: ClientHello, credential: Credential) -> int:
    """The first of ours that the client can verify (RFC 5246 7.4.1.4.1)."""
    offered, configured = offered_schemes(hello), config.schemes_for(TLS12)
    for each in credential.schemes(TLS12):
        if each in offered and each in configured:
            return each
    names = ", ".join(name_of(SignatureScheme, each) for each in offered)
    raise ProtocolError(Problem.NO_COMMON_SIGNATURE_SCHEME, f"our certificate's key and the client's {names}")
