"""Signature schemes: which fits which key, what verifies, and that nothing but a verification proves anything."""

from __future__ import annotations

import base64
import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from puressl.codes import ProtocolVersion
from puressl.codes import SignatureScheme as Scheme
from puressl.crypto.hashes import HashAlgorithm
from puressl.crypto.keys import (
    Curve,
    ECPrivateKey,
    KeyType,
    PrivateKey,
    PssParameters,
    RSAPrivateKey,
    generate_ec,
    generate_ed,
    generate_rsa,
)
from puressl.crypto.signatures import (
    DEFAULT_SCHEMES,
    SCHEMES,
    Algorithm,
    Kind,
    SignatureValid,
    schemes_for,
    sign,
    sign_algorithm,
    verify,
    verify_algorithm,
)
from puressl.env import Purpose, SeededEnv
from puressl.errors import Problem, ProtocolError

TRACES = Path(__file__).resolve().parents[3].parent / "shared" / "vectors" / "rfc8448.json"
ENV = SeededEnv(b"test_signatures", 0)
V12, V13 = ProtocolVersion.TLSv1_2, ProtocolVersion.TLSv1_3
SHA1, SHA256, SHA384, SHA512 = (
    HashAlgorithm.SHA1,
    HashAlgorithm.SHA256,
    HashAlgorithm.SHA384,
    HashAlgorithm.SHA512,
)
RSA1024 = generate_rsa(1024, ENV)
RSA2048 = generate_rsa(2048, ENV)
RSA_PSS = RSAPrivateKey.from_primes(RSA2048.p, RSA2048.q, pss=PssParameters())
P256, P384, P521 = (generate_ec(curve, ENV) for curve in Curve)
ED25519, ED448 = generate_ed(KeyType.ED25519, ENV), generate_ed(KeyType.ED448, ENV)
KEYS: dict[str, PrivateKey] = {
    "rsa-1024": RSA1024,
    "rsa-2048": RSA2048,
    "rsa-pss": RSA_PSS,
    "p256": P256,
    "p384": P384,
    "p521": P521,
    "ed25519": ED25519,
    "ed448": ED448,
}
EVERY_KEY = pytest.mark.parametrize("key", KEYS.values(), ids=KEYS.keys())
VERSIONS = pytest.mark.parametrize("version", [V12, V13])
MESSAGE = b"handshake"

RSAE = (Scheme.RSA_PSS_RSAE_SHA256, Scheme.RSA_PSS_RSAE_SHA384, Scheme.RSA_PSS_RSAE_SHA512)
PSS = (Scheme.RSA_PSS_PSS_SHA256, Scheme.RSA_PSS_PSS_SHA384, Scheme.RSA_PSS_PSS_SHA512)
PKCS1 = (Scheme.RSA_PKCS1_SHA256, Scheme.RSA_PKCS1_SHA384, Scheme.RSA_PKCS1_SHA512)
ECDSA = (Scheme.ECDSA_SECP256R1_SHA256, Scheme.ECDSA_SECP384R1_SHA384, Scheme.ECDSA_SECP521R1_SHA512)


def problem_of(action) -> Problem:  # type: ignore[no-untyped-def]
    with pytest.raises(ProtocolError) as caught:
        action()
    return caught.value.problem


@pytest.mark.parametrize(
    ("key", "version", "schemes"),
    [
        ("rsa-2048", V13, RSAE),
        ("rsa-2048", V12, RSAE + PKCS1),
        ("rsa-1024", V13, RSAE[:2]),
        ("rsa-1024", V12, RSAE[:2] + PKCS1),
        ("rsa-pss", V13, PSS),
        ("rsa-pss", V12, PSS),
        ("p256", V13, ECDSA[:1]),
        ("p256", V12, ECDSA),
        ("p384", V13, ECDSA[1:2]),
        ("p384", V12, (ECDSA[1], ECDSA[0], ECDSA[2])),
        ("p521", V13, ECDSA[2:]),
        ("p521", V12, (ECDSA[2], ECDSA[0], ECDSA[1])),
        ("ed25519", V13, (Scheme.ED25519,)),
        ("ed25519", V12, (Scheme.ED25519,)),
        ("ed448", V13, (Scheme.ED448,)),
    ],
)
def test_schemes_of_a_key_in_order_of_preference(key: str, version: int, schemes: tuple[Scheme, ...]) -> None:
    assert schemes_for(KEYS[key].public, version) == schemes


def test_restricted_pss_key_has_the_schemes_it_allows() -> None:
    def schemes(hash_algorithm: HashAlgorithm | None, salt_length: int) -> tuple[int, ...]:
        key = RSAPrivateKey.from_primes(RSA2048.p, RSA2048.q, pss=PssParameters(hash_algorithm, salt_length))
        return schemes_for(key.public, V13)

    assert schemes(SHA384, 20) == (Scheme.RSA_PSS_PSS_SHA384,)
    assert schemes(None, 48) == PSS[1:]
    assert schemes(SHA256, 48) == ()
    assert schemes(SHA1, 20) == ()


@EVERY_KEY
@VERSIONS
def test_every_scheme_of_a_key_signs_and_verifies(key: PrivateKey, version: int) -> None:
    for scheme in schemes_for(key.public, version):
        signature = sign(key, scheme, MESSAGE, ENV)
        proof = verify(key.public, scheme, signature, MESSAGE, version)
        assert (proof.public_key, proof.algorithm) == (key.public, SCHEMES[scheme].algorithm)
        assert (
            problem_of(lambda s=scheme, g=signature: verify(key.public, s, g, b"other", version))
            is Problem.BAD_SIGNATURE
        )
        for wrong in (b"", b"\x00", signature[:-1], signature + b"\x00", b"\xff" * 65535):
            action = lambda s=scheme, w=wrong: verify(key.public, s, w, MESSAGE, version)  # noqa: E731
            assert problem_of(action) is Problem.BAD_SIGNATURE


@EVERY_KEY
@VERSIONS
def test_scheme_that_does_not_fit_is_an_illegal_parameter_whatever_the_signature(key: PrivateKey, version: int) -> None:
    sha1 = (Scheme.RSA_PKCS1_SHA1, Scheme.ECDSA_SHA1)
    for scheme in [*Scheme, 0, 0x0A0A, 0x0807 + 256, 0xFFFF, 0x0402]:
        if scheme in schemes_for(key.public, version) or (scheme in sha1 and version == V12):
            continue
        action = lambda s=scheme: verify(key.public, s, b"", MESSAGE, version)  # noqa: E731
        assert problem_of(action) is Problem.ILLEGAL_PARAMETER


@EVERY_KEY
def test_signing_with_a_scheme_of_another_key_is_refused(key: PrivateKey) -> None:
    for scheme in [*Scheme, 0, 0xFFFF]:
        row = SCHEMES.get(scheme)
        if row is None or row.key_type is not key.key_type:
            assert problem_of(lambda s=scheme: sign(key, s, MESSAGE, ENV)) is Problem.ILLEGAL_PARAMETER


def test_curve_is_bound_to_the_scheme_in_tls13_only() -> None:
    signature = sign(P384, Scheme.ECDSA_SECP256R1_SHA256, MESSAGE, ENV)
    verify(P384.public, Scheme.ECDSA_SECP256R1_SHA256, signature, MESSAGE, V12)
    action = lambda: verify(P384.public, Scheme.ECDSA_SECP256R1_SHA256, signature, MESSAGE, V13)  # noqa: E731
    assert problem_of(action) is Problem.ILLEGAL_PARAMETER


def test_sha1_and_pkcs1_never_sign_in_tls13() -> None:
    for scheme, row in SCHEMES.items():
        assert row.scheme == scheme
        if row.algorithm.hash is SHA1:
            assert not row.tls13
            assert scheme not in DEFAULT_SCHEMES
        if row.algorithm.kind is Kind.RSA_PKCS1:
            assert not row.tls13
    assert set(SCHEMES) == set(Scheme)


def test_sha1_verifies_in_tls12_where_a_configuration_offers_it() -> None:
    for key, scheme in ((RSA2048, Scheme.RSA_PKCS1_SHA1), (P256, Scheme.ECDSA_SHA1)):
        signature = sign(key, scheme, MESSAGE, ENV)
        verify(key.public, scheme, signature, MESSAGE, V12)
        assert scheme not in schemes_for(key.public, V12)


@pytest.mark.parametrize("hash_algorithm", [SHA256, SHA384, SHA512])
@EVERY_KEY
def test_certificates_may_combine_any_curve_and_hash(key: PrivateKey, hash_algorithm: HashAlgorithm) -> None:
    algorithms = {
        KeyType.RSA: (Algorithm(Kind.RSA_PKCS1, hash_algorithm), Algorithm(Kind.RSA_PSS, hash_algorithm, 20)),
        KeyType.RSA_PSS: (Algorithm(Kind.RSA_PSS, hash_algorithm, 32),),
        KeyType.EC: (Algorithm(Kind.ECDSA, hash_algorithm),),
        KeyType.ED25519: (Algorithm(Kind.EDDSA),),
        KeyType.ED448: (Algorithm(Kind.EDDSA),),
    }
    for algorithm in algorithms[key.key_type]:
        signature = sign_algorithm(key, algorithm, MESSAGE, ENV)
        assert verify_algorithm(key.public, algorithm, signature, MESSAGE).algorithm == algorithm


@pytest.mark.parametrize(
    "algorithm",
    [
        Algorithm(Kind.RSA_PKCS1, SHA1),
        Algorithm(Kind.RSA_PKCS1, HashAlgorithm.MD5),
        Algorithm(Kind.RSA_PKCS1),
        Algorithm(Kind.RSA_PKCS1, SHA256, 32),
        Algorithm(Kind.RSA_PSS, SHA256),
        Algorithm(Kind.RSA_PSS, SHA256, -1),
        Algorithm(Kind.RSA_PSS, SHA256, 1 << 70),
        Algorithm(Kind.RSA_PSS, SHA1, 20),
        Algorithm(Kind.ECDSA),
        Algorithm(Kind.ECDSA, SHA1),
        Algorithm(Kind.ECDSA, SHA256, 32),
        Algorithm(Kind.EDDSA, SHA512),
        Algorithm(Kind.EDDSA, None, 1),
    ],
    ids=repr,
)
@EVERY_KEY
def test_certificate_algorithm_that_makes_no_sense_is_refused(key: PrivateKey, algorithm: Algorithm) -> None:
    assert problem_of(lambda: verify_algorithm(key.public, algorithm, b"", MESSAGE)) is Problem.ILLEGAL_PARAMETER


def test_algorithm_of_another_kind_of_key_is_refused() -> None:
    for algorithm, key in (
        (Algorithm(Kind.RSA_PKCS1, SHA256), RSA_PSS),
        (Algorithm(Kind.RSA_PKCS1, SHA256), P256),
        (Algorithm(Kind.ECDSA, SHA256), RSA2048),
        (Algorithm(Kind.ECDSA, SHA256), ED25519),
        (Algorithm(Kind.EDDSA), P256),
    ):
        action = lambda a=algorithm, k=key: verify_algorithm(k.public, a, b"", MESSAGE)  # noqa: E731
        assert problem_of(action) is Problem.ILLEGAL_PARAMETER


def test_proof_cannot_be_made_by_hand_or_changed() -> None:
    with pytest.raises(TypeError):
        SignatureValid(object(), P256.public, Algorithm(Kind.ECDSA, SHA256))
    with pytest.raises(TypeError):
        SignatureValid()  # type: ignore[call-arg]
    proof = verify(P256.public, ECDSA[0], sign(P256, ECDSA[0], MESSAGE, ENV), MESSAGE, V13)
    with pytest.raises(AttributeError):
        proof.public_key = P384.public


@pytest.mark.parametrize(
    ("curve", "scalar", "hash_algorithm", "message", "r", "s"),
    [  # RFC 6979 A.2.5, A.2.6, A.2.7
        (
            Curve.SECP256R1,
            "C9AFA9D845BA75166B5C215767B1D6934E50C3DB36E89B127B8A622B120F6721",
            SHA256,
            b"sample",
            "EFD48B2AACB6A8FD1140DD9CD45E81D69D2C877B56AAF991C34D0EA84EAF3716",
            "F7CB1C942D657C41D436C7A1B6E29F65F3E900DBB9AFF4064DC4AB2F843ACDA8",
        ),
        (
            Curve.SECP256R1,
            "C9AFA9D845BA75166B5C215767B1D6934E50C3DB36E89B127B8A622B120F6721",
            SHA512,
            b"test",
            "461D93F31B6540894788FD206C07CFA0CC35F46FA3C91816FFF1040AD1581A04",
            "39AF9F15DE0DB8D97E72719C74820D304CE5226E32DEDAE67519E840D1194E55",
        ),
        (
            Curve.SECP384R1,
            "6B9D3DAD2E1B8C1C05B19875B6659F4DE23C3B667BF297BA9AA47740787137D896D5724E4C70A825F872C9EA60D2EDF5",
            SHA384,
            b"sample",
            "94EDBB92A5ECB8AAD4736E56C691916B3F88140666CE9FA73D64C4EA95AD133C81A648152E44ACF96E36DD1E80FABE46",
            "99EF4AEB15F178CEA1FE40DB2603138F130E740A19624526203B6351D0A3A94FA329C145786E679E7B82C71A38628AC8",
        ),
        (
            Curve.SECP521R1,
            "0FAD06DAA62BA3B25D2FB40133DA757205DE67F5BB0018FEE8C86E1B68C7E75C"
            "AA896EB32F1F47C70855836A6D16FCC1466F6D8FBEC67DB89EC0C08B0E996B83538",
            SHA256,
            b"sample",
            "1511BB4D675114FE266FC4372B87682BAECC01D3CC62CF2303C92B3526012659"
            "D16876E25C7C1E57648F23B73564D67F61C6F14D527D54972810421E7D87589E1A7",
            "04A171143A83163D6DF460AAF61522695F207A58B95C0644D87E52AA1A347916"
            "E4F7A72930B1BC06DBE22CE3F58264AFD23704CBB63B29B931F7DE6C9D949A7ECFC",
        ),
    ],
)
def test_ecdsa_nonces_follow_rfc_6979(
    curve: Curve, scalar: str, hash_algorithm: HashAlgorithm, message: bytes, r: str, s: str
) -> None:
    key = ECPrivateKey(curve, int(scalar, 16))
    algorithm = Algorithm(Kind.ECDSA, hash_algorithm)
    signature = sign_algorithm(key, algorithm, message, ENV)
    assert signature == der(integer(int(r, 16)) + integer(int(s, 16)))
    verify_algorithm(key.public, algorithm, signature, message)


def integer(number: int) -> bytes:
    content = number.to_bytes(number.bit_length() // 8 + 1, "big")
    return bytes([2, len(content)]) + content


def der(content: bytes) -> bytes:
    return b"\x30" + (bytes([len(content)]) if len(content) < 128 else bytes([0x81, len(content)])) + content


def ecdsa_verifies(signature: bytes) -> bool:
    try:
        verify(P256.public, Scheme.ECDSA_SECP256R1_SHA256, signature, MESSAGE, V13)
    except ProtocolError as error:
        if error.problem is not Problem.BAD_SIGNATURE:
            raise
        return False
    return True


def test_ecdsa_signature_has_one_encoding() -> None:
    signature = sign(P256, Scheme.ECDSA_SECP256R1_SHA256, MESSAGE, ENV)
    content = signature[2:]
    r, s = content[: 2 + content[1]], content[2 + content[1] :]
    assert ecdsa_verifies(signature)
    padded_r = bytes([2, r[1] + 1, 0]) + r[2:]
    for wrong in (
        b"\x30\x81" + signature[1:],
        b"\x30\x82\x00" + signature[1:],
        b"\x30\x80" + content + b"\x00\x00",
        der(padded_r + s),
        der(r + b"\x02\x81" + s[1:]),
        der(content + b"\x05\x00"),
        der(content + b"\x00"),
        der(r),
        der(s + r + s),
        der(b""),
        b"\x31" + signature[1:],
        signature + signature,
    ):
        assert not ecdsa_verifies(wrong)


@pytest.mark.parametrize("r", [-1, 0, 1, 2])
@pytest.mark.parametrize("s", [-1, 0, 1, 2])
def test_ecdsa_numbers_out_of_range_or_tiny_are_refused_without_any_other_error(r: int, s: int) -> None:
    order = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
    for base_r in (0, order, 2 * order, order**3):
        for base_s in (0, order):
            numbers = max(0, base_r + r), max(0, base_s + s)
            assert not ecdsa_verifies(der(b"".join(map(integer, numbers)))[:139])


@given(st.binary(max_size=160))
@settings(max_examples=300, deadline=None)
def test_any_octets_are_at_most_a_bad_signature(octets: bytes) -> None:
    assert not ecdsa_verifies(octets)


@given(st.integers(0, 2**1100), st.integers(0, 2**1100))
@settings(max_examples=60, deadline=None)
def test_any_two_integers_are_at_most_a_bad_signature(r: int, s: int) -> None:
    content = integer(r) + integer(s)
    assert not ecdsa_verifies(der(content[:255]))


@pytest.mark.skipif(not TRACES.is_file(), reason=f"no third-party vectors: {TRACES} is absent")
@pytest.mark.parametrize(
    "handshake", ["Simple_1RTT_Handshake", "HelloRetryRequest_Handshake", "Middlebox_Compatibility_Mode"]
)
def test_server_signatures_of_rfc_8448_come_out_again(handshake: str) -> None:
    keys = pytest.importorskip("asn1crypto.keys")
    traces = json.loads(TRACES.read_text())
    pem = traces["pem"]["server_key"].split("-----")[2]
    numbers = keys.PrivateKeyInfo.load(base64.b64decode(pem))["private_key"].parsed.native
    key = RSAPrivateKey.from_primes(numbers["prime1"], numbers["prime2"])
    trace = traces["handshakes"][handshake]

    class Salted(SeededEnv):
        def random(self, length: int, purpose: Purpose) -> bytes:
            if purpose is Purpose.PSS_SALT:
                return bytes.fromhex(trace["Server_PSS_Salt"])
            return super().random(length, purpose)

    message = bytes.fromhex(trace["Server_MessageToSign"])
    signature = sign(key, Scheme.RSA_PSS_RSAE_SHA256, message, Salted(b"", 0))
    assert signature.hex() == trace["Server_MessageSignature"]
    verify(key.public, Scheme.RSA_PSS_RSAE_SHA256, signature, message, V13)
