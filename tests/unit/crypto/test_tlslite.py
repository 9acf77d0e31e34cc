"""The wrappers of tlslite-ng's ciphers: no side effects, loaded lazily, free of its source-reading constructor."""

from __future__ import annotations

import compileall
import importlib.util
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from puressl.crypto import _tlslite

ROOT = Path(__file__).resolve().parents[3]


def test_aes_is_that_of_fips_197() -> None:
    plaintext = bytes.fromhex("00112233445566778899aabbccddeeff")
    expected = {
        16: "69c4e0d86a7b0430d8cdb78070b4c55a",
        24: "dda97ca4864cdfe06eaf70a0ec0d7191",
        32: "8ea2b7ca516745bfeafc49904b496089",
    }
    for length, ciphertext in expected.items():
        aes = _tlslite.Aes(bytes(range(length)))
        assert aes.encrypt(plaintext).hex() == ciphertext
        assert aes.decrypt(bytes.fromhex(ciphertext)) == plaintext


def test_the_librarys_own_class_keeps_its_constructor() -> None:
    from tlslite.utils.rijndael import Rijndael

    before = Rijndael.__init__
    _tlslite.Aes(bytes(16))
    assert Rijndael.__init__ is before


def test_importing_the_symmetric_modules_loads_no_tlslite() -> None:
    program = (
        "import sys\n"
        "from puressl.crypto import aead, cbc, kdf, provider, schedule12, schedule13, suites, transcript\n"
        "print([name for name in ('tlslite', 'ecdsa', 'socket', 'ssl') if name in sys.modules])\n"
    )
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.slow
def test_ciphers_work_where_no_source_is_installed(tmp_path: Path) -> None:
    for name in ("puressl", "tlslite", "ecdsa", "six"):
        found = importlib.util.find_spec(name)
        if found is None or found.origin is None:
            continue
        origin = Path(found.origin)
        if origin.name == "__init__.py":
            skip = shutil.ignore_patterns("__pycache__", "test*")
            shutil.copytree(origin.parent, tmp_path / name, ignore=skip)
        else:
            shutil.copy(origin, tmp_path)
    assert compileall.compile_dir(tmp_path, legacy=True, quiet=2)
    for source in tmp_path.rglob("*.py"):
        source.unlink()
    program = (
        "from puressl.crypto import aead, cbc, _tlslite\n"
        "assert not _tlslite.__file__.endswith('.py')\n"
        "for cipher, length in (('aes-128-gcm', 16), ('aes-256-gcm', 32), ('chacha20-poly1305', 32)):\n"
        "    print(aead.new_aead(cipher, bytes(length)).seal(bytes(12), b'plain', b'').hex())\n"
        "print(cbc.encrypt(bytes(16), bytes(16), bytes(16)).hex())\n"
    )
    environment = {"PYTHONPATH": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, "-S", "-c", program], cwd=tmp_path, env=environment, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert len(done.stdout.split()) == 4
