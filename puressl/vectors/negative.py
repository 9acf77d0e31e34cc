"""The family ``negative``: connections with one deviation each, and the alerts that may answer it.

Theory of operation: the driver is a sound end with a script of deviations (``deviant.py``), the peer the end that is
tried. ``check`` plays the recording with puressl as both; over loopback puressl drives and another implementation is
the peer.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from puressl.vectors import (
    connections,
    deviations,
    refusals_client12,
    refusals_client13,
    refusals_hellos13,
    refusals_server12,
    refusals_server13,
    schema,
    settings,
    tolerances,
)
from puressl.vectors.documents import Document, Family
from puressl.vectors.identities import Identities
from puressl.vectors.identities import made as made_identities
from puressl.vectors.recording import SIDES
from puressl.vectors.refusals import Group

_DOCUMENTS: Mapping[str, tuple[str, Sequence[Group]]] = {
    "tls13_client": ("What a TLS 1.3 client must refuse.", (*refusals_hellos13.GROUPS, *refusals_client13.GROUPS)),
    "tls13_server": ("What a TLS 1.3 server must refuse.", refusals_server13.GROUPS),
    "tls12_client": ("What a TLS 1.2 client must refuse.", refusals_client12.GROUPS),
    "tolerated": ("What looks odd and must be taken, in both versions and roles.", tolerances.GROUPS),
    "tls12_server": ("What a TLS 1.2 server must refuse.", refusals_server12.GROUPS),
}


def _make() -> Iterator[Document]:
    for name, (description, groups) in _DOCUMENTS.items():
        cases = [case for group in groups for case in group.cases()]
        used = {kind for case in cases for kind in settings.identities_of(case["client"], case["server"])}
        shared = {"identities": made_identities(sorted(used))}
        known = Identities(shared["identities"])
        yield Document(name, description, tuple(connections.made(case, known) for case in cases), shared)


_README = """\
Connections in which one end, the driver, deviates in one point from a sound flight; `peer` is the role of the other
end, which is tried: it must end the connection with one of `alerts`, or, where `silence` is true, without any; where
`accept` is true, no receiver is bound to look, and one that does not may go on. The first alert is puressl's.
`deviations` is the script the driver follows, everything else as in the family `handshake`; what the driver changes in
a message is in its own transcript, too, so that signatures, MACs and Finished fit what was sent. In a case with two
connections the first one is sound, and the second resumes it. Where `alerts` is empty the deviation is none that
anybody may refuse: the connection must stand.

{deviations}
"""

TITLE = "Negative: one deviation each, and the alerts that may answer it"
FAMILY = Family(
    name="negative",
    title=TITLE,
    readme=_README.format(deviations=(deviations.__doc__ or "").split("\n\n", 2)[2]),
    schema=connections.document_schema(
        TITLE,
        {
            "peer": schema.one_of(*SIDES),
            "deviations": schema.array(deviations.SCHEMA),
            "alerts": schema.array(schema.STRING),
            "silence": schema.BOOLEAN,
            "accept": schema.BOOLEAN,
        },
    ),
    make=_make,
    check=connections.check,
    lacking=connections.lacking,
)
