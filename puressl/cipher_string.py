"""OpenSSL's cipher-string language: which suites, in which order.

Theory of operation: a list of suites, none of them chosen at first, is changed by the string's rules one after the
other. Each names suites, by a name or by what several groups have in common (``ECDHE+AESGCM``), and says what becomes
of them by its prefix: chosen, and put at the end; ``+`` put at the end if chosen; ``-`` no longer chosen, but first if
chosen again; ``!`` gone for good. ``@STRENGTH`` sorts by key length, ``@SECLEVEL=n`` drops at the end what OpenSSL's
level n forbids. The order groups are chosen in is puressl's own: its default suites, then the others.

A word that matches nothing, a typing error or what puressl does not have, is passed over, so that strings made for
other programs work; where nothing is left they are named. TLS 1.3 suites belong to no group: the default ones stay
unless one is named, as the socket interface says; OpenSSL sets them apart.

Source: OpenSSL's ciphers(1). Unlike there, ``DEFAULT`` is a group as any other wherever it stands, ``@SECLEVEL`` is a
rule about suites only, and ``SUITEB128`` and the like are not known.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Set
from types import MappingProxyType

from puressl.codes import ProtocolVersion
from puressl.crypto.hashes import HashAlgorithm
from puressl.crypto.suites import DEFAULT_SUITES, Authentication, CipherKind, KeyExchange, Suite
from puressl.errors import Reason, SSLError

#: The groups of ciphers(1) that have suites here, each with its other names.
_GROUPS: tuple[tuple[tuple[str, ...], Callable[[Suite], bool]], ...] = (
    (("ALL", "HIGH"), lambda row: True),
    (("kRSA", "RSA"), lambda row: row.key_exchange is KeyExchange.RSA),
    (("kDHE", "kEDH", "DHE", "EDH", "DH"), lambda row: row.key_exchange is KeyExchange.DHE),
    (("kECDHE", "kEECDH", "ECDHE", "EECDH", "ECDH"), lambda row: row.key_exchange is KeyExchange.ECDHE),
    (("aRSA",), lambda row: row.authentication is Authentication.RSA),
    (("aECDSA", "ECDSA"), lambda row: row.authentication is Authentication.ECDSA),
    (("AES", "FIPS"), lambda row: row.cipher.name.startswith("aes-")),
    (("AES128",), lambda row: row.cipher.name.startswith("aes-128-")),
    (("AES256",), lambda row: row.cipher.name.startswith("aes-256-")),
    (("AESGCM",), lambda row: row.cipher.name.endswith("-gcm")),
    (("CHACHA20",), lambda row: row.cipher.name.startswith("chacha20-")),
    (("CBC",), lambda row: row.cipher.kind is CipherKind.CBC),
    (("SHA1", "SHA"), lambda row: row.mac is HashAlgorithm.SHA1),
    (("SHA256",), lambda row: row.mac is HashAlgorithm.SHA256),
    (("SHA384",), lambda row: row.mac is HashAlgorithm.SHA384),
    # The version that a suite came with: SHA-1 with SSL 3.0, elliptic curves with TLS 1.0 (RFC 4492).
    (("TLSv1.2",), lambda row: row.mac is not HashAlgorithm.SHA1),
    (("TLSv1.0", "TLSv1"), lambda row: row.mac is HashAlgorithm.SHA1 and row.key_exchange is KeyExchange.ECDHE),
    (("SSLv3",), lambda row: row.mac is HashAlgorithm.SHA1 and row.key_exchange is not KeyExchange.ECDHE),
)

#: SSL_CTX_set_security_level(3): the least bits of security at each level.
SECURITY_LEVELS = (0, 80, 112, 128, 192, 256)
#: From this level on, suites without forward secrecy are forbidden.
FORWARD_SECRET_LEVEL = 3
#: What OpenSSL takes HMAC-SHA-1 for.
SHA1_BITS = 160

_WORD = r"[A-Za-z0-9_.=-]+"
_RULE = re.compile(
    rf"(?P<prefix>[-+!]|(?!-))(?P<words>{_WORD}(?:\+{_WORD})*)"
    r"|@(?P<strength>STRENGTH)|@SECLEVEL=(?P<level>[0-5])|(?P<separators>[:;, ]+)"
)


class _Selection:
    """Suites in order, and which of them are chosen. The rules are its methods; each takes the suites named."""

    def __init__(self, order: Iterable[int], chosen: Iterable[int]) -> None:
        self._order = list(order)
        self._chosen = set(chosen)

    @property
    def chosen(self) -> tuple[int, ...]:
        return tuple(suite for suite in self._order if suite in self._chosen)

    def add(self, named: Set[int]) -> None:
        self._sort(lambda suite: suite in named and suite not in self._chosen)
        self._chosen |= named

    def put_last(self, named: Set[int]) -> None:
        self._sort(lambda suite: suite in named and suite in self._chosen)

    def delete(self, named: Set[int]) -> None:
        self._sort(lambda suite: suite not in named or suite not in self._chosen)
        self._chosen -= named

    def kill(self, named: Set[int]) -> None:
        self._order = [suite for suite in self._order if suite not in named]

    def by_strength(self, strength: Callable[[int], int]) -> None:
        self._sort(lambda suite: -strength(suite) if suite in self._chosen else 0)

    def _sort(self, key: Callable[[int], int]) -> None:
        """Suites with equal keys stay in order."""
        self._order.sort(key=key)


_RULES: Mapping[str, Callable[[_Selection, Set[int]], None]] = MappingProxyType(
    {"": _Selection.add, "+": _Selection.put_last, "-": _Selection.delete, "!": _Selection.kill}
)


def parse_ciphers(text: str, suites: Mapping[int, Suite], default: Collection[int] = DEFAULT_SUITES) -> tuple[int, ...]:
    """The suites a cipher string asks for: code points in order of preference, those of TLS 1.3 first.

    text: the string. suites: what there is to choose from, by code point. default: the group DEFAULT, best first.
    Raises ``SSLError(ecipher)`` for a string that is not of the language and for one that leaves nothing.
    """
    order = preference(suites, default)
    tls13 = frozenset(suite for suite in order if suites[suite].version is ProtocolVersion.TLSv1_3)
    words = _words(suites, tls13, frozenset(default))
    selection = _Selection(order, tls13.intersection(default))
    level, stays, unmatched = 0, tls13, []
    for rule in _rules(text):
        if rule["strength"]:
            selection.by_strength(lambda suite: 0 if suite in tls13 else suites[suite].cipher.key_length)
        elif rule["level"]:
            level = int(rule["level"])
        else:
            named = frozenset(order).intersection(*(words.get(word, ()) for word in rule["words"].split("+")))
            if not named:
                unmatched.append(rule["words"])
            if not rule["prefix"] and named & stays:
                selection.delete(stays)
                stays = frozenset()
            _RULES[rule["prefix"]](selection, named)
    left = [suite for suite in selection.chosen if _is_allowed(suites[suite], level)]
    if stays.issuperset(left):
        unknown = f"; no suites here: {', '.join(unmatched)}" if unmatched else ""
        raise SSLError(Reason.ECIPHER, f"{text!r} leaves nothing{unknown}")
    return tuple(sorted(left, key=lambda suite: suite not in tls13))


def preference(suites: Mapping[int, Suite], default: Iterable[int] = DEFAULT_SUITES) -> tuple[int, ...]:
    """All suites' code points: the default ones in their order, then those that must be asked for."""
    return tuple(dict.fromkeys((*(suite for suite in default if suite in suites), *suites)))


def cipher_names(suites: Mapping[int, Suite]) -> str:
    """All suites, best first, colon separated: OpenSSL's names for TLS 1.2, IANA's for TLS 1.3."""
    return ":".join(suites[suite].openssl_name for suite in preference(suites))


def _words(suites: Mapping[int, Suite], tls13: Set[int], default: Set[int]) -> Mapping[str, Set[int]]:
    """What each word of the language names. Groups are of suites before TLS 1.3."""
    older = suites.keys() - tls13
    groups = {
        name: {suite for suite in older if belongs(suites[suite])} for names, belongs in _GROUPS for name in names
    }
    single = {name: {suite} for suite, row in suites.items() for name in (row.name, row.openssl_name)}
    return {**groups, **single, "DEFAULT": older & default, "COMPLEMENTOFDEFAULT": older - default}


def _rules(text: str) -> Iterator[re.Match[str]]:
    at = 0
    while at < len(text):
        rule = _RULE.match(text, at)
        if rule is None:
            raise SSLError(Reason.ECIPHER, f"{text!r} has no rule of the language at {text[at:]!r}")
        if rule["separators"] is None:
            yield rule
        at = rule.end()


def _is_allowed(suite: Suite, level: int) -> bool:
    """SSL_CTX_set_security_level(3), as far as it is about suites."""
    least = SECURITY_LEVELS[level]
    if suite.cipher.key_length * 8 < least or (suite.mac is HashAlgorithm.SHA1 and least > SHA1_BITS):
        return False
    return level < FORWARD_SECRET_LEVEL or suite.key_exchange is not KeyExchange.RSA
