"""The blocking socket: real connections over real sockets, both ends in threads of their own."""

from __future__ import annotations

import selectors
import socket
import struct
import time
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import pytest

from puressl.codes import AlertDescription, ProtocolVersion
from puressl.config import ServerConfig, Verify
from puressl.connection import ClientConnection, ServerConnection
from puressl.errors import CertificateError, Problem, ProtocolError, Reason, SSLError
from puressl.events import PENDING, ChooseCredential, Sign
from puressl.io.blocking import LAST_WORDS_TIMEOUT, BlockingSocket, accept, connect, upgrade
from puressl.wire.record import HEADER_LENGTH

from support.configs import client_config, credential, server_config, trust
from support.task import Task

#: Seconds after which a test is taken to hang. Nothing here takes a tenth of it.
PATIENCE = 20.0
TLS12, TLS13 = (ProtocolVersion.TLSv1_2,), (ProtocolVersion.TLSv1_3,)
BOTH = pytest.mark.parametrize("versions", [TLS13, TLS12], ids=["1.3", "1.2"])

Pair = tuple[BlockingSocket, BlockingSocket]


def tcp_pair() -> tuple[socket.socket, socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        ours = socket.create_connection(listener.getsockname())
        theirs, _ = listener.accept()
    return ours, theirs


def ends(sockets: tuple[socket.socket, socket.socket] | None = None, **both: Any) -> Pair:
    """A client and a server, no handshake yet."""
    ours, theirs = sockets or tcp_pair()
    return (
        BlockingSocket(ours, ClientConnection(client_config(**both)), timeout=PATIENCE),
        BlockingSocket(theirs, ServerConnection(server_config(**both)), timeout=PATIENCE),
    )


def shake(pair: Pair) -> Pair:
    client, server = pair
    task = Task(server.handshake)
    client.handshake()
    task.result()
    return pair


@pytest.fixture
def pair() -> Iterator[Pair]:
    client, server = shake(ends())
    yield client, server
    Task(client.close).result()
    server.close()


def reset(peer: BlockingSocket) -> None:
    """Ends the peer's TCP connection with RST."""
    peer.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    peer.socket.close()


def write_until_it_fails(peer: BlockingSocket) -> None:
    """TCP takes some writes before it notices that nobody is there."""
    for _ in range(1_000):
        peer.write(b"into the void")
        time.sleep(0.001)


def echo(peer: BlockingSocket) -> None:
    while data := peer.read():
        peer.write(data)
    peer.close()


# Data ---------------------------------------------------------------------------------------------------------------


@BOTH
def test_data_is_echoed(versions: tuple[ProtocolVersion, ...]) -> None:
    client, server = shake(ends(versions=versions))
    task = Task(echo, server)
    with client:
        client.write(b"ping" * 10_000)
        assert client.read_exactly(40_000) == b"ping" * 10_000
        client.close_write()
        assert client.read() == b""
    task.result()


def test_data_passes_over_a_socketpair() -> None:
    with suppress(AttributeError):
        client, server = shake(ends(socket.socketpair()))
        with client, server:
            client.write(b"ping")
            assert server.read() == b"ping"


def test_read_takes_no_more_than_its_limit(pair: Pair) -> None:
    client, server = pair
    client.write(b"abcdef")
    assert [server.read(4), server.read(4)] == [b"abcd", b"ef"]


@pytest.mark.parametrize("limit", [0, -1])
def test_read_refuses_a_limit_that_asks_for_nothing(pair: Pair, limit: int) -> None:
    with pytest.raises(SSLError) as caught:
        pair[0].read(limit)
    assert caught.value.reason is Reason.EINVAL


def test_write_takes_any_bytes_like(pair: Pair) -> None:
    client, server = pair
    for data in (bytearray(b"one"), memoryview(b"two"), memoryview(b"\x01\x02\x03\x04").cast("I")):
        client.write(data)
        assert server.read() == bytes(data)
    client.write(b"")


def test_one_thread_reads_while_another_writes(pair: Pair) -> None:
    """More than the kernel's buffers hold goes both ways at once: nobody may wait for the other direction."""
    client, server = pair
    for each in pair:
        for option in (socket.SO_SNDBUF, socket.SO_RCVBUF):
            each.socket.setsockopt(socket.SOL_SOCKET, option, 8_192)
    there, back = bytes(range(256)) * 400, bytes(range(255, -1, -1)) * 400
    tasks = [Task(client.write, there), Task(server.write, back)]
    reading = Task(server.read_exactly, len(there))
    assert client.read_exactly(len(back)) == back
    assert reading.result() == there
    for task in tasks:
        task.result()


def test_data_arrives_although_the_peer_asks_for_new_keys_meanwhile(pair: Pair) -> None:
    client, server = pair
    echoing = Task(echo, server)
    reading = Task(client.read_exactly, 40_000)
    for _ in range(10):
        client.write(b"data" * 1_000)
        client.update_keys()
    assert reading.result() == b"data" * 10_000
    client.close_write()
    assert client.read() == b""
    echoing.result()


def test_what_one_thread_writes_stays_in_one_piece(pair: Pair) -> None:
    client, server = pair
    pieces = [bytes([number]) * 50_000 for number in range(3)]
    reading = Task(server.read_exactly, 150_000)
    for task in [Task(client.write, piece) for piece in pieces]:
        task.result()
    got = reading.result()
    assert sorted([got[:50_000], got[50_000:100_000], got[100_000:]]) == pieces


def test_connection_survives_a_transport_of_single_bytes() -> None:
    """A relay passes every byte by itself."""
    (ours, outer), (inner, theirs) = tcp_pair(), tcp_pair()

    def relay(source: socket.socket, target: socket.socket) -> None:
        with suppress(OSError):
            while byte := source.recv(1):
                target.sendall(byte)
            target.shutdown(socket.SHUT_WR)

    relays = [Task(relay, outer, inner), Task(relay, inner, outer)]
    client, server = shake(ends((ours, theirs)))
    with server, client:
        client.write(b"ping" * 100)
        assert server.read_exactly(400) == b"ping" * 100
    for task in relays:
        task.result()
    outer.close()
    inner.close()


# Closing ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("turned", [False, True], ids=["client first", "server first"])
def test_closed_for_writing_still_reads(pair: Pair, turned: bool) -> None:
    first, second = reversed(pair) if turned else pair
    first.write(b"all")
    first.close_write()
    assert second.read() == b"all"
    assert second.read() == b""
    second.write(b"answer" * 1_000)
    second.close_write()
    assert first.read_exactly(7_000) == b"answer" * 1_000
    assert first.read() == first.read() == b""


def test_close_notify_closes_both_directions_in_tls12() -> None:
    client, server = shake(ends(versions=TLS12))
    with client, server:
        client.close_write()
        assert server.read() == b""
        with pytest.raises(SSLError) as caught:
            server.write(b"late")
        assert caught.value.reason is Reason.CLOSED


def test_nothing_can_be_written_after_close_write(pair: Pair) -> None:
    pair[0].close_write()
    with pytest.raises(SSLError) as caught:
        pair[0].write(b"late")
    assert caught.value.reason is Reason.CLOSED


def test_closed_socket_answers_closed(pair: Pair) -> None:
    client, server = pair
    client.close()
    client.close()
    for call in (client.read, lambda: client.write(b"late"), lambda: client.update_keys()):
        with pytest.raises(SSLError) as caught:
            call()
        assert caught.value.reason is Reason.CLOSED
    assert server.read() == b""


def test_closed_socket_gives_out_nothing_more(pair: Pair) -> None:
    client, server = pair
    server.write(b"abcdef")
    assert client.read(3) == b"abc"
    client.close()
    with pytest.raises(SSLError) as caught:
        client.read()
    assert caught.value.reason is Reason.CLOSED


def test_close_wakes_a_thread_that_reads(pair: Pair) -> None:
    client, _ = pair
    reading = Task(client.read)
    while not client.descriptor.is_held:
        time.sleep(0.005)
    client.close()
    assert reading.error().reason is Reason.CLOSED
    assert client.fileno() == -1


def test_close_does_not_wait_for_a_thread_that_cannot_write(pair: Pair) -> None:
    client, _ = pair
    client.socket.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 8_192)
    writing = Task(client.write, bytes(8_000_000))
    while not client.descriptor.is_held:
        time.sleep(0.005)
    begun = time.monotonic()
    client.close()
    assert time.monotonic() - begun < 5 * LAST_WORDS_TIMEOUT
    assert writing.error().reason is Reason.CLOSED


def test_what_was_written_before_close_arrives(pair: Pair) -> None:
    """The server's tickets lie unread on the client's side: a reset in their place would take the data with it."""
    client, server = pair
    client.write(b"data" * 20_000)
    client.close()
    assert server.read_exactly(80_000) == b"data" * 20_000
    assert server.read() == b""


# Timeouts -----------------------------------------------------------------------------------------------------------


def test_read_that_timed_out_loses_nothing(pair: Pair) -> None:
    client, server = pair
    for timeout in (0.05, 0, -1):
        with pytest.raises(SSLError) as caught:
            server.read(timeout=timeout)
        assert caught.value.reason is Reason.TIMEOUT
    client.write(b"late")
    assert server.read() == b"late"


def test_read_that_timed_out_within_a_record_loses_nothing(pair: Pair) -> None:
    client, server = pair
    client.connection.send_data(b"record")
    record = client.connection.data_to_send()
    client.socket.sendall(record[:10])
    with pytest.raises(SSLError) as caught:
        server.read(timeout=0.05)
    assert caught.value.reason is Reason.TIMEOUT
    client.socket.sendall(record[10:])
    assert server.read() == b"record"


def test_read_exactly_that_timed_out_leaves_what_had_come(pair: Pair) -> None:
    client, server = pair
    client.write(b"half")
    with pytest.raises(SSLError) as caught:
        server.read_exactly(8, timeout=0.05)
    assert caught.value.reason is Reason.TIMEOUT
    client.write(b"rest")
    assert server.read_exactly(8) == b"halfrest"


def test_read_without_waiting_returns_what_has_arrived(pair: Pair) -> None:
    client, server = pair
    client.write(b"here")
    for _ in range(200):
        with suppress(SSLError):
            assert server.read(timeout=0) == b"here"
            return
        time.sleep(0.01)
    raise AssertionError("it never arrived")


def test_read_may_wait_longer_than_a_system_call(pair: Pair) -> None:
    client, server = pair
    reading = Task(server.read, 100, 1e12)
    client.write(b"data")
    assert reading.result() == b"data"


def test_second_reader_times_out_while_the_first_waits(pair: Pair) -> None:
    client, server = pair
    first = Task(server.read)
    while not server.descriptor.is_held:
        time.sleep(0.005)
    with pytest.raises(SSLError) as caught:
        server.read(timeout=0.05)
    assert caught.value.reason is Reason.TIMEOUT
    client.write(b"data")
    assert first.result() == b"data"


def test_write_that_timed_out_ends_writing_and_is_no_clean_end(pair: Pair) -> None:
    client, server = pair
    client.socket.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 8_192)
    with pytest.raises(SSLError) as caught:
        client.write(bytes(8_000_000), timeout=0.2)
    assert caught.value.reason is Reason.TIMEOUT
    for call in (lambda: client.write(b"more"), client.close_write, client.update_keys):
        with pytest.raises(SSLError) as caught:
            call()
        assert caught.value.reason is Reason.CLOSED
    server.write(b"still heard")
    assert client.read() == b"still heard"
    closing = Task(client.close)
    with pytest.raises(ProtocolError) as truncated:
        server.read_exactly(8_000_000)
    assert truncated.value.problem is Problem.TRUNCATED
    closing.result()


def test_handshake_that_timed_out_closes_the_socket() -> None:
    ours, theirs = tcp_pair()
    with theirs:
        with pytest.raises(SSLError, match="waited in ClientWaitServerHello") as caught:
            upgrade(ours, client_config(), timeout=0.1)
        assert caught.value.reason is Reason.TIMEOUT
        assert ours.fileno() == -1


# The ends that are errors -------------------------------------------------------------------------------------------


def test_data_before_truncation_is_delivered(pair: Pair) -> None:
    client, server = pair
    client.write(b"data" * 10_000)
    client.socket.shutdown(socket.SHUT_WR)
    assert server.read_exactly(40_000) == b"data" * 10_000
    for _ in range(2):
        with pytest.raises(ProtocolError) as caught:
            server.read()
        assert caught.value.reason is Reason.ESSLERRSSL
        assert "truncated" in str(caught.value)


def test_truncation_within_a_record_is_told(pair: Pair) -> None:
    client, server = pair
    client.connection.send_data(b"whole")
    client.connection.send_data(b"cut")
    client.socket.sendall(client.connection.data_to_send()[:-1])
    client.socket.shutdown(socket.SHUT_WR)
    assert server.read() == b"whole"
    with pytest.raises(ProtocolError, match="inside a record"):
        server.read()


def test_peer_may_still_be_written_to_after_truncation_is_not_possible(pair: Pair) -> None:
    client, server = pair
    client.socket.shutdown(socket.SHUT_WR)
    with pytest.raises(ProtocolError):
        server.read()
    with pytest.raises(SSLError) as caught:
        server.write(b"late")
    assert caught.value.reason is Reason.CLOSED


def test_end_within_the_handshake_is_the_roles_failure() -> None:
    for config, reason in ((client_config(), Reason.ESSLCONNECT), (server_config(), Reason.ESSLACCEPT)):
        ours, theirs = tcp_pair()
        with theirs:
            task = Task(lambda sock=ours, config=config: upgrade(sock, config, timeout=PATIENCE))
            theirs.shutdown(socket.SHUT_WR)
            assert task.error().reason is reason


def test_reset_has_its_posix_name(pair: Pair) -> None:
    client, server = pair
    client.write(b"before")
    assert server.read() == b"before"
    reset(client)
    for _ in range(2):
        with pytest.raises(SSLError) as caught:
            server.read()
        assert caught.value.reason == "econnreset"


def test_reset_that_a_write_has_met_is_no_truncation_for_the_reader(pair: Pair) -> None:
    client, server = pair
    reset(client)
    with pytest.raises(SSLError) as caught:
        write_until_it_fails(server)
    assert caught.value.reason in ("econnreset", "epipe")
    with pytest.raises(SSLError) as caught:
        server.read()
    assert caught.value.reason == "econnreset"


def test_socket_closed_from_outside_has_its_own_reason(pair: Pair) -> None:
    client, _ = pair
    client.socket.close()
    with pytest.raises(SSLError) as caught:
        client.read()
    assert caught.value.reason is Reason.ENOPROXYSOCKET


# Alerts -------------------------------------------------------------------------------------------------------------


def test_alert_is_with_the_peer_before_the_error_is_raised() -> None:
    """The server refuses while the client still sends: its alert must not be lost to a reset."""
    ours, theirs = tcp_pair()
    task = Task(lambda: upgrade(theirs, server_config(), timeout=PATIENCE))
    with ours:
        ours.sendall(b"GET / HTTP/1.1\r\nHost: a.example\r\n\r\n")
        time.sleep(0.05)
        ours.sendall(bytes(100_000))
        alert = b""
        while data := ours.recv(100):
            alert += data
    assert alert[HEADER_LENGTH:] == bytes([2, AlertDescription.PROTOCOL_VERSION])
    assert "HTTP" in str(task.error())


def test_refused_certificate_is_told_to_the_server() -> None:
    client, server = ends()
    client.connection = ClientConnection(client_config(server_name="other.example"))
    client = BlockingSocket(client.socket, client.connection, timeout=PATIENCE)
    task = Task(server.handshake)
    with pytest.raises(CertificateError):
        client.handshake()
    error = task.error()
    assert error.reason is Reason.ESSLERRSSL
    assert "bad_certificate" in str(error)
    assert client.fileno() == server.fileno() == -1


def test_client_meets_the_refusal_of_its_certificate_when_it_reads() -> None:
    ours, theirs = tcp_pair()
    config = server_config(verify=Verify.REQUIRED, trust=trust())
    task = Task(lambda: upgrade(theirs, config, timeout=PATIENCE))
    with upgrade(ours, client_config(versions=TLS13), timeout=PATIENCE) as client:
        with pytest.raises(ProtocolError, match="certificate_required") as caught:
            client.read()
        assert caught.value.reason is Reason.ESSLERRSSL
    task.error()


def test_peers_alert_is_preferred_to_a_broken_pipe(pair: Pair) -> None:
    """The client writes to a server that has sent an alert and is gone."""
    client, server = pair
    server.connection.receive_data(b"\x17\x03\x03\x00\x20" + bytes(32))
    with pytest.raises(ProtocolError):
        server.connection.next_event()
    server.socket.sendall(server.connection.data_to_send())
    server.socket.close()
    with pytest.raises(ProtocolError) as caught:
        write_until_it_fails(client)
    assert caught.value.received == AlertDescription.BAD_RECORD_MAC


def test_error_is_raised_in_bounded_time_although_the_peer_never_ends() -> None:
    ours, theirs = tcp_pair()
    task = Task(lambda: upgrade(theirs, server_config(), timeout=PATIENCE))
    with ours:
        ours.sendall(b"GET / HTTP/1.1\r\n\r\n")
        begun = time.monotonic()
        assert "HTTP" in str(task.error())
        assert time.monotonic() - begun < 5 * LAST_WORDS_TIMEOUT


# Needs --------------------------------------------------------------------------------------------------------------


def pending(*needs: type) -> ServerConfig:
    return server_config(resolvers={need: lambda need: PENDING for need in (ChooseCredential, *needs)})


def test_pending_needs_are_answered_by_the_callback() -> None:
    config, asked = pending(Sign), []

    def answer(need: Any) -> Any:
        asked.append(type(need))
        if isinstance(need, Sign):
            return config.provider.sign(need.credential.key, need.scheme, need.message, config.env)
        return credential()

    ours, theirs = tcp_pair()
    task = Task(lambda: upgrade(theirs, config, timeout=PATIENCE, answer=answer))
    with upgrade(ours, client_config(), timeout=PATIENCE) as client, task.result() as server:
        client.write(b"ping")
        assert server.read() == b"ping"
    assert asked == [ChooseCredential, Sign]


def test_need_that_the_callback_refuses_fails_the_handshake() -> None:
    def answer(need: Any) -> Any:
        raise ProtocolError(Problem.UNRECOGNIZED_NAME, "nobody")

    ours, theirs = tcp_pair()
    task = Task(lambda: upgrade(theirs, pending(), timeout=PATIENCE, answer=answer))
    with pytest.raises(ProtocolError, match="unrecognized_name"):
        upgrade(ours, client_config(), timeout=PATIENCE)
    assert task.error().reason is Reason.ESSLACCEPT


def test_need_that_nothing_answers_has_its_reason() -> None:
    ours, theirs = tcp_pair()
    task = Task(lambda: upgrade(theirs, pending(), timeout=PATIENCE))
    with ours:
        connection = ClientConnection(client_config())
        connection.start()
        ours.sendall(connection.data_to_send())
        assert task.error().reason is Reason.EX509LOOKUP


# Making connections -------------------------------------------------------------------------------------------------


def test_connect_meets_accept() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        task = Task(lambda: accept(listener, server_config(), timeout=PATIENCE))
        with connect(listener.getsockname(), client_config(), timeout=PATIENCE) as client, task.result() as server:
            server.write(b"hello")
            assert client.read() == b"hello"


def test_connect_tries_every_address_of_a_name(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        good = listener.getsockname()
        with socket.create_server(("127.0.0.1", 0)) as gone:
            bad = gone.getsockname()
        row = (socket.AF_INET, socket.SOCK_STREAM, 0, "")
        monkeypatch.setattr(socket, "getaddrinfo", lambda *args, **kwargs: [(*row, bad), (*row, good)])
        task = Task(lambda: accept(listener, server_config(), timeout=PATIENCE))
        connect(("a.example", 1), client_config(), timeout=PATIENCE).close()
        task.result().close()


def test_connect_to_a_closed_port_has_its_posix_name() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        address = listener.getsockname()
    with pytest.raises(SSLError, match=str(address[1])) as caught:
        connect(address, client_config(), timeout=PATIENCE)
    assert caught.value.reason == "econnrefused"


@pytest.mark.parametrize("host", ["does-not-exist.invalid", "a..b", "x" * 64 + ".example"])
def test_unknown_host_is_nxdomain(host: str) -> None:
    with pytest.raises(SSLError) as caught:
        connect((host, 443), client_config(), timeout=PATIENCE)
    assert caught.value.reason is Reason.NXDOMAIN


def test_connect_that_timed_out_has_its_reason() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener, pytest.raises(SSLError) as caught:
        connect(listener.getsockname(), client_config(), timeout=0.1)
    assert caught.value.reason is Reason.TIMEOUT


def test_accept_that_timed_out_leaves_the_listener() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        with pytest.raises(SSLError) as caught:
            accept(listener, server_config(), timeout=0.05)
        assert caught.value.reason is Reason.TIMEOUT
        assert listener.fileno() != -1


def test_client_that_is_gone_before_accept_is_a_failed_handshake() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        client = socket.create_connection(listener.getsockname())
        client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        client.close()
        with pytest.raises(SSLError) as caught:
            accept(listener, server_config(), timeout=PATIENCE)
        assert caught.value.reason == "econnreset"


def test_upgrade_wants_a_connected_socket() -> None:
    with socket.socket() as sock:
        with pytest.raises(SSLError) as caught:
            upgrade(sock, client_config())
        assert caught.value.reason is Reason.EWANTCONNECT
        assert sock.fileno() != -1


def test_bytes_of_another_protocol_may_come_before_the_upgrade() -> None:
    ours, theirs = tcp_pair()
    ours.sendall(b"STARTTLS\n")
    assert theirs.recv(100) == b"STARTTLS\n"
    task = Task(lambda: upgrade(theirs, server_config(), timeout=PATIENCE))
    with upgrade(ours, client_config(), timeout=PATIENCE) as client, task.result() as server:
        client.write(b"ping")
        assert server.read() == b"ping"


# Event loops ----------------------------------------------------------------------------------------------------------


def test_receive_now_waits_for_nothing_and_says_what_it_waits_for(pair: Pair) -> None:
    client, server = pair
    assert server.receive_now() is None
    assert server.interest == selectors.EVENT_READ
    client.write(b"ping")
    server.descriptor.wait(server.interest, time.monotonic() + PATIENCE)
    assert server.receive_now() == b"ping"
    client.close()
    server.descriptor.wait(server.interest, time.monotonic() + PATIENCE)
    assert server.receive_now() == b""
    assert not server.interest


def test_receive_hands_out_one_piece_at_a_time(pair: Pair) -> None:
    client, server = pair
    client.write(b"one")
    client.write(b"two")
    assert [server.receive(), server.receive()] == [b"one", b"two"]
    client.close_write()
    assert server.receive() == b""


def test_closed_socket_stays_open_while_somebody_holds_it(pair: Pair) -> None:
    client, _ = pair
    client.descriptor.hold()
    client.close()
    assert client.fileno() >= 0
    client.descriptor.release()
    assert client.fileno() < 0
    with pytest.raises(SSLError) as caught:
        client.descriptor.hold()
    assert caught.value.reason is Reason.CLOSED
