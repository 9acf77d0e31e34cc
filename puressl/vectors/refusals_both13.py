"""What both ends of TLS 1.3 refuse: Finished, the contents of records, and what comes once data flows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from puressl.codes import AlertDescription as A
from puressl.codes import HandshakeType as H
from puressl.errors import Problem
from puressl.vectors.refusals import (
    CCS,
    Row,
    before,
    connected,
    edit,
    handshake,
    longer,
    record,
    shorter,
    splice,
)

P = Problem
FIN = "finished"
_ALERT, _HANDSHAKE, DATA = 21, 22, 23

FINISHED = (
    Row("a flipped bit", "8446 4.4.4", edit(FIN, "verify_data", flip=0), P.BAD_FINISHED),
    Row("zeros", "8446 4.4.4", edit(FIN, "verify_data", fill=0), P.BAD_FINISHED),
    Row("a byte too few", "8446 4.4.4", shorter(FIN), P.MALFORMED_MESSAGE, (A.DECRYPT_ERROR,)),
    Row("a byte too many", "8446 4.4.4", longer(FIN), P.MALFORMED_MESSAGE, (A.DECRYPT_ERROR,)),
    Row("twelve bytes", "8446 4.4.4", splice(FIN, 12, 20), P.MALFORMED_MESSAGE, (A.DECRYPT_ERROR,)),
    Row("nothing in it", "8446 4.4.4", splice(FIN, 0, 32), P.MALFORMED_MESSAGE, (A.DECRYPT_ERROR,)),
    Row(
        "65 bytes", "8446 4.4.4", splice(FIN, 0, 32, "00" * 65), P.MESSAGE_TOO_LARGE, (A.DECRYPT_ERROR, A.DECODE_ERROR)
    ),
)


def interleaved(message: str, first: str) -> Iterator[Row]:
    """RFC 8446 5.1: nothing may come between the records of a message. first: its first two bytes."""
    begun = record(_HANDSHAKE, first)
    yield Row(
        "an alert inside a message",
        "8446 5.1",
        before(message, begun, record(_ALERT, "015a")),
        P.INTERLEAVED_HANDSHAKE,
        (A.UNEXPECTED_MESSAGE,),
    )
    yield Row("data inside a message", "8446 5.1", before(message, begun, record(DATA, "78")), P.INTERLEAVED_HANDSHAKE)
    yield Row("change_cipher_spec inside a message", "8446 5.1", before(message, begun, CCS), P.INTERLEAVED_HANDSHAKE)


def contents(message: str) -> Iterator[Row]:
    """What a protected record may not hold, before a message."""
    yield Row("an unknown inner content type", "8446 5", before(message, record(99, "78")), P.BAD_RECORD_TYPE)
    yield Row("an unknown handshake type", "8446 4", before(message, handshake(0x63)), P.UNEXPECTED_MESSAGE)
    yield Row("message_hash on the wire", "8446 4.4.1", before(message, handshake(0xFE)), P.UNEXPECTED_MESSAGE)
    yield Row(
        "an empty handshake record",
        "8446 5.1",
        before(message, record(_HANDSHAKE)),
        P.EMPTY_RECORD,
        (A.UNEXPECTED_MESSAGE,),
        accept=True,
    )
    yield Row("an inner plaintext of zeros", "8446 5.4", before(message, record(0, "0000")), P.BAD_INNER_PLAINTEXT)
    yield Row(
        "a protected change_cipher_spec", "8446 5", before(message, record(20, "01", padding=1)), P.UNEXPECTED_MESSAGE
    )
    yield Row(
        "a change_cipher_spec of two bytes",
        "8446 5",
        before(message, {"wire": "1403030002" + "0101"}),
        P.UNEXPECTED_MESSAGE,
    )
    yield Row(
        "a change_cipher_spec of the byte 2", "8446 5", before(message, {"wire": "140303000102"}), P.UNEXPECTED_MESSAGE
    )
    yield Row(
        "an unprotected handshake record",
        "8446 5.2",
        before(message, {"wire": "16030300" + "0414000000"}),
        P.UNEXPECTED_MESSAGE,
        (A.BAD_RECORD_MAC,),
    )
    yield Row(
        "a record longer than 2^14 + 256",
        "8446 5.2",
        before(message, {"wire": "170303" + "4101" + "00"}),
        P.RECORD_OVERFLOW,
    )
    yield Row(
        "a record too short for its tag",
        "8446 5.2",
        before(message, {"wire": "1703030005" + "00" * 5}),
        P.BAD_RECORD_MAC,
    )
    yield Row(
        "a record of an unknown outer type",
        "8446 5",
        before(message, {"wire": "63030300" + "0100"}),
        P.UNEXPECTED_MESSAGE,
    )
    yield Row(
        "a record of other keys", "8446 5.2", before(message, {"wire": "1703030020" + "00" * 32}), P.BAD_RECORD_MAC
    )
    yield Row("a tag with a flipped bit", "8446 5.2", ({"tamper": message, "at": -1},), P.BAD_RECORD_MAC)
    yield Row("ciphertext with a flipped bit", "8446 5.2", ({"tamper": message, "at": 5},), P.BAD_RECORD_MAC)


def afterwards(kinds: Mapping[str, str]) -> Iterator[Row]:
    """RFC 8446 4.1.2, 4.6.2: what may not come once the handshake is complete. kinds: name to message."""
    for name, message in kinds.items():
        yield Row(name, "8446 4.6", connected({"message": message}), P.UNEXPECTED_MESSAGE)


CONNECTED = (
    Row("a KeyUpdate of 2", "8446 4.6.3", connected(handshake(H.KEY_UPDATE, "02")), P.ILLEGAL_PARAMETER),
    Row("an empty KeyUpdate", "8446 4.6.3", connected(handshake(H.KEY_UPDATE)), P.MALFORMED_MESSAGE),
    Row(
        "a KeyUpdate of two bytes",
        "8446 4.6.3",
        connected(handshake(H.KEY_UPDATE, "0000")),
        P.MESSAGE_TOO_LARGE,
        (A.DECODE_ERROR,),
    ),
    Row(
        "two KeyUpdates in one record",
        "8446 5.1",
        connected(handshake(H.KEY_UPDATE, "00"), handshake(H.KEY_UPDATE, "00")),
        P.KEY_CHANGE_INSIDE_MESSAGE,
    ),
    Row("an unknown inner content type", "8446 5", connected(record(99, "78")), P.BAD_RECORD_TYPE),
    Row("an inner plaintext of zeros", "8446 5.4", connected(record(0, "000000")), P.BAD_INNER_PLAINTEXT),
    Row(
        "an alert of one byte",
        "8446 5.1",
        connected(record(_ALERT, "01")),
        P.MALFORMED_MESSAGE,
        (A.UNEXPECTED_MESSAGE,),
    ),
    Row(
        "two alerts in one record",
        "8446 5.1",
        connected(record(_ALERT, "015a015a")),
        P.MALFORMED_MESSAGE,
        (A.UNEXPECTED_MESSAGE,),
    ),
    Row("an empty alert", "8446 5.4", connected(record(_ALERT)), P.EMPTY_RECORD, (A.UNEXPECTED_MESSAGE,)),
    Row("plaintext of 2^14 + 1 bytes", "8446 5.4", connected(record(DATA, zeros=16385)), P.RECORD_OVERFLOW),
    Row(
        "padding beyond 2^14 + 1 bytes",
        "8446 5.4",
        connected(record(DATA, "78", padding=16384)),
        P.RECORD_OVERFLOW,
        accept=True,
    ),
    Row("a record of other keys", "8446 5.2", connected({"wire": "1703030020" + "00" * 32}), P.BAD_RECORD_MAC),
    Row(
        "an unprotected alert",
        "8446 6",
        connected({"wire": "1503030002" + "0100"}),
        P.UNEXPECTED_MESSAGE,
        (A.BAD_RECORD_MAC,),
    ),
    Row("change_cipher_spec", "8446 5", connected(CCS), P.UNEXPECTED_MESSAGE),
)
