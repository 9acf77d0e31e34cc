"""The hash functions, with and without OpenSSL behind ``hashlib``."""

from __future__ import annotations

import hashlib
import subprocess
import sys
from pathlib import Path

import pytest

from puressl.crypto.hashes import HashAlgorithm

ROOT = Path(__file__).resolve().parents[3]


@pytest.mark.parametrize("algorithm", list(HashAlgorithm))
def test_each_algorithm_is_the_one_of_its_name(algorithm: HashAlgorithm) -> None:
    reference = hashlib.new(algorithm.value, b"abc")
    assert algorithm.digest(b"abc") == reference.digest()
    assert (algorithm.size, algorithm.block_size) == (reference.digest_size, reference.block_size)
    assert HashAlgorithm(algorithm.value) is algorithm


def test_a_running_hash_takes_data_in_parts_and_copies_are_independent() -> None:
    running = HashAlgorithm.SHA256.new(b"a")
    copy = running.copy()
    running.update(b"b")
    assert running.digest() == HashAlgorithm.SHA256.digest(b"ab")
    assert copy.digest() == HashAlgorithm.SHA256.digest(b"a")


WITHOUT_OPENSSL = """
import sys
for name in ("ssl", "_ssl", "_hashlib"):
    sys.modules[name] = None
from puressl.crypto import aead, cbc, kdf, schedule12, schedule13, transcript
from puressl.crypto.hashes import HashAlgorithm
for algorithm in HashAlgorithm:
    print(
        algorithm.digest(b"abc").hex(),
        kdf.hmac_digest(algorithm, b"key", b"data").hex(),
        kdf.hkdf_expand(algorithm, kdf.hkdf_extract(algorithm, b"", b"ikm"), b"info", 100).hex(),
        kdf.prf12(algorithm, b"secret", b"label", b"seed", 100).hex(),
        kdf.pbkdf2(algorithm, b"password", b"salt", 3, 100).hex(),
        kdf.equal(b"a", b"a"),
    )
    print(schedule13.EarlySecret(algorithm).handshake(b"shared").master().exporter(b"").hex())
for cipher, length in (("aes-128-gcm", 16), ("aes-256-gcm", 32), ("chacha20-poly1305", 32)):
    sealed = aead.new_aead(cipher, bytes(length)).seal(bytes(12), b"plaintext", b"aad")
    print(sealed.hex(), aead.new_aead(cipher, bytes(length)).open(bytes(12), sealed, b"aad"))
print(cbc.encrypt(bytes(16), bytes(16), bytes(32)).hex())
"""


def test_everything_gives_the_same_without_ssl_and_hashlib_extension() -> None:
    with_openssl = WITHOUT_OPENSSL.replace('("ssl", "_ssl", "_hashlib")', "()")
    outputs = [
        subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True).stdout
        for program in (WITHOUT_OPENSSL, with_openssl)
    ]
    assert outputs[0] == outputs[1]
    assert len(outputs[0].splitlines()) == 2 * len(HashAlgorithm) + 4
