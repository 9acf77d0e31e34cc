"""Handshake messages and their header (RFC 8446 4): one byte of type, three of length.

Theory of operation: the record layer cuts whole messages out of the stream and needs only ``MAX_BODY``, the most that a
message of each type may hold; the state machine knows from its state which class a message must be, and asks for just
that one.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from puressl.codes import HandshakeType, name_of
from puressl.errors import Problem, ProtocolError, Reason, SSLError
from puressl.wire.codec import Span, Structure, decode_whole, encode
from puressl.wire.spans import Recorder

S = TypeVar("S", bound=Structure)

HEADER_LENGTH = 4
_HEADER_CLAUSE = "RFC 8446 4"

#: A chain of 30 certificates with room to spare; the limit that other implementations have.
_MAX_CERTIFICATE = 131_072
#: A hello with post-quantum shares, several tickets of 64 KiB at most, and padding.
_MAX_HELLO = 131_072
#: One ticket of at most 2^16 bytes, its nonce and extensions; RSA and DH numbers are far below.
_MAX_OTHER = 66_000

#: The most bytes a handshake body may have, by type; a type that is not here is unknown.
MAX_BODY: Mapping[int, int] = {
    HandshakeType.HELLO_REQUEST: 0,
    HandshakeType.CLIENT_HELLO: _MAX_HELLO,
    HandshakeType.SERVER_HELLO: _MAX_OTHER,
    HandshakeType.NEW_SESSION_TICKET: _MAX_OTHER + 65_535,
    HandshakeType.END_OF_EARLY_DATA: 0,
    HandshakeType.ENCRYPTED_EXTENSIONS: _MAX_OTHER,
    HandshakeType.CERTIFICATE: _MAX_CERTIFICATE,
    HandshakeType.SERVER_KEY_EXCHANGE: 3 * 1_026 + 65_540,
    HandshakeType.CERTIFICATE_REQUEST: 256 + 2 * 65_540,
    HandshakeType.SERVER_HELLO_DONE: 0,
    HandshakeType.CERTIFICATE_VERIFY: _MAX_OTHER,
    HandshakeType.CLIENT_KEY_EXCHANGE: _MAX_OTHER,
    HandshakeType.FINISHED: 64,
    HandshakeType.CERTIFICATE_STATUS: _MAX_OTHER,
    HandshakeType.KEY_UPDATE: 1,
}


def encode_handshake(message: Any) -> bytes:
    """A handshake message with its header. Raises ``SSLError(einval)`` for a value out of bounds."""
    body = encode(message)
    if len(body) >= 1 << 24:
        raise SSLError(Reason.EINVAL, f"{type(message).__name__}: {len(body)} bytes do not fit a handshake message")
    return bytes([message.handshake_type]) + len(body).to_bytes(3, "big") + body


def decode_handshake(cls: type[S], raw: bytes) -> S:
    """The message of class ``cls`` that ``raw``, header included, is exactly. Raises ``ProtocolError``."""
    _check_header(cls, raw)
    return decode_whole(cls, raw, HEADER_LENGTH, None)


def decode_handshake_with_spans(cls: type[S], raw: bytes) -> tuple[S, list[Span]]:
    """As ``decode_handshake``, and the spans of every byte, those of the header included."""
    _check_header(cls, raw)
    recorder = Recorder()
    recorder.begin(cls.__name__, 0, cls.wire.meaning, cls.wire.clause)
    recorder.leaf(".msg_type", 0, 1, "the kind of message", raw[0], clause=_HEADER_CLAUSE, registry=HandshakeType)
    recorder.leaf(".length", 1, HEADER_LENGTH, "bytes that follow", len(raw) - HEADER_LENGTH, clause=_HEADER_CLAUSE)
    message = decode_whole(cls, raw, HEADER_LENGTH, recorder)
    recorder.end(len(raw), message)
    return message, recorder.spans()


def _check_header(cls: type[Any], raw: bytes) -> None:
    expected = int(cls.handshake_type)
    if len(raw) < HEADER_LENGTH or raw[0] != expected:
        found = name_of(HandshakeType, raw[0]) if raw else "nothing"
        raise ProtocolError(Problem.UNEXPECTED_MESSAGE, f"{found} instead of {cls.__name__}")
    length = int.from_bytes(raw[1:HEADER_LENGTH], "big")
    if length > MAX_BODY[expected]:
        raise ProtocolError(Problem.MESSAGE_TOO_LARGE, f"{cls.__name__}: {length} bytes, at most {MAX_BODY[expected]}")
    if length != len(raw) - HEADER_LENGTH:
        problem = Problem.TRAILING_BYTES if length < len(raw) - HEADER_LENGTH else Problem.MALFORMED_MESSAGE
        raise ProtocolError(problem, f"{cls.__name__}: length {length}, but {len(raw) - HEADER_LENGTH} bytes")
