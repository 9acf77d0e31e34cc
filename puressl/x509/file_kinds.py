"""What a file is that holds no certificate, or no CRL: for error messages.

Theory of operation: people give a PKCS#12 file, a request or a key where a certificate is wanted, and what a parser
stumbles over first tells them nothing. PEM says in its labels what it holds (RFC 7468); anything else is compared with
a table of how other files begin. No row of it fits a certificate, so it may be asked before one is decoded.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from puressl.x509 import pem

#: The head of a SEQUENCE (X.690 8.1.2, 8.1.3), and object identifiers of RSA Security's (RFC 8017 A).
_SEQUENCE = rb"\x30(?:[\x00-\x7f]|\x81.|\x82..|\x83...|\x84....)"
_PKCS = rb"\x06[\x09\x0a]\x2a\x86\x48\x86\xf7\x0d\x01"
_KINDS: Mapping[str, bytes] = {
    "UTF-16 text, where PEM is ASCII": rb"\xff\xfe|\xfe\xff",
    "neither PEM nor DER": rb"[^\x30]",
    "a PKCS#12 file; openssl pkcs12 -nokeys -in FILE writes its certificates as PEM": _SEQUENCE + rb"\x02\x01\x03",
    "a PKCS#7 file; openssl pkcs7 -inform DER -print_certs -in FILE writes its certificates as PEM": (
        _SEQUENCE + _PKCS + rb"\x07\x02"
    ),
    "a private key": _SEQUENCE + rb"\x02\x01[\x00\x01]",
    "an encrypted private key": _SEQUENCE * 2 + _PKCS + rb"[\x05\x0c]",
    "a certificate request": _SEQUENCE * 2 + rb"\x02\x01\x00" + _SEQUENCE + rb"[\x30\x31]",
    "an OCSP response": _SEQUENCE + rb"\x0a\x01",
}
_PATTERNS = {kind: re.compile(beginning, re.DOTALL) for kind, beginning in _KINDS.items()}


def other_kind(data: bytes) -> str:
    """What data without a certificate in PEM is, in words that end a sentence; empty if it may be one in DER."""
    labels = dict.fromkeys(block.label for block in pem.blocks(data))
    if labels:
        return f"only {', '.join(labels)}"
    if not data.strip():
        return "it is empty"
    return next((kind for kind, pattern in _PATTERNS.items() if pattern.match(data)), "")
