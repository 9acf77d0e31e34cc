"""Early data is refused and passed over (RFC 8446 4.2.10): clients that send it anyway are built by hand."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from puressl.codes import ContentType, Direction, Epoch, NamedGroup
from puressl.errors import Problem
from puressl.events import HandshakeCompleted
from puressl.handshake.server13 import MAX_SKIPPED_EARLY_DATA
from puressl.record.receive import EARLY_DATA_OVERHEAD
from puressl.wire import ClientHello, EarlyData, EncryptedExtensions, EndOfEarlyData, Extensions

from support.bad_peer import BadClient, assert_refused, problem_of
from support.joined import exchange_data, join
from support.link import Link

RETRY = {"client": {"groups": (NamedGroup.X25519, NamedGroup.SECP256R1)}, "server": {"groups": (NamedGroup.SECP256R1,)}}


def offering_early_data(hello: ClientHello) -> ClientHello:
    return replace(hello, extensions=Extensions((EarlyData(), *hello.extensions)))


def early_record(length: int, filling: int = 0x5A) -> bytes:
    """A record under keys the server does not have. length: bytes of data in it."""
    fragment = bytes([filling]) * (length + EARLY_DATA_OVERHEAD)
    return bytes([ContentType.APPLICATION_DATA, 3, 3]) + len(fragment).to_bytes(2, "big") + fragment


class EarlyClient(BadClient):
    """Puts early data behind its first ClientHello, and offers none in the second (RFC 8446 4.1.2)."""

    def __init__(self, config: Any, early: bytes, *, insist: bool = False) -> None:
        super().__init__(config, self._offer)
        self.early, self.hellos, self.insist = early, 0, insist

    def _offer(self, message: Any) -> tuple[Any]:
        if not isinstance(message, ClientHello):
            return (message,)
        self.hellos += 1
        return (offering_early_data(message) if self.hellos == 1 or self.insist else message,)

    def start(self) -> None:
        super().start()
        self._sender._flush()
        self._sender._records.append(self.early)


def early(data: bytes, *, insist: bool = False, **fields: Any) -> Link:
    plain = join(**fields)
    client = EarlyClient(plain.client.connection.config, data, insist=insist)
    return Link(client, plain.server.connection).handshake()


@pytest.mark.parametrize("fields", [{}, RETRY], ids=["at once", "after a retry"])
@pytest.mark.parametrize("lengths", [[], [0], [1], [100, 1_000], [2**14, 2**13], [1] * 100])
def test_refused_early_data_is_passed_over(fields: Any, lengths: list[int]) -> None:
    joined = early(b"".join(map(early_record, lengths)), **fields).raise_errors()
    assert joined.is_complete()
    (answer,) = joined.server.connection.config.tracer.of(EncryptedExtensions)
    assert answer.extensions.get(EarlyData) is None
    exchange_data(joined)


@pytest.mark.parametrize("fields", [{}, RETRY], ids=["at once", "after a retry"])
def test_early_data_beyond_what_is_borne_ends_the_handshake(fields: Any) -> None:
    too_much = early_record(2**14) * (MAX_SKIPPED_EARLY_DATA // 2**14) + early_record(1)
    joined = early(too_much, **fields)
    assert problem_of(joined.server.error) is Problem.TOO_MUCH_EARLY_DATA
    assert not joined.server.of(HandshakeCompleted)


def test_empty_records_of_early_data_do_not_come_without_end() -> None:
    joined = early(early_record(0) * (MAX_SKIPPED_EARLY_DATA + 1))
    assert problem_of(joined.server.error) is Problem.TOO_MUCH_EARLY_DATA


def test_undecryptable_records_without_the_offer_are_bad() -> None:
    joined = join()
    joined.client.connection.start()
    joined.server.connection.receive_data(joined.client.connection.data_to_send() + early_record(100))
    joined.run()
    assert_refused(joined.server, Problem.BAD_RECORD_MAC, peer=joined.client)


def test_once_the_client_has_shown_its_keys_nothing_more_is_passed_over() -> None:
    joined = early(early_record(10))
    joined.raise_errors()
    joined.server.connection.receive_data(early_record(10))
    joined.run()
    assert_refused(joined.server, Problem.BAD_RECORD_MAC, peer=joined.client)


def test_early_data_is_not_offered_again_after_a_retry() -> None:
    """RFC 8446 4.2.10."""
    joined = early(b"", insist=True, **RETRY)
    assert_refused(joined.server, Problem.ILLEGAL_PARAMETER, peer=joined.client)


def test_end_of_early_data_is_not_expected() -> None:
    """RFC 8446 4.5: only after accepted early data."""
    plain = join()
    client = BadClient(plain.client.connection.config)

    def install(direction: Direction, epoch: Epoch, keys: Any) -> None:
        type(client).install(client, direction, epoch, keys)
        if direction is Direction.WRITE and epoch is Epoch.HANDSHAKE:
            client.send(Epoch.HANDSHAKE, EndOfEarlyData())

    client.install = install  # type: ignore[method-assign]
    joined = Link(client, plain.server.connection).handshake()
    assert_refused(joined.server, Problem.UNEXPECTED_MESSAGE, peer=joined.client)


def test_client_refuses_early_data_accepted_that_it_never_offered() -> None:
    def rewrite(message: Any) -> tuple[Any, ...]:
        if isinstance(message, EncryptedExtensions):
            return (EncryptedExtensions(Extensions((*message.extensions, EarlyData()))),)
        return (message,)

    joined = join(bad_server=rewrite).handshake()
    assert_refused(joined.client, Problem.UNSOLICITED_EXTENSION, peer=joined.server)
