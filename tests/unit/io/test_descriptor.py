"""Descriptors that are held by those who wait for them."""

from __future__ import annotations

import selectors
import socket
import threading
import time
from collections.abc import Iterator

import pytest

from puressl.errors import Reason, SSLError
from puressl.io.descriptor import Descriptor, ListeningDescriptor, seconds_left

Ends = tuple[Descriptor, socket.socket]


@pytest.fixture
def ends() -> Iterator[Ends]:
    ours, theirs = socket.socketpair()
    yield Descriptor(ours), theirs
    ours.close()
    theirs.close()


def reason(descriptor: Descriptor, deadline: float | None = None) -> object:
    with pytest.raises(SSLError) as caught:
        descriptor.wait(selectors.EVENT_READ, deadline)
    return caught.value.reason


def test_wait_ends_when_the_socket_is_ready(ends: Ends) -> None:
    descriptor, peer = ends
    peer.send(b"x")
    descriptor.wait(selectors.EVENT_READ, None)
    assert not descriptor.is_held


def test_wait_ends_by_its_deadline(ends: Ends) -> None:
    assert reason(ends[0], time.monotonic() + 0.01) is Reason.TIMEOUT
    assert reason(ends[0], time.monotonic()) is Reason.TIMEOUT


def test_close_wakes_who_waits_and_is_done_by_the_last(ends: Ends) -> None:
    descriptor, _ = ends
    waiting = threading.Thread(target=descriptor.wait, args=(selectors.EVENT_READ, None))
    waiting.start()
    while not descriptor.is_held:
        time.sleep(0.001)
    descriptor.hold()
    descriptor.close()
    waiting.join(timeout=5)
    assert descriptor.socket.fileno() >= 0
    descriptor.release()
    assert descriptor.socket.fileno() < 0
    assert reason(descriptor) is Reason.CLOSED
    descriptor.close()


class Listening(socket.socket):
    def shutdown(self, how: int) -> None:
        raise OSError("a listening socket is not connected")  # what some systems say


def test_close_wakes_all_who_wait_for_a_listening_socket_that_cannot_be_shut_down() -> None:
    with Listening() as sock:
        sock.listen()
        descriptor = ListeningDescriptor(sock)
        waiting = [threading.Thread(target=descriptor.wait, args=(selectors.EVENT_READ, None)) for _ in range(2)]
        for thread in waiting:
            thread.start()
        while descriptor._holders < len(waiting):
            time.sleep(0.001)
        descriptor.close()
        for thread in waiting:
            thread.join(timeout=5)
        assert sock.fileno() < 0


def test_socket_closed_by_somebody_else_has_its_own_reason(ends: Ends) -> None:
    ends[0].socket.close()
    assert reason(ends[0]) is Reason.ENOPROXYSOCKET


def test_no_deadline_leaves_any_time() -> None:
    assert seconds_left(None) is None
    assert 0 < (seconds_left(time.monotonic() + 5) or 0) <= 5
