"""What a connection agreed on, read from its messages.

Theory of operation: each fact is a row, a label and a function from the messages to its text or None; a connection of
ours and a recorded one are read alike, whatever their ends would say of it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeVar

from puressl.codes import CipherSuite, NamedGroup, ProtocolVersion, SignatureScheme, name_of
from puressl.explain.model import CLIENT, SERVER
from puressl.explain.secrets import Told
from puressl.wire import (
    ApplicationProtocols,
    CertificateVerify,
    ClientHello,
    EncryptedExtensions,
    EncryptThenMac,
    ExtendedMasterSecret,
    Finished,
    KeyShareServer,
    PreSharedKeySelected,
    ServerHello,
    ServerKeyExchangeDHE,
    ServerKeyExchangeECDHE,
    ServerNameOffer,
)

M = TypeVar("M")


@dataclass(frozen=True, slots=True)
class Messages:
    """The handshake messages of a connection, by class and sender."""

    told: tuple[Told, ...]

    def of(self, kind: type[M], sender: str | None = None) -> Iterator[M]:
        for each in self.told:
            if isinstance(each.message, kind) and sender in (None, each.sender):
                yield each.message

    def first(self, kind: type[M], sender: str | None = None) -> M | None:
        return next(self.of(kind, sender), None)

    @property
    def hello(self) -> ServerHello | None:
        """The ServerHello that is no HelloRetryRequest."""
        return next((each for each in self.of(ServerHello) if not each.is_retry), None)

    @property
    def is_tls13(self) -> bool:
        return self.hello is not None and self.hello.selected_version == ProtocolVersion.TLSv1_3


def facts(told: Sequence[Told]) -> tuple[tuple[str, str], ...]:
    """Label and text of what is known by now, in reading order."""
    messages = Messages(tuple(told))
    found = ((label, row(messages)) for label, row in _ROWS)
    return tuple((label, text) for label, text in found if text is not None)


def _protocol(messages: Messages) -> str | None:
    hello = messages.hello
    if hello is None:
        return None
    version = hello.selected_version
    return ProtocolVersion(version).label if version in set(ProtocolVersion) else f"{version:#06x}"


def _suite(messages: Messages) -> str | None:
    return name_of(CipherSuite, messages.hello.cipher_suite).upper() if messages.hello is not None else None


def _group(messages: Messages) -> str | None:
    share = messages.hello.extensions.get(KeyShareServer) if messages.hello is not None else None
    point = messages.first(ServerKeyExchangeECDHE)
    if share is not None:
        return name_of(NamedGroup, share.share.group)
    if point is not None:
        return name_of(NamedGroup, point.group)
    prime = messages.first(ServerKeyExchangeDHE)
    return f"finite field of {8 * len(prime.p)} bits" if prime is not None else None


def _server_signature(messages: Messages) -> str | None:
    verify, exchange = messages.first(CertificateVerify, SERVER), messages.first(ServerKeyExchangeECDHE)
    if verify is not None:
        return name_of(SignatureScheme, verify.algorithm)
    signed = exchange or messages.first(ServerKeyExchangeDHE)
    return name_of(SignatureScheme, signed.scheme) if signed is not None else None


def _client_signature(messages: Messages) -> str | None:
    verify = messages.first(CertificateVerify, CLIENT)
    return name_of(SignatureScheme, verify.algorithm) if verify is not None else None


def _server_name(messages: Messages) -> str | None:
    hello = messages.first(ClientHello)
    offer = hello.extensions.get(ServerNameOffer) if hello is not None else None
    return offer.host_name if offer is not None else None


def _application_protocol(messages: Messages) -> str | None:
    answer = messages.first(EncryptedExtensions) if messages.is_tls13 else messages.hello
    chosen = answer.extensions.get(ApplicationProtocols) if answer is not None else None
    return chosen.protocols[0].decode("ascii", "backslashreplace") if chosen is not None else None


def _resumed(messages: Messages) -> str | None:
    hello = messages.hello
    if hello is None:
        return None
    if messages.is_tls13:
        return "yes" if hello.extensions.get(PreSharedKeySelected) is not None else "no"
    # RFC 5246 7.3: only in an abbreviated handshake is the server's Finished the first.
    first = next((each.sender for each in messages.told if isinstance(each.message, Finished)), None)
    return None if first is None else "yes" if first == SERVER else "no"


def _retried(messages: Messages) -> str | None:
    return "yes" if any(each.is_retry for each in messages.of(ServerHello)) else None


def _in_hello(kind: type[EncryptThenMac] | type[ExtendedMasterSecret]) -> Callable[[Messages], str | None]:
    def row(messages: Messages) -> str | None:
        hello = messages.hello
        return "yes" if hello is not None and hello.extensions.get(kind) is not None else None

    return row


_ROWS: tuple[tuple[str, Callable[[Messages], str | None]], ...] = (
    ("protocol", _protocol),
    ("cipher suite", _suite),
    ("group", _group),
    ("server's signature", _server_signature),
    ("client's signature", _client_signature),
    ("server name", _server_name),
    ("application protocol", _application_protocol),
    ("resumed", _resumed),
    ("hello retry", _retried),
    ("extended master secret", _in_hello(ExtendedMasterSecret)),
    ("encrypt then MAC", _in_hello(EncryptThenMac)),
)
