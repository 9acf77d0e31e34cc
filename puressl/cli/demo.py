"""``puressl demo``: a TLS server and a TLS client over loopback, and all that happens between them."""

from __future__ import annotations

import json
import socket
import sys
import threading
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import rich_click as click
from rich.console import Console
from rich.table import Table

from puressl.cli import bundled, options
from puressl.cli.options import VERSIONS
from puressl.cli.show import negotiated_json, negotiated_rows
from puressl.codes import Direction
from puressl.config import ClientConfig, ServerConfig, Verify
from puressl.errors import SSLError
from puressl.events import Negotiated
from puressl.explain.model import CLIENT, SERVER, Step, Story
from puressl.explain.watch import Watch
from puressl.io.blocking import BlockingSocket, accept, connect

LOOPBACK = "127.0.0.1"
SERVER_NAME = "localhost"
ALPN = (b"puressl-demo",)
#: Seconds; on a loaded machine a handshake takes well below one.
TIMEOUT = 30.0
#: What is echoed: more than one record, so that fragments are seen too.
ECHO = bytes(range(256)) * 80
#: Columns where the output is no terminal: no line is broken.
PLAIN_WIDTH = 120
#: Steps that are no messages of the protocol.
DATA = "ApplicationData"


@dataclass(frozen=True, slots=True)
class Passed:
    """One message of an end, the state that it came in or went out in, and the one it led to."""

    step: Step
    is_ours: bool
    left: str
    entered: str


def passed(story: Story, role: str) -> Iterator[Passed]:
    """The messages of an end. A state is left for a message that was read, and entered once all that it calls for is
    written; only a client's first state is left for a message of its own.
    """
    state = following = next(move.left for step in story.steps for move in step.moves)
    for step in story.steps:
        if step.sender != role or step.message == DATA:
            state = following
        following = next((move.entered for move in step.moves), following)
        if step.message != DATA:
            yield Passed(step, step.sender == role, state, step.moves[-1].entered if step.moves else state)


@dataclass(slots=True)
class Meeting:
    """What one run showed."""

    address: str
    negotiated: Negotiated
    client: Story
    server: Story


def meet(version: str) -> Meeting:
    """Runs a client and a server against each other, each verifying the other, and echoes data both ways."""
    ours, theirs = Watch(CLIENT), Watch(SERVER)
    trust = bundled.trust("p256")
    server_config = ServerConfig(
        versions=(VERSIONS[version],),
        credentials=(bundled.credential("p256", "server"),),
        verify=Verify.REQUIRED,
        trust=trust,
        alpn=ALPN,
        tracer=theirs.tracer(SERVER),
    )
    client_config = ClientConfig(
        versions=(VERSIONS[version],),
        server_name=SERVER_NAME,
        trust=trust,
        credential=bundled.credential("p256", "client"),
        alpn=ALPN,
        tracer=ours.tracer(CLIENT),
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
    return Meeting(f"{LOOPBACK}:{port}", negotiated, ours.story("the client"), theirs.story("the server"))


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
    for role, story in ((CLIENT, meeting.client), (SERVER, meeting.server)):
        console.print(f"\n[bold]The {role}[/]: its states, and the messages that lead from one to the next")
        console.print(_table(passed(story, role)))
    console.print()


def _table(messages: Iterable[Passed]) -> Table:
    shown = Table(box=None, padding=(0, 2, 0, 0), header_style="dim")
    for heading, justify in (("", "left"), ("message", "left"), ("bytes", "right"), ("keys", "left")):
        shown.add_column(heading, justify=justify)  # type: ignore[arg-type]
    state = entered = ""
    for each in messages:
        if each.left != state:
            state = each.left
            shown.add_row("", f"[bold yellow]{state}[/]")
        colour, arrow = ("cyan", "->") if each.is_ours else ("magenta", "<-")
        message = f"  [{colour}]{each.step.message}[/]"
        keys = "none" if each.step.epoch == "initial" else each.step.epoch
        shown.add_row(f"[{colour}]{arrow}[/]", message, str(len(each.step.raw)), keys)
        entered = each.entered
    if entered != state:
        shown.add_row("", f"[bold yellow]{entered}[/]")
    return shown


def _as_json(meeting: Meeting) -> dict[str, Any]:
    return {
        "negotiated": negotiated_json(meeting.negotiated),
        "echoed": len(ECHO),
        "client": [_passed_json(each) for each in passed(meeting.client, CLIENT)],
        "server": [_passed_json(each) for each in passed(meeting.server, SERVER)],
    }


def _passed_json(each: Passed) -> dict[str, Any]:
    return {
        "direction": (Direction.WRITE if each.is_ours else Direction.READ).value,
        "message": each.step.message,
        "bytes": len(each.step.raw),
        "epoch": each.step.epoch,
        "left": each.left,
        "entered": each.entered,
    }
