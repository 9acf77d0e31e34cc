"""Record protection: one object seals or opens the records of one direction under one key.

Theory of operation: a ``Protection`` turns content into a whole record and a fragment back into content, and counts the
records, because the count is the nonce or part of the MAC (RFC 8446 5.3, RFC 5246 6.1). A record that fails to open
moves no counter, so that refused early data can be tried and passed over. The ciphers work on several records in little
more time than on one, so a large write is sealed together, and records at hand may be decrypted ahead: that is work
done early and seen by nobody, as ``open`` alone counts, judges and fails. Which kind stands behind is decided once, by
the type of the keys and the suite's row (``protection``):

    Plaintext   before the first key: the fragment is the content
    Tls13       RFC 8446 5.2: the content type travels inside, header as associated data
    Tls12Aead   RFC 5246 6.2.3.3: GCM with an explicit nonce (RFC 5288 3), ChaCha20 without (RFC 7905 2)
    Tls12Cbc    RFC 5246 6.2.3.2, or RFC 7366 where encrypt-then-MAC was negotiated

Whatever is wrong with a protected record, short, garbled or forged, is one BAD_RECORD_MAC without a word on which.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Callable, Sequence
from typing import ClassVar, Protocol

from puressl.codes import ContentType, ProtocolVersion
from puressl.crypto.aead import Aead, Message, Octets, new_aead
from puressl.crypto.aes_planes import BLOCK_LENGTH
from puressl.crypto.cbc import AesCbc
from puressl.crypto.hashes import HashAlgorithm
from puressl.crypto.kdf import Hmac, equal
from puressl.crypto.schedule12 import TrafficKeys12
from puressl.crypto.schedule13 import TrafficSecret
from puressl.crypto.suites import BulkCipher, CipherKind
from puressl.env import Env, Purpose
from puressl.errors import Problem, ProtocolError
from puressl.wire.record import (
    INNER_TYPE_LENGTH,
    MAX_CIPHERTEXT,
    MAX_CIPHERTEXT_12,
    MAX_PLAINTEXT,
    RecordHeader,
)

#: Is told of a record: its sequence number, content type, content (None for what did not open), header and fragment.
Observer = Callable[[int, int, bytes | None, bytes], None]

AeadFactory = Callable[[BulkCipher, bytes], Aead]

#: Sequence numbers have 64 bits and never wrap (RFC 8446 5.3, RFC 5246 6.1).
MAX_RECORDS = 1 << 64

#: padding_length is one byte that does not count itself (RFC 5246 6.2.3.2).
_MAX_PADDING = 256

#: A number with every one of the last 256 bytes set to 1: times a byte, it is that byte repeated.
_REPEATED = int.from_bytes(b"\1" * _MAX_PADDING, "big")


class Protection(Protocol):
    """One direction's records under one key."""

    #: The longest fragment a record header may announce, in bytes.
    max_fragment: ClassVar[int]
    #: The number of the next record (RFC 8446 5.3); where nothing is protected it stays 0.
    sequence: int

    #: The longest content worth sealing as one record, in bytes.
    max_content: ClassVar[int]

    @property
    def records_left(self) -> int:
        """How many more records this key may protect (RFC 8446 5.5, and the sequence number's 64 bits)."""
        ...

    def seal(self, content_type: int, plaintext: Octets, record_version: int) -> bytes:
        """A whole record.

        plaintext: at most 2^14 bytes. Raises ProtocolError(SEQUENCE_EXHAUSTED) after 2^64 records.
        """
        ...

    def seal_all(self, content_type: int, plaintexts: Sequence[Octets], record_version: int) -> list[bytes]:
        """A whole record of each plaintext, in order. Otherwise as ``seal``."""
        ...

    def decrypt_ahead(self, records: Sequence[tuple[RecordHeader, bytes]]) -> None:
        """Decrypts together what is expected to be opened next: application_data records, headers and fragments.

        Raises nothing: what cannot be decrypted now, or is not opened next after all, is decrypted by ``open``.
        """
        ...

    def open(self, header: RecordHeader, fragment: bytes, limit: int = MAX_PLAINTEXT) -> tuple[int, bytes]:
        """The content type and content of a received record.

        fragment: ``header.length`` bytes. limit: the longest content, padding included, as record_size_limit gave it
        (RFC 8449). Raises ProtocolError: BAD_RECORD_MAC, RECORD_OVERFLOW, BAD_INNER_PLAINTEXT, UNEXPECTED_MESSAGE,
        SEQUENCE_EXHAUSTED.
        """
        ...


class Plaintext:
    """No protection: the records before the first key."""

    __slots__ = ("sequence",)

    max_fragment: ClassVar[int] = MAX_PLAINTEXT
    max_content: ClassVar[int] = MAX_PLAINTEXT

    def __init__(self) -> None:
        self.sequence = 0

    @property
    def records_left(self) -> int:
        return MAX_RECORDS

    def seal(self, content_type: int, plaintext: Octets, record_version: int) -> bytes:
        if content_type == ContentType.APPLICATION_DATA:  # RFC 8446 5.1: MUST NOT be written unprotected
            raise ProtocolError(Problem.INTERNAL_ERROR, "application data to send before there are keys")
        return b"".join((RecordHeader(content_type, record_version, len(plaintext)).encode(), plaintext))

    def seal_all(self, content_type: int, plaintexts: Sequence[Octets], record_version: int) -> list[bytes]:
        return [self.seal(content_type, plaintext, record_version) for plaintext in plaintexts]

    def decrypt_ahead(self, records: Sequence[tuple[RecordHeader, bytes]]) -> None:
        pass

    def open(self, header: RecordHeader, fragment: bytes, limit: int = MAX_PLAINTEXT) -> tuple[int, bytes]:
        # Unprotected records are not subject to record_size_limit (RFC 8449 4): ``max_fragment`` is all that bounds
        # them.
        if header.content_type == ContentType.APPLICATION_DATA:  # RFC 8446 5.1
            raise ProtocolError(Problem.UNEXPECTED_MESSAGE, "application data before there are keys")
        return header.content_type, fragment


PLAINTEXT = Plaintext()


class _Counter:
    """The sequence number of one direction under one key.

    limit: records the key may protect, None for all there are numbers.
    """

    __slots__ = ("_limit", "sequence")

    def __init__(self, limit: int | None) -> None:
        self.sequence = 0
        self._limit = MAX_RECORDS if limit is None else limit

    @property
    def records_left(self) -> int:
        return max(self._limit - self.sequence, 0)

    def _numbers(self, count: int = 1) -> range:
        """The sequence numbers of the next records."""
        end = self.sequence + count
        if end > MAX_RECORDS:
            raise ProtocolError(Problem.SEQUENCE_EXHAUSTED, "sequence numbers do not wrap (RFC 8446 5.3)")
        return range(self.sequence, end)


class _AeadRecords(_Counter, ABC):
    """What both versions do with an AEAD: records sealed together, and decrypted ahead.

    overhead: octets of a fragment besides the ciphertext proper.
    """

    __slots__ = ("_aead", "_ahead", "_iv", "_overhead")

    def __init__(self, cipher: BulkCipher, key: bytes, iv: bytes, overhead: int, make_aead: AeadFactory) -> None:
        super().__init__(cipher.record_limit)
        self._aead = make_aead(cipher, key)
        self._ahead: deque[tuple[Message, bytes]] = deque()
        self._iv = iv
        self._overhead = overhead

    def seal(self, content_type: int, plaintext: Octets, record_version: int) -> bytes:
        return self.seal_all(content_type, (plaintext,), record_version)[0]

    @abstractmethod
    def seal_all(self, content_type: int, plaintexts: Sequence[Octets], record_version: int) -> list[bytes]: ...

    def decrypt_ahead(self, records: Sequence[tuple[RecordHeader, bytes]]) -> None:
        messages = [
            self._sealed(number, header, fragment)
            for number, (header, fragment) in zip(range(self.sequence, MAX_RECORDS), records, strict=False)
            if len(fragment) >= self._overhead
        ]
        self._ahead = deque(zip(messages, self._aead.open_batch(messages), strict=False))

    @abstractmethod
    def _sealed(self, number: int, header: RecordHeader, fragment: bytes) -> Message:
        """A received record as the AEAD takes it. fragment: at least ``overhead`` octets."""

    def _decrypt(self, header: RecordHeader, fragment: bytes) -> bytes:
        """The plaintext of the next record, which is counted. Raises BAD_RECORD_MAC."""
        if len(fragment) < self._overhead:
            raise ProtocolError(Problem.BAD_RECORD_MAC)
        message = self._sealed(self._numbers()[0], header, fragment)
        foreseen, plaintext = self._ahead.popleft() if self._ahead else (None, b"")
        if foreseen != message:
            self._ahead.clear()
            plaintext = self._aead.open(*message)
        self.sequence += 1
        return plaintext

    def _mixed_nonce(self, number: int) -> bytes:
        """The IV mixed with the record's number (RFC 8446 5.3, RFC 7905 2)."""
        return (int.from_bytes(self._iv, "big") ^ number).to_bytes(len(self._iv), "big")


class Tls13(_AeadRecords):
    """TLS 1.3 (RFC 8446 5.2 to 5.4).

    keys: the epoch's traffic secret. make_aead: where ciphers come from.
    """

    __slots__ = ()

    max_fragment: ClassVar[int] = MAX_CIPHERTEXT
    max_content: ClassVar[int] = MAX_PLAINTEXT

    def __init__(self, keys: TrafficSecret, make_aead: AeadFactory = new_aead) -> None:
        cipher = keys.suite.cipher
        super().__init__(cipher, keys.key(), keys.iv(), cipher.tag_length, make_aead)

    def seal_all(self, content_type: int, plaintexts: Sequence[Octets], record_version: int) -> list[bytes]:
        if content_type == ContentType.CHANGE_CIPHER_SPEC:  # RFC 8446 5: never protected
            return PLAINTEXT.seal_all(content_type, plaintexts, record_version)
        inner_type = bytes((content_type,))
        messages: list[Message] = []
        for number, plaintext in zip(self._numbers(len(plaintexts)), plaintexts, strict=True):
            inner = b"".join((plaintext, inner_type))
            # RFC 8446 5.2: application_data and 0x0303, whatever the record holds
            length = len(inner) + self._overhead
            header = RecordHeader(ContentType.APPLICATION_DATA, ProtocolVersion.TLSv1_2, length).encode()
            messages.append((self._mixed_nonce(number), inner, header))
        sealed = self._aead.seal_batch(messages)
        self.sequence += len(messages)
        return [header + ciphertext for (_, _, header), ciphertext in zip(messages, sealed, strict=True)]

    def open(self, header: RecordHeader, fragment: bytes, limit: int = MAX_PLAINTEXT) -> tuple[int, bytes]:
        if header.content_type == ContentType.CHANGE_CIPHER_SPEC:  # RFC 8446 5: never protected
            return header.content_type, fragment
        if header.content_type != ContentType.APPLICATION_DATA:  # RFC 8446 5.2
            raise ProtocolError(
                Problem.UNEXPECTED_MESSAGE, f"unprotected record of type {header.content_type} under keys"
            )
        inner = self._decrypt(header, fragment)
        if len(inner) > limit + INNER_TYPE_LENGTH:  # RFC 8446 5.4, RFC 8449 4: type and padding count
            raise _overflow(len(inner), limit + INNER_TYPE_LENGTH)
        stripped = inner.rstrip(b"\0")
        if not stripped:  # RFC 8446 5.4
            raise ProtocolError(Problem.BAD_INNER_PLAINTEXT, f"{len(inner)} zero bytes (RFC 8446 5.4)")
        content_type = stripped[-1]
        if content_type == ContentType.CHANGE_CIPHER_SPEC:  # RFC 8446 5
            raise ProtocolError(Problem.UNEXPECTED_MESSAGE, "protected change_cipher_spec")
        return content_type, stripped[:-1]

    def _sealed(self, number: int, header: RecordHeader, fragment: bytes) -> Message:
        return self._mixed_nonce(number), fragment, header.encode()


class Tls12Aead(_AeadRecords):
    """AEAD ciphers in TLS 1.2 (RFC 5246 6.2.3.3, RFC 5288 3, RFC 7905 2).

    keys: one direction's part of the key block. make_aead: where ciphers come from.
    """

    __slots__ = ("_explicit_length",)

    max_fragment: ClassVar[int] = MAX_CIPHERTEXT_12
    max_content: ClassVar[int] = MAX_PLAINTEXT

    def __init__(self, keys: TrafficKeys12, make_aead: AeadFactory = new_aead) -> None:
        cipher = keys.suite.cipher
        self._explicit_length = cipher.record_iv_length
        super().__init__(cipher, keys.key, keys.iv, self._explicit_length + cipher.tag_length, make_aead)

    def seal_all(self, content_type: int, plaintexts: Sequence[Octets], record_version: int) -> list[bytes]:
        numbers = self._numbers(len(plaintexts))
        # RFC 5288 3 lets the explicit part be the sequence number: then it cannot repeat.
        explicit = [number.to_bytes(8, "big")[8 - self._explicit_length :] for number in numbers]
        messages: list[Message] = [
            (self._nonce(number, part), plaintext, _header_12(number, content_type, record_version, len(plaintext)))
            for number, part, plaintext in zip(numbers, explicit, plaintexts, strict=True)
        ]
        records = []
        for part, ciphertext in zip(explicit, self._aead.seal_batch(messages), strict=True):
            header = RecordHeader(content_type, record_version, len(part) + len(ciphertext)).encode()
            records.append(b"".join((header, part, ciphertext)))
        self.sequence += len(records)
        return records

    def open(self, header: RecordHeader, fragment: bytes, limit: int = MAX_PLAINTEXT) -> tuple[int, bytes]:
        return header.content_type, _within(self._decrypt(header, fragment), limit)

    def _sealed(self, number: int, header: RecordHeader, fragment: bytes) -> Message:
        explicit, ciphertext = fragment[: self._explicit_length], fragment[self._explicit_length :]
        aad = _header_12(number, header.content_type, header.version, len(fragment) - self._overhead)
        return self._nonce(number, explicit), ciphertext, aad

    def _nonce(self, number: int, explicit: bytes) -> bytes:
        """The key block's part and the record's (RFC 5288 3), or the former mixed with the number (RFC 7905 2)."""
        return self._iv + explicit if self._explicit_length else self._mixed_nonce(number)


class Tls12Cbc(_Counter):
    """AES-CBC with HMAC in TLS 1.2: encrypt-then-MAC (RFC 7366 3) or MAC-then-encrypt (RFC 5246 6.2.3.2).

    keys: one direction's part of the key block; ``keys.encrypt_then_mac`` chooses. env: gives each record its IV.

    Opening MAC-then-encrypt must not tell bad padding from a bad MAC, by alert or by time (Vaudenay's oracle, Lucky
    Thirteen). So both checks always run, the padding's over a fixed number of bytes with no early exit, and the hash is
    always given the same number of blocks. Python itself cannot promise more: its integers drop leading zeros, a slice
    costs by its length, and memory is read at offsets that depend on the padding. What remains are nanoseconds against
    the interpreter's own jitter of microseconds; encrypt-then-MAC, which has none of this, is what both sides should
    negotiate.
    """

    __slots__ = ("_cipher", "_encrypt_then_mac", "_env", "_mac", "_mac_length")

    max_fragment: ClassVar[int] = MAX_CIPHERTEXT_12
    #: Sixteen records of this length, sealed side by side, take a twelfth of the time of one, and 5 % more bytes.
    max_content: ClassVar[int] = 1 << 10

    def __init__(self, keys: TrafficKeys12, env: Env) -> None:
        super().__init__(keys.suite.cipher.record_limit)
        if keys.suite.mac is None:
            raise ProtocolError(Problem.INTERNAL_ERROR, f"{keys.suite.name} has no MAC")
        self._cipher = AesCbc(keys.key)
        self._env = env
        self._encrypt_then_mac = keys.encrypt_then_mac
        self._mac = Hmac(keys.suite.mac, keys.mac_key)
        self._mac_length = keys.suite.mac.size

    def seal(self, content_type: int, plaintext: Octets, record_version: int) -> bytes:
        return self.seal_all(content_type, (plaintext,), record_version)[0]

    def seal_all(self, content_type: int, plaintexts: Sequence[Octets], record_version: int) -> list[bytes]:
        """Encrypts the records side by side: a chain of blocks alone is slow (``AesCbc``)."""
        numbers = self._numbers(len(plaintexts))
        ivs = [self._env.random(BLOCK_LENGTH, Purpose.CBC_IV) for _ in plaintexts]  # RFC 5246 6.2.3.2: unpredictable
        contents = plaintexts
        if not self._encrypt_then_mac:
            contents = [
                b"".join((plaintext, self._mac_of(number, content_type, record_version, plaintext)))
                for number, plaintext in zip(numbers, plaintexts, strict=True)
            ]
        padded = map(_padded, contents)
        ciphertexts = self._cipher.encrypt_batch(list(zip(ivs, padded, strict=True)))
        records = []
        for number, iv, ciphertext in zip(numbers, ivs, ciphertexts, strict=True):
            body = iv + ciphertext
            mac = self._mac_of(number, content_type, record_version, body) if self._encrypt_then_mac else b""
            header = RecordHeader(content_type, record_version, len(body) + len(mac)).encode()
            records.append(b"".join((header, body, mac)))
        self.sequence = numbers.stop
        return records

    def decrypt_ahead(self, records: Sequence[tuple[RecordHeader, bytes]]) -> None:
        """Nothing: the blocks of one record are decrypted together already."""

    def open(self, header: RecordHeader, fragment: bytes, limit: int = MAX_PLAINTEXT) -> tuple[int, bytes]:
        number = self._numbers()[0]
        opener = self._open_encrypt_then_mac if self._encrypt_then_mac else self._open_mac_then_encrypt
        plaintext = opener(number, header, fragment)
        self.sequence += 1
        return header.content_type, _within(plaintext, limit)

    def _open_encrypt_then_mac(self, number: int, header: RecordHeader, fragment: bytes) -> bytes:
        """RFC 7366 3: the MAC over IV and ciphertext comes first, and ends everything when it is wrong."""
        split = max(len(fragment) - self._mac_length, 0)
        body, mac = fragment[:split], fragment[split:]
        if not equal(self._mac_of(number, header.content_type, header.version, body), mac):
            raise ProtocolError(Problem.BAD_RECORD_MAC)
        padded = self._decrypt(body, BLOCK_LENGTH)
        # Authentic, so only a peer's own fault can be found here, and the time it takes tells nobody anything.
        padding, good = _check_padding(padded, 0)
        if not good:  # RFC 5246 6.2.3.2
            raise ProtocolError(Problem.BAD_RECORD_MAC)
        return padded[: len(padded) - padding]

    def _open_mac_then_encrypt(self, number: int, header: RecordHeader, fragment: bytes) -> bytes:
        """RFC 5246 6.2.3.2, in the constant effort that the class describes."""
        padded = self._decrypt(fragment, self._mac_length + 1)
        padding, good_padding = _check_padding(padded, self._mac_length)
        longest = len(padded) - self._mac_length - 1
        length = longest + 1 - padding
        plaintext, mac = padded[:length], padded[length : length + self._mac_length]
        expected = self._mac_of(number, header.content_type, header.version, plaintext)
        self._hash_blocks(_blocks(self._mac.hash, longest) - _blocks(self._mac.hash, length))
        good_mac = equal(expected, mac)
        if not good_padding & good_mac:  # one comparison of both: never which
            raise ProtocolError(Problem.BAD_RECORD_MAC)
        return plaintext

    def _decrypt(self, body: bytes, minimum: int) -> bytes:
        """The padded plaintext behind an IV. Lengths are public, so they are judged first."""
        iv, ciphertext = body[:BLOCK_LENGTH], body[BLOCK_LENGTH:]
        if len(ciphertext) < minimum or len(ciphertext) % BLOCK_LENGTH:
            raise ProtocolError(Problem.BAD_RECORD_MAC)
        return self._cipher.decrypt(iv, ciphertext)

    def _mac_of(self, number: int, content_type: int, version: int, data: Octets) -> bytes:
        """RFC 5246 6.2.3.1; under RFC 7366 3 ``data`` is IV and ciphertext, and the length theirs."""
        return self._mac.digest(b"".join((_header_12(number, content_type, version, len(data)), data)))

    def _hash_blocks(self, count: int) -> None:
        """The work of ``count`` hash blocks and one more, whose result nobody needs."""
        self._mac.hash.digest(bytes(count * self._mac.hash.block_size))


def protection(keys: TrafficSecret | TrafficKeys12, env: Env, make_aead: AeadFactory = new_aead) -> Protection:
    """The protection that fits some keys.

    keys: one direction of one epoch. env: where CBC finds its IVs. make_aead: where ciphers come from.
    """
    if isinstance(keys, TrafficSecret):
        return Tls13(keys, make_aead)
    if keys.suite.cipher.kind is CipherKind.CBC:
        return Tls12Cbc(keys, env)
    return Tls12Aead(keys, make_aead)


def _header_12(number: int, content_type: int, version: int, length: int) -> bytes:
    """What TLS 1.2 authenticates besides the content (RFC 5246 6.2.3.1, 6.2.3.3)."""
    return number.to_bytes(8, "big") + RecordHeader(content_type, version, length).encode()


def _within(plaintext: bytes, limit: int) -> bytes:
    """The plaintext, if it is no longer than allowed (RFC 5246 6.2.1, RFC 8449 4)."""
    if len(plaintext) > limit:
        raise _overflow(len(plaintext), limit)
    return plaintext


def _overflow(length: int, limit: int) -> ProtocolError:
    return ProtocolError(Problem.RECORD_OVERFLOW, f"plaintext of {length} bytes, at most {limit} are allowed")


def _padded(data: Octets) -> bytes:
    """With the least padding there is, which also satisfies RFC 8449 4.1."""
    length = BLOCK_LENGTH - 1 - len(data) % BLOCK_LENGTH
    return b"".join((data, bytes((length,)) * (length + 1)))


def _check_padding(padded: bytes, reserved: int) -> tuple[int, bool]:
    """How many bytes of padding a decrypted record ends in, its length byte included, and whether they are right.

    padded: not empty. reserved: bytes before the padding that must be there. Wrong padding counts as one byte, the
    least there is (RFC 5246 6.2.3.2, implementation note). Looks at the same bytes whatever the padding is.
    """
    length = padded[-1] + 1
    tail = int.from_bytes(padded[-_MAX_PADDING:], "big")
    relevant = (1 << 8 * length) - 1
    wrong = (tail ^ _REPEATED * padded[-1]) & relevant
    good = (wrong == 0) & (length + reserved <= len(padded))
    return (1, length)[good], good


def _blocks(algorithm: HashAlgorithm, length: int) -> int:
    """How many blocks HMAC's inner hash takes in for that many bytes of content, besides the key's (FIPS 180-4 5.1)."""
    header, end_mark, count = 13, 1, algorithm.block_size // 8
    return -(-(header + length + end_mark + count) // algorithm.block_size)
