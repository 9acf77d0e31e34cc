"""The list of third-party cases that deviate: ``tests/conformance/skips.toml``."""

from __future__ import annotations

from pathlib import Path

import pytest

try:
    import tomllib
except ImportError:  # Python 3.10
    import tomli as tomllib

_FILE = Path(__file__).resolve().parents[1] / "conformance" / "skips.toml"


def skips(suite: str) -> dict[str, str]:
    """Case to reason."""
    return tomllib.loads(_FILE.read_text(encoding="utf-8")).get(suite, {})


def judge(suite: str, identifier: str, passes: bool, text: str) -> None:
    """Fails for a case that goes wrong, and for one that is listed as going wrong but does not."""
    reason = skips(suite).get(identifier)
    if reason is None:
        assert passes, text
        return
    assert not passes, f"passes now, no reason to skip it: {reason}"
    pytest.skip(reason)
