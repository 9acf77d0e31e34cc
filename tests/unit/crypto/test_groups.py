"""Key exchange groups: both sides agree, and no bad share gets through."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from puressl.codes import NamedGroup
from puressl.crypto import mlkem
from puressl.crypto.groups import DEFAULT_GROUPS, GROUPS, FiniteFieldGroup, Group, finite_field_group
from puressl.env import Purpose, SeededEnv
from puressl.errors import Problem, ProtocolError

ROOT = Path(__file__).resolve().parents[3]
ENV = SeededEnv(b"test_groups", 0)
EVERY_GROUP = pytest.mark.parametrize("group", list(GROUPS.values()), ids=lambda group: group.name)
NIST = pytest.mark.parametrize(
    "group",
    [GROUPS[n] for n in (NamedGroup.SECP256R1, NamedGroup.SECP384R1, NamedGroup.SECP521R1)],
    ids=lambda g: g.name,
)
FFDHE = pytest.mark.parametrize(
    "group", [GROUPS[NamedGroup.FFDHE2048], GROUPS[NamedGroup.FFDHE3072]], ids=lambda group: group.name
)
#: Octets of the shared secret (RFC 8446 7.4.1, 7.4.2).
SECRET_LENGTHS = {
    NamedGroup.SECP256R1: 32,
    NamedGroup.SECP384R1: 48,
    NamedGroup.SECP521R1: 66,
    NamedGroup.X25519: 32,
    NamedGroup.X448: 56,
    NamedGroup.FFDHE2048: 256,
    NamedGroup.FFDHE3072: 384,
    NamedGroup.X25519MLKEM768: 64,
}


def refuses(group: Group, public: bytes) -> bool:
    """Whether both sides refuse a share, with the right problem."""
    for action in (lambda: group.respond(public, ENV), lambda: group.generate(ENV).derive(public)):
        with pytest.raises(ProtocolError) as caught:
            action()
        if caught.value.problem is not Problem.BAD_KEY_SHARE:
            return False
    return True


@EVERY_GROUP
def test_both_sides_agree(group: Group) -> None:
    share = group.generate(ENV)
    public, secret = group.respond(share.public, ENV)
    assert share.derive(public) == secret
    assert len(secret) == SECRET_LENGTHS[NamedGroup(group.id)]
    assert GROUPS[group.id] is group


@EVERY_GROUP
def test_everything_is_a_function_of_the_environment(group: Group) -> None:
    share = group.generate(SeededEnv(b"a", 0))
    assert share == group.generate(SeededEnv(b"a", 0))
    assert share.public != group.generate(SeededEnv(b"b", 0)).public
    assert group.respond(share.public, SeededEnv(b"c", 0)) == group.respond(share.public, SeededEnv(b"c", 0))


@EVERY_GROUP
def test_share_of_any_other_length_is_refused(group: Group) -> None:
    public = group.generate(ENV).public
    for wrong in (b"", public[:1], public[:-1], public + b"\x00", b"\x00" + public):
        assert refuses(group, wrong)


@EVERY_GROUP
def test_no_secret_is_printed(group: Group) -> None:
    share = group.generate(ENV)
    text = repr(share)
    assert repr(share.secret)[2:-1] not in text
    assert share.secret.hex() not in text
    assert str(int.from_bytes(share.secret[:52], "big")) not in text


@NIST
def test_nist_share_must_be_an_uncompressed_point_of_the_curve(group: Group) -> None:
    public = group.generate(ENV).public
    size = len(public) // 2
    compressed = bytes([2 + (public[-1] & 1)]) + public[1 : 1 + size]
    off = public[:-1] + bytes([public[-1] ^ 1])
    for wrong in (
        compressed,
        compressed + bytes(size),
        b"\x06" + public[1:],
        b"\x07" + public[1:],
        b"\x00" + bytes(2 * size),
        b"\x00",
        off,
        b"\x04" + bytes(2 * size),
        b"\x04" + b"\xff" * (2 * size),
        b"\x04" + public[1 + size :] + public[1 : 1 + size],
    ):
        assert refuses(group, wrong)


def test_off_curve_share_is_refused_without_asserts_too() -> None:
    """Under ``python -O`` the arithmetic library checks nothing."""
    program = (
        "from puressl.crypto.groups import GROUPS\n"
        "from puressl.env import SeededEnv\n"
        "from puressl.errors import ProtocolError\n"
        "env = SeededEnv(b'', 0)\n"
        "for group in (23, 24, 25):\n"
        "    share = GROUPS[group].generate(env)\n"
        "    for wrong in (share.public[:-1] + bytes([share.public[-1] ^ 1]), b'\\4' + bytes(len(share.public) - 1)):\n"
        "        try:\n"
        "            share.derive(wrong)\n"
        "        except ProtocolError:\n"
        "            continue\n"
        "        raise SystemExit('accepted')\n"
    )
    subprocess.run([sys.executable, "-O", "-c", program], check=True, cwd=ROOT, timeout=60)


def test_x25519_takes_32_octets_as_they_come() -> None:
    """RFC 8448 section 3: the client's ephemeral key."""

    class Pool(SeededEnv):
        def random(self, length: int, purpose: Purpose) -> bytes:
            assert purpose is Purpose.KEY_SHARE
            return bytes.fromhex("49af42ba7f7994852d713ef2784bcbcaa7911de26adc5642cb634540e7ea5005")[:length]

    share = GROUPS[NamedGroup.X25519].generate(Pool(b"", 0))
    assert share.public.hex() == "99381de560e4bd43d23d8e435a7dbafeb3c06e51c13cae4d5413691e529aaf2c"
    server = bytes.fromhex("c9828876112095fe66762bdbf7c672e156d6cc253b833df1dd69b1b04e751f0f")
    assert share.derive(server).hex() == "8bd4054fb55b9d63fdfbacf9f04b9f0d35e6d63f537563efd46272900f89492d"


@pytest.mark.parametrize("u", [0, 1, 2**255 - 20, 2**255 - 19, 2**255 - 18, 2**255])
def test_x25519_refuses_points_of_small_order(u: int) -> None:
    assert refuses(GROUPS[NamedGroup.X25519], u.to_bytes(32, "little"))


@pytest.mark.parametrize("u", [0, 1, 2**448 - 2**224 - 2, 2**448 - 2**224 - 1, 2**448 - 2**224])
def test_x448_refuses_points_of_small_order(u: int) -> None:
    assert refuses(GROUPS[NamedGroup.X448], u.to_bytes(56, "little"))


@FFDHE
def test_finite_field_share_must_lie_inside_the_range(group: FiniteFieldGroup) -> None:
    p = group.prime
    for wrong in (0, 1, p - 1, p, p + 1, (1 << 8 * group.size) - 1):
        assert refuses(group, wrong.to_bytes(group.size, "big"))
    for right in (2, 3, p - 2):
        group.respond(right.to_bytes(group.size, "big"), ENV)


@FFDHE
def test_finite_field_secret_keeps_its_leading_zeros(group: FiniteFieldGroup) -> None:
    assert group.shared_secret(b"\x01", (2).to_bytes(group.size, "big")) == (2).to_bytes(group.size, "big")


def test_rfc_7919_primes() -> None:
    """First and last octets as RFC 7919 appendix A prints them; both are safe primes."""
    for code, middle in ((NamedGroup.FFDHE2048, "886B423861285C97"), (NamedGroup.FFDHE3072, "25E41D2B66C62E37")):
        group = GROUPS[code]
        assert isinstance(group, FiniteFieldGroup)
        text = f"{group.prime:X}"
        assert text.startswith("FFFFFFFFFFFFFFFFADF85458A2BB4A9AAFDC5620273D3CF1")
        assert text.endswith(middle + "FFFFFFFFFFFFFFFF")
        q = (group.prime - 1) // 2
        assert pow(2, group.prime - 1, group.prime) == 1 == pow(2, q - 1, q)
        assert pow(group.generator, q, group.prime) == 1


def test_named_group_is_recognised_by_its_numbers() -> None:
    group = GROUPS[NamedGroup.FFDHE2048]
    assert isinstance(group, FiniteFieldGroup)
    assert finite_field_group(group.prime, 2) is group


def test_unnamed_group_agrees_with_itself() -> None:
    p = (1 << 2048) + 981  # any odd number will do for the arithmetic
    group = finite_field_group(p, 5)
    share = group.generate(ENV)
    public, secret = group.respond(share.public, ENV)
    assert share.derive(public) == secret
    assert group.id == 0


@pytest.mark.parametrize(
    ("p", "g", "problem"),
    [
        ((1 << 1024) - 105, 2, Problem.WEAK_KEY),
        ((1 << 2047) - 1, 2, Problem.WEAK_KEY),
        (0, 2, Problem.WEAK_KEY),
        ((1 << 8192) + 1, 2, Problem.ILLEGAL_PARAMETER),
        (1 << 2048, 2, Problem.ILLEGAL_PARAMETER),
        ((1 << 2048) + 981, 0, Problem.ILLEGAL_PARAMETER),
        ((1 << 2048) + 981, 1, Problem.ILLEGAL_PARAMETER),
        ((1 << 2048) + 981, (1 << 2048) + 980, Problem.ILLEGAL_PARAMETER),
        ((1 << 2048) + 981, (1 << 2048) + 981, Problem.ILLEGAL_PARAMETER),
    ],
    ids=["1024 bits", "2047 bits", "zero", "8193 bits", "even", "g=0", "g=1", "g=p-1", "g=p"],
)
def test_unnamed_group_out_of_bounds_is_refused(p: int, g: int, problem: Problem) -> None:
    with pytest.raises(ProtocolError) as caught:
        finite_field_group(p, g)
    assert caught.value.problem is problem


@pytest.mark.skipif(not mlkem.available(), reason="kyber-py is not installed (puressl[pq])")
def test_hybrid_puts_mlkem_first_and_checks_both_parts() -> None:
    group = GROUPS[NamedGroup.X25519MLKEM768]
    share = group.generate(ENV)
    assert len(share.public) == 1184 + 32
    public, secret = group.respond(share.public, ENV)
    assert (len(public), len(secret)) == (1088 + 32, 64)
    for wrong in (share.public[:1184] + bytes(32), b"\xff" * 1184 + share.public[1184:]):
        with pytest.raises(ProtocolError) as caught:
            group.respond(wrong, ENV)
        assert caught.value.problem is Problem.BAD_KEY_SHARE
    with pytest.raises(ProtocolError):
        share.derive(public[:1088] + bytes(32))
    changed = share.derive(bytes([public[0] ^ 1]) + public[1:])
    assert changed[:32] != secret[:32]
    assert changed[32:] == secret[32:]


def test_hybrid_is_absent_without_its_package() -> None:
    program = (
        "import sys\n"
        "sys.modules['kyber_py'] = None\n"
        "from puressl.crypto.groups import GROUPS\n"
        "raise SystemExit(0x11EC in GROUPS or len(GROUPS) != 7)\n"
    )
    subprocess.run([sys.executable, "-c", program], check=True, cwd=ROOT, timeout=60)


def test_every_default_group_exists() -> None:
    assert set(DEFAULT_GROUPS) <= set(GROUPS)
    assert len(set(DEFAULT_GROUPS)) == len(DEFAULT_GROUPS)
