"""The options that subcommands share: their texts, and what is made of them."""

from __future__ import annotations

import os
import stat
import sys
from dataclasses import replace
from pathlib import Path

import pytest
import rich_click as click

from puressl.cli import options
from puressl.codes import CipherSuite, NamedGroup, ProtocolVersion
from puressl.crypto.provider import PROVIDER
from puressl.crypto.suites import SUITES
from puressl.errors import Reason, SSLError

TLS12, TLS13 = ProtocolVersion.TLSv1_2, ProtocolVersion.TLSv1_3


def test_what_is_not_given_leaves_the_configurations_defaults() -> None:
    assert options.versions(()) == options.suites(None, (TLS13,)) == options.groups(None) == {}
    assert options.protocols(None) == options.trust(None) == {}


def test_versions_are_in_order_of_preference() -> None:
    assert options.versions(("1.2", "1.3", "1.2")) == {"versions": (TLS13, TLS12)}


def test_suites_are_those_of_the_cipher_string() -> None:
    chosen = options.suites("TLS_AES_128_GCM_SHA256:ECDHE+AES128+AESGCM:!aECDSA", (TLS13, TLS12))
    assert chosen == {
        "cipher_suites": (CipherSuite.TLS_AES_128_GCM_SHA256, CipherSuite.TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256),
        "versions": (TLS13, TLS12),
    }


def test_versions_without_a_suite_are_not_spoken() -> None:
    assert options.suites("TLS_AES_128_GCM_SHA256", (TLS13, TLS12))["versions"] == (TLS13,)
    no_tls13 = ":".join(f"!{row.name}" for row in SUITES.values() if row.version is TLS13)
    assert options.suites(f"DEFAULT:{no_tls13}", (TLS13, TLS12))["versions"] == (TLS12,)


def test_suites_of_versions_that_are_not_spoken_are_none() -> None:
    with pytest.raises(SSLError, match=r"--ciphers: .* has none for the versions") as caught:
        options.suites("TLS_AES_128_GCM_SHA256", (TLS12,))
    assert caught.value.reason is Reason.ECIPHER


@pytest.mark.parametrize("text", ["", ":", "RC4-MD5", "ALL:@NONSENSE"])
def test_suites_that_are_none_name_the_option(text: str) -> None:
    with pytest.raises(SSLError, match="--ciphers: ") as caught:
        options.suites(text, (TLS13, TLS12))
    assert caught.value.reason is Reason.ECIPHER


def test_groups_have_names_in_any_case() -> None:
    chosen = options.groups("X25519:P-384,secp256r1:p-256")
    assert chosen == {"groups": (NamedGroup.X25519, NamedGroup.SECP384R1, NamedGroup.SECP256R1)}


def test_group_of_an_extra_that_is_missing_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    built = {group: PROVIDER.groups[group] for group in PROVIDER.groups if group != NamedGroup.X25519MLKEM768}
    monkeypatch.setattr(options, "PROVIDER", replace(PROVIDER, groups=built))
    with pytest.raises(SSLError, match=r"known are .*; x25519mlkem768 needs the extra pq: pip install 'puressl\[pq\]'"):
        options.groups("x25519mlkem768")


def test_group_that_is_none_names_the_option() -> None:
    with pytest.raises(SSLError, match="--groups: 'p-999' is unknown"):
        options.groups("x25519:P-999")


def test_application_protocols_are_separated_by_commas() -> None:
    assert options.protocols("h2,http/1.1") == {"alpn": (b"h2", b"http/1.1")}


@pytest.mark.parametrize(
    ("text", "address"),
    [("a.example:443", ("a.example", 443)), ("[::1]:4433", ("::1", 4433)), ("127.0.0.1:65535", ("127.0.0.1", 65535))],
)
def test_host_and_port(text: str, address: tuple[str, int]) -> None:
    assert options.host_and_port(text) == address


@pytest.mark.parametrize("text", ["", "a", "a:", ":1", "a:0", "a:65536", "a:-1", "a:x", "::1:443", "[::1]", "[]:443"])
def test_what_is_no_host_and_port_is_wrong_usage(text: str) -> None:
    with pytest.raises(click.BadParameter):
        options.host_and_port(text)


def test_key_log_is_appended_to_and_for_its_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / "keys"
    for line in ("one", "two"):
        with options.keylog(str(path)) as field:
            field["keylog"](line)
            assert path.read_text().endswith(f"{line}\n")  # at once: who watches a connection needs it now
    assert path.read_text() == "one\ntwo\n"
    assert os.name == "nt" or stat.S_IMODE(path.stat().st_mode) == 0o600


def test_key_log_of_the_environment_gives_way_to_the_options(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSLKEYLOGFILE", str(tmp_path / "environment"))
    with options.keylog(str(tmp_path / "option")) as field:
        field["keylog"]("line")
    assert not (tmp_path / "environment").exists()
    monkeypatch.setenv("SSLKEYLOGFILE", "")
    with options.keylog(None) as field:
        assert field == {}


@pytest.mark.parametrize(
    "read", [lambda path: options.keylog(path).__enter__(), lambda path: options.read_file(path, "--x")]
)
def test_file_that_is_none_is_named(read, tmp_path: Path) -> None:
    with pytest.raises(SSLError, match=str(tmp_path)) as caught:
        read(str(tmp_path))
    assert caught.value.reason == "eisdir"


def test_standard_output_that_is_closed_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdout", None)
    with pytest.raises(SSLError, match="standard output is closed"):
        options.standard_output()
