"""How long a certificate takes to decode into its structured forms."""

from __future__ import annotations

from pathlib import Path
from time import perf_counter
from typing import Any

import pytest

from puressl.errors import Reason
from puressl.x509.certificate import certificate_blocks
from puressl.x509.forms import decode_certificate, encode_certificate

pytestmark = [pytest.mark.bench]

ROOT = Path(__file__).resolve().parents[2]
REAL = ROOT.parent / "shared" / "x509" / "real"
FILES = {
    "bundled": ROOT / "certs" / "rsa2048" / "server.pem",
    "with timestamps": REAL / "cryptography-scts.pem",
    "an intermediate": REAL / "letsencryptx3.pem",
    "every kind of name": REAL / "decode" / "custom-all_supported_names.pem",
}
#: Seconds. A tenth of it is usual, so that a busy machine does not matter.
LIMIT = 0.001
RUNS = 20


@pytest.fixture(params=FILES)
def der(request: pytest.FixtureRequest) -> bytes:
    file = FILES[request.param]
    if not file.is_file():
        pytest.skip(f"{file.name} is not there")
    return certificate_blocks(file.read_bytes(), file.name, Reason.ECERTFILE)[0]


@pytest.mark.parametrize("form", ["pkix", "ssl"])
def test_decoding_takes_less_than_a_millisecond(der: bytes, form: str) -> None:
    times = []
    for _ in range(RUNS):
        start = perf_counter()
        decode_certificate(der, form)
        times.append(perf_counter() - start)
    assert min(times) < LIMIT


@pytest.mark.parametrize("form", ["pkix", "ssl"])
def test_decode(benchmark: Any, der: bytes, form: str) -> None:
    benchmark(decode_certificate, der, form)


def test_encode(benchmark: Any, der: bytes) -> None:
    assert benchmark(encode_certificate, decode_certificate(der, "ssl")) == der
