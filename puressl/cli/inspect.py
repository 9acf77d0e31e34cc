"""``puressl inspect``: all of a connection, as it happens, or of one between two ends in memory."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import rich_click as click

from puressl.cli import bundled, options
from puressl.cli.stories import console, show, story_options
from puressl.codes import NamedGroup, ProtocolVersion
from puressl.config import ClientConfig, ServerConfig, Verify
from puressl.crypto.provider import PROVIDER
from puressl.crypto.suites import Authentication
from puressl.env import SYSTEM_ENV, SeededEnv
from puressl.errors import Problem, ProtocolError, SSLError
from puressl.explain.capture.write import write_capture
from puressl.explain.model import CLIENT, Story
from puressl.explain.rehearse import rehearse
from puressl.explain.text import Teller
from puressl.explain.watch import Watch
from puressl.io.blocking import connect

#: Seconds in all to wait for what a server sends after the handshake, and for its close_notify.
LINGER = 2.0
#: Bytes of data that are waited for: a greeting.
MAX_DATA = 1024
#: The moment of the connection in memory: within the validity of the bundled certificates.
DEMO_TIME = 1_790_000_000.0
DEMO_NAME = "localhost"
DEMO_ALPN = (b"puressl-demo",)


@click.command("inspect")
@click.argument("peer", metavar="[HOST:PORT]", required=False)
@click.option("--demo", is_flag=True, help="Two ends in memory instead; the same in every run.")
@click.option("--client-auth", is_flag=True, help="Demo: the server asks for a certificate.")
@click.option("--resume", is_flag=True, help="Demo: resume a session.")
@click.option("--hrr", is_flag=True, help="Demo: the server asks for another key share, TLS 1.3.")
@options.client_options
@click.option("--no-verify", is_flag=True, help="As --verify none.")
@click.option(
    "--pcap",
    metavar="FILE",
    help="Write a capture of it, too, which --keylog lets other tools decrypt. Addresses and ports in it are made up.",
)
@story_options()
def command(peer: str | None, **given: Any) -> None:
    """Connect to a TLS server and show all that happens, or let two ends meet in memory (--demo).

    Shown are the messages with their records, the states that each leads to, the rules that were checked with their
    clauses, every field, the secrets as a tree, certificates and fingerprints. A handshake that is refused is shown up
    to there, with the rule that was broken; the exit code is 1 then. The output holds the connection's secrets.

    Examples:

    \b
      puressl inspect www.example.org:443
      puressl inspect localhost:4433 --ca-file certs/p256/root.pem --level 2
      puressl inspect --demo --tls 1.3 --hrr --client-auth
      puressl inspect --demo --tls 1.2 --suite ECDHE-ECDSA-AES128-GCM-SHA256 --json
      puressl inspect www.example.org:443 --pcap capture.pcap --keylog keys.txt
    """
    options.standard_output()
    if bool(peer) is given["demo"]:
        raise click.UsageError("either HOST:PORT or --demo")
    if peer and (given["client_auth"] or given["resume"] or given["hrr"]):
        raise click.UsageError("--client-auth, --resume and --hrr are for --demo")
    if given["hrr"] and "1.2" in given["tls"]:
        raise click.UsageError("--hrr needs TLS 1.3 (RFC 8446 4.1.4)")
    if given["no_verify"]:
        given["verify"] = "none"
    failure = _inspect(peer, given) if peer else _demo(given)
    if failure is not None:
        raise failure


def _write_capture(story: Story, path: str | None, start: float) -> None:
    """For ``--pcap``. start: of the connection, POSIX seconds."""
    if path:
        with options.naming("--pcap", path):
            Path(path).write_bytes(write_capture(story, start))


# A server ---------------------------------------------------------------------------------------------------


class _Live:
    """Tells each step when it is complete. An error of the output must not end the connection: it is kept."""

    def __init__(self, title: str, level: int) -> None:
        self.watch = Watch(CLIENT, changed=self._changed)
        self._title = title
        self._level = level
        self._console = console()
        self._shown = 0
        self._error: OSError | None = None

    def _changed(self) -> None:
        if self._error is None and self.watch.settled > self._shown:
            try:
                self._tell(self.watch.settled)
            except OSError as error:
                self._error = error

    def _tell(self, end: int) -> None:
        teller = Teller(self.watch.story(self._title), self._level)
        if not self._shown:
            self._console.print(teller.head())
        for step in teller.story.steps[self._shown : end]:
            self._console.print(teller.step(step))
        self._shown = end

    def finish(self) -> None:
        """Tells the rest. Raises what the output failed with."""
        if self._error is not None:
            raise self._error
        self._tell(len(self.watch.steps))
        self._console.print(Teller(self.watch.story(self._title), self._level).tail())


def _inspect(peer: str, given: dict[str, Any]) -> SSLError | None:
    address = options.host_and_port(peer)
    title = f"A connection to {peer}"
    live = _Live(title, given["level"])
    watch = Watch(CLIENT) if given["as_json"] else live.watch
    failure: SSLError | None = None
    start = SYSTEM_ENV.now()
    with options.keylog(given["keylog"]) as keylog:
        config = options.client_config(address[0], given, tracer=watch.tracer(CLIENT), **keylog)
        try:
            _talk(address, config, given["timeout"])
        except SSLError as error:
            failure = error
    if failure is not None and not watch.steps:
        return failure
    story = watch.story(title)
    show(story, given, live.finish)
    _write_capture(story, given["pcap"], start)
    return failure


def _talk(address: tuple[str, int], config: ClientConfig, timeout: float) -> None:
    """A handshake and a close; what the server says in between is read, and nothing more is asked of it.

    Raises ``SSLError`` where the handshake fails, or where either end refuses what the other sent after it: a server
    of TLS 1.3 judges the client's certificate when the client has finished (RFC 8446 4.4.2.4).
    """
    with connect(address, config, timeout=timeout) as stream:
        try:
            stream.close_write()
            stream.read_exactly(MAX_DATA, timeout=LINGER)
        except SSLError as error:
            if isinstance(error, ProtocolError) and error.problem is not Problem.TRUNCATED:
                raise


# In memory --------------------------------------------------------------------------------------------------


def _demo(given: dict[str, Any]) -> SSLError | None:
    spoken = options.versions(given["tls"]).get("versions", (ProtocolVersion.TLSv1_3,))
    client, server = _configurations(given, spoken[:1])
    with options.keylog(given["keylog"]) as keylog:
        client = replace(client, **keylog)
        if given["resume"]:
            rehearse(client, server)
        watch, failure = rehearse(client, server)
    story = watch.story("A connection in memory")
    show(story, given)
    _write_capture(story, given["pcap"], DEMO_TIME)
    return failure


def _configurations(given: dict[str, Any], spoken: tuple[ProtocolVersion, ...]) -> tuple[ClientConfig, ServerConfig]:
    """Both ends, with the test certificates that the suite wants."""
    chosen = options.suites(given["ciphers"], spoken)
    key_type = _key_type(chosen.get("cipher_suites", ()), spoken[0])
    groups = options.groups(given["groups"]).get("groups", (NamedGroup.X25519,))
    others = tuple(dict.fromkeys((*groups, NamedGroup.SECP256R1, NamedGroup.X25519)))
    both = {"versions": spoken, "alpn": DEMO_ALPN, "trust": bundled.trust(key_type), **chosen}
    client = ClientConfig(
        server_name=DEMO_NAME,
        groups=others,
        key_share_groups=_shares(groups, others) if given["hrr"] else None,
        credential=bundled.credential(key_type, "client") if given["client_auth"] else None,
        env=SeededEnv(b"client", DEMO_TIME),
        **both,
    )
    server = ServerConfig(
        credentials=(bundled.credential(key_type, "server"),),
        groups=groups[:1],
        verify=Verify.REQUIRED if given["client_auth"] else Verify.NONE,
        env=SeededEnv(b"server", DEMO_TIME),
        **both,
    )
    return client, server


def _key_type(suites: tuple[int, ...], version: ProtocolVersion) -> str:
    """The kind of key that the first suite of a version wants."""
    rows = (PROVIDER.suites[suite] for suite in suites)
    first = next((row for row in rows if row.version is version), None)
    return "rsa2048" if first is not None and first.authentication is Authentication.RSA else "p256"


def _shares(groups: tuple[int, ...], offered: tuple[int, ...]) -> tuple[int, ...]:
    """A share that the server will not take."""
    return tuple(group for group in offered if group != groups[0])[:1]
