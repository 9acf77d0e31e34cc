"""Messages and data into records.

Theory of operation: handshake messages wait until something else is to be sent, the keys change or the transport asks,
and then leave in as few records as they fit in (RFC 8446 5.1); so a flight is one record per epoch, and each change of
keys falls on a record boundary. Everything else is sealed at once, in order, in records as long as record_size_limit
and the protection allow. The records are kept in a list and joined once, in ``take``.
"""

from __future__ import annotations

from puressl.codes import ContentType, ProtocolVersion
from puressl.crypto.aead import Octets
from puressl.errors import Problem, ProtocolError
from puressl.record.protect import PLAINTEXT, Observer, Plaintext, Protection
from puressl.wire.record import INNER_TYPE_LENGTH, MAX_PLAINTEXT, MIN_RECORD_SIZE_LIMIT

#: How many records before the end of a key its replacement is asked for (RFC 8446 5.5). It must exceed what one call of
#: ``send`` can need, since keys change only between calls: here 16 GiB in full records, 64 MiB in the smallest ones.
KEY_UPDATE_MARGIN = 1 << 20


class RecordSender:
    """The sending half of a connection's record layer. observe: is told of each record, None for nobody."""

    __slots__ = ("_handshake", "_limit", "_observe", "_protection", "_record_version", "_records")

    def __init__(self, observe: Observer | None = None) -> None:
        self._handshake: list[bytes] = []
        self._limit = MAX_PLAINTEXT
        self._observe = observe
        self._protection: Protection = PLAINTEXT
        self._record_version: int = ProtocolVersion.TLSv1_2
        self._records: list[bytes] = []

    @property
    def record_version(self) -> int:
        """legacy_record_version from now on: 0x0301 for a first ClientHello, otherwise 0x0303 (RFC 8446 5.1)."""
        return self._record_version

    @record_version.setter
    def record_version(self, version: int) -> None:
        self._flush()
        self._record_version = version

    @property
    def needs_key_update(self) -> bool:
        """Whether the key is nearly used up (RFC 8446 5.5): time for a KeyUpdate in TLS 1.3, for closing in TLS 1.2."""
        return self._protection.records_left <= KEY_UPDATE_MARGIN

    def limit_plaintext(self, limit: int) -> None:
        """Bounds the content of each protected record from here on (RFC 8449).

        limit: bytes, content type not counted, as ``wire.record.content_limit`` computes it.
        """
        if limit < MIN_RECORD_SIZE_LIMIT - INNER_TYPE_LENGTH:  # RFC 8449 4
            raise ProtocolError(Problem.ILLEGAL_PARAMETER, f"record_size_limit leaves {limit} bytes a record")
        self._flush()
        self._limit = min(limit, MAX_PLAINTEXT)

    def send(self, content_type: int, data: bytes) -> None:
        """Queues data. Nothing is sent for none.

        data: for HANDSHAKE one or more whole messages, for ALERT and CHANGE_CIPHER_SPEC one body, for APPLICATION_DATA
        anything. Raises ProtocolError(SEQUENCE_EXHAUSTED) and queues nothing when application data needs more records
        than the key has left (RFC 8446 5.5); a KeyUpdate and an alert can still be sent then.
        """
        if content_type == ContentType.HANDSHAKE:
            self._handshake.append(data)
            return
        self._flush()
        if content_type == ContentType.APPLICATION_DATA:
            self._check_records_left(len(data))
        self._seal(content_type, data)

    def install(self, protection: Protection) -> None:
        """Changes keys: what was sent before is sealed under the old ones."""
        self._flush()
        self._protection = protection

    def take(self) -> bytes:
        """All bytes the transport must carry now. Empties the queue."""
        self._flush()
        if not self._records:
            return b""
        taken = b"".join(self._records) if len(self._records) > 1 else self._records[0]
        self._records.clear()
        return taken

    def _flush(self) -> None:
        """Seals the handshake messages that wait."""
        if self._handshake:
            flight = b"".join(self._handshake)
            self._handshake.clear()
            self._seal(ContentType.HANDSHAKE, flight)

    def _seal(self, content_type: int, data: bytes) -> None:
        limit = self._content_limit()
        pieces: list[Octets] = [data] if data else []
        if len(data) > limit:
            view = memoryview(data)
            pieces = [view[start : start + limit] for start in range(0, len(data), limit)]
        if not pieces:
            return
        sequence = self._protection.sequence
        sealed = self._protection.seal_all(content_type, pieces, self._record_version)
        self._records += sealed
        if self._observe is not None:
            for number, (piece, raw) in enumerate(zip(pieces, sealed, strict=True), sequence):
                self._observe(number, content_type, bytes(piece), raw)

    def _content_limit(self) -> int:
        """Unprotected records are not subject to record_size_limit (RFC 8449 4)."""
        limit = MAX_PLAINTEXT if isinstance(self._protection, Plaintext) else self._limit
        return min(limit, self._protection.max_content)

    def _check_records_left(self, length: int) -> None:
        needed = -(-length // self._content_limit())
        if needed > self._protection.records_left:
            raise ProtocolError(
                Problem.SEQUENCE_EXHAUSTED, f"{self._protection.records_left} records left, {needed} needed"
            )
