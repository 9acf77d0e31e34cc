"""What CertificateVerify signs in TLS 1.3 (RFC 8446 4.4.3)."""

from __future__ import annotations

#: RFC 8446 4.4.3: 64 spaces keep the content apart from anything that earlier versions sign.
_PREFIX = b" " * 64
SERVER_CONTEXT = b"TLS 1.3, server CertificateVerify"
CLIENT_CONTEXT = b"TLS 1.3, client CertificateVerify"


def certificate_verify_content(context: bytes, transcript_hash: bytes) -> bytes:
    """The bytes that are signed. context: whose signature it is. transcript_hash: up to Certificate."""
    return _PREFIX + context + b"\x00" + transcript_hash
