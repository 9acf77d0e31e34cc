"""CRLs and stapled responses, from the command line's files to the handshake."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest

from puressl.cli import main
from puressl.x509 import pem
from puressl.x509.ocsp import Status

from support import status
from support.configs import SERVER_NAME

CA, NOW = status.intermediate(), int(time.time())
LEAF = status.server(must_staple=True).leaf


@pytest.fixture
def files(tmp_path: Path) -> Path:
    """Of a server that must staple; responses and CRLs of now."""
    status.write(tmp_path, status.server(must_staple=True))
    for state in (Status.GOOD, Status.REVOKED):
        (tmp_path / f"{state.name.lower()}.der").write_bytes(CA.respond(CA.answer(LEAF, state, at=NOW)))
    (tmp_path / "root.crl").write_bytes(status.root().crl(at=NOW))
    (tmp_path / "ca.crl").write_bytes(pem.encode("X509 CRL", CA.crl(at=NOW)))
    (tmp_path / "revoking.crl").write_bytes(CA.crl(LEAF, at=NOW))
    return tmp_path


def test_server_staples_and_client_judges(run: Any, serve: Any, files: Path) -> None:
    own = ("--cert", str(files / "chain.pem"), "--key", str(files / "key.pem"), "--echo")
    good, revoked = (serve(*own, "--ocsp", str(files / f"{name}.der")) for name in ("good", "revoked"))

    def connect(server: Any, *more: str) -> tuple[int, bytes, str]:
        common = ("--server-name", SERVER_NAME, "--ca-file", str(files / "root.pem"))
        done = run("connect", f"localhost:{server.port}", *common, *more, given=b"x")
        return done.returncode, done.stdout, done.stderr.decode()

    required = ("--revocation", "required", "--crl", str(files / "root.crl"))
    assert connect(good, *required)[:2] == (0, b"x")
    code, _, err = connect(revoked)
    assert code == 1
    assert "revoked since" in err
    assert connect(revoked, "--revocation", "off")[:2] == (0, b"x")
    code, _, err = connect(good, "--crl", str(files / "revoking.crl"))
    assert code == 1
    assert "revoked since" in err


@pytest.mark.parametrize(("name", "code"), [("good", 0), ("revoked", 1)])
def test_verify_judges_by_responses(files: Path, name: str, code: int, capsys: pytest.CaptureFixture[str]) -> None:
    chain = ["verify", str(files / "chain.pem"), "--ca-file", str(files / "root.pem"), "--server-name", SERVER_NAME]
    evidence = ["--ocsp", str(files / f"{name}.der"), "--crl", str(files / "root.crl"), "--revocation", "required"]
    assert main.run([*chain, *evidence]) == code
    assert ("according to an OCSP response" in capsys.readouterr().err) == bool(code)


def test_response_that_is_an_error_is_refused(files: Path, capsys: pytest.CaptureFixture[str]) -> None:
    try_later = files / "later.der"
    try_later.write_bytes(b"\x30\x03\x0a\x01\x03")
    chain = ["verify", str(files / "chain.pem"), "--ca-file", str(files / "root.pem")]
    assert main.run([*chain, "--ocsp", str(try_later)]) == 1
    assert f"--ocsp: {try_later}: the responder gave no answer" in capsys.readouterr().err


def test_verify_needs_a_list_for_each_certificate_where_that_is_required(files: Path) -> None:
    common = ["verify", str(files / "chain.pem"), "--ca-file", str(files / "root.pem"), "--server-name", SERVER_NAME]

    def verify(*names: str, mode: str = "required") -> int:
        lists = [word for name in names for word in ("--crl", str(files / name))]
        return main.run([*common, *lists, "--revocation", mode])

    assert verify("root.crl", "ca.crl") == 0
    assert verify("root.crl") == 1
    assert verify("root.crl", "revoking.crl", mode="if-present") == 1
    assert verify("revoking.crl", mode="off") == 0
