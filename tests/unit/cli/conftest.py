"""The program as others run it: in a process of its own."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from support.signals import heed_interrupts

REPOSITORY = Path(__file__).resolve().parents[3]
CERTS = REPOSITORY / "certs" / "p256"
#: Seconds after which a program is taken to hang.
PATIENCE = 60.0

#: The environment without what would change the program's output or write key logs.
ENVIRONMENT = {name: value for name, value in os.environ.items() if name not in ("SSLKEYLOGFILE", "FORCE_COLOR")}

Run = Callable[..., "subprocess.CompletedProcess[bytes]"]


@dataclass
class Server:
    """A running ``puressl serve``."""

    process: subprocess.Popen[bytes]
    port: int

    def stop(self, after: int = 0) -> tuple[int, bytes, str]:
        """Interrupts it once ``after`` clients have ended. Its exit code, and the rest of both its outputs."""
        guard = threading.Timer(PATIENCE, self.process.kill)
        guard.start()
        try:
            assert self.process.stderr is not None
            ends = b"".join(self.process.stderr.readline() for _ in range(after))
            self.process.send_signal(signal.SIGINT)
            out, err = self.process.communicate()
        finally:
            guard.cancel()
        return self.process.returncode, out, (ends + err).decode()


Serve = Callable[..., Server]


@pytest.fixture
def run() -> Run:
    """Runs ``puressl`` with the arguments to its end. closed: a standard stream that it is started without."""

    def start(
        *arguments: str, given: bytes = b"", closed: int | None = None, **environment: str
    ) -> subprocess.CompletedProcess[bytes]:
        shell = () if closed is None else ("sh", "-c", f'exec "$@" {closed}>&-', "sh")
        return subprocess.run(
            (*shell, sys.executable, "-m", "puressl", *arguments),
            input=given,
            cwd=REPOSITORY,
            capture_output=True,
            timeout=PATIENCE,
            check=False,
            env={**ENVIRONMENT, **environment},
        )

    return start


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Starts ``puressl serve`` on a free port, with the bundled certificate unless others are given."""
    processes: list[subprocess.Popen[bytes]] = []

    def start(*arguments: str) -> Server:
        pair = () if "--cert" in arguments else ("--cert", str(CERTS / "server-chain.pem"))
        key = () if "--cert" in arguments else ("--key", str(CERTS / "server.key"))
        process = subprocess.Popen(
            (sys.executable, "-m", "puressl", "serve", "--port", "0", *pair, *key, *arguments),
            cwd=REPOSITORY,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=ENVIRONMENT,
            preexec_fn=heed_interrupts,
        )
        processes.append(process)
        assert process.stdout is not None
        line = process.stdout.readline().decode()
        assert line.startswith("listening on "), line
        return Server(process, int(line.rpartition(":")[2]))

    yield start
    for process in processes:
        process.kill()
        process.communicate()
