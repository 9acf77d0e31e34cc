"""Connections kept and brought back as often as wanted, without the handshake that led to them.

What never changes, a configuration and all that hangs on it, is shared between the copies; everything else is copied by
pickling, running hashes by their own ``copy``.
"""

from __future__ import annotations

import hashlib
import io
import pickle
from collections.abc import Callable
from typing import Any

from puressl.config import ClientConfig, ServerConfig
from puressl.connection import Connection
from puressl.crypto.aead import AesGcm, ChaCha20Poly1305
from puressl.crypto.cbc import AesCbc
from puressl.crypto.signatures import SignatureValid
from puressl.crypto.suites import Suite
from puressl.env import SeededEnv
from puressl.x509.certificate import Certificate
from puressl.x509.credential import Credential
from puressl.x509.verifier import VerifiedPeer

_SHARED = (
    SeededEnv,
    ClientConfig,
    ServerConfig,
    Suite,
    AesGcm,
    AesCbc,
    ChaCha20Poly1305,
    Certificate,
    Credential,
    SignatureValid,
    VerifiedPeer,
)
_HASHES = tuple({type(hashlib.new(name)) for name in ("sha1", "sha256", "sha384", "sha512")})


class _Pickler(pickle.Pickler):
    """Asks ``keep`` about each object; since Python 3.13 only a subclass can."""

    def __init__(self, out: io.BytesIO, keep: Callable[[Any], int | None]) -> None:
        super().__init__(out, protocol=5)
        self._keep = keep

    def persistent_id(self, value: Any) -> int | None:
        return self._keep(value)


class _Unpickler(pickle.Unpickler):
    """Has ``bring`` fetch what was kept."""

    def __init__(self, data: io.BytesIO, bring: Callable[[Any], Any]) -> None:
        super().__init__(data)
        self._bring = bring

    def persistent_load(self, place: Any) -> Any:
        return self._bring(place)


class Snapshot:
    """A connection as it stood."""

    def __init__(self, connection: Connection) -> None:
        self._kept: list[Any] = []
        out = io.BytesIO()
        _Pickler(out, self._keep).dump(connection)
        self._data = out.getvalue()

    def restore(self) -> Connection:
        """A connection of its own, in the same state."""
        return _Unpickler(io.BytesIO(self._data), self._bring).load()  # type: ignore[no-any-return]

    def _keep(self, value: Any) -> int | None:
        if isinstance(value, _HASHES):
            self._kept.append(value.copy())
        elif isinstance(value, _SHARED) or (type(value).__module__ == "puressl.crypto.groups" and _is_group(value)):
            self._kept.append(value)
        else:
            return None
        return len(self._kept) - 1

    def _bring(self, index: int) -> Any:
        value = self._kept[index]
        return value.copy() if isinstance(value, _HASHES) else value


def _is_group(value: Any) -> bool:
    return hasattr(value, "generate") and hasattr(value, "respond")
