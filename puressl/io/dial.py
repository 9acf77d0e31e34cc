"""From a host and a port to a connected socket.

Theory of operation: the addresses of a host are tried in the order the system gives them, and the first that answers is
taken; when none does, the last one's error is raised. The system's name resolution knows no deadline, so a name that
must be found by one is looked up in a thread of its own, which is left behind if it takes longer.
"""

from __future__ import annotations

import queue
import socket
import threading
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

from puressl.errors import Reason, SSLError
from puressl.io.descriptor import MAX_WAIT, seconds_left
from puressl.io.transport import as_ssl_error

MAX_PORT = 65_535

#: One answer of ``getaddrinfo``: family, type, protocol, canonical name, socket address.
Found = tuple[int, int, int, str, Any]
Answers = Sequence[Found]


def dial(address: tuple[str, int], deadline: float | None, *, local: tuple[str, int] | None = None) -> socket.socket:
    """A socket connected to the first of the host's addresses that answers; else the last one's error.

    address: host name or IP address, and port. deadline: of the monotonic clock, None for any time. local: IP address
    and port of our own end, which only connects to addresses of its family.
    Raises ``SSLError``: ``nxdomain``, ``timeout``, ``einval`` for a port that is none, or a POSIX name.
    """
    tried = f"{address[0]} port {address[1]}"
    if not 0 <= address[1] <= MAX_PORT:  # some systems' resolvers drop the bits above
        raise SSLError(Reason.EINVAL, tried)
    failure = SSLError("eafnosupport", tried)
    for found in _of_family(_resolve(address, deadline, tried), local):
        try:
            return _connect(found, seconds_left(deadline), local)
        except SSLError as error:
            raise SSLError(error.reason, tried) from None
        except OSError as error:
            failure = as_ssl_error(error, tried)
    raise failure


def _resolve(address: tuple[str, int], deadline: float | None, tried: str) -> Answers:
    try:
        if deadline is None:
            return _look_up(address)
        with suppress(socket.gaierror):
            return _look_up(address, socket.AI_NUMERICHOST)
        return _look_up_by(address, deadline)
    except SSLError as error:
        raise SSLError(error.reason, tried) from None
    except (socket.gaierror, ValueError) as error:  # ValueError: a name that cannot be asked for
        raise SSLError(Reason.NXDOMAIN, tried) from error
    except OSError as error:
        raise as_ssl_error(error, tried) from error


def _look_up(address: tuple[str, int], flags: int = 0) -> Answers:
    host, port = address
    return socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=flags)


def _look_up_by(address: tuple[str, int], deadline: float) -> Answers:
    answers: queue.SimpleQueue[Answers | Exception] = queue.SimpleQueue()

    def look_up() -> None:
        try:
            answers.put(_look_up(address))
        except Exception as error:
            answers.put(error)

    threading.Thread(target=look_up, name="puressl name resolution", daemon=True).start()
    try:
        answer = answers.get(timeout=min(seconds_left(deadline) or 0, MAX_WAIT))
    except queue.Empty:
        raise SSLError(Reason.TIMEOUT) from None
    if isinstance(answer, Exception):
        raise answer
    return answer


def _of_family(found: Answers, local: tuple[str, int] | None) -> Answers:
    if local is None or not local[0]:
        return found
    family = socket.AF_INET6 if ":" in local[0] else socket.AF_INET
    return [each for each in found if each[0] == family]


def _connect(found: Found, timeout: float | None, local: tuple[str, int] | None) -> socket.socket:
    family, kind, protocol, _, target = found
    sock = socket.socket(family, kind, protocol)
    try:
        sock.settimeout(timeout)
        if local is not None:
            sock.bind(local)
        sock.connect(target)
    except BaseException:
        sock.close()
        raise
    return sock
