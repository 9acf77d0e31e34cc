"""What the values of options and arguments may be.

Theory of operation: a kind of value is one function, from what a caller gave to what is kept; it raises ``ValueError``
with a sentence for a person. A bool is never taken for a number.
"""

from __future__ import annotations

import ipaddress
import os
from collections.abc import Callable
from typing import Any

from puressl.errors import Reason, SSLError
from puressl.sockets.packets import PACKET_TYPES
from puressl.x509.names import parse_server_name

#: From what was given to what is kept.
Parser = Callable[[Any], Any]

MAX_PORT = 65_535
#: inet(3): how many messages may be asked for at once.
MAX_MESSAGES = 32_767
#: Milliseconds of a timeout: what 32 bits hold, as in Erlang (49 days).
MAX_TIMEOUT = 2**32 - 1

#: ``packet`` by its spellings.
PACKETS: dict[Any, Any] = {packet: packet for packet in PACKET_TYPES} | {"raw": 0}


def boolean(value: Any) -> bool:
    if not isinstance(value, bool):
        raise ValueError("is neither True nor False")
    return value


def integer(least: int, most: int, unit: str = "") -> Parser:
    """A number within bounds. unit: of what, for people."""
    kind = f"int from {least} to {most}" + (f" ({unit})" if unit else "")

    def parse(value: Any) -> int:
        if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
            raise ValueError(f"is no {kind}")
        return int(value)

    return parse


def optional(parser: Parser) -> Parser:
    """A value of some kind, or None."""
    return lambda value: None if value is None else parser(value)


def one_of(values: dict[Any, Any]) -> Parser:
    """One of a few values, by their spellings."""

    def parse(value: Any) -> Any:
        if isinstance(value, bool) or not isinstance(value, (int, str)) or value not in values:
            raise ValueError(f"is not one of {', '.join(map(repr, values))}")
        return values[value]

    return parse


_count = integer(-MAX_MESSAGES - 1, MAX_MESSAGES)


def activity(value: Any) -> bool | int | str:
    if isinstance(value, bool) or (isinstance(value, str) and value == "once"):
        return value
    try:
        number: int = _count(value)
    except ValueError as error:
        raise ValueError(f"is not True, False or 'once', and {error}") from None
    return number


def path(value: Any) -> str:
    if not isinstance(value, (str, os.PathLike)) or not isinstance(text := os.fspath(value), str):
        raise ValueError("is no path")
    if not text or b"\0" in os.fsencode(text):  # which raises ValueError for what no file can be called
        raise ValueError("is no path")
    return text


def text(value: Any) -> str:
    if not isinstance(value, str):
        raise ValueError("is no str")
    return value


def octets(value: Any) -> bytes:
    if not isinstance(value, (bytes, bytearray, memoryview)) or not value:
        raise ValueError("is no bytes, or empty")
    return bytes(value)


def octets_or_list(value: Any) -> tuple[bytes, ...]:
    """One value in bytes or several."""
    if isinstance(value, (list, tuple)) and value:
        return _each(octets, value)
    return (octets(value),)


def password(value: Any) -> str | bytes:
    if not isinstance(value, str):
        return octets(value)
    if any("\ud800" <= character <= "\udfff" for character in value):
        raise ValueError("has characters that UTF-8 does not")
    return value


def protocols(value: Any) -> tuple[bytes, ...]:
    if not isinstance(value, (list, tuple)) or not value:
        raise ValueError("is no list of bytes")
    return _each(octets, value)


def server_name(value: Any) -> str:
    """A DNS name or an IP address, or the word ``disable``."""
    if text(value) != "disable":
        try:
            parse_server_name(value)
        except SSLError as error:
            raise ValueError(error.detail or str(error)) from None
    return str(value)


def function(value: Any) -> Callable[..., Any]:
    if not callable(value):
        raise ValueError("is no function")
    return value  # type: ignore[no-any-return]


def listed(parser: Parser) -> Parser:
    """A list of such values, at least one and each once."""

    def parse(value: Any) -> tuple[Any, ...]:
        if not isinstance(value, (list, tuple)) or not value:
            raise ValueError("is no list, or empty")
        return tuple(dict.fromkeys(_each(parser, value)))

    return parse


def _each(parser: Parser, values: list[Any] | tuple[Any, ...]) -> tuple[Any, ...]:
    """Each of several values; the one that is wrong is named."""
    parsed = []
    for value in values:
        try:
            parsed.append(parser(value))
        except ValueError as error:
            raise ValueError(f"has {value!r:.50}, which {error}") from None
    return tuple(parsed)


def address(value: Any) -> str:
    """An IP address: its text, a tuple of 4 ints or one of 8."""
    if isinstance(value, str):
        return _textual(value)
    if not isinstance(value, tuple) or len(value) not in (4, 8):
        raise ValueError("is no IP address")
    size = 2 if len(value) == 8 else 1
    part = integer(0, 256**size - 1)
    return str(ipaddress.ip_address(b"".join(int(part(each)).to_bytes(size, "big") for each in value)))


def _textual(text: str) -> str:
    try:
        return str(ipaddress.ip_address(text))
    except ValueError:
        raise ValueError("is no IP address") from None


timeout = integer(0, MAX_TIMEOUT, "milliseconds")


def milliseconds(value: Any) -> float | None:
    """A timeout in seconds, from milliseconds or None. Raises ``SSLError(einval)``."""
    given = argument("timeout", optional(timeout), value)
    return None if given is None else given / 1000


def argument(name: str, parser: Parser, value: Any) -> Any:
    """An argument of a call. Raises ``SSLError(einval)`` naming it."""
    try:
        return parser(value)
    except ValueError as error:
        raise SSLError(Reason.EINVAL, f"{name}: {value!r:.50} {error}") from None
