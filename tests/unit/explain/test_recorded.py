"""Recorded connections: a capture and its key log give the story that the ends told."""

from __future__ import annotations

from dataclasses import replace
from io import StringIO

import pytest
from rich.console import Console

from puressl.explain import recorded
from puressl.explain.model import CLIENT, SERVER, Story
from puressl.explain.text import LEVELS, print_story

from support.captures import HEADERS, altered, capture, capture_of, decoded, frames_of, log_of, shifted
from support.stories import BY_NAME, story

TLS13, TLS12 = "tls13", "tls12 ECDHE"


def data(told: Story, sender: str) -> bytes:
    """The application data of one end."""
    return b"".join(step.raw for step in told.steps if step.message == "ApplicationData" and step.sender == sender)


@pytest.mark.parametrize("name", BY_NAME)
def test_a_capture_gives_the_story_that_the_ends_told(name: str) -> None:
    told = story(name)
    found = decoded(capture(name), log_of(told))
    assert found.notes == ()
    assert found.records == told.records
    kept = [replace(step, moves=(), checks=()) for step in told.steps]
    for sender in (CLIENT, SERVER):
        ours = [replace(step, number=0) for step in found.steps if step.sender == sender]
        assert ours == [replace(step, number=0) for step in kept if step.sender == sender]
    assert found.facts == told.facts
    assert (found.ja3, found.ja4) == (told.ja3, told.ja4)
    assert found.edges == ()


@pytest.mark.parametrize("name", BY_NAME)
def test_secrets_are_those_that_the_log_gives(name: str) -> None:
    told = story(name)
    log = log_of(told)
    ((_, labels),) = log.items()
    found = {secret.name: secret for secret in decoded(capture(name), log).secrets}
    known = {secret.name: secret.value for secret in told.secrets}
    assert {name: secret.value for name, secret in found.items()}.items() <= known.items()
    assert set(labels.values()) <= {secret.value for secret in found.values()}
    keys = {name for name in known if name.endswith(("write_key", "write_iv", "write_IV", "write_MAC_key"))}
    assert keys <= set(found)


@pytest.mark.parametrize("name", [TLS13, TLS12, "tls12 RSA"])
def test_segments_may_come_in_any_order_again_and_overlapping(name: str) -> None:
    def alter(frames: list[bytes]) -> list[bytes]:
        out = []
        for frame in frames:
            length = len(frame) - HEADERS
            if length < 3:
                out.append(frame)
                continue
            cut, back = length // 2, length // 3
            out += [shifted(frame, cut, length), shifted(frame, 0, cut), shifted(frame, back, length), frame]
        return out

    told = story(name)
    found = decoded(altered(name, alter), log_of(told))
    assert [record.raw for record in found.records] == [record.raw for record in told.records]
    assert len(found.notes) == 2
    assert all("came more than once" in note for note in found.notes)


def test_an_answer_follows_its_question_even_if_that_was_sent_again() -> None:
    """The ClientHello comes last in the file, as if the first one had been lost."""
    frames = frames_of(capture(TLS13))
    hello = next(frame for frame in frames if len(frame) > HEADERS)
    moved = [frame for frame in frames if frame is not hello] + [hello]
    found = decoded(capture_of(moved), log_of(story(TLS13)))
    assert [step.message for step in found.steps] == [step.message for step in story(TLS13).steps]


def test_what_is_missing_from_a_capture_is_noted_and_the_rest_is_shown() -> None:
    frames = frames_of(capture(TLS13))
    large = [frame for frame in frames if len(frame) == HEADERS + 1460]
    found = decoded(capture_of(frame for frame in frames if frame is not large[-1]), log_of(story(TLS13)))
    (note, ending) = found.notes
    assert "1460 bytes at offset" in note
    assert "into a record" in ending
    assert data(found, CLIENT) == b"question"
    assert "Finished" in [step.message for step in found.steps if step.sender == SERVER]


@pytest.mark.parametrize("name", [TLS13, TLS12])
def test_any_beginning_of_a_capture_is_explained(name: str) -> None:
    whole = capture(name)
    log = log_of(story(name))
    last = 0
    for end in range(24, len(whole), 397):
        try:
            found = decoded(whole[:end], log)
        except ValueError:  # no segment yet
            continue
        assert len(found.steps) >= last
        last = len(found.steps)
    assert last > 10


# Keys that are not there, or not right -----------------------------------------------------------------------


@pytest.mark.parametrize("name", [TLS13, TLS12])
def test_without_a_key_log_records_stay_as_they_travelled(name: str) -> None:
    found = decoded(capture(name), None)
    assert found.notes == ("records stay encrypted: no key log was given",)
    assert [record.raw for record in found.records] == [record.raw for record in story(name).records]
    encrypted = [step for step in found.steps if step.message.startswith("encrypted ")]
    assert encrypted
    assert not any(step.failure for step in encrypted)
    assert all(found.records[step.records[0]].plaintext is None for step in encrypted)


@pytest.mark.parametrize(("name", "epoch"), [(TLS13, "unknown"), (TLS12, "application")])
def test_records_without_a_key_are_of_the_epoch_that_only_they_can_have(name: str, epoch: str) -> None:
    """TLS 1.3's handshake and application records look alike (RFC 8446 5.2)."""
    found = decoded(capture(name), None)
    assert {record.epoch for record in found.records if record.protected} == {epoch}
    assert {step.epoch for step in found.steps if step.message.startswith("encrypted ")} == {epoch}
    out = StringIO()
    print_story(Console(file=out, width=120), found, 2)
    assert "handshake keys" not in out.getvalue()
    assert ("sequence number" in out.getvalue()) is (name == TLS12)


def test_with_the_handshake_keys_alone_the_rest_is_known_to_be_under_application_keys() -> None:
    ((random, secrets),) = log_of(story(TLS13)).items()
    left = {label: value for label, value in secrets.items() if "HANDSHAKE" in label}
    found = decoded(capture(TLS13), {random: left})
    assert {record.epoch for record in found.records if record.plaintext is None} == {"application"}


def test_a_log_of_another_connection_is_noted_with_the_client_random() -> None:
    random = story(TLS13).steps[0].raw[6:38]
    (note,) = decoded(capture(TLS13), {bytes(32): {"CLIENT_RANDOM": bytes(48)}}).notes
    assert random.hex() in note


@pytest.mark.parametrize("name", [TLS13, TLS12, "tls12 RSA"])
def test_wrong_secrets_are_told_record_by_record(name: str) -> None:
    ((random, secrets),) = log_of(story(name)).items()
    wrong = {random: {label: bytes(len(value)) for label, value in secrets.items()}}
    found = decoded(capture(name), wrong)
    failed = [step for step in found.steps if step.failure]
    assert failed
    assert all("record failed its authentication" in step.failure for step in failed)
    assert [record.raw for record in found.records] == [record.raw for record in story(name).records]


@pytest.mark.parametrize(
    ("missing", "hidden"),
    [
        ("SERVER_HANDSHAKE_TRAFFIC_SECRET", {"EncryptedExtensions", "CertificateVerify"}),
        ("CLIENT_HANDSHAKE_TRAFFIC_SECRET", set()),
        ("SERVER_TRAFFIC_SECRET_0", {"NewSessionTicket"}),
    ],
)
def test_one_missing_secret_hides_only_its_own_records(missing: str, hidden: set[str]) -> None:
    ((random, secrets),) = log_of(story(TLS13)).items()
    left = {label: value for label, value in secrets.items() if label != missing}
    found = decoded(capture(TLS13), {random: left})
    assert any(missing in note for note in found.notes)
    assert not hidden & {step.message for step in found.steps}
    assert not any(step.failure for step in found.steps)
    for sender, label in ((CLIENT, "CLIENT_TRAFFIC_SECRET_0"), (SERVER, "SERVER_TRAFFIC_SECRET_0")):
        assert bool(data(found, sender)) is (label in left)
    assert set(left.values()) <= {secret.value for secret in found.secrets}


@pytest.mark.parametrize("name", [TLS13, TLS12, "tls12 RSA"])
def test_a_damaged_record_does_not_hide_those_behind_it(name: str) -> None:
    told = story(name)
    step = next(step for step in told.steps if step.message == "ApplicationData" and step.sender == CLIENT)
    raw = told.records[step.records[0]].raw
    data_of_it = raw[:-1] + bytes((raw[-1] ^ 1,))
    found = decoded(capture(name).replace(raw, data_of_it), log_of(told))
    (failed,) = [step for step in found.steps if step.failure]
    assert failed.message == "encrypted application_data"
    assert found.steps[failed.number + 1 :]
    assert not any(step.message.startswith("encrypted") for step in found.steps[failed.number + 1 :])


# What is not TLS, or not TLS yet ----------------------------------------------------------------------------


def test_a_protocol_before_the_hello_is_passed_over() -> None:
    prefix = b"220 mail.example ESMTP\r\n"

    def alter(frames: list[bytes]) -> list[bytes]:
        first = next(number for number, frame in enumerate(frames) if len(frame) > HEADERS)
        later = [shifted(frame, 0, len(frame)) for frame in frames]
        header = bytearray(later[first][:HEADERS])
        header[16:18] = (HEADERS - 14 + len(prefix)).to_bytes(2, "big")
        moved = []
        for frame in later[first:]:
            is_client = frame[34:36] == header[34:36]
            at = (int.from_bytes(frame[38:42], "big") + len(prefix) * is_client).to_bytes(4, "big")
            moved.append(frame[:38] + at + frame[42:])
        return [*later[:first], bytes(header) + prefix, *moved]

    found = decoded(altered(TLS13, alter), log_of(story(TLS13)))
    assert found.notes == (f"the client's first {len(prefix)} bytes are another protocol's",)
    assert data(found, CLIENT) == b"question"


def test_what_is_no_tls_is_told() -> None:
    def alter(frames: list[bytes]) -> list[bytes]:
        return [frame[:HEADERS] + b"GET / HTTP/1.0\r\n" if len(frame) > HEADERS else frame for frame in frames]

    found = decoded(altered(TLS13, alter), None)
    assert found.steps == ()
    assert any("not a TLS record: looks like an HTTP request" in note for note in found.notes)


@pytest.mark.parametrize("level", LEVELS)
def test_all_of_it_can_be_shown(level: int) -> None:
    for log in (None, log_of(story(TLS13))):
        out = StringIO()
        print_story(Console(file=out, width=120), decoded(capture(TLS13), log), level)
        assert "ClientHello" in out.getvalue()


# Limits -----------------------------------------------------------------------------------------------------


def test_records_and_handshake_bytes_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recorded, "MAX_RECORDS", 4)
    found = decoded(capture(TLS13), log_of(story(TLS13)))
    assert len(found.records) == 4
    assert any("more than 4 records or messages" in note for note in found.notes)
    monkeypatch.undo()
    monkeypatch.setattr(recorded, "MAX_HANDSHAKE", 300)
    found = decoded(capture(TLS13), log_of(story(TLS13)))
    assert [step.message for step in found.steps if step.sender == SERVER][:1] == ["ServerHello"]
    assert "Finished" not in [step.message for step in found.steps if step.sender == SERVER]
    assert any("more than 300 bytes of handshake messages" in note for note in found.notes)
