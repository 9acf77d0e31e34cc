"""The public sans-I/O connection: bytes in, events and bytes out.

Theory of operation: a connection owns the two record paths and the current state, and is the ``Output`` of its
handlers. ``receive_data`` only buffers; ``next_event`` decodes one step at a time, so that a reader who stops calling
it exerts back-pressure, and an event that was decoded is handed out before any later error. Failure is sticky: on the
first error the fitting alert is queued, once, and every later ``next_event`` raises that same error; ``data_to_send``
still gives the alert out, and the adapter carries it before it raises.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from contextlib import AbstractContextManager
from functools import partial
from typing import Any

from puressl.codes import AlertDescription, AlertLevel, ContentType, Direction, Epoch, ProtocolVersion, name_of
from puressl.config import ClientConfig, Config, ServerConfig
from puressl.crypto.transcript import Transcript
from puressl.errors import ALERT_MEANINGS, CertificateError, Problem, ProtocolError, Reason, SSLError
from puressl.events import (
    PENDING,
    AlertReceived,
    Event,
    HandshakeCompleted,
    Need,
    Needed,
    Negotiated,
    PeerCertificate,
    PeerClosed,
    VerifyPeer,
)
from puressl.handshake.client import ClientStart
from puressl.handshake.machine import ApplicationData, State, Waiting, dispatch_content, dispatch_handshake, going_on
from puressl.handshake.output import TrafficKeys
from puressl.handshake.resolve import accept, resolve
from puressl.handshake.server import ServerStart
from puressl.record.protect import protection
from puressl.record.receive import (
    AlertRecord,
    ApplicationDataReceived,
    ChangeCipherSpecReceived,
    EndOfFile,
    HandshakeReceived,
    RecordReceiver,
)
from puressl.record.send import RecordSender
from puressl.trace import NULL_TRACER, Checking, TracedRecord, key_log_line
from puressl.wire import Alert, ChangeCipherSpec, encode_handshake
from puressl.wire.record import HEADER_LENGTH
from puressl.x509.verifier import VerifiedPeer

#: Warning alerts accepted on one connection: TLS 1.2 peers send one or two, a flood only costs time.
MAX_WARNING_ALERTS = 4

#: Bytes of keying material exported at once: HKDF-Expand's limit with SHA-256 (RFC 5869 2.3).
MAX_EXPORT = 255 * 32

#: What ``VerifyPeer`` is about, as a tracer is told.
_CHAIN_RULE = ("the certificate chain is verified", "RFC 5280 6.1")

_LEGACY_INITIAL_VERSION = int(ProtocolVersion.TLSv1_0)
_LEGACY_VERSION = int(ProtocolVersion.TLSv1_2)


class Connection:
    """What both roles have in common; make a ``ClientConnection`` or a ``ServerConnection``.

    state: the name of the current state. negotiated: what was agreed on, None until the handshake is complete.
    peer_certificates: the peer's chain, DER, leaf first, () if it sent none. trailing_data: bytes after the peer's
    close_notify.
    """

    _handshake_reason: Reason

    def __init__(self, config: Config, state: State) -> None:
        self._config = config
        self._state = state
        self._events: deque[Event] = deque()
        watched = config.tracer is not NULL_TRACER  # else no record is kept for nobody to see
        self._receiver = RecordReceiver(partial(self._observe, Direction.READ) if watched else None)
        self._sender = RecordSender(partial(self._observe, Direction.WRITE) if watched else None)
        self._read_epoch = Epoch.INITIAL
        self._write_epoch = Epoch.INITIAL
        self._failure: SSLError | None = None
        self._negotiated: Negotiated | None = None
        self._peer_chain: tuple[bytes, ...] = ()
        self._warnings = 0
        self._write_closed = False
        self._peer_closed = False
        self._trailing = b""
        self._begun = False

    # Views --------------------------------------------------------------------------------------------------

    @property
    def state(self) -> str:
        return self._state.name

    @property
    def negotiated(self) -> Negotiated | None:
        return self._negotiated

    @property
    def peer_certificates(self) -> tuple[bytes, ...]:
        return self._negotiated.peer_chain if self._negotiated is not None else self._peer_chain

    @property
    def trailing_data(self) -> bytes:
        if self._peer_closed:
            self._trailing += self._receiver.take_unread()
        return self._trailing

    @property
    def failure(self) -> SSLError | None:
        """The error the connection ended with, None while it is sound."""
        return self._failure

    @property
    def peer_closed(self) -> bool:
        """Whether the peer's close_notify was read."""
        return self._peer_closed

    @property
    def write_closed(self) -> bool:
        """Whether close_notify or a fatal alert was queued: nothing more can be sent."""
        return self._write_closed

    @property
    def config(self) -> Config:
        return self._config

    # Bytes and events ---------------------------------------------------------------------------------------

    def start(self) -> None:
        """Begins the handshake: a client queues its ClientHello, a server waits."""

    def receive_data(self, data: bytes | bytearray | memoryview) -> None:
        """Buffers bytes from the transport; ``b""`` is its end of file. Never raises for what the bytes are.

        After a failure nothing is kept.
        """
        octets = bytes(memoryview(data))
        self._begun = True
        if self._failure is None:
            self._receiver.feed(octets)

    def next_event(self) -> Event | None:
        """The next event; None when more data, or the answer to a need, must come first.

        Raises ``ProtocolError`` or ``CertificateError`` once everything that arrived before the fault was handed out,
        and the same error at every later call.
        """
        while not self._events:
            if self._failure is not None:
                raise self._failure.with_traceback(None)
            if self._peer_closed or isinstance(self._state, Waiting):
                return None
            try:
                if not self._step():
                    return None
            except SSLError as error:
                self._fail(error)
            except Exception as error:
                self._fail(_internal(error))
        return self._events.popleft()

    def data_to_send(self) -> bytes:
        """What the transport must carry now, in one piece; empties the queue."""
        return self._sender.take()

    def send_data(self, data: bytes | bytearray | memoryview) -> None:
        """Queues application data of any length.

        Raises ``SSLError``: ``ebadstate`` before the handshake is complete, ``closed`` after ``close`` or a failure.
        """
        self._check_writable()
        if self._sender.needs_key_update and hasattr(self._state, "update_keys"):
            self.update_keys(request=False)  # RFC 8446 5.5; TLS 1.2 has no such way and ends at the limit
        self._sender.send(ContentType.APPLICATION_DATA, bytes(memoryview(data)))

    def close(self) -> None:
        """Queues close_notify (RFC 8446 6.1). Reading goes on until the peer closes, too. Idempotent.

        Before the handshake is complete it ends the connection: ``next_event`` raises ``closed`` from then on.
        """
        if self._write_closed:
            return
        if self._negotiated is None:
            self._failure = SSLError(Reason.CLOSED, f"closed by ourselves in {self.state}")
            if self._begun:
                self._queue_alert(AlertLevel.WARNING, AlertDescription.USER_CANCELED)
        if self._negotiated is not None or self._begun:
            self._send_alert(AlertDescription.CLOSE_NOTIFY)
        self._write_closed = True

    def update_keys(self, *, request: bool = True) -> None:
        """Changes our traffic keys (RFC 8446 4.6.3). request: asks the peer to change its own.

        Raises ``SSLError``: ``ebadstate`` before the handshake is complete or under TLS 1.2, ``closed`` after
        ``close``.
        """
        self._check_writable()
        update = getattr(self._state, "update_keys", None)
        if update is None:
            raise SSLError(Reason.EBADSTATE, "TLS 1.2 has no KeyUpdate")
        update(self, request=request)

    def export_keying_material(self, label: bytes, context: bytes | None, length: int) -> bytes:
        """Keying material for the application (RFC 8446 7.5, RFC 5705).

        label: registered or private, ASCII. context: None for none, which TLS 1.2 tells apart from an empty one.
        Raises ``SSLError(ebadstate)`` before the handshake is complete.
        """
        export = getattr(self._state, "export", None)
        if export is None:
            raise SSLError(Reason.EBADSTATE, "no exporter before the handshake is complete")
        if not isinstance(label, bytes) or not isinstance(context, (bytes, type(None))):
            raise SSLError(Reason.BADARG, "label and context are bytes")
        if not 0 < length <= MAX_EXPORT:
            raise SSLError(Reason.BADARG, f"length {length} is not in 1…{MAX_EXPORT}")
        result: bytes = export(label, context, length)
        return result

    def resolve(self, need: Need, result: Any) -> None:
        """Answers the pending need; the handshake goes on. An exception as the result refuses it.

        Raises ``SSLError(ebadstate)`` when this need is not pending, and the connection's failure after one.
        """
        state = self._state
        if self._failure is not None:
            raise self._failure.with_traceback(None)
        if not isinstance(state, Waiting) or state.need is not need:
            raise SSLError(Reason.EBADSTATE, f"{type(need).__name__} is not pending")
        try:
            answer = self._take(need, partial(_given, need, result), state.otherwise)
            self._enter(going_on(state.then(answer, self), state.asker))
        except SSLError as error:
            self._fail(error)
        except Exception as error:
            self._fail(_internal(error))

    # Reading ------------------------------------------------------------------------------------------------

    def _step(self) -> bool:
        """Takes one thing from the record layer; False when there is none."""
        incoming = self._receiver.next()
        if incoming is None:
            return False
        self._HANDLERS[type(incoming)](self, incoming)
        return True

    def _on_handshake(self, incoming: HandshakeReceived) -> None:
        self._enter(dispatch_handshake(self._state, incoming.raw, self._read_epoch, self._config.tracer, self))

    def _on_change_cipher_spec(self, incoming: ChangeCipherSpecReceived) -> None:
        message = ChangeCipherSpec()
        self._config.tracer.message(Direction.READ, Epoch.INITIAL, message, b"\x01")  # never under new keys
        self._enter(dispatch_content(self._state, message, self))

    def _on_application_data(self, incoming: ApplicationDataReceived) -> None:
        self._enter(dispatch_content(self._state, ApplicationData(incoming.data), self))

    def _on_alert(self, incoming: AlertRecord) -> None:
        """RFC 8446 6: the level says nothing in TLS 1.3; in TLS 1.2 a warning does not end the connection."""
        alert = Alert(incoming.level, incoming.description)
        raw = bytes([incoming.level, incoming.description])
        self._config.tracer.message(Direction.READ, self._read_epoch, alert, raw)
        if incoming.description == AlertDescription.CLOSE_NOTIFY:
            self._on_close_notify()
        elif self._is_warning(incoming):
            self._warnings += 1
            if self._warnings > MAX_WARNING_ALERTS:
                raise ProtocolError(Problem.TOO_MANY_WARNINGS, f"more than {MAX_WARNING_ALERTS}")
            self.emit(AlertReceived(incoming.level, incoming.description))
        else:
            raise _received(incoming.description)

    def _is_warning(self, incoming: AlertRecord) -> bool:
        """In TLS 1.3 only user_canceled. A warning before the version is known is one: a TLS 1.2 server may send
        unrecognized_name (RFC 6066 3).
        """
        if self._state.is_tls13:
            return incoming.description == AlertDescription.USER_CANCELED
        return incoming.level == AlertLevel.WARNING

    def _on_close_notify(self) -> None:
        """RFC 8446 6.1: in TLS 1.3 each direction closes by itself; RFC 5246 7.2.1: in TLS 1.2 both at once."""
        if self._negotiated is None:
            raise _received(AlertDescription.CLOSE_NOTIFY)
        self._peer_closed = True
        if self._negotiated.version is not ProtocolVersion.TLSv1_3:
            self.close()
        self.emit(PeerClosed())

    def _on_end_of_file(self, incoming: EndOfFile) -> None:
        inside = "" if incoming.clean else " inside a record"
        if self._negotiated is None:
            raise ProtocolError(Problem.TRUNCATED, f"the transport ended{inside} during the handshake, in {self.state}")
        raise ProtocolError(Problem.TRUNCATED, f"the transport ended{inside} without close_notify (RFC 8446 6.1)")

    _HANDLERS: dict[type[Any], Callable[[Any, Any], None]] = {
        HandshakeReceived: _on_handshake,
        ChangeCipherSpecReceived: _on_change_cipher_spec,
        ApplicationDataReceived: _on_application_data,
        AlertRecord: _on_alert,
        EndOfFile: _on_end_of_file,
    }

    def _observe(
        self, direction: Direction, sequence: int, content_type: int, content: bytes | None, raw: bytes
    ) -> None:
        epoch = self._read_epoch if direction is Direction.READ else self._write_epoch
        protected = content is None or len(raw) != HEADER_LENGTH + len(content)
        if not protected:  # what TLS 1.3 never protects may come under keys (RFC 8446 5)
            epoch, sequence = Epoch.INITIAL, 0
        self._config.tracer.record(TracedRecord(direction, epoch, sequence, content_type, content, raw, protected))

    def _enter(self, state: State) -> None:
        if state is not self._state:
            self._config.tracer.state(self._state.name, state.name)
            self._state = state

    # Output for the handlers --------------------------------------------------------------------------------

    def send(self, epoch: Epoch, message: Any) -> bytes:
        is_handshake = not isinstance(message, ChangeCipherSpec)
        raw = encode_handshake(message) if is_handshake else b"\x01"
        if not self._write_closed:  # RFC 8446 6.1: nothing follows close_notify, not even an answer to KeyUpdate
            self._sender.send(ContentType.HANDSHAKE if is_handshake else ContentType.CHANGE_CIPHER_SPEC, raw)
            self._config.tracer.message(Direction.WRITE, epoch, message, raw)
        return raw

    def emit(self, event: Event) -> None:
        if isinstance(event, HandshakeCompleted):
            self._negotiated = event.negotiated
        elif isinstance(event, PeerCertificate):
            self._peer_chain = event.chain
        self._events.append(event)

    def warn(self, description: AlertDescription) -> None:
        if not self._write_closed:
            self._queue_alert(AlertLevel.WARNING, description)

    def install(self, direction: Direction, epoch: Epoch, keys: TrafficKeys) -> None:
        protected = protection(keys, self._config.env, self._config.provider.new_aead)
        if direction is Direction.READ:
            self._receiver.install(protected)
            self._read_epoch = epoch
        else:
            self._sender.install(protected)
            self._write_epoch = epoch
        self._config.tracer.keys(direction, epoch, keys.suite.name)

    def ask(self, need: Need, then: Callable[[Any, Any], State], *, otherwise: Any = None) -> State:
        answer = self._take(need, partial(resolve, self._config, need), otherwise)
        if answer is PENDING:
            self.emit(Needed(need))
            return Waiting(need, then, otherwise)
        return then(answer, self)

    def configure(self, config: ServerConfig) -> None:
        self._config = config

    def _take(self, need: Need, answer: Callable[[], Any], otherwise: Any) -> Any:
        """An answer that comes at once or later, held to the same rules."""
        try:
            taken = answer()
        except Exception:
            if isinstance(need, VerifyPeer):
                self._config.tracer.checked(*_CHAIN_RULE, False)
            if otherwise is None:
                raise
            return otherwise
        if isinstance(taken, VerifiedPeer) and taken.path:  # without a path nothing was verified
            self._config.tracer.checked(*_CHAIN_RULE, True)
            self._config.tracer.verified(taken.path)
        return taken

    def check(self, condition: bool, what: str, clause: str, problem: Problem, detail: str = "") -> None:
        self._config.tracer.checked(what, clause, condition)
        if not condition:
            raise ProtocolError(problem, detail)

    def checking(self, what: str, clause: str) -> AbstractContextManager[None]:
        return Checking(self._config.tracer, what, clause)

    def input(self, name: str, secret: bytes) -> None:
        self._config.tracer.input(name, secret)

    def secret(self, label: str, client_random: bytes, secret: bytes) -> None:
        self._config.tracer.secret(label, secret)
        if self._config.keylog is not None:
            self._config.keylog(key_log_line(label, client_random, secret))

    def limit_plaintext(self, direction: Direction, limit: int) -> None:
        path = self._receiver if direction is Direction.READ else self._sender
        path.limit_plaintext(limit)

    def skip_early_data(self, limit: int) -> None:
        self._receiver.skip_early_data(limit)

    # Failure ------------------------------------------------------------------------------------------------

    def _fail(self, error: SSLError) -> None:
        """Queues the alert, once, and remembers the error for good."""
        if isinstance(error, ProtocolError) and error.problem is not Problem.ALERT_RECEIVED and not self._negotiated:
            error.happened_in(self._handshake_reason)
        self._failure = error
        alert = error.alert if isinstance(error, (ProtocolError, CertificateError)) else AlertDescription.INTERNAL_ERROR
        try:
            if alert is not None and not self._write_closed:
                self._send_alert(alert)
            if alert is not None or (isinstance(error, ProtocolError) and error.problem is Problem.ALERT_RECEIVED):
                self._state.failed()  # RFC 5246 7.2.2; a truncation forgets nothing (RFC 5246 7.2.1)
            self._config.tracer.failed(error)
        except Exception as other:  # a fault of the user's tracer or store must not hide what went wrong
            error.__context__ = other
        self._write_closed = True

    def _send_alert(self, description: AlertDescription) -> None:
        level = AlertLevel.WARNING if description == AlertDescription.CLOSE_NOTIFY else AlertLevel.FATAL
        self._queue_alert(level, description)
        self._write_closed = True

    def _queue_alert(self, level: AlertLevel, description: AlertDescription) -> None:
        raw = bytes([level, description])
        self._sender.send(ContentType.ALERT, raw)
        self._config.tracer.message(Direction.WRITE, self._write_epoch, Alert(int(level), int(description)), raw)

    def _check_writable(self) -> None:
        if self._write_closed:
            raise SSLError(Reason.CLOSED)
        if not self._state.connected:
            raise SSLError(Reason.EBADSTATE, f"the handshake is not complete: {self.state}")


def _given(need: Need, result: Any) -> Any:
    if isinstance(result, Exception):
        raise result
    return accept(need, result)


def _received(description: int) -> ProtocolError:
    """The error of a peer's fatal alert: its name, and what it means."""
    name, meaning = name_of(AlertDescription, description), ALERT_MEANINGS.get(description)
    detail = f"{name} ({meaning})" if meaning else name
    return ProtocolError(Problem.ALERT_RECEIVED, detail, received=int(description))


def _demand(config: Config, kind: type[Config]) -> None:
    """The role is the class's; a configuration of the other would play the other."""
    if not isinstance(config, kind):
        raise SSLError(Reason.EOPTIONS, f"config: {type(config).__name__} where {kind.__name__} is needed")


def _internal(error: Exception) -> ProtocolError:
    """A fault of ours or of a resolver: the peer is told internal_error, the user sees the cause."""
    failure = ProtocolError(Problem.INTERNAL_ERROR, f"{type(error).__name__}: {error}")
    failure.__cause__ = error
    return failure


class ClientConnection(Connection):
    """A client. ``start`` queues the ClientHello."""

    _handshake_reason = Reason.ESSLCONNECT

    def __init__(self, config: ClientConfig) -> None:
        _demand(config, ClientConfig)
        super().__init__(config, ClientStart(config))
        self._sender.record_version = _LEGACY_INITIAL_VERSION

    def start(self) -> None:
        """Queues the ClientHello. Idempotent; raises ``SSLError`` for what the configuration cannot do, and ``closed``
        after ``close``.
        """
        if self._failure is not None:
            raise self._failure.with_traceback(None)
        if not isinstance(self._state, ClientStart):
            return
        self._begun = True
        self._enter(self._state.start(self))
        self._sender.record_version = _LEGACY_VERSION  # RFC 8446 5.1: only an initial ClientHello may say 0x0301


class ServerConnection(Connection):
    """A server. It waits for a ClientHello."""

    _handshake_reason = Reason.ESSLACCEPT

    def __init__(self, config: ServerConfig) -> None:
        _demand(config, ServerConfig)
        super().__init__(config, ServerStart(config, Transcript()))
        self._sender.record_version = _LEGACY_VERSION
