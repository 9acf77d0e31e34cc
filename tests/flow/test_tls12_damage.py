"""Handshakes of TLS 1.2 damaged on their way: both ends give a defined error, or are not reached by the damage."""

from __future__ import annotations

import random
from typing import Any

import pytest

from puressl.codes import CipherSuite, ProtocolVersion
from puressl.config import Verify
from puressl.connection import ClientConnection, ServerConnection
from puressl.errors import CertificateError, Problem, ProtocolError

from support.configs import client_config, credential, server_config, trust
from support.link import Link

SUITES = (
    CipherSuite.TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256,
    CipherSuite.TLS_DHE_RSA_WITH_AES_128_GCM_SHA256,
    CipherSuite.TLS_RSA_WITH_AES_128_CBC_SHA,
)
HEADER = 5
ROUNDS = 25


class Damage:
    """Changes, cuts or repeats one piece of the handshake plaintext, chosen by the seed."""

    def __init__(self, seed: int) -> None:
        self.dice = random.Random(seed)
        self.flight = self.dice.randrange(3)
        self.seen = 0

    def __call__(self, data: bytes) -> bytes:
        flight, self.seen = self.seen, self.seen + 1
        if flight != self.flight or len(data) <= HEADER:
            return data
        place = self.dice.randrange(HEADER, len(data))
        kind = self.dice.randrange(3)
        if kind == 0:
            return data[:place] + bytes([data[place] ^ (1 << self.dice.randrange(8))]) + data[place + 1 :]
        length = min(int.from_bytes(data[3:5], "big"), len(data) - HEADER)
        inside = HEADER + self.dice.randrange(length)
        piece = data[inside : inside + 1 + self.dice.randrange(8)]
        body = data[HEADER : HEADER + length]
        cut = inside - HEADER
        changed = body[:cut] + (body[cut + len(piece) :] if kind == 1 else piece + body[cut:])
        return data[:3] + len(changed).to_bytes(2, "big") + changed + data[HEADER + length :]


@pytest.mark.parametrize("suite", SUITES, ids=lambda suite: suite.name)
@pytest.mark.parametrize("side", ["to_server", "to_client"])
def test_damage_never_ends_in_an_internal_error(suite: CipherSuite, side: str) -> None:
    both: dict[str, Any] = {"versions": (ProtocolVersion.TLSv1_2,), "cipher_suites": (suite,)}
    theirs = server_config("rsa2048", verify=Verify.PEER, trust=trust("rsa2048"), **both)
    ours = client_config("rsa2048", credential=credential("rsa2048", "client"), **both)
    failed = 0
    for seed in range(ROUNDS):
        joined = Link(ClientConnection(ours), ServerConnection(theirs), **{side: Damage(seed)}).handshake()
        for end in (joined.client, joined.server):
            if end.error is None:
                continue
            failed += 1
            assert isinstance(end.error, (ProtocolError, CertificateError)), (seed, end.error)
            assert end.error.problem is not Problem.INTERNAL_ERROR, (seed, end.error)
    assert failed
