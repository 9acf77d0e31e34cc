"""``puressl cert``: a certificate in each of its three forms."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from datetime import datetime
from enum import Enum
from typing import Any

import rich_click as click

from puressl.cli import options
from puressl.errors import CertificateError, Reason, SSLError
from puressl.x509.certificate import certificate_blocks
from puressl.x509.forms import decode_certificate
from puressl.x509.forms.codec import BitString, NamedBits
from puressl.x509.forms.general_names import String

FORMS = ("der", "pkix", "ssl")
OCTETS_PER_LINE = 32
#: What a JSON number may have and still be exact everywhere (RFC 8259 6). Longer integers are in hexadecimal in text,
#: too, as serial numbers are wherever people meet them.
MAX_DECIMAL_BITS = 53
INDENT = "  "


@click.command("cert")
@click.argument("file", metavar="FILE")
@click.option("--form", type=click.Choice(FORMS), default="ssl", show_default=True, help="Which form.")
@click.option("--subject", is_flag=True, help="Only the subject's distinguished name, in the form pkix or ssl.")
@click.option("--json", "as_json", is_flag=True, help="As JSON, a list with an item for each certificate.")
def command(file: str, form: str, subject: bool, as_json: bool) -> None:
    """Print the certificates of a file, PEM or DER; - is standard input.

    The form ssl has names for object identifiers, and keys, parameters and extensions decoded; pkix is the ASN.1
    structure with dotted identifiers and values as DER; der is the bytes themselves, in hexadecimal on a terminal.

    The JSON has the fields of RFC 5280 by their names: octets as a hexadecimal string, integers that other programs
    would round (beyond 2^53) as "0x…", times as in RFC 3339, null for what is absent, "NULL" for ASN.1's NULL, and a
    certificate in the form der as one hexadecimal string. The field written names what DER would have left out. A
    certificate that is malformed is an error that says where; nothing is printed then.

    Examples:

    \b
      puressl cert certs/p256/server-chain.pem
      puressl cert server.pem --form pkix --subject
      puressl cert server.pem --json
      puressl cert server.pem --form der > server.der
    """
    if subject and form == "der":
        raise click.UsageError("--subject needs --form pkix or --form ssl")
    values = _decode(file, form, subject)
    if as_json:
        click.echo(json.dumps([_plain(value) for value in values], indent=2))
    elif form == "der" and not sys.stdout.isatty():
        sys.stdout.buffer.write(b"".join(values))
    else:
        click.echo("\n\n".join("\n".join(_lines(value)) for value in values))


def _decode(file: str, form: str, subject: bool) -> list[Any]:
    values = []
    for number, der in enumerate(certificate_blocks(options.read_file(file, "FILE"), file, Reason.ECERTFILE), 1):
        try:
            values.append(decode_certificate(der, form, subject))
        except CertificateError as error:
            raise SSLError(Reason.ECERTFILE, f"{file}: certificate {number}: {error.finding}") from None
    return values


# --- JSON -----------------------------------------------------------------------------------------


def _plain(value: Any) -> Any:
    """A value of a form as JSON has it."""
    if is_dataclass(value):
        return {field.name: _plain(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, datetime):
        return _time(value)
    if isinstance(value, int) and value.bit_length() > MAX_DECIMAL_BITS:
        return f"{value:#x}"
    return value.value if isinstance(value, Enum) else value


# --- Text -----------------------------------------------------------------------------------------


def _lines(value: Any, label: str = "") -> Iterator[str]:
    """A value as indented lines: a scalar beside its label, the parts of anything else below it."""
    text = _inline(value)
    if text is not None:
        first, *rest = text.split("\n")
        yield f"{label}: {first}" if label else first
        yield from (INDENT + line for line in rest)
        return
    if label:
        yield label
    indent = INDENT if label else ""
    for name, part in _parts(value):
        for line in _lines(part, name):
            yield indent + line


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
        return ", ".join(texts) if len(texts) == len(value) else None
    if isinstance(value, bytes):
        return "\n".join(_octets(value)) or "no octets"
    if isinstance(value, datetime):
        return _time(value)
    if isinstance(value, Enum):
        return str(value.value)
    if isinstance(value, int) and value.bit_length() > 8 * OCTETS_PER_LINE:
        octets = value.to_bytes(value.bit_length() // 8 + 1, "big", signed=True)
        return "\n".join((f"{value.bit_length()} bits", *_octets(octets)))
    if isinstance(value, int) and value.bit_length() > MAX_DECIMAL_BITS:
        return f"{value:#x}"
    return _chosen(value) if is_dataclass(value) else _printable(str(value))


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
    return '"' + _printable(text.replace("\\", "\\\\").replace('"', '\\"')) + '"'


def _printable(text: str) -> str:
    """A peer writes these strings, and terminals obey control characters."""
    return "".join(one if one.isprintable() else one.encode("unicode_escape").decode() for one in text)


def _time(moment: datetime) -> str:
    return f"{moment.year:04}{moment:-%m-%dT%H:%M:%SZ}"
