"""The socket interface and Erlang/OTP's own ``ssl``: what the one opens, the other connects to."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from interop.erlang import Node, running_node, term
from interop.matrix import Role
from interop.meeting import Meeting, Meetings, presented

import puressl
from puressl.codes import NamedGroup
from puressl.crypto import suites
from puressl.crypto.suites import Authentication, KeyExchange
from puressl.sockets.messages import process_of
from puressl.x509 import pem

from support.configs import CERTS
from support.endpoints import PATIENCE, certificates, refusal, root

pytestmark = [pytest.mark.interop]

BOTH_VERSIONS = ("tlsv1.3", "tlsv1.2")
VERSIONS = pytest.mark.parametrize("version", BOTH_VERSIONS)
ROLES = pytest.mark.parametrize("role", Role, ids=str)
#: Erlang has EdDSA in TLS 1.3 only.
KEY_TYPES = [
    *itertools.product(BOTH_VERSIONS, ("rsa2048", "p256", "p384")),
    ("tlsv1.3", "ed25519"),
]
ACTIVITIES = (False, True, "once")

#: Messages of each packet type, the long ones of more than a record; raw ones do not keep their bounds.
SHORT = [b"one", b"", bytes(255), b"last"]
LONG = [b"one", b"", bytes(range(256)) * 70, b"last"]
MESSAGES: dict[int | str, list[bytes]] = {
    0: LONG,
    1: SHORT,
    2: LONG,
    4: LONG,
    "line": [b"one\n", b"\n", b"long" * 4_500 + b"\n", b"last\n"],
}


@pytest.fixture(scope="session")
def node() -> Iterator[Node]:
    with running_node() as node:
        yield node


@pytest.fixture
def meetings(node: Node, row: dict[str, str]) -> Iterator[Meetings]:
    row["peer"] = f"erlang ssl {node.version}"
    puressl.start()
    meetings = Meetings(node)
    yield meetings
    meetings.end()
    puressl.stop()
    puressl.mailbox().close()


def both(version: str, **options: Any) -> dict[str, Any]:
    return {"versions": [version], **options}


# Data -----------------------------------------------------------------------------------------------------------------

#: Receives as the socket's mode asks: data, or what else comes. Echo sends it back, until there were so many bytes, and
#: says how many each time.
NEXT = f"""
Next = fun
  (false) ->
    case ssl:recv(get(socket), 0, {PATIENCE}) of {{ok, Data}} -> Data; {{error, Reason}} -> Reason end;
  (Active) ->
    receive
      {{ssl, _, Data}} when Active =:= once -> ssl:setopts(get(socket), [{{active, once}}]), Data;
      {{ssl, _, Data}} -> Data;
      {{ssl_closed, _}} -> closed;
      Other -> Other
    after {PATIENCE} -> timeout end
end,
Echo = fun E(_, 0) -> [];
           E(Active, Left) -> Data = Next(Active),
                              ok = ssl:send(get(socket), Data),
                              [byte_size(Data) | E(Active, Left - byte_size(Data))] end
"""


def gather(socket: puressl.SSLSocket, active: bool | str, size: int) -> list[bytes]:
    """Data as it comes, until there are so many bytes."""
    pieces: list[bytes] = []
    while size > 0:
        piece = receive(socket, active)
        pieces.append(piece)
        size -= len(piece)
    return pieces


def receive(socket: puressl.SSLSocket, active: bool | str) -> Any:
    if active is False:
        return puressl.recv(socket, 0, PATIENCE)
    message = puressl.mailbox().receive(lambda message: message.socket is socket, timeout=PATIENCE)
    if active == "once":
        puressl.setopts(socket, {"active": "once"})
    return message.data


def check_closed_here(socket: puressl.SSLSocket, active: bool | str) -> None:
    if active is False:
        assert refusal(puressl.recv, socket, 0, PATIENCE) == "closed"
    else:
        assert puressl.mailbox().receive(timeout=PATIENCE) == puressl.Closed(socket)


@VERSIONS
@ROLES
@pytest.mark.parametrize("packet", MESSAGES)
def test_packets_go_both_ways_in_each_mode_and_either_end_closes(
    meetings: Meetings, row: dict[str, str], role: Role, version: str, packet: int | str
) -> None:
    row.update(puressl=role.value, version=version, notes=f"packet {packet}, active false, true, once on either side")
    sent = MESSAGES[packet]
    size = len(b"".join(sent))
    for turn, (ours, theirs) in enumerate(itertools.product(ACTIVITIES, ACTIVITIES)):
        meeting = meetings.meet(
            role,
            both(version, packet=packet, active=ours),
            both(version, packet=packet, active=theirs),
        )
        socket, shell = meeting.socket, meeting.shell
        shell(NEXT)
        shell.start(f"Echo({term(theirs)}, {size})")
        for message in sent:
            puressl.send(socket, message)
        received = gather(socket, ours, size)
        assert b"".join(received) == b"".join(sent)
        sizes = shell.answer()
        assert not packet or (received == sent and sizes == list(map(len, sent)))
        if turn % 2:
            puressl.close(socket)
            assert shell(f"Next({term(theirs)})") == "closed"
        else:
            shell("ssl:close(get(socket))")
            check_closed_here(socket, ours)


@ROLES
def test_keys_are_changed_by_the_peer_between_data(meetings: Meetings, row: dict[str, str], role: Role) -> None:
    row.update(puressl=role.value, version="tlsv1.3", notes="key updates")
    meeting = meetings.meet(role, both("tlsv1.3"), both("tlsv1.3"))
    for kind in ("write", "read_write"):
        update = f"ssl:update_keys(get(socket), {kind})"
        assert meeting.shell(f'{update}, ssl:send(get(socket), <<"new keys">>)') == "ok"
        assert puressl.recv(meeting.socket, 8, PATIENCE) == b"new keys"
        puressl.send(meeting.socket, b"answer")
        assert meeting.shell(f"ssl:recv(get(socket), 6, {PATIENCE})") == ("ok", b"answer")


@ROLES
def test_renegotiation_is_refused_and_data_goes_on(meetings: Meetings, row: dict[str, str], role: Role) -> None:
    row.update(puressl=role.value, version="tlsv1.2", notes="renegotiation refused")
    meeting = meetings.meet(role, both("tlsv1.2"), both("tlsv1.2", active=True))
    meeting.shell.start("ssl:renegotiate(get(socket))")
    assert refusal(puressl.recv, meeting.socket, 0, 200) == "timeout"
    assert meeting.shell.answer() == ("error", "renegotiation_rejected")
    puressl.send(meeting.socket, b"still here")
    received = meeting.shell(f"receive {{ssl, _, Data}} -> Data after {PATIENCE} -> timeout end")
    assert received == b"still here"


@VERSIONS
@ROLES
def test_peer_whose_owner_dies_has_closed_and_one_that_shuts_down_writing_is_truncated(
    meetings: Meetings, row: dict[str, str], role: Role, version: str
) -> None:
    """``ssl:shutdown`` with ``write`` ends the TCP stream and sends no close_notify; it still reads ours."""
    row.update(puressl=role.value, version=version, notes="peer's owner killed; peer's shutdown of writing")
    meeting = meetings.meet(role, both(version), both(version))
    meeting.shell.end()
    assert refusal(puressl.recv, meeting.socket, 0, PATIENCE) == "closed"
    meeting = meetings.meet(role, both(version), both(version))
    assert meeting.shell("ssl:shutdown(get(socket), write)") == "ok"
    assert refusal(puressl.recv, meeting.socket, 0, PATIENCE) == "esslerrssl"
    assert refusal(puressl.recv, meeting.socket, 0, PATIENCE) == "closed"
    puressl.close(meeting.socket)
    assert meeting.shell(f"ssl:recv(get(socket), 0, {PATIENCE})") == ("error", "closed")


# What was agreed on ---------------------------------------------------------------------------------------------------


def der(path: Path) -> bytes:
    """The first certificate of a file."""
    return pem.blocks(path.read_bytes())[0].decode()


@ROLES
@pytest.mark.parametrize(("version", "key_type"), KEY_TYPES)
def test_both_ends_verify_each_other(
    meetings: Meetings, row: dict[str, str], role: Role, version: str, key_type: str
) -> None:
    row.update(puressl=role.value, version=version, certificate=key_type)
    row.update({"client auth": key_type, "notes": "verified both ways, peercert, connection_info"})
    peer = {Role.CLIENT: "server", Role.SERVER: "client"}[role]
    insists = {Role.CLIENT: {"fail_if_no_peer_cert": True}, Role.SERVER: {}}[role]
    trusted = CERTS / key_type / "root.pem"
    meeting = meetings.meet(
        role,
        both(version, verify=2, cacertfile=str(trusted), **certificates(role.value, key_type)),
        both(version, verify="verify_peer", cacertfile=trusted, **insists, **presented(peer, key_type)),
    )
    assert puressl.peercert(meeting.socket) == der(CERTS / key_type / f"{peer}.pem")
    assert meeting.shell("ssl:peercert(get(socket))") == ("ok", der(CERTS / key_type / f"{role.value}.pem"))
    protocol, suite = puressl.connection_info(meeting.socket)
    row["suite"] = suite
    information = "{ok, [{protocol, Protocol}, {selected_cipher_suite, Suite}]} = "
    information += "ssl:connection_information(get(socket), [protocol, selected_cipher_suite])"
    shown = meeting.shell(f"{information}, {{Protocol, ssl:suite_to_openssl_str(Suite)}}")
    assert (shown[0], bytes(shown[1]).decode()) == (protocol, suite)
    puressl.send(meeting.socket, b"verified")
    assert meeting.shell(f"ssl:recv(get(socket), 0, {PATIENCE})") == ("ok", b"verified")


@VERSIONS
@ROLES
def test_application_protocol_is_negotiated(meetings: Meetings, row: dict[str, str], role: Role, version: str) -> None:
    row.update(puressl=role.value, version=version, notes="ALPN")
    advertised = {"alpn_advertised_protocols": [b"http/1.1", b"h2"]}
    preferred = {"alpn_preferred_protocols": [b"h2", b"http/1.1"]}
    ours, theirs = (advertised, preferred) if role is Role.CLIENT else (preferred, advertised)
    meeting = meetings.meet(role, both(version, **ours), both(version, **theirs))
    assert puressl.negotiated_protocol(meeting.socket) == b"h2"
    assert meeting.shell("ssl:negotiated_protocol(get(socket))") == ("ok", b"h2")


#: Those of ``ciphers()``.
SUITES = {name: suite for suite in suites.SUITES.values() if (name := suite.openssl_name)}


@ROLES
@pytest.mark.parametrize("name", SUITES)
def test_suite(meetings: Meetings, row: dict[str, str], role: Role, name: str) -> None:
    suite = SUITES[name]
    version = "tlsv1.3" if suite.key_exchange is KeyExchange.ANY else "tlsv1.2"
    key_type = "p256" if suite.authentication is Authentication.ECDSA else "rsa2048"
    row.update(puressl=role.value, version=version, suite=name, certificate=key_type)
    # Erlang has no encrypt_then_mac (RFC 7366).
    ours: dict[str, Any] = {"ciphers": name, "allow_mac_then_encrypt": suite.mac is not None}
    theirs: dict[str, Any] = {"ciphers": [list(name.encode())]}
    trusted = CERTS / key_type / "root.pem"
    if role is Role.CLIENT:
        ours["cacertfile"] = str(trusted)
        theirs.update(presented("server", key_type))
    else:
        ours.update(certificates("server", key_type))
        theirs["cacertfile"] = trusted
    meeting = meetings.meet(role, both(version, **ours), both(version, **theirs))
    assert puressl.connection_info(meeting.socket) == (version, name)
    for data in (b"a", bytes(1_000)):
        puressl.send(meeting.socket, data)
        assert meeting.shell(f"ssl:recv(get(socket), {len(data)}, {PATIENCE})") == ("ok", data)
        assert meeting.shell(f"ssl:send(get(socket), {term(data)})") == "ok"
        assert puressl.recv(meeting.socket, len(data), PATIENCE) == data


@pytest.mark.parametrize("group", ["x25519", "secp256r1", "secp384r1", "secp521r1", "x448", "ffdhe2048"])
@ROLES
def test_group(meetings: Meetings, row: dict[str, str], role: Role, group: str) -> None:
    """Our client has a share for few of them: the others take a HelloRetryRequest."""
    row.update(puressl=role.value, version="tlsv1.3", group=group)
    meeting = meetings.meet(role, both("tlsv1.3"), both("tlsv1.3", supported_groups=[group]))
    negotiated = process_of(meeting.socket).negotiated  # type: ignore[attr-defined]
    assert negotiated.group == NamedGroup[group.upper()]
    puressl.send(meeting.socket, b"agreed")
    assert meeting.shell(f"ssl:recv(get(socket), 0, {PATIENCE})") == ("ok", b"agreed")


#: Erlang's options by the version and our role, and whether sessions are resumed then. Its clients say only together
#: with a ticket that they could use one (psk_key_exchange_modes), so they get none (RFC 8446 4.2.9). Its TLS 1.2 lacks
#: extended_master_secret, without which nothing is resumed (RFC 7627 5.3).
RESUMPTIONS = {
    ("tlsv1.3", Role.CLIENT): ({"session_tickets": "stateless"}, True),
    ("tlsv1.3", Role.SERVER): ({"session_tickets": "auto"}, False),
    ("tlsv1.2", Role.CLIENT): ({"reuse_sessions": True}, False),
    ("tlsv1.2", Role.SERVER): ({"reuse_sessions": True}, False),
}


@VERSIONS
@ROLES
def test_session_is_resumed_where_both_may(meetings: Meetings, row: dict[str, str], role: Role, version: str) -> None:
    options, resumable = RESUMPTIONS[version, role]
    row.update(puressl=role.value, version=version, resumption="resumed" if resumable else "a new session each time")
    meet = meetings.between(role, both(version), both(version, **options))
    assert [resumed(meet()) for _ in range(3)] == [(False, False), (resumable,) * 2, (resumable,) * 2]


def resumed(meeting: Meeting) -> tuple[bool, bool]:
    """Whether each end says so, after data has gone both ways, and with it the tickets."""
    socket, shell = meeting.socket, meeting.shell
    shell('ssl:send(get(socket), <<"tickets">>)')
    assert puressl.recv(socket, 7, PATIENCE) == b"tickets"
    puressl.send(socket, b"tickets")
    assert shell(f"ssl:recv(get(socket), 7, {PATIENCE})") == ("ok", b"tickets")
    theirs = shell("element(2, ssl:connection_information(get(socket), [session_resumption]))")
    puressl.close(socket)
    ours = process_of(socket).negotiated.resumed  # type: ignore[attr-defined]
    return ours, theirs == [("session_resumption", True)]


# Refusals -------------------------------------------------------------------------------------------------------------

FOLDER = CERTS / "reasons"
CASES = {case["id"]: case for case in json.loads((FOLDER / "manifest.json").read_text())["cases"]}
#: Chains that Erlang can present and judge, and the alert it has for each; of puressl's the manifest tells.
ALERTS = {
    "eselfsignedcert/self-signed": "bad_certificate",
    "eselfsignedcert/untrusted-root": "unknown_ca",
    "enoissuercert/missing-ca": "unknown_ca",
    "enoissuercert/unknown-root": "unknown_ca",
    "echaintoolong/depth": "handshake_failure",
    "epeercertexpired/leaf": "certificate_expired",
    "epeercertexpired/ca": "certificate_expired",
    "epeercertinvalid/leaf": "certificate_expired",
    "epeercert/signature": "bad_certificate",
    "epeercert/unknown-critical-extension": "unsupported_certificate",
    "epeercert/not-a-ca": "handshake_failure",
    "epeercert/name-constraints-excluded": "bad_certificate",
    "epeercert/extended-key-usage": "handshake_failure",
    "epeercert/server-name": "handshake_failure",
}
PRESENTED = [
    (version, case, role)
    for version, case, role in itertools.product(BOTH_VERSIONS, ALERTS, Role)
    if role.value in CASES[case]["roles"]
]
#: What Erlang's client presents to no server of TLS 1.3 that names other authorities (RFC 8446 4.2.4).
WITHHELD = [
    ("tlsv1.3", "eselfsignedcert/untrusted-root", Role.CLIENT),
    ("tlsv1.3", "enoissuercert/unknown-root", Role.CLIENT),
]


@pytest.fixture
def refused(row: dict[str, str], version: str, case: str) -> dict[str, Any]:
    """The manifest's case, which the ``role`` presents."""
    row.update(version=version, certificate=case)
    return CASES[case]


def bad(case: dict[str, Any], role: Role) -> dict[str, Path]:
    files = case["roles"][role.value]
    return {"certfile": FOLDER / files["chain"], "keyfile": FOLDER / files["key"]}


@pytest.mark.parametrize(("version", "case", "role"), [each for each in PRESENTED if each not in WITHHELD])
def test_peers_wrong_certificate_has_its_reason_here_and_its_alert_there(
    meetings: Meetings, row: dict[str, str], refused: dict[str, Any], role: Role, version: str
) -> None:
    own = {Role.SERVER: Role.CLIENT, Role.CLIENT: Role.SERVER}[role]
    judging = {"verify": 2, "cacertfile": str(FOLDER / refused["trust"]), "depth": refused["depth"]}
    meeting = meetings.meet(own, both(version, **judging), both(version, active=True, **bad(refused, role)))
    assert meeting.error().reason == refused["reason"]
    assert meeting.alert() == refused["alert"]
    row.update(puressl=own.value, notes=f"refused by us: {refused['reason']}, {refused['alert']}")


@pytest.mark.parametrize(("version", "case", "role"), PRESENTED)
def test_own_wrong_certificate_has_the_peers_alert_here(
    meetings: Meetings, row: dict[str, str], refused: dict[str, Any], role: Role, version: str, case: str
) -> None:
    judging = {"verify": "verify_peer", "cacertfile": FOLDER / refused["trust"], "depth": refused["depth"]}
    insists = {"fail_if_no_peer_cert": True} if role is Role.CLIENT else {}
    own = {tag: str(path) for tag, path in bad(refused, role).items()}
    meeting = meetings.meet(role, both(version, **own), both(version, **judging, **insists))
    check_alert(meeting, row, role, ALERTS[case], "refused by the peer")


def check_alert(meeting: Meeting, row: dict[str, str], role: Role, alert: str, what: str) -> None:
    """The peer's alert is what both ends say."""
    error = meeting.error()
    assert error.reason == "esslerrssl"
    assert alert in (error.detail or "")
    assert meeting.alert() == alert
    row.update(puressl=role.value, notes=f"{what}: esslerrssl, {alert}")


@VERSIONS
def test_peer_insists_on_a_certificate_that_is_missing(meetings: Meetings, row: dict[str, str], version: str) -> None:
    row.update(version=version)
    insists = {"verify": "verify_peer", "cacertfile": Path(root()), "fail_if_no_peer_cert": True}
    meeting = meetings.meet(Role.CLIENT, both(version), both(version, **insists))
    alert = {"tlsv1.3": "certificate_required", "tlsv1.2": "handshake_failure"}[version]
    check_alert(meeting, row, Role.CLIENT, alert, "no certificate of ours")


@VERSIONS
def test_we_insist_on_a_certificate_that_is_missing(meetings: Meetings, row: dict[str, str], version: str) -> None:
    insists = {"verify": 2, "cacertfile": root()}
    meeting = meetings.meet(Role.SERVER, both(version, **insists), both(version, active=True))
    alert = {"tlsv1.3": "certificate_required", "tlsv1.2": "handshake_failure"}[version]
    row.update(puressl="server", version=version, notes=f"no certificate of the peer's: esslaccept, {alert}")
    assert meeting.error().reason == "esslaccept"
    assert meeting.alert() == alert


@ROLES
@VERSIONS
def test_no_common_version(meetings: Meetings, row: dict[str, str], role: Role, version: str) -> None:
    other = {"tlsv1.3": "tlsv1.2", "tlsv1.2": "tlsv1.3"}[version]
    meeting = meetings.meet(role, both(version), both(other))
    reason = {Role.CLIENT: "esslerrssl", Role.SERVER: "esslaccept"}[role]
    row.update(puressl=role.value, version=version, notes=f"no common version: {reason}, protocol_version")
    assert meeting.error().reason == reason
    assert meeting.alert() == "protocol_version"


def test_no_common_suite(meetings: Meetings, row: dict[str, str]) -> None:
    row.update(puressl="server", version="tlsv1.2", notes="no common suite: esslaccept, handshake_failure")
    theirs = {"ciphers": [list(b"ECDHE-RSA-AES128-GCM-SHA256")]}
    meeting = meetings.meet(Role.SERVER, both("tlsv1.2"), both("tlsv1.2", **theirs))
    assert meeting.error().reason == "esslaccept"
    assert meeting.alert() in ("handshake_failure", "insufficient_security")
