"""The provider: everything a connection needs, replaceable piece by piece."""

from __future__ import annotations

import dataclasses

from puressl.codes import CipherSuite, NamedGroup, SignatureScheme
from puressl.crypto.provider import PROVIDER
from puressl.crypto.suites import SUITES


def test_the_default_provider_holds_every_suite_group_and_scheme_of_the_registries() -> None:
    assert PROVIDER.suites is SUITES
    assert set(PROVIDER.groups) >= set(NamedGroup) - {NamedGroup.X25519MLKEM768}
    assert set(PROVIDER.schemes) == set(SignatureScheme)


def test_its_ciphers_work() -> None:
    cipher = PROVIDER.suites[CipherSuite.TLS_AES_128_GCM_SHA256].cipher
    aead = PROVIDER.new_aead(cipher, bytes(16))
    assert aead.open(bytes(12), aead.seal(bytes(12), b"plain", b""), b"") == b"plain"
    cbc = PROVIDER.new_cbc(bytes(16))
    assert cbc.decrypt(bytes(16), cbc.encrypt(bytes(16), bytes(32))) == bytes(32)


def test_a_piece_can_be_replaced_and_the_default_stays() -> None:
    fewer = {CipherSuite.TLS_AES_128_GCM_SHA256: SUITES[CipherSuite.TLS_AES_128_GCM_SHA256]}
    smaller = dataclasses.replace(PROVIDER, suites=fewer)
    assert smaller.suites == fewer
    assert smaller.sign is PROVIDER.sign
    assert PROVIDER.suites is SUITES
