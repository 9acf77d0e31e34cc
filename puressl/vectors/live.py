"""A case over loopback: puressl drives, another implementation is the peer.

Theory of operation: the peer's command is started for each case, and the driver connects to it, or it to the driver.
The driver is the same as in memory, with fresh randomness and today's time; what it has seen when the connection is
over is compared with what the case allows. Every wait ends: a peer that neither answers nor closes has done nothing.
"""

from __future__ import annotations

import socket
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from puressl.codes import AlertDescription, name_of
from puressl.env import SYSTEM_ENV
from puressl.errors import ProtocolError, Reason, SSLError
from puressl.events import Negotiated
from puressl.vectors import connections, recording
from puressl.vectors.deviant import Deviant
from puressl.vectors.documents import Case, Document
from puressl.vectors.peers import Peer, command_line, placeholders
from puressl.vectors.recording import End
from puressl.vectors.settings import World

#: Seconds for a peer to start, to answer, to do nothing, and to end.
START, ANSWER, QUIET, END = 10.0, 4.0, 1.5, 2.0
_PAUSE = 0.02
#: How often a peer is started for a case: a free port may be another's before the peer has it.
_STARTS = 2
_READ_SIZE = 65_536

_PING = b"ping\n"


#: What is seen where there is no alert: the transport ended, nothing came, or the connection stands.
CLOSED, NO_ANSWER, ACCEPTED = "closed", "no answer", "accepted"


@dataclass(slots=True)
class Seen:
    """What the driver has seen of one connection.

    fired: whether its deviation was reached. negotiated: what was agreed on, if the handshake was completed. ended: the
    transport or the peer closed. quiet: nothing came any more. own: what the driver itself failed with.
    """

    fired: bool = True
    negotiated: Negotiated | None = None
    alert: str | None = None
    ended: bool = False
    quiet: bool = False
    own: SSLError | None = None

    @property
    def text(self) -> str:
        """For a person, and for the patterns of expectations."""
        if self.alert is not None:
            return f"alert {self.alert}"
        if self.own is not None:
            return f"driver stops: {self.own.detail or self.own}"
        if self.quiet:
            return ACCEPTED if self.negotiated else NO_ANSWER
        return CLOSED


def seen(document: Document, case: Case, peer: Peer, role: str) -> list[Seen]:
    """What is seen of each connection of a case, until one fails. role: the peer's."""
    converse = _of_server if role == "server" else _of_client
    with tempfile.TemporaryDirectory(prefix="puressl-vectors-") as name:
        for _ in range(_STARTS - 1):
            with suppress(PeerDidNotStart):
                return list(converse(document, case, peer, Path(name)))
        return list(converse(document, case, peer, Path(name)))


class PeerDidNotStart(SSLError):
    """Nobody listens, or nobody comes: perhaps another process took the port."""


def _of_server(document: Document, case: Case, peer: Peer, folder: Path) -> Iterator[Seen]:
    worlds = _worlds()
    with _free_port() as port, _running(_command(document, case, peer, "server", port, folder), folder) as process:
        for connection in case["connections"]:
            with _connected(port, process) as transport:
                yield _converse(_driver(document, case, connection, "client", worlds), transport, connection)


def _of_client(document: Document, case: Case, peer: Peer, folder: Path) -> Iterator[Seen]:
    worlds = _worlds()
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(START)
        with _running(_command(document, case, peer, "client", listener.getsockname()[1], folder), folder):
            (connection,) = case["connections"]
            try:
                transport, _ = listener.accept()
            except TimeoutError as error:
                raise PeerDidNotStart(Reason.TIMEOUT, "the peer does not come") from error
            with transport:
                yield _converse(_driver(document, case, connection, "server", worlds), transport, connection)


def _command(document: Document, case: Case, peer: Peer, role: str, port: int, folder: Path) -> list[str]:
    return command_line(peer.commands[role], placeholders(case, role, document.shared["identities"], port, folder))


#: Ports that cases running at this time have for their peers, which may be slow to take them.
_PORTS: set[int] = set()
_PORTS_LOCK = threading.Lock()


@contextmanager
def _free_port() -> Iterator[int]:
    """A port that nobody has, nor any other case."""
    with _PORTS_LOCK:
        while True:
            with socket.create_server(("127.0.0.1", 0)) as probe:
                port: int = probe.getsockname()[1]
            if port not in _PORTS:
                break
        _PORTS.add(port)
    try:
        yield port
    finally:
        with _PORTS_LOCK:
            _PORTS.discard(port)


def _worlds() -> dict[str, World]:
    return {side: World.of(SYSTEM_ENV) for side in recording.SIDES}


def _driver(document: Document, case: Case, connection: Case, side: str, worlds: dict[str, World]) -> End:
    identities = connections.identities_of(document)
    driven = case.get("deviations", ()) if connection is case["connections"][-1] else ()
    return connections.join(case, connection, identities, worlds, driven, side).end(side)


def _converse(driver: End, transport: socket.socket, described: Case) -> Seen:
    """Runs a connection until the driver has seen enough."""
    connection, found = driver.connection, Seen()
    transport.settimeout(ANSWER)
    connection.start()
    acted = False
    while not (found.ended or found.quiet) and driver.error is None:
        driver.drain()
        if connection.negotiated is not None and not acted:
            acted = True
            found.negotiated = connection.negotiated
            _act(driver, described)
        _carry(driver, transport, found)
    driver.drain()
    _judge(driver, found)
    return found


def _act(driver: End, described: Case) -> None:
    """What the application does: its part of the steps, or nothing more than listen where the end is a deviant one."""
    connection = driver.connection
    if isinstance(connection, Deviant):
        return
    side = "client" if type(connection).__name__.startswith("Client") else "server"
    for step in described["steps"]:
        if step["by"] == side and step["do"] == "update_keys":
            connection.update_keys(request=step["request"])
    connection.send_data(_PING)
    connection.close()


def _carry(driver: End, transport: socket.socket, found: Seen) -> None:
    """Sends what there is, and waits for what comes. A transport that fails has ended."""
    data = driver.connection.data_to_send()
    try:
        if data:
            transport.sendall(data)
        if driver.error is not None:
            return
        if found.negotiated is not None:
            transport.settimeout(QUIET)
        received = transport.recv(_READ_SIZE)
    except TimeoutError:
        found.quiet = True
        return
    except OSError:
        received = b""
    if received:
        driver.connection.receive_data(received)
    else:
        found.ended = True


def _judge(driver: End, found: Seen) -> None:
    connection, error = driver.connection, driver.error
    if isinstance(connection, Deviant):
        found.fired = connection.script.fired
    if isinstance(error, ProtocolError) and error.received is not None:
        name = name_of(AlertDescription, error.received)
        if name == "close_notify":
            found.ended = True
        else:
            found.alert = name
    elif error is not None:
        found.own = error


@contextmanager
def _running(command: list[str], folder: Path) -> Iterator[subprocess.Popen[bytes]]:
    """Runs a peer; it is gone at the end. Its standard input stays open and empty."""
    with (folder / "log").open("wb") as log:
        try:
            # The command is the user's own.
            process = subprocess.Popen(  # noqa: S603
                command, stdin=subprocess.PIPE, stdout=log, stderr=subprocess.STDOUT
            )
        except OSError as error:
            raise SSLError(Reason.EINVAL, f"{command[0]}: {error.strerror}") from error
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(END)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        if process.stdin is not None:
            with suppress(OSError):
                process.stdin.close()


@contextmanager
def _connected(port: int, process: subprocess.Popen[bytes]) -> Iterator[socket.socket]:
    """A connection to a server that may still be starting. Raises ``PeerDidNotStart``."""
    deadline = time.monotonic() + START
    while True:
        try:
            transport = socket.create_connection(("127.0.0.1", port), timeout=ANSWER)
            break
        except OSError as error:
            if time.monotonic() > deadline or process.poll() is not None:
                raise PeerDidNotStart(Reason.TIMEOUT, "the peer does not listen") from error
            time.sleep(_PAUSE)
    with transport:
        yield transport
