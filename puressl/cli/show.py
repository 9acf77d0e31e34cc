"""Connections as text for people and as JSON for programs."""

from __future__ import annotations

from typing import Any

from puressl.codes import NamedGroup, SignatureScheme, name_of
from puressl.events import Negotiated


def negotiated_rows(negotiated: Negotiated) -> dict[str, str]:
    """What was agreed on, label to text, in reading order; what was not negotiated is left out."""
    rows: dict[str, str | None] = {
        "protocol": negotiated.version.label,
        "cipher suite": negotiated.suite_name,
        "group": None if negotiated.group is None else name_of(NamedGroup, negotiated.group),
        "peer's signature": (
            None if negotiated.signature_scheme is None else name_of(SignatureScheme, negotiated.signature_scheme)
        ),
        "server name": negotiated.server_name,
        "application protocol": None
        if negotiated.alpn is None
        else negotiated.alpn.decode("ascii", "backslashreplace"),
        "resumed": "yes" if negotiated.resumed else "no",
        "hello retry": "yes" if negotiated.hello_retry else None,
        "encrypt then MAC": "yes" if negotiated.encrypt_then_mac else None,
        "verified path": " <- ".join(negotiated.verified_path) or None,
    }
    return {label: text for label, text in rows.items() if text is not None}


def negotiated_json(negotiated: Negotiated) -> dict[str, Any]:
    """The same as values."""
    return {
        "protocol": negotiated.version.label,
        "cipher_suite": negotiated.suite_name,
        "group": None if negotiated.group is None else name_of(NamedGroup, negotiated.group),
        "signature_scheme": (
            None if negotiated.signature_scheme is None else name_of(SignatureScheme, negotiated.signature_scheme)
        ),
        "server_name": negotiated.server_name,
        "alpn": None if negotiated.alpn is None else negotiated.alpn.decode("ascii", "backslashreplace"),
        "resumed": negotiated.resumed,
        "hello_retry": negotiated.hello_retry,
        "verified_path": list(negotiated.verified_path),
    }
