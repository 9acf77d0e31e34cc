"""``puressl decode`` of what tshark recorded, and tshark of what ``puressl inspect`` wrote."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from interop.cases import TLS12, case_of, each_version
from interop.matrix import TLS13, Case, Program, Role
from interop.programs import PATIENCE, needs, openssl_client_command, openssl_server, root, running

from puressl.codes import CipherSuite, ProtocolVersion
from puressl.crypto.suites import SUITES
from puressl.explain.as_json import from_json
from puressl.explain.model import CLIENT, SERVER, Story
from puressl.explain.rehearse import ANSWER, QUESTION

from support.configs import SERVER_NAME

pytestmark = pytest.mark.interop

LINE = b"what goes out comes back\n"
CBC = SUITES[CipherSuite.TLS_RSA_WITH_AES_128_CBC_SHA]
CASES = {
    "tlsv1.3": case_of(Program.OPENSSL, Role.SERVER, TLS13),
    "tlsv1.3 with a client certificate": case_of(Program.OPENSSL, Role.SERVER, TLS13, client="p256"),
    "tlsv1.2": case_of(Program.OPENSSL, Role.SERVER, TLS12),
    "tlsv1.2 with CBC": case_of(Program.OPENSSL, Role.SERVER, TLS12, suite=CBC, certificate="rsa2048", group=None),
}
DEMOS = ("--tls 1.3 --hrr --client-auth", "--tls 1.3 --resume", "--tls 1.2", "--tls 1.2 --resume")
#: Seconds that tshark takes to begin after it has said so, and between two looks at its growing file.
START, PAUSE = 1.0, 0.6
#: Bytes of a file with a handshake in it.
LEAST = 2_000


def puressl(*arguments: str) -> bytes:
    command = (sys.executable, "-m", "puressl", *arguments)
    return subprocess.run(command, capture_output=True, timeout=PATIENCE, check=True).stdout


def tshark(capture: Path, keys: Path, *arguments: str) -> str:
    command = ["tshark", "-r", str(capture), "-o", f"tls.keylog_file:{keys}", *arguments]
    command += ["-o", "ip.check_checksum:TRUE", "-o", "tcp.check_checksum:TRUE"]
    return subprocess.run(command, capture_output=True, timeout=PATIENCE, check=True).stdout.decode()


def recorded(case: Case, folder: Path) -> tuple[Path, Path]:
    """A capture and the key log of OpenSSL's client talking to its server."""
    capture, keys = folder / "capture.pcapng", folder / "keys.txt"
    with openssl_server(folder, case) as server:
        command = ["tshark", "-i", "lo", "-f", f"tcp port {server.port}", "-w", str(capture)]
        with running(command, folder / "tshark.log") as recorder:
            recorder.wait_until_it_says("Capturing on")
            time.sleep(START)
            client = openssl_client_command(case, server.port, "-keylogfile", str(keys))
            with running(client, folder / "s_client.log", data=True) as peer:
                assert peer.exchange(LINE) == LINE[-2::-1] + b"\n"
                peer.finish()
            _wait_for(capture)
            recorder.process.send_signal(signal.SIGINT)
            recorder.process.wait(PATIENCE)
    return capture, keys


def _wait_for(capture: Path) -> None:
    """Until nothing more is written."""
    size, deadline = 0, time.monotonic() + PATIENCE
    while (size != (size := capture.stat().st_size) or size < LEAST) and time.monotonic() < deadline:
        time.sleep(PAUSE)


def data(told: Story, sender: str) -> bytes:
    return b"".join(step.raw for step in told.steps if step.message == "ApplicationData" and step.sender == sender)


@pytest.mark.parametrize("name", CASES)
def test_decode_explains_what_tshark_recorded_of_openssl(name: str, tmp_path: Path) -> None:
    needs("tshark", "openssl")
    if os.geteuid():
        pytest.skip("only root may record what passes on an interface")
    capture, keys = recorded(CASES[name], tmp_path)
    told = from_json(puressl("decode", str(capture), "--keylog", str(keys), "--json").decode())
    # Where the machine is busy the kernel sends a segment again; nothing else may be noted.
    assert [note for note in told.notes if not note.endswith("bytes came more than once")] == []
    assert (data(told, CLIENT), data(told, SERVER)) == (LINE, LINE[-2::-1] + b"\n")
    assert dict(told.facts)["protocol"] == CASES[name].version.label
    assert not any(step.failure for step in told.steps)
    values = {secret.value.hex() for secret in told.secrets}
    log = [line.split() for line in keys.read_text().splitlines()]
    assert {line[2] for line in log if line[0].startswith(("CLIENT_", "SERVER_", "EXPORTER_"))} <= values


@pytest.mark.parametrize(
    "options", ["--tls 1.3 --hrr --client-auth", "--tls 1.3 --resume", "--tls 1.2", "--tls 1.2 --resume"]
)
def test_tshark_decrypts_what_inspect_wrote_of_the_demo(options: str, tmp_path: Path) -> None:
    needs("tshark")
    capture, keys = tmp_path / "demo.pcap", tmp_path / "keys.txt"
    puressl("inspect", "--demo", *options.split(), "--pcap", str(capture), "--keylog", str(keys))
    followed = tshark(capture, keys, "-q", "-z", "follow,tls,raw,0")
    assert QUESTION.hex() in followed
    assert ANSWER.hex() in followed
    checksums = tshark(capture, keys, "-T", "fields", "-e", "ip.checksum.status", "-e", "tcp.checksum.status")
    assert set(checksums.split()) == {"1"}
    analysis = tshark(capture, keys, "-Y", "tcp.analysis.flags || tls.ignored_unknown_record || _ws.malformed")
    assert analysis == ""


@each_version
def test_tshark_decrypts_what_inspect_wrote_of_openssl(version: ProtocolVersion, tmp_path: Path) -> None:
    needs("tshark")
    capture, keys = tmp_path / "live.pcap", tmp_path / "keys.txt"
    with openssl_server(tmp_path, case_of(Program.OPENSSL, Role.SERVER, version)) as peer:
        trust = ("--ca-file", root("p256"), "--server-name", SERVER_NAME)
        puressl("inspect", f"127.0.0.1:{peer.port}", *trust, "--pcap", str(capture), "--keylog", str(keys))
    types = tshark(capture, keys, "-T", "fields", "-e", "tls.handshake.type").replace(",", " ").split()
    assert types.count("20") == 2  # both Finished, which travel encrypted
    alerts = tshark(capture, keys, "-Y", "tls.alert_message.desc == 0", "-T", "fields", "-e", "frame.number")
    assert alerts
