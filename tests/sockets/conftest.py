"""The application, started and stopped, and pairs of connected sockets."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

import puressl

from support.endpoints import Pair, Server, server_options


@pytest.fixture(autouse=True)
def application() -> Iterator[None]:
    """Started before each test with an empty mailbox, stopped after it, which closes whatever the test left open."""
    puressl.mailbox().close()
    puressl.start()
    yield
    puressl.stop()
    puressl.mailbox().close()


@pytest.fixture
def serve() -> Callable[..., Server]:
    """Makes a server; its options come over those of ``server_options``."""
    return lambda **options: Server(puressl.listen(0, server_options(**options)))


@pytest.fixture
def server(serve: Callable[..., Server]) -> Server:
    return serve()


@pytest.fixture
def pair(server: Server) -> Pair:
    """A client and a server, both passive."""
    return server.pair()
