"""``puressl serve``: many clients, good and bad, and what each of them is told."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
from collections.abc import Callable
from pathlib import Path
from shutil import which
from typing import Any

import pytest

from puressl.cli import main
from puressl.config import ClientConfig
from puressl.errors import SSLError
from puressl.io.blocking import BlockingSocket, connect
from puressl.x509.credential import Credential
from puressl.x509.store import TrustStore

CERTS = Path(__file__).resolve().parents[3] / "certs"
TRUST = TrustStore.from_file(str(CERTS / "p256" / "root.pem"))
PATIENCE = 30.0

Serve = Callable[..., Any]


def client(port: int, **fields: Any) -> BlockingSocket:
    config = ClientConfig(**{"server_name": "localhost", "trust": TRUST, **fields})
    return connect(("127.0.0.1", port), config, timeout=PATIENCE)


def all_of(peer: BlockingSocket) -> bytes:
    return b"".join(iter(peer.read, b""))


def test_echo_sends_back_to_many_clients_at_once(serve: Serve) -> None:
    server = serve("--echo")
    peers = [client(server.port) for _ in range(5)]
    for number, peer in enumerate(peers):
        peer.write(bytes([number]) * 20_000)
    for number, peer in enumerate(peers):
        assert peer.read_exactly(20_000) == bytes([number]) * 20_000
        peer.close_write()
        assert peer.read() == b""
        peer.close()
    code, _, err = server.stop(after=len(peers))
    assert err.count(": closed, tlsv1") == len(peers)
    assert code == 0


@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGTERM to send")
@pytest.mark.parametrize("end", [signal.SIGINT, signal.SIGTERM])
def test_server_that_is_ended_says_goodbye_to_its_clients(serve: Serve, end: signal.Signals) -> None:
    server = serve("--echo")
    with client(server.port) as peer:
        peer.write(b"before")
        assert peer.read() == b"before"
        server.process.send_signal(end)
        assert peer.read() == b""
        assert server.process.wait(PATIENCE) == 0
    assert b"Traceback" not in server.process.stderr.read()


def test_server_without_standard_output_has_nowhere_to_print(run: Callable[..., Any]) -> None:
    files = ("--cert", str(CERTS / "p256" / "server-chain.pem"), "--key", str(CERTS / "p256" / "server.key"))
    done = run("serve", "--port", "0", *files, closed=1)
    assert (done.returncode, done.stderr.count(b"\n")) == (1, 1)
    assert b"standard output is closed" in done.stderr


def test_what_clients_send_is_printed(serve: Serve) -> None:
    server = serve()
    with client(server.port) as peer:
        peer.write(b"\x00\xff binary\n")
        peer.close_write()
        assert peer.read() == b""
    assert server.stop(after=1)[1] == b"\x00\xff binary\n"


def test_page_shows_the_connection_and_the_clients_certificate(serve: Serve) -> None:
    folder = CERTS / "p256"
    server = serve("--www", "--verify", "required", "--ca-file", str(folder / "root.pem"), "--alpn", "http/1.1")
    credential = Credential.load(str(folder / "client-chain.pem"), str(folder / "client.key"))
    with client(server.port, credential=credential, alpn=(b"http/1.1",)) as peer:
        peer.write(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
        head, _, page = all_of(peer).partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.0 200 OK\r\n")
    assert f"Content-Length: {len(page)}".encode() in head
    for word in (b"tlsv1.3", b"http/1.1", b"CN=client.example"):
        assert word in page


@pytest.mark.parametrize(
    ("request_head", "status"),
    [(b"POST / HTTP/1.1\r\n\r\n", b"405 "), (b"GET /" + b"x" * 20_000, b"431 ")],
    ids=["method", "length"],
)
def test_page_refuses_what_is_no_get(serve: Serve, request_head: bytes, status: bytes) -> None:
    server = serve("--www")
    with client(server.port) as peer:
        peer.write(request_head)
        assert all_of(peer).startswith(b"HTTP/1.0 " + status)


def test_one_bad_client_never_stops_the_others(serve: Serve) -> None:
    server = serve("--echo")
    for garbage in (b"", b"GET / HTTP/1.1\r\n\r\n", bytes(range(256)), b"\x16\x03\x01\x00\x05\x01\x00\x00\x01"):
        with socket.create_connection(("127.0.0.1", server.port)) as sock:
            sock.sendall(garbage)
    silent = socket.create_connection(("127.0.0.1", server.port))
    with pytest.raises(SSLError):
        client(server.port, server_name="other.example")
    with client(server.port) as peer:
        peer.write(b"still here")
        assert peer.read() == b"still here"
        peer.close_write()
        peer.read()
    silent.close()
    err = server.stop(after=7)[2]
    assert "looks like an HTTP" in err
    assert "Traceback" not in err
    assert all(line.startswith("127.0.0.1:") for line in err.splitlines() if line)


def test_certificate_is_chosen_by_the_clients_name(serve: Serve, tmp_path: Path) -> None:
    pairs = ("--cert", str(CERTS / "p256" / "client-chain.pem"), "--key", str(CERTS / "p256" / "client.key"))
    pairs += ("--cert", str(CERTS / "p256" / "server-chain.pem"), "--key", str(CERTS / "p256" / "server.key"))
    server = serve("--echo", *pairs)
    client(server.port, server_name="server.example").close()
    with pytest.raises(SSLError, match=r"CN=client\.example"):
        client(server.port, server_name="client.example")


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        ((), 2, "--cert"),
        (("--cert", "nowhere.pem"), 1, "nowhere.pem"),
        (("--cert", "certs/p256/server-chain.pem"), 1, "certs/p256/server-chain.pem"),
        (("--cert", "certs/p256/server-chain.pem", "--key", "certs/p256/client.key"), 1, "is for another key"),
        (("--cert", "a", "--cert", "b", "--key", "c"), 2, "2 --cert, but 1 --key"),
        (("--cert", "a", "--cert", "b", "--ocsp", "c"), 2, "2 --cert, but 1 --ocsp"),
        (("--cert", "certs/p256/server-chain.pem", "--key", "certs/p256/server.key", "--ocsp", "no"), 1, "--ocsp: no"),
        (("--cert", "a", "--verify", "required"), 2, "--ca-file"),
        (("--cert", "certs/p256/server-chain.pem", "--key", "certs/p256/server.key", "--ciphers", "X"), 1, "--ciphers"),
        (("--cert", "certs/p256/server-chain.pem", "--key", "certs/p256/server.key", "--ca-file", "no"), 1, "no: "),
    ],
)
def test_bad_input_is_one_clear_line(
    arguments: Any, code: int, words: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(CERTS.parent)
    assert main.run(["serve", "--port", "0", *arguments]) == code
    captured = capsys.readouterr()
    assert captured.out == ""
    assert words in captured.err
    assert code == 2 or captured.err.count("\n") == 1


def test_taken_port_is_named(serve: Serve, run: Callable[..., Any]) -> None:
    server = serve()
    folder = CERTS / "p256"
    pair = ("--cert", str(folder / "server-chain.pem"), "--key", str(folder / "server.key"))
    done = run("serve", "--port", str(server.port), *pair)
    assert done.returncode == 1
    assert done.stderr.decode() == (f"puressl: --address 127.0.0.1 --port {server.port}: Address already in use\n")


@pytest.mark.interop
@pytest.mark.skipif(which("openssl") is None, reason="openssl is not installed")
@pytest.mark.parametrize("version", ["-tls1_3", "-tls1_2"])
def test_openssl_client_is_echoed(serve: Serve, version: str) -> None:
    server = serve("--echo")
    command = ["openssl", "s_client", "-connect", f"127.0.0.1:{server.port}", version, "-quiet", "-no_ign_eof"]
    command += ["-CAfile", str(CERTS / "p256" / "root.pem"), "-verify_return_error"]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(b"hello\n")
    process.stdin.flush()
    assert process.stdout.readline() == b"hello\n"
    process.communicate(timeout=PATIENCE)
    assert ": closed, tlsv1" in server.stop(after=1)[2]


@pytest.mark.interop
@pytest.mark.skipif(which("curl") is None, reason="curl is not installed")
@pytest.mark.parametrize("arguments", [(), ("--tls-max", "1.2"), ("--head",)], ids=["1.3", "1.2", "HEAD"])
def test_curl_gets_the_page(serve: Serve, arguments: tuple[str, ...]) -> None:
    server = serve("--www")
    command = ["curl", "--silent", "--show-error", "--cacert", str(CERTS / "p256" / "root.pem"), *arguments]
    address = f"https://localhost:{server.port}/"
    done = subprocess.run([*command, address], capture_output=True, timeout=PATIENCE, check=False)
    assert (done.returncode, done.stderr) == (0, b"")
    assert (b"200 OK" if "--head" in arguments else b"This connection") in done.stdout
