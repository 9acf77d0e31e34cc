"""Connections between two ends in memory, recorded and played again.

Theory of operation: a recording has everything that went into a connection from outside (settings, random bytes in the
order they were drawn, the time, what the application did) and everything that came of it: the bytes each way, messages,
secrets, events. It is made with seeded ends; played again, the ends draw the recorded bytes, so that one who has only
the document can do it, and everything else must come out the same.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Any

from puressl.codes import AlertDescription, Direction, Epoch, HandshakeType, NamedGroup, SignatureScheme, name_of
from puressl.connection import Connection
from puressl.env import Env, Purpose, SeededEnv
from puressl.errors import CertificateError, ProtocolError, Reason, SSLError
from puressl.events import (
    AlertReceived,
    DataReceived,
    Event,
    HandshakeCompleted,
    KeysUpdated,
    Negotiated,
    PeerCertificate,
    PeerClosed,
    TicketReceived,
)
from puressl.trace import NullTracer
from puressl.vectors import schema
from puressl.vectors.documents import Json
from puressl.wire import Alert, ChangeCipherSpec, ClientHello, ServerHello

#: A connection that has not settled after so many rounds never will.
MAX_ROUNDS = 200

SIDES = ("client", "server")

SCHEMA = schema.obj(
    {
        "random": schema.mapping(schema.array(schema.obj({"for": schema.STRING, "bytes": schema.HEX}))),
        "flights": schema.array(schema.obj({"from": schema.one_of(*SIDES), "bytes": schema.HEX})),
        "secrets": schema.array(schema.obj({"label": schema.STRING, "secret": schema.HEX})),
        "events": schema.mapping(schema.array({"type": "object"})),
    },
    {
        "messages": schema.array(
            schema.obj(
                {"from": schema.one_of(*SIDES), "epoch": schema.STRING, "name": schema.STRING, "bytes": schema.HEX}
            )
        ),
    },
)


class RecordingEnv(SeededEnv):
    """A seeded world that keeps a list of what was drawn."""

    __slots__ = ("drawn",)

    def __init__(self, seed: bytes, now: float) -> None:
        super().__init__(seed, now)
        self.drawn: list[tuple[Purpose, bytes]] = []

    def random(self, length: int, purpose: Purpose) -> bytes:
        drawn = super().random(length, purpose)
        self.drawn.append((purpose, drawn))
        return drawn


class RecordedEnv:
    """A world in which the bytes of a recording are drawn again.

    drawn: its list. Raises ``SSLError(einval)`` when more, or something else, is asked for.
    """

    def __init__(self, drawn: Sequence[Mapping[str, str]], now: float) -> None:
        self.drawn: list[tuple[Purpose, bytes]] = []
        self._left = [(Purpose(each["for"]), bytes.fromhex(each["bytes"])) for each in drawn]
        self._now = now

    def random(self, length: int, purpose: Purpose) -> bytes:
        place = len(self.drawn)
        if place >= len(self._left) or (self._left[place][0], len(self._left[place][1])) != (purpose, length):
            raise SSLError(Reason.EINVAL, f"draw {place}: {length} bytes for {purpose.value} are not what was recorded")
        self.drawn.append(self._left[place])
        return self._left[place][1]

    def now(self) -> float:
        return self._now

    def lock(self) -> AbstractContextManager[object]:
        return threading.Lock()


@dataclass(slots=True)
class Watcher(NullTracer):
    """A tracer that remembers the messages and secrets of one end."""

    sent: list[tuple[Epoch, object, bytes]] = field(default_factory=list)
    received: list[tuple[Epoch, object, bytes]] = field(default_factory=list)
    secrets: list[tuple[str, bytes]] = field(default_factory=list)
    client_random: bytes = b""
    server_random: bytes = b""

    def message(self, direction: Direction, epoch: Epoch, message: object, raw: bytes) -> None:
        (self.sent if direction is Direction.WRITE else self.received).append((epoch, message, raw))
        if isinstance(message, ClientHello):
            self.client_random = message.random
        elif isinstance(message, ServerHello):
            self.server_random = message.random

    def secret(self, label: str, secret: bytes) -> None:
        self.secrets.append((label, secret))


@dataclass(slots=True)
class End:
    """One end of a connection: what it has told its user, and the error it ended with."""

    connection: Connection
    watcher: Watcher
    events: list[Event] = field(default_factory=list)
    error: SSLError | None = None

    def drain(self) -> None:
        """Takes all events there are."""
        try:
            while (event := self.connection.next_event()) is not None:
                self.events.append(event)
        except SSLError as error:
            self.error = error


@dataclass(slots=True)
class Link:
    """Two ends, joined in memory. flights: (side, bytes) in the order sent."""

    client: End
    server: End
    flights: list[tuple[str, bytes]] = field(default_factory=list)
    messages: list[Json] = field(default_factory=list)

    def settle(self) -> None:
        """Runs until nothing moves. Raises ``SSLError(einval)`` where that never comes."""
        for _ in range(MAX_ROUNDS):
            if not (self._carry("client") | self._carry("server")):
                return
        raise SSLError(Reason.EINVAL, "the connection never settles")

    def end(self, side: str) -> End:
        return self.client if side == "client" else self.server

    def _carry(self, side: str) -> bool:
        source, target = self.end(side), self.end("server" if side == "client" else "client")
        source.drain()
        data = source.connection.data_to_send()
        self._take_messages(side, source.watcher)
        if data:
            self.flights.append((side, data))
            target.connection.receive_data(data)
        target.drain()
        return bool(data)

    def _take_messages(self, side: str, watcher: Watcher) -> None:
        for epoch, message, raw in watcher.sent:
            name = message_name(message, raw)
            self.messages.append({"from": side, "epoch": epoch.name.lower(), "name": name, "bytes": raw.hex()})
        watcher.sent.clear()


def message_name(message: object, raw: bytes) -> str:
    """A message as documents name it. raw: its bytes, header included."""
    return _NOT_HANDSHAKE.get(type(message)) or name_of(HandshakeType, raw[0])


_NOT_HANDSHAKE: Mapping[type[Any], str] = {ChangeCipherSpec: "change_cipher_spec", Alert: "alert"}

Step = Mapping[str, Json]


def perform(link: Link, steps: Iterable[Step]) -> Iterator[Json]:
    """The handshake, then each step of the application, with what it gave."""
    link.client.connection.start()
    link.settle()
    for step in steps:
        yield _STEPS[step["do"]](link.end(step["by"]).connection, step)
        link.settle()


def _send(connection: Connection, step: Step) -> Json:
    connection.send_data(bytes.fromhex(step["data"]))
    return dict(step)


def _update_keys(connection: Connection, step: Step) -> Json:
    connection.update_keys(request=step["request"])
    return dict(step)


def _close(connection: Connection, step: Step) -> Json:
    connection.close()
    return dict(step)


def _export(connection: Connection, step: Step) -> Json:
    context = None if step["context"] is None else bytes.fromhex(step["context"])
    output = connection.export_keying_material(step["label"].encode(), context, step["length"])
    return {**step, "output": output.hex()}


_STEPS: Mapping[str, Callable[[Connection, Step], Json]] = {
    "send": _send,
    "update_keys": _update_keys,
    "close": _close,
    "export": _export,
}
#: What an application does where a case says nothing else.
PING_PONG: tuple[Step, ...] = (
    {"by": "client", "do": "send", "data": b"ping".hex()},
    {"by": "server", "do": "send", "data": b"pong".hex()},
    {"by": "client", "do": "close"},
    {"by": "server", "do": "close"},
)


def recorded(link: Link, drawn: Mapping[str, Sequence[tuple[Purpose, bytes]]]) -> dict[str, Json]:
    """A link's recording, without its messages. drawn: the random bytes of each side."""
    return {
        "random": {
            side: [{"for": purpose.value, "bytes": octets.hex()} for purpose, octets in drawn[side]] for side in SIDES
        },
        "flights": [{"from": side, "bytes": data.hex()} for side, data in link.flights],
        "secrets": [{"label": label, "secret": secret.hex()} for label, secret in link.client.watcher.secrets],
        "events": {side: [_event(event) for event in link.end(side).events] + _end(link.end(side)) for side in SIDES},
    }


def _event(event: Event) -> Json:
    return {"event": type(event).__name__, **_EVENTS[type(event)](event)}


def negotiated(agreed: Negotiated) -> Json:
    """What was agreed on, as a document has it: what is not there, or not so, is left out."""
    scheme, alpn = agreed.signature_scheme, agreed.alpn
    members = {
        "version": agreed.version.label,
        "cipher_suite": agreed.suite_name.lower(),
        "group": None if agreed.group is None else name_of(NamedGroup, agreed.group),
        "signature_scheme": None if scheme is None else name_of(SignatureScheme, scheme),
        "alpn": None if alpn is None else alpn.decode("ascii"),
        "server_name": agreed.server_name,
        "resumed": agreed.resumed,
        "hello_retry": agreed.hello_retry,
        "extended_master_secret": agreed.extended_master_secret,
        "encrypt_then_mac": agreed.encrypt_then_mac,
        "peer_certificates": len(agreed.peer_chain),
    }
    return {name: value for name, value in members.items() if value}


_EVENTS: Mapping[type[Any], Callable[[Any], Json]] = {
    HandshakeCompleted: lambda event: negotiated(event.negotiated),
    DataReceived: lambda event: {"data": event.data.hex()},
    PeerClosed: lambda event: {},
    AlertReceived: lambda event: {"alert": name_of(AlertDescription, event.description)},
    PeerCertificate: lambda event: {"certificates": len(event.chain)},
    TicketReceived: lambda event: {},
    KeysUpdated: lambda event: {"direction": event.direction.value},
}


def _end(end: End) -> list[Json]:
    """How an end failed, if it did: by an alert it received, or by one it sent."""
    error = end.error
    if isinstance(error, ProtocolError) and error.received is not None:
        return [{"event": "Failed", "received": name_of(AlertDescription, error.received)}]
    alert = refusal(end)
    return [] if alert is None else [{"event": "Failed", "alert": alert}]


def refusal(end: End) -> str | None:
    """The alert an end ended the connection with, None if it did not."""
    error = end.error
    if isinstance(error, (ProtocolError, CertificateError)) and error.alert is not None:
        return name_of(AlertDescription, error.alert)
    return None


def seeded(seed: str, time: float) -> dict[str, Env]:
    """Fresh worlds for both ends, recorded as they are used."""
    return {side: RecordingEnv(f"puressl vectors 1 {seed} {side}".encode(), time) for side in SIDES}


def replayed(recording: Mapping[str, Json], time: float) -> dict[str, Env]:
    """The worlds of a recording."""
    return {side: RecordedEnv(recording["random"][side], time) for side in SIDES}
