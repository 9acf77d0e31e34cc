"""Opening the records of one direction of a recorded connection, with the secrets of a key log.

Theory of operation: an end's records are under one key after another. A *rung* is one of them: its epoch and, where the
log has the secret, a protection; in TLS 1.3 client's early data, handshake and application keys follow each other, in
TLS 1.2 ChangeCipherSpec leads to the one there is. The messages say when to climb. Where some could not be read, for
want of a key, the next rung that opens a record is the one: a record opens under no other key than its own. A record
that opens under none counts all the same, as a damaged capture must not hide what follows.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from puressl.codes import ContentType, Epoch
from puressl.crypto.provider import PROVIDER
from puressl.crypto.schedule12 import TrafficKeys12, key_block
from puressl.crypto.schedule13 import TrafficSecret
from puressl.crypto.suites import Suite
from puressl.env import SYSTEM_ENV
from puressl.errors import Problem, ProtocolError
from puressl.explain.fields import Sealing
from puressl.explain.kinds import TLS13
from puressl.explain.model import CLIENT, SERVER
from puressl.record.protect import Protection, protection
from puressl.wire.record import RecordHeader

#: The key log's labels of TLS 1.3's traffic secrets, in the order in which an end uses them (RFC 8446 7.1).
LABELS: Mapping[str, tuple[tuple[Epoch, str], ...]] = {
    CLIENT: (
        (Epoch.EARLY, "CLIENT_EARLY_TRAFFIC_SECRET"),
        (Epoch.HANDSHAKE, "CLIENT_HANDSHAKE_TRAFFIC_SECRET"),
        (Epoch.APPLICATION, "CLIENT_TRAFFIC_SECRET_0"),
    ),
    SERVER: (
        (Epoch.HANDSHAKE, "SERVER_HANDSHAKE_TRAFFIC_SECRET"),
        (Epoch.APPLICATION, "SERVER_TRAFFIC_SECRET_0"),
    ),
}
#: That of TLS 1.2's master secret.
MASTER_LABEL = "CLIENT_RANDOM"


@dataclass(slots=True)
class Rung:
    """The records under one key. label: of the secret in a key log.

    sealing: None for a suite that is not known here. keys: None where the log has none. unopened: records that did not
    open for want of keys. Ciphers are made when a record wants them: a hostile capture may change keys at every step.
    """

    epoch: Epoch
    label: str
    sealing: Sealing | None
    keys: TrafficSecret | TrafficKeys12 | None = field(default=None, repr=False)
    unopened: int = 0
    _protection: Protection | None = None

    def protection(self) -> Protection | None:
        if self._protection is None and self.keys is not None:
            self._protection = protection(self.keys, SYSTEM_ENV)
        return self._protection


@dataclass(frozen=True, slots=True)
class Opened:
    """What became of a record.

    rung: whose keys were tried, None where none protect it. epoch: None where no key opens it and several could.
    content: None for what did not open; reason: why, empty where no key is known.
    """

    rung: Rung | None
    epoch: Epoch | None
    sequence: int
    content_type: int
    content: bytes | None = field(repr=False)
    reason: str = ""


class Opener:
    """The keys of one direction. is_protected: whether the next record is, by its outer content type."""

    def __init__(self) -> None:
        self._rungs: list[Rung] = []  # those to come, the first perhaps in use
        self.is_protected: Callable[[int], bool] = lambda content_type: False

    def use_13(self, rungs: Sequence[Rung]) -> None:
        """Further keys of TLS 1.3. What is protected says so by its outer type (RFC 8446 5.2)."""
        self._rungs += rungs
        self.is_protected = lambda content_type: content_type == ContentType.APPLICATION_DATA

    def use_12(self, rung: Rung) -> None:
        """TLS 1.2: all is protected from ChangeCipherSpec on (RFC 5246 7.1)."""
        self._rungs = [rung]
        self.is_protected = lambda content_type: True

    def climb(self, epoch: Epoch) -> None:
        """Leaves the keys before those of an epoch."""
        while len(self._rungs) > 1 and self._rungs[0].epoch.value < epoch.value:
            del self._rungs[0]

    def update(self) -> None:
        """The next generation of the keys in use, after a KeyUpdate (RFC 8446 7.2)."""
        if self._rungs and isinstance(keys := self._rungs[0].keys, TrafficSecret):
            self._rungs = [rung_13(self._rungs[0].epoch, self._rungs[0].label, keys.next())]

    def open(self, header: RecordHeader, fragment: bytes) -> Opened:
        """Opens the next record. Raises nothing."""
        if not self.is_protected(header.content_type):
            return Opened(None, Epoch.INITIAL, 0, header.content_type, fragment)
        reason = ""
        for number, rung in enumerate(self._rungs):
            keys = rung.protection()
            if keys is None:
                continue
            sequence = keys.sequence
            try:
                content_type, content = keys.open(header, fragment)
            except ProtocolError as error:
                reason = reason or error.detail or str(error)
                if error.problem is not Problem.BAD_RECORD_MAC:
                    break
                continue
            del self._rungs[:number]
            return Opened(rung, rung.epoch, sequence, content_type, content)
        return self._unopened(header, reason)

    def _unopened(self, header: RecordHeader, reason: str) -> Opened:
        if not self._rungs:
            return Opened(Rung(Epoch.INITIAL, "", None), Epoch.INITIAL, 0, header.content_type, None, reason)
        rung = self._rungs[0]
        epoch = rung.epoch if len({each.epoch for each in self._rungs}) == 1 else None
        keys = rung.protection()
        if keys is None:
            rung.unopened += 1
            return Opened(rung, epoch, rung.unopened - 1, header.content_type, None)
        keys.sequence += 1
        return Opened(rung, epoch, keys.sequence - 1, header.content_type, None, reason)


def rung_13(epoch: Epoch, label: str, secret: TrafficSecret) -> Rung:
    """Keys of TLS 1.3."""
    return Rung(epoch, label, Sealing(secret.suite), secret)


def rung_12(sender: str, suite: Suite | None, randoms: tuple[bytes, bytes], master: bytes | None, etm: bool) -> Rung:
    """Keys of TLS 1.2. randoms: the client's and the server's. master: None where the log has none."""
    if suite is None:
        return Rung(Epoch.APPLICATION, MASTER_LABEL, None)
    sealing = Sealing(suite, etm)
    if master is None:
        return Rung(Epoch.APPLICATION, MASTER_LABEL, sealing)
    block = key_block(suite, master, *randoms, etm)
    keys = block.client if sender == CLIENT else block.server
    return Rung(Epoch.APPLICATION, MASTER_LABEL, sealing, keys)


def rungs_13(sender: str, suite: Suite | None, secrets: Mapping[str, bytes]) -> list[Rung]:
    """The keys of an end, by a key log. suite: the one chosen; None where it is not known here."""
    labels = [(epoch, label) for epoch, label in LABELS[sender] if epoch is not Epoch.EARLY]
    return [_rung(epoch, label, suite, secrets.get(label)) for epoch, label in labels]


def early_rungs(secrets: Mapping[str, bytes]) -> list[Rung]:
    """Keys of early data, whose suite is that of the PSK (RFC 8446 4.2.10): each that fits the secret's length."""
    epoch, label = LABELS[CLIENT][0]
    secret = secrets.get(label)
    suites = [each for each in PROVIDER.suites.values() if each.version is TLS13]
    if secret is None:
        return [Rung(epoch, label, Sealing(suites[0]))]
    return [_rung(epoch, label, suite, secret) for suite in suites if suite.hash.size == len(secret)]


def _rung(epoch: Epoch, label: str, suite: Suite | None, secret: bytes | None) -> Rung:
    if suite is None:
        return Rung(epoch, label, None)
    if secret is None:
        return Rung(epoch, label, Sealing(suite))
    return rung_13(epoch, label, TrafficSecret(suite, secret))
