"""TLS 1.3 after the handshake: KeyUpdate, closing, alerts and what is capped (RFC 8446 4.6, 5, 6)."""

from __future__ import annotations

from typing import Any

import pytest

from puressl.codes import AlertDescription, AlertLevel, CipherSuite, ContentType, Direction, Epoch, HandshakeType
from puressl.connection import MAX_WARNING_ALERTS
from puressl.errors import Problem, Reason, SSLError
from puressl.events import AlertReceived, DataReceived, HandshakeCompleted, KeysUpdated, PeerClosed, TicketReceived
from puressl.handshake.traffic13 import MAX_KEY_UPDATES_IN_A_ROW, MAX_TICKETS_IN_A_ROW
from puressl.record.receive import MAX_CHANGE_CIPHER_SPECS, MAX_EMPTY_RECORDS
from puressl.record.send import KEY_UPDATE_MARGIN
from puressl.wire import ChangeCipherSpec, Extensions, NewSessionTicket, ServerHello
from puressl.wire.messages import MAX_BODY

from support.altered import inserting
from support.bad_peer import BadClient, BadServer, Content, assert_refused
from support.joined import exchange_data, join, record_types, records
from support.link import End, Link


def connect(**fields: Any) -> Link:
    """Two connected ends, either of which may be told to misbehave."""
    plain = join(**fields)
    client, server = BadClient(plain.client.connection.config), BadServer(plain.server.connection.config)
    return Link(client, server).handshake().raise_errors()


def ends(joined: Link, role: str) -> tuple[End, End]:
    """The end of that role, which is to refuse, and the other, which is to misbehave."""
    return (joined.client, joined.server) if role == "client" else (joined.server, joined.client)


roles = pytest.mark.parametrize("role", ["client", "server"])


# KeyUpdate (RFC 8446 4.6.3) --------------------------------------------------------------------------------------


@roles
@pytest.mark.parametrize("request_", [True, False])
def test_keys_are_updated_on_request_in_both_directions(role: str, request_: bool) -> None:
    joined = connect()
    asked, asking = ends(joined, role)
    asking.connection.update_keys(request=request_)
    joined.run().raise_errors()
    both = [KeysUpdated(Direction.READ), KeysUpdated(Direction.WRITE)]
    assert asked.of(KeysUpdated) == (both if request_ else both[:1])
    assert asking.of(KeysUpdated) == (both[::-1] if request_ else both[1:])
    exchange_data(joined)


def test_both_ends_may_ask_at_once() -> None:
    joined = connect()
    joined.client.connection.update_keys()
    joined.server.connection.update_keys()
    joined.run().raise_errors()
    for end in (joined.client, joined.server):
        assert sorted(event.direction.value for event in end.of(KeysUpdated)) == ["read"] * 2 + ["write"] * 2
    exchange_data(joined)


def test_data_before_and_after_an_update_arrives_in_order() -> None:
    joined = connect()
    for number in range(4):
        joined.client.connection.send_data(b"%d" % number)
        joined.client.connection.update_keys(request=number % 2 == 0)
    joined.client.connection.send_data(b"end")
    joined.run().raise_errors()
    assert joined.server.data == b"0123end"
    exchange_data(joined)


@roles
def test_key_updates_in_a_row_are_capped(role: str) -> None:
    joined = connect()
    good, bad = ends(joined, role)
    for _ in range(MAX_KEY_UPDATES_IN_A_ROW):
        bad.connection.update_keys(request=False)
    joined.run().raise_errors()
    bad.connection.send_data(b"x")
    for _ in range(MAX_KEY_UPDATES_IN_A_ROW):
        bad.connection.update_keys(request=False)
    joined.run().raise_errors()
    bad.connection.update_keys(request=False)
    joined.run()
    assert_refused(good, Problem.TOO_MANY_KEY_UPDATES, peer=bad)


@roles
def test_a_key_update_of_another_value_is_illegal(role: str) -> None:
    joined = connect()
    good, bad = ends(joined, role)
    bad.connection.send_content(ContentType.HANDSHAKE, bytes([HandshakeType.KEY_UPDATE, 0, 0, 1, 2]))
    joined.run()
    assert_refused(good, Problem.ILLEGAL_PARAMETER, peer=bad)


@roles
def test_nothing_may_follow_a_key_update_in_its_record(role: str) -> None:
    """RFC 8446 5.1."""
    joined = connect()
    good, bad = ends(joined, role)
    update = bytes([HandshakeType.KEY_UPDATE, 0, 0, 1, 0])
    bad.connection.send_content(ContentType.HANDSHAKE, update + update)
    joined.run()
    assert_refused(good, Problem.KEY_CHANGE_INSIDE_MESSAGE, peer=bad)


def test_keys_are_updated_before_they_are_used_up() -> None:
    """RFC 8446 5.5."""
    joined = connect(cipher_suites=(CipherSuite.TLS_AES_128_GCM_SHA256,))
    sender, receiver = joined.client.connection._sender, joined.server.connection._receiver
    jump = sender._protection.records_left - KEY_UPDATE_MARGIN
    sender._protection.sequence += jump
    receiver._protection.sequence += jump
    joined.client.connection.send_data(b"x")
    joined.run().raise_errors()
    assert joined.client.of(KeysUpdated) == [KeysUpdated(Direction.WRITE)]
    assert joined.server.data == b"x"
    exchange_data(joined)


# Closing (RFC 8446 6.1) --------------------------------------------------------------------------------------------


@roles
def test_each_direction_closes_by_itself(role: str) -> None:
    joined = connect()
    first, second = ends(joined, role)
    first.connection.close()
    joined.run().raise_errors()
    assert second.of(PeerClosed) == [PeerClosed()]
    assert second.connection.peer_closed
    assert not second.connection.write_closed
    second.connection.send_data(b"still here")
    joined.run().raise_errors()
    assert first.data == b"still here"
    with pytest.raises(SSLError) as caught:
        first.connection.send_data(b"x")
    assert caught.value.reason is Reason.CLOSED
    second.connection.close()
    joined.run().raise_errors()
    assert first.of(PeerClosed) == [PeerClosed()]


def test_closing_twice_sends_one_close_notify() -> None:
    joined = connect()
    joined.client.connection.close()
    joined.client.connection.close()
    assert len(records(joined.client.connection.data_to_send())) == 1


@roles
def test_nothing_is_sent_after_close_notify_whatever_the_peer_asks(role: str) -> None:
    joined = connect()
    closed, other = ends(joined, role)
    closed.connection.close()
    joined.run()
    other.connection.update_keys(request=True)
    other.connection.send_data(b"more")
    before = len(closed.sent)
    joined.run().raise_errors()
    assert len(closed.sent) == before
    assert closed.data == b"more"


def test_what_follows_close_notify_is_left_to_the_user() -> None:
    joined = connect()
    joined.client.connection.close()
    tail = b"plain text after TLS"
    joined.server.connection.receive_data(joined.client.connection.data_to_send() + tail)
    joined.server.drain()
    assert joined.server.connection.trailing_data == tail
    joined.server.connection.receive_data(b"!")
    assert joined.server.connection.next_event() is None
    assert joined.server.connection.trailing_data == tail + b"!"
    joined.server.connection.receive_data(b"")
    assert joined.server.connection.next_event() is None


@roles
@pytest.mark.parametrize("inside", [False, True])
def test_an_end_without_close_notify_is_a_truncation(role: str, inside: bool) -> None:
    joined = connect()
    good, bad = ends(joined, role)
    bad.connection.send_data(b"data")
    stream = bad.connection.data_to_send()
    good.connection.receive_data(stream[:-1] if inside else stream)
    good.connection.receive_data(b"")
    good.drain()
    assert good.data == (b"" if inside else b"data")
    assert_refused(good, Problem.TRUNCATED, peer=None)
    assert good.error.reason is Reason.ESSLERRSSL
    assert ("inside a record" in str(good.error)) is inside


@roles
def test_the_end_of_the_transport_in_a_handshake_names_the_role(role: str) -> None:
    joined = join()
    joined.client.connection.start()
    good, _ = ends(joined, role)
    good.connection.receive_data(b"")
    good.drain()
    assert_refused(good, Problem.TRUNCATED, peer=None)
    assert good.error.reason is {"client": Reason.ESSLCONNECT, "server": Reason.ESSLACCEPT}[role]


@roles
def test_close_notify_in_a_handshake_ends_it(role: str) -> None:
    joined = join()
    good, bad = ends(joined, role)
    joined.client.connection.start()
    if role == "client":  # the server has begun once something came
        bad.connection.receive_data(good.connection.data_to_send()[:1])
    bad.connection.close()
    joined.run()
    assert_refused(good, Problem.ALERT_RECEIVED, peer=None)
    assert bad.error.reason is Reason.CLOSED
    assert good.error.received == AlertDescription.CLOSE_NOTIFY


def test_an_event_is_handed_out_before_the_error_that_follows_it() -> None:
    joined = connect()
    joined.client.connection.send_data(b"before")
    stream = joined.client.connection.data_to_send()
    joined.server.connection.receive_data(stream + b"\x17\x03\x03\x00\x11" + bytes(17))
    assert joined.server.connection.next_event() == DataReceived(b"before")
    joined.run()
    assert_refused(joined.server, Problem.BAD_RECORD_MAC, peer=joined.client)


def test_a_reader_that_takes_no_events_has_nothing_decoded() -> None:
    joined = connect()
    for _ in range(5):
        joined.client.connection.send_data(b"x")
    joined.server.connection.receive_data(joined.client.connection.data_to_send())
    assert joined.server.connection.next_event() == DataReceived(b"x")
    assert len(joined.server.connection._receiver._buffer) == 4 * (5 + 1 + 1 + 16)


# Alerts (RFC 8446 6) -----------------------------------------------------------------------------------------------


@roles
@pytest.mark.parametrize("level", [AlertLevel.WARNING, AlertLevel.FATAL, 0, 77])
def test_an_error_alert_ends_the_connection_whatever_its_level(role: str, level: int) -> None:
    """RFC 8446 6: the level is ignored."""
    joined = connect()
    good, bad = ends(joined, role)
    bad.connection.send_content(ContentType.ALERT, bytes([level, AlertDescription.UNRECOGNIZED_NAME]))
    joined.run()
    assert_refused(good, Problem.ALERT_RECEIVED, peer=None)
    assert good.error.received == AlertDescription.UNRECOGNIZED_NAME
    assert good.error.reason is Reason.ESSLERRSSL


def test_a_warning_before_the_version_is_known_is_told_and_passed_over() -> None:
    """RFC 6066 3: a server that may yet choose TLS 1.2 warns so of a name it does not know."""
    warning = bytes([AlertLevel.WARNING, AlertDescription.UNRECOGNIZED_NAME])
    for count in (1, MAX_WARNING_ALERTS, MAX_WARNING_ALERTS + 1):
        warnings = [Content(ContentType.ALERT, warning)] * count
        joined = join(bad_server=inserting(ServerHello, *warnings)).handshake()
        if count <= MAX_WARNING_ALERTS:
            joined.raise_errors()
            assert joined.client.of(AlertReceived) == [AlertReceived(*warning)] * count
        else:
            assert_refused(joined.client, Problem.TOO_MANY_WARNINGS, peer=joined.server)


@pytest.mark.parametrize("description", [AlertDescription.HANDSHAKE_FAILURE, AlertDescription.PROTOCOL_VERSION])
def test_a_fatal_alert_in_place_of_a_server_hello_ends_the_handshake(description: int) -> None:
    alert = Content(ContentType.ALERT, bytes([AlertLevel.FATAL, description]))
    joined = join(bad_server=inserting(ServerHello, alert)).handshake()
    assert_refused(joined.client, Problem.ALERT_RECEIVED, peer=None)
    assert joined.client.error.received == description


def test_an_unknown_alert_ends_the_connection() -> None:
    joined = connect()
    joined.server.connection.send_content(ContentType.ALERT, bytes([AlertLevel.WARNING, 222]))
    joined.run()
    assert_refused(joined.client, Problem.ALERT_RECEIVED, peer=None)
    assert joined.client.error.received == 222


@roles
def test_user_canceled_is_told_and_passed_over_up_to_a_cap(role: str) -> None:
    joined = connect()
    good, bad = ends(joined, role)
    for _ in range(MAX_WARNING_ALERTS):
        bad.connection.send_content(ContentType.ALERT, bytes([AlertLevel.WARNING, AlertDescription.USER_CANCELED]))
    joined.run().raise_errors()
    assert len(good.of(AlertReceived)) == MAX_WARNING_ALERTS
    bad.connection.send_content(ContentType.ALERT, bytes([AlertLevel.WARNING, AlertDescription.USER_CANCELED]))
    joined.run()
    assert_refused(good, Problem.TOO_MANY_WARNINGS, peer=bad)


@roles
@pytest.mark.parametrize(
    ("content", "problem"),
    [(b"\x02", Problem.MALFORMED_MESSAGE), (b"\x01\x5a" * 2, Problem.MALFORMED_MESSAGE), (b"", Problem.EMPTY_RECORD)],
)
def test_alerts_are_neither_cut_nor_joined(role: str, content: bytes, problem: Problem) -> None:
    """RFC 8446 5.1."""
    joined = connect()
    good, bad = ends(joined, role)
    bad.connection.send_content(ContentType.ALERT, content)
    joined.run()
    assert_refused(good, problem, peer=bad)


# Caps ---------------------------------------------------------------------------------------------------------------


@roles
def test_empty_records_in_a_row_are_capped(role: str) -> None:
    joined = connect()
    good, bad = ends(joined, role)
    for _ in range(MAX_EMPTY_RECORDS):
        bad.connection.send_content(ContentType.APPLICATION_DATA, b"")
    bad.connection.send_data(b"x")
    for _ in range(MAX_EMPTY_RECORDS):
        bad.connection.send_content(ContentType.APPLICATION_DATA, b"")
    joined.run().raise_errors()
    assert good.of(DataReceived) == [DataReceived(b"x")]
    bad.connection.send_content(ContentType.APPLICATION_DATA, b"")
    joined.run()
    assert_refused(good, Problem.TOO_MANY_EMPTY_RECORDS, peer=bad)


def test_tickets_are_capped() -> None:
    joined = connect(server={"ticket_count": 0})
    ticket = NewSessionTicket(10, 0, b"n", b"t", Extensions())
    for _ in range(MAX_TICKETS_IN_A_ROW):
        joined.server.connection.send(Epoch.APPLICATION, ticket)
    joined.run().raise_errors()
    assert len(joined.client.of(TicketReceived)) == MAX_TICKETS_IN_A_ROW
    joined.server.connection.send(Epoch.APPLICATION, ticket)
    joined.run()
    assert_refused(joined.client, Problem.TOO_MANY_TICKETS, peer=joined.server)


@roles
@pytest.mark.parametrize("kind", [kind for kind in MAX_BODY if kind != HandshakeType.KEY_UPDATE])
def test_a_message_beyond_its_cap_is_refused_by_its_header_alone(role: str, kind: int) -> None:
    joined = connect()
    good, bad = ends(joined, role)
    bad.connection.send_content(ContentType.HANDSHAKE, bytes([kind]) + (MAX_BODY[kind] + 1).to_bytes(3, "big"))
    joined.run()
    assert_refused(good, Problem.MESSAGE_TOO_LARGE, peer=bad)


def test_unprotected_change_cipher_specs_are_no_longer_passed_over() -> None:
    """RFC 8446 5: only until the peer's Finished."""
    for role in ("client", "server"):
        joined = connect()
        good, bad = ends(joined, role)
        bad.connection.send_content(ContentType.CHANGE_CIPHER_SPEC, b"\x01")
        joined.run()
        assert_refused(good, Problem.UNEXPECTED_MESSAGE, peer=bad)


# Middlebox compatibility (RFC 8446 D.4) ----------------------------------------------------------------------------

CCS, HANDSHAKE, DATA = ContentType.CHANGE_CIPHER_SPEC, ContentType.HANDSHAKE, ContentType.APPLICATION_DATA


def test_change_cipher_spec_stands_where_old_middleboxes_look_for_it() -> None:
    joined = join(server={"ticket_count": 0}).handshake().raise_errors()
    assert record_types(joined.client.sent) == [HANDSHAKE, CCS, DATA]
    assert record_types(joined.server.sent) == [HANDSHAKE, CCS, DATA]
    hello = joined.client.connection.config.tracer.sent[0]
    assert len(hello.session_id) == 32


def test_change_cipher_spec_stands_before_the_second_flight_of_a_retry() -> None:
    joined = join(client={"key_share_groups": ()}, server={"ticket_count": 0}).handshake().raise_errors()
    assert record_types(joined.client.sent) == [HANDSHAKE, CCS, HANDSHAKE, DATA]
    assert record_types(joined.server.sent) == [HANDSHAKE, CCS, HANDSHAKE, DATA]


@pytest.mark.parametrize("shares", [None, ()])
def test_without_compatibility_there_is_no_change_cipher_spec(shares: Any) -> None:
    client = {"middlebox_compatibility": False, "key_share_groups": shares}
    joined = join(client=client).handshake().raise_errors()
    assert CCS not in record_types(joined.client.sent) + record_types(joined.server.sent)
    assert joined.client.connection.config.tracer.sent[0].session_id == b""


def test_the_first_record_alone_says_tls_1_0() -> None:
    """RFC 8446 5.1."""
    joined = join(client={"key_share_groups": ()}).handshake().raise_errors()
    for stream, first in ((joined.client.sent, b"\x03\x01"), (joined.server.sent, b"\x03\x03")):
        versions, stream = [], bytes(stream)
        while stream:
            versions.append(stream[1:3])
            stream = stream[5 + int.from_bytes(stream[3:5], "big") :]
        assert versions == [first] + [b"\x03\x03"] * (len(versions) - 1)


@pytest.mark.parametrize("count", [MAX_CHANGE_CIPHER_SPECS, MAX_CHANGE_CIPHER_SPECS + 1])
@roles
def test_change_cipher_specs_in_a_handshake_are_passed_over_up_to_a_cap(role: str, count: int) -> None:
    extra = tuple([ChangeCipherSpec()] * count)

    def rewrite(message: Any) -> tuple[Any, ...]:
        return extra if isinstance(message, ChangeCipherSpec) else (message,)

    joined = join(**{"bad_server" if role == "client" else "bad_client": rewrite}).handshake()
    good, bad = ends(joined, role)
    if count <= MAX_CHANGE_CIPHER_SPECS:
        joined.raise_errors()
        assert good.of(HandshakeCompleted)
    else:
        assert_refused(good, Problem.TOO_MANY_CHANGE_CIPHER_SPECS, peer=bad)


def test_change_cipher_spec_before_the_first_client_hello_is_refused() -> None:
    """RFC 8446 5."""
    joined = join()
    joined.server.connection.receive_data(b"\x14\x03\x03\x00\x01\x01")
    joined.run()
    assert_refused(joined.server, Problem.UNEXPECTED_MESSAGE, peer=joined.client)


@pytest.mark.parametrize("content", [b"\x00", b"\x02", b"\x01\x01", b""])
@roles
def test_a_change_cipher_spec_that_is_not_one_byte_1_is_refused(role: str, content: bytes) -> None:
    """RFC 8446 5."""

    def rewrite(message: Any) -> tuple[Any, ...]:
        return (Content(CCS, content),) if isinstance(message, ChangeCipherSpec) else (message,)

    joined = join(**{"bad_server" if role == "client" else "bad_client": rewrite}).handshake()
    good, bad = ends(joined, role)
    assert_refused(good, Problem.UNEXPECTED_MESSAGE, peer=bad)
