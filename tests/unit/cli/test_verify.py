"""``puressl verify``: the path, the certificate at fault, exit codes, and the JSON."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from puressl.cli import main
from puressl.crypto.keys import Curve, generate_ec
from puressl.env import SeededEnv
from puressl.x509 import build, pem

CERTS = Path(__file__).resolve().parents[3] / "certs"
REASONS = CERTS / "reasons"
CASES = json.loads((REASONS / "manifest.json").read_text())["cases"]
P256 = CERTS / "p256"
SERVER = (str(P256 / "server-chain.pem"), "--ca-file", str(P256 / "root.pem"), "--time", "2026-07-01")
SUBJECTS = ["CN=puressl Test Root", "CN=puressl Test Intermediate", "CN=server.example"]


def verify(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    code = main.run(["verify", *arguments])
    captured = capsys.readouterr()
    return code, captured.out, captured.err


def test_path_is_a_tree_from_the_root(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = verify(capsys, *SERVER, "--server-name", "server.example")
    assert (code, err) == (0, "")
    titles = out.splitlines()[::2]
    for level, (line, subject) in enumerate(zip(titles, SUBJECTS, strict=True)):
        assert line.startswith(f"{'  ' * level}certificate {2 - level}: {subject}")
    assert set(map(str.strip, out.splitlines()[1::2])) == {
        "EC, secp256r1, valid from 2026-01-01T00:00:00Z to 2046-01-01T00:00:00Z"
    }


def test_path_on_a_terminal_is_drawn(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "120")
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    code, out, _ = verify(capsys, *SERVER)
    assert code == 0
    assert "└── " in out
    assert [out.index(subject) for subject in SUBJECTS] == sorted(out.index(subject) for subject in SUBJECTS)


def test_json_of_a_good_chain(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = verify(capsys, *SERVER, "--json")
    result = json.loads(out)
    assert (code, set(result), result["verified"]) == (0, {"verified", "path"}, True)
    assert [row["place"] for row in result["path"]] == [0, 1, 2]
    assert set(result["path"][0]) == {
        "place",
        "subject",
        "issuer",
        "key",
        "not_before",
        "not_after",
        "sha256",
        "at_fault",
    }
    manifest = json.loads((CERTS / "manifest.json").read_text())
    assert result["path"][0]["sha256"] == manifest["key_types"]["p256"]["sha256"]["server"]


@pytest.mark.parametrize(("key_type", "text"), [("rsa2048", "RSA, 2048 bits"), ("ed25519", "Ed25519")])
def test_key_is_named(capsys: pytest.CaptureFixture[str], key_type: str, text: str) -> None:
    folder = CERTS / key_type
    chain, root = str(folder / "client-chain.pem"), str(folder / "root.pem")
    code, out, _ = verify(capsys, chain, "--ca-file", root, "--time", "2026-07-01", "--purpose", "client")
    assert (code, out.count(text)) == (0, 3)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["id"])
def test_refused_chain_is_listed_with_the_certificate_at_fault_marked(
    capsys: pytest.CaptureFixture[str], case: dict[str, object]
) -> None:
    for role, files in case["roles"].items():
        options = ["--ca-file", str(REASONS / case["trust"]), "--purpose", role, "--depth", str(case["depth"])]
        if role == "server":
            options += ["--server-name", case["server_name"]]
        if case["crl"]:
            options += ["--crl", str(REASONS / case["crl"])]
        options += ["--revocation", case["revocation"]]
        chain = str(REASONS / files["chain"])
        code, out, err = verify(capsys, chain, "--time", "2026-07-01", *options)
        marked = [line for line in out.splitlines() if line.startswith("! certificate")]
        assert code == 1
        assert len(marked) == 1
        assert marked[0].startswith(f"! certificate {case['place']}: ")
        assert err.startswith("puressl: ")
        assert err.count("\n") == 1
        code, out, _ = verify(capsys, chain, "--time", "2026-07-01", *options, "--json")
        result = json.loads(out)
        assert (code, result["verified"], result["reason"], result["place"]) == (
            1,
            False,
            case["reason"],
            case["place"],
        )
        assert [row["place"] for row in result["presented"] if row["at_fault"]] == [case["place"]]
        assert result["detail"] in err


def test_fault_in_what_is_trusted_is_shown_too(capsys: pytest.CaptureFixture[str]) -> None:
    case = REASONS / "epeercertexpired" / "root"
    _, out, _ = verify(capsys, str(case / "server-chain.pem"), "--ca-file", str(case / "root.pem"))
    assert "! certificate 2: CN=puressl Test Root" in out


@pytest.mark.parametrize(
    "time", ["2026-07-01", "2026-07-01T12:00:00", "2026-07-01T12:00:00Z", "2026-07-01T12:00+02:00"]
)
def test_times_are_read(capsys: pytest.CaptureFixture[str], time: str) -> None:
    assert verify(capsys, *SERVER[:3], "--time", time)[0] == 0


def test_time_decides(capsys: pytest.CaptureFixture[str]) -> None:
    code, _, err = verify(capsys, *SERVER[:3], "--time", "2025-12-31T23:59:59Z")
    assert code == 1
    assert "notBefore 2026-01-01T00:00:00Z is after 2025-12-31T23:59:59Z" in err


@pytest.mark.parametrize("profile", ["webpki", "rfc5280", "path"])
def test_profiles_are_known(capsys: pytest.CaptureFixture[str], profile: str) -> None:
    assert verify(capsys, *SERVER, "--profile", profile)[0] == 0


def test_crls_are_read_as_pem_and_der_and_may_be_left_out_of_account(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    case = REASONS / "epeercert" / "revoked"
    file = tmp_path / "ca.crl"
    file.write_bytes(pem.blocks((case / "crl.pem").read_bytes())[0].decode())
    chain = (str(case / "server-chain.pem"), "--ca-file", str(case / "root.pem"), "--time", "2026-07-01")
    assert verify(capsys, *chain)[0] == 0
    for path in (case / "crl.pem", file):
        assert "revoked since 2026-01-01" in verify(capsys, *chain, "--crl", str(path))[2]
        assert verify(capsys, *chain, "--crl", str(path), "--revocation", "off")[0] == 0


def test_der_is_read(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    file = tmp_path / "root.der"
    file.write_bytes(pem.blocks((P256 / "root.pem").read_bytes())[0].decode())
    assert verify(capsys, SERVER[0], "--ca-file", str(file), "--time", "2026-07-01")[0] == 0


@pytest.mark.parametrize(
    "arguments",
    [
        ["--depth", "256"],
        ["--time", "yesterday"],
        ["--time", "2026-13-01"],
        ["--purpose", "mail"],
        ["--profile", "none"],
        ["--server-name", "not a name"],
    ],
)
def test_wrong_usage_is_exit_code_2_and_names_the_option(
    capsys: pytest.CaptureFixture[str], arguments: list[str]
) -> None:
    code, out, err = verify(capsys, *SERVER, *arguments)
    assert (code, out) == (2, "")
    assert arguments[0] in err


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["missing.pem"], "missing.pem"),
        ([str(P256 / "server.key")], "server.key: no certificate in it"),
        ([SERVER[0], "--ca-file", "missing.pem"], "missing.pem"),
        ([*SERVER, "--crl", "missing.crl"], "--crl: missing.crl"),
        ([*SERVER, "--crl", SERVER[0]], f"--crl: {SERVER[0]}: no CRL in it: only CERTIFICATE"),
        ([*SERVER, "--ocsp", SERVER[0]], f"--ocsp: {SERVER[0]}: OCSP response: "),
    ],
)
def test_errors_are_one_line(capsys: pytest.CaptureFixture[str], arguments: list[str], words: str) -> None:
    code, out, err = verify(capsys, *arguments)
    assert (code, out, err.count("\n")) == (1, "", 1)
    assert words in err


def test_chain_in_another_order_is_said_to_be(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    file = tmp_path / "chain.pem"
    file.write_bytes((P256 / "intermediate.pem").read_bytes() + (P256 / "server.pem").read_bytes())
    code, _, err = verify(capsys, str(file), *SERVER[1:])
    assert (code, err.count("\n")) == (1, 2)
    assert "the peer's own must come first" in err


def test_chain_is_read_from_standard_input(run: Any) -> None:
    done = run("verify", "-", *SERVER[1:], given=Path(SERVER[0]).read_bytes())
    assert (done.returncode, done.stderr) == (0, b"")
    done = run("verify", "-", *SERVER[1:])
    assert (done.returncode, done.stderr) == (1, b"puressl: -: no certificate in it: it is empty [ecertfile]\n")
    done = run("verify", "-", *SERVER[1:], closed=0)
    assert (done.returncode, done.stderr) == (1, b"puressl: CHAIN.pem: -: Bad file descriptor\n")


@pytest.mark.parametrize(("public", "code"), [(True, 1), (False, 0)], ids=["system's roots", "own roots"])
def test_usual_profile_is_the_webs_for_the_systems_roots_only(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path, public: bool, code: int
) -> None:
    key = generate_ec(Curve.SECP256R1, SeededEnv(b"own", 0))
    name = build.distinguished_name(("CN", "own.example"))
    names = build.subject_alt_name(build.GeneralNames(dns=("own.example",)))
    template = build.CertificateTemplate(name, name, key.public, 0, 1 << 31, (names,))
    file = tmp_path / "own.pem"
    file.write_bytes(pem.encode("CERTIFICATE", build.issue(template, key, SeededEnv(b"own", 0))))
    monkeypatch.setattr("puressl.x509.store.SYSTEM_BUNDLES", (str(file),))
    monkeypatch.delenv("SSL_CERT_FILE", raising=False)
    monkeypatch.delenv("SSL_CERT_DIR", raising=False)
    trust = () if public else ("--ca-file", str(file))
    assert verify(capsys, str(file), *trust, "--time", "2026-07-01")[0] == code


def test_what_the_systems_trust_left_out_is_said(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    bundle = tmp_path / "bundle.pem"
    bundle.write_bytes(pem.encode("CERTIFICATE", b"\x30\x00") + (P256 / "root.pem").read_bytes())
    monkeypatch.setenv("SSL_CERT_FILE", str(bundle))
    code, _, err = verify(capsys, SERVER[0], "--time", "2026-07-01")
    assert code == 0
    assert err.startswith(f"puressl: not among the trusted: {bundle}: certificate 1: ")
