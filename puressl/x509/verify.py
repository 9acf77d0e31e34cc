"""Chain verification: a path from the peer's certificate to a trust anchor that holds, or the reason why there is none
(RFC 5280 6).

Theory of operation: ``path.py`` proposes paths by name, ``_Verifier`` holds each against the rules, from the trust
anchor down, and the first that keeps them all is the result. What was learned about a certificate or a signature is
remembered, so that no signature is verified twice and later proposals avoid what failed. If every path fails, the error
of the best one is raised (``_merit`` says which that is), the others beside it. Without any path the peer is
self-signed or its issuer is not known here. Nothing is fetched, unless the caller's ``Evidence`` does it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from puressl.crypto.hashes import HashAlgorithm
from puressl.crypto.signatures import verify_algorithm
from puressl.errors import CertificateError, Problem, ProtocolError
from puressl.x509 import leaf_rules, rules
from puressl.x509.certificate import Certificate, certificate_error
from puressl.x509.constraints import Budget, ConstraintError, NameConstraintState
from puressl.x509.extensions import ANY_POLICY
from puressl.x509.path import Path, PathSearch
from puressl.x509.policies import PolicyError, PolicyState
from puressl.x509.policy import Policy
from puressl.x509.revocation import NO_EVIDENCE, Evidence, RevocationChecker, Signed
from puressl.x509.rule import Role
from puressl.x509.store import TrustStore

#: Signatures verified for one chain: half a second on P-384, one to two on P-521. An honest pool with
#: cross-certificates needs fewer than 20; Go stops at 100.
MAX_SIGNATURE_CHECKS = 100
#: Certificates that one peer may present; what comes after them is not looked at. Chains in use have fewer than ten.
MAX_PRESENTED = 128
#: Errors of other paths kept for the diagnosis.
MAX_OTHER_ERRORS = 8

_WEAK_HASHES = (HashAlgorithm.MD5, HashAlgorithm.SHA1)
_TOKEN = object()


class VerifiedChain:
    """The proof that a path holds: only ``verify_chain`` makes one.

    path: leaf first, trust anchor last; one certificate if the leaf itself is trusted. policy: what it was held
    against. policies: the user-constrained policy set (RFC 5280 6.1.6), dotted; empty if the path is good for none.
    """

    __slots__ = ("path", "policies", "policy")

    def __init__(self, token: object, path: Path, policy: Policy, policies: frozenset[str]) -> None:
        if token is not _TOKEN:
            raise TypeError("only verify_chain makes a VerifiedChain")
        self.path = path
        self.policy = policy
        self.policies = policies

    def __repr__(self) -> str:
        return f"VerifiedChain({' <- '.join(certificate.subject.text for certificate in self.path)})"


def verify_chain(
    chain: Sequence[bytes], *, trust: TrustStore, policy: Policy, evidence: Evidence = NO_EVIDENCE
) -> VerifiedChain:
    """Builds and verifies a path for a peer's certificate.

    chain: DER as presented; the first is the peer's own, the others are a pool in any order, which may hold what nobody
    needs, malformed too. trust: the anchors. policy: time, purpose, name, depth and the rest. evidence: CRLs and OCSP
    responses. Raises ``CertificateError``, or ``ProtocolError(NO_CERTIFICATE)`` for an empty chain. RFC 5280 6.
    """
    if not chain:
        raise ProtocolError(Problem.NO_CERTIFICATE)
    leaf = Certificate.decode(chain[0], place=0)
    pool, malformed = _decode_pool(chain[1:MAX_PRESENTED])
    search = PathSearch(leaf, pool, trust, policy)
    shortest = search.shortest
    if shortest is None:
        raise _no_path(search.dead_end(), malformed)
    if shortest > policy.longest_path:
        finding = f"the shortest path has {shortest} certificates, depth {policy.depth} allows {policy.longest_path}"
        raise certificate_error(
            leaf, 0, Problem.CERTIFICATE_CHAIN_TOO_LONG, "depth", finding, (shortest, policy.longest_path)
        )
    path, policies = _Verifier(policy, trust, pool, evidence).first_good(search)
    return VerifiedChain(_TOKEN, path, policy, policies)


def _decode_pool(chain: Sequence[bytes]) -> tuple[list[Certificate], list[CertificateError]]:
    """What was presented beside the leaf; the malformed are kept as errors, since one of them may be the missing
    issuer.
    """
    pool: list[Certificate] = []
    malformed: list[CertificateError] = []
    for place, der in enumerate(chain, 1):
        try:
            pool.append(Certificate.decode(der, place=place))
        except CertificateError as error:
            malformed.append(error)
    return pool, malformed


def _no_path(reached: Path, malformed: list[CertificateError]) -> CertificateError:
    """Self-signed if the leaf or the last certificate reached is, else without an issuer."""
    last, place = reached[-1], len(reached) - 1
    if last.is_self_signed:
        finding = "it is self-signed and not among the trusted"
        return certificate_error(last, place, Problem.CERTIFICATE_SELF_SIGNED, "RFC 5280 6.1", finding)
    issuer = last.issuer.text or "without a name"
    finding = f"no certificate of its issuer ({issuer}) was presented or is trusted"
    if malformed:
        finding += f"; presented certificate {malformed[0].place} is malformed: {malformed[0].finding}"
    return certificate_error(last, place, Problem.CERTIFICATE_NO_ISSUER, "RFC 5280 6.1", finding)


class _Verifier:
    """Holds paths against one policy and remembers what it learned. It is the ``Witness`` of revocation."""

    def __init__(self, policy: Policy, trust: TrustStore, pool: Sequence[Certificate], evidence: Evidence) -> None:
        self._policy = policy
        self._trust = trust
        self._pool = pool
        self._budget = Budget()
        self._signatures: dict[tuple[Signed, Certificate], _Flaw | None] = {}
        self._refused_work = False
        self._standing: dict[tuple[Certificate, Role, bool], CertificateError | None] = {}
        self._revocation = RevocationChecker(evidence, policy, self)

    @cached_property
    def _signer_policy(self) -> Policy:
        """What is asked of the paths of those who sign evidence: the same, without what concerns the leaf alone."""
        return replace(
            self._policy,
            purpose=None,
            server_name=None,
            max_intermediates=None,
            initial_policy_set=frozenset({ANY_POLICY}),
            initial_explicit_policy=False,
            initial_policy_mapping_inhibit=False,
            initial_any_policy_inhibit=False,
        )

    def first_good(self, search: PathSearch) -> tuple[Path, frozenset[str]]:
        """The first path that holds, and its policies. Raises the error of the best."""
        errors: list[CertificateError] = []
        for path in search.paths(self._hopeless):
            try:
                policies = self._verify(path, Role.LEAF)
                self._revocation.check_stapled(path)
                self._revocation.check(path)
                self._check_work(path[0])
            except CertificateError as error:
                errors.append(error)
            else:
                return path, policies
            if self._is_final(path[0]):
                break
        if not errors:  # there is a path by names, but the search was led astray until its steps were spent
            raise _no_path(search.dead_end()[:1], [])
        best, *others = sorted(dict.fromkeys(errors), key=_merit)  # stable: the likelier path comes first
        best.others = tuple(others[:MAX_OTHER_ERRORS])
        raise best

    def _hopeless(self, path: Path) -> bool:
        """Whether it is known that the last certificate, or the signature it should have made, fails."""
        subject, issuer = path[-2], path[-1]
        roles = (Role.INTERMEDIATE, Role.ANCHOR)
        return self._signatures.get((subject, issuer)) is not None or any(
            self._standing.get((issuer, role, True)) is not None for role in roles
        )

    def _check_work(self, leaf: Certificate) -> None:
        """A path that holds has left nothing unseen: the evidence that there was no work left for might be what
        revokes, and the peer decides how much work its chain is.
        """
        if self._refused_work or self._budget.is_spent:
            finding = "not all that is at hand about revocation could be judged within the work allowed"
            raise certificate_error(leaf, 0, Problem.CERTIFICATE_STATUS_UNKNOWN, _WORK_LIMIT, finding)

    def _is_final(self, leaf: Certificate) -> bool:
        """Whether no other path can help: the leaf itself is at fault, or the work allowed is done."""
        spent = self._budget.is_spent or len(self._signatures) >= MAX_SIGNATURE_CHECKS
        return spent or self._standing.get((leaf, Role.LEAF, True)) is not None

    def _verify(self, path: Path, end: Role) -> frozenset[str]:
        """RFC 5280 6.1, from the trust anchor down; the policies the path is good for. end: the role of the first
        certificate. Raises ``CertificateError``.
        """
        policy = self._policy if end is Role.LEAF else self._signer_policy
        constraints = NameConstraintState(self._budget)
        policies = PolicyState(policy, len(path) - 1)
        lengths = _Lengths(policy)
        for place in range(len(path) - 1, -1, -1):
            certificate = path[place]
            is_anchor, is_end = place == len(path) - 1, place == 0
            role = end if is_end else Role.ANCHOR if is_anchor else Role.INTERMEDIATE
            if not is_anchor:
                self._check_signature(certificate, path[place + 1], place)
                _check_features(certificate, path[place + 1], place)
            self._check_standing(certificate, place, role, policy)
            if role is Role.INTERMEDIATE:
                lengths.enter(certificate, place)
            if not is_anchor and (is_end or not certificate.is_self_issued):  # RFC 5280 6.1.3 b, c
                self._check_names(constraints, certificate, place)
            _check_policies(policies, certificate, place, len(path))
            self._add_constraints(constraints, certificate, place)
            lengths.narrow(certificate)
        if end is Role.LEAF:
            leaf_rules.check_usage(path[0], policy)
        return _finish_policies(policies, path)

    def _check_signature(self, certificate: Certificate, issuer: Certificate, place: int) -> None:
        flaw = self._flaw(certificate, issuer)
        if flaw is not None:
            raise certificate_error(certificate, place, flaw.problem, flaw.check, flaw.finding, flaw.values)

    def _flaw(self, signed: Signed, issuer: Certificate) -> _Flaw | None:
        edge = (signed, issuer)
        if edge not in self._signatures:
            if len(self._signatures) >= MAX_SIGNATURE_CHECKS:
                self._refused_work = True
                finding = f"no path found within {MAX_SIGNATURE_CHECKS} signature checks"
                return _Flaw(Problem.CERTIFICATE_CONSTRAINTS, finding, (MAX_SIGNATURE_CHECKS,), _WORK_LIMIT)
            self._signatures[edge] = _signature_flaw(signed, issuer)
        return self._signatures[edge]

    def _check_standing(self, certificate: Certificate, place: int, role: Role, policy: Policy) -> None:
        """Validity and the rules of ``rules.py``: the same in every path to a leaf, and in every path to a signer."""
        key = (certificate, role, policy is self._policy)
        if key not in self._standing:
            self._standing[key] = _standing_error(certificate, place, role, policy)
        error = self._standing[key]
        if error is not None:
            raise error

    def _check_names(self, constraints: NameConstraintState, certificate: Certificate, place: int) -> None:
        try:
            constraints.check(certificate)
        except ConstraintError as error:
            raise _constraint_error(certificate, place, error) from None

    def _add_constraints(self, constraints: NameConstraintState, certificate: Certificate, place: int) -> None:
        own = certificate.extensions.name_constraints
        if own is None:
            return
        try:
            constraints.add(own)
        except ConstraintError as error:
            raise _constraint_error(certificate, place, error) from None

    # --- For revocation ---

    def signature_finding(self, signed: Signed, issuer: Certificate) -> str:
        """As ``Witness`` says."""
        flaw = self._flaw(signed, issuer)
        return "" if flaw is None else flaw.finding

    def signers(self, path: Path) -> Sequence[Certificate]:
        """The path's certificates, those presented, and the anchors."""
        return (*path, *self._pool, *self._trust.anchors)

    def signer_path(self, signer: Certificate, anchor: Certificate) -> Path:
        """The first path that holds (RFC 5280 6.3.3 f). Raises the first path's error."""
        search = PathSearch(signer, self._pool, TrustStore((anchor,)), self._signer_policy)
        first: CertificateError | None = None
        for path in search.paths(self._hopeless):
            try:
                self._verify(path, Role.SIGNER)
            except CertificateError as error:
                first = first or error
            else:
                return path
        raise first or certificate_error(
            signer, None, Problem.CERTIFICATE_NO_ISSUER, "RFC 5280 6.3.3 f", "no path leads from it to the same anchor"
        )

    def check_signer(self, path: Path) -> None:
        """As ``Witness`` says."""
        self._verify(path, Role.SIGNER)


class _Lengths:
    """How many more CA certificates may follow, those that are self-issued not counted (RFC 5280 6.1.4 l, m)."""

    def __init__(self, policy: Policy) -> None:
        self._limit = policy.max_intermediates
        self._wanted = self._limit
        self._constraint: int | None = None

    def enter(self, certificate: Certificate, place: int) -> None:
        """Raises ``CertificateError`` for one CA certificate too many."""
        if certificate.is_self_issued:
            return
        if self._constraint == 0:
            finding = "a pathLenConstraint above it allows no further CA certificate"
            raise certificate_error(
                certificate, place, Problem.CERTIFICATE_CONSTRAINTS, "RFC 5280 6.1.4 l", finding, (0,)
            )
        if self._wanted == 0:
            finding = f"more than {self._limit} CA certificates, those that are self-issued not counted"
            values = (self._limit,)
            raise certificate_error(certificate, place, Problem.CERTIFICATE_CHAIN_TOO_LONG, "depth", finding, values)
        self._constraint = None if self._constraint is None else self._constraint - 1
        self._wanted = None if self._wanted is None else self._wanted - 1

    def narrow(self, certificate: Certificate) -> None:
        """A later, larger value does not widen."""
        constraints = certificate.extensions.basic_constraints
        if constraints is not None and constraints.path_length is not None:
            own = constraints.path_length
            self._constraint = own if self._constraint is None else min(self._constraint, own)


@dataclass(frozen=True, slots=True)
class _Flaw:
    """What is wrong with a signature."""

    problem: Problem
    finding: str
    values: tuple[object, ...] = ()
    check: str = "RFC 5280 6.1.3 a 1"


#: The check that an exhausted budget fails.
_WORK_LIMIT = "work limit"
#: Within one certificate, in the order of verification.
_STAGES = {
    Problem.CERTIFICATE_USAGE: 1,
    Problem.CERTIFICATE_NAME: 2,
    Problem.CERTIFICATE_STATUS_UNKNOWN: 3,
    Problem.CERTIFICATE_STATUS_RESPONSE: 3,
    Problem.CERTIFICATE_REVOKED: 4,
}


def _merit(error: CertificateError) -> tuple[bool, bool, int, int]:
    """Which failed path says most, least first: one whose signatures hold before one whose do not, since the latter was
    a wrong guess; then the one that failed at the latest stage; then the one that held the nearest to the leaf. A path
    that was given up is last.
    """
    was_guess = error.problem is Problem.CERTIFICATE_BAD_SIGNATURE
    return error.check == _WORK_LIMIT, was_guess, -_STAGES.get(error.problem, 0), error.place or 0


def _standing_error(certificate: Certificate, place: int, role: Role, policy: Policy) -> CertificateError | None:
    expired = rules.check_validity(certificate, place, policy)
    if expired is not None:
        return expired
    try:
        rules.check(certificate, place, role, policy)
    except CertificateError as error:
        return error
    return None


def _check_features(certificate: Certificate, issuer: Certificate, place: int) -> None:
    """A CA's TLS features bind what it issues, down to the leaf (RFC 7633 4.2.2)."""
    wanted, given = issuer.extensions.tls_feature or (), certificate.extensions.tls_feature or ()
    if not set(wanted) <= set(given):
        finding = f"tlsFeature lacks some of its issuer's: it has {list(given)}, the issuer {list(wanted)}"
        values = (given, wanted)
        raise certificate_error(certificate, place, Problem.CERTIFICATE_CONSTRAINTS, "RFC 7633 4.2.2", finding, values)


def _check_policies(state: PolicyState, certificate: Certificate, place: int, length: int) -> None:
    """RFC 5280 6.1.3 d to f, 6.1.4 a, b, h to j. length: of the path."""
    if place == length - 1:
        state.start(certificate)
        return
    try:
        state.enter(certificate, is_leaf=place == 0)
        if place:
            state.leave(certificate)
    except PolicyError as error:
        raise _policy_error(certificate, place, error) from None


def _finish_policies(state: PolicyState, path: Path) -> frozenset[str]:
    """RFC 5280 6.1.5."""
    try:
        return state.finish(path[0])
    except PolicyError as error:
        raise _policy_error(path[0], 0, error) from None


def _policy_error(certificate: Certificate, place: int, error: PolicyError) -> CertificateError:
    policies = certificate.extensions.certificate_policies or ()
    return certificate_error(certificate, place, Problem.CERTIFICATE_POLICY, error.clause, error.finding, (policies,))


def _constraint_error(certificate: Certificate, place: int, error: ConstraintError) -> CertificateError:
    finding, values = str(error), error.values
    return certificate_error(certificate, place, Problem.CERTIFICATE_CONSTRAINTS, "RFC 5280 4.2.1.10", finding, values)


def _signature_flaw(signed: Signed, issuer: Certificate) -> _Flaw | None:
    """Why the issuer's key does not vouch for it, or None."""
    algorithm, key = signed.signature_algorithm, issuer.public_key
    if algorithm is None:
        finding = f"unsupported signature algorithm {signed.signature_oid}"
        return _Flaw(Problem.CERTIFICATE_UNSUPPORTED, finding, (signed.signature_oid,))
    if algorithm.hash in _WEAK_HASHES:  # RFC 9155, CA/Browser Forum 7.1.3.2
        return _Flaw(Problem.CERTIFICATE_WEAK, f"signature with {algorithm.hash.value}", (algorithm.hash.value,))
    if key is None:
        finding = f"the issuer's key ({issuer.subject.text}) cannot verify it: {issuer.public_key_problem}"
        return _Flaw(Problem.CERTIFICATE_UNSUPPORTED, finding)
    try:
        verify_algorithm(key, algorithm, signed.signature, signed.tbs)
    except ProtocolError as error:
        finding = f"the signature does not verify with the key of {issuer.subject.text}: {error.detail}"
        return _Flaw(Problem.CERTIFICATE_BAD_SIGNATURE, finding, (issuer.subject.text,))
    return None
