"""Certificates as nested text, and the part that each played in a connection.

Theory of operation: the ssl form of a certificate (``x509.forms``) is made of plain values; ``tree`` puts each beside
its label, with the depth it stands at. A certificate that does not decode is shown by what was wrong with it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import fields, is_dataclass
from datetime import datetime
from enum import Enum
from functools import lru_cache
from typing import Any

from puressl.errors import CertificateError
from puressl.explain.model import ExplainedCertificate
from puressl.x509.certificate import Certificate
from puressl.x509.forms import decode_certificate
from puressl.x509.forms.codec import BitString, NamedBits
from puressl.x509.forms.general_names import String

#: Certificates whose trees are kept: a story is made anew whenever there is more of it.
_CACHED = 64
#: A row of a tree: depth, label and text. The text is empty for what only has parts, and may have several lines.
TreeRow = tuple[int, str, str]

OCTETS_PER_LINE = 32
#: What a JSON number may have and still be exact everywhere (RFC 8259 6). Longer integers are in hexadecimal in text,
#: too, as serial numbers are wherever people meet them.
MAX_DECIMAL_BITS = 53


def explain_certificates(
    sender: str, chain: Sequence[bytes], path: Sequence[bytes] = ()
) -> tuple[ExplainedCertificate, ...]:
    """The certificates of one Certificate message and of the path that was verified, explained.

    sender: of the message. chain: DER as sent. path: DER, leaf first and trust anchor last; empty if none was verified.
    """
    ders = dict.fromkeys((*path, *chain))
    return tuple(ExplainedCertificate(der, sender, _role(der, chain, path), *_explained(der)) for der in ders)


def _role(der: bytes, chain: Sequence[bytes], path: Sequence[bytes]) -> str:
    if der not in path:
        return f"sent {chain.index(der)}" if path else f"{'issuer' if chain.index(der) else 'peer'} {chain.index(der)}"
    place = path.index(der)
    if place == len(path) - 1:
        return f"trust anchor {place}"
    return f"issuer {place}" if place else "peer 0"


@lru_cache(maxsize=_CACHED)
def _explained(der: bytes) -> tuple[str, tuple[TreeRow, ...]]:
    """Subject and tree."""
    try:
        return Certificate.decode(der).subject.text, tuple(tree(decode_certificate(der, "ssl")))
    except CertificateError as error:
        return "", ((0, "malformed", error.finding),)


def tree(value: Any, label: str = "", depth: int = 0) -> Iterator[TreeRow]:
    """A value of a form as rows: a scalar beside its label, the parts of anything else below it."""
    text = _inline(value)
    if text is not None or label:
        yield depth, label, text or ""
    if text is None:
        for name, part in _parts(value):
            yield from tree(part, name, depth + 1 if label else depth)


def _parts(value: Any) -> Iterator[tuple[str, Any]]:
    """What stands below a value: the fields that are there, or the items by number."""
    if isinstance(value, tuple):
        for number, item in enumerate(value):
            yield f"[{number}]", item
        return
    for field in fields(value):
        part = getattr(value, field.name)
        if part is not None and not (field.name == "written" and not part):
            yield field.name, part


def _inline(value: Any) -> str | None:
    """A value that needs no lines of its own; None for one that does."""
    if isinstance(value, String):
        return f"{value.type} {_quoted(value.value)}"
    if isinstance(value, BitString) and not value.unused:
        return _inline(value.octets)
    if isinstance(value, NamedBits):
        return ", ".join(value.names) + ("" if value.size is None else f" ({value.size} bits)")
    if isinstance(value, tuple):
        texts = [item for item in value if isinstance(item, str)]
        return printable(", ".join(texts)) if len(texts) == len(value) else None
    if isinstance(value, bytes):
        return "\n".join(_octets(value)) or "no octets"
    if isinstance(value, datetime):
        return time_text(value)
    if isinstance(value, Enum):
        return str(value.value)
    if isinstance(value, int) and value.bit_length() > 8 * OCTETS_PER_LINE:
        octets = value.to_bytes(value.bit_length() // 8 + 1, "big", signed=True)
        return "\n".join((f"{value.bit_length()} bits", *_octets(octets)))
    if isinstance(value, int) and value.bit_length() > MAX_DECIMAL_BITS:
        return f"{value:#x}"
    return _chosen(value) if is_dataclass(value) else printable(str(value))


def _chosen(value: Any) -> str | None:
    """A value that is a type and what is of that type: a CHOICE, or an attribute."""
    if [field.name for field in fields(value)] != ["type", "value"]:
        return None
    text = _inline(value.value)
    return None if text is None or "\n" in text else f"{value.type}: {text}"


def _octets(value: bytes) -> Iterator[str]:
    for at in range(0, len(value), OCTETS_PER_LINE):
        yield value[at : at + OCTETS_PER_LINE].hex(" ")


def _quoted(text: str) -> str:
    return '"' + printable(text.replace("\\", "\\\\").replace('"', '\\"')) + '"'


def printable(text: str) -> str:
    """A peer writes these strings, and terminals obey control characters."""
    return "".join(one if one.isprintable() else one.encode("unicode_escape").decode() for one in text)


def time_text(moment: datetime) -> str:
    """A time as RFC 3339 has it."""
    return f"{moment.year:04}{moment:-%m-%dT%H:%M:%SZ}"
