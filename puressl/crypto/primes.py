"""Prime numbers for RSA keys.

Theory of operation: a candidate of the wanted size with its two highest bits and its lowest set (so that a product of
two has exactly twice the bits) is taken from ``Env``, then odd numbers after it are tried: those with a small factor
are crossed out by a sieve, what is left takes the Miller–Rabin test (FIPS 186-5 appendix B.3) with bases from ``Env``.
With a seeded ``Env`` the same primes come out.
"""

from __future__ import annotations

import math
from functools import cache

from puressl.env import Env, Purpose

#: Odd candidates looked at after one starting point: several times the mean gap at 2048 bits (1420, so 710 odd
#: numbers).
_SIEVE_LENGTH = 4096
#: Small primes below this cross out nine tenths of the candidates; more of them save less than they cost.
_SIEVE_BOUND = 8192
#: For random candidates of 512 bits and more, 8 rounds leave an error below 2^-100 (FIPS 186-5 table B.1 asks 5 to 7).
_ROUNDS = 8


def random_prime(bits: int, env: Env) -> int:
    """A random prime of exactly ``bits`` bits with its two highest bits set."""
    while True:
        start = _random_odd(bits, env)
        for candidate in _sieved(start):
            if candidate.bit_length() == bits and is_probable_prime(candidate, env):
                return candidate


def is_probable_prime(number: int, env: Env) -> bool:
    """The Miller–Rabin test of an odd number above 3, with ``_ROUNDS`` random bases."""
    odd, twos = number - 1, 0
    while odd & 1 == 0:
        odd >>= 1
        twos += 1
    return all(_passes(number, _random_base(number, env), odd, twos) for _ in range(_ROUNDS))


def _passes(number: int, base: int, odd: int, twos: int) -> bool:
    power = pow(base, odd, number)
    if power in (1, number - 1):
        return True
    for _ in range(twos - 1):
        power = power * power % number
        if power == number - 1:
            return True
    return False


def _random_base(number: int, env: Env) -> int:
    """A base in 2 … number − 2; eight octets more than the number's make its bias negligible."""
    length = number.bit_length() // 8 + 8
    return 2 + int.from_bytes(env.random(length, Purpose.KEY_GENERATION), "big") % (number - 3)


def _random_odd(bits: int, env: Env) -> int:
    octets = env.random((bits + 7) // 8, Purpose.KEY_GENERATION)
    number = int.from_bytes(octets, "big") & ((1 << bits) - 1)
    return number | 3 << (bits - 2) | 1


def _sieved(start: int) -> list[int]:
    """The numbers start, start + 2, … without a factor below ``_SIEVE_BOUND``."""
    composite = bytearray(_SIEVE_LENGTH)
    for prime in _small_primes():
        first = -start * pow(2, -1, prime) % prime
        composite[first::prime] = b"\x01" * len(range(first, _SIEVE_LENGTH, prime))
    return [start + 2 * place for place in range(_SIEVE_LENGTH) if not composite[place]]


@cache
def _small_primes() -> tuple[int, ...]:
    """The odd primes below ``_SIEVE_BOUND``."""
    return tuple(n for n in range(3, _SIEVE_BOUND, 2) if all(n % d for d in range(3, math.isqrt(n) + 1, 2)))
