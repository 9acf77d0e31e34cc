"""ML-KEM-768."""

from __future__ import annotations

import pytest

from puressl.crypto import mlkem

pytestmark = pytest.mark.skipif(not mlkem.available(), reason="kyber-py is not installed (puressl[pq])")

SEED, MESSAGE = bytes(range(64)), bytes(range(32))


def test_both_sides_share_a_secret_and_nothing_is_random() -> None:
    public, secret = mlkem.key_pair(SEED)
    assert (public, secret) == mlkem.key_pair(SEED)
    assert len(public) == mlkem.PUBLIC_LENGTH
    encapsulated = mlkem.encapsulate(public, MESSAGE)
    assert encapsulated is not None
    assert encapsulated == mlkem.encapsulate(public, MESSAGE)
    shared, ciphertext = encapsulated
    assert (len(shared), len(ciphertext)) == (mlkem.SECRET_LENGTH, mlkem.CIPHERTEXT_LENGTH)
    assert mlkem.decapsulate(secret, ciphertext) == shared


def test_changed_ciphertext_gives_another_secret_without_an_error() -> None:
    public, secret = mlkem.key_pair(SEED)
    encapsulated = mlkem.encapsulate(public, MESSAGE)
    assert encapsulated is not None
    shared, ciphertext = encapsulated
    other = mlkem.decapsulate(secret, ciphertext[:-1] + bytes([ciphertext[-1] ^ 1]))
    assert other is not None
    assert other != shared


def test_wrong_lengths_and_unreduced_keys_are_refused() -> None:
    public, secret = mlkem.key_pair(SEED)
    for length in (0, mlkem.PUBLIC_LENGTH - 1):
        assert mlkem.encapsulate(public[:length], MESSAGE) is None
    assert mlkem.encapsulate(public + b"\x00", MESSAGE) is None
    assert mlkem.encapsulate(b"\xff" * mlkem.PUBLIC_LENGTH, MESSAGE) is None
    for length in (0, mlkem.CIPHERTEXT_LENGTH - 1, mlkem.CIPHERTEXT_LENGTH + 1):
        assert mlkem.decapsulate(secret, bytes(length)) is None
