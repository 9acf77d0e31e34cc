"""The outside world as the core sees it: random bytes, a clock, locks.

Theory of operation: nothing below ``io/`` may throw dice or read a clock by itself. Everything random is asked of an
``Env`` under a label that says what the bytes are for. Streams of different labels are independent, so a test can give
the bytes of one purpose (a trace's ephemeral key) without shifting those of another, and a seeded run is the same byte
for byte whatever else changes. Deterministic streams are SHA-256 in counter mode over seed and label. Real ones are the
operating system's own (``SystemEnv``), or those of a generator seeded by it that also takes what the program can add
(``DrbgEnv``, ``drbg.py``).
"""

from __future__ import annotations

import hashlib
import os
import threading
import time
from contextlib import AbstractContextManager
from enum import Enum
from typing import NoReturn, Protocol
from weakref import WeakSet

from puressl.drbg import ENTROPY_LENGTH, MAX_ADDITIONAL_INPUT, MAX_REQUEST, NONCE_LENGTH, HmacDrbg


class Purpose(str, Enum):
    """What random bytes are for: the label of the stream they come from."""

    CLIENT_RANDOM = "client random"
    SERVER_RANDOM = "server random"
    SESSION_ID = "session id"
    KEY_SHARE = "key share"
    PSS_SALT = "rsa-pss salt"
    RSA_BLINDING = "rsa blinding"
    RSA_PADDING = "rsa padding"
    PREMASTER_SECRET = "premaster secret"
    CBC_IV = "cbc iv"
    COOKIE = "cookie"
    TICKET_KEY = "ticket key"
    TICKET_NONCE = "ticket nonce"
    TICKET_AGE_ADD = "ticket age add"
    KEY_GENERATION = "key generation"
    CERTIFICATE_SERIAL = "certificate serial"


class Env(Protocol):
    """Randomness, time and mutual exclusion, injected into every configuration."""

    def random(self, length: int, purpose: Purpose) -> bytes:
        """``length`` fresh random bytes for one purpose."""
        ...

    def now(self) -> float:
        """Seconds since 1970-01-01T00:00:00Z, as in POSIX."""
        ...

    def lock(self) -> AbstractContextManager[object]:
        """A new mutual-exclusion lock, for what threads share (ticket keys, session stores)."""
        ...


class SystemEnv:
    """The operating system's generator and clock."""

    __slots__ = ()

    def random(self, length: int, purpose: Purpose) -> bytes:
        return os.urandom(length)

    def now(self) -> float:
        return time.time()

    def lock(self) -> AbstractContextManager[object]:
        return threading.Lock()


class DrbgEnv(SystemEnv):
    """The operating system's clock, and a generator of NIST SP 800-90A over its entropy (``drbg.HmacDrbg``).

    Any number of threads may share it. It is reseeded from the operating system after ``drbg.RESEED_INTERVAL``
    requests, by ``mix``, and on both sides of a fork, before anything is generated. After it is made it never blocks.
    """

    __slots__ = ("__weakref__", "_generator", "_mutex")

    def __init__(self) -> None:
        self._generator = HmacDrbg(os.urandom(ENTROPY_LENGTH), os.urandom(NONCE_LENGTH), b"puressl")
        self._mutex = threading.Lock()
        _FORK_SENSITIVE.add(self)

    def random(self, length: int, purpose: Purpose) -> bytes:
        with self._mutex:
            return b"".join(self._generate(min(MAX_REQUEST, length - at)) for at in range(0, length, MAX_REQUEST))

    def mix(self, data: bytes) -> None:
        """Takes ``data``, any bytes, into the state beside fresh entropy. They need not be secret, and do no harm."""
        with self._mutex:
            for at in range(0, max(1, len(data)), MAX_ADDITIONAL_INPUT):
                self._generator.reseed(os.urandom(ENTROPY_LENGTH), data[at : at + MAX_ADDITIONAL_INPUT])

    def _generate(self, length: int) -> bytes:
        generated = self._generator.generate(length)
        while generated is None:
            self._generator.reseed(os.urandom(ENTROPY_LENGTH))
            generated = self._generator.generate(length)
        return generated

    def _part(self) -> None:
        """After a fork: the state is now in two processes, and the lock may be held by a thread of the other."""
        self._mutex = threading.Lock()
        self._generator.expire()

    def __reduce__(self) -> NoReturn:
        raise TypeError("a copy of a random generator would give the same bytes again")


_FORK_SENSITIVE: WeakSet[DrbgEnv] = WeakSet()


def _part_all() -> None:
    for each in _FORK_SENSITIVE:
        each._part()


if hasattr(os, "register_at_fork"):  # where processes fork
    os.register_at_fork(after_in_child=_part_all)


class SeededEnv:
    """A reproducible world for tests, teaching and vectors. Never for real connections: its bytes are predictable.

    seed: any bytes; equal seeds give equal streams. now: the fixed time, POSIX seconds; ``clock`` may be assigned to.
    """

    __slots__ = ("_counters", "_lock", "_seed", "clock")

    def __init__(self, seed: bytes, now: float) -> None:
        self._seed = hashlib.sha256(seed).digest()
        self._counters: dict[Purpose, int] = {}
        self._lock = threading.Lock()
        self.clock = now

    def random(self, length: int, purpose: Purpose) -> bytes:
        stream = bytearray()
        with self._lock:
            counter = self._counters.get(purpose, 0)
            while len(stream) < length:
                block = self._seed + counter.to_bytes(8, "big") + purpose.value.encode()
                stream += hashlib.sha256(block).digest()
                counter += 1
            self._counters[purpose] = counter
        return bytes(stream[:length])

    def now(self) -> float:
        return self.clock

    def lock(self) -> AbstractContextManager[object]:
        return threading.Lock()


SYSTEM_ENV = SystemEnv()
