"""The process of a listen socket."""

from __future__ import annotations

import selectors
import socket
from contextlib import suppress
from typing import Any

from puressl.config import ServerConfig
from puressl.connection import ServerConnection
from puressl.errors import Reason, SSLError
from puressl.io.descriptor import ListeningDescriptor
from puressl.io.transport import as_ssl_error
from puressl.sockets.configure import named_config
from puressl.sockets.connected import Connected
from puressl.sockets.mailbox import Mailbox
from puressl.sockets.messages import ListenSocket
from puressl.sockets.options import Options, Place
from puressl.sockets.process import Process
from puressl.sockets.status import Status

#: Every address of every family, where the system can.
_ANY_IPV6 = "::"


class Listener(Process):
    """A socket that accepts connections under one configuration."""

    makes = ListenSocket
    handle: ListenSocket

    def __init__(
        self,
        application: Any,
        owner: Mailbox,
        options: Options,
        descriptor: ListeningDescriptor,
        config: ServerConfig,
    ) -> None:
        super().__init__(application, owner, options, Status.OPEN)
        self._descriptor = descriptor
        self._config = config

    def accept(self, owner: Mailbox, deadline: float | None) -> Connected:
        """The next connection, its handshake to be made. Several threads may wait for one."""
        sock = self._next(deadline)
        connection = ServerConnection(self._config)
        accepted = Connected(self.application, owner, self.options, sock, connection, self._serve_named)
        accepted.enter()
        return accepted

    def _next(self, deadline: float | None) -> socket.socket:
        self._descriptor.hold()
        try:
            while True:
                try:
                    return self._descriptor.socket.accept()[0]
                except (BlockingIOError, InterruptedError, ConnectionAbortedError):
                    self._descriptor.wait(selectors.EVENT_READ, deadline)
        except SSLError:
            raise
        except OSError as error:
            raise (SSLError(Reason.CLOSED) if self.status is Status.CLOSED else as_ssl_error(error)) from error
        finally:
            self._descriptor.release()

    def _serve_named(self, need: Any) -> ServerConfig:
        """Answers the need that ``server_config`` leaves pending; no lock is held while ``sni_fun`` thinks."""
        return named_config(self.options, self.application.around, self._config, need.server_name)

    def setopts(self, given: object) -> None:
        options = Options.read(given, Place.SET)
        with self.lock:
            self.options = self.options.changed(options)

    @property
    def transport(self) -> socket.socket:
        return self._descriptor.socket

    def resume(self) -> None:
        """Nothing is delivered to the owner of a listen socket but its exit."""

    def drop(self) -> None:
        self._descriptor.drop()

    def _close_transport(self, patience: float) -> None:
        self._descriptor.close()


def bound(options: Options, port: int) -> ListeningDescriptor:
    """A socket that listens. Raises the POSIX reason."""
    ip = options["ip"] or "0.0.0.0"  # noqa: S104 - inet(3)'s default: every IPv4 address
    family = socket.AF_INET6 if ":" in ip else socket.AF_INET
    sock = None
    try:
        sock = socket.socket(family, socket.SOCK_STREAM)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, options["reuseaddr"])
        if ip == _ANY_IPV6:
            with suppress(OSError):  # a system that keeps them apart
                sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
        sock.bind((ip, port))
        sock.listen(options["backlog"])
        sock.setblocking(False)
        return ListeningDescriptor(sock)
    except OSError as error:
        if sock is not None:
            sock.close()
        raise as_ssl_error(error, f"{ip} port {port}") from error
