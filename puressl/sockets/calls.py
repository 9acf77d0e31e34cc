"""The public functions, as ``puressl`` exports them.

Theory of operation: each call finds the process behind its socket and lets it do the work. What can be wrong is looked
for in one order: ``enotstarted``, ``ebadsocket``, ``ebrokertype`` or ``enotlistener``, ``closed`` or ``ebadstate``,
``badcall``, ``eoptions`` or ``einval``. All raise ``puressl.SSLError``.
"""

from __future__ import annotations

import socket as sockets
import time
import warnings
from collections.abc import Sequence
from typing import Any, overload

from puressl.connection import ClientConnection
from puressl.crypto.suites import DEFAULT_SUITES, SUITES
from puressl.errors import Reason, SSLError, diagnostic
from puressl.io.dial import dial
from puressl.io.transport import as_ssl_error
from puressl.sockets import addresses
from puressl.sockets.application import Application, running
from puressl.sockets.configure import client_config, server_config
from puressl.sockets.connected import Connected
from puressl.sockets.data import flatten
from puressl.sockets.listener import Listener, bound
from puressl.sockets.mailbox import Mailbox, mailbox
from puressl.sockets.messages import Handle, ListenSocket, Pid, SSLSocket, process_of
from puressl.sockets.options import Options, Place, read_tags
from puressl.sockets.process import Process
from puressl.sockets.values import MAX_PORT, argument, integer, milliseconds
from puressl.x509.forms import Form, decode_certificate


class InsecureDefaultWarning(UserWarning):
    """``connect`` was called without ``verify``: whoever answers is taken for the server."""


# The application ------------------------------------------------------------------------------------------------------


def ciphers() -> str:
    """The supported cipher suites, best first, separated by colons. Raises ``enotstarted``."""
    running()
    order = dict.fromkeys((*DEFAULT_SUITES, *SUITES))
    return ":".join(SUITES[suite].openssl_name for suite in order)


def seed(data: object) -> None:
    """Mixes data into the random generator, which also has the system's entropy. Raises ``enotstarted``, ``edata``.

    data: bytes-like, or any nesting of iterables of bytes-like and ints from 0 to 255.
    """
    application = running()
    application.env.mix(bytes(flatten(data, Reason.EDATA)))


def format_error(reason: object) -> str:
    """The diagnostic string of a reason, a POSIX name, an ``SSLError`` or a pair ``("error", reason)``. Never fails."""
    if isinstance(reason, SSLError):
        return str(reason)
    if isinstance(reason, tuple) and len(reason) == 2 and isinstance(reason[0], str):
        return format_error(reason[1]) if reason[0] == "error" else diagnostic((reason[0], reason[1]))
    if isinstance(reason, str):
        return diagnostic(reason)
    return f"There is no diagnostic string for {reason!r}."


# Opening and closing --------------------------------------------------------------------------------------------------


def listen(port: int, options: object) -> ListenSocket:
    """A socket that listens on a port, 0 for a free one.

    options: a mapping, or pairs of name and value (``help("puressl.sockets.options")``).
    Raises ``enotstarted``, ``enooptions``, ``eoptions``, ``einval``, ``enoservercert``, the reasons of own files,
    ``ecipher``, or a POSIX name.
    """
    application = running()
    number = argument("port", integer(0, MAX_PORT), port)
    read = Options.read(options, Place.LISTEN)
    if not read.given:
        raise SSLError(Reason.ENOOPTIONS)
    config = server_config(read, application.around)
    listener = Listener(application, mailbox(), read, bound(read, number), config)
    listener.enter()
    return listener.handle


def transport_accept(listen_socket: ListenSocket, timeout: int | None = None) -> SSLSocket:
    """The next connection; its handshake is made by ``ssl_accept``. timeout: milliseconds, None for any time.

    Raises ``enotlistener``, ``timeout``, ``closed``.
    """
    listener = _process(listen_socket)
    if not isinstance(listener, Listener):
        raise SSLError(Reason.ENOTLISTENER)
    listener.permit("transport_accept")
    return listener.accept(mailbox(), _deadline(timeout)).handle


def ssl_accept(socket: SSLSocket, timeout: int | None = None) -> None:
    """The server's handshake. timeout: milliseconds, None for any time. On any error the socket is closed.

    Raises ``timeout``, ``ebadstate``, ``closed``, ``esslaccept``, ``esslerrssl``, a reason of the peer's certificate,
    or a POSIX name.
    """
    connected = _connected(socket)
    connected.permit("ssl_accept")
    connected.handshake(_deadline(timeout))


@overload
def connect(address: Any, port: int, options: object, timeout: int | None = None) -> SSLSocket: ...
@overload
def connect(address: sockets.socket, options: object, timeout: int | None = None) -> SSLSocket: ...
def connect(address: Any, *arguments: Any, **named: Any) -> SSLSocket:
    """A connection to a server: ``connect(address, port, options, timeout=None)``, or over a connected socket:
    ``connect(socket, options, timeout=None)``, which belongs to the result and is closed if the handshake fails.

    address: a host name, an IP address as text, a tuple of 4 ints or one of 8. options: a mapping, or pairs of name and
    value (``help("puressl.sockets.options")``); the server's certificate is verified only where ``verify`` is 1 or 2.
    timeout: milliseconds, None for any time.
    Raises ``timeout``, ``eoptions``, ``einval``, ``esslconnect``, ``esslerrssl``, a reason of the peer's certificate or
    of own files, ``nxdomain``, ``ewantconnect`` for a socket that is not connected, or a POSIX name.
    """
    opening = _upgrade if isinstance(address, sockets.socket) else _connect
    return opening(address, *arguments, **named)


def _connect(address: Any, port: int, options: object, timeout: int | None = None) -> SSLSocket:
    application = running()
    host = argument("address", addresses.host, address)
    number = argument("port", integer(0, MAX_PORT), port)
    deadline = _deadline(timeout)
    read = _client_options(options)
    config = client_config(read, application.around, host, (host, number))
    local = (read["ip"] or "", read["port"]) if "ip" in read or "port" in read else None
    sock = dial((host, number), deadline, local=local)
    return _handshaken(application, read, sock, ClientConnection(config), deadline)


def _upgrade(socket: sockets.socket, options: object, timeout: int | None = None) -> SSLSocket:
    application = running()
    deadline = _deadline(timeout)
    read = _client_options(options)
    try:
        peer = addresses.shown(socket.getpeername())
    except OSError as error:
        reason = as_ssl_error(error).reason
        raise SSLError(reason if reason is Reason.ENOPROXYSOCKET else Reason.EWANTCONNECT) from error
    config = client_config(read, application.around, None, peer)
    return _handshaken(application, read, socket, ClientConnection(config), deadline)


def _client_options(options: object) -> Options:
    read = Options.read(options, Place.CONNECT)
    if "verify" not in read:
        message = "connect without verify takes whoever answers for the server; say verify 1, or 0 if it is meant"
        warnings.warn(message, InsecureDefaultWarning, stacklevel=4)
    return read


def _handshaken(
    application: Application,
    options: Options,
    sock: sockets.socket,
    connection: ClientConnection,
    deadline: float | None,
) -> SSLSocket:
    connected = Connected(application, mailbox(), options, sock, connection)
    connected.enter()
    connected.handshake(deadline)
    return connected.handle


def close(socket: SSLSocket | ListenSocket) -> None:
    """Closes a socket, a connection with close_notify. Raises ``closed`` the second time."""
    _process(socket).close()


# Data -----------------------------------------------------------------------------------------------------------------


def recv(socket: SSLSocket, length: int = 0, timeout: int | None = None) -> Any:
    """Data of a passive socket: what is available, or exactly ``length`` bytes, or one packet, in the socket's mode.

    length: 0, or in raw packet mode bytes. timeout: milliseconds, None for any time; nothing is lost by it.
    Raises ``ebadstate``, ``closed``, ``("badcall", "recv")`` in active mode, ``einval``, ``timeout``, ``esslerrssl``,
    ``emsgsize``, or a POSIX name.
    """
    return _connected(socket).recv(length, timeout)


def send(socket: SSLSocket, data: object) -> None:
    """Sends data, all of it. data: bytes-like, or any nesting of iterables of bytes-like and ints from 0 to 255.

    Raises ``ebadstate``, ``closed``, ``einval``, ``emsgsize``, ``timeout`` after ``send_timeout``, or a POSIX name.
    """
    _connected(socket).send(data)


# Owners and options ---------------------------------------------------------------------------------------------------


def controlling_process(socket: SSLSocket | ListenSocket, owner: Mailbox) -> None:
    """Gives a socket of the calling thread's to another owner. Its messages move over, in order.

    owner: what ``mailbox()`` returned in another thread, or a ``Mailbox()`` of no thread.
    Raises ``closed``, ``("badcall", "controlling_process")`` when it is not the caller's, ``badarg``.
    """
    _process(socket).give(mailbox(), owner)


def pid(socket: SSLSocket | ListenSocket) -> Pid:
    """The socket's process handle, also after the socket is closed or the application stopped."""
    if not isinstance(socket, Handle):
        raise SSLError(Reason.EBADSOCKET)
    return process_of(socket).pid


def getopts(socket: SSLSocket | ListenSocket, tags: Sequence[str]) -> list[tuple[str, Any]]:
    """Options and their values, in the order asked. Raises ``ebadstate``, ``closed``, ``einval`` for an unknown tag."""
    process = _process(socket)
    process.permit("getopts")
    return process.getopts(read_tags(tags))


def setopts(socket: SSLSocket | ListenSocket, options: object) -> None:
    """Sets options, all or none. Raises ``ebadstate``, ``closed``, ``eoptions``."""
    process = _process(socket)
    process.permit("setopts")
    process.setopts(options)


# Views ----------------------------------------------------------------------------------------------------------------


def connection_info(socket: SSLSocket) -> tuple[str, str]:
    """The protocol, ``tlsv1.3`` for example, and the cipher suite. Raises ``ebadstate``, ``closed``."""
    connected = _connected(socket)
    connected.permit("connection_info")
    negotiated = connected.negotiated
    return negotiated.version.label, SUITES[negotiated.suite].openssl_name


def negotiated_protocol(socket: SSLSocket) -> bytes | None:
    """The application protocol agreed on (RFC 7301), or None. Raises ``ebadstate``, ``closed``."""
    connected = _connected(socket)
    connected.permit("negotiated_protocol")
    return connected.negotiated.alpn


def peercert(socket: SSLSocket, opts: Sequence[str] = ()) -> Form:
    """The peer's certificate.

    opts: () for DER; ["pkix"] or ["ssl"] for a structure (``decode_certificate``); ["ssl", "subject"] for the subject's
    name alone. Raises ``ebadstate``, ``closed``, ``eoptions``, ``enopeercert``.
    """
    connected = _connected(socket)
    connected.permit("peercert")
    form, subject = _form(opts)
    chain = connected.peer_certificates
    if not chain:
        raise SSLError(Reason.ENOPEERCERT)
    return decode_certificate(chain[0], form, subject)


def port(socket: SSLSocket | ListenSocket) -> int:
    """The local port. Raises ``ebadstate``, ``closed``."""
    return _local(_process(socket), "port")[1]


def sockname(socket: SSLSocket | ListenSocket) -> tuple[str, int]:
    """The local address and port. Raises ``closed``, or a POSIX name."""
    return _local(_process(socket), "sockname")


def peername(socket: SSLSocket) -> tuple[str, int]:
    """The peer's address and port. Raises ``closed``, or a POSIX name."""
    connected = _connected(socket)
    connected.permit("peername")
    return connected.address(sockets.socket.getpeername)


# Inside ---------------------------------------------------------------------------------------------------------------


def _process(socket: object) -> Process:
    application = running()
    process = process_of(socket) if isinstance(socket, Handle) else None
    if process is None or process.application is not application:
        raise SSLError(Reason.EBADSOCKET)
    return process


def _connected(socket: object) -> Connected:
    process = _process(socket)
    if not isinstance(process, Connected):
        raise SSLError(Reason.EBROKERTYPE)
    return process


def _local(process: Process, operation: str) -> tuple[str, int]:
    process.permit(operation)
    return process.address(sockets.socket.getsockname)


def _deadline(timeout: object) -> float | None:
    seconds = milliseconds(timeout)
    return None if seconds is None else time.monotonic() + seconds


def _form(opts: Sequence[str]) -> tuple[str, bool]:
    words = list(opts) if isinstance(opts, (list, tuple)) else [None]
    forms = [word for word in words if word in ("pkix", "ssl")]
    subject = "subject" in words
    if len(forms) > 1 or any(word not in ("pkix", "ssl", "subject") for word in words) or (subject and not forms):
        raise SSLError(Reason.EOPTIONS, f"opts: {opts!r:.100} is no list of pkix or ssl, with or without subject")
    return (forms[0] if forms else "der"), subject
