"""Every pair of values of version, suite, group, certificate, client authentication, resumption and retry, against
OpenSSL and GnuTLS in both roles, each with an echo of 100 kB.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from interop.matrix import TLS13, Case, Program, Resumption, Role, matrix
from interop.programs import CLIENT_PROGRAMS, COMMANDS, SERVERS, Peer, needs, running
from interop.stream import EchoServer, Stream, client_config, server_config

from puressl.codes import NamedGroup
from puressl.config import ClientConfig
from puressl.crypto.suites import CipherKind, KeyExchange
from puressl.events import Negotiated, TicketReceived

from support.configs import credential

pytestmark = [pytest.mark.interop]

#: 1,000 lines of 100 bytes, no two alike.
LINES = tuple(f"{number:06d}".encode() + bytes(97 + (number + i) % 26 for i in range(93)) for number in range(1_000))
DATA = b"".join(line + b"\n" for line in LINES)
#: Lines sent before their echo is awaited: no socket's buffer fills on both sides.
BATCH = 150


def check_negotiated(case: Case, negotiated: Negotiated, *, resumed: bool) -> None:
    assert negotiated.version is case.version
    assert negotiated.suite == case.suite.id
    assert negotiated.resumed is resumed
    assert negotiated.encrypt_then_mac is (case.suite.cipher.kind is CipherKind.CBC)
    assert negotiated.extended_master_secret
    if case.version is TLS13 or not resumed:
        assert negotiated.group == case.group
    if case.version is TLS13:
        assert negotiated.hello_retry is case.retry


@pytest.mark.parametrize("case", [case for case in matrix() if case.role is Role.CLIENT], ids=str)
def test_client_talks_to(case: Case, row: dict[str, str], tmp_path: Path) -> None:
    row.update(case.columns)
    config = client_config(case)
    with SERVERS[case.program.value](tmp_path, case) as peer:
        if case.resumption is not Resumption.NONE:
            make_session(case, config, peer)
        stream = Stream.connect(config, peer.port)
        check_negotiated(case, stream.negotiated, resumed=case.resumption is not Resumption.NONE)
        assert stream.connection.peer_certificates == credential(case.certificate).chain
        for start in range(0, len(LINES), BATCH):
            batch = LINES[start : start + BATCH]
            sent = b"".join(line + b"\n" for line in batch)
            stream.write(sent)
            # s_server sends each line back reversed.
            expected = b"".join(line[::-1] + b"\n" for line in batch) if case.program is Program.OPENSSL else sent
            assert stream.read_exactly(len(sent)) == expected
        stream.close()


def make_session(case: Case, config: ClientConfig, peer: Peer) -> None:
    """A first connection, for its ticket or session identifier."""
    stream = Stream.connect(config, peer.port)
    check_negotiated(case, stream.negotiated, resumed=False)
    stream.write(b"hello\n")
    stream.read_exactly(6)
    if case.version is TLS13 or case.resumption is Resumption.TICKET:
        stream.wait_for(TicketReceived)
    stream.close()


@pytest.mark.parametrize("case", [case for case in matrix() if case.role is Role.SERVER], ids=str)
def test_server_talks_to(case: Case, row: dict[str, str], tmp_path: Path) -> None:
    row.update(case.columns)
    needs(CLIENT_PROGRAMS[case.program.value])
    resumes = case.resumption is not Resumption.NONE
    with EchoServer(server_config(case), count=1 + resumes) as server:
        command = COMMANDS[case.program.value](case, server.port)
        if case.program is Program.OPENSSL and resumes:
            with running([*command, "-sess_out", "session.pem"], tmp_path / "first.log", data=True) as peer:
                assert peer.exchange(b"hello\n") == b"hello\n"
                peer.finish()
            command += ["-sess_in", "session.pem"]
        with running(command, tmp_path / "client.log", data=True) as peer:
            assert peer.exchange(DATA) == DATA
            assert peer.finish() == 0
        server.join()
    assert not server.errors
    assert len(server.negotiated) == 1 + resumes
    for number, negotiated in enumerate(server.negotiated):
        check_negotiated(case, negotiated, resumed=number == 1)
        expected = credential(case.client, "client").chain if case.client else ()
        assert negotiated.peer_chain == expected


def test_matrix_covers_every_value() -> None:
    cases = matrix()
    assert {case.group for case in cases if case.suite.key_exchange is not KeyExchange.RSA} == {
        group for group in NamedGroup if group is not NamedGroup.X25519MLKEM768
    }
    assert {case.endpoint for case in cases} == {(program, role) for program in Program for role in Role}
