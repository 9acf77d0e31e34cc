"""ClientHello, ServerHello, HelloRetryRequest and EncryptedExtensions (RFC 8446 4.1 and 4.3.1, RFC 5246 7.4.1).

Theory of operation: one class serves ServerHello in every version and HelloRetryRequest, since the wire does not tell
them apart by type. What its extensions may be is chosen by the special random of HelloRetryRequest, else by whether
supported_versions is among them, which only a TLS 1.3 server sends (RFC 8446 4.1.3, 4.2.1).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from puressl.codes import CipherSuite, CompressionMethod, ExtensionType, HandshakeType, ProtocolVersion
from puressl.wire.bodies import PreSharedKeyOffer, SelectedVersion
from puressl.wire.codec import Structure, row, struct
from puressl.wire.extensions import Context, ExtensionBlock, Extensions, has_extension
from puressl.wire.fields import Chosen, Codec, Fixed, Opaque, OrAbsent, UintVector, uint8, uint16
from puressl.wire.spans import Recorder

#: The random of a HelloRetryRequest: SHA-256 of "HelloRetryRequest" (RFC 8446 4.1.3).
HELLO_RETRY_RANDOM = bytes.fromhex("CF21AD74E59A6111BE1D8C021E65B891C2A211167ABB8C5E079E09E2C8A8339C")

#: The last 8 bytes of a server's random that could have done TLS 1.3 but negotiates TLS 1.2 (RFC 8446 4.1.3).
DOWNGRADE_TLS12 = b"DOWNGRD\x01"

#: The same for TLS 1.1 and below (RFC 8446 4.1.3).
DOWNGRADE_TLS11 = b"DOWNGRD\x00"


class HandshakeMessage(Structure):
    """The base of every handshake message. handshake_type: its code point."""

    __slots__ = ()
    handshake_type: ClassVar[HandshakeType]


@struct("the client's offer", "RFC 8446 4.1.2")
class ClientHello(HandshakeMessage):
    """ClientHello. random: 32 bytes. compression_methods: not empty; TLS 1.3 demands that it is the one null method."""

    handshake_type: ClassVar[HandshakeType] = HandshakeType.CLIENT_HELLO
    legacy_version: int = row(
        uint16(ProtocolVersion), "the highest version before TLS 1.3 that the client offers", "RFC 8446 4.1.2"
    )
    random: bytes = row(Fixed(32), "32 random bytes", "RFC 8446 4.1.2")
    session_id: bytes = row(Opaque(1, 0, 32), "a session to resume, or a value to echo", "RFC 8446 4.1.2")
    cipher_suites: tuple[int, ...] = row(
        UintVector(2, 2, 2, 0xFFFE, "a cipher suite", CipherSuite),
        "cipher suites, most preferred first",
        "RFC 8446 4.1.2",
    )
    compression_methods: bytes = row(
        Opaque(1, 1, 255, "compression methods, one byte each"), "compression methods", "RFC 8446 4.1.2"
    )
    extensions: Extensions = row(
        OrAbsent(ExtensionBlock(Context.CLIENT_HELLO), Extensions()), "extensions", "RFC 8446 4.1.2"
    )


class _ServerHelloBlock(Codec[Extensions]):
    """The extensions of a ServerHello that is no HelloRetryRequest: those of TLS 1.3 if supported_versions is there."""

    __slots__ = ()

    def __init__(self) -> None:
        super().__init__("Extension", "<0..2^16-1>")

    def decode(self, data: bytes, at: int, end: int, recorder: Recorder | None) -> tuple[Extensions, int]:
        is_13 = has_extension(data, at, end, ExtensionType.SUPPORTED_VERSIONS)
        return (_BLOCK_13 if is_13 else _BLOCK_12).decode(data, at, end, recorder)

    def encode(self, value: Extensions, out: bytearray) -> None:
        (_BLOCK_13 if ExtensionType.SUPPORTED_VERSIONS in value else _BLOCK_12).encode(value, out)


_BLOCK_13 = ExtensionBlock(Context.SERVER_HELLO)
_BLOCK_12 = ExtensionBlock(Context.SERVER_HELLO_12)
_RETRY_BLOCK = OrAbsent(ExtensionBlock(Context.HELLO_RETRY_REQUEST), Extensions())
_HELLO_BLOCK = OrAbsent(_ServerHelloBlock(), Extensions())


def _server_hello_block(values: Sequence[Any]) -> Codec[Extensions]:
    return _RETRY_BLOCK if values[1] == HELLO_RETRY_RANDOM else _HELLO_BLOCK


@struct("the server's choice", "RFC 8446 4.1.3")
class ServerHello(HandshakeMessage):
    """ServerHello of TLS 1.2 and 1.3, and HelloRetryRequest."""

    handshake_type: ClassVar[HandshakeType] = HandshakeType.SERVER_HELLO
    legacy_version: int = row(uint16(ProtocolVersion), "the version, if it is below TLS 1.3", "RFC 8446 4.1.3")
    random: bytes = row(
        Fixed(32),
        "32 random bytes, or the sign of a HelloRetryRequest, or ending in that of a downgrade",
        "RFC 8446 4.1.3",
    )
    session_id: bytes = row(Opaque(1, 0, 32), "the session, or the client's value echoed", "RFC 8446 4.1.3")
    cipher_suite: int = row(uint16(CipherSuite), "the cipher suite chosen", "RFC 8446 4.1.3")
    compression_method: int = row(uint8(CompressionMethod), "the compression method chosen", "RFC 8446 4.1.3")
    extensions: Extensions = row(
        Chosen("Extension", "<0..2^16-1> or absent", _server_hello_block), "extensions", "RFC 8446 4.1.3"
    )

    @property
    def is_retry(self) -> bool:
        """Whether this is a HelloRetryRequest (RFC 8446 4.1.3)."""
        return self.random == HELLO_RETRY_RANDOM

    @property
    def selected_version(self) -> int:
        """The version in supported_versions, else legacy_version (RFC 8446 4.2.1)."""
        selected = self.extensions.get(SelectedVersion)
        return self.legacy_version if selected is None else selected.version


@struct("the server's answers that need no certificate", "RFC 8446 4.3.1")
class EncryptedExtensions(HandshakeMessage):
    handshake_type: ClassVar[HandshakeType] = HandshakeType.ENCRYPTED_EXTENSIONS
    extensions: Extensions = row(ExtensionBlock(Context.ENCRYPTED_EXTENSIONS), "extensions", "RFC 8446 4.3.1")


def binders_length(hello: ClientHello) -> int:
    """How many bytes at the end of an encoded ClientHello are its binders, with the 2 bytes of their length.

    A binder is computed over the message without them (RFC 8446 4.2.11.2). 0 where there is no pre_shared_key.
    """
    offer = hello.extensions.get(PreSharedKeyOffer)
    return 0 if offer is None else 2 + sum(1 + len(binder) for binder in offer.binders)
