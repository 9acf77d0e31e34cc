"""Bad peers, and what must come of them.

A bad peer is a sound core whose outgoing messages a test rewrites before they enter its own transcript, so that its
keys, signatures and Finished fit what it really said and nothing but the deviation can be what refuses it. It may also
send what no codec would make: ``Raw`` handshake bytes and whole ``Content`` of any type under its current keys.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

import pytest

from puressl.codes import AlertLevel, ContentType, Direction, Epoch
from puressl.config import ClientConfig, ServerConfig
from puressl.connection import ClientConnection, ServerConnection
from puressl.errors import PROBLEMS, CertificateError, Problem, ProtocolError, Reason, SSLError
from puressl.trace import NullTracer
from puressl.wire import (
    Alert,
    Certificate,
    CertificateRequest,
    ClientHello,
    EncryptedExtensions,
    NewSessionTicket,
    ServerHello,
    encode_handshake,
)

from support.link import End

#: A message to what is sent in its place.
Rewrite = Callable[[Any], Iterable[Any]]


@dataclass(frozen=True)
class Raw:
    """Handshake bytes, header included, as they are. hashed: whether the peer's own transcript has them."""

    raw: bytes
    hashed: bool = True


@dataclass(frozen=True)
class Content:
    """A record's content of any type, outside the transcript."""

    content_type: int
    content: bytes


class _Bad:
    rewrite: Rewrite

    def send(self, epoch: Epoch, message: Any) -> bytes:
        return b"".join(self._send(epoch, each) for each in self.rewrite(message))

    def _send(self, epoch: Epoch, message: Any) -> bytes:
        if isinstance(message, Raw):
            self._sender.send(ContentType.HANDSHAKE, message.raw)  # type: ignore[attr-defined]
            return message.raw if message.hashed else b""
        if isinstance(message, Content):
            self.send_content(message.content_type, message.content)
            return b""
        return super().send(epoch, message)  # type: ignore[misc, no-any-return]

    def send_content(self, content_type: int, content: bytes) -> None:
        """One record, or several where it is long, under the current keys; also an empty one."""
        sender = self._sender  # type: ignore[attr-defined]
        if content:
            sender.send(content_type, content)
            return
        sender._flush()
        sender._records.append(sender._protection.seal(content_type, content, sender.record_version))


class BadClient(_Bad, ClientConnection):
    def __init__(self, config: ClientConfig, rewrite: Rewrite = lambda message: (message,)) -> None:
        super().__init__(config)
        self.rewrite = rewrite


class BadServer(_Bad, ServerConnection):
    def __init__(self, config: ServerConfig, rewrite: Rewrite = lambda message: (message,)) -> None:
        super().__init__(config)
        self.rewrite = rewrite


def rewriting_bytes(kind: type, change: Callable[[bytes], bytes]) -> Rewrite:
    """Messages of one class with another body; the header's length follows it."""

    def rewrite(message: Any) -> tuple[Any, ...]:
        if not isinstance(message, kind):
            return (message,)
        body = change(encode_handshake(message)[4:])
        return (Raw(bytes([message.handshake_type]) + len(body).to_bytes(3, "big") + body),)  # type: ignore[attr-defined]

    return rewrite


def appending(kind: type, *extra: Any) -> Rewrite:
    """Other messages after those of one class."""
    return lambda message: (message, *extra) if isinstance(message, kind) else (message,)


@dataclass
class Watcher(NullTracer):
    """A tracer that remembers."""

    states: list[tuple[str, str]] = field(default_factory=list)
    sent: list[Any] = field(default_factory=list)
    received: list[Any] = field(default_factory=list)
    raw: list[tuple[Direction, Epoch, bytes]] = field(default_factory=list)
    secrets: dict[str, bytes] = field(default_factory=dict)
    broken: list[str] = field(default_factory=list)

    def state(self, left: str, entered: str) -> None:
        self.states.append((left, entered))

    def message(self, direction: Direction, epoch: Epoch, message: object, raw: bytes) -> None:
        (self.sent if direction is Direction.WRITE else self.received).append(message)
        self.raw.append((direction, epoch, raw))

    def secret(self, label: str, secret: bytes) -> None:
        self.secrets[label] = secret

    def checked(self, what: str, clause: str, passed: bool) -> None:
        if not passed:
            self.broken.append(what)

    def of(self, kind: type) -> list[Any]:
        """The messages of a class that were sent."""
        return [message for message in self.sent if isinstance(message, kind)]


#: Problems that only rules of the handshake find, never the record layer or a codec.
_RULES = frozenset(
    (
        Problem.MISSING_EXTENSION,
        Problem.UNSOLICITED_EXTENSION,
        Problem.UNSUPPORTED_VERSION,
        Problem.NO_COMMON_CIPHER_SUITE,
        Problem.NO_COMMON_GROUP,
        Problem.NO_COMMON_FINITE_FIELD,
        Problem.NO_COMMON_SIGNATURE_SCHEME,
        Problem.NO_COMMON_APPLICATION_PROTOCOL,
        Problem.INAPPROPRIATE_FALLBACK,
        Problem.DOWNGRADE_DETECTED,
        Problem.BAD_KEY_SHARE,
        Problem.BAD_DH_VALUE,
        Problem.BAD_SIGNATURE,
        Problem.BAD_FINISHED,
        Problem.BAD_BINDER,
        Problem.BAD_COOKIE,
        Problem.EXTENDED_MASTER_SECRET_CHANGED,
        Problem.INSECURE_RENEGOTIATION,
        Problem.NO_CERTIFICATE,
        Problem.NO_CLIENT_CERTIFICATE,
        Problem.CERTIFICATE_EXPIRED,
        Problem.CERTIFICATE_NAME,
        Problem.CERTIFICATE_NO_ISSUER,
        Problem.CERTIFICATE_SELF_SIGNED,
    )
)


def problem_of(error: SSLError | None) -> Problem | None:
    return error.problem if isinstance(error, (ProtocolError, CertificateError)) else None


def alert_received_by(end: End) -> int | None:
    """The alert that ended this end, None if none did."""
    return end.error.received if isinstance(end.error, ProtocolError) else None


def assert_refused(end: End, problem: Problem, *, peer: End | None) -> None:
    """``end`` failed with ``problem``, sent the one alert for it, once, and stays failed.

    Its tracer must be a ``Watcher``. peer: must have received that alert; None where it could not read it.
    """
    assert problem_of(end.error) is problem, f"{end.connection.state}: {end.error!r}"
    alert, watcher = PROBLEMS[problem].alert, end.connection.config.tracer
    assert isinstance(watcher, Watcher)
    fatal = [message for message in watcher.of(Alert) if message.level == AlertLevel.FATAL]
    assert fatal == ([] if alert is None else [Alert(int(AlertLevel.FATAL), int(alert))])
    assert watcher.broken or problem not in _RULES, f"{problem} without a rule that was told as broken"
    if peer is not None:
        assert alert_received_by(peer) == alert, f"the peer: {peer.error!r}"
    assert_sticky(end)


def assert_sticky(end: End) -> None:
    """Every later call gives the same error, and nothing more is sent."""
    connection = end.connection
    connection.data_to_send()
    for data in (b"", b"\x16\x03\x03\x00\x01\x00", b""):
        if data:
            connection.receive_data(data)
        with pytest.raises(SSLError) as caught:
            connection.next_event()
        assert caught.value is end.error
    with pytest.raises(SSLError) as refused:
        connection.send_data(b"x")
    assert refused.value.reason is Reason.CLOSED
    connection.close()
    assert connection.data_to_send() == b""


# Extensions as bytes: what no codec would write ------------------------------------------------------------------

#: An extension's type and body.
Pair = tuple[int, bytes]


def rewriting_extensions(kind: type, change: Callable[[list[Pair]], list[Pair]]) -> Rewrite:
    """Messages of one class with other extensions, of a Certificate in its first entry, whatever they are."""

    def rewrite(body: bytes) -> bytes:
        at = _block(kind, body)
        end = at + 2 + int.from_bytes(body[at : at + 2], "big") if at < len(body) else at
        block = b"".join(
            extension.to_bytes(2, "big") + len(content).to_bytes(2, "big") + content
            for extension, content in change(_split(body[at + 2 : end]))
        )
        changed = body[:at] + len(block).to_bytes(2, "big") + block + body[end:]
        if kind is Certificate:
            changed = changed[:1] + (len(changed) - 4).to_bytes(3, "big") + changed[4:]
        return changed

    return rewriting_bytes(kind, rewrite)


def adding_extension(kind: type, extension: int, content: bytes) -> Rewrite:
    """One more extension in front, or the one of its type with another content."""
    return rewriting_extensions(
        kind, lambda pairs: [(extension, content), *(pair for pair in pairs if pair[0] != extension)]
    )


def doubling_an_extension(kind: type) -> Rewrite:
    """An unknown extension twice, which is two faults; the second is to be found first, when the message is read."""
    return rewriting_extensions(kind, lambda pairs: [(0xFEFE, b""), (0xFEFE, b""), *pairs])


def without_extensions(kind: type, *extensions: int) -> Rewrite:
    return rewriting_extensions(kind, lambda pairs: [pair for pair in pairs if pair[0] not in extensions])


def _split(block: bytes) -> list[Pair]:
    pairs = []
    while block:
        end = 4 + int.from_bytes(block[2:4], "big")
        pairs.append((int.from_bytes(block[:2], "big"), block[4:end]))
        block = block[end:]
    return pairs


def _after(body: bytes, at: int, *prefixes: int) -> int:
    """The offset behind vectors with length prefixes of so many bytes."""
    for prefix in prefixes:
        at += prefix + int.from_bytes(body[at : at + prefix], "big")
    return at


def _block(kind: type, body: bytes) -> int:
    """Where the extensions of a message's body begin, at the bytes of their length."""
    return {
        ClientHello: lambda: _after(body, 34, 1, 2, 1),
        ServerHello: lambda: _after(body, 34, 1) + 3,
        EncryptedExtensions: lambda: 0,
        CertificateRequest: lambda: _after(body, 0, 1),
        Certificate: lambda: _after(body, _after(body, 0, 1) + 3, 3),
        NewSessionTicket: lambda: _after(body, 8, 1, 2),
    }[kind]()
