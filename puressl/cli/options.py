"""What several subcommands ask for: the options of a TLS connection, and how their texts are read.

Theory of operation: each option is read by a function from its text to the value the configuration wants; a text that
is none is an error that names the option. What the option means is said once, in its help.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO, TypeVar

import rich_click as click

from puressl.cipher_string import parse_ciphers
from puressl.codes import NamedGroup, ProtocolVersion
from puressl.config import DEFAULT_DEPTH, MAX_DEPTH, ClientConfig, Verify
from puressl.crypto.provider import PROVIDER
from puressl.env import SYSTEM_ENV
from puressl.errors import Reason, SSLError, posix_reason
from puressl.session import MemorySessionStore
from puressl.sockets.options import OPTIONS
from puressl.trace import KeyLog
from puressl.x509.credential import Credential
from puressl.x509.crl import crl_blocks
from puressl.x509.policy import Revocation
from puressl.x509.store import TrustStore

F = TypeVar("F", bound=Callable[..., Any])

VERSIONS: Mapping[str, ProtocolVersion] = {"1.2": ProtocolVersion.TLSv1_2, "1.3": ProtocolVersion.TLSv1_3}
VERIFY: Mapping[str, Verify] = {"none": Verify.NONE, "peer": Verify.PEER, "required": Verify.REQUIRED}
MAX_PORT = 65_535
#: Seconds for the connection and the handshake; data may take any time.
CONNECT_TIMEOUT = 30.0


def connection_options(command: F) -> F:
    """Adds what clients and servers have in common."""
    for option in reversed(
        (
            click.option(
                "--tls",
                "tls",
                multiple=True,
                type=click.Choice(list(VERSIONS)),
                help="Speak this version only; repeatable.",
            ),
            click.option(
                "--ciphers",
                "--suite",
                "ciphers",
                metavar="LIST",
                help="Cipher suites in OpenSSL's language: names, groups, ! and so on.",
            ),
            click.option(
                "--groups", "--group", "groups", metavar="LIST", help="Key exchange groups in order, colon separated."
            ),
            click.option("--alpn", metavar="LIST", help="Application protocols in order, comma separated."),
            click.option("--ca-file", metavar="FILE", help="Trusted roots, PEM."),
            click.option(
                "--depth",
                type=click.IntRange(0, MAX_DEPTH),
                default=DEFAULT_DEPTH,
                show_default=True,
                help=OPTIONS["depth"].meaning,
            ),
            click.option("--crl", "crls", metavar="FILE", multiple=True, help="CRLs, PEM or DER; may be repeated."),
            click.option(
                "--revocation",
                type=click.Choice([one.value for one in Revocation]),
                default=Revocation.IF_PRESENT.value,
                show_default=True,
                help="Whether CRLs and OCSP responses count, and whether there must be some.",
            ),
            click.option(
                "--password",
                metavar="TEXT",
                envvar="PURESSL_PASSWORD",
                help=f"{OPTIONS['password'].meaning} Others see it in ps.",
            ),
            click.option(
                "--keylog",
                metavar="FILE",
                help=OPTIONS["keylog"].meaning,
            ),
        )
    ):
        command = option(command)
    return command


def client_options(command: F) -> F:
    """Adds what a client has: what is common, and what only clients have."""
    for option in reversed(
        (
            click.option(
                "--server-name", metavar="NAME", help="Name the certificate must be for, and SNI. [default: HOST]"
            ),
            click.option("--verify", type=click.Choice(list(VERIFY)), default="required", show_default=True),
            connection_options,
            click.option("--cert", metavar="FILE", help="Our certificate with its chain, PEM, for a server that asks."),
            click.option("--key", metavar="FILE", help="Its private key. [default: in --cert]"),
            click.option(
                "--timeout",
                type=click.FloatRange(min=0.1),
                default=CONNECT_TIMEOUT,
                show_default=True,
                help="For the handshake, in s.",
            ),
        )
    ):
        command = option(command)
    return command


def client_config(host: str, given: Mapping[str, Any], **fields: Any) -> ClientConfig:
    """The configuration of a client that was given ``client_options``. fields: further ones."""
    spoken = versions(given["tls"])
    fields = {
        **fields,
        **spoken,
        **suites(given["ciphers"], spoken.get("versions", tuple(VERSIONS.values()))),
        **groups(given["groups"]),
        **protocols(given["alpn"]),
        **trust(given["ca_file"]),
        **revocation(given),
    }
    if given["key"] and not given["cert"]:
        raise click.UsageError("--key needs --cert")
    if given["cert"]:
        fields["credential"] = Credential.load(given["cert"], given["key"], given["password"])
    return ClientConfig(
        server_name=given["server_name"] or host,
        verify=VERIFY[given["verify"]],
        depth=given["depth"],
        sessions=MemorySessionStore(SYSTEM_ENV),
        **fields,
    )


def versions(names: tuple[str, ...]) -> dict[str, Any]:
    """The configuration's field for ``--tls``."""
    return {"versions": tuple(sorted((VERSIONS[name] for name in set(names)), reverse=True))} if names else {}


def suites(text: str | None, spoken: tuple[ProtocolVersion, ...]) -> dict[str, Any]:
    """The configuration's fields for ``--ciphers``; versions that none of them serves are left out."""
    if text is None:
        return {}
    try:
        chosen = parse_ciphers(text, PROVIDER.suites)
    except SSLError as error:
        raise SSLError(error.reason, f"--ciphers: {error.detail}") from error
    served = {PROVIDER.suites[suite].version for suite in chosen}
    left = tuple(version for version in spoken if version in served)
    if not left:
        raise SSLError(Reason.ECIPHER, f"--ciphers: {text} has none for the versions asked for")
    return {"cipher_suites": chosen, "versions": left}


def groups(text: str | None) -> dict[str, Any]:
    """The configuration's field for ``--groups``; P-256 and the like are understood, too."""
    if text is None:
        return {}
    by_name = {group.name.lower(): int(group) for group in NamedGroup if group in PROVIDER.groups}
    by_name |= {f"p-{size}": by_name[f"secp{size}r1"] for size in (256, 384, 521)}
    return {"groups": tuple(dict.fromkeys(_group(name.lower(), by_name) for name in _names(text)))}


def protocols(text: str | None) -> dict[str, Any]:
    """The configuration's field for ``--alpn``."""
    return {"alpn": tuple(name.encode() for name in text.split(",") if name)} if text else {}


def trust(path: str | None) -> dict[str, Any]:
    """The configuration's field for ``--ca-file``."""
    return {"trust": TrustStore.from_file(path)} if path else {}


def crls(paths: tuple[str, ...]) -> tuple[bytes, ...]:
    """The CRLs of all files of ``--crl``, DER; blocks of other kinds in PEM are passed over."""
    return tuple(crl for path in paths for crl in crl_blocks(read_file(path, "--crl"), f"--crl: {path}", Reason.EINVAL))


def revocation(given: Mapping[str, Any]) -> dict[str, Any]:
    """The configuration's fields for ``--crl`` and ``--revocation``."""
    return {"crls": crls(given["crls"]), "revocation": given["revocation"]}


@contextmanager
def keylog(path: str | None) -> Iterator[dict[str, Any]]:
    """The configuration's field for ``--keylog``; the file, readable by its owner only, is closed at the end.

    Each line is one write, so that programs may share the file.
    """
    path = path or os.environ.get("SSLKEYLOGFILE")
    if not path:
        yield {}
        return
    with naming("--keylog", path):
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    with open(descriptor, "ab", buffering=0) as file:

        def write(line: str) -> None:
            with naming("--keylog", path):
                file.write(line.encode("ascii") + b"\n")

        log: KeyLog = write
        yield {"keylog": log}


def host_and_port(text: str) -> tuple[str, int]:
    """``HOST:PORT`` or ``[IPv6]:PORT``."""
    host, _, port = text.rpartition(":")
    if host.startswith("[") and host.endswith("]"):
        host = host[1:-1]
    elif ":" in host:
        raise click.BadParameter(f"{text}: write an IPv6 address as [{host}]:{port}")
    if not host or not port.isdecimal() or not 0 < int(port) <= MAX_PORT:
        raise click.BadParameter(f"{text!r} is not HOST:PORT")
    return host, int(port)


def read_file(path: str, option: str) -> bytes:
    """A file the user named; ``-`` is standard input."""
    with naming(option, path):
        if path != "-":
            return Path(path).read_bytes()
        with open(0, "rb", closefd=False) as standard_input:
            return standard_input.read()


@contextmanager
def naming(option: str, path: str) -> Iterator[None]:
    """Says which option's file an error of the operating system is about."""
    try:
        yield
    except OSError as error:
        raise SSLError(posix_reason(error), f"{option}: {path}") from error


@contextmanager
def about(path: str) -> Iterator[None]:
    """Says which file a fault in its content is about; an error that names a file already is left as it is."""
    try:
        yield
    except SSLError as error:
        if error.reason != Reason.EINVAL:
            raise
        raise SSLError(error.reason, f"{path}: {error.detail}") from error


def standard_output() -> BinaryIO:
    """Standard output, for bytes. Raises ``SSLError(ebadf)`` where the program was started without one."""
    if sys.stdout is None:
        raise SSLError("ebadf", "standard output is closed")
    return sys.stdout.buffer


def _names(text: str) -> list[str]:
    return [name for name in text.replace(",", ":").split(":") if name]


def _group(name: str, table: Mapping[str, int]) -> int:
    if name not in table:
        known = ", ".join(table)
        if NamedGroup.X25519MLKEM768 not in PROVIDER.groups:
            known += "; x25519mlkem768 needs the extra pq: pip install 'puressl[pq]'"
        raise SSLError(Reason.EOPTIONS, f"--groups: {name!r} is unknown; known are {known}")
    return table[name]
