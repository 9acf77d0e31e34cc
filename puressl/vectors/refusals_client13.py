"""What a TLS 1.3 client refuses: the deviations of a server."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from puressl.codes import AlertDescription as A
from puressl.codes import ExtensionType as X
from puressl.codes import HandshakeType as H
from puressl.errors import Problem
from puressl.handshake.signing import CLIENT_CONTEXT, SERVER_CONTEXT
from puressl.vectors.documents import Json
from puressl.vectors.refusals import (
    UNKNOWN,
    Group,
    Row,
    adding,
    after,
    before,
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
from puressl.vectors.refusals_both13 import CONNECTED, DATA, FINISHED, afterwards, contents, interleaved
from puressl.wire import HELLO_RETRY_RANDOM

P = Problem
_13 = "tlsv1.3"
SH, HRR, EE, CR = "server_hello", "hello_retry_request", "encrypted_extensions", "certificate_request"
CT, CV, FIN, NST = "certificate", "certificate_verify", "finished", "new_session_ticket"
_GROUP_SHARE = "extensions.key_share.share"
_SHARE = f"{_GROUP_SHARE}.key_exchange.content"
_RETRY: tuple[Mapping[str, Json], Mapping[str, Json]] = (
    {"key_share_groups": ["x25519"]},
    {"groups": ["secp256r1"]},
)
_BOTH = {
    "versions": ["tlsv1.3", "tlsv1.2"],
    "cipher_suites": [
        "tls_chacha20_poly1305_sha256",
        "tls_aes_128_gcm_sha256",
        "tls_ecdhe_ecdsa_with_chacha20_poly1305_sha256",
    ],
}
_ASK: Mapping[str, Json] = {"verify": "peer", "trust": "p256"}
_H2: Mapping[str, Json] = {"alpn": ["h2"]}

_SERVER_HELLO = (
    Row("another session id", "8446 4.1.3", edit(SH, "session_id.content", set="00" * 32), P.ILLEGAL_PARAMETER),
    Row("no session id", "8446 4.1.3", edit(SH, "session_id.content", set=""), P.ILLEGAL_PARAMETER),
    Row(
        "a session id where none was sent",
        "8446 4.1.3",
        edit(SH, "session_id", set="0178"),
        P.ILLEGAL_PARAMETER,
        client={"middlebox_compatibility": False},
    ),
    Row(
        "a session id of 33 bytes",
        "8446 4.1.3",
        edit(SH, "session_id.content", append="00"),
        P.MALFORMED_MESSAGE,
        (A.ILLEGAL_PARAMETER,),
    ),
    Row("compression", "8446 4.1.3", edit(SH, "compression_method", set="01"), P.ILLEGAL_PARAMETER),
    Row(
        "a suite that was not offered",
        "8446 4.1.3",
        edit(SH, "cipher_suite", set="1302"),
        P.ILLEGAL_PARAMETER,
        client={"cipher_suites": ["tls_chacha20_poly1305_sha256", "tls_aes_128_gcm_sha256"]},
    ),
    Row("a suite of TLS 1.2", "8446 4.1.3", edit(SH, "cipher_suite", set="cca9"), P.ILLEGAL_PARAMETER, client=_BOTH),
    Row("an unknown suite", "8446 4.1.3", edit(SH, "cipher_suite", set="fefe"), P.ILLEGAL_PARAMETER),
    Row("a GREASE suite", "8701 4", edit(SH, "cipher_suite", set="1a1a"), P.ILLEGAL_PARAMETER),
    Row(
        "legacy_version 0x0304",
        "8446 4.1.3",
        edit(SH, "legacy_version", set="0304"),
        P.ILLEGAL_PARAMETER,
        (A.PROTOCOL_VERSION,),
    ),
    Row(
        "legacy_version 0x0302",
        "8446 4.1.3",
        edit(SH, "legacy_version", set="0302"),
        P.ILLEGAL_PARAMETER,
        (A.PROTOCOL_VERSION,),
    ),
    Row("legacy_version of SSL 3.0", "8446 D.5", edit(SH, "legacy_version", set="0300"), P.UNSUPPORTED_VERSION),
    Row(
        "TLS 1.2 in supported_versions",
        "8446 4.2.1",
        edit(SH, "extensions.supported_versions.version", set="0303"),
        P.ILLEGAL_PARAMETER,
        client=_BOTH,
    ),
    Row(
        "a version to come",
        "8446 4.2.1",
        edit(SH, "extensions.supported_versions.version", set="0305"),
        P.ILLEGAL_PARAMETER,
    ),
    Row(
        "a GREASE version", "8701 4", edit(SH, "extensions.supported_versions.version", set="2a2a"), P.ILLEGAL_PARAMETER
    ),
    Row(
        "no supported_versions, to a client of TLS 1.3 alone",
        "8446 4.2.1",
        lacking(SH, X.SUPPORTED_VERSIONS),
        P.UNSUPPORTED_VERSION,
        (A.MISSING_EXTENSION,),
    ),
    Row("no key_share", "8446 9.2", lacking(SH, X.KEY_SHARE), P.MISSING_EXTENSION),
    Row(
        "a share of a group that was listed but not sent",
        "8446 4.2.8",
        edit(SH, _GROUP_SHARE, set="0017" + "0041" + "04" + "00" * 64),
        P.ILLEGAL_PARAMETER,
        client={"key_share_groups": ["x25519"]},
    ),
    Row("a share of a GREASE group", "8701 4", edit(SH, _GROUP_SHARE, set="3a3a000100"), P.ILLEGAL_PARAMETER),
    Row("an x25519 share of 31 bytes", "8446 4.2.8.2", edit(SH, _SHARE, cut=1), P.BAD_KEY_SHARE),
    Row("an x25519 share of 33 bytes", "8446 4.2.8.2", edit(SH, _SHARE, append="00"), P.BAD_KEY_SHARE),
    Row("an x25519 share of small order", "8446 7.4.2", edit(SH, _SHARE, fill=0), P.BAD_KEY_SHARE),
    Row("an empty share", "8446 4.2.8", edit(SH, _SHARE, set=""), P.MALFORMED_MESSAGE),
    Row(
        "a session that was not offered",
        "8446 4.2.11",
        adding(SH, X.PRE_SHARED_KEY, "0000"),
        P.UNSOLICITED_EXTENSION,
    ),
    Row("an unknown extension", "8446 4.2", adding(SH, UNKNOWN), P.UNSOLICITED_EXTENSION),
    Row("a GREASE extension", "8701 4", adding(SH, 0x4A4A), P.UNSOLICITED_EXTENSION),
    Row(
        "ALPN",
        "8446 4.2",
        adding(SH, X.APPLICATION_LAYER_PROTOCOL_NEGOTIATION, "0003026832"),
        P.MISPLACED_EXTENSION,
        client=_H2,
    ),
    Row("a cookie", "8446 4.2", adding(SH, X.COOKIE, "000178"), P.MISPLACED_EXTENSION),
    Row("an extension twice", "8446 4.2", doubled(SH), P.DUPLICATE_EXTENSION),
    Row("a byte after its end", "8446 4", longer(SH), P.TRAILING_BYTES),
    Row("its last byte missing", "8446 4", shorter(SH), P.MALFORMED_MESSAGE),
    Row(
        "EncryptedExtensions in its record",
        "8446 5.1",
        after(SH, handshake(H.ENCRYPTED_EXTENSIONS, "0000")),
        P.KEY_CHANGE_INSIDE_MESSAGE,
    ),
    Row("a second one in its record", "8446 5.1", after(SH, handshake(H.SERVER_HELLO)), P.KEY_CHANGE_INSIDE_MESSAGE),
)


def _shares() -> Iterator[Row]:
    """RFC 8446 4.2.8.1, 4.2.8.2, 7.4: a flipped bit leaves a point off its curve."""
    changes: Mapping[str, Mapping[str, Json]] = {
        "of zeros": {"fill": 0},
        "that is short": {"cut": 1},
        "that is long": {"append": "00"},
    }
    for group in ("secp256r1", "secp384r1", "secp521r1", "x448", "ffdhe2048", "x25519mlkem768"):
        settings = {"groups": [group]}
        found = {**changes, **({"off the curve": {"flip": -1}} if group.startswith("secp") else {})}
        if group == "x25519mlkem768":  # zeros are a ciphertext, and x25519's part is tried above
            del found["of zeros"]
        for change, how in found.items():
            yield Row(
                f"a share of {group} {change}",
                "8446 7.4",
                edit(SH, _SHARE, **how),
                P.BAD_KEY_SHARE,
                client=settings,
                server=settings,
            )
    ffdhe = {"groups": ["ffdhe2048"]}
    for name, value in (("1", "00" * 255 + "01"), ("beyond the prime", "ff" * 256)):
        yield Row(
            f"a value of ffdhe2048 that is {name}",
            "8446 4.2.8.1",
            edit(SH, _SHARE, set=value),
            P.BAD_KEY_SHARE,
            client=ffdhe,
            server=ffdhe,
        )


_DOWNGRADE = {"cipher_suites": ["tls_ecdhe_ecdsa_with_chacha20_poly1305_sha256"], "versions": ["tlsv1.2"]}
_DOWNGRADES = (
    Row(
        "the sentinel of TLS 1.2",
        "8446 4.1.3",
        edit(SH, "random", set="11" * 24 + "444f574e47524401"),
        P.DOWNGRADE_DETECTED,
        client=_BOTH,
        server=_DOWNGRADE,
    ),
    Row(
        "the sentinel of TLS 1.1",
        "8446 4.1.3",
        edit(SH, "random", set="11" * 24 + "444f574e47524400"),
        P.DOWNGRADE_DETECTED,
        client=_BOTH,
        server=_DOWNGRADE,
    ),
)
_HELLO_RETRY = (
    Row("another session id", "8446 4.1.4", edit(HRR, "session_id.content", set="00" * 32), P.ILLEGAL_PARAMETER),
    Row("compression", "8446 4.1.4", edit(HRR, "compression_method", set="01"), P.ILLEGAL_PARAMETER),
    Row("an unknown suite", "8446 4.1.4", edit(HRR, "cipher_suite", set="fefe"), P.ILLEGAL_PARAMETER),
    Row(
        "TLS 1.2",
        "8446 4.1.4",
        edit(HRR, "extensions.supported_versions.version", set="0303"),
        P.ILLEGAL_PARAMETER,
        (A.PROTOCOL_VERSION,),
    ),
    Row(
        "no version",
        "8446 4.1.4",
        lacking(HRR, X.SUPPORTED_VERSIONS),
        P.ILLEGAL_PARAMETER,
        (A.PROTOCOL_VERSION, A.MISSING_EXTENSION),
    ),
    Row("nothing to change", "8446 4.1.4", lacking(HRR, X.KEY_SHARE), P.ILLEGAL_PARAMETER),
    Row(
        "a group whose share was sent",
        "8446 4.2.8",
        edit(HRR, "extensions.key_share.group", set="001d"),
        P.ILLEGAL_PARAMETER,
    ),
    Row(
        "a group that was not listed",
        "8446 4.2.8",
        edit(HRR, "extensions.key_share.group", set="0018"),
        P.ILLEGAL_PARAMETER,
    ),
    Row("a GREASE group", "8701 4", edit(HRR, "extensions.key_share.group", set="5a5a"), P.ILLEGAL_PARAMETER),
    Row("an unknown extension", "8446 4.2", adding(HRR, UNKNOWN), P.UNSOLICITED_EXTENSION),
    Row("an extension of other messages", "8446 4.2", adding(HRR, X.PRE_SHARED_KEY, "0000"), P.MISPLACED_EXTENSION),
    Row("an extension twice", "8446 4.2", doubled(HRR), P.DUPLICATE_EXTENSION),
    Row("an empty cookie", "8446 4.2.2", adding(HRR, X.COOKIE, "0000"), P.MALFORMED_MESSAGE),
    Row("a byte after its end", "8446 4", longer(HRR), P.TRAILING_BYTES),
)
_AFTER_RETRY = (
    Row("another suite", "8446 4.1.4", edit(SH, "cipher_suite", set="1301"), P.ILLEGAL_PARAMETER),
    Row(
        "the first share's group", "8446 4.2.8", edit(SH, _GROUP_SHARE, set="001d0020" + "09" * 32), P.ILLEGAL_PARAMETER
    ),
    Row(
        "no version",
        "8446 4.1.4",
        lacking(SH, X.SUPPORTED_VERSIONS),
        P.ILLEGAL_PARAMETER,
        (A.PROTOCOL_VERSION, A.MISSING_EXTENSION),
    ),
    Row(
        "the random of a second retry",
        "8446 4.1.4",
        (*adding(SH, X.KEY_SHARE, "0017"), *splice(SH, 2, 32, HELLO_RETRY_RANDOM.hex())),
        P.UNEXPECTED_MESSAGE,
    ),
)
_ALPN = X.APPLICATION_LAYER_PROTOCOL_NEGOTIATION
_ENCRYPTED_EXTENSIONS = (
    Row("an unknown extension", "8446 4.2", adding(EE, UNKNOWN), P.UNSOLICITED_EXTENSION),
    Row("a GREASE extension", "8701 4", adding(EE, 0x6A6A), P.UNSOLICITED_EXTENSION),
    Row("key_share", "8446 4.2", adding(EE, X.KEY_SHARE, "001d"), P.MISPLACED_EXTENSION),
    Row("supported_versions", "8446 4.2", adding(EE, X.SUPPORTED_VERSIONS, "0304"), P.MISPLACED_EXTENSION),
    Row("a cookie", "8446 4.2", adding(EE, X.COOKIE, "000178"), P.MISPLACED_EXTENSION),
    Row("signature_algorithms", "8446 4.2", adding(EE, X.SIGNATURE_ALGORITHMS, "00020403"), P.MISPLACED_EXTENSION),
    Row("early data that was not offered", "8446 4.2.10", adding(EE, X.EARLY_DATA), P.UNSOLICITED_EXTENSION),
    Row(
        "max_fragment_length that was not asked for",
        "6066 4",
        adding(EE, X.MAX_FRAGMENT_LENGTH, "01"),
        P.UNSOLICITED_EXTENSION,
    ),
    Row("ALPN that was not offered", "7301 3.1", adding(EE, _ALPN, "0003026832"), P.UNSOLICITED_EXTENSION),
    Row(
        "another protocol than offered",
        "7301 3.1",
        adding(EE, _ALPN, "0003026833"),
        P.ILLEGAL_PARAMETER,
        (A.NO_APPLICATION_PROTOCOL,),
        client=_H2,
        server=_H2,
    ),
    Row(
        "two protocols",
        "7301 3.1",
        adding(EE, _ALPN, "0006026832026833"),
        P.ILLEGAL_PARAMETER,
        (A.DECODE_ERROR,),
        client=_H2,
        server=_H2,
    ),
    Row("no protocol", "7301 3.1", adding(EE, _ALPN, "0000"), P.MALFORMED_MESSAGE, client=_H2, server=_H2),
    Row("an empty protocol", "7301 3.1", adding(EE, _ALPN, "000100"), P.MALFORMED_MESSAGE, client=_H2, server=_H2),
    Row("a server_name that is not empty", "6066 3", adding(EE, X.SERVER_NAME, "00"), P.TRAILING_BYTES),
    Row(
        "server_name where none was sent",
        "6066 3",
        adding(EE, X.SERVER_NAME),
        P.UNSOLICITED_EXTENSION,
        client={"send_server_name": False},
    ),
    Row("an extension twice", "8446 4.2", doubled(EE), P.DUPLICATE_EXTENSION),
    Row("a byte after its end", "8446 4", longer(EE), P.TRAILING_BYTES),
    Row("no block of extensions", "8446 4.3.1", instead(EE, handshake(H.ENCRYPTED_EXTENSIONS)), P.MALFORMED_MESSAGE),
    Row("a block cut short", "8446 4.3.1", shorter(EE), P.MALFORMED_MESSAGE),
)
_REQUESTS = (
    Row("a context", "8446 4.3.2", edit(CR, "request_context", set="0178"), P.ILLEGAL_PARAMETER, (A.DECODE_ERROR,)),
    Row("no signature_algorithms", "8446 4.3.2", lacking(CR, X.SIGNATURE_ALGORITHMS), P.MISSING_EXTENSION),
    Row("key_share", "8446 4.2", adding(CR, X.KEY_SHARE, "001d"), P.MISPLACED_EXTENSION),
    Row("an extension twice", "8446 4.2", doubled(CR), P.DUPLICATE_EXTENSION),
    Row("a byte after its end", "8446 4", longer(CR), P.TRAILING_BYTES),
    Row(
        "no schemes in signature_algorithms",
        "8446 4.2.3",
        adding(CR, X.SIGNATURE_ALGORITHMS, "0000"),
        P.MALFORMED_MESSAGE,
    ),
)
_CERTIFICATES = (
    Row("a context", "8446 4.4.2", edit(CT, "request_context", set="0178"), P.ILLEGAL_PARAMETER, (A.DECODE_ERROR,)),
    Row("no certificate", "8446 4.4.2.4", edit(CT, "entries", set="000000"), P.MALFORMED_MESSAGE),
    Row("an empty certificate", "8446 4.4.2", edit(CT, "entries[0].cert_data.content", set=""), P.MALFORMED_MESSAGE),
    Row(
        "what is no certificate",
        "8446 4.4.2",
        edit(CT, "entries[0].cert_data.content", set="3003020101"),
        P.CERTIFICATE_MALFORMED,
    ),
    Row("a byte after its end", "8446 4", longer(CT), P.TRAILING_BYTES),
    Row(
        "a status_request nobody made",
        "8446 4.4.2",
        adding(CT, X.STATUS_REQUEST, "0100000178"),
        P.UNSOLICITED_EXTENSION,
    ),
    Row("an unknown extension", "8446 4.4.2", adding(CT, UNKNOWN), P.UNSOLICITED_EXTENSION),
    Row("an extension of hellos", "8446 4.2", adding(CT, X.COOKIE, "000178"), P.MISPLACED_EXTENSION),
    Row("an extension twice", "8446 4.2", doubled(CT), P.DUPLICATE_EXTENSION),
    Row("a list longer than the message", "8446 4.4.2", splice(CT, 1, 3, "ffffff"), P.MALFORMED_MESSAGE),
)
_ANY = ["ecdsa_secp256r1_sha256", "rsa_pss_rsae_sha256"]
_SIGNATURES = (
    Row(
        "rsa_pkcs1_sha256",
        "8446 4.2.3",
        (*edit(CV, "algorithm", set="0401"), {"sign": "rsa_pkcs1_sha256"}),
        P.ILLEGAL_PARAMETER,
        (A.DECRYPT_ERROR,),
        kind="rsa",
    ),
    Row(
        "rsa_pkcs1_sha1",
        "8446 4.2.3",
        (*edit(CV, "algorithm", set="0201"), {"sign": "rsa_pkcs1_sha1"}),
        P.ILLEGAL_PARAMETER,
        kind="rsa",
    ),
    Row(
        "rsa_pss_pss_sha256 and an rsaEncryption key",
        "8446 4.2.3",
        (*edit(CV, "algorithm", set="0809"), {"sign": "rsa_pss_rsae_sha256"}),
        P.ILLEGAL_PARAMETER,
        (A.DECRYPT_ERROR,),
        kind="rsa",
    ),
    Row("ecdsa_sha1", "8446 4.2.3", edit(CV, "algorithm", set="0203"), P.ILLEGAL_PARAMETER),
    Row(
        "a scheme of another curve",
        "8446 4.2.3",
        edit(CV, "algorithm", set="0503"),
        P.ILLEGAL_PARAMETER,
        (A.DECRYPT_ERROR,),
    ),
    Row(
        "a scheme of another key type",
        "8446 4.4.3",
        edit(CV, "algorithm", set="0807"),
        P.ILLEGAL_PARAMETER,
        (A.DECRYPT_ERROR,),
    ),
    Row("an unknown scheme", "8446 4.4.3", edit(CV, "algorithm", set="fefe"), P.ILLEGAL_PARAMETER),
    Row("a GREASE scheme", "8701 4", edit(CV, "algorithm", set="7a7a"), P.ILLEGAL_PARAMETER),
    Row(
        "a scheme that was not offered",
        "8446 4.4.3",
        (*edit(CV, "algorithm", set="0806"), {"sign": "rsa_pss_rsae_sha512"}),
        P.ILLEGAL_PARAMETER,
        client={"signature_schemes": _ANY},
        kind="rsa",
    ),
    Row(
        "another key's signature",
        "8446 4.4.3",
        ({"sign": "ecdsa_secp256r1_sha256", "key": "stranger"},),
        P.BAD_SIGNATURE,
    ),
    Row(
        "a signature for the client's context",
        "8446 4.4.3",
        ({"sign": "ecdsa_secp256r1_sha256", "was": SERVER_CONTEXT.hex(), "becomes": CLIENT_CONTEXT.hex()},),
        P.BAD_SIGNATURE,
    ),
    Row(
        "a signature over another transcript",
        "8446 4.4.3",
        ({"sign": "ecdsa_secp256r1_sha256", "flip": -1},),
        P.BAD_SIGNATURE,
    ),
    Row("a flipped bit", "8446 4.4.3", edit(CV, "signature.content", flip=-1), P.BAD_SIGNATURE),
    Row("an empty signature", "8446 4.4.3", edit(CV, "signature.content", set=""), P.BAD_SIGNATURE, (A.DECODE_ERROR,)),
    Row("a signature of zeros", "8446 4.4.3", edit(CV, "signature.content", fill=0), P.BAD_SIGNATURE),
    Row("a byte after the signature", "8446 4.4.3", edit(CV, "signature.content", append="00"), P.BAD_SIGNATURE),
    Row("a byte after its end", "8446 4", longer(CV), P.TRAILING_BYTES),
)
_TICKET = handshake(H.NEW_SESSION_TICKET, "00000e10" + "00000000" + "00" + "0001aa" + "0000", hashed=False)
_FINISHED = (
    *FINISHED,
    Row("a ticket in its record", "8446 5.1", after(FIN, _TICKET), P.KEY_CHANGE_INSIDE_MESSAGE),
)
_REQUEST = handshake(H.CERTIFICATE_REQUEST, "00" + "0008" + "000d0004" + "00020403")
_NOTHING = handshake(H.CERTIFICATE, "00" + "000000")
_ORDER = (
    Row("no EncryptedExtensions", "8446 4.3.1", instead(EE), P.UNEXPECTED_MESSAGE),
    Row(
        "EncryptedExtensions twice",
        "8446 4.3.1",
        before(EE, handshake(H.ENCRYPTED_EXTENSIONS, "0000")),
        P.UNEXPECTED_MESSAGE,
    ),
    Row("no Certificate", "8446 4.4.2", instead(CT), P.UNEXPECTED_MESSAGE),
    Row("neither Certificate nor CertificateVerify", "8446 4.4", (*instead(CT), *instead(CV)), P.UNEXPECTED_MESSAGE),
    Row("no CertificateVerify", "8446 4.4.3", instead(CV), P.UNEXPECTED_MESSAGE),
    Row("Certificate twice", "8446 4.4.2", after(CT, _NOTHING), P.UNEXPECTED_MESSAGE),
    Row(
        "CertificateVerify twice",
        "8446 4.4.3",
        after(CV, handshake(H.CERTIFICATE_VERIFY, "04030000")),
        P.UNEXPECTED_MESSAGE,
    ),
    Row("CertificateRequest after Certificate", "8446 4.3.2", after(CT, _REQUEST), P.UNEXPECTED_MESSAGE),
    Row("CertificateRequest twice", "8446 4.3.2", after(CR, _REQUEST), P.UNEXPECTED_MESSAGE, server=_ASK),
    Row("a ticket before Finished", "8446 4.6.1", before(FIN, _TICKET), P.UNEXPECTED_MESSAGE),
    Row("a KeyUpdate before Finished", "8446 4.6.3", before(FIN, handshake(H.KEY_UPDATE, "00")), P.UNEXPECTED_MESSAGE),
    Row("data before Finished", "8446 4.4.4", before(FIN, record(DATA, "78")), P.UNEXPECTED_MESSAGE),
    Row("ServerHelloDone", "8446 4", before(FIN, handshake(H.SERVER_HELLO_DONE)), P.UNEXPECTED_MESSAGE),
    Row("handshake keys that are never used", "8446 5", ({"unprotected": True},), P.UNEXPECTED_MESSAGE),
    *interleaved(CT, "0b00"),
    *contents(EE),
)
_BEFORE_HELLO = (
    Row("data", "8446 5.1", before(SH, {"wire": "170303000178"}), P.UNEXPECTED_MESSAGE),
    Row(
        "an empty handshake record",
        "8446 5.1",
        before(SH, {"wire": "1603030000"}),
        P.EMPTY_RECORD,
        (A.UNEXPECTED_MESSAGE,),
    ),
    Row(
        "a fragment longer than 2^14",
        "8446 5.1",
        before(SH, {"wire": "1603034001" + "02"}),
        P.RECORD_OVERFLOW,
        (A.DECODE_ERROR,),
    ),
    Row("a record of an unknown type", "8446 5", before(SH, {"wire": "630303000100"}), P.UNEXPECTED_MESSAGE),
    Row(
        "an alert of one byte",
        "8446 5.1",
        before(SH, {"wire": "150303000102"}),
        P.MALFORMED_MESSAGE,
        (A.UNEXPECTED_MESSAGE,),
    ),
    Row("Certificate first", "8446 4", before(SH, {"wire": "1603030008" + "0b00000400000000"}), P.UNEXPECTED_MESSAGE),
    Row(
        "a message longer than any ServerHello",
        "8446 4",
        before(SH, {"wire": "1603030004" + "02ffffff"}),
        P.MESSAGE_TOO_LARGE,
        (A.DECODE_ERROR,),
    ),
    Row(
        "change_cipher_spec again and again",
        "8446 D.4",
        before(SH, {"wire": "140303000101" * 40}),
        P.TOO_MANY_CHANGE_CIPHER_SPECS,
    ),
)
_TICKETS = (
    Row("an empty ticket", "8446 4.6.1", edit(NST, "ticket.content", set=""), P.MALFORMED_MESSAGE),
    Row("a byte after its end", "8446 4", longer(NST), P.TRAILING_BYTES),
    Row("an extension of hellos", "8446 4.2", adding(NST, X.COOKIE, "000178"), P.MISPLACED_EXTENSION),
    Row("an extension twice", "8446 4.2", doubled(NST), P.DUPLICATE_EXTENSION),
)


_AFTERWARDS = (
    *afterwards(
        {
            "HelloRequest": "00000000",
            "CertificateRequest without post_handshake_auth": "0d00000b" + "00" + "0008000d000400020403",
            "ServerHello": "02000000",
            "Finished": "14000000",
            "EndOfEarlyData": "05000000",
        }
    ),
    *CONNECTED,
)
_RESUMED = (
    Row(
        "the index of a session that was not offered",
        "8446 4.2.11",
        adding(SH, X.PRE_SHARED_KEY, "0007"),
        P.ILLEGAL_PARAMETER,
    ),
    Row(
        "a session and no key_share",
        "8446 4.2.9",
        lacking(SH, X.KEY_SHARE),
        P.MISSING_EXTENSION,
        (A.ILLEGAL_PARAMETER,),
    ),
    Row("a Certificate", "8446 4.4.2", before(FIN, _NOTHING), P.UNEXPECTED_MESSAGE),
    Row("a CertificateRequest", "8446 4.3.2", before(FIN, _REQUEST), P.UNEXPECTED_MESSAGE),
    Row("a suite of another hash", "8446 4.2.11", edit(SH, "cipher_suite", set="1302"), P.ILLEGAL_PARAMETER),
)

GROUPS = (
    Group("a ServerHello", _13, "client", (*_SERVER_HELLO, *_shares(), *_DOWNGRADES)),
    Group("what precedes ServerHello", _13, "client", _BEFORE_HELLO),
    Group("a HelloRetryRequest", _13, "client", _HELLO_RETRY, *_RETRY),
    Group("after a retry a ServerHello", _13, "client", _AFTER_RETRY, {**_RETRY[0], **_BOTH}, _RETRY[1]),
    Group("EncryptedExtensions", _13, "client", _ENCRYPTED_EXTENSIONS),
    Group("a CertificateRequest", _13, "client", _REQUESTS, server=_ASK),
    Group("a Certificate message", _13, "client", _CERTIFICATES),
    Group("a CertificateVerify", _13, "client", _SIGNATURES),
    Group("a Finished", _13, "client", _FINISHED),
    Group("a flight", _13, "client", _ORDER),
    Group("a NewSessionTicket", _13, "client", _TICKETS),
    Group("a complete connection", _13, "client", _AFTERWARDS),
    Group("a resumption", _13, "client", _RESUMED, resumes=True),
)
