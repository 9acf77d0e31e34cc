"""ClientHello, ServerHello, HelloRetryRequest and EncryptedExtensions (RFC 8446 4.1, 4.3.1; RFC 5246 7.4.1)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from puressl.codes import CipherSuite, ExtensionType, HandshakeType, ProtocolVersion
from puressl.wire.codec import Structure, row, struct
from puressl.wire.extensions import Context, ExtensionBlock, Extensions, PreSharedKeyOffer, SelectedVersion
from puressl.wire.fields import Chosen, Codec, Fixed, Opaque, OrAbsent, UintVector, uint8, uint16
from puressl.wire.spans import Recorder

#: RFC 8446 4.1.3: a ServerHello with this random is a HelloRetryRequest.
HELLO_RETRY_RANDOM = bytes.fromhex("cf21ad74e59a6111be1d8c021e65b891c2a211167abb8c5e079e09e2c8a8339c")
#: RFC 8446 4.1.3: the last eight bytes of the random of a server that could have spoken a higher version.
DOWNGRADE_TLS12 = b"DOWNGRD\x01"
DOWNGRADE_TLS11 = b"DOWNGRD\x00"


def _psk_is_last(hello: Any) -> str | None:
    types = hello.extensions.types()
    psk = int(ExtensionType.PRE_SHARED_KEY)
    return "pre_shared_key is not the last extension (RFC 8446 4.2.11)" if psk in types[:-1] else None


@struct("The client's offer", "RFC 8446 4.1.2", check=_psk_is_last)
class ClientHello(Structure):
    handshake_type: ClassVar[HandshakeType] = HandshakeType.CLIENT_HELLO
    legacy_version: int = row(uint16(ProtocolVersion), "0x0303, whatever is spoken", "RFC 8446 4.1.2")
    random: bytes = row(Fixed(32), "the client's random", "RFC 8446 4.1.2")
    session_id: bytes = row(Opaque(1, 0, 32, "the identifier"), "a TLS 1.2 session, or filling", "RFC 8446 4.1.2")
    cipher_suites: tuple[int, ...] = row(
        UintVector(2, 2, 2, 65534, "a suite", CipherSuite), "the suites, in order of preference", "RFC 8446 4.1.2"
    )
    compression_methods: bytes = row(Opaque(1, 1, 255, "the methods"), "one zero byte", "RFC 8446 4.1.2")
    extensions: Extensions = row(
        OrAbsent(ExtensionBlock(Context.CLIENT_HELLO), Extensions()), "the extensions", "RFC 8446 4.2"
    )


class _ServerExtensions(Codec[Extensions]):
    """A block whose context depends on what it holds: with supported_versions it is TLS 1.3's (RFC 8446 4.1.3)."""

    __slots__ = ()

    def __init__(self) -> None:
        super().__init__("Extension", "<0..2^16-1> or absent")

    def decode(self, data: bytes, at: int, end: int, recorder: Recorder | None) -> tuple[Extensions, int]:
        is_13 = int(ExtensionType.SUPPORTED_VERSIONS) in _types_in(data, at + 2, end)
        return (_BLOCK_13 if is_13 else _BLOCK_12).decode(data, at, end, recorder)

    def encode(self, value: Extensions, out: bytearray) -> None:
        _BLOCK_12.encode(value, out)


def _types_in(data: bytes, at: int, end: int) -> list[int]:
    """The extension types of a block, as far as it is well-formed."""
    types = []
    while at + 4 <= end:
        types.append(int.from_bytes(data[at : at + 2], "big"))
        at += 4 + int.from_bytes(data[at + 2 : at + 4], "big")
    return types


_BLOCK_12 = OrAbsent(ExtensionBlock(Context.SERVER_HELLO_12), Extensions())
_BLOCK_13 = OrAbsent(ExtensionBlock(Context.SERVER_HELLO), Extensions())
_BLOCK_RETRY = OrAbsent(ExtensionBlock(Context.HELLO_RETRY_REQUEST), Extensions())
_BLOCK_SERVER = _ServerExtensions()


def _block_of_server_hello(values: Sequence[Any]) -> Codec[Any]:
    return _BLOCK_RETRY if values[1] == HELLO_RETRY_RANDOM else _BLOCK_SERVER


@struct("The server's choice, or its wish for another ClientHello", "RFC 8446 4.1.3")
class ServerHello(Structure):
    handshake_type: ClassVar[HandshakeType] = HandshakeType.SERVER_HELLO
    legacy_version: int = row(uint16(ProtocolVersion), "TLS 1.2's version, or 0x0303", "RFC 8446 4.1.3")
    random: bytes = row(Fixed(32), "the server's random; a fixed one is HelloRetryRequest", "RFC 8446 4.1.3")
    session_id: bytes = row(Opaque(1, 0, 32, "the identifier"), "TLS 1.2's session, or the client's", "RFC 8446 4.1.3")
    cipher_suite: int = row(uint16(CipherSuite), "the suite", "RFC 8446 4.1.3")
    compression_method: int = row(uint8(), "zero", "RFC 8446 4.1.3")
    extensions: Extensions = row(
        Chosen("Extension", "<0..2^16-1> or absent", _block_of_server_hello), "the extensions", "RFC 8446 4.2"
    )

    @property
    def is_retry(self) -> bool:
        """Whether this is a HelloRetryRequest (RFC 8446 4.1.3)."""
        return self.random == HELLO_RETRY_RANDOM

    @property
    def selected_version(self) -> int:
        """supported_versions' choice, else legacy_version (RFC 8446 4.2.1)."""
        selected = self.extensions.get(SelectedVersion)
        return self.legacy_version if selected is None else selected.version


@struct("What the server answers under encryption", "RFC 8446 4.3.1")
class EncryptedExtensions(Structure):
    handshake_type: ClassVar[HandshakeType] = HandshakeType.ENCRYPTED_EXTENSIONS
    extensions: Extensions = row(ExtensionBlock(Context.ENCRYPTED_EXTENSIONS), "the extensions", "RFC 8446 4.3.1")


def binders_length(hello: ClientHello) -> int:
    """Bytes of the binders at the end of an encoded ClientHello, with their length: what a binder leaves out of its
    hash (RFC 8446 4.2.11.2). 0 without pre_shared_key.
    """
    psk = hello.extensions.get(PreSharedKeyOffer)
    return 0 if psk is None else 2 + sum(1 + len(binder) for binder in psk.binders)
