"""Project Wycheproof's vectors for the symmetric algorithms: every vector, the right verdict, only our exceptions."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from puressl.crypto.aead import new_aead
from puressl.crypto.hashes import HashAlgorithm
from puressl.crypto.kdf import Hmac, equal, hkdf_expand, hkdf_extract, hmac_digest
from puressl.errors import Problem, ProtocolError, Reason, SSLError

VECTORS = Path(__file__).resolve().parents[2].parent / "shared" / "vectors" / "wycheproof"

pytestmark = pytest.mark.skipif(not VECTORS.is_dir(), reason=f"no Wycheproof vectors in {VECTORS}")

#: What TLS uses: ciphers by key length in bits; every nonce has 96 bits, every tag 128.
CIPHERS = {
    "aes_gcm": {128: "aes-128-gcm", 256: "aes-256-gcm"},
    "chacha20_poly1305": {256: "chacha20-poly1305"},
}


def vectors(name: str) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    """Each test of a file with its group; the count the file states must be met."""
    document = json.loads((VECTORS / f"{name}_test.json").read_text(encoding="utf-8"))
    tests = [(group, test) for group in document["testGroups"] for test in group["tests"]]
    assert len(tests) == document["numberOfTests"]
    return iter(tests)


def octets(test: dict[str, Any], *names: str) -> list[bytes]:
    return [bytes.fromhex(test[name]) for name in names]


@pytest.mark.parametrize("algorithm", sorted(CIPHERS))
def test_aead_gives_the_right_verdict_on_every_vector(algorithm: str) -> None:
    for group, test in vectors(algorithm):
        key, nonce, aad, message, ciphertext, tag = octets(test, "key", "iv", "aad", "msg", "ct", "tag")
        where = f"{algorithm} {test['tcId']}"
        cipher = CIPHERS[algorithm].get(group["keySize"], f"{algorithm} with a key of {group['keySize']} bits")
        if cipher not in CIPHERS[algorithm].values() or group["ivSize"] != 96:
            with pytest.raises(SSLError) as refused:
                new_aead(cipher, key).seal(nonce, message, aad)
            assert refused.value.reason is Reason.BADARG, where
            with pytest.raises(SSLError) as refused:
                new_aead(cipher, key).open(nonce, ciphertext + tag, aad)
            assert refused.value.reason is Reason.BADARG, where
            continue
        assert group["tagSize"] == 128, where
        aead = new_aead(cipher, key)
        if test["result"] == "valid":
            assert aead.seal(nonce, message, aad) == ciphertext + tag, where
            assert aead.open(nonce, ciphertext + tag, aad) == message, where
        else:
            with pytest.raises(ProtocolError) as failure:
                aead.open(nonce, ciphertext + tag, aad)
            assert failure.value.problem is Problem.BAD_RECORD_MAC, where


@pytest.mark.parametrize("algorithm", [HashAlgorithm.SHA256, HashAlgorithm.SHA384])
def test_hkdf_gives_the_right_verdict_on_every_vector(algorithm: HashAlgorithm) -> None:
    for _, test in vectors(f"hkdf_{algorithm.value}"):
        ikm, salt, info, okm = octets(test, "ikm", "salt", "info", "okm")
        prk = hkdf_extract(algorithm, salt, ikm)
        if test["result"] == "valid":
            assert hkdf_expand(algorithm, prk, info, test["size"]) == okm, test["tcId"]
        else:
            with pytest.raises(SSLError) as refused:
                hkdf_expand(algorithm, prk, info, test["size"])
            assert refused.value.reason is Reason.BADARG, test["tcId"]


def test_hmac_gives_the_right_verdict_on_every_vector() -> None:
    for group, test in vectors("hmac_sha256"):
        key, message, tag = octets(test, "key", "msg", "tag")
        mac = hmac_digest(HashAlgorithm.SHA256, key, message)
        assert mac == Hmac(HashAlgorithm.SHA256, key).digest(message), test["tcId"]
        # A truncated tag is checked as its user would: against as many leading octets.
        assert equal(mac[: group["tagSize"] // 8], tag) is (test["result"] == "valid"), test["tcId"]
