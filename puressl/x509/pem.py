"""PEM: labelled base64 in a text file (RFC 7468), with the headers of RFC 1421 that old key files carry.

Theory of operation: a file is read line by line. Text between blocks is explanatory and ignored (RFC 7468 2). A
block's base64 is decoded only when it is asked for, so damage in a block nobody wants stays unnoticed.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Mapping
from dataclasses import dataclass

_BEGIN = re.compile(rb"-----BEGIN ([\x20-\x7e]{1,64})-----")
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_LINE = 64


class PemError(ValueError):
    """The text is not PEM. It never leaves ``puressl.x509``."""


@dataclass(frozen=True, slots=True)
class PemBlock:
    """One block. label: as in its BEGIN line. headers: RFC 1421's, by name. text: its base64 lines, joined."""

    label: str
    headers: Mapping[str, str]
    text: bytes

    def decode(self) -> bytes:
        """The bytes the block holds. Raises ``PemError``."""
        try:
            return base64.b64decode(self.text, validate=True)
        except binascii.Error as error:
            raise PemError(f"the {self.label} block is not base64: {error}") from None


def is_pem(data: bytes) -> bool:
    """Whether the data has a BEGIN line."""
    return b"-----BEGIN " in data


def blocks(data: bytes) -> tuple[PemBlock, ...]:
    """All blocks of a PEM file, in its order. Raises ``PemError`` for one that does not end."""
    found: list[PemBlock] = []
    label: bytes | None = None
    lines: list[bytes] = []
    for line in map(bytes.strip, data.removeprefix(_BYTE_ORDER_MARK).splitlines()):
        begin = _BEGIN.fullmatch(line)
        if label is None:
            label, lines = (begin[1] if begin else None), []
        elif begin:
            break
        elif line == b"-----END " + label + b"-----":
            found.append(_block(label.decode("ascii"), lines))
            label = None
        else:
            lines.append(line)
    if label is not None:
        raise PemError(f"the {label.decode('ascii')} block has no END line")
    return tuple(found)


def _block(label: str, lines: list[bytes]) -> PemBlock:
    """Splits headers from base64. The headers end with an empty line (RFC 1421 4.4), and base64 has no colon."""
    headers: dict[str, str] = {}
    for number, line in enumerate(lines):
        name, colon, value = line.decode("latin-1").partition(":")
        if not colon:
            return PemBlock(label, headers, b"".join(lines[number:]))
        headers[name.strip()] = value.strip()
    return PemBlock(label, headers, b"")


def encode(label: str, data: bytes) -> bytes:
    """One block, its lines of 64 characters, with a final newline (RFC 7468 2)."""
    text = base64.b64encode(data)
    lines = [text[at : at + _LINE] for at in range(0, len(text), _LINE)]
    name = label.encode("ascii")
    return b"\n".join((b"-----BEGIN " + name + b"-----", *lines, b"-----END " + name + b"-----", b""))
