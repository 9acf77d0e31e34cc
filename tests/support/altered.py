"""Peers that misbehave in one point and are sound in every other, so that nothing else can be what refuses them.

An altered connection changes messages as it sends them, before they enter its own transcript: signatures over what was
sent before, MACs and Finished all fit the altered handshake.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any

from puressl.codes import Epoch
from puressl.config import ClientConfig, ServerConfig
from puressl.connection import ClientConnection, ServerConnection
from puressl.wire import Extensions

#: A message to the messages that are sent in its place.
Alter = Callable[[Any], Iterable[Any]]


class _Altered:
    alter: Alter

    def send(self, epoch: Epoch, message: Any) -> bytes:
        send = super().send  # type: ignore[misc]
        return b"".join(send(epoch, each) for each in self.alter(message))


class AlteredClient(_Altered, ClientConnection):
    def __init__(self, config: ClientConfig, alter: Alter) -> None:
        super().__init__(config)
        self.alter = alter


class AlteredServer(_Altered, ServerConnection):
    def __init__(self, config: ServerConfig, alter: Alter) -> None:
        super().__init__(config)
        self.alter = alter


def changing(kind: type, **fields: Any) -> Alter:
    """Messages of one class with other values; a function is applied to the old value."""

    def alter(message: Any) -> tuple[Any, ...]:
        if not isinstance(message, kind):
            return (message,)
        made = {name: value(getattr(message, name)) if callable(value) else value for name, value in fields.items()}
        return (replace(message, **made),)

    return alter


def dropping(kind: type) -> Alter:
    return lambda message: () if isinstance(message, kind) else (message,)


def inserting(kind: type, *extra: Any) -> Alter:
    """Other messages before those of one class."""
    return lambda message: (*extra, message) if isinstance(message, kind) else (message,)


def replacing(kind: type, *others: Any) -> Alter:
    """Other messages in place of those of one class."""
    return lambda message: others if isinstance(message, kind) else (message,)


def with_extension(*extra: Any) -> Callable[[Extensions], Extensions]:
    """Extensions, and others after them; one of a type that is there takes its place."""
    types = {extension.extension_type for extension in extra}

    def change(extensions: Extensions) -> Extensions:
        kept = tuple(extension for extension in extensions if extension.extension_type not in types)
        return Extensions((*kept, *extra))

    return change


def without_extension(*kinds: type) -> Callable[[Extensions], Extensions]:
    def change(extensions: Extensions) -> Extensions:
        return Extensions(tuple(extension for extension in extensions if not isinstance(extension, kinds)))

    return change
