"""Revocation: what CRLs and OCSP responses say about the certificates of a path (RFC 5280 6.3, RFC 6960 3.2).

Theory of operation: the caller gives evidence, and a function that fetches more if he wants that; nothing here reaches
a network. For each certificate below the trust anchor ``RevocationChecker`` looks for evidence that is about it, holds
that against the rules and comes to a ``_Verdict``: revoked, good, or neither, with notes that say which evidence was at
hand and could not be used. Whoever signs evidence must himself be vouched for: the certificate's issuer as part of the
path, a separate CRL signer by a path to the same anchor, a delegated responder by the issuer's own signature. A CRL
signer that is being judged meanwhile counts as good, since a list may well be about its own signer; one that was
certified by what is being judged does not, since whoever stole a CA's key could clear that CA.

"Revoked" outweighs "good". Nothing is concluded from evidence that is malformed, not current, not signed by who may,
or that has a critical extension unknown here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Literal, Protocol, TypeVar

from puressl.crypto.signatures import Algorithm
from puressl.errors import CertificateError, Problem, Reason, SSLError
from puressl.x509 import crl_scope
from puressl.x509.certificate import Certificate, certificate_error
from puressl.x509.crl import REASON_NAMES, REMOVE_FROM_CRL, RevocationList, RevokedCertificate
from puressl.x509.extensions import (
    ALL_REASONS,
    OCSP,
    OCSP_NO_CHECK,
    OCSP_SIGNING,
    DistributionPoint,
    GeneralName,
    GeneralNameKind,
    KeyUsage,
)
from puressl.x509.ocsp import Answer, OCSPResponse, Status, encode_request
from puressl.x509.policy import Policy, Profile, Revocation
from puressl.x509.rules import time_text

Path = tuple[Certificate, ...]
T = TypeVar("T")

#: Calls of ``fetch`` in one verification: two for each certificate of a long path.
MAX_FETCHES = 16
#: CRLs and responses that one verification looks at.
MAX_EVIDENCE = 256
#: A response without nextUpdate says that newer information is always available (RFC 6960 4.2.2.1): what it said a day
#: ago counts no more.
MAX_AGE_WITHOUT_NEXT_UPDATE = 86_400
#: Signers whose own status other signers vouch for, and so on. CRLs in use need one.
MAX_SIGNER_NESTING = 3
#: Notes in an error; the rest would only repeat them.
_MAX_NOTES = 4


@dataclass(frozen=True, slots=True)
class FetchRequest:
    """What ``Evidence.fetch`` is asked for: one CRL, or the answer to one OCSP request, from any of the URLs.

    kind: what is wanted. urls: as the certificate has them, any scheme, unchecked. body: an OCSPRequest, DER, to POST
    (RFC 6960 A.1); empty for a CRL.
    """

    kind: Literal["crl", "ocsp"]
    urls: tuple[str, ...]
    certificate: Certificate
    issuer: Certificate
    body: bytes = b""


Fetch = Callable[[FetchRequest], "bytes | None"]


@dataclass(frozen=True, slots=True)
class Evidence:
    """What is at hand about revocation: DER, in any order, about any certificate.

    crls: complete and delta CRLs, decoded or not. ocsp_responses: also those stapled for the intermediates. fetch:
    asked when what is at hand does not decide; returns DER, or None when it has nothing. What it raises passes through
    ``verify_chain``. stapled: the response that the peer sent for its own certificate, empty if it sent none, None if
    it was not asked; it must say that the certificate is good (RFC 6066 8).
    Raises ``SSLError(eoptions)`` for more than MAX_EVIDENCE CRLs: the one left out might be the one that revokes.
    """

    crls: Sequence[bytes | RevocationList] = ()
    ocsp_responses: Sequence[bytes] = ()
    fetch: Fetch | None = None
    stapled: bytes | None = None

    def __post_init__(self) -> None:
        if len(self.crls) > MAX_EVIDENCE:
            raise SSLError(Reason.EOPTIONS, f"crls: {len(self.crls)} lists, at most {MAX_EVIDENCE} are looked at")

    def __bool__(self) -> bool:
        return bool(self.crls or self.ocsp_responses or self.fetch or self.stapled is not None)


NO_EVIDENCE = Evidence()


class Signed(Protocol):
    """What a certificate, a CRL and an OCSP response have in common."""

    @property
    def signature_algorithm(self) -> Algorithm | None: ...
    @property
    def signature_oid(self) -> str: ...
    @property
    def signature(self) -> bytes: ...
    @property
    def tbs(self) -> bytes: ...


class Witness(Protocol):
    """What the chain's verifier lends: signatures under its budget, and paths for those who sign evidence."""

    def signature_finding(self, signed: Signed, issuer: Certificate) -> str:
        """Why the issuer's key does not vouch for it, or nothing."""

    def signers(self, path: Path) -> Sequence[Certificate]:
        """Every certificate at hand that might sign a CRL."""

    def signer_path(self, signer: Certificate, anchor: Certificate) -> Path:
        """A path that holds from a signer of evidence to the anchor. Raises ``CertificateError``."""

    def check_signer(self, path: Path) -> None:
        """Holds the path of a signer of evidence against the rules. Raises ``CertificateError``."""


@dataclass(slots=True)
class _Verdict:
    """revoked: when and why, or nothing. notes: evidence about the certificate that could not be used, and why."""

    good: bool = False
    revoked: str = ""
    values: tuple[object, ...] = ()
    notes: list[str] = field(default_factory=list)

    @property
    def is_final(self) -> bool:
        return self.good or bool(self.revoked)

    def revoke(self, source: str, time: int, reason: int) -> None:
        self.revoked = f"revoked since {time_text(time)} ({REASON_NAMES[reason]}) according to {source}"
        self.values = (time, REASON_NAMES[reason])


class RevocationChecker:
    """Judges the certificates of paths by the evidence at hand."""

    def __init__(self, evidence: Evidence, policy: Policy, witness: Witness) -> None:
        self._evidence = evidence
        self._policy = policy
        self._witness = witness
        self._malformed: list[str] = []
        self._lists: list[RevocationList] = []
        self._responses: list[OCSPResponse] = []
        self._fetches = 0
        self._pending: list[Certificate] = []
        self._verdicts: dict[Path, _Verdict] = {}
        self._signed: dict[tuple[RevocationList | OCSPResponse, Path], str] = {}
        self._keys: dict[RevocationList, bytes] = {}
        if self._is_on:
            self._take(evidence)

    @property
    def _is_on(self) -> bool:
        mode = self._policy.revocation
        return mode is Revocation.REQUIRED or (mode is Revocation.IF_PRESENT and bool(self._evidence))

    def check(self, path: Path) -> None:
        """Every certificate below the anchor, from there down. Raises ``CertificateError`` (CERTIFICATE_REVOKED,
        CERTIFICATE_STATUS_UNKNOWN). RFC 5280 6.1.3 a 3.
        """
        if not self._is_on:
            return
        for place in range(len(path) - 2, -1, -1):
            verdict = self._verdict(path, place)
            if verdict.revoked:
                problem, finding = Problem.CERTIFICATE_REVOKED, verdict.revoked
            elif verdict.good or not (verdict.notes or self._policy.revocation is Revocation.REQUIRED):
                continue
            else:
                problem = Problem.CERTIFICATE_STATUS_UNKNOWN
                notes = "; ".join(dict.fromkeys(verdict.notes[:_MAX_NOTES]))
                finding = notes or "no CRL or OCSP response at hand covers it"
            raise certificate_error(path[place], place, problem, "RFC 5280 6.1.3 a 3", finding, verdict.values)

    def check_stapled(self, path: Path) -> None:
        """What the peer stapled for its own certificate, or that it need not. Raises ``CertificateError``
        (CERTIFICATE_STATUS_RESPONSE: RFC 6066 8; CERTIFICATE_STATUS_UNKNOWN: RFC 7633 4.2.3.1).
        """
        leaf, stapled = path[0], self._evidence.stapled
        if not self._is_on or stapled is None or len(path) == 1:
            return
        if stapled:
            finding = self._unsatisfactory(stapled, path)
            if finding:
                raise certificate_error(leaf, 0, Problem.CERTIFICATE_STATUS_RESPONSE, "RFC 6066 8", finding)
        elif leaf.extensions.must_staple:
            finding = "its server must staple an OCSP response, and did not"
            raise certificate_error(leaf, 0, Problem.CERTIFICATE_STATUS_UNKNOWN, "RFC 7633 4.2.3.1", finding)

    def _unsatisfactory(self, stapled: bytes, path: Path) -> str:
        """Why the stapled response does not say whether the leaf is good."""
        try:
            response = OCSPResponse.decode(stapled)
        except CertificateError as error:
            return error.finding
        if response is None:
            return "OCSP response: the responder could not answer"
        verdict = _Verdict()
        self._pending.append(path[0])
        try:
            self._ask_responder(response, path, 0, verdict)
        finally:
            self._pending.pop()
        return "" if verdict.is_final else "; ".join(verdict.notes) or "OCSP response: is about another certificate"

    def _take(self, evidence: Evidence) -> None:
        responses = (evidence.stapled, *evidence.ocsp_responses) if evidence.stapled else evidence.ocsp_responses
        for data in responses[:MAX_EVIDENCE]:
            self._take_response(data)
        for one in evidence.crls:
            if isinstance(one, RevocationList):
                self._lists.append(one)
            else:
                self._take_list(one)

    def _take_response(self, data: bytes) -> None:
        try:
            response = OCSPResponse.decode(data)
        except CertificateError as error:
            self._malformed.append(error.finding)
            return
        self._responses += [] if response is None else [response]

    def _take_list(self, data: bytes) -> None:
        try:
            self._lists.append(RevocationList.decode(data))
        except CertificateError as error:
            self._malformed.append(error.finding)

    # --- One certificate ---

    def _verdict(self, path: Path, place: int) -> _Verdict:
        certificate, upwards = path[place], path[place:]
        if certificate in self._pending:  # a signer is asked about; it may judge itself, but not who certified it
            return _Verdict(good=True) if place == 0 else _Verdict(notes=["its status is what its own signer says"])
        known = self._verdicts.get(upwards)
        if known is not None:
            return known
        self._pending.append(certificate)
        try:
            verdict = self._judge(path, place)
        finally:
            self._pending.pop()
        if not self._pending:  # else it may rest on what is still being judged
            self._verdicts[upwards] = verdict
        return verdict

    def _judge(self, path: Path, place: int) -> _Verdict:
        verdict = self._weigh(path, place)
        for request in self._requests(path[place], path[place + 1]):
            if verdict.is_final or self._evidence.fetch is None:
                break
            if self._fetches >= MAX_FETCHES:
                verdict.notes.append(f"nothing more is fetched after {MAX_FETCHES} requests")
                break
            self._fetches += 1
            data = self._evidence.fetch(request)
            if data is not None:
                (self._take_response if request.kind == "ocsp" else self._take_list)(data)
                verdict = self._weigh(path, place)
        return verdict

    def _requests(self, certificate: Certificate, issuer: Certificate) -> Iterator[FetchRequest]:
        extensions = certificate.extensions
        responders = _urls(name for method, name in extensions.access or () if method == OCSP)
        if responders:
            yield FetchRequest("ocsp", responders, certificate, issuer, encode_request(certificate, issuer))
        for point in (*(extensions.crl_distribution_points or ()), *(extensions.freshest_crl or ())):
            urls = _urls(point.names)
            if urls:
                yield FetchRequest("crl", urls, certificate, issuer)

    def _weigh(self, path: Path, place: int) -> _Verdict:
        verdict = _Verdict(notes=list(self._malformed))
        self._ask_responders(path, place, verdict)
        if not verdict.revoked:
            self._search_lists(path, place, verdict)
        return verdict

    # --- OCSP ---

    def _ask_responders(self, path: Path, place: int, verdict: _Verdict) -> None:
        """RFC 6960 3.2."""
        for response in self._responses:
            self._ask_responder(response, path, place, verdict)

    def _ask_responder(self, response: OCSPResponse, path: Path, place: int, verdict: _Verdict) -> None:
        certificate, issuer = path[place], path[place + 1]
        for answer in response.answers:
            if not answer.cert_id.names(certificate, issuer):
                continue
            finding = response.fault or self._untimely_answer(answer) or self._unauthorized(response, path, place)
            if finding:
                verdict.notes.append(f"OCSP response: {finding}")
            elif answer.status is Status.REVOKED:
                verdict.revoke("an OCSP response", answer.revoked_at, answer.reason)
            elif answer.status is Status.GOOD:
                verdict.good = True
            else:
                verdict.notes.append("OCSP response: the responder does not know the certificate")

    def _untimely_answer(self, answer: Answer) -> str:
        """RFC 6960 3.2, 4.2.2.1."""
        until = answer.next_update
        return self._untimely(
            answer.this_update, answer.this_update + MAX_AGE_WITHOUT_NEXT_UPDATE if until is None else until
        )

    def _untimely(self, this_update: int, next_update: int) -> str:
        now = self._policy.seconds
        if now < this_update:
            return f"thisUpdate {time_text(this_update)} is after {time_text(now)}"
        return f"nextUpdate {time_text(next_update)} is before {time_text(now)}" if now > next_update else ""

    def _unauthorized(self, response: OCSPResponse, path: Path, place: int) -> str:
        """Why nobody who may has signed the response (RFC 6960 4.2.2.2)."""
        return self._remembered(response, path[place + 1 :], lambda: self._find_responder(response, path, place))

    def _find_responder(self, response: OCSPResponse, path: Path, place: int) -> str:
        issuer = path[place + 1]
        finding = "its responder is neither the issuer nor a certificate that came along"
        if response.is_by(issuer):
            finding = self._witness.signature_finding(response, issuer)
            if not finding:
                return ""
        for responder in _decoded(response.certificates):
            if not response.is_by(responder):
                continue
            finding = self._no_delegate(responder, path, place) or self._witness.signature_finding(response, responder)
            if not finding:
                return ""
        return finding

    def _no_delegate(self, responder: Certificate, path: Path, place: int) -> str:
        """Why the issuer did not delegate to this responder."""
        extensions = responder.extensions
        if not responder.issuer.matches(path[place + 1].subject):
            return "the responder's certificate is not by the issuer"
        if OCSP_SIGNING not in (extensions.extended_key_usage or ()):
            return "the responder's certificate lacks extKeyUsage OCSPSigning"
        usage = extensions.key_usage
        if usage is not None and not usage & (KeyUsage.DIGITAL_SIGNATURE | KeyUsage.NON_REPUDIATION):
            return "the responder's keyUsage lacks digitalSignature"
        own_path = (responder, *path[place + 1 :])
        try:
            self._witness.check_signer(own_path)
            if extensions.critical(OCSP_NO_CHECK) is None:  # RFC 6960 4.2.2.2.1
                self._check_signer_status(own_path, own_word_counts=False)
        except CertificateError as error:
            return f"the responder's certificate: {error.finding}"
        return ""

    # --- CRLs ---

    def _search_lists(self, path: Path, place: int, verdict: _Verdict) -> None:
        """RFC 5280 6.3.3: every distribution point, then the issuer's own name as one. Of several lists of one scope by
        one key the newest counts.
        """
        certificate = path[place]
        issuer = GeneralName(GeneralNameKind.DIRECTORY, certificate.issuer.der, certificate.issuer)
        missing = ALL_REASONS
        newest: dict[object, tuple[int, int]] = {}
        lists = sorted(self._lists, key=crl_scope.age, reverse=True)
        for point in (*(certificate.extensions.crl_distribution_points or ()), DistributionPoint((issuer,))):
            for one in lists:
                covered = crl_scope.covered(one, point, certificate)
                if not covered:
                    continue
                finding = self._unusable(one, path, place)
                if finding:
                    verdict.notes.append(f"CRL of {one.issuer.text}: {finding}")
                    continue
                scope = None if one.scope is None else one.scope.der
                if newest.setdefault((self._keys[one], scope), crl_scope.age(one)) != crl_scope.age(one):
                    continue
                entry = self._entry(one, path, place)
                if entry is not None and entry.reason != REMOVE_FROM_CRL:
                    verdict.revoke(f"the CRL of {one.issuer.text}", entry.time, entry.reason)
                    return
                missing &= ~covered
        verdict.good = verdict.good or not missing

    def _entry(self, complete: RevocationList, path: Path, place: int) -> RevokedCertificate | None:
        """What the newest delta says, else what the complete list does (RFC 5280 6.3.3 i, j)."""
        issuer, serial = path[place].issuer, path[place].serial
        deltas = [
            one for one in self._lists if crl_scope.extends(one, complete) and not self._unusable(one, path, place)
        ]
        by_its_key = [one for one in deltas if self._keys[one] == self._keys[complete]]  # RFC 5280 6.3.3 h
        newest = max(by_its_key, key=lambda one: one.number or 0, default=complete)
        return newest.find(issuer, serial) or complete.find(issuer, serial)

    def _unusable(self, one: RevocationList, path: Path, place: int) -> str:
        """Why nothing may be concluded from a list (RFC 5280 5.2, 6.3.3 f to h)."""
        if one.fault:
            return one.fault
        if one.next_update is None:
            return "nextUpdate is missing"  # RFC 5280 5.1.2.5
        if self._policy.profile is not Profile.PATH and (one.number is None or one.number_critical):
            return "cRLNumber is missing or critical"  # RFC 5280 5.2.3
        untimely = self._untimely(one.this_update, one.next_update)
        return untimely or self._remembered(one, path[place + 1 :], lambda: self._find_signer(one, path, place))

    def _find_signer(self, one: RevocationList, path: Path, place: int) -> str:
        """Why nobody who may has signed the list."""
        finding = "no certificate of its signer is at hand"
        for signer in self._candidates(one, path, place):
            finding = self._no_crl_signer(one, signer, path, place)
            if not finding:
                return ""
        return finding

    def _candidates(self, one: RevocationList, path: Path, place: int) -> list[Certificate]:
        """The issuer in the path first, then those whose key identifier is right."""
        above = path[place + 1 :]
        key = one.authority_key_identifier
        wanted = None if key is None else key.key_identifier
        found = [signer for signer in self._witness.signers(path) if signer.subject.matches(one.issuer)]
        return sorted(
            dict.fromkeys(found),
            key=lambda signer: (signer not in above, signer.extensions.subject_key_identifier != wanted),
        )

    def _no_crl_signer(self, one: RevocationList, signer: Certificate, path: Path, place: int) -> str:
        usage = signer.extensions.key_usage
        if usage is not None and not usage & KeyUsage.CRL_SIGN:
            return "keyUsage of its signer lacks cRLSign"  # RFC 5280 6.3.3 f
        finding = self._witness.signature_finding(one, signer)
        if not finding and signer not in path[place + 1 :]:
            finding = self._no_separate_signer(one, signer, path[place + 1 :])
        if not finding:
            self._keys[one] = signer.public_key_info
        return finding

    def _no_separate_signer(self, one: RevocationList, signer: Certificate, above: Path) -> str:
        """RFC 5280 6.3.3 f. Besides, who signs for the issuer under its name is certified by a CA of the path: any CA
        elsewhere under the anchor could make a namesake.
        """
        try:
            path = self._witness.signer_path(signer, above[-1])
            self._check_signer_status(path)
        except CertificateError as error:
            return f"its signer's certificate: {error.finding}"
        is_namesake = one.issuer.matches(above[0].subject)
        return "its signer is certified by a stranger" if is_namesake and not _has(above, path[1]) else ""

    # --- Signers ---

    def _check_signer_status(self, path: Path, own_word_counts: bool = True) -> None:
        if len(self._pending) > MAX_SIGNER_NESTING or (not own_word_counts and path[0] in self._pending):
            finding = "its status depends on itself or on too many others"
            raise certificate_error(path[0], None, Problem.CERTIFICATE_STATUS_UNKNOWN, "RFC 5280 6.3.3", finding)
        self.check(path)

    def _remembered(self, evidence: RevocationList | OCSPResponse, above: Path, judge: Callable[[], str]) -> str:
        """The finding on a signature, made once for each path above."""
        key = (evidence, above)
        if key in self._signed:
            return self._signed[key]
        finding = judge()
        if len(self._pending) == 1:  # as in ``_verdict``
            self._signed[key] = finding
        return finding


def _has(path: Path, authority: Certificate) -> bool:
    """Whether a CA is in a path, by whatever certificate."""
    key, name = authority.public_key_info, authority.subject
    return any(one.public_key_info == key and one.subject.matches(name) for one in path)


def _urls(names: Iterator[GeneralName] | Sequence[GeneralName]) -> tuple[str, ...]:
    return tuple(name.value.decode("ascii") for name in names if name.kind is GeneralNameKind.URI)


def _decoded(certificates: Sequence[bytes]) -> Iterator[Certificate]:
    for data in certificates:
        try:
            yield Certificate.decode(data)
        except CertificateError:
            continue
