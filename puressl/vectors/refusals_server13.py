"""What a TLS 1.3 server refuses: the deviations of a client."""

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
)
from puressl.vectors.refusals_both13 import CONNECTED, DATA, FIN, FINISHED, afterwards, contents, interleaved

P = Problem
_13 = "tlsv1.3"
CH, CH2, CT, CV = "client_hello", "second_client_hello", "certificate", "certificate_verify"
_H2: Mapping[str, Json] = {"alpn": ["h2"]}
_ALPN = X.APPLICATION_LAYER_PROTOCOL_NEGOTIATION
_SHARE = "extensions.key_share.shares[0].key_exchange.content"
_RETRY: tuple[Mapping[str, Json], Mapping[str, Json]] = (
    {"key_share_groups": ["x25519"]},
    {"groups": ["secp256r1"], "cookie": True},
)
#: A body up to and with an empty session identifier; what stands behind it differs.
_BARE_HELLO = "0303" + "11" * 32 + "00"


def bare(rest: str) -> tuple[Mapping[str, Json], ...]:
    """A ClientHello without much in it. rest: suites, compression methods and extensions."""
    return instead(CH, handshake(H.CLIENT_HELLO, _BARE_HELLO + rest))


_CLIENT_HELLO = (
    Row("no supported_groups", "8446 9.2", lacking(CH, X.SUPPORTED_GROUPS), P.MISSING_EXTENSION),
    Row("no key_share", "8446 9.2", lacking(CH, X.KEY_SHARE), P.MISSING_EXTENSION),
    Row("no signature_algorithms", "8446 9.2", lacking(CH, X.SIGNATURE_ALGORITHMS), P.MISSING_EXTENSION),
    Row("no extensions", "8446 4.2.1", edit(CH, "extensions", set="0000"), P.UNSUPPORTED_VERSION),
    Row("no block of extensions", "8446 D.2", bare("0002" + "1303" + "0100"), P.UNSUPPORTED_VERSION),
    Row("versions nobody speaks", "8446 4.2.1", adding(CH, X.SUPPORTED_VERSIONS, "0403052a2a"), P.UNSUPPORTED_VERSION),
    Row("no version in the list", "8446 4.2.1", adding(CH, X.SUPPORTED_VERSIONS, "00"), P.MALFORMED_MESSAGE),
    Row("half a version", "8446 4.2.1", adding(CH, X.SUPPORTED_VERSIONS, "03030403"), P.MALFORMED_MESSAGE),
    Row("legacy_version of SSL 3.0", "8446 D.5", edit(CH, "legacy_version", set="0300"), P.UNSUPPORTED_VERSION),
    Row("deflate besides null", "8446 4.1.2", edit(CH, "compression_methods.content", set="0001"), P.ILLEGAL_PARAMETER),
    Row("deflate alone", "8446 4.1.2", edit(CH, "compression_methods.content", set="01"), P.ILLEGAL_PARAMETER),
    Row(
        "no compression method",
        "8446 4.1.2",
        edit(CH, "compression_methods.content", set=""),
        P.MALFORMED_MESSAGE,
        (A.ILLEGAL_PARAMETER,),
    ),
    Row(
        "no suites",
        "8446 4.1.2",
        edit(CH, "cipher_suites", set="0000"),
        P.MALFORMED_MESSAGE,
        (A.ILLEGAL_PARAMETER, A.HANDSHAKE_FAILURE),
    ),
    Row("half a suite", "8446 4.1.2", edit(CH, "cipher_suites", set="0003130313"), P.MALFORMED_MESSAGE),
    Row(
        "a session id of 33 bytes",
        "8446 4.1.2",
        edit(CH, "session_id.content", append="00"),
        P.MALFORMED_MESSAGE,
        (A.ILLEGAL_PARAMETER,),
    ),
    Row("no suite that is known", "8446 4.1.1", edit(CH, "cipher_suites", set="00021a1a"), P.NO_COMMON_CIPHER_SUITE),
    Row(
        "no group that is known",
        "8446 4.1.1",
        (*adding(CH, X.SUPPORTED_GROUPS, "00023a3a"), *adding(CH, X.KEY_SHARE, "0000")),
        P.NO_COMMON_GROUP,
        (A.INSUFFICIENT_SECURITY, A.ILLEGAL_PARAMETER),
    ),
    Row(
        "no scheme that is known",
        "8446 4.4.2.2",
        adding(CH, X.SIGNATURE_ALGORITHMS, "00027a7a"),
        P.NO_COMMON_SIGNATURE_SCHEME,
        (A.INSUFFICIENT_SECURITY, A.ILLEGAL_PARAMETER),
    ),
    Row("a byte after its end", "8446 4", longer(CH), P.TRAILING_BYTES),
    Row("its last byte missing", "8446 4", shorter(CH), P.MALFORMED_MESSAGE),
    Row("a block longer than the message", "8446 4.2", edit(CH, "extensions.length", set="ffff"), P.MALFORMED_MESSAGE),
    Row("an extension twice", "8446 4.2", doubled(CH, "supported_groups"), P.DUPLICATE_EXTENSION),
    Row("an extension of requests", "8446 4.2", adding(CH, X.OID_FILTERS, "0000"), P.MISPLACED_EXTENSION, accept=True),
    Row(
        "a share of an unlisted group",
        "8446 4.2.8",
        adding(CH, X.KEY_SHARE, "0065" + "00180061" + "04" + "00" * 96),
        P.ILLEGAL_PARAMETER,
        client={"groups": ["x25519"]},
        accept=True,
    ),
    Row(
        "two shares of a group",
        "8446 4.2.8",
        edit(CH, "extensions.key_share.shares[0]", repeat=2),
        P.ILLEGAL_PARAMETER,
        accept=True,
    ),
    Row(
        "an empty share",
        "8446 4.2.8",
        adding(CH, X.KEY_SHARE, "0004001d0000"),
        P.MALFORMED_MESSAGE,
        (A.ILLEGAL_PARAMETER,),
    ),
    Row(
        "a list of shares longer than the extension",
        "8446 4.2.8",
        adding(CH, X.KEY_SHARE, "00ff001d000100"),
        P.MALFORMED_MESSAGE,
    ),
    Row("an empty server_name", "6066 3", adding(CH, X.SERVER_NAME), P.MALFORMED_MESSAGE),
    Row("an empty list of names", "6066 3", adding(CH, X.SERVER_NAME, "0000"), P.MALFORMED_MESSAGE),
    Row("an empty name", "6066 3", adding(CH, X.SERVER_NAME, "0003000000"), P.MALFORMED_MESSAGE),
    Row(
        "two names",
        "6066 3",
        adding(CH, X.SERVER_NAME, "000800000161" + "00000161"),
        P.ILLEGAL_PARAMETER,
        (A.DECODE_ERROR, A.UNRECOGNIZED_NAME),
    ),
    Row(
        "a name with a NUL",
        "6066 3",
        adding(CH, X.SERVER_NAME, "0006000003610062"),
        P.ILLEGAL_PARAMETER,
        (A.DECODE_ERROR, A.UNRECOGNIZED_NAME),
    ),
    Row("no protocol", "7301 3.1", adding(CH, _ALPN, "0000"), P.MALFORMED_MESSAGE, client=_H2, server=_H2),
    Row(
        "an empty protocol",
        "7301 3.1",
        adding(CH, _ALPN, "000402683200"),
        P.MALFORMED_MESSAGE,
        (A.ILLEGAL_PARAMETER,),
        client=_H2,
        server=_H2,
    ),
    Row(
        "no common protocol",
        "7301 3.2",
        adding(CH, _ALPN, "0003026833"),
        P.NO_COMMON_APPLICATION_PROTOCOL,
        client=_H2,
        server=_H2,
    ),
    Row("no signature scheme", "8446 4.2.3", adding(CH, X.SIGNATURE_ALGORITHMS, "0000"), P.MALFORMED_MESSAGE),
    Row("half a signature scheme", "8446 4.2.3", adding(CH, X.SIGNATURE_ALGORITHMS, "0003040304"), P.MALFORMED_MESSAGE),
    Row("no group", "8446 4.2.7", adding(CH, X.SUPPORTED_GROUPS, "0000"), P.MALFORMED_MESSAGE, (A.ILLEGAL_PARAMETER,)),
    Row("an empty cookie", "8446 4.2.2", adding(CH, X.COOKIE, "0000"), P.MALFORMED_MESSAGE),
    Row("no PSK mode", "8446 4.2.9", adding(CH, X.PSK_KEY_EXCHANGE_MODES, "00"), P.MALFORMED_MESSAGE),
    Row(
        "a record_size_limit of 63", "8449 4", adding(CH, X.RECORD_SIZE_LIMIT, "003f"), P.ILLEGAL_PARAMETER, accept=True
    ),
    Row(
        "a record_size_limit of one byte",
        "8449 4",
        adding(CH, X.RECORD_SIZE_LIMIT, "ff"),
        P.MALFORMED_MESSAGE,
        accept=True,
    ),
    Row(
        "an extended_master_secret that is not empty",
        "7627 5.1",
        adding(CH, X.EXTENDED_MASTER_SECRET, "00"),
        P.TRAILING_BYTES,
        accept=True,
    ),
    Row("a status_request cut short", "6066 8", adding(CH, X.STATUS_REQUEST, "01000000"), P.MALFORMED_MESSAGE),
)


def _shares() -> Iterator[Row]:
    """RFC 8446 4.2.8.1, 4.2.8.2, 7.4; FIPS 203 7.2."""
    changes: Mapping[str, Mapping[str, Json]] = {
        "of zeros": {"fill": 0},
        "that is short": {"cut": 1},
        "that is long": {"append": "00"},
    }
    for group in ("x25519", "secp256r1", "secp384r1", "secp521r1", "x448", "ffdhe2048", "x25519mlkem768"):
        found = {**changes, **({"off the curve": {"flip": -1}} if group.startswith("secp") else {})}
        if group == "x25519mlkem768":
            found["of ones"] = {"fill": 255}
            del found["of zeros"]
        settings = {"groups": [group]}
        for change, how in found.items():
            yield Row(
                f"a share of {group} {change}",
                "8446 7.4",
                edit(CH, _SHARE, **how),
                P.BAD_KEY_SHARE,
                client=settings,
                server=settings,
            )


_BEFORE_HELLO = (
    Row("change_cipher_spec", "8446 5", before(CH, {"wire": "140303000101"}), P.UNEXPECTED_MESSAGE),
    Row("data", "8446 5.1", before(CH, {"wire": "170303000178"}), P.UNEXPECTED_MESSAGE),
    Row(
        "an empty handshake record",
        "8446 5.1",
        before(CH, {"wire": "1603010000"}),
        P.EMPTY_RECORD,
        (A.UNEXPECTED_MESSAGE,),
        accept=True,
    ),
    Row(
        "a fragment longer than 2^14",
        "8446 5.1",
        before(CH, {"wire": "16030140" + "0101", "zeros": 0x4000}),
        P.RECORD_OVERFLOW,
        (A.DECODE_ERROR,),
    ),
    Row(
        "a record of an unknown type",
        "8446 5",
        before(CH, {"wire": "630301000100"}),
        P.UNEXPECTED_MESSAGE,
        (A.DECODE_ERROR, A.PROTOCOL_VERSION),
    ),
    Row(
        "a record of version 0x0200",
        "8446 5.1",
        before(CH, {"wire": "160200000401000000"}),
        P.BAD_RECORD_VERSION,
        (A.UNEXPECTED_MESSAGE, A.DECODE_ERROR),
        accept=True,
    ),
    Row("Finished first", "8446 4", before(CH, {"wire": "1603010004" + "14000000"}), P.UNEXPECTED_MESSAGE),
    Row("an unknown handshake type", "8446 4", before(CH, {"wire": "1603010004" + "63000000"}), P.UNEXPECTED_MESSAGE),
    Row(
        "an alert of three bytes",
        "8446 5.1",
        before(CH, {"wire": "1503010003" + "015a00"}),
        P.MALFORMED_MESSAGE,
        (A.UNEXPECTED_MESSAGE,),
    ),
    Row(
        "a message longer than any ClientHello",
        "8446 4",
        before(CH, {"wire": "1603010004" + "01ffffff"}),
        P.MESSAGE_TOO_LARGE,
        (A.DECODE_ERROR,),
        accept=True,
    ),
    Row("an empty ClientHello", "8446 4.1.2", before(CH, {"wire": "1603010004" + "01000000"}), P.MALFORMED_MESSAGE),
)
_SECOND = (
    Row("another random", "8446 4.1.2", edit(CH2, "random", flip=0), P.ILLEGAL_PARAMETER, accept=True),
    Row("another session id", "8446 4.1.2", edit(CH2, "session_id.content", flip=0), P.ILLEGAL_PARAMETER, accept=True),
    Row(
        "another legacy_version",
        "8446 4.1.2",
        edit(CH2, "legacy_version", set="0302"),
        P.ILLEGAL_PARAMETER,
        accept=True,
    ),
    Row("fewer suites", "8446 4.1.2", edit(CH2, "cipher_suites", set="00021303"), P.ILLEGAL_PARAMETER, accept=True),
    Row(
        "suites in another order",
        "8446 4.1.2",
        edit(CH2, "cipher_suites", set="0006130213011303"),
        P.ILLEGAL_PARAMETER,
        accept=True,
    ),
    Row(
        "another server_name",
        "8446 4.1.2",
        adding(CH2, X.SERVER_NAME, "000c000009622e6578616d706c65"),
        P.ILLEGAL_PARAMETER,
        accept=True,
    ),
    Row("a new extension", "8446 4.1.2", adding(CH2, _ALPN, "0003026832"), P.ILLEGAL_PARAMETER, accept=True),
    Row("an extension lost", "8446 4.1.2", lacking(CH2, X.SERVER_NAME), P.ILLEGAL_PARAMETER, accept=True),
    Row("other groups", "8446 4.1.2", adding(CH2, X.SUPPORTED_GROUPS, "00020017"), P.ILLEGAL_PARAMETER, accept=True),
    Row(
        "other versions",
        "8446 4.1.2",
        adding(CH2, X.SUPPORTED_VERSIONS, "020303"),
        P.ILLEGAL_PARAMETER,
        (A.PROTOCOL_VERSION,),
        accept=True,
    ),
    Row("no cookie", "8446 4.2.2", lacking(CH2, X.COOKIE), P.BAD_COOKIE),
    Row("another cookie", "8446 4.2.2", edit(CH2, "extensions.cookie.cookie.content", flip=0), P.BAD_COOKIE),
    Row("no key_share", "8446 4.2.8", lacking(CH2, X.KEY_SHARE), P.ILLEGAL_PARAMETER, (A.MISSING_EXTENSION,)),
    Row("an empty list of shares", "8446 4.2.8", adding(CH2, X.KEY_SHARE, "0000"), P.ILLEGAL_PARAMETER),
    Row(
        "the first share again",
        "8446 4.2.8",
        adding(CH2, X.KEY_SHARE, "0024" + "001d0020" + "09" * 32),
        P.ILLEGAL_PARAMETER,
    ),
    Row("a byte after its end", "8446 4", longer(CH2), P.TRAILING_BYTES),
)
_OWN: Mapping[str, Json] = {"identity": "p256"}
_ASK: Mapping[str, Json] = {"verify": "required", "trust": "p256"}
_CERTIFICATES = (
    Row("a context", "8446 4.4.2", edit(CT, "request_context", set="0178"), P.ILLEGAL_PARAMETER, (A.DECODE_ERROR,)),
    Row(
        "what is no certificate",
        "8446 4.4.2",
        edit(CT, "entries[0].cert_data.content", set="3003020101"),
        P.CERTIFICATE_MALFORMED,
    ),
    Row("an empty certificate", "8446 4.4.2", edit(CT, "entries[0].cert_data.content", set=""), P.MALFORMED_MESSAGE),
    Row(
        "no certificate where one is required",
        "8446 4.4.2.4",
        (*edit(CT, "entries", set="000000"), *instead(CV)),
        P.NO_CERTIFICATE,
    ),
    Row("an unknown extension", "8446 4.4.2", adding(CT, UNKNOWN), P.UNSOLICITED_EXTENSION),
    Row("an extension of hellos", "8446 4.2", adding(CT, X.COOKIE, "000178"), P.MISPLACED_EXTENSION),
    Row("an extension twice", "8446 4.2", doubled(CT), P.DUPLICATE_EXTENSION),
    Row("a byte after its end", "8446 4", longer(CT), P.TRAILING_BYTES),
)
_ECDSA = "ecdsa_secp256r1_sha256"
_SIGNATURES = (
    Row("an unknown scheme", "8446 4.4.3", edit(CV, "algorithm", set="fefe"), P.ILLEGAL_PARAMETER),
    Row(
        "a scheme of another curve",
        "8446 4.4.3",
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
    Row("ecdsa_sha1", "8446 4.4.3", edit(CV, "algorithm", set="0203"), P.ILLEGAL_PARAMETER),
    Row(
        "rsa_pkcs1_sha256",
        "8446 4.2.3",
        (*edit(CV, "algorithm", set="0401"), {"sign": "rsa_pkcs1_sha256"}),
        P.ILLEGAL_PARAMETER,
        (A.DECRYPT_ERROR,),
        client={"identity": "rsa"},
        server={"trust": "rsa"},
        kind="rsa",
    ),
    Row("another key's signature", "8446 4.4.3", ({"sign": _ECDSA, "key": "stranger"},), P.BAD_SIGNATURE),
    Row(
        "a signature for the server's context",
        "8446 4.4.3",
        ({"sign": _ECDSA, "was": CLIENT_CONTEXT.hex(), "becomes": SERVER_CONTEXT.hex()},),
        P.BAD_SIGNATURE,
    ),
    Row("a signature over another transcript", "8446 4.4.3", ({"sign": _ECDSA, "flip": -1},), P.BAD_SIGNATURE),
    Row("a flipped bit", "8446 4.4.3", edit(CV, "signature.content", flip=-1), P.BAD_SIGNATURE),
    Row("an empty signature", "8446 4.4.3", edit(CV, "signature.content", set=""), P.BAD_SIGNATURE, (A.DECODE_ERROR,)),
    Row("a byte after its end", "8446 4", longer(CV), P.TRAILING_BYTES),
)
_KEY_UPDATE = handshake(H.KEY_UPDATE, "00", hashed=False)
_FINISHED = (
    *FINISHED,
    Row("a KeyUpdate in its record", "8446 5.1", after(FIN, _KEY_UPDATE), P.KEY_CHANGE_INSIDE_MESSAGE),
)
_NOTHING = handshake(H.CERTIFICATE, "00" + "000000")
_AUTHENTICATION = (
    Row("neither Certificate nor CertificateVerify", "8446 4.4.2", (*instead(CT), *instead(CV)), P.UNEXPECTED_MESSAGE),
    Row("no CertificateVerify", "8446 4.4.3", instead(CV), P.UNEXPECTED_MESSAGE),
    Row("no Certificate", "8446 4.4.2", instead(CT), P.UNEXPECTED_MESSAGE),
    Row(
        "CertificateVerify after an empty Certificate",
        "8446 4.4.2",
        edit(CT, "entries", set="000000"),
        P.UNEXPECTED_MESSAGE,
        server={"verify": "peer"},
    ),
    Row("Certificate twice", "8446 4.4.2", after(CT, _NOTHING), P.UNEXPECTED_MESSAGE),
    Row(
        "CertificateVerify twice",
        "8446 4.4.3",
        after(CV, handshake(H.CERTIFICATE_VERIFY, "04030000")),
        P.UNEXPECTED_MESSAGE,
    ),
)
_ORDER = (
    Row("a Certificate that was not asked for", "8446 4.4.2", before(FIN, _NOTHING), P.UNEXPECTED_MESSAGE),
    Row("data before Finished", "8446 4.4.4", before(FIN, record(DATA, "78")), P.UNEXPECTED_MESSAGE),
    Row(
        "NewSessionTicket",
        "8446 4.6.1",
        before(FIN, handshake(H.NEW_SESSION_TICKET, "00000e10" + "00000000" + "00" + "0001aa" + "0000")),
        P.UNEXPECTED_MESSAGE,
    ),
    Row("a KeyUpdate before Finished", "8446 4.6.3", before(FIN, handshake(H.KEY_UPDATE, "00")), P.UNEXPECTED_MESSAGE),
    Row("EndOfEarlyData", "8446 4.5", before(FIN, handshake(H.END_OF_EARLY_DATA)), P.UNEXPECTED_MESSAGE),
    Row("ClientKeyExchange", "8446 4", before(FIN, handshake(H.CLIENT_KEY_EXCHANGE, "0000")), P.UNEXPECTED_MESSAGE),
    Row(
        "a second ClientHello",
        "8446 4.1.2",
        before(FIN, handshake(H.CLIENT_HELLO, _BARE_HELLO + "0002" + "1303" + "0100")),
        P.UNEXPECTED_MESSAGE,
    ),
    Row("handshake keys that are never used", "8446 5", ({"unprotected": True},), P.UNEXPECTED_MESSAGE),
    *interleaved(FIN, "1400"),
    *contents(FIN),
)
_AFTERWARDS = (
    *afterwards(
        {
            "ClientHello": "01000000",
            "Finished": "14000000",
            "NewSessionTicket": "04000000",
            "Certificate": "0b00000400000000",
            "EndOfEarlyData": "05000000",
        }
    ),
    *CONNECTED,
)
_PSK = "extensions.pre_shared_key"
_RESUMED = (
    Row("no psk_key_exchange_modes", "8446 4.2.9", lacking(CH, X.PSK_KEY_EXCHANGE_MODES), P.MISSING_EXTENSION),
    Row(
        "pre_shared_key in another place than the last",
        "8446 4.2.11",
        ({"move_extension": CH, "type": X.PRE_SHARED_KEY},),
        P.ILLEGAL_PARAMETER,
    ),
    Row("a flipped binder", "8446 4.2.11.2", edit(CH, _PSK, flip=-1), P.BAD_BINDER, (A.ILLEGAL_PARAMETER,)),
    Row(
        "a random changed after the binder",
        "8446 4.2.11.2",
        edit(CH, "random", flip=0),
        P.BAD_BINDER,
        (A.ILLEGAL_PARAMETER,),
    ),
    Row(
        "a binder of another hash's length",
        "8446 4.2.11.2",
        edit(CH, f"{_PSK}.binders", set="0031" + "30" + "00" * 48),
        P.BAD_BINDER,
        (A.ILLEGAL_PARAMETER,),
    ),
    Row(
        "a binder of 31 bytes",
        "8446 4.2.11",
        edit(CH, f"{_PSK}.binders", set="0020" + "1f" + "00" * 31),
        P.MALFORMED_MESSAGE,
        (A.ILLEGAL_PARAMETER, A.DECRYPT_ERROR),
    ),
    Row(
        "two binders for one identity",
        "8446 4.2.11",
        edit(CH, f"{_PSK}.binders", set="0042" + ("20" + "00" * 32) * 2),
        P.ILLEGAL_PARAMETER,
        (A.DECRYPT_ERROR,),
    ),
    Row("no identity", "8446 4.2.11", edit(CH, f"{_PSK}.identities", set="0000"), P.MALFORMED_MESSAGE),
    Row(
        "an empty identity",
        "8446 4.2.11",
        edit(CH, f"{_PSK}.identities", set="0006" + "0000" + "00000000"),
        P.MALFORMED_MESSAGE,
    ),
    Row("no binder", "8446 4.2.11", edit(CH, f"{_PSK}.binders", set="0000"), P.MALFORMED_MESSAGE),
)
_TLS12_ALONE = (
    Row("no supported_versions", "8446 4.2.1", lacking(CH, X.SUPPORTED_VERSIONS), P.UNSUPPORTED_VERSION),
    Row(
        "TLS_FALLBACK_SCSV and TLS 1.2",
        "7507 3",
        (*lacking(CH, X.SUPPORTED_VERSIONS), *edit(CH, "cipher_suites", set="0004cca95600")),
        P.INAPPROPRIATE_FALLBACK,
        server={
            "versions": ["tlsv1.3", "tlsv1.2"],
            "cipher_suites": ["tls_aes_128_gcm_sha256", "tls_ecdhe_ecdsa_with_chacha20_poly1305_sha256"],
        },
    ),
)

GROUPS = (
    Group("a ClientHello", _13, "server", (*_CLIENT_HELLO, *_shares(), *_TLS12_ALONE)),
    Group("what precedes ClientHello", _13, "server", _BEFORE_HELLO),
    Group("a second ClientHello", _13, "server", _SECOND, *_RETRY),
    Group("a Certificate message", _13, "server", _CERTIFICATES, _OWN, _ASK),
    Group("a CertificateVerify", _13, "server", _SIGNATURES, _OWN, _ASK),
    Group("an authentication", _13, "server", _AUTHENTICATION, _OWN, _ASK),
    Group("a Finished", _13, "server", _FINISHED),
    Group("a flight", _13, "server", _ORDER),
    Group("a complete connection", _13, "server", _AFTERWARDS),
    Group("a resumption", _13, "server", _RESUMED, resumes=True),
)
