"""Sessions, stores and tickets."""

from __future__ import annotations

from dataclasses import replace

import pytest

from puressl.codes import ProtocolVersion
from puressl.env import SeededEnv
from puressl.errors import Reason, SSLError
from puressl.session import (
    MAX_SESSIONS_PER_KEY,
    MAX_TICKET_LIFETIME,
    MemorySessionStore,
    Session,
    TicketKeys,
    _Saved,
)

TIME = 1_000_000.0
SESSION = Session(
    version=ProtocolVersion.TLSv1_3,
    suite=0x1301,
    secret=b"s" * 32,
    scope=b"scope",
    created=TIME,
    expires=TIME + 100,
    server_name="a.example",
    alpn=b"h2",
    ticket=b"ticket",
    age_add=0xFFFFFFFF,
    peer_chain=(b"leaf", b"issuer"),
)


def test_session_is_what_it_was_after_it_was_saved() -> None:
    for session in (SESSION, replace(SESSION, server_name=None, alpn=None, peer_chain=())):
        assert Session.decode(session.encode()) == session


SAVED = SESSION.encode()


@pytest.mark.parametrize("data", [b"", b"{}", b"\0" * 200, b"\xff" * 10_000, b"\2" + SAVED[1:], SAVED + b"\0"])
def test_what_is_no_saved_session_is_refused_by_its_name(data: bytes) -> None:
    with pytest.raises(SSLError, match=r"mine\.session is not a saved session") as caught:
        Session.decode(data, "mine.session")
    assert caught.value.reason is Reason.EINVAL


@pytest.mark.parametrize("fault", [b"\x01\x7f\x7f", b"\x01\x00\x00"])
def test_saved_session_of_an_unknown_version_is_refused(fault: bytes) -> None:
    with pytest.raises(SSLError, match="is not a saved session"):
        Session.decode(fault + SAVED[len(fault) :])


def test_saved_session_is_refused_at_every_length_but_its_own_and_with_a_name_that_is_no_text() -> None:
    for length in range(len(SAVED)):
        with pytest.raises(SSLError, match="is not a saved session"):
            Session.decode(SAVED[:length])
    with pytest.raises(SSLError, match="is not a saved session"):
        Session.decode(SAVED.replace(b"a.example", b"\xff.example"))


def test_secrets_are_not_shown() -> None:
    shown = repr(SESSION)
    assert "ssss" not in shown
    assert "ticket=" not in shown
    assert "secret" not in repr(TicketKeys(SeededEnv(b"x", TIME))).lower()


def test_age_wraps_at_32_bits() -> None:
    """RFC 8446 4.2.11.1."""
    assert SESSION.obfuscated_age(TIME + 0.5) == 499


def test_session_is_fresh_from_its_making_to_its_end() -> None:
    assert [SESSION.is_fresh(TIME + seconds) for seconds in (-1, 0, 99.9, 100)] == [False, True, True, False]


def test_store_hands_out_the_newest_and_keeps_few() -> None:
    store = MemorySessionStore(SeededEnv(b"x", TIME), capacity=2)
    sessions = [replace(SESSION, age_add=number) for number in range(MAX_SESSIONS_PER_KEY + 2)]
    for session in sessions:
        store.put(b"key", session)
    taken = []
    assert store.find(b"key") == sessions[-1]
    while (session := store.take(b"key")) is not None:
        taken.append(session)
    assert taken == sessions[: -MAX_SESSIONS_PER_KEY - 1 : -1]


def test_store_forgets_the_key_used_least_recently() -> None:
    store = MemorySessionStore(SeededEnv(b"x", TIME), capacity=2)
    for key in (b"a", b"b", b"a", b"c"):
        store.put(key, SESSION)
    assert store.find(b"b") is None
    assert store.find(b"a") is not None
    store.discard(b"a")
    assert store.take(b"a") is None


def test_ticket_opens_until_its_key_is_gone() -> None:
    env = SeededEnv(b"x", TIME)
    keys = TicketKeys(env, lifetime=1_000, rotation=100)
    ticket = keys.seal(replace(SESSION, expires=TIME + 10_000))
    for later, opens in ((0, True), (150, True), (1_099, True), (1_101, False)):
        env.clock = TIME + later
        keys.seal(SESSION)
        assert (keys.open(ticket) is not None) is opens, later


def test_ticket_of_an_expired_session_does_not_open() -> None:
    env = SeededEnv(b"x", TIME)
    keys = TicketKeys(env)
    ticket = keys.seal(SESSION)
    env.clock = TIME + 101
    assert keys.open(ticket) is None


def test_altered_cut_and_foreign_tickets_do_not_open() -> None:
    keys = TicketKeys(SeededEnv(b"x", TIME))
    ticket = keys.seal(SESSION)
    assert keys.open(ticket) == SESSION
    for place in range(0, len(ticket), 7):
        altered = bytearray(ticket)
        altered[place] ^= 1
        assert keys.open(bytes(altered)) is None
        assert keys.open(ticket[:place]) is None
    assert TicketKeys(SeededEnv(b"y", TIME)).open(ticket) is None


@pytest.mark.parametrize("fields", [{"lifetime": 0}, {"lifetime": MAX_TICKET_LIFETIME + 1}, {"rotation": 0}])
def test_lifetimes_out_of_bounds_are_refused(fields: dict[str, int]) -> None:
    with pytest.raises(SSLError) as caught:
        TicketKeys(SeededEnv(b"x", TIME), **fields)
    assert caught.value.reason is Reason.EOPTIONS


def test_saved_form_keeps_its_secret_out_of_its_repr() -> None:
    saved = _Saved(0x0304, 0x1301, b"in the dark", b"", bytes(8), bytes(8), b"", b"", b"", 0, b"", 0, 0, ())
    assert "dark" not in repr(saved)
