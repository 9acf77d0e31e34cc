"""Authenticated encryption with associated data (RFC 5116).

Theory of operation: ``new_aead`` is the single door; what stands behind it is found in one table by the cipher's name.
Keys and nonces come from the key schedule, so a wrong length is the caller's fault (``badarg``); everything about a
ciphertext is the peer's doing, and any fault in it is the same BAD_RECORD_MAC, without a word on which (RFC 8446 5.2).
The ciphers work on all blocks of a batch at once, and the longer it is, the less a block costs; one message is a batch
of one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Protocol, Union

from puressl.crypto import chacha20, poly1305
from puressl.crypto.gcm import AesGcm
from puressl.crypto.kdf import equal
from puressl.crypto.suites import AES_128_GCM, AES_256_GCM, BULK_CIPHERS, CHACHA20_POLY1305, BulkCipher, CipherKind
from puressl.errors import Problem, ProtocolError, Reason, SSLError

#: Every AEAD of TLS has a nonce of 96 bits (RFC 8446 5.3 with RFC 5116 5.1, RFC 8439 2.8) …
NONCE_LENGTH = 12

#: … and, of those here, a tag of 128 bits (RFC 5116 5.1, RFC 8439 2.8).
TAG_LENGTH = 16

#: What is sealed or opened; views, of octets in a row, are read in place.
Octets = Union[bytes, bytearray, memoryview]

#: One message of a batch: nonce, plaintext or ciphertext, associated data.
Message = tuple[bytes, Octets, bytes]


class Aead(Protocol):
    """One AEAD under one key.

    nonce: 12 octets, never twice for two plaintexts. aad: associated data, authenticated but not sent. A ciphertext
    ends with its 16-octet tag.
    """

    def seal(self, nonce: bytes, plaintext: Octets, aad: bytes) -> bytes:
        """The ciphertext with its tag."""
        ...

    def open(self, nonce: bytes, ciphertext: Octets, aad: bytes) -> bytes:
        """The plaintext, or ProtocolError(BAD_RECORD_MAC)."""
        ...

    def seal_batch(self, messages: Sequence[Message]) -> list[bytes]:
        """The ciphertext of each message with its tag."""
        ...

    def open_batch(self, messages: Sequence[Message]) -> list[bytes]:
        """The plaintexts of the leading messages that are authentic.

        It ends before the first that is not, and raises nothing for it: ``open`` of that one does.
        """
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
    """AEAD_CHACHA20_POLY1305 (RFC 8439 2.8).

    A batch of records takes, besides its results, under a megabyte: a pass of ``chacha20.keystreams`` and the Poly1305
    of one message. A message much longer than a record takes some 10 times its length.
    """

    __slots__ = ("_key",)

    def __init__(self, key: bytes) -> None:
        self._key = bytes(key)

    def seal(self, nonce: bytes, plaintext: Octets, aad: bytes) -> bytes:
        return self.seal_batch([(nonce, plaintext, aad)])[0]

    def open(self, nonce: bytes, ciphertext: Octets, aad: bytes) -> bytes:
        plaintexts = self.open_batch([(nonce, ciphertext, aad)])
        if not plaintexts:
            raise ProtocolError(Problem.BAD_RECORD_MAC)
        return plaintexts[0]

    def seal_batch(self, messages: Sequence[Message]) -> list[bytes]:
        streams = self._streams([(nonce, len(plaintext)) for nonce, plaintext, _ in messages])
        sealed = []
        for (_, plaintext, aad), stream in zip(messages, streams, strict=True):
            ciphertext = _xor(plaintext, stream)
            sealed.append(ciphertext + _tag(stream, ciphertext, aad))
        return sealed

    def open_batch(self, messages: Sequence[Message]) -> list[bytes]:
        # A ciphertext shorter than a tag has no data: block 0 for it, and what there is differs from any tag.
        streams = self._streams([(nonce, max(len(sealed) - TAG_LENGTH, 0)) for nonce, sealed, _ in messages])
        opened: list[bytes] = []
        for (_, sealed, aad), stream in zip(messages, streams, strict=True):
            view = memoryview(sealed)
            ciphertext, tag = view[:-TAG_LENGTH], bytes(view[-TAG_LENGTH:])
            if not equal(_tag(stream, ciphertext, aad), tag):
                break
            opened.append(_xor(ciphertext, stream))
        return opened

    def _streams(self, messages: list[tuple[bytes, int]]) -> Iterator[memoryview]:
        """For each nonce block 0, which has the key of Poly1305, and as many more as the data needs (RFC 8439 2.8)."""
        for nonce, _ in messages:
            _check_nonce(nonce)
        blocks = [(0, bytes(nonce), 1 - -length // chacha20.BLOCK_LENGTH) for nonce, length in messages]
        return chacha20.keystreams(self._key, blocks)


def _xor(data: Octets, stream: memoryview) -> bytes:
    """Data under the blocks from counter 1 on (RFC 8439 2.8)."""
    length = len(data)
    pad = stream[chacha20.BLOCK_LENGTH : chacha20.BLOCK_LENGTH + length]
    return (int.from_bytes(data, "little") ^ int.from_bytes(pad, "little")).to_bytes(length, "little")


def _tag(stream: memoryview, ciphertext: Octets, aad: bytes) -> bytes:
    """Poly1305 over both, under the key at the start of block 0 (RFC 8439 2.6, 2.8)."""
    lengths = len(aad).to_bytes(8, "little") + len(ciphertext).to_bytes(8, "little")
    data = b"".join((aad, bytes(-len(aad) % 16), ciphertext, bytes(-len(ciphertext) % 16), lengths))
    return poly1305.tag(stream[: poly1305.KEY_LENGTH], data)


_AEADS: Mapping[BulkCipher, Callable[[bytes], Aead]] = {
    AES_128_GCM: AesGcm,
    AES_256_GCM: AesGcm,
    CHACHA20_POLY1305: ChaCha20Poly1305,
}
