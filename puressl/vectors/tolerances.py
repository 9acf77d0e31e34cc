"""What looks odd and must be taken: values to come, GREASE (RFC 8701), padding, and what is to be ignored."""

from __future__ import annotations

from collections.abc import Iterator

from puressl.codes import ExtensionType as X
from puressl.codes import HandshakeType as H
from puressl.vectors.refusals import CCS, UNKNOWN, Group, Row, adding, before, connected, edit, handshake, record

_12, _13 = "tlsv1.2", "tlsv1.3"
CH, EE, CR, NST, FIN, SHD = (
    "client_hello",
    "encrypted_extensions",
    "certificate_request",
    "new_session_ticket",
    "finished",
    "server_hello_done",
)
_ASK = {"verify": "peer", "trust": "p256"}
_GROUPS = "extensions.supported_groups.groups[0]"
_SCHEMES = "extensions.signature_algorithms.schemes[0]"


def _hellos(clause: str) -> Iterator[Row]:
    """Odd values in a sound ClientHello."""
    yield Row("an unknown extension", clause, adding(CH, UNKNOWN, "00ff"))
    yield Row("a GREASE extension", "8701 3", adding(CH, 0x2A2A))
    yield Row("a GREASE suite", "8701 3", edit(CH, "cipher_suites[0]", append="1a1a"))
    yield Row("a GREASE group", "8701 3", edit(CH, _GROUPS, append="3a3a"))
    yield Row("a GREASE signature scheme", "8701 3", edit(CH, _SCHEMES, append="7a7a"))
    yield Row("padding", "7685 3", adding(CH, X.PADDING, "00" * 200))


_DATA = (
    Row("an empty record of data", "8446 5.1", connected(record(23))),
    Row("a record of one byte", "8446 5.1", connected(record(23, "78"))),
)
_CLIENT13 = (
    Row("an unknown extension in CertificateRequest", "8446 4.3.2", adding(CR, UNKNOWN), server=_ASK),
    Row("a GREASE extension in CertificateRequest", "8701 4", adding(CR, 0x1A1A), server=_ASK),
    Row("an unknown extension in NewSessionTicket", "8446 4.6.1", adding(NST, UNKNOWN)),
    Row("change_cipher_spec before EncryptedExtensions", "8446 D.4", before(EE, CCS)),
    Row("padding", "8446 5.4", connected(record(23, "78", padding=1000))),
    *_DATA,
)
_SERVER13 = (
    *_hellos("8446 4.1.2"),
    Row("a GREASE version", "8701 3", edit(CH, "extensions.supported_versions.versions[0]", append="2a2a")),
    Row("legacy_version 0x0301", "8446 4.1.2", edit(CH, "legacy_version", set="0301")),
    Row("TLS_EMPTY_RENEGOTIATION_INFO_SCSV", "5746 3.3", edit(CH, "cipher_suites[0]", append="00ff")),
    Row("change_cipher_spec before Finished", "8446 D.4", before(FIN, CCS)),
    Row("padding of a record", "8446 5.4", connected(record(23, "78", padding=1000))),
    *_DATA,
)
_CLIENT12 = (
    Row("HelloRequest in the handshake", "5246 7.4.1.1", before(SHD, handshake(H.HELLO_REQUEST, hashed=False))),
    Row("a warning", "5246 7.2", connected(record(21, "015a"))),
    *_DATA,
)
_SERVER12 = (
    *_hellos("5246 7.4.1.4"),
    Row("TLS_EMPTY_RENEGOTIATION_INFO_SCSV", "5746 3.3", edit(CH, "cipher_suites[0]", append="00ff")),
    Row("a higher version", "5246 E.1", edit(CH, "legacy_version", set="0304")),
    Row("a warning", "5246 7.2", connected(record(21, "015a"))),
    *_DATA,
)

GROUPS = (
    Group("what is odd", _13, "client", _CLIENT13),
    Group("what is odd", _13, "server", _SERVER13),
    Group("what is odd", _12, "client", _CLIENT12),
    Group("what is odd", _12, "server", _SERVER12),
)
