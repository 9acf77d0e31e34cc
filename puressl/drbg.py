"""HMAC_DRBG with SHA-256: random bytes from a seed, by NIST SP 800-90A Rev. 1, 10.1.2.

Theory of operation: the state is a key and a value, each the output of HMAC under the one before. Output is the value,
renewed per block; at a request's end the key is renewed, too, so that a state that leaks later does not give away what
was generated before (backtracking resistance, 8.8). A reseed takes the state through fresh entropy and whatever else
the caller has, which can add to the entropy but never replace it. Entropy is the caller's business: nothing is drawn
here, and one generator is for one thread at a time (``env.DrbgEnv`` gives both).
"""

from __future__ import annotations

import hmac
from typing import NoReturn

#: Bytes of entropy at instantiation and at each reseed: the security strength, 256 bits (10.1, table 2).
ENTROPY_LENGTH = 32
#: Bytes of nonce at instantiation: half the security strength (8.6.7).
NONCE_LENGTH = 16
#: Bytes of one request: 2^19 bits (10.1, table 2).
MAX_REQUEST = 1 << 16
#: Bytes of additional input: 2^35 bits (10.1, table 2).
MAX_ADDITIONAL_INPUT = 1 << 32
#: Requests between reseeds. Table 2 allows 2^48; entropy costs microseconds, so a leaked state is soon worthless.
RESEED_INTERVAL = 1 << 12


class HmacDrbg:
    """One generator.

    entropy: ``ENTROPY_LENGTH`` bytes that nobody can guess. nonce: ``NONCE_LENGTH`` more, which do not repeat.
    personalization: bytes that tell this generator from others; not secret.
    """

    __slots__ = ("_key", "_reseed_counter", "_value")

    def __init__(self, entropy: bytes, nonce: bytes, personalization: bytes = b"") -> None:
        if len(entropy) < ENTROPY_LENGTH or len(nonce) < NONCE_LENGTH:
            raise ValueError(f"{len(entropy)} bytes of entropy and {len(nonce)} of nonce are not enough")
        self._key = bytes(32)
        self._value = b"\x01" * 32
        self._update(entropy + nonce + personalization)
        self._reseed_counter = 1

    def reseed(self, entropy: bytes, additional: bytes = b"") -> None:
        """Takes in fresh entropy, ``ENTROPY_LENGTH`` bytes, and whatever else there is (10.1.2.4)."""
        if len(entropy) < ENTROPY_LENGTH:
            raise ValueError(f"{len(entropy)} bytes of entropy are not enough")
        if len(additional) > MAX_ADDITIONAL_INPUT:
            raise ValueError(f"{len(additional)} bytes of additional input are too many")
        self._update(entropy + additional)
        self._reseed_counter = 1

    def generate(self, length: int, additional: bytes = b"") -> bytes | None:
        """So many random bytes, at most ``MAX_REQUEST``; None when a reseed is due first (10.1.2.5)."""
        if length > MAX_REQUEST or len(additional) > MAX_ADDITIONAL_INPUT:
            raise ValueError(f"a request of {length} bytes, with {len(additional)} of additional input, is too long")
        if self._reseed_counter > RESEED_INTERVAL:
            return None
        if additional:
            self._update(additional)
        generated = bytearray()
        while len(generated) < length:
            self._value = hmac.digest(self._key, self._value, "sha256")
            generated += self._value
        self._update(additional)
        self._reseed_counter += 1
        return bytes(generated[:length])

    def expire(self) -> None:
        """Nothing is generated any more until the next reseed."""
        self._reseed_counter = RESEED_INTERVAL + 1

    def _update(self, provided: bytes) -> None:
        """HMAC_DRBG_Update (10.1.2.2)."""
        for separator in (b"\x00", b"\x01") if provided else (b"\x00",):
            self._key = hmac.digest(self._key, self._value + separator + provided, "sha256")
            self._value = hmac.digest(self._key, self._value, "sha256")

    def __reduce__(self) -> NoReturn:
        raise TypeError("a copy of a random generator would give the same bytes again")
