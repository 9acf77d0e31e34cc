"""X25519 and X448 against the vectors of RFC 7748."""

from __future__ import annotations

import pytest

from puressl.crypto.montgomery import CURVE448, CURVE25519, Curve, multiply, public_key

NINE, FIVE = (9).to_bytes(32, "little"), (5).to_bytes(56, "little")


@pytest.mark.parametrize(
    ("curve", "scalar", "coordinate", "result"),
    [  # RFC 7748 5.2
        (
            CURVE25519,
            "a546e36bf0527c9d3b16154b82465edd62144c0ac1fc5a18506a2244ba449ac4",
            "e6db6867583030db3594c1a424b15f7c726624ec26b3353b10a903a6d0ab1c4c",
            "c3da55379de9c6908e94ea4df28d084f32eccf03491c71f754b4075577a28552",
        ),
        (
            CURVE25519,
            "4b66e9d4d1b4673c5ad22691957d6af5c11b6421e0ea01d42ca4169e7918ba0d",
            "e5210f12786811d3f4b7959d0538ae2c31dbe7106fc03c3efc4cd549c715a493",
            "95cbde9476e8907d7aade45cb4b873f88b595a68799fa152e6f8f7647aac7957",
        ),
        (
            CURVE448,
            "3d262fddf9ec8e88495266fea19a34d28882acef045104d0d1aae121"
            "700a779c984c24f8cdd78fbff44943eba368f54b29259a4f1c600ad3",
            "06fce640fa3487bfda5f6cf2d5263f8aad88334cbd07437f020f08f9"
            "814dc031ddbdc38c19c6da2583fa5429db94ada18aa7a7fb4ef8a086",
            "ce3e4ff95a60dc6697da1db1d85e6afbdf79b50a2412d7546d5f239f"
            "e14fbaadeb445fc66a01b0779d98223961111e21766282f73dd96b6f",
        ),
        (
            CURVE448,
            "203d494428b8399352665ddca42f9de8fef600908e0d461cb021f8c5"
            "38345dd77c3e4806e25f46d3315c44e0a5b4371282dd2c8d5be3095f",
            "0fbcc2f993cd56d3305b0b7d9e55d4c1a8fb5dbb52f8e9a1e9b6201b"
            "165d015894e56c4d3570bee52fe205e28a78b91cdfbde71ce8d157db",
            "884a02576239ff7a2f2f63b2db6a9ff37047ac13568e1e30fe63c4a7"
            "ad1b3ee3a5700df34321d62077e63633c575c1c954514e99da7c179d",
        ),
    ],
)
def test_function(curve: Curve, scalar: str, coordinate: str, result: str) -> None:
    assert multiply(curve, bytes.fromhex(scalar), bytes.fromhex(coordinate)).hex() == result


@pytest.mark.parametrize(
    ("curve", "base", "result"),
    [  # RFC 7748 5.2, after one iteration
        (CURVE25519, NINE, "422c8e7a6227d7bca1350b3e2bb7279f7897b87bb6854b783c60e80311ae3079"),
        (
            CURVE448,
            FIVE,
            "3f482c8a9f19b01e6c46ee9711d9dc14fd4bf67af30765c2ae2b846a"
            "4d23a8cd0db897086239492caf350b51f833868b9bc2b3bca9cf4113",
        ),
    ],
)
def test_one_iteration(curve: Curve, base: bytes, result: str) -> None:
    assert multiply(curve, base, base).hex() == result


@pytest.mark.slow
def test_a_thousand_iterations() -> None:
    k = u = NINE
    for _ in range(1000):
        k, u = multiply(CURVE25519, k, u), k
    assert k.hex() == "684cf59ba83309552800ef566f2f4d3c1c3887c49360e3875f2eb94d99532c51"


@pytest.mark.parametrize(
    ("curve", "private", "public"),
    [  # RFC 7748 6.1, 6.2
        (
            CURVE25519,
            "77076d0a7318a57d3c16c17251b26645df4c2f87ebc0992ab177fba51db92c2a",
            "8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a",
        ),
        (
            CURVE448,
            "9a8f4925d1519f5775cf46b04b5800d4ee9ee8bae8bc5565d498c28d"
            "d9c9baf574a9419744897391006382a6f127ab1d9ac2d8c0a598726b",
            "9b08f7cc31b7e3e67d22d5aea121074a273bd2b83de09c63faa73d2c"
            "22c5d9bbc836647241d953d40c5b12da88120d53177f80e532c41fa0",
        ),
    ],
)
def test_public_key(curve: Curve, private: str, public: str) -> None:
    assert public_key(curve, bytes.fromhex(private)).hex() == public


@pytest.mark.parametrize(("curve", "base"), [(CURVE25519, NINE), (CURVE448, FIVE)])
def test_public_key_is_the_function_of_the_base_point(curve: Curve, base: bytes) -> None:
    scalars = [bytes(curve.size), b"\xff" * curve.size, bytes(range(curve.size)), bytes(range(199, 199 + curve.size))]
    for scalar in scalars:
        assert public_key(curve, scalar) == multiply(curve, scalar, base)


def test_scalar_that_is_a_multiple_of_the_order_gives_zero_both_ways() -> None:
    scalar = (4 * CURVE448.edwards.order).to_bytes(56, "little")  # clamping leaves it as it is
    assert public_key(CURVE448, scalar) == multiply(CURVE448, scalar, FIVE) == bytes(56)


#: Of order eight on Curve25519, as its inverse is.
EIGHTH = 325606250916557431795983626356110631294008115727848805560023387167927233504


@pytest.mark.parametrize(
    ("curve", "coordinate"),
    [
        *((curve, coordinate) for curve in (CURVE25519, CURVE448) for coordinate in (0, 1, curve.p - 1)),
        (CURVE25519, EIGHTH),
        (CURVE25519, pow(EIGHTH, -1, CURVE25519.p)),
    ],
)
def test_points_of_small_order_give_zero(curve: Curve, coordinate: int) -> None:
    for u in {coordinate, coordinate + curve.p if coordinate < 2 else coordinate}:
        octets = u.to_bytes(curve.size, "little")
        assert multiply(curve, bytes(range(curve.size)), octets) == bytes(curve.size)


def test_unused_bit_of_an_x25519_coordinate_is_ignored() -> None:
    flagged = NINE[:31] + b"\x80"
    assert multiply(CURVE25519, bytes(32), flagged) == multiply(CURVE25519, bytes(32), NINE)
