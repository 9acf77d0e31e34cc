"""Mailboxes by themselves."""

from __future__ import annotations

import threading
import time
from typing import Any

import pytest

from puressl.errors import SSLError
from puressl.sockets.mailbox import MAX_WAITING, MESSAGE_WEIGHT, RESUMED_BELOW, Mailbox, mailbox


class FakeProcess:
    """What a mailbox asks of a process."""

    def __init__(self) -> None:
        self.resumed = 0

    def resume(self) -> None:
        self.resumed += 1


def reason(call: Any, *arguments: Any, **named: Any) -> object:
    with pytest.raises(SSLError) as caught:
        call(*arguments, **named)
    return caught.value.reason


def filled(*messages: Any) -> Mailbox:
    box = Mailbox()
    for message in messages:
        box.put(message)
    return box


def test_messages_come_in_order() -> None:
    box = filled(1, 2, 3)
    assert [box.receive(timeout=0) for _ in range(3)] == [1, 2, 3]
    assert reason(box.receive, timeout=0) == "timeout"


def test_match_takes_the_first_and_leaves_the_others() -> None:
    box = filled(1, 2, 3, 4)
    assert box.receive(lambda message: message % 2 == 0, timeout=0) == 2
    assert reason(box.receive, lambda message: message > 9, timeout=10) == "timeout"
    assert [box.receive(timeout=0) for _ in range(3)] == [1, 3, 4]


def test_match_is_asked_once_for_each_message() -> None:
    box = filled(1, 2)
    asked: list[Any] = []

    def match(message: Any) -> bool:
        asked.append(message)
        return bool(message == 4)

    threading.Timer(0.02, lambda: (box.put(3), box.put(4))).start()
    assert box.receive(match, timeout=5_000) == 4
    assert asked == [1, 2, 3, 4]


def test_match_may_use_the_mailbox() -> None:
    box = filled(1, 2)
    assert box.receive(lambda message: message == 2 and box.receive(timeout=0) == 1, timeout=100) == 2


def test_two_receivers_share_the_messages() -> None:
    box, got = Mailbox(), []
    receivers = [threading.Thread(target=lambda: got.append(box.receive(timeout=5_000))) for _ in range(2)]
    for receiver in receivers:
        receiver.start()
    time.sleep(0.01)
    box.put(1)
    box.put(2)
    for receiver in receivers:
        receiver.join()
    assert sorted(got) == [1, 2]


def test_closed_mailbox_gives_out_what_had_come_and_takes_nothing() -> None:
    box = filled(1)
    box.close()
    box.put(2)
    assert box.receive() == 1
    assert reason(box.receive) == "closed"
    assert box.is_closed


def test_process_pauses_while_there_is_too_much_and_goes_on_later() -> None:
    box, process = Mailbox(), FakeProcess()
    assert not box.pause(process)
    size = MAX_WAITING // 4
    for number in range(4):
        box.put(number, size)
    assert box.pause(process)
    box.receive(timeout=0)
    assert not process.resumed
    while box._size > RESUMED_BELOW:
        assert not process.resumed
        box.receive(timeout=0)
    assert process.resumed == 1


def test_many_small_messages_weigh_more_than_their_data() -> None:
    box, process = Mailbox(), FakeProcess()
    for _ in range(MAX_WAITING // MESSAGE_WEIGHT + 1):
        box.put(b"", 0)
    assert box.pause(process)


def test_thread_gets_a_new_mailbox_after_it_closed_its_own() -> None:
    first = mailbox()
    first.close()
    assert mailbox() is not first
    mailbox().close()
