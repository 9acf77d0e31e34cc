"""``puressl explain``: any piece of TLS by itself."""

from __future__ import annotations

from typing import Any

import rich_click as click

from puressl.cli import options
from puressl.cli.stories import show, story_options
from puressl.errors import Reason, SSLError
from puressl.explain.piece import KINDS, explain_piece
from puressl.explain.spelled import spelled
from puressl.explain.text import FIELDS


@click.command("explain")
@click.argument("file", metavar="FILE")
@click.option("--as", "kind", type=click.Choice(KINDS), help="What it is. [default: recognised by its first bytes]")
@click.option(
    "--tls", type=click.Choice(list(options.VERSIONS)), help="Where messages differ by version. [default: what fits]"
)
@story_options(FIELDS)
def command(file: str, kind: str | None, tls: str | None, **given: Any) -> None:
    """Explain records, handshake messages, an alert, certificates, a CRL or an OCSP response; - is standard input.

    FILE is binary, PEM, base64 or hexadecimal in any spelling: with or without spaces, colons, 0x and comments, or a
    dump with offsets, as xxd, hexdump -C and tshark -x print. It is explained as far as it goes; the first error in it
    is told with its byte and field, and the exit code is 1 then.

    Examples:

    \b
      puressl explain hello.bin
      echo 15 03 03 00 02 02 28 | puressl explain -
      xxd message.bin | puressl explain - --as handshake --tls 1.2
    """
    options.standard_output()
    with options.about(file):
        data = spelled(options.read_file(file, "FILE"))
        explained = explain_piece(data, file, kind, None if tls is None else options.VERSIONS[tls])
    show(explained.story, given)
    if explained.error:
        raise SSLError(Reason.EINVAL, f"{file}: {explained.error}")
