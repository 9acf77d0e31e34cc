"""Certificate revocation lists as plain values (RFC 5280 5).

Theory of operation: a ``RevocationList`` that exists was decoded whole and strictly, as a certificate is. Entries are
known by serial number; of an indirect list an entry also says whose certificate it is about, which holds for all that
follow (RFC 5280 5.3.3), and that is resolved here. Whether a list may be used, and for whom, is for ``revocation.py``:
what stands against it in its own bytes is in ``fault``.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

from puressl.crypto.signatures import Algorithm
from puressl.errors import CertificateError, Problem, Reason, SSLError
from puressl.x509 import der, pem, strict, structures
from puressl.x509.algorithms import decode_signature_algorithm
from puressl.x509.der import DERError, Reader
from puressl.x509.distinguished_name import Name, NormalizedRDN
from puressl.x509.extensions import AuthorityKeyIdentifier, GeneralName, GeneralNameKind, Reasons
from puressl.x509.file_kinds import other_kind

AUTHORITY_KEY_IDENTIFIER = "2.5.29.35"
CERTIFICATE_ISSUER = "2.5.29.29"
CRL_NUMBER = "2.5.29.20"
DELTA_CRL_INDICATOR = "2.5.29.27"
ISSUING_DISTRIBUTION_POINT = "2.5.29.28"
REASON_CODE = "2.5.29.21"

#: The largest lists of the web have some megabytes; reading one takes about a second per megabyte.
MAX_CRL = 16 << 20
_LABEL = "X509 CRL"
#: Changes of the issuer in one indirect list: each costs as much as a hundred entries.
MAX_CERTIFICATE_ISSUERS = 1_000
#: RFC 5280 5.2.3.
MAX_CRL_NUMBER_OCTETS = 20
#: CRLReason (RFC 5280 5.3.1); 7 is not used.
REASON_NAMES = {
    0: "unspecified",
    1: "keyCompromise",
    2: "cACompromise",
    3: "affiliationChanged",
    4: "superseded",
    5: "cessationOfOperation",
    6: "certificateHold",
    8: "removeFromCRL",
    9: "privilegeWithdrawn",
    10: "aACompromise",
}
REMOVE_FROM_CRL = 8

_V2 = 1


class RevokedCertificate(NamedTuple):
    """One entry. time: POSIX seconds of revocationDate. reason: CRLReason."""

    serial: int
    time: int
    reason: int


#: By the issuer's name in comparable form, and the serial number.
_Entries = dict[tuple[tuple[NormalizedRDN, ...], int], RevokedCertificate]


@dataclass(frozen=True, slots=True)
class IssuingDistributionPoint:
    """What a list covers (RFC 5280 5.2.5). der: for comparing. names, relative: its own distribution point's."""

    der: bytes = field(repr=False)
    names: tuple[GeneralName, ...]
    relative: bytes | None
    only_user: bool
    only_ca: bool
    reasons: Reasons
    indirect: bool
    only_attribute: bool


@dataclass(frozen=True, slots=True, eq=False)
class RevocationList:
    """One CRL.

    issuer: its signer. this_update, next_update: POSIX seconds. number: cRLNumber. base_number: BaseCRLNumber of a
    delta, None of a complete list. scope: issuingDistributionPoint. critical: identifiers of critical extensions, its
    own and its entries'. number_critical: whether cRLNumber is. fault: why nothing may be concluded from it.
    """

    issuer: Name
    this_update: int
    next_update: int | None
    number: int | None
    number_critical: bool
    base_number: int | None
    scope: IssuingDistributionPoint | None
    authority_key_identifier: AuthorityKeyIdentifier | None
    fault: str
    signature_oid: str
    signature_algorithm: Algorithm | None
    signature: bytes = field(repr=False)
    tbs: bytes = field(repr=False)
    _entries: _Entries = field(repr=False)

    @classmethod
    def decode(cls, data: bytes) -> RevocationList:
        """Decodes DER. Raises ``CertificateError`` (CERTIFICATE_STATUS_UNKNOWN)."""
        try:
            return _decode(bytes(data))
        except ValueError as error:
            finding = f"CRL: {error}"
            raise CertificateError(Problem.CERTIFICATE_STATUS_UNKNOWN, finding, check="RFC 5280 5.1") from None

    def find(self, issuer: Name, serial: int) -> RevokedCertificate | None:
        """The last entry for a certificate."""
        return self._entries.get((issuer.normalized, serial))

    def __len__(self) -> int:
        return len(self._entries)


def crl_blocks(data: bytes, source: str, reason: Reason = Reason.EOPTIONS) -> tuple[bytes, ...]:
    """The DER of each CRL of a PEM file, or the data itself if it is no PEM; PEM blocks of other kinds are passed over.

    source: names the data in errors. reason: of the ``SSLError`` for data without a CRL, which says what it is instead.
    """
    try:
        found = tuple(block.decode() for block in pem.blocks(data) if block.label == _LABEL)
        kind = "" if found else other_kind(data)
    except pem.PemError as error:
        raise SSLError(reason, f"{source}: {error}") from None
    if kind:
        raise SSLError(reason, f"{source}: no CRL in it: {kind}")
    return found or (data,)


def load_crls(data: bytes, source: str) -> tuple[RevocationList, ...]:
    """All CRLs of ``data``, PEM or DER. source: names it in errors. Raises ``SSLError(eoptions)``."""
    try:
        return tuple(RevocationList.decode(one) for one in crl_blocks(data, source))
    except CertificateError as error:
        raise SSLError(Reason.EOPTIONS, f"{source}: {error.finding}") from None


def _decode(data: bytes) -> RevocationList:
    if len(data) > MAX_CRL:
        raise DERError(f"{len(data)} bytes, at most {MAX_CRL}")
    strict.check(data)
    outer = Reader.of_single(data, der.SEQUENCE)
    tbs = outer.take_raw(der.SEQUENCE)
    algorithm = outer.take_raw(der.SEQUENCE)
    signature = outer.octets_of_bit_string()
    outer.end()
    identifier, known = decode_signature_algorithm(algorithm)
    return _decode_tbs(tbs, algorithm, (identifier, known, signature))


def _decode_tbs(tbs: bytes, algorithm: bytes, signed: tuple[str, Algorithm | None, bytes]) -> RevocationList:
    reader = Reader.of_single(tbs, der.SEQUENCE)
    version = reader.integer() if reader.next_tag() == der.INTEGER else 0
    if reader.take_raw(der.SEQUENCE) != algorithm:
        raise DERError("signatureAlgorithm differs from the signature field inside")  # RFC 5280 5.1.1.2
    issuer = structures.name(reader.take_raw(der.SEQUENCE))
    this_update, next_update = structures.time(reader), structures.optional_time(reader)
    listed = reader.optional(der.SEQUENCE)
    raw = reader.optional(der.context(0))
    reader.end()
    extensions = {} if raw is None else structures.extensions(raw)
    if version not in (0, _V2) or (version == 0 and extensions):
        raise DERError(f"version {version + 1}, or extensions in version 1")  # RFC 5280 5.1.2.1
    scope = _scope(extensions.get(ISSUING_DISTRIBUTION_POINT))
    entries, faults = _entries(listed, issuer, scope is not None and scope.indirect)
    faults += [
        f"unknown critical extension {one}" for one, row in extensions.items() if row.critical and one not in _KNOWN
    ]
    number, base = extensions.get(CRL_NUMBER), extensions.get(DELTA_CRL_INDICATOR)
    key = extensions.get(AUTHORITY_KEY_IDENTIFIER)
    identifier, known, signature = signed
    return RevocationList(
        issuer=issuer,
        this_update=this_update,
        next_update=next_update,
        number=None if number is None else _number(number.value),
        number_critical=number is not None and number.critical,
        base_number=None if base is None else _number(base.value),
        scope=scope,
        authority_key_identifier=None if key is None else structures.authority_key_identifier(_checked(key.value)),
        fault=faults[0] if faults else "",
        signature_oid=identifier,
        signature_algorithm=known,
        signature=signature,
        tbs=tbs,
        _entries=entries,
    )


#: Extensions of a list that are processed when they are critical. A freshestCRL that is would say too much, but harms
#: nobody who gets his lists elsewhere.
_KNOWN = frozenset({AUTHORITY_KEY_IDENTIFIER, CRL_NUMBER, DELTA_CRL_INDICATOR, ISSUING_DISTRIBUTION_POINT})


def _checked(data: bytes) -> bytes:
    strict.check(data)
    return data


def _number(data: bytes) -> int:
    value = structures.integer(_checked(data))
    if value.bit_length() > 8 * MAX_CRL_NUMBER_OCTETS:
        raise DERError(f"CRL number of more than {MAX_CRL_NUMBER_OCTETS} octets")
    return value


def _scope(extension: structures.RawExtension | None) -> IssuingDistributionPoint | None:
    """RFC 5280 5.2.5."""
    if extension is None:
        return None
    data = _checked(extension.value)
    reader = Reader.of_single(data, der.SEQUENCE)
    names, relative = structures.distribution_point_name(reader)
    only_user, only_ca = _flag(reader, 1), _flag(reader, 2)
    reasons = structures.reason_flags(reader, 3)
    indirect, only_attribute = _flag(reader, 4), _flag(reader, 5)
    reader.end()
    if only_user + only_ca + only_attribute > 1:
        raise DERError("issuingDistributionPoint covers only one kind and only another")
    return IssuingDistributionPoint(data, names, relative, only_user, only_ca, reasons, indirect, only_attribute)


def _flag(reader: Reader, number: int) -> bool:
    content = reader.optional(der.context(number, constructed=False))
    if content not in (None, b"\x00", b"\xff"):
        raise DERError("BOOLEAN is not in its distinguished form")
    return content == b"\xff"


# --- Entries --------------------------------------------------------------------------------------


def _entries(listed: bytes | None, issuer: Name, indirect: bool) -> tuple[_Entries, list[str]]:
    """The entries, and what stands against the whole list."""
    entries: _Entries = {}
    faults: list[str] = []
    reader = Reader(listed or b"")
    current, changes = issuer.normalized, 0
    while reader.next_tag() is not None:
        entry = reader.sequence()
        serial, time = entry.integer(), structures.time(entry)
        reason = 0
        if entry.next_tag() is not None:
            reason, named, fault = _entry_extensions(entry.take_raw(der.SEQUENCE))
            if named is not None:
                current, changes = named.normalized, changes + 1
                fault = fault or ("" if indirect else "an entry has a certificateIssuer, the list is not indirect")
            faults += [fault] if fault and not faults else []
        entry.end()
        if changes > MAX_CERTIFICATE_ISSUERS:
            raise DERError(f"more than {MAX_CERTIFICATE_ISSUERS} certificateIssuers")
        entries[current, serial] = RevokedCertificate(serial, time, reason)
    return entries, faults


def _entry_extensions(data: bytes) -> tuple[int, Name | None, str]:
    """reasonCode, certificateIssuer, and what is unknown and critical (RFC 5280 5.3)."""
    reason, issuer, fault = 0, None, ""
    for extension in structures.extensions(data).values():
        if extension.identifier == REASON_CODE:
            reason = _reason(extension.value)
        elif extension.identifier == CERTIFICATE_ISSUER:
            issuer = _certificate_issuer(_checked(extension.value))
        elif extension.critical:
            fault = f"unknown critical extension {extension.identifier} in an entry"
    return reason, issuer, fault


def _reason(data: bytes) -> int:
    if len(data) != 3 or data[:2] != bytes((der.ENUMERATED, 1)) or data[2] not in REASON_NAMES:
        raise DERError("reasonCode is none of CRLReason")
    return data[2]


def _certificate_issuer(data: bytes) -> Name:
    for name in structures.general_names(Reader.of_single(data, der.SEQUENCE).rest()):
        if name.kind is GeneralNameKind.DIRECTORY and name.name is not None:
            return name.name
    raise DERError("certificateIssuer without a directoryName")
