"""Signatures: TLS's signature schemes, and the algorithms of certificates.

Theory of operation: ``SCHEMES`` has a row for each scheme: the algorithm, the kind of key, and in which version it may
sign a handshake. Whether a scheme fits a key is decided from the row before any arithmetic; then one of four pairs of
functions signs or verifies. A verification that succeeds returns a ``SignatureValid``, which nothing else can make;
everything else raises. What a peer was offered is not known here: the handshake checks that.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum
from types import MappingProxyType
from typing import Any, NoReturn

from puressl.codes import ProtocolVersion, name_of
from puressl.codes import SignatureScheme as Scheme
from puressl.crypto import ecdsa, edwards, rsa
from puressl.crypto.hashes import HashAlgorithm
from puressl.crypto.keys import (
    EDDSA_CURVES,
    Curve,
    ECPrivateKey,
    ECPublicKey,
    EdPrivateKey,
    EdPublicKey,
    KeyType,
    PrivateKey,
    PublicKey,
    RSAPrivateKey,
    RSAPublicKey,
)
from puressl.env import Env
from puressl.errors import Problem, ProtocolError


class Kind(str, Enum):
    """The four ways to sign."""

    RSA_PKCS1 = "rsa_pkcs1"
    RSA_PSS = "rsa_pss"
    ECDSA = "ecdsa"
    EDDSA = "eddsa"


@dataclass(frozen=True, slots=True)
class Algorithm:
    """A signature algorithm apart from TLS.

    hash: None for EdDSA, which has its own. salt_length: octets, for PSS only.
    """

    kind: Kind
    hash: HashAlgorithm | None = None
    salt_length: int | None = None


@dataclass(frozen=True, slots=True)
class SchemeRow:
    """A SignatureScheme (RFC 8446 4.2.3).

    key_type: the kind of key it is for. curve: the one it is bound to in TLS 1.3; TLS 1.2 reads only hash and "ecdsa"
    (RFC 8446 4.2.3). tls13, tls12: whether it may sign a handshake message of that version.
    """

    scheme: Scheme
    algorithm: Algorithm
    key_type: KeyType
    curve: Curve | None
    tls13: bool
    tls12: bool

    def allowed(self, version: int) -> bool:
        return self.tls13 if version >= ProtocolVersion.TLSv1_3 else self.tls12


def _pkcs1(hash_algorithm: HashAlgorithm) -> Algorithm:
    return Algorithm(Kind.RSA_PKCS1, hash_algorithm)


def _pss(hash_algorithm: HashAlgorithm) -> Algorithm:
    """The salt is as long as the digest (RFC 8446 4.2.3)."""
    return Algorithm(Kind.RSA_PSS, hash_algorithm, hash_algorithm.size)


def _ecdsa_with(hash_algorithm: HashAlgorithm) -> Algorithm:
    return Algorithm(Kind.ECDSA, hash_algorithm)


_EDDSA = Algorithm(Kind.EDDSA)
_SHA1, _SHA256, _SHA384, _SHA512 = HashAlgorithm.SHA1, HashAlgorithm.SHA256, HashAlgorithm.SHA384, HashAlgorithm.SHA512

#: In order of preference. RSASSA-PKCS1-v1_5 may sign certificates in TLS 1.3 but no handshake message; SHA-1 likewise
#: (RFC 8446 4.2.3).
_ROWS = (
    SchemeRow(Scheme.ECDSA_SECP256R1_SHA256, _ecdsa_with(_SHA256), KeyType.EC, Curve.SECP256R1, True, True),
    SchemeRow(Scheme.ECDSA_SECP384R1_SHA384, _ecdsa_with(_SHA384), KeyType.EC, Curve.SECP384R1, True, True),
    SchemeRow(Scheme.ECDSA_SECP521R1_SHA512, _ecdsa_with(_SHA512), KeyType.EC, Curve.SECP521R1, True, True),
    SchemeRow(Scheme.ED25519, _EDDSA, KeyType.ED25519, None, True, True),
    SchemeRow(Scheme.ED448, _EDDSA, KeyType.ED448, None, True, True),
    SchemeRow(Scheme.RSA_PSS_RSAE_SHA256, _pss(_SHA256), KeyType.RSA, None, True, True),
    SchemeRow(Scheme.RSA_PSS_RSAE_SHA384, _pss(_SHA384), KeyType.RSA, None, True, True),
    SchemeRow(Scheme.RSA_PSS_RSAE_SHA512, _pss(_SHA512), KeyType.RSA, None, True, True),
    SchemeRow(Scheme.RSA_PSS_PSS_SHA256, _pss(_SHA256), KeyType.RSA_PSS, None, True, True),
    SchemeRow(Scheme.RSA_PSS_PSS_SHA384, _pss(_SHA384), KeyType.RSA_PSS, None, True, True),
    SchemeRow(Scheme.RSA_PSS_PSS_SHA512, _pss(_SHA512), KeyType.RSA_PSS, None, True, True),
    SchemeRow(Scheme.RSA_PKCS1_SHA256, _pkcs1(_SHA256), KeyType.RSA, None, False, True),
    SchemeRow(Scheme.RSA_PKCS1_SHA384, _pkcs1(_SHA384), KeyType.RSA, None, False, True),
    SchemeRow(Scheme.RSA_PKCS1_SHA512, _pkcs1(_SHA512), KeyType.RSA, None, False, True),
    SchemeRow(Scheme.ECDSA_SHA1, _ecdsa_with(_SHA1), KeyType.EC, None, False, True),
    SchemeRow(Scheme.RSA_PKCS1_SHA1, _pkcs1(_SHA1), KeyType.RSA, None, False, True),
)

SCHEMES: Mapping[int, SchemeRow] = MappingProxyType({row.scheme: row for row in _ROWS})

#: What is offered unless a configuration says otherwise: everything but SHA-1 (RFC 9155 for TLS 1.2).
DEFAULT_SCHEMES: tuple[Scheme, ...] = tuple(row.scheme for row in _ROWS if row.algorithm.hash is not _SHA1)

_PROOF_TOKEN = object()


class SignatureValid:
    """The proof that a signature was verified: only ``verify`` and ``verify_algorithm`` can make one.

    public_key: whose signature. algorithm: by which algorithm.
    """

    __slots__ = ("algorithm", "public_key")

    algorithm: Algorithm
    public_key: PublicKey

    def __init__(self, token: object, public_key: PublicKey, algorithm: Algorithm) -> None:
        if token is not _PROOF_TOKEN:
            raise TypeError("only a verification makes a SignatureValid")
        object.__setattr__(self, "public_key", public_key)
        object.__setattr__(self, "algorithm", algorithm)

    def __setattr__(self, name: str, value: object) -> NoReturn:
        raise AttributeError("a SignatureValid does not change")

    def __repr__(self) -> str:
        return f"SignatureValid({self.public_key!r}, {self.algorithm!r})"


def schemes_for(public_key: PublicKey, version: int) -> tuple[int, ...]:
    """The schemes a key can sign a handshake of a version with, best first; never a SHA-1 one.

    version: ``ProtocolVersion.TLSv1_2`` or ``TLSv1_3``. A P-256 key has all of ECDSA in TLS 1.2, with its own hash
    first; an RSA key only what its modulus has room for.
    """
    rows = [SCHEMES[scheme] for scheme in DEFAULT_SCHEMES if _fits(SCHEMES[scheme], public_key, version)]
    if isinstance(public_key, ECPublicKey):
        rows.sort(key=lambda row: row.curve is not public_key.curve)  # stable: the others keep their order
    return tuple(row.scheme for row in rows)


def _fits(row: SchemeRow, public_key: PublicKey, version: int) -> bool:
    if not row.allowed(version) or row.key_type is not public_key.key_type:
        return False
    if isinstance(public_key, ECPublicKey):
        return version < ProtocolVersion.TLSv1_3 or row.curve is public_key.curve
    return _capable(row.algorithm, public_key)


def _capable(algorithm: Algorithm, public_key: PublicKey) -> bool:
    """Whether an RSA modulus has room for the algorithm's encoding and the key's own restriction allows it (RFC 4055
    3.3).
    """
    if not isinstance(public_key, RSAPublicKey) or algorithm.hash is None:
        return True
    if not rsa.can_sign(public_key, algorithm.hash, algorithm.salt_length):
        return False
    restriction = public_key.pss
    if restriction is None:
        return True
    return restriction.hash in (None, algorithm.hash) and (algorithm.salt_length or 0) >= restriction.salt_length


def sign(private_key: PrivateKey, scheme: int, message: bytes, env: Env) -> bytes:
    """Sign a handshake's message (the whole input of RFC 8446 4.4.3 or RFC 5246 7.4.3, unhashed).

    scheme: one of ``schemes_for(private_key.public, version)``. env: PSS salt and RSA blinding. Result: the signature
    as TLS carries it. Raises ILLEGAL_PARAMETER for a scheme that is unknown or does not fit the key.
    """
    row = _row(scheme, private_key.public)
    return sign_algorithm(private_key, row.algorithm, message, env)


def sign_algorithm(private_key: PrivateKey, algorithm: Algorithm, message: bytes, env: Env) -> bytes:
    """Sign by an algorithm apart from TLS, for making certificates.

    Raises ILLEGAL_PARAMETER if it does not fit the key.
    """
    _require(algorithm, private_key.public)
    return _OPERATIONS[algorithm.kind].sign(private_key, algorithm, message, env)


def verify(public_key: PublicKey, scheme: int, signature: bytes, message: bytes, version: int) -> SignatureValid:
    """Verify the signature of a handshake's message.

    version: the negotiated one; it says which schemes exist and whether an ECDSA scheme binds the curve (RFC 8446
    4.2.3). Raises ILLEGAL_PARAMETER for a scheme that is unknown, not allowed in the version or not fit for the key;
    BAD_SIGNATURE otherwise.
    """
    row = _row(scheme, public_key)
    if not _fits(row, public_key, version):
        raise _unfit(f"{name_of(Scheme, scheme)} does not fit the key or the version")
    return _verified(public_key, row.algorithm, signature, message)


def verify_algorithm(public_key: PublicKey, algorithm: Algorithm, signature: bytes, message: bytes) -> SignatureValid:
    """Verify a certificate's signature: any curve with any hash.

    Raises ILLEGAL_PARAMETER for SHA-1 or an algorithm that does not fit the key, BAD_SIGNATURE for a wrong signature.
    """
    if algorithm.hash in (HashAlgorithm.SHA1, HashAlgorithm.MD5):  # RFC 8446 4.2.3, CA/Browser Forum BR 7.1.3.2
        raise _unfit(f"signature with {algorithm.hash.value}")
    _require(algorithm, public_key)
    return _verified(public_key, algorithm, signature, message)


def _row(scheme: int, public_key: PublicKey) -> SchemeRow:
    row = SCHEMES.get(scheme)
    if row is None:
        raise _unfit(f"unknown signature scheme {name_of(Scheme, scheme)}")
    if row.key_type is not public_key.key_type:
        raise _unfit(f"{name_of(Scheme, scheme)} with a key of type {public_key.key_type.value}")
    return row


def _require(algorithm: Algorithm, public_key: PublicKey) -> None:
    if (algorithm.hash is None) != (algorithm.kind is Kind.EDDSA):
        raise _unfit(f"{algorithm.kind.value} with a wrong hash")
    if (algorithm.salt_length is None) != (algorithm.kind is not Kind.RSA_PSS) or (algorithm.salt_length or 0) < 0:
        raise _unfit(f"{algorithm.kind.value} with a wrong salt length")
    if public_key.key_type not in _OPERATIONS[algorithm.kind].key_types or not _capable(algorithm, public_key):
        raise _unfit(f"{algorithm.kind.value} with a key of type {public_key.key_type.value}")


def _unfit(detail: str) -> ProtocolError:
    return ProtocolError(Problem.ILLEGAL_PARAMETER, detail)


def _verified(public_key: PublicKey, algorithm: Algorithm, signature: bytes, message: bytes) -> SignatureValid:
    if not _OPERATIONS[algorithm.kind].verify(public_key, algorithm, signature, message):
        raise ProtocolError(Problem.BAD_SIGNATURE)
    return SignatureValid(_PROOF_TOKEN, public_key, algorithm)


def _sign_pkcs1(key: RSAPrivateKey, algorithm: Algorithm, message: bytes, env: Env) -> bytes:
    return rsa.sign_pkcs1(key, _hash(algorithm), message, env)


def _verify_pkcs1(key: RSAPublicKey, algorithm: Algorithm, signature: bytes, message: bytes) -> bool:
    return rsa.verify_pkcs1(key, _hash(algorithm), signature, message)


def _sign_pss(key: RSAPrivateKey, algorithm: Algorithm, message: bytes, env: Env) -> bytes:
    return rsa.sign_pss(key, _hash(algorithm), algorithm.salt_length or 0, message, env)


def _verify_pss(key: RSAPublicKey, algorithm: Algorithm, signature: bytes, message: bytes) -> bool:
    return rsa.verify_pss(key, _hash(algorithm), algorithm.salt_length or 0, signature, message)


def _sign_ecdsa(key: ECPrivateKey, algorithm: Algorithm, message: bytes, env: Env) -> bytes:
    """Deterministic (RFC 6979): no randomness is asked for."""
    hash_algorithm = _hash(algorithm)
    r, s = ecdsa.sign(key.curve.row, key.scalar, hash_algorithm.digest(message), hash_algorithm)
    return _sequence(_integer(r) + _integer(s))


def _verify_ecdsa(key: ECPublicKey, algorithm: Algorithm, signature: bytes, message: bytes) -> bool:
    numbers = _decode_ecdsa(signature)
    if numbers is None:
        return False
    return ecdsa.verify(key.curve.row, key.point, _hash(algorithm).digest(message), *numbers)


def _sign_eddsa(key: EdPrivateKey, algorithm: Algorithm, message: bytes, env: Env) -> bytes:
    return edwards.sign(EDDSA_CURVES[key.key_type], key.seed, key.public.raw, message)


def _verify_eddsa(key: EdPublicKey, algorithm: Algorithm, signature: bytes, message: bytes) -> bool:
    return edwards.verify(EDDSA_CURVES[key.key_type], key.raw, signature, message)


def _hash(algorithm: Algorithm) -> HashAlgorithm:
    if algorithm.hash is None:
        raise _unfit(f"{algorithm.kind.value} without a hash")
    return algorithm.hash


@dataclass(frozen=True, slots=True)
class _Operation:
    """How a kind signs and verifies, and with what keys.

    An ordinary RSA key may make PSS signatures, an RSA-PSS key nothing else.
    """

    sign: Callable[[Any, Algorithm, bytes, Env], bytes]
    verify: Callable[[Any, Algorithm, bytes, bytes], bool]
    key_types: tuple[KeyType, ...]


_OPERATIONS = {
    Kind.RSA_PKCS1: _Operation(_sign_pkcs1, _verify_pkcs1, (KeyType.RSA,)),
    Kind.RSA_PSS: _Operation(_sign_pss, _verify_pss, (KeyType.RSA, KeyType.RSA_PSS)),
    Kind.ECDSA: _Operation(_sign_ecdsa, _verify_ecdsa, (KeyType.EC,)),
    Kind.EDDSA: _Operation(_sign_eddsa, _verify_eddsa, (KeyType.ED25519, KeyType.ED448)),
}

# ECDSA-Sig-Value ::= SEQUENCE { r INTEGER, s INTEGER } (RFC 3279 2.2.3), in DER alone: any other encoding is no
# signature.

_SEQUENCE_TAG, _INTEGER_TAG = 0x30, 0x02
#: P-521's two integers take 138 octets, so a length has at most one octet after 0x81.
_SHORT_LENGTH, _LONG_LENGTH = 0x80, 0x81
#: P-521's signature: 3 octets of header, and twice 2 and 66. Anything longer is refused before it is read.
_MAX_ECDSA_SIGNATURE = 139


def _element(tag: int, content: bytes) -> bytes:
    length = bytes([len(content)]) if len(content) < _SHORT_LENGTH else bytes([_LONG_LENGTH, len(content)])
    return bytes([tag]) + length + content


def _sequence(content: bytes) -> bytes:
    return _element(_SEQUENCE_TAG, content)


def _integer(number: int) -> bytes:
    """A non-negative INTEGER: the sign bit needs an octet of its own where the highest bit is set."""
    return _element(_INTEGER_TAG, number.to_bytes(number.bit_length() // 8 + 1, "big"))


def _decode_ecdsa(signature: bytes) -> tuple[int, int] | None:
    """r and s, or None if the octets are not the DER of two positive integers:

    what was read is written again and compared.
    """
    if len(signature) > _MAX_ECDSA_SIGNATURE:
        return None
    outer = _take(signature, 0, _SEQUENCE_TAG)
    first = outer and _take(signature, outer[0], _INTEGER_TAG)
    second = first and _take(signature, first[1], _INTEGER_TAG)
    if not (first and second):
        return None
    r = int.from_bytes(signature[first[0] : first[1]], "big")
    s = int.from_bytes(signature[second[0] : second[1]], "big")
    return (r, s) if _sequence(_integer(r) + _integer(s)) == signature else None


def _take(octets: bytes, place: int, tag: int) -> tuple[int, int] | None:
    """Start and end of the content of the element at a place, or None: another tag, a length cut short or too long."""
    header = octets[place : place + 3]
    if len(header) < 3 or header[0] != tag:
        return None
    start, length = place + 2, header[1]
    if length == _LONG_LENGTH:
        start, length = place + 3, header[2]
    elif length >= _SHORT_LENGTH:
        return None
    return (start, start + length) if start + length <= len(octets) else None
