"""Rows of the family ``negative``: what they are made of.

Theory of operation: a row is one deviation, the clause it breaks and the problem puressl finds in it; a group is the
rows of one message, of one version and peer. Which alerts a peer may answer with follows from the problem: where the
RFCs name one with MUST it is the only one, and to close without a word is not enough; elsewhere those that fit are
allowed, and silence, too (RFC 8446 6.2: an alert SHOULD be sent).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from puressl.codes import AlertDescription, name_of
from puressl.errors import PROBLEMS, Problem
from puressl.vectors import settings
from puressl.vectors.deviations import Deviation
from puressl.vectors.documents import Case, Json
from puressl.vectors.identities import TIME
from puressl.vectors.recording import Step

P, A = Problem, AlertDescription

#: Alerts that fit a problem as well as the one puressl sends, where no clause names one.
_FITTING: Mapping[Problem, Sequence[AlertDescription]] = {
    P.DUPLICATE_EXTENSION: (A.DECODE_ERROR, A.UNSUPPORTED_EXTENSION),
    P.EMPTY_RECORD: (A.DECODE_ERROR, A.ILLEGAL_PARAMETER),
    P.BAD_KEY_SHARE: (A.DECODE_ERROR, A.HANDSHAKE_FAILURE),
    P.BAD_DH_VALUE: (A.ILLEGAL_PARAMETER, A.DECODE_ERROR, A.INSUFFICIENT_SECURITY),
    P.BAD_COOKIE: (A.DECODE_ERROR, A.DECRYPT_ERROR, A.MISSING_EXTENSION),
    P.CERTIFICATE_MALFORMED: (A.DECODE_ERROR, A.CERTIFICATE_UNKNOWN, A.UNSUPPORTED_CERTIFICATE),
    P.MESSAGE_TOO_LARGE: (A.ILLEGAL_PARAMETER, A.RECORD_OVERFLOW, A.UNEXPECTED_MESSAGE),
    P.INTERLEAVED_HANDSHAKE: (A.DECODE_ERROR, A.ILLEGAL_PARAMETER),
    P.BAD_BINDER: (A.ILLEGAL_PARAMETER, A.DECODE_ERROR, A.HANDSHAKE_FAILURE),
    P.BAD_RECORD_VERSION: (A.UNEXPECTED_MESSAGE, A.DECODE_ERROR),
    P.UNSUPPORTED_VERSION: (A.HANDSHAKE_FAILURE, A.ILLEGAL_PARAMETER),
    P.WEAK_KEY: (A.HANDSHAKE_FAILURE, A.ILLEGAL_PARAMETER),
    P.TOO_MANY_WARNINGS: (),
    P.TOO_MANY_EMPTY_RECORDS: (),
    P.TOO_MANY_CHANGE_CIPHER_SPECS: (),
    P.TOO_MANY_KEY_UPDATES: (),
    P.CERTIFICATE_USAGE: (A.BAD_CERTIFICATE, A.ILLEGAL_PARAMETER),
    P.EXTENDED_MASTER_SECRET_CHANGED: (),
    P.NO_COMMON_CIPHER_SUITE: (A.INSUFFICIENT_SECURITY, A.ILLEGAL_PARAMETER),
}
#: TLS 1.2 describes what an alert means and seldom says MUST (RFC 5246 7.2.2): others that fit.
_FITTING12: Mapping[Problem, Sequence[AlertDescription]] = {
    **_FITTING,
    P.MALFORMED_MESSAGE: (A.ILLEGAL_PARAMETER,),
    P.TRAILING_BYTES: (A.ILLEGAL_PARAMETER,),
    P.ILLEGAL_PARAMETER: (A.DECODE_ERROR, A.HANDSHAKE_FAILURE),
    P.BAD_SIGNATURE: (A.DECODE_ERROR, A.BAD_CERTIFICATE, A.ILLEGAL_PARAMETER),
    P.MISPLACED_EXTENSION: (A.UNSUPPORTED_EXTENSION, A.DECODE_ERROR),
    P.UNEXPECTED_MESSAGE: (A.HANDSHAKE_FAILURE,),
}
#: RFC 8446 4.2 knows two alerts for an extension that was neither asked for nor belongs there.
_FITTING13: Mapping[Problem, Sequence[AlertDescription]] = {
    **_FITTING,
    P.MISPLACED_EXTENSION: (A.UNSUPPORTED_EXTENSION,),
    P.UNSOLICITED_EXTENSION: (A.ILLEGAL_PARAMETER,),
}
#: Where a row has two alerts to choose from by two clauses, silence is still not one of them.
_NAMED13 = frozenset({P.MISPLACED_EXTENSION, P.UNSOLICITED_EXTENSION})


@dataclass(frozen=True, slots=True)
class Row:
    """One deviation. name: what the message has, or what the flight is. problem: None for what must be taken. also:
    more alerts that fit.

    client, server: settings that differ from the group's. kind: of identity. accept: the sender alone breaks the
    clause; no receiver is bound to look, and one that does not may go on.
    """

    name: str
    clause: str
    deviations: Sequence[Deviation]
    problem: Problem | None = None
    also: Sequence[AlertDescription] = ()
    client: Mapping[str, Json] = field(default_factory=dict)
    server: Mapping[str, Json] = field(default_factory=dict)
    kind: str = ""
    accept: bool = False


@dataclass(frozen=True, slots=True)
class Group:
    """Rows about one message or flight. title: begins each id. resumes: the connection resumes a sound one."""

    title: str
    version: str
    peer: str
    rows: Sequence[Row]
    client: Mapping[str, Json] = field(default_factory=dict)
    server: Mapping[str, Json] = field(default_factory=dict)
    resumes: bool = False
    kind: str = "p256"
    steps: Sequence[Step] = ()

    def cases(self) -> Iterator[Case]:
        return (self._case(row) for row in self.rows)

    def _case(self, row: Row) -> Case:
        fitting = _FITTING13 if self.version == "tlsv1.3" else _FITTING12
        allowed = _allowed(row.problem, fitting, row.also)
        verb = "take" if row.problem is None else "refuse"
        kind = row.kind or self.kind
        short = self.version.removeprefix("tlsv").replace(".", "")
        connection: dict[str, Json] = {"steps": list(self.steps)}
        return {
            "id": f"{short}-{self.peer}-{_slug(self.title)}-{_slug(row.name)}",
            "description": f"A {self.peer} must {verb} {self.title}{' with ' if row.problem else ': '}{row.name}.",
            "clause": f"RFC {row.clause}",
            "peer": self.peer,
            "deviations": [dict(each) for each in row.deviations],
            "alerts": allowed,
            "silence": row.problem in fitting and not (self.version == "tlsv1.3" and row.problem in _NAMED13),
            "accept": row.accept or row.problem is None,
            "time": TIME,
            "client": {**settings.client(self.version, kind), **self.client, **row.client},
            "server": {**settings.server(self.version, kind), **self.server, **row.server},
            "connections": [connection, connection] if self.resumes else [connection],
        }


def _allowed(
    problem: Problem | None,
    fitting: Mapping[Problem, Sequence[AlertDescription]],
    also: Sequence[AlertDescription],
) -> list[str]:
    """The alerts a peer may answer with, puressl's own first; none for what must be taken."""
    if problem is None:
        return []
    found = dict.fromkeys((PROBLEMS[problem].alert, *fitting.get(problem, ()), *also))
    return [name_of(AlertDescription, int(each)) for each in found if each is not None]


def _slug(text: str) -> str:
    return "-".join("".join(letter if letter.isalnum() else " " for letter in text.lower()).split())


# Deviations, as rows write them ---------------------------------------------------------------------------------------


def edit(message: str, path: str, **how: Json) -> tuple[Deviation, ...]:
    """A field changed. how: set, flip, cut, append or fill; resign."""
    return ({"edit": message, "path": path, **how},)


def splice(message: str, at: int, remove: int = 0, insert: str = "") -> tuple[Deviation, ...]:
    """A body's bytes changed; at -1 is its end."""
    return ({"splice": message, "at": at, "remove": remove, "insert": insert},)


def longer(message: str) -> tuple[Deviation, ...]:
    """One byte more than the message has."""
    return splice(message, -1, insert="00")


def shorter(message: str) -> tuple[Deviation, ...]:
    """Its last byte missing."""
    return splice(message, -2, remove=1)


def adding(message: str, extension: int, body: str = "") -> tuple[Deviation, ...]:
    return ({"add_extension": message, "type": extension, "body": body},)


def lacking(message: str, extension: int) -> tuple[Deviation, ...]:
    return ({"drop_extension": message, "type": extension},)


def doubled(message: str, extension: str = "") -> tuple[Deviation, ...]:
    """An extension twice: one the message has, by name, or an unknown one, which is two faults where it was not asked
    for.
    """
    if extension:
        return edit(message, f"extensions.{extension}", repeat=2)
    return ({"double_extension": message, "type": UNKNOWN, "body": ""},)


def before(message: str, *items: Json) -> tuple[Deviation, ...]:
    return ({"before": message, "send": list(items)},)


def after(message: str, *items: Json) -> tuple[Deviation, ...]:
    return ({"after": message, "send": list(items)},)


def instead(message: str, *items: Json) -> tuple[Deviation, ...]:
    return ({"instead_of": message, "send": list(items)},)


def connected(*items: Json) -> tuple[Deviation, ...]:
    return ({"connected": list(items)},)


def handshake(message_type: int, body: str = "", hashed: bool = True) -> Json:
    """A handshake message. body: hexadecimal."""
    raw = f"{message_type:02x}{len(body) // 2:06x}{body}"
    return {"message": raw} if hashed else {"message": raw, "hashed": False}


def record(content_type: int, content: str = "", **more: Json) -> Json:
    """A record under the current keys. content: hexadecimal."""
    return {"record": content_type, "content": content, **more}


def wire(data: str) -> Json:
    """Bytes as they are."""
    return {"wire": data}


#: An extension nobody has defined.
UNKNOWN = 0xFEFE
CCS = {"wire": "140303000101"}
