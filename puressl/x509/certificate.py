"""X.509 certificates as plain values (RFC 5280 4.1).

Theory of operation: a ``Certificate`` that exists was decoded whole: every field, every extension that path validation
reads, and the public key. One field is allowed to be beyond us: a key or a signature algorithm that is not supported is
None, with the reason, since the certificate may stand in a pool where nobody needs it. Fields are values of our own;
the bytes are kept once, and the signed part is a slice of them. Certificates are equal if their bytes are.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache

from puressl.crypto.keys import PublicKey
from puressl.crypto.signatures import Algorithm
from puressl.errors import CertificateError, Problem, Reason, SSLError
from puressl.x509 import certificate_fields as fields
from puressl.x509 import pem
from puressl.x509.distinguished_name import Name
from puressl.x509.extensions import Extensions
from puressl.x509.file_kinds import other_kind
from puressl.x509.public_key_info import decode_public_key

#: PEM labels of a certificate (RFC 7468 5, and OpenSSL's old one).
_LABELS = frozenset({"CERTIFICATE", "X509 CERTIFICATE"})

#: Decoded certificates that are kept, 5 KiB each: those of CAs come with every connection, and a peer's own is looked
#: at several times in one handshake.
_REMEMBERED = 128
#: Bytes of a certificate above which it is not: hostile ones may be large.
_LONGEST_REMEMBERED = 8192


@dataclass(frozen=True, slots=True, eq=False)
class Certificate:
    """One certificate.

    der: its bytes. version: 1 to 3. serial: as it stands, possibly negative. not_before, not_after: POSIX seconds, both
    inclusive. public_key: the subject's, or None with the reason in ``public_key_problem``. public_key_info: its DER
    (SubjectPublicKeyInfo). signature_algorithm: None if unsupported; ``signature_oid`` names it in any case.
    """

    der: bytes = field(repr=False)
    version: int
    serial: int
    issuer: Name
    subject: Name
    not_before: int
    not_after: int
    public_key: PublicKey | None = field(repr=False)
    public_key_problem: str = field(repr=False)
    public_key_info: bytes = field(repr=False)
    signature_oid: str = field(repr=False)
    signature_algorithm: Algorithm | None = field(repr=False)
    signature: bytes = field(repr=False)
    extensions: Extensions = field(repr=False)
    _tbs: tuple[int, int] = field(repr=False)

    @classmethod
    def decode(cls, der: bytes, place: int | None = None) -> Certificate:
        """Decodes DER. place: what an error says of the certificate's place in its chain.

        Raises ``CertificateError`` (CERTIFICATE_MALFORMED, CERTIFICATE_BAD_VALIDITY) naming the field.
        """
        data = bytes(der)
        try:
            return _remembered(data) if len(data) <= _LONGEST_REMEMBERED else cls._read(data)
        except CertificateError as error:
            finding = error.finding + _where(error, data)
            raise CertificateError(error.problem, finding, check=error.check, place=place, der=data) from None

    @classmethod
    def _read(cls, data: bytes) -> Certificate:
        cut = fields.outline(data)
        not_before, not_after = fields.validity(cut)
        public_key, problem = decode_public_key(cut.public_key_info)
        signature_oid, signature_algorithm = fields.signature_algorithm(cut)
        return cls(
            der=data,
            version=fields.version(cut),
            serial=fields.serial(cut),
            issuer=fields.issuer(cut),
            subject=fields.subject(cut),
            not_before=not_before,
            not_after=not_after,
            public_key=public_key,
            public_key_problem=problem,
            public_key_info=cut.public_key_info,
            signature_oid=signature_oid,
            signature_algorithm=signature_algorithm,
            signature=fields.signature(cut),
            extensions=fields.extensions(cut),
            _tbs=(cut.tbs_start, cut.tbs_start + len(cut.tbs)),
        )

    def __eq__(self, other: object) -> bool:
        return self.der == other.der if isinstance(other, Certificate) else NotImplemented

    def __hash__(self) -> int:
        return hash(self.der)

    @property
    def tbs(self) -> bytes:
        """The signed bytes."""
        start, end = self._tbs
        return self.der[start:end]

    @property
    def is_self_issued(self) -> bool:
        """Issuer and subject are the same name (RFC 5280 3.2)."""
        return self.issuer.matches(self.subject)

    @property
    def is_self_signed(self) -> bool:
        """Self-issued, and its key identifiers do not say that another key signed it. The signature is not verified
        here.
        """
        issuer_key = self.extensions.authority_key_identifier
        if issuer_key is None or issuer_key.key_identifier is None or self.extensions.subject_key_identifier is None:
            return self.is_self_issued
        return issuer_key.key_identifier == self.extensions.subject_key_identifier and self.is_self_issued


_remembered = lru_cache(maxsize=_REMEMBERED)(Certificate._read)


def _where(error: CertificateError, der: bytes) -> str:
    """The path and byte of a fault, if the decoder that knows places finds one in the same field."""
    from puressl.x509.forms import place_of_fault  # a quarter of what a connection would import, for this alone

    where = place_of_fault(der)
    return f" ({where})" if where and (error.check == "Certificate" or error.check in where) else ""


def load_certificates(data: bytes, source: str, reason: Reason = Reason.ECERTFILE) -> tuple[Certificate, ...]:
    """All certificates of a PEM bundle or a DER file, in its order; blocks of other kinds in PEM are passed over.

    source: names the file in errors. reason: of the ``SSLError`` for a file without a certificate or with one that does
    not parse.
    """
    certificates = []
    for number, der in enumerate(certificate_blocks(data, source, reason), 1):
        try:
            certificates.append(Certificate.decode(der))
        except CertificateError as error:
            raise SSLError(reason, f"{source}: certificate {number}: {error.finding}") from None
    return tuple(certificates)


def certificate_blocks(data: bytes, source: str, reason: Reason) -> tuple[bytes, ...]:
    """The DER of each certificate of a PEM bundle, or the data itself if it is no PEM: at least one.

    source: names the data in errors. reason: of the ``SSLError`` for data without one, which says what it is instead.
    """
    try:
        found = tuple(block.decode() for block in pem.blocks(data) if block.label in _LABELS)
        kind = "" if found else other_kind(data)
    except pem.PemError as error:
        raise SSLError(reason, f"{source}: {error}") from None
    if kind:
        raise SSLError(reason, f"{source}: no certificate in it: {kind}")
    return found or (data,)


def certificate_error(
    certificate: Certificate,
    place: int | None,
    problem: Problem,
    check: str,
    finding: str,
    values: tuple[object, ...] = (),
) -> CertificateError:
    """The error of one check: which certificate, where in the path, the clause, what was compared."""
    return CertificateError(
        problem,
        f"{finding} ({check})" if check else finding,
        check=check,
        subject=certificate.subject.text or "no subject",
        place=place,
        der=certificate.der,
        values=values,
    )
