"""Chains that meet each reason for which a peer's certificate is refused: ``certs/reasons/``.

Theory of operation: a ``Case`` is a conforming chain (root, CA, leaf) with one thing wrong, for a server's leaf and for
a client's, and says which reason it meets. Keys, serials and dates are fixed, as in ``certs.py``; every case fails at
``TIME``, and at any other time until 2045 just so. The manifest says for each what is presented, what is trusted and
what else the verifier must be told.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import NamedTuple

from puressl.crypto.hashes import HashAlgorithm
from puressl.crypto.keys import Curve, PrivateKey, generate_ec, generate_rsa
from puressl.crypto.signatures import Algorithm, Kind
from puressl.env import Env, SeededEnv
from puressl.errors import PROBLEMS, Problem
from puressl.x509 import build, der, pem
from puressl.x509 import extensions as ext
from puressl.x509.build import CertificateTemplate, Extension, GeneralNames
from puressl.x509.build_revocation import CRLTemplate, RevokedEntry, crl_number, issue_crl
from puressl.x509.certificate import Certificate
from puressl.x509.keys import encode_private_key
from puressl.x509.policy import Revocation

TIME = datetime(2026, 7, 1, tzinfo=timezone.utc)
SERVER_NAME = "server.example"
DEPTH = 10

_SEED = b"puressl refused certificates 1"


def _year(number: int) -> int:
    return int(datetime(number, 1, 1, tzinfo=timezone.utc).timestamp())


#: First and last second, POSIX.
_VALID, _PAST, _FUTURE = (_year(2026), _year(2046)), (_year(2020), _year(2021)), (_year(2045), _year(2046))


@dataclass(frozen=True, slots=True)
class Role:
    """Who presents the chain. name: the leaf's common name and DNS name."""

    name: str
    purpose: str


ROLES: Mapping[str, Role] = {
    "server": Role(SERVER_NAME, "serverAuth"),
    "client": Role("client.example", "clientAuth"),
}


#: CRLReason (RFC 5280 5.3.1).
_KEY_COMPROMISE = 1


def _p256(env: Env) -> PrivateKey:
    return generate_ec(Curve.SECP256R1, env)


def _as_it_is(certificate: bytes) -> bytes:
    return certificate


@dataclass(frozen=True, slots=True)
class Flaw:
    """How one certificate of a chain differs from a conforming one.

    extensions: added, or in place of those with the same identifier. without: identifiers of those left out. alter:
    changes the signed certificate.
    """

    validity: tuple[int, int] = _VALID
    extensions: tuple[Extension, ...] = ()
    without: tuple[str, ...] = ()
    path_length: int | None = None
    version: int = build.X509_V3
    algorithm: Algorithm | None = None
    generate: Callable[[Env], PrivateKey] = _p256
    alter: Callable[[bytes], bytes] = _as_it_is


_NONE = Flaw()


@dataclass(frozen=True, slots=True)
class Case:
    """A chain and the reason it meets.

    name: of its directory. place: of the certificate that is named in the error. cas: from the root's down. presented:
    how many of the chain are presented, leaf first; None: all but the root. trusted: whether its root is, and not
    another. self_signed: the leaf is, and there is nothing else. revoked: the place of the certificate that its
    issuer's CRL lists. revocation: how much the verifier must ask about it.
    """

    name: str
    problem: Problem
    place: int
    sentence: str
    leaf: Flaw = _NONE
    cas: tuple[Flaw, ...] = (_NONE,)
    root: Flaw = _NONE
    presented: int | None = None
    trusted: bool = True
    self_signed: bool = False
    depth: int = DEPTH
    names: tuple[str, ...] = ()
    revoked: int | None = None
    revocation: Revocation = Revocation.IF_PRESENT
    roles: tuple[str, ...] = tuple(ROLES)

    @property
    def reason(self) -> str:
        return str(PROBLEMS[self.problem].reason)

    @property
    def directory(self) -> str:
        return f"{self.reason}/{self.name}"


def _flip(certificate: bytes) -> bytes:
    """Another last bit: the signature is wrong and nothing else."""
    return certificate[:-1] + bytes((certificate[-1] ^ 1,))


def _replaced(old: bytes, new: bytes) -> Callable[[bytes], bytes]:
    return lambda certificate: certificate.replace(old, new, 1)


def _ca(flaw: Flaw) -> tuple[Flaw, ...]:
    return (flaw,)


_NOT_A_CA = Flaw(extensions=(build.basic_constraints(False), build.key_usage("digitalSignature")))
_ELSEWHERE = GeneralNames(dns=("elsewhere.example",))
_EVERYWHERE = GeneralNames(dns=("example",))

CASES: tuple[Case, ...] = (
    Case("self-signed", Problem.CERTIFICATE_SELF_SIGNED, 0, "the leaf alone, self-signed", self_signed=True),
    Case(
        "untrusted-root",
        Problem.CERTIFICATE_SELF_SIGNED,
        2,
        "leaf, CA and their self-signed root, which is not trusted",
        presented=3,
        trusted=False,
    ),
    Case("missing-ca", Problem.CERTIFICATE_NO_ISSUER, 0, "the leaf alone, without its CA", presented=1),
    Case("unknown-root", Problem.CERTIFICATE_NO_ISSUER, 1, "leaf and CA of a root that is not trusted", trusted=False),
    Case(
        "depth",
        Problem.CERTIFICATE_CHAIN_TOO_LONG,
        0,
        "two CAs under the root where the depth of 1 allows one",
        cas=(_NONE, _NONE),
        depth=1,
    ),
    Case("leaf", Problem.CERTIFICATE_EXPIRED, 0, "the leaf has expired", leaf=Flaw(validity=_PAST)),
    Case("ca", Problem.CERTIFICATE_EXPIRED, 1, "the CA has expired", cas=_ca(Flaw(validity=_PAST))),
    Case("root", Problem.CERTIFICATE_EXPIRED, 2, "the trusted root has expired", root=Flaw(validity=_PAST)),
    Case("leaf", Problem.CERTIFICATE_NOT_YET_VALID, 0, "the leaf is not yet valid", leaf=Flaw(validity=_FUTURE)),
    Case("ca", Problem.CERTIFICATE_NOT_YET_VALID, 1, "the CA is not yet valid", cas=_ca(Flaw(validity=_FUTURE))),
    Case(
        "malformed",
        Problem.CERTIFICATE_BAD_VALIDITY,
        0,
        "the leaf's notBefore is in a thirteenth month",
        leaf=Flaw(alter=_replaced(b"260101000000Z", b"261301000000Z")),
    ),
    Case(
        "signature",
        Problem.CERTIFICATE_BAD_SIGNATURE,
        0,
        "the last bit of the leaf's signature is changed",
        leaf=Flaw(alter=_flip),
    ),
    Case(
        "ca-signature",
        Problem.CERTIFICATE_BAD_SIGNATURE,
        1,
        "the last bit of the CA's signature is changed",
        cas=_ca(Flaw(alter=_flip)),
    ),
    Case(
        "sha1-signature",
        Problem.CERTIFICATE_WEAK,
        0,
        "the leaf is signed with SHA-1",
        leaf=Flaw(algorithm=Algorithm(Kind.ECDSA, HashAlgorithm.SHA1)),
    ),
    Case(
        "weak-key",
        Problem.CERTIFICATE_WEAK,
        0,
        "the leaf's key is RSA of 1024 bits",
        leaf=Flaw(generate=lambda env: generate_rsa(1024, env)),
    ),
    Case(
        "malformed",
        Problem.CERTIFICATE_MALFORMED,
        0,
        "the leaf's version is 10",
        leaf=Flaw(alter=_replaced(b"\xa0\x03\x02\x01\x02", b"\xa0\x03\x02\x01\x09")),
    ),
    Case(
        "unknown-critical-extension",
        Problem.CERTIFICATE_CONSTRAINTS,
        0,
        "the leaf has a critical extension that nobody knows",
        leaf=Flaw(extensions=(Extension("1.3.6.1.4.1.99999.1", b"\x05\x00", critical=True),)),
    ),
    Case(
        "not-a-ca",
        Problem.CERTIFICATE_CONSTRAINTS,
        1,
        "the leaf's issuer is no CA",
        cas=_ca(_NOT_A_CA),
    ),
    Case(
        "ca-key-usage",
        Problem.CERTIFICATE_CONSTRAINTS,
        1,
        "the CA's keyUsage lacks keyCertSign",
        cas=_ca(Flaw(extensions=(build.key_usage("cRLSign"),))),
    ),
    Case(
        "path-length",
        Problem.CERTIFICATE_CONSTRAINTS,
        1,
        "a CA under another whose pathLenConstraint is 0",
        cas=(Flaw(path_length=0), _NONE),
    ),
    Case(
        "name-constraints-permitted",
        Problem.CERTIFICATE_CONSTRAINTS,
        0,
        "the leaf's name is outside of what the CA may certify",
        cas=_ca(Flaw(extensions=(build.name_constraints(permitted=_ELSEWHERE),))),
    ),
    Case(
        "name-constraints-excluded",
        Problem.CERTIFICATE_CONSTRAINTS,
        0,
        "the leaf's name is among what the CA must not certify",
        cas=_ca(Flaw(extensions=(build.name_constraints(excluded=_EVERYWHERE),))),
    ),
    Case(
        "key-usage",
        Problem.CERTIFICATE_USAGE,
        0,
        "the leaf's keyUsage lacks digitalSignature",
        leaf=Flaw(extensions=(build.key_usage("keyAgreement"),)),
    ),
    Case(
        "extended-key-usage",
        Problem.CERTIFICATE_USAGE,
        0,
        "the leaf is for signing code",
        leaf=Flaw(extensions=(build.extended_key_usage("codeSigning"),)),
    ),
    Case(
        "ca-extended-key-usage",
        Problem.CERTIFICATE_CONSTRAINTS,
        1,
        "the CA is for signing code",
        cas=_ca(Flaw(extensions=(build.extended_key_usage("codeSigning"),))),
    ),
    Case(
        "policy",
        Problem.CERTIFICATE_POLICY,
        0,
        "the CA requires a certificate policy, and no certificate has one",
        cas=_ca(Flaw(extensions=(Extension(ext.POLICY_CONSTRAINTS, der.sequence(b"\x80\x01\x00"), critical=True),))),
    ),
    Case("revoked", Problem.CERTIFICATE_REVOKED, 0, "the CA's CRL lists the leaf", revoked=0),
    Case("ca-revoked", Problem.CERTIFICATE_REVOKED, 1, "the root's CRL lists the CA", revoked=1),
    Case(
        "status-unknown",
        Problem.CERTIFICATE_STATUS_UNKNOWN,
        1,
        "revocation information is required, and there is none",
        revocation=Revocation.REQUIRED,
    ),
    Case(
        "server-name",
        Problem.CERTIFICATE_NAME,
        0,
        "the leaf is for another server; of a client no name is asked",
        names=("other.example",),
        roles=("server",),
    ),
    Case(
        "no-subject-alt-name",
        Problem.CERTIFICATE_NAME,
        0,
        "the server's name is in the common name only; of a client no name is asked",
        leaf=Flaw(without=(ext.SUBJECT_ALT_NAME,)),
        roles=("server",),
    ),
)


class Made(NamedTuple):
    """What was made for a case: by role, the chain as presented and the leaf's key; the root to be trusted; the CRL,
    empty if there is none.
    """

    case: Case
    chains: Mapping[str, tuple[bytes, ...]]
    keys: Mapping[str, PrivateKey]
    trust: bytes
    crl: bytes


class _Issued(NamedTuple):
    subject: bytes
    key: PrivateKey
    der: bytes


def make() -> list[Made]:
    """All cases."""
    return [_make(case) for case in CASES]


def _make(case: Case) -> Made:
    chains: dict[str, tuple[bytes, ...]] = {}
    keys: dict[str, PrivateKey] = {}
    root = _authority("Test Root" if case.trusted else "Unknown Root", None, case.root, _root_seed(case))
    issuers = [root]
    for number, flaw in enumerate(case.cas, 1):
        seed = f"{case.directory}/ca {number}"
        issuers.append(_authority(f"Test CA {number}", issuers[-1], flaw, seed))
    for role in case.roles:
        leaf = _leaf(case, role, None if case.self_signed else issuers[-1])
        chain = (leaf.der,) if case.self_signed else (leaf.der, *(issuer.der for issuer in reversed(issuers)))
        chains[role] = chain[: len(issuers) if case.presented is None else case.presented]
        keys[role] = leaf.key
    trust = root.der if case.trusted else _authority("Test Root", None, _NONE, "root").der
    return Made(case, chains, keys, trust, _crl(case, chains.values(), issuers))


def _crl(case: Case, chains: Iterable[tuple[bytes, ...]], issuers: Sequence[_Issued]) -> bytes:
    """The CRL of whoever issued the certificate at the place that is revoked."""
    if case.revoked is None:
        return b""
    issuer = issuers[-1 - case.revoked]
    serials = sorted({Certificate.decode(chain[case.revoked]).serial for chain in chains})
    template = CRLTemplate(
        issuer=issuer.subject,
        this_update=_VALID[0],
        next_update=_VALID[1],
        entries=tuple(RevokedEntry(serial, _VALID[0], _KEY_COMPROMISE) for serial in serials),
        extensions=(build.authority_key_identifier(issuer.key.public), crl_number(1)),
    )
    return issue_crl(template, issuer.key, _env(f"{case.directory}/crl"))


def _env(seed: str) -> Env:
    return SeededEnv(b"/".join((_SEED, seed.encode())), TIME.timestamp())


def _root_seed(case: Case) -> str:
    return "root" if case.root is _NONE and case.trusted else f"{case.directory}/root"


def _authority(name: str, issuer: _Issued | None, flaw: Flaw, seed: str) -> _Issued:
    conforming = (
        build.basic_constraints(True, flaw.path_length),
        build.key_usage("keyCertSign", "cRLSign"),
    )
    return _issue(f"puressl {name}", issuer, flaw, seed, conforming)


def _leaf(case: Case, role: str, issuer: _Issued | None) -> _Issued:
    name, purpose = ROLES[role].name, ROLES[role].purpose
    conforming = (
        build.basic_constraints(False),
        build.key_usage("digitalSignature"),
        build.extended_key_usage(purpose),
        build.subject_alt_name(GeneralNames(dns=case.names or (name,))),
    )
    return _issue(name, issuer, case.leaf, f"{case.directory}/{role}", conforming)


def _issue(
    common_name: str, issuer: _Issued | None, flaw: Flaw, seed: str, conforming: tuple[Extension, ...]
) -> _Issued:
    env = _env(seed)
    key = flaw.generate(env)
    signer = key if issuer is None else issuer.key
    subject = build.distinguished_name(("O", "puressl refused certificates"), ("CN", common_name))
    identifiers = (build.subject_key_identifier(key.public), build.authority_key_identifier(signer.public))
    dropped = {*flaw.without, *(extension.oid for extension in flaw.extensions)}
    template = CertificateTemplate(
        subject=subject,
        issuer=subject if issuer is None else issuer.subject,
        public_key=key.public,
        not_before=flaw.validity[0],
        not_after=flaw.validity[1],
        extensions=(*(one for one in (*conforming, *identifiers) if one.oid not in dropped), *flaw.extensions),
        version=flaw.version,
    )
    return _Issued(subject, key, flaw.alter(build.issue(template, signer, env, algorithm=flaw.algorithm)))


# --- Files ----------------------------------------------------------------------------------------


def files_of(cases: list[Made]) -> Iterator[tuple[str, bytes]]:
    """Every file, its path beginning with the reason: chains, keys, roots, the manifest and the page about them."""
    for made in cases:
        yield f"{made.case.directory}/root.pem", pem.encode("CERTIFICATE", made.trust)
        if made.crl:
            yield f"{made.case.directory}/crl.pem", pem.encode("X509 CRL", made.crl)
        for role, chain in made.chains.items():
            yield (
                f"{made.case.directory}/{role}-chain.pem",
                b"".join(pem.encode("CERTIFICATE", certificate) for certificate in chain),
            )
            yield f"{made.case.directory}/{role}.key", pem.encode("PRIVATE KEY", encode_private_key(made.keys[role]))
    yield "manifest.json", (json.dumps(manifest(), indent=2) + "\n").encode()
    yield "README.md", readme().encode()


def manifest() -> dict[str, object]:
    """``reasons/manifest.json``: each case, with all that a verifier must be told."""
    return {"time": f"{TIME:%Y-%m-%dT%H:%M:%SZ}", "cases": [_row(case) for case in CASES]}


def _row(case: Case) -> dict[str, object]:
    alert = PROBLEMS[case.problem].alert
    return {
        "id": case.directory,
        "reason": case.reason,
        "description": case.sentence,
        "place": case.place,
        "check": case.problem.value,
        "alert": None if alert is None else alert.name.lower(),
        "trust": f"{case.directory}/root.pem",
        "depth": case.depth,
        "server_name": SERVER_NAME,
        "crl": None if case.revoked is None else f"{case.directory}/crl.pem",
        "revocation": case.revocation.value,
        "roles": {
            role: {"chain": f"{case.directory}/{role}-chain.pem", "key": f"{case.directory}/{role}.key"}
            for role in case.roles
        },
    }


_README = """\
# Chains that are refused

**The private keys here are public.** Never trust what is in here.

Each directory is one case: a chain with one thing wrong, and the reason for which puressl refuses it. `puressl certs
make` writes them all, the same bytes every time; `manifest.json` says the same as this page, for programs.

| file | holds |
|---|---|
| `server-chain.pem`, `client-chain.pem` | what a server or a client presents, leaf first |
| `server.key`, `client.key` | the leaf's private key, PKCS#8, not encrypted |
| `root.pem` | what is trusted |
| `crl.pem` | in some cases, the CRL that the verifier has |

Verify with `root.pem` as the only trusted root at {time}, a server's for `{name}`, with a depth of {depth} unless
something else is said:

    puressl verify certs/reasons/epeercertexpired/leaf/server-chain.pem --purpose server --server-name {name} \\
      --ca-file certs/reasons/epeercertexpired/leaf/root.pem

| case | reason | what is wrong | alert |
|---|---|---|---|
{rows}
"""


def readme() -> str:
    """``reasons/README.md``."""
    rows = (
        f"| `{row['id']}` | `{row['reason']}` | {row['description']} | {row['alert']} |" for row in map(_row, CASES)
    )
    return _README.format(time=f"{TIME:%Y-%m-%d}", name=SERVER_NAME, depth=DEPTH, rows="\n".join(rows))
