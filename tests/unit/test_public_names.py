"""The names that ``puressl`` itself exports."""

from __future__ import annotations

import subprocess
import sys

import pytest

import puressl
from puressl.sockets import options


@pytest.mark.parametrize("name", puressl.__all__)
def test_public_name_is_there(name: str) -> None:
    assert getattr(puressl, name) is not None
    assert name in dir(puressl)


def test_name_that_is_not_there_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'nonsense'"):
        puressl.nonsense  # noqa: B018


def test_import_loads_no_layer_before_it_is_used() -> None:
    code = "import sys, puressl; print(sorted(name for name in sys.modules if name.startswith('puressl.')))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "['puressl._version']"


def test_connection_does_without_what_only_some_use() -> None:
    code = (
        "import sys, puressl.connection; print([name for name in sys.modules if name.startswith('puressl.x509.forms')])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_help_on_the_options_names_each() -> None:
    for tag in options.OPTIONS:
        assert f"\n{tag}: " in (options.__doc__ or "")
