"""GHASH, the universal hash of AES-GCM (NIST SP 800-38D 6.4).

Theory of operation: a block is a polynomial over GF(2) with the coefficient of x^0 in its top bit, and the hash of the
blocks C_1 … C_n is C_1·H^n + … + C_n·H modulo x^128 + x^7 + x^2 + x + 1. The usual way, tables indexed by octets of the
running sum, reads memory at addresses that depend on the key. Here no index does:

*Few blocks* are multiplied by their powers of H, each product being one multiplication of integers. The polynomials'
coefficients are spread out, one in each octet, so that a column of the product, a sum of at most 128 ones, does not
reach the next; its lowest bit is the sum modulo 2 (Leopold Kronecker's substitution). The products are added up and
reduced once.

*Many blocks* are folded first: of each 24 in a row the first is multiplied by H^24, the second by H^23, the last by H,
and what they add up to is left to the other way, with powers of H^24. An octet of a block times a power is looked up,
which ``bytes.translate`` does for every 24th block of all messages at once. These octets are ciphertext or associated
data, which all the world may see, so the addresses tell nothing; the tables' contents are secret. They are built when a
key has hashed enough to pay for them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache

BLOCK_LENGTH = 16

#: Blocks folded into one. More would help the longest messages only, and cost as many more tables of 4.3 KiB.
FOLD = 24

#: What folding costs, in blocks hashed without it in the same time (CPython 3.11): in all, and for each fold.
FOLDING_COST = 28
FOLD_COST = 7

#: Blocks hashed under a key before tables are built, which takes as long as hashing some 240 without.
TABLES_AFTER = 240

#: Bits of a block, and of one whose coefficients are spread, each to an octet.
_BITS = 8 * BLOCK_LENGTH
_SPREAD_BITS = 8 * _BITS

#: The lowest bit of each octet of a product of spread polynomials: its coefficient.
_COEFFICIENTS = int.from_bytes(b"\1" * 2 * _BITS, "big")

#: x^0, spread.
_ONE = 1 << _SPREAD_BITS - 8

#: By how many coefficients x^128, the next below x^127, moves up to become each term of x^7 + x^2 + x + 1.
_TERMS = (121, 126, 127, 128)

#: Octets of an octet times a block.
_PRODUCT_LENGTH = BLOCK_LENGTH + 1

#: For each bit of an octet: a one in so many products side by side as the lower bits have values.
_COPIES = [sum(1 << 8 * _PRODUCT_LENGTH * value for value in range(1 << bit)) for bit in range(8)]

#: A block times each octet: at place p, octet p of the products, for each value of the octet.
_Table = Sequence[bytes]


class Ghash:
    """GHASH under one hash key H of 16 octets."""

    __slots__ = ("_folding", "_hashed", "_powers")

    def __init__(self, key: bytes) -> None:
        self._powers = _Powers(next(_spread(key)))
        self._folding: _Folding | None = None
        self._hashed = 0

    def digests(self, messages: Sequence[bytes]) -> list[bytes]:
        """The hash, 16 octets, of each message. Each is a whole number of blocks."""
        blocks = sum(map(len, messages)) // BLOCK_LENGTH
        folds = sum([-(-len(message) // _STRIDE) for message in messages])
        self._hashed += blocks
        if blocks < FOLDING_COST + FOLD_COST * folds or self._hashed < TABLES_AFTER:
            return [_weighted(message, self._powers, 1) for message in messages]
        if self._folding is None:
            self._folding = _Folding(self._powers)
        return self._folding.digests(messages)


class _Folding:
    """Hashing many blocks, with tables of the powers from H^24 to H."""

    __slots__ = ("_powers", "_tables")

    def __init__(self, powers: _Powers) -> None:
        *first, last = powers.up_to(FOLD)
        self._powers = _Powers(last)
        self._tables = [_table(_gathered(power)) for power in (last, *first[:0:-1])]

    def digests(self, messages: Sequence[bytes]) -> list[bytes]:
        """The hash of each message. Zero blocks in front, which add nothing, make the first fold a whole one."""
        whole = [bytes(-len(message) % _STRIDE) + message for message in messages]
        folded = self._folded(b"".join(whole))
        digests, start = [], 0
        for message in whole:
            end = start + len(message) // FOLD
            digests.append(_weighted(folded[start:end], self._powers, 0))
            start = end
        return digests

    def _folded(self, blocks: bytes) -> bytes:
        """Each ``FOLD`` blocks times their powers, added up.

        Meanwhile octets of one place stand together, so that those of a product are added up with whole shifts.
        """
        count = len(blocks) // _STRIDE
        size = BLOCK_LENGTH * count
        places = bytearray(len(blocks))
        for fold in range(count):
            places[fold::count] = blocks[fold * _STRIDE : (fold + 1) * _STRIDE]
        total = 0
        for start, table in zip(range(0, len(blocks), size), self._tables, strict=True):
            factors = places[start : start + size]
            total ^= int.from_bytes(b"".join(map(factors.translate, table)), "big")
        octets = total.to_bytes(_PRODUCT_LENGTH * size, "big")
        product = 0
        for start in range(0, len(octets), size):
            product = product << 8 * count ^ int.from_bytes(octets[start : start + size], "big")
        octets = product.to_bytes(2 * size, "big")
        return _reduced_blocks(b"".join([octets[fold::count] for fold in range(count)]))


#: Octets of the blocks folded into one.
_STRIDE = FOLD * BLOCK_LENGTH


class _Powers:
    """The powers of a spread polynomial, made as they are needed."""

    __slots__ = ("_known",)

    def __init__(self, base: int) -> None:
        self._known = [_ONE, base]

    def up_to(self, exponent: int) -> list[int]:
        """All from the zeroth to this one. A longer list takes the place of one that other threads may be reading."""
        known = self._known
        if len(known) <= exponent:
            known = known.copy()
            while len(known) <= exponent:
                known.append(_reduced(known[-1] * known[1] & _COEFFICIENTS))
            self._known = known
        return known[: exponent + 1]


def _weighted(blocks: bytes, powers: _Powers, lowest: int) -> bytes:
    """The sum of blocks times powers, which fall from block to block to the lowest one for the last."""
    highest = lowest + len(blocks) // BLOCK_LENGTH - 1
    total = 0
    for block, power in zip(_spread(blocks), reversed(powers.up_to(highest)), strict=False):
        total ^= block * power & _COEFFICIENTS
    return _gathered(_reduced(total))


def _table(block: bytes) -> _Table:
    """The table of a block. The products of all octets lie in one integer, which each bit of the octet doubles."""
    value, size = int.from_bytes(block, "big"), 8 * _PRODUCT_LENGTH
    products = 0
    for bit, copies in enumerate(_COPIES):
        # x^0 is on top: bit 7 of the octet leaves the block at the left end of the product.
        products |= (products ^ (value << bit + 1) * copies) << (size << bit)
    octets = products.to_bytes(256 * _PRODUCT_LENGTH, "little")
    return [octets[_PRODUCT_LENGTH - 1 - place :: _PRODUCT_LENGTH] for place in range(_PRODUCT_LENGTH)]


def _spread(blocks: bytes) -> Iterator[int]:
    """Each block with its coefficients in octets of their own: as digits of text, whose lowest bits they are."""
    digits = f"{int.from_bytes(blocks, 'big'):0{8 * len(blocks)}b}".encode()
    for start in range(0, 8 * len(blocks), _BITS):
        yield int.from_bytes(digits[start : start + _BITS], "big") & _COEFFICIENTS


def _gathered(spread: int) -> bytes:
    """The block of a spread polynomial. CPython looks up what a digit is worth: "0" and "1" in neighbouring octets."""
    digits = (spread | int.from_bytes(b"0" * _BITS, "big")).to_bytes(_BITS, "big")
    return int(digits, 2).to_bytes(BLOCK_LENGTH, "big")


def _reduced(product: int) -> int:
    """A sum of spread products of two blocks, modulo x^128 + x^7 + x^2 + x + 1; its lowest place is that of x^254."""
    return _lowered(product, (1 << 127 * 8) - 1, 8) >> 127 * 8


def _reduced_blocks(products: bytes) -> bytes:
    """The same of polynomials of 32 octets in a row, x^0 to x^255, which are not spread. Gives blocks."""
    size = len(products) // BLOCK_LENGTH // 2
    value = _lowered(int.from_bytes(products, "big") >> 1, _low_halves(size), 1) << 1
    octets = value.to_bytes(len(products), "big")
    return b"".join([octets[start : start + BLOCK_LENGTH] for start in range(0, len(octets), 2 * BLOCK_LENGTH)])


def _lowered(product: int, high: int, distance: int) -> int:
    """A polynomial, or several in a row, with x^128 and above replaced by what they are modulo the field's polynomial.

    high: their places. distance: bits from one coefficient to the next. The replacement may reach x^133 itself, so it
    is done twice (SP 800-38D 6.3).
    """
    seven, two, one, zero = (distance * term for term in _TERMS)
    above = product & high
    product ^= above << seven ^ above << two ^ above << one ^ above << zero
    above ^= product & high
    return product ^ above << seven ^ above << two ^ above << one ^ above << zero


@lru_cache(maxsize=16)
def _low_halves(count: int) -> int:
    """The places of x^128 to x^254 in so many polynomials of 256 bits in a row, whose lowest place is that of x^254."""
    return int.from_bytes((bytes(BLOCK_LENGTH) + b"\x7f" + b"\xff" * 15) * count, "big")
