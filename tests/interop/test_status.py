"""Stapled OCSP responses between puressl and OpenSSL's programs."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from interop.cases import each_version
from interop.programs import listening, needs, running
from interop.stream import EchoServer, Stream

from puressl.codes import ProtocolVersion
from puressl.config import ClientConfig, ServerConfig
from puressl.errors import CertificateError, Problem
from puressl.x509.ocsp import Status

from support import status
from support.configs import SERVER_NAME

pytestmark = pytest.mark.interop

OPTION = {ProtocolVersion.TLSv1_2: "-tls1_2", ProtocolVersion.TLSv1_3: "-tls1_3"}
CA = status.intermediate()


def response(state: Status = Status.GOOD) -> bytes:
    return CA.respond(CA.answer(status.server(must_staple=True).leaf, state, at=int(time.time())))


def our_client(version: ProtocolVersion) -> ClientConfig:
    return ClientConfig(server_name=SERVER_NAME, trust=status.trust(), versions=(version,))


@each_version
@pytest.mark.parametrize(
    ("stapled", "problem"),
    [
        (Status.GOOD, None),
        (Status.REVOKED, Problem.CERTIFICATE_REVOKED),
        (Status.UNKNOWN, Problem.CERTIFICATE_STATUS_RESPONSE),
        (None, Problem.CERTIFICATE_STATUS_UNKNOWN),
    ],
)
def test_client_judges_what_openssl_staples(
    version: ProtocolVersion, stapled: Status | None, problem: Problem | None, tmp_path: Path
) -> None:
    needs("openssl")
    status.write(tmp_path, status.server(must_staple=True))
    command = ["openssl", "s_server", "-accept", "127.0.0.1:{port}", "-rev", OPTION[version]]
    command += ["-cert", "leaf.pem", "-cert_chain", "chain.pem", "-key", "key.pem"]
    if stapled is not None:
        (tmp_path / "response.der").write_bytes(response(stapled))
        command += ["-status_file", "response.der"]
    with listening(command, tmp_path / "s_server.log", "ACCEPT") as peer:
        if problem is None:
            with Stream.connect(our_client(version), peer.port) as stream:
                stream.write(b"ping\n")
                assert stream.read() == b"gnip\n"
            return
        with pytest.raises(CertificateError) as caught:
            Stream.connect(our_client(version), peer.port)
        assert caught.value.problem is problem


@each_version
@pytest.mark.parametrize("staples", [True, False])
def test_openssl_gets_what_our_server_staples(version: ProtocolVersion, staples: bool, tmp_path: Path) -> None:
    needs("openssl")
    server = status.server(must_staple=True)
    status.write(tmp_path, server)
    config = ServerConfig(credentials=(status.stapling(server, response() if staples else b""),), versions=(version,))
    with EchoServer(config) as ours:
        command = ["openssl", "s_client", "-connect", f"127.0.0.1:{ours.port}", "-servername", SERVER_NAME, "-status"]
        command += ["-CAfile", "root.pem", "-verify_return_error", OPTION[version]]
        with running(command, tmp_path / "s_client.log") as peer:
            said = peer.wait_until_it_says("Verify return code: 0 (ok)")
            peer.finish()
        ours.join()
    assert ("OCSP Response Status: successful (0x0)" in said) is staples
    assert ("OCSP response: no response sent" in said) is not staples
