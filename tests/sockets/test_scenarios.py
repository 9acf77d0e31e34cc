"""What users of ssl(3) do, end to end: each end in a thread of its own, the client first and the server first."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable
from typing import Any, ClassVar

import pytest

import puressl

from support.configs import CERTS
from support.endpoints import PATIENCE, Server, certificates, client_options, refusal, root, server_options
from support.task import Task
from support.ways import WAYS, Way

KIB = 1024
VERSIONS = pytest.mark.parametrize("version", ["tlsv1.3", "tlsv1.2"])
EACH_WAY = pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
#: Who speaks first.
FIRST = pytest.mark.parametrize("first", ["client", "server"])

Work = Callable[[puressl.SSLSocket], Any]


def serving(listener: puressl.ListenSocket, work: Work) -> Task:
    """Accepts a connection and works on it, in a thread that owns it."""

    def serve() -> Any:
        socket = puressl.transport_accept(listener, PATIENCE)
        puressl.ssl_accept(socket, PATIENCE)
        return work(socket)

    return Task(serve)


def connecting(port: int, work: Work, **options: Any) -> Task:
    """Connects and works on the connection, in a thread that owns it."""
    return Task(lambda: work(puressl.connect("127.0.0.1", port, client_options(**options), PATIENCE)))


def meet(first: str, speak: Work, answer: Work, **options: Any) -> Any:
    """A connection on which the one who is first speaks, and the other answers; what the speaker returns."""
    server, client = (answer, speak) if first == "client" else (speak, answer)
    listener = puressl.listen(0, server_options(**options))
    ends = {"server": serving(listener, server), "client": connecting(puressl.port(listener), client, **options)}
    results = {name: end.result() for name, end in ends.items()}
    return results[first]


# Data -----------------------------------------------------------------------------------------------------------------


@VERSIONS
@FIRST
@EACH_WAY
def test_a_kilobyte_is_returned(first: str, way: Way, version: str) -> None:
    data = bytes(range(250)) * 4

    def speak(socket: puressl.SSLSocket) -> bytes:
        puressl.send(socket, data)
        return way.take(socket, len(data))

    def answer(socket: puressl.SSLSocket) -> None:
        puressl.send(socket, way.take(socket, len(data)))
        finish(way, socket)

    assert meet(first, speak, answer, active=way.active, versions=[version]) == data


@FIRST
@EACH_WAY
@pytest.mark.parametrize("size", [50_000, 500_000])
def test_much_is_echoed_as_it_comes(first: str, way: Way, size: int) -> None:
    data = bytes(range(250)) * (size // 250)

    def speak(socket: puressl.SSLSocket) -> bytes:
        puressl.send(socket, data)
        return way.take(socket, size)

    def answer(socket: puressl.SSLSocket) -> None:
        way.take(socket, size, lambda piece: puressl.send(socket, piece))
        finish(way, socket)

    assert meet(first, speak, answer, active=way.active) == data


def finish(way: Way, socket: puressl.SSLSocket) -> None:
    """The other end's thread has finished, and with it its socket is closed."""
    if way.active is False:
        assert refusal(puressl.recv, socket, 0, PATIENCE) == "closed"
    else:
        assert way.message(socket) == puressl.Closed(socket)


@pytest.mark.parametrize("count", [7, 100])
def test_many_connections_at_once(serve: Callable[..., Server], count: int) -> None:
    """Several acceptors share the listen socket; every client has its own thread and gets its own data back."""
    server = serve(backlog=count)
    all_connected = threading.Barrier(count)

    def echo(socket: puressl.SSLSocket) -> None:
        puressl.send(socket, puressl.recv(socket, KIB, PATIENCE))
        assert refusal(puressl.recv, socket, 0, PATIENCE) == "closed"

    def speak(socket: puressl.SSLSocket) -> int:
        all_connected.wait(PATIENCE / 1000)
        data = puressl.sockname(socket)[1].to_bytes(2, "big") * (KIB // 2)
        puressl.send(socket, data)
        assert puressl.recv(socket, KIB, PATIENCE) == data
        return puressl.sockname(socket)[1]

    servers = [serving(server.socket, echo) for _ in range(count)]
    clients = [connecting(server.port, speak) for _ in range(count)]
    assert len({client.result() for client in clients}) == count
    for end in servers:
        end.result()


def test_one_thread_serves_many_active_connections(serve: Callable[..., Server]) -> None:
    server = serve(active=True)
    pairs = [server.pair(active=True) for _ in range(20)]
    peers = dict(pairs)
    for client in peers:
        puressl.send(client, puressl.sockname(client)[1].to_bytes(2, "big"))
    for _ in pairs:
        message = puressl.mailbox().receive(lambda message: message.socket not in peers, timeout=PATIENCE)
        puressl.send(message.socket, [message.data, b"!"])
    for client in peers:
        message = puressl.mailbox().receive(lambda message, client=client: message.socket is client, timeout=PATIENCE)
        assert message.data == puressl.sockname(client)[1].to_bytes(2, "big") + b"!"


# Certificates ---------------------------------------------------------------------------------------------------------

#: Leaf, CA, CA and root: what a depth of 2 allows.
DEEP = CERTS / "reasons" / "echaintoolong" / "depth"


def deep(role: str) -> dict[str, str]:
    return {"certfile": str(DEEP / f"{role}-chain.pem"), "keyfile": str(DEEP / f"{role}.key")}


@VERSIONS
@pytest.mark.parametrize("depth", [2, 3])
def test_both_sides_verify_with_depth(serve: Callable[..., Server], depth: int, version: str) -> None:
    judging = {"verify": 2, "cacertfile": str(DEEP / "root.pem"), "depth": depth}
    client, peer = serve(**deep("server"), **judging, versions=[version]).pair(**deep("client"), **judging)
    puressl.send(client, b"verified")
    assert puressl.recv(peer, 0, PATIENCE) == b"verified"


@VERSIONS
@pytest.mark.parametrize("present", [True, False])
def test_client_with_and_without_certificate(serve: Callable[..., Server], present: bool, version: str) -> None:
    server = serve(verify=1, cacertfile=root(), versions=[version])
    client, peer = server.pair(**(certificates("client") if present else {}))
    puressl.send(client, b"hello")
    assert puressl.recv(peer, 0, PATIENCE) == b"hello"
    if present:
        assert isinstance(puressl.peercert(peer), bytes)
    else:
        assert refusal(puressl.peercert, peer) == "enopeercert"


@VERSIONS
@pytest.mark.parametrize("opts", [(), ("pkix",), ("ssl",), ("pkix", "subject"), ("ssl", "subject")])
def test_peercert_on_either_side(serve: Callable[..., Server], opts: tuple[str, ...], version: str) -> None:
    server = serve(verify=2, cacertfile=root(), versions=[version])
    for socket, name in zip(server.pair(**certificates("client")), ("server", "client"), strict=True):
        der = puressl.peercert(socket)
        assert f"{name}.example".encode() in der
        form = next(iter(opts), "der")
        assert puressl.peercert(socket, opts) == puressl.decode_certificate(der, form, "subject" in opts)


@VERSIONS
def test_server_that_asked_for_no_certificate_has_none(serve: Callable[..., Server], version: str) -> None:
    client, peer = serve(versions=[version]).pair(**certificates("client"))
    for opts in ((), ("pkix",), ("ssl", "subject")):
        assert refusal(puressl.peercert, peer, opts) == "enopeercert"
        assert puressl.peercert(client, opts)


# Closing, accepting, changing hands -----------------------------------------------------------------------------------


@VERSIONS
@pytest.mark.parametrize("closer", [0, 1], ids=["client", "server"])
@EACH_WAY
def test_close_is_seen_by_the_other_side(serve: Callable[..., Server], closer: int, way: Way, version: str) -> None:
    pair = serve(active=way.active, versions=[version]).pair(active=way.active)
    puressl.send(pair[closer], b"bye")
    puressl.close(pair[closer])
    other = pair[1 - closer]
    assert way.message(other).data == b"bye"
    finish(way, other)
    assert refusal(puressl.send, other, b"too late") == "closed"
    puressl.close(other)


def test_acceptors_that_give_up_leave_the_connection_to_others(server: Server) -> None:
    hurried = [Task(refusal, puressl.transport_accept, server.socket, timeout) for timeout in (0, 20, 50)]
    assert [each.result() for each in hurried] == ["timeout"] * 3
    patient = [serving(server.socket, puressl.peername) for _ in range(3)]
    clients = [puressl.connect("127.0.0.1", server.port, client_options(), PATIENCE) for _ in patient]
    assert {each.result() for each in patient} == {puressl.sockname(client) for client in clients}


@pytest.mark.parametrize("way", [WAYS[name] for name in ("active", "once", "n")], ids=["active", "once", "n"])
def test_sockets_go_round_in_traffic_and_no_message_is_lost_doubled_or_reordered(
    serve: Callable[..., Server], way: Way
) -> None:
    """Each holder takes some of what comes for a socket, and passes it on to the next."""
    server = serve(packet=2)
    pairs = [server.pair(packet=2, active=way.active) for _ in range(3)]
    holders = [Holder(way) for _ in range(4)]
    for holder, heir in zip(holders, holders[1:] + holders[:1], strict=True):
        holder.heir = heir
    for (client, _), holder in zip(pairs, holders, strict=False):
        holder.be_given(client, [])
    senders = [Task(send_numbers, peer) for _, peer in pairs]
    assert [holders[0].finished.get(timeout=PATIENCE / 1000) for _ in pairs] == [list(range(NUMBERS))] * 3
    for sender in senders:
        sender.result()
    for holder in holders:
        holder.given.put(None)
        holder.task.result()


NUMBERS, AT_ONCE = 150, 5


def send_numbers(peer: puressl.SSLSocket) -> None:
    for number in range(NUMBERS):
        puressl.send(peer, number.to_bytes(4, "big"))


class Holder:
    """A thread that owns sockets for a while. given: they come with what was received of them so far."""

    finished: ClassVar[queue.Queue[list[int]]] = queue.Queue()
    heir: Holder

    def __init__(self, way: Way) -> None:
        self.given: queue.Queue[tuple[puressl.SSLSocket, list[int]] | None] = queue.Queue()
        self._way = way
        self._mailbox: queue.Queue[puressl.Mailbox] = queue.Queue()
        self.task = Task(self._hold)
        self._own = self._mailbox.get()

    def be_given(self, socket: puressl.SSLSocket, numbers: list[int]) -> None:
        """From the thread that owns the socket."""
        puressl.controlling_process(socket, self._own)
        self.given.put((socket, numbers))

    def _hold(self) -> None:
        self._mailbox.put(puressl.mailbox())
        while (held := self.given.get(timeout=PATIENCE / 1000)) is not None:
            socket, numbers = held
            numbers += [int.from_bytes(self._way.message(socket).data, "big") for _ in range(AT_ONCE)]
            if len(numbers) == NUMBERS:
                self.finished.put(numbers)
            else:
                self.heir.be_given(socket, numbers)
