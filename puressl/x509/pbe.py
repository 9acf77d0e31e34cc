"""Password-based encryption of private-key files: PBES2 (RFC 8018 6.2) and OpenSSL's legacy encrypted PEM.

Theory of operation: both derive a key from a password and decrypt with AES-CBC. PBES2 names its derivation (PBKDF2),
its pseudo-random function and its cipher by object identifiers; legacy PEM names the cipher in a header and derives
the key with one round of MD5. What the tables below do not hold is refused by the name it is known by. Neither form
authenticates its ciphertext: a wrong password shows as wrong padding, or as plaintext that is no DER element.
"""

from __future__ import annotations

from dataclasses import dataclass

from puressl.crypto import cbc, kdf
from puressl.crypto.hashes import HashAlgorithm
from puressl.x509 import der

_BLOCK = 16
_SALT = 8

#: OpenSSL's command that makes a readable file of one that is refused here.
CONVERT = "convert it with: openssl pkcs8 -topk8 -v2 aes-256-cbc -in OLD -out NEW"

_PBES2 = "1.2.840.113549.1.5.13"
_PBKDF2 = "1.2.840.113549.1.5.12"
_HMAC_SHA1 = "1.2.840.113549.2.7"

_PRFS = {
    _HMAC_SHA1: HashAlgorithm.SHA1,
    "1.2.840.113549.2.9": HashAlgorithm.SHA256,
    "1.2.840.113549.2.10": HashAlgorithm.SHA384,
    "1.2.840.113549.2.11": HashAlgorithm.SHA512,
}
#: AES-CBC by object identifier: key length in bytes.
_CIPHERS = {
    "2.16.840.1.101.3.4.1.2": 16,
    "2.16.840.1.101.3.4.1.22": 24,
    "2.16.840.1.101.3.4.1.42": 32,
}
_LEGACY_CIPHERS = {"AES-128-CBC": 16, "AES-192-CBC": 24, "AES-256-CBC": 32}

#: What may be met and is refused, by its usual name.
_KNOWN = {
    "1.2.840.113549.1.5.3": "pbeWithMD5AndDES-CBC",
    "1.2.840.113549.1.5.10": "pbeWithSHA1AndDES-CBC",
    "1.2.840.113549.1.12.1.1": "pbeWithSHA1And128BitRC4",
    "1.2.840.113549.1.12.1.3": "pbeWithSHA1And3-KeyTripleDES-CBC",
    "1.2.840.113549.1.12.1.6": "pbeWithSHA1And40BitRC2-CBC",
    "1.2.840.113549.2.8": "HMAC-SHA224",
    "1.2.840.113549.3.2": "RC2-CBC",
    "1.2.840.113549.3.7": "DES-EDE3-CBC",
    "1.3.14.3.2.7": "DES-CBC",
    "1.3.6.1.4.1.11591.4.11": "scrypt",
    "2.16.840.1.101.3.4.1.6": "AES-128-GCM",
    "2.16.840.1.101.3.4.1.46": "AES-256-GCM",
}


class EncryptionRefusedError(ValueError):
    """The encryption is not one that is read here; the text says which. It never leaves ``puressl.x509``."""


class WrongPasswordError(ValueError):
    """The ciphertext does not decrypt under this password. It never leaves ``puressl.x509``."""


@dataclass(frozen=True, slots=True)
class _Pbkdf2:
    """PBKDF2-params (RFC 8018 A.2)."""

    salt: bytes
    iterations: int
    key_length: int | None
    prf: HashAlgorithm


def decrypt_pkcs8(data: bytes, password: bytes) -> bytes:
    """The PrivateKeyInfo of an EncryptedPrivateKeyInfo (RFC 5958 3).

    Raises ``DERError``, ``EncryptionRefusedError``, ``WrongPasswordError``.
    """
    info = der.Reader.of_single(data, der.SEQUENCE)
    algorithm = info.sequence()
    ciphertext = info.take(der.OCTET_STRING)
    info.end()
    scheme = algorithm.oid()
    if scheme != _PBES2:
        raise _refused(scheme)
    derivation, key_length, iv = _pbes2_parameters(algorithm)
    if derivation.key_length not in (None, key_length):
        raise der.DERError("PBKDF2 derives a key of another length than the cipher's")
    key = kdf.pbkdf2(derivation.prf, password, derivation.salt, derivation.iterations, key_length)
    return _decrypt(key, iv, ciphertext)


def _pbes2_parameters(algorithm: der.Reader) -> tuple[_Pbkdf2, int, bytes]:
    """PBES2-params (RFC 8018 A.4): the derivation, the cipher's key length and its initialisation vector."""
    parameters = algorithm.sequence()
    algorithm.end()
    derivation, cipher = parameters.sequence(), parameters.sequence()
    parameters.end()
    name = derivation.oid()
    if name != _PBKDF2:
        raise _refused(name)
    pbkdf2 = _pbkdf2_parameters(derivation.sequence())
    name = cipher.oid()
    if name not in _CIPHERS:
        raise _refused(name)
    iv = cipher.take(der.OCTET_STRING)
    cipher.end()
    if len(iv) != _BLOCK:
        raise der.DERError("the initialisation vector is not of 16 bytes")
    return pbkdf2, _CIPHERS[name], iv


def _pbkdf2_parameters(parameters: der.Reader) -> _Pbkdf2:
    salt = parameters.take(der.OCTET_STRING)
    iterations = parameters.integer()
    key_length = parameters.integer() if parameters.next_tag() == der.INTEGER else None
    prf = parameters.sequence().oid() if parameters.next_tag() == der.SEQUENCE else _HMAC_SHA1
    parameters.end()
    if prf not in _PRFS:
        raise _refused(prf)
    if not 1 <= iterations <= kdf.PBKDF2_MAX_ITERATIONS:
        raise EncryptionRefusedError(f"{iterations} iterations of PBKDF2; 1 to {kdf.PBKDF2_MAX_ITERATIONS} are done")
    return _Pbkdf2(salt, iterations, key_length, _PRFS[prf])


def decrypt_legacy(dek_info: str, ciphertext: bytes, password: bytes) -> bytes:
    """The body of a PEM block that has a DEK-Info header, "cipher,iv in hexadecimal" (RFC 1421 4.6.1.3).

    Raises ``DERError``, ``EncryptionRefusedError``, ``WrongPasswordError``.
    """
    name, _, iv_text = (part.strip() for part in dek_info.partition(","))
    if name not in _LEGACY_CIPHERS:
        raise EncryptionRefusedError(f"{name} encryption is not supported; {CONVERT}")
    try:
        iv = bytes.fromhex(iv_text)
    except ValueError:
        iv = b""
    if len(iv) != _BLOCK:
        raise EncryptionRefusedError("the DEK-Info header has no initialisation vector of 16 bytes")
    return _decrypt(_legacy_key(password, iv[:_SALT], _LEGACY_CIPHERS[name]), iv, ciphertext)


def _legacy_key(password: bytes, salt: bytes, length: int) -> bytes:
    """OpenSSL's EVP_BytesToKey with MD5 and one iteration, as its PEM_do_header uses it."""
    key = block = b""
    while len(key) < length:
        block = HashAlgorithm.MD5.digest(block + password + salt)
        key += block
    return key[:length]


def _decrypt(key: bytes, iv: bytes, ciphertext: bytes) -> bytes:
    """AES-CBC, and the padding of RFC 8018 6.1.1 step 4 removed."""
    if not ciphertext or len(ciphertext) % _BLOCK:
        raise der.DERError("the ciphertext is not of whole blocks")
    padded = cbc.decrypt(key, iv, ciphertext)
    count = padded[-1]
    if not 1 <= count <= _BLOCK or padded[-count:] != bytes((count,)) * count:
        raise WrongPasswordError
    return padded[:-count]


def _refused(identifier: str) -> EncryptionRefusedError:
    return EncryptionRefusedError(f"{_KNOWN.get(identifier, identifier)} encryption is not supported; {CONVERT}")
