"""tlslite-ng's two ends in memory, driven by its generators in one thread."""

from __future__ import annotations

import errno
from collections.abc import Generator
from dataclasses import dataclass, field
from typing import Any

from puressl.bench.identity import identity
from puressl.codes import ProtocolVersion
from puressl.x509 import pem
from puressl.x509.keys import encode_private_key

_VERSIONS = {ProtocolVersion.TLSv1_3: (3, 4), ProtocolVersion.TLSv1_2: (3, 3)}
_CIPHERS = {"chacha20-poly1305": "chacha20-poly1305", "aes-128-gcm": "aes128gcm", "aes-256-gcm": "aes256gcm"}
_TICKET_KEY = bytes(range(32))
#: Bytes asked of a connection at once: a full record.
_READ_SIZE = 16_384


class _MemorySocket:
    """One end of a pipe both ways that never blocks."""

    def __init__(self) -> None:
        self.incoming = bytearray()
        self.peer: _MemorySocket

    def recv(self, limit: int) -> bytes:
        if not self.incoming:
            raise BlockingIOError(errno.EWOULDBLOCK, "nothing has arrived")
        data = bytes(self.incoming[:limit])
        del self.incoming[:limit]
        return data

    def send(self, data: bytes) -> int:
        self.peer.incoming += data
        return len(data)

    def sendall(self, data: bytes) -> None:
        self.send(data)

    def close(self) -> None:
        pass


@dataclass
class TlslitePeers:
    """Both ends' settings; ``connect`` makes a new pair of ends. Fields as in ``OwnPeers``."""

    version: ProtocolVersion
    key_type: str
    cipher: str = "chacha20-poly1305"
    resume: bool = False
    _session: Any = field(init=False, default=None)

    def __post_init__(self) -> None:
        from tlslite.api import X509, X509CertChain, parsePEMKey

        own = identity(self.key_type)
        certificates = [X509() for _ in own.credential.chain]
        for certificate, der in zip(certificates, own.credential.chain, strict=True):
            certificate.parseBinary(bytearray(der))
        self._chain = X509CertChain(certificates)
        text = pem.encode("PRIVATE KEY", encode_private_key(own.key)).decode()
        self._key = parsePEMKey(text, private=True, implementations=["python"])
        self._client, self._server = self._settings(), self._settings()
        if self.resume:
            self._server.ticketKeys = [bytearray(_TICKET_KEY)]
            self._server.ticketCipher = "chacha20-poly1305"

    def _settings(self) -> Any:
        from tlslite.api import HandshakeSettings

        settings = HandshakeSettings()
        settings.minVersion = settings.maxVersion = _VERSIONS[self.version]
        settings.versions = [_VERSIONS[self.version]]
        settings.cipherNames = [_CIPHERS[self.cipher]]
        settings.cipherImplementations = ["python"]
        settings.keyExchangeNames = ["ecdhe_ecdsa", "ecdhe_rsa"]
        settings.eccCurves, settings.keyShares = ["x25519", "secp256r1"], ["x25519"]
        settings.rsaSigHashes, settings.ecdsaSigHashes = ["sha256"], ["sha256"]
        settings.rsaSchemes, settings.more_sig_schemes = ["pss", "pkcs1"], []
        settings.certificate_compression_send = settings.certificate_compression_receive = []
        settings.use_heartbeat_extension = False
        settings.ticket_count = 1 if self.resume else 0
        return settings

    def connect(self) -> TlslitePair:
        """A complete handshake, tickets read."""
        from tlslite.api import TLSConnection

        left, right = _MemorySocket(), _MemorySocket()
        left.peer, right.peer = right, left
        pair = TlslitePair(TLSConnection(left), TLSConnection(right))
        # Tickets are its own objects; without one the argument stays None and the handshake is full.
        client = pair.client.handshakeClientCert(session=self._session, settings=self._client, async_=True)
        server = pair.server.handshakeServerAsync(certChain=self._chain, privateKey=self._key, settings=self._server)
        _run(client, server)
        if self.resume:
            pair.read_ticket()
            self._session = pair.client.session
        return pair


@dataclass
class TlslitePair:
    """Two connections joined in memory."""

    client: Any
    server: Any

    @property
    def resumed(self) -> bool:
        return bool(self.client.resumed)

    def read_ticket(self) -> None:
        """Lets the client read what the server sent behind its Finished."""
        _step_until_idle(self.client.readAsync(_READ_SIZE, 1))

    def transfer(self, data: bytes) -> int:
        """Sends data from the client to the server; how many bytes arrived."""
        _run(self.client.writeAsync(bytearray(data)))
        arrived = 0
        while arrived < len(data):
            for result in self.server.readAsync(_READ_SIZE, 1):
                if isinstance(result, (bytes, bytearray)):
                    arrived += len(result)
                    break
        return arrived


def _run(*generators: Generator[Any, Any, Any]) -> None:
    """Takes turns until all have ended."""
    running = list(generators)
    while running:
        for generator in tuple(running):
            try:
                while next(generator) == 1:  # it wants to write, which never waits here
                    pass
            except StopIteration:
                running.remove(generator)


def _step_until_idle(generator: Generator[Any, Any, Any]) -> None:
    """Runs a reader until it waits for more."""
    for result in generator:
        if result == 0:
            return
