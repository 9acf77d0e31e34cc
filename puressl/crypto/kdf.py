"""HMAC and what is built on it: HKDF, the TLS 1.2 PRF, PBKDF2.

Theory of operation: everything here is HMAC (RFC 2104) over a hash of ``hashes.py``. ``Hmac`` keeps the two hash states
that have absorbed the padded key, so a key that is used more than once costs its two compressions only once; each
function makes one ``Hmac`` per secret. A wrong length is the caller's fault, never the peer's, and raises ``badarg``.
"""

from __future__ import annotations

import hmac
from functools import lru_cache

from puressl.crypto.hashes import HashAlgorithm
from puressl.errors import Reason, SSLError

#: HKDF-Expand counts its blocks in one octet (RFC 5869 2.3).
HKDF_MAX_BLOCKS = 255

#: The label and the context of an HkdfLabel have one-octet lengths (RFC 8446 7.1).
HKDF_LABEL_MAX = 255

#: Eight times the 600 000 now advised for SHA-256; four seconds for each block of output here. A key file must not be
#: able to ask for hours.
PBKDF2_MAX_ITERATIONS = 5_000_000

#: A key and an IV need 48 octets; each further block of output costs all the iterations again.
PBKDF2_MAX_LENGTH = 256

_LABEL_PREFIX = b"tls13 "
_INNER_PAD = bytes(octet ^ 0x36 for octet in range(256))
_OUTER_PAD = bytes(octet ^ 0x5C for octet in range(256))


class Hmac:
    """HMAC under one key, for many messages (RFC 2104 2).

    algorithm: the hash. key: any length.
    """

    __slots__ = ("_inner", "_outer", "hash")

    def __init__(self, algorithm: HashAlgorithm, key: bytes) -> None:
        if len(key) > algorithm.block_size:
            key = algorithm.digest(key)
        block = key.ljust(algorithm.block_size, b"\0")
        self.hash = algorithm
        self._inner = algorithm.new(block.translate(_INNER_PAD))
        self._outer = algorithm.new(block.translate(_OUTER_PAD))

    def digest(self, data: bytes) -> bytes:
        """The MAC of ``data``: ``algorithm.size`` octets."""
        inner = self._inner.copy()
        inner.update(data)
        outer = self._outer.copy()
        outer.update(inner.digest())
        return outer.digest()

    def expand(self, info: bytes, length: int) -> bytes:
        """HKDF-Expand with this key as PRK (RFC 5869 2.3)."""
        if not 0 <= length <= HKDF_MAX_BLOCKS * self.hash.size:
            raise SSLError(Reason.BADARG, f"HKDF-Expand of {length} octets; RFC 5869 2.3 allows 255 blocks")
        output = block = self.digest(info + b"\1")
        for counter in range(2, 1 + -(-length // self.hash.size)):
            block = self.digest(block + info + bytes((counter,)))
            output += block
        return output[:length]

    def expand_label(self, label: str | bytes, context: bytes, length: int) -> bytes:
        """HKDF-Expand-Label with this key as Secret (RFC 8446 7.1)."""
        if len(context) > HKDF_LABEL_MAX:
            raise SSLError(Reason.BADARG, f"HkdfLabel: context of {len(context)} octets")
        return self.expand(_length_and_label(label, length) + bytes((len(context),)) + context, length)


@lru_cache(maxsize=32)
def _length_and_label(label: str | bytes, length: int) -> bytes:
    """What HkdfLabel begins with (RFC 8446 7.1), of which the protocol itself has some twenty."""
    name = _LABEL_PREFIX + (label.encode() if isinstance(label, str) else label)
    if len(name) > HKDF_LABEL_MAX or not 0 <= length <= 0xFFFF:
        raise SSLError(Reason.BADARG, f"HkdfLabel: label {len(name)}, length {length} octets")
    return b"".join((length.to_bytes(2, "big"), bytes((len(name),)), name))


def hmac_digest(algorithm: HashAlgorithm, key: bytes, data: bytes) -> bytes:
    """HMAC (RFC 2104 2): ``algorithm.size`` octets."""
    return Hmac(algorithm, key).digest(data)


def hkdf_extract(algorithm: HashAlgorithm, salt: bytes, ikm: bytes) -> bytes:
    """HKDF-Extract (RFC 5869 2.2): a pseudorandom key of ``algorithm.size`` octets. An empty salt stands for zeros."""
    return Hmac(algorithm, salt).digest(ikm)


def hkdf_expand(algorithm: HashAlgorithm, prk: bytes, info: bytes, length: int) -> bytes:
    """HKDF-Expand (RFC 5869 2.3).

    prk: at least ``algorithm.size`` octets. length: octets wanted, 0 to 255 * ``algorithm.size``, both included.
    """
    return Hmac(algorithm, prk).expand(info, length)


def hkdf_expand_label(
    algorithm: HashAlgorithm, secret: bytes, label: str | bytes, context: bytes, length: int
) -> bytes:
    """HKDF-Expand-Label (RFC 8446 7.1).

    label: without its "tls13 " prefix. context: a transcript hash, or empty. length: octets wanted.
    """
    return Hmac(algorithm, secret).expand_label(label, context, length)


def prf12(algorithm: HashAlgorithm, secret: bytes, label: bytes, seed: bytes, length: int) -> bytes:
    """The PRF of TLS 1.2, P_hash (RFC 5246 5).

    label: ASCII, without terminator. length: octets wanted.
    """
    mac = Hmac(algorithm, secret)
    block = seed = label + seed
    output = b""
    while len(output) < length:
        block = mac.digest(block)
        output += mac.digest(block + seed)
    return output[:length]


def pbkdf2(algorithm: HashAlgorithm, password: bytes, salt: bytes, iterations: int, length: int) -> bytes:
    """PBKDF2 with HMAC (RFC 8018 5.2). ``hashlib`` has it only with OpenSSL.

    iterations: 1 to PBKDF2_MAX_ITERATIONS. length: octets wanted, 1 to PBKDF2_MAX_LENGTH. Anything else raises
    ``badarg``.
    """
    if not 1 <= iterations <= PBKDF2_MAX_ITERATIONS:
        raise SSLError(Reason.BADARG, f"PBKDF2 with {iterations} iterations; at most {PBKDF2_MAX_ITERATIONS} are done")
    if not 1 <= length <= PBKDF2_MAX_LENGTH:
        raise SSLError(Reason.BADARG, f"PBKDF2 of {length} octets; at most {PBKDF2_MAX_LENGTH} are made")
    mac = Hmac(algorithm, password).digest
    output = b""
    counter = 1
    while len(output) < length:
        block = mac(salt + counter.to_bytes(4, "big"))
        total = int.from_bytes(block, "big")
        for _ in range(iterations - 1):
            block = mac(block)
            total ^= int.from_bytes(block, "big")
        output += total.to_bytes(algorithm.size, "big")
        counter += 1
    return output[:length]


def equal(a: bytes, b: bytes) -> bool:
    """Whether two byte strings are equal, in time that depends only on their lengths."""
    return hmac.compare_digest(a, b)
