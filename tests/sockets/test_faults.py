"""Peers that fail: killed, half-closed, reset, silent, slow, or never any good; and stop and fork in traffic."""

from __future__ import annotations

import os
import random
import socket
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

import puressl
from puressl.sockets import mailbox
from puressl.sockets.messages import process_of

from support.endpoints import PATIENCE, Pair, Server, client_options, refusal, server_options, wait_until
from support.task import Task
from support.ways import WAYS, Way

MIB = 1 << 20
EITHER = pytest.mark.parametrize("way", [WAYS["passive"], WAYS["active"]], ids=["passive", "active"])
needs_proc = pytest.mark.skipif(not os.path.isdir("/proc/self/fd"), reason="no /proc here")


def transport(handle: puressl.SSLSocket) -> socket.socket:
    """The TCP socket below."""
    return process_of(handle).transport


def reset(sock: socket.socket) -> None:
    """Ends a TCP connection with RST."""
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    sock.close()


def ends(way: Way, handle: puressl.SSLSocket) -> list[Any]:
    """How a connection ended: the error and the close, as ``recv`` or as messages tell them."""
    if way.active is False:
        return [refusal(puressl.recv, handle, 0, PATIENCE) for _ in range(2)]
    error, closed = way.message(handle), way.message(handle)
    assert error == puressl.Error(handle, error.reason)
    assert closed == puressl.Closed(handle)
    return [error.reason, "closed"]


# Peers that end -------------------------------------------------------------------------------------------------------

#: A client of several servers that sends each a message and half a record, says so, and waits to be killed.
VICTIM = """
import sys, time
import puressl
from puressl.sockets.messages import process_of
puressl.start()
clients = [puressl.connect("127.0.0.1", int(port), {"verify": 0, "active": False}) for port in sys.argv[1:]]
for client in clients:
    puressl.send(client, b"whole")
    connection = process_of(client).stream.connection
    connection.send_data(bytes(1_000))
    process_of(client).transport.sendall(connection.data_to_send()[:500])
print("half", flush=True)
time.sleep(60)
"""


def test_peer_killed_in_the_middle_of_a_record_is_truncated(serve: Callable[..., Server]) -> None:
    ways = [WAYS["passive"], WAYS["active"]]
    servers = [serve(active=way.active, session_tickets=False) for way in ways]
    accepting = [server.accept() for server in servers]
    command = [sys.executable, "-c", VICTIM, *(str(server.port) for server in servers)]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as victim:
        peers = [each.result() for each in accepting]
        assert victim.stdout is not None
        assert victim.stdout.readline() == b"half\n"
        victim.kill()
    for way, peer in zip(ways, peers, strict=True):
        assert way.take(peer, 5) == b"whole"
        assert ends(way, peer) == ["esslerrssl", "closed"]


@EITHER
def test_half_closed_peer_is_truncated_and_still_reads_our_close_notify(serve: Callable[..., Server], way: Way) -> None:
    client, peer = serve(active=way.active).pair()
    puressl.send(client, b"that is all")
    transport(client).shutdown(socket.SHUT_WR)
    assert way.take(peer, 11) == b"that is all"
    assert ends(way, peer) == ["esslerrssl", "closed"]
    puressl.close(peer)
    assert refusal(puressl.recv, client, 0, PATIENCE) in ("closed", "esslerrssl")


@EITHER
def test_reset_has_its_posix_name_after_what_had_come(serve: Callable[..., Server], way: Way) -> None:
    client, peer = serve(active=way.active).pair()
    puressl.send(client, b"last")
    assert way.take(peer, 4) == b"last"
    reset(transport(client))
    assert ends(way, peer) == ["econnreset", "closed"]


def test_reset_ends_a_send_that_waits(pair: Pair) -> None:
    client, peer = pair
    sending = Task(refusal, puressl.send, client, bytes(16 * MIB))
    wait_until(lambda: bool(process_of(client).stream.interest & 2))  # type: ignore[attr-defined]
    reset(transport(peer))
    assert sending.result() in ("econnreset", "closed")
    assert refusal(puressl.send, client, b"more") == "closed"


# Silence --------------------------------------------------------------------------------------------------------------

#: Milliseconds that a call may take.
LIMIT = 100
#: Milliseconds it may end late: the best of some tries, and each on a machine that does much else.
PUNCTUAL, LATE = 50, 1_000


def late(call: Callable[..., Any], *arguments: Any) -> float:
    """How many milliseconds after its limit a call has ended."""
    begun = time.monotonic()
    assert refusal(call, *arguments) == "timeout"
    return (time.monotonic() - begun) * 1000 - LIMIT


def silent_connect(_: Server) -> float:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        return late(puressl.connect, "127.0.0.1", silent.getsockname()[1], client_options(), LIMIT)


def silent_ssl_accept(server: Server) -> float:
    with socket.create_connection(("127.0.0.1", server.port)):
        return late(puressl.ssl_accept, puressl.transport_accept(server.socket, PATIENCE), LIMIT)


def silent_send(server: Server) -> float:
    client, peer = server.pair(send_timeout=LIMIT)
    transport(client).setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4_096)
    transport(peer).setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
    return late(puressl.send, client, bytes(16 * MIB))


#: Waits for a peer that says nothing.
SILENCES: dict[str, Callable[[Server], float]] = {
    "connect": silent_connect,
    "transport_accept": lambda server: late(puressl.transport_accept, server.socket, LIMIT),
    "ssl_accept": silent_ssl_accept,
    "recv": lambda server: late(puressl.recv, server.pair()[0], 1, LIMIT),
    "send": silent_send,
    "receive": lambda _: late(lambda: puressl.mailbox().receive(timeout=LIMIT)),
}


@pytest.mark.parametrize("what", SILENCES)
def test_silence_ends_each_call_in_time(server: Server, what: str) -> None:
    measured = [SILENCES[what](server)]
    while measured[-1] > PUNCTUAL and len(measured) < 5:
        measured.append(SILENCES[what](server))
    print(f"{what}: late by {', '.join(f'{each:.1f}' for each in measured)} ms")
    assert 0 <= measured[-1] <= PUNCTUAL
    assert max(measured) <= LATE


# Slow readers ---------------------------------------------------------------------------------------------------------

QUEUED = 64 * MIB
#: What both ends may hold beside the data that the sender was given: mailbox, records under way, the allocator's rest.
HELD = 24 * MIB


def resident() -> int:
    """Bytes of memory that this process has."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


@needs_proc
@pytest.mark.slow
def test_slow_reader_with_much_queued_takes_little_memory(server: Server) -> None:
    _, peer = server.pair(active=True)
    data = bytes(QUEUED)
    before = resident()
    sending = Task(puressl.send, peer, data)
    time.sleep(1.0)
    assert sending.running
    assert puressl.mailbox()._size < 2 * mailbox.MAX_WAITING
    taken, peak = 0, resident()
    while taken < QUEUED:
        taken += len(puressl.mailbox().receive(timeout=PATIENCE).data)
        peak = max(peak, resident())
    assert taken == QUEUED
    sending.result()
    print(f"{(peak - before) / MIB:.1f} MiB beside the data")
    assert peak - before < HELD


# Garbage --------------------------------------------------------------------------------------------------------------

CLIENT_HELLO = bytes.fromhex("16030100ba010000b60303") + bytes(100)
#: What bad clients send, and whether they go at once.
GARBAGE: tuple[tuple[bytes, bool], ...] = (
    (b"", False),
    (b"", True),
    (b"GET / HTTP/1.1\r\n\r\n", False),
    (CLIENT_HELLO, False),
    (CLIENT_HELLO, True),
    (random.Random(1).randbytes(5_000), False),
    (b"\x16\x03\x01\xff\xff" + bytes(70_000), True),
    (b"\x15\x03\x03\x00\x02\x02\x28", False),
)
BAD_CLIENTS = 200


def test_good_client_is_served_beside_many_bad_ones(serve: Callable[..., Server]) -> None:
    server = serve(backlog=BAD_CLIENTS, active=True)
    client, peer = server.pair(active=True)
    welcomes: list[Task] = []

    def accept_on_and_on() -> None:
        """Each handshake in its own thread; whoever gets through is welcomed."""
        while True:
            welcomes.append(Task(welcome, puressl.transport_accept(server.socket)))

    def welcome(accepted: puressl.SSLSocket) -> None:
        with suppress(puressl.SSLError):
            puressl.ssl_accept(accepted, PATIENCE)
            puressl.send(accepted, b"welcome")

    accepting = Task(refusal, accept_on_and_on)
    with bad_clients(server.port):
        begun = time.monotonic()
        other = puressl.connect("127.0.0.1", server.port, client_options(), PATIENCE)
        assert puressl.recv(other, 7, PATIENCE) == b"welcome"
        puressl.send(peer, b"you too")
        assert WAYS["active"].message(client) == puressl.Data(client, b"you too")
        print(f"served within {time.monotonic() - begun:.2f} s")
    puressl.close(server.socket)
    assert accepting.result() == "closed"
    for each in welcomes:
        each.result()


@contextmanager
def bad_clients(port: int) -> Iterator[None]:
    """So many of them, connected and done with what they send."""
    clients = []
    for number in range(BAD_CLIENTS):
        data, goes = GARBAGE[number % len(GARBAGE)]
        client = socket.create_connection(("127.0.0.1", port))
        client.setblocking(False)
        with suppress(OSError):
            client.send(data)
        if goes:
            reset(client) if number % 2 else client.close()
        else:
            clients.append(client)
    yield
    for client in clients:
        client.close()


# The application in traffic -------------------------------------------------------------------------------------------


def descriptors() -> int:
    return len(os.listdir("/proc/self/fd"))


@needs_proc
def test_stop_in_the_midst_of_everything_leaves_no_thread_and_no_descriptor() -> None:
    """Traffic both ways, a handshake that hangs, acceptors, and threads that wait for messages."""
    puressl.stop()
    before, threads = descriptors(), set(threading.enumerate())
    for _ in range(3):
        puressl.start()
        server = Server(puressl.listen(0, server_options(active=True)))
        pairs = [server.pair(active=True) for _ in range(3)] + [server.pair(active=False)]
        tasks = [Task(refusal, send_on_and_on, end) for pair in pairs for end in pair]
        tasks.append(Task(refusal, receive_on_and_on, pairs[-1][0]))
        mute = socket.create_connection(("127.0.0.1", server.port))
        tasks.append(Task(refusal, puressl.ssl_accept, puressl.transport_accept(server.socket, PATIENCE)))
        tasks.append(Task(refusal, puressl.transport_accept, server.socket))
        time.sleep(0.05)
        puressl.stop()
        mute.close()
        assert {task.result() for task in tasks} <= {"closed", "enotstarted"}
        puressl.mailbox().close()
    wait_until(lambda: descriptors() <= before and set(threading.enumerate()) <= threads)


def send_on_and_on(handle: puressl.SSLSocket) -> None:
    while True:
        puressl.send(handle, bytes(5_000))


def receive_on_and_on(handle: puressl.SSLSocket) -> None:
    while True:
        puressl.recv(handle)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
@pytest.mark.filterwarnings("ignore:This process:DeprecationWarning")
def test_fork_in_traffic_leaves_it_whole_and_the_child_can_start_anew(server: Server) -> None:
    client, peer = server.pair(active=True)
    data = bytes(range(250)) * 8_000
    sending = Task(puressl.send, peer, data)
    children = []
    for _ in range(5):
        child = os.fork()
        if child == 0:  # pragma: no cover - another process
            os._exit(0 if in_child() else 1)
        children.append(child)
    assert WAYS["active"].take(client, len(data)) == data
    sending.result()
    assert [os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children] == [0] * 5


def in_child() -> bool:
    """Whether an application of its own serves active sockets."""
    puressl.start()
    client, peer = Server(puressl.listen(0, server_options())).pair(active=True)
    puressl.send(peer, b"child")
    good = puressl.mailbox().receive(timeout=PATIENCE) == ("ssl", client, b"child")
    puressl.stop()
    return bool(good)
