"""Bytes as people have them: binary, hexadecimal in any of its spellings, dumps, base64, PEM.

Theory of operation: what TLS sends always has control characters, so data that is all text is a spelling. A dump (xxd,
hexdump -C, tshark -x) has an offset in front of each line that is right for the bytes before it: that is looked for
first, and tells how many bytes a line has, whatever stands behind them. Other hexadecimal is digits and separators.
Lines and ends of lines that begin like a comment are left out. What is wrong is told with its line and column.
"""

from __future__ import annotations

import base64
import binascii
import re

from puressl.errors import Reason, SSLError
from puressl.x509.pem import is_pem

#: Bytes of a spelling: a record of each kind and a chain of certificates fit many times.
MAX_SPELLING = 1 << 22

_TEXT = bytes((*range(0x20, 0x7F), *b"\t\r\n\f"))
_COMMENT = re.compile(r"(?:^|\s)(?:#|//|;|<<<|>>>).*")
_DUMP_LINE = re.compile(r"\s*(?:0x)?([0-9a-fA-F]{4,8}):?(?:\s+(.*))?")
#: Between pairs of digits.
_SEPARATORS = re.compile(r"0[xX]|\\[xX]|[\s:,.\-_{}()\[\]\"']+")
_NOT_HEX = re.compile(r"[^0-9a-fA-F]")
_BASE64 = re.compile(r"[A-Za-z0-9+/]+={0,2}")
_PAIR = 2


def spelled(data: bytes) -> bytes:
    """The bytes that some data spells, or is; PEM is left to who knows its labels.

    Raises ``SSLError(einval)`` for text that is no spelling, or for too long a one.
    """
    if len(data) > MAX_SPELLING:
        raise SSLError(Reason.EINVAL, f"{len(data)} bytes; at most {MAX_SPELLING} are read")
    if not data or data.translate(None, _TEXT) or is_pem(data):
        return data
    lines = [_COMMENT.sub("", line) for line in data.decode("ascii").splitlines()]
    dumped = _dump([line for line in lines if line.strip()])
    return dumped if dumped is not None else _digits(lines)


def _dump(lines: list[str]) -> bytes | None:
    """The bytes of a dump; None if the lines are no dump."""
    matches = [_DUMP_LINE.fullmatch(line) for line in lines]
    offsets = [int(match[1], 16) for match in matches if match]
    if not matches or len(offsets) < len(matches) or any(match and match[2] is None for match in matches[:-1]):
        return None
    out = bytearray()
    for match, offset, following in zip(matches, offsets, (*offsets[1:], None), strict=True):
        if match is None or offset != offsets[0] + len(out):
            return None
        taken = _dumped(match[2] or "", None if following is None else following - offset)
        if taken is None:
            return None
        out += taken
    is_certain = len(lines) > 1 or offsets[0] == 0
    return bytes(out) if out and is_certain else None


def _dumped(text: str, count: int | None) -> bytes | None:
    """The bytes at the start of a dump's line. count: how many, None for as many as there are."""
    if count is None:
        text = text.partition("|")[0] if "|" in text else re.split(r"\s{2,}", text.strip(), maxsplit=1)[0]
        digits = _SEPARATORS.sub("", text)
    else:
        digits = "".join(text.split())[: _PAIR * count]
    if len(digits) % _PAIR or _NOT_HEX.search(digits) or (count is not None and len(digits) != _PAIR * count):
        return None
    return bytes.fromhex(digits)


def _digits(lines: list[str]) -> bytes:
    digits = "".join(_SEPARATORS.sub("", line) for line in lines)
    if not _NOT_HEX.search(digits) and len(digits) % _PAIR == 0:
        return bytes.fromhex(digits)
    text = "".join(line.strip() for line in lines)
    if _BASE64.fullmatch(text):
        try:
            return base64.b64decode(text, validate=True)
        except binascii.Error:
            pass
    raise SSLError(Reason.EINVAL, _complaint(lines))


def _complaint(lines: list[str]) -> str:
    for number, line in enumerate(lines, 1):
        shown = _SEPARATORS.sub(lambda match: " " * len(match[0]), line)
        match = re.search(r"[^0-9a-fA-F\s]", shown)
        if match:
            return f"line {number}, column {match.start() + 1}: {match[0]!r} is no hexadecimal digit, nor is it base64"
    return "an odd number of hexadecimal digits, and no base64"
