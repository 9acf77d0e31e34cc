"""Public and private keys as values.

Theory of operation: a key object that exists is a usable key. Constructors check what the standards demand and what
keeps arithmetic bounded, and raise ``ProtocolError``: ``WEAK_KEY`` for a size below the floor, ``ILLEGAL_PARAMETER``
for anything inconsistent. What size a *policy* wants is not decided here. A private key carries its public key,
computed once; no secret number appears in a ``repr``.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from enum import Enum
from typing import Union

from puressl.crypto import edwards, weierstrass
from puressl.crypto.hashes import HashAlgorithm
from puressl.crypto.primes import random_prime
from puressl.env import Env, Purpose
from puressl.errors import Problem, ProtocolError

#: The smallest key met in traces and tests. Whether it is enough is for the policy to say.
MIN_RSA_BITS = 1024
#: What common implementations take at most. A longer key costs its owner nothing and its verifier seconds.
MAX_RSA_BITS = 16384
#: The longest public exponent: one of the modulus's length makes a verification as slow as a private operation.
MAX_RSA_EXPONENT_BITS = 32
#: F4, the exponent of every key made today.
RSA_F4 = 65537


class KeyType(str, Enum):
    """What a key is for: RSA_PSS is an id-RSASSA-PSS key, which may not sign by PKCS#1 v1.5 (RFC 4055 1.2)."""

    RSA = "rsa"
    RSA_PSS = "rsa-pss"
    EC = "ec"
    ED25519 = "ed25519"
    ED448 = "ed448"


class Curve(str, Enum):
    """The NIST curves of TLS by their SEC 2 names (RFC 8422 5.1.1)."""

    SECP256R1 = "secp256r1"
    SECP384R1 = "secp384r1"
    SECP521R1 = "secp521r1"

    @property
    def row(self) -> weierstrass.Curve:
        """The curve's numbers, for its arithmetic."""
        return weierstrass.CURVES[self]

    @property
    def bits(self) -> int:
        """The length of a coordinate and of the order, in bits."""
        return self.row.order.bit_length()

    @property
    def size(self) -> int:
        """The length of a coordinate and of a scalar, in octets."""
        return self.row.size


EDDSA_CURVES = {KeyType.ED25519: edwards.ED25519, KeyType.ED448: edwards.ED448}


def _illegal(detail: str) -> ProtocolError:
    return ProtocolError(Problem.ILLEGAL_PARAMETER, detail)


@dataclass(frozen=True, slots=True)
class PssParameters:
    """What marks an id-RSASSA-PSS key, and the restriction it may carry (RFC 4055 1.2, 3.3).

    hash: the only hash allowed, None for any. salt_length: the least number of octets of salt.
    """

    hash: HashAlgorithm | None = None
    salt_length: int = 0


@dataclass(frozen=True, slots=True)
class RSAPublicKey:
    """An RSA public key (RFC 8017 3.1).

    modulus: 1024 to 16384 bits. exponent: odd, 3 to 2^32. pss: for an id-RSASSA-PSS key, its restriction
    (``PssParameters()`` for none).
    """

    modulus: int = field(repr=False)
    exponent: int
    pss: PssParameters | None = None

    def __post_init__(self) -> None:
        if self.bits < MIN_RSA_BITS:
            raise ProtocolError(Problem.WEAK_KEY, f"RSA modulus of {self.bits} bits, at least {MIN_RSA_BITS} needed")
        if self.bits > MAX_RSA_BITS:
            raise _illegal(f"RSA modulus of {self.bits} bits, at most {MAX_RSA_BITS} accepted")
        if self.modulus % 2 == 0:
            raise _illegal("RSA modulus is even")
        # RFC 8017 3.1: 3 <= e <= n - 1, and e is coprime to an even number, so odd.
        if self.exponent < 3 or self.exponent % 2 == 0 or self.exponent.bit_length() > MAX_RSA_EXPONENT_BITS:
            raise _illegal(f"RSA public exponent must be odd, 3 to 2^{MAX_RSA_EXPONENT_BITS}")

    @property
    def bits(self) -> int:
        return self.modulus.bit_length()

    @property
    def size(self) -> int:
        """Octets of the modulus, and of every signature and ciphertext."""
        return (self.bits + 7) // 8

    @property
    def key_type(self) -> KeyType:
        return KeyType.RSA if self.pss is None else KeyType.RSA_PSS


@dataclass(frozen=True, slots=True)
class ECPublicKey:
    """A point of a NIST curve. point: its uncompressed octets (SEC 1 2.3.3), on the curve and not at infinity."""

    curve: Curve
    point: bytes

    def __post_init__(self) -> None:
        if self.point[:1] != b"\x04" or weierstrass.decode_point(self.curve.row, self.point) is None:
            raise _illegal(f"not an uncompressed point of {self.curve.value}")

    @classmethod
    def decode(cls, curve: Curve, octets: bytes) -> ECPublicKey:
        """The key in either form that RFC 5480 2.2 allows, uncompressed or compressed.

        Raises ILLEGAL_PARAMETER for no point.
        """
        point = weierstrass.decode_point(curve.row, octets)
        if point is None:
            raise _illegal(f"not a point of {curve.value}")
        return cls(curve, point)

    @property
    def key_type(self) -> KeyType:
        return KeyType.EC


@dataclass(frozen=True, slots=True)
class EdPublicKey:
    """An EdDSA public key (RFC 8032).

    key_type: ED25519 or ED448. raw: the canonical encoding of a point, 32 or 57 octets.
    """

    key_type: KeyType
    raw: bytes

    def __post_init__(self) -> None:
        if not edwards.is_point(_eddsa_curve(self.key_type, self.raw), self.raw):
            raise _illegal(f"not a point of {self.key_type.value}")


def _eddsa_curve(key_type: KeyType, octets: bytes) -> edwards.Curve:
    curve = EDDSA_CURVES.get(key_type)
    if curve is None:
        raise _illegal(f"{key_type.value} is not an EdDSA key type")
    if len(octets) != curve.size:
        raise _illegal(f"{key_type.value} key of {len(octets)} octets, {curve.size} needed")
    return curve


PublicKey = Union[RSAPublicKey, ECPublicKey, EdPublicKey]


@dataclass(frozen=True, slots=True)
class RSAPrivateKey:
    """A two-prime RSA private key with its CRT numbers (RFC 8017 3.2).

    n, e: the public key. d: private exponent. p, q: primes. dp = d mod p − 1, dq = d mod q − 1, qinv = q⁻¹ mod p.
    pss: as in ``RSAPublicKey``.
    """

    n: int = field(repr=False)
    e: int = field(repr=False)
    d: int = field(repr=False)
    p: int = field(repr=False)
    q: int = field(repr=False)
    dp: int = field(repr=False)
    dq: int = field(repr=False)
    qinv: int = field(repr=False)
    pss: PssParameters | None = field(default=None, repr=False)
    public: RSAPublicKey = field(init=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "public", RSAPublicKey(self.n, self.e, self.pss))
        if not self._consistent():
            raise _illegal("numbers of the RSA private key do not belong together")

    def _consistent(self) -> bool:
        """RFC 8017 3.2: the product, and each private exponent the inverse of e modulo its prime − 1."""
        if not (1 < self.p < self.n and 1 < self.q < self.n and self.p * self.q == self.n and self.p != self.q):
            return False
        return (
            0 < self.d < self.n
            and self.d % (self.p - 1) == self.dp
            and self.d % (self.q - 1) == self.dq
            and self.e * self.dp % (self.p - 1) == 1
            and self.e * self.dq % (self.q - 1) == 1
            and 0 < self.qinv < self.p
            and self.q * self.qinv % self.p == 1
        )

    @classmethod
    def from_primes(cls, p: int, q: int, e: int = RSA_F4, pss: PssParameters | None = None) -> RSAPrivateKey:
        """The key of two primes, every other number computed. Raises ILLEGAL_PARAMETER where e has no inverse."""
        try:
            d = pow(e, -1, math.lcm(p - 1, q - 1))
            qinv = pow(q, -1, p)
        except (ValueError, ZeroDivisionError):
            raise _illegal("RSA primes do not fit the public exponent") from None
        return cls(p * q, e, d, p, q, d % (p - 1), d % (q - 1), qinv, pss)

    @property
    def key_type(self) -> KeyType:
        return self.public.key_type


@dataclass(frozen=True, slots=True)
class ECPrivateKey:
    """A scalar of a NIST curve, 1 to order − 1 (SEC 1 3.2.1)."""

    curve: Curve
    scalar: int = field(repr=False)
    public: ECPublicKey = field(init=False, compare=False)

    def __post_init__(self) -> None:
        if not 1 <= self.scalar < self.curve.row.order:
            raise _illegal(f"private scalar out of the range of {self.curve.value}")
        object.__setattr__(
            self, "public", ECPublicKey(self.curve, weierstrass.public_point(self.curve.row, self.scalar))
        )

    @property
    def key_type(self) -> KeyType:
        return KeyType.EC


@dataclass(frozen=True, slots=True)
class EdPrivateKey:
    """An EdDSA private key: key_type ED25519 or ED448, seed of 32 or 57 octets (RFC 8032 5.1.5, 5.2.5)."""

    key_type: KeyType
    seed: bytes = field(repr=False)
    public: EdPublicKey = field(init=False, compare=False)

    def __post_init__(self) -> None:
        raw = edwards.public_key(_eddsa_curve(self.key_type, self.seed), self.seed)
        object.__setattr__(self, "public", EdPublicKey(self.key_type, raw))


PrivateKey = Union[RSAPrivateKey, ECPrivateKey, EdPrivateKey]


def random_scalar(curve: Curve, env: Env, purpose: Purpose) -> int:
    """A uniform scalar of 1 to order − 1: the first octet string in the range, big-endian (FIPS 186-5 A.2.2)."""
    order = curve.row.order
    mask = (1 << order.bit_length()) - 1  # P-521's strings have seven bits more than its scalars
    while True:
        scalar = int.from_bytes(env.random(curve.size, purpose), "big") & mask
        if 1 <= scalar < order:
            return scalar


def generate_rsa(bits: int, env: Env, pss: PssParameters | None = None) -> RSAPrivateKey:
    """A new RSA key with e = 65537 (FIPS 186-5 A.1.3). bits: even, 1024 to 16384; time grows with its fourth power."""
    if bits % 2 or not MIN_RSA_BITS <= bits <= MAX_RSA_BITS:
        raise ProtocolError(Problem.WEAK_KEY, f"cannot make an RSA key of {bits} bits")
    p, q = _rsa_prime(bits // 2, env), _rsa_prime(bits // 2, env)
    # FIPS 186-5 A.1.3: primes that share their upper hundred bits are found by Fermat's factoring.
    while abs(p - q) >> (bits // 2 - 100) == 0:
        q = _rsa_prime(bits // 2, env)
    return RSAPrivateKey.from_primes(max(p, q), min(p, q), RSA_F4, pss)


def _rsa_prime(bits: int, env: Env) -> int:
    while True:
        prime = random_prime(bits, env)
        if prime % RSA_F4 != 1:  # else e has no inverse
            return prime


def generate_ec(curve: Curve, env: Env) -> ECPrivateKey:
    """A new key of a NIST curve."""
    return ECPrivateKey(curve, random_scalar(curve, env, Purpose.KEY_GENERATION))


def generate_ed(key_type: KeyType, env: Env) -> EdPrivateKey:
    """A new EdDSA key. key_type: ED25519 or ED448."""
    curve = EDDSA_CURVES.get(key_type)
    if curve is None:
        raise _illegal(f"{key_type.value} is not an EdDSA key type")
    return EdPrivateKey(key_type, env.random(curve.size, Purpose.KEY_GENERATION))
