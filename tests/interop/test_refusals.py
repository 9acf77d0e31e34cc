"""What must fail, and how it does: our reason, and the alert that the other program was told or told us."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from interop.authority import DAY, Authority
from interop.cases import TLS12, case_of, each_program, each_version
from interop.matrix import TLS13, Case, Program, Role
from interop.programs import CLIENT_PROGRAMS, COMMANDS, SERVERS, needs, root, running
from interop.stream import EchoServer, Stream, client_config, server_config

from puressl.codes import AlertDescription, CipherSuite, NamedGroup, ProtocolVersion
from puressl.config import ClientConfig, ServerConfig, Verify
from puressl.errors import Problem, ProtocolError, Reason, SSLError

from support.configs import SERVER_NAME, trust

pytestmark = [pytest.mark.interop]

A = AlertDescription


def alert_line(program: Program, alert: AlertDescription) -> str:
    """What the program prints about an alert it received."""
    return f"SSL alert number {int(alert)}" if program is Program.OPENSSL else f"Alert[2|{int(alert)}]"


#: gnutls-serv names an alert only to who debugs.
VERBOSE = {Program.OPENSSL: (), Program.GNUTLS: ("--debug=5",)}


def fill(row: dict[str, str], case: Case, what: str, error: SSLError, alert: AlertDescription) -> None:
    row.update(case.columns, notes=f"{what}: {error.reason}, {alert.name.lower()}")


def refuse_server(
    folder: Path, row: dict[str, str], case: Case, what: str, config: ClientConfig, alert: AlertDescription, *extra: str
) -> SSLError:
    """Our client refuses the program's server, which then prints our alert."""
    row.update(case.columns, notes=what)
    with SERVERS[case.program.value](folder, case, *extra, *VERBOSE[case.program]) as peer:
        with pytest.raises(SSLError) as caught:
            Stream.connect(config, peer.port)
        peer.wait_until_it_says(alert_line(case.program, alert))
    fill(row, case, what, caught.value, alert)
    return caught.value


def connect_and_read(config: ClientConfig, port: int) -> None:
    """In TLS 1.3 a client learns after its handshake that the server does not want it."""
    with Stream.connect(config, port) as stream:
        stream.read()


def refused_by_server(
    folder: Path, row: dict[str, str], case: Case, what: str, config: ClientConfig, alert: AlertDescription, *extra: str
) -> None:
    """The program's server refuses our client, which tells its alert."""
    row.update(case.columns, notes=what)
    with SERVERS[case.program.value](folder, case, *extra) as peer, pytest.raises(ProtocolError) as caught:
        connect_and_read(config, peer.port)
    check_received(caught.value, alert)
    fill(row, case, what, caught.value, alert)


def meet_client(
    folder: Path, row: dict[str, str], case: Case, what: str, config: ServerConfig, *extra: str, **changes: str
) -> tuple[SSLError, str]:
    """The program's client meets our server in vain: our error, and what the program said.

    changes: arguments of its command line in place of others.
    """
    row.update(case.columns, notes=what)
    needs(CLIENT_PROGRAMS[case.program.value])
    with EchoServer(config) as server:
        command = [changes.get(part, part) for part in COMMANDS[case.program.value](case, server.port, *extra)]
        with running(command, folder / "client.log", data=True) as peer:
            assert peer.read(1) == b""
            peer.finish()
            said = peer.said
        server.join()
    info = folder / "gnutls-cli.info"
    (error,) = server.errors
    assert isinstance(error, SSLError)
    return error, said + (info.read_text() if info.exists() else "")


def refuse_client(
    folder: Path, row: dict[str, str], case: Case, what: str, config: ServerConfig, alert: AlertDescription, *extra: str
) -> SSLError:
    """Our server refuses the program's client, which then prints our alert."""
    error, said = meet_client(folder, row, case, what, config, *extra)
    printed = f"SSL alert number {int(alert)}" if case.program is Program.OPENSSL else f"[{int(alert)}]"
    assert printed in said
    fill(row, case, what, error, alert)
    return error


def check_received(error: SSLError, alert: AlertDescription) -> None:
    assert isinstance(error, ProtocolError)
    assert error.problem is Problem.ALERT_RECEIVED
    assert error.received == alert
    assert error.reason is Reason.ESSLERRSSL


def own_certificate(program: Program, files: tuple[str, str]) -> list[str]:
    """Options that give a program's server another certificate; the last of two counts."""
    names = ("-cert", "-key") if program is Program.OPENSSL else ("--x509certfile", "--x509keyfile")
    return [names[0], files[0], names[1], files[1]]


# Certificates of the program's server -----------------------------------------------------------------------


@each_program
@each_version
def test_client_refuses_a_server_of_an_unknown_root(
    program: Program, version: ProtocolVersion, row: dict[str, str], tmp_path: Path, authority: Authority
) -> None:
    case = case_of(program, Role.CLIENT, version)
    config = client_config(case, trust=authority.trust)
    error = refuse_server(tmp_path, row, case, "unknown root", config, A.UNKNOWN_CA)
    assert error.reason is Reason.ENOISSUERCERT


@each_version
def test_client_refuses_an_expired_certificate(
    version: ProtocolVersion, row: dict[str, str], tmp_path: Path, authority: Authority
) -> None:
    case = case_of(Program.OPENSSL, Role.CLIENT, version)
    files = authority.files(SERVER_NAME, valid=(-2 * DAY, -DAY // 2))
    config = client_config(case, trust=authority.trust)
    extra = own_certificate(Program.OPENSSL, files)
    error = refuse_server(tmp_path, row, case, "expired", config, A.CERTIFICATE_EXPIRED, *extra)
    assert error.reason is Reason.EPEERCERTEXPIRED


@each_program
@each_version
def test_client_refuses_a_certificate_for_another_name(
    program: Program, version: ProtocolVersion, row: dict[str, str], tmp_path: Path
) -> None:
    case = case_of(program, Role.CLIENT, version)
    config = client_config(case, server_name="other.example")
    error = refuse_server(tmp_path, row, case, "another name", config, A.BAD_CERTIFICATE)
    assert error.reason is Reason.EPEERCERT


# What the program's server refuses --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("program", "alert"), [(Program.OPENSSL, A.PROTOCOL_VERSION), (Program.GNUTLS, A.HANDSHAKE_FAILURE)]
)
@each_version
def test_client_and_server_have_no_common_version(
    program: Program, alert: AlertDescription, version: ProtocolVersion, row: dict[str, str], tmp_path: Path
) -> None:
    case = case_of(program, Role.CLIENT, version)
    other = case_of(program, Role.CLIENT, TLS12 if version is TLS13 else TLS13)
    refused_by_server(tmp_path, row, case, "no common version", client_config(other), alert)


@each_program
@each_version
def test_client_and_server_have_no_common_suite(
    program: Program, version: ProtocolVersion, row: dict[str, str], tmp_path: Path
) -> None:
    case = case_of(program, Role.CLIENT, version)
    config = client_config(case, cipher_suites=(other_suite(version),))
    refused_by_server(tmp_path, row, case, "no common suite", config, A.HANDSHAKE_FAILURE)


def other_suite(version: ProtocolVersion) -> CipherSuite:
    if version is TLS13:
        return CipherSuite.TLS_CHACHA20_POLY1305_SHA256
    return CipherSuite.TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256


def test_client_and_server_have_no_common_group(row: dict[str, str], tmp_path: Path) -> None:
    case = case_of(Program.OPENSSL, Role.CLIENT)
    config = client_config(case, groups=(NamedGroup.SECP521R1,))
    refused_by_server(tmp_path, row, case, "no common group", config, A.HANDSHAKE_FAILURE)


@each_version
def test_client_without_certificate_is_refused(version: ProtocolVersion, row: dict[str, str], tmp_path: Path) -> None:
    case = case_of(Program.OPENSSL, Role.CLIENT, version, client="p256")
    alert = A.CERTIFICATE_REQUIRED if version is TLS13 else A.HANDSHAKE_FAILURE
    refused_by_server(tmp_path, row, case, "no client certificate", client_config(case, credential=None), alert)


@each_version
def test_client_of_an_unknown_root_is_refused(
    version: ProtocolVersion, row: dict[str, str], tmp_path: Path, authority: Authority
) -> None:
    case = case_of(Program.OPENSSL, Role.CLIENT, version, client="p256")
    own = authority.credential("client.example", purpose="clientAuth")
    refused_by_server(tmp_path, row, case, "client's unknown root", client_config(case, credential=own), A.UNKNOWN_CA)


@each_version
def test_client_and_openssl_have_no_common_protocol(
    version: ProtocolVersion, row: dict[str, str], tmp_path: Path
) -> None:
    case = case_of(Program.OPENSSL, Role.CLIENT, version)
    config = client_config(case, alpn=(b"h2",))
    refused_by_server(tmp_path, row, case, "no common protocol", config, A.NO_APPLICATION_PROTOCOL, "-alpn", "http/1.1")


@each_version
def test_client_is_refused_for_the_name_it_asks_for(
    version: ProtocolVersion, row: dict[str, str], tmp_path: Path, authority: Authority
) -> None:
    case = case_of(Program.OPENSSL, Role.CLIENT, version)
    chain, key = authority.files("other.example")
    extra = ["-servername", "other.example", "-cert2", chain, "-key2", key, "-servername_fatal"]
    refused_by_server(tmp_path, row, case, "unknown name", client_config(case), A.UNRECOGNIZED_NAME, *extra)


# What our server refuses -------------------------------------------------------------------------------------


@each_program
@each_version
def test_server_and_client_have_no_common_version(
    program: Program, version: ProtocolVersion, row: dict[str, str], tmp_path: Path
) -> None:
    case = case_of(program, Role.SERVER, version)
    config = server_config(case_of(program, Role.SERVER, TLS12 if version is TLS13 else TLS13))
    error = refuse_client(tmp_path, row, case, "no common version", config, A.PROTOCOL_VERSION)
    assert error.reason is Reason.ESSLACCEPT


@each_program
@each_version
def test_server_and_client_have_no_common_suite(
    program: Program, version: ProtocolVersion, row: dict[str, str], tmp_path: Path
) -> None:
    case = case_of(program, Role.SERVER, version)
    config = server_config(case, cipher_suites=(other_suite(version),))
    error = refuse_client(tmp_path, row, case, "no common suite", config, A.HANDSHAKE_FAILURE)
    assert error.reason is Reason.ESSLACCEPT


@each_program
def test_server_and_client_have_no_common_group(program: Program, row: dict[str, str], tmp_path: Path) -> None:
    case = case_of(program, Role.SERVER)
    config = server_config(case, groups=(NamedGroup.SECP521R1,))
    error = refuse_client(tmp_path, row, case, "no common group", config, A.HANDSHAKE_FAILURE)
    assert error.reason is Reason.ESSLACCEPT


@each_program
@each_version
def test_server_insists_on_a_certificate(
    program: Program, version: ProtocolVersion, row: dict[str, str], tmp_path: Path
) -> None:
    case = case_of(program, Role.SERVER, version)
    config = server_config(case, verify=Verify.REQUIRED, trust=trust("p256"))
    alert = A.CERTIFICATE_REQUIRED if version is TLS13 else A.HANDSHAKE_FAILURE
    error = refuse_client(tmp_path, row, case, "no client certificate", config, alert)
    assert error.reason is Reason.ESSLACCEPT


@each_version
def test_server_refuses_a_client_of_an_unknown_root(
    version: ProtocolVersion, row: dict[str, str], tmp_path: Path, authority: Authority
) -> None:
    case = case_of(Program.OPENSSL, Role.SERVER, version, client="p256")
    config = server_config(case, trust=authority.trust)
    error = refuse_client(tmp_path, row, case, "client's unknown root", config, A.UNKNOWN_CA)
    assert error.reason is Reason.ENOISSUERCERT


@each_program
@each_version
def test_server_and_client_have_no_common_protocol(
    program: Program, version: ProtocolVersion, row: dict[str, str], tmp_path: Path
) -> None:
    case = case_of(program, Role.SERVER, version)
    config = server_config(case, alpn=(b"h2",))
    extra = ["-alpn", "http/1.1"] if program is Program.OPENSSL else ["--alpn=http/1.1"]
    error = refuse_client(tmp_path, row, case, "no common protocol", config, A.NO_APPLICATION_PROTOCOL, *extra)
    assert error.reason is Reason.ESSLACCEPT


@each_program
@each_version
def test_server_does_not_know_the_name(
    program: Program, version: ProtocolVersion, row: dict[str, str], tmp_path: Path, authority: Authority
) -> None:
    case = case_of(program, Role.SERVER, version)
    config = server_config(case, credentials=(authority.credential("other.example"),), require_known_name=True)
    error = refuse_client(tmp_path, row, case, "unknown name", config, A.UNRECOGNIZED_NAME)
    assert error.reason is Reason.ESSLACCEPT


def test_server_refuses_a_needless_fallback(row: dict[str, str], tmp_path: Path) -> None:
    case = case_of(Program.OPENSSL, Role.SERVER, TLS12)
    suites = (case_of(Program.OPENSSL, Role.SERVER).suite.id, case.suite.id)
    config = server_config(case, versions=(TLS13, TLS12), cipher_suites=suites)
    error = refuse_client(tmp_path, row, case, "needless fallback", config, A.INAPPROPRIATE_FALLBACK, "-fallback_scsv")
    assert error.reason is Reason.ESSLACCEPT


# What the program's client refuses ----------------------------------------------------------------------------


@each_program
@each_version
def test_server_is_refused_for_its_root(
    program: Program, version: ProtocolVersion, row: dict[str, str], tmp_path: Path, authority: Authority
) -> None:
    case = case_of(program, Role.SERVER, version)
    config = server_config(case, credentials=(authority.credential(SERVER_NAME),))
    error, _ = meet_client(tmp_path, row, case, "our unknown root", config)
    check_refused(row, case, "our unknown root", error, A.UNKNOWN_CA)


@each_program
@each_version
def test_server_is_refused_for_an_expired_certificate(
    program: Program, version: ProtocolVersion, row: dict[str, str], tmp_path: Path, authority: Authority
) -> None:
    case = case_of(program, Role.SERVER, version)
    expired = authority.credential(SERVER_NAME, valid=(-2 * DAY, -DAY // 2))
    files: dict[str, Any] = {root(case.certificate): str(authority.file)}
    error, said = meet_client(tmp_path, row, case, "expired", server_config(case, credentials=(expired,)), **files)
    assert "expired" in said
    check_refused(row, case, "expired", error, A.CERTIFICATE_EXPIRED)


@each_program
@each_version
def test_server_is_refused_for_its_name(
    program: Program, version: ProtocolVersion, row: dict[str, str], tmp_path: Path, authority: Authority
) -> None:
    case = case_of(program, Role.SERVER, version)
    other = authority.credential("other.example")
    files: dict[str, Any] = {root(case.certificate): str(authority.file)}
    error, _ = meet_client(tmp_path, row, case, "another name", server_config(case, credentials=(other,)), **files)
    check_refused(row, case, "another name", error, A.BAD_CERTIFICATE)


def check_refused(row: dict[str, str], case: Case, what: str, error: SSLError, alert: AlertDescription) -> None:
    """The client's alert: OpenSSL's by the fault, GnuTLS's always the same."""
    check_received(error, alert if case.program is Program.OPENSSL else A.BAD_CERTIFICATE)
    assert isinstance(error, ProtocolError)
    fill(row, case, what, error, A(error.received or 0))
