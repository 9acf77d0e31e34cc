"""puressl runs without OpenSSL, and what it installs holds no compiled code."""

from __future__ import annotations

import importlib.metadata
import re
import subprocess
import sys

import pytest

#: Full handshakes in each version, then data, where ``ssl``, ``_ssl`` and ``_hashlib`` cannot be imported.
WITHOUT_OPENSSL = """
import sys
for name in ("ssl", "_ssl", "_hashlib"):
    sys.modules[name] = None
sys.path[:0] = {path!r}
from support.link import Link
from support.configs import client_config, server_config
from puressl.codes import ProtocolVersion
from puressl.connection import ClientConnection, ServerConnection
for version in (ProtocolVersion.TLSv1_3, ProtocolVersion.TLSv1_2):
    for key_type in ("p256", "rsa2048", "ed25519"):
        link = Link(
            ClientConnection(client_config(key_type, versions=(version,))),
            ServerConnection(server_config(key_type, versions=(version,))),
        ).handshake().raise_errors()
        link.client.connection.send_data(b"ping")
        link.run().raise_errors()
        assert link.server.data == b"ping"
        print(version.label, key_type)
assert not {{"ssl", "_ssl", "_hashlib"}} & {{name for name, module in sys.modules.items() if module is not None}}
"""


@pytest.mark.parametrize("flags", [[], ["-O"]], ids=["plain", "optimised"])
def test_full_handshakes_run_where_openssl_cannot_be_imported(flags: list[str]) -> None:
    script = WITHOUT_OPENSSL.format(path=[path for path in sys.path if path])
    done = subprocess.run([sys.executable, *flags, "-c", script], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    assert len(done.stdout.splitlines()) == 6


def installed_with(requirement: str, extras: frozenset[str], seen: dict[str, set[str]]) -> None:
    """Collects the distributions that a requirement brings, with the files of each."""
    distribution = importlib.metadata.distribution(requirement)
    seen[distribution.metadata["Name"].lower()] = {str(path) for path in distribution.files or ()}
    for line in distribution.requires or ():
        name, _, marker = line.partition(";")
        wanted_by = re.search(r"extra\s*==\s*['\"]([\w-]+)['\"]", marker)
        if wanted_by is not None and wanted_by.group(1) not in extras:
            continue
        dependency = re.split(r"[\s<>=!~(\[]", name.strip(), maxsplit=1)[0]
        try:
            if dependency.lower() not in seen:
                installed_with(dependency, frozenset(), seen)
        except importlib.metadata.PackageNotFoundError:
            continue  # for another platform or Python version


def test_the_library_alone_needs_nothing_but_the_standard_library() -> None:
    try:
        required = importlib.metadata.requires("puressl") or []
    except importlib.metadata.PackageNotFoundError:
        pytest.skip("puressl is not installed, only on the path")
    assert [one for one in required if "extra ==" not in one] == []


def test_no_extension_module_is_among_what_the_command_line_installs() -> None:
    try:
        importlib.metadata.distribution("puressl")
    except importlib.metadata.PackageNotFoundError:
        pytest.skip("puressl is not installed, only on the path")
    seen: dict[str, set[str]] = {}
    installed_with("puressl", frozenset({"cli", "pq", "idn"}), seen)
    assert {"puressl", "rich-click", "kyber-py", "idna"} <= set(seen)
    compiled = {
        f"{name}: {path}" for name, paths in seen.items() for path in paths if re.search(r"\.(so|pyd|dylib|dll)$", path)
    }
    assert not compiled
