"""A connection between two cores in memory, watched from both ends.

Theory of operation: two configurations are all that decides it; with seeded environments the story is the same in every
run. Bytes are carried until nothing moves, one piece of data goes each way, and both ends close. An error of either
ends the connection and is in the story.
"""

from __future__ import annotations

from dataclasses import replace

from puressl.config import ClientConfig, ServerConfig
from puressl.connection import ClientConnection, Connection, ServerConnection
from puressl.errors import SSLError
from puressl.explain.model import CLIENT, SERVER
from puressl.explain.watch import Watch

QUESTION, ANSWER = b"Who are you?", b"Whoever my certificate says."


def rehearse(client: ClientConfig, server: ServerConfig) -> tuple[Watch, SSLError | None]:
    """Runs a connection to its end. What was seen, and the error it failed with, if it did."""
    watch = Watch()
    ends = (
        ClientConnection(replace(client, tracer=watch.tracer(CLIENT))),
        ServerConnection(replace(server, tracer=watch.tracer(SERVER))),
    )
    try:
        _run(*ends)
    except SSLError as error:
        return watch, error
    return watch, None


def _run(client: ClientConnection, server: ServerConnection) -> None:
    client.start()
    _settle(client, server)
    client.send_data(QUESTION)
    _settle(client, server)
    server.send_data(ANSWER)
    _settle(client, server)
    client.close()
    _settle(client, server)
    server.close()
    _settle(client, server)


def _settle(client: Connection, server: Connection) -> None:
    """Carries bytes until nothing moves. Raises the first error, after its alert was carried and read."""
    failure: SSLError | None = None
    moved = True
    while moved:
        moved = False
        for source, target in ((client, server), (server, client)):
            if data := source.data_to_send():
                target.receive_data(data)
                moved = True
            failure = failure or _drain(target)
    if failure is not None:
        raise failure


def _drain(connection: Connection) -> SSLError | None:
    try:
        while connection.next_event() is not None:
            pass
    except SSLError as error:
        return error
    return None
