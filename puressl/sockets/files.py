"""Own files: certificates, keys and trusted roots, read when they are named, decoded once.

Theory of operation: a file is read each time it is named, so that a renewed certificate is noticed, and what was
decoded from the same bytes before is taken again. Every fault is the reason of its file, with the file's name.
"""

from __future__ import annotations

import hashlib
import os
from collections import OrderedDict
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Generic, TypeVar

from puressl.errors import Reason
from puressl.sockets.options import Options
from puressl.x509.certificate import Certificate
from puressl.x509.credential import Credential, read_file
from puressl.x509.store import MAX_BUNDLE, TrustStore

T = TypeVar("T")

#: Decoded values kept of each kind: a server of many names has some hundred certificates of a few KiB each.
MAX_KEPT = 256


class _Cache(Generic[T]):
    """What was made of bytes, by their digest; the oldest goes first."""

    def __init__(self, lock: AbstractContextManager[object]) -> None:
        self._lock = lock
        self._kept: OrderedDict[bytes, T] = OrderedDict()

    def get(self, parts: tuple[bytes, ...], make: Callable[[], T]) -> T:
        digest = hashlib.sha256()
        for part in parts:
            digest.update(hashlib.sha256(part).digest())
        with self._lock:
            if digest.digest() not in self._kept:
                self._kept[digest.digest()] = make()
                if len(self._kept) > MAX_KEPT:
                    self._kept.popitem(last=False)
            return self._kept[digest.digest()]


class Files:
    """Credentials and trust stores, as options name them. lock: makes a new lock (``Env.lock``)."""

    def __init__(self, lock: Callable[[], AbstractContextManager[object]]) -> None:
        self._credentials: _Cache[Credential] = _Cache(lock())
        self._trust: _Cache[TrustStore] = _Cache(lock())

    def credential(self, options: Options) -> Credential | None:
        """Own certificate with its chain and key, None if the options name none.

        Raises ``SSLError``: ``ecertfile``, ``ekeyfile``, ``ekeymismatch``, with the file's name and what is wrong.
        """
        certfile, keyfile, password = options["certfile"], options["keyfile"], options["password"]
        certificates = options["cert"] if certfile is None else read_file(certfile, Reason.ECERTFILE)
        if certificates is None:
            return None
        key = options["key"] if keyfile is None else read_file(keyfile, Reason.EKEYFILE)
        source = certfile or "cert"
        key_source = keyfile or ("key" if key is not None else f"{source}, as there is no keyfile and no key")

        def load() -> Credential:
            return Credential.from_bytes(certificates, key, password, source=source, key_source=key_source)

        secret = password.encode() if isinstance(password, str) else password or b""
        return self._credentials.get((certificates, key or b"", secret), load)

    def trust(self, options: Options) -> TrustStore | None:
        """The trusted roots, None if the options name none. Raises ``SSLError(ecacertfile)``."""
        file, given = options["cacertfile"], options["cacerts"]
        if file is not None:
            if os.path.isdir(file):
                return TrustStore.from_file(file, strict=True)
            given = (read_file(file, Reason.ECACERTFILE, MAX_BUNDLE),)
        if given is None:
            return None
        return self._trust.get(given, lambda: _anchors(given, file or "cacerts"))

    def system_trust(self) -> TrustStore:
        """What a client trusts unasked: the system's roots, as they were when they were first needed."""
        named = tuple(os.environ.get(name, "").encode() for name in ("SSL_CERT_FILE", "SSL_CERT_DIR"))
        return self._trust.get((b"system", *named), TrustStore.system)


def _anchors(given: tuple[bytes, ...], source: str) -> TrustStore:
    anchors: list[Certificate] = []
    for data in given:
        anchors += TrustStore.from_bytes(data, source, strict=True).anchors
    return TrustStore(anchors)
