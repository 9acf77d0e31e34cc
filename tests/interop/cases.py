"""Cases for tests of one feature: one of each version, and all programs in both roles."""

from __future__ import annotations

from typing import Any

import pytest
from interop.matrix import TLS13, Case, Program, Role

from puressl.codes import CipherSuite, NamedGroup, ProtocolVersion
from puressl.crypto.suites import SUITES

TLS12 = ProtocolVersion.TLSv1_2

_SUITES = {
    TLS13: CipherSuite.TLS_AES_128_GCM_SHA256,
    TLS12: CipherSuite.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256,
}

each_version = pytest.mark.parametrize("version", [TLS13, TLS12], ids=lambda version: version.label)
each_program = pytest.mark.parametrize("program", list(Program), ids=lambda program: program.value)


def case_of(program: Program, role: Role, version: ProtocolVersion = TLS13, **changes: Any) -> Case:
    """The plainest case: AES-128-GCM, x25519 and a P-256 certificate."""
    fields = {"suite": SUITES[_SUITES[version]], "group": NamedGroup.X25519, "certificate": "p256", **changes}
    return Case((program, role), **fields)
