"""What an implementation makes of the cases: results, their triage, and how they are reported.

Theory of operation: a case passes, fails, or does not apply; a failure that the peer's expectations know becomes what
they call it, with their reason and clause. Only what nobody expected is left to look at: new failures, and expectations
that no case needs any more.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from xml.etree import ElementTree as ET

from puressl.vectors.documents import Json
from puressl.vectors.peers import Expectation, Peer

PASS, FAIL, NOT_APPLICABLE = "pass", "fail", "not applicable"
#: How verdicts are counted, in this order.
ORDER = (PASS, "deviation", "bug", FAIL, NOT_APPLICABLE)


@dataclass(frozen=True, slots=True)
class Result:
    """One case, one role. observed: what was seen. wanted: what the case asks for. reason: why it is so judged."""

    family: str
    role: str
    case: str
    clause: str
    verdict: str
    observed: str
    wanted: str = ""
    reason: str = ""


def triaged(results: Iterable[Result], peer: Peer) -> tuple[list[Result], list[Expectation]]:
    """Results judged by a peer's expectations, in order; and the expectations that no result needed."""
    judged, needed = [], set()
    for result in results:
        known = next((each for each in peer.expected if each.fits(result.role, result.case, result.observed)), None)
        if known is not None and result.verdict == FAIL:
            needed.add(known)
            clause = known.clause or result.clause
            result = replace(result, verdict=known.verdict, reason=known.reason, clause=clause)
        judged.append(result)
    judged.sort(key=lambda result: (result.family, result.role, result.case))
    return judged, [each for each in peer.expected if each not in needed]


def counts(results: Sequence[Result]) -> dict[str, dict[str, int]]:
    """How many of each verdict, by family and role."""
    groups: dict[str, Counter[str]] = {}
    for result in results:
        groups.setdefault(f"{result.family} {result.role}".strip(), Counter())[result.verdict] += 1
    return {group: {verdict: found[verdict] for verdict in ORDER} for group, found in groups.items()}


def as_json(peer: Peer, version: str, results: Sequence[Result]) -> Json:
    """A report: counts, and every case that does not simply pass."""
    return {
        "peer": peer.name,
        "version": version,
        "counts": counts(results),
        "cases": [
            {
                "case": result.case,
                "role": result.role,
                "verdict": result.verdict,
                "observed": result.observed,
                "wanted": result.wanted,
                "clause": result.clause,
                "reason": result.reason,
            }
            for result in results
            if result.verdict != PASS
        ],
    }


def as_junit(peer: Peer, results: Sequence[Result]) -> str:
    """JUnit's XML: a deviation or bug that is expected is skipped, with its reason."""
    suite = ET.Element("testsuite", name=f"puressl vectors: {peer.name}", tests=str(len(results)))
    for result in results:
        name = {"classname": f"{result.family}.{result.role}", "name": result.case}
        case = ET.SubElement(suite, "testcase", name)
        if result.verdict == FAIL:
            text = f"{result.observed}; wanted: {result.wanted} ({result.clause})"
            ET.SubElement(case, "failure", message=text)
        elif result.verdict != PASS:
            ET.SubElement(case, "skipped", message=f"{result.verdict}: {result.reason or result.observed}")
    suite.set("failures", str(sum(result.verdict == FAIL for result in results)))
    return ET.tostring(suite, encoding="unicode", xml_declaration=True) + "\n"


def json_text(report: Json) -> str:
    return json.dumps(report, indent=1, ensure_ascii=False) + "\n"
