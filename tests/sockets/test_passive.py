"""Passive sockets: ``recv`` and ``send``, and how connections end for them."""

from __future__ import annotations

import socket
import struct
import threading
import time
from collections.abc import Callable

import pytest

import puressl
from puressl.sockets.messages import process_of

from support.endpoints import PATIENCE, Pair, Server, refusal, times_out_punctually
from support.task import Task

VERSIONS = pytest.mark.parametrize("version", ["tlsv1.3", "tlsv1.2"])


def transport(handle: puressl.SSLSocket) -> socket.socket:
    """The TCP socket below."""
    return process_of(handle).transport


def reset(handle: puressl.SSLSocket) -> None:
    """Ends the TCP connection with RST."""
    transport(handle).setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    transport(handle).close()


def send_on_and_on(handle: puressl.SSLSocket, data: bytes) -> None:
    """TCP takes some before it notices that nobody reads."""
    for _ in range(1_000):
        puressl.send(handle, data)
        time.sleep(0.001)


@VERSIONS
def test_data_is_echoed(server: Server, version: str) -> None:
    client, peer = server.pair(versions=[version])
    puressl.send(client, b"ping")
    assert puressl.recv(peer, 0, PATIENCE) == b"ping"
    puressl.send(peer, [b"po", [110, bytearray(b"g")], memoryview(b"!")])
    assert puressl.recv(client, 5, PATIENCE) == b"pong!"
    assert puressl.connection_info(client) == puressl.connection_info(peer)
    assert puressl.connection_info(client)[0] == version


def test_recv_of_a_length_gets_exactly_that_many_bytes(pair: Pair) -> None:
    client, peer = pair
    puressl.send(client, b"abc")
    puressl.send(client, b"defgh")
    assert [puressl.recv(peer, length, PATIENCE) for length in (2, 4, 1, 1)] == [b"ab", b"cdef", b"g", b"h"]


def test_large_data_arrives_whole(pair: Pair) -> None:
    client, peer = pair
    data = bytes(range(256)) * 500
    sending = Task(puressl.send, client, data)
    assert puressl.recv(peer, len(data), PATIENCE) == data
    sending.result()


@pytest.mark.parametrize("data", ["text", 7, [256], [True], [None], [[["x"]]], None])
def test_send_refuses_what_is_no_data(pair: Pair, data: object) -> None:
    assert refusal(puressl.send, pair[0], data) == "einval"


def test_send_refuses_a_list_within_itself(pair: Pair) -> None:
    endless: list[object] = []
    endless.append(endless)
    assert refusal(puressl.send, pair[0], endless) == "einval"


def test_sending_nothing_is_no_error(pair: Pair) -> None:
    client, peer = pair
    puressl.send(client, b"")
    puressl.send(client, [])
    puressl.send(client, b"x")
    assert puressl.recv(peer, 0, PATIENCE) == b"x"


def test_recv_times_out_in_time_and_loses_nothing(pair: Pair) -> None:
    client, peer = pair
    puressl.send(client, b"abc")
    times_out_punctually(puressl.recv, peer, 5, 100)
    assert refusal(puressl.recv, peer, 5, 0) == "timeout"
    puressl.send(client, b"de")
    assert puressl.recv(peer, 5, PATIENCE) == b"abcde"


@pytest.mark.parametrize(("length", "timeout"), [(-1, None), (True, None), ("1", None), (1, True), (1, -1), (1, 0.5)])
def test_recv_refuses_what_is_no_length_or_timeout(pair: Pair, length: object, timeout: object) -> None:
    assert refusal(puressl.recv, pair[0], length, timeout) == "einval"


def test_length_belongs_to_raw_packets(server: Server) -> None:
    client, _ = server.pair(packet=2)
    assert refusal(puressl.recv, client, 5, PATIENCE) == "einval"


# Modes and packets ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("packet", [1, 2, 4])
def test_packets_keep_their_bounds(serve: Callable[..., Server], packet: int) -> None:
    client, peer = serve(packet=packet).pair(packet=packet)
    for data in (b"one", b"", b"three"):
        puressl.send(client, data)
    assert [puressl.recv(peer, 0, PATIENCE) for _ in range(3)] == [b"one", b"", b"three"]


def test_packet_too_long_for_its_header_is_refused(serve: Callable[..., Server]) -> None:
    client, peer = serve(packet=1).pair(packet=1)
    assert refusal(puressl.send, client, bytes(256)) == "emsgsize"
    puressl.send(client, b"fits")
    assert puressl.recv(peer, 0, PATIENCE) == b"fits"


def test_packet_over_the_accepted_size_ends_the_connection(serve: Callable[..., Server]) -> None:
    client, peer = serve(packet=2, packet_size=10).pair(packet=2)
    puressl.send(client, b"fits")
    puressl.send(client, bytes(11))
    assert puressl.recv(peer, 0, PATIENCE) == b"fits"
    assert refusal(puressl.recv, peer, 0, PATIENCE) == "emsgsize"
    assert refusal(puressl.recv, peer, 0, PATIENCE) == "closed"


def test_mode_and_header_decide_how_data_is_shown(server: Server) -> None:
    client, peer = server.pair(header=2)
    puressl.send(peer, b"abcd")
    assert puressl.recv(client, 4, PATIENCE) == [97, 98, b"cd"]
    puressl.setopts(client, ["list"])
    puressl.send(peer, b"abcd")
    assert puressl.recv(client, 4, PATIENCE) == [97, 98, 99, 100]
    puressl.setopts(client, {"mode": "binary", "header": 0})
    puressl.send(peer, b"abcd")
    assert puressl.recv(client, 4, PATIENCE) == b"abcd"


def test_packet_type_may_change_between_packets(pair: Pair) -> None:
    client, peer = pair
    puressl.send(client, b"line\n\x00\x03abcrest")
    puressl.setopts(peer, [("packet", "line")])
    assert puressl.recv(peer, 0, PATIENCE) == b"line\n"
    puressl.setopts(peer, [("packet", 2)])
    assert puressl.recv(peer, 0, PATIENCE) == b"abc"
    puressl.setopts(peer, [("packet", 0)])
    assert puressl.recv(peer, 0, PATIENCE) == b"rest"


def test_packet_size_may_change_within_an_http_head(pair: Pair) -> None:
    client, peer = pair
    puressl.setopts(peer, {"packet": "http"})
    puressl.send(client, b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
    assert puressl.recv(peer, 0, PATIENCE)[0] == "http_request"
    puressl.setopts(peer, {"packet_size": 10})
    assert puressl.recv(peer, 0, PATIENCE) == ("http_header", 14, "Host", None, b"a")
    assert puressl.recv(peer, 0, PATIENCE) == "http_eoh"
    puressl.send(client, b"GET /too/long HTTP/1.1\r\n")
    assert refusal(puressl.recv, peer, 0, PATIENCE) == "emsgsize"


# Endings --------------------------------------------------------------------------------------------------------------


@VERSIONS
def test_close_of_the_peer_is_closed_after_all_data(server: Server, version: str) -> None:
    client, peer = server.pair(versions=[version])
    puressl.send(client, b"last words")
    puressl.close(client)
    assert refusal(puressl.recv, peer, 99, PATIENCE) == "closed"
    assert puressl.recv(peer, 0, PATIENCE) == b"last words"
    assert refusal(puressl.recv, peer, 0, PATIENCE) == "closed"
    assert refusal(puressl.recv, peer, 0, PATIENCE) == "closed"
    assert refusal(puressl.peername, peer) == "closed"
    puressl.close(peer)
    assert refusal(puressl.close, peer) == "closed"
    assert refusal(puressl.recv, client) == "closed"
    assert refusal(puressl.send, client, b"x") == "closed"


def test_end_of_stream_without_close_notify_is_truncated_and_then_closed(pair: Pair) -> None:
    client, peer = pair
    puressl.send(client, b"rest")
    transport(client).shutdown(socket.SHUT_WR)
    assert puressl.recv(peer, 0, PATIENCE) == b"rest"
    with pytest.raises(puressl.SSLError) as caught:
        puressl.recv(peer, 0, PATIENCE)
    assert caught.value.reason == "esslerrssl"
    assert (caught.value.detail or "").startswith("truncated")
    assert refusal(puressl.recv, peer, 0, PATIENCE) == "closed"


def test_reset_has_its_posix_name(pair: Pair) -> None:
    client, peer = pair
    reset(client)
    assert refusal(puressl.recv, peer, 0, PATIENCE) == "econnreset"
    assert refusal(puressl.recv, peer, 0, PATIENCE) == "closed"


def test_garbage_is_a_fatal_alert_for_both(pair: Pair) -> None:
    client, peer = pair
    transport(client).send(b"\x17\x03\x03\x00\x20" + bytes(32))
    assert refusal(puressl.recv, peer, 0, PATIENCE) == "esslerrssl"
    with pytest.raises(puressl.SSLError, match="bad_record_mac") as caught:
        puressl.recv(client, 0, PATIENCE)
    assert caught.value.reason == "esslerrssl"
    assert refusal(puressl.recv, client, 0, PATIENCE) == "closed"


def test_close_wakes_a_thread_in_recv(pair: Pair) -> None:
    client, _ = pair
    waiting = Task(refusal, puressl.recv, client)
    second = Task(refusal, puressl.recv, client)
    time.sleep(0.05)
    puressl.close(client)
    assert [waiting.result(), second.result()] == ["closed", "closed"]
    assert transport(client).fileno() < 0


def test_failed_send_leaves_what_had_come_to_recv(pair: Pair) -> None:
    client, peer = pair
    puressl.send(peer, b"in time")
    time.sleep(0.05)
    puressl.close(peer)
    assert refusal(send_on_and_on, client, b"into the void") in ("closed", "econnreset")
    assert refusal(puressl.send, client, b"more") == "closed"
    assert puressl.recv(client, 0, PATIENCE) == b"in time"


def test_send_to_a_peer_that_does_not_read_times_out(server: Server) -> None:
    client, _ = server.pair(send_timeout=100)
    transport(client).setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1 << 16)
    assert refusal(send_on_and_on, client, bytes(1 << 17)) == "timeout"
    assert refusal(puressl.send, client, b"x") == "closed"


def test_socket_closed_by_somebody_else_has_its_own_reason(pair: Pair) -> None:
    client, _ = pair
    transport(client).close()
    assert refusal(puressl.peername, client) == "enoproxysocket"
    assert refusal(puressl.send, client, b"x") == "enoproxysocket"
    assert refusal(puressl.recv, client, 0, PATIENCE) == "enoproxysocket"
    assert refusal(puressl.recv, client, 0, PATIENCE) == "closed"
    puressl.close(client)


# Threads --------------------------------------------------------------------------------------------------------------


def test_one_thread_sends_while_another_receives(pair: Pair) -> None:
    client, peer = pair
    receiving = Task(puressl.recv, client, 4, PATIENCE)
    time.sleep(0.02)
    puressl.send(client, b"ping")
    assert puressl.recv(peer, 4, PATIENCE) == b"ping"
    puressl.send(peer, b"pong")
    assert receiving.result() == b"pong"


def test_what_one_call_sends_stays_together(pair: Pair) -> None:
    client, peer = pair
    size = 40_000
    senders = [Task(puressl.send, client, bytes([number]) * size) for number in range(4)]
    parts = [puressl.recv(peer, size, PATIENCE) for _ in senders]
    assert sorted(parts) == [bytes([number]) * size for number in range(4)]
    for sender in senders:
        sender.result()


def test_passive_calls_start_no_thread(pair: Pair) -> None:
    client, peer = pair
    threads = threading.active_count()
    puressl.send(client, b"x")
    puressl.recv(peer, 0, PATIENCE)
    assert threading.active_count() == threads
