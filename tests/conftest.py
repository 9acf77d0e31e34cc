"""Assertions in the shared test code are as good as those in tests, under ``python -O`` too."""

import pytest

pytest.register_assert_rewrite("support")
