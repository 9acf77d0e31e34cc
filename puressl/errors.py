"""Reasons, exceptions, and the one table from problem to alert.

Theory of operation: whatever a peer's bytes or a user's input do, only ``SSLError`` and its two subclasses leave
puressl. ``reason`` is what a program branches on, ``str(error)`` is what a person reads: the reason's diagnostic string
followed by the detail. Code that finds a fault raises it with a ``Problem``, which is finer than an alert; ``PROBLEMS``
says once which alert tells the peer (RFC 8446 6.2, RFC 5246 7.2.2) and, for the peer's certificates, which reason tells
the user.
"""

from __future__ import annotations

import errno
import os
from dataclasses import dataclass
from enum import Enum
from typing import Any, Union

from puressl.codes import AlertDescription as Alert


class Reason(str, Enum):
    """The complete set of the socket interface's error reasons, and those that stand beside them."""

    CLOSED = "closed"
    EBADSOCKET = "ebadsocket"
    EBADSTATE = "ebadstate"
    EBROKERTYPE = "ebrokertype"
    ECACERTFILE = "ecacertfile"
    ECERTFILE = "ecertfile"
    ECHAINTOOLONG = "echaintoolong"
    ECIPHER = "ecipher"
    EKEYFILE = "ekeyfile"
    EKEYMISMATCH = "ekeymismatch"
    ENOISSUERCERT = "enoissuercert"
    ENOSERVERCERT = "enoservercert"
    ENOTLISTENER = "enotlistener"
    ENOPROXYSOCKET = "enoproxysocket"
    ENOOPTIONS = "enooptions"
    ENOTSTARTED = "enotstarted"
    EOPTIONS = "eoptions"
    EPEERCERT = "epeercert"
    EPEERCERTEXPIRED = "epeercertexpired"
    EPEERCERTINVALID = "epeercertinvalid"
    ESELFSIGNEDCERT = "eselfsignedcert"
    ESSLACCEPT = "esslaccept"
    ESSLCONNECT = "esslconnect"
    ESSLERRSSL = "esslerrssl"
    EWANTCONNECT = "ewantconnect"
    EX509LOOKUP = "ex509lookup"
    TIMEOUT = "timeout"
    EDATA = "edata"
    EINVAL = "einval"
    ENOPEERCERT = "enopeercert"
    EMSGSIZE = "emsgsize"
    BADARG = "badarg"
    NXDOMAIN = "nxdomain"
    SHUTDOWN = "shutdown"

    def __str__(self) -> str:
        return self.value


#: What ``SSLError.reason`` may be: a member, a POSIX name in lower case, or a pair such as ``("badcall", "recv")``.
ReasonLike = Union[Reason, str, "tuple[str, object]"]

DIAGNOSTICS: dict[Reason, str] = {
    Reason.CLOSED: "Connection closed for the operation in question.",
    Reason.EBADSOCKET: "Connection not found.",
    Reason.EBADSTATE: "Connection not in connect state.",
    Reason.EBROKERTYPE: "Wrong kind of process for the call.",
    Reason.ECACERTFILE: "Own CA certificate file is invalid.",
    Reason.ECERTFILE: "Own certificate file is invalid.",
    Reason.ECHAINTOOLONG: "The chain of certificates provided by peer is too long.",
    Reason.ECIPHER: "Own list of specified ciphers is invalid.",
    Reason.EKEYFILE: "Own private key file is invalid.",
    Reason.EKEYMISMATCH: "Own private key does not match own certificate.",
    Reason.ENOISSUERCERT: "Cannot find certificate of issuer of certificate provided by peer.",
    Reason.ENOSERVERCERT: "Attempt to do accept without having set own certificate.",
    Reason.ENOTLISTENER: "Attempt to accept on a non-listening socket.",
    Reason.ENOPROXYSOCKET: "No transport socket found.",
    Reason.ENOOPTIONS: "The list of options is empty.",
    Reason.ENOTSTARTED: "The ssl application has not been started.",
    Reason.EOPTIONS: "Invalid list of options.",
    Reason.EPEERCERT: "Certificate provided by peer is in error.",
    Reason.EPEERCERTEXPIRED: "Certificate provided by peer has expired.",
    Reason.EPEERCERTINVALID: "Certificate provided by peer is invalid.",
    Reason.ESELFSIGNEDCERT: "Certificate provided by peer is self signed.",
    Reason.ESSLACCEPT: "Server TLS handshake procedure between client and server failed.",
    Reason.ESSLCONNECT: "Client TLS handshake procedure between client and server failed.",
    Reason.ESSLERRSSL: "TLS protocol failure, typically because of a fatal alert from peer.",
    Reason.EWANTCONNECT: "Protocol wants to connect, which is not supported in this TLS implementation.",
    Reason.EX509LOOKUP: "Protocol wants X.509 lookup, which is not supported in this TLS implementation.",
    Reason.TIMEOUT: "Timeout.",
    Reason.EDATA: "Invalid data for the random generator.",
    Reason.EINVAL: "Invalid argument.",
    Reason.ENOPEERCERT: "Peer has provided no certificate.",
    Reason.EMSGSIZE: "Message too long.",
    Reason.BADARG: "Bad argument.",
    Reason.NXDOMAIN: "Non-existing domain.",
    Reason.SHUTDOWN: "The ssl application is shut down.",
}

_PAIR_DIAGNOSTICS = {
    "badcall": "Call not recognised for current mode (active or passive) and state of socket",
    "badcast": "Cast not recognised for current mode (active or passive) and state of socket",
    "badinfo": "Message not recognised for current mode (active or passive) and state of socket",
}

_POSIX_NUMBERS = {name.lower(): number for number, name in errno.errorcode.items()}


def posix_reason(error: OSError) -> str:
    """The reason for an operating system error: its POSIX name in lower case (``econnrefused``)."""
    return errno.errorcode.get(error.errno or 0, "eio").lower()


def diagnostic(reason: ReasonLike) -> str:
    """One English sentence for a reason; for anything unknown, a sentence that says so."""
    if isinstance(reason, tuple):
        return f"{_PAIR_DIAGNOSTICS.get(reason[0], 'There is no diagnostic string for')}: {reason[1]!r}."
    try:
        return DIAGNOSTICS[Reason(reason)]
    except ValueError:
        pass
    number = _POSIX_NUMBERS.get(reason)
    return f"{os.strerror(number)}." if number else f"There is no diagnostic string for {reason!r}."


class Problem(Enum):
    """What was found wrong, finer than an alert. The value is the sentence that begins the detail."""

    # Syntax
    MALFORMED_MESSAGE = "malformed message"
    TRAILING_BYTES = "bytes after the end of a structure"
    MESSAGE_TOO_LARGE = "handshake message larger than its limit"
    DUPLICATE_EXTENSION = "extension sent twice"
    MISPLACED_EXTENSION = "extension in a message it is not specified for"
    # Records
    BAD_RECORD_TYPE = "unknown record content type"
    BAD_RECORD_VERSION = "not a TLS record"
    RECORD_OVERFLOW = "record longer than its limit"
    BAD_RECORD_MAC = "record failed its authentication"
    BAD_INNER_PLAINTEXT = "encrypted record without a content type"
    EMPTY_RECORD = "empty record where none is allowed"
    TOO_MANY_EMPTY_RECORDS = "too many empty records"
    TOO_MANY_WARNINGS = "too many warning alerts"
    TOO_MANY_KEY_UPDATES = "too many KeyUpdate messages"
    TOO_MANY_TICKETS = "too many session tickets"
    TOO_MANY_CHANGE_CIPHER_SPECS = "too many ChangeCipherSpec records"
    TOO_MUCH_EARLY_DATA = "too much refused early data"
    KEY_CHANGE_INSIDE_MESSAGE = "keys changed inside a handshake message"
    INTERLEAVED_HANDSHAKE = "another record inside a fragmented handshake message"
    SEQUENCE_EXHAUSTED = "too many records under one key"
    # Handshake
    UNEXPECTED_MESSAGE = "message not expected in this state"
    ILLEGAL_PARAMETER = "field out of range or inconsistent"
    MISSING_EXTENSION = "mandatory extension missing"
    UNSOLICITED_EXTENSION = "extension that was not offered"
    UNSUPPORTED_VERSION = "no common protocol version"
    NO_COMMON_CIPHER_SUITE = "no common cipher suite"
    NO_COMMON_GROUP = "no common key exchange group"
    NO_COMMON_FINITE_FIELD = "no common finite field group"
    NO_COMMON_SIGNATURE_SCHEME = "no common signature scheme"
    NO_COMMON_APPLICATION_PROTOCOL = "no common application protocol"
    INAPPROPRIATE_FALLBACK = "fallback below a version that both sides have"
    DOWNGRADE_DETECTED = "downgrade sentinel in ServerHello"
    UNRECOGNIZED_NAME = "unknown server name"
    BAD_KEY_SHARE = "invalid key share"
    BAD_DH_VALUE = "invalid Diffie-Hellman value"
    BAD_SIGNATURE = "signature does not verify"
    BAD_FINISHED = "Finished does not verify"
    BAD_BINDER = "PSK binder does not verify"
    BAD_COOKIE = "cookie differs from the one sent"
    EXTENDED_MASTER_SECRET_CHANGED = "extended master secret unlike the session's (RFC 7627 5.3)"
    INSECURE_RENEGOTIATION = "peer without secure renegotiation (RFC 5746)"
    RENEGOTIATION_REFUSED = "renegotiation refused"
    WEAK_KEY = "key too weak"
    NO_CERTIFICATE = "peer sent no certificate"
    NO_CLIENT_CERTIFICATE = "client sent no certificate"
    INTERNAL_ERROR = "internal error"
    # The other side, and the transport
    ALERT_RECEIVED = "alert received"
    TRUNCATED = "truncated"
    # The peer's certificates
    CERTIFICATE_MALFORMED = "certificate malformed"
    CERTIFICATE_EXPIRED = "certificate expired"
    CERTIFICATE_NOT_YET_VALID = "certificate not yet valid"
    CERTIFICATE_BAD_VALIDITY = "certificate validity malformed"
    CERTIFICATE_BAD_SIGNATURE = "certificate signature"
    CERTIFICATE_UNSUPPORTED = "certificate unsupported"
    CERTIFICATE_CONSTRAINTS = "certificate constraints"
    CERTIFICATE_USAGE = "certificate usage"
    CERTIFICATE_NAME = "certificate name"
    CERTIFICATE_WEAK = "certificate key"
    CERTIFICATE_POLICY = "certificate policy"
    CERTIFICATE_REVOKED = "certificate revoked"
    CERTIFICATE_STATUS_UNKNOWN = "certificate status unknown"
    CERTIFICATE_STATUS_RESPONSE = "certificate status response"
    CERTIFICATE_SELF_SIGNED = "certificate self-signed"
    CERTIFICATE_NO_ISSUER = "certificate issuer"
    CERTIFICATE_CHAIN_TOO_LONG = "certificate chain too long"


@dataclass(frozen=True)
class ProblemRow:
    """alert: what the peer is told, None for nothing. reason: what the user is told, None where the role decides."""

    alert: Alert | None
    reason: Reason | None = None


PROBLEMS: dict[Problem, ProblemRow] = {
    Problem.MALFORMED_MESSAGE: ProblemRow(Alert.DECODE_ERROR),
    Problem.TRAILING_BYTES: ProblemRow(Alert.DECODE_ERROR),
    Problem.MESSAGE_TOO_LARGE: ProblemRow(Alert.DECODE_ERROR),
    Problem.DUPLICATE_EXTENSION: ProblemRow(Alert.ILLEGAL_PARAMETER),
    Problem.MISPLACED_EXTENSION: ProblemRow(Alert.ILLEGAL_PARAMETER),
    Problem.BAD_RECORD_TYPE: ProblemRow(Alert.UNEXPECTED_MESSAGE),
    Problem.BAD_RECORD_VERSION: ProblemRow(Alert.PROTOCOL_VERSION),
    Problem.RECORD_OVERFLOW: ProblemRow(Alert.RECORD_OVERFLOW),
    Problem.BAD_RECORD_MAC: ProblemRow(Alert.BAD_RECORD_MAC),
    Problem.BAD_INNER_PLAINTEXT: ProblemRow(Alert.UNEXPECTED_MESSAGE),
    Problem.EMPTY_RECORD: ProblemRow(Alert.UNEXPECTED_MESSAGE),
    Problem.TOO_MANY_EMPTY_RECORDS: ProblemRow(Alert.UNEXPECTED_MESSAGE),
    Problem.TOO_MANY_WARNINGS: ProblemRow(Alert.UNEXPECTED_MESSAGE),
    Problem.TOO_MANY_KEY_UPDATES: ProblemRow(Alert.UNEXPECTED_MESSAGE),
    Problem.TOO_MANY_TICKETS: ProblemRow(Alert.UNEXPECTED_MESSAGE),
    Problem.TOO_MANY_CHANGE_CIPHER_SPECS: ProblemRow(Alert.UNEXPECTED_MESSAGE),
    Problem.TOO_MUCH_EARLY_DATA: ProblemRow(Alert.UNEXPECTED_MESSAGE),
    Problem.KEY_CHANGE_INSIDE_MESSAGE: ProblemRow(Alert.UNEXPECTED_MESSAGE),
    Problem.INTERLEAVED_HANDSHAKE: ProblemRow(Alert.UNEXPECTED_MESSAGE),
    Problem.SEQUENCE_EXHAUSTED: ProblemRow(Alert.INTERNAL_ERROR),
    Problem.UNEXPECTED_MESSAGE: ProblemRow(Alert.UNEXPECTED_MESSAGE),
    Problem.ILLEGAL_PARAMETER: ProblemRow(Alert.ILLEGAL_PARAMETER),
    Problem.MISSING_EXTENSION: ProblemRow(Alert.MISSING_EXTENSION),
    Problem.UNSOLICITED_EXTENSION: ProblemRow(Alert.UNSUPPORTED_EXTENSION),
    Problem.UNSUPPORTED_VERSION: ProblemRow(Alert.PROTOCOL_VERSION),
    Problem.NO_COMMON_CIPHER_SUITE: ProblemRow(Alert.HANDSHAKE_FAILURE),
    Problem.NO_COMMON_GROUP: ProblemRow(Alert.HANDSHAKE_FAILURE),
    Problem.NO_COMMON_FINITE_FIELD: ProblemRow(Alert.INSUFFICIENT_SECURITY),  # RFC 7919 4
    Problem.NO_COMMON_SIGNATURE_SCHEME: ProblemRow(Alert.HANDSHAKE_FAILURE),
    Problem.NO_COMMON_APPLICATION_PROTOCOL: ProblemRow(Alert.NO_APPLICATION_PROTOCOL),
    Problem.INAPPROPRIATE_FALLBACK: ProblemRow(Alert.INAPPROPRIATE_FALLBACK),
    Problem.DOWNGRADE_DETECTED: ProblemRow(Alert.ILLEGAL_PARAMETER),
    Problem.UNRECOGNIZED_NAME: ProblemRow(Alert.UNRECOGNIZED_NAME),
    Problem.BAD_KEY_SHARE: ProblemRow(Alert.ILLEGAL_PARAMETER),
    Problem.BAD_DH_VALUE: ProblemRow(Alert.HANDSHAKE_FAILURE),  # RFC 7919 3, 4
    Problem.BAD_SIGNATURE: ProblemRow(Alert.DECRYPT_ERROR),
    Problem.BAD_FINISHED: ProblemRow(Alert.DECRYPT_ERROR),
    Problem.BAD_BINDER: ProblemRow(Alert.DECRYPT_ERROR),
    Problem.BAD_COOKIE: ProblemRow(Alert.ILLEGAL_PARAMETER),
    Problem.EXTENDED_MASTER_SECRET_CHANGED: ProblemRow(Alert.HANDSHAKE_FAILURE),
    Problem.INSECURE_RENEGOTIATION: ProblemRow(Alert.HANDSHAKE_FAILURE),
    Problem.RENEGOTIATION_REFUSED: ProblemRow(Alert.NO_RENEGOTIATION),
    Problem.WEAK_KEY: ProblemRow(Alert.INSUFFICIENT_SECURITY),
    Problem.NO_CERTIFICATE: ProblemRow(Alert.CERTIFICATE_REQUIRED),
    Problem.NO_CLIENT_CERTIFICATE: ProblemRow(Alert.HANDSHAKE_FAILURE),  # TLS 1.2: RFC 5246 7.4.6
    Problem.INTERNAL_ERROR: ProblemRow(Alert.INTERNAL_ERROR),
    Problem.ALERT_RECEIVED: ProblemRow(None, Reason.ESSLERRSSL),
    Problem.TRUNCATED: ProblemRow(None),
    Problem.CERTIFICATE_MALFORMED: ProblemRow(Alert.BAD_CERTIFICATE, Reason.EPEERCERT),
    Problem.CERTIFICATE_EXPIRED: ProblemRow(Alert.CERTIFICATE_EXPIRED, Reason.EPEERCERTEXPIRED),
    # RFC 8446 6.2: "expired or is not currently valid"
    Problem.CERTIFICATE_NOT_YET_VALID: ProblemRow(Alert.CERTIFICATE_EXPIRED, Reason.EPEERCERTINVALID),
    Problem.CERTIFICATE_BAD_VALIDITY: ProblemRow(Alert.BAD_CERTIFICATE, Reason.EPEERCERTINVALID),
    Problem.CERTIFICATE_BAD_SIGNATURE: ProblemRow(Alert.BAD_CERTIFICATE, Reason.EPEERCERT),
    Problem.CERTIFICATE_UNSUPPORTED: ProblemRow(Alert.UNSUPPORTED_CERTIFICATE, Reason.EPEERCERT),
    Problem.CERTIFICATE_CONSTRAINTS: ProblemRow(Alert.BAD_CERTIFICATE, Reason.EPEERCERT),
    Problem.CERTIFICATE_USAGE: ProblemRow(Alert.UNSUPPORTED_CERTIFICATE, Reason.EPEERCERT),
    Problem.CERTIFICATE_NAME: ProblemRow(Alert.BAD_CERTIFICATE, Reason.EPEERCERT),
    Problem.CERTIFICATE_WEAK: ProblemRow(Alert.BAD_CERTIFICATE, Reason.EPEERCERT),
    Problem.CERTIFICATE_POLICY: ProblemRow(Alert.BAD_CERTIFICATE, Reason.EPEERCERT),
    Problem.CERTIFICATE_REVOKED: ProblemRow(Alert.CERTIFICATE_REVOKED, Reason.EPEERCERT),
    Problem.CERTIFICATE_STATUS_UNKNOWN: ProblemRow(Alert.CERTIFICATE_UNKNOWN, Reason.EPEERCERT),
    # RFC 6066 8
    Problem.CERTIFICATE_STATUS_RESPONSE: ProblemRow(Alert.BAD_CERTIFICATE_STATUS_RESPONSE, Reason.EPEERCERT),
    Problem.CERTIFICATE_SELF_SIGNED: ProblemRow(Alert.UNKNOWN_CA, Reason.ESELFSIGNEDCERT),
    Problem.CERTIFICATE_NO_ISSUER: ProblemRow(Alert.UNKNOWN_CA, Reason.ENOISSUERCERT),
    Problem.CERTIFICATE_CHAIN_TOO_LONG: ProblemRow(Alert.UNKNOWN_CA, Reason.ECHAINTOOLONG),
}


#: What alerts of a peer's tell us, for people (RFC 8446 6.2); those that only accuse us of a fault say it by name.
ALERT_MEANINGS: dict[int, str] = {
    Alert.CLOSE_NOTIFY: "the peer ended the handshake without saying why",
    Alert.HANDSHAKE_FAILURE: "the peer found no versions, suites, groups or certificates in common with us",
    Alert.BAD_CERTIFICATE: "the peer refuses our certificate",
    Alert.UNSUPPORTED_CERTIFICATE: "the peer has no use for a certificate of our kind",
    Alert.CERTIFICATE_REVOKED: "our certificate is revoked",
    Alert.CERTIFICATE_EXPIRED: "for the peer our certificate has expired or is not valid yet",
    Alert.CERTIFICATE_UNKNOWN: "the peer refuses our certificate",
    Alert.UNKNOWN_CA: "the peer trusts no issuer of our certificate, or lacks one in the chain",
    Alert.ACCESS_DENIED: "the peer does not let the owner of our certificate in",
    Alert.PROTOCOL_VERSION: "the peer speaks none of our versions",
    Alert.INSUFFICIENT_SECURITY: "the peer wants stronger suites or groups",
    Alert.INTERNAL_ERROR: "the peer failed for a reason of its own",
    Alert.INAPPROPRIATE_FALLBACK: "the peer speaks a newer version than we offered",
    Alert.UNRECOGNIZED_NAME: "the peer does not serve the name we asked for",
    Alert.CERTIFICATE_REQUIRED: "the peer wants a certificate of ours",
    Alert.NO_APPLICATION_PROTOCOL: "the peer speaks none of our application protocols",
}


#: Characters of a detail: a peer's names and lists stand in it, and may be long.
MAX_DETAIL = 1_000


def _shortened(detail: str | None) -> str | None:
    return detail if detail is None or len(detail) <= MAX_DETAIL else detail[: MAX_DETAIL - 1] + "…"


class SSLError(OSError):
    """The base of every error puressl raises.

    reason: what to branch on (``ReasonLike``). detail: the particulars for a person, or None. errno: the number of a
    POSIX reason, else None. strerror: what ``str`` says.
    """

    def __init__(self, reason: ReasonLike, detail: str | None = None) -> None:
        super().__init__()
        self.reason = reason
        self.detail = _shortened(detail)
        self._tell()

    def _tell(self) -> None:
        """Fills what every ``OSError`` has."""
        self.args = (self.reason, self.detail)
        self.errno = _POSIX_NUMBERS.get(self.reason) if isinstance(self.reason, str) else None
        self.strerror = str(self)

    def __str__(self) -> str:
        text = diagnostic(self.reason)
        return f"{text} {self.detail}" if self.detail else text

    def __reduce__(self) -> tuple[Any, ...]:
        """For pickle and copy: made again from what it holds, as the arguments of each class are others."""
        told = {name: getattr(self, name) for name in ("args", "errno", "strerror")}
        return _blank, (type(self),), {**self.__dict__, **told}


def _blank(kind: type[SSLError]) -> SSLError:
    return kind.__new__(kind)


class ProtocolError(SSLError):
    """The peer, or the transport, broke the protocol.

    problem: what was found. alert: what the peer was told, None if nothing. received: the peer's own alert, where that
    is the cause. ``reason`` is ``esslerrssl`` until the connection knows the phase and the role.
    """

    def __init__(self, problem: Problem, detail: str = "", *, received: int | None = None) -> None:
        text = f"{problem.value}: {detail}" if detail else problem.value
        super().__init__(PROBLEMS[problem].reason or Reason.ESSLERRSSL, text)
        self.problem = problem
        self.received = received

    @property
    def alert(self) -> Alert | None:
        return PROBLEMS[self.problem].alert

    def happened_in(self, handshake: Reason) -> None:
        """Says that it ended a handshake: ``esslconnect`` or ``esslaccept``."""
        self.reason = handshake
        self._tell()


class CertificateError(SSLError):
    """A certificate of the peer's failed a check.

    problem: which check, by kind. check: its name, with the clause. subject: the certificate's subject as text.
    place: 0 for the peer's own certificate, 1 for its issuer, and so on; None when it is in no path. der: its bytes.
    finding: the detail without the words that say which certificate it is about.
    values: what was compared, for programs. others: the errors of other paths tried, best first.
    """

    def __init__(
        self,
        problem: Problem,
        detail: str,
        *,
        check: str = "",
        subject: str = "",
        place: int | None = None,
        der: bytes = b"",
        values: tuple[object, ...] = (),
        others: tuple[CertificateError, ...] = (),
    ) -> None:
        where = "certificate" if place is None else f"certificate {place}"
        prefix = f"{where} ({subject}): " if subject else f"{where}: "
        super().__init__(PROBLEMS[problem].reason or Reason.EPEERCERT, prefix + detail)
        self.problem = problem
        self.finding = detail
        self.check = check
        self.subject = subject
        self.place = place
        self.der = der
        self.values = values
        self.others = others

    @property
    def alert(self) -> Alert | None:
        return PROBLEMS[self.problem].alert
