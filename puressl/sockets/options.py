"""The options of sockets: one table, from which checking, ``getopts`` and the documentation are made.

Theory of operation: a row says what an option is called, which values it has, what it is when it is left out, where it
may stand and what it means. A list of options is read against the table once, as a whole: it is good, or ``eoptions``
says what is wrong with it and nothing is done.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from enum import Flag, auto
from typing import Any

from puressl.errors import Reason, SSLError
from puressl.sockets import values

#: inet(3)'s limit: the largest packet accepted unless another size is asked for.
DEFAULT_PACKET_SIZE = 64 << 20
#: listen(2): connections that may wait to be accepted.
DEFAULT_BACKLOG = 5
MAX_BACKLOG = 65_535
#: The largest length that the header of a packet can say.
MAX_PACKET_SIZE = 2**32 - 1
MAX_DEPTH = 255


class Place(Flag):
    """Where an option may stand. NAMED: in what ``sni_fun`` returns for a name."""

    LISTEN = auto()
    CONNECT = auto()
    SET = auto()
    NAMED = auto()
    BOTH = LISTEN | CONNECT
    SSL = LISTEN | CONNECT | NAMED
    ALL = LISTEN | CONNECT | SET


@dataclass(frozen=True, slots=True)
class Option:
    """One option. parse: from what was given to what is kept (``values``). shown: the values, for people. secret:
    whether a value must stay out of messages.
    """

    tag: str
    parse: values.Parser
    shown: str
    default: Any
    places: Place
    meaning: str
    secret: bool = False


_MODES = {name: name for name in ("binary", "list")}
_VERSIONS = {name: name for name in ("tlsv1.3", "tlsv1.2")}
_FLAG, _PATH = "True or False", "path"

# fmt: off
_ROWS = (
    Option("mode", values.one_of(_MODES), '"binary" or "list"', "binary", Place.ALL,
           "Data is bytes, or a list of ints. The bare words binary and list mean the same."),
    Option("packet", values.one_of(values.PACKETS), '0 or "raw", 1, 2, 4, "line", "asn1", …', 0, Place.ALL,
           "How data is cut into packets, as in inet(3); 1, 2 and 4 also put a header before what is sent."),
    Option("packet_size", values.integer(1, MAX_PACKET_SIZE), "bytes", DEFAULT_PACKET_SIZE, Place.ALL,
           "The largest packet accepted; a larger one ends the connection with emsgsize."),
    Option("header", values.integer(0, MAX_PACKET_SIZE), "n ≥ 0", 0, Place.ALL,
           "In binary mode, the first n bytes of a packet come as ints and then the rest."),
    Option("active", values.activity, 'True, False, "once" or an int', True, Place.ALL,
           "Data comes as messages, or by recv; once, or so many times more."),
    Option("nodelay", values.boolean, _FLAG, False, Place.ALL, "TCP sends small pieces at once."),
    Option("keepalive", values.boolean, _FLAG, False, Place.ALL, "TCP finds out about a peer that is gone."),
    Option("send_timeout", values.optional(values.timeout), "milliseconds or None", None,
           Place.ALL, "What send may take; after it the connection is closed for sending."),
    Option("reuseaddr", values.boolean, _FLAG, True, Place.LISTEN, "A port may be listened on at once again."),
    Option("backlog", values.integer(0, MAX_BACKLOG), "int", DEFAULT_BACKLOG, Place.LISTEN,
           "Connections that may wait to be accepted."),
    Option("ip", values.address, "address", None, Place.BOTH,
           'The local address; "::" is every IPv6 and, where the system can, IPv4 address.'),
    Option("port", values.integer(0, values.MAX_PORT), "int", 0, Place.CONNECT, "The local port."),
    Option("verify", values.integer(0, 2), "0, 1 or 2", 0, Place.SSL,
           "0 asks nothing, 1 verifies the peer, 2 also fails if it has no certificate."),
    Option("depth", values.integer(0, MAX_DEPTH), "0 to 255", 1, Place.SSL,
           "CA certificates that may stand between the peer's and the trusted root."),
    Option("certfile", values.path, _PATH, None, Place.SSL,
           "Own certificate, PEM, and the chain after it."),
    Option("cert", values.octets, "bytes", None, Place.SSL, "The same in memory, PEM or DER."),
    Option("keyfile", values.path, _PATH, None, Place.SSL,
           "Its private key, PEM; in certfile if left out."),
    Option("key", values.octets, "bytes", None, Place.SSL, "The same in memory, PEM or DER.", secret=True),
    Option("password", values.password, "str or bytes", None, Place.SSL,
           "Of an encrypted private key.", secret=True),
    Option("cacertfile", values.path, _PATH, None, Place.SSL,
           "Trusted roots, PEM. A client without it trusts the system's."),
    Option("cacerts", values.octets_or_list, "bytes or a list of them", None, Place.SSL,
           "The same in memory, PEM or DER."),
    Option("ciphers", values.text, "text", None, Place.SSL, "Cipher suites in OpenSSL's language."),
    Option("secure_renegotiate", values.boolean, _FLAG, True, Place.SSL, "Peers without RFC 5746 are refused."),
    Option("allow_mac_then_encrypt", values.boolean, _FLAG, False, Place.SSL,
           "AES-CBC is accepted without encrypt-then-MAC (RFC 7366)."),
    Option("versions", values.listed(values.one_of(_VERSIONS)), "list of names", ("tlsv1.3", "tlsv1.2"), Place.SSL,
           "Protocol versions spoken."),
    Option("server_name_indication", values.server_name, 'name or "disable"', None, Place.CONNECT,
           "The name the server is asked for, and whose certificate it must have; the address if left out."),
    Option("alpn_advertised_protocols", values.protocols, "list of bytes", (), Place.CONNECT,
           "Application protocols offered."),
    Option("alpn_preferred_protocols", values.protocols, "list of bytes", (), Place.LISTEN | Place.NAMED,
           "Application protocols chosen from, best first."),
    Option("sni_fun", values.function, "function", None, Place.LISTEN,
           "From the name a client asks for to the options that it is served with, or None to refuse it."),
    Option("session_tickets", values.boolean, _FLAG, True, Place.SSL, "Sessions are resumed by tickets."),
    Option("reuse_sessions", values.boolean, _FLAG, True, Place.SSL, "Sessions are resumed at all."),
    Option("keylog", values.path, _PATH, None, Place.SSL,
           "Secrets are appended to this file, for Wireshark; also the environment's SSLKEYLOGFILE."),
)
# fmt: on

#: Every option, by tag.
OPTIONS: Mapping[str, Option] = {row.tag: row for row in _ROWS}

#: Words that stand without a value.
_BARE = {name: ("mode", name) for name in _MODES}
#: Two ways to say one thing.
_EXCLUSIVE = (("certfile", "cert"), ("keyfile", "key"), ("cacertfile", "cacerts"))
#: What belongs together: who gives one of them gives them all.
_TOGETHER = ({"certfile", "cert", "keyfile", "key", "password"}, {"cacertfile", "cacerts"})


@dataclass(frozen=True, slots=True)
class Options:
    """Options as read: what was given, and the defaults for the rest."""

    given: Mapping[str, Any] = field(repr=False)

    @classmethod
    def read(cls, options: object, place: Place) -> Options:
        """Options from a sequence of ``(tag, value)`` pairs and bare words, or a mapping.

        place: where they stand. Raises ``SSLError(eoptions)`` naming the option and what is wrong.
        """
        given: dict[str, Any] = {}
        for tag, value in _pairs(options):
            row = OPTIONS.get(tag) if isinstance(tag, str) else None
            if row is None or not row.places & place:
                raise SSLError(Reason.EOPTIONS, _unfit(tag, row))
            if tag not in given:
                given[tag] = _parsed(row, value)
        for one, other in _EXCLUSIVE:
            if one in given and other in given:
                raise SSLError(Reason.EOPTIONS, f"{one} and {other} exclude each other")
        return cls(given)

    def __getitem__(self, tag: str) -> Any:
        return self.given[tag] if tag in self.given else OPTIONS[tag].default

    def __contains__(self, tag: object) -> bool:
        return tag in self.given

    def changed(self, other: Options) -> Options:
        """These options, with those given in the other in their place; a certificate leaves none of the old key."""
        replaced = {tag for tags in _TOGETHER if tags & other.given.keys() for tag in tags}
        kept = {tag: value for tag, value in self.given.items() if tag not in replaced}
        return Options({**kept, **other.given})


def read_tags(tags: object) -> list[str]:
    """The tags ``getopts`` was asked for. Raises ``SSLError(einval)``."""
    if isinstance(tags, (str, bytes)) or not isinstance(tags, Iterable):
        raise SSLError(Reason.EINVAL, f"tags: {tags!r:.50} is no sequence")
    asked = list(tags)
    for tag in asked:
        if not isinstance(tag, str) or tag not in OPTIONS:
            raise SSLError(Reason.EINVAL, f"tags: {tag!r:.50} is unknown")
    return asked


def plain() -> Iterator[str]:
    """The table for ``help``, line by line."""
    for row in _ROWS:
        default = "" if row.default in (None, ()) else f" Default: {row.default!r}."
        yield f"{row.tag}: {row.shown}; for {_where(row.places)}.{default}"
        yield f"    {row.meaning}"


def markdown() -> Iterator[str]:
    """The table for people, line by line."""
    yield "| option | value | default | where | meaning |"
    yield "|---|---|---|---|---|"
    for row in _ROWS:
        default = "" if row.default in (None, ()) else f"`{row.default!r}`"
        yield f"| `{row.tag}` | {row.shown} | {default} | {_where(row.places)} | {row.meaning} |"


def _where(places: Place) -> str:
    names = {Place.LISTEN: "listen", Place.CONNECT: "connect", Place.SET: "setopts", Place.NAMED: "sni_fun"}
    return ", ".join(name for place, name in names.items() if place & places)


def _unfit(tag: object, row: Option | None) -> str:
    """Why a tag cannot stand where it stands, and what may be meant."""
    if row is not None:
        return f"{tag!r} is out of place here, its place is {_where(row.places)}"
    near = get_close_matches(str(tag)[:50], OPTIONS, n=1)
    return f"{tag!r:.50} is unknown" + (f"; is {near[0]!r} meant?" if near else "")


def _pairs(options: object) -> Iterator[tuple[Any, Any]]:
    if isinstance(options, Mapping):
        yield from options.items()
        return
    if isinstance(options, (str, bytes)) or not isinstance(options, Iterable):
        raise SSLError(Reason.EOPTIONS, f"{type(options).__name__} is no sequence of options")
    for item in options:
        if isinstance(item, str) and item in _BARE:
            yield _BARE[item]
        elif isinstance(item, tuple) and len(item) == 2:
            yield item
        else:
            shown = repr(item) if isinstance(item, str) else f"a {type(item).__name__}"
            raise SSLError(Reason.EOPTIONS, f"{shown:.50} is no (tag, value) and no word that stands alone")


def _parsed(row: Option, value: object) -> Any:
    try:
        return row.parse(value)
    except ValueError as error:
        shown = "the value" if row.secret else f"{value!r:.50}"
        raise SSLError(Reason.EOPTIONS, f"{row.tag}: {shown} {error}") from None


__doc__ = "\n".join((__doc__ or "", *plain()))
