"""OpenSSL's cipher-string language over puressl's suites."""

from __future__ import annotations

import pytest

from puressl.cipher_string import cipher_names, parse_ciphers, preference
from puressl.codes import ProtocolVersion
from puressl.config import ServerConfig
from puressl.crypto.suites import DEFAULT_SUITES, SUITES
from puressl.errors import Reason, SSLError

from support.configs import credential

TLS13 = [suite for suite in DEFAULT_SUITES if SUITES[suite].version is ProtocolVersion.TLSv1_3]
CHACHA = ["ECDHE-ECDSA-CHACHA20-POLY1305", "ECDHE-RSA-CHACHA20-POLY1305", "DHE-RSA-CHACHA20-POLY1305"]
STATIC = ["AES128-GCM-SHA256", "AES256-GCM-SHA384", "AES128-SHA256", "AES256-SHA256", "AES128-SHA", "AES256-SHA"]


def tls12(text: str) -> list[str]:
    """The names of the TLS 1.2 suites that a string leaves; those of TLS 1.3 are the default ones."""
    chosen = parse_ciphers(text, SUITES)
    assert list(chosen[: len(TLS13)]) == TLS13
    return [SUITES[suite].openssl_name for suite in chosen[len(TLS13) :]]


def tls13(text: str) -> list[str]:
    rows = [SUITES[suite] for suite in parse_ciphers(text, SUITES)]
    return [row.name for row in rows if row.version is ProtocolVersion.TLSv1_3]


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("AES256-SHA:AES128-SHA", ["AES256-SHA", "AES128-SHA"]),
        ("TLS_RSA_WITH_AES_128_CBC_SHA", ["AES128-SHA"]),
        ("AES256-SHA;AES128-SHA,,AES256-SHA  AES128-SHA256:", ["AES256-SHA", "AES128-SHA", "AES128-SHA256"]),
        ("CHACHA20", CHACHA),
        ("kRSA", STATIC),
        ("RSA+AESGCM", STATIC[:2]),
        ("ECDHE+CHACHA20", CHACHA[:2]),
        ("ECDHE+aECDSA+AES128+SHA256", ["ECDHE-ECDSA-AES128-SHA256"]),
        ("SSLv3+AES128+kRSA", ["AES128-SHA"]),
        ("AES128-SHA+SHA1", ["AES128-SHA"]),
        ("CHACHA20:!DHE", CHACHA[:2]),
        ("CHACHA20!DHE", CHACHA[:2]),
        ("CHACHA20:!DHE:CHACHA20", CHACHA[:2]),
        ("CHACHA20:-ECDHE:CHACHA20", [CHACHA[2], *CHACHA[:2]]),
        ("CHACHA20:-aECDSA:ECDHE+AES128+AESGCM+aECDSA", [*CHACHA[1:], "ECDHE-ECDSA-AES128-GCM-SHA256"]),
        ("CHACHA20:+ECDHE", [CHACHA[2], *CHACHA[:2]]),
        ("CHACHA20:+AES:+kRSA", CHACHA),
        ("kRSA:@STRENGTH", [*STATIC[1::2], *STATIC[::2]]),
        ("kRSA+SHA1:CHACHA20+DHE:@STRENGTH", ["AES256-SHA", CHACHA[2], "AES128-SHA"]),
        ("CHACHA20:kRSA:@SECLEVEL=2", [*CHACHA, *STATIC]),
        ("CHACHA20:kRSA:@SECLEVEL=3", CHACHA),
        ("PSK:RC4-MD5:AES128-SHA:eNULL", ["AES128-SHA"]),
        ("!PSK:-SRP:+BOGUS:AES128-SHA:ECDHE+BOGUS", ["AES128-SHA"]),
    ],
)
def test_string_leaves(text: str, names: list[str]) -> None:
    assert tls12(text) == names


def test_default_is_what_a_configuration_has_unasked() -> None:
    assert parse_ciphers("DEFAULT", SUITES) == DEFAULT_SUITES
    assert parse_ciphers("ALL:!COMPLEMENTOFDEFAULT", SUITES) == DEFAULT_SUITES
    assert tls12("COMPLEMENTOFDEFAULT:!kRSA") == tls12("DHE")


@pytest.mark.parametrize("text", ["ALL", "HIGH", "DEFAULT:COMPLEMENTOFDEFAULT"])
def test_all_are_the_default_ones_first(text: str) -> None:
    assert parse_ciphers(text, SUITES) == preference(SUITES)
    assert preference(SUITES)[: len(DEFAULT_SUITES)] == DEFAULT_SUITES
    assert set(preference(SUITES)) == set(SUITES)


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("ECDHE", ["TLS_CHACHA20_POLY1305_SHA256", "TLS_AES_128_GCM_SHA256", "TLS_AES_256_GCM_SHA384"]),
        ("TLS_AES_128_GCM_SHA256:ECDHE", ["TLS_AES_128_GCM_SHA256"]),
        ("TLS_AES_128_GCM_SHA256", ["TLS_AES_128_GCM_SHA256"]),
        (
            "TLS_AES_256_GCM_SHA384:ECDHE:TLS_AES_128_GCM_SHA256",
            ["TLS_AES_256_GCM_SHA384", "TLS_AES_128_GCM_SHA256"],
        ),
        ("ECDHE:!TLS_CHACHA20_POLY1305_SHA256", ["TLS_AES_128_GCM_SHA256", "TLS_AES_256_GCM_SHA384"]),
        (
            "ECDHE:!CHACHA20:!AES128",
            ["TLS_CHACHA20_POLY1305_SHA256", "TLS_AES_128_GCM_SHA256", "TLS_AES_256_GCM_SHA384"],
        ),
        ("ECDHE:@SECLEVEL=4", ["TLS_CHACHA20_POLY1305_SHA256", "TLS_AES_256_GCM_SHA384"]),
    ],
)
def test_tls13_suites_stay_unless_one_is_named(text: str, names: list[str]) -> None:
    assert tls13(text) == names


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "leaves nothing"),
        (" :,;", "leaves nothing"),
        ("RC4-MD5:aes128-sha:ECDHE+kRSA", "no suites here: RC4-MD5, aes128-sha, ECDHE[+]kRSA"),
        ("TLSv1.3", "no suites here: TLSv1.3"),
        ("AES128-SHA:!ALL", "leaves nothing$"),
        ("!TLS_AES_128_GCM_SHA256", "leaves nothing$"),
        ("TLS_AES_128_GCM_SHA256:-TLS_AES_128_GCM_SHA256", "leaves nothing$"),
        ("AES128-SHA:@SECLEVEL=5", "leaves nothing$"),
        ("ALL:@FOO", "no rule of the language at '@FOO'"),
        ("ALL:@SECLEVEL=6", "no rule of the language at '@SECLEVEL=6'"),
        ("ALL:!", "no rule of the language at '!'"),
        ("ALL:-", "no rule of the language at '-'"),
        ("ALL:!:AES", "no rule of the language at '!:AES'"),
        ("ECDHE+:AES", "no rule of the language at '[+]:AES'"),
        ("ALL:!@STRENGTH", "no rule of the language at '!@STRENGTH'"),
        ("ÄÖ", "no rule of the language at 'ÄÖ'"),
        ("ALL\0", "no rule of the language"),
    ],
)
def test_string_that_leaves_nothing_is_refused_with_what_is_wrong(text: str, said: str) -> None:
    with pytest.raises(SSLError, match=said) as caught:
        parse_ciphers(text, SUITES)
    assert caught.value.reason is Reason.ECIPHER


def test_names_of_all_suites_are_a_cipher_string_of_them() -> None:
    names = cipher_names(SUITES)
    assert names.startswith("TLS_CHACHA20_POLY1305_SHA256:TLS_AES_128_GCM_SHA256:")
    assert ":ECDHE-RSA-AES128-GCM-SHA256:" in names
    assert parse_ciphers(names, SUITES) == preference(SUITES)


def test_configuration_reads_a_cipher_string() -> None:
    config = ServerConfig(credentials=(credential("p256"),), ciphers="ECDHE+AESGCM+AES128")
    assert config.cipher_suites == parse_ciphers("ECDHE+AESGCM+AES128", SUITES)


@pytest.mark.parametrize(("ciphers", "reason"), [("BOGUS", Reason.ECIPHER), (("AES128-SHA",), Reason.EOPTIONS)])
def test_configuration_refuses_what_is_no_cipher_string(ciphers: object, reason: Reason) -> None:
    with pytest.raises(SSLError) as caught:
        ServerConfig(credentials=(credential("p256"),), ciphers=ciphers)  # type: ignore[arg-type]
    assert caught.value.reason is reason
