"""JA3 and JA4, held against the examples their authors published."""

from __future__ import annotations

from typing import Any

import pytest

from puressl.explain.fingerprint import ja3, ja3_text, ja4
from puressl.wire import (
    ApplicationProtocols,
    ClientHello,
    ECPointFormats,
    Extensions,
    RawExtension,
    ServerNameOffer,
    SignatureAlgorithms,
    SupportedGroups,
    SupportedVersionsOffer,
)

GREASE = 0x8A8A


def hello(version: int = 0x0303, suites: Any = (0x1301,), *extensions: Any) -> ClientHello:
    return ClientHello(version, bytes(32), b"", tuple(suites), b"\x00", Extensions(tuple(extensions)))


def test_ja3_of_the_published_example() -> None:
    """github.com/salesforce/ja3, README."""
    suites = (47, 53, 5, 10, 49161, 49162, 49171, 49172, 50, 56, 19, 4)
    formats, groups = ECPointFormats((0,)), SupportedGroups((23, 24, 25))
    example = hello(769, suites, ServerNameOffer("a.example"), groups, formats)
    assert ja3_text(example) == "769,47-53-5-10-49161-49162-49171-49172-50-56-19-4,0-10-11,23-24-25,0"
    assert ja3(example) == "ada70206e40642a3e4461f35503241d5"


def test_ja3_of_a_hello_without_extensions() -> None:
    """github.com/salesforce/ja3, README."""
    example = hello(769, (4, 5, 10, 9, 100, 98, 3, 6, 19, 18, 99))
    assert ja3_text(example) == "769,4-5-10-9-100-98-3-6-19-18-99,,,"
    assert ja3(example) == "de350869b8c85de67a350c8d186f11e6"


def test_ja3_leaves_grease_out() -> None:
    plain = hello(771, (0x1301,), SupportedGroups((29,)))
    greased = hello(771, (GREASE, 0x1301), RawExtension(GREASE, b""), SupportedGroups((GREASE, 29)))
    assert ja3(plain) == ja3(greased)


def chrome(*alpn: bytes) -> ClientHello:
    """The client of github.com/FoxIO-LLC/ja4, technical_details/JA4.md, in an order of its own."""
    suites = "c02b 002f 0035 009c 009d 1301 1302 1303 c013 c014 c02c c02f c030 cca8 cca9"
    schemes = "0403 0804 0401 0503 0805 0501 0806 0601"
    others = "ff01 0005 0012 0015 0017 001b 0023 002d 0033 4469"
    return hello(
        0x0303,
        (GREASE, *(int(each, 16) for each in suites.split())),
        RawExtension(GREASE, b""),
        ServerNameOffer("a.example"),
        *(RawExtension(int(each, 16), b"") for each in others.split()),
        SupportedGroups((GREASE, 29)),
        ECPointFormats((0,)),
        SignatureAlgorithms(tuple(int(each, 16) for each in schemes.split())),
        SupportedVersionsOffer((GREASE, 0x0304, 0x0303)),
        *((ApplicationProtocols(alpn),) if alpn else ()),
    )


def test_ja4_of_the_published_example() -> None:
    assert ja4(chrome(b"h2", b"http/1.1")) == "t13d1516h2_8daaf6152771_e5627efa2ab1"


@pytest.mark.parametrize(
    ("alpn", "shown"),
    [((), "00"), ((b"http/1.1",), "h1"), ((b"\xab",), "ab"), ((b"\x30\xab\xcd\x31",), "01"), ((b"x",), "xx")],
)
def test_ja4_shows_the_ends_of_the_first_protocol(alpn: tuple[bytes, ...], shown: str) -> None:
    assert ja4(chrome(*alpn))[8:10] == shown


def test_ja4_tells_a_client_without_name_and_tls13() -> None:
    fingerprint = ja4(hello(0x0303, (0xC02B,), SignatureAlgorithms((0x0403,))))
    assert fingerprint.startswith("t12i010100_")


def test_ja4_of_a_hello_with_nothing_has_zeros_for_hashes() -> None:
    assert ja4(hello(0x0303, (GREASE,))) == "t12i000000_000000000000_000000000000"
