"""The only door to tlslite-ng.

Theory of operation: importing any part of tlslite-ng runs all of its package (0.1 s, ``socket``, ``http.client``), so
nothing is imported before it is used. Its functions mutate their arguments, want ``bytearray``, and raise whatever
comes: each wrapper here takes and returns ``bytes``, passes copies, and lets none of its exceptions out.
"""

from __future__ import annotations

import importlib
from functools import cache
from typing import Any


@cache
def _module(name: str) -> Any:
    """The tlslite-ng module ``tlslite.<name>``, imported once, at first use."""
    return importlib.import_module(f"tlslite.{name}")


@cache
def _rijndael() -> Any:
    """tlslite-ng's block cipher with its own constructor.

    The constructor it shows is wrapped by one that reads the caller's source line, which costs time and fails where
    there is no source (frozen applications). A subclass takes the wrapped one back and leaves their class as it is.
    """
    shown = _module("utils.rijndael").Rijndael
    constructor = getattr(shown.__init__, "__wrapped__", shown.__init__)
    return type("PlainRijndael", (shown,), {"__init__": constructor})


class Aes:
    """The AES block cipher under one key (FIPS 197). key: 16, 24 or 32 octets."""

    __slots__ = ("_cipher",)

    def __init__(self, key: bytes) -> None:
        self._cipher = _rijndael()(key, 16)

    def encrypt(self, block: bytes) -> bytes:
        """16 octets to 16 octets."""
        return bytes(self._cipher.encrypt(block))

    def decrypt(self, block: bytes) -> bytes:
        """16 octets to 16 octets."""
        return bytes(self._cipher.decrypt(block))
