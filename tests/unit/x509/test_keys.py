"""Private-key files: every form that OpenSSL writes, what is refused and in which words, and damaged files."""

from __future__ import annotations

import random
import shutil
import subprocess
from pathlib import Path

import pytest

from puressl.crypto import cbc, kdf
from puressl.crypto.hashes import HashAlgorithm
from puressl.crypto.keys import (
    Curve,
    ECPrivateKey,
    EdPrivateKey,
    KeyType,
    PrivateKey,
    PssParameters,
    RSAPrivateKey,
    generate_ec,
    generate_ed,
    generate_rsa,
)
from puressl.env import SeededEnv
from puressl.errors import Reason, SSLError
from puressl.x509 import der, pem
from puressl.x509.algorithms import key_algorithm
from puressl.x509.keys import MAX_FILE, encode_private_key, load_private_key

ENV = SeededEnv(b"key files", 0)
SMALL_RSA = generate_rsa(1024, ENV)
KEYS: dict[str, PrivateKey] = {
    "rsa": SMALL_RSA,
    "rsa-pss": RSAPrivateKey.from_primes(SMALL_RSA.p, SMALL_RSA.q, pss=PssParameters()),
    "rsa-pss-sha384": RSAPrivateKey.from_primes(SMALL_RSA.p, SMALL_RSA.q, pss=PssParameters(HashAlgorithm.SHA384, 48)),
    "p256": generate_ec(Curve.SECP256R1, ENV),
    "p384": generate_ec(Curve.SECP384R1, ENV),
    "p521": generate_ec(Curve.SECP521R1, ENV),
    "ed25519": generate_ed(KeyType.ED25519, ENV),
    "ed448": generate_ed(KeyType.ED448, ENV),
}
P256 = KEYS["p256"]
assert isinstance(P256, ECPrivateKey)
PASSWORD = "päss"


def refusal(data: bytes, password: bytes | str | None = None) -> str:
    with pytest.raises(SSLError) as caught:
        load_private_key(data, password, "my.key")
    assert caught.value.reason is Reason.EKEYFILE
    assert caught.value.detail is not None
    assert caught.value.detail.startswith("my.key: ")
    return caught.value.detail.removeprefix("my.key: ")


def pkcs8(algorithm: bytes, content: bytes, *rest: bytes, version: int = 0) -> bytes:
    return der.sequence(der.integer(version), algorithm, der.octet_string(content), *rest)


def ec_key(key: ECPrivateKey, *rest: bytes, version: int = 1) -> bytes:
    scalar = key.scalar.to_bytes(key.curve.size, "big")
    return der.sequence(der.integer(version), der.octet_string(scalar), *rest)


def curve_parameters(identifier: str) -> bytes:
    return der.element(der.context(0), der.oid(identifier))


P256_OID, P384_OID = "1.2.840.10045.3.1.7", "1.3.132.0.34"


@pytest.mark.parametrize("name", KEYS)
@pytest.mark.parametrize("form", ["der", "pem"])
def test_what_is_encoded_loads_again(name: str, form: str) -> None:
    data = encode_private_key(KEYS[name])
    assert load_private_key(data if form == "der" else pem.encode("PRIVATE KEY", data), None, "a") == KEYS[name]


def test_pkcs8_ec_key_without_public_key() -> None:
    assert load_private_key(pkcs8(key_algorithm(P256.public), ec_key(P256)), None, "a") == P256


def test_sec1_needs_the_curve_and_not_the_public_key() -> None:
    assert load_private_key(ec_key(P256, curve_parameters(P256_OID)), None, "a") == P256
    assert refusal(ec_key(P256)) == "the EC key does not name its curve"


def test_two_different_curves_are_refused() -> None:
    data = pkcs8(key_algorithm(P256.public), ec_key(P256, curve_parameters(P384_OID)))
    assert "two different curves" in refusal(data)


def test_pkcs8_version_1_carries_a_public_key_and_attributes() -> None:
    key = KEYS["ed25519"]
    assert isinstance(key, EdPrivateKey)
    attributes = der.element(der.context(0))
    public = der.element(der.context(1, constructed=False), b"\x00", key.public.raw)
    content = der.octet_string(key.seed)
    data = pkcs8(key_algorithm(key.public), content, attributes, public, version=1)
    assert load_private_key(data, None, "a") == key
    wrong = der.element(der.context(1, constructed=False), b"\x00", bytes(32))
    data = pkcs8(key_algorithm(key.public), content, wrong, version=1)
    assert "the public key in the file is not the private key's" in refusal(data)


def test_sec1_public_key_must_belong_to_the_private_key() -> None:
    other = generate_ec(Curve.SECP256R1, ENV)
    public = der.element(der.context(1), der.bit_string(other.public.point))
    assert "not the private key's" in refusal(ec_key(P256, curve_parameters(P256_OID), public))


def test_sec1_public_key_may_be_compressed() -> None:
    point = P256.public.point
    compressed = bytes((2 + point[-1] % 2,)) + point[1:33]
    public = der.element(der.context(1), der.bit_string(compressed))
    assert load_private_key(ec_key(P256, curve_parameters(P256_OID), public), None, "a") == P256


def test_inconsistent_rsa_numbers_are_refused() -> None:
    key = SMALL_RSA
    numbers = (0, key.n, key.e, key.d, key.p, key.q, key.dp + 2, key.dq, key.qinv)
    assert "do not belong together" in refusal(der.sequence(*map(der.integer, numbers)))


def test_first_private_key_of_several_blocks_counts() -> None:
    parameters = pem.encode("EC PARAMETERS", der.oid(P256_OID))
    first = pem.encode("EC PRIVATE KEY", ec_key(P256, curve_parameters(P256_OID)))
    second = pem.encode("PRIVATE KEY", encode_private_key(KEYS["ed448"]))
    data = b"some words\n" + pem.encode("CERTIFICATE", b"x") + parameters + first + second
    assert load_private_key(data, None, "a") == P256


def test_line_ends_and_byte_order_mark_do_not_matter() -> None:
    data = pem.encode("PRIVATE KEY", encode_private_key(P256))
    assert load_private_key(b"\xef\xbb\xbf" + data.replace(b"\n", b"\r\n"), None, "a") == P256
    assert load_private_key(data.replace(b"\n", b"  \n\n"), None, "a") == P256
    assert load_private_key(data.rstrip(b"\n"), None, "a") == P256


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "neither PEM nor DER"),
        (b"hello", "neither PEM nor DER"),
        (bytes(MAX_FILE + 1), "too many for a key file"),
        (pem.encode("CERTIFICATE", b"x"), "no private key in the file"),
        (pem.encode("DSA PRIVATE KEY", b"x"), "DSA PRIVATE KEY is not supported"),
        (pem.encode("OPENSSH PRIVATE KEY", b"x"), "OPENSSH PRIVATE KEY is not supported"),
        (b"-----BEGIN PRIVATE KEY-----\nAAAA\n", "no END line"),
        (b"-----BEGIN PRIVATE KEY-----\nA*AA\n-----END PRIVATE KEY-----\n", "not base64"),
        (b"-----BEGIN PRIVATE KEY-----\n-----END PRIVATE KEY-----\n", "malformed"),
        (der.sequence(der.integer(3), der.sequence()), "PKCS#12 is not supported"),
        (der.sequence(der.null(), der.null()), "holds no private key"),
        (der.sequence(), "holds no private key"),
        (pkcs8(der.sequence(der.oid("1.3.101.110")), b""), "key type X25519 is not supported"),
        (pkcs8(der.sequence(der.oid("1.2.3.4")), b""), "key type 1.2.3.4 is not supported"),
        (pkcs8(key_algorithm(P256.public), b"", version=2), "version 2"),
        (ec_key(P256, curve_parameters("1.3.132.0.10")), "curve secp256k1 is not supported"),
        (ec_key(P256, der.element(der.context(0), der.sequence())), "explicit curve parameters"),
        (ec_key(P256, curve_parameters(P256_OID), version=0), "version of ECPrivateKey is not 1"),
        (der.sequence(der.integer(1), der.integer(5)), "more than two primes"),
        (encode_private_key(P256) + b"\x00", "1 bytes after the end"),
    ],
)
def test_refusals_say_what_is_wrong(data: bytes, words: str) -> None:
    assert words in refusal(data)


def test_zero_scalar_is_refused() -> None:
    content = der.sequence(der.integer(1), der.octet_string(bytes(32)))
    assert "out of the range" in refusal(pkcs8(key_algorithm(P256.public), content))


def test_short_seed_is_refused() -> None:
    content = der.octet_string(bytes(31))
    assert "32 needed" in refusal(pkcs8(key_algorithm(KEYS["ed25519"].public), content))


def encrypted_pkcs8(
    plaintext: bytes,
    *,
    prf: str | None = "1.2.840.113549.2.9",
    cipher: str = "2.16.840.1.101.3.4.1.42",
    iterations: int = 1,
    key_length: int | None = None,
) -> bytes:
    salt, iv = bytes(8), bytes(16)
    key = kdf.pbkdf2(HashAlgorithm.SHA256, PASSWORD.encode(), salt, 1, 32)
    padding = 16 - len(plaintext) % 16
    ciphertext = cbc.encrypt(key, iv, plaintext + bytes((padding,)) * padding)
    parameters = der.sequence(
        der.octet_string(salt),
        der.integer(iterations),
        der.integer(key_length) if key_length is not None else b"",
        der.sequence(der.oid(prf), der.null()) if prf else b"",
    )
    derivation = der.sequence(der.oid("1.2.840.113549.1.5.12"), parameters)
    encryption = der.sequence(der.oid(cipher), der.octet_string(iv))
    algorithm = der.sequence(der.oid("1.2.840.113549.1.5.13"), der.sequence(derivation, encryption))
    return der.sequence(algorithm, der.octet_string(ciphertext))


def test_encrypted_pkcs8_tells_missing_from_wrong_password() -> None:
    data = encrypted_pkcs8(encode_private_key(P256))
    assert load_private_key(data, PASSWORD, "a") == P256
    assert load_private_key(data, PASSWORD.encode(), "a") == P256
    assert refusal(data) == "the private key is encrypted and no password was given"
    assert refusal(data, "other") == "wrong password"


def test_valid_padding_over_garbage_is_a_wrong_password() -> None:
    assert refusal(encrypted_pkcs8(b"\x99garbage"), PASSWORD) == "wrong password"


def test_password_of_a_key_that_is_not_encrypted_is_ignored() -> None:
    assert load_private_key(encode_private_key(P256), "any", "a") == P256


def test_decrypted_key_of_an_unsupported_kind_is_no_wrong_password() -> None:
    plaintext = pkcs8(der.sequence(der.oid("1.3.101.110")), b"")
    assert "X25519" in refusal(encrypted_pkcs8(plaintext), PASSWORD)


def test_password_that_is_no_text_is_refused() -> None:
    assert "the password has characters" in refusal(encrypted_pkcs8(b""), "\ud800")


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (encrypted_pkcs8(b"", iterations=1 << 40), "iterations"),
        (encrypted_pkcs8(b"", iterations=0), "iterations"),
        (encrypted_pkcs8(b"", iterations=-1), "iterations"),
        (encrypted_pkcs8(b"", key_length=16), "another length"),
        (encrypted_pkcs8(b"", cipher="1.2.840.113549.3.7"), "DES-EDE3-CBC encryption is not supported; convert it"),
        (encrypted_pkcs8(b"", prf="1.2.840.113549.2.8"), "HMAC-SHA224 encryption is not supported"),
        (encrypted_pkcs8(b"", prf="1.2.3.4"), "1.2.3.4 encryption is not supported"),
    ],
)
def test_refused_encryption_is_named(data: bytes, words: str) -> None:
    assert words in refusal(data, PASSWORD)


def legacy_pem(dek_info: str, body: bytes = bytes(32)) -> bytes:
    block = pem.encode("RSA PRIVATE KEY", body)
    headers = f"Proc-Type: 4,ENCRYPTED\nDEK-Info: {dek_info}\n\n".encode()
    return block.replace(b"KEY-----\n", b"KEY-----\n" + headers, 1)


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (legacy_pem("DES-EDE3-CBC,0011223344556677"), "DES-EDE3-CBC encryption is not supported; convert it"),
        (legacy_pem("AES-256-CBC,00"), "initialisation vector"),
        (legacy_pem("AES-256-CBC"), "initialisation vector"),
        (legacy_pem("AES-256-CBC," + "zz" * 16), "initialisation vector"),
        (legacy_pem("AES-256-CBC," + "00" * 16, bytes(17)), "not of whole blocks"),
        (legacy_pem("AES-256-CBC," + "00" * 16), "wrong password"),
    ],
)
def test_refused_legacy_encryption_is_named(data: bytes, words: str) -> None:
    assert words in refusal(data, PASSWORD)


SAMPLES: dict[str, tuple[bytes, str | None]] = {
    **{name: (encode_private_key(key), None) for name, key in KEYS.items()},
    "sec1": (ec_key(P256, curve_parameters(P256_OID)), None),
    "encrypted": (encrypted_pkcs8(encode_private_key(P256)), PASSWORD),
    "pem": (pem.encode("PRIVATE KEY", encode_private_key(P256)), None),
    "legacy": (legacy_pem("AES-128-CBC," + "00" * 16), PASSWORD),
}


def loads_or_is_refused(data: bytes, password: str | None) -> None:
    try:
        load_private_key(data, password, "a")
    except SSLError as error:
        refused = error
    else:
        return
    assert refused.reason is Reason.EKEYFILE


@pytest.mark.parametrize("name", ["rsa", "rsa-pss-sha384", "ed448", "sec1", "encrypted"])
def test_every_truncation_is_refused(name: str) -> None:
    data, password = SAMPLES[name]
    for length in range(len(data)):
        refusal(data[:length], password)


@pytest.mark.parametrize("name", SAMPLES)
def test_mutated_files_raise_only_ekeyfile(name: str) -> None:
    dice = random.Random(name)
    data, password = SAMPLES[name]
    for _ in range(150):
        mutated = bytearray(data)
        for _ in range(dice.choice((1, 1, 2, 8))):
            at = dice.randrange(len(mutated))
            choice = dice.randrange(4)
            if choice == 0:
                mutated[at] = dice.randrange(256)
            elif choice == 1:
                mutated[at] ^= 1 << dice.randrange(8)
            elif choice == 2:
                del mutated[at : at + dice.randrange(1, 4)]
                mutated = mutated or bytearray(b"\x30")
            else:
                mutated[at:at] = dice.randbytes(dice.randrange(1, 4))
        loads_or_is_refused(bytes(mutated), password)


@pytest.fixture(scope="module")
def workplace(tmp_path_factory: pytest.TempPathFactory) -> Path:
    if shutil.which("openssl") is None:
        pytest.skip("the openssl program is not installed")
    return tmp_path_factory.mktemp("openssl")


def openssl(workplace: Path, *arguments: str) -> None:
    done = subprocess.run(("openssl", *arguments), cwd=workplace, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


GENPKEY = {
    "rsa": ("RSA", "rsa_keygen_bits:1024"),
    "rsa-pss": ("RSA-PSS", "rsa_keygen_bits:1024"),
    "rsa-pss-sha256": (
        "RSA-PSS",
        "rsa_keygen_bits:1024",
        "rsa_pss_keygen_md:sha256",
        "rsa_pss_keygen_mgf1_md:sha256",
        "rsa_pss_keygen_saltlen:32",
    ),
    "p256": ("EC", "ec_paramgen_curve:P-256"),
    "p384": ("EC", "ec_paramgen_curve:P-384"),
    "p521": ("EC", "ec_paramgen_curve:P-521"),
    "ed25519": ("ED25519",),
    "ed448": ("ED448",),
}


@pytest.fixture(scope="module")
def made_by_openssl(workplace: Path) -> Path:
    for name, (algorithm, *options) in GENPKEY.items():
        pairs = [word for option in options for word in ("-pkeyopt", option)]
        openssl(workplace, "genpkey", "-algorithm", algorithm, *pairs, "-out", f"{name}.pem")
    return workplace


@pytest.mark.parametrize("name", GENPKEY)
def test_openssl_key_loads_and_its_public_key_is_openssls(made_by_openssl: Path, name: str) -> None:
    key = load_private_key((made_by_openssl / f"{name}.pem").read_bytes(), None, name)
    assert key.key_type.value.startswith(name[:2].replace("p2", "ec").replace("p3", "ec").replace("p5", "ec"))
    (made_by_openssl / "again.der").write_bytes(encode_private_key(key))
    openssl(made_by_openssl, "pkey", "-in", f"{name}.pem", "-pubout", "-out", "theirs")
    openssl(made_by_openssl, "pkey", "-inform", "DER", "-in", "again.der", "-pubout", "-out", "ours")
    assert (made_by_openssl / "theirs").read_bytes() == (made_by_openssl / "ours").read_bytes()


def test_openssl_restricted_pss_key_keeps_its_restriction(made_by_openssl: Path) -> None:
    key = load_private_key((made_by_openssl / "rsa-pss-sha256.pem").read_bytes(), None, "a")
    assert isinstance(key, RSAPrivateKey)
    assert key.pss == PssParameters(HashAlgorithm.SHA256, 32)


@pytest.mark.parametrize(
    ("name", "cipher", "prf"),
    [
        *((name, "aes-256-cbc", "hmacWithSHA256") for name in GENPKEY),
        ("ed25519", "aes-128-cbc", "hmacWithSHA1"),
        ("ed25519", "aes-192-cbc", "hmacWithSHA384"),
        ("ed25519", "aes-128-cbc", "hmacWithSHA512"),
    ],
)
def test_openssl_encrypted_pkcs8(made_by_openssl: Path, name: str, cipher: str, prf: str) -> None:
    command = ("pkcs8", "-topk8", "-v2", cipher, "-v2prf", prf, "-iter", "2000", "-passout", f"pass:{PASSWORD}")
    openssl(made_by_openssl, *command, "-in", f"{name}.pem", "-out", "encrypted.pem")
    data = (made_by_openssl / "encrypted.pem").read_bytes()
    plain = load_private_key((made_by_openssl / f"{name}.pem").read_bytes(), None, "a")
    assert load_private_key(data, PASSWORD, "a") == plain
    assert refusal(data, "wrong") == "wrong password"


@pytest.mark.parametrize("name", ["rsa", "p384"])
@pytest.mark.parametrize(
    ("cipher", "form"), [(None, "DER"), (None, "PEM"), ("aes128", "PEM"), ("aes192", "PEM"), ("aes256", "PEM")]
)
def test_openssl_traditional_form(made_by_openssl: Path, name: str, cipher: str | None, form: str) -> None:
    command = "rsa" if name == "rsa" else "ec"
    encryption = (f"-{cipher}", "-passout", f"pass:{PASSWORD}") if cipher else ()
    traditional = ("-traditional",) if name == "rsa" else ()
    openssl(made_by_openssl, command, *traditional, *encryption, "-in", f"{name}.pem", "-outform", form, "-out", "t")
    data = (made_by_openssl / "t").read_bytes()
    plain = load_private_key((made_by_openssl / f"{name}.pem").read_bytes(), None, "a")
    assert load_private_key(data, PASSWORD if cipher else None, "a") == plain
    if cipher:
        assert refusal(data, "wrong") == "wrong password"
        assert "no password was given" in refusal(data)


def test_openssl_des_ede3_is_refused_with_the_way_out(made_by_openssl: Path) -> None:
    common = ("-in", "rsa.pem", "-passout", "pass:x", "-out")
    openssl(made_by_openssl, "rsa", "-des3", "-traditional", *common, "legacy.pem")
    openssl(made_by_openssl, "pkcs8", "-topk8", "-v2", "des3", *common, "pbes2.pem")
    for name in ("legacy.pem", "pbes2.pem"):
        words = refusal((made_by_openssl / name).read_bytes(), "x")
        assert words.startswith("DES-EDE3-CBC encryption is not supported; convert it with: openssl")


def test_openssl_scrypt_is_refused_by_name(made_by_openssl: Path) -> None:
    command = ("pkcs8", "-topk8", "-scrypt", "-scrypt_N", "16", "-passout", "pass:x")
    openssl(made_by_openssl, *command, "-in", "ed25519.pem", "-out", "s.pem")
    assert "scrypt" in refusal((made_by_openssl / "s.pem").read_bytes(), "x")


def test_openssl_ec_parameters_block_is_skipped(made_by_openssl: Path) -> None:
    openssl(made_by_openssl, "ecparam", "-genkey", "-name", "secp384r1", "-out", "with-parameters.pem")
    data = (made_by_openssl / "with-parameters.pem").read_bytes()
    assert b"EC PARAMETERS" in data
    assert load_private_key(data, None, "a").key_type is KeyType.EC
