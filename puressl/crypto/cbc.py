"""AES in cipher block chaining mode (NIST SP 800-38A 6.2).

Theory of operation: whole blocks in, whole blocks out; padding and MAC belong to who uses it (RFC 5246 6.2.3.2 for
records, RFC 8018 6 and RFC 1423 for key files). An input that is no whole number of blocks is the caller's fault when
encrypting (``badarg``) and the peer's when decrypting (BAD_RECORD_MAC).

All blocks of a ciphertext are decrypted at once. Encryption is a chain: a block must wait for the one before it, and
alone it costs nearly as much as sixteen side by side. What may go side by side are the blocks of several messages; one
message is a batch of one, and is slow.
"""

from __future__ import annotations

from collections.abc import Sequence

from puressl.crypto.aes import BLOCKS_PER_PASS, Aes
from puressl.crypto.aes_planes import BLOCK_LENGTH, GRANULE, from_planes, rounded, to_planes
from puressl.errors import Problem, ProtocolError, Reason, SSLError

#: Blocks that lie in planes together, those of absent messages included: 16 KiB, or as many messages at most.
_LANES_AT_ONCE = 1024


class AesCbc:
    """AES-CBC under one key of 16, 24 or 32 octets; another length raises ``badarg``."""

    __slots__ = ("_aes",)

    def __init__(self, key: bytes) -> None:
        self._aes = Aes(key)

    def encrypt(self, iv: bytes, data: bytes) -> bytes:
        """The ciphertext, as long as ``data``. iv: 16 octets, unpredictable for each message."""
        return self.encrypt_batch([(iv, data)])[0]

    def encrypt_batch(self, messages: Sequence[tuple[bytes, bytes]]) -> list[bytes]:
        """The ciphertext of each message, given with its IV. A few take little longer than the longest one alone."""
        for iv, data in messages:
            _check_iv(iv)
            if len(data) % BLOCK_LENGTH:
                raise SSLError(Reason.BADARG, f"AES-CBC encrypts whole blocks, not {len(data)} octets")
        groups = [messages[start : start + _LANES_AT_ONCE] for start in range(0, len(messages), _LANES_AT_ONCE)]
        return [ciphertext for group in groups for ciphertext in self._side_by_side(group)]

    def _side_by_side(self, messages: Sequence[tuple[bytes, bytes]]) -> list[bytes]:
        """The ciphertexts of some messages, not too many for memory, at least one."""
        ciphertexts = [bytearray() for _ in messages]
        chain = to_planes(b"".join([iv for iv, _ in messages]))
        size = _LANES_AT_ONCE // rounded(len(messages)) * BLOCK_LENGTH
        for start in range(0, max([len(data) for _, data in messages]), size):
            pieces = [bytes(data[start : start + size]) for _, data in messages]
            chain = self._append(ciphertexts, pieces, chain)
        return [bytes(ciphertext[: len(data)]) for ciphertext, (_, data) in zip(ciphertexts, messages, strict=True)]

    def _append(self, ciphertexts: Sequence[bytearray], pieces: Sequence[bytes], chain: bytes) -> bytes:
        """Encrypt a piece of each message, short ones completed. chain: the blocks before, in planes; gives the last.

        The steps' blocks go into planes together, eight messages side by side: then an octet of a cell has one step's
        blocks of eight messages, and a slice with a step picks one step's planes.
        """
        steps = max(map(len, pieces)) // BLOCK_LENGTH
        planes = bytearray(to_planes(_interleaved(pieces, steps)))
        for step in range(steps):
            chain = self._aes.encrypt_planes(_xor(planes[step::steps], chain))
            planes[step::steps] = chain
        blocks = from_planes(planes)
        for place, ciphertext in enumerate(ciphertexts):
            first = (place // GRANULE * steps * GRANULE + place % GRANULE) * BLOCK_LENGTH
            starts = range(first, first + steps * GRANULE * BLOCK_LENGTH, GRANULE * BLOCK_LENGTH)
            ciphertext += b"".join([blocks[start : start + BLOCK_LENGTH] for start in starts])
        return chain

    def decrypt(self, iv: bytes, data: bytes) -> bytes:
        """The plaintext, padding included, as long as ``data``."""
        _check_iv(iv)
        if len(data) % BLOCK_LENGTH:
            raise ProtocolError(Problem.BAD_RECORD_MAC, "no whole number of cipher blocks")  # RFC 5246 6.2.3.2
        size = BLOCKS_PER_PASS * BLOCK_LENGTH
        blocks = b"".join([self._aes.decrypt(bytes(data[start : start + size])) for start in range(0, len(data), size)])
        return _xor(blocks, b"".join((iv, data))[: len(data)])


def encrypt(key: bytes, iv: bytes, data: bytes) -> bytes:
    """AES-CBC once: the ciphertext of whole blocks, without padding."""
    return AesCbc(key).encrypt(iv, data)


def decrypt(key: bytes, iv: bytes, data: bytes) -> bytes:
    """AES-CBC once: the plaintext of whole blocks, its padding included."""
    return AesCbc(key).decrypt(iv, data)


def _check_iv(iv: bytes) -> None:
    if len(iv) != BLOCK_LENGTH:
        raise SSLError(Reason.BADARG, f"IV of {len(iv)} octets, not {BLOCK_LENGTH}")


def _interleaved(pieces: Sequence[bytes], steps: int) -> bytes:
    """Of each eight pieces, completed to so many blocks: their first blocks, their second ones, and so on."""
    whole = [piece.ljust(steps * BLOCK_LENGTH, b"\0") for piece in pieces]
    whole += [bytes(steps * BLOCK_LENGTH)] * (-len(pieces) % GRANULE)
    return b"".join(
        [
            piece[start : start + BLOCK_LENGTH]
            for group in range(0, len(whole), GRANULE)
            for start in range(0, steps * BLOCK_LENGTH, BLOCK_LENGTH)
            for piece in whole[group : group + GRANULE]
        ]
    )


def _xor(a: bytes | bytearray, b: bytes) -> bytes:
    """Two byte strings of one length, exclusive-or."""
    return (int.from_bytes(a, "little") ^ int.from_bytes(b, "little")).to_bytes(len(a), "little")
