"""Whose certificate it is: DNS names and IP addresses against a subjectAltName (RFC 6125, RFC 9525, RFC 5280 4.2.1.6).

Theory of operation: text becomes a type once, ``DNSName``, ``DNSPattern`` or an address, whose constructors refuse what
is none; comparing the types is then a matter of equality. A reference name, what the caller wants to reach, is matched
against subjectAltName alone: never against a common name, a DNS name never against an address, an address never against
a DNS name.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Union

from puressl.errors import Reason, SSLError
from puressl.x509.extensions import GeneralName, GeneralNameKind

#: RFC 1035 2.3.4: 255 octets on the wire leave 253 characters of text.
MAX_DNS_NAME = 253
#: RFC 1034 3.5, RFC 5890 2.3.1: letters, digits, hyphens within, at most 63.
_LABEL = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")
#: Host names people use have underscores too; no certificate of the web may (CA/Browser Forum 7.1.2.7.12), a wildcard
#: covers them.
_HOST_LABEL = re.compile(r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?")
_A_LABEL_PREFIX = "xn--"
_WILDCARD = "*"
#: A wildcard for a whole top-level domain serves nobody honest.
MIN_LABELS_AFTER_WILDCARD = 2
#: Names kept parsed: several rules look at each of a certificate's, and servers come back.
_REMEMBERED = 256

IPAddress = Union[ipaddress.IPv4Address, ipaddress.IPv6Address]


@dataclass(frozen=True, slots=True)
class DNSName:
    """A host name in lower case; labels from left to right, A-labels for what is not ASCII."""

    labels: tuple[str, ...]

    def __str__(self) -> str:
        return ".".join(self.labels)

    @classmethod
    def parse(cls, text: str) -> DNSName | None:
        """The name as a certificate may hold it: LDH labels only, no trailing dot, nothing that reads as an IPv4
        address.
        """
        labels = _labels(text, _LABEL)
        return None if labels is None else cls(labels)

    def within(self, parent: DNSName) -> bool:
        """Whether it is the parent or below it, label by label: ``bar.example`` is not within ``ar.example``."""
        return self.labels[len(self.labels) - len(parent.labels) :] == parent.labels and len(self.labels) >= len(
            parent.labels
        )


@dataclass(frozen=True, slots=True)
class DNSPattern:
    """A dNSName of a subjectAltName: a host name, or a wildcard for one whole left-most label (RFC 9525 6.3)."""

    name: DNSName
    wildcard: bool

    def __str__(self) -> str:
        return f"{_WILDCARD}.{self.name}" if self.wildcard else str(self.name)

    @classmethod
    def parse(cls, octets: bytes) -> DNSPattern | None:
        """None for anything but ``host.example`` or ``*.host.example``: no part of a label, no bare ``*``, no
        ``*.tld``.
        """
        return _pattern(octets) if len(octets) <= len(_WILDCARD) + 1 + MAX_DNS_NAME else None

    def matches(self, name: DNSName) -> bool:
        if not self.wildcard:
            return self.name == name
        first, *rest = name.labels
        # RFC 6125 7.2: whether a wildcard stands for an A-label is left open; as a whole label it may, as browsers have
        # it.
        return tuple(rest) == self.name.labels and bool(first)


@lru_cache(maxsize=_REMEMBERED)
def _pattern(octets: bytes) -> DNSPattern | None:
    text = octets.decode("ascii", "replace")
    wildcard = text.startswith(_WILDCARD + ".")
    name = DNSName.parse(text[2:] if wildcard else text)
    if name is None or (wildcard and len(name.labels) < MIN_LABELS_AFTER_WILDCARD):
        return None
    return DNSPattern(name, wildcard)


ServerName = Union[DNSName, ipaddress.IPv4Address, ipaddress.IPv6Address]


def _labels(text: str, form: re.Pattern[str]) -> tuple[str, ...] | None:
    if not text.isascii() or not 1 <= len(text) <= MAX_DNS_NAME:
        return None
    labels = tuple(text.lower().split("."))
    if not all(form.fullmatch(label) for label in labels):
        return None
    return None if labels[-1].isdigit() else labels  # RFC 3696 2: no top-level domain is numeric, addresses are


def parse_server_name(text: str) -> ServerName:
    """The reference name: an IP address, or a host name, of which U-labels become A-labels (with the package idna) and
    one trailing dot is dropped.

    Raises ``SSLError(eoptions)`` for anything else.
    """
    address = parse_address(text)
    if address is not None:
        return address
    name = text[:-1] if text.endswith(".") else text
    labels = _labels(_to_a_labels(name), _HOST_LABEL)
    if labels is None:
        raise SSLError(Reason.EOPTIONS, f"server name: {text!r} is neither a host name nor an IP address")
    return DNSName(labels)


def parse_address(text: str) -> IPAddress | None:
    """An address in text; brackets around IPv6, as in a URI, are taken off; a zone is refused, since no certificate has
    one.
    """
    bare = text[1:-1] if text.startswith("[") and text.endswith("]") else text
    if "%" in bare or not (":" in bare or bare[-1:].isdigit()):  # how every address reads, and hardly a host name
        return None
    try:
        return ipaddress.ip_address(bare)
    except ValueError:
        return None


def address_text(octets: bytes) -> str:
    """An iPAddress's text as RFC 5952 has it; empty for octets that are no address."""
    return str(ipaddress.ip_address(octets)) if len(octets) in (4, 16) else ""


def _to_a_labels(name: str) -> str:
    """IDNA 2008 (RFC 5891 5) after the mapping of UTS 46. Python's own codec is of 2003: it sends ``straße.example`` to
    another domain than registries and browsers do.
    """
    if name.isascii() or len(name) > MAX_DNS_NAME:
        return name
    try:
        import idna

        return idna.encode(name, uts46=True).decode("ascii")
    except ImportError:
        finding = "needs the extra idn: pip install 'puressl[idn]', or give its A-labels"
    except UnicodeError as error:
        finding = f"has no A-label form: {error}"
    raise SSLError(Reason.EOPTIONS, f"server name: {name!r} {finding}")


def matches(reference: ServerName, names: Iterable[GeneralName]) -> bool:
    """Whether one of a certificate's names is the reference (RFC 9525 6). Names that are no names match nothing."""
    if isinstance(reference, DNSName):
        patterns = (DNSPattern.parse(name.value) for name in names if name.kind is GeneralNameKind.DNS)
        return any(pattern is not None and pattern.matches(reference) for pattern in patterns)
    return any(name.kind is GeneralNameKind.IP and name.value == reference.packed for name in names)
