"""Fingerprints of a ClientHello: JA3 and JA4.

Theory of operation: both describe what a client offers, apart from what is random or differs by connection, so that
programs can be told apart by their TLS. GREASE values (RFC 8701) are left out. JA3 (John Althouse, Jeff Atkinson and
Josh Atkins, 2017) hashes the lists in the order they are sent; JA4 (FoxIO, 2023, github.com/FoxIO-LLC/ja4, "JA4: TLS
Client Fingerprinting", BSD 3-Clause) sorts suites and extensions, which browsers shuffle, and puts what people read in
front.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

from puressl.codes import ExtensionType, ProtocolVersion, is_grease
from puressl.wire import (
    ApplicationProtocols,
    ClientHello,
    ECPointFormats,
    ServerNameOffer,
    SignatureAlgorithms,
    SupportedGroups,
    SupportedVersionsOffer,
)

#: What JA4 calls the versions.
_VERSIONS = {
    ProtocolVersion.TLSv1_3: "13",
    ProtocolVersion.TLSv1_2: "12",
    ProtocolVersion.TLSv1_1: "11",
    ProtocolVersion.TLSv1_0: "10",
    ProtocolVersion.SSLv3: "s3",
}
#: Counts in JA4 have two digits.
_MAX_COUNT = 99
#: Characters of a hash that JA4 keeps.
_HASH_LENGTH = 12
#: Not in JA4's hash of extensions, as they stand in front already.
_SHOWN = (ExtensionType.SERVER_NAME, ExtensionType.APPLICATION_LAYER_PROTOCOL_NEGOTIATION)


def ja3(hello: ClientHello) -> str:
    """The JA3 fingerprint: 32 hexadecimal digits."""
    return hashlib.md5(ja3_text(hello).encode(), usedforsecurity=False).hexdigest()


def ja3_text(hello: ClientHello) -> str:
    """What JA3 hashes: version, suites, extensions, groups and point formats, in decimal."""
    groups, formats = hello.extensions.get(SupportedGroups), hello.extensions.get(ECPointFormats)
    lists = (
        hello.cipher_suites,
        hello.extensions.types(),
        groups.groups if groups is not None else (),
        formats.formats if formats is not None else (),
    )
    # Formatted as numbers: the text of an enum's member is another in Python 3.10.
    return ",".join((f"{hello.legacy_version:d}", *("-".join(f"{code:d}" for code in _sound(each)) for each in lists)))


def ja4(hello: ClientHello) -> str:
    """The JA4 fingerprint of a ClientHello over TCP: ``t13d1516h2_8daaf6152771_e5627efa2ab1``."""
    suites, extensions = _sound(hello.cipher_suites), _sound(hello.extensions.types())
    name = "d" if hello.extensions.get(ServerNameOffer) is not None else "i"
    counts = f"{min(len(suites), _MAX_COUNT):02}{min(len(extensions), _MAX_COUNT):02}"
    algorithms = hello.extensions.get(SignatureAlgorithms)
    hashed = ",".join(_sorted(each for each in extensions if each not in _SHOWN))
    if algorithms is not None:
        hashed += "_" + ",".join(f"{each:04x}" for each in _sound(algorithms.schemes))
    return (
        f"t{_version(hello)}{name}{counts}{_protocol(hello)}"
        f"_{_hash(','.join(_sorted(suites)), bool(suites))}_{_hash(hashed, bool(extensions))}"
    )


def _sound(values: Iterable[int]) -> list[int]:
    return [int(value) for value in values if not is_grease(value)]


def _sorted(values: Iterable[int]) -> list[str]:
    return sorted(f"{value:04x}" for value in values)


def _version(hello: ClientHello) -> str:
    """The highest version offered."""
    offer = hello.extensions.get(SupportedVersionsOffer)
    versions = _sound(offer.versions) if offer is not None else [hello.legacy_version]
    return next((name for version, name in _VERSIONS.items() if version == max(versions, default=0)), "00")


def _protocol(hello: ClientHello) -> str:
    """First and last character of the first ALPN value, of its hexadecimal form where one is not alphanumeric."""
    offer = hello.extensions.get(ApplicationProtocols)
    if offer is None or not offer.protocols or not offer.protocols[0]:
        return "00"
    first = offer.protocols[0]
    ends = bytes((first[0], first[-1]))
    text = ends.decode("latin-1")
    return text if text.isascii() and text.isalnum() else first.hex()[0] + first.hex()[-1]


def _hash(text: str, is_there: bool) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:_HASH_LENGTH] if is_there else "0" * _HASH_LENGTH
