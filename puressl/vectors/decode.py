"""The family ``decode``: certificates in the three forms, and what is none.

Theory of operation: the certificate's DER is given and a form; what comes out is the structure as JSON (DESIGN: der,
pkix and ssl), or ``epeercert`` where the certificate is malformed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass
from datetime import datetime
from enum import Enum
from typing import Any

from puressl.errors import CertificateError
from puressl.vectors import identities
from puressl.vectors.chains import rich_certificate
from puressl.vectors.documents import Case, Document, Family, Json
from puressl.vectors.questions import Questions
from puressl.x509 import pem
from puressl.x509.forms import decode_certificate, encode_certificate

#: What a JSON number may have and still be exact everywhere (RFC 8259 6); longer integers are in hexadecimal.
_MAX_BITS = 53


def _decode(given: Json) -> Json:
    der = bytes.fromhex(given["certificate"])
    try:
        return {"value": _plain(decode_certificate(der, given["form"], given["subject"])), "error": None}
    except CertificateError as error:
        return {"value": None, "error": str(error.reason)}


def _round_trip(given: Json) -> Json:
    value = decode_certificate(bytes.fromhex(given["certificate"]), given["form"])
    return {"certificate": encode_certificate(value).hex()}


def _plain(value: Any) -> Json:
    """A value of a form as JSON has it."""
    if is_dataclass(value):
        return {field.name: _plain(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, datetime):
        return f"{value.year:04}{value:-%m-%dT%H:%M:%SZ}"
    if isinstance(value, int) and value.bit_length() > _MAX_BITS:
        return f"{value:#x}"
    return value.value if isinstance(value, Enum) else value


_QUESTIONS = Questions({"decode": _decode, "encode": _round_trip})

# Rows ----------------------------------------------------------------------------------------------------------------

_KINDS = ("p256", "p384", "p521", "ed25519", "ed448", "rsa", "rsa-pss")


def _certificates() -> Iterator[tuple[str, bytes]]:
    for kind, found in identities.made(_KINDS).items():
        yield f"{kind}-server", pem.blocks(found["server"]["certificate"].encode())[0].decode()
    yield "p256-root", pem.blocks(identities.made(["p256"])["p256"]["root"].encode())[0].decode()
    yield "many-extensions", rich_certificate()


def _sound() -> Iterator[Case]:
    for name, der in _certificates():
        for form in ("pkix", "ssl"):
            for subject in (False, True):
                given = {"certificate": der.hex(), "form": form, "subject": subject}
                part = "-subject" if subject else ""
                text = f"{'The subject of c' if subject else 'C'}ertificate {name} in the form {form}."
                yield _QUESTIONS.case(f"{form}-{name}{part}", text, "RFC 5280 4.1", "decode", given)
            given = {"certificate": der.hex(), "form": form}
            text = f"Certificate {name} decoded to the form {form} and encoded again."
            yield _QUESTIONS.case(f"{form}-{name}-again", text, "RFC 5280 4.1", "encode", given)


def _malformed() -> Iterator[Case]:
    (_, der), *_ = _certificates()
    changes: Mapping[str, bytes] = {
        "empty": b"",
        "one-byte": der[:1],
        "its-last-byte-missing": der[:-1],
        "a-byte-after-its-end": der + b"\0",
        "half": der[: len(der) // 2],
        "another-tag": b"\x31" + der[1:],
        "a-length-not-minimal": der[:1] + b"\x83\0" + der[2:4] + der[4:],
        "an-indefinite-length": der[:1] + b"\x80" + der[4:] + b"\0\0",
        "a-version-of-9": der.replace(b"\xa0\x03\x02\x01\x02", b"\xa0\x03\x02\x01\x09", 1),
        "a-thirteenth-month": der.replace(b"240101000000Z", b"241301000000Z", 1),
        "a-boolean-of-1": der.replace(b"\x01\x01\xff", b"\x01\x01\x01", 1),
        "no-bytes": bytes(len(der)),
    }
    for name, changed in changes.items():
        for form in ("pkix", "ssl"):
            given = {"certificate": changed.hex(), "form": form, "subject": False}
            text = f"A certificate with a fault: {name.replace('-', ' ')}."
            yield _QUESTIONS.case(f"{form}-malformed-{name}", text, "RFC 5280 4.1", "decode", given)


def _make() -> Iterator[Document]:
    yield Document("sound", "Certificates in each form.", tuple(_sound()))
    yield Document("malformed", "Certificates with a fault in their encoding.", tuple(_malformed()))


_README = """\
| operation | asks for |
|---|---|
| `decode` | the certificate, or its subject alone, in the form `pkix` or `ssl`; `epeercert` if it is malformed |
| `encode` | the bytes again, from what was decoded |

The form `der` is the bytes themselves. In the JSON bytes are hexadecimal, and integers of more than 53 bits are in
hexadecimal with `0x`.
"""

TITLE = "Decoding: certificates in their forms"
FAMILY = Family(
    name="decode",
    title=TITLE,
    readme=_README,
    schema=_QUESTIONS.schema(TITLE),
    make=_make,
    check=_QUESTIONS.check,
    answer=_QUESTIONS.answer,
)
