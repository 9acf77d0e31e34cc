"""The loop's end: nothing that was asked of it is left undone."""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Iterator

import pytest

from puressl.config import ClientConfig, Verify
from puressl.connection import ClientConnection
from puressl.io.blocking import BlockingSocket
from puressl.sockets.loop import Loop

#: Seconds after which something is taken not to happen.
PATIENCE = 5


@pytest.fixture
def stream() -> Iterator[BlockingSocket]:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        yield BlockingSocket(ours, ClientConnection(ClientConfig(verify=Verify.NONE)))


class LastCall(BlockingSocket):
    """Asks the loop for something at the last moment: when the loop lets go of the socket at its end."""

    loop: Loop
    done: threading.Event

    def close(self, patience: float = 0) -> None:
        super().close(patience)
        self.loop.call(self.done.set)


def test_socket_that_comes_to_linger_after_the_end_is_closed(stream: BlockingSocket) -> None:
    loop = Loop()
    loop.start()
    loop.stop()
    loop.linger(stream)
    assert stream.fileno() < 0


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
@pytest.mark.filterwarnings("ignore:This process:DeprecationWarning")
def test_forked_process_keeps_no_socket_that_lingers(stream: BlockingSocket) -> None:
    loop, lingers = Loop(), threading.Event()
    loop.start()
    loop.linger(stream)
    loop.call(lingers.set)
    assert lingers.wait(PATIENCE)
    child = os.fork()
    if child == 0:  # pragma: no cover - another process
        loop.drop()
        os._exit(0 if stream.fileno() < 0 else 1)
    assert os.waitpid(child, 0)[1] == 0
    loop.stop()


def test_what_is_asked_while_the_loop_ends_is_done() -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        stream = LastCall(ours, ClientConnection(ClientConfig(verify=Verify.NONE)))
        stream.loop, stream.done = Loop(), threading.Event()
        stream.loop.start()
        stream.loop.linger(stream)
        stream.loop.stop()
        assert stream.done.wait(PATIENCE)
        assert stream.fileno() < 0
