"""The story of a connection as plain values: what sources make and tellers show.

Theory of operation: a connection is a list of steps in the order in which they happened. A step is one message: the
records that carried it, its bytes and the field that each of them belongs to, the states it was sent or received in and
the ones it led to, what was checked, and the secrets that could be derived from then on. Offsets count from the start
of the bytes they are about. Secrets name what they were made from, so that they form the tree of RFC 8446 7.1.
Everything is an int, a str, bytes or a tuple of such values.
"""

from __future__ import annotations

from dataclasses import dataclass, field

#: Directions of a step or record.
CLIENT, SERVER = "client", "server"
#: The epoch of what stays encrypted, where more than one key could have done it.
UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Field:
    """A piece of some bytes, from the rows of ``wire``.

    path: ``ClientHello.cipher_suites[0]``. start, end: offsets. depth: 0 for the whole. value: as text, with the
    registry's name of a code point; empty for what only has parts. meaning: one phrase. clause: "RFC 8446 4.1.2".
    Parents stand before their parts, and the innermost fields cover every byte once.
    """

    path: str
    start: int
    end: int
    depth: int
    value: str
    meaning: str
    clause: str


@dataclass(frozen=True, slots=True)
class Record:
    """A record as it travelled, and what it held.

    number: its place in the connection, from 0. sender: CLIENT or SERVER. raw: header and fragment. protected: whether
    under keys; then epoch and sequence say which (no sequence counts if the epoch is "unknown"), and plaintext is what
    was inside (TLS 1.3: content, inner type and padding). plaintext is None where no key is known. content_type: the
    inner one where it is known. fields: of raw. inner: fields of plaintext where it is protected.
    """

    number: int
    sender: str
    raw: bytes
    content_type: str
    epoch: str
    sequence: int
    protected: bool
    plaintext: bytes | None
    fields: tuple[Field, ...]
    inner: tuple[Field, ...]


@dataclass(frozen=True, slots=True)
class Check:
    """A rule that was looked after and found kept (or, in a step with a failure, the one that was broken)."""

    by: str
    what: str
    clause: str
    passed: bool = True


@dataclass(frozen=True, slots=True)
class Input:
    """What went into a secret. source: the name of another secret, or empty; value: its bytes (b"" if not known)."""

    name: str
    value: bytes = field(repr=False)
    source: str = ""


@dataclass(frozen=True, slots=True)
class Secret:
    """A secret or key of the schedule.

    name: unique in a story, the RFC's word (``client_handshake_traffic_secret``). operation: ``HKDF-Extract``,
    ``Derive-Secret``, ``HKDF-Expand-Label``, ``PRF``, or the key exchange's name. label: of the expansion. parent: the
    name of the secret above it in the tree, empty at a root. step: number of the step after which it can be derived.
    """

    name: str
    operation: str
    label: str
    parent: str
    inputs: tuple[Input, ...]
    value: bytes = field(repr=False)
    clause: str
    step: int


@dataclass(frozen=True, slots=True)
class Move:
    """A state left and the one entered, by one end (CLIENT or SERVER)."""

    by: str
    left: str
    entered: str


@dataclass(frozen=True, slots=True)
class Step:
    """One message.

    sender: CLIENT or SERVER. message: the RFC's name. content_type: of its records. records: numbers of the records
    that carried it, at ``offset`` in the plaintext of the first. raw: its bytes, handshake header included. fields: of
    raw. moves: of the ends that are watched. certificates: DER of those it carries, which are explained in
    ``Story.certificates``. failure: what ended the connection here, empty if nothing did.
    """

    number: int
    sender: str
    message: str
    content_type: str
    epoch: str
    records: tuple[int, ...]
    offset: int
    raw: bytes
    fields: tuple[Field, ...]
    moves: tuple[Move, ...]
    checks: tuple[Check, ...]
    certificates: tuple[bytes, ...]
    failure: str


@dataclass(frozen=True, slots=True)
class ExplainedCertificate:
    """A certificate in the ssl form, as nested text. role: "peer 0", "issuer 1", "trust anchor 2" …"""

    der: bytes
    sender: str
    role: str
    subject: str
    tree: tuple[tuple[int, str, str], ...]


@dataclass(frozen=True, slots=True)
class Edge:
    """One row of a transition table that runs: by which message a state leads to another. message: "" at the start."""

    by: str
    left: str
    message: str
    entered: str


@dataclass(frozen=True, slots=True)
class Story:
    """A connection, or as much of it as is known.

    title: what it is. facts: label and text of what was agreed on, in reading order (protocol, cipher suite …).
    ja3, ja4: fingerprints of the ClientHello, empty without one. verified_path: subjects, leaf first. notes: what could
    not be explained, and why.
    """

    title: str
    facts: tuple[tuple[str, str], ...]
    ja3: str
    ja4: str
    records: tuple[Record, ...]
    steps: tuple[Step, ...]
    secrets: tuple[Secret, ...]
    certificates: tuple[ExplainedCertificate, ...]
    verified_path: tuple[str, ...]
    edges: tuple[Edge, ...]
    notes: tuple[str, ...]
