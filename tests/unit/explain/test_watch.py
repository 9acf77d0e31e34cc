"""The story that is made of what the ends tell."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest

from puressl.codes import ContentType, HandshakeType
from puressl.config import Verify
from puressl.connection import ClientConnection, ServerConnection
from puressl.explain.model import CLIENT, SERVER, Step, Story
from puressl.explain.watch import Watch
from puressl.handshake.diagram import table
from puressl.wire import Certificate, EncryptedExtensions, Finished, ServerHello, encode_handshake

from support.altered import changing
from support.bad_peer import BadClient, BadServer, Content, Raw, Rewrite, appending
from support.configs import client_config, server_config, trust
from support.joined import TLS12, TLS13
from support.link import Link
from support.stories import BY_NAME, story, watched


def content(told: Story, step: Step) -> bytes:
    """The bytes of a step out of the records it says carried it."""
    joined = b""
    for number in step.records:
        record = told.records[number]
        plaintext = record.plaintext if record.plaintext is not None else record.raw[5:]
        if not record.protected:
            plaintext = record.raw[5:]
        elif record.inner and record.inner[0].path == "TLSInnerPlaintext":
            plaintext = plaintext.rstrip(b"\0")[:-1]
        joined += plaintext
    return joined[step.offset : step.offset + len(step.raw)]


@pytest.mark.parametrize("name", BY_NAME)
@pytest.mark.parametrize("roles", [(), (CLIENT,), (SERVER,)])
def test_messages_are_in_the_records_that_carried_them(name: str, roles: tuple[str, ...]) -> None:
    told = story(name, *roles)
    for step in told.steps:
        assert step.records
        assert content(told, step) == step.raw
        assert not step.failure
    assert [record.number for record in told.records] == list(range(len(told.records)))
    assert [step.number for step in told.steps] == list(range(len(told.steps)))


@pytest.mark.parametrize("name", BY_NAME)
def test_one_end_tells_the_same_messages_as_both(name: str) -> None:
    both = [(step.sender, step.message, step.raw) for step in story(name).steps]
    for role in (CLIENT, SERVER):
        one = [(step.sender, step.message, step.raw) for step in story(name, role).steps]
        for sender in (CLIENT, SERVER):
            assert [each for each in one if each[0] == sender] == [each for each in both if each[0] == sender]


@pytest.mark.parametrize("name", BY_NAME)
def test_moves_follow_the_transition_table_without_a_gap(name: str) -> None:
    told = story(name)
    for role in (CLIENT, SERVER):
        moves = [move for step in told.steps for move in step.moves if move.by == role]
        assert all(one.entered == following.left for one, following in pairwise(moves))
        edges = {(edge.left, edge.entered) for edge in told.edges if edge.by == role}
        assert {(move.left, move.entered) for move in moves} <= edges
        assert {(edge.left, edge.message, edge.entered) for edge in told.edges if edge.by == role} <= set(table(role))


def test_sequence_numbers_begin_anew_with_each_key() -> None:
    told = story("tls13")
    for sender in (CLIENT, SERVER):
        last: dict[str, int] = {}
        for record in told.records:
            if record.sender == sender and record.protected:
                assert record.sequence == last.get(record.epoch, -1) + 1 or record.sequence == 0  # after a KeyUpdate
                last[record.epoch] = record.sequence
    assert not any(record.protected for record in told.records if record.content_type == "change_cipher_spec")


def test_checks_name_the_rules_that_both_versions_rest_on() -> None:
    wanted = {
        "tls13 with a client certificate": {
            "verify_data is the MAC over the transcript",
            "the certificate's key made the signature over the transcript",
            "the certificate chain is verified",
            "legacy_session_id_echo is what was sent",
        },
        "tls13 resumed": {"the binder is the MAC over the truncated ClientHello"},
        "tls12 ECDHE with a client certificate": {
            "verify_data is the PRF over the handshake so far",
            "the certificate's key signed the randoms and the parameters",
            "the certificate's key signed all messages before this one",
            "the certificate chain is verified",
        },
    }
    for name, rules in wanted.items():
        checks = [check for step in story(name).steps for check in step.checks]
        assert rules <= {check.what for check in checks}
        assert all(check.passed and check.clause.startswith("RFC ") for check in checks)
        assert {check.by for check in checks} == {CLIENT, SERVER}


def test_a_downgrade_is_looked_for() -> None:
    watch = Watch(CLIENT)
    both: dict[str, Any] = {"versions": (TLS13, TLS12)}
    link = Link(
        ClientConnection(client_config(**both, tracer=watch.tracer(CLIENT))),
        ServerConnection(server_config(versions=(TLS12,))),
    )
    link.handshake().raise_errors()
    whats = {check.what for step in watch.story("").steps for check in step.checks}
    assert "the server's random has no sign of a downgrade" in whats


def test_certificates_have_their_part_in_the_path() -> None:
    told = story("tls13 with a client certificate")
    roles = [(each.sender, each.role) for each in told.certificates]
    path = ["peer 0", "issuer 1", "trust anchor 2"]
    assert roles == [(SERVER, role) for role in path] + [(CLIENT, role) for role in path]
    assert told.verified_path == tuple(each.subject for each in told.certificates[:3])
    carried = [step.certificates for step in told.steps if step.certificates]
    assert carried[0] == tuple(each.der for each in told.certificates[:2])


def test_facts_tell_what_was_agreed_on() -> None:
    assert dict(story("tls13 with hello retry").facts) == {
        "protocol": "tlsv1.3",
        "cipher suite": "TLS_CHACHA20_POLY1305_SHA256",
        "group": "secp256r1",
        "server's signature": "ecdsa_secp256r1_sha256",
        "server name": "server.example",
        "resumed": "no",
        "hello retry": "yes",
    }
    assert dict(story("tls12 resumed by ticket").facts)["resumed"] == "yes"
    assert dict(story("tls12 RSA").facts)["encrypt then MAC"] == "yes"


def test_a_story_may_be_asked_for_at_any_time() -> None:
    watch, joined = watched(BY_NAME["tls13 resumed"], CLIENT)
    lengths = []
    watch.changed = lambda: lengths.append((len(watch.story("").steps), watch.settled))
    joined.handshake().raise_errors()
    assert [settled for _, settled in lengths] == sorted(settled for _, settled in lengths)
    assert all(settled <= length for length, settled in lengths)
    assert len(lengths) > 10


# What is refused ------------------------------------------------------------------------------------------------------


def refused_by_client(rewrite: Rewrite, *roles: str, **fields: Any) -> Story:
    watch = Watch(*(roles or (CLIENT,)))
    link = Link(
        ClientConnection(client_config(versions=(TLS13,), tracer=watch.tracer(CLIENT), **fields)),
        BadServer(server_config(versions=(TLS13,)), rewrite),
    )
    link.handshake()
    assert link.client.error is not None
    return watch.story("refused")


def failed(told: Story) -> Step:
    (step,) = (step for step in told.steps if step.failure)
    return step


def test_a_broken_rule_is_marked() -> None:
    told = refused_by_client(changing(ServerHello, session_id=b"other"))
    step = failed(told)
    assert step.message == "ServerHello"
    (broken,) = (check for check in step.checks if not check.passed)
    assert (broken.what, broken.clause) == ("legacy_session_id_echo is what was sent", "RFC 8446 4.1.3")
    assert told.steps[-1].message == "Alert illegal_parameter"
    assert told.secrets == ()


def test_a_signature_and_a_finished_that_do_not_verify_are_marked() -> None:
    step = failed(refused_by_client(changing(Finished, verify_data=bytes(32))))
    assert step.message == "Finished"
    assert [check.what for check in step.checks if not check.passed] == ["verify_data is the MAC over the transcript"]


def test_a_message_that_does_not_decode_is_in_the_story() -> None:
    def rewrite(message: Any) -> tuple[Any, ...]:
        if not isinstance(message, EncryptedExtensions):
            return (message,)
        raw = encode_handshake(message)
        return (Raw(raw[:-1] + b"\xff"),)

    step = failed(refused_by_client(rewrite))
    assert step.message == "refused encrypted_extensions"
    assert step.raw[0] == HandshakeType.ENCRYPTED_EXTENSIONS
    assert "EncryptedExtensions" in step.failure


def test_a_message_out_of_turn_is_in_the_story() -> None:
    step = failed(refused_by_client(appending(EncryptedExtensions, Finished(bytes(32)))))
    assert step.message == "refused finished"
    assert "not expected" in step.failure


def test_a_record_that_holds_what_it_must_not_is_in_the_story() -> None:
    step = failed(refused_by_client(appending(ServerHello, Content(ContentType.ALERT, b"\x02"))))
    assert step.message == "refused alert"


def test_a_record_that_does_not_open_is_in_the_story() -> None:
    watch, joined = watched(BY_NAME["tls13"], SERVER)
    joined.handshake().raise_errors()
    joined.client.connection.send_data(b"to be forged")
    forged = bytearray(joined.client.connection.data_to_send())
    forged[-1] ^= 1
    joined.server.connection.receive_data(forged)
    joined.server.drain()
    step = failed(watch.story(""))
    assert (step.message, step.raw) == ("refused application_data", b"")
    assert watch.story("").records[step.records[0]].plaintext is None


def test_a_certificate_that_is_refused_says_by_which_rule() -> None:
    told = refused_by_client(lambda message: (message,), trust=trust("rsa2048"))
    step = failed(told)
    assert step.message == "Certificate"
    broken = [(check.what, check.clause) for check in step.checks if not check.passed]
    assert broken == [("the certificate chain is verified", "RFC 5280 6.1"), ("certificate issuer", "RFC 5280 6.1")]
    assert told.verified_path == ()


def test_what_one_end_refuses_is_told_at_the_message_of_the_other() -> None:
    watch = Watch()
    link = Link(
        BadClient(client_config(versions=(TLS13,), tracer=watch.tracer(CLIENT)), changing(Certificate, entries=())),
        ServerConnection(
            server_config(versions=(TLS13,), verify=Verify.REQUIRED, trust=trust("p256"), tracer=watch.tracer(SERVER))
        ),
    )
    link.handshake()
    steps = [step for step in watch.story("").steps if step.failure]
    assert [(step.sender, step.message) for step in steps] == [
        (CLIENT, "Certificate"),
        (SERVER, "Alert certificate_required"),
    ]


def test_an_end_of_the_transport_is_told() -> None:
    watch, joined = watched(BY_NAME["tls12 ECDHE"], CLIENT)
    joined.client.connection.start()
    joined.client.connection.receive_data(b"")
    joined.client.drain()
    assert "truncated" in failed(watch.story("")).failure


@pytest.mark.parametrize("name", ["tls13", "tls13 resumed with hello retry", "tls12 ECDHE", "tls12 resumed by ticket"])
def test_whatever_a_server_sends_there_is_a_story(name: str) -> None:
    """Each run has one byte of the server's stream changed, so that every kind of refusal is met."""
    length = sum(len(record.raw) for record in story(name).records if record.sender == SERVER)
    refused = 0
    for place in range(0, length, 307):
        seen = 0

        def damage(data: bytes, place: int = place) -> bytes:
            nonlocal seen
            at, seen = place - seen, seen + len(data)
            return data if not 0 <= at < len(data) else data[:at] + bytes((data[at] ^ 0x41,)) + data[at + 1 :]

        watch, ends = watched(BY_NAME[name], CLIENT)
        joined = Link(ends.client.connection, ends.server.connection, to_client=damage)
        joined.handshake()
        told = watch.story("damaged")
        if joined.client.error is not None:
            refused += 1
            assert any(step.failure for step in told.steps)
    assert refused
