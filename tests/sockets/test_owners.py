"""Owners: mailboxes, links, exits, and sockets that change hands."""

from __future__ import annotations

import threading
import time
from typing import Any

import pytest

import puressl
from puressl.sockets.messages import process_of

from support.endpoints import PATIENCE, Pair, Server, refusal, wait_until
from support.task import Task


def receive(timeout: int = PATIENCE) -> Any:
    return puressl.mailbox().receive(timeout=timeout)


# Mailboxes ------------------------------------------------------------------------------------------------------------


def test_each_thread_has_a_mailbox_of_its_own() -> None:
    own = puressl.mailbox()
    assert puressl.mailbox() is own
    assert Task(puressl.mailbox).result() is not own


def test_receive_selects_and_keeps_the_others_in_order(server: Server) -> None:
    client, peer = server.pair(active=True, packet=1)
    puressl.send(peer, b"\x01a\x01b\x01c\x01d")
    mailbox = puressl.mailbox()
    assert mailbox.receive(lambda message: message.data == b"c", timeout=PATIENCE) == ("ssl", client, b"c")
    assert refusal(mailbox.receive, lambda message: message.data == b"z", timeout=20) == "timeout"
    assert [receive().data for _ in range(3)] == [b"a", b"b", b"d"]


@pytest.mark.parametrize("timeout", [True, -1, 1.5, "1"])
def test_receive_refuses_what_is_no_timeout(timeout: Any) -> None:
    assert refusal(puressl.mailbox().receive, timeout=timeout) == "einval"


def test_closed_mailbox_ends_its_receivers_and_its_sockets(server: Server) -> None:
    mailbox = puressl.Mailbox()
    client, peer = server.pair()
    puressl.controlling_process(client, mailbox)
    waiting = Task(refusal, mailbox.receive)
    mailbox.close()
    assert waiting.result() == "closed"
    assert refusal(puressl.send, client, b"x") == "closed"
    assert process_of(client).transport.fileno() < 0
    assert refusal(puressl.recv, peer, 0, PATIENCE) == "closed"
    assert refusal(puressl.controlling_process, peer, mailbox) == "badarg"


def test_sockets_are_closed_when_their_thread_has_finished(server: Server) -> None:
    accepting = server.accept()
    client = Task(_connect, server.port).result()
    peer = accepting.result()
    assert refusal(puressl.recv, peer, 0, PATIENCE) == "closed"
    wait_until(lambda: process_of(client).transport.fileno() < 0)
    assert refusal(puressl.close, client) == "closed"


def _connect(port: int) -> puressl.SSLSocket:
    return puressl.connect("127.0.0.1", port, {"verify": 0, "active": False}, PATIENCE)


# Exits ----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["cast", "send"])
def test_stray_request_ends_the_process_and_tells_the_owner(pair: Pair, kind: str) -> None:
    client, peer = pair
    pid = puressl.pid(client)
    getattr(pid, kind)("hello")
    reason = ("badcast" if kind == "cast" else "badinfo", "hello")
    assert receive() == ("EXIT", pid, reason) == puressl.Exit(pid, reason)
    assert refusal(puressl.recv, client) == "closed"
    assert refusal(puressl.recv, peer, 0, PATIENCE) == "closed"
    getattr(pid, kind)("again")
    assert refusal(receive, 20) == "timeout"


def test_stray_request_wakes_a_thread_in_recv(pair: Pair) -> None:
    waiting = Task(refusal, puressl.recv, pair[0])
    time.sleep(0.02)
    puressl.pid(pair[0]).cast(None)
    assert waiting.result() == "closed"


def test_close_sends_no_exit(pair: Pair) -> None:
    client, peer = pair
    puressl.close(client)
    assert refusal(puressl.recv, peer, 0, PATIENCE) == "closed"
    puressl.close(peer)
    assert refusal(receive, 20) == "timeout"


def test_pids_are_hashable_comparable_and_lasting(pair: Pair) -> None:
    client, peer = (puressl.pid(end) for end in pair)
    assert client == puressl.pid(pair[0])
    assert client != peer
    assert len({client, peer, puressl.pid(pair[1])}) == 2
    puressl.close(pair[0])
    puressl.stop()
    assert puressl.pid(pair[0]) == client


# Changing hands -------------------------------------------------------------------------------------------------------


def test_messages_move_with_their_socket_in_order(server: Server) -> None:
    client, peer = server.pair(active=True, packet=1)
    other, other_peer = server.pair(active=True)
    puressl.send(peer, b"\x01a\x01b")
    puressl.send(other_peer, b"stays")
    mailbox = puressl.Mailbox()
    messages = [receive() for _ in range(3)]
    for message in messages:
        puressl.mailbox().put(message)
    puressl.controlling_process(client, mailbox)
    puressl.send(peer, b"\x01c")
    assert [mailbox.receive(timeout=PATIENCE).data for _ in range(3)] == [b"a", b"b", b"c"]
    assert receive() == ("ssl", other, b"stays")


def test_only_the_owner_gives_a_socket_away(pair: Pair) -> None:
    client, _ = pair
    badcall = ("badcall", "controlling_process")
    assert Task(lambda: refusal(puressl.controlling_process, client, puressl.mailbox())).result() == badcall
    assert refusal(puressl.controlling_process, client, "nobody") == "badarg"
    puressl.controlling_process(client, puressl.mailbox())
    puressl.controlling_process(client, puressl.Mailbox())
    assert refusal(puressl.controlling_process, client, puressl.mailbox()) == badcall
    puressl.close(client)
    assert refusal(puressl.controlling_process, client, puressl.mailbox()) == "closed"


def test_listen_sockets_change_hands_too(server: Server) -> None:
    puressl.controlling_process(server.socket, puressl.Mailbox())
    assert refusal(puressl.controlling_process, server.socket, puressl.mailbox())[0] == "badcall"


def test_no_message_is_lost_doubled_or_reordered_while_a_socket_changes_hands(server: Server) -> None:
    client, peer = server.pair(active=True, packet=2)
    count, turns = 400, 20
    sending = Task(lambda: [puressl.send(peer, b"\x00\x04" + number.to_bytes(4, "big")) for number in range(count)])
    got: list[int] = []
    done = threading.Event()

    def hold(inbox: puressl.Mailbox | None, turn: int) -> None:
        """Receives some, then gives the socket to a new thread and takes no more."""
        for _ in range(count // turns):
            got.append(int.from_bytes(puressl.mailbox().receive(timeout=PATIENCE).data, "big"))
        if turn == turns:
            done.set()
            return
        ready: list[puressl.Mailbox] = []
        given, taken = threading.Event(), threading.Event()

        def heir() -> None:
            ready.append(puressl.mailbox())
            taken.set()
            given.wait()
            hold(None, turn + 1)

        threading.Thread(target=heir, daemon=True).start()
        taken.wait()
        puressl.controlling_process(client, ready[0])
        given.set()

    hold(None, 1)
    assert done.wait(PATIENCE / 1000)
    assert got == list(range(count))
    sending.result()
