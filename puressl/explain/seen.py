"""Records and messages as they were seen, on their way to becoming a story.

Theory of operation: these grow while a connection runs; ``explained`` makes the plain values of ``model`` of them.
Which records carried a message follows from counting: the content of a sender's records of one type is a stream, and
its messages of that type follow each other in it (RFC 8446 5.1).
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice

from puressl.codes import AlertDescription, ContentType, Epoch, HandshakeType, name_of
from puressl.explain import fields
from puressl.explain.fields import Sealing
from puressl.explain.model import UNKNOWN, Check, Field, Move, Record, Step
from puressl.trace import TracedRecord
from puressl.wire import Alert, Certificate, Certificate12, ChangeCipherSpec, ServerHello
from puressl.wire.hello import HandshakeMessage

_CONTENT_TYPES = {Alert: ContentType.ALERT, ChangeCipherSpec: ContentType.CHANGE_CIPHER_SPEC}


@dataclass(slots=True)
class SeenRecord:
    """What was told of a record, and how it was protected. step: the one it is by itself, if it is."""

    number: int
    sender: str
    told: TracedRecord
    sealing: Sealing | None
    step: SeenStep | None = None

    def explained(self) -> Record:
        told, sealing = self.told, self.sealing
        plaintext, inner = told.content, tuple[Field, ...]()
        if sealing is not None and told.content is not None:
            plaintext = fields.inner_plaintext(told.raw, told.content_type, told.content, sealing)
            inner = fields.inner_fields(plaintext, len(told.content), sealing)
        is_opaque = told.protected and sealing is None
        return Record(
            number=self.number,
            sender=self.sender,
            raw=told.raw,
            content_type=name_of(ContentType, told.content_type),
            epoch=_epoch_name(told.epoch),
            sequence=told.sequence,
            protected=told.protected,
            plaintext=plaintext,
            fields=fields.opaque_record_fields(told.raw) if is_opaque else fields.record_fields(told.raw, sealing),
            inner=inner,
        )


@dataclass(slots=True)
class SeenStep:
    """A message, with what the ends that are watched have said of it.

    message: decoded; None for application data and for what was refused before it was decoded. record: the one record
    that it is, None for a message in a stream.
    """

    number: int
    sender: str
    epoch: Epoch | None
    message: object
    raw: bytes
    record: SeenRecord | None
    moves: list[Move] = field(default_factory=list)
    checks: list[Check] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)

    @property
    def content_type(self) -> int:
        if self.record is not None:
            return self.record.told.content_type
        return _CONTENT_TYPES.get(type(self.message), ContentType.HANDSHAKE)

    @property
    def name(self) -> str:
        """The RFCs' name."""
        message = self.message
        if isinstance(message, Alert):
            return f"Alert {name_of(AlertDescription, message.description)}"
        if isinstance(message, ServerHello) and message.is_retry:
            return "HelloRetryRequest"
        if message is not None:
            return _without_version(type(message).__name__)
        if self.record is None:
            return f"refused {name_of(HandshakeType, self.raw[0])}"
        if self.record.step is self:
            return "ApplicationData"
        return f"refused {name_of(ContentType, self.content_type)}"

    @property
    def chain(self) -> tuple[bytes, ...]:
        """The certificates it carries, DER."""
        if isinstance(self.message, Certificate):
            return tuple(entry.cert_data for entry in self.message.entries)
        return self.message.certificates if isinstance(self.message, Certificate12) else ()

    def explained(self, records: tuple[int, ...], offset: int) -> Step:
        """records: which carried it. offset: where it begins in the content of the first."""
        return Step(
            number=self.number,
            sender=self.sender,
            message=self.name,
            content_type=name_of(ContentType, self.content_type),
            epoch=_epoch_name(self.epoch),
            records=records,
            offset=offset,
            raw=self.raw,
            fields=self._fields(),
            moves=tuple(self.moves),
            checks=tuple(self.checks),
            certificates=self.chain,
            failure="; ".join(self.failures),
        )

    def _fields(self) -> tuple[Field, ...]:
        message = self.message
        if isinstance(message, HandshakeMessage):
            return fields.message_fields(type(message), self.raw)
        if isinstance(message, (Alert, ChangeCipherSpec)):
            return fields.content_fields(type(message), self.raw)
        if self.record is None:
            return fields.undecoded_message(self.raw)
        if self.record.step is self:
            return fields.unexplained("ApplicationData", self.raw, "data of the application", "RFC 8446 5.2")
        return fields.unexplained("content", self.raw, "refused", "RFC 8446 5")


def _epoch_name(epoch: Epoch | None) -> str:
    return UNKNOWN if epoch is None else epoch.name.lower()


def _without_version(name: str) -> str:
    """Messages of TLS 1.2 that have another form in TLS 1.3 have the same name, and so have the forms of one."""
    for suffix in ("12", "ECDHE", "DHE", "RSA"):
        name = name.removesuffix(suffix)
    return name


class Streams:
    """Where messages stand in the records of their sender and type. To be asked for one step after the other."""

    def __init__(self, records: Sequence[SeenRecord]) -> None:
        self._records: dict[tuple[str, int], list[tuple[int, int, int]]] = {}
        self._read: dict[tuple[str, int], int] = {}
        for record in records:
            if record.told.content is None:
                continue
            stream = self._records.setdefault((record.sender, record.told.content_type), [])
            start = stream[-1][1] if stream else 0
            stream.append((start, start + len(record.told.content), record.number))

    def place(self, step: SeenStep) -> tuple[tuple[int, ...], int]:
        """The numbers of the records that carry a step, and where it begins in the content of the first."""
        if step.record is not None:
            return (step.record.number,), 0
        key = (step.sender, step.content_type)
        start = self._read.get(key, 0)
        end = self._read[key] = start + len(step.raw)
        found = list(self._rows(self._records.get(key, []), start, end))
        return tuple(number for _, _, number in found), start - found[0][0] if found else 0

    @staticmethod
    def _rows(rows: list[tuple[int, int, int]], start: int, end: int) -> Iterator[tuple[int, int, int]]:
        """Those that have bytes between two offsets."""
        first = max(bisect_left(rows, (start,)) - 1, 0)
        for row in islice(rows, first, None):
            if row[0] >= end:
                return
            if start < row[1]:
                yield row
