"""The interop matrix: which combinations are tried, so that every pair of values meets at least once.

Theory of operation: a case is one value of each dimension; ``is_valid`` says which combinations exist at all. From the
valid ones a greedy search takes, again and again, the case that shows the most pairs not shown before (the first such
in a fixed order), until every pair that some valid case has is covered. The result is the same in every run.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import Enum
from functools import cache
from itertools import combinations, product

from puressl.codes import NamedGroup, ProtocolVersion
from puressl.crypto.suites import SUITES, Authentication, KeyExchange, Suite

TLS13 = ProtocolVersion.TLSv1_3


class Role(str, Enum):
    """What puressl is."""

    CLIENT = "client"
    SERVER = "server"


class Program(str, Enum):
    """Whose the other end is."""

    OPENSSL = "openssl"
    GNUTLS = "gnutls"


class Resumption(str, Enum):
    NONE = "-"
    TICKET = "ticket"
    SESSION_ID = "session id"


ENDPOINTS = tuple(product(Program, Role))
CURVES = (
    NamedGroup.X25519,
    NamedGroup.SECP256R1,
    NamedGroup.SECP384R1,
    NamedGroup.SECP521R1,
    NamedGroup.X448,
)
FINITE_FIELDS = (NamedGroup.FFDHE2048, NamedGroup.FFDHE3072)
CERTIFICATES = ("rsa2048", "p256", "p384", "ed25519")
#: The client's certificate, None for none.
CLIENTS = (None, "rsa2048", "p256", "ed25519")
CERTIFICATES_FOR = {
    Authentication.ANY: CERTIFICATES,
    Authentication.RSA: ("rsa2048",),
    Authentication.ECDSA: ("p256", "p384", "ed25519"),
}
GROUPS_FOR: dict[KeyExchange, tuple[NamedGroup | None, ...]] = {
    KeyExchange.ANY: (*CURVES, *FINITE_FIELDS),
    KeyExchange.ECDHE: CURVES,
    KeyExchange.DHE: FINITE_FIELDS,
    KeyExchange.RSA: (None,),
}


@dataclass(frozen=True, slots=True)
class Case:
    """One run. client: the client's certificate. retry: HelloRetryRequest is forced."""

    endpoint: tuple[Program, Role]
    suite: Suite
    group: NamedGroup | None
    certificate: str
    client: str | None = None
    resumption: Resumption = Resumption.NONE
    retry: bool = False

    @property
    def program(self) -> Program:
        return self.endpoint[0]

    @property
    def role(self) -> Role:
        return self.endpoint[1]

    @property
    def version(self) -> ProtocolVersion:
        return self.suite.version

    @property
    def client_groups(self) -> tuple[NamedGroup, ...]:
        """What the client lists; the first is what it sends a share of. TLS 1.2 needs its certificates' curves, too."""
        first = (self.other_group,) if self.retry else ()
        wanted = () if self.group is None else (self.group,)
        curves = tuple(
            NamedGroup[{"p256": "SECP256R1", "p384": "SECP384R1"}[kind]]
            for kind in (self.certificate, self.client)
            if self.version is not TLS13 and kind in ("p256", "p384")
        )
        return tuple(dict.fromkeys((*first, *wanted, *curves))) or (NamedGroup.X25519,)

    @property
    def server_groups(self) -> tuple[NamedGroup, ...]:
        """What the server takes: the case's group and no other."""
        return (self.group or NamedGroup.X25519,)

    @property
    def other_group(self) -> NamedGroup:
        return NamedGroup.SECP256R1 if self.group is NamedGroup.X25519 else NamedGroup.X25519

    @property
    def columns(self) -> dict[str, str]:
        """The row of the table that is printed at the end."""
        return {
            "peer": self.program.value,
            "puressl": self.role.value,
            "version": self.version.label,
            "suite": self.suite.name,
            "group": self.group.name.lower() if self.group is not None else "-",
            "certificate": self.certificate,
            "client auth": self.client or "-",
            "resumption": self.resumption.value,
            "notes": "HelloRetryRequest" if self.retry else "",
        }

    def __str__(self) -> str:
        values = (value for value in self.columns.values() if value not in ("", "-"))
        return "-".join(value.replace(" ", "_") for value in values)


def is_valid(case: Case) -> bool:
    if case.version is TLS13:
        return case.resumption is not Resumption.SESSION_ID
    if case.retry:
        return False
    # OpenSSL 3.0 names no finite field in a ClientHello of TLS 1.2: the server's choice is ffdhe2048.
    openssl_client = case.endpoint == (Program.OPENSSL, Role.SERVER)
    return not (openssl_client and case.group is NamedGroup.FFDHE3072)


def _all_cases() -> Iterator[Case]:
    for endpoint, suite in product(ENDPOINTS, SUITES.values()):
        groups, certificates = GROUPS_FOR[suite.key_exchange], CERTIFICATES_FOR[suite.authentication]
        for rest in product(groups, certificates, CLIENTS, Resumption, (False, True)):
            case = Case(endpoint, suite, *rest)
            if is_valid(case):
                yield case


def meetings(case: Case) -> Iterator[object]:
    """What a case shows: each two of its values together; in TLS 1.3, each two with each peer in each role."""
    values = [(name, getattr(case, name)) for name in Case.__slots__ if name != "suite"]
    values.append(("suite", case.suite.id))
    for pair in combinations(values, 2):
        yield pair
        if case.version is TLS13:
            yield (case.endpoint, pair)


def cover(cases: Iterable[Case]) -> tuple[Case, ...]:
    """Few of the cases that show together all that any of them shows."""
    bits: dict[object, int] = {}
    order = tuple(cases)
    shown = [sum({1 << bits.setdefault(each, len(bits)) for each in meetings(case)}) for case in order]
    missing = (1 << len(bits)) - 1
    # Gains only shrink, so an entry whose gain is still right when it comes up is the best of all.
    heap = [(-mask.bit_count(), number) for number, mask in enumerate(shown)]
    heapq.heapify(heap)
    chosen: list[Case] = []
    while missing:
        _, number = heapq.heappop(heap)
        gain = (shown[number] & missing).bit_count()
        if heap and -gain > heap[0][0]:
            heapq.heappush(heap, (-gain, number))
            continue
        chosen.append(order[number])
        missing &= ~shown[number]
    return tuple(chosen)


@cache
def matrix() -> tuple[Case, ...]:
    return cover(_all_cases())
