"""Certificates, CRLs and OCSP responses by themselves.

Theory of operation: a certificate is shown in the ssl form; of a CRL or an OCSP response what its decoder has is put
into rows. DER that none of them takes is shown element by element up to where it is broken, or, where its encoding is
sound, as a whole beside what was wrong with it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta

from puressl.errors import CertificateError
from puressl.explain.certificates import TreeRow, explain_certificates, time_text
from puressl.explain.model import ExplainedCertificate
from puressl.x509.crl import RevocationList
from puressl.x509.distinguished_name import Name
from puressl.x509.forms import decode_certificate
from puressl.x509.forms.codec import Fault, bounds
from puressl.x509.ocsp import OCSPResponse

CERTIFICATE, CRL, OCSP = KINDS = ("certificate", "crl", "ocsp")

#: Elements that are shown of what is malformed; a certificate has some 200.
MAX_ELEMENTS = 1_000
MAX_NESTING = 32

_EPOCH = datetime(1970, 1, 1)
_CONSTRUCTED = 0x20
_TAGS = {
    0x01: "BOOLEAN",
    0x02: "INTEGER",
    0x03: "BIT STRING",
    0x04: "OCTET STRING",
    0x05: "NULL",
    0x06: "OBJECT IDENTIFIER",
    0x0A: "ENUMERATED",
    0x0C: "UTF8String",
    0x13: "PrintableString",
    0x16: "IA5String",
    0x17: "UTCTime",
    0x18: "GeneralizedTime",
    0x30: "SEQUENCE",
    0x31: "SET",
}
#: Identifier, and a length in the long form (X.690 8.1.3.5).
_LONGEST_HEADER = 2 + 127
_ENDLESS = 1 << 1024
#: Bytes of a primitive element that are shown.
_SHOWN = 32


def explain_der(kind: str, der: bytes) -> tuple[ExplainedCertificate, str]:
    """A piece of a kind of ``KINDS``, explained, and what is wrong with it, empty if nothing is."""
    try:
        return _READERS[kind](der), ""
    except CertificateError as error:
        rows = ((0, "malformed", error.finding), *_elements(der))
        return ExplainedCertificate(der, "", kind, "", rows), error.finding


def is_one(kind: str, der: bytes) -> bool:
    """Whether it decodes as one."""
    return not explain_der(kind, der)[1]


def _certificate(der: bytes) -> ExplainedCertificate:
    decode_certificate(der, "ssl")
    return explain_certificates("", (der,))[0]


def _crl(der: bytes) -> ExplainedCertificate:
    found = RevocationList.decode(der)
    rows: tuple[TreeRow, ...] = (
        (0, "issuer", found.issuer.text),
        (0, "thisUpdate", _time(found.this_update)),
        (0, "nextUpdate", "none" if found.next_update is None else _time(found.next_update)),
        (0, "cRLNumber", "none" if found.number is None else str(found.number)),
        *(() if found.base_number is None else ((0, "BaseCRLNumber", str(found.base_number)),)),
        (0, "revokedCertificates", str(len(found))),
        (0, "signatureAlgorithm", found.signature_oid),
        *(((0, "fault", found.fault),) if found.fault else ()),
    )
    return ExplainedCertificate(der, "", "CRL", found.issuer.text, rows)


def _ocsp(der: bytes) -> ExplainedCertificate:
    found = OCSPResponse.decode(der)
    if found is None:
        return ExplainedCertificate(der, "", "OCSP response", "", ((0, "responseStatus", "not successful"),))
    responder = found.responder.text if isinstance(found.responder, Name) else f"key {found.responder.hex()}"
    rows: list[TreeRow] = [(0, "responderID", responder), (0, "producedAt", _time(found.produced_at))]
    for number, answer in enumerate(found.answers):
        rows += [
            (0, f"responses[{number}]", ""),
            (1, "serialNumber", f"{answer.cert_id.serial:#x}"),
            (1, "certStatus", answer.status.name.lower()),
            (1, "thisUpdate", _time(answer.this_update)),
            (1, "nextUpdate", "none" if answer.next_update is None else _time(answer.next_update)),
        ]
    rows.append((0, "certs", str(len(found.certificates))))
    rows += [(0, "fault", found.fault)] if found.fault else []
    return ExplainedCertificate(der, "", "OCSP response", responder, tuple(rows))


_READERS: Mapping[str, Callable[[bytes], ExplainedCertificate]] = {CERTIFICATE: _certificate, CRL: _crl, OCSP: _ocsp}


def _time(seconds: int) -> str:
    return time_text(_EPOCH + timedelta(seconds=seconds))


def _elements(der: bytes) -> Iterator[TreeRow]:
    """The elements of DER up to where it is broken, each with the byte it begins at."""
    ends = [len(der)]
    at = 0
    for _ in range(MAX_ELEMENTS):
        while ends and at == ends[-1]:
            ends.pop()
        if not ends:
            return
        try:
            start, end = _bounds(der, at, ends[-1])
        except Fault as fault:
            yield len(ends) - 1, f"byte {fault.offset}", fault.text
            return
        tag = der[at]
        is_open = bool(tag & _CONSTRUCTED) and len(ends) < MAX_NESTING
        value = f"{end - start} bytes" if is_open else der[start : min(end, start + _SHOWN)].hex(" ")
        yield len(ends) - 1, f"byte {at}", f"{_TAGS.get(tag, f'tag {tag:#04x}')}: {value}"
        at = start if is_open else end
        if is_open:
            ends.append(end)


def _bounds(der: bytes, at: int, limit: int) -> tuple[int, int]:
    """As ``bounds``; of an element that is cut short, what there is."""
    try:
        return bounds(der, at, limit)
    except Fault:
        start, _ = bounds(der + bytes(_LONGEST_HEADER), at, _ENDLESS)
        if start > limit:
            raise
        return start, limit
