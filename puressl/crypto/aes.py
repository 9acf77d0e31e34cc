"""The AES block cipher (FIPS 197), over many blocks at once.

Theory of operation: blocks become bit planes (``aes_planes``), on which the S-box is a circuit (``sbox``) and an
operation of Python serves all blocks. Two forms of the rounds do the same, one for few blocks and one for many
(``aes_narrow``, ``aes_wide``). Nothing is looked up in a table anywhere, and no branch depends on key or data; the key
schedule, too, runs on bits.

A round key is needed in the place of every block. These copies are made when a number of blocks first occurs and kept
for the next record of that length, within a bound.

What Python itself does is beyond reach: its integers drop leading zeros, so that an operation on many blocks may be
shorter by some nanoseconds where a whole cell of the highest ones is zero.
"""

from __future__ import annotations

from typing import Union

from puressl.crypto.aes_narrow import NarrowRounds, steps_over
from puressl.crypto.aes_planes import BLOCK_LENGTH, CELLS, GRANULE, from_planes, to_planes
from puressl.crypto.aes_wide import WideRounds
from puressl.crypto.sbox import CONSTANT, substitute
from puressl.errors import Reason, SSLError

KEY_LENGTHS = (16, 24, 32)

#: From so many blocks on, the rounds for many blocks are the faster ones (CPython 3.11: equal near 350).
WIDE_FROM = 352

#: Blocks that one pass should take at most: four whole records of TLS 1.3, each with its tag's block. A pass takes some
#: 100 octets of memory a block, and more blocks would gain a block little.
BLOCKS_PER_PASS = 4 * 1026

#: Blocks whose round keys are kept in copies, over all numbers of blocks: a full pass and a rest. A block takes 16
#: octets for each of up to 15 round keys, so it is 1.5 MiB at most, after passes of many records.
_KEPT_BLOCKS = 6 * 1032

Rounds = Union[NarrowRounds, WideRounds]


class Aes:
    """AES under one key of 16, 24 or 32 octets; another length raises ``badarg``."""

    __slots__ = ("_round_keys", "_rounds")

    def __init__(self, key: bytes) -> None:
        if len(key) not in KEY_LENGTHS:
            raise SSLError(Reason.BADARG, f"AES takes a key of 16, 24 or 32 octets, not {len(key)}")
        self._round_keys = _expanded(bytes(key))
        self._rounds: dict[int, Rounds] = {}

    def encrypt(self, blocks: bytes) -> bytes:
        """Each of one block or more, encrypted: at most ``BLOCKS_PER_PASS`` for the memory it takes."""
        return from_planes(self.encrypt_planes(to_planes(blocks)))[: len(blocks)]

    def decrypt(self, blocks: bytes) -> bytes:
        """Each of one block or more, decrypted: at most ``BLOCKS_PER_PASS`` for the memory it takes."""
        planes = to_planes(blocks)
        return from_planes(self._rounds_over(len(planes) // BLOCK_LENGTH).decrypt(planes))[: len(blocks)]

    def encrypt_planes(self, planes: bytes) -> bytes:
        """The same on blocks in planes (``aes_planes``)."""
        return self._rounds_over(len(planes) // BLOCK_LENGTH).encrypt(planes)

    def _rounds_over(self, count: int) -> Rounds:
        """The rounds over so many blocks; the oldest are given up when too many are kept.

        What is kept is replaced, never changed: other threads may be looking.
        """
        rounds = self._rounds.get(count)
        if rounds is None:
            rounds = (NarrowRounds if count < WIDE_FROM else WideRounds)(self._round_keys, count)
            kept = self._rounds.copy()
            while kept and sum(kept) + count > _KEPT_BLOCKS:
                del kept[next(iter(kept))]
            kept[count] = rounds
            self._rounds = kept
        return rounds


#: Bits of one column's cells in the planes of eight blocks, for block 0: a word of the key schedule.
_WORD = sum(1 << 32 * row for row in range(4 * 8))

#: Those of one plane, of which the first row's, and those of the other rows where they come to lie one row up.
_PLANE = (1 << 128) - 1
_TOP_ROW = sum(1 << 128 * plane for plane in range(8))
_UPPER_ROWS = _WORD ^ _TOP_ROW << 96


def _constant_word(octet: int, rows: int) -> int:
    """An octet in some rows of a word."""
    return sum(rows << 128 * plane for plane in range(8) if octet >> plane & 1)


_ALL_ROWS = _WORD & _PLANE
_CONSTANT_WORD = _constant_word(CONSTANT, _ALL_ROWS)
_CONSTANT_KEY = sum(_CONSTANT_WORD << 8 * column for column in range(4))

#: The round constants, powers of x in GF(2^8) (FIPS 197 5.2).
_ROUND_CONSTANTS = [_constant_word(octet, 1) for octet in (0x01, 0x02, 0x04, 0x08, 0x10, 0x20, 0x40, 0x80, 0x1B, 0x36)]


def _expanded(key: bytes) -> list[bytes]:
    """The round keys, as bits: an octet 0 or 1 for each cell; ``sbox.CONSTANT`` is in all but the first (FIPS 197 5.2).

    A word, one column, lies as it does in column 0 of a round key: bit 128 * plane + 32 * row.
    """
    planes = int.from_bytes(to_planes(key), "little")
    length = len(key) // 4
    words = [planes >> 8 * (place % 4) + place // 4 & _WORD for place in range(length)]
    for place in range(length, 4 * (length + 7)):
        word = words[-1]
        if place % length == 0:
            word = _substituted_word(word >> 32 & _UPPER_ROWS | (word & _TOP_ROW) << 96)
            word ^= _ROUND_CONSTANTS[place // length - 1]
        elif length > 6 and place % length == 4:
            word = _substituted_word(word)
        words.append(words[place - length] ^ word)
    keys = [
        words[place] | words[place + 1] << 8 | words[place + 2] << 16 | words[place + 3] << 24
        for place in range(0, len(words), 4)
    ]
    return [bits.to_bytes(CELLS, "little") for bits in (keys[0], *(key ^ _CONSTANT_KEY for key in keys[1:]))]


def _substituted_word(word: int) -> int:
    """SubWord (FIPS 197 5.2)."""
    return steps_over(GRANULE).each_octet(substitute, word) ^ _CONSTANT_WORD
