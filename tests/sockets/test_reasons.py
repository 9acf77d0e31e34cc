"""The peer certificate reasons, met by clients and by servers, and the alert that the other side sees."""

from __future__ import annotations

import json
import socket
import struct
from collections.abc import Callable
from typing import Any

import pytest

import puressl
from puressl.codes import AlertDescription, AlertLevel, ContentType

from support.configs import CERTS, SERVER_NAME
from support.endpoints import PATIENCE, Server, certificates, client_options, refusal, root
from support.task import Task

FOLDER = CERTS / "reasons"
#: The first chain of each reason.
CASES: dict[str, dict[str, Any]] = {}
for _case in json.loads((FOLDER / "manifest.json").read_text())["cases"]:
    CASES.setdefault(_case["reason"], _case)

EACH = pytest.mark.parametrize("reason", CASES)
#: The alert where nothing in common fits.
_NONE = "handshake_failure"
VERSIONS = pytest.mark.parametrize("version", ["tlsv1.3", "tlsv1.2"])


def bad(reason: str, role: str) -> dict[str, Any]:
    """Options of the side that presents the chain."""
    files = CASES[reason]["roles"][role]
    return {"certfile": FOLDER / files["chain"], "keyfile": FOLDER / files["key"]}


def judge(reason: str) -> dict[str, Any]:
    """Options of the side that verifies it."""
    return {"cacertfile": FOLDER / CASES[reason]["trust"], "depth": CASES[reason]["depth"]}


def test_every_reason_of_certificates_has_a_chain() -> None:
    assert set(CASES) == {
        "echaintoolong",
        "enoissuercert",
        "epeercert",
        "epeercertexpired",
        "epeercertinvalid",
        "eselfsignedcert",
    }


@EACH
@VERSIONS
def test_client_meets_the_reason_and_the_server_the_alert(
    serve: Callable[..., Server], reason: str, version: str
) -> None:
    server = serve(**bad(reason, "server"), versions=[version])
    accepting = server.accept()
    options = client_options(**judge(reason))
    with pytest.raises(puressl.SSLError) as caught:
        puressl.connect("127.0.0.1", server.port, options, PATIENCE)
    assert caught.value.reason == reason
    assert puressl.format_error(caught.value) == str(caught.value)
    with pytest.raises(puressl.SSLError, match=CASES[reason]["alert"]) as caught:
        accepting.result()
    assert caught.value.reason == "esslerrssl"


@EACH
@VERSIONS
def test_server_meets_the_reason_and_the_client_the_alert(
    serve: Callable[..., Server], reason: str, version: str
) -> None:
    server = serve(verify=1, versions=[version], **judge(reason))
    accepting = server.accept()

    def connect_and_receive() -> None:
        """In TLS 1.3 the refusal comes after the client's handshake."""
        options = client_options(**bad(reason, "client"))
        puressl.recv(puressl.connect("127.0.0.1", server.port, options, PATIENCE), 0, PATIENCE)

    with pytest.raises(puressl.SSLError, match=CASES[reason]["alert"]) as caught:
        connect_and_receive()
    assert caught.value.reason == "esslerrssl"
    assert refusal(accepting.result) == reason


@pytest.mark.parametrize(("depth", "reason"), [(0, "echaintoolong"), (1, None)])
def test_depth_counts_the_certificates_between_peer_and_root(server: Server, depth: int, reason: str | None) -> None:
    accepting = server.accept()
    options = client_options(depth=depth)
    if reason is None:
        puressl.connect("127.0.0.1", server.port, options, PATIENCE)
        accepting.result()
    else:
        assert refusal(puressl.connect, "127.0.0.1", server.port, options, PATIENCE) == reason
        assert refusal(accepting.result) == "esslerrssl"


@VERSIONS
def test_no_common_protocol_is_a_failure_found_by_the_server(serve: Callable[..., Server], version: str) -> None:
    server = serve(versions=[version])
    accepting = server.accept()
    other = {"tlsv1.3": "tlsv1.2", "tlsv1.2": "tlsv1.3"}[version]
    with pytest.raises(puressl.SSLError, match="protocol_version") as caught:
        puressl.connect("127.0.0.1", server.port, client_options(versions=[other]), PATIENCE)
    assert caught.value.reason == "esslerrssl"
    assert refusal(accepting.result) == "esslaccept"


@pytest.mark.parametrize(
    ("ours", "theirs", "alert"),
    [
        ({"versions": ["tlsv1.3"], "ciphers": "TLS_AES_128_GCM_SHA256"}, {"ciphers": "TLS_AES_256_GCM_SHA384"}, _NONE),
        ({"versions": ["tlsv1.2"], "ciphers": "ECDHE-RSA-AES128-GCM-SHA256"}, {}, _NONE),
        ({"alpn_advertised_protocols": [b"a"]}, {"alpn_preferred_protocols": [b"b"]}, "no_application_protocol"),
    ],
)
def test_what_client_and_server_do_not_share_is_a_failure_found_by_the_server(
    serve: Callable[..., Server], ours: dict[str, Any], theirs: dict[str, Any], alert: str
) -> None:
    server = serve(**theirs)
    accepting = server.accept()
    with pytest.raises(puressl.SSLError, match=alert) as caught:
        puressl.connect("127.0.0.1", server.port, client_options(**ours), PATIENCE)
    assert caught.value.reason == "esslerrssl"
    assert refusal(accepting.result) == "esslaccept"


@pytest.mark.parametrize(
    ("answer", "alert"),
    [
        (b"HTTP/1.1 400 Bad Request\r\n\r\n", AlertDescription.PROTOCOL_VERSION),
        (b"\x16\x03\x03\x00\x05\x02\0\0\x01\0", AlertDescription.DECODE_ERROR),
        (b"\x16\x03\x03\x00\x04\x0e\0\0\0", AlertDescription.UNEXPECTED_MESSAGE),
        (b"\x16\x03\x03\xff\xff", AlertDescription.RECORD_OVERFLOW),
    ],
)
def test_server_that_talks_nonsense_is_a_failure_found_by_the_client(answer: bytes, alert: AlertDescription) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        options = {"verify": 0}
        connecting = Task(puressl.connect, "127.0.0.1", listener.getsockname()[1], options, PATIENCE)
        accepted, _ = listener.accept()
    with accepted:
        accepted.recv(10_000)
        accepted.sendall(answer)
        assert connecting.error().reason == "esslconnect"
        assert accepted.recv(100) == bytes((ContentType.ALERT, 3, 3, 0, 2, AlertLevel.FATAL, alert))
        assert accepted.recv(100) == b""


@pytest.mark.parametrize("hello", [0, 1, 40, -1, None])
def test_reset_in_the_handshake_has_its_posix_name(server: Server, hello: int | None) -> None:
    client = puressl.ClientConnection(puressl.ClientConfig(server_name=SERVER_NAME))
    client.start()
    with socket.create_connection(("127.0.0.1", server.port)) as sock:
        sock.sendall(client.data_to_send()[:hello])
        accepted = puressl.transport_accept(server.socket, PATIENCE)
        accepting = Task(puressl.ssl_accept, accepted, PATIENCE)
        if hello is None:
            sock.recv(1)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    assert accepting.error().reason == "econnreset"
    assert refusal(puressl.close, accepted) == "closed"


def test_server_that_verifies_lets_a_client_without_certificate_pass_unless_it_insists(
    serve: Callable[..., Server],
) -> None:
    _, peer = serve(verify=1, cacertfile=root()).pair()
    assert refusal(puressl.peercert, peer) == "enopeercert"
    server = serve(verify=2, cacertfile=root(), versions=["tlsv1.2"])
    accepting = server.accept()
    assert refusal(puressl.connect, "127.0.0.1", server.port, client_options(), PATIENCE) == "esslerrssl"
    assert refusal(accepting.result) == "esslaccept"


def test_client_with_a_key_of_another_type_is_verified(serve: Callable[..., Server]) -> None:
    server = serve(verify=2, cacertfile=root("ed25519"))
    client, peer = server.pair(**certificates("client", "ed25519"))
    puressl.send(client, b"x")
    assert puressl.recv(peer, 0, PATIENCE) == b"x"
