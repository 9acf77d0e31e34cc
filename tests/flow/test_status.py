"""Revocation in handshakes: what servers staple, what clients make of it, and of CRLs, in both versions."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from puressl.codes import AlertDescription, CipherSuite, ExtensionType
from puressl.config import Verify
from puressl.connection import ClientConnection, ServerConnection
from puressl.errors import Problem, Reason, SSLError
from puressl.events import VerifyPeer
from puressl.wire import (
    Certificate,
    Certificate12,
    CertificateEntry,
    CertificateStatus12,
    CertificateStatusEntry,
    ClientHello,
    ServerHello,
    ServerKeyExchangeECDHE,
    StatusRequest,
    StatusRequestAck,
)
from puressl.x509 import pem
from puressl.x509.ocsp import Status
from puressl.x509.policy import Revocation
from puressl.x509.revocation import FetchRequest
from puressl.x509.verifier import danger_accept_unverified

from support import status
from support.altered import changing, dropping, inserting, with_extension
from support.bad_peer import Rewrite, Watcher, adding_extension, assert_refused
from support.configs import client_config, credential, server_config
from support.joined import TLS12, TLS13, exchange_data, join
from support.link import Link

VERSIONS = pytest.mark.parametrize("version", [TLS12, TLS13], ids=["tls12", "tls13"])
SUITES_12 = {
    "ECDHE": CipherSuite.TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256,
    "DHE": CipherSuite.TLS_DHE_RSA_WITH_CHACHA20_POLY1305_SHA256,
    "RSA": CipherSuite.TLS_RSA_WITH_AES_128_GCM_SHA256,
}
CA = status.intermediate()
LEAF = status.server().leaf


def meet(version: Any, stapled: bytes | None = None, *, bad_server: Rewrite | None = None, **client: Any) -> Link:
    """A handshake with the usual server, which staples what is given."""
    server = client.pop("server", None) or status.server()
    server = server if stapled is None else replace(server, ocsp_response=stapled)
    return join(
        versions=(version,),
        client={"trust": status.trust(), **client},
        server={"credentials": (server,)},
        bad_server=bad_server,
    ).handshake()


def refused(joined: Link, problem: Problem) -> None:
    assert_refused(joined.client, problem, peer=joined.server)


def stapled_in(joined: Link) -> list[bytes]:
    """What the client received."""
    found = []
    for message in joined.client.connection.config.tracer.received:
        if isinstance(message, CertificateStatus12):
            found.append(message.response)
        if isinstance(message, Certificate):
            entries = (entry.extensions.get(CertificateStatusEntry) for entry in message.entries)
            found += [entry.response for entry in entries if entry is not None]
    return found


# What is stapled --------------------------------------------------------------------------------------------


@VERSIONS
@pytest.mark.parametrize("mode", list(Revocation))
def test_server_staples_to_a_client_that_asks(version, mode):
    joined = meet(version, status.good(status.server()), revocation=mode, crls=(status.root().crl(),))
    exchange_data(joined)
    assert len(stapled_in(joined)) == (mode is not Revocation.OFF)


@VERSIONS
@pytest.mark.parametrize("fields", [{"status_request": False}, {"revocation": "off"}, {"verify": Verify.NONE}])
def test_client_asks_only_where_somebody_judges(version, fields):
    joined = meet(version, status.good(status.server()), **fields)
    exchange_data(joined)
    (hello,) = joined.client.connection.config.tracer.of(ClientHello)
    assert hello.extensions.get(StatusRequest) is None
    assert stapled_in(joined) == []


@pytest.mark.parametrize("suite", SUITES_12.values(), ids=SUITES_12)
@pytest.mark.parametrize("with_client", [False, True])
def test_every_key_exchange_of_tls12_staples(suite, with_client):
    server = status.stapling(status.server("rsa"))
    asking = {"verify": Verify.REQUIRED, "trust": join("p256").client.connection.config.trust} if with_client else {}
    joined = join(
        versions=(TLS12,),
        cipher_suites=(suite,),
        client={"trust": status.trust(), "credential": credential("p256", "client")},
        server={"credentials": (server,), **asking},
    ).handshake()
    exchange_data(joined)
    assert stapled_in(joined) == [server.ocsp_response]


def answering(**fields: Any) -> bytes:
    return CA.respond(replace(CA.answer(LEAF), **fields))


UNSATISFACTORY = {
    "unknown": CA.respond(CA.answer(LEAF, Status.UNKNOWN)),
    "stale": answering(this_update=status.NOW - 10 * status.DAY, next_update=status.NOW - 1),
    "of the future": answering(this_update=status.NOW + 60),
    "about another certificate": CA.respond(CA.answer(CA.certificate)),
    "of another issuer": status.root().respond(status.root().answer(LEAF)),
    "by another responder": status.root().respond(status.root().answer(LEAF, of=CA.certificate)),
    "malformed": b"\x30\x03\x02\x01",
    "cut": status.good(status.server())[:-1],
    "forged": status.good(status.server())[:-1] + b"\x00",
    "try later": status.TRY_LATER,
}


@VERSIONS
@pytest.mark.parametrize("response", UNSATISFACTORY.values(), ids=UNSATISFACTORY)
def test_unsatisfactory_response_ends_the_handshake(version, response):
    """RFC 6066 8."""
    joined = meet(version, response)
    refused(joined, Problem.CERTIFICATE_STATUS_RESPONSE)
    assert joined.client.error.reason is Reason.EPEERCERT
    assert joined.server.error.received == AlertDescription.BAD_CERTIFICATE_STATUS_RESPONSE


@VERSIONS
def test_revoked_server_is_refused_as_revoked(version):
    joined = meet(version, CA.respond(CA.answer(LEAF, Status.REVOKED)))
    refused(joined, Problem.CERTIFICATE_REVOKED)


@VERSIONS
def test_required_wants_a_response_and_if_present_does_not(version):
    exchange_data(meet(version))
    lists = (status.root().crl(),)  # for the intermediate
    refused(meet(version, revocation="required", crls=lists), Problem.CERTIFICATE_STATUS_UNKNOWN)
    exchange_data(meet(version, status.good(status.server()), revocation="required", crls=lists))


def test_responses_of_intermediates_count():
    """RFC 8446 4.4.2.1."""

    def staple(state: Status) -> Rewrite:
        response = status.root().respond(status.root().answer(CA.certificate, state))

        def change(entries: tuple[CertificateEntry, ...]) -> tuple[CertificateEntry, ...]:
            add = with_extension(CertificateStatusEntry(1, response))
            return (entries[0], replace(entries[1], extensions=add(entries[1].extensions)))

        return changing(Certificate, entries=change)

    stapled = status.good(status.server())
    exchange_data(meet(TLS13, stapled, bad_server=staple(Status.GOOD), revocation="required"))
    refused(meet(TLS13, bad_server=staple(Status.REVOKED)), Problem.CERTIFICATE_REVOKED)


# Must-staple (RFC 7633) -------------------------------------------------------------------------------------


@VERSIONS
@pytest.mark.parametrize("critical", [False, True])
def test_server_that_must_staple_is_refused_without_a_response(version, critical):
    server = status.server(must_staple=True, critical=critical)
    exchange_data(meet(version, status.good(server), server=server))
    refused(meet(version, server=server), Problem.CERTIFICATE_STATUS_UNKNOWN)
    for lenient in ({"revocation": "off"}, {"status_request": False}):
        exchange_data(meet(version, server=server, **lenient))


# Protocol ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("suite", SUITES_12.values(), ids=SUITES_12)
@pytest.mark.parametrize("must_staple", [False, True])
def test_server_may_withhold_what_it_acknowledged(suite, must_staple):
    """RFC 6066 8; the chain is judged without, then."""
    server = status.stapling(status.server("rsa", must_staple=must_staple))
    joined = join(
        versions=(TLS12,),
        cipher_suites=(suite,),
        client={"trust": status.trust()},
        server={"credentials": (server,)},
        bad_server=dropping(CertificateStatus12),
    ).handshake()
    if must_staple:
        refused(joined, Problem.CERTIFICATE_STATUS_UNKNOWN)
    else:
        exchange_data(joined)


def test_server_with_rsa_key_exchange_may_withhold_it_and_ask_for_a_certificate():
    joined = join(
        versions=(TLS12,),
        cipher_suites=(SUITES_12["RSA"],),
        client={"trust": status.trust()},
        server={
            "credentials": (status.stapling(status.server("rsa")),),
            "verify": Verify.PEER,
            "trust": status.trust(),
        },
        bad_server=dropping(CertificateStatus12),
    ).handshake()
    exchange_data(joined)


def test_unsolicited_status_is_refused():
    response = status.good(status.server())
    unasked = {"status_request": False}
    one = adding_extension(
        Certificate, ExtensionType.STATUS_REQUEST, b"\x01" + len(response).to_bytes(3, "big") + response
    )
    refused(meet(TLS13, bad_server=one, **unasked), Problem.UNSOLICITED_EXTENSION)
    acknowledged = adding_extension(ServerHello, ExtensionType.STATUS_REQUEST, b"")
    refused(meet(TLS12, bad_server=acknowledged, **unasked), Problem.UNSOLICITED_EXTENSION)
    for fields in (unasked, {}):
        unpromised = inserting(ServerKeyExchangeECDHE, CertificateStatus12(1, response))
        refused(meet(TLS12, bad_server=unpromised, **fields), Problem.UNEXPECTED_MESSAGE)


def test_second_or_early_status_is_refused():
    stapled = status.good(status.server())
    twice = inserting(CertificateStatus12, CertificateStatus12(1, stapled))
    refused(meet(TLS12, stapled, bad_server=twice), Problem.UNEXPECTED_MESSAGE)
    early = inserting(Certificate12, CertificateStatus12(1, stapled))
    refused(meet(TLS12, stapled, bad_server=early), Problem.UNEXPECTED_MESSAGE)


def test_status_of_another_type_is_refused():
    stapled = status.good(status.server())
    refused(meet(TLS12, stapled, bad_server=changing(CertificateStatus12, status_type=2)), Problem.ILLEGAL_PARAMETER)
    other = adding_extension(Certificate, ExtensionType.STATUS_REQUEST, b"\x02\x00\x00\x01\x00")
    refused(meet(TLS13, stapled, bad_server=other), Problem.ILLEGAL_PARAMETER)


@VERSIONS
def test_server_does_not_answer_a_request_of_another_type(version):
    def shaped(hello: ClientHello) -> ClientHello:
        return replace(hello, extensions=with_extension(StatusRequest(2, b"", b""))(hello.extensions))

    joined = meet(version, status.good(status.server()), shape_hello=shaped)
    exchange_data(joined)
    assert stapled_in(joined) == []


@VERSIONS
def test_resumption_staples_nothing(version):
    server = status.stapling(status.server())
    ours = client_config(versions=(version,), trust=status.trust(), tracer=Watcher())
    theirs = server_config(versions=(version,), credentials=(server,), tracer=Watcher())
    for resumed in (False, True):
        joined = Link(ClientConnection(ours), ServerConnection(theirs)).handshake().raise_errors()
        assert joined.client.connection.negotiated.resumed is resumed
    assert len(stapled_in(joined)) == 1
    acknowledged = [hello.extensions.get(StatusRequestAck) for hello in theirs.tracer.of(ServerHello)]
    assert acknowledged[1] is None


@VERSIONS
def test_resolver_is_told_what_was_stapled(version):
    needs: list[VerifyPeer] = []

    def judge(need: VerifyPeer) -> Any:
        needs.append(need)
        return danger_accept_unverified(need.chain)

    asked = {"resolvers": {VerifyPeer: judge}}
    stapled = status.good(status.server())
    meet(version, stapled, **asked)
    meet(version, **asked)
    meet(version, stapled, status_request=False, **asked)
    assert [need.ocsp_responses[:1] for need in needs] == [(stapled,), (b"",), ()]


# CRLs, and the options ---------------------------------------------------------------------------------------


@VERSIONS
@pytest.mark.parametrize("form", [bytes, lambda crl: b"text\n" + pem.encode("X509 CRL", crl)], ids=["der", "pem"])
def test_lists_of_the_configuration_count(version, form):
    lists = (form(CA.crl()), form(status.root().crl()))
    exchange_data(meet(version, crls=lists, revocation="required"))
    revoking = (form(CA.crl(LEAF)), form(status.root().crl()))
    refused(meet(version, crls=revoking), Problem.CERTIFICATE_REVOKED)
    exchange_data(meet(version, crls=revoking, revocation="off"))


@VERSIONS
def test_server_looks_for_its_clients_in_lists(version):
    joined = join(
        versions=(version,),
        client={"credential": credential("p256", "client")},
        server={"verify": Verify.REQUIRED, "trust": client_config().trust, "revocation": "required"},
    ).handshake()
    assert_refused(joined.server, Problem.CERTIFICATE_STATUS_UNKNOWN, peer=joined.client)


@VERSIONS
def test_fetch_is_asked_for_what_is_not_at_hand(version):
    def fetch(request: FetchRequest) -> bytes:
        asked.append((request.kind, request.urls))
        return answer

    asked: list[Any] = []
    required: dict[str, Any] = {"revocation": "required", "crls": (status.root().crl(),), "fetch": fetch}
    answer = status.good(status.server())
    exchange_data(meet(version, answer, **required))
    assert asked == []
    exchange_data(meet(version, **required))
    assert asked == [("ocsp", (status.RESPONDER,))]
    answer = CA.respond(CA.answer(LEAF, Status.REVOKED))
    refused(meet(version, **required), Problem.CERTIFICATE_REVOKED)


def test_revocation_is_part_of_what_a_session_resumes_under():
    lists = CA.crl(), CA.crl(LEAF)
    variants: list[dict[str, Any]] = [
        {},
        {"revocation": "off"},
        {"revocation": "required"},
        {"status_request": False},
        {"crls": lists[:1]},
        {"crls": lists[1:]},
        {"crls": lists},
        {"fetch": lambda request: None},
    ]
    assert len({client_config(**fields).scope for fields in variants}) == len(variants)
    assert client_config(crls=lists).scope == client_config(crls=lists[::-1]).scope
    assert client_config(revocation="required").scope == client_config(revocation=Revocation.REQUIRED).scope


@pytest.mark.parametrize(
    ("fields", "option"),
    [
        ({"revocation": "perhaps"}, "revocation"),
        ({"crls": (b"no CRL",)}, "crls: number 1"),
        ({"crls": (CA.crl(), b"-----BEGIN X509 CRL-----\n")}, "crls: number 2"),
        ({"crls": (pem.encode("CERTIFICATE", LEAF.der),)}, "crls: number 1"),
        ({"crls": (b"",)}, "crls: number 1"),
        ({"crls": CA.crl()}, "crls"),
    ],
)
def test_bad_option_is_named(fields, option):
    for make in (client_config, server_config):
        with pytest.raises(SSLError, match=option) as caught:
            make(**fields)
        assert caught.value.reason is Reason.EOPTIONS


def test_response_too_long_for_its_place_is_refused_at_once():
    with pytest.raises(SSLError, match="ocsp_response"):
        replace(status.server(), ocsp_response=bytes(2**16))
