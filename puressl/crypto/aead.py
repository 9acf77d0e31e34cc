"""Authenticated encryption with associated data (RFC 5116).

Theory of operation: ``new_aead`` is the single door; what stands behind it is found in one table by the cipher's name.
Keys and nonces come from the key schedule, so a wrong length is the caller's fault (``badarg``); everything about a
ciphertext is the peer's doing, and any fault in it is the same BAD_RECORD_MAC, without a word on which (RFC 8446 5.2).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from typing import Protocol

from puressl.crypto import _tlslite
from puressl.crypto.kdf import equal
from puressl.crypto.suites import AES_128_GCM, AES_256_GCM, BULK_CIPHERS, CHACHA20_POLY1305, BulkCipher, CipherKind
from puressl.errors import Problem, ProtocolError, Reason, SSLError

#: Every AEAD of TLS has a nonce of 96 bits (RFC 8446 5.3 with RFC 5116 5.1, RFC 8439 2.8) …
NONCE_LENGTH = 12

#: … and, of those here, a tag of 128 bits (RFC 5116 5.1, RFC 8439 2.8).
TAG_LENGTH = 16


class Aead(Protocol):
    """One AEAD under one key.

    nonce: 12 octets, never twice for two plaintexts. aad: associated data, authenticated but not sent. A ciphertext
    ends with its 16-octet tag.
    """

    def seal(self, nonce: bytes, plaintext: bytes, aad: bytes) -> bytes:
        """The ciphertext with its tag."""
        ...

    def open(self, nonce: bytes, ciphertext: bytes, aad: bytes) -> bytes:
        """The plaintext, or ProtocolError(BAD_RECORD_MAC)."""
        ...


def new_aead(cipher: BulkCipher | str, key: bytes) -> Aead:
    """The AEAD of a suite's cipher (its row or its name) under a key of exactly its length; else ``badarg``."""
    row = BULK_CIPHERS.get(cipher) if isinstance(cipher, str) else cipher
    if row is None or row.kind is not CipherKind.AEAD:
        raise SSLError(Reason.BADARG, f"{cipher!r} is not an AEAD")
    if len(key) != row.key_length:
        raise SSLError(Reason.BADARG, f"{row.name} takes a key of {row.key_length} octets, not {len(key)}")
    return _AEADS[row](key)


def _check_nonce(nonce: bytes) -> None:
    if len(nonce) != NONCE_LENGTH:
        raise SSLError(Reason.BADARG, f"nonce of {len(nonce)} octets, not {NONCE_LENGTH}")


class ChaCha20Poly1305:
    """AEAD_CHACHA20_POLY1305 (RFC 8439 2.8)."""

    __slots__ = ("_cipher",)

    def __init__(self, key: bytes) -> None:
        self._cipher = _tlslite.ChaCha20Poly1305(key)

    def seal(self, nonce: bytes, plaintext: bytes, aad: bytes) -> bytes:
        _check_nonce(nonce)
        return self._cipher.seal(nonce, plaintext, aad)

    def open(self, nonce: bytes, ciphertext: bytes, aad: bytes) -> bytes:
        _check_nonce(nonce)
        plaintext = self._cipher.open(nonce, ciphertext, aad)
        if plaintext is None:
            raise ProtocolError(Problem.BAD_RECORD_MAC)
        return plaintext


class AesGcm:
    """AES in Galois/counter mode with a 96-bit nonce (RFC 5116 5.1, 5.2; NIST SP 800-38D)."""

    __slots__ = ("_aes", "_products")

    def __init__(self, key: bytes) -> None:
        self._aes = _tlslite.Aes(key)
        hash_key = int.from_bytes(self._aes.encrypt(bytes(16)), "big")
        self._products = _multiples(hash_key)

    def seal(self, nonce: bytes, plaintext: bytes, aad: bytes) -> bytes:
        _check_nonce(nonce)
        ciphertext = self._counter_mode(nonce, plaintext)
        return ciphertext + self._tag(nonce, ciphertext, aad)

    def open(self, nonce: bytes, ciphertext: bytes, aad: bytes) -> bytes:
        _check_nonce(nonce)
        body, tag = ciphertext[:-TAG_LENGTH], ciphertext[-TAG_LENGTH:]
        if len(tag) != TAG_LENGTH or not equal(self._tag(nonce, body, aad), tag):
            raise ProtocolError(Problem.BAD_RECORD_MAC)
        return self._counter_mode(nonce, body)

    def _counter_mode(self, nonce: bytes, data: bytes) -> bytes:
        """GCTR from counter 2, the one after the tag's (SP 800-38D 7.1)."""
        encrypt, prefix = self._aes.encrypt, bytes(nonce)
        blocks = (len(data) + 15) // 16
        stream = b"".join([encrypt(prefix + counter.to_bytes(4, "big")) for counter in range(2, blocks + 2)])
        mixed = int.from_bytes(data, "big") ^ int.from_bytes(stream[: len(data)], "big")
        return mixed.to_bytes(len(data), "big")

    def _tag(self, nonce: bytes, ciphertext: bytes, aad: bytes) -> bytes:
        """The GHASH of both, encrypted under counter 1 (SP 800-38D 7.1)."""
        lengths = (len(aad) * 8).to_bytes(8, "big") + (len(ciphertext) * 8).to_bytes(8, "big")
        data = b"".join((aad, bytes(-len(aad) % 16), ciphertext, bytes(-len(ciphertext) % 16), lengths))
        mask = int.from_bytes(self._aes.encrypt(bytes(nonce) + b"\0\0\0\1"), "big")
        return (self._ghash(data) ^ mask).to_bytes(16, "big")

    def _ghash(self, data: bytes) -> int:
        """GHASH (SP 800-38D 6.4). The top bit of a block is the coefficient of x^0, so times x is a shift right."""
        products, reductions = self._products, _reductions()
        total = 0
        for start in range(0, len(data), 16):
            total ^= int.from_bytes(data[start : start + 16], "big")
            product = 0
            for octet in total.to_bytes(16, "little"):
                product = product >> 8 ^ reductions[product & 0xFF] ^ products[octet]
            total = product
        return total


def _times_x(element: int) -> int:
    """An element of GF(2^128) times x, modulo x^128 + x^7 + x^2 + x + 1 (SP 800-38D 6.3)."""
    return element >> 1 ^ (0xE1 << 120 if element & 1 else 0)


def _span(basis: list[int]) -> list[int]:
    """All 256 sums of eight elements, the one at place i standing for bit i of the index."""
    sums = [0]
    for element in basis:
        sums += [element ^ known for known in sums]
    return sums


def _multiples(element: int) -> list[int]:
    """The element times each polynomial of degree below 8, the index being that polynomial with x^0 as its top bit."""
    basis = [element]
    for _ in range(7):
        basis.append(_times_x(basis[-1]))
    return _span(basis[::-1])


@cache
def _reductions() -> list[int]:
    """What the eight bits that leave an element when it is multiplied by x^8 add to it."""
    basis = []
    for place in range(8):
        element = 1 << place
        for _ in range(8):
            element = _times_x(element)
        basis.append(element)
    return _span(basis)


_AEADS: Mapping[BulkCipher, Callable[[bytes], Aead]] = {
    AES_128_GCM: AesGcm,
    AES_256_GCM: AesGcm,
    CHACHA20_POLY1305: ChaCha20Poly1305,
}
