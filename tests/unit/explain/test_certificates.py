"""Certificates as nested text, and their part in a path."""

from __future__ import annotations

from itertools import pairwise

from puressl.explain.certificates import explain_certificates, tree
from puressl.x509.forms import decode_certificate

from support.configs import credential, trust


def test_the_tree_has_every_value_beside_its_label() -> None:
    (leaf, _) = credential().chain
    rows = list(tree(decode_certificate(leaf, "ssl")))
    assert rows[0][:2] == (0, "tbsCertificate")
    texts = {label: text for _, label, text in rows}
    assert texts["version"] == "v3"
    depths = [depth for depth, _, _ in rows]
    assert all(deeper <= depth + 1 for depth, deeper in pairwise(depths))


def test_roles_follow_the_verified_path() -> None:
    chain, anchor = credential().chain, trust("p256").anchors[0].der
    roles = [each.role for each in explain_certificates("server", chain, (*chain, anchor))]
    assert roles == ["peer 0", "issuer 1", "trust anchor 2"]
    spare = credential("rsa2048").chain[0]
    told = explain_certificates("server", (*chain, spare), (*chain, anchor))
    assert [each.role for each in told] == ["peer 0", "issuer 1", "trust anchor 2", "sent 2"]


def test_without_a_path_the_order_is_as_sent() -> None:
    told = explain_certificates("server", credential().chain)
    assert [each.role for each in told] == ["peer 0", "issuer 1"]
    assert told[0].subject.startswith("CN=server.example")


def test_a_certificate_that_is_none_says_what_is_wrong() -> None:
    (told,) = explain_certificates("server", (b"\x30\x03\x02\x01",))
    assert told.subject == ""
    assert told.tree[0][1] == "malformed"
    assert told.tree[0][2]
