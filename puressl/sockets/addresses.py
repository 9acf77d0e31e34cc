"""Addresses as they are given and shown."""

from __future__ import annotations

import ipaddress
from typing import Any

from puressl.sockets import values

#: RFC 1035 2.3.4: the most characters of a name.
MAX_NAME = 253


def host(value: Any) -> str:
    """A host name, or an IP address in any of its forms, as text. Raises ``ValueError``."""
    try:
        return values.address(value)
    except ValueError:
        if not isinstance(value, str) or not 0 < len(value) <= MAX_NAME or "\0" in value:
            raise ValueError("is no host name or IP address") from None
    return value


def is_address(text: str) -> bool:
    """Whether a host is an IP address."""
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


def shown(address: Any) -> tuple[str, int]:
    """A socket's address: IP address and port. An IPv4-mapped one is shown as IPv4 (RFC 4291 2.5.5.2); a socket of
    another kind has its name, if any, and port 0.
    """
    if not isinstance(address, tuple):
        return (address if isinstance(address, str) else ""), 0
    text, port = address[:2]
    if text.startswith("::ffff:"):
        mapped = ipaddress.IPv6Address(text).ipv4_mapped
        text = text if mapped is None else str(mapped)
    return text, port
