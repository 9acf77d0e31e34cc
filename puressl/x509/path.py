"""Path building: which certificates may lead from a leaf to a trust anchor (RFC 4158).

Theory of operation: paths are found by names alone; whether a path holds is asked of ``verify.py``, which also says
what is known to be hopeless, so that the search goes around it. A walk outwards from the anchors' names first tells for
every name how many certificates are between it and an anchor. From then on the depth-first search enters only what can
still reach an anchor within the length allowed: a pool from which no anchor is reachable costs nothing, a cycle ends
since no certificate, and no key under the same name, is used twice in one path.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from puressl.x509.certificate import Certificate
from puressl.x509.policy import MAX_DEPTH, Policy
from puressl.x509.store import TrustStore

Path = tuple[Certificate, ...]

#: Certificates entered during one search. The largest benign pool of the known suites takes a few hundred; a hostile
#: one ends here.
MAX_STEPS = 5_000

#: Longer than any path that a policy allows.
_UNREACHABLE = MAX_DEPTH + 3


class _Issuers(NamedTuple):
    """The candidates for a certificate's issuer, the likelier first; distance: certificates from there, anchor
    included.
    """

    anchors: list[Certificate]
    pool: list[Certificate]
    distance: int


class PathSearch:
    """The paths from one leaf over a pool of intermediates to the anchors of a store."""

    def __init__(self, leaf: Certificate, pool: Sequence[Certificate], trust: TrustStore, policy: Policy) -> None:
        self._leaf = leaf
        self._trust = trust
        self._policy = policy
        self._pool: dict[object, list[Certificate]] = {}
        for certificate in dict.fromkeys(pool):
            if certificate != leaf and certificate not in trust:
                self._pool.setdefault(certificate.subject.normalized, []).append(certificate)
        self._distance = self._distances()
        self._known: dict[Certificate, _Issuers] = {}
        self._steps = 0

    @property
    def shortest(self) -> int | None:
        """Certificates in the shortest path by names, anchor included; None if there is none."""
        if self._leaf in self._trust:
            return 1
        distance = self._distance.get(self._leaf.issuer.normalized)
        return None if distance is None else distance + 1

    def paths(self, hopeless: Callable[[Path], bool]) -> Iterator[Path]:
        """Every path by names within the policy's length, leaf first, the likelier issuers earlier.

        hopeless: whether the last certificate of a partial path is known to fail there; asked again as knowledge grows.
        """
        if self._leaf in self._trust:
            yield (self._leaf,)
        yield from self._extend((self._leaf,), hopeless)

    def dead_end(self) -> Path:
        """Where a search without an anchor gets: the leaf, and one issuer after the other as far as the pool goes."""
        path: Path = (self._leaf,)
        while not path[-1].is_self_signed:
            issuers = [issuer for issuer in self._issuers(path[-1]).pool if issuer not in path]
            if not issuers:
                break
            path = (*path, issuers[0])
        return path

    def _distances(self) -> dict[object, int]:
        """For each subject name from which an anchor is reachable: the certificates from there, that one and the anchor
        included.
        """
        distance: dict[object, int] = {anchor.subject.normalized: 1 for anchor in self._trust.anchors}
        edges: dict[object, set[object]] = {}
        for subject, certificates in self._pool.items():
            for certificate in certificates:
                edges.setdefault(certificate.issuer.normalized, set()).add(subject)
        frontier = list(distance)
        while frontier:
            found = {subject for name in frontier for subject in edges.get(name, ()) if subject not in distance}
            distance.update(dict.fromkeys(found, distance[frontier[0]] + 1))
            frontier = list(found)
        return distance

    def _extend(self, path: Path, hopeless: Callable[[Path], bool]) -> Iterator[Path]:
        last = path[-1]
        issuers = self._issuers(last)
        if len(path) + issuers.distance > self._policy.longest_path:
            return
        for anchor in issuers.anchors:
            candidate = (*path, anchor)
            if self._step() and not hopeless(candidate):
                yield candidate
        for issuer in issuers.pool:
            candidate = (*path, issuer)
            if self._step() and not _repeats(path, issuer) and not hopeless(candidate):
                yield from self._extend(candidate, hopeless)

    def _step(self) -> bool:
        self._steps += 1
        return self._steps <= MAX_STEPS

    def _issuers(self, certificate: Certificate) -> _Issuers:
        """What may have issued a certificate, looked up once."""
        known = self._known.get(certificate)
        if known is None:
            name = certificate.issuer.normalized
            anchors = self._ranked(certificate, self._trust.issuers(certificate.issuer))
            pool = self._ranked(certificate, self._pool.get(name, ()))
            known = _Issuers(anchors, pool, self._distance.get(name, _UNREACHABLE))
            self._known[certificate] = known
        return known

    def _ranked(self, certificate: Certificate, issuers: Sequence[Certificate]) -> list[Certificate]:
        """Key identifiers and validity order the candidates and exclude none (RFC 4158 3.5.12, 3.5.3)."""
        now = self._policy.seconds
        return sorted(
            issuers,
            key=lambda issuer: (
                _key_identifier_rank(certificate, issuer),
                not issuer.not_before <= now <= issuer.not_after,
                -issuer.not_after,
            ),
        )


def _repeats(path: Path, issuer: Certificate) -> bool:
    """A certificate for a key and name already in the path adds nothing to it (RFC 4158 5.2)."""
    return (
        any(
            issuer.public_key_info == used.public_key_info and issuer.subject.matches(used.subject) for used in path[1:]
        )
        or issuer in path
    )


def _key_identifier_rank(certificate: Certificate, issuer: Certificate) -> int:
    """0: the identifiers match; 1: one is missing; 2: they differ."""
    wanted = certificate.extensions.authority_key_identifier
    given = issuer.extensions.subject_key_identifier
    if wanted is None or wanted.key_identifier is None or given is None:
        return 1
    return 0 if wanted.key_identifier == given else 2
