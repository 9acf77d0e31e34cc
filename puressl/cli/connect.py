"""``puressl connect``: standard input to a TLS server, the server to standard output."""

from __future__ import annotations

import os
import stat
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Any, BinaryIO

import rich_click as click

from puressl.cli import options
from puressl.cli.show import negotiated_rows
from puressl.config import ClientConfig, Verify
from puressl.errors import ProtocolError, SSLError, posix_reason
from puressl.io.blocking import BlockingSocket, connect
from puressl.session import Session

Say = Callable[[str], None]

#: Bytes read from standard input at once.
CHUNK = 65_536


@click.command("connect")
@click.argument("peer", metavar="HOST:PORT")
@options.client_options
@click.option("--session-out", metavar="FILE", help="Save the session, which is a secret.")
@click.option("--session-in", metavar="FILE", help="Resume a saved session.")
@click.option("-q", "--quiet", is_flag=True, help="No progress on standard error.")
def command(peer: str, **given: Any) -> None:
    """Connect to a TLS server: standard input goes to it, and what it sends to standard output.

    The server's certificate is verified for HOST by the system's roots, or those of --ca-file. At the end of standard
    input close_notify is sent; reading goes on until the server closes, too. A server that ends without close_notify
    is an error, after all it had sent was written. The server is asked to staple an OCSP response; what it staples and
    the CRLs given must not say that a certificate is revoked.

    Examples:

    \b
      puressl connect www.example.org:443
      printf 'GET / HTTP/1.0\\r\\n\\r\\n' | puressl connect [::1]:4433
      puressl connect localhost:4433 --ca-file certs/p256/root.pem --tls 1.3
      puressl connect localhost:4433 --verify none --alpn h2,http/1.1
      puressl connect localhost:4433 --ca-file root.pem --crl root.crl --crl ca.crl --revocation required
    """
    address = options.host_and_port(peer)
    say: Say = (lambda text: None) if given["quiet"] else (lambda text: click.echo(text, err=True))
    output = options.standard_output()
    with options.keylog(given["keylog"]) as keylog:
        config = options.client_config(address[0], given, **keylog)
        _load_session(config, given["session_in"], say)
        if config.verify is Verify.NONE:
            say("--verify none: whoever answers is taken for the server")
        say(f"connecting to {peer}")
        with connect(address, config, timeout=given["timeout"]) as stream:
            if stream.connection.negotiated is not None:
                for label, text in negotiated_rows(stream.connection.negotiated).items():
                    say(f"{label + ':':22}{text}")
            stream.timeout = None
            try:
                _talk(stream, output, say)
            finally:
                _save_session(config, given["session_out"], say)
        say("closed")


def _talk(stream: BlockingSocket, output: BinaryIO, say: Say) -> None:
    """Both directions at once, until the server closes. Raises what standard input ended with, if it was an error."""
    failures: list[SSLError] = []
    threading.Thread(target=_send, args=(stream, failures, say), daemon=True).start()
    while data := stream.read():
        output.write(data)
        output.flush()
    if failures:
        raise failures[0]


def _send(stream: BlockingSocket, failures: list[SSLError], say: Say) -> None:
    """Standard input to the server, which may close when it likes; only what it says by an alert is an error, and
    reading meets that.
    """
    try:
        _copy(stream)
    except ProtocolError:
        return
    except SSLError as error:
        say(f"not all of standard input was sent: {error}")
        return
    except OSError as error:
        failures.append(SSLError(posix_reason(error), "standard input"))
    with suppress(SSLError):
        stream.close_write()


def _copy(stream: BlockingSocket) -> None:
    """The file descriptor itself is read: a line must not wait for a full buffer."""
    if sys.stdin is None:
        return
    while data := os.read(sys.stdin.fileno(), CHUNK):
        stream.write(data)


def _load_session(config: ClientConfig, path: str | None, say: Say) -> None:
    if path is None or config.sessions is None:
        return
    session = Session.decode(options.read_file(path, "--session-in"), path)
    if session.scope != config.scope:
        say(f"--session-in: {path} was made under other settings (name, trust, verification, ALPN); not resumed")
    elif not session.is_fresh(config.env.now()):
        say(f"--session-in: {path} has expired; not resumed")
    else:
        config.sessions.put(config.scope, session)


def _save_session(config: ClientConfig, path: str | None, say: Say) -> None:
    session = config.sessions.find(config.scope) if config.sessions is not None else None
    if path is None:
        return
    if session is None:
        say("--session-out: the server gave no session")
        return
    with (
        options.naming("--session-out", path),
        open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file,
    ):
        if stat.S_ISREG(os.fstat(file.fileno()).st_mode) and hasattr(os, "fchmod"):
            os.fchmod(file.fileno(), 0o600)  # a file that was there already
        file.write(session.encode())
