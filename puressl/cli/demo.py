"""``puressl demo``: a TLS server and a TLS client over loopback, and all that happens between them."""

from __future__ import annotations

import json
import socket
import sys
import threading
from dataclasses import dataclass, field
from typing import Any

import rich_click as click
from rich.console import Console
from rich.table import Table

from puressl.cli import bundled, options
from puressl.cli.options import VERSIONS
from puressl.cli.show import negotiated_json, negotiated_rows
from puressl.codes import AlertDescription, Direction, Epoch, name_of
from puressl.config import ClientConfig, ServerConfig, Verify
from puressl.errors import SSLError
from puressl.events import Negotiated
from puressl.io.blocking import BlockingSocket, accept, connect
from puressl.trace import NullTracer
from puressl.wire import Alert

LOOPBACK = "127.0.0.1"
SERVER_NAME = "localhost"
ALPN = (b"puressl-demo",)
#: Seconds; on a loaded machine a handshake takes well below one.
TIMEOUT = 30.0
#: What is echoed: more than one record, so that fragments are seen too.
ECHO = bytes(range(256)) * 80
#: Columns where the output is no terminal: no line is broken.
PLAIN_WIDTH = 120
ARROWS = {Direction.WRITE: "->", Direction.READ: "<-"}


@dataclass(slots=True)
class Step:
    """One message of a handshake, the state that it came in or went out in, and the one it led to."""

    direction: Direction
    epoch: Epoch
    message: str
    length: int
    left: str
    entered: str


@dataclass(slots=True)
class Recorder(NullTracer):
    """A tracer that keeps the story of one end: the names of the states it was in and, between them, the messages.

    A state is left for a message that was read, and entered once all that it calls for is written; only a client's
    first state is left for a message of its own.
    """

    story: list[Step | str] = field(default_factory=list)
    _state: str = ""
    _cause: Step | None = None

    @property
    def steps(self) -> list[Step]:
        return [entry for entry in self.story if isinstance(entry, Step)]

    def message(self, direction: Direction, epoch: Epoch, message: object, raw: bytes) -> None:
        name = type(message).__name__
        if isinstance(message, Alert):
            name = f"Alert {name_of(AlertDescription, message.description)}"
        step = Step(direction, epoch, name, len(raw), self._state, self._state)
        self.story.append(step)
        if direction is Direction.READ or self._cause is None:
            self._cause = step

    def state(self, left: str, entered: str) -> None:
        if not self._state:
            self.story.insert(0, left)
            for step in self.steps:
                step.left = step.entered = left
        if self._cause is not None:
            self._cause.entered = entered
        self._state = entered
        self.story.append(entered)


@dataclass(slots=True)
class Meeting:
    """What one run showed."""

    address: str
    negotiated: Negotiated
    client: Recorder
    server: Recorder


def meet(version: str) -> Meeting:
    """Runs a client and a server against each other, each verifying the other, and echoes data both ways."""
    ours, theirs = Recorder(), Recorder()
    trust = bundled.trust("p256")
    server_config = ServerConfig(
        versions=(VERSIONS[version],),
        credentials=(bundled.credential("p256", "server"),),
        verify=Verify.REQUIRED,
        trust=trust,
        alpn=ALPN,
        tracer=theirs,
    )
    client_config = ClientConfig(
        versions=(VERSIONS[version],),
        server_name=SERVER_NAME,
        trust=trust,
        credential=bundled.credential("p256", "client"),
        alpn=ALPN,
        tracer=ours,
    )
    failures: list[SSLError] = []
    with socket.create_server((LOOPBACK, 0)) as listener:
        port = listener.getsockname()[1]
        server = threading.Thread(target=_serve, args=(listener, server_config, failures), daemon=True)
        server.start()
        with connect((LOOPBACK, port), client_config, timeout=TIMEOUT) as peer:
            _send_and_check(peer)
            peer.write(peer.read_exactly(len(ECHO)))
            peer.close_write()
            peer.read()
            negotiated = peer.connection.negotiated
        server.join(TIMEOUT)
    if failures or negotiated is None:
        raise failures[0] if failures else SSLError("esslconnect")
    return Meeting(f"{LOOPBACK}:{port}", negotiated, ours, theirs)


def _serve(listener: socket.socket, config: ServerConfig, failures: list[SSLError]) -> None:
    try:
        with accept(listener, config, timeout=TIMEOUT) as peer:
            peer.write(peer.read_exactly(len(ECHO)))
            _send_and_check(peer)
            peer.read()
    except SSLError as error:
        failures.append(error)


def _send_and_check(peer: BlockingSocket) -> None:
    peer.write(ECHO)
    if peer.read_exactly(len(ECHO)) != ECHO:
        raise SSLError("esslerrssl", "the echo differs from what was sent")


@click.command("demo")
@click.option("--tls", "tls", multiple=True, type=click.Choice(list(VERSIONS)), help="Only this version.")
@click.option("--json", "as_json", is_flag=True, help="Print the same as JSON.")
def command(tls: tuple[str, ...], as_json: bool) -> None:
    """Run a server and a client over loopback TCP and show all they do.

    Each verifies the other's bundled test certificate. Shown are what they agreed on, the verified path, each message
    with the states before and after it, and the echo of data both ways.

    Examples:

    \b
      puressl demo
      puressl demo --tls 1.3 --json
    """
    options.standard_output()
    meetings = {version: meet(version) for version in tls or sorted(VERSIONS, reverse=True)}
    if as_json:
        click.echo(json.dumps({version: _as_json(meeting) for version, meeting in meetings.items()}, indent=2))
        return
    console = Console(highlight=False, width=None if sys.stdout.isatty() else PLAIN_WIDTH)
    for version, meeting in meetings.items():
        _print(console, version, meeting)
    console.print(f"[bold green]All good[/]: TLS {' and '.join(meetings)}, {len(ECHO):,} bytes echoed each way.")


def _print(console: Console, version: str, meeting: Meeting) -> None:
    console.rule(f"[bold]TLS {version}[/] over {meeting.address}", align="left")
    agreed = Table(box=None, show_header=False, padding=(0, 2, 0, 0))
    rows = negotiated_rows(meeting.negotiated)
    rows["verified path"] = "\n".join(meeting.negotiated.verified_path)
    for label, text in rows.items():
        agreed.add_row(f"[dim]{label}[/]", text)
    console.print(agreed)
    for role, recorder in (("client", meeting.client), ("server", meeting.server)):
        console.print(f"\n[bold]The {role}[/]: its states, and the messages that lead from one to the next")
        console.print(_story(recorder))
    console.print()


def _story(recorder: Recorder) -> Table:
    shown = Table(box=None, padding=(0, 2, 0, 0), header_style="dim")
    for heading, justify in (("", "left"), ("message", "left"), ("bytes", "right"), ("keys", "left")):
        shown.add_column(heading, justify=justify)  # type: ignore[arg-type]
    for entry in recorder.story:
        if isinstance(entry, str):
            shown.add_row("", f"[bold yellow]{entry}[/]")
        else:
            colour = "cyan" if entry.direction is Direction.WRITE else "magenta"
            message = f"  [{colour}]{entry.message}[/]"
            arrow = f"[{colour}]{ARROWS[entry.direction]}[/]"
            shown.add_row(arrow, message, str(entry.length), entry.epoch.name.lower())
    return shown


def _as_json(meeting: Meeting) -> dict[str, Any]:
    return {
        "negotiated": negotiated_json(meeting.negotiated),
        "echoed": len(ECHO),
        "client": [_step_json(step) for step in meeting.client.steps],
        "server": [_step_json(step) for step in meeting.server.steps],
    }


def _step_json(step: Step) -> dict[str, Any]:
    return {
        "direction": step.direction.value,
        "message": step.message,
        "bytes": step.length,
        "epoch": step.epoch.name.lower(),
        "left": step.left,
        "entered": step.entered,
    }
