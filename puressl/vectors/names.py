"""Code points by the registries' names, as documents have them."""

from __future__ import annotations

from collections.abc import Iterable
from enum import IntEnum
from typing import TypeVar

from puressl.codes import CipherSuite, ProtocolVersion
from puressl.crypto.hashes import HashAlgorithm
from puressl.crypto.suites import SUITES, Suite
from puressl.errors import Reason, SSLError

E = TypeVar("E", bound=IntEnum)

VERSIONS = {version.label: version for version in ProtocolVersion}


def code(registry: type[E], name: str) -> E:
    """The member of a registry with the name in lower case. Raises ``SSLError(einval)``."""
    try:
        return registry[name.upper()]
    except KeyError:
        raise SSLError(Reason.EINVAL, f"{registry.__name__} has no {name}") from None


def codes(registry: type[E], names: Iterable[str]) -> tuple[E, ...]:
    return tuple(code(registry, name) for name in names)


def suite(name: str) -> Suite:
    """The suite with IANA's name."""
    return SUITES[code(CipherSuite, name)]


def suites(version: ProtocolVersion) -> tuple[Suite, ...]:
    """Every suite of a version."""
    return tuple(each for each in SUITES.values() if each.version is version)


def algorithm(name: str) -> HashAlgorithm:
    """The hash with a name as ``sha256``."""
    return HashAlgorithm[name.upper()]
