"""ML-KEM-768 (FIPS 203) through kyber-py, an optional package (``puressl[pq]``).

Theory of operation: the only door to kyber-py, which is imported at first use. All randomness is an argument: the seed
d ‖ z of a key pair and the message m of an encapsulation. Encapsulation checks the peer's key (length and modulus, FIPS
203 7.2), decapsulation its length (7.3); a ciphertext that was tampered with gives a pseudorandom secret, as the
standard wants.
"""

from __future__ import annotations

import importlib
import importlib.util
from functools import cache
from typing import Any

SEED_LENGTH = 64
MESSAGE_LENGTH = 32
PUBLIC_LENGTH = 1184
CIPHERTEXT_LENGTH = 1088
SECRET_LENGTH = 32


@cache
def _implementation() -> Any:
    return importlib.import_module("kyber_py.ml_kem").ML_KEM_768


def available() -> bool:
    """Whether kyber-py is installed; finding out does not import it."""
    return importlib.util.find_spec("kyber_py") is not None


def key_pair(seed: bytes) -> tuple[bytes, bytes]:
    """The encapsulation and decapsulation key of a seed d ‖ z of 64 octets (FIPS 203 7.1)."""
    public, secret = _implementation().key_derive(seed)
    return bytes(public), bytes(secret)


def encapsulate(public: bytes, message: bytes) -> tuple[bytes, bytes] | None:
    """Shared secret (32 octets) and ciphertext (1088) from 32 random octets; None for a key that fails its checks (FIPS
    203 7.2).
    """
    if len(public) != PUBLIC_LENGTH:
        return None
    try:
        secret, ciphertext = _implementation()._encaps_internal(public, message)
    except Exception:  # the modulus check
        return None
    return bytes(secret), bytes(ciphertext)


def decapsulate(secret: bytes, ciphertext: bytes) -> bytes | None:
    """The shared secret (32 octets) of a ciphertext; None for one of a wrong length (FIPS 203 7.3)."""
    if len(ciphertext) != CIPHERTEXT_LENGTH:
        return None
    try:
        return bytes(_implementation().decaps(secret, ciphertext))
    except Exception:  # a decapsulation key that fails its hash check: not one of ``key_pair``'s
        return None
