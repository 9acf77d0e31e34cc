"""Connecting by name or address, within a time."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest

from puressl.errors import SSLError
from puressl.io.dial import dial


@pytest.fixture
def port() -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener.getsockname()[1]


def failure(*arguments: Any, **named: Any) -> SSLError:
    with pytest.raises(SSLError) as caught:
        dial(*arguments, **named)
    return caught.value


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
@pytest.mark.parametrize("seconds", [None, 10])
def test_host_is_connected(port: int, host: str, seconds: float | None) -> None:
    with dial((host, port), None if seconds is None else time.monotonic() + seconds) as sock:
        assert sock.getpeername() == ("127.0.0.1", port)


def test_local_end_is_bound_as_asked(port: int) -> None:
    with dial(("localhost", port), None, local=("127.0.0.1", 0)) as sock:
        assert sock.getsockname()[0] == "127.0.0.1"
    assert failure(("127.0.0.1", port), None, local=("::1", 0)).reason == "eafnosupport"


def test_name_that_takes_long_to_look_up_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    answer = threading.Event()
    real = socket.getaddrinfo

    def slow(host: str, *arguments: Any, **named: Any) -> Any:
        if named["flags"] == 0:
            answer.wait(10)
        return real(host, *arguments, **named)

    monkeypatch.setattr(socket, "getaddrinfo", slow)
    begun = time.monotonic()
    error = failure(("slow.invalid", 443), begun + 0.05)
    assert (error.reason, error.detail) == ("timeout", "slow.invalid port 443")
    assert time.monotonic() - begun < 5
    answer.set()


@pytest.mark.parametrize("host", ["nowhere.invalid", "a" * 70 + ".invalid", "\udcff"])
def test_unknown_name_is_nxdomain(host: str) -> None:
    assert failure((host, 443), None).reason == "nxdomain"


def test_last_address_that_fails_is_reported() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = free.getsockname()
        assert failure(address, None).reason == "econnrefused"


def test_port_out_of_range_is_no_port() -> None:
    assert failure(("127.0.0.1", 70_000), None).reason == "einval"
