"""Opening connections: ``listen``, ``transport_accept``, ``ssl_accept``, ``connect`` and upgrades."""

from __future__ import annotations

import errno
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest

import puressl
from puressl.codes import AlertDescription, ContentType
from puressl.io.blocking import LAST_WORDS_TIMEOUT
from puressl.sockets.messages import process_of

from support.endpoints import (
    PATIENCE,
    Pair,
    Server,
    certificates,
    client_options,
    refusal,
    root,
    server_options,
    times_out_punctually,
    wait_until,
)
from support.task import Task

FREE = {"verify": 0, "active": False}


@pytest.fixture
def tcp() -> Iterator[tuple[socket.socket, socket.socket]]:
    """A connected pair of plain sockets."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        ours = socket.create_connection(listener.getsockname())
        theirs, _ = listener.accept()
    yield ours, theirs
    ours.close()
    theirs.close()


@pytest.fixture
def silent() -> Iterator[int]:
    """The port of a server that accepts and says nothing."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener.getsockname()[1]


# Addresses ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("address", ["127.0.0.1", "localhost", (127, 0, 0, 1)])
def test_connect_takes_names_and_addresses(server: Server, address: Any) -> None:
    accepting = server.accept()
    client = puressl.connect(address, server.port, client_options(), PATIENCE)
    peer = accepting.result()
    assert puressl.peername(client) == puressl.sockname(peer) == ("127.0.0.1", server.port)
    assert puressl.sockname(client) == puressl.peername(peer)
    assert puressl.port(client) == puressl.sockname(client)[1]


@pytest.mark.parametrize(
    "address",
    [7, None, "", b"localhost", (127, 0, 0), (127, 0, 0, 256), (127, 0, 0, True), (0,) * 7 + (65_536,), "a\0b"],
)
def test_connect_refuses_what_is_no_address(address: Any) -> None:
    assert refusal(puressl.connect, address, 1, FREE) == "einval"


@pytest.mark.parametrize("port", [-1, 65_536, True, "443", None])
def test_ports_are_numbers_in_their_range(port: Any) -> None:
    assert refusal(puressl.connect, "127.0.0.1", port, FREE) == "einval"
    assert refusal(puressl.listen, port, server_options()) == "einval"


def test_dual_stack_shows_mapped_addresses_as_ipv4(serve: Callable[..., Server]) -> None:
    server = serve(ip="::")
    accepting = server.accept()
    client = puressl.connect("127.0.0.1", server.port, FREE, PATIENCE)
    peer = accepting.result()
    assert puressl.sockname(server.socket) == ("::", server.port)
    assert puressl.peername(peer) == puressl.sockname(client)
    assert puressl.sockname(peer)[0] == "127.0.0.1"
    accepting = server.accept()
    six = puressl.connect((0, 0, 0, 0, 0, 0, 0, 1), server.port, FREE, PATIENCE)
    assert puressl.peername(six) == ("::1", server.port)
    accepting.result()


def test_listening_on_every_ipv6_address_needs_no_ipv4(
    serve: Callable[..., Server], monkeypatch: pytest.MonkeyPatch
) -> None:
    real = socket.socket.setsockopt

    def setsockopt(self: socket.socket, level: int, name: int, value: Any) -> None:
        if (level, name) == (socket.IPPROTO_IPV6, socket.IPV6_V6ONLY):
            raise OSError(errno.EINVAL, "Invalid argument")  # what OpenBSD says
        real(self, level, name, value)

    monkeypatch.setattr(socket.socket, "setsockopt", setsockopt)
    server = serve(ip="::")
    accepting = server.accept()
    puressl.connect("::1", server.port, FREE, PATIENCE)
    accepting.result()


def test_connect_binds_its_local_end(server: Server) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    accepting = server.accept()
    client = puressl.connect("127.0.0.1", server.port, {**FREE, "ip": (127, 0, 0, 1), "port": port}, PATIENCE)
    assert puressl.sockname(client) == ("127.0.0.1", port)
    accepting.result()


def test_connect_to_a_closed_port_is_refused() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        assert refusal(puressl.connect, "127.0.0.1", free.getsockname()[1], FREE) == "econnrefused"


def test_connect_to_an_unknown_name_is_nxdomain() -> None:
    assert refusal(puressl.connect, "nowhere.invalid", 443, FREE) == "nxdomain"
    assert refusal(puressl.connect, "nowhere.invalid", 443, FREE, PATIENCE) == "nxdomain"


def test_listen_on_a_port_in_use(server: Server) -> None:
    assert refusal(puressl.listen, server.port, server_options(reuseaddr=False)) == "eaddrinuse"


# Timeouts and endings of handshakes -----------------------------------------------------------------------------------


def test_connect_to_a_silent_server_times_out_in_time(silent: int) -> None:
    times_out_punctually(puressl.connect, "127.0.0.1", silent, FREE, 200)


def test_ssl_accept_of_a_silent_client_times_out_and_frees_the_socket(server: Server) -> None:
    accepted: list[puressl.SSLSocket] = []

    def accept(timeout: int) -> None:
        accepted.append(puressl.transport_accept(server.socket, PATIENCE))
        puressl.ssl_accept(accepted[-1], timeout)

    with ExitStack() as clients:
        for _ in range(5):
            clients.enter_context(socket.create_connection(("127.0.0.1", server.port)))
        times_out_punctually(accept, 100)
    assert process_of(accepted[0]).transport.fileno() < 0
    assert refusal(puressl.ssl_accept, accepted[0]) == "closed"
    assert refusal(puressl.close, accepted[0]) == "closed"


def test_transport_accept_times_out_and_goes_on(server: Server) -> None:
    times_out_punctually(puressl.transport_accept, server.socket, 100)
    assert refusal(puressl.transport_accept, server.socket, 0) == "timeout"
    client, peer = server.pair()
    puressl.send(client, b"x")
    assert puressl.recv(peer, 0, PATIENCE) == b"x"


def test_close_of_a_listen_socket_ends_its_acceptors(server: Server) -> None:
    acceptors = [Task(refusal, puressl.transport_accept, server.socket) for _ in range(3)]
    time.sleep(0.05)
    puressl.close(server.socket)
    assert [acceptor.result() for acceptor in acceptors] == ["closed"] * 3
    assert refusal(puressl.transport_accept, server.socket) == "closed"
    assert refusal(puressl.close, server.socket) == "closed"
    assert process_of(server.socket).transport.fileno() < 0


def test_several_acceptors_share_a_listen_socket(server: Server) -> None:
    acceptors = [server.accept() for _ in range(3)]
    clients = [puressl.connect("127.0.0.1", server.port, client_options(), PATIENCE) for _ in range(3)]
    peers = [acceptor.result() for acceptor in acceptors]
    names = {puressl.peername(peer) for peer in peers}
    assert names == {puressl.sockname(client) for client in clients}


def test_before_the_handshake_only_few_calls_are_allowed(server: Server) -> None:
    with socket.create_connection(("127.0.0.1", server.port)) as client:
        accepted = puressl.transport_accept(server.socket, PATIENCE)
        assert puressl.peername(accepted) == client.getsockname()
        assert puressl.sockname(accepted) == client.getpeername()
        assert puressl.pid(accepted) == puressl.pid(accepted)
        puressl.controlling_process(accepted, puressl.mailbox())
        calls: tuple[tuple[Any, ...], ...] = (
            (puressl.recv, accepted),
            (puressl.send, accepted, b"x"),
            (puressl.setopts, accepted, {"active": True}),
            (puressl.getopts, accepted, ["mode"]),
            (puressl.connection_info, accepted),
            (puressl.negotiated_protocol, accepted),
            (puressl.peercert, accepted),
            (puressl.port, accepted),
        )
        for call, *arguments in calls:
            assert refusal(call, *arguments) == "ebadstate"
        puressl.close(accepted)
        assert client.recv(100) == b""


def test_handshake_is_made_once(pair: Pair) -> None:
    assert [refusal(puressl.ssl_accept, end) for end in pair] == ["ebadstate", "ebadstate"]


def test_close_wakes_a_thread_in_ssl_accept(server: Server) -> None:
    with socket.create_connection(("127.0.0.1", server.port)):
        accepted = puressl.transport_accept(server.socket, PATIENCE)
        waiting = Task(refusal, puressl.ssl_accept, accepted)
        time.sleep(0.05)
        assert refusal(puressl.ssl_accept, accepted) == "ebadstate"
        puressl.close(accepted)
        assert waiting.result() == "closed"


def test_client_that_ends_in_its_handshake_is_esslaccept(server: Server) -> None:
    with socket.create_connection(("127.0.0.1", server.port)):
        accepted = puressl.transport_accept(server.socket, PATIENCE)
    assert refusal(puressl.ssl_accept, accepted, PATIENCE) == "esslaccept"


def test_server_that_ends_in_the_handshake_is_esslconnect(silent: int) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        connecting = Task(refusal, puressl.connect, "127.0.0.1", listener.getsockname()[1], FREE, PATIENCE)
        accepted, _ = listener.accept()
        accepted.recv(10_000)
        accepted.close()
        assert connecting.result() == "esslconnect"


def test_failed_handshake_keeps_nobody_waiting_and_its_alert_arrives(server: Server) -> None:
    with socket.create_connection(("127.0.0.1", server.port)) as client:
        client.sendall(b"GET / HTTP/1.1\r\n\r\n")
        accepted = puressl.transport_accept(server.socket, PATIENCE)
        begun = time.monotonic()
        assert refusal(puressl.ssl_accept, accepted, PATIENCE) == "esslaccept"
        assert time.monotonic() - begun < LAST_WORDS_TIMEOUT / 2
        client.sendall(b"more that nobody reads")
        assert client.recv(100) == bytes([ContentType.ALERT, 3, 3, 0, 2, 2, AlertDescription.PROTOCOL_VERSION])
        assert client.recv(100) == b""
    wait_until(lambda: process_of(accepted).transport.fileno() < 0)


def test_peer_of_a_failed_handshake_that_never_ends_is_left_after_a_moment(server: Server) -> None:
    with socket.create_connection(("127.0.0.1", server.port)) as client:
        client.sendall(b"GET / HTTP/1.1\r\n\r\n")
        accepted = puressl.transport_accept(server.socket, PATIENCE)
        assert refusal(puressl.ssl_accept, accepted, PATIENCE) == "esslaccept"
        wait_until(lambda: process_of(accepted).transport.fileno() < 0)


def test_local_end_of_another_family_is_refused(server: Server) -> None:
    options = {**FREE, "ip": "::1"}
    assert refusal(puressl.connect, "127.0.0.1", server.port, options) == "eafnosupport"


# Upgrades -------------------------------------------------------------------------------------------------------------


def test_connected_socket_is_upgraded(server: Server) -> None:
    accepting = server.accept()
    plain = socket.create_connection(("127.0.0.1", server.port))
    client = puressl.connect(plain, client_options(), PATIENCE)
    puressl.send(client, b"hello")
    assert puressl.recv(accepting.result(), 0, PATIENCE) == b"hello"
    puressl.close(client)
    assert plain.fileno() < 0


def test_upgrade_that_fails_closes_the_socket(tcp: tuple[socket.socket, socket.socket]) -> None:
    plain, _ = tcp
    assert refusal(puressl.connect, plain, client_options(), timeout=50) == "timeout"
    assert plain.fileno() < 0


def test_upgrade_wants_a_connected_socket() -> None:
    with socket.socket() as plain:
        assert refusal(puressl.connect, plain, FREE) == "ewantconnect"
    assert refusal(puressl.connect, plain, FREE) == "enoproxysocket"


def test_upgrade_that_verifies_wants_a_name(tcp: tuple[socket.socket, socket.socket]) -> None:
    plain, _ = tcp
    assert refusal(puressl.connect, plain, {"verify": 1, "cacertfile": root()}) == "eoptions"
    assert plain.fileno() >= 0


@pytest.mark.parametrize("trusted", ["p256", "p384"])
def test_upgrade_without_a_name_verifies_the_chain_all_the_same(server: Server, trusted: str) -> None:
    accepting = server.accept()
    plain = socket.create_connection(("127.0.0.1", server.port))
    options = client_options(server_name_indication="disable", cacertfile=root(trusted))
    if trusted == "p256":
        puressl.connect(plain, options, PATIENCE)
        accepting.result()
    else:
        assert refusal(puressl.connect, plain, options, PATIENCE) == "enoissuercert"
        assert refusal(accepting.result) == "esslerrssl"


# What was agreed on ---------------------------------------------------------------------------------------------------


def test_negotiated_protocol(serve: Callable[..., Server]) -> None:
    server = serve(alpn_preferred_protocols=[b"h2", b"http/1.1"])
    client, peer = server.pair(alpn_advertised_protocols=[b"http/1.1", b"h2"])
    assert puressl.negotiated_protocol(client) == puressl.negotiated_protocol(peer) == b"h2"
    assert puressl.negotiated_protocol(server.pair()[0]) is None


def test_connection_info_names_suites_as_ciphers_does(server: Server) -> None:
    for version, suite in (("tlsv1.3", "TLS_AES_128_GCM_SHA256"), ("tlsv1.2", "ECDHE-ECDSA-AES128-GCM-SHA256")):
        client, _ = server.pair(versions=[version], ciphers=suite)
        assert puressl.connection_info(client) == (version, suite)
        assert suite in puressl.ciphers().split(":")


def test_peercert_in_each_form(server: Server) -> None:
    client, peer = server.pair()
    der = puressl.peercert(client)
    assert isinstance(der, bytes)
    assert puressl.peercert(client, ["pkix"]) == puressl.decode_certificate(der, "pkix")
    assert puressl.peercert(client, ["ssl"]) == puressl.decode_certificate(der, "ssl")
    assert puressl.peercert(client, ("subject", "ssl")) == puressl.decode_certificate(der, "ssl", True)
    assert refusal(puressl.peercert, peer) == "enopeercert"


@pytest.mark.parametrize("opts", [["pkix", "ssl"], ["subject"], ["der"], [1], "ssl", None, [[]]])
def test_peercert_refuses_other_options(pair: Pair, opts: Any) -> None:
    assert refusal(puressl.peercert, pair[0], opts) == "eoptions"


def test_client_certificate_is_seen_by_the_server(serve: Callable[..., Server]) -> None:
    server = serve(verify=2, cacertfile=root())
    client, peer = server.pair(**certificates("client"))
    assert puressl.peercert(peer, ["ssl", "subject"]) is not None
    puressl.send(client, b"x")
    assert puressl.recv(peer, 0, PATIENCE) == b"x"


def test_missing_client_certificate_is_told_by_recv_in_tls13(serve: Callable[..., Server]) -> None:
    server = serve(verify=2, cacertfile=root())
    accepting = server.accept()
    client = puressl.connect("127.0.0.1", server.port, client_options(), PATIENCE)
    assert refusal(accepting.result) == "esslaccept"
    with pytest.raises(puressl.SSLError, match="certificate_required") as caught:
        puressl.recv(client, 0, PATIENCE)
    assert caught.value.reason == "esslerrssl"


def resumed(server: Server, **options: Any) -> bool:
    client, peer = server.pair(**options)
    puressl.send(peer, b"after the tickets")
    puressl.recv(client, 0, PATIENCE)
    return bool(process_of(client).stream.negotiated.resumed)  # type: ignore[attr-defined]


def test_sessions_are_resumed_unless_the_client_turns_it_off(server: Server) -> None:
    assert [resumed(server), resumed(server)] == [False, True]
    assert not resumed(server, reuse_sessions=False)
    assert not resumed(server, session_tickets=False)


@pytest.mark.parametrize("version", ["tlsv1.3", "tlsv1.2"])
@pytest.mark.parametrize("off", ["reuse_sessions", "session_tickets"])
def test_sessions_are_not_resumed_if_the_server_turns_it_off(
    serve: Callable[..., Server], off: str, version: str
) -> None:
    server = serve(versions=[version], **{off: False})
    assert [resumed(server), resumed(server)] == [False, False]


def test_session_made_without_verification_serves_no_connection_with_it(server: Server) -> None:
    assert [resumed(server, verify=0), resumed(server, verify=0)] == [False, True]
    accepting = server.accept()
    strict = client_options(cacertfile=root("p384"))
    assert refusal(puressl.connect, "127.0.0.1", server.port, strict, PATIENCE) == "enoissuercert"
    assert refusal(accepting.result) == "esslerrssl"
    assert not resumed(server, server_name_indication="localhost")
