"""A recorded connection, from the bytes that both ends sent and a key log.

Theory of operation: nobody's states are replayed. Records are cut and opened (``opening``), the handshake messages in
them are decoded as what the version and suite of ServerHello make them (``kinds``), and those that change keys do so
for their sender. An account is filled with all of it, as it is with what an end of ours sees. What cannot be read is in
the story all the same, as the bytes that travelled, with the reason; nothing in a capture is an error.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import takewhile
from typing import Any

from puressl.codes import CipherSuite, ContentType, Direction, Epoch, ExtensionType, HandshakeType, name_of
from puressl.crypto.provider import PROVIDER
from puressl.crypto.suites import KeyExchange, Suite
from puressl.errors import ProtocolError
from puressl.explain.account import Account
from puressl.explain.capture.keylog import Secrets
from puressl.explain.capture.streams import Dialogue
from puressl.explain.fields import undecoded_message, unexplained
from puressl.explain.kinds import TLS12, TLS13, decode_message
from puressl.explain.model import CLIENT, SERVER, Field, Secret, Story
from puressl.explain.opening import MASTER_LABEL, Opened, Opener, early_rungs, rung_12, rungs_13
from puressl.explain.schedule import grow
from puressl.explain.secrets import Told, Tree, add_reported
from puressl.explain.seen import SeenRecord, SeenStep
from puressl.trace import TracedRecord
from puressl.wire import (
    Alert,
    ChangeCipherSpec,
    ClientHello,
    EncryptThenMac,
    EndOfEarlyData,
    Finished,
    KeyUpdate,
    ServerHello,
    Structure,
)
from puressl.wire.codec import decode_partly
from puressl.wire.fields import Fault as WireFault
from puressl.wire.hello import HandshakeMessage
from puressl.wire.messages import HEADER_LENGTH as HANDSHAKE_HEADER_LENGTH
from puressl.wire.record import HEADER_LENGTH, RecordHeader

#: Records, and messages, of one story: more than anyone reads, and what keeps the work on hostile captures in seconds.
MAX_RECORDS = MAX_STEPS = 5_000
#: Bytes of handshake messages from one end: twice the longest there is. Each makes a field of nearly every byte.
MAX_HANDSHAKE = 1 << 18

_STRUCTURES: Mapping[int, type[Structure]] = {
    ContentType.ALERT: Alert,
    ContentType.CHANGE_CIPHER_SPEC: ChangeCipherSpec,
}
#: How TLS begins behind another protocol (STARTTLS, CONNECT): a hello in a record, or an alert instead of one.
_STARTS = {
    CLIENT: re.compile(rb"\x16\x03[\x00-\x04]..\x01\x00..\x03[\x00-\x03]", re.DOTALL),
    SERVER: re.compile(
        rb"\x16\x03[\x00-\x04]..\x02\x00..\x03[\x00-\x03]|\x15\x03[\x00-\x03]\x00\x02[\x01\x02]", re.DOTALL
    ),
}


def has_tls(dialogue: Dialogue) -> bool:
    """Whether a hello of either end is in it."""
    return any(pattern.search(dialogue.sent(sender)) for sender, pattern in _STARTS.items())


def explain_recorded(
    dialogue: Dialogue, logs: Mapping[bytes, Secrets] | None, title: str, notes: Sequence[str] = ()
) -> Story:
    """The story of a recorded connection.

    logs: secrets by client random, None where no key log was given. notes: of the capture. Raises nothing.
    """
    recording = Recording(logs)
    recording.notes += (*notes, *dialogue.notes)
    recording.read(dialogue)
    return recording.story(title)


@dataclass(slots=True)
class _Unopened(SeenStep):
    """A record that stays as it travelled."""

    @property
    def name(self) -> str:
        return f"encrypted {name_of(ContentType, self.content_type)}"

    def _fields(self) -> tuple[Field, ...]:
        return unexplained("encrypted_record", self.raw, "not decrypted", "RFC 8446 5.2, RFC 5246 6.2.3")


@dataclass(slots=True)
class _Malformed(SeenStep):
    """A handshake message that does not decode. parts: the fields up to where it does not."""

    parts: tuple[Field, ...] = ()

    @property
    def name(self) -> str:
        return f"malformed {name_of(HandshakeType, self.raw[0])}"

    def _fields(self) -> tuple[Field, ...]:
        return self.parts or undecoded_message(self.raw)


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with the content of a step. step: its number. at: the byte of the step's."""

    step: int
    text: str
    at: int


@dataclass(slots=True)
class _Side:
    """What one end sends. received: not yet a record. handshake: not yet a message; handshaken: bytes that were one.

    at: offset in the stream of what is received next. epoch: of the last record. is_lost: nothing more is read.
    """

    sender: str
    direction: Direction
    opener: Opener = field(default_factory=Opener)
    received: bytearray = field(default_factory=bytearray)
    handshake: bytearray = field(default_factory=bytearray)
    at: int = 0
    handshaken: int = 0
    is_lost: bool = False
    epoch: Epoch | None = Epoch.INITIAL


class Recording(Account):
    """The account of a capture. logs: as for ``explain_recorded``."""

    def __init__(self, logs: Mapping[bytes, Secrets] | None) -> None:
        super().__init__()
        self._logs = logs
        self._sides = {CLIENT: _Side(CLIENT, Direction.WRITE), SERVER: _Side(SERVER, Direction.READ)}
        self._randoms = (b"", b"")
        self.version: int | None = None
        self._suite: Suite | None = None
        self._exchange: KeyExchange | None = None
        self._encrypt_then_mac = False
        self._has_keys = False  # of TLS 1.3, which has one ServerHello
        self._unread: int | None = None  # the first step that may hide handshake messages
        self._told_of: set[str] = set()
        self.faults: list[Fault] = []
        self.breaks: list[tuple[int, str]] = []  # offset in the stream, and why it is not read on from there

    def read(self, dialogue: Dialogue) -> None:
        """Takes in all that was said."""
        for sender, side in self._sides.items():
            self._find_start(side, dialogue.sent(sender))
        passed = dict.fromkeys(self._sides, 0)
        for piece in dialogue.pieces:
            side = self._sides[piece.sender]
            skipped = min(max(side.at - passed[piece.sender], 0), len(piece.data))
            passed[piece.sender] += len(piece.data)
            self.add_records(piece.sender, piece.data[skipped:])
        self.finish()

    def add_records(self, sender: str, data: bytes) -> None:
        """Takes in what an end sent next."""
        self._sides[sender].received += data
        self._cut(self._sides[sender])

    def add_messages(self, sender: str, data: bytes) -> None:
        """Takes in handshake messages by themselves."""
        self._sides[sender].handshake += data
        self._messages(self._sides[sender])

    def add_alert(self, sender: str, data: bytes) -> None:
        """Takes in the content of an alert by itself."""
        self._structure(SeenStep(len(self.steps), sender, Epoch.INITIAL, None, data, None), Alert)

    def finish(self) -> None:
        """There is no more: notes what is not whole."""
        for side in self._sides.values():
            if side.received and not side.is_lost:
                self._cut_short(side)
            if side.handshake and len(self.steps) < MAX_STEPS:
                self._message(side, bytes(side.handshake))

    def secrets(self, told: Sequence[Told]) -> tuple[Secret, ...]:
        """The part of the key schedule that the log gives, as far as the transcript is known."""
        tree = Tree(self.inputs, self.reported)
        if self.version in (None, TLS12, TLS13):
            try:
                grow(tree, takewhile(lambda each: self._unread is None or each.step < self._unread, told))
            except ProtocolError as error:
                self.notes.append(f"the key schedule: {error.detail}")
        if self.steps:
            add_reported(tree, self._suite, len(self.steps) - 1)
        return tuple(tree.secrets.values())

    def _handshake(self) -> Iterator[Told]:
        """Also those that did not decode: they are in the transcript."""
        for step in self.steps:
            if isinstance(step.message, HandshakeMessage) or (step.message is None and step.record is None):
                yield Told(step.number, step.sender, step.message, step.raw)

    # Records ------------------------------------------------------------------------------------------------

    def _find_start(self, side: _Side, stream: bytes) -> None:
        match = _STARTS[side.sender].search(stream)
        if match is not None and match.start():
            side.at = match.start()
            self.notes.append(f"the {side.sender}'s first {side.at} bytes are another protocol's")

    def _cut(self, side: _Side) -> None:
        """Takes the whole records that were received."""
        while not side.is_lost and len(side.received) >= HEADER_LENGTH:
            try:
                header = RecordHeader.decode(bytes(side.received[:HEADER_LENGTH]))
            except ProtocolError as error:
                self._lose(side, error.detail or str(error))
                return
            end = HEADER_LENGTH + header.length
            if len(side.received) < end:
                return
            if len(self.records) >= MAX_RECORDS or len(self.steps) >= MAX_STEPS:
                self._lose(side, f"more than {MAX_RECORDS} records or messages")
                return
            raw = bytes(side.received[:end])
            del side.received[:end]
            side.at += end
            self._record(side, header, raw)

    def _cut_short(self, side: _Side) -> None:
        """The last record is not whole. What is not encrypted of it is explained all the same."""
        raw = bytes(side.received)
        side.at += len(raw)
        self._break(side, f"it ends {len(raw)} bytes into a record")
        if len(raw) >= HEADER_LENGTH:
            header = RecordHeader.decode(raw[:HEADER_LENGTH])
            if not side.opener.is_protected(header.content_type):
                self._record(side, header, raw)

    def _lose(self, side: _Side, reason: str) -> None:
        side.is_lost = True
        self._break(side, reason)

    def _break(self, side: _Side, reason: str) -> None:
        self.breaks.append((side.at, reason))
        self.notes.append(f"the {side.sender}'s stream is not explained from byte {side.at} on: {reason}")

    def _record(self, side: _Side, header: RecordHeader, raw: bytes) -> None:
        opened = side.opener.open(header, raw[HEADER_LENGTH:])
        rung = opened.rung
        side.epoch = opened.epoch
        told = TracedRecord(
            side.direction, side.epoch, opened.sequence, opened.content_type, opened.content, raw, rung is not None
        )
        seen = SeenRecord(len(self.records), side.sender, told, None if rung is None else rung.sealing)
        self.records.append(seen)
        if opened.content is None:
            self._unopened(side, seen, opened, raw[HEADER_LENGTH:])
        elif opened.content_type == ContentType.HANDSHAKE:
            side.handshake += opened.content
            self._messages(side)
        else:
            self._content(side, seen, opened.content)

    def _unopened(self, side: _Side, seen: SeenRecord, opened: Opened, fragment: bytes) -> None:
        step = _Unopened(len(self.steps), side.sender, seen.told.epoch, None, fragment, seen)
        seen.step = step
        self.steps.append(step)
        if opened.reason and opened.rung is not None:
            number = f"sequence number {opened.sequence} of the {opened.rung.epoch.name.lower()} keys"
            step.failures.append(f"{opened.reason}: {number}, by the secret in the key log")
        elif opened.rung is not None:
            self._note_missing(side, opened.rung.label, opened.rung.sealing is None)
        if self._unread is None and seen.told.content_type != ContentType.ALERT:
            self._unread = step.number

    def _note_missing(self, side: _Side, label: str, is_unknown: bool) -> None:
        """Says once why records stay closed."""
        if is_unknown:
            note = "records stay encrypted: their version or cipher suite is not known here"
        elif self._logs is None:
            note = "records stay encrypted: no key log was given"
        elif not self.reported:
            note = f"records stay encrypted: the key log has nothing for client random {self._randoms[0].hex()}"
        else:
            note = f"records of the {side.sender} stay encrypted: the key log has no {label} for this connection"
        if note not in self._told_of:
            self._told_of.add(note)
            self.notes.append(note)

    # Content ------------------------------------------------------------------------------------------------

    def _content(self, side: _Side, seen: SeenRecord, content: bytes) -> None:
        """What one record is by itself."""
        step = SeenStep(len(self.steps), side.sender, seen.told.epoch, None, content, seen)
        if seen.told.content_type == ContentType.APPLICATION_DATA:
            seen.step = step
            self.steps.append(step)
            return
        self._structure(step, _STRUCTURES.get(seen.told.content_type))
        if isinstance(step.message, ChangeCipherSpec) and self.version not in (None, TLS13):
            self._change_keys(side)

    def _structure(self, step: SeenStep, structure: type[Structure] | None) -> None:
        self.steps.append(step)
        if structure is None:
            self._fail(step, f"unknown content type {step.content_type}", 0)
            return
        message, _ = decode_partly(structure, step.raw)
        if isinstance(message, WireFault):
            self._fail(
                step, f"{message.problem.value}: {structure.__name__}{message.path}: {message.text}", message.at or 0
            )
        else:
            step.message = message

    def _messages(self, side: _Side) -> None:
        """Takes the whole handshake messages."""
        while len(side.handshake) >= HANDSHAKE_HEADER_LENGTH and len(self.steps) < MAX_STEPS:
            end = HANDSHAKE_HEADER_LENGTH + int.from_bytes(side.handshake[1:HANDSHAKE_HEADER_LENGTH], "big")
            if len(side.handshake) < end:
                return
            side.handshaken += end
            if side.handshaken > MAX_HANDSHAKE:
                side.handshake.clear()
                self._lose(side, f"more than {MAX_HANDSHAKE} bytes of handshake messages")
                return
            raw = bytes(side.handshake[:end])
            del side.handshake[:end]
            self._message(side, raw)

    def _message(self, side: _Side, raw: bytes) -> None:
        decoded = decode_message(raw, self.version, self._exchange)
        number = len(self.steps)
        if decoded.message is None:
            step: SeenStep = _Malformed(number, side.sender, side.epoch, None, raw, None, parts=decoded.fields)
            self._fail(step, decoded.fault, decoded.at)
        else:
            step = SeenStep(number, side.sender, side.epoch, decoded.message, raw, None)
        self.steps.append(step)
        if decoded.others:
            self.notes.append(f"message {number} could be {' or '.join(decoded.others)} as well")
        if decoded.message is not None and type(decoded.message) in self._FOLLOWED:
            self._FOLLOWED[type(decoded.message)](self, side, decoded.message)

    def _fail(self, step: SeenStep, text: str, at: int) -> None:
        step.failures.append(f"{text} (at byte {at})")
        self.faults.append(Fault(step.number, text, at))

    # Keys ---------------------------------------------------------------------------------------------------

    def _client_hello(self, side: _Side, hello: ClientHello) -> None:
        self._randoms = (hello.random, b"")
        self.reported.update((self._logs or {}).get(hello.random, {}))
        if ExtensionType.EARLY_DATA in hello.extensions:
            side.opener.use_13(early_rungs(self.reported))

    def _server_hello(self, side: _Side, hello: ServerHello) -> None:
        self.version = hello.selected_version
        suite = PROVIDER.suites.get(hello.cipher_suite)
        self._suite = suite if suite is not None and suite.version == self.version else None
        self._exchange = None if self._suite is None else self._suite.key_exchange
        self._encrypt_then_mac = hello.extensions.get(EncryptThenMac) is not None
        self._randoms = (self._randoms[0], hello.random)
        if self._suite is None:
            name = name_of(CipherSuite, hello.cipher_suite).upper()
            self.notes.append(f"the server chose version {self.version:#06x} with {name}, which is not known here")
        if self.version == TLS13 and not hello.is_retry and not self._has_keys:
            self._has_keys = True
            for each in self._sides.values():
                each.opener.use_13(rungs_13(each.sender, self._suite, self.reported))

    def _change_keys(self, side: _Side) -> None:
        master = self.reported.get(MASTER_LABEL)
        side.opener.use_12(rung_12(side.sender, self._suite, self._randoms, master, self._encrypt_then_mac))

    def _end_of_early_data(self, side: _Side, _: EndOfEarlyData) -> None:
        side.opener.climb(Epoch.HANDSHAKE)

    def _finished(self, side: _Side, _: Finished) -> None:
        side.opener.climb(Epoch.APPLICATION)

    def _key_update(self, side: _Side, _: KeyUpdate) -> None:
        side.opener.update()

    _FOLLOWED: Mapping[type[HandshakeMessage], Callable[[Recording, _Side, Any], None]] = {
        ClientHello: _client_hello,
        ServerHello: _server_hello,
        EndOfEarlyData: _end_of_early_data,
        Finished: _finished,
        KeyUpdate: _key_update,
    }
