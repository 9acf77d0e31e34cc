"""The bounds of every field of every body and message, in both directions, and the spans of every sample."""

from __future__ import annotations

from typing import Any

import pytest

from puressl import wire
from puressl.codes import AlertDescription
from puressl.errors import ProtocolError, Reason, SSLError
from puressl.wire import Extensions

DECODE_ERROR = AlertDescription.DECODE_ERROR
ILLEGAL_PARAMETER = AlertDescription.ILLEGAL_PARAMETER
RANDOM = bytes(32).hex()
HELLO = "0303" + RANDOM


@pytest.mark.parametrize(
    ("cls", "text", "alert"),
    [
        # RFC 6066 3
        (wire.ServerNameOffer, "", DECODE_ERROR),
        (wire.ServerNameOffer, "0000", DECODE_ERROR),
        (wire.ServerNameOffer, "0003 00 0000", DECODE_ERROR),
        (wire.ServerNameOffer, "0004 01 0001 61", ILLEGAL_PARAMETER),
        (wire.ServerNameOffer, "0008 00 0001 61 00 0001 62", ILLEGAL_PARAMETER),
        (wire.ServerNameOffer, "0004 00 0001 00", ILLEGAL_PARAMETER),
        (wire.ServerNameOffer, "0004 00 0001 20", ILLEGAL_PARAMETER),
        (wire.ServerNameOffer, "0004 00 0001 e4", ILLEGAL_PARAMETER),
        (wire.ServerNameOffer, "0103 00 0100" + "61" * 256, ILLEGAL_PARAMETER),
        # RFC 6066 4
        (wire.MaxFragmentLength, "", DECODE_ERROR),
        (wire.MaxFragmentLength, "00", ILLEGAL_PARAMETER),
        (wire.MaxFragmentLength, "05", ILLEGAL_PARAMETER),
        # RFC 6066 8
        (wire.StatusRequest, "", DECODE_ERROR),
        (wire.StatusRequest, "01", DECODE_ERROR),
        (wire.StatusRequest, "01 0000", DECODE_ERROR),
        (wire.CertificateStatusEntry, "01 000000", DECODE_ERROR),
        # RFC 8446 4.2.7, 4.2.3
        (wire.SupportedGroups, "", DECODE_ERROR),
        (wire.SupportedGroups, "0000", DECODE_ERROR),
        (wire.SupportedGroups, "0003 001d00", DECODE_ERROR),
        (wire.SignatureAlgorithms, "0000", DECODE_ERROR),
        (wire.SignatureAlgorithms, "0001 04", DECODE_ERROR),
        (wire.SignatureAlgorithmsCert, "0000", DECODE_ERROR),
        (wire.ECPointFormats, "00", DECODE_ERROR),
        # RFC 7301 3.1
        (wire.ApplicationProtocols, "", DECODE_ERROR),
        (wire.ApplicationProtocols, "0000", DECODE_ERROR),
        (wire.ApplicationProtocols, "0001 00", DECODE_ERROR),
        (wire.ApplicationProtocols, "0003 01 61 00", DECODE_ERROR),
        (wire.ApplicationProtocols, "0002 02 61", DECODE_ERROR),
        # RFC 8446 4.2.1
        (wire.SupportedVersionsOffer, "00", DECODE_ERROR),
        (wire.SupportedVersionsOffer, "03 030403", DECODE_ERROR),
        (wire.SupportedVersionsOffer, "ff" + "03" * 255, DECODE_ERROR),
        (wire.SelectedVersion, "03", DECODE_ERROR),
        # RFC 8446 4.2.8
        (wire.KeyShareOffer, "", DECODE_ERROR),
        (wire.KeyShareOffer, "0004 001d 0000", DECODE_ERROR),
        (wire.KeyShareOffer, "000a 001d 0001 00 001d 0001 00", ILLEGAL_PARAMETER),
        (wire.KeyShareServer, "", DECODE_ERROR),
        (wire.KeyShareServer, "001d 0000", DECODE_ERROR),
        (wire.KeyShareRetry, "", DECODE_ERROR),
        # RFC 8446 4.2.11
        (wire.PreSharedKeyOffer, "", DECODE_ERROR),
        (wire.PreSharedKeyOffer, "0000 0021 20" + RANDOM, DECODE_ERROR),
        (wire.PreSharedKeyOffer, "0006 0000 00000000 0021 20" + RANDOM, DECODE_ERROR),
        (wire.PreSharedKeyOffer, "0007 0001 61 00000000 0020 1f" + "00" * 31, DECODE_ERROR),
        (wire.PreSharedKeyOffer, "0007 0001 61 00000000 0022 1f" + "00" * 33, DECODE_ERROR),
        (wire.PreSharedKeyOffer, "0007 0001 61 00000000 0000", DECODE_ERROR),
        (wire.PreSharedKeyOffer, "0007 0001 61 00000000 0042" + ("20" + RANDOM) * 2, ILLEGAL_PARAMETER),
        (wire.PreSharedKeySelected, "00", DECODE_ERROR),
        # RFC 8446 4.2.2, 4.2.9, 4.2.10, 4.2.4, 4.2.5
        (wire.Cookie, "", DECODE_ERROR),
        (wire.Cookie, "0000", DECODE_ERROR),
        (wire.PskKeyExchangeModes, "00", DECODE_ERROR),
        (wire.EarlyData, "00", DECODE_ERROR),
        (wire.EarlyDataLimit, "000000", DECODE_ERROR),
        (wire.CertificateAuthorities, "0000", DECODE_ERROR),
        (wire.CertificateAuthorities, "0002 0000", DECODE_ERROR),
        (wire.OidFilters, "0003 00 0000", DECODE_ERROR),
        (wire.PostHandshakeAuth, "00", DECODE_ERROR),
        # RFC 8449 4, RFC 7685 3, RFC 8879 3
        (wire.RecordSizeLimit, "", DECODE_ERROR),
        (wire.RecordSizeLimit, "003f", ILLEGAL_PARAMETER),
        (wire.Padding, "000100", ILLEGAL_PARAMETER),
        (wire.CompressCertificate, "00", DECODE_ERROR),
        (wire.CompressCertificate, "01 00", DECODE_ERROR),
        # RFC 7627, 7366, 5746, 6962
        (wire.ExtendedMasterSecret, "00", DECODE_ERROR),
        (wire.EncryptThenMac, "00", DECODE_ERROR),
        (wire.RenegotiationInfo, "", DECODE_ERROR),
        (wire.SignedCertificateTimestamps, "0000", DECODE_ERROR),
        (wire.SignedCertificateTimestamps, "0002 0000", DECODE_ERROR),
        # Messages: RFC 8446 4.1.2, 4.1.3, 4.3.2, 4.4.2, 4.6.1
        (wire.ClientHello, HELLO + "21" + "00" * 33 + "0002 1301 01 00", DECODE_ERROR),
        (wire.ClientHello, HELLO + "00 0000 01 00", DECODE_ERROR),
        (wire.ClientHello, HELLO + "00 0003 130113 01 00", DECODE_ERROR),
        (wire.ClientHello, HELLO + "00 0002 1301 00", DECODE_ERROR),
        (wire.ClientHello, HELLO + "00 0002 1301 01 00 00", DECODE_ERROR),
        (wire.ServerHello, HELLO + "21" + "00" * 33 + "1301 00", DECODE_ERROR),
        (wire.ServerHello, HELLO + "00 1301 00 0000 00", DECODE_ERROR),
        (wire.ServerHello, HELLO + "00 1301 00 00", DECODE_ERROR),
        (wire.EncryptedExtensions, "", DECODE_ERROR),
        (wire.CertificateRequest, "00", DECODE_ERROR),
        (wire.CertificateRequest, "00 0000", DECODE_ERROR),
        (wire.Certificate, "", DECODE_ERROR),
        (wire.Certificate, "00 000005 000000 0000", DECODE_ERROR),
        (wire.Certificate, "00 000004 000001 30", DECODE_ERROR),
        (wire.CertificateVerify, "0403", DECODE_ERROR),
        (wire.NewSessionTicket, "00000000 00000000 00 0000 0000", DECODE_ERROR),
        (wire.NewSessionTicket, "00000000 00000000 00 0001 00", DECODE_ERROR),
        # RFC 5246 7.4, RFC 8422 5, RFC 6066 8
        (wire.Certificate12, "000003 000000", DECODE_ERROR),
        (wire.CertificateRequest12, "00 0002 0401 0000", DECODE_ERROR),
        (wire.CertificateRequest12, "01 01 0000 0000", DECODE_ERROR),
        (wire.CertificateRequest12, "01 01 0002 0401 0002 0000", DECODE_ERROR),
        (wire.ServerKeyExchangeECDHE, "03 001d 00 0403 0000", DECODE_ERROR),
        (wire.ServerKeyExchangeDHE, "0000 0001 02 0001 03 0403 0000", DECODE_ERROR),
        (wire.ClientKeyExchangeDHE, "0000", DECODE_ERROR),
        (wire.ClientKeyExchangeECDHE, "00", DECODE_ERROR),
        (wire.CertificateStatus12, "01 000000", DECODE_ERROR),
        (wire.ServerHelloDone, "00", DECODE_ERROR),
        (wire.HelloRequest, "00", DECODE_ERROR),
        (wire.EndOfEarlyData, "00", DECODE_ERROR),
        (wire.Alert, "02", DECODE_ERROR),
        (wire.ChangeCipherSpec, "", DECODE_ERROR),
        (wire.ChangeCipherSpec, "02", ILLEGAL_PARAMETER),
    ],
)
def test_value_out_of_bounds_is_refused(cls: type[wire.Structure], text: str, alert: AlertDescription) -> None:
    with pytest.raises(ProtocolError) as caught:
        wire.decode(cls, bytes.fromhex(text))
    assert caught.value.alert is alert
    assert cls.__name__ in str(caught.value)


def hello(**changes: Any) -> wire.ClientHello:
    fields: dict[str, Any] = {
        "legacy_version": 0x0303,
        "random": bytes(32),
        "session_id": b"",
        "cipher_suites": (0x1301,),
        "compression_methods": b"\0",
        "extensions": Extensions(),
    }
    return wire.ClientHello(**{**fields, **changes})


@pytest.mark.parametrize(
    "value",
    [
        hello(legacy_version=-1),
        hello(legacy_version=0x10000),
        hello(random=bytes(31)),
        hello(session_id=bytes(33)),
        hello(cipher_suites=()),
        hello(cipher_suites=(0x10000,)),
        hello(cipher_suites=(1, -1)),
        hello(cipher_suites=(1,) * 0x8000),
        hello(compression_methods=b""),
        hello(compression_methods=bytes(256)),
        wire.ServerNameOffer(""),
        wire.ServerNameOffer("x" * 256),
        wire.ServerNameOffer("bücher.example"),
        wire.ServerNameOffer("\udc80"),
        wire.ServerNameOffer("a b"),
        wire.MaxFragmentLength(0),
        wire.SupportedGroups(()),
        wire.SignatureAlgorithms(()),
        wire.ApplicationProtocols(()),
        wire.ApplicationProtocols((b"",)),
        wire.ApplicationProtocols((bytes(256),)),
        wire.SupportedVersionsOffer((0x0304,) * 128),
        wire.KeyShareOffer((wire.KeyShareEntry(29, b""),)),
        wire.KeyShareOffer((wire.KeyShareEntry(29, b"a"), wire.KeyShareEntry(29, b"b"))),
        wire.PreSharedKeyOffer((wire.PskIdentity(b"", 0),), (bytes(32),)),
        wire.PreSharedKeyOffer((wire.PskIdentity(b"t", 1 << 32),), (bytes(32),)),
        wire.PreSharedKeyOffer((wire.PskIdentity(b"t", 0),), (bytes(31),)),
        wire.PreSharedKeyOffer((wire.PskIdentity(b"t", 0),), ()),
        wire.Cookie(b""),
        wire.Cookie(bytes(0x10000)),
        wire.RecordSizeLimit(63),
        wire.Padding(0x10000),
        wire.Finished(b""),
        wire.Finished(bytes(65)),
        wire.KeyUpdate(2),
        wire.Certificate(b"", (wire.CertificateEntry(b""),)),
        wire.CertificateRequest(b"", Extensions()),
        wire.NewSessionTicket(1 << 32, 0, b"", b"t"),
        wire.NewSessionTicket(0, 0, bytes(256), b"t"),
        wire.NewSessionTicket(0, 0, b"", b""),
        wire.Certificate12((b"",)),
        wire.Alert(256, 0),
    ],
    ids=lambda value: type(value).__name__,
)
def test_value_out_of_bounds_is_not_written(value: wire.Structure) -> None:
    with pytest.raises(SSLError) as caught:
        wire.encode(value)
    assert caught.value.reason is Reason.EINVAL
    assert not isinstance(caught.value, ProtocolError)
    assert type(value).__name__ in str(caught.value)


@pytest.mark.parametrize("name", ["127.0.0.1", "::1", "a.example.", "xn--bcher-kva.example", "_dmarc.example", "A-1"])
def test_odd_host_names_that_clients_send_are_read(name: str) -> None:
    offer = wire.ServerNameOffer(name)
    assert wire.decode(wire.ServerNameOffer, wire.encode(offer)) == offer


def test_status_request_of_unknown_type_keeps_its_bytes() -> None:
    request = wire.decode(wire.StatusRequest, b"\x02anything")
    assert (request.status_type, request.responder_ids, request.extensions) == (2, b"anything", b"")
    assert wire.encode(request) == b"\x02anything"
