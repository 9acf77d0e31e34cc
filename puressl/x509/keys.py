"""Private-key files: PKCS#1, SEC1, PKCS#8 and its encrypted form, PEM or DER; and key objects back to DER.

Theory of operation: a file is one of four forms. In PEM the block's label says which; in DER the first two elements
do. Each form has one decoder, which reads it strictly and hands the numbers to the key object's own constructor, and
that checks their consistency. ``_ALGORITHMS`` says by object identifier how PKCS#8's content is read. Only here the
faults of the lower modules become ``SSLError(ekeyfile)`` with the name of the file.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from puressl.crypto.keys import (
    Curve,
    ECPrivateKey,
    ECPublicKey,
    EdPrivateKey,
    KeyType,
    PrivateKey,
    PssParameters,
    RSAPrivateKey,
)
from puressl.errors import ProtocolError, Reason, SSLError
from puressl.x509 import algorithms, der, pbe, pem

#: The largest key file read: an RSA key of 16384 bits takes 13 KiB, the rest is for certificates in the same file.
MAX_FILE = 1 << 20

#: What may be met and is refused, by its usual name.
_KNOWN = {
    "1.2.840.10040.4.1": "DSA",
    "1.2.840.113549.1.3.1": "Diffie-Hellman",
    "1.3.101.110": "X25519",
    "1.3.101.111": "X448",
    "1.3.132.0.10": "secp256k1",
    "1.3.132.0.33": "secp224r1",
    "1.3.36.3.3.2.8.1.1.7": "brainpoolP256r1",
    "1.3.36.3.3.2.8.1.1.11": "brainpoolP384r1",
    "1.3.36.3.3.2.8.1.1.13": "brainpoolP512r1",
    "2.16.840.1.101.3.4.3.17": "ML-DSA-44",
    "2.16.840.1.101.3.4.3.18": "ML-DSA-65",
    "2.16.840.1.101.3.4.3.19": "ML-DSA-87",
}
_Decoder = Callable[[bytes, "bytes | None"], PrivateKey]

#: Of PKCS#12 (RFC 7292 4): in place of a private key's version 0 or 1.
_PKCS12_VERSION = 3


class _RefusedError(ValueError):
    """A key that is well formed and not supported, or a password that is missing; the text says it all."""


def load_private_key(data: bytes, password: bytes | str | None, source: str) -> PrivateKey:
    """The private key in a file.

    data: the file's bytes; of several PEM blocks the first private key counts. password: for an encrypted key, text as
    UTF-8; ignored for one that is not encrypted. source: the file's name, for the error.
    Raises ``SSLError(ekeyfile)``: no key, malformed, inconsistent, of an unsupported kind, password missing or wrong.
    RFC 5958 (PKCS#8), RFC 8017 A.1.2 (PKCS#1), RFC 5915 (SEC1), RFC 8410 (EdDSA).
    """
    try:
        secret = password.encode() if isinstance(password, str) else password
        if len(data) > MAX_FILE:
            raise _RefusedError(f"{len(data)} bytes are too many for a key file; the limit is {MAX_FILE}")
        return _from_pem(data, secret) if pem.is_pem(data) else _from_der(data, secret)
    except UnicodeEncodeError:
        text = "the password has characters that UTF-8 does not"
    except pbe.WrongPasswordError:
        text = "wrong password"
    except (_RefusedError, pbe.EncryptionRefusedError, pem.PemError) as refusal:
        text = str(refusal)
    except der.DERError as error:
        text = f"the private key is malformed: {error}"
    except ProtocolError as error:
        text = f"the private key is unusable: {error.detail}"
    raise SSLError(Reason.EKEYFILE, f"{source}: {text}")


def _from_pem(data: bytes, password: bytes | None) -> PrivateKey:
    block = next((block for block in pem.blocks(data) if block.label.endswith("PRIVATE KEY")), None)
    if block is None:
        raise _RefusedError("there is no private key in the file")
    decoder = _FORMS.get(block.label)
    if decoder is None:
        raise _RefusedError(f"the form {block.label} is not supported; supported are {', '.join(_FORMS)}")
    body = block.decode()
    dek_info = block.headers.get("DEK-Info")
    if dek_info is None:
        return decoder(body, password)
    return _decrypted(decoder, pbe.decrypt_legacy(dek_info, body, _needed(password)))


def _from_der(data: bytes, password: bytes | None) -> PrivateKey:
    """DER does not say which form it is; the first two elements of the outer SEQUENCE differ between the four."""
    if data[:1] != bytes((der.SEQUENCE,)):
        raise _RefusedError("the file is neither PEM nor DER")
    outer = der.Reader.of_single(data, der.SEQUENCE)
    first = outer.next_tag()
    if first == der.INTEGER and outer.integer() == _PKCS12_VERSION:
        raise _RefusedError("PKCS#12 is not supported; convert it with: openssl pkcs12 -nodes -in OLD -out NEW")
    if first == der.SEQUENCE:
        outer.sequence()
    form = _FORMS_BY_TAGS.get((first, outer.next_tag()))
    if form is None:
        raise _RefusedError("the file holds no private key")
    return _FORMS[form](data, password)


def _needed(password: bytes | None) -> bytes:
    if password is None:
        raise _RefusedError("the private key is encrypted and no password was given")
    return password


def _decrypted(decoder: _Decoder, plaintext: bytes) -> PrivateKey:
    """Decodes what was decrypted. One wrong password in 256 leaves valid padding; then the outer element is garbage."""
    try:
        der.Reader.of_single(plaintext, der.SEQUENCE)
    except der.DERError:
        raise pbe.WrongPasswordError from None
    return decoder(plaintext, None)


def _encrypted(data: bytes, password: bytes | None) -> PrivateKey:
    """EncryptedPrivateKeyInfo (RFC 5958 3)."""
    return _decrypted(_pkcs8, pbe.decrypt_pkcs8(data, _needed(password)))


def _pkcs8(data: bytes, password: bytes | None) -> PrivateKey:
    """OneAsymmetricKey (RFC 5958 2): version 0, or 1 with a public key; attributes are ignored."""
    info = der.Reader.of_single(data, der.SEQUENCE)
    version = info.integer()
    if version not in (0, 1):
        raise der.DERError(f"version {version} of PrivateKeyInfo does not exist")
    algorithm = info.sequence()
    content = info.take(der.OCTET_STRING)
    info.optional(der.context(0))
    public = info.optional(der.context(1, constructed=False))
    info.end()
    identifier = algorithm.oid()
    decoder = _ALGORITHMS.get(identifier)
    if decoder is None:
        raise _unsupported("key type", identifier)
    key = decoder(algorithm, content)
    algorithm.end()
    if public is not None:
        _check_public(key, public[1:])
    return key


def _pkcs1(data: bytes, password: bytes | None) -> RSAPrivateKey:
    return _rsa(data, None)


def _rsa(data: bytes, pss: PssParameters | None) -> RSAPrivateKey:
    """RSAPrivateKey (RFC 8017 A.1.2), of two primes."""
    reader = der.Reader.of_single(data, der.SEQUENCE)
    version = reader.integer()
    if version == 1:
        raise _RefusedError("RSA keys of more than two primes are not supported")
    if version != 0:
        raise der.DERError(f"version {version} of RSAPrivateKey does not exist")
    n, e, d, p, q, dp, dq, qinv = (reader.integer() for _ in range(8))
    reader.end()
    return RSAPrivateKey(n=n, e=e, d=d, p=p, q=q, dp=dp, dq=dq, qinv=qinv, pss=pss)


def _pkcs8_rsa(algorithm: der.Reader, content: bytes) -> RSAPrivateKey:
    """rsaEncryption; its parameters are NULL (RFC 3279 2.3.1), and their absence is let pass."""
    algorithm.optional(der.NULL)
    return _rsa(content, None)


def _pkcs8_rsa_pss(algorithm: der.Reader, content: bytes) -> RSAPrivateKey:
    """id-RSASSA-PSS (RFC 4055 3.1)."""
    return _rsa(content, algorithms.decode_pss(algorithm))


def _pkcs8_ec(algorithm: der.Reader, content: bytes) -> ECPrivateKey:
    """id-ecPublicKey; the curve is in the parameters (RFC 5480 2.1.1)."""
    return _ec(content, _named_curve(algorithm))


def _sec1(data: bytes, password: bytes | None) -> ECPrivateKey:
    return _ec(data, None)


def _ec(data: bytes, curve: Curve | None) -> ECPrivateKey:
    """ECPrivateKey (RFC 5915 3). curve: as PKCS#8 gave it; parameters here must agree."""
    reader = der.Reader.of_single(data, der.SEQUENCE)
    if reader.integer() != 1:
        raise der.DERError("the version of ECPrivateKey is not 1")
    scalar = int.from_bytes(reader.take(der.OCTET_STRING), "big")
    parameters = reader.optional(der.context(0))
    public = reader.optional(der.context(1))
    reader.end()
    own_curve = None if parameters is None else _named_curve(der.Reader(parameters))
    if curve is not None and own_curve not in (None, curve):
        raise der.DERError("the EC key names two different curves")
    curve = curve or own_curve
    if curve is None:
        raise _RefusedError("the EC key does not name its curve")
    key = ECPrivateKey(curve, scalar)
    if public is not None:
        bits = der.Reader(public)
        _check_public(key, bits.octets_of_bit_string())
        bits.end()
    return key


def _named_curve(parameters: der.Reader) -> Curve:
    """ECParameters: a named curve and nothing else (RFC 5480 2.1.1)."""
    if parameters.next_tag() != der.OBJECT_IDENTIFIER:
        raise _RefusedError("an EC key with explicit curve parameters is not supported (RFC 5480 2.1.1)")
    identifier = parameters.oid()
    parameters.end()
    curve = algorithms.CURVES_BY_OID.get(identifier)
    if curve is None:
        raise _unsupported("curve", identifier)
    return curve


def _edwards(key_type: KeyType) -> Callable[[der.Reader, bytes], EdPrivateKey]:
    def decode(algorithm: der.Reader, content: bytes) -> EdPrivateKey:
        """CurvePrivateKey (RFC 8410 7); the parameters are absent (RFC 8410 3)."""
        wrapped = der.Reader(content)
        seed = wrapped.take(der.OCTET_STRING)
        wrapped.end()
        return EdPrivateKey(key_type, seed)

    return decode


def _check_public(key: PrivateKey, octets: bytes) -> None:
    """The public key that a file may repeat must be the private key's own; a point may be compressed (RFC 5480 2.2)."""
    if isinstance(key, ECPrivateKey):
        octets = ECPublicKey.decode(key.curve, octets).point
    if octets != algorithms.public_octets(key.public):
        raise der.DERError("the public key in the file is not the private key's")


def _unsupported(what: str, identifier: str) -> _RefusedError:
    return _RefusedError(f"the {what} {_KNOWN.get(identifier, identifier)} is not supported")


_FORMS: Mapping[str, _Decoder] = {
    "PRIVATE KEY": _pkcs8,
    "ENCRYPTED PRIVATE KEY": _encrypted,
    "RSA PRIVATE KEY": _pkcs1,
    "EC PRIVATE KEY": _sec1,
}
_FORMS_BY_TAGS: Mapping[tuple[int | None, int | None], str] = {
    (der.INTEGER, der.SEQUENCE): "PRIVATE KEY",
    (der.SEQUENCE, der.OCTET_STRING): "ENCRYPTED PRIVATE KEY",
    (der.INTEGER, der.INTEGER): "RSA PRIVATE KEY",
    (der.INTEGER, der.OCTET_STRING): "EC PRIVATE KEY",
}
_ALGORITHMS: Mapping[str, Callable[[der.Reader, bytes], PrivateKey]] = {
    algorithms.RSA_ENCRYPTION: _pkcs8_rsa,
    algorithms.RSASSA_PSS: _pkcs8_rsa_pss,
    algorithms.EC_PUBLIC_KEY: _pkcs8_ec,
    **{identifier: _edwards(key_type) for key_type, identifier in algorithms.EDWARDS.items()},
}


def encode_private_key(key: PrivateKey) -> bytes:
    """PKCS#8 DER of a private key, as ``load_private_key`` reads it (RFC 5958 2, version 0)."""
    if isinstance(key, RSAPrivateKey):
        numbers = (0, key.n, key.e, key.d, key.p, key.q, key.dp, key.dq, key.qinv)
        content = der.sequence(*map(der.integer, numbers))
    elif isinstance(key, ECPrivateKey):
        content = _encode_sec1(key)
    else:
        content = der.octet_string(key.seed)
    algorithm = algorithms.key_algorithm(key.public)
    return der.sequence(der.integer(0), algorithm, der.octet_string(content))


def _encode_sec1(key: ECPrivateKey) -> bytes:
    """ECPrivateKey without parameters, with the public key (RFC 5915 3); the scalar has the field's length."""
    point = key.public.point
    scalar = key.scalar.to_bytes(len(point) // 2, "big")
    public = der.element(der.context(1), der.bit_string(point))
    return der.sequence(der.integer(1), der.octet_string(scalar), public)
