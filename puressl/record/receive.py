"""Bytes into records, records into messages.

Theory of operation: ``feed`` only buffers. Each ``next`` yields one thing: a whole handshake message, taken out of one
or several records, or what one record of another type holds. Nothing is decoded ahead, so the owner can change keys
between any two; what came intact before a bad record has been delivered before that record is looked at, and the pieces
in which bytes arrive change nothing. (In a bulk transfer the protection may decrypt several records in one go. They
stay in the buffer and are opened one by one all the same; what was decrypted ahead under keys that change is dropped
with them.) Errors are final: ``next`` raises the same one ever after. Per RFC 8446 5.1, for TLS 1.2 as well:

- a handshake message may span records, but nothing may come between, and no change of keys may fall inside it;
- an alert record holds exactly one alert, a change_cipher_spec record exactly the byte 1;
- only application data may be empty, and only so often.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Union

from puressl.codes import ContentType
from puressl.errors import Problem, ProtocolError
from puressl.record.protect import PLAINTEXT, Observer, Plaintext, Protection, Tls13
from puressl.wire.messages import HEADER_LENGTH as HANDSHAKE_HEADER_LENGTH
from puressl.wire.messages import MAX_BODY
from puressl.wire.record import HEADER_LENGTH, INNER_TYPE_LENGTH, MAX_CIPHERTEXT, MAX_PLAINTEXT, RecordHeader

#: AlertLevel, AlertDescription (RFC 8446 6).
ALERT_LENGTH = 2

#: Empty records cost work and bring nothing; as cover traffic they come between others (RFC 8446 5.4). BoringSSL and
#: OpenSSL allow as many.
MAX_EMPTY_RECORDS = 32

#: A peer needs one in TLS 1.2 and at most two in TLS 1.3's compatibility mode (RFC 8446 D.4); some send it once per
#: flight.
MAX_CHANGE_CIPHER_SPECS = 4

#: What a record of early data holds besides the data at least: its content type and a tag (RFC 8446 5.2).
EARLY_DATA_OVERHEAD = INNER_TYPE_LENGTH + 16

#: Records decrypted in one go: the gain of more is small, and so many full ones are what a read brings.
MAX_AHEAD = 4

#: Bytes that the smallest record counts as, so that a budget of 32 KiB is spent in at most 512 records.
MIN_EARLY_DATA_CHARGE = 64


@dataclass(frozen=True, slots=True)
class HandshakeReceived:
    """A whole handshake message. raw: as received, with its 4-byte header."""

    raw: bytes


@dataclass(frozen=True, slots=True)
class ChangeCipherSpecReceived:
    """A change_cipher_spec record of the one byte 1; under TLS 1.3 always an unprotected one."""


@dataclass(frozen=True, slots=True)
class AlertRecord:
    """An alert, its two bytes unjudged."""

    level: int
    description: int


@dataclass(frozen=True, slots=True)
class ApplicationDataReceived:
    """Application data. Empty data is legal where data is, and nowhere else: the state must see it."""

    data: bytes


@dataclass(frozen=True, slots=True)
class EndOfFile:
    """The transport has ended. clean: not inside a record or a handshake message."""

    clean: bool


Incoming = Union[HandshakeReceived, ChangeCipherSpecReceived, AlertRecord, ApplicationDataReceived, EndOfFile]


class RecordReceiver:
    """The receiving half of a connection's record layer. observe: is told of each record, None for nobody."""

    __slots__ = (
        "_ahead",
        "_authenticated",
        "_buffer",
        "_change_cipher_specs",
        "_early_data_left",
        "_empty_records",
        "_ended",
        "_failure",
        "_handshake",
        "_header",
        "_limit",
        "_observe",
        "_protection",
    )

    def __init__(self, observe: Observer | None = None) -> None:
        self._ahead: int | None = None  # records that were decrypted ahead; None: not in a bulk transfer
        self._authenticated = False  # a protected record was opened
        self._buffer = bytearray()  # received, not yet decoded
        self._change_cipher_specs = 0
        self._early_data_left: int | None = None  # None: none is passed over
        self._empty_records = 0  # in a row
        self._ended = False  # the transport, and not yet said so
        self._failure: ProtocolError | None = None
        self._handshake = bytearray()  # messages not yet delivered, the last perhaps incomplete
        self._header: RecordHeader | None = None  # of the record at the start of the buffer, once it was decoded
        self._limit = MAX_PLAINTEXT
        self._observe = observe
        self._protection: Protection = PLAINTEXT

    def feed(self, data: bytes) -> None:
        """Takes in received bytes; ``b""`` is the transport's end of file. Only buffers."""
        self._ended = self._ended or not data
        self._buffer += data

    def next(self) -> Incoming | None:
        """Decodes one step.

        Returns what came next, EndOfFile once after everything else, or None when more bytes are needed. Raises
        ProtocolError for anything amiss, and the same again on every later call.
        """
        if self._failure is not None:
            raise self._failure.with_traceback(None)
        try:
            return self._next()
        except ProtocolError as failure:
            self._failure = failure
            raise

    def install(self, protection: Protection) -> None:
        """Changes keys, between two calls of ``next``.

        Raises ProtocolError(KEY_CHANGE_INSIDE_MESSAGE) when handshake bytes of the old keys are left (RFC 8446 5.1).
        """
        if self._handshake:
            raise ProtocolError(Problem.KEY_CHANGE_INSIDE_MESSAGE, f"{len(self._handshake)} bytes follow in its record")
        self._protection = protection
        self._ahead = None

    def limit_plaintext(self, limit: int) -> None:
        """Bounds the content of each protected record from here on, padding included (RFC 8449).

        limit: bytes, content type not counted, as ``wire.record.content_limit`` computes it.
        """
        self._limit = min(limit, MAX_PLAINTEXT)

    def skip_early_data(self, limit: int) -> None:
        """Passes over refused early data (RFC 8446 4.2.10) until it ends.

        Under keys, records that do not open are dropped until the first that does; before keys, after a
        HelloRetryRequest, application data until the first handshake record. limit: bytes of data to bear, at least 0.
        """
        self._early_data_left = limit

    def take_unread(self) -> bytes:
        """Takes away the bytes that were fed and not decoded: after close_notify, what followed it."""
        unread = bytes(self._buffer)
        self._buffer.clear()
        self._header = None
        return unread

    def _next(self) -> Incoming | None:
        while True:
            message = self._next_message()
            if message is not None:
                return HandshakeReceived(message)
            header = self._whole_record()
            if header is None:
                return self._end_of_file()
            self._decrypt_ahead()
            opened = self._open_observed(header, self._take_fragment(header))
            incoming = None if opened is None else self._deliver(*opened)
            if incoming is not None:
                return incoming

    def _next_message(self) -> bytes | None:
        """The first handshake message collected, if it is whole. Its header is judged before the rest is waited for."""
        collected = self._handshake
        if len(collected) < HANDSHAKE_HEADER_LENGTH:
            return None
        message_type, length = collected[0], int.from_bytes(collected[1:HANDSHAKE_HEADER_LENGTH], "big")
        limit = MAX_BODY.get(message_type)
        if limit is None:  # RFC 8446 4
            raise ProtocolError(Problem.UNEXPECTED_MESSAGE, f"unknown handshake type {message_type}")
        if length > limit:
            raise ProtocolError(Problem.MESSAGE_TOO_LARGE, f"type {message_type}: {length} bytes, at most {limit}")
        end = HANDSHAKE_HEADER_LENGTH + length
        return _cut(collected, 0, end) if end <= len(collected) else None

    def _whole_record(self) -> RecordHeader | None:
        """The header of the next record, if all of the record is there. It is judged before the rest is waited for."""
        if self._header is None:
            if len(self._buffer) < HEADER_LENGTH:
                return None
            self._header = RecordHeader.decode(bytes(self._buffer[:HEADER_LENGTH]))
        header = self._header
        limit = MAX_CIPHERTEXT if self._may_be_early_data(header) else self._protection.max_fragment
        if header.length > limit:  # RFC 8446 5.1, 5.2, RFC 5246 6.2.3
            raise ProtocolError(
                Problem.RECORD_OVERFLOW, f"fragment of {header.length} bytes, at most {limit} are allowed"
            )
        return header if HEADER_LENGTH + header.length <= len(self._buffer) else None

    def _decrypt_ahead(self) -> None:
        """Where data follows data, lets the protection decrypt the whole records at hand together."""
        if self._ahead == 0:
            records = list(islice(self._whole_data_records(), MAX_AHEAD))
            self._ahead = len(records)
            if len(records) > 1:
                self._protection.decrypt_ahead(records)
        if self._ahead:
            self._ahead -= 1

    def _whole_data_records(self) -> Iterator[tuple[RecordHeader, bytes]]:
        """The application_data records at the start of the buffer, up to one that is not whole, or not fit to be."""
        at = 0
        while at + HEADER_LENGTH <= len(self._buffer):
            start = at + HEADER_LENGTH
            try:
                header = RecordHeader.decode(bytes(self._buffer[at:start]))
            except ProtocolError:
                return
            at = start + header.length
            fits = header.length <= self._protection.max_fragment and at <= len(self._buffer)
            if header.content_type != ContentType.APPLICATION_DATA or not fits:
                return
            yield header, bytes(self._buffer[start:at])

    def _take_fragment(self, header: RecordHeader) -> bytes:
        self._header = None
        return _cut(self._buffer, HEADER_LENGTH, HEADER_LENGTH + header.length)

    def _end_of_file(self) -> EndOfFile | None:
        if not self._ended:
            return None
        self._ended = False
        return EndOfFile(clean=not self._buffer and not self._handshake)

    def _open_observed(self, header: RecordHeader, fragment: bytes) -> tuple[int, bytes] | None:
        if self._observe is None:
            return self._open(header, fragment)
        opened, sequence = None, self._protection.sequence
        try:
            opened = self._open(header, fragment)
        finally:
            content_type, content = (header.content_type, None) if opened is None else opened
            self._observe(sequence, content_type, content, header.encode() + fragment)
        return opened

    def _open(self, header: RecordHeader, fragment: bytes) -> tuple[int, bytes] | None:
        """Content type and content, or None for refused early data."""
        if self._may_be_early_data(header):
            return self._try_early_data(header, fragment)
        if self._early_data_left is not None and header.content_type == ContentType.HANDSHAKE:
            self._early_data_left = None  # the second ClientHello (RFC 8446 4.2.10)
        if self._is_early_alert(header):
            return PLAINTEXT.open(header, fragment)
        opened = self._protection.open(header, fragment, self._limit)
        self._authenticated = self._authenticated or header.content_type == ContentType.APPLICATION_DATA
        return opened

    def _may_be_early_data(self, header: RecordHeader) -> bool:
        return self._early_data_left is not None and header.content_type == ContentType.APPLICATION_DATA

    def _try_early_data(self, header: RecordHeader, fragment: bytes) -> tuple[int, bytes] | None:
        """Trial decryption (RFC 8446 4.2.10): the first record that opens is the client's next flight."""
        try:
            opened = self._protection.open(header, fragment, self._limit)
        except ProtocolError as error:
            if error.problem is not Problem.BAD_RECORD_MAC and not isinstance(self._protection, Plaintext):
                raise
            self._spend_early_data(len(fragment))
            return None
        self._early_data_left = None
        self._authenticated = True
        return opened

    def _spend_early_data(self, length: int) -> None:
        """Counts a record as the data it can hold at most, and a small one as more: each costs a trial decryption."""
        left = (self._early_data_left or 0) - max(length - EARLY_DATA_OVERHEAD, MIN_EARLY_DATA_CHARGE)
        if left < 0:
            raise ProtocolError(Problem.TOO_MUCH_EARLY_DATA)
        self._early_data_left = left

    def _is_early_alert(self, header: RecordHeader) -> bool:
        """A peer that fails before it has keys can only say so unprotected.

        Once it has shown its keys, it must use them.
        """
        return (
            header.content_type == ContentType.ALERT and not self._authenticated and isinstance(self._protection, Tls13)
        )

    def _deliver(self, content_type: int, content: bytes) -> Incoming | None:
        """What a record's content amounts to, None for nothing yet."""
        if self._handshake and content_type != ContentType.HANDSHAKE:  # RFC 8446 5.1
            raise ProtocolError(Problem.INTERLEAVED_HANDSHAKE, f"a record of type {content_type}")
        if content:
            self._empty_records = 0
        read = _READERS.get(content_type)
        if read is None:  # RFC 8446 5: only an inner type can be unknown here
            raise ProtocolError(Problem.BAD_RECORD_TYPE, f"{content_type} inside a protected record")
        return read(self, content)

    def _read_handshake(self, content: bytes) -> None:
        if not content:  # RFC 8446 5.1
            raise ProtocolError(Problem.EMPTY_RECORD, "handshake")
        self._handshake += content

    def _read_application_data(self, content: bytes) -> ApplicationDataReceived:
        self._ahead = self._ahead or 0
        if not content:
            self._empty_records += 1
        if self._empty_records > MAX_EMPTY_RECORDS:
            raise ProtocolError(Problem.TOO_MANY_EMPTY_RECORDS, f"more than {MAX_EMPTY_RECORDS} in a row")
        return ApplicationDataReceived(content)

    def _read_alert(self, content: bytes) -> AlertRecord:
        if not content:  # RFC 8446 5.4
            raise ProtocolError(Problem.EMPTY_RECORD, "alert")
        if len(content) != ALERT_LENGTH:  # RFC 8446 5.1
            raise ProtocolError(Problem.MALFORMED_MESSAGE, f"alert record of {len(content)} bytes, not {ALERT_LENGTH}")
        return AlertRecord(*content)

    def _read_change_cipher_spec(self, content: bytes) -> ChangeCipherSpecReceived:
        if content != b"\1":  # RFC 8446 5, RFC 5246 7.1
            raise ProtocolError(Problem.UNEXPECTED_MESSAGE, "change_cipher_spec that is not the one byte 1")
        self._change_cipher_specs += 1
        if self._change_cipher_specs > MAX_CHANGE_CIPHER_SPECS:
            raise ProtocolError(Problem.TOO_MANY_CHANGE_CIPHER_SPECS, f"more than {MAX_CHANGE_CIPHER_SPECS}")
        return ChangeCipherSpecReceived()


_READERS: Mapping[int, Callable[[RecordReceiver, bytes], Incoming | None]] = {
    ContentType.CHANGE_CIPHER_SPEC: RecordReceiver._read_change_cipher_spec,
    ContentType.ALERT: RecordReceiver._read_alert,
    ContentType.HANDSHAKE: RecordReceiver._read_handshake,
    ContentType.APPLICATION_DATA: RecordReceiver._read_application_data,
}


def _cut(buffer: bytearray, start: int, end: int) -> bytes:
    """Takes ``buffer[:end]`` away and returns ``buffer[start:end]``, copied once. The rest stays in place."""
    with memoryview(buffer) as view, view[start:end] as part:
        taken = bytes(part)
    del buffer[:end]
    return taken
