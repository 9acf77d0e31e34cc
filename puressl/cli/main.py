"""The frame of the command line: the table of subcommands, exit codes, and how errors are shown.

Theory of operation: a subcommand is a module that is imported when it is run, so ``puressl --help`` needs none of
them; its help line stands in the table. Data goes to standard output, messages to standard error. A command fails by
raising ``SSLError``, or the ``OSError`` of a file; ``run`` shows it in one line, never as a traceback.

Exit codes: 0 done, 1 failed, 2 wrong usage, 130 interrupted (128 + SIGINT, as shells have it).
"""

from __future__ import annotations

import importlib
import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import rich_click as click

from puressl._version import __version__
from puressl.errors import Reason, SSLError, diagnostic

DONE, FAILED, INTERRUPTED = 0, 1, 130
#: Reasons whose detail is only what was tried; like those of the operating system they need the sentence.
_TRIED = frozenset({Reason.ENOPROXYSOCKET, Reason.NXDOMAIN, Reason.TIMEOUT})

click.rich_click.TEXT_PARAGRAPH_LINEBREAKS = "\n\n"


@dataclass(frozen=True, slots=True)
class Subcommand:
    """A row of the table. module: has the click command as ``command``. help: one line, a sentence."""

    module: str
    help: str

    def load(self) -> click.Command:
        command: click.Command = importlib.import_module(self.module).command
        return command


SUBCOMMANDS: Mapping[str, Subcommand] = {
    "demo": Subcommand("puressl.cli.demo", "Run a server and a client over loopback and show all they do."),
    "connect": Subcommand("puressl.cli.connect", "Connect to a TLS server: stdin to it, what it sends to stdout."),
    "serve": Subcommand("puressl.cli.serve", "Serve TLS: echo, a status page, or print what comes."),
    "inspect": Subcommand("puressl.cli.inspect", "Show all of a connection: every message, field, check and secret."),
    "decode": Subcommand("puressl.cli.decode", "Show all of a recorded connection: a capture and its key log."),
    "explain": Subcommand("puressl.cli.explain", "Explain bytes: a record, handshake message, alert or certificate."),
    "states": Subcommand("puressl.cli.states", "Print the state machines, as text or for Graphviz."),
    "verify": Subcommand("puressl.cli.verify", "Verify a certificate chain and print the path that was found."),
    "cert": Subcommand("puressl.cli.cert", "Print a certificate in each of its forms."),
    "bench": Subcommand("puressl.cli.bench", "Measure puressl beside tlslite-ng and the standard ssl."),
    "vectors": Subcommand("puressl.cli.vectors", "Make conformance vectors, and hold puressl and others to them."),
    "certs": Subcommand("puressl.cli.certs", "Make the test certificates: a small CA for each type of key."),
}


class LazyGroup(click.RichGroup):
    """A group of ``SUBCOMMANDS``: a stub stands for each until one is resolved to be run."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(SUBCOMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        row = SUBCOMMANDS.get(cmd_name)
        return click.Command(cmd_name, help=row.help) if row else None

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        name, stub, rest = super().resolve_command(ctx, args)
        row = SUBCOMMANDS.get(name or "")
        return name, row.load() if row else stub, rest


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="puressl", message="%(prog)s %(version)s")
def cli() -> None:
    """TLS in pure Python: no OpenSSL, no compiled code, certificates verified.

    Examples:

    \b
      puressl demo
      puressl connect www.example.org:443
      puressl certs make --out my-certs
    """


def run(arguments: Sequence[str] | None = None) -> int:
    """Runs the program and returns its exit code.

    arguments: without the program's name; None for ``sys.argv``. A standard output closed early ends it quietly.
    """
    try:
        result = cli.main(arguments, prog_name="puressl", standalone_mode=False)
        if sys.stdout is not None:  # a program may be started without one
            sys.stdout.flush()
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except click.Abort:
        return INTERRUPTED
    except SSLError as error:
        return _failed(error_text(error))
    except BrokenPipeError:
        # What the interpreter still has to flush at its exit must go somewhere.
        if sys.stdout is not None:
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return FAILED
    except OSError as error:
        text = error.strerror or str(error)
        return _failed(f"{error.filename}: {text}" if error.filename else text)
    return result if isinstance(result, int) else DONE


def error_text(error: SSLError) -> str:
    """An error for a terminal: the particulars first, then the reason, which the manuals and the JSON name, too."""
    if not error.detail:
        return diagnostic(error.reason)
    if isinstance(error.reason, Reason) and error.reason not in _TRIED:
        return f"{error.detail} [{error.reason}]"
    return f"{error.detail}: {diagnostic(error.reason).rstrip('.')}"


def _failed(message: str) -> int:
    click.echo(f"puressl: {message}", err=True)
    return FAILED
