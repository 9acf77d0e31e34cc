"""Watching a connection of ours, from one end or both, and its story so far.

Theory of operation: a ``Watch`` gives each end it watches a tracer, and may be asked for the story at any time. What
the tracers tell falls into records and messages of one sender or the other; the n-th of a sender is the same thing
whoever tells of it, so that two ends complete one story: the sender's own words, and what the receiver made of them.
Checks, states and failures belong to the message that an end read last; before it has read any, to the one it wrote.

What a receiver refused before it was decoded is never told as a message: the handshake bytes that no message has
claimed are one then, and so is a record that did not open or held what it must not.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import takewhile

from puressl.codes import ContentType, Direction, Epoch
from puressl.crypto.provider import PROVIDER
from puressl.errors import CertificateError, SSLError
from puressl.explain.account import Account
from puressl.explain.fields import Sealing
from puressl.explain.model import CLIENT, SERVER, Check, Move
from puressl.explain.seen import SeenRecord, SeenStep, Streams
from puressl.trace import NullTracer, TracedRecord
from puressl.wire import EncryptThenMac, ServerHello
from puressl.wire.hello import HandshakeMessage
from puressl.wire.messages import HEADER_LENGTH

#: What is broken where something was refused before any rule of its own was looked after.
_MESSAGE_RULE = ("the message is expected in this state, and well-formed", "RFC 8446 4, 6.2")
_RECORD_RULE = ("the record opens, and holds what it may", "RFC 8446 5.1, 5.2")
_OTHER = {CLIENT: SERVER, SERVER: CLIENT}


class Watch(Account):
    """The account of a connection of ours.

    roles: the ends that are watched, both if none is named; ``tracer`` gives each its tracer. changed: is called when
    there is more to show.
    """

    def __init__(self, *roles: str, changed: Callable[[], None] = lambda: None) -> None:
        super().__init__(*(roles or (CLIENT, SERVER)))
        self.changed = changed
        self.records_of: dict[str, list[SeenRecord]] = {CLIENT: [], SERVER: []}
        self.messages_of: dict[str, list[SeenStep]] = {CLIENT: [], SERVER: []}
        self._ends = {role: _End(self, role) for role in self.roles}

    def tracer(self, role: str) -> NullTracer:
        """The tracer for the configuration of an end."""
        return self._ends[role]

    @property
    def settled(self) -> int:
        """How many steps, from the first, the one end that is watched has nothing more to tell of."""
        streams = Streams(self.records)
        open_steps = [end.cause for end in self._ends.values()]
        settled = takewhile(lambda step: not any(step is each for each in open_steps), self.steps)
        return sum(1 for _ in takewhile(lambda step: streams.place(step)[0], settled))


class _End(NullTracer):
    """One end's tracer. cause: the step that what is told now belongs to, None while the end is at rest."""

    __slots__ = (
        "_encrypt_then_mac",
        "_is_broken",
        "_last",
        "_messages",
        "_records",
        "_role",
        "_sealing",
        "_unclaimed",
        "_unread",
        "_watch",
        "cause",
    )

    def __init__(self, watch: Watch, role: str) -> None:
        self._watch = watch
        self._role = role
        self._messages = {CLIENT: 0, SERVER: 0}
        self._records = {CLIENT: 0, SERVER: 0}
        self._sealing: dict[Direction, Sealing] = {}
        self._encrypt_then_mac = False
        self._is_broken = False  # a check has failed
        self._unclaimed = bytearray()  # handshake bytes that were read and are no message yet
        self._unread: SeenRecord | None = None  # the record that was read last, while nothing has come of it
        self._last: SeenStep | None = None
        self.cause: SeenStep | None = None

    def record(self, record: TracedRecord) -> None:
        sender = self._sender(record.direction)
        known, number = self._watch.records_of[sender], self._records[sender]
        self._records[sender] += 1
        seen = known[number] if number < len(known) else self._add_record(sender, record)
        if record.direction is Direction.READ:
            self._unread = seen
            if record.content_type == ContentType.HANDSHAKE:
                self._unclaimed += record.content or b""
            if seen.step is not None:
                self._attend(seen.step)
        self._watch.changed()

    def message(self, direction: Direction, epoch: Epoch, message: object, raw: bytes) -> None:
        sender = self._sender(direction)
        step = self._next(sender) or self._add(sender, epoch, message, raw)
        self._messages[sender] += 1
        if direction is Direction.READ and isinstance(message, HandshakeMessage):
            del self._unclaimed[: len(raw)]
        if isinstance(message, ServerHello):
            self._encrypt_then_mac = message.extensions.get(EncryptThenMac) is not None
        if direction is Direction.READ:
            self._attend(step)
        elif self._last is None:
            self.cause = self._last = step

    def state(self, left: str, entered: str) -> None:
        if self._last is not None:
            self._last.moves.append(Move(self._role, left, entered))
        self.cause = None
        self._watch.changed()

    def checked(self, what: str, clause: str, passed: bool) -> None:
        self._is_broken = not passed
        if self._last is not None:
            self._last.checks.append(Check(self._role, what, clause, passed))

    def verified(self, path: tuple[bytes, ...]) -> None:
        self._watch.paths[_OTHER[self._role]] = path

    def input(self, name: str, secret: bytes) -> None:
        self._watch.inputs[name] = secret

    def secret(self, label: str, secret: bytes) -> None:
        self._watch.reported[label] = secret

    def keys(self, direction: Direction, epoch: Epoch, suite: str) -> None:
        row = next(each for each in PROVIDER.suites.values() if each.name == suite)
        self._sealing[direction] = Sealing(row, self._encrypt_then_mac)

    def failed(self, error: SSLError) -> None:
        step = self._last if self._is_broken else self._refused() or self._last
        text = f"{self._role}: {error.detail or error}"
        if step is None:
            self._watch.notes.append(text)
            return
        step.failures.append(text)
        if isinstance(error, CertificateError) and error.check:
            what, _, clause = error.check.rstrip(")").rpartition(" (")
            step.checks.append(Check(self._role, what or error.problem.value, clause, passed=False))

    def _sender(self, direction: Direction) -> str:
        return self._role if direction is Direction.WRITE else _OTHER[self._role]

    def _attend(self, step: SeenStep) -> None:
        self.cause = self._last = step
        self._unread = None
        self._is_broken = False

    def _next(self, sender: str) -> SeenStep | None:
        """The message that this end has not told of yet, if the other one has."""
        known, number = self._watch.messages_of[sender], self._messages[sender]
        return known[number] if number < len(known) else None

    def _add(
        self, sender: str, epoch: Epoch | None, message: object, raw: bytes, record: SeenRecord | None = None
    ) -> SeenStep:
        step = SeenStep(len(self._watch.steps), sender, epoch, message, raw, record)
        self._watch.steps.append(step)
        if record is None:
            self._watch.messages_of[sender].append(step)
        return step

    def _add_record(self, sender: str, record: TracedRecord) -> SeenRecord:
        sealing = self._sealing.get(record.direction) if record.protected else None
        seen = SeenRecord(len(self._watch.records), sender, record, sealing)
        self._watch.records.append(seen)
        self._watch.records_of[sender].append(seen)
        if record.content_type == ContentType.APPLICATION_DATA and record.content is not None:
            seen.step = self._add(sender, record.epoch, None, record.content, seen)
        return seen

    def _refused(self) -> SeenStep | None:
        """What this end read and was not told of as a message."""
        sender, unread = _OTHER[self._role], self._unread
        epoch = Epoch.INITIAL if unread is None else unread.told.epoch
        if self._unclaimed:
            length = HEADER_LENGTH + int.from_bytes(self._unclaimed[1:HEADER_LENGTH], "big")
            step = self._next(sender) or self._add(sender, epoch, None, bytes(self._unclaimed[:length]))
        elif unread is not None:
            step = self._add(sender, epoch, None, unread.told.content or b"", unread)
        else:
            return None
        step.checks.append(Check(self._role, *(_MESSAGE_RULE if self._unclaimed else _RECORD_RULE), passed=False))
        return step
