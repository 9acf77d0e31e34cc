"""The workloads that are measured."""

from __future__ import annotations

import subprocess
import sys

import pytest

from puressl.bench import ciphers
from puressl.bench.measure import AtLeast, Contestant, Family
from puressl.bench.workloads import CONTENT, workloads


def test_a_family_gives_its_workloads_only() -> None:
    for family in Family:
        assert {workload.family for workload in workloads([family])} == {family}


def test_names_are_unique() -> None:
    names = [workload.name for workload in workloads()]
    assert len(set(names)) == len(names)


def test_resumed_handshake_is_promised_against_a_full_one() -> None:
    (promise,) = [each.promise for each in workloads() if each.name == "resumed handshake, tlsv1.3, P-256"]
    assert promise == AtLeast(4, Contestant.TLSLITE_FULL)


@pytest.mark.parametrize("cipher", ciphers.AEADS)
def test_ciphers_do_the_same(cipher: str) -> None:
    content = CONTENT[:1000]
    assert bytes(ciphers.own("seal", cipher, content)()) == bytes(ciphers.tlslite("seal", cipher, content)())
    assert ciphers.own("open", cipher, content)() == bytes(ciphers.tlslite("open", cipher, content)()) == content


@pytest.mark.parametrize("cipher", ["aes-128-cbc", "aes-256-cbc"])
def test_decryptions_do_the_same(cipher: str) -> None:
    content = CONTENT[:1024]
    assert ciphers.own("decrypt", cipher, content)() == bytes(ciphers.tlslite("decrypt", cipher, content)())


def test_standard_ssl_may_be_absent() -> None:
    """The workloads are there all the same, without its figure."""
    code = (
        "import sys; sys.modules['_ssl'] = sys.modules['ssl'] = None\n"
        "from puressl.bench import ssl_peer\n"
        "from puressl.bench.workloads import transfers\n"
        "print(ssl_peer.library(), *[each.value for each in transfers('chacha20-poly1305', b'x')])"
    )
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert shown.split() == ["None", "puressl", "tlslite-ng"]
