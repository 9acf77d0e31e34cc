"""The transcript hash (RFC 8446 4.4.1; RFC 5246 7.4.8, 7.4.9).

Theory of operation: handshake messages go in as they were received or sent, with their headers, and are never
serialised again. Until the cipher suite is known nobody knows the hash, so they wait as bytes; ``start`` makes them a
running hash. That hash always stands one message behind: the last message is kept aside, so that what must leave it out
(a signature or MAC over everything before it) or cut it short (a PSK binder) needs no second transcript. The bytes
themselves are kept until ``forget``: TLS 1.2 signs them, and a HelloRetryRequest replaces the first. Use of a
transcript out of order is an internal error of the caller's.
"""

from __future__ import annotations

from puressl.codes import HandshakeType
from puressl.crypto.hashes import Hash, HashAlgorithm
from puressl.errors import Problem, ProtocolError

#: Octets kept as bytes. Two ClientHellos, both Certificates and one message of each other kind at their largest fit.
RETAINED_LIMIT = 1 << 20


def message_hash(digest: bytes) -> bytes:
    """The synthetic message for ClientHello1, after a HelloRetryRequest (RFC 8446 4.4.1). digest: of ClientHello1."""
    return bytes((HandshakeType.MESSAGE_HASH,)) + len(digest).to_bytes(3, "big") + digest


class Transcript:
    """All handshake messages so far, in both directions, in order."""

    __slots__ = ("_hash", "_last", "_messages", "_retained", "_state")

    def __init__(self) -> None:
        self._hash: HashAlgorithm | None = None
        self._state: Hash | None = None  # of every message but the last, once started
        self._last: bytes | None = None
        self._messages: list[bytes] | None = []  # None once forgotten
        self._retained = 0

    def __repr__(self) -> str:
        return f"<Transcript {self._hash.value if self._hash else 'not started'}, {self._retained} octets kept>"

    @property
    def hash(self) -> HashAlgorithm | None:
        """The hash it was started with."""
        return self._hash

    def add(self, raw_message: bytes) -> None:
        """Takes in one whole handshake message, its four-octet header included.

        Raises ProtocolError(MESSAGE_TOO_LARGE) where more than RETAINED_LIMIT octets would be kept.
        """
        if self._messages is not None:
            self._retained += len(raw_message)
            if self._retained > RETAINED_LIMIT:
                raise ProtocolError(Problem.MESSAGE_TOO_LARGE, f"handshake of more than {RETAINED_LIMIT} octets")
            self._messages.append(raw_message)
        if self._state is not None and self._last is not None:
            self._state.update(self._last)
        self._last = raw_message

    def start(self, algorithm: HashAlgorithm) -> None:
        """The suite's hash is known. Said again after a HelloRetryRequest it must be the same (RFC 8446 4.1.4)."""
        if self._hash is None:
            self._hash = algorithm
            self._rebuild()
        elif algorithm is not self._hash:
            raise ProtocolError(Problem.ILLEGAL_PARAMETER, "another hash after HelloRetryRequest (RFC 8446 4.1.4)")

    def forget(self) -> None:
        """Keeps no bytes from here on, but the last message. Only after ``start``."""
        self._started()
        self._messages = None
        self._retained = 0

    def copy(self) -> Transcript:
        """An independent transcript of the same messages."""
        other = Transcript()
        other._hash = self._hash
        other._state = self._state.copy() if self._state is not None else None
        other._last = self._last
        other._messages = self._messages.copy() if self._messages is not None else None
        other._retained = self._retained
        return other

    def digest(self) -> bytes:
        """Transcript-Hash of all messages (RFC 8446 4.4.1)."""
        return self.digest_truncated(0)

    def digest_before_last(self) -> bytes:
        """Transcript-Hash of all messages but the last."""
        if self._last is None:
            raise _misuse("no message in the transcript")
        return self._started()[1].digest()

    def digest_truncated(self, length: int) -> bytes:
        """Transcript-Hash with the last ``length`` octets of the last message left out (RFC 8446 4.2.11.2)."""
        state = self._started()[1].copy()
        state.update(self._truncated_last(length))
        return state.digest()

    def digest_for(self, algorithm: HashAlgorithm, truncate: int = 0) -> bytes:
        """The same under any hash, before ``start``: a binder is made with the hash of its PSK (RFC 8446 4.2.11).

        After ``start`` only the started hash will do: a PSK of another is of no use to the chosen suite.
        """
        if self._hash is not None:
            if algorithm is not self._hash:
                raise _misuse(f"transcript hashed with {self._hash.value}, asked for {algorithm.value}")
            return self.digest_truncated(truncate)
        state = algorithm.new(self.messages(before_last=True))
        state.update(self._truncated_last(truncate))
        return state.digest()

    def messages(self, before_last: bool = False) -> bytes:
        """The messages in a row, which a TLS 1.2 client signs (RFC 5246 7.4.8). before_last: without the last."""
        if self._messages is None:
            raise _misuse("the messages were forgotten")
        return b"".join(self._messages[:-1] if before_last else self._messages)

    def replace_with_message_hash(self) -> None:
        """Puts message_hash for ClientHello1, before or after the HelloRetryRequest is added (RFC 8446 4.4.1)."""
        algorithm, _ = self._started()
        if not self._messages or self._messages[0][:1] != bytes((HandshakeType.CLIENT_HELLO,)):
            raise _misuse("the transcript does not begin with a ClientHello")
        self._messages[0] = message_hash(algorithm.digest(self._messages[0]))
        self._retained = sum(map(len, self._messages))
        self._rebuild()

    def _started(self) -> tuple[HashAlgorithm, Hash]:
        if self._hash is None or self._state is None:
            raise _misuse("the hash is not known yet")
        return self._hash, self._state

    def _rebuild(self) -> None:
        """The running hash and the last message anew, from the kept bytes."""
        if self._hash is not None and self._messages is not None:
            self._state = self._hash.new(self.messages(before_last=True))
            self._last = self._messages[-1] if self._messages else None

    def _truncated_last(self, length: int) -> bytes:
        last = self._last or b""
        if not 0 <= length <= len(last):
            raise _misuse(f"{length} octets cannot be left out of {len(last)}")
        return last[: len(last) - length]


def _misuse(detail: str) -> ProtocolError:
    return ProtocolError(Problem.INTERNAL_ERROR, detail)
