"""What a TLS 1.3 client refuses from EncryptedExtensions on."""

from __future__ import annotations

from collections.abc import Mapping

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
        (A.NO_APPLICATION_PROTOCOL, A.DECODE_ERROR),
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
    Row("an extension twice", "8446 4.2", doubled(EE, "server_name"), P.DUPLICATE_EXTENSION),
    Row("a byte after its end", "8446 4", longer(EE), P.TRAILING_BYTES),
    Row("no block of extensions", "8446 4.3.1", instead(EE, handshake(H.ENCRYPTED_EXTENSIONS)), P.MALFORMED_MESSAGE),
    Row("a block cut short", "8446 4.3.1", shorter(EE), P.MALFORMED_MESSAGE),
)
_REQUESTS = (
    Row("a context", "8446 4.3.2", edit(CR, "request_context", set="0178"), P.ILLEGAL_PARAMETER, (A.DECODE_ERROR,)),
    Row("no signature_algorithms", "8446 4.3.2", lacking(CR, X.SIGNATURE_ALGORITHMS), P.MISSING_EXTENSION),
    Row("key_share", "8446 4.2", adding(CR, X.KEY_SHARE, "001d"), P.MISPLACED_EXTENSION),
    Row("an extension twice", "8446 4.2", doubled(CR, "signature_algorithms"), P.DUPLICATE_EXTENSION),
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
        (A.HANDSHAKE_FAILURE, A.DECRYPT_ERROR),
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
_TICKETS = (
    Row("an empty ticket", "8446 4.6.1", edit(NST, "ticket.content", set=""), P.MALFORMED_MESSAGE),
    Row("a byte after its end", "8446 4", longer(NST), P.TRAILING_BYTES),
    Row("an extension of hellos", "8446 4.2", adding(NST, X.COOKIE, "000178"), P.MISPLACED_EXTENSION),
    Row("an extension twice", "8446 4.2", doubled(NST), P.DUPLICATE_EXTENSION, accept=True),
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
