"""The outside world as the core sees it: random bytes, a clock, locks.

Theory of operation: nothing below ``io/`` may throw dice or read a clock by itself. Everything random is asked of an
``Env`` under a label that says what the bytes are for. Streams of different labels are independent, so a test can give
the bytes of one purpose (a trace's ephemeral key) without shifting those of another, and a seeded run is the same byte
for byte whatever else changes. Deterministic streams are SHA-256 in counter mode over seed and label.
"""

from __future__ import annotations

import hashlib
import os
import threading
import time
from contextlib import AbstractContextManager
from enum import Enum
from typing import Protocol


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
