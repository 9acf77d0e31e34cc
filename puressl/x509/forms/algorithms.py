"""Algorithm parameters and public keys in the form ``ssl``.

Theory of operation: a row of ``_PARAMETERS`` or ``_KEYS`` says what stands beside an algorithm's identifier; without
one, parameters are NULL or DER, and a key is its bits. Curve points, and keys of RFC 8410, stay octets: whether they
are on their curve is asked by whoever uses them. Clauses: RFC 3279 2.3, RFC 4055 (RSASSA-PSS, RSAES-OAEP), RFC 5480
(EC), RFC 8410 (X25519, X448, Ed25519, Ed448), PKCS#3 (Diffie-Hellman), RFC 9881 and 9935 (ML-DSA, ML-KEM).
"""
# ruff: noqa: N815 - the fields have the RFCs' names.

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from puressl.x509 import der, identifiers
from puressl.x509.forms.codec import (
    ANY,
    BIT_STRING,
    INTEGER,
    NULL,
    NULL_TYPE,
    OCTET_STRING,
    WHOLE_OCTETS,
    BitString,
    Choice,
    Codec,
    Either,
    Field,
    Identifier,
    Null,
    Structure,
    Wrapped,
    explicit,
)
from puressl.x509.forms.structure import AlgorithmIdentifier, algorithm_identifier


@dataclass(frozen=True, slots=True)
class RSASSAPSSParams:
    """RFC 4055 3.1. written: the fields whose default was written out."""

    hashAlgorithm: AlgorithmIdentifier
    maskGenAlgorithm: AlgorithmIdentifier
    saltLength: int
    trailerField: int
    written: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class RSAESOAEPParams:
    """RFC 4055 4.1. written: the fields whose default was written out."""

    hashFunc: AlgorithmIdentifier
    maskGenFunc: AlgorithmIdentifier
    pSourceFunc: AlgorithmIdentifier
    written: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class EcpkParameters:
    """RFC 3279 2.3.5. type: "namedCurve", "implicitlyCA" or "ecParameters". value: the curve's name or dotted
    identifier; NULL; DER.
    """

    type: str
    value: Any


@dataclass(frozen=True, slots=True)
class DssParms:
    """RFC 3279 2.3.2."""

    p: int
    q: int
    g: int


@dataclass(frozen=True, slots=True)
class ValidationParms:
    """RFC 3279 2.3.3."""

    seed: BitString
    pgenCounter: int


@dataclass(frozen=True, slots=True)
class DomainParameters:
    """X9.42's parameters (RFC 3279 2.3.3)."""

    p: int
    g: int
    q: int
    j: int | None = None
    validationParms: ValidationParms | None = None


@dataclass(frozen=True, slots=True)
class DHParameter:
    """PKCS#3 9."""

    prime: int
    base: int
    privateValueLength: int | None = None


@dataclass(frozen=True, slots=True)
class RSAPublicKey:
    """RFC 3279 2.3.1."""

    modulus: int
    publicExponent: int


def _optional_null(_: Sequence[Any]) -> Codec[Any]:
    return _NULL_OR_ANY


_NULL_OR_ANY = Either(Null, NULL_TYPE, ANY)
_HASH = algorithm_identifier(Identifier(identifiers.HASHES), _optional_null)
_SHA1 = AlgorithmIdentifier("id-sha1", NULL)
_MGF1_SHA1 = AlgorithmIdentifier("id-mgf1", _SHA1)
_NO_LABEL = AlgorithmIdentifier("id-pSpecified", b"")


def _mask_parameters(before: Sequence[Any]) -> Codec[Any]:
    return _HASH if before[0] == "id-mgf1" else _NULL_OR_ANY


def _source_parameters(before: Sequence[Any]) -> Codec[Any]:
    return OCTET_STRING if before[0] == "id-pSpecified" else _NULL_OR_ANY


_MASK = algorithm_identifier(Identifier(identifiers.MASKS), _mask_parameters)
_SOURCE = algorithm_identifier(Identifier(identifiers.SOURCES), _source_parameters)
_PSS = Structure(
    RSASSAPSSParams,
    Field("hashAlgorithm", explicit(0, _HASH), _SHA1),
    Field("maskGenAlgorithm", explicit(1, _MASK), _MGF1_SHA1),
    Field("saltLength", explicit(2, INTEGER), 20),
    Field("trailerField", explicit(3, INTEGER), 1),
)
_OAEP = Structure(
    RSAESOAEPParams,
    Field("hashFunc", explicit(0, _HASH), _SHA1),
    Field("maskGenFunc", explicit(1, _MASK), _MGF1_SHA1),
    Field("pSourceFunc", explicit(2, _SOURCE), _NO_LABEL),
)


class _SpecifiedCurve(Codec[bytes]):
    """ECParameters, DER: RFC 5480 2.1.1 forbids them."""

    tags = frozenset({der.SEQUENCE})

    def decode(self, data: bytes, at: int, start: int, stop: int) -> bytes:
        return ANY.decode(data, at, start, stop)

    def encode(self, value: bytes) -> bytes:
        return ANY.encode(value)


_EC = Choice(
    EcpkParameters,
    {"namedCurve": Identifier(identifiers.CURVES), "implicitlyCA": NULL_TYPE, "ecParameters": _SpecifiedCurve()},
)
_DSS = Structure(DssParms, Field("p", INTEGER), Field("q", INTEGER), Field("g", INTEGER))
_X942 = Structure(
    DomainParameters,
    Field("p", INTEGER),
    Field("g", INTEGER),
    Field("q", INTEGER),
    Field("j", INTEGER, None),
    Field(
        "validationParms",
        Structure(ValidationParms, Field("seed", BIT_STRING), Field("pgenCounter", INTEGER)),
        None,
    ),
)
_PKCS3 = Structure(
    DHParameter, Field("prime", INTEGER), Field("base", INTEGER), Field("privateValueLength", INTEGER, None)
)

#: Parameters that are more than NULL or nothing; a NULL may stand for those of DSA, which are inherited then.
_PARAMETERS: dict[str, Codec[Any]] = {
    "id-RSASSA-PSS": Either(RSASSAPSSParams, _PSS, NULL_TYPE),
    "id-RSAES-OAEP": Either(RSAESOAEPParams, _OAEP, NULL_TYPE),
    "id-ecPublicKey": _EC,
    "id-ecDH": _EC,
    "id-ecMQV": _EC,
    "id-dsa": Either(DssParms, _DSS, NULL_TYPE),
    "dhpublicnumber": _X942,
    "dhKeyAgreement": _PKCS3,
}

_RSA_KEY = Wrapped(
    der.BIT_STRING,
    Structure(RSAPublicKey, Field("modulus", INTEGER), Field("publicExponent", INTEGER)),
    "RSAPublicKey",
)
_INTEGER_KEY = Wrapped(der.BIT_STRING, INTEGER)
_KEYS: dict[str, Codec[Any]] = {
    **dict.fromkeys(("rsaEncryption", "id-RSASSA-PSS", "id-RSAES-OAEP"), _RSA_KEY),
    **dict.fromkeys(("id-dsa", "dhpublicnumber", "dhKeyAgreement"), _INTEGER_KEY),
    **dict.fromkeys(("id-ecPublicKey", "id-ecDH", "id-ecMQV"), WHOLE_OCTETS),
    **dict.fromkeys(("id-X25519", "id-X448", "id-Ed25519", "id-Ed448"), WHOLE_OCTETS),
    **dict.fromkeys(("id-ml-dsa-44", "id-ml-dsa-65", "id-ml-dsa-87"), WHOLE_OCTETS),
    **dict.fromkeys(("id-alg-ml-kem-512", "id-alg-ml-kem-768", "id-alg-ml-kem-1024"), WHOLE_OCTETS),
}


def parameters(before: Sequence[Any]) -> Codec[Any]:
    """Of an AlgorithmIdentifier, by its identifier."""
    name: str = before[0]
    codec = _PARAMETERS.get(name)
    if codec is not None:
        return codec
    return ANY if name[0].isdigit() else _NULL_OR_ANY


def public_key(before: Sequence[Any]) -> Codec[Any]:
    """subjectPublicKey, by the algorithm beside it."""
    return _KEYS.get(before[0].algorithm, BIT_STRING)
