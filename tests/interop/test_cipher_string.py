"""Cipher strings as OpenSSL reads them, over the suites that both have and in OpenSSL's order."""

from __future__ import annotations

import random
import subprocess
from collections.abc import Iterator

import pytest
from interop.programs import needs

from puressl.cipher_string import parse_ciphers
from puressl.codes import ProtocolVersion
from puressl.crypto.suites import SUITES
from puressl.errors import SSLError

pytestmark = pytest.mark.interop

# fmt: off
WORDS = (
    "ALL", "HIGH", "MEDIUM", "LOW", "FIPS", "COMPLEMENTOFALL", "kRSA", "RSA", "aRSA", "kDHE", "kEDH", "DH", "DHE",
    "EDH", "kECDHE", "kEECDH", "ECDH", "ECDHE", "EECDH", "aECDSA", "ECDSA", "aECDH", "AES", "AES128", "AES256",
    "AESGCM", "AESCCM", "CHACHA20", "CBC", "SHA1", "SHA", "SHA256", "SHA384", "TLSv1.2", "TLSv1.0", "TLSv1", "SSLv3",
    "TLSv1.1", "TLSv1.3", "eNULL", "aNULL", "PSK", "kPSK", "ADH", "AECDH", "CAMELLIA", "3DES", "RC4", "aDSS", "MD5",
    "SRP", "ecdhe", "BOGUS",
)
# fmt: on
NAMES = [row.openssl_name for row in SUITES.values() if row.version is ProtocolVersion.TLSv1_2]
HAND_MADE = (
    "DEFAULT",
    "DEFAULT:!ECDHE:-AES128:+AESGCM",
    "ECDHE+AESGCM:ECDHE+CHACHA20:DHE+AESGCM:!aNULL:!MD5:@STRENGTH",
    "HIGH:!aNULL:!MD5:!RC4",
    "ALL:+ECDHE:@STRENGTH:+AES128",
    "ALL:-AES:+ECDHE:AES",
    "CHACHA20!DHE AES128;SHA384",
    "ALL:@STRENGTH:@SECLEVEL=2",
    "ALL:@SECLEVEL=6",
    "ECDHE+",
    ":::",
)
STRINGS = 300
#: OpenSSL's security level forbids nothing that both have, so that lists are the string's own.
LEVEL = "@SECLEVEL=0"


def theirs(text: str) -> list[str]:
    """The suites of both, by OpenSSL's names; none where OpenSSL refuses the string."""
    # The program takes what begins with a hyphen for its own option, and DEFAULT for a group at the beginning only.
    command = ["openssl", "ciphers", f":{text}" if text.startswith("-") else text]
    ran = subprocess.run(command, capture_output=True, text=True, check=False, timeout=20)
    return [name for name in ran.stdout.strip().split(":") if name in NAMES] if ran.returncode == 0 else []


def strings() -> Iterator[str]:
    dice = random.Random(3)
    yield from HAND_MADE
    yield from (f"{word}:{LEVEL}" for word in (*WORDS, *NAMES))
    for _ in range(STRINGS):
        rules = []
        for _ in range(dice.randint(1, 6)):
            words = "+".join(dice.choice(dice.choice((WORDS, WORDS, NAMES))) for _ in range(dice.choice((1, 1, 2, 3))))
            rules.append(dice.choice(("", "", "", "!", "-", "+")) + words)
            rules += ["@STRENGTH"] * (dice.random() < 0.1)
        yield dice.choice(("ALL:", "ECDHE:", "")) + dice.choice(":, ;").join(rules)


def test_strings_choose_what_openssl_chooses_in_its_order() -> None:
    needs("openssl")
    row_of = {row.openssl_name: row for row in SUITES.values()}
    in_their_order = {int(row_of[name].id): row_of[name] for name in theirs(f"ALL:{LEVEL}")}
    assert len(in_their_order) == len(NAMES)
    for text in strings():
        try:
            chosen = parse_ciphers(text, in_their_order, tuple(in_their_order))
        except SSLError:
            chosen = ()
        assert [in_their_order[suite].openssl_name for suite in chosen] == theirs(text), text
