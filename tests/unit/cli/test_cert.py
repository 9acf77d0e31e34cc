"""``puressl cert``: a certificate in each form, as text, JSON and bytes."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from puressl.cli.main import run
from puressl.crypto.keys import Curve, generate_ec
from puressl.env import SeededEnv
from puressl.x509 import build, der, pem
from puressl.x509.certificate import load_certificates

CERTS = Path(__file__).resolve().parents[3] / "certs"
CHAIN = str(CERTS / "rsa2048" / "server-chain.pem")
LEAF, CA = load_certificates(Path(CHAIN).read_bytes(), CHAIN)


def output(capsysbinary: pytest.CaptureFixture[bytes], *arguments: str) -> bytes:
    assert run(["cert", *arguments]) == 0
    captured = capsysbinary.readouterr()
    assert captured.err == b""
    return captured.out


def text(capsysbinary: pytest.CaptureFixture[bytes], *arguments: str) -> str:
    return output(capsysbinary, *arguments).decode()


def test_der_is_the_bytes_of_each_certificate(capsysbinary) -> None:
    assert output(capsysbinary, CHAIN, "--form", "der") == LEAF.der + CA.der


def test_der_is_hexadecimal_on_a_terminal_and_in_json(capsysbinary, monkeypatch: pytest.MonkeyPatch) -> None:
    assert json.loads(text(capsysbinary, CHAIN, "--form", "der", "--json")) == [LEAF.der.hex(), CA.der.hex()]
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    shown = text(capsysbinary, CHAIN, "--form", "der")
    assert [bytes.fromhex(part) for part in shown.split("\n\n")] == [LEAF.der, CA.der]


def test_ssl_is_the_default_and_has_names(capsysbinary) -> None:
    shown = text(capsysbinary, CHAIN)
    assert shown == text(capsysbinary, CHAIN, "--form", "ssl")
    for line in (
        "    algorithm: sha256WithRSAEncryption",
        '        [0]: commonName: UTF8String "server.example"',
        "    notBefore: utcTime: 2026-01-01T00:00:00Z",
        "      publicExponent: 65537",
        f"  serialNumber: {LEAF.serial:#x}",
        "      extnValue: digitalSignature, keyEncipherment",
        "        [0]: dNSName: server.example",
    ):
        assert line in shown.splitlines()
    assert shown.count("tbsCertificate\n") == 2


def test_pkix_has_dotted_identifiers(capsysbinary) -> None:
    shown = text(capsysbinary, CHAIN, "--form", "pkix")
    assert "    algorithm: 1.2.840.113549.1.1.11" in shown.splitlines()
    assert "      extnID: 2.5.29.15" in shown.splitlines()
    assert "commonName" not in shown


@pytest.mark.parametrize(("form", "type_"), [("ssl", "commonName"), ("pkix", "2.5.4.3")])
def test_subject_alone(capsysbinary, form: str, type_: str) -> None:
    shown = text(capsysbinary, CHAIN, "--form", form, "--subject")
    assert shown.startswith("rdnSequence\n")
    assert type_ in shown
    assert "tbsCertificate" not in shown
    items = json.loads(text(capsysbinary, CHAIN, "--form", form, "--subject", "--json"))
    assert [item["rdnSequence"][1][0]["type"] for item in items] == [type_, type_]


def test_json_has_the_fields_by_their_names(capsysbinary) -> None:
    leaf, ca = json.loads(text(capsysbinary, CHAIN, "--json"))
    tbs = leaf["tbsCertificate"]
    assert tbs["serialNumber"] == hex(LEAF.serial)
    assert tbs["subjectPublicKeyInfo"]["subjectPublicKey"]["publicExponent"] == 65537
    assert tbs["validity"]["notAfter"] == {"type": "utcTime", "value": "2046-01-01T00:00:00Z"}
    assert tbs["signature"] == {"algorithm": "sha256WithRSAEncryption", "parameters": "NULL"}
    assert tbs["issuerUniqueID"] is None
    assert tbs["extensions"][0] == {
        "extnID": "basicConstraints",
        "critical": True,
        "extnValue": {"cA": False, "pathLenConstraint": None, "written": []},
        "written": [],
    }
    assert ca["signature"]["octets"] == CA.signature.hex()


def test_control_characters_of_a_name_do_not_reach_the_terminal(capsysbinary, tmp_path: Path) -> None:
    key = generate_ec(Curve.SECP256R1, SeededEnv(b"key", 0))
    name = build.distinguished_name(("CN", 'a\x1b[31m"\u202e\n'))
    data = build.issue(build.CertificateTemplate(name, name, key.public, 0, 1), key, SeededEnv(b"issue", 0))
    file = tmp_path / "odd.der"
    file.write_bytes(data)
    shown = text(capsysbinary, str(file), "--subject")
    assert r'UTF8String "a\x1b[31m\"\u202e\n"' in shown


@pytest.mark.parametrize("serial", [1 << 20_000, -(1 << 20_000)], ids=["positive", "negative"])
def test_numbers_longer_than_python_prints_are_shown(capsysbinary, tmp_path: Path, serial: int) -> None:
    key = generate_ec(Curve.SECP256R1, SeededEnv(b"key", 0))
    name = build.distinguished_name(("CN", "long"))
    template = build.CertificateTemplate(name, name, key.public, 0, 1, serial=serial)
    file = tmp_path / "long.der"
    file.write_bytes(build.issue(template, key, SeededEnv(b"issue", 0)))
    (shown,) = json.loads(text(capsysbinary, str(file), "--json"))
    assert int(shown["tbsCertificate"]["serialNumber"], 16) == serial
    assert "  serialNumber: 20001 bits\n" in text(capsysbinary, str(file))


def test_malformed_certificate_is_one_line_with_the_place(capsys, tmp_path: Path) -> None:
    file = tmp_path / "bad.pem"
    bad = LEAF.der.replace(der.element(der.context(0), der.integer(2)), der.element(der.context(0), der.integer(9)))
    file.write_bytes(pem.encode("CERTIFICATE", LEAF.der) + pem.encode("CERTIFICATE", bad))
    assert run(["cert", str(file)]) == 1
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.endswith(
        f"{file}: certificate 2: tbsCertificate.version at byte 10: version is none of v1, v2 and v3 [ecertfile]\n"
    )


@pytest.mark.parametrize("file", ["missing.pem", str(CERTS / "p256" / "server.key"), "/"])
def test_file_without_a_certificate_is_one_line(capsys, file: str) -> None:
    assert run(["cert", file]) == 1
    captured = capsys.readouterr()
    assert (captured.out, captured.err.count("\n")) == ("", 1)
    assert file in captured.err


@pytest.mark.parametrize("arguments", [["--form", "der", "--subject"], ["--form", "text"], []])
def test_wrong_usage_is_exit_code_2(capsys, arguments: list[str]) -> None:
    assert run(["cert", *([CHAIN, *arguments] if arguments else [])]) == 2
    assert capsys.readouterr().out == ""
