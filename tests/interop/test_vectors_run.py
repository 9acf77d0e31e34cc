"""The vectors against other implementations, a sample of them: the committed expectations hold."""

from __future__ import annotations

from pathlib import Path

import pytest
from interop.programs import needs

from puressl.cli.main import run

pytestmark = pytest.mark.interop

PEERS = Path(__file__).resolve().parents[2] / "vectors" / "peers"
PROGRAMS = {"openssl": "openssl", "gnutls": "gnutls-serv", "tlslite-ng": "python3"}
SAMPLE = ("a-finished", "full", "a-resumption")


@pytest.mark.parametrize("only", SAMPLE)
@pytest.mark.parametrize("name", PROGRAMS)
def test_a_peer_does_what_is_expected_of_it(
    name: str, only: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    needs(PROGRAMS[name])
    monkeypatch.chdir(PEERS.parents[1])
    report = tmp_path / "report.json"
    arguments = ["vectors", "run", "--peer", str(PEERS / name / "expectations.toml"), "--only", only]
    assert run([*arguments, "--json", str(report), "--junit", str(tmp_path / "report.xml")]) == 0
    assert '"peer"' in report.read_text()
