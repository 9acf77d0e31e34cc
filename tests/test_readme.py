"""The README's examples, run as they stand there, and the promises it makes."""

from __future__ import annotations

import errno
import os
import re
import socket
import threading
import time
from pathlib import Path
from types import FunctionType

import pytest

import puressl
from puressl.connection import Connection
from puressl.env import SystemEnv
from puressl.io.blocking import accept, connect, upgrade
from puressl.sockets.options import markdown

from support.configs import CERTS, client_config, server_config
from support.endpoints import PATIENCE, Server, client_options, server_options

README = (Path(__file__).resolve().parents[1] / "README.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```python\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)
MAX_EXAMPLE_LINES = 24
#: Those of the socket interface are shorter.
MAX_SOCKET_EXAMPLE_LINES = 14


def example(word: str) -> str:
    """The one example in which a word occurs."""
    (found,) = [block for block in BLOCKS if word in block]
    return found


def run(code: str, port: int = 0) -> None:
    """The example, with the places of this machine in place of a checkout's."""
    code = code.replace('certs, port = "certs", 4433', f"certs, port = {str(CERTS)!r}, {port}")
    exec(compile(code.replace('certs = "certs"', f"certs = {str(CERTS)!r}"), "README.md", "exec"), {})


def test_examples_are_short() -> None:
    assert BLOCKS
    for block in BLOCKS:
        most = MAX_SOCKET_EXAMPLE_LINES if "puressl.start()" in block else MAX_EXAMPLE_LINES
        assert len(block.strip().splitlines()) <= most


@pytest.mark.parametrize("word", ["blocking import connect", "import asyncio"])
def test_client_example_talks_to_a_server(word: str, capsys: pytest.CaptureFixture[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            with accept(listener, server_config(), timeout=10) as peer:
                peer.write(peer.read(100).upper())

        server = threading.Thread(target=serve)
        server.start()
        run(example(word), port=listener.getsockname()[1])
        server.join(timeout=10)
    assert "HELLO" in capsys.readouterr().out


def test_error_example_says_what_is_not_trusted(capsys: pytest.CaptureFixture[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        server = threading.Thread(target=refused, args=(listener,))
        server.start()
        run(example("not trusted"), port=port)
        server.join(timeout=10)
    run(example("not trusted"), port=port)
    untrusted, unreachable = capsys.readouterr().out.splitlines()
    assert re.match(r"not trusted: Cannot find certificate of issuer .* \(RFC 5280 6\.1\)", untrusted)
    assert unreachable == f"no connection: {os.strerror(errno.ECONNREFUSED)}. localhost port {port}"


def refused(listener: socket.socket) -> None:
    with pytest.raises(puressl.ProtocolError, match="unknown_ca"):
        accept(listener, server_config(env=SystemEnv()), timeout=10)


def test_blocking_server_example_talks_to_a_client(monkeypatch: pytest.MonkeyPatch) -> None:
    echoed: list[bytes] = []
    clients: list[threading.Thread] = []

    def create_server(address: tuple[str, int]) -> socket.socket:
        listener = real(address)
        port = listener.getsockname()[1]

        def talk() -> None:
            config = client_config(server_name="localhost", alpn=(b"echo",))
            with connect(("127.0.0.1", port), config, timeout=10) as peer:
                peer.write(b"hello")
                echoed.append(peer.read(100))

        clients.append(threading.Thread(target=talk))
        clients[0].start()
        return listener

    real = socket.create_server
    monkeypatch.setattr(socket, "create_server", create_server)
    run(example("blocking import accept"))
    clients[0].join(timeout=10)
    assert echoed == [b"hello"]


def test_passive_server_example_echoes() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    server = threading.Thread(target=run, args=(example("transport_accept"), port))
    puressl.start()
    server.start()
    client = puressl.connect(listening(port), client_options(), PATIENCE)
    puressl.send(client, b"hello")
    assert puressl.recv(client, 5, PATIENCE) == b"hello"
    puressl.close(client)
    server.join(timeout=10)
    puressl.stop()


def listening(port: int) -> socket.socket:
    """A connection to a server that is about to listen."""
    deadline = time.monotonic() + PATIENCE / 1000
    while True:
        try:
            return socket.create_connection(("127.0.0.1", port))
        except ConnectionRefusedError:
            assert time.monotonic() < deadline
            time.sleep(0.01)


def test_active_client_example_gets_a_message(capsys: pytest.CaptureFixture[str]) -> None:
    puressl.start()
    server = Server(puressl.listen(0, server_options()))
    accepting = server.accept()
    client = threading.Thread(target=run, args=(example("ssl_closed"), server.port))
    client.start()
    peer = accepting.result()
    puressl.send(peer, puressl.recv(peer, 5, PATIENCE).upper())
    client.join(timeout=10)
    puressl.stop()
    assert "HELLO" in capsys.readouterr().out


def test_upgrade_example_talks_before_and_after() -> None:
    puressl.start()
    with socket.create_server(("127.0.0.1", 0)) as listener:
        client = threading.Thread(target=run, args=(example("STARTTLS"), listener.getsockname()[1]))
        client.start()
        plain, _ = listener.accept()
        assert plain.recv(100) == b"STARTTLS\r\n"
        plain.sendall(b"OK\r\n")
        with upgrade(plain, server_config(env=SystemEnv()), timeout=10) as peer:
            peer.write(peer.read(100))
            client.join(timeout=10)
    puressl.stop()


def test_table_of_options_is_the_one_that_is_checked_against() -> None:
    assert "\n".join(markdown()) in README


def test_every_function_stands_beside_its_counterpart() -> None:
    table = "\n".join(line for line in README.splitlines() if line.startswith("| `ssl:") or "`mailbox()" in line)
    for name in puressl.__all__:
        if isinstance(getattr(puressl, name), FunctionType) and getattr(puressl, name).__module__ in INTERFACE:
            assert re.search(rf"`{name}\(", table), name


def test_core_example_says_what_came_instead_of_tls(capsys: pytest.CaptureFixture[str]) -> None:
    run(example("SeededEnv"))
    assert re.search(r"not a TLS record: .*looks like an HTTP", capsys.readouterr().out)


def test_certificate_example_prints_a_path(capsys: pytest.CaptureFixture[str]) -> None:
    run(example("import verify_chain"))
    assert capsys.readouterr().out.count(" <- ") == 2


def test_revocation_example_prints_the_reason(capsys: pytest.CaptureFixture[str]) -> None:
    run(example("Evidence"))
    assert re.match(r"epeercert 0 .*revoked since", capsys.readouterr().out)


def test_forms_example_reads_and_changes_a_certificate(capsys: pytest.CaptureFixture[str]) -> None:
    run(example("encode_certificate"))
    names, serial = capsys.readouterr().out.splitlines()
    assert "('dNSName', 'server.example')" in names
    assert serial == "7"


def test_connection_documents_every_public_method() -> None:
    for name, member in vars(Connection).items():
        if not name.startswith("_") and callable(member):
            assert member.__doc__ or name in OUTPUT, name


#: Where the functions of the socket interface are defined.
INTERFACE = {"puressl.sockets.application", "puressl.sockets.calls", "puressl.sockets.mailbox"}

#: ``Connection`` is also the ``Output`` of its handlers, and these are documented there.
OUTPUT = {
    "send",
    "emit",
    "install",
    "ask",
    "check",
    "checking",
    "configure",
    "input",
    "secret",
    "limit_plaintext",
    "skip_early_data",
    "warn",
}
