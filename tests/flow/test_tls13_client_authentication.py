"""Client certificates in TLS 1.3 (RFC 8446 4.3.2, 4.4.2)."""

from __future__ import annotations

from typing import Any

import pytest

from puressl.codes import AlertDescription, SignatureScheme
from puressl.config import Verify
from puressl.errors import Problem, Reason
from puressl.events import ChooseCredential, HandshakeCompleted
from puressl.wire import (
    Certificate,
    CertificateAuthorities,
    CertificateRequest,
    CertificateVerify,
    Extensions,
    RawExtension,
)

from support.altered import changing
from support.authority import issued, roots
from support.bad_peer import alert_received_by, assert_refused
from support.configs import KEY_TYPES, credential, trust
from support.joined import exchange_data, join


def asking(verify: Verify = Verify.REQUIRED, key_type: str = "p256", **fields: Any) -> dict[str, Any]:
    return {"verify": verify, "trust": trust(key_type), **fields}


@pytest.mark.parametrize("verify", [Verify.PEER, Verify.REQUIRED])
@pytest.mark.parametrize("key_type", KEY_TYPES)
def test_client_is_authenticated(key_type: str, verify: Verify) -> None:
    own = credential(key_type, "client")
    joined = join(client={"credential": own}, server=asking(verify, key_type)).handshake().raise_errors()
    agreed = joined.server.connection.negotiated
    assert agreed.peer_chain == joined.server.connection.peer_certificates == own.chain
    assert "CN=client.example" in agreed.verified_path[0]
    assert agreed.signature_scheme in own.schemes(agreed.version)
    exchange_data(joined)


@pytest.mark.parametrize("kind", ["p521", "ed448", "rsa-pss"])
def test_client_is_authenticated_with_rarer_keys(kind: str) -> None:
    own = issued(kind, "client.example", purpose="clientAuth")
    joined = join(client={"credential": own}, server={"verify": Verify.REQUIRED, "trust": roots()}).handshake()
    joined.raise_errors()
    assert joined.server.connection.negotiated.peer_chain == own.chain


def test_client_without_a_certificate_is_anonymous_where_none_is_required() -> None:
    joined = join(server=asking(Verify.PEER)).handshake().raise_errors()
    assert joined.server.connection.negotiated.peer_chain == ()
    assert joined.client.connection.config.tracer.of(Certificate) == [Certificate(b"", ())]
    assert joined.client.connection.config.tracer.of(CertificateVerify) == []
    exchange_data(joined)


def test_client_without_a_certificate_is_refused_where_one_is_required() -> None:
    joined = join(server=asking()).handshake()
    assert_refused(joined.server, Problem.NO_CERTIFICATE, peer=joined.client)
    assert alert_received_by(joined.client) == AlertDescription.CERTIFICATE_REQUIRED
    assert not joined.server.of(HandshakeCompleted)


def test_a_client_that_is_not_asked_sends_no_certificate() -> None:
    joined = join(client={"credential": credential("p256", "client")}).handshake().raise_errors()
    assert joined.client.connection.config.tracer.of(Certificate) == []


def test_client_certificate_of_an_unknown_root_is_refused_even_where_none_is_required() -> None:
    server = asking(Verify.PEER, trust=roots())
    joined = join(client={"credential": credential("p256", "client")}, server=server).handshake()
    assert_refused(joined.server, Problem.CERTIFICATE_NO_ISSUER, peer=joined.client)
    assert joined.server.error.reason is Reason.ENOISSUERCERT


def test_a_servers_certificate_is_none_for_a_client() -> None:
    joined = join(client={"credential": credential("p256", "server")}, server=asking()).handshake()
    assert_refused(joined.server, Problem.CERTIFICATE_USAGE, peer=joined.client)


def test_client_keeps_a_certificate_back_that_the_server_cannot_verify() -> None:
    """RFC 8446 4.4.2.3: the key must fit the server's signature_algorithms."""
    schemes = (SignatureScheme.ECDSA_SECP256R1_SHA256,)
    server = asking(Verify.PEER, certificate_request_schemes=schemes)
    joined = join(client={"credential": credential("ed25519", "client")}, server=server).handshake().raise_errors()
    assert joined.server.connection.negotiated.peer_chain == ()


def test_client_signs_with_the_servers_first_scheme_that_its_key_has() -> None:
    schemes = (SignatureScheme.ED25519, SignatureScheme.RSA_PSS_RSAE_SHA512, SignatureScheme.RSA_PSS_RSAE_SHA256)
    server = asking(key_type="rsa2048", certificate_request_schemes=(*schemes, SignatureScheme.RSA_PKCS1_SHA256))
    joined = join(client={"credential": credential("rsa2048", "client")}, server=server).handshake().raise_errors()
    assert joined.server.connection.negotiated.signature_scheme == SignatureScheme.RSA_PSS_RSAE_SHA512


@pytest.mark.parametrize("named", [True, False])
def test_the_server_names_its_trusted_roots_unless_told_not_to(named: bool) -> None:
    asked: list[ChooseCredential] = []

    def choose(need: ChooseCredential) -> Any:
        asked.append(need)
        return credential("p256", "client")

    server = asking(authorities=named)
    joined = join(client={"resolvers": {ChooseCredential: choose}}, server=server).handshake().raise_errors()
    (request,) = joined.server.connection.config.tracer.of(CertificateRequest)
    names = tuple(anchor.subject.der for anchor in trust("p256").anchors)
    assert request.extensions.get(CertificateAuthorities) == (CertificateAuthorities(names) if named else None)
    assert asked[0].authorities == (names if named else ())


def test_a_client_ignores_unknown_extensions_of_a_request() -> None:
    """RFC 8446 4.3.2."""
    rewrite = changing(
        CertificateRequest, extensions=lambda old: Extensions((RawExtension(0xFEFE, b"?"), *old, RawExtension(57, b"")))
    )
    own = credential("p256", "client")
    joined = join(client={"credential": own}, server=asking(), bad_server=rewrite).handshake().raise_errors()
    assert joined.server.connection.negotiated.peer_chain == own.chain
