"""``puressl inspect`` of OpenSSL's server: what is told is what the other side did."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from interop.cases import case_of, each_version
from interop.matrix import Program, Role
from interop.programs import PATIENCE, openssl_server, root

from puressl.codes import ProtocolVersion
from puressl.explain.as_json import from_json

from support.configs import SERVER_NAME

pytestmark = pytest.mark.interop


@each_version
def test_inspect_explains_a_connection_to_openssl(version: ProtocolVersion, tmp_path: Path) -> None:
    case = case_of(Program.OPENSSL, Role.SERVER, version)
    with openssl_server(tmp_path, case, "-keylogfile", "keys") as peer:
        command = [sys.executable, "-m", "puressl", "inspect", f"127.0.0.1:{peer.port}", "--json"]
        command += ["--ca-file", root("p256"), "--server-name", SERVER_NAME]
        done = subprocess.run(command, capture_output=True, timeout=PATIENCE, check=True)
        log = (tmp_path / "keys").read_text()
    told = from_json(done.stdout.decode())
    facts = dict(told.facts)
    assert (facts["protocol"], facts["cipher suite"]) == (version.label, case.suite.name)
    assert len(told.verified_path) == 3
    assert all(check.passed for step in told.steps for check in step.checks)
    values = {secret.value.hex() for secret in told.secrets}
    theirs = [line.split()[2] for line in log.splitlines() if line and not line.startswith("#")]
    assert theirs
    assert set(theirs) <= values
