"""``puressl connect``: against ``puressl serve``, servers of the test's own, and OpenSSL's."""

from __future__ import annotations

import os
import socket
import stat
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from shutil import which
from typing import Any

import pytest

from puressl.cli import main
from puressl.config import ServerConfig
from puressl.errors import SSLError
from puressl.io.blocking import BlockingSocket, upgrade
from puressl.x509.credential import Credential

CERTS = Path(__file__).resolve().parents[3] / "certs"
ROOT = ("--ca-file", str(CERTS / "p256" / "root.pem"))
PATIENCE = 30.0

Run = Callable[..., Any]
Serve = Callable[..., Any]


def served(handle: Callable[[BlockingSocket], None]) -> tuple[int, threading.Thread]:
    """A server for one client; what it does after the handshake is the test's. Its port, and its thread."""
    credential = Credential.load(str(CERTS / "p256" / "server-chain.pem"), str(CERTS / "p256" / "server.key"))
    listener = socket.create_server(("127.0.0.1", 0))

    def work() -> None:
        with listener:
            sock, _ = listener.accept()
        with upgrade(sock, ServerConfig(credentials=(credential,)), timeout=PATIENCE) as peer:
            handle(peer)

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    return listener.getsockname()[1], thread


@pytest.mark.parametrize("version", ["1.3", "1.2"])
def test_bytes_pass_both_ways_unchanged(run: Run, serve: Serve, version: str) -> None:
    data = bytes(range(256)) * 200
    done = run("connect", f"localhost:{serve('--echo').port}", *ROOT, "--tls", version, given=data)
    assert (done.returncode, done.stdout) == (0, data)
    assert f"tlsv{version}" in done.stderr.decode()


def test_quiet_says_nothing(run: Run, serve: Serve) -> None:
    done = run("connect", f"127.0.0.1:{serve('--echo').port}", *ROOT, "-q", given=b"hello")
    assert (done.returncode, done.stdout, done.stderr) == (0, b"hello", b"")


def test_reading_goes_on_after_the_end_of_standard_input(run: Run) -> None:
    def answer_late(peer: BlockingSocket) -> None:
        assert peer.read() == b"question"
        assert peer.read() == b""
        time.sleep(0.2)
        peer.write(b"answer")

    port, thread = served(answer_late)
    done = run("connect", f"localhost:{port}", *ROOT, given=b"question")
    thread.join(PATIENCE)
    assert (done.returncode, done.stdout) == (0, b"answer")


def test_data_before_a_truncation_is_printed(run: Run) -> None:
    def cut(peer: BlockingSocket) -> None:
        peer.write(b"all there is")
        peer.socket.shutdown(socket.SHUT_WR)
        with suppress(SSLError):  # the client may be gone before it has said goodbye
            peer.read()

    port, _ = served(cut)
    done = run("connect", f"localhost:{port}", *ROOT, "-q")
    assert (done.returncode, done.stdout) == (1, b"all there is")
    assert "truncated" in done.stderr.decode()


def test_session_is_saved_for_its_owner_alone_and_resumed(run: Run, serve: Serve, tmp_path: Path) -> None:
    server, file = serve("--echo"), tmp_path / "session"
    peer = f"localhost:{server.port}"
    for version in ("1.3", "1.2"):
        options = (*ROOT, "--tls", version)
        first = run("connect", peer, *options, "--session-out", str(file), given=b"one")
        assert first.returncode == 0
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
        second = run("connect", peer, *options, "--session-in", str(file), given=b"two")
        assert (second.returncode, second.stdout) == (0, b"two")
        assert "yes" in next(line for line in second.stderr.decode().splitlines() if line.startswith("resumed"))


def test_session_is_written_to_what_is_no_file_too(run: Run, serve: Serve) -> None:
    """And the device is still there afterwards."""
    done = run("connect", f"localhost:{serve('--echo').port}", *ROOT, "-q", "--session-out", os.devnull)
    assert (done.returncode, done.stderr) == (0, b"")
    assert not Path(os.devnull).is_file()


@pytest.mark.slow
def test_session_that_cannot_be_written_names_the_option(run: Run, serve: Serve, tmp_path: Path) -> None:
    done = run("connect", f"localhost:{serve('--echo').port}", *ROOT, "-q", "--session-out", str(tmp_path))
    assert done.returncode == 1
    assert f"--session-out: {tmp_path}" in done.stderr.decode()
    assert done.stderr.count(b"\n") == 1


@pytest.mark.slow
def test_session_of_other_settings_is_not_saved_again(run: Run, serve: Serve, tmp_path: Path) -> None:
    server, first, second = serve("--echo"), tmp_path / "first", tmp_path / "second"
    peer = f"localhost:{server.port}"
    run("connect", peer, *ROOT, "--session-out", str(first))
    run("connect", peer, *ROOT, "--depth", "3", "--session-in", str(first), "--session-out", str(second))
    done = run("connect", peer, *ROOT, "--depth", "3", "--session-in", str(second))
    assert "yes" in next(line for line in done.stderr.decode().splitlines() if line.startswith("resumed"))


def test_session_made_under_other_settings_is_not_resumed(run: Run, serve: Serve, tmp_path: Path) -> None:
    server, file = serve("--echo"), tmp_path / "session"
    peer = f"localhost:{server.port}"
    run("connect", peer, *ROOT, "--session-out", str(file))
    done = run("connect", peer, *ROOT, "--depth", "3", "--session-in", str(file))
    assert done.returncode == 0
    assert "other settings" in done.stderr.decode()
    assert "no" in next(line for line in done.stderr.decode().splitlines() if line.startswith("resumed"))


def test_key_log_is_written_where_the_environment_says(run: Run, serve: Serve, tmp_path: Path) -> None:
    file = tmp_path / "keys"
    run("connect", f"localhost:{serve('--echo').port}", *ROOT, SSLKEYLOGFILE=str(file))
    assert "CLIENT_TRAFFIC_SECRET_0 " in file.read_text()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_choices_are_negotiated(run: Run, serve: Serve) -> None:
    server = serve("--echo", "--alpn", "h2,http/1.1")
    choices = ("--ciphers", "ECDHE-ECDSA-AES128-GCM-SHA256,TLS_AES_128_GCM_SHA256", "--groups", "P-256")
    done = run("connect", f"localhost:{server.port}", *ROOT, *choices, "--tls", "1.2", "--alpn", "http/1.1")
    text = done.stderr.decode()
    assert done.returncode == 0
    for word in ("TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256", "secp256r1", "http/1.1"):
        assert word in text


def test_client_certificate_is_presented(run: Run, serve: Serve) -> None:
    server = serve("--www", "--verify", "required", *ROOT)
    pair = ("--cert", str(CERTS / "p256" / "client-chain.pem"), "--key", str(CERTS / "p256" / "client.key"))
    get = b"GET / HTTP/1.0\r\n\r\n"
    done = run("connect", f"localhost:{server.port}", *ROOT, *pair, given=get)
    assert done.returncode == 0
    assert b"CN=client.example" in done.stdout
    refused = run("connect", f"localhost:{server.port}", *ROOT, given=get)
    assert refused.returncode == 1
    assert "certificate_required" in refused.stderr.decode()


def test_ipv6_address_is_written_in_brackets(run: Run, serve: Serve) -> None:
    try:
        server = serve("--echo", "--address", "::1")
    except AssertionError:
        pytest.skip("no IPv6 here")
    done = run("connect", f"[::1]:{server.port}", *ROOT, given=b"six")
    assert (done.returncode, done.stdout) == (0, b"six")


def test_unverified_server_is_refused_unless_told_otherwise(run: Run, serve: Serve) -> None:
    server = serve("--echo")
    wrong_root = str(CERTS / "p256" / "client.pem")
    refused = run("connect", f"localhost:{server.port}", "--ca-file", wrong_root, given=b"secret")
    assert (refused.returncode, refused.stdout) == (1, b"")
    assert "[enoissuercert]" in refused.stderr.decode()
    accepted = run("connect", f"localhost:{server.port}", "--verify", "none", given=b"public")
    assert (accepted.returncode, accepted.stdout) == (0, b"public")
    assert "unknown_ca" in server.stop(after=2)[2]


def test_client_says_that_it_does_not_verify(run: Run, serve: Serve) -> None:
    done = run("connect", f"localhost:{serve('--echo').port}", "--verify", "none")
    assert "--verify none" in done.stderr.decode()


def test_cipher_string_chooses_the_suite(run: Run, serve: Serve) -> None:
    peer = f"localhost:{serve('--echo').port}"
    done = run("connect", peer, *ROOT, "--tls", "1.2", "--ciphers", "AES128+AESGCM:!aRSA")
    assert done.returncode == 0
    for word in ("tlsv1.2", "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256"):
        assert word in done.stderr.decode()


@pytest.mark.slow
def test_group_that_is_not_the_servers_first_is_negotiated(run: Run, serve: Serve) -> None:
    done = run("connect", f"localhost:{serve('--echo').port}", *ROOT, "--groups", "P-384", given=b"hello")
    assert (done.returncode, done.stdout) == (0, b"hello")
    assert "secp384r1" in done.stderr.decode()


def test_no_common_application_protocol_is_told_by_name(run: Run, serve: Serve) -> None:
    done = run("connect", f"localhost:{serve('--alpn', 'h2').port}", *ROOT, "-q", "--alpn", "http/1.1")
    assert (done.returncode, done.stdout) == (1, b"")
    assert "no_application_protocol" in done.stderr.decode()


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (b"HTTP/1.1 400 Bad Request\r\n\r\n", "looks like an HTTP response"),
        (b"", "truncated"),
        (None, "Connection reset"),
    ],
)
def test_server_that_speaks_no_tls_is_told_apart(run: Run, answer: bytes | None, words: str) -> None:
    listener = socket.create_server(("127.0.0.1", 0))

    def work() -> None:
        with listener, listener.accept()[0] as sock:
            if answer is None:  # what is not read is answered with a reset
                sock.recv(1)
            else:
                sock.recv(10_000)
                sock.sendall(answer)

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    done = run("connect", f"127.0.0.1:{listener.getsockname()[1]}", *ROOT, "-q")
    thread.join(PATIENCE)
    assert (done.returncode, done.stderr.count(b"\n")) == (1, 1)
    assert words in done.stderr.decode()


def test_closed_standard_output_is_told(run: Run) -> None:
    done = run("connect", "localhost:1", *ROOT, closed=1)
    assert done.returncode == 1
    assert done.stderr == b"puressl: standard output is closed: Bad file descriptor\n"


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full")
def test_key_log_that_cannot_be_written_names_the_option(run: Run, serve: Serve) -> None:
    done = run("connect", f"localhost:{serve('--echo').port}", *ROOT, "-q", "--keylog", "/dev/full")
    assert (done.returncode, done.stderr) == (1, b"puressl: --keylog: /dev/full: No space left on device\n")


def test_closed_standard_input_is_an_end_of_file(serve: Serve) -> None:
    server = serve("--echo")
    words = f'exec "$PYTHON" -m puressl connect localhost:{server.port} {" ".join(ROOT)} -q <&-'
    environment = {**os.environ, "PYTHON": sys.executable}
    done = subprocess.run(
        ["sh", "-c", words], cwd=CERTS.parent, capture_output=True, timeout=PATIENCE, env=environment, check=False
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")


def test_standard_output_closed_early_ends_without_a_traceback(serve: Serve) -> None:
    server = serve("--echo")
    command = (sys.executable, "-m", "puressl", "connect", f"localhost:{server.port}", *ROOT, "-q")
    process = subprocess.Popen(
        command, cwd=CERTS.parent, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    assert process.stdout is not None
    process.stdout.close()
    assert process.stdin is not None
    assert process.stderr is not None
    process.stdin.write(b"lost")
    process.stdin.close()
    assert process.wait(PATIENCE) == 1
    assert process.stderr.read() == b""
    process.stderr.close()


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (("nohost",), 2, "HOST:PORT"),
        (("host:port",), 2, "HOST:PORT"),
        (("host:0",), 2, "HOST:PORT"),
        (("host:65536",), 2, "HOST:PORT"),
        (("::1:443",), 2, "[::1]:443"),
        (("localhost:1", "--tls", "1.1"), 2, "--tls"),
        (("localhost:1", "--key", "x"), 2, "--cert"),
        (("localhost:1", "--depth", "256"), 2, "--depth"),
        (("localhost:1", "--ca-file", "nowhere.pem"), 1, "nowhere.pem"),
        (("localhost:1", "--ca-file", "certs/p256/server.key"), 1, "certs/p256/server.key"),
        (("localhost:1", "--cert", "nowhere.pem"), 1, "nowhere.pem"),
        (("localhost:1", "--crl", "nowhere.crl"), 1, "--crl: nowhere.crl"),
        (("localhost:1", "--crl", "certs/p256/server.key"), 1, "--crl: certs/p256/server.key"),
        (("localhost:1", "--revocation", "perhaps"), 2, "--revocation"),
        (("localhost:1", "--session-in", "nowhere"), 1, "--session-in: nowhere"),
        (("localhost:1", "--session-in", "certs/README.md"), 1, "certs/README.md"),
        (("localhost:1", "--ciphers", "aes128:RC4-MD5"), 1, "aes128, RC4-MD5"),
        (("localhost:1", "--ciphers", "TLS_AES_128_GCM_SHA256", "--tls", "1.2"), 1, "--ciphers"),
        (("localhost:1", "--groups", "sect163k1"), 1, "sect163k1"),
        (("localhost:1", "--keylog", "nowhere/keys"), 1, "nowhere/keys"),
        (("localhost:1", "--server-name", "a..b"), 1, "a..b"),
        (("localhost:1",), 1, "localhost port 1"),
        (("does-not-exist.invalid:443",), 1, "does-not-exist.invalid"),
    ],
)
def test_bad_input_is_one_clear_line(
    arguments: Any, code: int, words: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(CERTS.parent)
    trust = () if "--ca-file" in arguments else ROOT
    assert main.run(["connect", *arguments, *trust, "-q"]) == code
    captured = capsys.readouterr()
    assert captured.out == ""
    assert words in captured.err
    assert code == 2 or captured.err.count("\n") == 1


def test_wrong_password_is_told(run: Run, tmp_path: Path) -> None:
    openssl = which("openssl")
    if openssl is None:
        pytest.skip("openssl, which encrypts the key, is not installed")
    key = tmp_path / "encrypted.key"
    source = str(CERTS / "p256" / "client.key")
    command = [
        openssl,
        "pkcs8",
        "-topk8",
        "-in",
        source,
        "-out",
        str(key),
        "-v2",
        "aes-128-cbc",
        "-passout",
        "pass:right",
    ]
    subprocess.run(command, check=True)
    chain = str(CERTS / "p256" / "client-chain.pem")
    done = run("connect", "localhost:1", *ROOT, "--cert", chain, "--key", str(key), "--password", "wrong", "-q")
    assert done.returncode == 1
    assert done.stderr.count(b"\n") == 1
    assert f"{key}: wrong password" in done.stderr.decode()


@pytest.mark.interop
@pytest.mark.skipif(which("openssl") is None, reason="openssl is not installed")
@pytest.mark.parametrize("version", ["1.3", "1.2"])
def test_openssl_server_is_reversed_with(run: Run, version: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    folder = CERTS / "p256"
    command = ["openssl", "s_server", "-accept", f"127.0.0.1:{port}", "-rev", "-naccept", "2"]
    command += ["-cert", str(folder / "server.pem"), "-key", str(folder / "server.key")]
    command += ["-cert_chain", str(folder / "intermediate.pem")]
    server = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        wait_for(port)
        done = run("connect", f"localhost:{port}", *ROOT, "--tls", version, given=b"hello\n")
        assert done.stdout == b"olleh\n"
    finally:
        server.kill()
        server.wait()


def wait_for(port: int) -> None:
    """Until something listens."""
    for _ in range(200):
        try:
            socket.create_connection(("127.0.0.1", port)).close()
            return
        except OSError:
            time.sleep(0.05)
    raise AssertionError("the server never listened")
