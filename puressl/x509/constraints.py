"""Name constraints (RFC 5280 4.2.1.10, 6.1.3 b and c, 6.1.4 g).

Theory of operation: walking from the trust anchor down, ``NameConstraintState`` collects the subtrees of each CA. Every
name of every later certificate must lie outside all excluded subtrees and, for each CA that permits subtrees of its
kind, inside one of them: the permitted sets intersect, never widen. Each kind of name that we can compare has a row in
``_KINDS``: how a subtree is read, how a name is, and when the one holds the other. A constraint of any other kind
refuses a certificate that has such a name, and only that. What cannot be read, name or subtree, is refused and never
ignored.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from puressl.x509 import der
from puressl.x509.certificate import Certificate
from puressl.x509.distinguished_name import EMAIL_ADDRESS
from puressl.x509.extensions import GeneralName, GeneralNameKind, NameConstraints
from puressl.x509.names import DNSName, DNSPattern

#: Names and subtrees read, and comparisons of one with the other, in one verification: about a third of a second. The
#: densest real chains need a few hundred; Go's limit is 250 000 as well.
MAX_COMPARISONS = 250_000


class ConstraintError(Exception):
    """A name or a subtree that breaks the rules; the text says which. It never leaves ``puressl.x509``.

    values: the texts of the name and the subtrees.
    """

    def __init__(self, text: str, *values: str) -> None:
        super().__init__(text)
        self.values = values


class Budget:
    """Bounds the work of one verification, over all paths it tries."""

    __slots__ = ("_left",)

    def __init__(self) -> None:
        self._left = MAX_COMPARISONS

    @property
    def is_spent(self) -> bool:
        return self._left < 0

    def spend(self) -> None:
        """For each name or subtree read and each comparison. Raises ``ConstraintError`` when nothing is left."""
        self._left -= 1
        if self._left < 0:
            raise ConstraintError(f"more than {MAX_COMPARISONS} comparisons of names with subtrees")


@dataclass(frozen=True, slots=True)
class _Subtree:
    """The base as a value of its kind, None where the kind cannot be compared."""

    base: GeneralName
    value: Any


@dataclass(frozen=True, slots=True)
class _Kind:
    """subtree, name: read the two; raise ``ConstraintError``. permits: the subtree holds all of the name. touches: it
    holds some of it.
    """

    subtree: Callable[[GeneralName], Any]
    name: Callable[[GeneralName], Any]
    permits: Callable[[Any, Any], bool]
    touches: Callable[[Any, Any], bool]


class NameConstraintState:
    """The constraints in force at one point of a path. budget: what the comparisons are counted against."""

    def __init__(self, budget: Budget) -> None:
        self._budget = budget
        self._permitted: list[dict[GeneralNameKind, list[_Subtree]]] = []
        self._excluded: dict[GeneralNameKind, list[_Subtree]] = {}

    def add(self, constraints: NameConstraints) -> None:
        """Those of one more CA hold from here on. Raises ``ConstraintError`` for a subtree that cannot be read."""
        permitted: dict[GeneralNameKind, list[_Subtree]] = {}
        for base in constraints.permitted:
            permitted.setdefault(base.kind, []).append(self._subtree(base))
        for base in constraints.excluded:
            self._excluded.setdefault(base.kind, []).append(self._subtree(base))
        if permitted:
            self._permitted.append(permitted)

    def check(self, certificate: Certificate) -> None:
        """Holds every name of a certificate against the constraints. Raises ``ConstraintError``."""
        if not self._permitted and not self._excluded:
            return
        for name in _names(certificate):
            self._check(name)

    def _check(self, name: GeneralName) -> None:
        excluded = self._excluded.get(name.kind, ())
        permitted = [subtrees[name.kind] for subtrees in self._permitted if name.kind in subtrees]
        if not excluded and not permitted:
            return
        kind = _KINDS.get(name.kind)
        if kind is None:
            raise ConstraintError(f"{name.text} is of a kind whose constraints are not supported")
        self._budget.spend()
        value = kind.name(name)
        for subtree in excluded:
            self._budget.spend()
            if kind.touches(subtree.value, value):
                raise ConstraintError(
                    f"{name.text} lies in the excluded subtree {_shown(subtree.base)}", name.text, _shown(subtree.base)
                )
        for subtrees in permitted:
            if not any(self._permits(kind, subtree, value) for subtree in subtrees):
                shown = ", ".join(_shown(subtree.base) for subtree in subtrees[:3]) + (
                    ", …" if len(subtrees) > 3 else ""
                )
                raise ConstraintError(f"{name.text} lies outside the permitted subtrees {shown}", name.text, shown)

    def _permits(self, kind: _Kind, subtree: _Subtree, value: Any) -> bool:
        self._budget.spend()
        return kind.permits(subtree.value, value)

    def _subtree(self, base: GeneralName) -> _Subtree:
        self._budget.spend()
        kind = _KINDS.get(base.kind)
        return _Subtree(base, None if kind is None else kind.subtree(base))


def _shown(base: GeneralName) -> str:
    if base.kind is GeneralNameKind.IP and len(base.value) in (8, 32):
        return f"IP:{_network(base)}"
    return base.text


#: How the otherName of an internationalized mailbox begins (RFC 8398 3).
_SMTP_UTF8_MAILBOX = der.oid("1.3.6.1.5.5.7.8.9")


def _names(certificate: Certificate) -> Iterable[GeneralName]:
    """The subject and every subjectAltName; without any, the subject's e-mail addresses too (RFC 5280 4.2.1.10)."""
    names = certificate.extensions.subject_alt_name
    if certificate.subject:
        yield GeneralName(GeneralNameKind.DIRECTORY, certificate.subject.der, certificate.subject)
    if names is not None:
        for name in names:
            yield name
            if name.kind is GeneralNameKind.OTHER_NAME and name.value.startswith(_SMTP_UTF8_MAILBOX):
                yield GeneralName(GeneralNameKind.RFC822, name.value)  # RFC 8398 6; not ASCII, so never permitted
        return
    for address in certificate.subject.values(EMAIL_ADDRESS):
        yield GeneralName(GeneralNameKind.RFC822, address.encode("utf-8"))


# --- DNS ------------------------------------------------------------------------------------------


def _text(name: GeneralName) -> str:
    try:
        return name.value.decode("ascii")
    except UnicodeDecodeError:
        raise ConstraintError(f"{name.text} is not ASCII") from None  # IA5String, RFC 5280 4.2.1.6


def _dns_subtree(base: GeneralName) -> DNSName | None:
    """None for the empty name, which holds all. A leading dot or a wildcard has no meaning here."""
    text = _text(base)
    name = DNSName.parse(text) if text else None
    if text and name is None:
        raise ConstraintError(f"subtree {base.text} is no DNS name")
    return name


def _dns_name(name: GeneralName) -> DNSPattern:
    pattern = DNSPattern.parse(name.value)
    if pattern is None:
        raise ConstraintError(f"{name.text} is no DNS name")
    return pattern


def _dns_permits(subtree: DNSName | None, pattern: DNSPattern) -> bool:
    """A wildcard is permitted if all it may stand for is."""
    return subtree is None or pattern.name.within(subtree)


def _dns_touches(subtree: DNSName | None, pattern: DNSPattern) -> bool:
    """A wildcard is excluded if anything it may stand for is: its parent is excluded, or one name right below its
    parent.
    """
    if subtree is None or pattern.name.within(subtree):
        return True
    return pattern.wildcard and subtree.labels[1:] == pattern.name.labels


# --- IP -------------------------------------------------------------------------------------------

_Network = ipaddress.IPv4Network | ipaddress.IPv6Network


def _network(base: GeneralName) -> _Network:
    """Address and mask of 4 + 4 or 16 + 16 octets; the mask is a prefix, as in RFC 4632."""
    half = len(base.value) // 2
    if len(base.value) not in (8, 32):
        raise ConstraintError(f"subtree {base.text} is no address with a mask")
    mask = int.from_bytes(base.value[half:], "big")
    prefix = mask.bit_count()
    if mask != ((1 << prefix) - 1) << (8 * half - prefix):
        raise ConstraintError(f"subtree {base.text} has a mask with holes")
    address = ipaddress.ip_address(base.value[:half])
    return ipaddress.ip_network((address, prefix), strict=False)


def _address(name: GeneralName) -> ipaddress.IPv4Address | ipaddress.IPv6Address:
    if len(name.value) not in (4, 16):
        raise ConstraintError(f"{name.text} is no address")
    return ipaddress.ip_address(name.value)


def _ip_holds(network: _Network, address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> bool:
    return address in network


# --- E-mail ---------------------------------------------------------------------------------------

#: Mailbox of RFC 5321 4.1.2 in its dot-string form; quoted local parts are refused rather than compared wrongly.
_LOCAL_PART = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*")


@dataclass(frozen=True, slots=True)
class _Mailbox:
    """local: None for all mailboxes of a host. below: the hosts below the host instead, of ``.example.com``."""

    local: str | None
    host: DNSName
    below: bool = False


def _mailbox(name: GeneralName) -> _Mailbox:
    local, at, domain = _text(name).rpartition("@")
    host = DNSName.parse(domain)
    if not at or host is None or not _LOCAL_PART.fullmatch(local):
        raise ConstraintError(f"{name.text} is no mailbox")
    return _Mailbox(local, host)


def _email_subtree(base: GeneralName) -> _Mailbox:
    """A mailbox, a host, or with a leading dot the hosts of a domain (RFC 5280 4.2.1.10)."""
    text = _text(base)
    if "@" in text:
        return _mailbox(base)
    return _host_subtree(base, text)


def _host_subtree(base: GeneralName, text: str) -> _Mailbox:
    below = text.startswith(".")
    host = DNSName.parse(text[below:])
    if host is None:
        raise ConstraintError(f"subtree {base.text} is no host or domain")
    return _Mailbox(None, host, below)


def _mailbox_holds(subtree: _Mailbox, mailbox: _Mailbox) -> bool:
    """Local parts compare exactly, hosts without case (RFC 5280 7.5)."""
    if subtree.below:
        return mailbox.host.within(subtree.host) and mailbox.host != subtree.host
    return mailbox.host == subtree.host and subtree.local in (None, mailbox.local)


# --- URI ------------------------------------------------------------------------------------------


#: An absolute URI with an authority (RFC 3986 3), and nothing about which readers of URIs disagree: no backslash, no
#: second @, no white space.
_URI = re.compile(
    r"[A-Za-z][A-Za-z0-9+.-]*://([A-Za-z0-9._~!$&'()*+,;=:%-]*@)?(?P<host>[A-Za-z0-9.-]+)(:[0-9]*)?([/?#][\x21-\x7e]*)?"
)


def _uri_subtree(base: GeneralName) -> _Mailbox:
    return _host_subtree(base, _text(base))


def _uri_host(name: GeneralName) -> _Mailbox:
    """The host of the authority; a URI without one, or with an address, cannot satisfy a constraint (RFC 5280
    4.2.1.10).
    """
    parts = _URI.fullmatch(_text(name))
    host = DNSName.parse(parts["host"]) if parts else None
    if host is None:
        raise ConstraintError(f"{name.text} has no host name")
    return _Mailbox(None, host)


# --- Directory names ------------------------------------------------------------------------------


def _directory(name: GeneralName) -> tuple[object, ...]:
    return name.name.normalized if name.name is not None else ()


def _directory_holds(subtree: tuple[object, ...], name: tuple[object, ...]) -> bool:
    """A subtree is the names that begin with its relative names (RFC 5280 7.1)."""
    return name[: len(subtree)] == subtree


_KINDS = {
    GeneralNameKind.DNS: _Kind(_dns_subtree, _dns_name, _dns_permits, _dns_touches),
    GeneralNameKind.IP: _Kind(_network, _address, _ip_holds, _ip_holds),
    GeneralNameKind.RFC822: _Kind(_email_subtree, _mailbox, _mailbox_holds, _mailbox_holds),
    GeneralNameKind.URI: _Kind(_uri_subtree, _uri_host, _mailbox_holds, _mailbox_holds),
    GeneralNameKind.DIRECTORY: _Kind(_directory, _directory, _directory_holds, _directory_holds),
}
