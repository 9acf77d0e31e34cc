"""Data as callers give it and as they get it.

Theory of operation: what is sent is bytes-like or any nesting of iterables of bytes-like and ints, as Erlang's iodata;
bytes pass untouched. What was received is bytes until the last moment, when it is shown in the socket's mode.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Union

from puressl.errors import Reason, SSLError

#: Levels of nesting: no data that is built is deeper, a list that contains itself is.
MAX_NESTING = 100

Octets = Union[bytes, bytearray, memoryview]


def flatten(data: object, refusal: Reason) -> Octets:
    """The bytes of data. Raises ``SSLError(refusal)`` for a str, an int outside 0–255, a bool, or anything else."""
    if isinstance(data, bytes):
        return data
    try:
        view = _view(data)
        return view if view is not None else bytes(_flattened(data))
    except (TypeError, ValueError, NotImplementedError) as error:
        raise SSLError(refusal, str(error)) from None


def _view(data: object) -> memoryview | None:
    """The data itself, if it is bytes-like."""
    try:
        view = memoryview(data)  # type: ignore[arg-type]
    except TypeError:
        return None
    return view.cast("B") if view.c_contiguous else memoryview(view.tobytes())


def _flattened(data: Any) -> bytearray:
    octets = bytearray()
    nested: list[Iterator[Any]] = [_iterate(data)]
    while nested:
        for item in nested[-1]:
            if isinstance(item, int) and not isinstance(item, bool):
                octets.append(item)
            elif (view := _view(item)) is not None:
                octets += view
            elif len(nested) < MAX_NESTING:
                nested.append(_iterate(item))
                break
            else:
                raise ValueError(f"nested more than {MAX_NESTING} deep")
        else:
            nested.pop()
    return octets


def _iterate(item: Any) -> Iterator[Any]:
    if isinstance(item, (str, bool)):
        raise TypeError(f"{item!r:.50} is a {type(item).__name__}; data is bytes and ints from 0 to 255")
    return iter(item)


def present(packet: Any, mode: str, header: int) -> Any:
    """A received packet as the socket's options ask for it.

    Bytes are shown by ``mode`` ("binary" or "list"); ``header`` is how many leading bytes become ints in binary mode,
    as in inet(3): ``[1, 2, b"rest"]``, and a shorter packet is a list of ints. HTTP packets are shown as they are.
    """
    if not isinstance(packet, bytes):
        return packet
    if mode == "list" or len(packet) < header:
        return list(packet)
    return [*packet[:header], packet[header:]] if header else packet
