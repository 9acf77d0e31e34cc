"""Programs as they come, and with extensions that puressl does not have: nothing of that may disturb."""

from __future__ import annotations

from pathlib import Path

import pytest
from interop.cases import TLS12, case_of
from interop.matrix import Program, Resumption, Role
from interop.programs import (
    CLIENT_PROGRAMS,
    certificate,
    gnutls_server,
    listening,
    needs,
    openssl_server,
    root,
    running,
)
from interop.stream import EchoServer, Stream, client_config

from puressl.config import ClientConfig, ServerConfig
from puressl.events import TicketReceived

from support.configs import CERTS, SERVER_NAME, credential, trust

pytestmark = [pytest.mark.interop]

LINE = b"0123456789" * 30 + b"\n"

CLIENTS = {
    Program.OPENSSL: [
        ["openssl", "s_client", "-connect", "127.0.0.1:{port}", "-servername", SERVER_NAME, "-CAfile", root("p256")],
        ["-verify_return_error", "-verify_hostname", SERVER_NAME, "-quiet", "-no_ign_eof", "-nocommands"],
    ],
    Program.GNUTLS: [
        ["gnutls-cli", "--port", "{port}", "--sni-hostname", SERVER_NAME, "--verify-hostname", SERVER_NAME],
        ["--x509cafile", root("p256"), "--logfile", "gnutls-cli.info", "127.0.0.1"],
    ],
}
CLIENT_EXTRAS = {
    "as it comes": (list(Program), []),
    "stapling": ([Program.OPENSSL], ["-status"]),
    "post-handshake authentication": ([Program.OPENSSL], ["-enable_pha"]),
    "max_fragment_length": ([Program.OPENSSL], ["-maxfraglen", "1024"]),
    "next protocol": ([Program.OPENSSL], ["-tls1_2", "-nextprotoneg", "h2"]),
    "protocols that nobody asked for": ([Program.OPENSSL], ["-alpn", "h2,http/1.1"]),
    "legacy versions": ([Program.OPENSSL], ["-min_protocol", "TLSv1", "-cipher", "DEFAULT@SECLEVEL=0"]),
    "heartbeat and others": ([Program.GNUTLS], ["--heartbeat", "--post-handshake-auth"]),
    "SECURE128": ([Program.GNUTLS], ["--priority", "SECURE128"]),
    "PFS, TLS 1.2": ([Program.GNUTLS], ["--priority", "PFS:-VERS-ALL:+VERS-TLS1.2"]),
    "LEGACY": ([Program.GNUTLS], ["--priority", "LEGACY"]),
}


@pytest.mark.parametrize(
    ("program", "what"),
    [(program, what) for what, (programs, _) in CLIENT_EXTRAS.items() for program in programs],
    ids=str,
)
def test_default_server_talks_to(program: Program, what: str, row: dict[str, str], tmp_path: Path) -> None:
    needs(CLIENT_PROGRAMS[program.value])
    with EchoServer(ServerConfig(credentials=(credential("p256"), credential("rsa2048")))) as server:
        first, rest = CLIENTS[program]
        command = [part.replace("{port}", str(server.port)) for part in (*first, *CLIENT_EXTRAS[what][1], *rest)]
        with running(command, tmp_path / "client.log", data=True) as peer:
            assert peer.exchange(LINE) == LINE
            peer.finish()
        server.join()
    assert not server.errors
    fill(row, program, Role.SERVER, server.streams[0], f"defaults; theirs: {what}")


def fill(row: dict[str, str], program: Program, role: Role, stream: Stream, what: str) -> None:
    negotiated = stream.negotiated
    case = case_of(program, role, negotiated.version)
    row.update(case.columns, suite=negotiated.suite_name, notes=what)


SERVER_EXTRAS = {
    "as it comes": [],
    "all it can": ["-cipher", "ALL:@SECLEVEL=0", "-alpn", "h2", "-serverpref", "-num_tickets", "8"],
    "TLS 1.2": ["-no_tls1_3"],
    "next protocol": ["-no_tls1_3", "-nextprotoneg", "h2"],
}


@pytest.mark.parametrize("what", SERVER_EXTRAS)
def test_default_client_talks_to_openssl(what: str, row: dict[str, str], tmp_path: Path) -> None:
    needs("openssl")
    command = ["openssl", "s_server", "-accept", "127.0.0.1:{port}", "-rev", *SERVER_EXTRAS[what]]
    command += ["-cert", certificate("p256"), "-key", certificate("p256", what=".key")]
    command += ["-cert_chain", str(CERTS / "p256" / "intermediate.pem")]
    config = ClientConfig(server_name=SERVER_NAME, trust=trust("p256"))
    with listening(command, tmp_path / "s_server.log", "ACCEPT") as peer:
        for resumed in (False, True):
            with Stream.connect(config, peer.port) as stream:
                assert stream.negotiated.resumed is resumed
                stream.write(LINE)
                assert stream.read_exactly(len(LINE)) == LINE[-2::-1] + b"\n"
                assert resumed or stream.has(TicketReceived)
            fill(row, Program.OPENSSL, Role.CLIENT, stream, f"defaults; theirs: {what}")
    row["resumption"] = Resumption.TICKET.value


@pytest.mark.parametrize("priority", ["NORMAL", "SECURE128", "PFS:-VERS-ALL:+VERS-TLS1.2", "LEGACY"])
def test_default_client_talks_to_gnutls(priority: str, row: dict[str, str], tmp_path: Path) -> None:
    needs("gnutls-serv")
    command = ["gnutls-serv", "--port", "{port}", "--echo", "--crlf", "--priority", priority, "--heartbeat"]
    command += ["--x509certfile", certificate("p256", what="-chain.pem")]
    command += ["--x509keyfile", certificate("p256", what=".key"), "--disable-client-cert"]
    config = ClientConfig(server_name=SERVER_NAME, trust=trust("p256"))
    with listening(command, tmp_path / "gnutls-serv.log", "listening on IPv4") as peer:
        for resumed in (False, True):
            with Stream.connect(config, peer.port) as stream:
                assert stream.negotiated.resumed is resumed
                stream.write(LINE)
                assert stream.read_exactly(len(LINE)) == LINE
            fill(row, Program.GNUTLS, Role.CLIENT, stream, f"defaults; theirs: {priority}")
    row["resumption"] = Resumption.TICKET.value


def test_client_takes_a_ticket_that_allows_early_data(row: dict[str, str], tmp_path: Path) -> None:
    case = case_of(Program.OPENSSL, Role.CLIENT, resumption=Resumption.TICKET)
    row.update(case.columns, notes="early data allowed, none sent")
    config = client_config(case)
    with openssl_server(tmp_path, case, "-early_data", echo=False) as peer:
        for resumed in (False, True):
            with Stream.connect(config, peer.port) as stream:
                assert stream.negotiated.resumed is resumed
                stream.wait_for(TicketReceived)
                stream.write(LINE)
                peer.wait_until_it_says(LINE.decode())


# Renegotiation (RFC 5746), which puressl does not do -----------------------------------------------------------


def test_client_declines_to_renegotiate(row: dict[str, str], tmp_path: Path) -> None:
    case = case_of(Program.GNUTLS, Role.CLIENT, TLS12)
    row.update(case.columns, notes="renegotiation declined")
    with (
        gnutls_server(tmp_path, case) as peer,
        Stream.connect(client_config(case), peer.port) as stream,
    ):
        stream.write(b"**REHANDSHAKE**\n")
        assert stream.read().startswith(b"Successful")  # behind its HelloRequest
        peer.wait_until_it_says("A TLS warning alert has been received")
