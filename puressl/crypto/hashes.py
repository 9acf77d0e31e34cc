"""The hash functions TLS uses.

Theory of operation: a member is a name, its digest and block sizes in bytes, and the constructor ``hashlib`` has for
it. Only the named constructors are used, never ``hashlib.new``: without ``_hashlib`` they are the interpreter's own.
"""

from __future__ import annotations

import hashlib
from enum import Enum
from typing import Protocol


class Hash(Protocol):
    """A running hash, as ``hashlib`` makes it."""

    def update(self, data: bytes, /) -> None: ...

    def digest(self) -> bytes: ...

    def copy(self) -> Hash: ...


class HashAlgorithm(str, Enum):
    """A hash function (FIPS 180-4, RFC 1321). MD5 serves only the key derivation of legacy encrypted PEM files.

    size: octets of a digest. block_size: octets of the compression function's input, which HMAC needs (RFC 2104 2).
    """

    size: int
    block_size: int

    MD5 = "md5", 16, 64
    SHA1 = "sha1", 20, 64
    SHA256 = "sha256", 32, 64
    SHA384 = "sha384", 48, 128
    SHA512 = "sha512", 64, 128

    def __new__(cls, name: str, size: int, block_size: int) -> HashAlgorithm:
        member = str.__new__(cls, name)
        member._value_ = name
        member.size = size
        member.block_size = block_size
        return member

    def new(self, data: bytes = b"") -> Hash:
        """A running hash that has taken in ``data``."""
        return _CONSTRUCTORS[self](data, usedforsecurity=False)

    def digest(self, data: bytes) -> bytes:
        """The digest of ``data``: ``size`` octets."""
        return self.new(data).digest()


# usedforsecurity=False keeps MD5 and SHA-1 working where an OpenSSL in FIPS mode would refuse them.
_CONSTRUCTORS = {
    HashAlgorithm.MD5: hashlib.md5,
    HashAlgorithm.SHA1: hashlib.sha1,
    HashAlgorithm.SHA256: hashlib.sha256,
    HashAlgorithm.SHA384: hashlib.sha384,
    HashAlgorithm.SHA512: hashlib.sha512,
}
