"""Name constraints along a path."""

from __future__ import annotations

import pytest

from puressl.errors import Problem
from puressl.x509 import build, constraints, der
from puressl.x509.build import GeneralNames as Names


@pytest.fixture(scope="module")
def root(ca):
    return ca.issue("root")


def outcome(ca, root, permitted, excluded, names, **fields):
    """None if a leaf of these names is accepted under the constraints, else the error's text."""
    middle = ca.issue("middle", root, extra=[build.name_constraints(permitted, excluded)])
    leaf = ca.leaf(middle, dns=(), extra=[build.subject_alt_name(names)], **fields)
    terms = {"server_name": None}
    try:
        ca.verify([leaf, middle], root, **terms)
    except Exception:
        return str(ca.refuse(Problem.CERTIFICATE_CONSTRAINTS, [leaf, middle], root, **terms))
    return None


ACCEPTED = [
    (Names(("example",)), None, Names(("a.example", "example", "*.b.example"))),
    (Names(("example",)), None, Names((), ("192.0.2.1",))),  # another kind is free
    (Names(("",)), None, Names(("a.example",))),
    (None, Names(("evil.example",)), Names(("good.example", "notevil.example"))),
    (Names(ips=("192.0.2.0/24", "2001:db8::/32")), None, Names((), ("192.0.2.255", "2001:db8::1"))),
    (Names(emails=("example",)), None, Names(emails=("a@example", "A@EXAMPLE"))),
    (Names(emails=(".example",)), None, Names(emails=("a@mail.example",))),
    (Names(emails=("a@example",)), None, Names(emails=("a@EXAMPLE",))),
    (Names(uris=(".example",)), None, Names(uris=("https://a.example:8443/x",))),
    (None, Names(dns=("evil.example",)), Names(("*.evil2.example",))),
]
REFUSED = [
    (Names(("example",)), None, Names(("a.example", "other.test"))),
    (Names(("a.b.example",)), None, Names(("*.b.example",))),
    (Names(("example",)), None, Names(("notexample",))),
    (None, Names(("evil.example",)), Names(("a.evil.example",))),
    (None, Names(("evil.b.example",)), Names(("*.b.example",))),
    (None, Names(("",)), Names(("a.example",))),
    (Names(("example",)), Names(("a.example",)), Names(("a.example",))),
    (Names(ips=("192.0.2.0/24",)), None, Names((), ("192.0.3.1",))),
    (Names(ips=("192.0.2.0/24",)), None, Names((), ("2001:db8::1",))),
    (None, Names(ips=("2001:db8::/32",)), Names((), ("2001:db8:1::1",))),
    (Names(emails=("example",)), None, Names(emails=("a@mail.example",))),
    (Names(emails=(".example",)), None, Names(emails=("a@example",))),
    (Names(emails=("a@example",)), None, Names(emails=("A@example",))),
    (Names(emails=("example",)), None, Names(emails=("no mailbox",))),
    (Names(uris=(".example",)), None, Names(uris=("https://192.0.2.1/",))),
    (Names(uris=("example",)), None, Names(uris=("urn:x",))),
    # Where readers of URIs disagree about the host, there is none.
    (Names(uris=(".example",)), None, Names(uris=("https://evil.test\\@good.example/",))),
    (Names(uris=(".example",)), None, Names(uris=("https://evil.test\t.example/",))),
    # Subtrees that cannot be read are refused, whatever the names are.
    (Names(("*.example",)), None, Names(("a.example",))),
    (Names((".example",)), None, Names(("a.example",))),
    (Names(emails=("@example",)), None, Names(("a.example",))),
]


@pytest.mark.parametrize(("permitted", "excluded", "names"), ACCEPTED)
def test_names_inside_the_constraints_are_accepted(ca, root, permitted, excluded, names):
    assert outcome(ca, root, permitted, excluded, names) is None


@pytest.mark.parametrize(("permitted", "excluded", "names"), REFUSED)
def test_names_outside_the_constraints_are_refused(ca, root, permitted, excluded, names):
    assert "RFC 5280 4.2.1.10" in (outcome(ca, root, permitted, excluded, names) or "accepted")


def test_directory_names_are_compared_by_relative_names_and_normalised(ca, root):
    tree = build.distinguished_name(("O", "Example"))
    inside = build.distinguished_name(("O", " EXAMPLE "), ("CN", "a"))
    outside = build.distinguished_name(("CN", "a"), ("O", "Example"))
    names = Names(("a.example",))
    assert outcome(ca, root, Names(directories=(tree,)), None, names, subject=inside) is None
    assert "outside" in (outcome(ca, root, Names(directories=(tree,)), None, names, subject=outside) or "")
    assert "excluded" in (outcome(ca, root, None, Names(directories=(tree,)), names, subject=inside) or "")


def test_email_in_the_subject_counts_only_without_alternative_names(ca, root):
    address = der.sequence(der.oid("1.2.840.113549.1.9.1"), der.element(der.IA5_STRING, b"a@evil.example"))
    subject = der.sequence(der.set_of(address))
    middle = ca.issue("middle", root, extra=[build.name_constraints(None, Names(emails=("evil.example",)))])
    with_names, bare = ca.leaf(middle, subject=subject), ca.leaf(middle, subject=subject, dns=())
    ca.verify([with_names, middle], root)
    ca.refuse(Problem.CERTIFICATE_CONSTRAINTS, [bare, middle], root, server_name=None)


def test_kind_without_rules_is_refused_only_where_it_is_named(ca, root):
    registered = der.element(der.context(8, constructed=False), b"\x2a\x03")
    subtree = der.element(der.context(1), der.sequence(registered))
    constraint = build.Extension("2.5.29.30", der.sequence(subtree), critical=True)
    middle = ca.issue("middle", root, extra=[constraint])
    ca.verify([ca.leaf(middle), middle], root)
    alternative = build.Extension("2.5.29.17", der.sequence(registered))
    named = ca.leaf(middle, extra=[alternative])
    ca.refuse(Problem.CERTIFICATE_CONSTRAINTS, [named, middle], root, server_name=None)


def test_internationalized_mailbox_is_one_too(ca, root):
    """RFC 8398 6; its local part is not ASCII, and what cannot be compared is refused."""
    mailbox = der.element(der.UTF8_STRING, "häns@example".encode())
    other = der.element(der.context(0), der.oid("1.3.6.1.5.5.7.8.9"), der.element(der.context(0), mailbox))
    alternative = build.Extension("2.5.29.17", der.sequence(other))
    free = ca.issue("middle", root, extra=[build.name_constraints(Names(("example",)))])
    ca.verify([ca.leaf(free, extra=[alternative]), free], root, server_name=None)
    for names in (Names(emails=("example",)), Names(emails=("example", "other.example"))):
        middle = ca.issue("middle", root, extra=[build.name_constraints(names)])
        ca.refuse(
            Problem.CERTIFICATE_CONSTRAINTS, [ca.leaf(middle, extra=[alternative]), middle], root, server_name=None
        )


def test_permitted_subtrees_of_successive_authorities_intersect(ca, root):
    first = ca.issue("first", root, extra=[build.name_constraints(Names(("a.example",)))])
    second = ca.issue("second", first, extra=[build.name_constraints(Names(("example",)))])
    ca.verify([ca.leaf(second, dns=("x.a.example",)), second, first], root, server_name="x.a.example")
    wider = ca.leaf(second, dns=("b.example",))
    ca.refuse(Problem.CERTIFICATE_CONSTRAINTS, [wider, second, first], root, server_name="b.example")


def test_constraints_of_the_anchor_count(ca):
    anchor = ca.issue("anchor", extra=[build.name_constraints(Names(("a.example",)))])
    ca.refuse(Problem.CERTIFICATE_CONSTRAINTS, [ca.leaf(anchor)], anchor)


def test_constraints_in_a_leaf_are_refused(ca, root):
    leaf = ca.leaf(root, extra=[build.name_constraints(Names(("server.example",)))])
    ca.refuse(Problem.CERTIFICATE_CONSTRAINTS, [leaf], root)


def test_another_path_is_tried_when_constraints_forbid_one(ca, root):
    key = ca.key_of("shared")
    narrow = ca.issue("cross", root, key=key, extra=[build.name_constraints(Names(("a.example",)))])
    free = ca.issue("cross", root, key=key)
    for pool in ([narrow, free], [free, narrow]):
        assert ca.verify([ca.leaf(free), *pool], root).path[1].der == free.der


@pytest.mark.parametrize("octets", [b"\xc0\x00\x02\x00", b"\xc0\x00\x02\x00\xff\x00\xff\x00", bytes(16), b""])
def test_malformed_address_subtree_is_refused(ca, root, octets):
    base = der.element(der.context(7, constructed=False), octets)
    subtree = der.element(der.context(0), der.sequence(base))
    middle = ca.issue("middle", root, extra=[build.Extension("2.5.29.30", der.sequence(subtree), critical=True)])
    ca.refuse(Problem.CERTIFICATE_CONSTRAINTS, [ca.leaf(middle), middle], root)


def test_comparisons_are_bounded(ca, root, monkeypatch):
    monkeypatch.setattr(constraints, "MAX_COMPARISONS", 30)
    excluded = Names(tuple(f"x{number}.test" for number in range(5)))
    few = Names(tuple(f"a{number}.example" for number in range(4)))  # 5 subtrees and 4 names read, 20 comparisons
    many = Names(tuple(f"a{number}.example" for number in range(5)))
    assert outcome(ca, root, None, excluded, few) is None
    assert "more than 30 comparisons" in (outcome(ca, root, None, excluded, many) or "")
