"""How long a chain takes to verify, from its bytes on, beside certvalidator and pyhanko-certvalidator.

Both let OpenSSL verify the signatures, which is most of the work with P-256. What depends on the machine is only shown.
Certificates and keys of authorities come with every connection, so puressl keeps what it has made of some; the figure
for a chain of which it knows nothing stands beside.
"""

from __future__ import annotations

import asyncio
import importlib
import re
from collections.abc import Callable
from datetime import datetime, timezone
from functools import cache
from pathlib import Path
from time import perf_counter
from typing import Any
from unittest import mock

import pytest

from puressl.crypto import weierstrass
from puressl.crypto.keys import Curve, generate_ec
from puressl.env import SeededEnv
from puressl.errors import CertificateError, Reason
from puressl.x509 import build, certificate
from puressl.x509.certificate import Certificate, certificate_blocks
from puressl.x509.policy import Policy, Profile, Purpose
from puressl.x509.store import TrustStore
from puressl.x509.verify import verify_chain

pytestmark = [pytest.mark.bench]

CERTS = Path(__file__).resolve().parents[2] / "certs"
NAME = "server.example"
MOMENT = datetime(2026, 11, 23, tzinfo=timezone.utc)
RUNS = 15
PEERS = ("certvalidator", "pyhanko_certvalidator")
#: Seconds for a pool of a hundred CAs that share a name and lead nowhere.
POOL_LIMIT = 1.0


@cache
def _chain(key_type: str) -> tuple[bytes, ...]:
    """Leaf, intermediate, root, DER."""
    files = ("server-chain.pem", "root.pem")
    blocks = [certificate_blocks((CERTS / key_type / one).read_bytes(), one, Reason.ECERTFILE) for one in files]
    return (*blocks[0], *blocks[1])


def own(key_type: str) -> Callable[[], object]:
    """The whole work: all certificates are decoded, the root too."""
    leaf, middle, root = _chain(key_type)
    policy = Policy(MOMENT.timestamp(), Purpose.SERVER_AUTH, NAME, profile=Profile.WEBPKI)

    def verify() -> object:
        return verify_chain([leaf, middle], trust=TrustStore([Certificate.decode(root)]), policy=policy)

    return verify


def _forget() -> None:
    """No certificate and no key was met before."""
    certificate._remembered.cache_clear()
    weierstrass._key.cache_clear()


def _milliseconds(verify: Callable[[], object]) -> float:
    begin = perf_counter()
    verify()
    return (perf_counter() - begin) * 1000


@cache
def _import_oscrypto() -> None:
    """oscrypto 1.3, on which certvalidator stands, does not find the version of an OpenSSL like 3.0.19: its pattern has
    one digit for the last number. It is given one that it finds.
    """
    search = re.search

    def lenient(pattern: Any, text: Any, *flags: int) -> re.Match[Any] | None:
        plain = isinstance(text, str) and text.startswith("OpenSSL")
        return search(pattern, re.sub(r"(\d\.\d\.\d)\d+", r"\1", text) if plain else text, *flags)

    with mock.patch("re.search", lenient):
        importlib.import_module("oscrypto.asymmetric")


def peer(module: str, key_type: str) -> Callable[[], object]:
    leaf, middle, root = _chain(key_type)
    _import_oscrypto()
    library = importlib.import_module(module)
    x509 = importlib.import_module("asn1crypto.x509")

    def verify() -> object:
        context = library.ValidationContext(trust_roots=[x509.Certificate.load(root)], moment=MOMENT)
        end, others = x509.Certificate.load(leaf), [x509.Certificate.load(middle)]
        validator = library.CertificateValidator(end, others, validation_context=context)
        if hasattr(validator, "async_validate_usage"):
            return asyncio.run(validator.async_validate_usage({"digital_signature"}, {"server_auth"}))
        return validator.validate_tls(NAME)

    return verify


@pytest.mark.parametrize("module", PEERS)
@pytest.mark.parametrize("key_type", ["rsa2048", "p256"])
def test_chain_beside_a_peer(
    module: str, key_type: str, capsys: pytest.CaptureFixture[str], pytestconfig: pytest.Config
) -> None:
    if not pytestconfig.getoption("benchmark_enable"):
        pytest.skip("measures only with --benchmark-enable")
    ours = own(key_type)
    try:
        theirs = peer(module, key_type)
        theirs()
    except ImportError:
        pytest.skip(f"{module} is not installed, there is nothing to compare with")
    except Exception as error:
        pytest.skip(f"{module} does not work here: {error}")
    times: list[tuple[float, float, float]] = []
    for _ in range(RUNS + 1):
        _forget()
        first = _milliseconds(ours)
        ours()  # a key's table is made at its second use
        times.append((_milliseconds(ours), _milliseconds(theirs), first))
    mine, other, first = (min(column) for column in zip(*times[1:], strict=True))
    shown = f"puressl {mine:.2f} ms ({first:.2f} at first sight), {module} {other:.2f} ms"
    with capsys.disabled():
        print(f"\n{key_type}: {shown}: {other / mine:.1f} times ({other / first:.1f})")
    assert mine > 0


@pytest.mark.parametrize("key_type", ["rsa2048", "p256"])
def test_verify(benchmark: Any, key_type: str) -> None:
    benchmark(own(key_type))


def test_decode(benchmark: Any) -> None:
    benchmark(Certificate.decode, _chain("rsa2048")[0])


@pytest.mark.parametrize("shared_key", [False, True])
def test_pool_of_a_hundred_namesakes_without_a_path_ends_soon(shared_key: bool) -> None:
    env = SeededEnv(b"namesakes", 0)
    name, root_name = (build.distinguished_name(("CN", text)) for text in ("same", "root"))
    keys = [generate_ec(Curve.SECP256R1, env) for _ in range(1 if shared_key else 8)]
    stranger = generate_ec(Curve.SECP256R1, env)  # who signed what the root should have
    begin, end = (int(MOMENT.timestamp()) + offset for offset in (-9, 9))

    def issue(subject: bytes, issuer: bytes, number: int, *extensions: build.Extension) -> bytes:
        own_key, signer = keys[number % len(keys)], keys[(number + 1) % len(keys)]
        signer = signer if issuer == name else stranger
        template = build.CertificateTemplate(subject, issuer, own_key.public, begin, end, extensions)
        return build.issue(template, signer, env)

    ca = build.basic_constraints(True)
    root = issue(root_name, root_name, 0, ca)
    pool = [issue(name, name if number else root_name, number, ca) for number in range(100)]
    leaf = issue(build.distinguished_name(("CN", "leaf")), name, 3)
    trust = TrustStore([Certificate.decode(root)])
    policy = Policy(MOMENT.timestamp(), None, profile=Profile.PATH)
    started = perf_counter()
    with pytest.raises(CertificateError):
        verify_chain([leaf, *pool], trust=trust, policy=policy)
    assert perf_counter() - started < POOL_LIMIT
