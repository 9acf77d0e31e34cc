"""A socket as a byte transport, and the operating system's errors as ours."""

from __future__ import annotations

import socket

from puressl.errors import Reason, SSLError, posix_reason


class SocketTransport:
    """A non-blocking socket as the pump's transport; its errors are ``SSLError``s."""

    def __init__(self, sock: socket.socket) -> None:
        self._socket = sock
        self._reset: SSLError | None = None

    def read(self, limit: int) -> bytes | None:
        try:
            data = self._socket.recv(limit)
        except (BlockingIOError, InterruptedError):
            return None
        except OSError as error:
            raise as_ssl_error(error) from error
        if not data and self._reset is not None:
            raise self._reset  # a reset that writing has met reads as an end of file
        return data

    def write(self, data: memoryview) -> int:
        try:
            return self._socket.send(data)
        except (BlockingIOError, InterruptedError):
            return 0
        except ConnectionResetError as error:
            self._reset = as_ssl_error(error)
            raise self._reset from error
        except OSError as error:
            raise as_ssl_error(error) from error


def as_ssl_error(error: OSError, detail: str | None = None) -> SSLError:
    """The operating system's error with its reason. detail: what was tried, for a person."""
    if isinstance(error, TimeoutError) and error.errno is None:  # the socket's own timeout, not the kernel's
        return SSLError(Reason.TIMEOUT, detail)
    if not isinstance(error, SSLError) and posix_reason(error) == "ebadf":
        return SSLError(Reason.ENOPROXYSOCKET, detail)
    return SSLError(posix_reason(error), detail)
