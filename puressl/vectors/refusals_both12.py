"""What both ends of TLS 1.2 refuse: Finished, the contents of records, and what comes once data flows."""

from __future__ import annotations

from collections.abc import Iterator

from puressl.codes import AlertDescription as A
from puressl.codes import NamedGroup
from puressl.crypto.groups import GROUPS, FiniteFieldGroup
from puressl.errors import Problem, Reason, SSLError
from puressl.vectors.refusals import CCS, Row, before, connected, edit, longer, record, shorter, splice

P = Problem
FIN = "finished"


def ffdhe2048() -> int:
    """The prime of ffdhe2048 (RFC 7919 A.1)."""
    group = GROUPS[NamedGroup.FFDHE2048]
    if not isinstance(group, FiniteFieldGroup):
        raise SSLError(Reason.EINVAL, "ffdhe2048 is no finite field")
    return group.prime


FINISHED = (
    Row("a flipped bit", "5246 7.4.9", edit(FIN, "verify_data", flip=0), P.BAD_FINISHED),
    Row("zeros", "5246 7.4.9", edit(FIN, "verify_data", fill=0), P.BAD_FINISHED),
    Row("a byte too few", "5246 7.4.9", shorter(FIN), P.MALFORMED_MESSAGE, (A.DECRYPT_ERROR,)),
    Row("a byte too many", "5246 7.4.9", longer(FIN), P.MALFORMED_MESSAGE, (A.DECRYPT_ERROR,)),
    Row("nothing in it", "5246 7.4.9", splice(FIN, 0, 12), P.MALFORMED_MESSAGE, (A.DECRYPT_ERROR,)),
    Row(
        "65 bytes", "5246 7.4.9", splice(FIN, 0, 12, "00" * 65), P.MESSAGE_TOO_LARGE, (A.DECODE_ERROR, A.DECRYPT_ERROR)
    ),
)


def contents(message: str) -> Iterator[Row]:
    """What may not stand in a record, before or in that of a protected message."""
    yield Row("a tag with a flipped bit", "5246 6.2.3.3", ({"tamper": message, "at": -1},), P.BAD_RECORD_MAC)
    yield Row("ciphertext with a flipped bit", "5246 6.2.3.3", ({"tamper": message, "at": 5},), P.BAD_RECORD_MAC)
    yield Row(
        "a record of another type",
        "5246 6.2.3.3",
        ({"tamper": message, "at": 0},),
        P.BAD_RECORD_MAC,
        (A.UNEXPECTED_MESSAGE,),
    )
    yield Row(
        "a record too short for its tag",
        "5246 6.2.3.3",
        before(message, {"wire": "1603030005" + "00" * 5}),
        P.BAD_RECORD_MAC,
        (A.DECODE_ERROR,),
    )
    yield Row(
        "a record longer than 2^14 + 2048", "5246 6.2.3", before(message, {"wire": "160303480100"}), P.RECORD_OVERFLOW
    )
    yield Row(
        "a record of version 0x0200",
        "5246 6.2.1",
        before(message, {"wire": "160200002000"}),
        P.BAD_RECORD_VERSION,
        (A.BAD_RECORD_MAC,),
    )
    yield Row(
        "a record of an unknown type",
        "5246 6.2.1",
        before(message, {"wire": "630303000100"}),
        P.UNEXPECTED_MESSAGE,
        (A.BAD_RECORD_MAC, A.DECODE_ERROR),
    )
    yield Row("a change_cipher_spec twice", "5246 7.1", before(message, record(20, "01")), P.UNEXPECTED_MESSAGE)


CONNECTED = (
    Row("a Finished", "5246 7.3", connected({"message": "1400000c" + "00" * 12}), P.UNEXPECTED_MESSAGE),
    Row("a Certificate", "5246 7.3", connected({"message": "0b000003000000"}), P.UNEXPECTED_MESSAGE),
    Row("an unknown handshake type", "5246 7.4", connected({"message": "63000000"}), P.UNEXPECTED_MESSAGE),
    Row("a KeyUpdate", "8446 4.6.3", connected({"message": "1800000100"}), P.UNEXPECTED_MESSAGE),
    Row(
        "a message longer than any",
        "5246 7.4",
        connected({"message": "14ffffff"}),
        P.MESSAGE_TOO_LARGE,
        (A.DECODE_ERROR,),
        accept=True,
    ),
    Row("an unknown content type", "5246 6.2.1", connected(record(99, "78")), P.UNEXPECTED_MESSAGE),
    Row("an alert of one byte", "5246 7.2", connected(record(21, "01")), P.MALFORMED_MESSAGE, (A.UNEXPECTED_MESSAGE,)),
    Row("an empty alert", "5246 6.2.1", connected(record(21)), P.EMPTY_RECORD, (A.UNEXPECTED_MESSAGE,)),
    Row("plaintext of 2^14 + 1 bytes", "5246 6.2.1", connected(record(23, zeros=16385)), P.RECORD_OVERFLOW),
    Row("a record of other keys", "5246 6.2.3.3", connected({"wire": "1703030020" + "00" * 32}), P.BAD_RECORD_MAC),
    Row("a change_cipher_spec", "5246 7.1", connected(record(20, "01")), P.UNEXPECTED_MESSAGE),
    Row("an unprotected change_cipher_spec", "5246 7.1", connected(CCS), P.BAD_RECORD_MAC, (A.UNEXPECTED_MESSAGE,)),
)
