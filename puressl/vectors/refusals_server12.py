"""What a TLS 1.2 server refuses: the deviations of a client."""

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
    doubled,
    edit,
    handshake,
    instead,
    lacking,
    longer,
    record,
    shorter,
)
from puressl.vectors.refusals_both12 import CONNECTED, FIN, FINISHED, contents

P = Problem
_12 = "tlsv1.2"
CH, CT, CKE, CV = "client_hello", "certificate", "client_key_exchange", "certificate_verify"
CHANGE = "change_cipher_spec"

_CLIENT_HELLO = (
    Row("TLS 1.1", "5246 E.1", edit(CH, "legacy_version", set="0302"), P.UNSUPPORTED_VERSION),
    Row("SSL 3.0", "7568 3", edit(CH, "legacy_version", set="0300"), P.UNSUPPORTED_VERSION),
    Row("no compression method", "5246 7.4.1.2", edit(CH, "compression_methods.content", set=""), P.MALFORMED_MESSAGE),
    Row("deflate alone", "5246 7.4.1.2", edit(CH, "compression_methods.content", set="01"), P.ILLEGAL_PARAMETER),
    Row(
        "no suites", "5246 7.4.1.2", edit(CH, "cipher_suites", set="0000"), P.MALFORMED_MESSAGE, (A.HANDSHAKE_FAILURE,)
    ),
    Row("half a suite", "5246 7.4.1.2", edit(CH, "cipher_suites", set="0003cca9cc"), P.MALFORMED_MESSAGE),
    Row(
        "no suite that is known",
        "5246 7.4.1.3",
        edit(CH, "cipher_suites", set="00041a1a00ff"),
        P.NO_COMMON_CIPHER_SUITE,
    ),
    Row("no curve that is known", "8422 5.1", adding(CH, X.SUPPORTED_GROUPS, "00040a0a0013"), P.NO_COMMON_CIPHER_SUITE),
    Row(
        "ec_point_formats without uncompressed",
        "8422 5.1.2",
        adding(CH, X.EC_POINT_FORMATS, "0101"),
        P.ILLEGAL_PARAMETER,
    ),
    Row(
        "no finite field that is known",
        "7919 4",
        adding(CH, X.SUPPORTED_GROUPS, "00020104"),
        P.NO_COMMON_FINITE_FIELD,
        (A.HANDSHAKE_FAILURE,),
        client={"cipher_suites": ["tls_dhe_rsa_with_aes_128_gcm_sha256"]},
        server={"cipher_suites": ["tls_dhe_rsa_with_aes_128_gcm_sha256"], "groups": ["ffdhe2048"]},
        kind="rsa",
        accept=True,
    ),
    Row(
        "no scheme that is known",
        "5246 7.4.1.4.1",
        adding(CH, X.SIGNATURE_ALGORITHMS, "00027a7a"),
        P.NO_COMMON_SIGNATURE_SCHEME,
        (A.INSUFFICIENT_SECURITY, A.ILLEGAL_PARAMETER),
    ),
    Row("no ec_point_format", "8422 5.1.2", adding(CH, X.EC_POINT_FORMATS, "00"), P.MALFORMED_MESSAGE),
    Row(
        "a record_size_limit of 63", "8449 4", adding(CH, X.RECORD_SIZE_LIMIT, "003f"), P.ILLEGAL_PARAMETER, accept=True
    ),
    Row(
        "a renegotiation_info that is not empty",
        "5746 3.6",
        adding(CH, X.RENEGOTIATION_INFO, "0c" + "00" * 12),
        P.INSECURE_RENEGOTIATION,
    ),
    Row("a byte after its end", "5246 7.4", longer(CH), P.TRAILING_BYTES),
    Row("its last byte missing", "5246 7.4", shorter(CH), P.MALFORMED_MESSAGE),
    Row("an extension twice", "5246 7.4.1.4", doubled(CH, "supported_groups"), P.DUPLICATE_EXTENSION),
    Row("an empty list of names", "6066 3", adding(CH, X.SERVER_NAME, "0000"), P.MALFORMED_MESSAGE),
    Row("no signature scheme", "5246 7.4.1.4.1", adding(CH, X.SIGNATURE_ALGORITHMS, "0000"), P.MALFORMED_MESSAGE),
    Row("no group", "8422 5.1.1", adding(CH, X.SUPPORTED_GROUPS, "0000"), P.MALFORMED_MESSAGE),
    Row("an encrypt_then_mac that is not empty", "7366 2", adding(CH, X.ENCRYPT_THEN_MAC, "00"), P.TRAILING_BYTES),
    Row(
        "an extended_master_secret that is not empty",
        "7627 5.1",
        adding(CH, X.EXTENDED_MASTER_SECRET, "00"),
        P.TRAILING_BYTES,
    ),
    Row(
        "a max_fragment_length of 5",
        "6066 4",
        adding(CH, X.MAX_FRAGMENT_LENGTH, "05"),
        P.ILLEGAL_PARAMETER,
        accept=True,
    ),
    Row(
        "no common protocol",
        "7301 3.2",
        adding(CH, X.APPLICATION_LAYER_PROTOCOL_NEGOTIATION, "0003026833"),
        P.NO_COMMON_APPLICATION_PROTOCOL,
        client={"alpn": ["h2"]},
        server={"alpn": ["h2"]},
    ),
)


def _points() -> Iterator[Row]:
    """RFC 8422 5.7, 5.11."""
    for group, wrong in (
        ("x25519", {"of one byte": "00", "of zeros": "00" * 32, "of 33 bytes": "00" * 33}),
        ("secp256r1", {"of one byte": "00", "off the curve": "04" + "00" * 64, "compressed": "02" + "11" * 32}),
    ):
        for name, point in wrong.items():
            settings = {"groups": [group] if group == "secp256r1" else [group, "secp256r1"]}
            yield Row(
                f"a point of {group} {name}",
                "8422 5.11",
                edit(CKE, "point.content", set=point),
                P.BAD_KEY_SHARE,
                (A.DECRYPT_ERROR,),
                client=settings,
                server={"groups": [group]},
            )


_ECDHE = (
    *_points(),
    Row("an empty point", "8422 5.7", edit(CKE, "point.content", set=""), P.MALFORMED_MESSAGE, (A.HANDSHAKE_FAILURE,)),
    Row("a byte after its end", "5246 7.4", longer(CKE), P.TRAILING_BYTES),
)
_DHE = (
    Row("a value of 0", "7919 4", edit(CKE, "y.content", set="00"), P.BAD_DH_VALUE),
    Row("a value of 1", "7919 4", edit(CKE, "y.content", set="01"), P.BAD_DH_VALUE),
    Row("a value beyond the prime", "7919 4", edit(CKE, "y.content", fill=255), P.BAD_DH_VALUE),
    Row("a value longer than the prime", "7919 4", edit(CKE, "y.content", set="01" + "00" * 256), P.BAD_DH_VALUE),
    Row("no value", "5246 7.4.7.2", edit(CKE, "y.content", set=""), P.MALFORMED_MESSAGE, (A.HANDSHAKE_FAILURE,)),
)
_M = (A.DECRYPT_ERROR,)
_RSA = (
    Row("a flipped bit", "5246 7.4.7.1", edit(CKE, "encrypted.content", flip=-1), P.BAD_RECORD_MAC, _M),
    Row(
        "a byte too few", "5246 7.4.7.1", edit(CKE, "encrypted.content", cut=1), P.BAD_RECORD_MAC, (*_M, A.DECODE_ERROR)
    ),
    Row(
        "nothing in it", "5246 7.4.7.1", edit(CKE, "encrypted.content", set=""), P.BAD_RECORD_MAC, (*_M, A.DECODE_ERROR)
    ),
    Row(
        "a byte too many",
        "5246 7.4.7.1",
        edit(CKE, "encrypted.content", append="00"),
        P.BAD_RECORD_MAC,
        (*_M, A.DECODE_ERROR),
    ),
    Row("a number beyond the modulus", "5246 7.4.7.1", edit(CKE, "encrypted.content", fill=255), P.BAD_RECORD_MAC, _M),
)
_OWN: Mapping[str, Json] = {"identity": "p256"}
_ASK: Mapping[str, Json] = {"verify": "required", "trust": "p256"}
_AUTHENTICATION = (
    Row("a flipped signature", "5246 7.4.8", edit(CV, "signature.content", flip=-1), P.BAD_SIGNATURE),
    Row("an empty signature", "5246 7.4.8", edit(CV, "signature.content", set=""), P.BAD_SIGNATURE),
    Row(
        "another key's signature",
        "5246 7.4.8",
        ({"sign": "ecdsa_secp256r1_sha256", "key": "stranger"},),
        P.BAD_SIGNATURE,
    ),
    Row("a scheme that was not asked for", "5246 7.4.8", edit(CV, "algorithm", set="0203"), P.ILLEGAL_PARAMETER),
    Row("an unknown scheme", "5246 7.4.8", edit(CV, "algorithm", set="fefe"), P.ILLEGAL_PARAMETER),
    Row("no CertificateVerify", "5246 7.4.8", instead(CV), P.UNEXPECTED_MESSAGE),
    Row("no Certificate", "5246 7.4.6", instead(CT), P.UNEXPECTED_MESSAGE),
    Row(
        "what is no certificate",
        "5246 7.4.6",
        edit(CT, "certificates[0].content", set="3003020101"),
        P.CERTIFICATE_MALFORMED,
    ),
    Row(
        "an empty certificate",
        "5246 7.4.6",
        edit(CT, "certificates[0].content", set=""),
        P.MALFORMED_MESSAGE,
        (A.BAD_CERTIFICATE,),
    ),
    Row(
        "no certificate where one is required",
        "5246 7.4.6",
        (*edit(CT, "certificates", set="000000"), *instead(CV)),
        P.NO_CLIENT_CERTIFICATE,
    ),
    Row(
        "CertificateVerify after an empty Certificate",
        "5246 7.4.8",
        edit(CT, "certificates", set="000000"),
        P.UNEXPECTED_MESSAGE,
        server={"verify": "peer"},
    ),
    Row(
        "CertificateVerify twice",
        "5246 7.3",
        before(CHANGE, handshake(H.CERTIFICATE_VERIFY, "04030000")),
        P.UNEXPECTED_MESSAGE,
    ),
)
_ORDER = (
    Row("no ClientKeyExchange", "5246 7.4.7", instead(CKE), P.UNEXPECTED_MESSAGE),
    Row(
        "a Certificate that was not asked for",
        "5246 7.4.6",
        before(CKE, handshake(H.CERTIFICATE, "000000")),
        P.UNEXPECTED_MESSAGE,
    ),
    Row(
        "CertificateVerify without a certificate",
        "5246 7.4.8",
        before(CHANGE, handshake(H.CERTIFICATE_VERIFY, "0403000100")),
        P.UNEXPECTED_MESSAGE,
    ),
    Row(
        "ClientKeyExchange twice",
        "5246 7.3",
        before(CHANGE, handshake(H.CLIENT_KEY_EXCHANGE, "20" + "09" * 32)),
        P.UNEXPECTED_MESSAGE,
    ),
    Row("change_cipher_spec before ClientKeyExchange", "5246 7.1", before(CKE, CCS), P.UNEXPECTED_MESSAGE),
    Row("no change_cipher_spec", "5246 7.1", instead(CHANGE), P.UNEXPECTED_MESSAGE, (A.BAD_RECORD_MAC, A.DECODE_ERROR)),
    Row(
        "Finished before change_cipher_spec",
        "5246 7.4.9",
        before(CHANGE, handshake(H.FINISHED, "00" * 12)),
        P.UNEXPECTED_MESSAGE,
    ),
    Row("HelloRequest", "5246 7.4.1.1", before(CKE, handshake(H.HELLO_REQUEST)), P.UNEXPECTED_MESSAGE),
    Row("ServerHelloDone", "5246 7.3", before(CKE, handshake(H.SERVER_HELLO_DONE)), P.UNEXPECTED_MESSAGE),
    Row(
        "a second ClientHello",
        "5246 7.4.1.2",
        before(CKE, handshake(H.CLIENT_HELLO, "0303" + "11" * 32 + "00" + "0002cca9" + "0100")),
        P.UNEXPECTED_MESSAGE,
        (A.NO_RENEGOTIATION,),
    ),
    Row("EndOfEarlyData", "5246 7.4", before(CKE, handshake(H.END_OF_EARLY_DATA)), P.UNEXPECTED_MESSAGE),
    Row("an unknown handshake type", "5246 7.4", before(CKE, handshake(0x63)), P.UNEXPECTED_MESSAGE),
    Row(
        "an empty handshake record",
        "5246 6.2.1",
        before(CKE, record(22)),
        P.EMPTY_RECORD,
        (A.UNEXPECTED_MESSAGE,),
        accept=True,
    ),
    Row("data before Finished", "5246 7.3", before(FIN, record(23, "78")), P.UNEXPECTED_MESSAGE),
    Row("data before ClientKeyExchange", "5246 6.2.1", before(CKE, {"wire": "170303000178"}), P.UNEXPECTED_MESSAGE),
    Row(
        "an alert inside a message",
        "8446 5.1",
        before(CKE, record(22, "1000"), record(21, "015a")),
        P.INTERLEAVED_HANDSHAKE,
        (A.UNEXPECTED_MESSAGE,),
        accept=True,  # RFC 5246 6.2.1 does not forbid it
    ),
    *contents(FIN),
)
_RESUMED = (
    Row(
        "no extended_master_secret where the session has it",
        "7627 5.3",
        lacking(CH, X.EXTENDED_MASTER_SECRET),
        P.EXTENDED_MASTER_SECRET_CHANGED,
        (A.HANDSHAKE_FAILURE,),
    ),
    Row("a flipped Finished", "5246 7.4.9", edit(FIN, "verify_data", flip=0), P.BAD_FINISHED),
    Row(
        "ClientKeyExchange",
        "5246 7.3",
        before(CHANGE, handshake(H.CLIENT_KEY_EXCHANGE, "20" + "09" * 32)),
        P.UNEXPECTED_MESSAGE,
    ),
)


def _of(suite: str, **more: Json) -> dict[str, Json]:
    return {"cipher_suites": [suite], **more}


_FFDHE = _of("tls_dhe_rsa_with_chacha20_poly1305_sha256", groups=["ffdhe2048"])
_STATIC = _of("tls_rsa_with_aes_128_gcm_sha256")

GROUPS = (
    Group("a ClientHello", _12, "server", _CLIENT_HELLO),
    Group("a ClientKeyExchange of ECDHE", _12, "server", _ECDHE),
    Group("a ClientKeyExchange of DHE", _12, "server", _DHE, _FFDHE, _FFDHE, kind="rsa"),
    Group("a ClientKeyExchange of RSA", _12, "server", _RSA, _STATIC, _STATIC, kind="rsa"),
    Group("an authentication", _12, "server", _AUTHENTICATION, _OWN, _ASK),
    Group("a flight", _12, "server", _ORDER),
    Group("a Finished", _12, "server", FINISHED),
    Group("a complete connection", _12, "server", CONNECTED),
    Group("a resumption", _12, "server", _RESUMED, resumes=True),
)
