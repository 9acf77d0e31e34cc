"""Algorithm identifiers: object identifiers and parameters of keys and signatures, and SubjectPublicKeyInfo.

Theory of operation: X.509 and PKCS#8 name an algorithm by an object identifier and parameters whose form depends on
it. The tables pair identifiers with puressl's own names; the functions read and write what stands in a certificate or a
key file; SubjectPublicKeyInfo is read in ``public_key_info.py``. Clauses: RFC 3279 (RSA, ECDSA), RFC 4055 (RSASSA-PSS),
RFC 5480 and 5758 (EC), RFC 8410 (EdDSA).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeVar

from puressl.crypto.hashes import HashAlgorithm
from puressl.crypto.keys import Curve, ECPublicKey, KeyType, PssParameters, PublicKey, RSAPublicKey
from puressl.crypto.signatures import Algorithm, Kind
from puressl.errors import Reason, SSLError
from puressl.x509 import der

RSA_ENCRYPTION = "1.2.840.113549.1.1.1"
RSASSA_PSS = "1.2.840.113549.1.1.10"
EC_PUBLIC_KEY = "1.2.840.10045.2.1"
_MGF1 = "1.2.840.113549.1.1.8"
_MD5_WITH_RSA = "1.2.840.113549.1.1.4"
#: An AlgorithmIdentifier's parameters, DER: NULL, or nothing at all.
NULL_PARAMETERS, NO_PARAMETERS = der.null(), b""

CURVES: Mapping[Curve, str] = {
    Curve.SECP256R1: "1.2.840.10045.3.1.7",
    Curve.SECP384R1: "1.3.132.0.34",
    Curve.SECP521R1: "1.3.132.0.35",
}
EDWARDS: Mapping[KeyType, str] = {KeyType.ED25519: "1.3.101.112", KeyType.ED448: "1.3.101.113"}
HASHES: Mapping[HashAlgorithm, str] = {
    HashAlgorithm.SHA1: "1.3.14.3.2.26",
    HashAlgorithm.SHA256: "2.16.840.1.101.3.4.2.1",
    HashAlgorithm.SHA384: "2.16.840.1.101.3.4.2.2",
    HashAlgorithm.SHA512: "2.16.840.1.101.3.4.2.3",
}
CURVES_BY_OID = {identifier: curve for curve, identifier in CURVES.items()}
_HASHES_BY_OID = {identifier: hash_ for hash_, identifier in HASHES.items()}

_SIGNATURES: Mapping[tuple[Kind, HashAlgorithm | None], str] = {
    (Kind.RSA_PKCS1, HashAlgorithm.SHA1): "1.2.840.113549.1.1.5",
    (Kind.RSA_PKCS1, HashAlgorithm.SHA256): "1.2.840.113549.1.1.11",
    (Kind.RSA_PKCS1, HashAlgorithm.SHA384): "1.2.840.113549.1.1.12",
    (Kind.RSA_PKCS1, HashAlgorithm.SHA512): "1.2.840.113549.1.1.13",
    (Kind.ECDSA, HashAlgorithm.SHA1): "1.2.840.10045.4.1",
    (Kind.ECDSA, HashAlgorithm.SHA256): "1.2.840.10045.4.3.2",
    (Kind.ECDSA, HashAlgorithm.SHA384): "1.2.840.10045.4.3.3",
    (Kind.ECDSA, HashAlgorithm.SHA512): "1.2.840.10045.4.3.4",
}
#: What certificates are signed with; MD5 is known, so that it can be called weak.
_ALGORITHMS: Mapping[str, Algorithm] = {
    _MD5_WITH_RSA: Algorithm(Kind.RSA_PKCS1, HashAlgorithm.MD5),
    **{identifier: Algorithm(*algorithm) for algorithm, identifier in _SIGNATURES.items()},
    **{identifier: Algorithm(Kind.EDDSA) for identifier in EDWARDS.values()},
}
#: The hash as strong as the curve (RFC 5480 4).
_CURVE_HASHES = {
    Curve.SECP256R1: HashAlgorithm.SHA256,
    Curve.SECP384R1: HashAlgorithm.SHA384,
    Curve.SECP521R1: HashAlgorithm.SHA512,
}
#: RSASSA-PSS-params' defaults (RFC 4055 3.1).
_PSS_HASH, _PSS_SALT_LENGTH, _PSS_TRAILER = HashAlgorithm.SHA1, 20, 1

_Value = TypeVar("_Value")


def public_octets(key: PublicKey) -> bytes:
    """What subjectPublicKey, and a private key's file, holds for a public key."""
    if isinstance(key, RSAPublicKey):
        return der.sequence(der.integer(key.modulus), der.integer(key.exponent))
    return key.point if isinstance(key, ECPublicKey) else key.raw


def key_algorithm(key: PublicKey) -> bytes:
    """The AlgorithmIdentifier of a key, DER."""
    if isinstance(key, ECPublicKey):
        return der.sequence(der.oid(EC_PUBLIC_KEY), der.oid(CURVES[key.curve]))
    if not isinstance(key, RSAPublicKey):
        return der.sequence(der.oid(EDWARDS[key.key_type]))
    if key.pss is None:
        return der.sequence(der.oid(RSA_ENCRYPTION), der.null())
    restriction = b"" if key.pss.hash is None else _encode_pss(key.pss.hash, key.pss.salt_length)
    return der.sequence(der.oid(RSASSA_PSS), restriction)


def encode_public_key(key: PublicKey) -> bytes:
    """SubjectPublicKeyInfo (RFC 5280 4.1), DER."""
    return der.sequence(key_algorithm(key), der.bit_string(public_octets(key)))


def default_algorithm(key: PublicKey) -> Algorithm:
    """How a key signs certificates when nobody says otherwise: the most widely read algorithm it is fit for."""
    if isinstance(key, ECPublicKey):
        return Algorithm(Kind.ECDSA, _CURVE_HASHES[key.curve])
    if not isinstance(key, RSAPublicKey):
        return Algorithm(Kind.EDDSA)
    if key.pss is None:
        return Algorithm(Kind.RSA_PKCS1, HashAlgorithm.SHA256)
    hash_ = key.pss.hash or HashAlgorithm.SHA256
    return Algorithm(Kind.RSA_PSS, hash_, max(hash_.size, key.pss.salt_length))


def signature_algorithm(algorithm: Algorithm, key_type: KeyType) -> bytes:
    """The AlgorithmIdentifier of a signature, DER. key_type: the signing key's, which EdDSA's identifier depends on.

    Raises ``SSLError(badarg)`` for a pair that has no identifier.
    """
    if algorithm.kind is Kind.RSA_PSS and algorithm.hash is not None:
        parameters = _encode_pss(algorithm.hash, algorithm.salt_length or 0)
        return der.sequence(der.oid(RSASSA_PSS), parameters)
    if algorithm.kind is Kind.EDDSA and key_type in EDWARDS:
        return der.sequence(der.oid(EDWARDS[key_type]))
    identifier = _SIGNATURES.get((algorithm.kind, algorithm.hash))
    if identifier is None:
        raise SSLError(Reason.BADARG, f"{algorithm} of a key of type {key_type.value} has no identifier")
    # RFC 3279 2.2.1: NULL after an RSA identifier; RFC 5758 3.2: nothing after an ECDSA one.
    return der.sequence(der.oid(identifier), der.null() if algorithm.kind is Kind.RSA_PKCS1 else b"")


def decode_identifier(reader: der.Reader) -> tuple[str, bytes]:
    """The next element as an AlgorithmIdentifier: its object identifier, and its parameters' DER, empty where absent.

    Raises ``DERError``. RFC 5280 4.1.1.2.
    """
    algorithm = reader.sequence()
    identifier = algorithm.oid()
    tag = algorithm.next_tag()
    parameters = NO_PARAMETERS if tag is None else algorithm.take_raw(tag)
    algorithm.end()
    return identifier, parameters


def decode_signature_algorithm(data: bytes) -> tuple[str, Algorithm | None]:
    """The object identifier of a signature's AlgorithmIdentifier, and what we call it, None if it is unsupported.

    Raises ``DERError``, for parameters where none belong too.
    """
    identifier, parameters = decode_identifier(der.Reader(data))
    if identifier == RSASSA_PSS:
        return identifier, _pss_algorithm(parameters)
    algorithm = _ALGORITHMS.get(identifier)
    # RFC 4055 5: NULL, and absence is accepted; RFC 5758 3.2, RFC 8410 3: absent.
    is_rsa = algorithm is not None and algorithm.kind is Kind.RSA_PKCS1
    allowed = (NULL_PARAMETERS, NO_PARAMETERS) if is_rsa else (NO_PARAMETERS,)
    if algorithm is not None and parameters not in allowed:
        raise der.DERError("parameters where none belong")
    return identifier, algorithm


def _pss_algorithm(parameters: bytes) -> Algorithm | None:
    """None for parameters that are absent or that no signature scheme of TLS has."""
    try:
        pss = decode_pss(der.Reader(parameters))
    except der.DERError:
        return None
    return None if pss.hash is None else Algorithm(Kind.RSA_PSS, pss.hash, pss.salt_length)


def decode_pss(algorithm: der.Reader) -> PssParameters:
    """RSASSA-PSS-params, the rest of an AlgorithmIdentifier (RFC 4055 3.1); absent, the key is free of restrictions.

    Raises ``DERError`` for what is malformed, and for parameters that no signature scheme of TLS has.
    """
    if algorithm.next_tag() is None:
        return PssParameters()
    parameters = algorithm.sequence()
    hash_ = _explicit(parameters, 0, _decode_hash, _PSS_HASH)
    mask_hash = _explicit(parameters, 1, _decode_mask, _PSS_HASH)
    salt_length = _explicit(parameters, 2, der.Reader.integer, _PSS_SALT_LENGTH)
    trailer = _explicit(parameters, 3, der.Reader.integer, _PSS_TRAILER)
    parameters.end()
    # RFC 8446 4.2.3: the mask generation function's digest is the signature's.
    if mask_hash is not hash_ or trailer != _PSS_TRAILER or salt_length < 0:
        raise der.DERError("RSASSA-PSS parameters that TLS does not have")
    return PssParameters(hash_, salt_length)


def _explicit(reader: der.Reader, number: int, decode: Callable[[der.Reader], _Value], default: _Value) -> _Value:
    """An element in an explicit tag, or its default."""
    content = reader.optional(der.context(number))
    if content is None:
        return default
    inner = der.Reader(content)
    value = decode(inner)
    inner.end()
    return value


def _decode_hash(reader: der.Reader) -> HashAlgorithm:
    """A hash's AlgorithmIdentifier, its parameters NULL or absent (RFC 4055 2.1)."""
    algorithm = reader.sequence()
    identifier = algorithm.oid()
    algorithm.optional(der.NULL)
    algorithm.end()
    hash_ = _HASHES_BY_OID.get(identifier)
    if hash_ is None:
        raise der.DERError(f"hash {identifier} is not supported")
    return hash_


def _decode_mask(reader: der.Reader) -> HashAlgorithm:
    algorithm = reader.sequence()
    if algorithm.oid() != _MGF1:
        raise der.DERError("the mask generation function is not MGF1")
    hash_ = _decode_hash(algorithm)
    algorithm.end()
    return hash_


def _encode_pss(hash_: HashAlgorithm, salt_length: int) -> bytes:
    """RSASSA-PSS-params; a value that is the default is left out (X.690 11.5)."""
    digest = der.sequence(der.oid(HASHES[hash_]), der.null())
    parts = (
        (0, digest, hash_ is _PSS_HASH),
        (1, der.sequence(der.oid(_MGF1), digest), hash_ is _PSS_HASH),
        (2, der.integer(salt_length), salt_length == _PSS_SALT_LENGTH),
    )
    return der.sequence(*(der.element(der.context(n), value) for n, value, is_default in parts if not is_default))
