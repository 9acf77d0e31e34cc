"""Middlebox compatibility of TLS 1.3 (RFC 8446 D.4)."""

from __future__ import annotations

from puressl.handshake.machine import State
from puressl.handshake.output import Output
from puressl.wire import ChangeCipherSpec


def ignore_change_cipher_spec(state: State, message: ChangeCipherSpec, output: Output) -> State:
    """RFC 8446 5: between the first ClientHello and the peer's Finished the record means nothing. The record layer
    counts them.
    """
    return state
