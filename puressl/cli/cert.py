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
from puressl.explain.certificates import MAX_DECIMAL_BITS, time_text, tree
from puressl.x509.certificate import certificate_blocks
from puressl.x509.forms import decode_certificate

FORMS = ("der", "pkix", "ssl")
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
        return time_text(value)
    if isinstance(value, int) and value.bit_length() > MAX_DECIMAL_BITS:
        return f"{value:#x}"
    return value.value if isinstance(value, Enum) else value


# --- Text -----------------------------------------------------------------------------------------


def _lines(value: Any) -> Iterator[str]:
    """A value as indented lines: a scalar beside its label, the parts of anything else below it."""
    for depth, label, text in tree(value):
        first, *rest = text.split("\n")
        named = f"{label}: {first}" if label and first else label or first
        yield INDENT * depth + named
        yield from (INDENT * (depth + 1) + line for line in rest)
