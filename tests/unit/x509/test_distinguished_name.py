"""Names as text and in comparison."""

from __future__ import annotations

import pytest

from puressl.x509 import der, structures
from puressl.x509.distinguished_name import Attribute, Name, normalize


def name(*values, attribute="2.5.4.3"):
    return Name(repr(values).encode(), tuple((Attribute(attribute, value),) for value in values))


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("Test Root", "test  ROOT "),
        ("Straße", "STRASSE"),
        ("a\u00adb", "ab"),
        ("a\u00a0b", "a b"),
        ("ﬁ", "fi"),
        ("\u212b", "å"),
    ],
)
def test_strings_compare_as_rfc_5280_wants(first, second):
    assert normalize(first) == normalize(second)
    assert name(first).matches(name(second))


@pytest.mark.parametrize(
    ("first", "second"), [(("a",), ("b",)), (("a", "b"), ("b", "a")), (("a",), ("a", "a")), (("ab",), ("a b",))]
)
def test_different_names_do_not_match(first, second):
    assert not name(*first).matches(name(*second))


def test_octets_never_match_text():
    assert not name(b"\x04\x01a").matches(name("#040161"))


def test_attributes_of_one_relative_name_are_a_set():
    first, second = Attribute("2.5.4.3", "a"), Attribute("2.5.4.10", "b")
    assert Name(b"1", ((first, second),)).matches(Name(b"2", ((second, first),)))
    assert not Name(b"1", ((first, second),)).matches(Name(b"2", ((first,), (second,))))


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("Test Root", "CN=Test Root"),
        ("a,b+c", "CN=a\\,b\\+c"),
        (" a ", "CN=\\ a\\ "),
        ("#a", "CN=\\#a"),
        ("a\nb\x1b[31m", "CN=a\\0ab\\1b[31m"),
        (b"\x04\x01a", "CN=#040161"),
        ("", "CN="),
        (" ", "CN=\\ "),
    ],
)
def test_text_is_escaped(value, text):
    assert name(value).text == text


def test_text_begins_with_the_most_specific_part():
    assert Name(b"", ((Attribute("2.5.4.10", "Example"),), (Attribute("2.5.4.3", "a"),))).text == "CN=a,O=Example"


@pytest.mark.parametrize(
    ("tag", "octets", "value"),
    [
        (0x0C, "é".encode(), "é"),
        (0x13, b"e", "e"),
        (0x14, b"\xe9", "é"),
        (0x16, b"e", "e"),
        (0x1C, "é".encode("utf-32-be"), "é"),
        (0x1E, "é".encode("utf-16-be"), "é"),
        (0x04, b"e", b"\x04\x01e"),
    ],
)
def test_every_string_type_is_decoded(tag, octets, value):
    encoded = der.sequence(der.set_of(der.sequence(der.oid("2.5.4.3"), der.element(tag, octets))))
    assert structures.name(encoded).rdns == ((Attribute("2.5.4.3", value),),)
