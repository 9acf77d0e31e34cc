"""``puressl serve``: a TLS server for tests, with many clients at once."""

from __future__ import annotations

import html
import os
import signal
import socket
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import rich_click as click

from puressl.cli import options
from puressl.cli.main import error_text
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
#: Seconds for a whole HTTP request: a client that sends it byte by byte keeps no place for long.
REQUEST_TIMEOUT = 30.0
#: Seconds to say goodbye to the clients at the server's end.
CLOSE_TIMEOUT = 2.0
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
@click.option("--ocsp", metavar="FILE", multiple=True, help="OCSP response to staple, DER, one for each --cert.")
@click.option("--verify", type=click.Choice(list(options.VERIFY)), help="[default: none; required with --ca-file]")
@options.connection_options
@click.option("--www", is_flag=True, help="Answer HTTP GET with a page about the connection.")
@click.option("--echo", is_flag=True, help="Send back what comes.")
def command(port: int, address: str, www: bool, echo: bool, **given: Any) -> None:
    """Serve TLS to many clients at once: print what they send, or --echo it, or answer --www.

    With several certificates the one for the name the client asks for is presented. "listening on ADDRESS:PORT" is
    printed when the server is ready; each client's end is a line on standard error. A client that is silent for five
    minutes is dropped. Ctrl-C or SIGTERM ends the server.

    Examples:

    \b
      puressl serve --port 4433 --cert chain.pem --key key.pem --www
      puressl serve --port 0 --address ::1 --cert chain-and-key.pem
      puressl serve --port 4433 --cert a.pem --cert b.pem --alpn h2,http/1.1
      puressl serve --port 4433 --cert server.pem --ca-file clients.pem --echo
    """
    if www and echo:
        raise click.UsageError("--www and --echo exclude each other")
    mode = "www" if www else "echo" if echo else "print"
    if mode == "print":
        options.standard_output()
    with options.keylog(given["keylog"]) as keylog:
        config = _config(given, keylog)
        listener = _listen(address, port)
        server = _Server(config, _HANDLERS[mode])
        with listener, _ended_by_signals():
            click.echo(f"listening on {_shown(listener.getsockname())}")
            server.serve(listener)
        server.close()


def _listen(address: str, port: int) -> socket.socket:
    try:
        family, *_, bound = socket.getaddrinfo(address, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
    except (socket.gaierror, UnicodeError) as error:
        raise SSLError(Reason.NXDOMAIN, f"--address {address}") from error
    try:
        return socket.create_server(bound, family=family, backlog=BACKLOG)
    except OSError as error:
        raise SSLError(posix_reason(error), f"--address {address} --port {port}") from error


def _config(given: dict[str, Any], keylog: dict[str, Any]) -> ServerConfig:
    if given["verify"] not in (None, "none") and not given["ca_file"]:
        raise click.UsageError("--verify needs --ca-file: a server never trusts the web's roots for its clients")
    spoken = options.versions(given["tls"])
    default = "required" if given["ca_file"] else "none"
    return ServerConfig(
        credentials=_credentials(given),
        verify=options.VERIFY[given["verify"] or default],
        depth=given["depth"],
        **{
            **spoken,
            **options.suites(given["ciphers"], spoken.get("versions", tuple(options.VERSIONS.values()))),
            **options.groups(given["groups"]),
            **options.protocols(given["alpn"]),
            **options.trust(given["ca_file"]),
            **options.revocation(given),
            **keylog,
        },
    )


def _credentials(given: dict[str, Any]) -> tuple[Credential, ...]:
    certificates, keys, responses = given["cert"], given["key"], given["ocsp"]
    for option, files in (("--key", keys), ("--ocsp", responses)):
        if files and len(files) != len(certificates):
            raise click.UsageError(f"{len(certificates)} --cert, but {len(files)} {option}")
    pairs = zip(certificates, keys or [None] * len(certificates), strict=True)
    found = tuple(Credential.load(cert, key, given["password"]) for cert, key in pairs)
    stapled = tuple(options.read_file(path, "--ocsp") for path in responses) or (b"",) * len(found)
    return tuple(replace(one, ocsp_response=response) for one, response in zip(found, stapled, strict=True))


class _Server:
    """Clients at once, each in a thread of its own; whatever goes wrong with one ends that one only."""

    def __init__(self, config: ServerConfig, handle: Handler) -> None:
        self._config = config
        self._handle = handle
        self._places = threading.BoundedSemaphore(MAX_CLIENTS)
        self._peers: set[BlockingSocket] = set()

    def serve(self, listener: socket.socket) -> None:
        """Admits clients for ever."""
        while True:
            self._places.acquire()
            try:
                self._admit(listener)
            except (OSError, RuntimeError) as error:  # that client is gone, or no descriptor or thread is left
                self._places.release()
                click.echo(f"accept: {error}", err=True)
                time.sleep(ACCEPT_PAUSE)

    def close(self) -> None:
        """Says goodbye to all clients, as far as they listen and time allows."""
        end = time.monotonic() + CLOSE_TIMEOUT
        for peer in tuple(self._peers):
            if time.monotonic() < end:
                peer.close()

    def _admit(self, listener: socket.socket) -> None:
        sock, address = listener.accept()
        try:
            threading.Thread(target=self._client, args=(sock, _shown(address)), daemon=True).start()
        except BaseException:
            sock.close()
            raise

    def _client(self, sock: socket.socket, name: str) -> None:
        """One client, from its handshake to its end."""
        peer = BlockingSocket(sock, ServerConnection(self._config), timeout=HANDSHAKE_TIMEOUT)
        self._peers.add(peer)
        try:
            with peer:
                peer.handshake()
                peer.timeout = IDLE_TIMEOUT
                self._handle(peer)
            end = f"closed, {peer.negotiated.version.label} {peer.negotiated.suite_name}"
        except SSLError as error:
            end = error_text(error)
        except Exception as error:
            end = str(error) or type(error).__name__
        finally:
            self._peers.discard(peer)
            self._places.release()
        click.echo(f"{name}: {end}", err=True)


@contextmanager
def _ended_by_signals() -> Iterator[None]:
    """Ctrl-C and SIGTERM are how a server ends, and no errors."""

    def end(*_: object) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, end)
    try:
        yield
    except KeyboardInterrupt:
        pass
    finally:
        signal.signal(signal.SIGTERM, before)


def _shown(address: tuple[Any, ...]) -> str:
    """``ADDRESS:PORT``, as ``puressl connect`` takes it."""
    host, port = address[:2]
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def _print(peer: BlockingSocket) -> None:
    descriptor = options.standard_output().fileno()  # its buffer, held by a thread, could not be flushed at the exit
    while data := peer.read():
        while data:
            data = data[os.write(descriptor, data) :]


def _echo(peer: BlockingSocket) -> None:
    while data := peer.read():
        peer.write(data)


def _www(peer: BlockingSocket) -> None:
    request = bytearray()
    deadline = time.monotonic() + REQUEST_TIMEOUT
    while b"\r\n\r\n" not in request and b"\n\n" not in request:
        data = peer.read(timeout=deadline - time.monotonic())
        request += data
        if not data:
            return
        if len(request) > MAX_REQUEST:
            break
    status = _status(bytes(request))
    page = _page(peer).encode()
    fields = ("Allow: GET, HEAD", "Content-Type: text/html; charset=utf-8", f"Content-Length: {len(page)}")
    head = "\r\n".join((f"HTTP/1.0 {status}", *fields, "Connection: close", "", ""))
    peer.write(head.encode() + (b"" if request.startswith(b"HEAD ") else page))


def _status(request: bytes) -> str:
    if len(request) > MAX_REQUEST:
        return "431 Request Header Fields Too Large"
    return "200 OK" if request.startswith((b"GET ", b"HEAD ")) else "405 Method Not Allowed"


def _page(peer: BlockingSocket) -> str:
    rows = negotiated_rows(peer.negotiated)
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
