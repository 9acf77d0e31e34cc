"""Bytes for the rows of families: the same under the same name in every run, and hexadecimal in the documents."""

from __future__ import annotations

from puressl.env import Purpose, SeededEnv


def octets(name: str, length: int) -> bytes:
    """Bytes that look random. name: other names give other bytes."""
    return SeededEnv(b"puressl vectors 1 " + name.encode(), 0).random(length, Purpose.KEY_GENERATION)


def hexadecimal(name: str, length: int) -> str:
    """The same as a document has them."""
    return octets(name, length).hex()
