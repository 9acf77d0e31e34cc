"""OCSP: responses as plain values, and requests (RFC 6960).

Theory of operation: an ``OCSPResponse`` that exists is a successful basic response, decoded whole and strictly. Which
certificate an answer is about is said by hashes of its issuer's name and key (``CertID.names``). Who may sign, and what
an answer is worth now, is for ``revocation.py``: what stands against a response in its own bytes is in ``fault``. A
response that is not successful carries no signature, so that anybody may have made it: it is no evidence at all.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum

from puressl.crypto.hashes import HashAlgorithm
from puressl.crypto.signatures import Algorithm
from puressl.errors import CertificateError, Problem
from puressl.x509 import algorithms, der, strict, structures
from puressl.x509.certificate import Certificate
from puressl.x509.crl import REASON_NAMES
from puressl.x509.der import DERError, Reader
from puressl.x509.distinguished_name import Name

#: A response is about one certificate and carries at most a chain: some kilobytes.
MAX_RESPONSE = 1 << 17
#: Certificates and answers in one response that are looked at; in use there is one of each.
MAX_CERTIFICATES = 8
MAX_ANSWERS = 64

_BASIC = "1.3.6.1.5.5.7.48.1.1"
_NONCE = "1.3.6.1.5.5.7.48.1.2"
_HASHES = {algorithms.HASHES[hash_]: hash_ for hash_ in HashAlgorithm if hash_ in algorithms.HASHES}
_SUCCESSFUL = b"\x00"


class Status(Enum):
    """CertStatus; the value is the context tag."""

    GOOD = 0
    REVOKED = 1
    UNKNOWN = 2


@dataclass(frozen=True, slots=True)
class CertID:
    """Which certificate an answer is about (RFC 6960 4.1.1)."""

    hash: HashAlgorithm | None
    issuer_name_hash: bytes
    issuer_key_hash: bytes
    serial: int

    def names(self, certificate: Certificate, issuer: Certificate) -> bool:
        """Whether it is this certificate by this issuer."""
        return (
            self.serial == certificate.serial
            and self.hash is not None
            and self.issuer_name_hash == self.hash.digest(certificate.issuer.der)
            and self.issuer_key_hash == self.hash.digest(key_bits(issuer))
        )


@dataclass(frozen=True, slots=True)
class Answer:
    """A SingleResponse. this_update, next_update, revoked_at: POSIX seconds. reason: CRLReason."""

    cert_id: CertID
    status: Status
    this_update: int
    next_update: int | None
    revoked_at: int = 0
    reason: int = 0


@dataclass(frozen=True, slots=True, eq=False)
class OCSPResponse:
    """A successful basic response.

    responder: the signer's Name or the SHA-1 of its key. produced_at: POSIX seconds. certificates: DER, as they came
    along. fault: why nothing may be concluded from it.
    """

    responder: Name | bytes
    produced_at: int
    answers: tuple[Answer, ...]
    fault: str
    signature_oid: str
    signature_algorithm: Algorithm | None
    signature: bytes = field(repr=False)
    tbs: bytes = field(repr=False)
    certificates: tuple[bytes, ...] = field(repr=False)

    @classmethod
    def decode(cls, data: bytes) -> OCSPResponse | None:
        """Decodes DER; None for a response that is not successful. Raises ``CertificateError``
        (CERTIFICATE_STATUS_UNKNOWN).
        """
        try:
            return _decode(bytes(data))
        except ValueError as error:
            finding = f"OCSP response: {error}"
            raise CertificateError(Problem.CERTIFICATE_STATUS_UNKNOWN, finding, check="RFC 6960 4.2.1") from None

    def is_by(self, certificate: Certificate) -> bool:
        """Whether the responder identifier is this certificate's (RFC 6960 4.2.2.3)."""
        if isinstance(self.responder, Name):
            return self.responder.matches(certificate.subject)
        return self.responder == HashAlgorithm.SHA1.digest(key_bits(certificate))


def key_bits(certificate: Certificate) -> bytes:
    """The subjectPublicKey without its tag, length and unused bits, as it is hashed (RFC 6960 4.1.1)."""
    reader = Reader.of_single(certificate.public_key_info, der.SEQUENCE)
    reader.sequence()
    return reader.take(der.BIT_STRING)[1:]


def encode_request(certificate: Certificate, issuer: Certificate) -> bytes:
    """An OCSPRequest for one certificate, DER: SHA-1, which every responder knows, and no nonce (RFC 5019 2.1.1)."""
    digest = HashAlgorithm.SHA1.digest
    cert_id = der.sequence(
        der.sequence(der.oid(algorithms.HASHES[HashAlgorithm.SHA1]), der.null()),
        der.octet_string(digest(certificate.issuer.der)),
        der.octet_string(digest(key_bits(issuer))),
        der.integer(certificate.serial),
    )
    return der.sequence(der.sequence(der.sequence(der.sequence(cert_id))))


# --- Decoding -------------------------------------------------------------------------------------


def _decode(data: bytes) -> OCSPResponse | None:
    if len(data) > MAX_RESPONSE:
        raise DERError(f"{len(data)} bytes, at most {MAX_RESPONSE}")
    strict.check(data)
    outer = Reader.of_single(data, der.SEQUENCE)
    status = outer.take(der.ENUMERATED)
    wrapped = outer.optional(der.context(0))
    outer.end()
    if status != _SUCCESSFUL:
        return None
    if wrapped is None:
        raise DERError("successful, but without a response")
    response = Reader.of_single(wrapped, der.SEQUENCE)
    kind = response.oid()
    if kind != _BASIC:
        raise DERError(f"response type {kind} is not basic")
    basic = response.take(der.OCTET_STRING)
    response.end()
    strict.check(basic)
    return _decode_basic(basic)


def _decode_basic(data: bytes) -> OCSPResponse:
    reader = Reader.of_single(data, der.SEQUENCE)
    tbs = reader.take_raw(der.SEQUENCE)
    identifier, known = algorithms.decode_signature_algorithm(reader.take_raw(der.SEQUENCE))
    signature = reader.octets_of_bit_string()
    wrapped = reader.optional(der.context(0))
    reader.end()
    certificates = () if wrapped is None else _elements(wrapped, MAX_CERTIFICATES)
    responder, produced_at, answers, fault = _decode_tbs(tbs)
    return OCSPResponse(responder, produced_at, answers, fault, identifier, known, signature, tbs, certificates)


def _elements(wrapped: bytes, most: int) -> tuple[bytes, ...]:
    """The elements of a SEQUENCE OF SEQUENCE, each whole."""
    reader = Reader.of_single(wrapped, der.SEQUENCE)
    found = []
    while reader.next_tag() is not None:
        found.append(reader.take_raw(der.SEQUENCE))
    if len(found) > most:
        raise DERError(f"{len(found)} elements, at most {most}")
    return tuple(found)


def _decode_tbs(tbs: bytes) -> tuple[Name | bytes, int, tuple[Answer, ...], str]:
    reader = Reader.of_single(tbs, der.SEQUENCE)
    version = reader.optional(der.context(0))
    if version is not None and structures.integer(version) != 0:
        raise DERError("version is not 1")
    responder = _responder(reader)
    produced_at = structures.seconds(der.GENERALIZED_TIME, reader.take(der.GENERALIZED_TIME))
    decoded = [
        _answer(Reader.of_single(one, der.SEQUENCE)) for one in _elements(reader.take_raw(der.SEQUENCE), MAX_ANSWERS)
    ]
    faults = [fault for _, fault in decoded if fault]
    fault = _extension_fault(reader.optional(der.context(1)))
    reader.end()
    return responder, produced_at, tuple(answer for answer, _ in decoded), fault or next(iter(faults), "")


def _responder(reader: Reader) -> Name | bytes:
    by_name = reader.optional(der.context(1))
    if by_name is not None:
        return structures.name(by_name)
    by_key = Reader.of_single(reader.take(der.context(2)), der.OCTET_STRING).rest()
    if len(by_key) != HashAlgorithm.SHA1.size:
        raise DERError("KeyHash is no SHA-1")
    return by_key


def _answer(reader: Reader) -> tuple[Answer, str]:
    cert_id = _cert_id(reader.sequence())
    status, revoked_at, reason = _status(reader)
    this_update = structures.seconds(der.GENERALIZED_TIME, reader.take(der.GENERALIZED_TIME))
    wrapped = reader.optional(der.context(0))
    next_update = None if wrapped is None else _generalized(wrapped)
    fault = _extension_fault(reader.optional(der.context(1)))
    reader.end()
    return Answer(cert_id, status, this_update, next_update, revoked_at, reason), fault


def _cert_id(reader: Reader) -> CertID:
    algorithm = reader.sequence()
    identifier = algorithm.oid()
    algorithm.optional(der.NULL)
    algorithm.end()
    name_hash, key_hash = reader.take(der.OCTET_STRING), reader.take(der.OCTET_STRING)
    serial = reader.integer()
    reader.end()
    return CertID(_HASHES.get(identifier), name_hash, key_hash, serial)


def _status(reader: Reader) -> tuple[Status, int, int]:
    """CertStatus, and when and why it was revoked."""
    revoked = reader.optional(der.context(1))
    if revoked is not None:
        info = Reader(revoked)
        time = structures.seconds(der.GENERALIZED_TIME, info.take(der.GENERALIZED_TIME))
        wrapped = info.optional(der.context(0))
        info.end()
        reason = 0 if wrapped is None else _reason(wrapped)
        return Status.REVOKED, time, reason
    for status in (Status.GOOD, Status.UNKNOWN):
        content = reader.optional(der.context(status.value, constructed=False))
        if content is not None:
            if content:
                raise DERError("NULL with content")
            return status, 0, 0
    raise DERError("CertStatus is missing")


def _reason(wrapped: bytes) -> int:
    content = Reader.of_single(wrapped, der.ENUMERATED).rest()
    if len(content) != 1 or content[0] not in REASON_NAMES:
        raise DERError("revocationReason is none of CRLReason")
    return content[0]


def _generalized(wrapped: bytes) -> int:
    return structures.seconds(der.GENERALIZED_TIME, Reader.of_single(wrapped, der.GENERALIZED_TIME).rest())


def _extension_fault(wrapped: bytes | None) -> str:
    """The first unknown critical extension. A nonce that nobody asked for is none."""
    extensions = {} if wrapped is None else structures.extensions(wrapped)
    unknown = [one.identifier for one in extensions.values() if one.critical and one.identifier != _NONCE]
    return f"unknown critical extension {unknown[0]}" if unknown else ""
