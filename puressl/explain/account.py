"""What was seen of a connection, and the story that it makes.

Theory of operation: whoever sees a connection, its ends (``watch``) or a capture (``recorded``), fills the lists of an
``Account``: records and steps in the order in which they were seen, secrets, notes. All else in a story follows from
those: facts and fingerprints, the key schedule, the places of messages in records, certificates, transition tables.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import takewhile

from puressl.codes import ProtocolVersion
from puressl.explain import fingerprint
from puressl.explain.certificates import explain_certificates
from puressl.explain.facts import Messages, facts
from puressl.explain.model import CLIENT, SERVER, Edge, ExplainedCertificate, Secret, Story
from puressl.explain.schedule import key_schedule
from puressl.explain.secrets import Told
from puressl.explain.seen import SeenRecord, SeenStep, Streams
from puressl.handshake.diagram import table
from puressl.wire import ClientHello
from puressl.wire.hello import HandshakeMessage
from puressl.x509.certificate import Certificate


class Account:
    """One connection. roles: the ends whose states are told.

    inputs: of the key schedule, by the names of ``puressl.trace``; reported: secrets by the key log's labels. paths:
    verified ones by sender.
    """

    def __init__(self, *roles: str) -> None:
        self.roles = roles
        self.records: list[SeenRecord] = []
        self.steps: list[SeenStep] = []
        self.inputs: dict[str, bytes] = {}
        self.reported: dict[str, bytes] = {}
        self.paths: dict[str, tuple[bytes, ...]] = {}
        self.notes: list[str] = []

    def story(self, title: str) -> Story:
        """What is known by now."""
        streams = Streams(self.records)
        told = tuple(self._handshake())
        hello = Messages(told).first(ClientHello)
        return Story(
            title=title,
            facts=facts(told),
            ja3=fingerprint.ja3(hello) if hello is not None else "",
            ja4=fingerprint.ja4(hello) if hello is not None else "",
            records=tuple(record.explained() for record in self.records),
            steps=tuple(step.explained(*streams.place(step)) for step in self.steps),
            secrets=self.secrets(told),
            certificates=tuple(self._certificates()),
            verified_path=self._verified_path(),
            edges=tuple(self._edges(Messages(told))),
            notes=tuple(self.notes),
        )

    def secrets(self, told: Sequence[Told]) -> tuple[Secret, ...]:
        """The key schedule. told: the handshake messages, in order."""
        sound = takewhile(lambda each: not self.steps[each.step].failures, told)
        return key_schedule(sound, self.inputs, self.reported)

    def _handshake(self) -> Iterator[Told]:
        for step in self.steps:
            if isinstance(step.message, HandshakeMessage):
                yield Told(step.number, step.sender, step.message, step.raw)

    def _certificates(self) -> Iterator[ExplainedCertificate]:
        for sender in (SERVER, CLIENT):
            chain = next((step.chain for step in self.steps if step.chain and step.sender == sender), ())
            yield from explain_certificates(sender, chain, self.paths.get(sender, ()))

    def _verified_path(self) -> tuple[str, ...]:
        """The server's, where it was verified."""
        path = self.paths.get(SERVER) or self.paths.get(CLIENT, ())
        return tuple(Certificate.decode(der).subject.text for der in path)

    def _edges(self, messages: Messages) -> Iterator[Edge]:
        version = None
        if messages.hello is not None:
            version = ProtocolVersion.TLSv1_3 if messages.is_tls13 else ProtocolVersion.TLSv1_2
        for role in self.roles:
            for left, message, entered in table(role, version):
                yield Edge(role, left, message, entered)
