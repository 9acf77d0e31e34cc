"""Reference names against subjectAltName."""

from __future__ import annotations

import ipaddress
import sys

import pytest

from puressl.errors import Reason, SSLError
from puressl.x509.extensions import GeneralName, GeneralNameKind
from puressl.x509.names import DNSName, DNSPattern, matches, parse_server_name


def dns(*texts: str) -> list[GeneralName]:
    return [GeneralName(GeneralNameKind.DNS, text.encode()) for text in texts]


@pytest.mark.parametrize(
    ("pattern", "name"),
    [
        ("server.example", "server.example"),
        ("SERVER.Example", "server.example"),
        ("server.example", "SERVER.EXAMPLE."),
        ("*.server.example", "a.server.example"),
        ("*.server.example", "xn--bcher-kva.server.example"),
        ("*.server.example", "with_underscore.server.example"),
        ("localhost", "localhost"),
    ],
)
def test_names_match(pattern, name):
    assert matches(parse_server_name(name), dns("other.example", pattern))


@pytest.mark.parametrize(
    ("pattern", "name"),
    [
        ("server.example", "example"),
        ("server.example", "a.server.example"),
        ("example", "server.example"),
        ("*.server.example", "server.example"),
        ("*.server.example", "a.b.server.example"),
        ("*.example", "server.example"),
        ("*", "server"),
        ("*", "server.example"),
        ("s*.server.example", "secure.server.example"),
        ("*s.server.example", "s.server.example"),
        ("a.*.example", "a.b.example"),
        ("*.*.example", "a.b.example"),
        ("xn--*.example", "xn--bcher-kva.example"),
        ("*.server.example.", "a.server.example"),
        ("server.example\0.evil.example", "server.example"),
        ("server.example, DNS:other.example", "other.example"),
        ("192.0.2.1", "192.0.2.1"),
        ("", "server.example"),
    ],
)
def test_names_do_not_match(pattern, name):
    assert not matches(parse_server_name(name), dns(pattern))


def test_address_never_matches_a_dns_name_nor_a_name_an_address():
    address = GeneralName(GeneralNameKind.IP, bytes((192, 0, 2, 1)))
    assert matches(parse_server_name("192.0.2.1"), [address])
    assert not matches(parse_server_name("192.0.2.1"), dns("192.0.2.1"))
    assert not matches(parse_server_name("server.example"), [address])
    mapped = GeneralName(GeneralNameKind.IP, ipaddress.ip_address("::ffff:192.0.2.1").packed)
    assert not matches(parse_server_name("192.0.2.1"), [mapped])


@pytest.mark.parametrize(
    "text",
    [
        *("", ".", "..", "a..example", "a.example..", "-a.example", "a-.example", "a b.example", "a.example/", "\0"),
        *("*.example", "1.2.3", "fe80::1%eth0", "a" * 64 + ".example", ".".join(["a" * 60] * 5), "ü" * 70 + ".example"),
    ],
)
def test_server_name_that_is_none_is_refused(text):
    with pytest.raises(SSLError) as caught:
        parse_server_name(text)
    assert caught.value.reason is Reason.EOPTIONS


@pytest.mark.parametrize(
    ("name", "labels"),
    [
        ("bücher.example", "xn--bcher-kva.example"),
        ("BÜCHER。Example.", "xn--bcher-kva.example"),
        ("straße.example", "xn--strae-oqa.example"),  # IDNA 2003: strasse.example
    ],
)
def test_u_labels_become_a_labels_by_idna_2008(name, labels):
    assert str(parse_server_name(name)) == labels
    with pytest.raises(SSLError, match="no A-label form"):
        parse_server_name("☃.example")  # a symbol, which IDNA 2008 does not allow


def test_u_labels_without_the_package_that_converts_them_are_refused(monkeypatch):
    monkeypatch.setitem(sys.modules, "idna", None)
    with pytest.raises(SSLError, match=r"extra idn: pip install 'puressl\[idn\]', or give its A-labels") as caught:
        parse_server_name("bücher.example")
    assert caught.value.reason is Reason.EOPTIONS


def test_server_name_is_parsed_to_its_type():
    assert parse_server_name("A.Example.") == DNSName(("a", "example"))
    assert parse_server_name("[::1]") == ipaddress.ip_address("::1")


@pytest.mark.parametrize(
    "octets", [b"\xff.example", "ü.example".encode(), b"a_b.example", b"*.", b"*..example", b"a.example."]
)
def test_octets_that_are_no_dns_name_are_no_pattern(octets):
    assert DNSPattern.parse(octets) is None


def test_within_compares_whole_labels():
    name = DNSName.parse("a.bar.example")
    assert name.within(DNSName.parse("bar.example"))
    assert name.within(name)
    assert not name.within(DNSName.parse("ar.example"))
    assert not DNSName.parse("example").within(name)
