"""The application: start, stop, fork, and what it says of itself."""

from __future__ import annotations

import os
import threading
import time
from typing import Any

import pytest

import puressl
from puressl.sockets.messages import process_of
from puressl.sockets.status import Status

from support.endpoints import PATIENCE, Pair, Server, client_options, refusal, server_options, wait_until
from support.task import Task

DESCRIPTORS = "/proc/self/fd"
needs_proc = pytest.mark.skipif(not os.path.isdir(DESCRIPTORS), reason="no /proc here")


def descriptors() -> int:
    return len(os.listdir(DESCRIPTORS))


def loops() -> int:
    return sum(thread.name == "puressl" for thread in threading.enumerate())


def every_call(handle: Any) -> list[tuple[Any, ...]]:
    return [
        (puressl.transport_accept, handle),
        (puressl.ssl_accept, handle),
        (puressl.close, handle),
        (puressl.recv, handle),
        (puressl.send, handle, "wrong"),
        (puressl.controlling_process, handle, "wrong"),
        (puressl.getopts, handle, "wrong"),
        (puressl.setopts, handle, "wrong"),
        (puressl.connection_info, handle),
        (puressl.negotiated_protocol, handle),
        (puressl.peercert, handle, "wrong"),
        (puressl.port, handle),
        (puressl.sockname, handle),
        (puressl.peername, handle),
    ]


def test_start_and_stop_are_idempotent() -> None:
    puressl.start()
    assert loops() == 1
    puressl.stop()
    puressl.stop()
    assert loops() == 0
    puressl.start()
    assert loops() == 1


def test_every_call_but_a_few_needs_the_application(pair: Pair) -> None:
    puressl.stop()
    calls = [
        *every_call(pair[0]),
        (puressl.ciphers,),
        (puressl.seed, "wrong"),
        (puressl.listen, "wrong", "wrong"),
        (puressl.connect, "wrong", "wrong", "wrong"),
    ]
    for call, *arguments in calls:
        assert refusal(call, *arguments) == "enotstarted"
    puressl.mailbox()
    puressl.pid(pair[0])
    assert puressl.format_error("enotstarted")
    assert puressl.version()[1:] == ("", "")


@pytest.mark.parametrize("handle", [None, 7, "socket"])
def test_what_is_no_socket_of_ours_is_not_found(handle: Any) -> None:
    for call, *arguments in every_call(handle):
        assert refusal(call, *arguments) == "ebadsocket"
    assert refusal(puressl.pid, handle) == "ebadsocket"


def test_socket_from_before_a_stop_is_not_found(pair: Pair) -> None:
    puressl.stop()
    puressl.start()
    for call, *arguments in every_call(pair[0]):
        assert refusal(call, *arguments) == "ebadsocket"


def test_wrong_kind_of_socket_has_its_reason(server: Server, pair: Pair) -> None:
    allowed = {
        puressl.transport_accept,
        puressl.close,
        puressl.port,
        puressl.sockname,
        puressl.controlling_process,
        puressl.getopts,
        puressl.setopts,
    }
    for call, *arguments in every_call(server.socket):
        if call not in allowed:
            assert refusal(call, *arguments) == "ebrokertype"
    assert refusal(puressl.transport_accept, pair[0]) == "enotlistener"


def test_closed_comes_before_bad_arguments(pair: Pair) -> None:
    puressl.close(pair[0])
    for call, *arguments in every_call(pair[0])[1:]:
        assert refusal(call, *arguments) == "closed"


def test_stop_closes_every_socket_and_tells_its_owner(server: Server, pair: Pair) -> None:
    client, peer = pair
    receiving = Task(refusal, puressl.recv, peer)
    accepting = Task(refusal, puressl.transport_accept, server.socket)
    time.sleep(0.02)
    puressl.stop()
    assert [receiving.result(), accepting.result()] == ["closed", "closed"]
    exits = [puressl.mailbox().receive(timeout=PATIENCE) for _ in range(3)]
    pids = {puressl.pid(socket) for socket in (server.socket, client, peer)}
    assert all(message == ("EXIT", message.pid, "shutdown") for message in exits)
    assert {message.pid for message in exits} == pids


@needs_proc
def test_stop_under_load_leaves_no_thread_and_no_descriptor() -> None:
    puressl.stop()
    before, threads = descriptors(), threading.active_count()
    puressl.start()
    server = Server(puressl.listen(0, server_options(active=True)))
    pairs = [server.pair(active=True) for _ in range(3)] + [server.pair()]

    def send_on(handle: puressl.SSLSocket) -> None:
        while True:
            puressl.send(handle, bytes(5_000))

    senders = [Task(refusal, send_on, end) for pair in pairs for end in pair]
    time.sleep(0.1)
    puressl.stop()
    for sender in senders:
        assert sender.result() in ("closed", "enotstarted")
    wait_until(lambda: descriptors() == before and threading.active_count() == threads)


@needs_proc
def test_closed_sockets_leave_no_descriptor(server: Server) -> None:
    before = descriptors()
    for active in (True, False):
        client, peer = server.pair(active=active)
        puressl.close(client)
        puressl.close(peer)
    wait_until(lambda: descriptors() == before)
    assert not process_of(server.socket).application._processes - {process_of(server.socket)}


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
@pytest.mark.filterwarnings("ignore:This process:DeprecationWarning")
def test_forked_process_starts_anew_and_leaves_the_connections_alone(server: Server) -> None:
    client, peer = server.pair(active=True)
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:  # pragma: no cover - another process
        try:
            report = [str(refusal(puressl.send, client, b"x")), str(process_of(client).transport.fileno())]
            puressl.start()
            report.append(str(refusal(puressl.send, client, b"x")))
            own = Server(puressl.listen(0, server_options()))
            ours, theirs = own.pair()
            puressl.send(ours, b"child")
            report.append(puressl.recv(theirs, 0, PATIENCE).decode())
            puressl.stop()
            os.write(writer, " ".join(report).encode())
        finally:
            os._exit(0)
    os.close(writer)
    with open(reader, "rb") as pipe:
        assert pipe.read() == b"enotstarted -1 ebadsocket child"
    os.waitpid(child, 0)
    puressl.send(peer, b"still here")
    assert puressl.mailbox().receive(timeout=PATIENCE) == ("ssl", client, b"still here")


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
@pytest.mark.filterwarnings("ignore:This process:DeprecationWarning")
def test_forked_process_keeps_no_socket_that_is_being_closed(pair: Pair) -> None:
    client, peer = pair
    sending = Task(refusal, puressl.send, client, bytes(1 << 24))
    puressl.recv(peer, 1, PATIENCE)
    closing = Task(puressl.close, client)  # which waits for the sender
    wait_until(lambda: process_of(client).status is Status.CLOSED)
    child = os.fork()
    if child == 0:  # pragma: no cover - another process
        os._exit(0 if process_of(client).transport.fileno() < 0 else 1)
    assert os.waitpid(child, 0)[1] == 0
    closing.result()
    assert sending.result() == "closed"


# What it says of itself -----------------------------------------------------------------------------------------------


def test_versions() -> None:
    version = puressl.version()
    assert version.ssl_vsn == puressl.__version__
    assert version.comp_vsn.startswith("0.8")
    assert version.lib_vsn.startswith("0.8")


def test_ciphers_are_separated_by_colons_best_first() -> None:
    names = puressl.ciphers().split(":")
    assert names[0] == "TLS_CHACHA20_POLY1305_SHA256"
    assert "ECDHE-RSA-AES128-GCM-SHA256" in names
    assert "AES128-SHA" in names
    assert len(names) == len(set(names))


@pytest.mark.parametrize(
    "data", [b"bytes", bytearray(b"x"), [1, [2, b"three", (4,)]], memoryview(b"view"), [], range(9)]
)
def test_seed_takes_data(data: object) -> None:
    assert puressl.seed(data) is None


@pytest.mark.parametrize("data", ["text", 7, [256], [-1], [True], [None], {"a": 1}, None])
def test_seed_refuses_what_is_no_data(data: object) -> None:
    assert refusal(puressl.seed, data) == "edata"


def test_every_reason_has_a_diagnostic_string() -> None:
    texts = {puressl.format_error(reason) for reason in puressl.Reason}
    assert len(texts) == len(puressl.Reason)
    assert puressl.format_error(("error", "closed")) == puressl.format_error("closed")
    assert puressl.format_error("econnrefused") == f"{os.strerror(111)}."
    assert "recv" in puressl.format_error(("badcall", "recv"))
    assert puressl.format_error(puressl.SSLError("closed", "why")).endswith("why")


@pytest.mark.parametrize("reason", [None, 7, "nonsense", ("a",), ("a", "b", "c"), [], ("what", "ever"), object()])
def test_other_things_have_none(reason: object) -> None:
    assert "no diagnostic string" in puressl.format_error(reason)


def test_connect_after_stop_and_start(server: Server) -> None:
    puressl.stop()
    puressl.start()
    fresh = Server(puressl.listen(0, server_options()))
    accepting = fresh.accept()
    client = puressl.connect("127.0.0.1", fresh.port, client_options(), PATIENCE)
    puressl.send(client, b"x")
    assert puressl.recv(accepting.result(), 0, PATIENCE) == b"x"
