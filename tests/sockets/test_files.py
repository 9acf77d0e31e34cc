"""Own files: certificates, keys, roots, names, the key log."""

from __future__ import annotations

import os
import shutil
import subprocess
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import puressl
from puressl.sockets.messages import process_of

from support.configs import CERTS
from support.endpoints import PATIENCE, Server, certificates, client_options, refusal, root, server_options
from support.task import Task

P256, RSA = CERTS / "p256", CERTS / "rsa2048"


def failure(function: Callable[..., Any], *arguments: Any) -> tuple[Any, str]:
    with pytest.raises(puressl.SSLError) as caught:
        function(*arguments)
    return caught.value.reason, caught.value.detail or ""


BROKEN = b"-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n"
CASES: tuple[tuple[str, str, bytes | None], ...] = (
    ("certfile", "ecertfile", None),
    ("certfile", "ecertfile", b""),
    ("certfile", "ecertfile", b"not a certificate"),
    ("certfile", "ecertfile", BROKEN),
    ("keyfile", "ekeyfile", None),
    ("keyfile", "ekeyfile", b""),
    ("keyfile", "ekeyfile", b"not a key"),
    ("keyfile", "ekeymismatch", (RSA / "server.key").read_bytes()),
    ("cacertfile", "ecacertfile", None),
    ("cacertfile", "ecacertfile", b"not a certificate"),
    (
        "cacertfile",
        "ecacertfile",
        (P256 / "root.pem").read_bytes() + BROKEN,
    ),
)


@pytest.mark.parametrize(("tag", "reason", "content"), CASES)
def test_unusable_file_has_its_reason_and_name(tag: str, reason: str, content: bytes | None, tmp_path: Path) -> None:
    path = tmp_path / "file.pem"
    if content is not None:
        path.write_bytes(content)
    for call, arguments in (
        (puressl.listen, (0, server_options(**{tag: str(path)}))),
        (puressl.connect, ("127.0.0.1", 1, client_options(**certificates()) | {tag: str(path)})),
    ):
        met, detail = failure(call, *arguments)
        assert met == reason
        assert str(path) in detail


@pytest.mark.parametrize(
    ("options", "reason", "said"),
    [
        ({"active": False}, "enoservercert", "certfile or cert"),
        (
            {"certfile": str(P256 / "server-chain.pem")},
            "ekeyfile",
            "server-chain.pem, as there is no keyfile and no key",
        ),
        ({**certificates(), "verify": 1}, "ecacertfile", "cacertfile or cacerts"),
    ],
)
def test_file_that_is_left_out_is_named_by_its_option(options: dict[str, Any], reason: str, said: str) -> None:
    met, detail = failure(puressl.listen, 0, options)
    assert met == reason
    assert said in detail


def test_directory_is_no_certificate(tmp_path: Path) -> None:
    assert failure(puressl.listen, 0, server_options(certfile=tmp_path))[0] == "ecertfile"


def test_listen_needs_options_and_a_certificate() -> None:
    assert refusal(puressl.listen, 0, []) == "enooptions"
    assert refusal(puressl.listen, 0, {}) == "enooptions"
    assert refusal(puressl.listen, 0, {"active": False}) == "enoservercert"
    assert refusal(puressl.listen, 0, {"keyfile": str(P256 / "server.key")}) == "enoservercert"


def test_server_that_verifies_needs_roots_of_its_own() -> None:
    assert refusal(puressl.listen, 0, server_options(verify=1)) == "ecacertfile"


def test_key_may_stand_in_the_certificate_file(serve: Callable[..., Server], tmp_path: Path) -> None:
    both = tmp_path / "both.pem"
    both.write_bytes((P256 / "server-chain.pem").read_bytes() + (P256 / "server.key").read_bytes())
    options = {"certfile": both, "active": False, "ip": "127.0.0.1"}
    Server(puressl.listen(0, options)).pair()


def test_files_may_be_given_as_bytes() -> None:
    options = {
        "cert": (P256 / "server-chain.pem").read_bytes(),
        "key": (P256 / "server.key").read_bytes(),
        "active": False,
        "ip": "127.0.0.1",
    }
    server = Server(puressl.listen(0, options))
    trusted = client_options(cacerts=[(RSA / "root.pem").read_bytes(), (P256 / "root.pem").read_bytes()])
    del trusted["cacertfile"]
    accepting = server.accept()
    puressl.connect("127.0.0.1", server.port, trusted, PATIENCE)
    accepting.result()


@pytest.mark.skipif(shutil.which("openssl") is None, reason="the openssl program is not installed")
@pytest.mark.parametrize("command", ["pkcs8 -topk8 -v2 aes-256-cbc -iter 1", "ec -aes128"])
def test_encrypted_key_needs_its_password(tmp_path: Path, command: str) -> None:
    path = tmp_path / "encrypted.key"
    written = ("-in", P256 / "server.key", "-out", path, "-passout", "pass:right")
    subprocess.run(("openssl", *command.split(), *written), check=True, capture_output=True)
    certificate = {"certfile": P256 / "server-chain.pem", "active": False, "ip": "127.0.0.1"}
    for key, name in (({"keyfile": path}, str(path)), ({"key": path.read_bytes()}, "key: ")):
        own: dict[str, Any] = {**certificate, **key}
        for password in ({}, {"password": ""}, {"password": "guessed"}, {"password": b"guessed"}):
            for call, arguments in ((puressl.listen, (0,)), (puressl.connect, ("127.0.0.1", 1))):
                met, detail = failure(call, *arguments, {**own, **password, "verify": 0})
                assert (met, name in detail, "password" in detail) == ("ekeyfile", True, True)
                assert "guessed" not in detail
        puressl.listen(0, {**own, "password": b"right"})
        Server(puressl.listen(0, {**own, "password": "right"})).pair()


@pytest.mark.parametrize("tag", ["cert", "key", "cacerts"])
def test_unusable_bytes_have_the_reason_of_their_file(tag: str) -> None:
    reason = {"cert": "ecertfile", "key": "ekeyfile", "cacerts": "ecacertfile"}[tag]
    for content in (b"\x30\x80", b"nothing", BROKEN, (P256 / "server-chain.pem").read_bytes()[:-9]):
        options = server_options(**{tag: content})
        options.pop({"cert": "certfile", "key": "keyfile", "cacerts": ""}[tag], None)
        met, detail = failure(puressl.listen, 0, options)
        assert (met, tag in detail) == (reason, True)


def test_same_content_is_decoded_once(serve: Callable[..., Server]) -> None:
    configs = [process_of(serve().socket)._config for _ in range(2)]  # type: ignore[attr-defined]
    assert configs[0].credentials[0] is configs[1].credentials[0]


def test_changed_file_is_noticed(tmp_path: Path) -> None:
    path = tmp_path / "cert.pem"
    path.write_bytes((P256 / "server-chain.pem").read_bytes())
    puressl.listen(0, server_options(certfile=path))
    path.write_bytes((RSA / "server-chain.pem").read_bytes())
    assert refusal(puressl.listen, 0, server_options(certfile=path)) == "ekeymismatch"


@pytest.mark.parametrize("trusted", ["p256", "p384"])
def test_client_without_roots_trusts_what_the_environment_names(
    server: Server, monkeypatch: pytest.MonkeyPatch, trusted: str
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", root(trusted))
    options = client_options()
    del options["cacertfile"]
    accepting = server.accept()
    if trusted == "p256":
        puressl.connect("127.0.0.1", server.port, options, PATIENCE)
        accepting.result()
    else:
        assert refusal(puressl.connect, "127.0.0.1", server.port, options, PATIENCE) == "enoissuercert"
        assert refusal(accepting.result) == "esslerrssl"


# Names ----------------------------------------------------------------------------------------------------------------


def named(name: str) -> Any:
    """An ``sni_fun`` for the tests."""
    answers = {
        "rsa.example": certificates(key_type="rsa2048"),
        "later.example": "pending",
        "misplaced.example": {"mode": "list"},
        "number.example": 7,
        "file.example": {"certfile": "no such file"},
        "key.example": {"cert": (P256 / "server-chain.pem").read_bytes()},
        "roots.example": {"verify": 1},
        "ciphers.example": {"ciphers": "nonsense"},
    }
    return {}[name] if name == "raising.example" else answers.get(name)


def test_sni_fun_chooses_the_certificate(serve: Callable[..., Server]) -> None:
    server = serve(sni_fun=named)
    client, _ = server.pair(server_name_indication="rsa.example", verify=0)
    from_rsa = puressl.peercert(client)
    client, _ = server.pair(server_name_indication="disable", verify=0)
    assert puressl.peercert(client) != from_rsa


@pytest.mark.parametrize(
    ("name", "reason", "alert"),
    [
        ("unknown.example", "esslaccept", "unrecognized_name"),
        ("later.example", "ex509lookup", "internal_error"),
        ("misplaced.example", "eoptions", "internal_error"),
        ("number.example", "eoptions", "internal_error"),
        ("file.example", "ecertfile", "internal_error"),
        ("key.example", "ekeyfile", "internal_error"),
        ("roots.example", "ecacertfile", "internal_error"),
        ("ciphers.example", "ecipher", "internal_error"),
        ("raising.example", "esslaccept", "internal_error"),
    ],
)
@pytest.mark.parametrize("version", ["tlsv1.3", "tlsv1.2"])
def test_names_that_sni_fun_has_no_good_options_for(
    serve: Callable[..., Server], name: str, reason: str, alert: str, version: str
) -> None:
    server = serve(sni_fun=named, versions=[version])
    accepting = server.accept()
    met, detail = failure(
        puressl.connect, "127.0.0.1", server.port, client_options(server_name_indication=name), PATIENCE
    )
    assert (met, alert in detail) == ("esslerrssl", True)
    assert refusal(accepting.result) == reason


@pytest.mark.parametrize("version", ["tlsv1.3", "tlsv1.2"])
def test_options_for_a_name_go_before_those_of_listen(serve: Callable[..., Server], version: str) -> None:
    strict = {"verify": 2, "cacertfile": root(), "alpn_preferred_protocols": [b"strict"], "versions": [version]}
    server = serve(sni_fun={"strict.example": strict, "same.example": {}}.get, alpn_preferred_protocols=[b"plain"])
    asking = {"verify": 0, "alpn_advertised_protocols": [b"plain", b"strict"], **certificates("client")}
    client, peer = server.pair(server_name_indication="strict.example", **asking)
    assert puressl.connection_info(client)[0] == version
    assert puressl.negotiated_protocol(peer) == b"strict"
    assert isinstance(puressl.peercert(peer), bytes)
    client, peer = server.pair(server_name_indication="same.example", **asking)
    assert puressl.negotiated_protocol(peer) == b"plain"
    assert refusal(puressl.peercert, peer) == "enopeercert"


def test_sessions_are_resumed_under_the_options_of_a_name_and_no_others(serve: Callable[..., Server]) -> None:
    answers = [{}, {}, {"verify": 1, "cacertfile": root()}]
    server = serve(sni_fun=lambda name: answers.pop(0))

    def resumed() -> bool:
        client, peer = server.pair()
        puressl.send(peer, b"after the tickets")
        puressl.recv(client, 0, PATIENCE)
        return bool(process_of(client).stream.negotiated.resumed)  # type: ignore[attr-defined]

    assert [resumed(), resumed(), resumed()] == [False, True, False]


def test_server_of_names_needs_no_certificate_of_its_own() -> None:
    server = Server(puressl.listen(0, {"sni_fun": named, "active": False, "ip": "127.0.0.1"}))
    server.pair(server_name_indication="rsa.example", verify=0)
    accepting = server.accept()
    met, detail = failure(puressl.connect, "127.0.0.1", server.port, {"verify": 0}, PATIENCE)
    assert (met, "handshake_failure" in detail) == ("esslerrssl", True)
    assert refusal(accepting.result) == "esslaccept"


def test_socket_can_be_closed_while_sni_fun_thinks(serve: Callable[..., Server]) -> None:
    asked, think = threading.Event(), threading.Event()

    def slow(name: str) -> dict[str, Any]:
        asked.set()
        think.wait()
        return {}

    server = serve(sni_fun=slow)
    connecting = Task(refusal, puressl.connect, "127.0.0.1", server.port, client_options(), PATIENCE)
    accepted = puressl.transport_accept(server.socket, PATIENCE)
    accepting = Task(refusal, puressl.ssl_accept, accepted)
    assert asked.wait(PATIENCE / 1000)
    puressl.close(accepted)
    assert connecting.result() in ("esslconnect", "esslerrssl")
    think.set()
    assert accepting.result() == "closed"


def test_sni_fun_may_use_the_interface(serve: Callable[..., Server]) -> None:
    server = serve(sni_fun=lambda name: puressl.stop())
    connecting = Task(refusal, puressl.connect, "127.0.0.1", server.port, client_options(), PATIENCE)
    accepted = puressl.transport_accept(server.socket, PATIENCE)
    assert refusal(puressl.ssl_accept, accepted, PATIENCE) == "closed"
    assert connecting.result() in ("closed", "esslerrssl")  # its own end by stop, or first the other's last words


def test_client_verifies_the_name(server: Server) -> None:
    accepting = server.accept()
    options = client_options(server_name_indication="other.example")
    met, detail = failure(puressl.connect, "127.0.0.1", server.port, options, PATIENCE)
    assert met == "epeercert"
    assert "other.example" in detail
    assert refusal(accepting.result) == "esslerrssl"


def test_client_without_a_name_given_verifies_the_address(server: Server) -> None:
    options = client_options()
    del options["server_name_indication"]
    accepting = server.accept()
    puressl.connect("localhost", server.port, options, PATIENCE)
    accepting.result()
    accepting = server.accept()
    puressl.connect("127.0.0.1", server.port, options, PATIENCE)
    accepting.result()


# Key log --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("by_environment", [True, False])
def test_secrets_are_appended_to_the_key_log(
    serve: Callable[..., Server], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, by_environment: bool
) -> None:
    path = tmp_path / "keys.log"
    if by_environment:
        monkeypatch.setenv("SSLKEYLOGFILE", str(path))
    serve().pair(**({} if by_environment else {"keylog": path}))
    lines = path.read_text().splitlines()
    assert any(line.startswith("CLIENT_TRAFFIC_SECRET_0 ") for line in lines)
    assert path.stat().st_mode & 0o077 == 0


def test_key_log_that_cannot_be_written_is_an_error(tmp_path: Path) -> None:
    met, detail = failure(puressl.connect, "127.0.0.1", 1, client_options(keylog=tmp_path / "no" / "file"))
    assert met == "enoent"
    assert os.fspath(tmp_path) in detail
