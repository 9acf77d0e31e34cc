"""puressl's end of a conversation with a program: configurations, a blocking TLS stream over a socket, an echo server.

Every wait has an end, so that a peer that says nothing fails a test instead of holding it.
"""

from __future__ import annotations

import socket
import threading
import time
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any

from interop.matrix import Case

from puressl.config import ClientConfig, ServerConfig, Verify
from puressl.connection import ClientConnection, Connection, ServerConnection
from puressl.errors import Reason, SSLError
from puressl.events import DataReceived, Event, Negotiated
from puressl.io.blocking import BlockingSocket

from support.configs import SERVER_NAME, credential, trust

#: Seconds without a byte before a peer counts as stuck.
TIMEOUT = 20.0


def client_config(case: Case, **changes: Any) -> ClientConfig:
    """A client for a case, which verifies the server."""
    fields: dict[str, Any] = {
        "server_name": SERVER_NAME,
        "trust": trust(case.certificate),
        "credential": credential(case.client, "client") if case.client else None,
        "versions": (case.version,),
        "cipher_suites": (case.suite.id,),
        "groups": case.client_groups,
    }
    return ClientConfig(**{**fields, **changes})


def server_config(case: Case, **changes: Any) -> ServerConfig:
    """A server for a case, which verifies the client if that has a certificate."""
    fields: dict[str, Any] = {
        "credentials": (credential(case.certificate),),
        "versions": (case.version,),
        "cipher_suites": (case.suite.id,),
        "groups": case.server_groups,
        "verify": Verify.REQUIRED if case.client else Verify.NONE,
        "trust": trust(case.client) if case.client else None,
    }
    return ServerConfig(**{**fields, **changes})


class _Recording(Connection):
    """A connection that remembers its events, but data."""

    @property
    def events(self) -> list[Event]:
        return self.__dict__.setdefault("recorded", [])

    def next_event(self) -> Event | None:
        event = super().next_event()
        if event is not None and not isinstance(event, DataReceived):
            self.events.append(event)
        return event


class _Client(_Recording, ClientConnection):
    pass


class _Server(_Recording, ServerConnection):
    pass


class Stream(BlockingSocket):
    """A blocking socket whose connection remembers its events."""

    connection: _Recording

    @classmethod
    def connect(cls, config: ClientConfig, port: int) -> Stream:
        """A client, its handshake complete."""
        stream = cls(socket.create_connection(("127.0.0.1", port), TIMEOUT), _Client(config), timeout=TIMEOUT)
        stream.handshake()
        return stream

    @property
    def events(self) -> list[Event]:
        return self.connection.events

    @property
    def negotiated(self) -> Negotiated:
        assert self.connection.negotiated is not None
        return self.connection.negotiated

    def has(self, kind: type) -> bool:
        return any(isinstance(event, kind) for event in self.events)

    def wait_for(self, kind: type) -> None:
        """Reads until there was an event of a kind; data is not expected before it."""
        deadline = time.monotonic() + TIMEOUT
        while not self.has(kind):
            assert time.monotonic() < deadline, f"no {kind.__name__}"
            try:
                data = self.read(timeout=0.05)
            except SSLError as error:
                if error.reason is not Reason.TIMEOUT:
                    raise
            else:
                raise AssertionError(f"{data!r} instead of {kind.__name__}")


@dataclass
class EchoServer:
    """Accepts ``count`` connections one after the other on a free port and sends back what they send, ``repeat`` times.

    negotiated: of each complete handshake. errors: what connections ended with. streams: all of them.
    """

    config: ServerConfig
    count: int = 1
    repeat: int = 1
    negotiated: list[Negotiated] = field(default_factory=list)
    errors: list[Exception] = field(default_factory=list)
    streams: list[Stream] = field(default_factory=list)

    def __enter__(self) -> EchoServer:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._listener.settimeout(TIMEOUT)
        self.port: int = self._listener.getsockname()[1]
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if kind is None:
            self._thread.join(2 * TIMEOUT)
        self._listener.close()

    def join(self) -> None:
        self._thread.join(2 * TIMEOUT)
        assert not self._thread.is_alive()

    def wait_for(self, kind: type) -> None:
        """Until the newest connection has had an event of a kind."""
        deadline = time.monotonic() + TIMEOUT
        while not (self.streams and self.streams[-1].has(kind)):
            assert time.monotonic() < deadline, f"no {kind.__name__}"
            time.sleep(0.01)

    def _serve(self) -> None:
        for _ in range(self.count):
            try:
                transport, _ = self._listener.accept()
                self._echo(Stream(transport, _Server(self.config), timeout=TIMEOUT))
            except Exception as error:
                self.errors.append(error)

    def _echo(self, stream: Stream) -> None:
        self.streams.append(stream)
        with stream:
            stream.handshake()
            self.negotiated.append(stream.negotiated)
            while data := stream.read():
                stream.write(data * self.repeat)
