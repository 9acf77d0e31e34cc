"""A client and a server of TLS 1.3, both watched, over a link; and what can be asked of any two joined ends."""

from __future__ import annotations

from typing import Any

from puressl.codes import ProtocolVersion
from puressl.connection import ClientConnection, ServerConnection
from puressl.wire.record import HEADER_LENGTH

from support.bad_peer import BadClient, BadServer, Rewrite, Watcher
from support.configs import client_config, server_config
from support.link import Link

TLS12, TLS13 = ProtocolVersion.TLSv1_2, ProtocolVersion.TLSv1_3

Fields = dict[str, Any]


def join(
    key_type: str = "p256",
    *,
    client: Fields | None = None,
    server: Fields | None = None,
    bad_client: Rewrite | None = None,
    bad_server: Rewrite | None = None,
    **both: Any,
) -> Link:
    """Two ends, not yet started. client, server, both: fields of the configurations; bad_*: makes it a bad one."""
    both = {"versions": (TLS13,), **both}
    ours = client_config(key_type, **{"tracer": Watcher(), **both, **(client or {})})
    theirs = server_config(key_type, **{"tracer": Watcher(), **both, **(server or {})})
    return Link(
        ClientConnection(ours) if bad_client is None else BadClient(ours, bad_client),
        ServerConnection(theirs) if bad_server is None else BadServer(theirs, bad_server),
    )


def exchange_data(joined: Link) -> None:
    """Data flows both ways, more of it than a record holds."""
    joined.client.connection.send_data(b"ping")
    joined.server.connection.send_data(b"pong" * 5_000)
    before = len(joined.server.data), len(joined.client.data)
    joined.run().raise_errors()
    assert joined.server.data[before[0] :] == b"ping"
    assert joined.client.data[before[1] :] == b"pong" * 5_000


def records(stream: bytes | bytearray) -> list[tuple[int, bytes]]:
    """The content type and fragment of each record."""
    found, stream = [], bytes(stream)
    while stream:
        end = HEADER_LENGTH + int.from_bytes(stream[3:HEADER_LENGTH], "big")
        found.append((stream[0], stream[HEADER_LENGTH:end]))
        stream = stream[end:]
    return found


def record_types(stream: bytes | bytearray) -> list[int]:
    return [content_type for content_type, _ in records(stream)]
