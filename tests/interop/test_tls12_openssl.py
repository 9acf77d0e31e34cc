"""TLS 1.2 against OpenSSL's s_server and s_client, over loopback."""

from __future__ import annotations

import re
import shutil
import socket
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from puressl.codes import AlertDescription, CipherSuite, NamedGroup, ProtocolVersion
from puressl.config import ClientConfig, ServerConfig, Verify
from puressl.connection import ClientConnection, Connection, ServerConnection
from puressl.crypto.suites import SUITES, Authentication, CipherKind, KeyExchange, Suite
from puressl.env import SYSTEM_ENV
from puressl.errors import ProtocolError
from puressl.events import DataReceived
from puressl.session import MemorySessionStore, TicketKeys
from puressl.wire import EncryptThenMac, ExtendedMasterSecret

from support.altered import without_extension
from support.configs import CERTS, client_config, credential, server_config, trust

pytestmark = [
    pytest.mark.interop,
    pytest.mark.skipif(shutil.which("openssl") is None, reason="needs the openssl program"),
]

TLS12, TLS13 = ProtocolVersion.TLSv1_2, ProtocolVersion.TLSv1_3
SUITES_12 = tuple(suite for suite in SUITES.values() if suite.version is TLS12)
KEY_TYPE = {Authentication.RSA: "rsa2048", Authentication.ECDSA: "p256"}
#: Seconds: a peer that has not answered by then never will.
PATIENCE = 20
#: OpenSSL's own minimum, so that every suite may be tried.
ALL = "ALL:COMPLEMENTOFALL:@SECLEVEL=0"


class Line:
    """A connection over a socket: a blocking loop, and nothing more."""

    def __init__(self, connection: Connection, transport: socket.socket) -> None:
        self.connection, self.transport = connection, transport
        self.data = b""
        connection.start()

    def until(self, done: Callable[[], bool]) -> Line:
        while not done():
            try:
                event = self.connection.next_event()
            finally:
                self.transport.sendall(self.connection.data_to_send())
            if isinstance(event, DataReceived):
                self.data += event.data
            elif event is None:
                self.connection.receive_data(self.transport.recv(65_536))
        return self

    def handshake(self) -> Line:
        return self.until(lambda: self.connection.negotiated is not None).until(lambda: True)

    def send(self, data: bytes) -> None:
        self.connection.send_data(data)
        self.transport.sendall(self.connection.data_to_send())

    def receive(self, data: bytes) -> None:
        self.until(lambda: data in self.data)

    def close(self) -> None:
        self.connection.close()
        self.transport.sendall(self.connection.data_to_send())


def certificate(key_type: str, role: str = "server") -> list[str]:
    folder = CERTS / key_type
    chain = str(folder / "intermediate.pem")
    return ["-cert", str(folder / f"{role}.pem"), "-cert_chain", chain, "-key", str(folder / f"{role}.key")]


@contextmanager
def s_server(*options: str, key_type: str = "rsa2048") -> Iterator[int]:
    """An ``openssl s_server`` that sends each line back reversed; gives its port."""
    command = ["openssl", "s_server", "-accept", "127.0.0.1:0", "-rev", *certificate(key_type), *options]
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, stdin=subprocess.PIPE, text=True
    )
    try:
        lines: list[str] = []
        for line in process.stdout:
            lines.append(line)
            found = re.match(r"ACCEPT 127\.0\.0\.1:(\d+)", line)
            if found is not None:
                break
        else:
            pytest.fail("".join(lines))
        yield int(found.group(1))
    finally:
        process.kill()
        process.communicate()


def connect(port: int, config: ClientConfig, *, ping: bool = True) -> ClientConnection:
    """A handshake with the server and a line there and back."""
    with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE) as transport:
        line = Line(ClientConnection(config), transport).handshake()
        if ping:
            line.send(b"ping\n")
            line.receive(b"gnip\n")
        line.close()
        return line.connection


def our_client(key_type: str = "rsa2048", **fields: Any) -> ClientConfig:
    return client_config(key_type, **{"versions": (TLS12,), "env": SYSTEM_ENV, "verify": Verify.NONE, **fields})


@pytest.fixture(scope="module")
def any_server() -> Iterator[int]:
    """A server of every suite, with certificates of RSA and ECDSA."""
    second = [f"-d{each[1:]}" if each.startswith("-") else each for each in certificate("p256")]
    with s_server("-tls1_2", "-cipher", ALL, *second) as port:
        yield port


# Our client against OpenSSL's server ----------------------------------------------------------------------------------


@pytest.mark.parametrize("suite", SUITES_12, ids=lambda suite: suite.openssl_name)
def test_client_speaks_every_suite(any_server: int, suite: Suite) -> None:
    agreed = connect(any_server, our_client(cipher_suites=(suite.id,))).negotiated
    assert agreed is not None
    assert agreed.suite == suite.id
    assert agreed.extended_master_secret
    assert agreed.encrypt_then_mac is (suite.cipher.kind is CipherKind.CBC)


@pytest.mark.parametrize("group", ["SECP256R1", "SECP384R1", "SECP521R1", "X25519", "X448"])
def test_client_speaks_every_curve(any_server: int, group: str) -> None:
    suites = (CipherSuite.TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256,)
    agreed = connect(any_server, our_client(cipher_suites=suites, groups=(NamedGroup[group],))).negotiated
    assert agreed is not None
    assert agreed.group == NamedGroup[group]


@pytest.mark.parametrize("key_type", ["rsa2048", "p256", "p384", "ed25519"])
def test_client_verifies_every_kind_of_certificate(key_type: str) -> None:
    with s_server("-tls1_2", key_type=key_type) as port:
        agreed = connect(port, our_client(key_type, verify=Verify.REQUIRED)).negotiated
    assert agreed is not None
    assert len(agreed.verified_path) >= 2


@pytest.mark.parametrize("options", [(), ("-no_ticket",)], ids=["ticket", "identifier"])
def test_client_resumes(options: tuple[str, ...]) -> None:
    sessions = MemorySessionStore(SYSTEM_ENV)
    with s_server("-tls1_2", *options) as port:
        resumed = [connect(port, our_client(sessions=sessions)).negotiated.resumed for _ in range(3)]
    assert resumed == [False, True, True]


@pytest.mark.parametrize("key_type", ["rsa2048", "p256", "ed25519"])
def test_client_authenticates_itself(key_type: str) -> None:
    root = str(CERTS / key_type / "root.pem")
    with s_server("-tls1_2", "-Verify", "4", "-verify_return_error", "-CAfile", root) as port:
        connect(port, our_client(credential=credential(key_type, "client")))
        with pytest.raises(ProtocolError, match="alert received: handshake_failure"):
            connect(port, our_client())


def test_client_falls_back_to_tls12_and_resumes_there() -> None:
    sessions = MemorySessionStore(SYSTEM_ENV)
    both = {"versions": (TLS13, TLS12), "sessions": sessions}
    with s_server("-tls1_2") as port:
        assert [connect(port, our_client(**both)).negotiated.resumed for _ in range(2)] == [False, True]


def test_client_without_extended_master_secret() -> None:
    with s_server("-tls1_2") as port:
        agreed = connect(port, our_client(shape_hello=dropping(ExtendedMasterSecret))).negotiated
    assert agreed is not None
    assert not agreed.extended_master_secret


def test_client_speaks_mac_then_encrypt_where_allowed(any_server: int) -> None:
    for suite in (each for each in SUITES_12 if each.cipher.kind is CipherKind.CBC):
        shaped = our_client(
            cipher_suites=(suite.id,), allow_mac_then_encrypt=True, shape_hello=dropping(EncryptThenMac)
        )
        agreed = connect(any_server, shaped).negotiated
        assert agreed is not None
        assert not agreed.encrypt_then_mac


def test_client_agrees_on_a_protocol() -> None:
    with s_server("-tls1_2", "-alpn", "h2,http/1.1") as port:
        agreed = connect(port, our_client(alpn=(b"http/1.1",))).negotiated
    assert agreed is not None
    assert agreed.alpn == b"http/1.1"


def dropping(*kinds: type) -> Any:
    return lambda hello: replace(hello, extensions=without_extension(*kinds)(hello.extensions))


# Our server against OpenSSL's client ----------------------------------------------------------------------------------


def s_client(
    config: ServerConfig, *options: str, key_type: str = "rsa2048", typed: str = "ping\n", fails: bool = False
) -> tuple[ServerConnection, str]:
    """One connection of ``openssl s_client`` to our server, with a line there and back; gives its output."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(PATIENCE)
        port = listener.getsockname()[1]
        command = ["openssl", "s_client", "-connect", f"127.0.0.1:{port}", "-servername", "server.example"]
        command += ["-CAfile", str(CERTS / key_type / "root.pem"), "-verify_return_error", *options]
        process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        try:
            transport, _ = listener.accept()
            connection = ServerConnection(config)
            with transport:
                transport.settimeout(PATIENCE)
                line = Line(connection, transport)
                try:
                    line.handshake()
                    process.stdin.write(typed)
                    process.stdin.flush()
                    line.receive(b"ping\n")
                    line.send(b"pong\n")
                    line.close()
                except ProtocolError:
                    if not fails:
                        raise
            output, _ = process.communicate(timeout=PATIENCE)
        finally:
            process.kill()
            process.wait()
    assert fails or "pong" in output, output
    return connection, output


def our_server(key_type: str = "rsa2048", **fields: Any) -> ServerConfig:
    return server_config(key_type, **{"versions": (TLS12,), "env": SYSTEM_ENV, **fields})


@pytest.mark.parametrize("suite", SUITES_12, ids=lambda suite: suite.openssl_name)
def test_server_speaks_every_suite(suite: Suite) -> None:
    key_type = KEY_TYPE[suite.authentication]
    config = our_server(key_type, cipher_suites=(suite.id,))
    connection, output = s_client(config, "-tls1_2", "-cipher", ALL, key_type=key_type)
    assert f"Cipher is {suite.openssl_name}" in output
    assert "Verify return code: 0 (ok)" in output
    assert "Secure Renegotiation IS supported" in output
    assert "Extended master secret: yes" in output
    agreed = connection.negotiated
    assert agreed is not None
    assert agreed.encrypt_then_mac is (suite.cipher.kind is CipherKind.CBC)
    assert (agreed.group is None) is (suite.key_exchange is KeyExchange.RSA)


@pytest.mark.parametrize("curve", ["P-256", "P-384", "P-521", "X25519", "X448"])
def test_server_speaks_every_curve(curve: str) -> None:
    connection, _ = s_client(our_server(), "-tls1_2", "-curves", curve)
    assert connection.negotiated is not None


@pytest.mark.parametrize("key_type", ["rsa2048", "p256", "p384", "ed25519"])
def test_server_presents_every_kind_of_certificate(key_type: str) -> None:
    s_client(our_server(key_type), "-tls1_2", key_type=key_type)


@pytest.mark.parametrize("options", [(), ("-no_ticket",)], ids=["ticket", "identifier"])
def test_server_resumes(tmp_path: Path, options: tuple[str, ...]) -> None:
    shared = {"sessions": MemorySessionStore(SYSTEM_ENV), "ticket_keys": TicketKeys(SYSTEM_ENV)}
    saved = str(tmp_path / "session.pem")
    first, output = s_client(our_server(**shared), "-tls1_2", *options, "-sess_out", saved)
    assert "New, TLSv1.2" in output
    assert first.negotiated is not None
    assert not first.negotiated.resumed
    for _ in range(2):
        second, output = s_client(our_server(**shared), "-tls1_2", *options, "-sess_in", saved)
        assert "Reused, TLSv1.2" in output
        assert second.negotiated is not None
        assert second.negotiated.resumed


@pytest.mark.parametrize("key_type", ["rsa2048", "p256", "ed25519"])
def test_server_authenticates_the_client(key_type: str) -> None:
    config = our_server(verify=Verify.REQUIRED, trust=trust(key_type))
    connection, _ = s_client(config, "-tls1_2", *certificate(key_type, "client"))
    assert connection.peer_certificates == credential(key_type, "client").chain
    refused, output = s_client(config, "-tls1_2", fails=True)
    assert "handshake failure" in output
    assert refused.negotiated is None


def test_server_takes_a_fallback_of_a_client_that_speaks_more() -> None:
    connection, output = s_client(our_server(alpn=(b"h2",)), "-alpn", "http/1.1,h2")
    assert connection.negotiated is not None
    assert connection.negotiated.alpn == b"h2"
    assert "ALPN protocol: h2" in output


def test_server_refuses_renegotiation_with_a_warning() -> None:
    """``R`` on a line of its own makes s_client renegotiate; OpenSSL then gives up, as RFC 5246 7.2.2 lets it."""
    connection, output = s_client(our_server(), "-tls1_2", typed="R\n", fails=True)
    assert "RENEGOTIATING" in output
    assert "no renegotiation" in output
    assert isinstance(connection.failure, ProtocolError)
    assert connection.failure.received == AlertDescription.HANDSHAKE_FAILURE
