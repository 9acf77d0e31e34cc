"""OpenSSL's and GnuTLS's programs as peers: their command lines, their start and end, and their data.

Certificates are the bundled ones; each end verifies the other wherever its program can. What a program says goes to a
log, which a failing test shows.
"""

from __future__ import annotations

import shutil
import socket
import subprocess
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import pytest
from interop.matrix import TLS13, Case, Resumption

from puressl.codes import NamedGroup
from puressl.crypto.groups import FiniteFieldGroup
from puressl.crypto.provider import PROVIDER
from puressl.crypto.suites import CipherKind, KeyExchange
from puressl.x509 import der, pem

from support.configs import CERTS, SERVER_NAME

#: Seconds for a program to start, to answer, and to end.
PATIENCE = 20.0
_PAUSE = 0.01

OPENSSL_GROUPS = {
    NamedGroup.X25519: "X25519",
    NamedGroup.X448: "X448",
    NamedGroup.SECP256R1: "P-256",
    NamedGroup.SECP384R1: "P-384",
    NamedGroup.SECP521R1: "P-521",
    NamedGroup.FFDHE2048: "ffdhe2048",
    NamedGroup.FFDHE3072: "ffdhe3072",
}
GNUTLS_CIPHERS = {
    "aes-128-gcm": "AES-128-GCM",
    "aes-256-gcm": "AES-256-GCM",
    "chacha20-poly1305": "CHACHA20-POLY1305",
    "aes-128-cbc": "AES-128-CBC",
    "aes-256-cbc": "AES-256-CBC",
}


def needs(*programs: str) -> None:
    """Skips the test that calls it where a program is not installed."""
    for program in programs:
        if shutil.which(program) is None:
            pytest.skip(f"{program} is not installed")


def root(kind: str) -> str:
    return str(CERTS / kind / "root.pem")


def certificate(kind: str, role: str = "server", what: str = ".pem") -> str:
    return str(CERTS / kind / f"{role}{what}")


# Processes --------------------------------------------------------------------------------------------------


@dataclass
class Peer:
    """A running program. log: where it talks to. port: where it listens, 0 for a client."""

    process: subprocess.Popen[bytes]
    log: Path
    port: int = 0

    @property
    def said(self) -> str:
        return self.log.read_text(errors="replace")

    def wait_until_it_says(self, text: str) -> str:
        """What it has said, once that has ``text`` in it."""
        deadline = time.monotonic() + PATIENCE
        while text not in (said := self.said):
            if time.monotonic() > deadline or self.process.poll() is not None:
                break
            time.sleep(_PAUSE)
        else:
            return said
        time.sleep(_PAUSE)
        assert text in self.said, f"the peer never said {text!r}, but:\n{self.said}"
        return self.said

    def pause(self) -> None:
        """Gives it a moment."""
        time.sleep(_PAUSE)

    def write(self, data: bytes) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(data)
        self.process.stdin.flush()

    def read(self, length: int) -> bytes:
        """Exactly so much of its standard output."""
        assert self.process.stdout is not None
        return self.process.stdout.read(length)

    def exchange(self, data: bytes) -> bytes:
        """Writes data, and reads as much at the same time."""

        def write() -> None:
            with suppress(OSError):  # a peer that has gone: what was read shows it
                self.write(data)

        writer = threading.Thread(target=write, daemon=True)
        writer.start()
        answer = self.read(len(data))
        writer.join(PATIENCE)
        return answer

    def finish(self) -> int:
        """Ends its standard input; its exit code."""
        assert self.process.stdin is not None
        self.process.stdin.close()
        return self.process.wait(PATIENCE)


@contextmanager
def running(command: Sequence[str], log: Path, *, port: int = 0, data: bool = False) -> Iterator[Peer]:
    """Runs a program; it is gone at the end. data: its standard output is the connection's data and stays apart."""
    with log.open("wb") as output:
        process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE if data else output,
            stderr=output if data else subprocess.STDOUT,
            cwd=log.parent,
        )
    watchdog = threading.Timer(4 * PATIENCE, process.kill)
    watchdog.start()
    try:
        yield Peer(process, log, port)
    except BaseException as error:
        if hasattr(error, "add_note"):  # Python 3.11
            error.add_note(log.read_text(errors="replace"))
        raise
    finally:
        watchdog.cancel()
        process.terminate()
        try:
            process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                with suppress(OSError):
                    pipe.close()


@contextmanager
def listening(command: Sequence[str], log: Path, ready: str) -> Iterator[Peer]:
    """Runs a server on a free port, which takes the place of ``{port}``. ready: what it says when it listens."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    with running([part.replace("{port}", str(port)) for part in command], log, port=port) as peer:
        peer.wait_until_it_says(ready)
        yield peer


# OpenSSL ----------------------------------------------------------------------------------------------------


def _openssl_suite(case: Case, groups: Sequence[NamedGroup]) -> list[str]:
    version = ["-tls1_3", "-ciphersuites"] if case.version is TLS13 else ["-tls1_2", "-cipher"]
    names = [OPENSSL_GROUPS[group] for group in groups]
    if case.version is not TLS13:
        names = [name for name in names if not name.startswith("ffdhe")]
    return [*version, case.suite.openssl_name, *(["-groups", ":".join(names)] if names else [])]


def dh_parameters(group: NamedGroup) -> bytes:
    """PKCS #3 DHParameter, PEM."""
    field = PROVIDER.groups[group]
    assert isinstance(field, FiniteFieldGroup)
    return pem.encode("DH PARAMETERS", der.sequence(der.integer(field.prime), der.integer(field.generator)))


@contextmanager
def openssl_server(
    folder: Path,
    case: Case,
    *extra: str,
    groups: Sequence[NamedGroup] | None = None,
    echo: bool = True,
    demand: bool = True,
) -> Iterator[Peer]:
    """``openssl s_server``. echo: it sends each line back reversed. demand: it insists on the client's certificate."""
    needs("openssl")
    kind = case.certificate
    command = ["openssl", "s_server", "-accept", "127.0.0.1:{port}", *(["-rev"] if echo else [])]
    command += _openssl_suite(case, case.server_groups if groups is None else groups)
    command += ["-cert", certificate(kind), "-key", certificate(kind, what=".key")]
    command += ["-cert_chain", str(CERTS / kind / "intermediate.pem")]
    if case.client:
        command += ["-CAfile", root(case.client), "-Verify" if demand else "-verify", "3", "-verify_return_error"]
    if case.resumption is Resumption.SESSION_ID:
        command.append("-no_ticket")
    if case.suite.key_exchange is KeyExchange.DHE and case.group is not None:
        (folder / "dh.pem").write_bytes(dh_parameters(case.group))
        command += ["-dhparam", "dh.pem"]
    with listening([*command, *extra], folder / "s_server.log", "ACCEPT") as peer:
        yield peer


def openssl_client_command(case: Case, port: int, *extra: str) -> list[str]:
    """``openssl s_client``: its standard input and output are the data."""
    command = ["openssl", "s_client", "-connect", f"127.0.0.1:{port}", "-servername", SERVER_NAME]
    command += _openssl_suite(case, case.client_groups)
    command += ["-CAfile", root(case.certificate), "-verify_return_error", "-verify_hostname", SERVER_NAME]
    if case.client:
        command += ["-cert", certificate(case.client, "client"), "-key", certificate(case.client, "client", ".key")]
        command += ["-cert_chain", str(CERTS / case.client / "intermediate.pem")]
    if case.resumption is Resumption.SESSION_ID:
        command.append("-no_ticket")
    return [*command, "-quiet", "-no_ign_eof", "-nocommands", *extra]


# GnuTLS -----------------------------------------------------------------------------------------------------


def gnutls_priority(case: Case, groups: Sequence[NamedGroup]) -> str:
    """GnuTLS's priority string for exactly this case."""
    suite = case.suite
    parts = ["NONE", "+CTYPE-X509", "+COMP-NULL", "+SIGN-ALL", f"+VERS-TLS{'1.3' if case.version is TLS13 else '1.2'}"]
    parts.append(f"+{GNUTLS_CIPHERS[suite.cipher.name]}")
    if suite.cipher.kind is CipherKind.AEAD:
        parts.append("+AEAD")
    elif suite.mac is not None:
        parts.append(f"+{suite.mac.name}")
    if case.version is TLS13:
        parts += ["+ECDHE-RSA", "+ECDHE-ECDSA", "+DHE-RSA"]
    else:
        exchange = suite.key_exchange.name
        parts.append("+RSA" if suite.key_exchange is KeyExchange.RSA else f"+{exchange}-{suite.authentication.name}")
    parts += [f"+GROUP-{group.name}" for group in groups]
    return ":".join(parts)


@contextmanager
def gnutls_server(
    folder: Path,
    case: Case,
    *extra: str,
    groups: Sequence[NamedGroup] | None = None,
    echo: bool = True,
    demand: bool = True,
) -> Iterator[Peer]:
    """``gnutls-serv``. echo: it sends back what it gets. demand: it insists on the client's certificate."""
    needs("gnutls-serv")
    kind = case.certificate
    command = ["gnutls-serv", "--port", "{port}", *(["--echo", "--crlf"] if echo else [])]
    server_groups = case.server_groups if groups is None else groups
    if case.version is not TLS13:  # its certificates' curves must be among its groups in TLS 1.2
        server_groups = tuple(dict.fromkeys((*server_groups, *case.client_groups)))
    command += ["--priority", gnutls_priority(case, server_groups)]
    command += ["--x509certfile", certificate(kind, what="-chain.pem"), "--x509keyfile", certificate(kind, what=".key")]
    if case.client:
        command += ["--x509cafile", root(case.client), "--verify-client-cert"]
        command += ["--require-client-cert"] if demand else []
    else:
        command.append("--disable-client-cert")
    if case.resumption is Resumption.SESSION_ID:
        command.append("--noticket")
    with listening([*command, *extra], folder / "gnutls-serv.log", "listening on IPv4") as peer:
        yield peer


def gnutls_client_command(case: Case, port: int, *extra: str) -> list[str]:
    """``gnutls-cli``: its standard input and output are the data, all else goes to ``gnutls-cli.info``."""
    command = ["gnutls-cli", "--port", str(port), "--sni-hostname", SERVER_NAME, "--verify-hostname", SERVER_NAME]
    command += ["--priority", gnutls_priority(case, case.client_groups), "--single-key-share"]
    command += ["--x509cafile", root(case.certificate), "--logfile", "gnutls-cli.info"]
    if case.client:
        command += ["--x509certfile", certificate(case.client, "client", "-chain.pem")]
        command += ["--x509keyfile", certificate(case.client, "client", ".key")]
    if case.resumption is Resumption.SESSION_ID:
        command.append("--noticket")
    if case.resumption is not Resumption.NONE:
        command += ["--resume", *(["--waitresumption"] if case.version is TLS13 else [])]
    return [*command, *extra, "127.0.0.1"]


COMMANDS = {"openssl": openssl_client_command, "gnutls": gnutls_client_command}
SERVERS = {"openssl": openssl_server, "gnutls": gnutls_server}
CLIENT_PROGRAMS = {"openssl": "openssl", "gnutls": "gnutls-cli"}
