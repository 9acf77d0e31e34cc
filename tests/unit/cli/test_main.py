"""The frame of the command line: exit codes, what is printed where, and what is imported when."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from puressl import __main__ as program
from puressl._version import __version__
from puressl.cli import main
from puressl.errors import Problem, ProtocolError, Reason, SSLError

from support.signals import heed_interrupts

REPOSITORY = Path(__file__).resolve().parents[3]


def python(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = (sys.executable, *arguments)
    return subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, timeout=60, check=False)


def test_module_runs_as_a_program() -> None:
    done = python("-m", "puressl", "--version")
    assert (done.returncode, done.stdout, done.stderr) == (0, f"puressl {__version__}\n", "")


def test_help_lists_every_subcommand_without_importing_one() -> None:
    listing = """
import sys
from puressl.cli.main import SUBCOMMANDS, run
assert run(["--help"]) == 0
assert not [row.module for row in SUBCOMMANDS.values() if row.module in sys.modules]
assert not [name for name in ("tlslite", "ecdsa", "asn1crypto") if name in sys.modules]
"""
    done = python("-c", listing)
    assert (done.returncode, done.stderr) == (0, "")
    for name in main.SUBCOMMANDS:
        assert f" {name} " in done.stdout


@pytest.mark.parametrize("name", main.SUBCOMMANDS)
def test_every_subcommand_loads_and_has_help(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main.run([name, "--help"]) == 0
    assert f"puressl {name}" in capsys.readouterr().out


@pytest.mark.parametrize("arguments", [["bogus"], ["--bogus"], ["certs", "bogus"], ["certs", "make", "--out"]])
def test_wrong_usage_is_exit_code_2_and_no_data(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main.run(arguments) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert "Error: " in captured.err


def test_error_is_one_line_and_exit_code_1(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def fail(arguments: object, **_: object) -> None:
        raise SSLError(Reason.EKEYFILE, "my.key: wrong password")

    monkeypatch.setattr(main.cli, "main", fail)
    assert main.run([]) == 1
    captured = capsys.readouterr()
    assert (captured.out, captured.err) == (
        "",
        "puressl: my.key: wrong password [ekeyfile]\n",
    )


@pytest.mark.parametrize(
    ("error", "text"),
    [
        (SSLError("enoent", "FILE: x.pem"), "FILE: x.pem: No such file or directory"),
        (SSLError(Reason.NXDOMAIN, "x.example port 443"), "x.example port 443: Non-existing domain"),
        (SSLError(Reason.CLOSED), "Connection closed for the operation in question."),
        (ProtocolError(Problem.BAD_RECORD_MAC, "x"), "record failed its authentication: x [esslerrssl]"),
    ],
)
def test_error_begins_with_the_particulars(error: SSLError, text: str) -> None:
    assert main.error_text(error) == text


def test_missing_extra_is_one_line_and_exit_code_2() -> None:
    for module in ("rich_click", "click"):
        done = python("-c", f"import sys; sys.modules[{module!r}] = None; from puressl.__main__ import main; main()")
        assert (done.returncode, done.stdout) == (2, "")
        assert done.stderr == "puressl: the command line needs the extra cli: pip install 'puressl[cli]'\n"


def test_other_missing_module_is_no_missing_extra() -> None:
    done = python("-c", "import sys; sys.modules['puressl.errors'] = None; import puressl.__main__ as m; m.main()")
    assert "ModuleNotFoundError" in done.stderr


def test_main_exits_with_the_code(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["puressl", "--bogus"])
    with pytest.raises(SystemExit) as caught:
        program.main()
    assert caught.value.code == 2


@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGINT to send")
def test_interrupt_is_exit_code_130(tmp_path: Path) -> None:
    command = (sys.executable, "-m", "puressl", "certs", "make", "--out", str(tmp_path))
    with subprocess.Popen(
        command, cwd=REPOSITORY, stderr=subprocess.PIPE, text=True, preexec_fn=heed_interrupts
    ) as child:
        assert child.stderr is not None
        child.stderr.readline()
        child.send_signal(signal.SIGINT)
        rest = child.stderr.read()
        assert child.wait(60) == 130
    assert rest.strip() == ""


@pytest.mark.parametrize("arguments", [["--help"], ["--version"]])
def test_closed_standard_output_ends_quietly(arguments: list[str]) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    command = (sys.executable, "-m", "puressl", *arguments)
    try:
        done = subprocess.run(command, cwd=REPOSITORY, stdout=writer, stderr=subprocess.PIPE, timeout=60, check=False)
    finally:
        os.close(writer)
    assert (done.returncode, done.stderr) == (1, b"")
