"""What a policy accepts."""

from __future__ import annotations

import pytest

from puressl.errors import Reason, SSLError
from puressl.x509.policy import FIRST_SECOND, LAST_SECOND, Policy, Purpose
from puressl.x509.rules import time_text


@pytest.mark.parametrize(
    "terms",
    [
        {"time": float("nan")},
        {"time": float("inf")},
        {"time": LAST_SECOND + 1},
        {"depth": -1},
        {"depth": 256},
        {"server_name": ""},
        {"server_name": "*.example"},
    ],
    ids=str,
)
def test_value_out_of_range_is_refused(terms):
    with pytest.raises(SSLError) as caught:
        Policy(**{"time": 0, "purpose": Purpose.SERVER_AUTH, **terms})
    assert caught.value.reason is Reason.EOPTIONS


def test_time_is_floored_to_seconds():
    assert Policy(time=-0.5, purpose=Purpose.SERVER_AUTH).seconds == -1
    assert Policy(time=1.999, purpose=Purpose.SERVER_AUTH).seconds == 1


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "1970-01-01T00:00:00Z"),
        (FIRST_SECOND, "0001-01-01T00:00:00Z"),
        (LAST_SECOND, "9999-12-31T23:59:59Z"),
        (951_782_400, "2000-02-29T00:00:00Z"),
    ],
)
def test_time_is_written_as_in_rfc_3339(seconds, text):
    assert time_text(seconds) == text
