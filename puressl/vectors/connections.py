"""Cases that are connections: what families of them share, from playing them to their schema.

Theory of operation: a case has the settings of both ends and a list of connections, made one after the other by the
same two ends, so that a later one can resume an earlier one. In a case with deviations one end, the driver, follows
them in the last connection; the other is the peer that is tried.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from puressl.codes import NamedGroup
from puressl.connection import ClientConnection, ServerConnection
from puressl.crypto.keys import Curve, generate_ec
from puressl.crypto.provider import PROVIDER
from puressl.env import SeededEnv
from puressl.vectors import deviant, names, recording, schema, settings
from puressl.vectors.documents import Case, Document, Json, difference
from puressl.vectors.identities import SCHEMA as IDENTITIES_SCHEMA
from puressl.vectors.identities import TIME, Identities
from puressl.vectors.recording import SIDES, End, Link, RecordedEnv, RecordingEnv, Watcher
from puressl.vectors.settings import World

Env = RecordingEnv | RecordedEnv
#: The peer that is tried to the end that follows the deviations.
_DRIVERS = {"client": "server", "server": "client"}
#: Who signs with a key that is not the certificate's.
STRANGER = generate_ec(Curve.SECP256R1, SeededEnv(b"puressl vectors 1 stranger", TIME))

CONNECTION_SCHEMA = schema.obj(
    {"steps": schema.array({"type": "object"}), "recording": recording.SCHEMA},
    {"client": settings.SCHEMA, "server": settings.SCHEMA},
)
_REQUIRED: Mapping[str, Json] = {
    "time": schema.INTEGER,
    "client": settings.SCHEMA,
    "server": settings.SCHEMA,
    "connections": schema.array(CONNECTION_SCHEMA),
}


def document_schema(title: str, more: Mapping[str, Json]) -> dict[str, Json]:
    """The schema of documents of connections. more: members of their cases besides."""
    case = {"required": {**more, **_REQUIRED}, "optional": {}}
    return schema.document(title, case, {"identities": IDENTITIES_SCHEMA})


def identities_of(document: Document) -> Identities:
    return Identities(document.shared["identities"])


def join(
    case: Case,
    connection: Case,
    identities: Identities,
    worlds: Mapping[str, World],
    driven: Sequence[Json],
    driver: str,
) -> Link:
    """Two ends, not yet started. driven: the deviations of the end named ``driver``."""
    ends: dict[str, End] = {}
    for side, configure, sound in (
        ("client", settings.client_config, ClientConnection),
        ("server", settings.server_config, ServerConnection),
    ):
        watcher, world = Watcher(), worlds[side]
        own = driven if side == driver else ()
        more = resolvers(own, world.env)
        config: Any = configure({**case[side], **connection.get(side, {})}, identities, world, watcher, **more)
        made = deviant.connect(config, watcher, own) if own else sound(config)
        ends[side] = End(made, watcher)
    return Link(ends["client"], ends["server"])


def resolvers(driven: Sequence[Json], env: Any) -> dict[str, Any]:
    """Configuration fields that deviations need."""
    found = deviant.signing(driven, STRANGER, env)
    return {"resolvers": found} if found else {}


def play(case: Case, identities: Identities, envs: Mapping[str, Env]) -> Iterator[tuple[Json, Link]]:
    """Plays a case in given worlds: each connection with its recording, and its ends."""
    worlds = {side: World.of(envs[side]) for side in SIDES}
    driver = _DRIVERS.get(case.get("peer", ""), "")
    before = dict.fromkeys(SIDES, 0)
    for number, connection in enumerate(case["connections"], 1):
        last = number == len(case["connections"])
        link = join(case, connection, identities, worlds, case.get("deviations", ()) if last else (), driver)
        steps = list(recording.perform(link, connection["steps"]))
        drawn = {side: envs[side].drawn[before[side] :] for side in SIDES}
        before = {side: len(envs[side].drawn) for side in SIDES}
        kept = {key: connection[key] for key in SIDES if key in connection}
        made = recording.recorded(link, drawn)
        if driver == "":  # with deviations there are many cases, and little in their messages that flights do not show
            made["messages"] = link.messages
        yield {**kept, "steps": steps, "recording": made}, link


def made(case: Case, identities: Identities) -> Case:
    """A case of a row, with its recordings."""
    envs = {side: RecordingEnv(f"puressl vectors 1 {case['id']} {side}".encode(), case["time"]) for side in SIDES}
    return {**case, "connections": [played for played, _ in play(case, identities, envs)]}


def lacking(case: Case) -> str:
    """The groups of a case that are not built here, for want of an optional package."""
    ends = [each[side] for each in (case, *case["connections"]) for side in SIDES if side in each]
    groups = dict.fromkeys(group for end in ends for group in end.get("groups", ()))
    absent = [group for group in groups if names.code(NamedGroup, group) not in PROVIDER.groups]
    return f"{', '.join(absent)}: not built here; puressl[pq] has what it takes" if absent else ""


def check(document: Document, case: Case) -> str | None:
    """Plays a case again with the random bytes of its recordings; where anything else comes out, says where."""
    drawn = {
        side: [each for connection in case["connections"] for each in connection["recording"]["random"][side]]
        for side in SIDES
    }
    envs = {side: RecordedEnv(drawn[side], case["time"]) for side in SIDES}
    played = list(play(case, identities_of(document), envs))
    found = difference(case["connections"], [connection for connection, _ in played], "connections")
    return found or _end_complaint(case, played[-1][1])


def _end_complaint(case: Case, link: Link) -> str | None:
    """The peer must end the connection with an alert the case allows; where it allows none, nobody may end it."""
    if not case.get("alerts"):
        return next((f"the {side} fails: {link.end(side).error}" for side in SIDES if link.end(side).error), None)
    alert = recording.refusal(link.end(case["peer"]))
    return None if alert in case["alerts"] else f"ends with {alert}, not {' or '.join(case['alerts'])}"
