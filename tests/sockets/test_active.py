"""Active sockets: messages, ``once``, n and back, and back-pressure."""

from __future__ import annotations

import socket
import struct
import threading
import time
from collections.abc import Callable
from typing import Any

import pytest

import puressl
from puressl.sockets import mailbox
from puressl.sockets.messages import process_of

from support.endpoints import PATIENCE, Pair, Server, refusal
from support.task import Task

#: Milliseconds in which a message that should not come would have come.
SILENCE = 50
LIMIT = 1 << 14


def receive() -> Any:
    return puressl.mailbox().receive(timeout=PATIENCE)


def assert_silence() -> None:
    assert refusal(puressl.mailbox().receive, timeout=SILENCE) == "timeout"


def collect(handle: puressl.SSLSocket, size: int) -> bytes:
    """So many bytes from messages."""
    data = b""
    while len(data) < size:
        match receive():
            case ("ssl", source, piece):
                assert source is handle
                data += piece
    return data


def test_data_comes_as_messages_that_match_as_tuples(server: Server) -> None:
    client, peer = server.pair(active=True)
    puressl.send(peer, b"hello")
    message = receive()
    assert message == ("ssl", client, b"hello") == puressl.Data(client, b"hello")
    assert (message.socket, message.data) == (client, b"hello")


def test_active_is_the_default(server: Server) -> None:
    accepting = server.accept()
    client = puressl.connect("127.0.0.1", server.port, {"verify": 0}, PATIENCE)
    puressl.send(accepting.result(), b"hello")
    assert puressl.getopts(client, ["active"]) == [("active", True)]
    assert receive() == ("ssl", client, b"hello")


def test_recv_is_no_call_for_active_sockets(server: Server) -> None:
    client, _ = server.pair(active=True)
    assert refusal(puressl.recv, client) == ("badcall", "recv")
    puressl.setopts(client, {"active": False})
    assert refusal(puressl.recv, client, 0, 0) == "timeout"


def test_close_of_the_peer_is_a_message_after_all_data(server: Server) -> None:
    client, peer = server.pair(active=True)
    puressl.send(peer, b"last")
    puressl.close(peer)
    assert [receive(), receive()] == [("ssl", client, b"last"), ("ssl_closed", client)]
    assert_silence()
    assert refusal(puressl.send, client, b"x") == "closed"
    puressl.close(client)


def test_truncation_is_an_error_before_its_close(server: Server) -> None:
    client, peer = server.pair(active=True)
    process_of(peer).transport.shutdown(socket.SHUT_WR)
    assert [receive(), receive()] == [("ssl_error", client, "esslerrssl"), ("ssl_closed", client)]


def break_off(peer: puressl.SSLSocket) -> None:
    """Ends the TCP connection with RST."""
    linger = struct.pack("ii", 1, 0)
    process_of(peer).transport.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
    process_of(peer).transport.close()


@pytest.mark.parametrize(
    ("ending", "reason"),
    [
        (break_off, "econnreset"),
        (lambda peer: process_of(peer).transport.send(b"\x17\x03\x03\x00\x20" + bytes(32)), "esslerrssl"),
        (lambda peer: puressl.send(peer, b"\xff too long"), "emsgsize"),
    ],
)
def test_failure_is_an_error_with_its_reason_after_all_data_and_before_the_close(
    server: Server, ending: Callable[[puressl.SSLSocket], Any], reason: str
) -> None:
    client, peer = server.pair(active=True, packet=1, packet_size=9)
    puressl.send(peer, b"\x04data")
    assert receive() == ("ssl", client, b"data")
    ending(peer)
    assert [receive(), receive()] == [("ssl_error", client, reason), ("ssl_closed", client)]
    assert_silence()
    assert refusal(puressl.send, client, b"x") == "closed"
    assert refusal(puressl.setopts, client, {"active": False}) == "closed"
    puressl.close(client)


def test_own_close_sends_no_message_and_frees_the_descriptor(server: Server) -> None:
    client, _ = server.pair(active=True)
    puressl.close(client)
    assert_silence()
    assert process_of(client).transport.fileno() < 0


def test_once_delivers_one_message(server: Server) -> None:
    client, peer = server.pair(active="once", packet=1)
    puressl.send(peer, b"\x03one\x03two")
    assert receive() == ("ssl", client, b"one")
    assert_silence()
    assert puressl.getopts(client, ["active"]) == [("active", False)]
    puressl.setopts(client, {"active": "once"})
    assert receive() == ("ssl", client, b"two")


def test_once_delivers_the_error_and_the_close_apart(server: Server) -> None:
    client, peer = server.pair(active="once")
    process_of(peer).transport.shutdown(socket.SHUT_WR)
    assert receive() == ("ssl_error", client, "esslerrssl")
    assert_silence()
    puressl.setopts(client, {"active": "once"})
    assert receive() == ("ssl_closed", client)


def test_n_counts_down_to_passive(server: Server) -> None:
    client, peer = server.pair(active=2, packet=1)
    puressl.send(peer, b"\x01a\x01b\x01c")
    assert [receive(), receive(), receive()] == [("ssl", client, b"a"), ("ssl", client, b"b"), ("ssl_passive", client)]
    assert_silence()
    assert puressl.recv(client, 0, PATIENCE) == b"c"


def test_n_is_added_to_what_is_still_to_come(server: Server) -> None:
    client, _ = server.pair(active=5)
    puressl.setopts(client, {"active": 3})
    assert puressl.getopts(client, ["active"]) == [("active", 8)]
    puressl.setopts(client, {"active": -8})
    assert receive() == ("ssl_passive", client)
    assert puressl.getopts(client, ["active"]) == [("active", False)]
    puressl.setopts(client, {"active": 32_767})
    assert refusal(puressl.setopts, client, {"active": 1, "mode": "list"}) == "eoptions"
    assert puressl.getopts(client, ["active", "mode"]) == [("active", 32_767), ("mode", "binary")]


def test_what_happened_while_passive_is_delivered_when_active_again(pair: Pair) -> None:
    client, peer = pair
    puressl.send(peer, b"before")
    puressl.close(peer)
    time.sleep(0.02)
    assert_silence()
    puressl.setopts(client, {"active": True})
    assert [receive(), receive()] == [("ssl", client, b"before"), ("ssl_closed", client)]


def test_socket_made_active_while_a_thread_is_in_recv_serves_that_first(pair: Pair) -> None:
    client, peer = pair
    receiving = Task(puressl.recv, client, 3, PATIENCE)
    time.sleep(0.05)
    puressl.setopts(client, {"active": True})
    puressl.send(peer, b"abc")
    assert receiving.result() == b"abc"
    puressl.send(peer, b"def")
    assert receive() == ("ssl", client, b"def")


def test_mode_list_and_packets_in_messages(server: Server) -> None:
    _, peer = server.pair(active=True, mode="list", packet="line")
    puressl.send(peer, b"ab\ncd\nrest")
    assert [receive().data, receive().data] == [[97, 98, 10], [99, 100, 10]]
    assert_silence()


def test_many_active_sockets_share_one_thread(serve: Callable[..., Server]) -> None:
    server = serve(active=True)
    pairs = [server.pair(active=True) for _ in range(5)]
    assert sum(thread.name == "puressl" for thread in threading.enumerate()) == 1
    for client, _ in pairs:
        puressl.send(client, b"ping")
    got = {receive().socket for _ in pairs}
    assert got == {peer for _, peer in pairs}


def test_active_socket_answers_and_echoes_much_data(serve: Callable[..., Server]) -> None:
    client, peer = serve(active=True).pair(active=True)
    data = bytes(range(256)) * 400
    sending = Task(puressl.send, client, data)
    echoed = collect(peer, len(data))
    assert echoed == data
    sending.result()


def test_owner_that_does_not_receive_slows_its_peer_down(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mailbox, "MAX_WAITING", LIMIT)
    monkeypatch.setattr(mailbox, "RESUMED_BELOW", LIMIT // 2)
    client, peer = server.pair(active=True)
    for end in (client, peer):
        for name in (socket.SO_SNDBUF, socket.SO_RCVBUF):
            process_of(end).transport.setsockopt(socket.SOL_SOCKET, name, LIMIT)
    puressl.setopts(peer, {"send_timeout": 300})
    sent = 0

    def send_until_it_fails() -> None:
        nonlocal sent
        while sent < 100 * LIMIT:
            puressl.send(peer, bytes(LIMIT))
            sent += LIMIT

    assert refusal(send_until_it_fails) == "timeout"
    assert sent < 50 * LIMIT
    assert puressl.mailbox()._size < 4 * LIMIT
    collect(client, sent)  # all that was sent comes, once there is room
