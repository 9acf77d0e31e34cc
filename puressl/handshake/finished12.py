"""ChangeCipherSpec and Finished of TLS 1.2 (RFC 5246 7.1, 7.4.9).

Theory of operation: the two always go together. Sending: the record, then new keys, then Finished as the first message
under them. Receiving is two states, since between the record and the message nothing else is legal. Finished covers
every handshake message before it, so the one who sends second covers the other's Finished too.
"""

from __future__ import annotations

from puressl.codes import Direction, Epoch
from puressl.crypto.schedule12 import TrafficKeys12, finished_verify_data
from puressl.crypto.transcript import Transcript
from puressl.handshake.output import Output
from puressl.handshake.parameters12 import Parameters12, Secrets12
from puressl.handshake.proofs import FinishedValid, check_finished
from puressl.wire import ChangeCipherSpec, Finished

CLIENT_FINISHED = b"client finished"
SERVER_FINISHED = b"server finished"


def send_finished(
    parameters: Parameters12,
    secrets: Secrets12,
    keys: TrafficKeys12,
    label: bytes,
    transcript: Transcript,
    output: Output,
) -> None:
    """Sends ChangeCipherSpec, then Finished under ``keys``. label: whose Finished it is."""
    verify_data = finished_verify_data(parameters.suite.hash, secrets.master, label, transcript.digest())
    output.send(Epoch.INITIAL, ChangeCipherSpec())
    output.install(Direction.WRITE, Epoch.APPLICATION, keys)
    transcript.add(output.send(Epoch.APPLICATION, Finished(verify_data)))


def verify_finished(
    parameters: Parameters12,
    secrets: Secrets12,
    label: bytes,
    transcript: Transcript,
    message: Finished,
    output: Output,
) -> FinishedValid:
    """Checks the peer's Finished, which is the last message of the transcript. label: whose Finished it is."""
    before = transcript.digest_before_last()
    expected = finished_verify_data(parameters.suite.hash, secrets.master, label, before)
    with output.checking("verify_data is the PRF over the handshake so far", "RFC 5246 7.4.9"):
        return check_finished(expected, message.verify_data)
