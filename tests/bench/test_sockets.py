"""Active sockets measured: what an idle one holds, messages beside ``recv``. Only memory and threads are asserted."""

from __future__ import annotations

import gc
import threading
import time
import tracemalloc
from collections.abc import Iterator
from statistics import median

import pytest

import puressl

from support.endpoints import PATIENCE, Server, server_options

pytestmark = [pytest.mark.bench]

CONNECTIONS = 1_000
#: The last of them, whose memory is counted: counting takes twice the time that everything else does.
COUNTED = 100
#: KiB that an idle active socket may hold, its TLS state included.
IDLE_LIMIT = 64
MESSAGES, SIZE, ROUNDS = 2_000, 100, 7


@pytest.fixture(autouse=True)
def application() -> Iterator[None]:
    puressl.start()
    yield
    puressl.stop()
    puressl.mailbox().close()


@pytest.mark.slow
def test_a_thousand_idle_active_connections_cost_one_thread(capsys: pytest.CaptureFixture[str]) -> None:
    server = Server(puressl.listen(0, server_options(active=True)))
    pairs = [server.pair(active=True)]
    threads = threading.active_count()
    pairs += [server.pair(active=True) for _ in range(CONNECTIONS - COUNTED - 1)]
    tracemalloc.start()
    pairs += [server.pair(active=True) for _ in range(COUNTED)]
    gc.collect()
    held = tracemalloc.get_traced_memory()[0] / COUNTED / 2 / 1024
    tracemalloc.stop()
    assert threading.active_count() == threads
    for client, peer in (pairs[0], pairs[CONNECTIONS // 2], pairs[-1]):
        puressl.send(peer, b"awake")
        assert puressl.mailbox().receive(timeout=PATIENCE) == ("ssl", client, b"awake")
    with capsys.disabled():
        print(f"\n{CONNECTIONS} idle active connections: {held:.1f} KiB an end, {threads - 1} thread")
    assert held <= IDLE_LIMIT


def test_messages_beside_recv(capsys: pytest.CaptureFixture[str], pytestconfig: pytest.Config) -> None:
    if not pytestconfig.getoption("benchmark_enable"):
        pytest.skip("measures only with --benchmark-enable")
    server = Server(puressl.listen(0, server_options(packet=2)))
    rates = [(_rate(server, active=True), _rate(server, active=False)) for _ in range(ROUNDS)]
    with capsys.disabled():
        print(f"\nmessages of {SIZE} bytes a second, {ROUNDS} rounds: ")
        for name, of in (("elapsed", 0), ("processor", 1)):
            active, passive = (median(rate[of] for rate in side) for side in zip(*rates, strict=True))
            ratio = median(round_[0][of] / round_[1][of] for round_ in rates)
            print(f"{name} time: {active:,.0f} active, {passive:,.0f} by recv, ratio {ratio:.2f}")


def _rate(server: Server, *, active: bool) -> tuple[float, float]:
    """Messages in a second: of time, and of the processor's, which other programs disturb less."""
    client, peer = server.pair(packet=2, active=active)
    sender = threading.Thread(target=lambda: [puressl.send(peer, bytes(SIZE)) for _ in range(MESSAGES)])
    begun = time.perf_counter(), time.process_time()
    sender.start()
    for _ in range(MESSAGES):
        if active:
            puressl.mailbox().receive(timeout=PATIENCE)
        else:
            puressl.recv(client, 0, PATIENCE)
    ended = time.perf_counter(), time.process_time()
    sender.join()
    puressl.close(client)
    puressl.close(peer)
    return MESSAGES / (ended[0] - begun[0]), MESSAGES / (ended[1] - begun[1])
