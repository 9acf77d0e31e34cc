"""The TLS 1.3 key schedule against every secret that RFC 8448 prints, read from the RFC's own text."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from puressl.codes import CipherSuite
from puressl.crypto.hashes import HashAlgorithm
from puressl.crypto.schedule13 import (
    EarlySecret,
    HandshakeSecret,
    MasterSecret,
    TrafficSecret,
    export,
    finished_verify_data,
    next_traffic_secret,
    resumption_psk,
)
from puressl.crypto.suites import SUITES
from puressl.crypto.transcript import Transcript
from puressl.errors import Reason, SSLError

RFC8448 = Path(__file__).resolve().parents[3].parent / "shared" / "rfc" / "rfc8448.txt"
SHA256 = HashAlgorithm.SHA256
SHA384 = HashAlgorithm.SHA384
HELLO_RETRY_RANDOM = bytes.fromhex("cf21ad74e59a6111be1d8c021e65b891c2a211167abb8c5e079e09e2c8a8339c")

needs_rfc = pytest.mark.skipif(not RFC8448.is_file(), reason=f"no text of RFC 8448 in {RFC8448}")


@dataclass
class Step:
    """One step of a trace: its title, and its fields by name."""

    title: str
    fields: dict[str, bytes] = field(default_factory=dict)


def trace(section: int) -> list[Step]:
    """The steps of one section, with page breaks taken out and every stated length checked."""
    text = re.sub(r"\n+Thomson +Informational.*\n\f?\n?RFC 8448 .*\n+", "\n", RFC8448.read_text(encoding="utf-8"))
    body = re.split(r"\n(?=\d\.  \w)", text.replace("\f", ""))[section]
    assert body.startswith(f"{section}.  ")
    steps = []
    for block in re.split(r"\n   (?=\{(?:client|server)\})", body)[1:]:
        title, _, rest = re.sub(r"\n +(?=[0-9a-f]{2}[ \n])", " ", block + "\n").partition("\n")
        step = Step(re.sub(r"^\{\w+\} +", "", title))
        for name, length, value in re.findall(r"^ +([\w /]+?) \((\d+) octets\):  (.*)$", rest, re.MULTILINE):
            octets = bytes.fromhex("" if value == "(empty)" else value)
            assert len(octets) == int(length), (title, name)
            step.fields[name] = octets
        steps.append(step)
    return steps


class Replay:
    """Follows a trace's steps with our schedule and transcript, comparing whatever the RFC prints."""

    def __init__(self) -> None:
        self.transcript = Transcript()
        self.early = EarlySecret(SHA256)
        self.handshake: HandshakeSecret | None = None
        self.master: MasterSecret | None = None
        self.compared: list[str] = []

    def run(self, steps: list[Step]) -> list[str]:
        for step in steps:
            for pattern, action in self.ACTIONS:
                found = re.search(pattern, step.title)
                if found and step.fields:
                    action(self, step, *found.groups())
        return self.compared

    def compare(self, what: str, ours: bytes, printed: bytes) -> None:
        assert ours == printed, what
        self.compared.append(what)

    def message(self, step: Step, name: str) -> None:
        """A constructed message. A ClientHello with a PSK is printed without its binders: it comes when it is sent."""
        raw = step.fields[name]
        if name == "NewSessionTicket" or int.from_bytes(raw[1:4], "big") != len(raw) - 4:
            return
        self.transcript.add(raw)
        if name != "ServerHello":
            return
        self.transcript.start(SHA256)
        if raw[6:38] == HELLO_RETRY_RANDOM:
            self.transcript.replace_with_message_hash()

    def extract(self, step: Step, stage: str) -> None:
        if stage == "early":
            no_psk = step.fields["IKM"] == bytes(32)
            self.early = EarlySecret(SHA256, None if no_psk else step.fields["IKM"])
            self.compare("early", self.early.secret, step.fields["secret"])
        elif stage == "handshake":
            self.handshake = self.early.handshake(step.fields["IKM"])
            self.compare("handshake", self.handshake.secret, step.fields["secret"])
        else:
            assert self.handshake is not None
            self.master = self.handshake.master()
            self.compare("master", self.master.secret, step.fields["secret"])

    def derive(self, step: Step, label: str) -> None:
        methods: dict[str, Callable[[bytes], bytes]] = {
            "c e traffic": self.early.client_early_traffic,
            "e exp master": self.early.early_exporter,
        }
        if self.handshake is not None:
            methods |= {"c hs traffic": self.handshake.client_traffic, "s hs traffic": self.handshake.server_traffic}
        if self.master is not None:
            methods |= {
                "c ap traffic": self.master.client_traffic,
                "s ap traffic": self.master.server_traffic,
                "exp master": self.master.exporter,
                "res master": self.master.resumption,
            }
        transcript_hash = self.transcript.digest_for(SHA256)
        self.compare(f"{label}: transcript", transcript_hash, step.fields["hash"])
        self.compare(label, methods[label](transcript_hash), step.fields["expanded"])

    def finished(self, step: Step) -> None:
        ours = finished_verify_data(SHA256, step.fields["PRK"], self.transcript.digest())
        self.compare("finished", ours, step.fields["finished"])

    def binder(self, step: Step) -> None:
        key = self.early.binder_key()
        self.compare("binder key", key, step.fields["PRK"])
        whole = Transcript()
        whole.add(step.fields["ClientHello prefix"] + bytes(35))
        transcript_hash = whole.digest_for(SHA256, truncate=35)
        self.compare("binder: transcript", transcript_hash, step.fields["binder hash"])
        self.compare("binder", finished_verify_data(SHA256, key, transcript_hash), step.fields["finished"])

    def sent(self, step: Step) -> None:
        if not self.transcript.messages() and "payload" in step.fields:
            self.transcript.add(step.fields["payload"])

    def keys(self, step: Step) -> None:
        secret = TrafficSecret(SUITES[CipherSuite.TLS_AES_128_GCM_SHA256], step.fields["PRK"])
        self.compare("key", secret.key(), step.fields["key expanded"])
        self.compare("iv", secret.iv(), step.fields["iv expanded"])

    def resumption(self, step: Step) -> None:
        ours = resumption_psk(SHA256, step.fields["PRK"], step.fields["hash"])
        self.compare("resumption", ours, step.fields["expanded"])

    ACTIONS: tuple[tuple[str, Callable[..., None]], ...] = (
        (r"^construct an? (\w+) handshake message", message),
        (r'^extract secret "(\w+)"', extract),
        (r'^derive secret "tls13 (.*)"', derive),
        (r"^calculate finished", finished),
        (r"^calculate PSK binder", binder),
        (r"^send handshake record", sent),
        (r"^derive (?:write|read) traffic keys", keys),
        (r"^generate resumption secret", resumption),
    )


FULL_HANDSHAKE = {
    "early", "handshake", "master", "c hs traffic", "s hs traffic", "c ap traffic", "s ap traffic", "exp master",
    "res master", "finished", "key", "iv",
}  # fmt: skip


@needs_rfc
@pytest.mark.parametrize(
    ("section", "secrets"),
    [
        (3, FULL_HANDSHAKE | {"resumption"}),
        (4, FULL_HANDSHAKE | {"binder key", "binder", "c e traffic", "e exp master"}),
        (5, FULL_HANDSHAKE),
        (6, FULL_HANDSHAKE),
        (7, FULL_HANDSHAKE),
    ],
    ids=["simple-1-rtt", "resumed-0-rtt", "hello-retry-request", "client-authentication", "compatibility-mode"],
)
def test_every_secret_of_rfc8448_comes_out(section: int, secrets: set[str]) -> None:
    compared = Replay().run(trace(section))
    assert secrets <= set(compared)
    assert compared.count("finished") == 2
    assert compared.count("key") == compared.count("iv") >= 4


@needs_rfc
def test_the_ticket_of_one_trace_gives_the_psk_of_the_next() -> None:
    generated = next(step for step in trace(3) if step.title.startswith("generate resumption secret"))
    extracted = next(step for step in trace(4) if step.title.startswith('extract secret "early"'))
    psk = resumption_psk(SHA256, generated.fields["PRK"], b"\0\0")
    assert psk == extracted.fields["IKM"]
    assert EarlySecret(SHA256, psk).secret == extracted.fields["secret"]


def test_binder_keys_of_tickets_and_of_external_psks_differ() -> None:
    early = EarlySecret(SHA256, b"psk")
    assert early.binder_key() != early.binder_key(external=True)


def test_no_psk_and_no_key_exchange_stand_for_zeros() -> None:
    for algorithm in (SHA256, SHA384):
        zeros = bytes(algorithm.size)
        implied, stated = EarlySecret(algorithm), EarlySecret(algorithm, zeros)
        assert implied.secret == stated.secret
        assert implied.handshake(b"shared").secret == stated.handshake(b"shared").secret
        assert implied.handshake(None).secret == stated.handshake(zeros).secret


def test_secrets_have_the_length_of_their_hash() -> None:
    early = EarlySecret(SHA384, b"psk")
    transcript_hash = SHA384.digest(b"")
    handshake = early.handshake(b"shared")
    master = handshake.master()
    assert {
        len(secret)
        for secret in (
            early.client_early_traffic(transcript_hash),
            handshake.client_traffic(transcript_hash),
            master.exporter(transcript_hash),
            finished_verify_data(SHA384, master.server_traffic(transcript_hash), transcript_hash),
            resumption_psk(SHA384, master.resumption(transcript_hash), b""),
        )
    } == {48}


@pytest.mark.parametrize(
    ("suite", "key_length"),
    [
        (CipherSuite.TLS_AES_128_GCM_SHA256, 16),
        (CipherSuite.TLS_AES_256_GCM_SHA384, 32),
        (CipherSuite.TLS_CHACHA20_POLY1305_SHA256, 32),
    ],
)
def test_traffic_keys_fit_the_cipher_and_change_with_a_key_update(suite: CipherSuite, key_length: int) -> None:
    row = SUITES[suite]
    first = TrafficSecret(row, bytes(row.hash.size))
    second = first.next()
    assert (len(first.key()), len(first.iv())) == (key_length, 12)
    assert second.suite is row
    assert second.secret == next_traffic_secret(row.hash, first.secret)
    assert (first.key(), first.iv()) != (second.key(), second.iv())


def test_exported_values_depend_on_label_and_context_and_no_context_is_an_empty_one() -> None:
    secret = bytes(32)
    values = {
        export(SHA256, secret, label, context, 32)
        for label in (b"EXPORTER-a", b"EXPORTER-b")
        for context in (b"", b"c")
    }
    assert len(values) == 4
    assert len(export(SHA256, secret, b"EXPORTER-a", bytes(70_000), 255 * 32)) == 255 * 32


def test_exporter_refuses_what_does_not_fit_its_structure() -> None:
    for label, length in ((bytes(250), 32), (b"EXPORTER-a", 255 * 32 + 1)):
        with pytest.raises(SSLError) as refused:
            export(SHA256, bytes(32), label, b"", length)
        assert refused.value.reason is Reason.BADARG


def test_no_secret_is_in_a_repr() -> None:
    secret = b"\xaa\xbb\xcc\xdd" * 8
    early = EarlySecret(SHA256, secret)
    traffic = TrafficSecret(SUITES[CipherSuite.TLS_AES_128_GCM_SHA256], secret)
    shown = repr((early, early.handshake(secret), early.handshake(secret).master(), traffic))
    assert "aabbcc" not in shown
    assert "\\xaa" not in shown
