"""The only door to tlslite-ng.

Theory of operation: importing any part of tlslite-ng runs all of its package (0.1 s, ``socket``, ``http.client``), so nothing is
imported before it is used. Its functions mutate their arguments, want ``bytearray``, and raise whatever comes: each wrapper
here takes and returns ``bytes``, passes copies, and lets none of its exceptions out.
"""

from __future__ import annotations

import importlib
from functools import cache
from typing import Any


@cache
def _module(name: str) -> Any:
    """The tlslite-ng module ``tlslite.<name>``, imported once, at first use."""
    return importlib.import_module(f"tlslite.{name}")
