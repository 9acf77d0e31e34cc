"""Pieces of TLS by themselves."""

from __future__ import annotations

import pytest

from puressl.codes import ProtocolVersion
from puressl.errors import Reason, SSLError
from puressl.explain.model import CLIENT, SERVER, Step
from puressl.explain.piece import explain_piece
from puressl.wire.messages import HEADER_LENGTH
from puressl.x509 import pem

from support import status
from support.configs import CERTS
from support.stories import BY_NAME, story

VERSIONS = {"tls13": ProtocolVersion.TLSv1_3, "tls12": ProtocolVersion.TLSv1_2}


def messages(name: str) -> list[Step]:
    return [step for step in story(name).steps if step.content_type == "handshake"]


def the_step(data: bytes, kind: str | None = None, version: int | None = None) -> Step:
    explained = explain_piece(data, "", kind, version)
    assert explained.error == ""
    (step,) = explained.story.steps
    return step


@pytest.mark.parametrize("name", BY_NAME)
def test_every_message_is_recognised_and_explained_as_in_its_connection(name: str) -> None:
    for step in messages(name):
        found = the_step(step.raw, version=VERSIONS[name[:5]])
        if "KeyExchange" not in step.message:  # the suite says which form that has
            assert (found.message, found.fields) == (step.message, step.fields)


@pytest.mark.parametrize("name", ["tls13 with a client certificate", "tls12 ECDHE with a client certificate"])
def test_the_form_of_a_message_is_found_by_what_it_decodes_as(name: str) -> None:
    for step in messages(name):
        assert the_step(step.raw).fields == step.fields


def test_several_forms_that_fit_are_noted() -> None:
    step = next(step for step in messages("tls12 RSA") if step.message == "ClientKeyExchange")
    (note,) = explain_piece(step.raw, "").story.notes
    assert "could be ClientKeyExchangeRSA as well" in note


def test_several_messages_are_explained_in_a_row() -> None:
    flight = [step for step in messages("tls12 ECDHE") if step.sender == SERVER][:4]
    found = explain_piece(b"".join(step.raw for step in flight), "")
    assert [step.message for step in found.story.steps] == [step.message for step in flight]
    assert found.error == ""


def test_records_are_explained_with_what_they_hold() -> None:
    told = story("tls12 ECDHE")
    plain = [record for record in told.records if record.sender == SERVER and not record.protected]
    found = explain_piece(b"".join(record.raw for record in plain), "")
    assert [record.fields for record in found.story.records] == [record.fields for record in plain]
    assert found.story.facts[:2] == told.facts[:2]
    assert found.error == ""


def test_protected_records_stay_as_they_are() -> None:
    record = next(record for record in story("tls13").records if record.content_type == "application_data")
    assert the_step(record.raw).message in ("encrypted application_data", "ApplicationData")


@pytest.mark.parametrize("name", ["tls13", "tls12 ECDHE"])
def test_a_client_hello_has_its_fingerprints(name: str) -> None:
    found = explain_piece(story(name).records[0].raw, "").story
    assert found.steps[0].sender == CLIENT
    assert (found.ja3, found.ja4) == (story(name).ja3, story(name).ja4)


@pytest.mark.parametrize(
    ("data", "kind"), [(b"\x02\x28", None), (b"\x15\x03\x03\x00\x02\x02\x28", None), (b"\1\0", "alert")]
)
def test_alerts_are_recognised(data: bytes, kind: str | None) -> None:
    assert the_step(data, kind).message.startswith("Alert ")


# Errors -----------------------------------------------------------------------------------------------------


def test_the_first_error_is_told_with_its_byte_and_field() -> None:
    step = messages("tls13")[0]
    at = next(field for field in step.fields if field.path == "ClientHello.cipher_suites.length").start
    broken = step.raw[:at] + b"\xff\xff" + step.raw[at + 2 :]
    found = explain_piece(broken, "")
    assert found.error.startswith(f"byte {at}: malformed message: ClientHello.cipher_suites: ")
    (shown,) = found.story.steps
    good = [field for field in step.fields if field.end <= at and field.depth > 0]
    assert [field for field in shown.fields if field.end <= at] == good
    assert shown.fields[-1].path.endswith(".undecoded")


def test_the_place_counts_from_the_start_of_the_piece() -> None:
    hello, *_, last = (step for step in messages("tls12 ECDHE") if step.sender == SERVER)
    broken = last.raw[:1] + b"\0\0\3" + b"abc"
    assert explain_piece(hello.raw + broken, "").error.startswith(f"byte {len(hello.raw) + 4}: ")
    record = story("tls13").records[0].raw
    assert explain_piece(record + record[:9], "").error.startswith(f"byte {len(record) + 9}: ")


@pytest.mark.parametrize("name", ["tls13", "tls12 ECDHE with a client certificate"])
def test_any_beginning_of_a_message_is_explained_as_far_as_it_goes(name: str) -> None:
    for step in messages(name)[:6]:
        for end in range(HEADER_LENGTH, len(step.raw), 7):
            found = explain_piece(step.raw[:end], "", "handshake")
            assert found.error.startswith("byte ")
            (shown,) = found.story.steps
            leaves = [
                field
                for number, field in enumerate(shown.fields)
                if number + 1 == len(shown.fields) or shown.fields[number + 1].depth <= field.depth
            ]
            assert [leaf.start for leaf in leaves[1:]] == [leaf.end for leaf in leaves[:-1]]
            assert (leaves[0].start, leaves[-1].end) == (0, end)


@pytest.mark.parametrize("data", [b"", b"\xff\xff\xff", b"\x16\x05\x01", bytes(3)])
def test_what_is_not_recognised_is_refused(data: bytes) -> None:
    with pytest.raises(SSLError) as caught:
        explain_piece(data, "")
    assert caught.value.reason is Reason.EINVAL


def test_what_it_is_may_be_said() -> None:
    assert explain_piece(b"GET / HTTP/1.0", "", "record").error.startswith(
        "byte 0: not a TLS record: looks like an HTTP"
    )
    assert explain_piece(b"\x7f\0\0\0", "", "handshake").error.startswith("byte 0: ")


# DER --------------------------------------------------------------------------------------------------------


def test_certificates_are_explained_in_pem_and_der() -> None:
    data = (CERTS / "p256" / "server-chain.pem").read_bytes()
    found = explain_piece(data, "")
    blocks = [block.decode() for block in pem.blocks(data)]
    assert [each.der for each in found.story.certificates] == blocks
    assert found.error == ""
    assert explain_piece(blocks[0], "").story.certificates == found.story.certificates[:1]


def test_a_malformed_certificate_is_shown_up_to_the_fault() -> None:
    der = pem.blocks((CERTS / "p256" / "server.pem").read_bytes())[0].decode()
    found = explain_piece(der[:200], "")
    assert "certificate: " in found.error
    (shown,) = found.story.certificates
    assert shown.tree[0][1] == "malformed"
    assert len(shown.tree) > 10
    found = explain_piece(der.replace(b"\x55\x1d\x0f", b"\x55\x1d\x80"), "")
    assert "byte" in found.error
    assert "tbsCertificate" in found.error


def test_crls_and_ocsp_responses_are_explained() -> None:
    crl = CERTS / "reasons"
    lists = sorted(crl.rglob("*.crl")) + sorted(crl.rglob("*crl*.pem"))
    for path in lists[:1]:
        assert explain_piece(path.read_bytes(), "").story.certificates[0].role == "CRL"
    response = status.stapling(status.server()).ocsp_response
    assert response is not None
    found = explain_piece(response, "").story.certificates[0]
    assert found.role == "OCSP response"
    assert "certStatus" in [label for _, label, _ in found.tree]


def test_another_kind_of_file_is_named() -> None:
    with pytest.raises(SSLError, match="PRIVATE KEY"):
        explain_piece((CERTS / "p256" / "server.key").read_bytes(), "")
    key = pem.blocks((CERTS / "p256" / "server.key").read_bytes())[0].decode()
    with pytest.raises(SSLError, match="a private key"):
        explain_piece(key, "")
