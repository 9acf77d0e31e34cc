"""The ssl application: started and stopped, and what its sockets share.

Theory of operation: there is one application or none. It owns the loop's thread, the random generator, the session
cache, the own files that were loaded, and it knows every socket, so that ``stop`` can close them. A socket of an
application that was stopped is unknown to the next one. A process that forks has the descriptors but not the thread: in
the child the application counts as not started, and what it had open is closed there without a word to the peers, whose
connections are the parent's.
"""

from __future__ import annotations

import os
import threading
from importlib import metadata
from typing import NamedTuple

from puressl._version import __version__
from puressl.env import DrbgEnv
from puressl.errors import Reason, SSLError
from puressl.session import MemorySessionStore
from puressl.sockets.configure import Surroundings
from puressl.sockets.files import Files
from puressl.sockets.loop import Loop
from puressl.sockets.mailbox import forget_mailbox
from puressl.sockets.process import Process

#: The version of tlslite-ng that puressl is written against and tested with.
TLSLITE_BUILT_AGAINST = "0.8.2"


class Application:
    """One start of the application."""

    def __init__(self) -> None:
        self.env = DrbgEnv()
        self.around = Surroundings(self.env, Files(self.env.lock), MemorySessionStore(self.env))
        self.loop = Loop()
        self._lock = threading.Lock()
        self._processes: set[Process] = set()
        self._stopped = False

    def add(self, process: Process) -> None:
        """Raises ``SSLError(enotstarted)`` if the application was stopped meanwhile."""
        with self._lock:
            if self._stopped:
                raise SSLError(Reason.ENOTSTARTED)
            self._processes.add(process)

    def remove(self, process: Process) -> None:
        with self._lock:
            self._processes.discard(process)

    def shut_down(self) -> None:
        """Closes every socket, tells their owners, and ends the loop."""
        with self._lock:
            self._stopped = True
            processes = list(self._processes)
        for process in processes:
            process.exit(Reason.SHUTDOWN)
        self.loop.stop()

    def drop(self) -> None:
        """Closes all descriptors in a process that was forked. No lock is taken: its holder may not exist here."""
        for process in self._processes:
            process.drop()
        self.loop.drop()


class Version(NamedTuple):
    """Versions: puressl's, and of tlslite-ng the one it was made with and the one that runs."""

    ssl_vsn: str
    comp_vsn: str
    lib_vsn: str


class _Current:
    """The application that is started."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.application: Application | None = None


_current = _Current()


def start() -> None:
    """Starts the ssl application. Idempotent, never fails."""
    with _current.lock:
        if _current.application is None:
            application = Application()
            application.loop.start()
            _current.application = application


def stop() -> None:
    """Stops the application: every socket is closed, and its owner gets ``Exit`` with the reason ``shutdown``.

    Idempotent, never fails.
    """
    with _current.lock:
        application, _current.application = _current.application, None
        if application is not None:
            application.shut_down()


def running() -> Application:
    """The application. Raises ``SSLError(enotstarted)``."""
    application = _current.application
    if application is None:
        raise SSLError(Reason.ENOTSTARTED)
    return application


def version() -> Version:
    """The versions; the last two are empty when the application is not started."""
    if _current.application is None:
        return Version(__version__, "", "")
    return Version(__version__, TLSLITE_BUILT_AGAINST, _running_tlslite())


def _running_tlslite() -> str:
    """The version that is installed; asked of its packaging, as importing it would cost 0.1 s."""
    try:
        return metadata.version("tlslite-ng")
    except metadata.PackageNotFoundError:  # in a frozen application
        return ""


def _after_fork_in_child() -> None:
    global _current
    application, _current = _current.application, _Current()
    forget_mailbox()
    if application is not None:
        application.drop()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork_in_child)
