"""Extension values that hold TLS structures or speak of TLS: SCT lists (RFC 6962 3.3) and TLS feature (RFC 7633).

Theory of operation: a SignedCertificateTimestampList is no ASN.1: its vectors have lengths in front, as in TLS. A
timestamp of a version that is not known stays octets, for RFC 6962 3.3 wants it ignored and not refused.
"""

from __future__ import annotations

from dataclasses import dataclass

from puressl.x509 import der
from puressl.x509.forms.codec import Codec, Fault

_HASHES = ("none", "md5", "sha1", "sha224", "sha256", "sha384", "sha512")
_SIGNATURES = ("anonymous", "rsa", "dsa", "ecdsa")
_LOG_ID = 32
_TIMESTAMP = 8
_V1 = 0


@dataclass(frozen=True, slots=True)
class DigitallySigned:
    """RFC 5246 4.7. hash, algorithm: by name, or the number of one that has none."""

    hash: str | int
    algorithm: str | int
    signature: bytes


@dataclass(frozen=True, slots=True)
class SignedCertificateTimestamp:
    """RFC 6962 3.2, version v1. timestamp: milliseconds since 1970."""

    id: bytes
    timestamp: int
    extensions: bytes
    signature: DigitallySigned


class _Cursor:
    """A place in the bytes of a list, and where it must end."""

    __slots__ = ("at", "data", "stop")

    def __init__(self, data: bytes, at: int, stop: int) -> None:
        self.data = data
        self.at = at
        self.stop = stop

    def take(self, size: int) -> bytes:
        start, self.at = self.at, self.at + size
        if self.at > self.stop:
            raise Fault(start, f"{size} bytes wanted, {self.stop - start} left")
        return self.data[start : self.at]

    def number(self, size: int) -> int:
        return int.from_bytes(self.take(size), "big")

    def vector(self) -> _Cursor:
        """The inside of a vector of at most 2^16-1 bytes; this cursor goes behind it."""
        size = self.number(2)
        start = self.at
        self.take(size)
        return _Cursor(self.data, start, self.at)

    def rest(self) -> bytes:
        return self.take(self.stop - self.at)

    def end(self) -> None:
        if self.at != self.stop:
            raise Fault(self.at, f"{self.stop - self.at} bytes after the end of a structure")


class SignedCertificateTimestampList(Codec["tuple[SignedCertificateTimestamp | bytes, ...]"]):
    """An OCTET STRING around the list (RFC 6962 3.3)."""

    tags = frozenset({der.OCTET_STRING})

    def decode(self, data: bytes, at: int, start: int, stop: int) -> tuple[SignedCertificateTimestamp | bytes, ...]:
        outer = _Cursor(data, start, stop)
        items = outer.vector()
        outer.end()
        found: list[SignedCertificateTimestamp | bytes] = []
        try:
            while not found or items.at < items.stop:  # at least one
                found.append(_timestamp(items.vector()))
        except Fault as fault:
            fault.path.append(f"[{len(found)}]")
            raise
        return tuple(found)

    def encode(self, value: tuple[SignedCertificateTimestamp | bytes, ...]) -> bytes:
        items = (item if isinstance(item, bytes) else _timestamp_octets(item) for item in value)
        return der.octet_string(_vector(b"".join(map(_vector, items))))


def _timestamp(cursor: _Cursor) -> SignedCertificateTimestamp | bytes:
    if cursor.at == cursor.stop:
        raise Fault(cursor.at, "empty, at least one byte must be there")
    if cursor.data[cursor.at] != _V1:
        return cursor.rest()
    cursor.take(1)
    identifier, timestamp, extensions = cursor.take(_LOG_ID), cursor.number(_TIMESTAMP), cursor.vector().rest()
    hash_, algorithm = cursor.number(1), cursor.number(1)
    signature = DigitallySigned(_named(_HASHES, hash_), _named(_SIGNATURES, algorithm), cursor.vector().rest())
    cursor.end()
    return SignedCertificateTimestamp(identifier, timestamp, extensions, signature)


def _timestamp_octets(value: SignedCertificateTimestamp) -> bytes:
    if len(value.id) != _LOG_ID:
        raise ValueError(f"id of {len(value.id)} bytes, {_LOG_ID} are needed")
    signature = value.signature
    return b"".join(
        (
            bytes((_V1,)),
            value.id,
            value.timestamp.to_bytes(_TIMESTAMP, "big"),
            _vector(value.extensions),
            bytes((_number(_HASHES, signature.hash), _number(_SIGNATURES, signature.algorithm))),
            _vector(signature.signature),
        )
    )


def _named(names: tuple[str, ...], number: int) -> str | int:
    return names[number] if number < len(names) else number


def _number(names: tuple[str, ...], name: str | int) -> int:
    return names.index(name) if isinstance(name, str) else name


def _vector(content: bytes) -> bytes:
    return len(content).to_bytes(2, "big") + content
