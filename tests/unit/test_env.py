"""The injected world: independent, reproducible streams."""

from __future__ import annotations

import copy
import os
import pickle
import signal
import threading

import pytest

from puressl import drbg
from puressl.env import DrbgEnv, Purpose, SeededEnv, SystemEnv


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


@pytest.mark.parametrize("env", [SystemEnv(), DrbgEnv(), SeededEnv(b"a", 5.0)], ids=type)
def test_lengths_are_exact_and_locks_lock(env: SystemEnv | DrbgEnv | SeededEnv) -> None:
    for length in (0, 1, 31, 32, 33, 1000):
        assert len(env.random(length, Purpose.TICKET_KEY)) == length
    with env.lock():
        pass
    assert env.now() > 0


def generators(monkeypatch: pytest.MonkeyPatch, number: int = 2) -> list[DrbgEnv]:
    """Generators over an operating system that always gives the same bytes."""
    monkeypatch.setattr(os, "urandom", bytes)
    return [DrbgEnv() for _ in range(number)]


def drawn(env: DrbgEnv, length: int = 32) -> bytes:
    return env.random(length, Purpose.KEY_SHARE)


def test_generator_is_seeded_by_the_operating_system() -> None:
    assert len({drawn(DrbgEnv()) for _ in range(50)}) == 50


def test_longer_requests_than_the_standards_are_several() -> None:
    octets = drawn(DrbgEnv(), 3 * drbg.MAX_REQUEST + 5)
    assert len(octets) == 3 * drbg.MAX_REQUEST + 5
    assert len({octets[at : at + 32] for at in range(0, len(octets), 32)}) == len(octets) // 32 + 1


def test_what_is_mixed_in_changes_the_stream(monkeypatch: pytest.MonkeyPatch) -> None:
    one, other, plain, twin = generators(monkeypatch, 4)
    one.mix(b"a")
    other.mix(b"b")
    plain.mix(b"")
    twin.mix(b"")
    first, second, third, fourth = (drawn(env) for env in (one, other, plain, twin))
    assert len({first, second, third}) == 3
    assert third == fourth


def test_mixing_draws_fresh_entropy_which_nothing_replaces(monkeypatch: pytest.MonkeyPatch) -> None:
    (env, twin) = generators(monkeypatch)
    asked: list[int] = []

    def other_bytes(length: int) -> bytes:
        asked.append(length)
        return b"\xff" * length

    twin.mix(b"known")
    monkeypatch.setattr(os, "urandom", other_bytes)
    env.mix(b"known")
    assert asked == [drbg.ENTROPY_LENGTH]
    assert drawn(env) != drawn(twin)


def test_more_than_one_additional_input_is_mixed_in_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("puressl.env.MAX_ADDITIONAL_INPUT", 4)
    one, other, twin = generators(monkeypatch, 3)
    one.mix(b"123456789")
    other.mix(b"123456780")
    twin.mix(b"123456789")
    assert drawn(one) == drawn(twin) != drawn(other)


def test_entropy_is_drawn_again_after_the_interval(monkeypatch: pytest.MonkeyPatch) -> None:
    env = DrbgEnv()
    asked: list[int] = []
    monkeypatch.setattr(os, "urandom", lambda length: asked.append(length) or bytes(length))
    given = {drawn(env, 16) for _ in range(drbg.RESEED_INTERVAL)}
    assert asked == []
    given |= {drawn(env, 16)}
    assert asked == [drbg.ENTROPY_LENGTH]
    assert len(given) == drbg.RESEED_INTERVAL + 1


def test_threads_are_given_different_bytes() -> None:
    env, given = DrbgEnv(), []

    def draw() -> None:
        given.extend([drawn(env, 16) for _ in range(200)])

    threads = [threading.Thread(target=draw) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(given)) == len(given) == 1_600


@pytest.mark.skipif(not hasattr(os, "fork"), reason="processes do not fork here")
@pytest.mark.parametrize("held", [False, True], ids=["free", "while another thread draws"])
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_child_and_parent_go_different_ways(held: bool) -> None:
    env = DrbgEnv()
    reader, writer = os.pipe()
    if held:
        env._mutex.acquire()
    child = os.fork()
    if child == 0:  # nothing of the test's may run on here
        signal.alarm(10)  # of a lock that was left closed
        os.write(writer, drawn(env))
        os._exit(0)
    if held:
        env._mutex.release()
    os.close(writer)
    with open(reader, "rb") as stream:
        of_child = stream.read()
    os.waitpid(child, 0)
    assert len(of_child) == 32
    assert of_child != drawn(env)


def test_generator_shows_nothing_of_its_state() -> None:
    env = DrbgEnv()
    assert repr(env).startswith("<puressl.env.DrbgEnv object at")
    assert repr(env._generator).startswith("<puressl.drbg.HmacDrbg object at")


@pytest.mark.parametrize("duplicate", [copy.copy, copy.deepcopy, pickle.dumps])
def test_generator_is_not_copied(duplicate) -> None:
    with pytest.raises(TypeError, match="same bytes again"):
        duplicate(DrbgEnv())
