"""What a caller demands of a peer's certificate chain.

Theory of operation: a ``Policy`` is a value that is complete in itself: verification reads no clock, no environment and
no other configuration. Its profile says how much is asked; each row of ``rules.py`` names the profiles it is for. Where
RFC 5280 and the CA/Browser Forum contradict each other (a CA as leaf, extKeyUsage in a leaf, criticality of
nameConstraints), RFC5280 and WEBPKI do.
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
#: The years that a certificate can name (RFC 5280 4.1.2.5.2), as POSIX seconds.
FIRST_SECOND, LAST_SECOND = -62_135_596_800, 253_402_300_799


class Purpose(Enum):
    """What the peer uses its certificate for; the value is the extended key usage it needs (RFC 5280 4.2.1.12)."""

    SERVER_AUTH = SERVER_AUTH
    CLIENT_AUTH = CLIENT_AUTH


class Profile(Flag):
    """How much a chain must keep.

    PATH: the path validation algorithm of RFC 5280 6 alone. RFC5280: besides, what RFC 5280 4 demands of whoever issues
    certificates. WEBPKI: besides, the CA/Browser Forum's rules for the public web.
    """

    PATH = auto()
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
        if not FIRST_SECOND <= self.time < LAST_SECOND + 1:
            raise SSLError(Reason.EOPTIONS, f"time: {self.time} is not in the years 1 to 9999")
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
