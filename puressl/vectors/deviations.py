"""Deviations as data: what a sound peer does differently in one point.

Theory of operation: a deviation is a JSON object whose first key says what kind it is and whose value, for most, says
at which message it happens. ``Script`` takes each message a sound connection is about to send and gives what is sent in
its place; what changes a message changes it before it enters the sender's own transcript, so that keys, signatures and
Finished fit what was really said and nothing but the deviation can be what refuses it. Fields are addressed by the path
that the codecs give them (``session_id.content``, ``extensions.key_share.share.key_exchange.content``); the lengths
around a changed field follow it.

    {"edit": M, "path": P, "set": hex}        a field's bytes; also "flip": index, "cut": n, "append": hex,
                                              "fill": byte, "repeat": n
    {"splice": M, "at": n, "remove": n, "insert": hex}    the body's bytes; at counts from the end where negative
    {"add_extension": M, "type": n, "body": hex}          in front, or in place of the one of its type
    {"double_extension": M, "type": n, "body": hex}       twice in front
    {"move_extension": M, "type": n}                      to the front
    {"drop_extension": M, "type": n}
    {"before": M, "send": [item]}, {"after": M, "send": [item]}, {"instead_of": M, "send": [item]}
    {"connected": [item]}                     once the handshake is complete
    {"tamper": M, "at": index}                one bit of the record that M leaves in, after it was sealed
    {"sign": scheme, …}                       signs with another scheme, key or content
    {"unprotected": true}                     never takes the handshake keys into use for sending

An item is ``{"message": hex}``, a handshake message with its header, hashed unless ``"hashed": false``;
``{"record": content type, "content": hex}`` under the current keys, with ``"padding": n`` in TLS 1.3; or
``{"wire": hex}``, bytes as they are. ``"zeros": n`` adds so many zero bytes to either of these two.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from puressl.vectors import schema
from puressl.vectors.documents import Json
from puressl.wire import HandshakeMessage, Span, decode_handshake_with_spans, encode_handshake

Deviation = Mapping[str, Json]

_ITEM = schema.obj(
    {},
    {
        "message": schema.HEX,
        "hashed": schema.BOOLEAN,
        "record": schema.INTEGER,
        "content": schema.HEX,
        "padding": schema.INTEGER,
        "wire": schema.HEX,
        "zeros": schema.INTEGER,
    },
)
_ITEMS = schema.array(_ITEM)
SCHEMA = schema.obj(
    {},
    {
        **dict.fromkeys(
            ("edit", "splice", "before", "after", "instead_of", "tamper"),
            schema.STRING,
        ),
        **dict.fromkeys(
            ("add_extension", "double_extension", "move_extension", "drop_extension"),
            schema.STRING,
        ),
        **dict.fromkeys(("path", "sign", "key"), schema.STRING),
        **dict.fromkeys(("set", "append", "insert", "body", "was", "becomes"), schema.HEX),
        **dict.fromkeys(("flip", "cut", "fill", "repeat", "at", "remove", "type", "skip"), schema.INTEGER),
        **dict.fromkeys(("unprotected", "resign"), schema.BOOLEAN),
        **dict.fromkeys(("send", "connected"), _ITEMS),
    },
)

#: What is signed.
_SIGNED = ("certificate_verify", "server_key_exchange")
#: Header of a handshake message: its type and the length of its body.
_HEADER = 4


@dataclass(frozen=True, slots=True)
class Raw:
    """A handshake message as it is sent, header included. hashed: whether the sender's own transcript has it."""

    raw: bytes
    hashed: bool = True


#: What a script gives to send: a message of ``puressl.wire``, or one of these.
Item = Any


@dataclass(slots=True)
class Script:
    """The deviations of one end. fired: whether any of them has happened yet."""

    deviations: Sequence[Deviation]
    resign: Callable[[Any, bytes], bytes] = lambda message, raw: raw
    fired: bool = field(default=False, init=False)

    def replaced(self, name: str, message: Any) -> list[Item]:
        """What is sent in place of a message."""
        items: list[Item] = [message]
        self.fired = self.fired or (name in _SIGNED and any(self.of("sign")))
        for deviation in self.deviations:
            if next(iter(deviation.values())) == name:
                kind = next(iter(deviation))
                changed = list(_KINDS[kind](self, deviation, message, items))
                self.fired = self.fired or kind == "tamper" or changed != items
                items = changed
        return items

    def of(self, kind: str) -> Iterator[Deviation]:
        """The deviations of a kind."""
        return (each for each in self.deviations if kind in each)

    def tampering(self, name: str) -> int | None:
        """Which byte of the record of a message is to be changed."""
        return next((each["at"] for each in self.of("tamper") if each["tamper"] == name), None)


def items_of(described: Sequence[Json]) -> list[Item]:
    """Items as a deviation lists them, handshake messages decoded from hexadecimal."""
    return [
        Raw(bytes.fromhex(each["message"]), each.get("hashed", True)) if "message" in each else each
        for each in described
    ]


# The kinds -----------------------------------------------------------------------------------------------------------


def _changed(change: Callable[[Deviation, Any, bytes], bytes]) -> Callable[..., Iterator[Item]]:
    """A deviation that changes the bytes of its own message."""

    def apply(script: Script, deviation: Deviation, message: Any, items: list[Item]) -> Iterator[Item]:
        for item in items:
            if item is message or (isinstance(item, Raw) and item.raw[0] == message.handshake_type):
                raw = item.raw if isinstance(item, Raw) else encode_handshake(item)
                changed = change(deviation, message, raw)
                if changed == raw:
                    yield item
                else:
                    yield Raw(script.resign(message, changed) if deviation.get("resign") else changed)
            else:
                yield item

    return apply


def _edit(deviation: Deviation, message: Any, raw: bytes) -> bytes:
    spans = _spans(type(message), raw)
    path = f"{type(message).__name__}.{deviation['path']}"
    span = next((each for each in spans if each.path == path), None)
    if span is None:  # what a peer did not ask for is not there to be changed
        return raw
    value = edited(deviation, raw[span.start : span.end])
    changed = bytearray(raw[: span.start] + value + raw[span.end :])
    grown = len(value) - (span.end - span.start)
    for length in spans:
        reach = _reach(length, raw)
        if length.end <= span.start and reach is not None and reach >= span.end:
            size = length.end - length.start
            old = int.from_bytes(raw[length.start : length.end], "big")
            changed[length.start : length.end] = (old + grown).to_bytes(size, "big")
    return bytes(changed)


def edited(how: Deviation, value: bytes) -> bytes:
    """A value changed as a deviation says."""
    if "set" in how:
        return bytes.fromhex(how["set"])
    if "flip" in how:
        at = how["flip"] % len(value)
        return value[:at] + bytes([value[at] ^ 1]) + value[at + 1 :]
    if "cut" in how:
        return value[: len(value) - how["cut"]]
    if "fill" in how:
        return bytes([how["fill"]]) * len(value)
    if "repeat" in how:
        return value * int(how["repeat"])
    return value + bytes.fromhex(how["append"])


def _spans(kind: type[HandshakeMessage], raw: bytes) -> list[Span]:
    return decode_handshake_with_spans(kind, raw)[1]


def _reach(span: Span, raw: bytes) -> int | None:
    """Where what a length counts ends; None for a field that is no length."""
    if span.path.rsplit(".", 1)[-1] not in ("length", "extension_length"):
        return None
    return span.end + int.from_bytes(raw[span.start : span.end], "big")


def _splice(deviation: Deviation, message: Any, raw: bytes) -> bytes:
    body = raw[_HEADER:]
    at = deviation["at"] if deviation["at"] >= 0 else len(body) + 1 + deviation["at"]
    return _with_body(raw, body[:at] + bytes.fromhex(deviation["insert"]) + body[at + deviation["remove"] :])


def _with_body(raw: bytes, body: bytes) -> bytes:
    return raw[:1] + len(body).to_bytes(3, "big") + body


def _add_extension(deviation: Deviation, message: Any, raw: bytes) -> bytes:
    own = _extension(deviation)
    return _with_extensions(message, raw, lambda block: own + b"".join(_others(block, deviation["type"])))


def _double_extension(deviation: Deviation, message: Any, raw: bytes) -> bytes:
    return _with_extensions(message, raw, lambda block: 2 * _extension(deviation) + block)


def _move_extension(deviation: Deviation, message: Any, raw: bytes) -> bytes:
    def moved(block: bytes) -> bytes:
        others = list(_others(block, deviation["type"]))
        own = [each for each in _others(block, -1) if each not in others]
        return b"".join((*own, *others))

    return _with_extensions(message, raw, moved)


def _extension(deviation: Deviation) -> bytes:
    body = bytes.fromhex(deviation["body"])
    return bytes(deviation["type"].to_bytes(2, "big") + len(body).to_bytes(2, "big") + body)


def _drop_extension(deviation: Deviation, message: Any, raw: bytes) -> bytes:
    return _with_extensions(message, raw, lambda block: b"".join(_others(block, deviation["type"])))


def _others(block: bytes, extension: int) -> Iterator[bytes]:
    """The extensions of a block but those of one type."""
    while block:
        end = _HEADER + int.from_bytes(block[2:4], "big")
        if int.from_bytes(block[:2], "big") != extension:
            yield block[:end]
        block = block[end:]


def _with_extensions(message: Any, raw: bytes, change: Callable[[bytes], bytes]) -> bytes:
    """A message with another block of extensions; that of its first entry in a Certificate."""
    spans = _spans(type(message), raw)
    block = next((each for each in spans if each.path.endswith((".extensions", "entries[0].extensions"))), None)
    if block is None:  # a hello without any
        return _with_body(raw, raw[_HEADER:] + _block(change(b"")))
    changed = _block(change(raw[block.start + 2 : block.end]))
    path = block.path.removeprefix(f"{type(message).__name__}.")
    return _edit({"path": path, "set": changed.hex()}, message, raw)


def _block(extensions: bytes) -> bytes:
    return len(extensions).to_bytes(2, "big") + extensions


def _before(script: Script, deviation: Deviation, message: Any, items: list[Item]) -> Iterator[Item]:
    yield from items_of(deviation["send"])
    yield from items


def _after(script: Script, deviation: Deviation, message: Any, items: list[Item]) -> Iterator[Item]:
    yield from items
    yield from items_of(deviation["send"])


def _instead(script: Script, deviation: Deviation, message: Any, items: list[Item]) -> Iterator[Item]:
    yield from items_of(deviation["send"])


def _as_ever(script: Script, deviation: Deviation, message: Any, items: list[Item]) -> Iterator[Item]:
    """What happens elsewhere: to the record."""
    yield from items


_KINDS: Mapping[str, Callable[[Script, Deviation, Any, list[Item]], Iterator[Item]]] = {
    "edit": _changed(_edit),
    "splice": _changed(_splice),
    "add_extension": _changed(_add_extension),
    "double_extension": _changed(_double_extension),
    "move_extension": _changed(_move_extension),
    "drop_extension": _changed(_drop_extension),
    "before": _before,
    "after": _after,
    "instead_of": _instead,
    "tamper": _as_ever,
}
