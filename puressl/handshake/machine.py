"""States, declared as data, and the one dispatcher.

Theory of operation: a state is a small slotted class holding what that state needs. Its ``expects`` declares each
message that is legal in it, the handler, and the states that the handler may lead to. ``dispatch`` looks the message
up, refuses what is not there with unexpected_message (RFC 8446 4, RFC 5246 7.4), decodes strictly, adds the bytes to
the transcript and calls the handler, which returns the next state. Because the declarations are data, the same table
draws the diagram (``transitions``), and a test walks every state against every message.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, ClassVar

from puressl.codes import ContentType, Direction, Epoch, HandshakeType, name_of
from puressl.crypto.transcript import Transcript
from puressl.errors import Problem, ProtocolError
from puressl.events import Need
from puressl.handshake.output import Output
from puressl.trace import Tracer
from puressl.wire import ChangeCipherSpec, decode_handshake


@dataclass(frozen=True, slots=True)
class ApplicationData:
    """The content of an application_data record."""

    data: bytes


#: What identifies a message: its content type and, for handshake messages, its handshake type.
Kind = tuple[ContentType, int | None]

_CONTENT_KINDS: dict[type[Any], Kind] = {
    ChangeCipherSpec: (ContentType.CHANGE_CIPHER_SPEC, None),
    ApplicationData: (ContentType.APPLICATION_DATA, None),
}


def kind_of(message: type[Any]) -> Kind:
    """The kind of a message class."""
    content = _CONTENT_KINDS.get(message)
    return content or (ContentType.HANDSHAKE, int(message.handshake_type))


def kind_name(kind: Kind) -> str:
    """``server_hello`` or ``change_cipher_spec``."""
    content, handshake = kind
    return name_of(ContentType, content) if handshake is None else name_of(HandshakeType, handshake)


@dataclass(frozen=True, slots=True)
class Transition:
    """One legal message of a state. leads_to: names of the states that may follow. hashed: whether the transcript has
    it.
    """

    message: type[Any]
    handler: Callable[[Any, Any, Output], State]
    leads_to: tuple[str, ...]
    hashed: bool = True

    @property
    def kind(self) -> Kind:
        return kind_of(self.message)


def on(
    message: type[Any], handler: Callable[[Any, Any, Output], State], *leads_to: str, hashed: bool = True
) -> Transition:
    """Declares a legal message: its class, the method that takes it, and the states that may follow."""
    return Transition(message, handler, leads_to, hashed)


class State:
    """A state. ``transcript`` is the handshake's, None once it is over (or not begun)."""

    __slots__ = ()
    expects: ClassVar[tuple[Transition, ...]] = ()
    #: States this one leads to without a message, when the connection starts.
    leads_to: ClassVar[tuple[str, ...]] = ()
    #: Whether application data may be sent.
    connected: ClassVar[bool] = False
    _table: ClassVar[dict[Kind, Transition]] = {}

    def __init_subclass__(cls) -> None:
        cls._table = {transition.kind: transition for transition in cls.expects}

    @property
    def name(self) -> str:
        return type(self).__name__

    @property
    def transcript(self) -> Transcript | None:
        return None

    @property
    def is_tls13(self) -> bool:
        """Whether the version is known to be TLS 1.3, in which the level of an alert means nothing (RFC 8446 6)."""
        return False

    def failed(self) -> None:
        """The connection has ended with a fatal alert in this state: time to forget what must not be used again."""

    @classmethod
    def transition(cls, kind: Kind) -> Transition | None:
        return cls._table.get(kind)


@dataclass(slots=True)
class Waiting(State):
    """A need is pending: nothing is read until its answer comes.

    otherwise: the answer to take when the one that comes is of no use, None to fail. asker: the state that asked.
    """

    need: Need
    then: Callable[[Any, Output], State]
    otherwise: Any = field(default=None, repr=False)
    asker: State | None = None

    @property
    def name(self) -> str:
        asker = "" if self.asker is None else self.asker.name
        return f"{asker} (waiting for {type(self.need).__name__})"

    def failed(self) -> None:
        if self.asker is not None:
            self.asker.failed()


def expect(state: State, kind: Kind) -> Transition:
    """The transition of a message kind; a kind that is not declared raises unexpected_message."""
    transition = state.transition(kind)
    if transition is None:
        legal = ", ".join(kind_name(each.kind) for each in state.expects) or "nothing"
        raise ProtocolError(Problem.UNEXPECTED_MESSAGE, f"{kind_name(kind)} in {state.name}, which expects {legal}")
    return transition


def dispatch_handshake(state: State, raw: bytes, epoch: Epoch, tracer: Tracer, output: Output) -> State:
    """Takes one handshake message, header included, through the state; returns the next state."""
    transition = expect(state, (ContentType.HANDSHAKE, raw[0]))
    message = decode_handshake(transition.message, raw)
    tracer.message(Direction.READ, epoch, message, raw)
    transcript = state.transcript
    if transcript is not None and transition.hashed:
        transcript.add(raw)
    return _enter(state, transition, message, output)


def dispatch_content(state: State, message: Any, output: Output) -> State:
    """Takes a message that is no bytes any more through the state; returns the next state."""
    return _enter(state, expect(state, kind_of(type(message))), message, output)


def _enter(state: State, transition: Transition, message: Any, output: Output) -> State:
    return going_on(transition.handler(state, message, output), state)


def going_on(entered: State, asker: State | None) -> State:
    """The state entered; one that waits is told which state asked."""
    if isinstance(entered, Waiting):
        entered.asker = asker
    return entered


def transitions(*states: type[State]) -> Iterator[tuple[str, str, str]]:
    """The transition table of the given states: (state, message or empty, next state)."""
    for state in states:
        for following in state.leads_to:
            yield state.__name__, "", following
        for transition in state.expects:
            for following in transition.leads_to:
                yield state.__name__, kind_name(transition.kind), following
