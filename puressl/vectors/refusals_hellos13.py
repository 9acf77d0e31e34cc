"""What a TLS 1.3 client refuses in ServerHello, HelloRetryRequest and what precedes them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from puressl.codes import AlertDescription as A
from puressl.codes import ExtensionType as X
from puressl.codes import HandshakeType as H
from puressl.errors import Problem
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
    lacking,
    longer,
    shorter,
    splice,
)
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
        accept=True,
    ),
    Row(
        "legacy_version 0x0302",
        "8446 4.1.3",
        edit(SH, "legacy_version", set="0302"),
        P.ILLEGAL_PARAMETER,
        (A.PROTOCOL_VERSION,),
        accept=True,
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
    Row("an extension twice", "8446 4.2", doubled(SH, "supported_versions"), P.DUPLICATE_EXTENSION),
    Row("a byte after its end", "8446 4", longer(SH), P.TRAILING_BYTES),
    Row("its last byte missing", "8446 4", shorter(SH), P.MALFORMED_MESSAGE),
    Row(
        "EncryptedExtensions in its record",
        "8446 5.1",
        after(SH, handshake(H.ENCRYPTED_EXTENSIONS, "0000", hashed=False)),
        P.KEY_CHANGE_INSIDE_MESSAGE,
    ),
    Row(
        "a second one in its record",
        "8446 5.1",
        after(SH, handshake(H.SERVER_HELLO, hashed=False)),
        P.KEY_CHANGE_INSIDE_MESSAGE,
    ),
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
    Row("an extension twice", "8446 4.2", doubled(HRR, "supported_versions"), P.DUPLICATE_EXTENSION),
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
_BEFORE_HELLO = (
    Row("data", "8446 5.1", before(SH, {"wire": "170303000178"}), P.UNEXPECTED_MESSAGE),
    Row(
        "an empty handshake record",
        "8446 5.1",
        before(SH, {"wire": "1603030000"}),
        P.EMPTY_RECORD,
        (A.UNEXPECTED_MESSAGE,),
        accept=True,
    ),
    Row(
        "a fragment longer than 2^14",
        "8446 5.1",
        before(SH, {"wire": "1603034001" + "02", "zeros": 0x4000}),
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
        accept=True,
    ),
    Row(
        "change_cipher_spec again and again",
        "8446 D.4",
        before(SH, {"wire": "140303000101" * 40}),
        P.TOO_MANY_CHANGE_CIPHER_SPECS,
    ),
)

GROUPS = (
    Group("a ServerHello", _13, "client", (*_SERVER_HELLO, *_shares(), *_DOWNGRADES)),
    Group("what precedes ServerHello", _13, "client", _BEFORE_HELLO),
    Group("a HelloRetryRequest", _13, "client", _HELLO_RETRY, *_RETRY),
    Group("after a retry a ServerHello", _13, "client", _AFTER_RETRY, {**_RETRY[0], **_BOTH}, _RETRY[1]),
)
