"""Certificates in three forms (RFC 5280 4.1): their bytes, their ASN.1 structure, and a more elaborate one.

Theory of operation: ``pkix`` and ``ssl`` are structures of plain frozen values, decoded whole and at once: whatever is
wrong in a certificate is found now, and the error says where. ``encode_certificate`` writes the same bytes again, since
reader and writer follow from the same declarations. Verification does not use these forms: it has a decoder of its own
that reads less and keeps less.
"""

from __future__ import annotations

from typing import Literal, Union, overload

from puressl.errors import CertificateError, Reason, SSLError
from puressl.x509 import identifiers
from puressl.x509.forms.algorithms import parameters, public_key
from puressl.x509.forms.codec import Codec, Fault, Identifier
from puressl.x509.forms.extension_values import extension_value
from puressl.x509.forms.general_names import ATTRIBUTE_TYPE, ATTRIBUTE_VALUE, NAME
from puressl.x509.forms.structure import (
    PKIX_CERTIFICATE,
    Certificate,
    Name,
    OpenTypes,
    TimeMoment,
    certificate_codec,
)

#: What the three forms are made of.
Form = Union[bytes, Certificate, Name]

_SSL_TYPES = OpenTypes(
    attribute=ATTRIBUTE_TYPE,
    value=ATTRIBUTE_VALUE,
    algorithm=Identifier(identifiers.ALGORITHMS),
    parameters=parameters,
    key=public_key,
    extension=Identifier(identifiers.EXTENSIONS),
    extension_value=extension_value,
    time=TimeMoment,
)
_SSL_CERTIFICATE = certificate_codec(_SSL_TYPES, NAME)
_FORMS: dict[str, Codec[Certificate]] = {"pkix": PKIX_CERTIFICATE, "ssl": _SSL_CERTIFICATE}


@overload
def decode_certificate(der: bytes, form: Literal["der"] = "der", subject: Literal[False] = False) -> bytes: ...
@overload
def decode_certificate(der: bytes, form: Literal["pkix", "ssl"], subject: Literal[False] = False) -> Certificate: ...
@overload
def decode_certificate(der: bytes, form: Literal["pkix", "ssl"], subject: Literal[True]) -> Name: ...
@overload
def decode_certificate(der: bytes, form: str, subject: bool = False) -> Form: ...
def decode_certificate(der: bytes, form: str = "der", subject: bool = False) -> Form:
    """A certificate in one of three forms.

    form: "der", the bytes; "pkix", the ASN.1 structure, object identifiers dotted, parameters and values as DER; "ssl",
    the same structure with names in place of the identifiers that are known, and what depends on them decoded. subject:
    only the subject's distinguished name, in the form pkix or ssl.
    Raises ``SSLError(eoptions)`` for another form, or for the subject as der; ``CertificateError``
    (CERTIFICATE_MALFORMED, CERTIFICATE_BAD_VALIDITY) with the field's path and the byte's offset, which ``values`` has
    too. The form der is malformed where pkix is.
    """
    codec = PKIX_CERTIFICATE if form == "der" and not subject else _FORMS.get(form)
    if codec is None:
        what = "the subject needs the form pkix or ssl" if subject else "the forms are der, pkix and ssl"
        raise SSLError(Reason.EOPTIONS, f"{form!r}: {what}")
    data = bytes(der)
    try:
        certificate = codec.only(data, 0, len(data))
    except Fault as fault:
        raise _malformed(fault, data) from None
    if form == "der":
        return data
    return certificate.tbsCertificate.subject if subject else certificate


def encode_certificate(value: Form) -> bytes:
    """The DER of what ``decode_certificate`` returned, in whatever form, or of a value made like it.

    Raises ``SSLError(badarg)`` naming the field that cannot be written.
    """
    if isinstance(value, bytes):
        return value
    try:
        if isinstance(value, Certificate):
            return _SSL_CERTIFICATE.encode(value)
        if isinstance(value, Name):
            return NAME.encode(value)
    except Fault as fault:
        raise SSLError(Reason.BADARG, f"{fault.where}: {fault.text}") from None
    except (TypeError, ValueError, AttributeError) as error:
        raise SSLError(Reason.BADARG, str(error)) from None
    raise SSLError(Reason.BADARG, f"{type(value).__name__} is no form of a certificate")


def place_of_fault(der: bytes) -> str:
    """Where a certificate is malformed: ``tbsCertificate.serialNumber, byte 13``; empty if it is not, to this
    decoder.
    """
    try:
        _SSL_CERTIFICATE.only(der, 0, len(der))
    except Fault as fault:
        return f"{fault.where or 'Certificate'}, byte {fault.offset}"
    return ""


def _malformed(fault: Fault, data: bytes) -> CertificateError:
    where = fault.where or "Certificate"
    return CertificateError(
        fault.problem,
        f"{where} at byte {fault.offset}: {fault.text}",
        check=where,
        der=data,
        values=(fault.where, fault.offset),
    )


__all__ = ["Certificate", "Form", "Name", "decode_certificate", "encode_certificate", "place_of_fault"]
