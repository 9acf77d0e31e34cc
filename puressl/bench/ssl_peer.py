"""The standard library's two ends in memory: OpenSSL through ``ssl``, where the interpreter has it.

Theory of operation: ``ssl`` is imported by who asks for it, nowhere else in the package. Its module cannot choose among
the suites of TLS 1.3, so a cipher is measured under TLS 1.2, where the records cost the same; handshakes of TLS 1.3 use
its first suite.
"""

from __future__ import annotations

import tempfile
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from puressl.bench.identity import SERVER_NAME, identity
from puressl.codes import ProtocolVersion
from puressl.x509 import pem
from puressl.x509.keys import encode_private_key

_CIPHERS = {
    "chacha20-poly1305": "ECDHE+CHACHA20",
    "aes-128-gcm": "ECDHE+AESGCM+AES128",
    "aes-256-gcm": "ECDHE+AESGCM+AES256",
}
#: Bytes asked of a connection at once: a full record.
_READ_SIZE = 16_384


@cache
def library() -> str | None:
    """The name and version of what stands behind the module; None where the interpreter was built without it."""
    try:
        import ssl
    except ImportError:
        return None
    return ssl.OPENSSL_VERSION


@dataclass
class StandardPeers:
    """Both ends' settings; ``connect`` makes a new pair of ends. Fields as in ``OwnPeers``."""

    version: ProtocolVersion
    key_type: str
    cipher: str = "chacha20-poly1305"
    resume: bool = False
    _session: Any = field(init=False, default=None)

    def __post_init__(self) -> None:
        import ssl

        self._client, self._server = map(self._context, (ssl.PROTOCOL_TLS_CLIENT, ssl.PROTOCOL_TLS_SERVER))
        self._client.check_hostname, self._client.verify_mode = False, ssl.CERT_NONE
        own = identity(self.key_type)
        chain = b"".join(pem.encode("CERTIFICATE", der) for der in own.credential.chain)
        with tempfile.TemporaryDirectory() as directory:
            file = Path(directory, "server.pem")
            file.write_bytes(pem.encode("PRIVATE KEY", encode_private_key(own.key)) + chain)
            self._server.load_cert_chain(file)

    def _context(self, side: Any) -> Any:
        import ssl

        context = ssl.SSLContext(side)
        context.minimum_version = context.maximum_version = ssl.TLSVersion(self.version)
        context.set_ciphers(_CIPHERS[self.cipher])
        return context

    def connect(self) -> StandardPair:
        """A complete handshake, tickets read."""
        import ssl

        to_client, to_server = ssl.MemoryBIO(), ssl.MemoryBIO()
        client = self._client.wrap_bio(to_client, to_server, server_hostname=SERVER_NAME, session=self._session)
        server = self._server.wrap_bio(to_server, to_client, server_side=True)
        pair = StandardPair(client, server, ssl.SSLWantReadError)
        pair.handshake()
        if self.resume:
            pair.read(client)  # the ticket
            self._session = client.session
        return pair


@dataclass
class StandardPair:
    """Two connections joined in memory. waits: what an end raises when it needs more."""

    client: Any
    server: Any
    waits: type[Exception]

    @property
    def resumed(self) -> bool:
        return bool(self.client.session_reused)

    def handshake(self) -> None:
        running = [self.client, self.server]
        while running:
            for end in tuple(running):
                try:
                    end.do_handshake()
                except self.waits:
                    continue
                running.remove(end)

    def read(self, end: Any) -> int:
        """Reads until nothing is left; how many bytes arrived."""
        arrived = 0
        try:
            while data := end.read(_READ_SIZE):
                arrived += len(data)
        except self.waits:
            pass
        return arrived

    def transfer(self, data: bytes) -> int:
        """Sends data from the client to the server; how many bytes arrived."""
        self.client.write(data)
        return self.read(self.server)
