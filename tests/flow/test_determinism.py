"""With a seeded environment a connection is a function of its input: no clock, no dice, the same bytes again."""

from __future__ import annotations

import os
import random
import secrets
import time
from collections.abc import Iterator
from typing import Any

import pytest

from puressl.config import Verify
from puressl.crypto.groups import GROUPS
from puressl.crypto.suites import SUITES, KeyExchange

from support.configs import KEY_TYPES, credential, trust
from support.joined import TLS12, TLS13, join
from support.scenarios import SCENARIOS, Scenario

_FORBIDDEN = (
    (os, "urandom"),
    (time, "time"),
    (time, "time_ns"),
    (time, "monotonic"),
    (secrets, "token_bytes"),
    (secrets, "randbelow"),
    (secrets, "randbits"),
    (random, "random"),
    (random, "randrange"),
    (random, "getrandbits"),
    (random.SystemRandom, "getrandbits"),
    (random.SystemRandom, "random"),
)


@pytest.fixture
def no_outside() -> Iterator[pytest.MonkeyPatch]:
    """A world whose dice and clocks raise, once a handshake was made: libraries seed themselves when imported."""
    join("rsa2048").handshake().raise_errors()

    def refuse(*_: Any, **__: Any) -> Any:
        raise AssertionError("the core reached outside of its environment")

    with pytest.MonkeyPatch.context() as patch:
        for module, name in _FORBIDDEN:
            patch.setattr(module, name, refuse)
        yield patch


def conversation(joined: Any) -> tuple[bytes, bytes]:
    joined.handshake().raise_errors()
    joined.client.connection.send_data(b"question")
    joined.server.connection.send_data(b"answer")
    joined.client.connection.close()
    joined.run().raise_errors()
    return bytes(joined.client.sent), bytes(joined.server.sent)


@pytest.mark.parametrize("version", [TLS12, TLS13])
@pytest.mark.parametrize("key_type", KEY_TYPES)
def test_two_runs_are_the_same_byte_for_byte(no_outside: Any, version: Any, key_type: str) -> None:
    fields: dict[str, Any] = {
        "client": {"credential": credential(key_type, "client")},
        "server": {"verify": Verify.REQUIRED, "trust": trust(key_type)},
    }
    first = conversation(join(key_type, versions=(version,), **fields))
    assert first == conversation(join(key_type, versions=(version,), **fields))


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.name)
def test_every_kind_of_handshake_is_reproducible(no_outside: Any, scenario: Scenario) -> None:
    assert conversation(scenario.join()) == conversation(scenario.join())


@pytest.mark.parametrize("group", list(GROUPS))
def test_every_group_is_reproducible(no_outside: Any, group: int) -> None:
    assert conversation(join(groups=(group,))) == conversation(join(groups=(group,)))


@pytest.mark.parametrize("exchange", [KeyExchange.RSA, KeyExchange.DHE])
def test_the_exchanges_of_tls12_are_reproducible(no_outside: Any, exchange: KeyExchange) -> None:
    suite = next(suite for suite in SUITES.values() if suite.key_exchange is exchange)
    fields: dict[str, Any] = {"versions": (TLS12,), "cipher_suites": (suite.id,)}
    assert conversation(join("rsa2048", **fields)) == conversation(join("rsa2048", **fields))
