"""``puressl connect``: standard input to a TLS server, the server to standard output."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import rich_click as click

from puressl.cli import options
from puressl.cli.show import negotiated_rows
from puressl.config import ClientConfig
from puressl.env import SYSTEM_ENV
from puressl.errors import Reason, SSLError
from puressl.io.blocking import BlockingSocket, connect
from puressl.session import MemorySessionStore, Session
from puressl.x509.credential import Credential

Say = Callable[[str], None]

#: Bytes read from standard input at once.
CHUNK = 65_536
#: Seconds for the connection and the handshake; data may take any time.
CONNECT_TIMEOUT = 30.0


@click.command("connect")
@click.argument("peer", metavar="HOST:PORT")
@click.option("--server-name", metavar="NAME", help="Name the certificate must be for, and SNI. [default: HOST]")
@click.option("--verify", type=click.Choice(list(options.VERIFY)), default="required", show_default=True)
@options.connection_options
@click.option("--cert", metavar="FILE", help="Our certificate with its chain, PEM, for a server that asks.")
@click.option("--key", metavar="FILE", help="Its private key. [default: in --cert]")
@click.option("--session-out", metavar="FILE", help="Save the session, which is a secret.")
@click.option("--session-in", metavar="FILE", help="Resume a saved session.")
@click.option("-q", "--quiet", is_flag=True, help="No progress on standard error.")
def command(peer: str, **given: Any) -> None:
    """Connect to a TLS server: standard input goes to it, and what it sends to standard output.

    The server's certificate is verified for HOST by the system's roots, or those of --ca-file. At the end of standard
    input close_notify is sent; reading goes on until the server closes, too.

    Examples:

    \b
    printf 'GET / HTTP/1.0\\r\\nHost: www.example.org\\r\\n\\r\\n' | puressl connect www.example.org:443
    puressl connect localhost:4433 --ca-file certs/p256/root.pem --tls 1.3 --alpn h2,http/1.1
    """
    address = options.host_and_port(peer)
    say: Say = (lambda text: None) if given["quiet"] else (lambda text: click.echo(text, err=True))
    with options.keylog(given["keylog"]) as keylog:
        config = _config(address[0], given, keylog)
        _load_session(config, given["session_in"], say)
        say(f"connecting to {peer}")
        with connect(address, config, timeout=CONNECT_TIMEOUT) as stream:
            if stream.connection.negotiated is not None:
                for label, text in negotiated_rows(stream.connection.negotiated).items():
                    say(f"{label + ':':22}{text}")
            stream.timeout = None
            try:
                _talk(stream)
            finally:
                _save_session(config, given["session_out"], say)
        say("closed")


def _config(host: str, given: dict[str, Any], keylog: dict[str, Any]) -> ClientConfig:
    spoken = options.versions(given["tls"])
    fields: dict[str, Any] = {
        **spoken,
        **options.suites(given["ciphers"], spoken.get("versions", tuple(options.VERSIONS.values()))),
        **options.groups(given["groups"]),
        **options.protocols(given["alpn"]),
        **options.trust(given["ca_file"]),
        **keylog,
    }
    if given["key"] and not given["cert"]:
        raise click.UsageError("--key needs --cert")
    if given["cert"]:
        fields["credential"] = Credential.load(given["cert"], given["key"], given["password"])
    return ClientConfig(
        server_name=given["server_name"] or host,
        verify=options.VERIFY[given["verify"]],
        depth=given["depth"],
        sessions=MemorySessionStore(SYSTEM_ENV),
        **fields,
    )


def _talk(stream: BlockingSocket) -> None:
    """Both directions at once, until the peer closes."""
    failures: list[SSLError] = []
    sender = threading.Thread(target=_send, args=(stream, failures), daemon=True)
    sender.start()
    output = sys.stdout.buffer
    while data := stream.read():
        output.write(data)
        output.flush()
    if failures and failures[0].reason is not Reason.CLOSED:
        raise failures[0]


def _send(stream: BlockingSocket, failures: list[SSLError]) -> None:
    """Standard input to the peer. Its file descriptor is read itself: a line must not wait for a full buffer."""
    try:
        descriptor = sys.stdin.fileno()
        while data := os.read(descriptor, CHUNK):
            stream.write(data)
        stream.close_write()
    except SSLError as error:
        failures.append(error)
    except (OSError, ValueError, AttributeError):  # there is no standard input
        with suppress(SSLError):
            stream.close_write()


def _load_session(config: ClientConfig, path: str | None, say: Say) -> None:
    if path is None or config.sessions is None:
        return
    session = Session.decode(options.read_file(path, "--session-in"), path)
    if session.scope != config.scope:
        say(f"--session-in: {path} was made under other settings (name, trust, verification, ALPN); not resumed")
    elif not session.is_fresh(config.env.now()):
        say(f"--session-in: {path} has expired; not resumed")
    config.sessions.put(config.scope, session)


def _save_session(config: ClientConfig, path: str | None, say: Say) -> None:
    session = config.sessions.find(config.scope) if config.sessions is not None else None
    if path is None:
        return
    if session is None:
        say("--session-out: the server gave no session")
        return
    Path(path).unlink(missing_ok=True)
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(session.encode())
