"""Other implementations: how one is started for a case, and which of its deviations are known.

Theory of operation: a peer is a TOML file. A command is a template: ``{port}`` and the other placeholders below stand
for what the case needs, and a part in brackets is left out where a placeholder in it has no value, so that one template
serves cases with and without client certificates::

    [peer]
    name = "openssl"
    version = "openssl version"
    server = "openssl s_server -accept {port} -cert {cert} -key {key} [-Verify 1 -CAfile {ca}]"
    client = "openssl s_client -connect 127.0.0.1:{port} -CAfile {ca} [-cert {cert} -key {key}]"

    [[expected]]
    cases = ["13-server-a-clienthello-*"]
    observed = "alert decode_error"
    verdict = "deviation"
    clause = "RFC 8446 6.2"
    reason = "…"
"""

from __future__ import annotations

import json
import re
import shlex
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from puressl.codes import CipherSuite, ProtocolVersion
from puressl.crypto.suites import KeyExchange, Suite
from puressl.errors import Reason, SSLError
from puressl.vectors import names
from puressl.vectors.documents import Case, Json

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

#: What an expectation may call a case that does not pass.
VERDICTS = ("deviation", "bug", "not applicable")

#: Seconds for a command that prints a version.
_PATIENCE = 10.0


@dataclass(frozen=True, slots=True)
class Expectation:
    """Cases that are known not to pass. cases: patterns of ids. observed: a pattern of what is then seen."""

    cases: tuple[str, ...]
    verdict: str
    reason: str
    clause: str = ""
    observed: str = "*"
    roles: tuple[str, ...] = ("server", "client")

    @classmethod
    def of(cls, row: Json) -> Expectation:
        """From a file's table. Raises ``TypeError`` for an unknown key, ``ValueError`` for an unknown verdict."""
        if row.get("verdict") not in VERDICTS:
            raise ValueError(f"verdict {row.get('verdict')} is none of {', '.join(VERDICTS)}")
        fields: dict[str, Any] = {key: tuple(value) if isinstance(value, list) else value for key, value in row.items()}
        return cls(**fields)

    def fits(self, role: str, name: str, observed: str) -> bool:
        if role not in self.roles or not fnmatchcase(observed, self.observed):
            return False
        return any(fnmatchcase(name, pattern) for pattern in self.cases)


@dataclass(frozen=True, slots=True)
class Peer:
    """Another implementation. commands: by role, "server" and "client", and "process" for the other families."""

    name: str
    commands: Mapping[str, str] = field(default_factory=dict)
    version: str = ""
    expected: Sequence[Expectation] = ()

    @classmethod
    def read(cls, path: Path) -> Peer:
        """From a file. Raises ``SSLError(einval)`` for one that says something unknown."""
        try:
            read = tomllib.loads(path.read_text(encoding="utf-8"))
            peer = dict(read["peer"])
            name, version = peer.pop("name"), peer.pop("version", "")
            expected = tuple(Expectation.of(each) for each in read.get("expected", ()))
        except (tomllib.TOMLDecodeError, KeyError, TypeError, ValueError) as error:
            raise SSLError(Reason.EINVAL, f"{path}: {error}") from error
        return cls(name, peer, version, expected)

    def says(self) -> str:
        """What the peer's version command prints first."""
        if not self.version:
            return ""
        # The command is the user's own.
        done = subprocess.run(  # noqa: S603
            command_line(self.version, {"python": sys.executable}),
            capture_output=True,
            text=True,
            timeout=_PATIENCE,
            check=False,
        )
        return (done.stdout or done.stderr).strip().split("\n")[0]


_PLACEHOLDER = re.compile(r"\{(\w+)\}")
_BRACKETED = re.compile(r"\[([^][]*)\]")


def command_line(template: str, values: Mapping[str, str]) -> list[str]:
    """A template filled in. Raises ``SSLError(einval)`` for a placeholder that nobody knows."""

    def known(text: str) -> list[str]:
        found = _PLACEHOLDER.findall(text)
        for name in found:
            if name not in values:
                raise SSLError(Reason.EINVAL, f"{{{name}}} is none of {', '.join(sorted(values))}")
        return found

    def part(match: re.Match[str]) -> str:
        return match[1] if all(values[name] for name in known(match[1])) else ""

    text = _BRACKETED.sub(part, template)
    known(text)
    return [_PLACEHOLDER.sub(lambda match: values[match[1]], word) for word in shlex.split(text)]


def placeholders(case: Case, role: str, shared: Json, port: int, folder: Path) -> dict[str, str]:
    """What a command may ask for: files are written to ``folder``.

    role: the peer's. port: to listen on, or to connect to. Empty where a case does not need it.
    """
    settings = case[role]
    own, trust = settings.get("identity"), settings.get("trust")
    return {
        "port": str(port),
        "python": sys.executable,
        "cert": _file(folder / "cert.pem", shared[own][role]["certificate"]) if own else "",
        "key": _file(folder / "key.pem", shared[own][role]["key"]) if own else "",
        "ca": _file(folder / "ca.pem", shared[trust]["root"]) if trust else "",
        "server_name": settings.get("server_name", "") if settings.get("send_server_name", True) else "",
        "verify_name": settings.get("server_name", ""),
        "alpn": ",".join(settings.get("alpn", ())),
        "settings": _file(folder / "settings.json", json.dumps(settings)),
        **{name: dialect(settings) for name, dialect in _DIALECTS.items()},
    }


def _file(path: Path, text: str) -> str:
    path.write_text(text, encoding="utf-8")
    return str(path)


# Settings in the words of others ---------------------------------------------------------------------------------


def _suites(settings: Json, version: ProtocolVersion) -> list[Suite]:
    found = [names.suite(name) for name in settings["cipher_suites"]]
    return [suite for suite in found if suite.version is version]


def _openssl_version(settings: Json) -> str:
    return (
        "" if len(settings["versions"]) > 1 else {"tlsv1.3": "-tls1_3", "tlsv1.2": "-tls1_2"}[settings["versions"][0]]
    )


def _openssl_groups(settings: Json) -> str:
    return ":".join(name for name in settings["groups"] if name != "x25519mlkem768")


_GNUTLS_CIPHERS = {
    "aes-128-gcm": "AES-128-GCM",
    "aes-256-gcm": "AES-256-GCM",
    "chacha20-poly1305": "CHACHA20-POLY1305",
    "aes-128-cbc": "AES-128-CBC",
    "aes-256-cbc": "AES-256-CBC",
}
_GNUTLS_SIGNATURES = {
    "rsa_pkcs1": ("RSA-{}",),
    "rsa_pss_rsae": ("RSA-PSS-RSAE-{}",),
    "rsa_pss_pss": ("RSA-PSS-{}",),
    # GnuTLS has one name for TLS 1.3, where the scheme names the curve, and one for TLS 1.2.
    "ecdsa_secp256r1": ("ECDSA-SECP256R1-{}", "ECDSA-{}"),
    "ecdsa_secp384r1": ("ECDSA-SECP384R1-{}", "ECDSA-{}"),
    "ecdsa_secp521r1": ("ECDSA-SECP521R1-{}", "ECDSA-{}"),
}


def _gnutls_signatures(scheme: str) -> list[str]:
    family, _, digest = scheme.rpartition("_")
    known = _GNUTLS_SIGNATURES.get(family, (f"EDDSA-{scheme.upper()}",))
    return [f"+SIGN-{name.format(digest.upper())}" for name in known]


def _gnutls_priority(settings: Json) -> str:
    """GnuTLS's priority string for exactly these settings."""
    suites = [names.suite(name) for name in settings["cipher_suites"]]
    versions = [f"+VERS-TLS{name.removeprefix('tlsv')}" for name in settings["versions"]]
    ciphers = [f"+{_GNUTLS_CIPHERS[suite.cipher.name]}" for suite in suites]
    macs = [f"+{suite.mac.name if suite.mac else 'AEAD'}" for suite in suites]
    exchanges = [exchange for suite in suites for exchange in _gnutls_exchanges(suite)]
    groups = [f"+GROUP-{name.upper()}" for name in settings["groups"] if name != "x25519mlkem768"]
    signatures = [name for scheme in settings["signature_schemes"] for name in _gnutls_signatures(scheme)]
    parts = ["NONE", "+CTYPE-X509", "+COMP-NULL", *versions, *ciphers, *macs, *exchanges, *groups, *signatures]
    return ":".join(dict.fromkeys(parts))


#: How much gnutls-serv asks of its clients.
_GNUTLS_CLIENTS = {"none": "--disable-client-cert", "required": "--require-client-cert"}


def _gnutls_exchanges(suite: Suite) -> list[str]:
    if suite.key_exchange is KeyExchange.ANY:
        return ["+ECDHE-RSA", "+ECDHE-ECDSA", "+DHE-RSA"]
    if suite.key_exchange is KeyExchange.RSA:
        return ["+RSA"]
    return [f"+{suite.key_exchange.name}-{suite.authentication.name}"]


_DIALECTS: Mapping[str, Callable[[Json], str]] = {
    "openssl_version": _openssl_version,
    "openssl_ciphers": lambda settings: ":".join(
        suite.openssl_name for suite in _suites(settings, ProtocolVersion.TLSv1_2)
    ),
    "openssl_ciphersuites": lambda settings: ":".join(
        CipherSuite(suite.id).name for suite in _suites(settings, ProtocolVersion.TLSv1_3)
    ),
    "openssl_groups": _openssl_groups,
    "openssl_verify": lambda settings: "-Verify" if settings.get("verify") == "required" else "-verify",
    "gnutls_require": lambda settings: _GNUTLS_CLIENTS.get(settings.get("verify", "none"), ""),
    "openssl_signatures": lambda settings: ":".join(settings["signature_schemes"]),
    "gnutls_priority": _gnutls_priority,
}
