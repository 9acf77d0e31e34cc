"""ECDSA with deterministic nonces (FIPS 186-5 6.4, RFC 6979).

Theory of operation: digests come in, numbers go out; hashing and DER are the caller's. The nonce, of which a few bits
from each of many signatures would give the key away, goes through regular operations alone: the multiplication of the
generator is one for all scalars, and what is inverted by Euclid's algorithm, whose steps depend on its operand, is the
nonce times a mask. The mask is the next number of the nonce's own generator, so that no randomness is asked for. One
inversion more goes without a mask, that of the product's denominator, which is as long as a coordinate and looks random
whatever the nonce; Fermat's way, of equal steps, would cost a third more.
"""

from __future__ import annotations

from collections.abc import Iterator

from puressl.crypto import weierstrass
from puressl.crypto.hashes import HashAlgorithm
from puressl.crypto.kdf import hmac_digest
from puressl.crypto.weierstrass import Curve


def sign(curve: Curve, scalar: int, digest: bytes, algorithm: HashAlgorithm) -> tuple[int, int]:
    """A signature (FIPS 186-5 6.4.1) with the nonce of RFC 6979 3.2: r and s, 1 to order − 1.

    scalar: the private key. algorithm: the hash that made the digest.
    """
    order = curve.order
    number = _leftmost_bits(curve, digest)
    nonces = _nonces(curve, scalar, number, algorithm)
    while True:
        nonce, mask = next(nonces), next(nonces)
        r = weierstrass.multiply_base(curve, nonce)[0] % order
        s = pow(nonce * mask % order, -1, order) * (mask * (number + r * scalar) % order) % order
        if r and s:
            return r, s


def _nonces(curve: Curve, scalar: int, number: int, algorithm: HashAlgorithm) -> Iterator[int]:
    """Numbers of 1 to order − 1 from a private key and a digest's number (RFC 6979 3.2, steps b to h)."""
    seed = b"".join(value.to_bytes(curve.size, "big") for value in (scalar, number % curve.order))
    key, value = bytes(algorithm.size), b"\x01" * algorithm.size
    for separator in (b"\x00", b"\x01"):
        key = hmac_digest(algorithm, key, value + separator + seed)
        value = hmac_digest(algorithm, key, value)
    while True:
        octets = b""
        while len(octets) < curve.size:
            value = hmac_digest(algorithm, key, value)
            octets += value
        nonce = _leftmost_bits(curve, octets[: curve.size])
        if 1 <= nonce < curve.order:
            yield nonce
        key = hmac_digest(algorithm, key, value + b"\x00")
        value = hmac_digest(algorithm, key, value)


def verify(curve: Curve, point: bytes, digest: bytes, r: int, s: int) -> bool:
    """Whether (r, s) is a signature of the digest by the point's owner (FIPS 186-5 6.4.2).

    point: uncompressed and checked by ``weierstrass.decode_point``. r, s: any integers.
    """
    order = curve.order
    if not (1 <= r < order and 1 <= s < order):
        return False
    inverse = pow(s, -1, order)
    u1, u2 = _leftmost_bits(curve, digest) * inverse % order, r * inverse % order
    return weierstrass.has_coordinate(curve, u1, u2, point, r)


def _leftmost_bits(curve: Curve, octets: bytes) -> int:
    """The number of as many leading bits as the order has (RFC 6979 2.3.2, bits2int)."""
    return int.from_bytes(octets, "big") >> max(0, 8 * len(octets) - curve.order.bit_length())
