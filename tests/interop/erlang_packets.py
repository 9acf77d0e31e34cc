"""``erlang:decode_packet/3`` as a second opinion on streams of packets.

Each stream is decoded as inet's driver does it: after a start line packets are header fields, until ``http_eoh``.
Erlang's terms come back as Python literals.
"""

from __future__ import annotations

import ast
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import pytest

from puressl.sockets.packets import PacketType

PROGRAM = r"""
Literal = fun
  L(Term) when is_atom(Term) -> ["'", atom_to_list(Term), "'"];
  L(Term) when is_integer(Term) -> integer_to_list(Term);
  L(Term) when is_binary(Term) -> ["b'", [io_lib:format("\\x~2.16.0b", [Byte]) || <<Byte>> <= Term], "'"];
  L(Term) when is_tuple(Term) -> ["(", [[L(Each), ","] || Each <- tuple_to_list(Term)], ")"]
end,
Next = fun
  (http_bin, Packet) when element(1, Packet) =:= http_request; element(1, Packet) =:= http_response -> field;
  (field, http_eoh) -> http_bin;
  (Type, _) -> Type
end,
Decode = fun D(Type, Size, Stream, Packets) ->
  case erlang:decode_packet(case Type of field -> httph_bin; _ -> Type end, Stream, [{packet_size, Size}]) of
    {ok, Packet, Rest} -> D(Next(Type, Packet), Size, Rest, [Packet | Packets]);
    {more, _} -> {list_to_tuple(lists:reverse(Packets)), more, Stream};
    {error, invalid} -> {list_to_tuple(lists:reverse(Packets)), invalid, Stream}
  end
end,
[Path] = init:get_plain_arguments(),
{ok, Streams} = file:consult(Path),
[io:format("~s~n", [Literal(Decode(Type, Size, list_to_binary(Bytes), []))]) || {Type, Size, Bytes} <- Streams],
halt().
"""


class Stream(NamedTuple):
    """packet: the type. size: packet_size. octets: what arrives."""

    packet: PacketType
    size: int
    octets: bytes


class Decoded(NamedTuple):
    """packets: what was decoded. end: "more" or "invalid". rest: the bytes that are left then."""

    packets: tuple[object, ...]
    end: str
    rest: bytes


def decode(streams: Sequence[Stream], directory: Path) -> list[Decoded]:
    """What Erlang makes of each stream; its fields have None where it shows the name as it was sent."""
    path = directory / "streams"
    terms = (f"{{{packet}, {size}, {list(octets)}}}.\n" for packet, size, octets in streams)
    path.write_text("".join(terms))
    command = ["erl", "-noshell", "-noinput", "-eval", PROGRAM, "-extra", str(path)]
    try:
        ran = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
    except FileNotFoundError:
        pytest.skip("erl is not installed")
    found = [Decoded(*ast.literal_eval(line)) for line in ran.stdout.splitlines()]
    assert len(found) == len(streams), ran.stdout[-500:] + ran.stderr
    return [each._replace(packets=tuple(map(_without_sent_name, each.packets))) for each in found]


def _without_sent_name(packet: object) -> object:
    if isinstance(packet, tuple) and packet[0] == "http_header":
        return (*packet[:3], None, packet[4])
    return packet
