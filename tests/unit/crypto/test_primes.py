"""Prime numbers."""

from __future__ import annotations

import pytest

from puressl.crypto.primes import is_probable_prime, random_prime
from puressl.env import SeededEnv

ENV = SeededEnv(b"test_primes", 0)


@pytest.mark.parametrize("prime", [5, 7, 65537, 2**61 - 1, 2**127 - 1, 2**255 - 19, 2**521 - 1])
def test_primes_pass(prime: int) -> None:
    assert is_probable_prime(prime, ENV)


@pytest.mark.parametrize(
    "composite", [9, 561, 6601, 8911, 3215031751, (2**61 - 1) * (2**89 - 1), 2**255 - 21, 3825123056546413051]
)
def test_composites_fail_even_carmichael_numbers(composite: int) -> None:
    assert not is_probable_prime(composite, ENV)


@pytest.mark.parametrize("bits", [256, 511, 512])
def test_random_prime_has_exactly_its_bits_and_the_two_highest_set(bits: int) -> None:
    prime = random_prime(bits, ENV)
    assert prime.bit_length() == bits
    assert prime >> (bits - 2) == 3
    assert is_probable_prime(prime, ENV)


def test_random_prime_is_a_function_of_the_environment() -> None:
    assert random_prime(256, SeededEnv(b"x", 0)) == random_prime(256, SeededEnv(b"x", 0))
