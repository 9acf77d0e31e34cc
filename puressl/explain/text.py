"""A story as text for a terminal.

Theory of operation: ``Teller`` makes Rich renderables of the parts of a story, so that a console may break lines and
leave colours out as it must. How much is told is a level: 0 the messages, 1 also states, checks and secrets, 2 also
every field with its meaning and clause, 3 also every byte: hexadecimal beside the fields, ciphertext beside plaintext,
the secrets' values. Whatever a peer wrote is put in as text, never as markup, and without control characters.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from rich.console import Console, ConsoleOptions, Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text
from rich.tree import Tree

from puressl.explain.certificates import printable
from puressl.explain.model import CLIENT, UNKNOWN, ExplainedCertificate, Field, Input, Record, Secret, Step, Story

MESSAGES, CHECKS, FIELDS, BYTES = LEVELS = range(4)

#: Bytes on a line beside a field.
_FIELD_WIDTH = 8
#: Bytes on a line of a dump of ciphertext and plaintext, by the room there is; the columns that both together take.
_BESIDE_COUNTS = (16, 12, 8, 4, 2)
_BESIDE_FIXED, _BESIDE_PER_BYTE = 15, 7
#: Lines of bytes beside a field of a record: the rest stands in the message, or in the dump below.
_RECORD_LINES = 2
#: What derives the next generation of a traffic secret (RFC 8446 7.2), which stands beside the one before.
_UPDATE = "traffic upd"
#: Characters of a value before the deepest level; there it is whole.
_VALUE_WIDTH = 48
_COLOURS = {CLIENT: "cyan"}
_SERVER_COLOUR = "magenta"


def print_story(console: Console, story: Story, level: int) -> None:
    """All of a story."""
    teller = Teller(story, level)
    for part in (teller.head(), *map(teller.step, story.steps), teller.tail()):
        console.print(part)


class Teller:
    """Tells a story at a level: ``head``, then ``step`` for each step, then ``tail``."""

    def __init__(self, story: Story, level: int) -> None:
        self.story = story
        self.level = level
        self._new_in: dict[int, list[Record]] = {}  # by step: the records that carried no step before it
        self._made_after: dict[int, list[Secret]] = {}
        self._derived_from: dict[str, list[Secret]] = {}
        carried: set[int] = set()
        for step in story.steps:
            self._new_in[step.number] = [story.records[each] for each in step.records if each not in carried]
            carried.update(step.records)
        for secret in story.secrets:
            self._made_after.setdefault(secret.step, []).append(secret)
            self._derived_from.setdefault(secret.parent, []).append(secret)

    def head(self) -> RenderableType:
        return Text(f"{printable(self.story.title)}\n", style="bold")

    def step(self, step: Step) -> RenderableType:
        """A message and what came of it."""
        colour = _COLOURS.get(step.sender, _SERVER_COLOUR)
        arrow = "-->" if step.sender == CLIENT else "<--"
        length = f"{len(step.raw)} byte{'' if len(step.raw) == 1 else 's'}"
        keys = "no keys" if step.epoch == "initial" else f"{step.epoch} keys"
        line = Text.assemble(
            (f"{step.number:>3} ", "dim"), (f"{arrow} {step.message}", f"bold {colour}"), (f"  {length}, {keys}", "dim")
        )
        tree = Tree(line, guide_style="dim")
        for part in self._parts(step):
            tree.add(part)
        return tree

    def tail(self) -> RenderableType:
        """What was agreed on, and the secrets as a tree."""
        parts: list[RenderableType] = [Text("")]
        for heading, content in self._sections():
            parts += [Text(heading, style="bold"), Padding(content, (0, 0, 1, 2), expand=False)]
        return Group(*parts)

    # Steps --------------------------------------------------------------------------------------------------

    def _parts(self, step: Step) -> Iterator[RenderableType]:
        if self.level >= FIELDS:
            yield from map(self._record, self._new_in[step.number])
            yield self._fields(step.fields, step.raw)
        if self.level >= CHECKS:
            for check in step.checks:
                mark, style = ("ok", "green") if check.passed else ("BROKEN", "bold red")
                yield Text.assemble(
                    (f"{mark} ", style), f"{check.by}: {printable(check.what)} ", (f"({check.clause})", "dim")
                )
            for secret in self._made_after.get(step.number, ()):
                yield Text.assemble(("secret ", "yellow"), secret.name, (f"  {_made_by(secret)}", "dim"))
            for move in step.moves:
                yield Text.assemble(("state ", "blue"), f"{move.by}: {move.left} -> {move.entered}")
        if step.failure:
            yield Text.assemble(("FAILED ", "bold red"), printable(step.failure))

    def _record(self, record: Record) -> RenderableType:
        line = Text(f"record {record.number}: {record.content_type}, {len(record.raw)} bytes, {_protection(record)}")
        if self.level < BYTES:
            return line
        tree = Tree(line, guide_style="dim")
        tree.add(self._fields(record.fields, record.raw, _RECORD_LINES))
        if record.inner and record.plaintext is not None:
            tree.add(self._fields(record.inner, record.plaintext, _RECORD_LINES))
        if record.protected:
            tree.add(_Beside(record))
        return tree

    def _fields(self, fields: Sequence[Field], raw: bytes, most: int | None = None) -> RenderableType:
        """most: lines of bytes beside a field, None for all of them."""
        table = Table.grid(padding=(0, 2, 0, 0))
        if self.level >= BYTES:
            table.add_column(style="dim")
            table.add_column(style="dim")
        table.add_column()
        table.add_column(overflow="fold")
        for field, following in zip(fields, (*fields[1:], None), strict=True):
            is_leaf = following is None or following.depth <= field.depth
            octets = raw[field.start : field.end] if is_leaf else b""
            beside = (f"{field.start:04x}", _hex_lines(octets, most)) if self.level >= BYTES else ()
            name = "  " * field.depth + field.path.rpartition(".")[2]
            table.add_row(*map(Text, (*beside, name)), self._meaning(field))
        return table

    def _meaning(self, field: Field) -> Text:
        """A field's value, which the deepest level shows beside it where it is just its bytes, and what it means."""
        value = printable(field.value)
        if self.level < BYTES:
            value = _shortened(value)
        elif _is_hex(value):
            value = ""
        return Text.assemble((f"{value} - " if value else "", "green"), (f"{field.meaning} ({field.clause})", "dim"))

    # The whole ----------------------------------------------------------------------------------------------

    def _sections(self) -> Iterator[tuple[str, RenderableType]]:
        story = self.story
        rows = [(label, printable(text)) for label, text in (*story.facts, ("JA3", story.ja3), ("JA4", story.ja4))]
        rows.append(("verified path", "\n".join(map(printable, story.verified_path))))
        agreed = Table.grid(padding=(0, 2, 0, 0))
        agreed.add_column(style="dim")
        for label, text in rows:
            if text:
                agreed.add_row(label, Text(text))
        if agreed.row_count:
            yield "Agreed", agreed
        if self.level >= CHECKS and story.secrets:
            yield "Key schedule", self._schedule()
        if story.certificates and (self.level >= BYTES or not story.steps):
            yield "Certificates", Group(*map(_certificate, story.certificates))
        if story.notes:
            yield "Notes", Group(*(Text(printable(note)) for note in story.notes))

    def _schedule(self) -> RenderableType:
        """The secrets as RFC 8446 7.1 draws them: what is derived below what it is derived from."""
        return Group(*(tree for root in self._derived_from.get("", ()) for tree in self._below(root)))

    def _below(self, secret: Secret) -> Iterator[Tree]:
        """A secret over what is derived of it, then the generations that follow it: there may be thousands of them."""
        following: Secret | None = secret
        while following is not None:
            tree = Tree(self._secret(following), guide_style="dim")
            parts = self._derived_from.get(following.name, ())
            following = next((each for each in parts if each.label == _UPDATE), None)
            for part in parts:
                if part is not following:
                    for each in self._below(part):
                        tree.add(each)
            yield tree

    def _secret(self, secret: Secret) -> RenderableType:
        line = Text.assemble(
            (secret.name, "yellow"), (f"  {_made_by(secret)}, after {self._after(secret)} ({secret.clause})", "dim")
        )
        if self.level < FIELDS:
            return line
        above = "" if secret.label == _UPDATE else secret.parent
        others = [each for each in secret.inputs if each.source != above or not each.source]
        lines = [line, *(Text(f"  {self._input(each)}", style="dim") for each in others)]
        if self.level >= BYTES:
            lines.append(Text(f"  = {secret.value.hex()}"))
        return Group(*lines)

    def _after(self, secret: Secret) -> str:
        return f"{secret.step} {self.story.steps[secret.step].message}"

    def _input(self, each: Input) -> str:
        value = each.source or (each.value.hex() if self.level >= BYTES else _shortened(each.value.hex()))
        return f"{each.name}: {value}"


def _protection(record: Record) -> str:
    if not record.protected:
        return "not protected"
    number = "" if record.epoch == UNKNOWN else f", sequence number {record.sequence}"
    return f"{record.epoch} keys{number}"


def _made_by(secret: Secret) -> str:
    return f'{secret.operation} "{secret.label}"' if secret.label else secret.operation


def _certificate(certificate: ExplainedCertificate) -> RenderableType:
    whose = f", {certificate.sender}'s" if certificate.sender else ""
    lines = [Text(f"{certificate.role}{whose}: {printable(certificate.subject)}", style="bold")]
    for depth, label, text in certificate.tree:
        first, *rest = text.split("\n")
        lines.append(Text(f"{'  ' * (depth + 1)}{label}{': ' if label and first else ''}{first}"))
        lines += [Text("  " * (depth + 2) + line) for line in rest]
    return Group(*lines)


@dataclass(frozen=True, slots=True)
class _Beside:
    """What travelled, and beside it what it held; as many bytes on a line as there is room for."""

    record: Record

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> Iterator[RenderableType]:
        fitting = (count for count in _BESIDE_COUNTS if _BESIDE_FIXED + _BESIDE_PER_BYTE * count <= options.max_width)
        count, record = next(fitting, _BESIDE_COUNTS[-1]), self.record
        table = Table.grid(padding=(0, 3, 0, 0))
        table.add_row(Text("on the wire", style="dim"), Text("inside", style="dim"))
        inside = Text("no key is known") if record.plaintext is None else _dump(record.plaintext, count, ascii_too=True)
        table.add_row(_dump(record.raw, count), inside)
        yield table


def _dump(octets: bytes, count: int, *, ascii_too: bool = False) -> Text:
    """Offset and hexadecimal, and what of it is ASCII, ``count`` bytes on a line."""
    lines = []
    for at in range(0, len(octets), count):
        line = octets[at : at + count]
        shown = "".join(chr(byte) if 0x20 <= byte < 0x7F else "." for byte in line)
        lines.append(f"{at:04x}  {line.hex(' '):<{3 * count}}{shown if ascii_too else ''}".rstrip())
    return Text("\n".join(lines), no_wrap=True, overflow="fold")


def _hex_lines(octets: bytes, most: int | None) -> str:
    lines = [octets[at : at + _FIELD_WIDTH].hex(" ") for at in range(0, len(octets), _FIELD_WIDTH)]
    return "\n".join(lines if most is None or len(lines) <= most else (*lines[:most], ".."))


def _is_hex(value: str) -> bool:
    """Whether a value is just its bytes, which stand beside it."""
    return len(value) > 2 and all(each in "0123456789abcdef" for each in value)


def _shortened(text: str) -> str:
    return text if len(text) <= _VALUE_WIDTH else f"{text[: _VALUE_WIDTH - 2]}.."
