"""Reasons, problems and what people read of them."""

from __future__ import annotations

import copy
import errno
import pickle

import pytest

from puressl.codes import AlertDescription
from puressl.errors import (
    ALERT_MEANINGS,
    DIAGNOSTICS,
    MAX_DETAIL,
    PROBLEMS,
    CertificateError,
    Problem,
    ProtocolError,
    Reason,
    SSLError,
    diagnostic,
    posix_reason,
)


def test_every_problem_has_a_row_and_every_reason_a_diagnostic() -> None:
    assert set(PROBLEMS) == set(Problem)
    assert set(DIAGNOSTICS) == set(Reason)


def test_no_problem_but_the_end_of_the_connection_goes_without_an_alert() -> None:
    silent = {problem for problem, row in PROBLEMS.items() if row.alert is None}
    assert silent == {Problem.ALERT_RECEIVED, Problem.TRUNCATED}


def test_every_certificate_problem_has_a_reason_of_the_complete_set() -> None:
    reasons = {
        Reason.EPEERCERT,
        Reason.EPEERCERTEXPIRED,
        Reason.EPEERCERTINVALID,
        Reason.ESELFSIGNEDCERT,
        Reason.ENOISSUERCERT,
        Reason.ECHAINTOOLONG,
    }
    found = {PROBLEMS[problem].reason for problem in Problem if problem.name.startswith("CERTIFICATE_")}
    assert found == reasons


@pytest.mark.parametrize(
    ("reason", "text"),
    [
        (Reason.CLOSED, "closed"),
        ("closed", "closed"),
        ("econnrefused", "refused"),
        (("badcall", "recv"), "'recv'"),
        ("nonsense", "no diagnostic string for 'nonsense'"),
        (("nonsense", 1), "no diagnostic string"),
    ],
)
def test_diagnostic_is_a_sentence_for_anything(reason: object, text: str) -> None:
    sentence = diagnostic(reason)  # type: ignore[arg-type]
    assert text in sentence
    assert sentence.endswith(".")


def test_error_reads_as_its_diagnostic_and_its_detail() -> None:
    assert str(SSLError(Reason.ECIPHER, "ciphers: FOO")).endswith("is invalid. ciphers: FOO")
    assert isinstance(SSLError(Reason.CLOSED), OSError)
    error = CertificateError(Problem.CERTIFICATE_EXPIRED, "notAfter is past", subject="CN=x", place=1)
    assert str(error) == "Certificate provided by peer has expired. certificate 1 (CN=x): notAfter is past"
    assert error.alert is AlertDescription.CERTIFICATE_EXPIRED
    assert ProtocolError(Problem.BAD_FINISHED).alert is AlertDescription.DECRYPT_ERROR


def test_detail_that_a_peer_made_long_is_shortened() -> None:
    error = ProtocolError(Problem.ILLEGAL_PARAMETER, "x" * 100_000)
    assert error.detail is not None
    assert len(error.detail) == MAX_DETAIL
    assert len(str(error)) < 2 * MAX_DETAIL


def test_operating_system_errors_have_their_names() -> None:
    assert posix_reason(ConnectionRefusedError(errno.ECONNREFUSED, "x")) == "econnrefused"
    assert posix_reason(OSError("without a number")) == "eio"


@pytest.mark.parametrize(
    "error",
    [
        SSLError("econnrefused", "localhost port 1"),
        ProtocolError(Problem.ALERT_RECEIVED, "unknown_ca", received=48),
        CertificateError(Problem.CERTIFICATE_NAME, "not for a.example", place=0, subject="CN=b.example", der=b"\x30"),
    ],
)
def test_error_survives_pickling_and_copying(error: SSLError) -> None:
    for again in (pickle.loads(pickle.dumps(error)), copy.copy(error)):
        assert type(again) is type(error)
        assert (str(again), repr(again), vars(again)) == (str(error), repr(error), vars(error))
        assert (again.errno, again.strerror) == (error.errno, error.strerror)


def test_error_of_a_handshake_shows_one_reason() -> None:
    error = ProtocolError(Problem.BAD_RECORD_VERSION)
    error.happened_in(Reason.ESSLCONNECT)
    assert error.reason is Reason.ESSLCONNECT
    assert error.args[0] is Reason.ESSLCONNECT
    assert "handshake" in error.strerror


def test_only_the_system_s_reasons_have_a_number() -> None:
    assert SSLError("econnrefused").errno == errno.ECONNREFUSED
    assert SSLError(Reason.CLOSED).errno is None
    assert SSLError(("badcall", "recv")).errno is None


def test_every_refusal_of_our_certificate_by_a_peer_has_a_meaning() -> None:
    ours = {row.alert for problem, row in PROBLEMS.items() if problem.name.startswith("CERTIFICATE_")}
    assert ours - {AlertDescription.BAD_CERTIFICATE_STATUS_RESPONSE} <= set(ALERT_MEANINGS)
