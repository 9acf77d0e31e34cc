"""The walk that tells DER from BER."""

from __future__ import annotations

import pytest

from puressl.x509 import der, strict
from puressl.x509.der import DERError


@pytest.mark.parametrize(
    "data",
    [
        der.sequence(der.integer(0), der.integer(-129), der.boolean(True), der.null(), der.oid("2.5.29.15")),
        der.sequence(der.octet_string(bytes(200)), der.bit_string(b"\x80", 7), der.bit_string(b"")),
        der.element(der.context(3), der.set_of(der.sequence())),
        der.element(der.context(2, constructed=False), b"\x05\x01"),
    ],
)
def test_der_passes_whole_and_fails_truncated_or_with_trailing_bytes(data):
    strict.check(data)
    for length in range(len(data)):
        with pytest.raises(DERError):
            strict.check(data[:length])
    with pytest.raises(DERError):
        strict.check(data + b"\x00")


@pytest.mark.parametrize(
    "data",
    [
        b"\x30\x80\x05\x00\x00\x00",  # indefinite length
        b"\x04\x81\x01x",  # long form of a short length
        b"\x04\x82\x00\x80" + bytes(128),  # leading zero octet of the length
        b"\x02\x00",
        b"\x02\x02\x00\x01",
        b"\x02\x02\xff\xff",
        b"\x01\x01\x01",
        b"\x01\x02\xff\xff",
        b"\x05\x01\x00",
        b"\x03\x00",
        b"\x03\x01\x01",
        b"\x03\x02\x08\x00",
        b"\x03\x02\x01\x01",
        b"\x06\x00",
        b"\x06\x01\x80",
        b"\x06\x02\x80\x01",
        b"\x06\x03\x2a\x80\x01",
        b"\x24\x03\x04\x01x",  # constructed string
        b"\x10\x00",  # primitive SEQUENCE
        b"\x1f\x1f\x00",  # high tag
        b"\x00\x00",
        b"\x30\x03\x04\x02x",  # child longer than its parent
    ],
)
def test_other_encodings_are_refused(data):
    with pytest.raises(DERError):
        strict.check(data)


def test_nesting_is_bounded():
    data = b""
    for _ in range(strict.MAX_NESTING + 1):
        data = der.sequence(data)
    strict.check(data)
    with pytest.raises(DERError, match="nested"):
        strict.check(der.sequence(data))
