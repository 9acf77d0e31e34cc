"""The injected world: independent, reproducible streams."""

from __future__ import annotations

import pytest

from puressl.env import Purpose, SeededEnv, SystemEnv


def test_equal_seeds_give_equal_streams_and_others_do_not() -> None:
    one, other, third = SeededEnv(b"a", 0), SeededEnv(b"a", 0), SeededEnv(b"b", 0)
    for purpose in Purpose:
        assert one.random(100, purpose) == other.random(100, purpose) != third.random(100, purpose)


def test_streams_of_different_purposes_do_not_shift_each_other() -> None:
    alone, mixed = SeededEnv(b"a", 0), SeededEnv(b"a", 0)
    mixed.random(7, Purpose.COOKIE)
    assert mixed.random(32, Purpose.KEY_SHARE) == alone.random(32, Purpose.KEY_SHARE)
    assert alone.random(32, Purpose.SESSION_ID) != alone.random(32, Purpose.CLIENT_RANDOM)


def test_bytes_are_never_given_out_twice() -> None:
    env = SeededEnv(b"a", 0)
    given = {env.random(32, Purpose.KEY_SHARE) for _ in range(100)}
    assert len(given) == 100


@pytest.mark.parametrize("env", [SystemEnv(), SeededEnv(b"a", 5.0)], ids=type)
def test_lengths_are_exact_and_locks_lock(env: SystemEnv | SeededEnv) -> None:
    for length in (0, 1, 31, 32, 33, 1000):
        assert len(env.random(length, Purpose.TICKET_KEY)) == length
    with env.lock():
        pass
    assert env.now() > 0
