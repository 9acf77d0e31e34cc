"""The transcript: what is hashed, with what, and what is kept."""

from __future__ import annotations

import pytest

from puressl.crypto.hashes import HashAlgorithm
from puressl.crypto.transcript import RETAINED_LIMIT, Transcript, message_hash
from puressl.errors import Problem, ProtocolError

SHA256, SHA384 = HashAlgorithm.SHA256, HashAlgorithm.SHA384
HELLO = b"\x01\0\0\x05hello"
RETRY = b"\x02\0\0\x05retry"
HELLO2 = b"\x01\0\0\x06hello2"
SERVER = b"\x02\0\0\x06server"


def transcript_of(*messages: bytes, start: HashAlgorithm | None = None) -> Transcript:
    transcript = Transcript()
    for message in messages:
        transcript.add(message)
    if start is not None:
        transcript.start(start)
    return transcript


@pytest.mark.parametrize("started_after", range(4))
def test_the_digest_is_the_same_whenever_the_hash_becomes_known(started_after: int) -> None:
    transcript = Transcript()
    messages = (HELLO, SERVER, b"\x08\0\0\0")
    for place, message in enumerate(messages):
        if place == started_after:
            transcript.start(SHA256)
        transcript.add(message)
    transcript.start(SHA256)
    assert transcript.hash is SHA256
    assert transcript.digest() == SHA256.digest(b"".join(messages))
    assert transcript.digest_before_last() == SHA256.digest(HELLO + SERVER)


def test_asking_for_digests_changes_nothing() -> None:
    transcript = transcript_of(HELLO, SERVER, start=SHA384)
    first = (transcript.digest(), transcript.digest_before_last(), transcript.digest_truncated(3))
    assert first == (transcript.digest(), transcript.digest_before_last(), transcript.digest_truncated(3))
    transcript.add(HELLO)
    assert transcript.digest() == SHA384.digest(HELLO + SERVER + HELLO)


def test_a_started_transcript_without_messages_hashes_nothing() -> None:
    assert transcript_of(start=SHA256).digest() == SHA256.digest(b"")


@pytest.mark.parametrize("length", range(len(SERVER) + 1))
def test_a_truncated_digest_leaves_out_the_end_of_the_last_message(length: int) -> None:
    expected = HELLO + SERVER[: len(SERVER) - length]
    assert transcript_of(HELLO, SERVER, start=SHA256).digest_truncated(length) == SHA256.digest(expected)
    before = transcript_of(HELLO, SERVER)
    for algorithm in (SHA256, SHA384):
        assert before.digest_for(algorithm, truncate=length) == algorithm.digest(expected)
    before.start(SHA384)
    assert before.digest_for(SHA384, truncate=length) == SHA384.digest(expected)


@pytest.mark.parametrize("added_first", [True, False])
def test_message_hash_takes_the_place_of_client_hello_1(added_first: bool) -> None:
    transcript = transcript_of(HELLO)
    if added_first:
        transcript.add(RETRY)
    transcript.start(SHA256)
    transcript.replace_with_message_hash()
    if not added_first:
        transcript.add(RETRY)
    transcript.add(HELLO2)
    synthetic = b"\xfe\0\0\x20" + SHA256.digest(HELLO)
    assert message_hash(SHA256.digest(HELLO)) == synthetic
    assert transcript.digest() == SHA256.digest(synthetic + RETRY + HELLO2)
    assert transcript.digest_for(SHA256, truncate=2) == SHA256.digest(synthetic + RETRY + HELLO2[:-2])
    assert transcript.messages() == synthetic + RETRY + HELLO2


def test_another_hash_after_a_retry_is_an_illegal_parameter() -> None:
    transcript = transcript_of(HELLO, RETRY, start=SHA256)
    transcript.start(SHA256)
    with pytest.raises(ProtocolError) as failure:
        transcript.start(SHA384)
    assert failure.value.problem is Problem.ILLEGAL_PARAMETER


def test_messages_are_given_until_forgotten_and_digests_go_on() -> None:
    transcript = transcript_of(HELLO, SERVER, start=SHA256)
    assert transcript.messages() == HELLO + SERVER
    assert transcript.messages(before_last=True) == HELLO
    transcript.forget()
    with pytest.raises(ProtocolError) as failure:
        transcript.messages()
    assert failure.value.problem is Problem.INTERNAL_ERROR
    transcript.add(HELLO2)
    assert transcript.digest() == SHA256.digest(HELLO + SERVER + HELLO2)
    assert transcript.digest_before_last() == SHA256.digest(HELLO + SERVER)


def test_copies_go_separate_ways() -> None:
    for start in (None, SHA256):
        original = transcript_of(HELLO, start=start)
        copy = original.copy()
        original.add(SERVER)
        copy.add(HELLO2)
        for transcript, messages in ((original, HELLO + SERVER), (copy, HELLO + HELLO2)):
            assert transcript.messages() == messages
            assert transcript.digest_for(SHA256) == SHA256.digest(messages)
    forgetful = transcript_of(HELLO, start=SHA256)
    forgetful.forget()
    copy = forgetful.copy()
    copy.add(SERVER)
    assert forgetful.digest() == SHA256.digest(HELLO)
    assert copy.digest() == SHA256.digest(HELLO + SERVER)


def test_kept_bytes_are_bounded_and_a_forgetful_transcript_is_not() -> None:
    half = bytes(RETAINED_LIMIT // 2)
    transcript = transcript_of(half, half)
    with pytest.raises(ProtocolError) as failure:
        transcript.add(b"\0")
    assert failure.value.problem is Problem.MESSAGE_TOO_LARGE
    forgetful = transcript_of(half, start=SHA256)
    forgetful.forget()
    for _ in range(4):
        forgetful.add(half)
    assert forgetful.digest() == SHA256.digest(half * 5)


def test_use_out_of_order_is_an_internal_error() -> None:
    misuses = [
        lambda: Transcript().digest(),
        lambda: transcript_of(HELLO).digest_before_last(),
        lambda: transcript_of(HELLO).digest_truncated(0),
        lambda: transcript_of(HELLO).forget(),
        lambda: transcript_of(HELLO).replace_with_message_hash(),
        lambda: transcript_of(start=SHA256).digest_before_last(),
        lambda: transcript_of(start=SHA256).replace_with_message_hash(),
        lambda: transcript_of(SERVER, start=SHA256).replace_with_message_hash(),
        lambda: transcript_of(HELLO, start=SHA256).digest_truncated(len(HELLO) + 1),
        lambda: transcript_of(HELLO, start=SHA256).digest_truncated(-1),
        lambda: transcript_of(HELLO, start=SHA256).digest_for(SHA384),
        lambda: Transcript().digest_for(SHA256, truncate=1),
    ]
    for misuse in misuses:
        with pytest.raises(ProtocolError) as failure:
            misuse()
        assert failure.value.problem is Problem.INTERNAL_ERROR


def test_repr_shows_the_hash_and_no_message() -> None:
    assert repr(Transcript()) == "<Transcript not started, 0 octets kept>"
    assert repr(transcript_of(HELLO, start=SHA256)) == "<Transcript sha256, 9 octets kept>"
