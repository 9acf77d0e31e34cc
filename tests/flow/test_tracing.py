"""What a tracer is told, and in which order; what a key log is never told."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest

from puressl.codes import ContentType, Direction, Epoch
from puressl.connection import ClientConnection
from puressl.errors import Problem, ProtocolError, SSLError
from puressl.record.receive import RecordReceiver
from puressl.trace import PREMASTER_SECRET, PSK, SHARED_SECRET, Checking, NullTracer, TracedRecord
from puressl.wire import Finished
from puressl.wire.hello import HandshakeMessage

from support.altered import changing
from support.configs import client_config
from support.joined import TLS12, TLS13, join
from support.scenarios import SCENARIOS, Scenario


@dataclass
class Diary(NullTracer):
    """Everything, in order."""

    handshake: dict[Direction, list[tuple[str, bytes]]] = field(
        default_factory=lambda: {Direction.READ: [], Direction.WRITE: []}
    )
    records: list[TracedRecord] = field(default_factory=list)
    inputs: dict[str, bytes] = field(default_factory=dict)
    failures: list[SSLError] = field(default_factory=list)
    events: list[str] = field(default_factory=list)

    def record(self, record: TracedRecord) -> None:
        self.records.append(record)
        if record.content_type == ContentType.HANDSHAKE:
            self.handshake[record.direction].append(("record", record.content or b""))

    def message(self, direction: Direction, epoch: Epoch, message: object, raw: bytes) -> None:
        self.events.append(type(message).__name__)
        if isinstance(message, HandshakeMessage):
            self.handshake[direction].append(("message", raw))

    def state(self, left: str, entered: str) -> None:
        self.events.append(entered)

    def checked(self, what: str, clause: str, passed: bool) -> None:
        self.events.append(what if passed else f"broken: {what}")

    def input(self, name: str, secret: bytes) -> None:
        self.inputs[name] = secret

    def failed(self, error: SSLError) -> None:
        self.failures.append(error)
        self.events.append("failed")


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.name)
def test_records_come_before_what_was_read_in_them_and_after_what_was_written(scenario: Scenario) -> None:
    diaries = Diary(), Diary()
    joined = scenario.join(client={"tracer": diaries[0]}, server={"tracer": diaries[1]})
    joined.handshake().raise_errors()
    joined.client.connection.close()
    joined.run()
    for diary in diaries:
        for direction, first in ((Direction.READ, "record"), (Direction.WRITE, "message")):
            told = {"record": b"", "message": b""}
            for kind, octets in diary.handshake[direction]:
                told[kind] += octets
                assert len(told[first]) >= len(told["message" if first == "record" else "record"])
            assert told["record"] == told["message"]
    assert [each.raw for each in diaries[0].records if each.direction is Direction.WRITE] == [
        each.raw for each in diaries[1].records if each.direction is Direction.READ
    ]
    sent = b"".join(each.raw for each in diaries[0].records if each.direction is Direction.WRITE)
    assert sent == bytes(joined.client.sent)


def test_sequence_and_epoch_say_which_keys_protect_a_record() -> None:
    diary = Diary()
    join(client={"tracer": diary}).handshake().raise_errors()
    written = [each for each in diary.records if each.direction is Direction.WRITE]
    assert [(each.epoch, each.sequence, each.protected) for each in written] == [
        (Epoch.INITIAL, 0, False),
        (Epoch.INITIAL, 0, False),  # ChangeCipherSpec
        (Epoch.HANDSHAKE, 0, True),
    ]
    tickets = [each for each in diary.records if each.direction is Direction.READ and each.epoch is Epoch.APPLICATION]
    assert [each.sequence for each in tickets] == list(range(len(tickets)))


def test_a_record_that_does_not_open_is_told_without_content() -> None:
    diary = Diary()
    joined = join(server={"tracer": diary}).handshake()
    joined.client.connection.send_data(b"forged")
    record = bytearray(joined.client.connection.data_to_send())
    record[-1] ^= 1
    joined.server.connection.receive_data(record)
    joined.server.drain()
    assert (diary.records[-2].content, diary.records[-2].raw) == (None, bytes(record))
    assert diary.records[-1].content_type == ContentType.ALERT


@pytest.mark.parametrize(
    ("name", "inputs"),
    [
        ("tls13", {SHARED_SECRET}),
        ("tls13 resumed", {SHARED_SECRET, PSK}),
        ("tls12 ECDHE", {PREMASTER_SECRET}),
        ("tls12 RSA", {PREMASTER_SECRET}),
        ("tls12 resumed by ticket", set()),
    ],
)
def test_inputs_of_the_schedule_go_to_tracers_and_to_no_key_log(name: str, inputs: set[str]) -> None:
    lines: list[str] = []
    diaries = Diary(), Diary()
    scenario = next(each for each in SCENARIOS if each.name == name)
    fields = [{"tracer": diary, "keylog": lines.append} for diary in diaries]
    scenario.join(client=fields[0], server=fields[1]).handshake().raise_errors()
    assert diaries[0].inputs == diaries[1].inputs
    assert set(diaries[0].inputs) == inputs
    assert lines
    for secret in diaries[0].inputs.values():
        assert not any(secret.hex() in line for line in lines)


@pytest.mark.parametrize("version", [TLS13, TLS12])
def test_a_check_comes_after_its_message_and_before_the_state_it_leads_to(version: object) -> None:
    diary = Diary()
    join(versions=(version,), client={"tracer": diary}).handshake().raise_errors()
    order = [diary.events.index(each) for each in ("ServerHello", "the certificate chain is verified")]
    entered = next(at for at, each in enumerate(diary.events) if at > order[1] and each.startswith("ClientWait"))
    assert order == sorted(order)
    assert order[1] < entered


def test_a_failure_is_told_after_its_alert_and_once() -> None:
    diary = Diary()
    wrong = changing(Finished, verify_data=bytes(32))
    joined = join(client={"tracer": diary}, bad_server=wrong).handshake()
    joined.client.drain()
    assert diary.failures == [joined.client.error]
    assert diary.events[-3:] == ["broken: verify_data is the MAC over the transcript", "Alert", "failed"]


def test_a_tracer_that_raises_ends_the_connection_and_hides_nothing() -> None:
    class Faulty(NullTracer):
        def failed(self, error: SSLError) -> None:
            raise RuntimeError("a fault of the tracer's")

    wrong = changing(Finished, verify_data=bytes(32))
    joined = join(client={"tracer": Faulty()}, bad_server=wrong).handshake()
    assert isinstance(joined.client.error, ProtocolError)
    assert joined.client.error.problem is Problem.BAD_FINISHED
    assert isinstance(joined.server.error, ProtocolError)
    assert joined.server.error.problem is Problem.ALERT_RECEIVED


def test_without_a_tracer_no_record_is_observed() -> None:
    assert ClientConnection(client_config())._receiver._observe is None
    assert RecordReceiver()._observe is None


def test_checking_names_what_a_block_enforces() -> None:
    diary = Diary()
    with Checking(diary, "kept", "RFC 8446 4"):
        pass
    with pytest.raises(ValueError, match="no"), Checking(diary, "enforced", "RFC 8446 4"):
        raise ValueError("no")
    assert diary.events == ["kept", "broken: enforced"]
