"""Which class a handshake message is."""

from __future__ import annotations

import pytest

from puressl import wire
from puressl.codes import HandshakeType, ProtocolVersion
from puressl.crypto.suites import KeyExchange
from puressl.explain.kinds import KINDS, candidates, decode_message
from puressl.wire import ServerKeyExchangeDHE, ServerKeyExchangeECDHE
from puressl.wire.hello import HandshakeMessage

TLS12, TLS13 = ProtocolVersion.TLSv1_2, ProtocolVersion.TLSv1_3


def test_every_message_there_is_has_a_row() -> None:
    ours = {each for each in vars(wire).values() if isinstance(each, type) and issubclass(each, HandshakeMessage)}
    assert {kind.cls for kind in KINDS} == ours - {HandshakeMessage}


@pytest.mark.parametrize("handshake_type", HandshakeType)
def test_version_and_key_exchange_leave_one_class_at_most(handshake_type: HandshakeType) -> None:
    for version in (TLS12, TLS13):
        for exchange in KeyExchange:
            assert len(candidates(handshake_type, version, exchange)) <= 1


def test_without_them_all_forms_are_candidates() -> None:
    both = (ServerKeyExchangeECDHE, ServerKeyExchangeDHE)
    assert candidates(HandshakeType.SERVER_KEY_EXCHANGE) == both
    assert candidates(HandshakeType.SERVER_KEY_EXCHANGE, TLS13) == ()
    assert candidates(99) == ()


def test_an_unknown_type_is_told() -> None:
    found = decode_message(b"\x63\0\0\0")
    assert (found.message, found.fields) == (None, ())
    assert "0x63 is not explained" in found.fault
