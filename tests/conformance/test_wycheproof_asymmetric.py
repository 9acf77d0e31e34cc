"""Project Wycheproof's vectors for key exchange, signatures and key encapsulation: the right verdict, only our errors.

A vector marked "acceptable" may be refused; where it is not, its result must be right.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from puressl.codes import NamedGroup
from puressl.crypto import mlkem
from puressl.crypto.groups import GROUPS
from puressl.crypto.hashes import HashAlgorithm
from puressl.crypto.keys import Curve, ECPublicKey, EdPublicKey, KeyType, PublicKey, RSAPublicKey
from puressl.crypto.signatures import Algorithm, Kind, SignatureValid, verify_algorithm
from puressl.errors import Problem, ProtocolError

VECTORS = Path(__file__).resolve().parents[2].parent / "shared" / "vectors" / "wycheproof"

pytestmark = pytest.mark.skipif(not VECTORS.is_dir(), reason=f"no third-party vectors: {VECTORS} is absent")

#: What stands before the point in the SubjectPublicKeyInfo of a P-256 key (RFC 5480): uncompressed and compressed.
P256_SPKI = (
    bytes.fromhex("3059301306072a8648ce3d020106082a8648ce3d030107034200"),
    bytes.fromhex("3039301306072a8648ce3d020106082a8648ce3d030107032200"),
)


@cache
def load(name: str) -> dict[str, Any]:
    return json.loads((VECTORS / f"{name}.json").read_text())


def vectors(name: str) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    document = load(name)
    count = 0
    for group in document["testGroups"]:
        for vector in group["tests"]:
            count += 1
            yield group, vector
    assert count == document["numberOfTests"]


def octets(vector: dict[str, Any], key: str) -> bytes:
    return bytes.fromhex(vector[key])


def check(name: str, vector: dict[str, Any], accepted: bool) -> None:
    wanted = {"valid": (True,), "invalid": (False,), "acceptable": (True, False)}[vector["result"]]
    assert accepted in wanted, f"{name} {vector['tcId']} ({vector.get('comment')}): accepted is {accepted}"


def attempt(refusal: Problem, action: Callable[[], bytes | SignatureValid]) -> bytes | SignatureValid | None:
    """What the action returns, or None if it refuses for exactly that problem. Any other exception is a failure."""
    try:
        return action()
    except ProtocolError as error:
        if error.problem is not refusal:
            raise
        return None


def point_of(spki: bytes) -> bytes:
    """The point of a P-256 SubjectPublicKeyInfo in DER; empty, which is no point, for anything else."""
    for prefix in P256_SPKI:
        if spki.startswith(prefix) and len(spki) == spki[1] + 2:
            return spki[len(prefix) :]
    return b""


def test_ecdh_secp256r1() -> None:
    group = GROUPS[NamedGroup.SECP256R1]
    for _, vector in vectors("ecdh_secp256r1_test"):
        octets_of_point = point_of(octets(vector, "public"))
        point = attempt(
            Problem.ILLEGAL_PARAMETER, lambda point=octets_of_point: ECPublicKey.decode(Curve.SECP256R1, point).point
        )
        check("ecdh", vector, accepted=point is not None)
        if isinstance(point, bytes):
            scalar = int(vector["private"], 16).to_bytes(32, "big")
            assert group.shared_secret(scalar, point) == octets(vector, "shared")


def test_ecdh_key_shares_must_be_uncompressed_points() -> None:
    group = GROUPS[NamedGroup.SECP256R1]
    one = (1).to_bytes(32, "big")
    for _, vector in vectors("ecdh_secp256r1_test"):
        spki = octets(vector, "public")
        shared = attempt(Problem.BAD_KEY_SHARE, lambda share=spki[-65:]: group.shared_secret(one, share))
        if vector["result"] == "valid":
            assert shared is not None
        if not spki.startswith(P256_SPKI[0]) and point_of(spki):
            assert shared is None


def test_x25519() -> None:
    group = GROUPS[NamedGroup.X25519]
    for _, vector in vectors("x25519_test"):
        secret, public = octets(vector, "private"), octets(vector, "public")
        shared = attempt(
            Problem.BAD_KEY_SHARE, lambda secret=secret, public=public: group.shared_secret(secret, public)
        )
        wanted = None if "ZeroSharedSecret" in vector["flags"] else octets(vector, "shared")
        assert shared == wanted, vector["tcId"]


def accepts(key: PublicKey, algorithm: Algorithm, vector: dict[str, Any]) -> bool:
    signature, message = octets(vector, "sig"), octets(vector, "msg")
    proof = attempt(Problem.BAD_SIGNATURE, lambda: verify_algorithm(key, algorithm, signature, message))
    return isinstance(proof, SignatureValid)


@pytest.mark.parametrize(
    ("name", "curve", "hash_algorithm"),
    [
        ("ecdsa_secp256r1_sha256_test", Curve.SECP256R1, HashAlgorithm.SHA256),
        ("ecdsa_secp384r1_sha384_test", Curve.SECP384R1, HashAlgorithm.SHA384),
    ],
)
def test_ecdsa(name: str, curve: Curve, hash_algorithm: HashAlgorithm) -> None:
    algorithm = Algorithm(Kind.ECDSA, hash_algorithm)
    for group, vector in vectors(name):
        key = ECPublicKey.decode(curve, bytes.fromhex(group["publicKey"]["uncompressed"]))
        check(name, vector, accepts(key, algorithm, vector))


def test_ed25519() -> None:
    for group, vector in vectors("ed25519_test"):
        key = EdPublicKey(KeyType.ED25519, bytes.fromhex(group["publicKey"]["pk"]))
        check("ed25519", vector, accepts(key, Algorithm(Kind.EDDSA), vector))


@pytest.mark.parametrize(
    ("name", "algorithm"),
    [
        ("rsa_pss_2048_sha256_mgf1_32_test", Algorithm(Kind.RSA_PSS, HashAlgorithm.SHA256, 32)),
        ("rsa_signature_2048_sha256_test", Algorithm(Kind.RSA_PKCS1, HashAlgorithm.SHA256)),
    ],
)
def test_rsa(name: str, algorithm: Algorithm) -> None:
    for group, vector in vectors(name):
        numbers = group["publicKey"]
        key = RSAPublicKey(int(numbers["modulus"], 16), int(numbers["publicExponent"], 16))
        check(name, vector, accepts(key, algorithm, vector))


needs_mlkem = pytest.mark.skipif(not mlkem.available(), reason="kyber-py is not installed (puressl[pq])")


@needs_mlkem
def test_mlkem_768_key_generation() -> None:
    for _, vector in vectors("mlkem_768_keygen_seed_test"):
        public, secret = mlkem.key_pair(octets(vector, "seed"))
        assert public == octets(vector, "ek")
        assert secret == octets(vector, "dk")


@needs_mlkem
def test_mlkem_768_encapsulation() -> None:
    for _, vector in vectors("mlkem_768_encaps_test"):
        encapsulated = mlkem.encapsulate(octets(vector, "ek"), octets(vector, "m"))
        check("encaps", vector, encapsulated is not None)
        if encapsulated is not None:
            assert encapsulated == (octets(vector, "K"), octets(vector, "c"))


@needs_mlkem
def test_mlkem_768_decapsulation() -> None:
    for _, vector in vectors("mlkem_768_test"):
        seed = octets(vector, "seed")
        if len(seed) != mlkem.SEED_LENGTH:
            check("decaps", vector, accepted=False)
            continue
        public, secret = mlkem.key_pair(seed)
        shared = mlkem.decapsulate(secret, octets(vector, "c"))
        check("decaps", vector, shared is not None)
        if shared is not None:
            assert public == octets(vector, "ek")
            assert shared == octets(vector, "K")
