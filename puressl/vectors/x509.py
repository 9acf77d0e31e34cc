"""The family ``x509``: chains, and whether they hold.

Theory of operation: a case has the chain as presented, the anchors, the terms (time, purpose, name, depth, profile) and
CRLs; the answer is whether the chain holds, and for puressl the reason if it does not. The cases are the chains of
``certs/reasons``, one for each reason, and those of ``x509_rows``.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime

from puressl.errors import CertificateError, Reason, SSLError
from puressl.vectors.documents import Case, Document, Family, Json, directory
from puressl.vectors.questions import Questions
from puressl.vectors.x509_rows import TABLES, Row
from puressl.x509 import pem
from puressl.x509.certificate import Certificate
from puressl.x509.policy import Policy, Purpose
from puressl.x509.revocation import Evidence
from puressl.x509.store import TrustStore
from puressl.x509.verify import verify_chain

_PURPOSES = {"server": Purpose.SERVER_AUTH, "client": Purpose.CLIENT_AUTH}


def _verify(given: Json) -> Json:
    chain = [bytes.fromhex(each) for each in given["chain"]]
    trust = TrustStore(tuple(Certificate.decode(bytes.fromhex(each)) for each in given["trust"]))
    terms = dict(given["terms"])
    purpose = terms.pop("purpose")
    if "initial_policy_set" in terms:
        terms["initial_policy_set"] = frozenset(terms["initial_policy_set"])
    policy = Policy(purpose=_PURPOSES[purpose] if purpose else None, **terms)
    evidence = Evidence(crls=[bytes.fromhex(each) for each in given["crls"]])
    try:
        path = verify_chain(chain, trust=trust, policy=policy, evidence=evidence).path
    except CertificateError as error:
        return {"valid": False, "reason": str(error.reason), "check": error.problem.value, "place": error.place}
    return {"valid": True, "path": len(path)}


_QUESTIONS = Questions({"verify": _verify})

# The chains of certs/reasons ---------------------------------------------------------------------------------------


def _reasons() -> Iterator[Case]:
    folder = directory("certs") / "reasons"
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    time = int(datetime.fromisoformat(manifest["time"].replace("Z", "+00:00")).timestamp())

    def certificates(path: str) -> list[str]:
        return [block.decode().hex() for block in pem.blocks((folder / path).read_bytes())]

    for row in manifest["cases"]:
        for role, files in row["roles"].items():
            terms = {
                "time": time,
                "purpose": role,
                "server_name": row["server_name"] if role == "server" else None,
                "depth": row["depth"],
                "profile": "path",
                "revocation": row["revocation"],
            }
            given = {
                "chain": certificates(files["chain"]),
                "trust": certificates(row["trust"]),
                "terms": terms,
                "crls": certificates(row["crl"]) if row["crl"] else [],
            }
            text = f"{row['description'][0].upper()}{row['description'][1:]}, of a {role}."
            case = f"{row['id'].replace('/', '-')}-{role}"
            yield _QUESTIONS.case(case, text, "RFC 5280 6", "verify", given)


# Making ------------------------------------------------------------------------------------------------------------


def _make() -> Iterator[Document]:
    yield Document("reasons", "A chain for each reason to refuse one, of servers and of clients.", tuple(_reasons()))
    for name, (description, rows) in TABLES.items():
        yield Document(name, description, tuple(map(_case, rows)))


def _case(row: Row) -> Case:
    """Raises ``SSLError(einval)`` for a row whose chain holds where it must not, or the other way round."""
    case = _QUESTIONS.case(row.name, row.description, f"RFC {row.clause}", "verify", row.given)
    if case["expected"]["valid"] is not row.valid:
        raise SSLError(Reason.EINVAL, f"{row.name}: {case['expected']}")
    return case


_README = """\
`verify` asks whether a chain holds. `chain` is what is presented, leaf first, `trust` the anchors, `crls` the CRLs at
hand, all DER; `terms` has what differs from its default: `time` (POSIX seconds), `purpose` (`server`, `client`),
`server_name` that the leaf must be for, `depth` (how many CA certificates may stand between leaf and anchor), `profile`
(`rfc5280`, `webpki` with the public web's rules besides, `path` for path validation alone), `revocation` (`off`,
`if-present`, `required`: whether each certificate but the anchor needs a status), and the inputs of RFC 5280 6.1.1. The
answer is `valid`; `reason`, `check`, `place` and `path` are puressl's and may be left out.
"""

TITLE = "Certificate chains: path, time, names, constraints, policies, revocation"
FAMILY = Family(
    name="x509",
    title=TITLE,
    readme=_README,
    schema=_QUESTIONS.schema(TITLE),
    make=_make,
    check=_QUESTIONS.check,
    answer=_QUESTIONS.answer,
    optional=frozenset({"reason", "check", "place", "path"}),
)
