"""Bytes in all the ways in which people have them."""

from __future__ import annotations

import base64

import pytest

from puressl.errors import SSLError
from puressl.explain import spelled as module
from puressl.explain.spelled import spelled

DATA = bytes(range(3, 45))


def dump(data: bytes, line: str, width: int = 16) -> str:
    """line: a format of offset, hexadecimal and ASCII."""
    lines = []
    for at in range(0, len(data), width):
        part = data[at : at + width]
        shown = "".join(chr(byte) if 0x20 <= byte < 0x7F else "." for byte in part)
        lines.append(line.format(at=at, part=part, hex=part.hex(" "), pairs=part.hex(" ", -2), shown=shown))
    return "\n".join(lines)


SPELLINGS = {
    "digits": DATA.hex(),
    "capitals in lines": "\n".join((DATA[:20].hex().upper(), DATA[20:].hex().upper())),
    "spaces": DATA.hex(" "),
    "colons": DATA.hex(":"),
    "pairs": DATA.hex(" ", 2),
    "fours, that look like offsets": DATA.hex(" ", -2),
    "a list": ", ".join(f"0x{byte:02x}" for byte in DATA),
    "a string": '"' + "".join(f"\\x{byte:02x}" for byte in DATA) + '"',
    "an initializer": "{ " + ",\n  ".join(f"0x{byte:02X}" for byte in DATA) + " }",
    "xxd": dump(DATA, "{at:08x}: {pairs:<39}  {shown}"),
    "hexdump -C": dump(DATA, "{at:08x}  {hex:<48} |{shown}|") + f"\n{len(DATA):08x}\n",
    "tshark -x": dump(DATA, "{at:04x}  {hex:<47}   {shown}"),
    "od": dump(DATA, "{at:06x} {hex}"),
    "a dump from the middle of a file": dump(DATA, "{at:08x}: {pairs:<39}  {shown}").replace("000000", "000100"),
    "offsets only": dump(DATA, "0x{at:04x} {hex}"),
    "comments": f"# a record\n{DATA[:7].hex()} // its start\n\n>>> rest\n{DATA[7:].hex(' ')} ; end",
    "base64": base64.encodebytes(DATA).decode(),
}


@pytest.mark.parametrize("name", SPELLINGS)
def test_spellings_are_read(name: str) -> None:
    assert spelled(SPELLINGS[name].encode()) == DATA


@pytest.mark.parametrize("data", [b"", DATA, b"\x16\x03\x01", b"text and \xff", b"-----BEGIN CERTIFICATE-----\n"])
def test_what_is_no_spelling_is_taken_as_it_is(data: bytes) -> None:
    assert spelled(data) == data


@pytest.mark.parametrize("length", range(1, 34))
def test_dumps_of_any_length_are_read(length: int) -> None:
    for line in ("{at:08x}: {pairs:<39}  {shown}", "{at:08x}  {hex:<48} |{shown}|", "{at:04x}  {hex:<47}   {shown}"):
        data = bytes(range(0x41, 0x41 + length))  # letters that are digits, too
        assert spelled(dump(data, line).encode()) == data


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("16 03\n01 0g", "line 2, column 5: 'g'"),
        ("# note\n!", "line 2, column 1: '!'"),
        ("16 0", "an odd number"),
    ],
)
def test_what_is_wrong_is_told_with_line_and_column(text: str, complaint: str) -> None:
    with pytest.raises(SSLError, match=complaint):
        spelled(text.encode())


def test_a_spelling_may_be_so_long_and_no_longer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_SPELLING", 4)
    assert spelled(b"1603") == b"\x16\x03"
    with pytest.raises(SSLError, match="at most 4"):
        spelled(b"16030")
