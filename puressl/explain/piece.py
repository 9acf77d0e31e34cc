"""A piece of TLS by itself: records, handshake messages, an alert, certificates, a CRL or an OCSP response.

Theory of operation: what a piece is shows in its first bytes, or is said. Records, messages and alerts are read as
those of a recorded connection of which nothing else is known; a message with several forms is the one that it decodes
as. A piece is explained as far as it goes, and the first thing that is wrong with it is told with its byte and field.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from puressl.codes import ContentType, HandshakeType
from puressl.errors import Reason, SSLError
from puressl.explain import der_piece
from puressl.explain.model import CLIENT, SERVER, Story
from puressl.explain.recorded import Fault, Recording
from puressl.wire.messages import HEADER_LENGTH as HANDSHAKE_HEADER_LENGTH
from puressl.wire.messages import MAX_BODY
from puressl.wire.record import HEADER_LENGTH
from puressl.x509 import pem
from puressl.x509.file_kinds import other_kind

RECORD, HANDSHAKE, ALERT = _OF_TLS = ("record", "handshake", "alert")
KINDS = (*_OF_TLS, *der_piece.KINDS)

#: Certificates of one piece; a chain has a few.
MAX_CERTIFICATES = 100

_SEQUENCE = 0x30
_ALERT_LENGTH = 2
_ALERT_LEVELS = (1, 2)
_MAJOR_VERSION = 3
#: Messages that only clients send; the others are taken for a server's.
_CLIENTS = frozenset({HandshakeType.CLIENT_HELLO, HandshakeType.CLIENT_KEY_EXCHANGE, HandshakeType.END_OF_EARLY_DATA})
_LABELS: Mapping[str, str] = {
    "CERTIFICATE": der_piece.CERTIFICATE,
    "X509 CERTIFICATE": der_piece.CERTIFICATE,
    "X509 CRL": der_piece.CRL,
}
_NOTHING = Story("", (), "", "", (), (), (), (), (), (), ())


@dataclass(frozen=True, slots=True)
class Explained:
    """A piece explained. error: the first thing that is wrong with it, with its place; empty if nothing is."""

    story: Story
    error: str


def explain_piece(data: bytes, title: str, kind: str | None = None, version: int | None = None) -> Explained:
    """Explains a piece.

    kind: one of ``KINDS``, None to recognise it. version: of TLS, where messages differ by it; None to try both.
    Raises ``SSLError(einval)`` for what is not recognised, or is empty.
    """
    if not data:
        raise SSLError(Reason.EINVAL, "it is empty")
    if pem.is_pem(data) and kind not in _OF_TLS:
        return _explain_der(_pem_blocks(data, kind), title)
    kind = kind or _recognised(data)
    if kind in der_piece.KINDS:
        return _explain_der([(kind, data)], title)
    recording = Recording(None)
    recording.version = version
    _FEEDERS[kind](recording, data)
    story = recording.story(title)
    return Explained(story, _first_error(story, recording))


def _recognised(data: bytes) -> str:
    """The kind of a piece, by its first bytes (RFC 8446 5.1, 4, 6; X.690 8.1)."""
    first, second = data[0], data[1] if len(data) > 1 else 0
    if first in set(ContentType) and second == _MAJOR_VERSION:
        return RECORD
    if len(data) == _ALERT_LENGTH and first in _ALERT_LEVELS:
        return ALERT
    length = int.from_bytes(data[1:HANDSHAKE_HEADER_LENGTH], "big")
    if first in MAX_BODY and length <= MAX_BODY[first] and len(data) >= HANDSHAKE_HEADER_LENGTH:
        return HANDSHAKE
    if first == _SEQUENCE:
        return _recognised_der(data)
    raise SSLError(Reason.EINVAL, f"it begins with {data[:8].hex(' ')}, which is none of {', '.join(KINDS)}; see --as")


def _recognised_der(data: bytes) -> str:
    """What it decodes as; else a certificate, unless it begins like something else."""
    for kind in der_piece.KINDS:
        if der_piece.is_one(kind, data):
            return kind
    other = other_kind(data)
    if other:
        raise SSLError(Reason.EINVAL, f"no certificate, CRL or OCSP response: {other}; see --as")
    return der_piece.CERTIFICATE


# DER --------------------------------------------------------------------------------------------------------


def _pem_blocks(data: bytes, kind: str | None) -> list[tuple[str, bytes]]:
    try:
        labelled = [(kind or _LABELS.get(block.label), block) for block in pem.blocks(data)]
        found = [(kind, block.decode()) for kind, block in labelled if kind is not None]
    except pem.PemError as error:
        raise SSLError(Reason.EINVAL, str(error)) from None
    if not found:
        labels = ", ".join(block.label for _, block in labelled) or "no whole block of PEM"
        raise SSLError(Reason.EINVAL, f"neither a certificate nor a CRL: {labels}")
    return found


def _explain_der(pieces: Sequence[tuple[str, bytes]], title: str) -> Explained:
    if len(pieces) > MAX_CERTIFICATES:
        raise SSLError(Reason.EINVAL, f"{len(pieces)} certificates; at most {MAX_CERTIFICATES} are explained")
    explained = [der_piece.explain_der(kind, der) for kind, der in pieces]
    numbered = [
        (f"{kind} {number}: {error}" if len(pieces) > 1 else f"{kind}: {error}")
        for number, ((kind, _), (_, error)) in enumerate(zip(pieces, explained, strict=True), 1)
        if error
    ]
    story = replace(_NOTHING, title=title, certificates=tuple(each for each, _ in explained))
    return Explained(story, next(iter(numbered), ""))


# TLS --------------------------------------------------------------------------------------------------------


def _feed_records(recording: Recording, data: bytes) -> None:
    is_handshake = data[0] == ContentType.HANDSHAKE and len(data) > HEADER_LENGTH
    recording.add_records(_sender(data[HEADER_LENGTH]) if is_handshake else SERVER, data)
    recording.finish()


def _feed_messages(recording: Recording, data: bytes) -> None:
    recording.add_messages(_sender(data[0]), data)
    recording.finish()


def _feed_alert(recording: Recording, data: bytes) -> None:
    recording.add_alert(SERVER, data)


_FEEDERS: Mapping[str, Callable[[Recording, bytes], None]] = {
    RECORD: _feed_records,
    HANDSHAKE: _feed_messages,
    ALERT: _feed_alert,
}


def _sender(handshake_type: int) -> str:
    return CLIENT if handshake_type in _CLIENTS else SERVER


def _first_error(story: Story, recording: Recording) -> str:
    """The fault with the lowest place in the piece."""
    faults = [(_place(story, fault), fault.text) for fault in recording.faults] + recording.breaks
    at, text = min(faults, default=(0, ""))
    return f"byte {at}: {text}" if text else ""


def _place(story: Story, fault: Fault) -> int:
    """The offset in the piece of a byte of a step."""
    step, at = story.steps[fault.step], fault.at
    if not step.records:
        return sum(len(each.raw) for each in story.steps[: step.number]) + at
    at += step.offset
    for number in step.records:
        start = sum(len(record.raw) for record in story.records[:number])
        length = len(story.records[number].raw) - HEADER_LENGTH
        if at < length or number == step.records[-1]:
            break
        at -= length
    return start + HEADER_LENGTH + at
