"""The test certificates that come with puressl.

Theory of operation: they lie in ``certs/`` beside the package in a checkout, and inside it as ``_certs`` when it is
installed; ``puressl.cli.certs`` makes them and says what is in them. Their private keys are public: good for tests,
lessons and benchmarks.
"""

from __future__ import annotations

from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING

from puressl.errors import SSLError
from puressl.x509.credential import Credential
from puressl.x509.store import TrustStore

if TYPE_CHECKING:
    from importlib.abc import Traversable

_PACKAGE = "puressl"


def directory() -> Traversable:
    """The directory ``certs/``. Raises ``SSLError(enoent)`` where neither place has it."""
    installed = resources.files(_PACKAGE) / "_certs"
    if installed.is_dir():
        return installed
    checkout = Path(__file__).resolve().parents[2] / "certs"
    if checkout.is_dir():
        return checkout
    raise SSLError("enoent", "the test certificates did not come with this installation: puressl certs make")


def read(key_type: str, name: str) -> bytes:
    """A file of the test certificates: ``read("p256", "root.pem")``. Raises ``SSLError(enoent)``."""
    file = directory() / key_type / name
    if not file.is_file():
        raise SSLError("enoent", f"there are no test certificates {key_type}/{name}")
    return file.read_bytes()


def credential(key_type: str = "p256", role: str = "server") -> Credential:
    """The chain (leaf and intermediate) and key of a role: "server" or "client"."""
    chain, key = (f"{role}-chain.pem", f"{role}.key")
    source = f"{key_type}/{chain}"
    return Credential.from_bytes(
        read(key_type, chain), read(key_type, key), source=source, key_source=f"{key_type}/{key}"
    )


def trust(key_type: str = "p256") -> TrustStore:
    """The root of a key type, as the only anchor."""
    return TrustStore.from_bytes(read(key_type, "root.pem"), f"{key_type}/root.pem")
