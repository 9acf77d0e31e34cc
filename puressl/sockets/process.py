"""What the processes of connections and listen sockets have in common: owner, exit, status.

Theory of operation: a process is a socket's state and its rules, and no thread. It is linked to its owner: when the
owner ends, the socket is closed; when the process ends abnormally, the owner gets an ``Exit``. One lock, held for
moments only, covers status, owner and what is put into the owner's mailbox, so that a socket can change hands between
two of its messages.
"""

from __future__ import annotations

import itertools
import socket
import threading
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, ClassVar

from puressl.errors import Reason, ReasonLike, SSLError
from puressl.io.blocking import LAST_WORDS_TIMEOUT
from puressl.io.transport import as_ssl_error
from puressl.sockets.addresses import shown
from puressl.sockets.mailbox import Mailbox
from puressl.sockets.messages import Exit, Handle, Pid
from puressl.sockets.options import Options
from puressl.sockets.status import Status, check

if TYPE_CHECKING:
    from puressl.sockets.application import Application

_numbers = itertools.count(1)


class Process(ABC):
    """A socket. application: whose it is. owner: the mailbox it is linked to. options: as given so far."""

    makes: ClassVar[type[Handle]]

    def __init__(self, application: Application, owner: Mailbox, options: Options, status: Status) -> None:
        self.application = application
        self.pid = Pid(next(_numbers), self)
        self.handle = self.makes(self)
        self.lock = threading.RLock()
        self.owner = owner
        self.options = options
        self.status = status

    def enter(self) -> None:
        """Becomes known to the application and linked to the owner; closes itself where one of them has ended."""
        try:
            self.application.add(self)
            if not self.owner.link(self):
                raise SSLError(Reason.CLOSED, "the owner has ended")
        except SSLError:
            self.discard()
            raise

    # Operations -------------------------------------------------------------------------------------------------------

    def close(self) -> None:
        """Raises ``SSLError(closed)`` if it is closed already."""
        with self.lock:
            check("close", self.status)
            self.status = Status.CLOSED
        self._free(LAST_WORDS_TIMEOUT)

    def give(self, giver: Mailbox, heir: object) -> None:
        """Changes the owner; its messages of this socket move. Raises as ``controlling_process``."""
        with self.lock:
            check("controlling_process", self.status)
            if self.owner is not giver:
                raise SSLError(("badcall", "controlling_process"), "the caller's mailbox is not the socket's owner")
            if not isinstance(heir, Mailbox):
                raise SSLError(Reason.BADARG, f"{heir!r:.50} is no mailbox")
            if heir is giver:
                return
            if not heir.link(self):
                raise SSLError(Reason.BADARG, "the mailbox is closed")
            self.owner = heir
            giver.hand_over(self.handle, heir)
            giver.unlink(self)
        self.resume()

    def getopts(self, tags: Iterable[str]) -> list[tuple[str, Any]]:
        return [(tag, self._shown(tag)) for tag in tags]

    def permit(self, operation: str) -> None:
        """Raises ``SSLError``: ``closed`` or ``ebadstate`` for an operation the status does not allow."""
        check(operation, self.status)

    def address(self, of: Callable[[socket.socket], Any]) -> tuple[str, int]:
        """One of the socket's two addresses. of: ``socket.getsockname`` or ``socket.getpeername``."""
        try:
            return shown(of(self.transport))
        except OSError as error:
            raise as_ssl_error(error) from error

    # Endings ----------------------------------------------------------------------------------------------------------

    def exit(self, reason: ReasonLike) -> None:
        """Ends abnormally: the owner is told, the socket closed without waiting for anybody."""
        with self.lock:
            if self.status is Status.CLOSED:
                return
            self.status = Status.CLOSED
            self.owner.put(Exit(self.pid, reason))
        self._free(patience=0)

    def owner_ended(self) -> None:
        """Closes the socket. It may be called while a thread ends, and so leaves the work to the loop."""
        self.application.loop.call(self.discard)

    def discard(self) -> None:
        """Closes the socket without waiting for anybody, and tells nobody."""
        with self.lock:
            self.status = Status.CLOSED
        self._free(patience=0)

    def drop(self) -> None:
        """Closes the descriptor in a process that was forked, without a word: the connection is the parent's."""
        self.transport.close()

    def _free(self, patience: float) -> None:
        self.owner.unlink(self)
        self._close_transport(patience)
        self.application.remove(self)  # last: a process that is forked meanwhile has the descriptor, too

    # By kind ----------------------------------------------------------------------------------------------------------

    @abstractmethod
    def resume(self) -> None:
        """Looks whether there is something to deliver to the owner."""

    def _shown(self, tag: str) -> Any:
        """The value of an option for ``getopts``."""
        value = self.options[tag]
        return list(value) if isinstance(value, tuple) else value

    @property
    @abstractmethod
    def transport(self) -> socket.socket:
        """The socket below."""

    @abstractmethod
    def setopts(self, given: object) -> None:
        """Sets options, all or none. Raises ``SSLError(eoptions)``."""

    @abstractmethod
    def _close_transport(self, patience: float) -> None:
        """Closes what is below. patience: seconds that last words may take."""
