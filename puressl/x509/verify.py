"""Chain verification: a path from the peer's certificate to a trust anchor that holds, or the reason why there is none
(RFC 5280 6).

Theory of operation: ``path.py`` proposes paths by name, ``_Verifier`` holds each against the rules, from the trust
anchor down, and the first that keeps them all is the result. What was learned about a certificate or a signature is
remembered, so that no signature is verified twice and later proposals avoid what failed. If every path fails, the error
of the first, likeliest one is raised, the others beside it. Without any path the peer is self-signed or its issuer is
not known here. Nothing is fetched.
"""

from __future__ import annotations

from collections.abc import Sequence

from puressl.crypto.hashes import HashAlgorithm
from puressl.crypto.signatures import verify_algorithm
from puressl.errors import CertificateError, Problem, ProtocolError
from puressl.x509 import rules
from puressl.x509.certificate import Certificate, certificate_error
from puressl.x509.constraints import Budget, ConstraintError, NameConstraintState
from puressl.x509.path import Path, PathSearch
from puressl.x509.policy import Policy
from puressl.x509.rules import Role
from puressl.x509.store import TrustStore

#: Signatures verified for one chain: some tenths of a second. An honest pool with cross-certificates needs fewer than
#: 20; Go stops at 100.
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
    against.
    """

    __slots__ = ("path", "policy")

    def __init__(self, token: object, path: Path, policy: Policy) -> None:
        if token is not _TOKEN:
            raise TypeError("only verify_chain makes a VerifiedChain")
        self.path = path
        self.policy = policy

    def __repr__(self) -> str:
        return f"VerifiedChain({' <- '.join(certificate.subject.text for certificate in self.path)})"


def verify_chain(chain: Sequence[bytes], *, trust: TrustStore, policy: Policy) -> VerifiedChain:
    """Builds and verifies a path for a peer's certificate.

    chain: DER as presented; the first is the peer's own, the others are a pool in any order, which may hold what nobody
    needs, malformed too. trust: the anchors. policy: time, purpose, name, depth and the rest. Raises
    ``CertificateError``, or ``ProtocolError(NO_CERTIFICATE)`` for an empty chain. RFC 5280 6.
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
    return VerifiedChain(_TOKEN, _Verifier(policy).first_good(search), policy)


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
    """Holds paths against one policy and remembers what it learned."""

    def __init__(self, policy: Policy) -> None:
        self._policy = policy
        self._budget = Budget()
        self._signatures: dict[tuple[Certificate, Certificate], CertificateError | None] = {}
        self._standing: dict[tuple[Certificate, Role], CertificateError | None] = {}

    def first_good(self, search: PathSearch) -> Path:
        """The first path that holds. Raises the first path's error."""
        errors: list[CertificateError] = []
        for path in search.paths(self._hopeless):
            try:
                self._verify(path)
            except CertificateError as error:
                errors.append(error)
            else:
                return path
            if self._is_final(path[0]):
                break
        first = errors[0]
        others = [error for error in dict.fromkeys(errors) if error is not first]  # one error may end many paths
        first.others = tuple(others[:MAX_OTHER_ERRORS])
        raise first

    def _hopeless(self, path: Path) -> bool:
        """Whether it is known that the last certificate, or the signature it should have made, fails."""
        subject, issuer = path[-2], path[-1]
        roles = (Role.INTERMEDIATE, Role.ANCHOR)
        return self._signatures.get((subject, issuer)) is not None or any(
            self._standing.get((issuer, role)) is not None for role in roles
        )

    def _is_final(self, leaf: Certificate) -> bool:
        """Whether no other path can help: the leaf itself is at fault, or the work allowed is done."""
        spent = self._budget.is_spent or len(self._signatures) >= MAX_SIGNATURE_CHECKS
        return spent or self._standing.get((leaf, Role.LEAF)) is not None

    def _verify(self, path: Path) -> None:
        """RFC 5280 6.1, from the trust anchor down. Raises ``CertificateError``."""
        constraints = NameConstraintState(self._budget)
        remaining: int | None = None
        for place in range(len(path) - 1, -1, -1):
            certificate = path[place]
            is_anchor, is_leaf = place == len(path) - 1, place == 0
            role = Role.LEAF if is_leaf else Role.ANCHOR if is_anchor else Role.INTERMEDIATE
            if not is_anchor:
                self._check_signature(certificate, path[place + 1], place)
            self._check_standing(certificate, place, role)
            counts = not certificate.is_self_issued
            if role is Role.INTERMEDIATE and counts:  # RFC 5280 6.1.4 l
                if remaining == 0:
                    raise self._too_long(certificate, place)
                remaining = None if remaining is None else remaining - 1
            if not is_anchor and (counts or is_leaf):  # RFC 5280 6.1.3 b, c
                self._check_names(constraints, certificate, place)
            self._add_constraints(constraints, certificate, place)
            remaining = _narrowed(remaining, certificate)
        rules.check_usage(path[0], self._policy)

    def _check_signature(self, certificate: Certificate, issuer: Certificate, place: int) -> None:
        edge = (certificate, issuer)
        if edge not in self._signatures:
            if len(self._signatures) >= MAX_SIGNATURE_CHECKS:
                finding = f"no path found within {MAX_SIGNATURE_CHECKS} signature checks"
                raise certificate_error(certificate, place, Problem.CERTIFICATE_CONSTRAINTS, "", finding)
            self._signatures[edge] = _signature_error(certificate, issuer, place)
        error = self._signatures[edge]
        if error is not None:
            raise error

    def _check_standing(self, certificate: Certificate, place: int, role: Role) -> None:
        """Validity and the rules of ``rules.py``: the same in every path."""
        key = (certificate, role)
        if key not in self._standing:
            self._standing[key] = self._standing_error(certificate, place, role)
        error = self._standing[key]
        if error is not None:
            raise error

    def _standing_error(self, certificate: Certificate, place: int, role: Role) -> CertificateError | None:
        expired = rules.check_validity(certificate, place, self._policy)
        if expired is not None:
            return expired
        try:
            rules.check(certificate, place, role, self._policy)
        except CertificateError as error:
            return error
        return None

    def _check_names(self, constraints: NameConstraintState, certificate: Certificate, place: int) -> None:
        try:
            constraints.check(certificate)
        except ConstraintError as error:
            raise _constraint_error(certificate, place, str(error)) from None

    def _add_constraints(self, constraints: NameConstraintState, certificate: Certificate, place: int) -> None:
        own = certificate.extensions.name_constraints
        if own is None:
            return
        try:
            constraints.add(own)
        except ConstraintError as error:
            raise _constraint_error(certificate, place, str(error)) from None

    def _too_long(self, certificate: Certificate, place: int) -> CertificateError:
        finding = "a pathLenConstraint above it allows no further CA certificate"
        return certificate_error(certificate, place, Problem.CERTIFICATE_CONSTRAINTS, "RFC 5280 4.2.1.9", finding)


def _narrowed(remaining: int | None, certificate: Certificate) -> int | None:
    """How many more CA certificates may follow: a later, larger value does not widen (RFC 5280 6.1.4 m)."""
    constraints = certificate.extensions.basic_constraints
    if constraints is None or constraints.path_length is None:
        return remaining
    return constraints.path_length if remaining is None else min(remaining, constraints.path_length)


def _constraint_error(certificate: Certificate, place: int, finding: str) -> CertificateError:
    return certificate_error(certificate, place, Problem.CERTIFICATE_CONSTRAINTS, "RFC 5280 4.2.1.10", finding)


def _signature_error(certificate: Certificate, issuer: Certificate, place: int) -> CertificateError | None:
    """Why the issuer's key does not vouch for the certificate, or None (RFC 5280 6.1.3 a 1)."""
    algorithm, key = certificate.signature_algorithm, issuer.public_key
    check = "RFC 5280 6.1.3"
    if algorithm is None:
        finding = f"unsupported signature algorithm {certificate.signature_oid}"
        return certificate_error(certificate, place, Problem.CERTIFICATE_UNSUPPORTED, check, finding)
    if algorithm.hash in _WEAK_HASHES:  # RFC 9155, CA/Browser Forum 7.1.3.2
        finding = f"signature with {algorithm.hash.value}"
        return certificate_error(certificate, place, Problem.CERTIFICATE_WEAK, check, finding)
    if key is None:
        finding = f"the issuer's key ({issuer.subject.text}) cannot verify it: {issuer.public_key_problem}"
        return certificate_error(certificate, place, Problem.CERTIFICATE_UNSUPPORTED, check, finding)
    try:
        verify_algorithm(key, algorithm, certificate.signature, certificate.tbs)
    except ProtocolError as error:
        finding = f"the signature does not verify with the key of {issuer.subject.text}: {error.detail}"
        return certificate_error(certificate, place, Problem.CERTIFICATE_BAD_SIGNATURE, check, finding)
    return None
