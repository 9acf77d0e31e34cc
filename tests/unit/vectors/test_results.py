"""Results: triage, counts, reports."""

from __future__ import annotations

from xml.etree import ElementTree as ET

from puressl.vectors.peers import Expectation, Peer
from puressl.vectors.results import FAIL, PASS, Result, as_json, as_junit, counts, triaged

RESULTS = [
    Result("negative", "server", "b", "RFC 1", FAIL, "accepted", "alert x"),
    Result("negative", "server", "a", "RFC 1", PASS, "alert x", "alert x"),
    Result("negative", "client", "c", "RFC 1", FAIL, "closed", "alert x"),
]
KNOWN = Expectation(("b",), "deviation", "It looks away.", clause="RFC 2")
NEEDLESS = Expectation(("a",), "bug", "It was mended.")
PEER = Peer("peer", expected=(KNOWN, NEEDLESS))


def test_a_known_failure_becomes_what_it_is_called_and_a_needless_expectation_shows() -> None:
    judged, stale = triaged(RESULTS, PEER)
    assert [(each.case, each.verdict, each.clause) for each in judged] == [
        ("c", FAIL, "RFC 1"),
        ("a", PASS, "RFC 1"),
        ("b", "deviation", "RFC 2"),
    ]
    assert stale == [NEEDLESS]


def test_reports_have_counts_and_what_did_not_pass() -> None:
    judged, _ = triaged(RESULTS, PEER)
    assert counts(judged)["negative server"] == {
        "pass": 1,
        "deviation": 1,
        "bug": 0,
        "fail": 0,
        "not applicable": 0,
    }
    report = as_json(PEER, "peer 1.0", judged)
    assert [each["case"] for each in report["cases"]] == ["c", "b"]
    assert report["cases"][1]["reason"] == "It looks away."


def test_junit_tells_failures_from_what_is_known() -> None:
    judged, _ = triaged(RESULTS, PEER)
    suite = ET.fromstring(as_junit(PEER, judged))
    assert (suite.get("tests"), suite.get("failures")) == ("3", "1")
    assert [case.get("name") for case in suite if case.find("skipped") is not None] == ["b"]
