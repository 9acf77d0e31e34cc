"""AES in cipher block chaining mode (NIST SP 800-38A 6.2).

Theory of operation: whole blocks in, whole blocks out; padding and MAC belong to who uses it (RFC 5246 6.2.3.2 for
records, RFC 8018 6 and RFC 1423 for key files). An input that is no whole number of blocks is the caller's fault when
encrypting (``badarg``) and the peer's when decrypting (BAD_RECORD_MAC).
"""

from __future__ import annotations

from puressl.crypto import _tlslite
from puressl.errors import Problem, ProtocolError, Reason, SSLError

BLOCK_LENGTH = 16

#: AES-192 is in no cipher suite here, but key files use it.
KEY_LENGTHS = (16, 24, 32)


class AesCbc:
    """AES-CBC under one key of 16, 24 or 32 octets; another length raises ``badarg``."""

    __slots__ = ("_aes",)

    def __init__(self, key: bytes) -> None:
        if len(key) not in KEY_LENGTHS:
            raise SSLError(Reason.BADARG, f"AES takes a key of 16, 24 or 32 octets, not {len(key)}")
        self._aes = _tlslite.Aes(key)

    def encrypt(self, iv: bytes, data: bytes) -> bytes:
        """The ciphertext, as long as ``data``. iv: 16 octets, unpredictable for each message."""
        _check_iv(iv)
        if len(data) % BLOCK_LENGTH:
            raise SSLError(Reason.BADARG, f"AES-CBC encrypts whole blocks, not {len(data)} octets")
        block, blocks = iv, []
        for start in range(0, len(data), BLOCK_LENGTH):
            block = self._aes.encrypt(_xor(block, data[start : start + BLOCK_LENGTH]))
            blocks.append(block)
        return b"".join(blocks)

    def decrypt(self, iv: bytes, data: bytes) -> bytes:
        """The plaintext, padding included, as long as ``data``."""
        _check_iv(iv)
        if len(data) % BLOCK_LENGTH:
            raise ProtocolError(Problem.BAD_RECORD_MAC, "no whole number of cipher blocks")  # RFC 5246 6.2.3.2
        decrypt = self._aes.decrypt
        blocks = [decrypt(data[start : start + BLOCK_LENGTH]) for start in range(0, len(data), BLOCK_LENGTH)]
        return _xor(b"".join(blocks), b"".join((iv, data))[: len(data)])


def encrypt(key: bytes, iv: bytes, data: bytes) -> bytes:
    """AES-CBC once: the ciphertext of whole blocks, without padding."""
    return AesCbc(key).encrypt(iv, data)


def decrypt(key: bytes, iv: bytes, data: bytes) -> bytes:
    """AES-CBC once: the plaintext of whole blocks, its padding included."""
    return AesCbc(key).decrypt(iv, data)


def _check_iv(iv: bytes) -> None:
    if len(iv) != BLOCK_LENGTH:
        raise SSLError(Reason.BADARG, f"IV of {len(iv)} octets, not {BLOCK_LENGTH}")


def _xor(a: bytes, b: bytes) -> bytes:
    """Two byte strings of one length, exclusive-or."""
    return (int.from_bytes(a, "big") ^ int.from_bytes(b, "big")).to_bytes(len(a), "big")
