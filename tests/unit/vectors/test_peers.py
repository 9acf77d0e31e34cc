"""Peers: command templates, expectations, and the words of others."""

from __future__ import annotations

from pathlib import Path

import pytest

from puressl.errors import SSLError
from puressl.vectors import settings
from puressl.vectors.families import overview
from puressl.vectors.peers import Expectation, Peer, command_line, placeholders

ROOT = Path(__file__).resolve().parents[3] / "vectors" / "peers"


def test_brackets_are_left_out_where_a_placeholder_has_no_value() -> None:
    template = "serve {port} [-verify {ca} -all] [-alpn {alpn}]"
    values = {"port": "1", "ca": "", "alpn": "h2,x y"}
    assert command_line(template, values) == ["serve", "1", "-alpn", "h2,x y"]


def test_a_placeholder_that_nobody_knows_is_refused() -> None:
    with pytest.raises(SSLError, match="prot"):
        command_line("serve {prot}", {"port": "1"})


@pytest.mark.parametrize("name", sorted(path.name for path in ROOT.iterdir()))
def test_committed_peers_are_read_and_explain_every_deviation(name: str) -> None:
    peer = Peer.read(ROOT / name / "expectations.toml")
    assert peer.name == name
    assert peer.commands
    assert all(each.reason.endswith(".") and each.cases for each in peer.expected)


@pytest.mark.parametrize(
    "text",
    ["", "[peer]\n", "[peer]\nname='x'\n[[expected]]\ncases=['*']\nverdict='fine'\nreason='x'", "name = ["],
)
def test_a_file_that_is_no_peer_is_refused_by_its_name(tmp_path: Path, text: str) -> None:
    path = tmp_path / "peer.toml"
    path.write_text(text)
    with pytest.raises(SSLError, match=r"peer\.toml"):
        Peer.read(path)


def test_an_expectation_fits_by_role_pattern_and_what_was_seen() -> None:
    known = Expectation(("13-*",), "bug", "why.", observed="alert *", roles=("server",))
    assert known.fits("server", "13-x", "alert decode_error")
    assert not known.fits("client", "13-x", "alert decode_error")
    assert not known.fits("server", "12-x", "alert decode_error")
    assert not known.fits("server", "13-x", "closed")


def test_the_overview_explains_every_placeholder_and_its_peer_is_read(tmp_path: Path) -> None:
    case = {"server": settings.server("tlsv1.2"), "client": {}}
    shared = {"p256": {"root": "ROOT", "server": {"certificate": "CERT", "key": "KEY"}}}
    values = placeholders(case, "server", shared, 7, tmp_path)
    assert all(f"`{{{name}}}`" in overview() for name in values)
    lines = overview().partition("## A peer's file")[2].splitlines()
    path = tmp_path / "peer.toml"
    path.write_text("\n".join(line.strip() for line in lines if line.startswith("    ")))
    peer = Peer.read(path)
    assert set(peer.commands) == {"server", "client", "process"}
    assert all(command_line(template, values) for template in peer.commands.values())
    assert peer.expected[0].fits("server", "13-server-a-clienthello-x", "alert decode_error")


def test_settings_are_said_in_the_words_of_each_program(tmp_path: Path) -> None:
    case = {"server": settings.server("tlsv1.2", verify="required"), "client": {}}
    shared = {"p256": {"root": "ROOT", "server": {"certificate": "CERT", "key": "KEY"}}}
    values = placeholders(case, "server", shared, 7, tmp_path)
    assert (tmp_path / "cert.pem").read_text() == "CERT"
    assert values["ca"] == values["alpn"] == values["openssl_ciphersuites"] == ""
    assert values["openssl_version"] == "-tls1_2"
    assert values["openssl_ciphers"] == "ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305"
    assert values["gnutls_priority"].startswith("NONE:+CTYPE-X509:+COMP-NULL:+VERS-TLS1.2:+CHACHA20-POLY1305:+AEAD:")
    assert values["gnutls_require"] == "--require-client-cert"
