"""``puressl certs make`` and the directory it made."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from puressl.cli import bundled, certs
from puressl.cli.main import run
from puressl.codes import ProtocolVersion
from puressl.crypto.keys import KeyType, RSAPublicKey
from puressl.errors import SSLError
from puressl.x509.certificate import load_certificates
from puressl.x509.policy import Policy, Purpose
from puressl.x509.verify import verify_chain

REPOSITORY = Path(__file__).resolve().parents[3]
NOW = certs.NOT_BEFORE.timestamp() + 1
FILES = {
    "root.pem",
    "intermediate.pem",
    "server.pem",
    "server-chain.pem",
    "server.key",
    "client.pem",
    "client-chain.pem",
    "client.key",
}


def contents(directory: Path) -> dict[str, bytes]:
    return {str(path.relative_to(directory)): path.read_bytes() for path in directory.rglob("*") if path.is_file()}


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("made") / "a" / "b"
    assert run(["certs", "make", "--out", str(directory)]) == 0
    return directory


def test_made_again_the_committed_certificates_are_the_same_bytes(made: Path) -> None:
    assert contents(made) == contents(REPOSITORY / "certs")


def test_progress_goes_to_standard_error(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["certs", "make", "--out", str(tmp_path)]) == 0
    captured = capsys.readouterr()
    assert captured.out == ""
    assert [line.split(": ")[1] for line in captured.err.splitlines()] == [
        *(kind.description for kind in certs.KEY_KINDS.values()),
        "chains that are refused",
    ]


def test_directory_that_cannot_be_made_is_one_line_and_exit_code_1(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "rsa2048").write_bytes(b"in the way")
    assert run(["certs", "make", "--out", str(tmp_path)]) == 1
    assert capsys.readouterr().err.splitlines()[-1].startswith(f"puressl: {tmp_path / 'rsa2048'}: ")


def test_manifest_names_every_file(made: Path) -> None:
    manifest = json.loads((made / "manifest.json").read_text())
    assert set(manifest["key_types"]) == set(certs.KEY_KINDS)
    for kind, row in manifest["key_types"].items():
        assert set(row["files"]) == FILES == {path.name for path in (made / kind).iterdir()}
        assert set(row["sha256"]) == set(manifest["entities"])


@pytest.mark.parametrize("kind", certs.KEY_KINDS)
@pytest.mark.parametrize(
    ("role", "purpose", "name"),
    [
        ("server", Purpose.SERVER_AUTH, "server.example"),
        ("server", Purpose.SERVER_AUTH, "a.wild.example"),
        ("server", Purpose.SERVER_AUTH, "localhost"),
        ("server", Purpose.SERVER_AUTH, "127.0.0.1"),
        ("server", Purpose.SERVER_AUTH, "::1"),
        ("client", Purpose.CLIENT_AUTH, None),
    ],
)
def test_chain_verifies_for_its_purpose_and_names(kind: str, role: str, purpose: Purpose, name: str | None) -> None:
    chain = bundled.credential(kind, role).chain
    policy = Policy(time=NOW, purpose=purpose, server_name=name)
    assert len(verify_chain(chain, trust=bundled.trust(kind), policy=policy).path) == 3


@pytest.mark.parametrize("kind", certs.KEY_KINDS)
def test_chain_of_the_other_purpose_or_type_is_refused(kind: str) -> None:
    policy = Policy(time=NOW, purpose=Purpose.SERVER_AUTH, server_name="client.example")
    with pytest.raises(SSLError):
        verify_chain(bundled.credential(kind, "client").chain, trust=bundled.trust(kind), policy=policy)
    other = next(name for name in certs.KEY_KINDS if name != kind)
    policy = Policy(time=NOW, purpose=Purpose.SERVER_AUTH, server_name="server.example")
    with pytest.raises(SSLError):
        verify_chain(bundled.credential(kind).chain, trust=bundled.trust(other), policy=policy)


@pytest.mark.parametrize("kind", certs.KEY_KINDS)
def test_chain_file_is_leaf_and_intermediate(kind: str) -> None:
    chain = load_certificates(bundled.read(kind, "server-chain.pem"), "chain")
    parts = [load_certificates(bundled.read(kind, name), name)[0] for name in ("server.pem", "intermediate.pem")]
    assert list(chain) == parts


def test_every_key_is_another() -> None:
    names = ("root.pem", "intermediate.pem", "server.pem", "client.pem")
    keys = {
        load_certificates(bundled.read(kind, name), name)[0].public_key_info
        for kind in certs.KEY_KINDS
        for name in names
    }
    assert len(keys) == len(names) * len(certs.KEY_KINDS)


def test_key_types_are_what_their_directories_say() -> None:
    rsa = bundled.credential("rsa2048").key.public
    assert isinstance(rsa, RSAPublicKey)
    assert rsa.bits == 2048
    assert bundled.credential("ed25519").key.key_type is KeyType.ED25519
    assert len(bundled.credential("p384").schemes(ProtocolVersion.TLSv1_3)) == 1


def test_unknown_test_certificates_are_named() -> None:
    with pytest.raises(SSLError, match="p999/root"):
        bundled.trust("p999")


def test_a_file_that_holds_something_else_is_left_alone(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "README.md").write_text("mine")
    assert run(["certs", "make", "--out", str(tmp_path)]) == 1
    assert "README.md holds something else; --force" in capsys.readouterr().err
    assert [file.name for file in tmp_path.iterdir()] == ["README.md"]
    assert (tmp_path / "README.md").read_text() == "mine"
    assert run(["certs", "make", "--out", str(tmp_path), "--force"]) == 0
    assert run(["certs", "make", "--out", str(tmp_path)]) == 0
