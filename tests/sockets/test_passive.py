"""Passive sockets: ``recv`` and ``send`` over loopback."""

from __future__ import annotations

import puressl

from sockets.conftest import PATIENCE, Pair, refusal


def test_data_is_echoed(pair: Pair) -> None:
    client, server = pair
    puressl.send(client, b"ping")
    assert puressl.recv(server, 0, PATIENCE) == b"ping"
    puressl.send(server, [b"po", [110, bytearray(b"g")]])
    assert puressl.recv(client, 4, PATIENCE) == b"pong"
    puressl.close(client)
    assert refusal(puressl.recv, server, 0, PATIENCE) == "closed"
    puressl.close(server)
    assert refusal(puressl.close, server) == "closed"
