"""What the NIST curves cost beside the ecdsa package, the two taking turns."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from time import perf_counter
from typing import Any

import pytest
from ecdsa import ECDH, SigningKey, VerifyingKey, curves
from ecdsa.util import sigdecode_strings, sigencode_strings

from puressl.crypto import ecdsa, weierstrass
from puressl.crypto.hashes import HashAlgorithm
from puressl.crypto.weierstrass import CURVES

pytestmark = [pytest.mark.bench]

PEERS = {"secp256r1": curves.NIST256p, "secp384r1": curves.NIST384p, "secp521r1": curves.NIST521p}
DIGEST = hashlib.sha256(b"message").digest()
RUNS = 40
#: By operation: what puressl does, what the ecdsa package does.
Pairs = dict[str, tuple[Callable[[], object], Callable[[], object]]]


def operations(name: str) -> Pairs:
    curve, peer = CURVES[name], PEERS[name]
    scalar = int.from_bytes(hashlib.shake_256(b"scalar").digest(curve.size), "big") % curve.order
    point = weierstrass.public_point(curve, scalar)
    r, s = ecdsa.sign(curve, scalar, DIGEST, HashAlgorithm.SHA256)
    signing, raw = SigningKey.from_secret_exponent(scalar, peer), [n.to_bytes(curve.size, "big") for n in (r, s)]
    known = VerifyingKey.from_string(point, peer)

    def verify() -> bool:
        return ecdsa.verify(curve, point, DIGEST, r, s)

    def verify_new() -> bool:
        weierstrass._key.cache_clear()
        return verify()

    def peer_verify(key: VerifyingKey) -> Any:
        return key.verify_digest(raw, DIGEST, sigdecode_strings)

    return {
        "verify, new key": (verify_new, lambda: peer_verify(VerifyingKey.from_string(point, peer))),
        "verify, known key": (verify, lambda: peer_verify(known)),
        "sign": (
            lambda: ecdsa.sign(curve, scalar, DIGEST, HashAlgorithm.SHA256),
            lambda: signing.sign_digest_deterministic(DIGEST, hashlib.sha256, sigencode_strings),
        ),
        "key pair": (
            lambda: weierstrass.public_point(curve, scalar),
            lambda: SigningKey.from_secret_exponent(scalar, peer),
        ),
        "shared secret": (
            lambda: weierstrass.shared_coordinate(curve, scalar, point),
            lambda: ECDH(peer, signing, VerifyingKey.from_string(point, peer)).generate_sharedsecret_bytes(),
        ),
    }


def building(name: str, shape: weierstrass.Shape) -> float:
    """Milliseconds to build a table."""
    times = []
    for _ in range(5):
        begin = perf_counter()
        weierstrass._build(CURVES[name], CURVES[name].base, shape)
        times.append((perf_counter() - begin) * 1000)
    return min(times)


@pytest.mark.parametrize("name", list(CURVES))
def test_beside_the_ecdsa_package(name: str, capsys: pytest.CaptureFixture[str], pytestconfig: pytest.Config) -> None:
    if not pytestconfig.getoption("benchmark_enable"):
        pytest.skip("measures only with --benchmark-enable")
    shapes = {"the generator": weierstrass._GENERATOR, "a known key": weierstrass._KEY}
    lines = [f"{name}, tables: " + ", ".join(f"{of} {building(name, shape):.1f} ms" for of, shape in shapes.items())]
    for operation, (ours, theirs) in operations(name).items():
        for action in (*[ours] * (weierstrass._GENERATOR.after + 1), theirs):
            assert action()
        taken: tuple[list[float], list[float]] = ([], [])
        for _ in range(RUNS):
            for action, times in zip((ours, theirs), taken, strict=True):
                begin = perf_counter()
                action()
                times.append(perf_counter() - begin)
        mine, other = (min(times) * 1000 for times in taken)
        lines.append(f"  {operation}: puressl {mine:.2f} ms, ecdsa {other:.2f} ms, {other / mine:.1f} times")
    with capsys.disabled():
        print("\n" + "\n".join(lines))
