"""Names in the form ``ssl``: attribute values with their string type, and GeneralName (RFC 5280 4.1.2.4, 4.2.1.6).

Theory of operation: a string keeps the type it was written in, since two types may hold the same text and only one of
them is in the certificate. An address is text; what has not the length of an address stays octets.
"""
# ruff: noqa: N815 - the fields have RFC 5280's names.

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from typing import Any

from puressl.x509 import der, identifiers
from puressl.x509.distinguished_name import STRING_ENCODINGS
from puressl.x509.forms.codec import (
    ANY,
    OBJECT_IDENTIFIER,
    Choice,
    Codec,
    Either,
    Field,
    Identifier,
    ListOf,
    Structure,
    Tagged,
    Text,
    explicit,
)
from puressl.x509.forms.structure import NameCodec, name_codec

#: The string types by their tags.
_STRING_TYPES = {
    0x0C: "UTF8String",
    0x12: "NumericString",
    0x13: "PrintableString",
    0x14: "TeletexString",
    0x16: "IA5String",
    0x1A: "VisibleString",
    0x1C: "UniversalString",
    0x1E: "BMPString",
}


@dataclass(frozen=True, slots=True)
class String:
    """type: of the string, as ASN.1 calls it: "UTF8String", "PrintableString", …"""

    type: str
    value: str


@dataclass(frozen=True, slots=True)
class OtherName:
    """RFC 5280 4.2.1.6. type_id: dotted (``type-id``). value: DER."""

    type_id: str
    value: bytes


@dataclass(frozen=True, slots=True)
class EDIPartyName:
    """RFC 5280 4.2.1.6."""

    nameAssigner: String | None
    partyName: String


@dataclass(frozen=True, slots=True)
class GeneralName:
    """RFC 5280 4.2.1.6.

    type: "dNSName", "iPAddress", "directoryName", … value: text, for an address too (a constraint's is
    ``address/mask``); a ``Name``, ``OtherName`` or ``EDIPartyName``; octets for an iPAddress of another length, and for
    what an x400Address holds.
    """

    type: str
    value: Any


STRING: Codec[String] = Choice(String, {name: Text(tag, STRING_ENCODINGS[tag]) for tag, name in _STRING_TYPES.items()})
IA5_STRING = Text(der.IA5_STRING, "ascii")

#: An attribute's value: a string, or DER.
ATTRIBUTE_VALUE = Either(String, STRING, ANY)
ATTRIBUTE_TYPE = Identifier(identifiers.ATTRIBUTES)
NAME: NameCodec = name_codec(ATTRIBUTE_TYPE, ATTRIBUTE_VALUE)


class _Address(Codec["str | bytes"]):
    """An address in network byte order, or an address and its mask (RFC 5280 4.2.1.6, 4.2.1.10)."""

    tags = frozenset({der.OCTET_STRING})

    def decode(self, data: bytes, at: int, start: int, stop: int) -> str | bytes:
        octets = data[start:stop]
        if len(octets) in (4, 16):
            return str(ipaddress.ip_address(octets))
        if len(octets) in (8, 32):
            half = len(octets) // 2
            return f"{ipaddress.ip_address(octets[:half])}/{ipaddress.ip_address(octets[half:])}"
        return octets

    def encode(self, value: str | bytes) -> bytes:
        if isinstance(value, str):
            value = b"".join(ipaddress.ip_address(part).packed for part in value.split("/", 1))
        return der.octet_string(value)


class _Content(Codec[bytes]):
    """What a structure holds, as it stands; checked for its form."""

    tags = frozenset({der.SEQUENCE})

    def decode(self, data: bytes, at: int, start: int, stop: int) -> bytes:
        ANY.decode(data, at, start, stop)
        return data[start:stop]

    def encode(self, value: bytes) -> bytes:
        return ANY.encode(der.sequence(value))


#: RFC 5280 A.2: in a module with implicit tags; a CHOICE inside is tagged explicitly.
GENERAL_NAME: Codec[GeneralName] = Choice(
    GeneralName,
    {
        "otherName": Tagged(
            0, Structure(OtherName, Field("type_id", OBJECT_IDENTIFIER), Field("value", explicit(0, ANY)))
        ),
        "rfc822Name": Tagged(1, IA5_STRING),
        "dNSName": Tagged(2, IA5_STRING),
        "x400Address": Tagged(3, _Content()),
        "directoryName": explicit(4, NAME),
        "ediPartyName": Tagged(
            5,
            Structure(
                EDIPartyName,
                Field("nameAssigner", explicit(0, STRING), default=None),
                Field("partyName", explicit(1, STRING)),
            ),
        ),
        "uniformResourceIdentifier": Tagged(6, IA5_STRING),
        "iPAddress": Tagged(7, _Address()),
        "registeredID": Tagged(8, OBJECT_IDENTIFIER),
    },
)
GENERAL_NAMES = ListOf(GENERAL_NAME)
