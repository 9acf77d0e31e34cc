"""SubjectPublicKeyInfo to a public key (RFC 5280 4.1.2.7).

Theory of operation: the algorithm's object identifier picks a row of ``_KEYS``, whose function reads parameters and key
and hands them to the key's own constructor, which checks them. A key that is unsupported or malformed is None, with the
reason: it may be in a certificate that nobody uses.
"""

from __future__ import annotations

from collections.abc import Callable

from puressl.crypto.keys import ECPublicKey, EdPublicKey, PssParameters, PublicKey, RSAPublicKey
from puressl.errors import ProtocolError
from puressl.x509 import algorithms, der, identifiers
from puressl.x509.der import DERError, Reader

_EDWARDS_BY_OID = {identifier: key_type for key_type, identifier in algorithms.EDWARDS.items()}


def decode_public_key(info: bytes) -> tuple[PublicKey | None, str]:
    """The key of a SubjectPublicKeyInfo, or None and why not.

    info: what ``strict.check`` found to be DER.
    """
    try:
        return _decode(info)
    except ProtocolError as error:
        return None, error.detail or ""
    except ValueError as error:
        return None, f"malformed public key: {error}"


def _decode(info: bytes) -> tuple[PublicKey | None, str]:
    reader = Reader.of_single(info, der.SEQUENCE)
    identifier, parameters = algorithms.decode_identifier(reader)
    bits = reader.take(der.BIT_STRING)
    reader.end()
    decode = _KEYS.get(identifier)
    if decode is None:
        return None, f"unsupported public key algorithm {_algorithm_text(identifier)}"
    if bits[:1] != b"\x00":
        raise DERError("not a whole number of octets")
    return decode(identifier, parameters, bits[1:]), ""


def _algorithm_text(identifier: str) -> str:
    name = identifiers.ALGORITHMS.get(identifier)
    return identifier if name is None else f"{name} ({identifier})"


def _rsa(_: str, parameters: bytes, octets: bytes) -> RSAPublicKey:
    if parameters not in (algorithms.NULL_PARAMETERS, algorithms.NO_PARAMETERS):
        raise DERError("parameters are not NULL")  # RFC 3279 2.3.1
    return _rsa_public_key(octets, None)


def _rsa_pss(_: str, parameters: bytes, octets: bytes) -> RSAPublicKey:
    return _rsa_public_key(octets, algorithms.decode_pss(Reader(parameters)))


def _rsa_public_key(octets: bytes, pss: PssParameters | None) -> RSAPublicKey:
    """RSAPublicKey (RFC 8017 A.1.1)."""
    reader = Reader.of_single(octets, der.SEQUENCE)
    modulus, exponent = reader.integer(), reader.integer()
    reader.end()
    return RSAPublicKey(modulus, exponent, pss)


def _ec(_: str, parameters: bytes, octets: bytes) -> ECPublicKey:
    if parameters[:1] != bytes((der.OBJECT_IDENTIFIER,)):
        raise DERError("the curve is not named")  # RFC 5480 2.1.1
    identifier = Reader(parameters).oid()
    curve = algorithms.CURVES_BY_OID.get(identifier)
    if curve is None:
        raise DERError(f"unsupported curve {identifier}")
    return ECPublicKey.decode(curve, octets)


def _edwards(identifier: str, parameters: bytes, octets: bytes) -> EdPublicKey:
    if parameters != algorithms.NO_PARAMETERS:
        raise DERError("parameters where none belong")  # RFC 8410 3
    return EdPublicKey(_EDWARDS_BY_OID[identifier], octets)


_KEYS: dict[str, Callable[[str, bytes, bytes], PublicKey]] = {
    algorithms.RSA_ENCRYPTION: _rsa,
    algorithms.RSASSA_PSS: _rsa_pss,
    algorithms.EC_PUBLIC_KEY: _ec,
    **dict.fromkeys(_EDWARDS_BY_OID, _edwards),
}
