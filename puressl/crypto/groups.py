"""Key exchange groups (RFC 8446 4.2.7, 4.2.8; RFC 7748; RFC 7919; RFC 8422 5.4; X25519MLKEM768).

Theory of operation: to the layers above every group is a ``Group``: ``generate`` makes a share to send first,
``respond`` answers a received one. For Diffie–Hellman ``respond`` is ``generate`` and ``derive``; for a key
encapsulation it is not, so it is a method of its own. A peer's share is checked here, completely and before use:
length, form, curve equation or range, and the all-zero result. Secrets come from ``Env`` under ``Purpose.KEY_SHARE``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Protocol

from puressl.codes import NamedGroup
from puressl.crypto import mlkem, montgomery, weierstrass
from puressl.crypto.keys import Curve, random_scalar
from puressl.env import Env, Purpose
from puressl.errors import Problem, ProtocolError


class Group(Protocol):
    """What the layers above know of a group.

    id: its code point, 0 for a group that a TLS 1.2 server sent in full. name: as the registry prints it.
    """

    @property
    def id(self) -> int: ...

    @property
    def name(self) -> str: ...

    def generate(self, env: Env) -> PrivateShare:
        """A new key pair."""
        ...

    def respond(self, peer_public: bytes, env: Env) -> tuple[bytes, bytes]:
        """Answer a share: what to send back, and the shared secret. Raises BAD_KEY_SHARE."""
        ...

    def shared_secret(self, secret: bytes, peer_public: bytes) -> bytes:
        """The shared secret of one's own secret octets and the peer's answer.

        Raises BAD_KEY_SHARE. ``PrivateShare.derive`` calls it.
        """
        ...


@dataclass(frozen=True, slots=True)
class PrivateShare:
    """One's own half of a key exchange. public: what a key_share entry or a key exchange message carries."""

    group: Group
    public: bytes
    secret: bytes = field(repr=False)

    def derive(self, peer_public: bytes) -> bytes:
        """The shared secret with a peer's share (RFC 8446 7.4). Raises BAD_KEY_SHARE."""
        return self.group.shared_secret(self.secret, peer_public)


def _bad(group: Group, detail: str) -> ProtocolError:
    return ProtocolError(Problem.BAD_KEY_SHARE, f"{group.name}: {detail}")


def _check_length(group: Group, public: bytes, length: int) -> None:
    if len(public) != length:
        raise _bad(group, f"{len(public)} octets, {length} needed")


class _DiffieHellman:
    """The answer to a share where both sides do the same."""

    __slots__ = ()

    def respond(self: Group, peer_public: bytes, env: Env) -> tuple[bytes, bytes]:
        share = self.generate(env)
        return share.public, share.derive(peer_public)


@dataclass(frozen=True, slots=True)
class WeierstrassGroup(_DiffieHellman):
    """ECDH on a NIST curve; shares are uncompressed points (RFC 8446 4.2.8.2, RFC 8422 5.4.1)."""

    id: int
    curve: Curve

    @property
    def name(self) -> str:
        return self.curve.value

    def generate(self, env: Env) -> PrivateShare:
        scalar = random_scalar(self.curve, env, Purpose.KEY_SHARE)
        return PrivateShare(
            self, weierstrass.public_point(self.curve.row, scalar), scalar.to_bytes(self.curve.size, "big")
        )

    def shared_secret(self, secret: bytes, peer_public: bytes) -> bytes:
        _check_length(self, peer_public, 1 + 2 * self.curve.size)
        # RFC 8446 4.2.8.2: the point must be uncompressed and on the curve.
        shared = weierstrass.shared_coordinate(self.curve.row, int.from_bytes(secret, "big"), peer_public)
        if shared is None:
            raise _bad(self, "not an uncompressed point of the curve")
        return shared


@dataclass(frozen=True, slots=True)
class MontgomeryGroup(_DiffieHellman):
    """X25519 or X448 (RFC 7748 6); the secret is the random octets as they are."""

    id: int
    name: str
    curve: montgomery.Curve = field(repr=False)

    def generate(self, env: Env) -> PrivateShare:
        secret = env.random(self.curve.size, Purpose.KEY_SHARE)
        return PrivateShare(self, montgomery.public_key(self.curve, secret), secret)

    def shared_secret(self, secret: bytes, peer_public: bytes) -> bytes:
        _check_length(self, peer_public, self.curve.size)
        shared = montgomery.multiply(self.curve, secret, peer_public)
        if not any(shared):  # RFC 8446 7.4.2, RFC 7748 6.1: a point of small order
            raise _bad(self, "a point of small order")
        return shared


#: Octets of a secret exponent by bits of the prime: somewhat more than twice the security strength that RFC 7919 5.2
#: and appendix A give (225 to 400 bits), which is all that the group can hold against.
_EXPONENT_OCTETS = ((2048, 32), (3072, 36), (4096, 44), (6144, 48), (8192, 52))
#: The least prime for TLS 1.2's unnamed groups: 1024-bit ones are within reach of precomputation (Logjam, 2015; RFC
#: 9325 4.1 asks 2048).
MIN_PRIME_BITS = 2048
#: The longest: RFC 7919's largest. One exponentiation beyond it takes seconds.
MAX_PRIME_BITS = 8192


@dataclass(frozen=True, slots=True)
class FiniteFieldGroup(_DiffieHellman):
    """Diffie–Hellman modulo a prime. Shares and secrets are padded to the prime's length (RFC 8446 4.2.8.1, 7.4.1).

    In TLS 1.2 a share may come shorter and the shared secret is used without its leading zeros (RFC 5246 8.1.2): both
    are the caller's.
    """

    id: int
    name: str
    prime: int = field(repr=False)
    generator: int = field(repr=False)

    @property
    def size(self) -> int:
        """Octets of the prime."""
        return (self.prime.bit_length() + 7) // 8

    def generate(self, env: Env) -> PrivateShare:
        bits = self.prime.bit_length()
        length = next(octets for most, octets in _EXPONENT_OCTETS if bits <= most)
        while True:
            secret = env.random(length, Purpose.KEY_SHARE)
            public = pow(self.generator, int.from_bytes(secret, "big"), self.prime)
            if 1 < public < self.prime - 1:
                return PrivateShare(self, public.to_bytes(self.size, "big"), secret)

    def shared_secret(self, secret: bytes, peer_public: bytes) -> bytes:
        _check_length(self, peer_public, self.size)
        public = int.from_bytes(peer_public, "big")
        if not 1 < public < self.prime - 1:  # RFC 8446 4.2.8.1, RFC 7919 5.1
            raise _bad(self, "share outside 1 < y < p - 1")
        shared = pow(public, int.from_bytes(secret, "big"), self.prime)
        if shared == 1:  # a share of small order, which only a group that is not of a safe prime has
            raise _bad(self, "a share of small order")
        return shared.to_bytes(self.size, "big")


def finite_field_group(p: int, g: int) -> FiniteFieldGroup:
    """The group of a TLS 1.2 ServerKeyExchange (RFC 5246 7.4.3).

    p: prime of 2048 to 8192 bits (its primality is not checked, as nobody can afford to). g: generator, 1 < g < p − 1.
    Raises WEAK_KEY for a short prime, ILLEGAL_PARAMETER for a long one, an even one, or a generator of order one or
    two.
    """
    bits = p.bit_length()
    if bits < MIN_PRIME_BITS:
        raise ProtocolError(Problem.WEAK_KEY, f"Diffie-Hellman prime of {bits} bits, at least {MIN_PRIME_BITS} needed")
    if bits > MAX_PRIME_BITS:
        raise ProtocolError(Problem.ILLEGAL_PARAMETER, f"Diffie-Hellman prime of {bits} bits, at most {MAX_PRIME_BITS}")
    if p % 2 == 0 or not 1 < g < p - 1:
        raise ProtocolError(Problem.ILLEGAL_PARAMETER, "Diffie-Hellman prime or generator")
    for named in (_build(NamedGroup.FFDHE2048), _build(NamedGroup.FFDHE3072)):
        if isinstance(named, FiniteFieldGroup) and (named.prime, named.generator) == (p, g):
            return named
    return FiniteFieldGroup(0, f"dhe{bits}", p, g)


def _e_bits(bits: int) -> int:
    """The integer part of 2^bits · e, from e = Σ 1/k!."""
    guard = 64  # the sum of the truncations stays far below 2^64
    term = total = 1 << (bits + guard)
    divisor = 1
    while term:
        term //= divisor
        total += term
        divisor += 1
    return total >> guard


def _rfc7919_prime(bits: int, offset: int) -> int:
    """2^b − 2^(b−64) + (⌊2^(b−130) · e⌋ + offset) · 2^64 − 1 (RFC 7919 appendix A)."""
    return (1 << bits) - (1 << (bits - 64)) + ((_e_bits(bits - 130) + offset) << 64) - 1


def _ffdhe(group: NamedGroup, bits: int, offset: int) -> FiniteFieldGroup:
    return FiniteFieldGroup(group, group.name.lower(), _rfc7919_prime(bits, offset), 2)


@dataclass(frozen=True, slots=True)
class HybridGroup:
    """X25519MLKEM768 (draft-ietf-tls-ecdhe-mlkem 3):

    the ML-KEM part first, then X25519's, in shares and in the secret.
    """

    id: int
    name: str
    classical: MontgomeryGroup

    def generate(self, env: Env) -> PrivateShare:
        seed = env.random(mlkem.SEED_LENGTH, Purpose.KEY_SHARE)
        encapsulation_key, decapsulation_key = mlkem.key_pair(seed)
        share = self.classical.generate(env)
        return PrivateShare(self, encapsulation_key + share.public, decapsulation_key + share.secret)

    def respond(self, peer_public: bytes, env: Env) -> tuple[bytes, bytes]:
        _check_length(self, peer_public, mlkem.PUBLIC_LENGTH + self.classical.curve.size)
        encapsulated = mlkem.encapsulate(
            peer_public[: mlkem.PUBLIC_LENGTH], env.random(mlkem.MESSAGE_LENGTH, Purpose.KEY_SHARE)
        )
        if encapsulated is None:  # FIPS 203 7.2
            raise _bad(self, "ML-KEM encapsulation key fails its modulus check")
        secret, ciphertext = encapsulated
        public, classical_secret = self.classical.respond(peer_public[mlkem.PUBLIC_LENGTH :], env)
        return ciphertext + public, secret + classical_secret

    def shared_secret(self, secret: bytes, peer_public: bytes) -> bytes:
        size = self.classical.curve.size
        _check_length(self, peer_public, mlkem.CIPHERTEXT_LENGTH + size)
        shared = mlkem.decapsulate(secret[:-size], peer_public[: mlkem.CIPHERTEXT_LENGTH])
        if shared is None:
            raise _bad(self, "ML-KEM ciphertext")
        return shared + self.classical.shared_secret(secret[-size:], peer_public[mlkem.CIPHERTEXT_LENGTH :])


_X25519 = MontgomeryGroup(NamedGroup.X25519, "x25519", montgomery.CURVE25519)

_BUILDERS: Mapping[NamedGroup, Callable[[], Group]] = {
    NamedGroup.X25519: lambda: _X25519,
    NamedGroup.SECP256R1: lambda: WeierstrassGroup(NamedGroup.SECP256R1, Curve.SECP256R1),
    NamedGroup.SECP384R1: lambda: WeierstrassGroup(NamedGroup.SECP384R1, Curve.SECP384R1),
    NamedGroup.SECP521R1: lambda: WeierstrassGroup(NamedGroup.SECP521R1, Curve.SECP521R1),
    NamedGroup.X448: lambda: MontgomeryGroup(NamedGroup.X448, "x448", montgomery.CURVE448),
    NamedGroup.FFDHE2048: lambda: _ffdhe(NamedGroup.FFDHE2048, 2048, 560316),
    NamedGroup.FFDHE3072: lambda: _ffdhe(NamedGroup.FFDHE3072, 3072, 2625351),
    NamedGroup.X25519MLKEM768: lambda: HybridGroup(NamedGroup.X25519MLKEM768, "x25519mlkem768", _X25519),
}


class _Groups(Mapping[int, Group]):
    """Every group that can be used here, each built at its first use; X25519MLKEM768 only with kyber-py."""

    def __getitem__(self, group: int) -> Group:
        if group not in _present():
            raise KeyError(group)
        return _build(NamedGroup(group))

    def __iter__(self) -> Iterator[int]:
        return iter(_present())

    def __len__(self) -> int:
        return len(_present())


@cache
def _present() -> tuple[NamedGroup, ...]:
    return tuple(group for group in _BUILDERS if group is not NamedGroup.X25519MLKEM768 or mlkem.available())


@cache
def _build(group: NamedGroup) -> Group:
    return _BUILDERS[group]()


GROUPS: Mapping[int, Group] = _Groups()

#: Offered unless a configuration says otherwise, best first: what is cheapest for its strength. The hybrid is left to
#: those who ask for it, as it needs an optional package and costs several times the rest of the key exchange.
DEFAULT_GROUPS: tuple[NamedGroup, ...] = (
    NamedGroup.X25519,
    NamedGroup.SECP256R1,
    NamedGroup.X448,
    NamedGroup.SECP384R1,
    NamedGroup.SECP521R1,
    NamedGroup.FFDHE2048,
    NamedGroup.FFDHE3072,
)
