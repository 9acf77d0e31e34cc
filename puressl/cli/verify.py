"""``puressl verify``: builds and verifies the path of a chain, and shows it."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Any

import rich_click as click
from rich.console import Console
from rich.text import Text
from rich.tree import Tree

from puressl.cli import options
from puressl.config import DEFAULT_DEPTH, MAX_DEPTH
from puressl.crypto.hashes import HashAlgorithm
from puressl.crypto.keys import ECPublicKey, PublicKey, RSAPublicKey
from puressl.env import SYSTEM_ENV
from puressl.errors import CertificateError, Reason, SSLError
from puressl.x509.certificate import Certificate, certificate_blocks
from puressl.x509.crl import load_crls
from puressl.x509.names import parse_server_name
from puressl.x509.ocsp import OCSPResponse
from puressl.x509.policy import Policy, Profile, Purpose, Revocation
from puressl.x509.revocation import Evidence
from puressl.x509.rules import time_text
from puressl.x509.store import TrustStore
from puressl.x509.verify import verify_chain

PURPOSES: Mapping[str, Purpose] = {"server": Purpose.SERVER_AUTH, "client": Purpose.CLIENT_AUTH}
PROFILES = ("webpki", "rfc5280", "path")


@click.command("verify")
@click.argument("chain", metavar="CHAIN.pem")
@click.option("--ca-file", metavar="FILE", help="Trusted roots: PEM or DER, or a directory.  [default: the system's]")
@click.option(
    "--server-name",
    metavar="NAME",
    help="Host name or IP address the certificate must be for.  [default: no name is checked]",
)
@click.option("--purpose", type=click.Choice(list(PURPOSES)), default="server", show_default=True, help="Whose it is.")
@click.option(
    "--depth",
    type=click.IntRange(0, MAX_DEPTH),
    default=DEFAULT_DEPTH,
    show_default=True,
    help="CA certificates allowed between the peer's and the root.",
)
@click.option("--time", "time", metavar="ISO", help="Moment to verify for: 2026-07-01, 2026-07-01T12:00:00Z.")
@click.option(
    "--profile",
    type=click.Choice(PROFILES),
    help="Whose rules: the public web's, RFC 5280's, or those of its path validation alone.  "
    "[default: webpki for servers by the system's roots, else path]",
)
@click.option("--crl", "crls", metavar="FILE", multiple=True, help="CRLs, PEM or DER; may be repeated.")
@click.option("--ocsp", "responses", metavar="FILE", multiple=True, help="An OCSP response, DER; may be repeated.")
@click.option(
    "--revocation",
    type=click.Choice([one.value for one in Revocation]),
    default=Revocation.IF_PRESENT.value,
    show_default=True,
    help="Whether CRLs and OCSP responses count, and whether each certificate but the root needs one.",
)
@click.option("--json", "as_json", is_flag=True, help="The result as JSON, in either case.")
def command(chain: str, **given: Any) -> None:
    """Verify a certificate chain and print the path that was found.

    CHAIN.pem is what a peer presents, PEM or DER, - for standard input: its own certificate first, the others in any
    order. Nothing is fetched. The path is printed as a tree, the trusted root at the top: subject, place (0 is the
    peer's certificate), key and validity. If there is none that holds, what was presented is listed, the certificate at
    fault marked, the reason goes to standard error, and the exit code is 1.

    The JSON of a good chain is {"verified": true, "path": [...]}, leaf first; of another {"verified": false, "reason",
    "detail", "check", "subject", "place", "presented": [...], "others": [...]}, where others are the errors of other
    paths. A certificate is {"place", "subject", "issuer", "key", "not_before", "not_after", "sha256", "at_fault"}, or
    {"place", "malformed", "sha256", "at_fault"}. Files that cannot be used give an error and no JSON.

    Examples:

    \b
      puressl verify chain.pem --server-name www.example.org
      puressl verify certs/p256/client-chain.pem --ca-file certs/p256/root.pem --purpose client
      puressl verify chain.pem --time 2024-01-31T12:00:00Z --profile webpki --json
      puressl verify chain.pem --ca-file roots.pem --crl ca.crl --crl root.crl --revocation required
      openssl s_client -connect www.example.org:443 -showcerts </dev/null | puressl verify -
    """
    presented = certificate_blocks(options.read_file(chain, "CHAIN.pem"), chain, Reason.ECERTFILE)
    trust = TrustStore.from_file(given["ca_file"]) if given["ca_file"] else TrustStore.system()
    policy = Policy(
        time=_moment(given["time"]),
        purpose=PURPOSES[given["purpose"]],
        server_name=_server_name(given["server_name"]),
        depth=given["depth"],
        profile=Profile.of(given["profile"] or _usual_profile(trust, given["purpose"])),
        revocation=Revocation(given["revocation"]),
    )
    evidence = _evidence(given["crls"], given["responses"])
    for skipped in trust.skipped:
        click.echo(f"puressl: not among the trusted: {skipped}", err=True)
    try:
        verified = verify_chain(presented, trust=trust, policy=policy, evidence=evidence)
    except CertificateError as error:
        rows = _presented(presented, error)
        click.echo(json.dumps(_refused(error, rows), indent=2) if given["as_json"] else "\n".join(_listed(rows)))
        if _issued_another(rows):
            click.echo(
                "puressl: the first certificate issued one of the others; the peer's own must come first", err=True
            )
        raise
    path = [_row(place, certificate) for place, certificate in enumerate(verified.path)]
    if given["as_json"]:
        click.echo(json.dumps({"verified": True, "path": [row.json for row in path]}, indent=2))
    elif sys.stdout.isatty():
        Console(highlight=False).print(_tree(path))
    else:
        click.echo("\n".join(_indented(path)))


def _usual_profile(trust: TrustStore, purpose: str) -> Profile:
    """As a TLS connection has it: anchors of one's own are not bound to the public web's rules."""
    return Profile.WEBPKI if trust.is_public and purpose == "server" else Profile.PATH


def _moment(text: str | None) -> float:
    """POSIX seconds of ``--time``; without an offset it is UTC."""
    if text is None:
        return SYSTEM_ENV.now()
    try:
        moment = datetime.fromisoformat(text[:-1] + "+00:00" if text[-1:] in ("Z", "z") and len(text) > 10 else text)
    except ValueError:
        raise click.BadParameter(f"{text!r} is not like 2026-07-01T12:00:00Z", param_hint="--time") from None
    return (moment if moment.tzinfo else moment.replace(tzinfo=timezone.utc)).timestamp()


def _server_name(text: str | None) -> str | None:
    """``--server-name``; one that is no name is wrong usage."""
    try:
        if text is not None:
            parse_server_name(text)
    except SSLError as error:
        raise click.BadParameter(str(error.detail), param_hint="--server-name") from None
    return text


def _evidence(crls: Sequence[str], responses: Sequence[str]) -> Evidence:
    """What the files of ``--crl`` and ``--ocsp`` hold, decoded here so that an error names the file."""
    return Evidence(
        crls=[one for path in crls for one in load_crls(options.read_file(path, "--crl"), f"--crl: {path}")],
        ocsp_responses=[_response(path) for path in responses],
    )


def _response(path: str) -> bytes:
    data = options.read_file(path, "--ocsp")
    try:
        if OCSPResponse.decode(data) is None:
            raise SSLError(Reason.EINVAL, f"--ocsp: {path}: the responder gave no answer, but an error")
    except CertificateError as error:
        raise SSLError(Reason.EINVAL, f"--ocsp: {path}: {error.finding}") from None
    return data


@dataclass(frozen=True, slots=True)
class _Row:
    """A certificate as it is shown. place: in the path, None where that is not known. details: lines below it."""

    place: int | None
    subject: str
    details: tuple[str, ...]
    json: dict[str, Any]
    at_fault: bool

    @property
    def title(self) -> str:
        place = "certificate" if self.place is None else f"certificate {self.place}"
        return f"{place}: {self.subject}"


def _row(place: int | None, certificate: Certificate, at_fault: bool = False) -> _Row:
    key = _key_text(certificate.public_key) or f"unsupported key: {certificate.public_key_problem}"
    not_before, not_after = time_text(certificate.not_before), time_text(certificate.not_after)
    values = {
        "place": place,
        "subject": certificate.subject.text,
        "issuer": certificate.issuer.text,
        "key": key,
        "not_before": not_before,
        "not_after": not_after,
        "sha256": _fingerprint(certificate.der),
        "at_fault": at_fault,
    }
    details = (f"{key}, valid from {not_before} to {not_after}",)
    return _Row(place, certificate.subject.text or "no subject", details, values, at_fault)


def _fingerprint(der: bytes) -> str:
    return HashAlgorithm.SHA256.digest(der).hex()


def _key_text(key: PublicKey | None) -> str:
    if isinstance(key, RSAPublicKey):
        return f"RSA, {key.bits} bits" if key.pss is None else f"RSASSA-PSS, {key.bits} bits"
    if isinstance(key, ECPublicKey):
        return f"EC, {key.curve.value}"
    return "" if key is None else key.key_type.name.title()


# --- A good chain ---------------------------------------------------------------------------------


def _tree(path: Sequence[_Row]) -> Tree:
    """The root at the top, for a terminal."""
    tree: Tree | None = None
    branch: Tree | None = None
    for row in reversed(path):
        label = Text.assemble((row.title, "bold"), *(Text(f"\n{line}", "dim") for line in row.details))
        branch = Tree(label) if branch is None else branch.add(label)
        tree = tree or branch
    return tree or Tree("")


def _indented(path: Sequence[_Row]) -> Iterator[str]:
    """The same for files and pipes."""
    for level, row in enumerate(reversed(path)):
        indent = "  " * level
        yield indent + row.title
        yield from (f"{indent}    {line}" for line in row.details)


# --- Another --------------------------------------------------------------------------------------


def _presented(chain: Sequence[bytes], error: CertificateError) -> list[_Row]:
    """What was presented, in its order, and the certificate at fault if it was not among them."""
    return [_presented_row(der, error) for der in dict.fromkeys((*chain, error.der)) if der]


def _presented_row(der: bytes, error: CertificateError) -> _Row:
    at_fault = der == error.der
    place = error.place if at_fault else None
    try:
        return _row(place, Certificate.decode(der), at_fault)
    except CertificateError as fault:
        values = {"place": place, "malformed": fault.finding, "sha256": _fingerprint(der), "at_fault": at_fault}
        return _Row(place, "malformed", (fault.finding,), values, at_fault)


def _issued_another(rows: Sequence[_Row]) -> bool:
    """Whether the first is the issuer of another, by name: the commonest mistake, a chain in another order."""
    first, *others = (row.json for row in rows)
    return any("issuer" in other and other["issuer"] == first.get("subject") for other in others)


def _listed(rows: Sequence[_Row]) -> Iterator[str]:
    for row in rows:
        mark = "!" if row.at_fault else " "
        yield f"{mark} {row.title}"
        yield from (f"{mark}     {line}" for line in row.details)


def _refused(error: CertificateError, rows: Sequence[_Row]) -> dict[str, Any]:
    return {
        "verified": False,
        **_error(error),
        "presented": [row.json for row in rows],
        "others": [_error(other) for other in error.others],
    }


def _error(error: CertificateError) -> dict[str, Any]:
    return {
        "reason": str(error.reason),
        "detail": error.detail,
        "check": error.check,
        "subject": error.subject,
        "place": error.place,
    }
