"""puressl's two ends in memory."""

from __future__ import annotations

from dataclasses import dataclass, field

from puressl.bench.identity import SERVER_NAME, TIME, identity
from puressl.codes import NamedGroup, ProtocolVersion, SignatureScheme
from puressl.config import ClientConfig, ServerConfig, Verify
from puressl.connection import ClientConnection, Connection, ServerConnection
from puressl.crypto.provider import PROVIDER
from puressl.crypto.suites import Authentication, KeyExchange
from puressl.env import SYSTEM_ENV, Purpose
from puressl.errors import Reason, SSLError
from puressl.events import DataReceived

#: Both kinds of key sign with SHA-256, as tlslite-ng is told to.
_SCHEMES = (
    SignatureScheme.ECDSA_SECP256R1_SHA256,
    SignatureScheme.RSA_PSS_RSAE_SHA256,
    SignatureScheme.RSA_PKCS1_SHA256,  # for chains
)
#: x25519 is what is measured; TLS 1.2 asks for the curve of an ECDSA certificate to be listed, too (RFC 8422 5.1.1).
_GROUPS = (NamedGroup.X25519, NamedGroup.SECP256R1)


class _BenchEnv:
    """The system's randomness and locks at the certificates' time."""

    def random(self, length: int, purpose: Purpose) -> bytes:
        return SYSTEM_ENV.random(length, purpose)

    def now(self) -> float:
        return float(TIME)

    lock = staticmethod(SYSTEM_ENV.lock)


def suite_for(version: ProtocolVersion, key_type: str, cipher: str) -> int:
    """The suite of a version, kind of key and bulk cipher, ECDHE in TLS 1.2."""
    wanted = Authentication.ECDSA if key_type == "P-256" else Authentication.RSA
    for suite in PROVIDER.suites.values():
        if suite.version is not version or suite.cipher.name != cipher:
            continue
        if suite.key_exchange is KeyExchange.ANY or (
            suite.key_exchange is KeyExchange.ECDHE and suite.authentication is wanted
        ):
            return suite.id
    raise SSLError(Reason.ECIPHER, f"no suite of {version.label} with {cipher}")


@dataclass
class OwnPeers:
    """Both configurations; ``connect`` makes a new pair of ends.

    verify: whether the client verifies the server's chain. resume: whether sessions are kept, and taken up again.
    """

    version: ProtocolVersion
    key_type: str
    cipher: str = "chacha20-poly1305"
    verify: bool = False
    resume: bool = False
    client: ClientConfig = field(init=False)
    server: ServerConfig = field(init=False)

    def __post_init__(self) -> None:
        of = identity(self.key_type)
        suites = (suite_for(self.version, self.key_type, self.cipher),)
        self.client = ClientConfig(
            server_name=SERVER_NAME,
            trust=of.trust,
            verify=Verify.REQUIRED if self.verify else Verify.NONE,
            versions=(self.version,),
            cipher_suites=suites,
            groups=_GROUPS,
            signature_schemes=_SCHEMES,
            session_tickets=self.resume,
            env=_BenchEnv(),
        )
        self.server = ServerConfig(
            credentials=(of.credential,),
            versions=(self.version,),
            cipher_suites=suites,
            groups=_GROUPS,
            signature_schemes=_SCHEMES,
            session_tickets=self.resume,
            ticket_count=1,
            session_cache=False,
            env=_BenchEnv(),
        )

    def connect(self) -> OwnPair:
        """A complete handshake, tickets read."""
        pair = OwnPair(ClientConnection(self.client), ServerConnection(self.server))
        pair.client.start()
        pair.settle()
        return pair


@dataclass
class OwnPair:
    """Two connections joined in memory."""

    client: Connection
    server: Connection

    @property
    def resumed(self) -> bool:
        negotiated = self.client.negotiated
        return negotiated is not None and negotiated.resumed

    def settle(self) -> int:
        """Carries bytes until none are left; how many bytes of data arrived."""
        arrived = 0
        moved = True
        while moved:
            moved = False
            for source, target in ((self.client, self.server), (self.server, self.client)):
                data = source.data_to_send()
                if data:
                    moved = True
                    target.receive_data(data)
                while (event := target.next_event()) is not None:
                    if isinstance(event, DataReceived):
                        arrived += len(event.data)
        return arrived

    def transfer(self, data: bytes) -> int:
        """Sends data from the client to the server; how many bytes arrived."""
        self.client.send_data(data)
        return self.settle()
