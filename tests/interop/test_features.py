"""Single features against OpenSSL and GnuTLS: key updates, protocols, names, record sizes, cookies, exporters."""

from __future__ import annotations

import re
from contextlib import AbstractContextManager
from pathlib import Path

import pytest
from interop.authority import Authority
from interop.cases import TLS12, case_of, each_program, each_version
from interop.matrix import TLS13, Case, Program, Role
from interop.programs import CLIENT_PROGRAMS, COMMANDS, SERVERS, Peer, certificate, needs, openssl_server, running
from interop.stream import EchoServer, Stream, client_config, server_config

from puressl.codes import Direction, NamedGroup, ProtocolVersion
from puressl.config import ClientConfig, Verify
from puressl.events import KeysUpdated

from support.configs import credential, trust

pytestmark = [pytest.mark.interop]

LINE = b"0123456789" * 200 + b"\n"
EXPORT_LABEL, EXPORT_LENGTH = "EXPERIMENTAL puressl", 32


def reversed_by(program: Program, line: bytes) -> bytes:
    """What the program's echo of a line is."""
    return line[-2::-1] + b"\n" if program is Program.OPENSSL else line


def echo_lines(stream: Stream, program: Program, count: int = 5) -> None:
    for _ in range(count):
        stream.write(LINE)
        assert stream.read_exactly(len(LINE)) == reversed_by(program, LINE)


def client_of(case: Case, port: int, folder: Path, *extra: str) -> AbstractContextManager[Peer]:
    """The program as a client of ours."""
    program = case.program.value
    needs(CLIENT_PROGRAMS[program])
    return running(COMMANDS[program](case, port, *extra), folder / "client.log", data=True)


def keys_updated(stream: Stream) -> list[Direction]:
    return [event.direction for event in stream.events if isinstance(event, KeysUpdated)]


# KeyUpdate (RFC 8446 4.6.3) ---------------------------------------------------------------------------------


@each_program
@pytest.mark.parametrize("request_back", [True, False])
def test_client_changes_its_keys(program: Program, request_back: bool, row: dict[str, str], tmp_path: Path) -> None:
    case = case_of(program, Role.CLIENT)
    row.update(case.columns, notes=f"KeyUpdate, ours{', theirs asked for' if request_back else ''}")
    with SERVERS[program.value](tmp_path, case) as peer:
        stream = Stream.connect(client_config(case), peer.port)
        for _ in range(3):
            stream.update_keys(request=request_back)
            echo_lines(stream, program, 2)
        assert keys_updated(stream).count(Direction.WRITE) == 3
        assert keys_updated(stream).count(Direction.READ) == (3 if request_back else 0)
        stream.close()


@pytest.mark.parametrize(("command", "answers"), [("K", 1), ("k", 0)])
def test_client_follows_a_key_update_of_openssl(
    command: str, answers: int, row: dict[str, str], tmp_path: Path
) -> None:
    case = case_of(Program.OPENSSL, Role.CLIENT)
    row.update(case.columns, notes=f"KeyUpdate, theirs{', ours asked for' if answers else ''}")
    with openssl_server(tmp_path, case, echo=False) as peer:
        stream = Stream.connect(client_config(case), peer.port)
        peer.wait_until_it_says("CIPHER is")
        peer.write(f"{command}\n".encode())
        stream.wait_for(KeysUpdated)
        peer.write(LINE)
        assert stream.read_exactly(len(LINE)) == LINE
        assert keys_updated(stream) == [Direction.READ] + [Direction.WRITE] * answers
        stream.write(LINE)
        peer.wait_until_it_says(LINE.decode())
        stream.close()


@pytest.mark.parametrize(
    ("program", "command", "answers"),
    [
        (Program.OPENSSL, "K", 1),
        (Program.OPENSSL, "k", 0),
        (Program.GNUTLS, "^rekey^", 1),
        (Program.GNUTLS, "^rekey1^", 0),
    ],
    ids=str,
)
def test_server_follows_a_key_update(
    program: Program, command: str, answers: int, row: dict[str, str], tmp_path: Path
) -> None:
    case = case_of(program, Role.SERVER)
    row.update(case.columns, notes=f"KeyUpdate, theirs{', ours asked for' if answers else ''}")
    with EchoServer(server_config(case)) as server:
        arguments = COMMANDS[program.value](case, server.port)
        if program is Program.OPENSSL:
            arguments.remove("-nocommands")
        else:
            arguments.insert(1, "--inline-commands")
        needs(CLIENT_PROGRAMS[program.value])
        with running(arguments, tmp_path / "client.log", data=True) as peer:
            assert peer.exchange(LINE) == LINE
            peer.write(f"{command}\n".encode())
            server.wait_for(KeysUpdated)
            assert peer.exchange(LINE) == LINE
            peer.finish()
        server.join()
    assert not server.errors
    assert keys_updated(server.streams[0]) == [Direction.READ] + [Direction.WRITE] * answers


# ALPN (RFC 7301) --------------------------------------------------------------------------------------------


@each_program
@each_version
def test_client_agrees_on_a_protocol(
    program: Program, version: ProtocolVersion, row: dict[str, str], tmp_path: Path
) -> None:
    case = case_of(program, Role.CLIENT, version)
    row.update(case.columns, notes="ALPN")
    with SERVERS[program.value](tmp_path, case, *_alpn(program, "h2", "http/1.1")) as peer:
        stream = Stream.connect(client_config(case, alpn=(b"spdy/3", b"http/1.1")), peer.port)
        assert stream.negotiated.alpn == b"http/1.1"
        echo_lines(stream, program)
        stream.close()


@each_program
@each_version
def test_server_agrees_on_a_protocol(
    program: Program, version: ProtocolVersion, row: dict[str, str], tmp_path: Path
) -> None:
    case = case_of(program, Role.SERVER, version)
    row.update(case.columns, notes="ALPN")
    with (
        EchoServer(server_config(case, alpn=(b"http/1.1", b"h2"))) as server,
        client_of(case, server.port, tmp_path, *_alpn(program, "h2", "http/1.1")) as peer,
    ):
        assert peer.exchange(LINE) == LINE
        peer.finish()
        server.join()
    assert server.negotiated[0].alpn == b"http/1.1"


def _alpn(program: Program, *protocols: str) -> list[str]:
    if program is Program.OPENSSL:
        return ["-alpn", ",".join(protocols)]
    return [f"--alpn={protocol}" for protocol in protocols]


# server_name (RFC 6066 3) -----------------------------------------------------------------------------------


@each_version
def test_client_names_the_server_it_wants(
    version: ProtocolVersion, row: dict[str, str], tmp_path: Path, authority: Authority
) -> None:
    case = case_of(Program.OPENSSL, Role.CLIENT, version)
    row.update(case.columns, notes="server_name chooses the certificate")
    chain, key = authority.files("other.example")
    second = ["-servername", "other.example", "-cert2", chain, "-key2", key, "-servername_fatal"]
    with openssl_server(tmp_path, case, *second) as peer:
        stream = Stream.connect(client_config(case, server_name="other.example", trust=authority.trust), peer.port)
        echo_lines(stream, Program.OPENSSL)
        stream.close()


@each_version
def test_client_goes_on_after_a_warning_about_the_name(
    version: ProtocolVersion, row: dict[str, str], tmp_path: Path
) -> None:
    case = case_of(Program.OPENSSL, Role.CLIENT, version)
    row.update(case.columns, notes="unrecognized_name as a warning")
    second = ["-servername", "other.example", "-cert2", certificate("p256"), "-key2", certificate("p256", what=".key")]
    with openssl_server(tmp_path, case, *second) as peer:
        stream = Stream.connect(client_config(case), peer.port)
        echo_lines(stream, Program.OPENSSL)
        stream.close()


@each_program
@each_version
def test_server_chooses_the_certificate_by_name(
    program: Program, version: ProtocolVersion, row: dict[str, str], tmp_path: Path, authority: Authority
) -> None:
    case = case_of(program, Role.SERVER, version)
    row.update(case.columns, notes="server_name chooses the certificate")
    other = authority.credential("other.example")
    config = server_config(case, credentials=(credential("p256"), other))
    with EchoServer(config) as server:
        command = COMMANDS[program.value](case, server.port)
        command = [part.replace("server.example", "other.example") for part in command]
        command = [str(authority.file) if part.endswith("root.pem") else part for part in command]
        needs(CLIENT_PROGRAMS[program.value])
        with running(command, tmp_path / "client.log", data=True) as peer:
            assert peer.exchange(LINE) == LINE
            peer.finish()
        server.join()
    assert server.negotiated[0].server_name == "other.example"


# Sizes of records (RFC 8449), padding, fragments -------------------------------------------------------------


@each_version
@pytest.mark.parametrize(("theirs", "ours"), [(512, 16_385), (16_384, 300), (600, 700)])
def test_client_and_gnutls_keep_to_record_size_limits(
    version: ProtocolVersion, theirs: int, ours: int, row: dict[str, str], tmp_path: Path
) -> None:
    case = case_of(Program.GNUTLS, Role.CLIENT, version)
    row.update(case.columns, notes=f"record_size_limit {ours}, theirs {theirs}")
    with SERVERS["gnutls"](tmp_path, case, f"--recordsize={theirs}") as peer:
        stream = Stream.connect(client_config(case, record_size_limit=ours), peer.port)
        echo_lines(stream, Program.GNUTLS)
        stream.close()


@each_version
@pytest.mark.parametrize(("theirs", "ours"), [(512, 16_385), (4_096, 300)])
def test_server_and_gnutls_keep_to_record_size_limits(
    version: ProtocolVersion, theirs: int, ours: int, row: dict[str, str], tmp_path: Path
) -> None:
    case = case_of(Program.GNUTLS, Role.SERVER, version)
    row.update(case.columns, notes=f"record_size_limit {ours}, theirs {theirs}")
    with EchoServer(server_config(case, record_size_limit=ours), repeat=50) as server:
        command = COMMANDS["gnutls"](case, server.port, f"--recordsize={theirs}")
        command = [f"{part}:%ALLOW_SMALL_RECORDS" if part.startswith("NONE") else part for part in command]
        needs("gnutls-cli")
        with running(command, tmp_path / "client.log", data=True) as peer:
            short = LINE[-200:]  # of more than one record gnutls-cli would send the first alone
            for _ in range(3):
                peer.write(short)
                assert peer.read(50 * len(short)) == 50 * short
            peer.finish()
        server.join()
    assert not server.errors


@each_version
@pytest.mark.parametrize("options", [("-max_send_frag", "512"), ("-record_padding", "300")], ids=lambda each: each[0])
def test_client_reads_fragments_and_padding(
    version: ProtocolVersion, options: tuple[str, str], row: dict[str, str], tmp_path: Path
) -> None:
    case = case_of(Program.OPENSSL, Role.CLIENT, version)
    row.update(case.columns, notes=" ".join(options))
    with openssl_server(tmp_path, case, *options) as peer:
        stream = Stream.connect(client_config(case), peer.port)
        echo_lines(stream, Program.OPENSSL)
        stream.close()


@each_version
@pytest.mark.parametrize("options", [("-max_send_frag", "512"), ("-record_padding", "300")], ids=lambda each: each[0])
def test_server_reads_fragments_and_padding(
    version: ProtocolVersion, options: tuple[str, str], row: dict[str, str], tmp_path: Path
) -> None:
    case = case_of(Program.OPENSSL, Role.SERVER, version, client="rsa2048")
    row.update(case.columns, notes=" ".join(options))
    with EchoServer(server_config(case)) as server, client_of(case, server.port, tmp_path, *options) as peer:
        assert peer.exchange(LINE * 5) == LINE * 5
        peer.finish()
        server.join()
    assert not server.errors


# Retry and compatibility -------------------------------------------------------------------------------------


def test_client_returns_the_cookie_of_openssl(row: dict[str, str], tmp_path: Path) -> None:
    case = case_of(Program.OPENSSL, Role.CLIENT)
    row.update(case.columns, notes="cookie")
    with openssl_server(tmp_path, case, "-stateless", echo=False) as peer:
        # A stateless s_server does not get over ChangeCipherSpec, its own client's neither.
        stream = Stream.connect(client_config(case, middlebox_compatibility=False), peer.port)
        assert stream.negotiated.hello_retry
        stream.write(LINE)
        peer.wait_until_it_says(LINE.decode())
        peer.write(LINE)
        assert stream.read_exactly(len(LINE)) == LINE
        stream.close()


@each_program
def test_server_gets_its_cookie_back(program: Program, row: dict[str, str], tmp_path: Path) -> None:
    case = case_of(program, Role.SERVER, retry=True)
    row.update(case.columns, notes="cookie")
    with EchoServer(server_config(case, cookie=True)) as server, client_of(case, server.port, tmp_path) as peer:
        assert peer.exchange(LINE) == LINE
        peer.finish()
        server.join()
    assert server.negotiated[0].hello_retry


def test_client_without_middlebox_compatibility(row: dict[str, str], tmp_path: Path) -> None:
    case = case_of(Program.OPENSSL, Role.CLIENT)
    row.update(case.columns, notes="no middlebox compatibility")
    with openssl_server(tmp_path, case, "-no_middlebox") as peer:
        stream = Stream.connect(client_config(case, middlebox_compatibility=False), peer.port)
        echo_lines(stream, Program.OPENSSL)
        stream.close()


def test_server_without_middlebox_compatibility(row: dict[str, str], tmp_path: Path) -> None:
    case = case_of(Program.OPENSSL, Role.SERVER)
    row.update(case.columns, notes="no middlebox compatibility")
    with EchoServer(server_config(case)) as server, client_of(case, server.port, tmp_path, "-no_middlebox") as peer:
        assert peer.exchange(LINE) == LINE
        peer.finish()
        server.join()
    assert not server.errors


@each_program
@each_version
def test_client_without_a_certificate_is_served_where_that_is_optional(
    program: Program, version: ProtocolVersion, row: dict[str, str], tmp_path: Path
) -> None:
    case = case_of(program, Role.SERVER, version)
    row.update(case.columns, notes="certificate asked for, none sent")
    config = server_config(case, verify=Verify.PEER, trust=trust("p256"))
    with EchoServer(config) as server, client_of(case, server.port, tmp_path) as peer:
        assert peer.exchange(LINE) == LINE
        peer.finish()
        server.join()
    assert server.negotiated[0].peer_chain == ()


@each_program
@each_version
def test_client_has_no_certificate_for_a_server_that_asks(
    program: Program, version: ProtocolVersion, row: dict[str, str], tmp_path: Path
) -> None:
    case = case_of(program, Role.CLIENT, version, client="rsa2048")
    row.update(case.columns, notes="certificate asked for, none sent", **{"client auth": "-"})
    with SERVERS[program.value](tmp_path, case, demand=False) as peer:
        stream = Stream.connect(client_config(case, credential=None), peer.port)
        echo_lines(stream, program)
        stream.close()


# Versions ----------------------------------------------------------------------------------------------------


@each_program
def test_client_of_both_versions_falls_back(program: Program, row: dict[str, str], tmp_path: Path) -> None:
    case = case_of(program, Role.CLIENT, TLS12)
    row.update(case.columns, notes="the client speaks 1.3, too")
    fields = {"versions": (TLS13, TLS12), "cipher_suites": (case_of(program, Role.CLIENT).suite.id, case.suite.id)}
    with SERVERS[program.value](tmp_path, case) as peer:
        stream = Stream.connect(client_config(case, **fields), peer.port)
        assert stream.negotiated.version is TLS12
        echo_lines(stream, program)
        stream.close()


@each_program
@each_version
def test_server_of_both_versions_takes_either(
    program: Program, version: ProtocolVersion, row: dict[str, str], tmp_path: Path
) -> None:
    case = case_of(program, Role.SERVER, version)
    row.update(case.columns, notes="the server speaks both")
    suites = tuple(case_of(program, Role.SERVER, each).suite.id for each in (TLS13, TLS12))
    config = server_config(case, versions=(TLS13, TLS12), cipher_suites=suites)
    with EchoServer(config) as server, client_of(case, server.port, tmp_path) as peer:
        assert peer.exchange(LINE) == LINE
        peer.finish()
        server.join()
    assert server.negotiated[0].version is version


# Exporters (RFC 8446 7.5, RFC 5705) --------------------------------------------------------------------------


@each_program
@each_version
def test_client_and_server_export_the_same(
    program: Program, version: ProtocolVersion, row: dict[str, str], tmp_path: Path
) -> None:
    case = case_of(program, Role.CLIENT, version)
    row.update(case.columns, notes="exporter")
    with SERVERS[program.value](tmp_path, case, *_export(program), echo=program is Program.GNUTLS) as peer:
        stream = Stream.connect(client_config(case), peer.port)
        exported = _exported(program, peer)
        assert stream.connection.export_keying_material(EXPORT_LABEL.encode(), None, EXPORT_LENGTH) == exported
        stream.close()


def _export(program: Program) -> list[str]:
    if program is Program.OPENSSL:
        return ["-keymatexport", EXPORT_LABEL, "-keymatexportlen", str(EXPORT_LENGTH)]
    return ["--keymatexport", EXPORT_LABEL, "--keymatexportsize", str(EXPORT_LENGTH)]


def _exported(program: Program, peer: Peer) -> bytes:
    heading = "Keying material: " if program is Program.OPENSSL else "Key material: "
    for _ in range(200):
        found = re.search(heading + r"([0-9A-Fa-f]{64})\n", peer.said)
        if found is not None:
            return bytes.fromhex(found.group(1))
        peer.pause()
    raise AssertionError(f"no {heading!r} in:\n{peer.said}")


# What the whole default configuration offers ------------------------------------------------------------------


@each_program
def test_client_with_all_defaults(program: Program, row: dict[str, str], tmp_path: Path) -> None:
    case = case_of(program, Role.CLIENT, group=NamedGroup.SECP521R1)
    row.update(case.columns, notes="defaults")
    with SERVERS[program.value](tmp_path, case) as peer:
        stream = Stream.connect(ClientConfig(server_name="server.example", trust=trust("p256")), peer.port)
        assert stream.negotiated.hello_retry
        echo_lines(stream, program)
        stream.close()
