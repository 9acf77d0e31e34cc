"""Whole handshake messages: the 4-byte header and the body (RFC 8446 4).

Theory of operation: the record layer cuts the stream into whole messages by their headers, and refuses by ``MAX_BODY``
what is too long before it buffers it; the handshake says which class a message must be and gets it decoded.
Transcripts hash the bytes as they came, so nothing here re-encodes what was received.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import TypeVar

from puressl.codes import HandshakeType, name_of
from puressl.errors import Problem, ProtocolError
from puressl.wire.codec import decode_recorded, decode_whole, encode
from puressl.wire.fields import Fault
from puressl.wire.hello import HandshakeMessage
from puressl.wire.spans import Recorder, Span

M = TypeVar("M", bound=HandshakeMessage)

#: msg_type and the three bytes of length (RFC 8446 4).
HEADER_LENGTH = 4

_CLAUSE = "RFC 8446 4"

#: The longest body of each message. The 3-byte length allows 16 MiB, which no peer needs and a hostile one would use to
#: fill memory. Where a message is made of a few vectors of at most 64 KiB, the limit is what they can add up to.
MAX_BODY: Mapping[int, int] = MappingProxyType(
    {
        HandshakeType.HELLO_REQUEST: 0,
        HandshakeType.CLIENT_HELLO: 131072,  # 64 KiB of suites and of extensions
        HandshakeType.SERVER_HELLO: 2 + 32 + 33 + 2 + 1 + 2 + 65535,
        HandshakeType.NEW_SESSION_TICKET: 4 + 4 + 256 + 2 + 65535 + 2 + 65534,
        HandshakeType.END_OF_EARLY_DATA: 0,
        HandshakeType.ENCRYPTED_EXTENSIONS: 2 + 65535,
        HandshakeType.CERTIFICATE: 131072,  # a long chain of large certificates is below 64 KiB
        HandshakeType.SERVER_KEY_EXCHANGE: 8192,  # three numbers of 8192 bits and a signature of 16384 bits: 5134 bytes
        HandshakeType.CERTIFICATE_REQUEST: 131072,  # a server that lists all its authorities
        HandshakeType.SERVER_HELLO_DONE: 0,
        HandshakeType.CERTIFICATE_VERIFY: 8192,  # a signature of RSA 16384 has 2048 bytes
        HandshakeType.CLIENT_KEY_EXCHANGE: 4096,  # a ciphertext of RSA 16384 has 2048 bytes
        HandshakeType.FINISHED: 64,  # the longest hash
        HandshakeType.CERTIFICATE_STATUS: 131072,  # an OCSP response with its signer's certificates
        HandshakeType.KEY_UPDATE: 1,
    }
)


def encode_handshake(message: HandshakeMessage) -> bytes:
    """A message with its header. Raises ``SSLError`` (``einval``) for a value out of bounds."""
    body = encode(message)
    return bytes((message.handshake_type,)) + len(body).to_bytes(3, "big") + body


def decode_handshake(cls: type[M], raw: bytes) -> M:
    """The message that ``raw``, header included, is exactly. Raises ``ProtocolError``."""
    data = bytes(raw)
    _check_header(cls, data)
    _check_length(cls, data)
    return decode_whole(cls, data, HEADER_LENGTH)


def decode_handshake_with_spans(cls: type[M], raw: bytes) -> tuple[M, list[Span]]:
    """As ``decode_handshake``, and the spans of every byte, the header's included. Raises ``ProtocolError``."""
    _check_header(cls, raw)
    _check_length(cls, raw)
    message, spans = decode_handshake_partly(cls, raw)
    if isinstance(message, Fault):
        raise message.protocol_error(cls.__name__) from None
    return message, spans


def decode_handshake_partly(cls: type[M], raw: bytes) -> tuple[M | Fault, list[Span]]:
    """The same as far as it goes: a complaint about body or length is returned, with the spans up to there.

    Raises ``ProtocolError`` for what has no header, or that of another message.
    """
    data = bytes(raw)
    _check_header(cls, data)
    recorder = Recorder()
    recorder.begin(cls.__name__, 0, cls.wire.meaning, cls.wire.clause)
    recorder.leaf(".msg_type", 0, 1, "which message", data[0], clause=_CLAUSE, registry=HandshakeType)
    length = int.from_bytes(data[1:HEADER_LENGTH], "big")
    recorder.leaf(".length", 1, HEADER_LENGTH, "length in bytes of the body", length, clause=_CLAUSE)
    message = decode_recorded(cls, data, HEADER_LENGTH, recorder)
    if not isinstance(message, Fault):
        message = _length_fault(cls, data) or message
    return message, recorder.spans()


def _check_header(cls: type[HandshakeMessage], data: bytes) -> None:
    name = cls.__name__
    if len(data) < HEADER_LENGTH:
        raise ProtocolError(Problem.MALFORMED_MESSAGE, f"{name}: {len(data)} bytes are less than its header")
    if data[0] != cls.handshake_type:
        raise ProtocolError(Problem.UNEXPECTED_MESSAGE, f"{name} expected, {name_of(HandshakeType, data[0])} received")


def _check_length(cls: type[HandshakeMessage], data: bytes) -> None:
    fault = _length_fault(cls, data)
    if fault is not None:
        raise fault.protocol_error(cls.__name__)


def _length_fault(cls: type[HandshakeMessage], data: bytes) -> Fault | None:
    """What is wrong with the length in a header."""
    length, limit = int.from_bytes(data[1:HEADER_LENGTH], "big"), MAX_BODY[cls.handshake_type]
    if length > limit:
        return Fault(f"{length} bytes are more than {limit}", None, Problem.MESSAGE_TOO_LARGE)
    found = len(data) - HEADER_LENGTH
    if found == length:
        return None
    problem = Problem.MALFORMED_MESSAGE if found < length else Problem.TRAILING_BYTES
    return Fault(f"length {length}, but {found} bytes", None, problem)
