"""What a caller demands of a peer's certificate chain.

Theory of operation: a ``Policy`` is a value that is complete in itself: verification reads no clock, no environment and
no other configuration. Two profiles differ where RFC 5280 and the CA/Browser Forum's Baseline Requirements contradict
each other, and where only the latter have a rule; ``rules.py`` says in each row which profiles it is for.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from enum import Enum, Flag, auto

from puressl.errors import Reason, SSLError
from puressl.x509.extensions import CLIENT_AUTH, SERVER_AUTH
from puressl.x509.names import ServerName, parse_server_name

#: ``depth`` is 0 to 255, as in ssl(3).
MAX_DEPTH = 255


class Purpose(Enum):
    """What the peer uses its certificate for; the value is the extended key usage it needs (RFC 5280 4.2.1.12)."""

    SERVER_AUTH = SERVER_AUTH
    CLIENT_AUTH = CLIENT_AUTH


class Profile(Flag):
    """RFC5280: any PKI that follows RFC 5280. WEBPKI: the rules of the CA/Browser Forum for the public web besides."""

    RFC5280 = auto()
    WEBPKI = auto()


@dataclass(frozen=True, slots=True)
class Policy:
    """The terms of one verification.

    time: the moment the chain must be valid at, POSIX seconds; a fraction is dropped, as certificates have none.
    purpose: what the leaf must be good for. server_name: DNS name or IP address the leaf must be for, None for no
    check. depth: CA certificates that may stand between the leaf and the trust anchor. minimum_rsa_bits: the least RSA
    modulus. profile: whose rules. Raises ``SSLError(eoptions)`` for a name that is none or a value out of range.
    """

    time: float
    purpose: Purpose
    server_name: str | None = None
    depth: int = 10
    minimum_rsa_bits: int = 2048
    profile: Profile = Profile.RFC5280
    reference: ServerName | None = field(init=False, repr=False, default=None)

    def __post_init__(self) -> None:
        if not 0 <= self.depth <= MAX_DEPTH:
            raise SSLError(Reason.EOPTIONS, f"depth: {self.depth} is not in 0…{MAX_DEPTH}")
        if self.server_name is not None:
            object.__setattr__(self, "reference", parse_server_name(self.server_name))

    @property
    def seconds(self) -> int:
        """The time in whole seconds."""
        return math.floor(self.time)

    @property
    def longest_path(self) -> int:
        """Certificates of a path at most: the leaf, ``depth`` CAs, the trust anchor."""
        return self.depth + 2
