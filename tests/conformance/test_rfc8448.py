"""The traces of RFC 8448, byte for byte: each side of each handshake, with the trace's random bytes injected."""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import pytest

from puressl.codes import CipherSuite, NamedGroup, ProtocolVersion
from puressl.config import ClientConfig, ServerConfig, Verify
from puressl.connection import ClientConnection, Connection, ServerConnection
from puressl.env import Purpose, SeededEnv
from puressl.events import (
    ChooseCookie,
    DataReceived,
    HandshakeCompleted,
    IssueTicket,
    PeerClosed,
    Sign,
    Ticket,
    TicketReceived,
    VerifyPeer,
)
from puressl.wire import ClientHello, decode_handshake
from puressl.x509.certificate import load_certificates
from puressl.x509.credential import Credential
from puressl.x509.keys import load_private_key
from puressl.x509.policy import Policy
from puressl.x509.policy import Purpose as CertificatePurpose
from puressl.x509.store import TrustStore
from puressl.x509.verifier import VerifiedPeer, verify_peer

VECTORS = Path(__file__).resolve().parents[3] / "shared" / "vectors" / "rfc8448.json"
if not VECTORS.exists():
    pytest.skip(f"{VECTORS.name} is not in ../shared/vectors", allow_module_level=True)

DATA = json.loads(VECTORS.read_text())
PEM = {name: text.encode() for name, text in DATA["pem"].items()}
FULL_HANDSHAKES = [
    "Simple_1RTT_Handshake",
    "HelloRetryRequest_Handshake",
    "Client_Authentication_Handshake",
    "Middlebox_Compatibility_Mode",
]
#: Within the validity of the traces' certificates, which ended on 2026-07-30.
TIME = 1_500_000_000.0
RECORD_HEADER = 5
#: supported_groups of the server's EncryptedExtensions: x25519, the NIST curves, ffdhe2048 … ffdhe8192.
ADVERTISED = (0x001D, 0x0017, 0x0018, 0x0019, 0x0100, 0x0101, 0x0102, 0x0103, 0x0104)
CERTIFICATE_REQUEST_SCHEMES = (
    *(0x0403, 0x0503, 0x0603, 0x0203, 0x0804, 0x0805, 0x0806),
    *(0x0401, 0x0501, 0x0601, 0x0201, 0x0402, 0x0502, 0x0602, 0x0202),
)
AES_128 = CipherSuite.TLS_AES_128_GCM_SHA256


class PoolEnv:
    """Gives out a trace's random bytes in the order they were consumed, and its PSS salt; all else is seeded."""

    POOLED = frozenset({Purpose.CLIENT_RANDOM, Purpose.SERVER_RANDOM, Purpose.SESSION_ID, Purpose.KEY_SHARE})

    def __init__(self, pool: bytes, salt: bytes) -> None:
        self._pool, self._salt, self._rest = pool, salt, SeededEnv(b"rfc 8448", TIME)

    def random(self, length: int, purpose: Purpose) -> bytes:
        if purpose is Purpose.PSS_SALT:
            return self._salt
        if purpose not in self.POOLED:
            return self._rest.random(length, purpose)
        taken, self._pool = self._pool[:length], self._pool[length:]
        assert len(taken) == length, f"the trace's pool is empty ({purpose.value})"
        return taken

    def now(self) -> float:
        return TIME

    def lock(self) -> AbstractContextManager[object]:
        return self._rest.lock()


class Trace:
    """One handshake of the file."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._fields: Mapping[str, str] = DATA["handshakes"][name]

    def __getitem__(self, name: str) -> bytes:
        return bytes.fromhex(self._fields[name])

    def get(self, name: str) -> bytes:
        return bytes.fromhex(self._fields.get(name, ""))

    @property
    def has_client_authentication(self) -> bool:
        return "Client_MessageToSign" in self._fields

    @property
    def retries(self) -> bool:
        return "Record_HelloRetryRequest" in self._fields

    @property
    def server_chain(self) -> bytes:
        return PEM["server_certificate_client_auth" if self.has_client_authentication else "server_certificate"]


def judge(pem: bytes, purpose: CertificatePurpose) -> Any:
    """A resolver that verifies for real: the trace's own certificate is the anchor, its 1,024-bit key is allowed."""
    trust = TrustStore(load_certificates(pem, "trace"))
    policy = Policy(time=TIME, purpose=purpose, server_name=None, minimum_rsa_bits=1024)

    def verify(need: VerifyPeer) -> VerifiedPeer:
        return verify_peer(need.chain, trust=trust, policy=policy)

    return verify


def demand(message: bytes, signature: bytes) -> Any:
    """A signer without a private key: it must be asked for exactly one message."""

    def sign(need: Sign) -> bytes:
        assert need.message == message
        return signature

    return sign


def server_config(trace: Trace) -> ServerConfig:
    ticket = trace.get("SessionTicket") if "Record_NewSessionTicket" in trace._fields else b""
    resolvers: dict[type[Any], Any] = {
        IssueTicket: lambda need: Ticket(30, ticket, 0xFAD6AAC5, ((0x2A, (1024).to_bytes(4, "big")),)),
        ChooseCookie: lambda need: trace.get("HelloRetryRequest_Cookie"),
        VerifyPeer: judge(PEM["client_certificate"], CertificatePurpose.CLIENT_AUTH),
    }
    certificates = load_certificates(trace.server_chain, "trace")
    key = None
    if trace.has_client_authentication:
        resolvers[Sign] = demand(trace["Server_MessageToSign"], trace["Server_MessageSignature"])
    else:
        key = load_private_key(PEM["server_key"], None, "trace")
    curves = (NamedGroup.SECP256R1, NamedGroup.SECP384R1)
    return ServerConfig(
        versions=(ProtocolVersion.TLSv1_3,),
        cipher_suites=(AES_128,),
        groups=curves if trace.retries else (NamedGroup.X25519, *curves),
        advertised_groups=(*ADVERTISED[1:3], ADVERTISED[0]) if trace.retries else ADVERTISED,
        credentials=(Credential(tuple(each.der for each in certificates), key, certificates[0]),),
        env=PoolEnv(trace["Server_RNG_Pool"], trace.get("Server_PSS_Salt")),
        verify=Verify.REQUIRED if trace.has_client_authentication else Verify.NONE,
        trust=TrustStore(()),
        certificate_request_schemes=CERTIFICATE_REQUEST_SCHEMES,
        ticket_count=1 if ticket else 0,
        resumption_context=b"trace",
        resolvers=resolvers,
    )


def client_config(trace: Trace) -> ClientConfig:
    hellos = iter([trace["Record_ClientHello_1"], trace.get("Record_ClientHello_2")])
    resolvers: dict[type[Any], Any] = {VerifyPeer: judge(trace.server_chain, CertificatePurpose.SERVER_AUTH)}
    credential = None
    if trace.has_client_authentication:
        certificates = load_certificates(PEM["client_certificate"], "trace")
        credential = Credential(tuple(each.der for each in certificates), None, certificates[0])
        resolvers[Sign] = demand(trace["Client_MessageToSign"], trace["Client_MessageSignature"])
    return ClientConfig(
        server_name="server",
        versions=(ProtocolVersion.TLSv1_3,),
        groups=(NamedGroup.X25519, NamedGroup.SECP256R1, NamedGroup.SECP384R1),
        resumption_context=b"trace",
        env=PoolEnv(trace["Client_RNG_Pool"], b""),
        trust=TrustStore(()),
        credential=credential,
        shape_hello=lambda hello: decode_handshake(ClientHello, next(hellos)[RECORD_HEADER:]),
        middlebox_compatibility=bool(trace.name.startswith("Middlebox")),
        resolvers=resolvers,
    )


def receive(connection: Connection, data: bytes, *, bytewise: bool = False) -> list[Any]:
    """Feeds bytes and collects the events."""
    events: list[Any] = []
    for piece in [data[i : i + 1] for i in range(len(data))] if bytewise else [data]:
        connection.receive_data(piece)
        while (event := connection.next_event()) is not None:
            events.append(event)
    return events


def of(events: list[Any], kind: type) -> list[Any]:
    return [event for event in events if isinstance(event, kind)]


@pytest.mark.parametrize("bytewise", [False, True], ids=["whole", "bytewise"])
@pytest.mark.parametrize("name", FULL_HANDSHAKES)
def test_server_reproduces_its_side_of_the_trace(name: str, bytewise: bool) -> None:
    trace = Trace(name)
    server = ServerConnection(server_config(trace))
    receive(server, trace["Record_ClientHello_1"], bytewise=bytewise)
    if trace.retries:
        assert server.data_to_send() == trace["Record_HelloRetryRequest"]
        receive(server, trace["Record_ClientHello_2"], bytewise=bytewise)
    assert server.data_to_send() == trace["Record_ServerHello"] + trace["Record_ServerHandshakeMessages"]
    events = receive(server, trace["Record_ClientFinished"], bytewise=bytewise)
    assert of(events, HandshakeCompleted)
    assert server.data_to_send() == trace.get("Record_NewSessionTicket")
    if trace.get("Client_AppData"):
        events = receive(server, trace["Record_Client_AppData"], bytewise=bytewise)
        assert of(events, DataReceived) == [DataReceived(trace["Client_AppData"])]
        server.send_data(trace["Server_AppData"])
        assert server.data_to_send() == trace["Record_Server_AppData"]
    assert receive(server, trace["Record_Client_CloseNotify"]) == [PeerClosed()]
    server.close()
    assert server.data_to_send() == trace["Record_Server_CloseNotify"]


@pytest.mark.parametrize("bytewise", [False, True], ids=["whole", "bytewise"])
@pytest.mark.parametrize("name", FULL_HANDSHAKES)
def test_client_accepts_the_trace_and_writes_its_own_side(name: str, bytewise: bool) -> None:
    trace = Trace(name)
    client = ClientConnection(client_config(trace))
    client.start()
    assert client.data_to_send() == trace["Record_ClientHello_1"]
    if trace.retries:
        receive(client, trace["Record_HelloRetryRequest"], bytewise=bytewise)
        assert client.data_to_send() == trace["Record_ClientHello_2"]
    flight = trace["Record_ServerHello"] + trace["Record_ServerHandshakeMessages"]
    events = receive(client, flight, bytewise=bytewise)
    assert of(events, HandshakeCompleted)
    assert client.data_to_send() == trace["Record_ClientFinished"]
    if trace.get("Record_NewSessionTicket"):
        (ticket,) = of(receive(client, trace["Record_NewSessionTicket"], bytewise=bytewise), TicketReceived)
        assert ticket.session.ticket == trace["SessionTicket"]
    if trace.get("Client_AppData"):
        client.send_data(trace["Client_AppData"])
        assert client.data_to_send() == trace["Record_Client_AppData"]
        events = receive(client, trace["Record_Server_AppData"], bytewise=bytewise)
        assert of(events, DataReceived) == [DataReceived(trace["Server_AppData"])]
    client.close()
    assert client.data_to_send() == trace["Record_Client_CloseNotify"]
    assert receive(client, trace["Record_Server_CloseNotify"]) == [PeerClosed()]
