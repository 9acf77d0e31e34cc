"""RSA: signatures by PKCS#1 v1.5 and PSS, and the encryption of TLS 1.2's RSA key exchange (RFC 8017).

Theory of operation: one private operation, ``_private``, serves signing and decrypting. It blinds its input with a
number from ``Env`` (so that what it raises to the secret power is unknown to whoever chose the input), works modulo
each prime (CRT), and checks the result with the public exponent before it leaves: a result spoilt in one prime's half
would give the factors away (Boneh, DeMillo, Lipton 1997). Verification rebuilds the one right encoding and compares, so
there is no parser to fool. Decryption of a premaster secret has a single path (RFC 5246 7.4.7.1).
"""

from __future__ import annotations

import hmac

from puressl.crypto.hashes import HashAlgorithm
from puressl.crypto.keys import RSAPrivateKey, RSAPublicKey
from puressl.env import Env, Purpose
from puressl.errors import Problem, ProtocolError

#: DER of DigestInfo up to the digest (RFC 8017 9.2, note 1).
_DIGEST_INFO = {
    HashAlgorithm.SHA1: bytes.fromhex("3021300906052b0e03021a05000414"),
    HashAlgorithm.SHA256: bytes.fromhex("3031300d060960864801650304020105000420"),
    HashAlgorithm.SHA384: bytes.fromhex("3041300d060960864801650304020205000430"),
    HashAlgorithm.SHA512: bytes.fromhex("3051300d060960864801650304020305000440"),
}
#: Octets that PKCS#1 v1.5 adds at least: 0, the block type, eight of padding, 0 (RFC 8017 7.2.1, 9.2).
_PKCS1_OVERHEAD = 11
#: Octets of a premaster secret: the version and 46 random ones (RFC 5246 7.4.7.1).
PREMASTER_LENGTH = 48
_VERSION_LENGTH = 2
#: Octets of a blinding number. All it must be is unguessable; raised to the usual e, 65537, it covers the whole
#: modulus, and the inverse of a short number costs a tenth of a long one's.
_BLINDING_LENGTH = 16
#: Maps 0 to 1 and all else to 0: finds zeros in padding without stopping at the first.
_IS_ZERO = bytes([1]) + bytes(255)


def _public(key: RSAPublicKey, number: int) -> int:
    """RSAEP and RSAVP1 (RFC 8017 5.1.1, 5.2.2)."""
    return pow(number, key.exponent, key.modulus)


def _private(key: RSAPrivateKey, number: int, env: Env) -> int:
    """RSADP and RSASP1 (RFC 8017 5.1.2, 5.2.1), blinded and checked. number: 0 to n − 1."""
    mask, unmask = _blinding(key, env)
    blinded = number * pow(mask, key.e, key.n) % key.n
    half_p = pow(blinded % key.p, key.dp, key.p)
    half_q = pow(blinded % key.q, key.dq, key.q)
    result = half_q + key.q * ((half_p - half_q) * key.qinv % key.p)
    result = result * unmask % key.n
    if pow(result, key.e, key.n) != number:
        raise ProtocolError(Problem.INTERNAL_ERROR, "RSA private operation went wrong; its result is withheld")
    return result


def _blinding(key: RSAPrivateKey, env: Env) -> tuple[int, int]:
    """A random number and its inverse modulo n."""
    while True:
        mask = int.from_bytes(env.random(_BLINDING_LENGTH, Purpose.RSA_BLINDING), "big")
        try:
            return mask, pow(mask, -1, key.n)
        except ValueError:  # zero, or a multiple of a prime
            continue


def can_sign(public: RSAPublicKey, hash_algorithm: HashAlgorithm, salt_length: int | None) -> bool:
    """Whether the modulus has room for the encoding.

    salt_length: None for PKCS#1 v1.5, else PSS's (RFC 8017 9.1.1, 9.2).
    """
    if hash_algorithm not in _DIGEST_INFO:  # MD5
        return False
    if salt_length is None:
        return public.size >= len(_DIGEST_INFO[hash_algorithm]) + hash_algorithm.size + _PKCS1_OVERHEAD
    return _pss_length(public) >= hash_algorithm.size + salt_length + 2


def sign_pkcs1(key: RSAPrivateKey, hash_algorithm: HashAlgorithm, message: bytes, env: Env) -> bytes:
    """RSASSA-PKCS1-v1_5 (RFC 8017 8.2.1). Raises WEAK_KEY if the modulus is too short for the hash."""
    if not can_sign(key.public, hash_algorithm, None):
        raise ProtocolError(Problem.WEAK_KEY, "RSA modulus too short for the hash")
    encoded = _encode_pkcs1(key.public.size, hash_algorithm, message)
    return _private(key, int.from_bytes(encoded, "big"), env).to_bytes(key.public.size, "big")


def verify_pkcs1(key: RSAPublicKey, hash_algorithm: HashAlgorithm, signature: bytes, message: bytes) -> bool:
    """Whether an RSASSA-PKCS1-v1_5 signature is right, by exact comparison of encodings (RFC 8017 8.2.2)."""
    encoded = _recover(key, signature)
    if encoded is None or not can_sign(key, hash_algorithm, None):
        return False
    return hmac.compare_digest(encoded, _encode_pkcs1(key.size, hash_algorithm, message))


def _recover(key: RSAPublicKey, signature: bytes) -> bytes | None:
    """The encoded message inside a signature, of the modulus's length; None where length or range is wrong."""
    number = int.from_bytes(signature, "big")
    if len(signature) != key.size or number >= key.modulus:
        return None
    return _public(key, number).to_bytes(key.size, "big")


def _encode_pkcs1(size: int, hash_algorithm: HashAlgorithm, message: bytes) -> bytes:
    """EMSA-PKCS1-v1_5 (RFC 8017 9.2)."""
    info = _DIGEST_INFO[hash_algorithm] + hash_algorithm.digest(message)
    return b"\x00\x01" + b"\xff" * (size - len(info) - 3) + b"\x00" + info


def sign_pss(key: RSAPrivateKey, hash_algorithm: HashAlgorithm, salt_length: int, message: bytes, env: Env) -> bytes:
    """RSASSA-PSS with MGF1 of the same hash (RFC 8017 8.1.1); the salt is from ``Env``.

    Raises WEAK_KEY if the modulus is too short.
    """
    if not can_sign(key.public, hash_algorithm, salt_length):
        raise ProtocolError(Problem.WEAK_KEY, "RSA modulus too short for the hash and salt")
    salt = env.random(salt_length, Purpose.PSS_SALT)
    encoded = _encode_pss(key.public, hash_algorithm, message, salt)
    return _private(key, int.from_bytes(encoded, "big"), env).to_bytes(key.public.size, "big")


def verify_pss(
    key: RSAPublicKey, hash_algorithm: HashAlgorithm, salt_length: int, signature: bytes, message: bytes
) -> bool:
    """Whether an RSASSA-PSS signature with a salt of exactly that length is right (RFC 8017 8.1.2).

    The salt is taken out of the signature, and then the one encoding with it is made again and compared whole.
    """
    if not can_sign(key, hash_algorithm, salt_length):
        return False
    recovered = _recover(key, signature)
    if recovered is None:
        return False
    length = _pss_length(key)
    if any(recovered[: key.size - length]):  # the octet that bits % 8 == 1 leaves over
        return False
    encoded = recovered[key.size - length :]
    masked, digest = encoded[: length - hash_algorithm.size - 1], encoded[length - hash_algorithm.size - 1 : -1]
    salt = _xor(masked, _mgf1(hash_algorithm, digest, len(masked)))[len(masked) - salt_length :]
    return hmac.compare_digest(encoded, _encode_pss(key, hash_algorithm, message, salt))


def _pss_length(key: RSAPublicKey) -> int:
    """emLen: octets of modBits − 1 bits, one less than the modulus's where its bits % 8 == 1."""
    return (key.bits + 6) // 8


def _encode_pss(key: RSAPublicKey, hash_algorithm: HashAlgorithm, message: bytes, salt: bytes) -> bytes:
    """EMSA-PSS-ENCODE (RFC 8017 9.1.1)."""
    length = _pss_length(key)
    digest = hash_algorithm.digest(bytes(8) + hash_algorithm.digest(message) + salt)
    block = bytes(length - len(salt) - hash_algorithm.size - 2) + b"\x01" + salt
    masked = bytearray(_xor(block, _mgf1(hash_algorithm, digest, len(block))))
    masked[0] &= 0xFF >> (8 * length - (key.bits - 1))
    return bytes(masked) + digest + b"\xbc"


def _mgf1(hash_algorithm: HashAlgorithm, seed: bytes, length: int) -> bytes:
    """MGF1 (RFC 8017 B.2.1)."""
    blocks = -(-length // hash_algorithm.size)
    return b"".join(hash_algorithm.digest(seed + n.to_bytes(4, "big")) for n in range(blocks))[:length]


def _xor(left: bytes, right: bytes) -> bytes:
    return (int.from_bytes(left, "big") ^ int.from_bytes(right, "big")).to_bytes(len(left), "big")


def encrypt(key: RSAPublicKey, message: bytes, env: Env) -> bytes:
    """RSAES-PKCS1-v1_5 (RFC 8017 7.2.1). message: at most size − 11 octets. Raises WEAK_KEY for a longer one."""
    room = key.size - len(message) - 3
    if room < _PKCS1_OVERHEAD - 3:
        raise ProtocolError(Problem.WEAK_KEY, "RSA modulus too short for the message")
    encoded = b"\x00\x02" + _nonzero(room, env) + b"\x00" + message
    return _public(key, int.from_bytes(encoded, "big")).to_bytes(key.size, "big")


def _nonzero(length: int, env: Env) -> bytes:
    padding = b""
    while len(padding) < length:
        padding += env.random(length - len(padding), Purpose.RSA_PADDING).replace(b"\x00", b"")
    return padding


def decrypt_premaster(key: RSAPrivateKey, ciphertext: bytes, client_version: int, env: Env) -> bytes:
    """The premaster secret of a ClientKeyExchange (RFC 5246 7.4.7.1).

    client_version: what the ClientHello offered. Result: always 48 octets. Whatever is wrong with the ciphertext
    (length, range, padding, length of the message, version), the result is the version and 46 random octets, drawn in
    every case, so the handshake fails at Finished and tells nobody why: there is no error and no branch on the
    decrypted octets (Bleichenbacher 1998; Klíma, Pokorný, Rosa 2003).
    """
    version = client_version.to_bytes(_VERSION_LENGTH, "big")
    substitute = version + env.random(PREMASTER_LENGTH - _VERSION_LENGTH, Purpose.PREMASTER_SECRET)
    size = key.public.size
    number = int.from_bytes(ciphertext, "big")
    outside = int(len(ciphertext) != size) | int(number >= key.n)
    block = _private(key, number % key.n, env).to_bytes(size, "big")
    premaster = block[-PREMASTER_LENGTH:]
    zeros = block[2 : -PREMASTER_LENGTH - 1].translate(_IS_ZERO)
    wrong = outside | block[0] | (block[1] ^ 2) | int.from_bytes(zeros, "big") | block[-PREMASTER_LENGTH - 1]
    wrong |= (premaster[0] ^ version[0]) | (premaster[1] ^ version[1])
    keep = -int(wrong == 0)  # all ones where everything is right, else 0
    chosen = (int.from_bytes(premaster, "big") & keep) | (int.from_bytes(substitute, "big") & ~keep)
    return chosen.to_bytes(PREMASTER_LENGTH, "big")
