"""``puressl serve``: a TLS server for tests, with many clients at once."""

from __future__ import annotations

import html
import socket
import sys
import threading
import time
from collections.abc import Callable, Mapping
from typing import Any

import rich_click as click

from puressl.cli import options
from puressl.cli.show import negotiated_rows
from puressl.config import ServerConfig
from puressl.connection import ServerConnection
from puressl.errors import Reason, SSLError, posix_reason
from puressl.io.blocking import BlockingSocket
from puressl.x509.certificate import Certificate
from puressl.x509.credential import Credential

#: Clients served at once; more wait in the listen queue. Each costs a thread and about 64 KiB.
MAX_CLIENTS = 256
BACKLOG = 128
#: Seconds a client may take for one step; one that is silent longer makes room for others.
IDLE_TIMEOUT = 300.0
HANDSHAKE_TIMEOUT = 15.0
#: Seconds before the next accept after one has failed, so that a lack of descriptors is not a busy loop.
ACCEPT_PAUSE = 0.1
#: Bytes of an HTTP request's head: what common servers allow.
MAX_REQUEST = 16_384

Handler = Callable[[BlockingSocket], None]


@click.command("serve")
@click.option("--port", type=click.IntRange(0, options.MAX_PORT), required=True, help="0 picks a free one.")
@click.option("--address", default="127.0.0.1", show_default=True, metavar="ADDRESS", help="Where to listen.")
@click.option(
    "--cert", metavar="FILE", multiple=True, required=True, help="Certificate with its chain, PEM; repeatable."
)
@click.option("--key", metavar="FILE", multiple=True, help="Its private key, one for each --cert. [default: in --cert]")
@click.option("--verify", type=click.Choice(list(options.VERIFY)), help="[default: none; required with --ca-file]")
@options.connection_options
@click.option("--www", "mode", flag_value="www", help="Answer HTTP GET with a page about the connection.")
@click.option("--echo", "mode", flag_value="echo", help="Send back what comes.")
def command(port: int, address: str, mode: str | None, **given: Any) -> None:
    """Serve TLS to many clients at once: print what they send, or --echo it, or answer --www.

    With several certificates the one for the name the client asks for is presented. "listening on ADDRESS:PORT" is
    printed when the server is ready; each client's end is a line on standard error. A client that is silent for five
    minutes is dropped.

    Examples:

    \b
    puressl serve --port 4433 --cert certs/p256/server-chain.pem --key certs/p256/server.key --www
    puressl serve --port 0 --cert server.pem --ca-file clients-ca.pem --verify required --echo
    """
    with options.keylog(given["keylog"]) as keylog:
        config = _config(given, keylog)
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        try:
            listener = socket.create_server((address, port), family=family, backlog=BACKLOG)
        except OSError as error:
            reason = Reason.NXDOMAIN if isinstance(error, socket.gaierror) else posix_reason(error)
            raise SSLError(reason, f"--address {address} --port {port}") from error
        with listener:
            click.echo(f"listening on {_shown(listener.getsockname())}")
            sys.stdout.flush()
            _serve(listener, config, _HANDLERS[mode or "print"])


def _config(given: dict[str, Any], keylog: dict[str, Any]) -> ServerConfig:
    certificates, keys = given["cert"], given["key"]
    if keys and len(keys) != len(certificates):
        raise click.UsageError(f"{len(certificates)} --cert, but {len(keys)} --key")
    pairs = zip(certificates, keys or [None] * len(certificates), strict=True)
    if given["verify"] not in (None, "none") and not given["ca_file"]:
        raise click.UsageError("--verify needs --ca-file: a server never trusts the web's roots for its clients")
    spoken = options.versions(given["tls"])
    default = "required" if given["ca_file"] else "none"
    return ServerConfig(
        credentials=tuple(Credential.load(cert, key, given["password"]) for cert, key in pairs),
        verify=options.VERIFY[given["verify"] or default],
        depth=given["depth"],
        **{
            **spoken,
            **options.suites(given["ciphers"], spoken.get("versions", tuple(options.VERSIONS.values()))),
            **options.groups(given["groups"]),
            **options.protocols(given["alpn"]),
            **options.trust(given["ca_file"]),
            **keylog,
        },
    )


def _serve(listener: socket.socket, config: ServerConfig, handle: Handler) -> None:
    places = threading.BoundedSemaphore(MAX_CLIENTS)
    while True:
        places.acquire()
        try:
            _admit(listener, config, handle, places)
        except (
            OSError,
            RuntimeError,
        ) as error:  # that client is gone, or no descriptor or thread is left: others go on
            places.release()
            click.echo(f"accept: {error}", err=True)
            time.sleep(ACCEPT_PAUSE)


def _admit(listener: socket.socket, config: ServerConfig, handle: Handler, places: threading.BoundedSemaphore) -> None:
    sock, address = listener.accept()
    try:
        threading.Thread(target=_client, args=(sock, address, config, handle, places), daemon=True).start()
    except BaseException:
        sock.close()
        raise


def _client(
    sock: socket.socket,
    address: tuple[Any, ...],
    config: ServerConfig,
    handle: Handler,
    places: threading.BoundedSemaphore,
) -> None:
    """One client, from its handshake to its end; whatever goes wrong ends this one only."""
    try:
        with sock, BlockingSocket(sock, ServerConnection(config), timeout=HANDSHAKE_TIMEOUT) as peer:
            peer.handshake()
            peer.timeout = IDLE_TIMEOUT
            handle(peer)
        end = "closed"
    except Exception as error:
        end = str(error) or type(error).__name__
    finally:
        places.release()
    click.echo(f"{_shown(address)}: {end}", err=True)


def _shown(address: tuple[Any, ...]) -> str:
    """``ADDRESS:PORT``, as ``puressl connect`` takes it."""
    host, port = address[:2]
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def _print(peer: BlockingSocket) -> None:
    while data := peer.read():
        sys.stdout.buffer.write(data)
        sys.stdout.buffer.flush()


def _echo(peer: BlockingSocket) -> None:
    while data := peer.read():
        peer.write(data)


def _www(peer: BlockingSocket) -> None:
    request = bytearray()
    while b"\r\n\r\n" not in request and b"\n\n" not in request:
        data = peer.read()
        request += data
        if not data:
            return
        if len(request) > MAX_REQUEST:
            break
    status = _status(bytes(request))
    page = _page(peer).encode()
    head = f"HTTP/1.0 {status}\r\nContent-Type: text/html; charset=utf-8\r\nContent-Length: {len(page)}\r\n"
    peer.write(head.encode() + b"Connection: close\r\n\r\n" + (b"" if request.startswith(b"HEAD ") else page))


def _status(request: bytes) -> str:
    if len(request) > MAX_REQUEST:
        return "431 Request Header Fields Too Large"
    return "200 OK" if request.startswith((b"GET ", b"HEAD ")) else "405 Method Not Allowed"


def _page(peer: BlockingSocket) -> str:
    negotiated = peer.connection.negotiated
    rows = {} if negotiated is None else negotiated_rows(negotiated)
    if peer.connection.peer_certificates:
        rows["client certificate"] = Certificate.decode(peer.connection.peer_certificates[0]).subject.text
    lines = "".join(
        f"<tr><th>{html.escape(label)}</th><td>{html.escape(text)}</td></tr>\n" for label, text in rows.items()
    )
    return (
        "<!doctype html>\n<html lang=en><meta charset=utf-8><title>puressl</title>\n"
        "<style>body{font:1rem/1.5 system-ui;margin:2rem}th{text-align:left;padding-right:2rem}</style>\n"
        f"<h1>This connection</h1>\n<table>\n{lines}</table>\n</html>\n"
    )


_HANDLERS: Mapping[str, Handler] = {"print": _print, "echo": _echo, "www": _www}
