"""The record header and the size limits of records (RFC 8446 5, RFC 5246 6.2).

Theory of operation: five bytes stand before every record. Only two things in them can be wrong by themselves: the
content type and the major version. A stream that fails there mostly is no TLS at all, so the error says what its first
bytes look like. Lengths are judged where the protection in force is known.
"""

from __future__ import annotations

from dataclasses import dataclass

from puressl.codes import ContentType, ProtocolVersion
from puressl.errors import Problem, ProtocolError

#: ContentType, ProtocolVersion, uint16 (RFC 8446 5.1).
HEADER_LENGTH = 5

#: TLSPlaintext.fragment (RFC 8446 5.1, RFC 5246 6.2.1).
MAX_PLAINTEXT = 1 << 14

#: What TLSInnerPlaintext adds to the content besides padding: its type (RFC 8446 5.2).
INNER_TYPE_LENGTH = 1

#: TLSInnerPlaintext with its padding (RFC 8446 5.4).
MAX_INNER_PLAINTEXT = MAX_PLAINTEXT + INNER_TYPE_LENGTH

#: TLSCiphertext.encrypted_record of TLS 1.3 (RFC 8446 5.2).
MAX_CIPHERTEXT = MAX_PLAINTEXT + 256

#: TLSCiphertext.fragment of TLS 1.2 (RFC 5246 6.2.3).
MAX_CIPHERTEXT_12 = MAX_PLAINTEXT + 2048

#: The smallest record_size_limit there may be (RFC 8449 4).
MIN_RECORD_SIZE_LIMIT = 64

#: The major version of every TLS there is. The minor one is ignored (RFC 8446 5.1).
_MAJOR_VERSION = ProtocolVersion.TLSv1_2 >> 8

_CONTENT_TYPES = frozenset(ContentType)

#: What other protocols begin with, and what to call it. A record header has 0x03 as its second byte, these do not.
_RESEMBLANCES: tuple[tuple[bytes, str], ...] = (
    (b"GET ", "an HTTP request"),
    (b"HEAD ", "an HTTP request"),
    (b"POST ", "an HTTP request"),
    (b"PUT ", "an HTTP request"),
    (b"DELET", "an HTTP request"),
    (b"OPTIO", "an HTTP request"),
    (b"CONNE", "an HTTP CONNECT request"),
    (b"PRI *", "an HTTP/2 preface"),
    (b"HTTP/", "an HTTP response"),
    (b"PROXY", "a PROXY protocol header"),
    (b"SSH-", "an SSH banner"),
    (b"220", "an SMTP or FTP greeting"),
    (b"EHLO ", "an SMTP command"),
    (b"+OK", "a POP3 greeting"),
    (b"* OK", "an IMAP greeting"),
)


@dataclass(frozen=True, slots=True)
class RecordHeader:
    """What stands before a fragment (RFC 8446 5.1).

    content_type: the outer one. version: legacy_record_version. length: bytes of the fragment that follows.
    """

    content_type: int
    version: int
    length: int

    def encode(self) -> bytes:
        """The five bytes, which TLS 1.3 also authenticates (RFC 8446 5.2)."""
        return bytes((self.content_type, self.version >> 8, self.version & 0xFF, self.length >> 8, self.length & 0xFF))

    @classmethod
    def decode(cls, raw: bytes) -> RecordHeader:
        """A header of exactly five bytes.

        Raises ProtocolError: MALFORMED_MESSAGE for another number of bytes, BAD_RECORD_VERSION for what is no TLS
        record, BAD_RECORD_TYPE for a content type that is not defined.
        """
        if len(raw) != HEADER_LENGTH:
            raise ProtocolError(Problem.MALFORMED_MESSAGE, f"record header of {len(raw)} bytes, not {HEADER_LENGTH}")
        content_type, major, minor, high, low = raw
        if major != _MAJOR_VERSION:
            raise ProtocolError(Problem.BAD_RECORD_VERSION, f"{_resemblance(raw)} ({raw.hex(' ')})")
        if content_type not in _CONTENT_TYPES:  # RFC 8446 5
            raise ProtocolError(Problem.BAD_RECORD_TYPE, f"{content_type} ({raw.hex(' ')})")
        return cls(content_type, major << 8 | minor, high << 8 | low)


def content_limit(record_size_limit: int, version: int) -> int:
    """The longest content of one record under a peer's or an own record_size_limit (RFC 8449 4).

    record_size_limit: the extension's value, which in TLS 1.3 counts the content type byte and in TLS 1.2 does not. A
    value above the protocol's own limit means that limit. Raises ProtocolError(ILLEGAL_PARAMETER) below 64.
    """
    if record_size_limit < MIN_RECORD_SIZE_LIMIT:
        raise ProtocolError(
            Problem.ILLEGAL_PARAMETER, f"record_size_limit {record_size_limit} is below 64 (RFC 8449 4)"
        )
    overhead = INNER_TYPE_LENGTH if version == ProtocolVersion.TLSv1_3 else 0
    return min(record_size_limit - overhead, MAX_PLAINTEXT)


def _resemblance(raw: bytes) -> str:
    """What five bytes that are no record header look like."""
    # A two-byte length with its top bit set, CLIENT-HELLO, and a version (RFC 5246 E.2).
    if raw[0] & 0x80 and raw[2] == 1:
        return "looks like an SSLv2 ClientHello"
    for start, name in _RESEMBLANCES:
        if raw.startswith(start):
            return f"looks like {name}"
    return f"version {raw[1]}.{raw[2]}"
