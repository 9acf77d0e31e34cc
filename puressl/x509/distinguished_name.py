"""Distinguished names: as values, as text, and as they compare (RFC 5280 4.1.2.4 and 7.1, RFC 4514).

Theory of operation: a name is decoded once into attributes whose strings are Python's, whatever ASN.1 string type
carried them, so comparison is blind to the type. Two names are equal if their bytes are, or else if their normalised
forms are: compatibility decomposition, case folding, and runs of spaces as one (RFC 4518 as RFC 5280 7.1 wants it). The
normalised form is made when it is first asked for, and kept with the name.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass, field

COMMON_NAME = "2.5.4.3"
EMAIL_ADDRESS = "1.2.840.113549.1.9.1"

#: Short names of RFC 4514 3 and RFC 4519, and the one of RFC 2985 that certificates use.
_SHORT_NAMES = {
    COMMON_NAME: "CN",
    "2.5.4.4": "SN",
    "2.5.4.5": "serialNumber",
    "2.5.4.6": "C",
    "2.5.4.7": "L",
    "2.5.4.8": "ST",
    "2.5.4.9": "street",
    "2.5.4.10": "O",
    "2.5.4.11": "OU",
    "2.5.4.12": "title",
    "2.5.4.42": "GN",
    "2.5.4.97": "organizationIdentifier",
    "0.9.2342.19200300.100.1.1": "UID",
    "0.9.2342.19200300.100.1.25": "DC",
    EMAIL_ADDRESS: "emailAddress",
}
_ESCAPED = frozenset(',+"\\<>;')

#: How the string types are decoded, by tag. TeletexString holds ISO 8859-1 in practice, whatever T.61 says.
STRING_ENCODINGS = {
    0x0C: "utf-8",  # UTF8String
    0x12: "ascii",  # NumericString
    0x13: "ascii",  # PrintableString
    0x14: "latin-1",  # TeletexString
    0x16: "ascii",  # IA5String
    0x1A: "ascii",  # VisibleString
    0x1C: "utf-32-be",  # UniversalString
    0x1E: "utf-16-be",  # BMPString
}

#: One relative name in comparable form: its attributes, sorted; a value that is no string stays bytes.
NormalizedRDN = tuple[tuple[str, str, bytes], ...]


@dataclass(frozen=True, slots=True)
class Attribute:
    """type: dotted object identifier. value: text, or the DER of what is no string."""

    type: str
    value: str | bytes


@dataclass(frozen=True, slots=True)
class Name:
    """A distinguished name. der: its encoding. rdns: the relative names, most significant first, each a set of
    attributes.
    """

    der: bytes = field(repr=False)
    rdns: tuple[tuple[Attribute, ...], ...]
    _normalized: tuple[NormalizedRDN, ...] | None = field(init=False, repr=False, compare=False, default=None)

    def __bool__(self) -> bool:
        return bool(self.rdns)

    def __str__(self) -> str:
        return self.text

    @property
    def text(self) -> str:
        """For people: ``CN=Test Root,O=Example``, the most specific part first (RFC 4514 2.1)."""
        return ",".join("+".join(map(_attribute_text, rdn)) for rdn in reversed(self.rdns))

    @property
    def normalized(self) -> tuple[NormalizedRDN, ...]:
        """Equal for names that RFC 5280 7.1 calls equal; a prefix of it is a subtree that holds the name."""
        if self._normalized is None:
            made = tuple(tuple(sorted(map(_normalized_attribute, rdn))) for rdn in self.rdns)
            object.__setattr__(self, "_normalized", made)
            return made
        return self._normalized

    def matches(self, other: Name) -> bool:
        """Whether both name the same entity (RFC 5280 7.1)."""
        return self.der == other.der or self.normalized == other.normalized

    def values(self, attribute_type: str) -> tuple[str, ...]:
        """The text of every attribute of a type."""
        attributes = (attribute for rdn in self.rdns for attribute in rdn if attribute.type == attribute_type)
        return tuple(attribute.value for attribute in attributes if isinstance(attribute.value, str))


#: Longer values are compared as they are: Unicode's reordering of combining marks takes time in the square of their
#: number, and no name has use for so many.
MAX_NORMALIZED = 512


def normalize(text: str) -> str:
    """A string as RFC 5280 7.1 compares it: case and runs of spaces do not count (RFC 4518 2.2, 2.3, 2.6.1)."""
    if text.isascii() and text.isprintable():  # what follows changes nothing but case and spaces then
        return " ".join(text.casefold().split())
    mapped = "".join(_mapped(character) for character in text)
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", mapped).casefold())
    return " ".join(folded.split())


def _mapped(character: str) -> str:
    """RFC 4518 2.2: white space becomes a space; control and format characters, as SOFT HYPHEN, vanish."""
    if character.isspace():
        return " "
    return "" if unicodedata.category(character) in ("Cc", "Cf") else character


def _normalized_attribute(attribute: Attribute) -> tuple[str, str, bytes]:
    if isinstance(attribute.value, bytes):
        return attribute.type, "", attribute.value
    if len(attribute.value) > MAX_NORMALIZED:
        return attribute.type, "", attribute.value.encode("utf-8", "surrogatepass")
    return attribute.type, normalize(attribute.value), b""


def _attribute_text(attribute: Attribute) -> str:
    label = _SHORT_NAMES.get(attribute.type, attribute.type)
    if isinstance(attribute.value, bytes):
        return f"{label}=#{attribute.value.hex()}"  # RFC 4514 2.4
    return f"{label}={_escape(attribute.value)}"


def _escape(text: str) -> str:
    """RFC 4514 2.4; what is not printable is escaped too, since a peer writes these strings and people read them."""
    escaped = "".join(_escaped(character) for character in text)
    if escaped[:1] in (" ", "#"):
        escaped = "\\" + escaped
    return escaped[:-1] + "\\ " if escaped.endswith(" ") and len(text) > 1 else escaped


def _escaped(character: str) -> str:
    if character in _ESCAPED:
        return "\\" + character
    if character.isprintable():
        return character
    return "".join(f"\\{octet:02x}" for octet in character.encode("utf-8", "surrogatepass"))
