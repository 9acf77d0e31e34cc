"""Which class of ``wire`` a handshake message is, where no state machine says it.

Theory of operation: the type of a message says what it is, save for those that TLS 1.2 has in another form and those
that a key exchange shapes. With the version and key exchange that a ServerHello chose there is one class; of a message
by itself there are several, to be tried.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from puressl.codes import HandshakeType, ProtocolVersion, name_of
from puressl.crypto.suites import KeyExchange
from puressl.errors import ProtocolError
from puressl.explain.fields import as_fields
from puressl.explain.model import Field
from puressl.wire import (
    Certificate,
    Certificate12,
    CertificateRequest,
    CertificateRequest12,
    CertificateStatus12,
    CertificateVerify,
    ClientHello,
    ClientKeyExchangeDHE,
    ClientKeyExchangeECDHE,
    ClientKeyExchangeRSA,
    EncryptedExtensions,
    EndOfEarlyData,
    Finished,
    HelloRequest,
    KeyUpdate,
    NewSessionTicket,
    NewSessionTicket12,
    ServerHello,
    ServerHelloDone,
    ServerKeyExchangeDHE,
    ServerKeyExchangeECDHE,
)
from puressl.wire.fields import Fault
from puressl.wire.hello import HandshakeMessage
from puressl.wire.messages import decode_handshake_partly

TLS12, TLS13 = ProtocolVersion.TLSv1_2, ProtocolVersion.TLSv1_3


@dataclass(frozen=True, slots=True)
class Kind:
    """version, exchange: where the class is used; None for anywhere."""

    cls: type[HandshakeMessage]
    version: ProtocolVersion | None = None
    exchange: KeyExchange | None = None

    def fits(self, version: int | None, exchange: KeyExchange | None) -> bool:
        """Whether it can be, by what is known: None for what is not."""
        return (None in (self.version, version) or self.version == version) and (
            None in (self.exchange, exchange) or self.exchange is exchange
        )


#: In the order in which they are tried.
KINDS = (
    Kind(ClientHello),
    Kind(ServerHello),
    Kind(CertificateVerify),
    Kind(Finished),
    Kind(EncryptedExtensions, TLS13),
    Kind(Certificate, TLS13),
    Kind(CertificateRequest, TLS13),
    Kind(NewSessionTicket, TLS13),
    Kind(KeyUpdate, TLS13),
    Kind(EndOfEarlyData, TLS13),
    Kind(HelloRequest, TLS12),
    Kind(Certificate12, TLS12),
    Kind(CertificateRequest12, TLS12),
    Kind(CertificateStatus12, TLS12),
    Kind(ServerHelloDone, TLS12),
    Kind(NewSessionTicket12, TLS12),
    Kind(ServerKeyExchangeECDHE, TLS12, KeyExchange.ECDHE),
    Kind(ServerKeyExchangeDHE, TLS12, KeyExchange.DHE),
    Kind(ClientKeyExchangeECDHE, TLS12, KeyExchange.ECDHE),
    Kind(ClientKeyExchangeDHE, TLS12, KeyExchange.DHE),
    Kind(ClientKeyExchangeRSA, TLS12, KeyExchange.RSA),
)
_BY_TYPE: Mapping[int, tuple[Kind, ...]] = {
    each: tuple(kind for kind in KINDS if kind.cls.handshake_type is each) for each in HandshakeType
}


def candidates(
    handshake_type: int, version: int | None = None, exchange: KeyExchange | None = None
) -> tuple[type[HandshakeMessage], ...]:
    """The classes that a message of a type may be. version, exchange: None for what is not known."""
    return tuple(kind.cls for kind in _BY_TYPE.get(handshake_type, ()) if kind.fits(version, exchange))


@dataclass(frozen=True, slots=True)
class Decoded:
    """A message, or as much of it as could be decoded.

    message: None if it is malformed. fields: of all its bytes; empty where there is no header. fault: what is
    wrong, with the field's path. at: the byte of the message where it is. others: names of further classes that it
    could be as well.
    """

    message: HandshakeMessage | None
    fields: tuple[Field, ...]
    fault: str = ""
    at: int = 0
    others: tuple[str, ...] = ()


def decode_message(raw: bytes, version: int | None = None, exchange: KeyExchange | None = None) -> Decoded:
    """What a handshake message is, header included, by trying all it may be.

    Of several that decode the first is taken; where none does, the one that goes farthest.
    """
    classes = candidates(raw[0], version, exchange)
    if not classes:
        return Decoded(None, (), f"{name_of(HandshakeType, raw[0])} is not explained for this version and suite")
    tried = [_decode(cls, raw) for cls in classes]
    whole = [each for each in tried if each.message is not None]
    if not whole:
        return max(tried, key=lambda each: each.at)
    return replace(whole[0], others=tuple(type(each.message).__name__ for each in whole[1:]))


def _decode(cls: type[HandshakeMessage], raw: bytes) -> Decoded:
    try:
        message, spans = decode_handshake_partly(cls, raw)
    except ProtocolError as error:
        return Decoded(None, (), error.detail or str(error), len(raw))
    if isinstance(message, Fault):
        reached = next((span.start for span in spans if span.path.endswith(".undecoded")), len(raw))
        at = reached if message.at is None else message.at
        text = f"{message.problem.value}: {cls.__name__}{message.path}: {message.text}"
        return Decoded(None, as_fields(spans), text, at)
    return Decoded(message, as_fields(spans))
