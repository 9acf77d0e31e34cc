"""Ways for an owner to take data from a socket: passive, active, ``once`` and by number."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import puressl

from support.endpoints import PATIENCE

#: Messages asked for at a time, by number.
COUNT = 3


@dataclass(frozen=True)
class Way:
    """active: the option at the start. again: what is set after each message of which kind."""

    active: bool | int | str
    again: Mapping[str, bool | int | str]

    def message(self, socket: puressl.SSLSocket) -> Any:
        """The socket's next message but ``ssl_passive``; of a passive socket what such a message would hold."""
        if self.active is False:
            return puressl.Data(socket, puressl.recv(socket, 0, PATIENCE))
        while True:
            message = puressl.mailbox().receive(lambda message: message.socket is socket, timeout=PATIENCE)
            if message[0] in self.again:
                puressl.setopts(socket, {"active": self.again[message[0]]})
            if message[0] != "ssl_passive":
                return message

    def take(self, socket: puressl.SSLSocket, size: int, then: Callable[[bytes], None] | None = None) -> bytes:
        """So many bytes, as they come. then: is called with each piece."""
        data = bytearray()
        while len(data) < size:
            piece = self.message(socket).data
            data += piece
            if then is not None:
                then(piece)
        return bytes(data)


WAYS = {
    "passive": Way(False, {}),
    "active": Way(True, {}),
    "once": Way("once", {"ssl": "once"}),
    "n": Way(COUNT, {"ssl_passive": COUNT}),
}
