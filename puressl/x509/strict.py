"""Distinguished encoding, checked on a whole structure before anything reads it (X.690 8, 10, 11).

Theory of operation: a BER decoder forgives what DER forbids, and two encodings of one certificate are two certificates
to whoever compares bytes or hashes. ``check`` walks every element without knowing the schema: lengths are definite and
minimal, elements fill what holds them, nesting is bounded, and universal types have their only legal form. Two things
of X.690 11 are let pass, because certificates in use have them: a DEFAULT value written out, and a SET OF out of order.
OCTET STRINGs are opaque here: whoever decodes one checks it.
"""

from __future__ import annotations

from collections.abc import Callable

from puressl.x509 import der
from puressl.x509.der import DERError

#: A certificate nests about 12 deep (a name inside a distribution point inside an extension); recursion stays far below
#: Python's own limit.
MAX_NESTING = 32

_CONSTRUCTED = 0x20
_CLASS = 0xC0
_HIGH_TAG = 0x1F
_CONSTRUCTED_TYPES = (der.SEQUENCE, der.SET)


def check(data: bytes) -> None:
    """Demands that ``data`` is one DER element and nothing more. Raises ``DERError``."""
    check_element(data, 0, len(data))


def check_element(data: bytes, at: int, stop: int) -> None:
    """The same of ``data[at:stop]``; the byte offsets of errors are those of ``data``."""
    end = _element(data, at, stop, 0)
    if end != stop:
        raise DERError(f"{stop - end} bytes after the end of the structure", end)


def _element(data: bytes, at: int, limit: int, depth: int) -> int:
    """Checks the element at ``at``, which must end by ``limit``; returns where it ends."""
    if depth > MAX_NESTING:
        raise DERError(f"nested deeper than {MAX_NESTING}", at)
    if limit - at < 2:
        raise DERError("element cut short", at)
    identifier, length, start = data[at], data[at + 1], at + 2
    if length >= 0x80:
        length, start = _length(data, at + 1, limit)
    end = start + length
    if end > limit:
        raise DERError("element longer than what holds it", at)
    if identifier & _HIGH_TAG == _HIGH_TAG:
        raise DERError("tag number above 30", at)  # X.509 has none
    if identifier & _CONSTRUCTED:
        if not identifier & _CLASS and identifier not in _CONSTRUCTED_TYPES:
            raise DERError(f"type 0x{identifier:02x} must be primitive", at)  # X.690 10.2
        while start < end:
            start = _element(data, start, end, depth + 1)
    elif identifier in _PRIMITIVES:
        _primitive(identifier, data[start:end], at)
    return end


def _primitive(tag: int, content: bytes, at: int) -> None:
    if tag | _CONSTRUCTED in _CONSTRUCTED_TYPES:
        raise DERError(f"type 0x{tag:02x} must be constructed", at)
    if not _PRIMITIVES[tag](content):
        raise DERError(f"type 0x{tag:02x} is not in its distinguished form", at)


def _length(data: bytes, at: int, limit: int) -> tuple[int, int]:
    """A definite, minimal length in the long form (X.690 10.1), and where the content begins."""
    size = data[at] & 0x7F
    start = at + 1 + size
    if size == 0 or start > limit:
        raise DERError("length is indefinite or cut short", at)
    length = int.from_bytes(data[at + 1 : start], "big")
    if data[at + 1] == 0 or length < 0x80:
        raise DERError("length is not minimal", at)
    return length, start


def _never(_: bytes) -> bool:
    return False


def _boolean(content: bytes) -> bool:
    return content in (b"\x00", b"\xff")  # X.690 11.1


def _integer(content: bytes) -> bool:
    if len(content) < 2:
        return len(content) == 1
    return not (content[0] in (0x00, 0xFF) and (content[0] ^ content[1]) < 0x80)  # X.690 8.3.2


def _bit_string(content: bytes) -> bool:
    if not content or content[0] > 7 or (len(content) == 1 and content[0]):
        return False
    return content[-1] & ((1 << content[0]) - 1) == 0 if len(content) > 1 else True  # X.690 11.2.1


def _null(content: bytes) -> bool:
    return not content


def _object_identifier(content: bytes) -> bool:
    """Every arc ends and is minimal (X.690 8.19.2)."""
    if not content or len(content) > der.MAX_OID_LENGTH or content[-1] & 0x80:
        return False
    if 0x80 not in content:
        return True
    return not any(octet == 0x80 and (at == 0 or content[at - 1] < 0x80) for at, octet in enumerate(content))


#: The universal types whose form is not free.
_PRIMITIVES: dict[int, Callable[[bytes], bool]] = {
    0x00: _never,  # end-of-contents octets belong to indefinite lengths
    der.BOOLEAN: _boolean,
    der.INTEGER: _integer,
    der.BIT_STRING: _bit_string,
    der.NULL: _null,
    der.OBJECT_IDENTIFIER: _object_identifier,
    **{constructed & ~_CONSTRUCTED: _never for constructed in _CONSTRUCTED_TYPES},
}
