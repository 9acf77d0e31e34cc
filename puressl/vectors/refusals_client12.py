"""What a TLS 1.2 client refuses: the deviations of a server."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from puressl.codes import AlertDescription as A
from puressl.codes import ExtensionType as X
from puressl.codes import HandshakeType as H
from puressl.errors import Problem
from puressl.vectors.documents import Json
from puressl.vectors.refusals import (
    CCS,
    Group,
    Row,
    adding,
    before,
    connected,
    doubled,
    edit,
    handshake,
    instead,
    lacking,
    longer,
    record,
    shorter,
    splice,
)
from puressl.vectors.refusals_both12 import CONNECTED, FIN, FINISHED, contents, ffdhe2048

P = Problem
_12 = "tlsv1.2"
SH, CT, SKE, CR = "server_hello", "certificate", "server_key_exchange", "certificate_request"
SHD, NST, CHANGE = "server_hello_done", "new_session_ticket", "change_cipher_spec"
_H2: Mapping[str, Json] = {"alpn": ["h2"]}
_BOTH: Mapping[str, Json] = {
    "versions": ["tlsv1.3", "tlsv1.2"],
    "cipher_suites": ["tls_aes_128_gcm_sha256", "tls_ecdhe_ecdsa_with_chacha20_poly1305_sha256"],
}

_SERVER_HELLO = (
    Row("compression", "5246 7.4.1.3", edit(SH, "compression_method", set="01"), P.ILLEGAL_PARAMETER),
    Row("a suite that was not offered", "5246 7.4.1.3", edit(SH, "cipher_suite", set="002f"), P.ILLEGAL_PARAMETER),
    Row("a suite of TLS 1.3", "8446 4.1.3", edit(SH, "cipher_suite", set="1303"), P.ILLEGAL_PARAMETER),
    Row("an unknown suite", "5246 7.4.1.3", edit(SH, "cipher_suite", set="fefe"), P.ILLEGAL_PARAMETER),
    Row("a GREASE suite", "8701 4", edit(SH, "cipher_suite", set="1a1a"), P.ILLEGAL_PARAMETER),
    Row("TLS 1.1", "5246 E.1", edit(SH, "legacy_version", set="0302"), P.UNSUPPORTED_VERSION),
    Row("a version from nowhere", "5246 E.1", edit(SH, "legacy_version", set="0305"), P.UNSUPPORTED_VERSION),
    Row("a session id of 33 bytes", "5246 7.4.1.3", edit(SH, "session_id", set="21" + "00" * 33), P.MALFORMED_MESSAGE),
    Row("a byte after its end", "5246 7.4", longer(SH), P.TRAILING_BYTES),
    Row("its last byte missing", "5246 7.4", shorter(SH), P.MALFORMED_MESSAGE),
    Row("an extension twice", "5246 7.4.1.4", doubled(SH, "renegotiation_info"), P.DUPLICATE_EXTENSION),
    Row(
        "ALPN that was not offered",
        "5246 7.4.1.4",
        adding(SH, X.APPLICATION_LAYER_PROTOCOL_NEGOTIATION, "0003026832"),
        P.UNSOLICITED_EXTENSION,
    ),
    Row(
        "another protocol than offered",
        "7301 3.1",
        adding(SH, X.APPLICATION_LAYER_PROTOCOL_NEGOTIATION, "0003026833"),
        P.ILLEGAL_PARAMETER,
        client=_H2,
        server=_H2,
    ),
    Row("an unknown extension", "5246 7.4.1.4", adding(SH, 0x1234), P.UNSOLICITED_EXTENSION),
    Row("supported_groups", "8422 5.1", adding(SH, X.SUPPORTED_GROUPS, "0002001d"), P.MISPLACED_EXTENSION, accept=True),
    Row(
        "signature_algorithms", "5246 7.4.1.4.1", adding(SH, X.SIGNATURE_ALGORITHMS, "00020403"), P.MISPLACED_EXTENSION
    ),
    Row(
        "encrypt_then_mac and an AEAD",
        "7366 3",
        adding(SH, X.ENCRYPT_THEN_MAC),
        P.ILLEGAL_PARAMETER,
        (A.UNSUPPORTED_EXTENSION,),
        client={
            "cipher_suites": [
                "tls_ecdhe_ecdsa_with_chacha20_poly1305_sha256",
                "tls_ecdhe_ecdsa_with_aes_128_cbc_sha256",
            ]
        },
        accept=True,
    ),
    Row("a session_ticket that is not empty", "5077 3.2", adding(SH, X.SESSION_TICKET, "78"), P.ILLEGAL_PARAMETER),
    Row(
        "a renegotiation_info that is not empty",
        "5746 3.4",
        adding(SH, X.RENEGOTIATION_INFO, "18" + "00" * 24),
        P.INSECURE_RENEGOTIATION,
    ),
    Row(
        "a record_size_limit of 63",
        "8449 4",
        adding(SH, X.RECORD_SIZE_LIMIT, "003f"),
        P.ILLEGAL_PARAMETER,
        (A.UNSUPPORTED_EXTENSION,),
    ),
    Row(
        "ec_point_formats without uncompressed", "8422 5.2", adding(SH, X.EC_POINT_FORMATS, "0101"), P.ILLEGAL_PARAMETER
    ),
    Row(
        "the sentinel of TLS 1.2",
        "8446 4.1.3",
        edit(SH, "random", set="11" * 24 + "444f574e47524401"),
        P.DOWNGRADE_DETECTED,
        client=_BOTH,
    ),
    Row(
        "the sentinel of TLS 1.1",
        "8446 4.1.3",
        edit(SH, "random", set="11" * 24 + "444f574e47524400"),
        P.DOWNGRADE_DETECTED,
        client=_BOTH,
    ),
    Row(
        "the random of a HelloRetryRequest",
        "8446 4.1.4",
        edit(SH, "random", set="cf21ad74e59a6111be1d8c021e65b891c2a211167abb8c5e079e09e2c8a8339c"),
        P.ILLEGAL_PARAMETER,
        (A.UNEXPECTED_MESSAGE, A.MISSING_EXTENSION, A.PROTOCOL_VERSION, A.UNSUPPORTED_EXTENSION, A.DECRYPT_ERROR),
    ),
)
_CERTIFICATES = (
    Row(
        "no certificate",
        "5246 7.4.2",
        edit(CT, "certificates", set="000000"),
        P.MALFORMED_MESSAGE,
        (A.BAD_CERTIFICATE, A.HANDSHAKE_FAILURE),
    ),
    Row(
        "an empty certificate",
        "5246 7.4.2",
        edit(CT, "certificates[0].content", set=""),
        P.MALFORMED_MESSAGE,
        (A.BAD_CERTIFICATE,),
    ),
    Row(
        "what is no certificate",
        "5246 7.4.2",
        edit(CT, "certificates[0].content", set="3003020101"),
        P.CERTIFICATE_MALFORMED,
    ),
    Row("a byte after its end", "5246 7.4", longer(CT), P.TRAILING_BYTES),
    Row("a list longer than the message", "5246 7.4.2", splice(CT, 0, 3, "ffffff"), P.MALFORMED_MESSAGE),
)


def _points() -> Iterator[Row]:
    """RFC 8422 5.4, 5.11: what is well signed and no point."""
    for group, code in (("x25519", "001d"), ("secp256r1", "0017")):
        for name, point in (
            ("of one byte", "0100"),
            ("of zeros", "20" + "00" * 32),
            ("off the curve", "4104" + "00" * 64),
        ):
            body = "03" + code + point
            length = 2 + 1 + 32 if group == "x25519" else 2 + 1 + 65
            yield Row(
                f"a well signed point of {group} {name}",
                "8422 5.11",
                ({"splice": SKE, "at": 0, "remove": 1 + length, "insert": body, "resign": True},),
                P.BAD_KEY_SHARE,
                (A.DECRYPT_ERROR,),
                client={"groups": [group, "secp256r1"]} if group == "x25519" else {"groups": ["secp256r1"]},
                server={"groups": [group]},
            )


_KEY_EXCHANGE = (
    Row(
        "a well signed curve that was not offered",
        "8422 5.4",
        edit(SKE, "group", set="001e", resign=True),
        P.ILLEGAL_PARAMETER,
    ),
    Row(
        "a well signed group that is no curve",
        "8422 5.4",
        edit(SKE, "group", set="0100", resign=True),
        P.ILLEGAL_PARAMETER,
    ),
    Row("a well signed GREASE group", "8701 4", edit(SKE, "group", set="0a0a", resign=True), P.ILLEGAL_PARAMETER),
    Row("an explicit curve", "8422 5.4", splice(SKE, 0, 1, "01"), P.ILLEGAL_PARAMETER, (A.DECODE_ERROR,)),
    Row("an empty point", "8422 5.4", splice(SKE, 3, 33, "00"), P.MALFORMED_MESSAGE),
    Row("a flipped signature", "5246 7.4.3", edit(SKE, "signature.content", flip=-1), P.BAD_SIGNATURE),
    Row("no signature", "5246 7.4.3", edit(SKE, "signature.content", set=""), P.BAD_SIGNATURE),
    Row("a point changed after it was signed", "5246 7.4.3", edit(SKE, "point.content", flip=-1), P.BAD_SIGNATURE),
    Row(
        "a signature over other randoms",
        "5246 7.4.3",
        ({"sign": "ecdsa_secp256r1_sha256", "skip": 64},),
        P.BAD_SIGNATURE,
    ),
    Row(
        "another key's signature",
        "5246 7.4.3",
        ({"sign": "ecdsa_secp256r1_sha256", "key": "stranger"},),
        P.BAD_SIGNATURE,
    ),
    Row(
        "ecdsa_sha1 that was not offered",
        "5246 7.4.3",
        edit(SKE, "scheme", set="0203"),
        P.ILLEGAL_PARAMETER,
        (A.DECRYPT_ERROR,),
    ),
    Row("an unknown scheme", "5246 7.4.3", edit(SKE, "scheme", set="fefe"), P.ILLEGAL_PARAMETER, (A.DECRYPT_ERROR,)),
    Row(
        "a scheme that does not fit the key",
        "5246 7.4.3",
        edit(SKE, "scheme", set="0804"),
        P.ILLEGAL_PARAMETER,
        (A.DECRYPT_ERROR, A.BAD_CERTIFICATE),
    ),
    Row("a byte after its end", "5246 7.4", longer(SKE), P.TRAILING_BYTES),
    *_points(),
)
_DHE: Mapping[str, Json] = {"cipher_suites": ["tls_dhe_rsa_with_chacha20_poly1305_sha256"], "groups": ["ffdhe2048"]}


def _dhe(path: str, value: int, length: int = 256) -> tuple[Mapping[str, Json], ...]:
    return edit(SKE, f"{path}.content", set=value.to_bytes(length, "big").hex(), resign=True)


_FINITE_FIELD = (
    Row("a prime of 1024 bits", "7919 3.1", _dhe("p", (1 << 1024) - 105, 128), P.WEAK_KEY, (A.DECRYPT_ERROR,)),
    Row("an even prime", "7919 3.1", _dhe("p", ffdhe2048() - 1), P.ILLEGAL_PARAMETER, (A.INSUFFICIENT_SECURITY,)),
    Row("a generator of 1", "7919 3.1", _dhe("g", 1, 1), P.ILLEGAL_PARAMETER, (A.INSUFFICIENT_SECURITY,)),
    Row("a value of 0", "7919 5.1", _dhe("y", 0, 1), P.BAD_DH_VALUE),
    Row("a value of 1", "7919 5.1", _dhe("y", 1, 1), P.BAD_DH_VALUE),
    Row("a value of p - 1", "7919 5.1", _dhe("y", ffdhe2048() - 1), P.BAD_DH_VALUE),
    Row("a value of p", "7919 5.1", _dhe("y", ffdhe2048()), P.BAD_DH_VALUE),
    Row("a value longer than p", "7919 5.1", _dhe("y", ffdhe2048() + (1 << 2048), 257), P.BAD_DH_VALUE),
    Row("an empty prime", "5246 7.4.3", splice(SKE, 0, 258, "0000"), P.MALFORMED_MESSAGE),
    Row("a flipped signature", "5246 7.4.3", edit(SKE, "signature.content", flip=-1), P.BAD_SIGNATURE),
)
_REQUEST = handshake(H.CERTIFICATE_REQUEST, "0101" + "00020403" + "0000")
_TICKET = handshake(H.NEW_SESSION_TICKET, "0000003c" + "000174")
_ASK: Mapping[str, Json] = {"verify": "peer", "trust": "p256"}
_REQUESTS = (
    Row("no certificate types", "5246 7.4.4", edit(CR, "certificate_types", set="00"), P.MALFORMED_MESSAGE),
    Row("no schemes", "5246 7.4.4", edit(CR, "schemes", set="0000"), P.MALFORMED_MESSAGE),
    Row("half a scheme", "5246 7.4.4", edit(CR, "schemes", set="0003040304"), P.MALFORMED_MESSAGE),
    Row("an empty authority", "5246 7.4.4", edit(CR, "authorities", set="00020000"), P.MALFORMED_MESSAGE),
    Row("a byte after its end", "5246 7.4", longer(CR), P.TRAILING_BYTES),
)
_M = (A.BAD_RECORD_MAC, A.DECODE_ERROR)
_ORDER = (
    Row("no ServerKeyExchange", "5246 7.4.3", instead(SKE), P.UNEXPECTED_MESSAGE),
    Row("no Certificate", "5246 7.4.2", instead(CT), P.UNEXPECTED_MESSAGE),
    Row(
        "ServerHelloDone before ServerKeyExchange",
        "5246 7.3",
        before(SKE, handshake(H.SERVER_HELLO_DONE)),
        P.UNEXPECTED_MESSAGE,
    ),
    Row("CertificateRequest before ServerKeyExchange", "5246 7.3", before(SKE, _REQUEST), P.UNEXPECTED_MESSAGE),
    Row("two CertificateRequests", "5246 7.3", before(SHD, _REQUEST, _REQUEST), P.UNEXPECTED_MESSAGE),
    Row(
        "a CertificateStatus that was not asked for",
        "6066 8",
        before(SKE, handshake(H.CERTIFICATE_STATUS, "0100000100")),
        P.UNEXPECTED_MESSAGE,
    ),
    Row(
        "ServerHelloDone twice",
        "5246 7.3",
        before(SHD, handshake(H.SERVER_HELLO_DONE, hashed=False)),
        P.UNEXPECTED_MESSAGE,
    ),
    Row("ServerHelloDone with a body", "5246 7.4.5", longer(SHD), P.MESSAGE_TOO_LARGE, (A.DECODE_ERROR,)),
    Row("Certificate twice", "5246 7.3", before(SKE, handshake(H.CERTIFICATE, "00000400000100")), P.UNEXPECTED_MESSAGE),
    Row("a ticket before ServerHelloDone", "5077 3.3", before(SHD, _TICKET), P.UNEXPECTED_MESSAGE),
    Row("change_cipher_spec before Certificate", "5246 7.1", before(CT, CCS), P.UNEXPECTED_MESSAGE),
    Row("change_cipher_spec before ServerHelloDone", "5246 7.1", before(SHD, CCS), P.UNEXPECTED_MESSAGE),
    Row(
        "Finished before change_cipher_spec",
        "5246 7.4.9",
        before(CHANGE, handshake(H.FINISHED, "00" * 12)),
        P.UNEXPECTED_MESSAGE,
    ),
    Row("no ticket that was promised", "5077 3.3", instead(NST), P.UNEXPECTED_MESSAGE),
    Row("a ticket twice", "5077 3.3", before(NST, _TICKET), P.UNEXPECTED_MESSAGE),
    Row("a ticket with a byte after its end", "5077 3.3", longer(NST), P.TRAILING_BYTES),
    Row("no change_cipher_spec", "5246 7.1", instead(CHANGE), P.UNEXPECTED_MESSAGE, _M),
    Row("EncryptedExtensions", "5246 7.4", before(CT, handshake(H.ENCRYPTED_EXTENSIONS, "0000")), P.UNEXPECTED_MESSAGE),
    Row("an unknown handshake type", "5246 7.4", before(CT, handshake(0x63)), P.UNEXPECTED_MESSAGE),
    Row(
        "an empty handshake record",
        "5246 6.2.1",
        before(CT, record(22)),
        P.EMPTY_RECORD,
        (A.UNEXPECTED_MESSAGE,),
        accept=True,
    ),
    Row("data before Finished", "5246 7.3", before(FIN, record(23, "78")), P.UNEXPECTED_MESSAGE),
    Row(
        "an alert inside a message",
        "8446 5.1",
        before(CT, record(22, "0b00"), record(21, "015a")),
        P.INTERLEAVED_HANDSHAKE,
        (A.UNEXPECTED_MESSAGE,),
        accept=True,  # RFC 5246 6.2.1 does not forbid it
    ),
    *contents(FIN),
)
_AFTERWARDS = (
    *CONNECTED,
    Row(
        "HelloRequest again and again",
        "5246 7.2.2",
        connected(*[handshake(H.HELLO_REQUEST)] * 20),
        P.RENEGOTIATION_REFUSED,
        (A.HANDSHAKE_FAILURE, A.UNEXPECTED_MESSAGE),
        accept=True,
    ),
)
_RESUMED = (
    Row("another suite than the session's", "5246 7.4.1.3", edit(SH, "cipher_suite", set="cca8"), P.ILLEGAL_PARAMETER),
    Row(
        "no extended_master_secret where the session has it",
        "7627 5.3",
        lacking(SH, X.EXTENDED_MASTER_SECRET),
        P.EXTENDED_MASTER_SECRET_CHANGED,
        (A.HANDSHAKE_FAILURE,),
    ),
    Row("a Certificate", "5246 7.3", before(CHANGE, handshake(H.CERTIFICATE, "00000400000100")), P.UNEXPECTED_MESSAGE),
    Row("a flipped Finished", "5246 7.4.9", edit(FIN, "verify_data", flip=0), P.BAD_FINISHED),
)

GROUPS = (
    Group("a ServerHello", _12, "client", _SERVER_HELLO),
    Group("a Certificate message", _12, "client", _CERTIFICATES),
    Group("a ServerKeyExchange of ECDHE", _12, "client", _KEY_EXCHANGE),
    Group("a ServerKeyExchange of DHE", _12, "client", _FINITE_FIELD, _DHE, _DHE, kind="rsa"),
    Group("a CertificateRequest", _12, "client", _REQUESTS, server=_ASK),
    Group("a flight", _12, "client", _ORDER),
    Group("a Finished", _12, "client", FINISHED),
    Group("a complete connection", _12, "client", _AFTERWARDS),
    Group("a resumption", _12, "client", _RESUMED, resumes=True),
)
