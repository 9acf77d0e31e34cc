"""Trust anchors: from files, from memory, from the system."""

from __future__ import annotations

import pytest

from puressl.errors import Reason, SSLError
from puressl.x509 import pem, store
from puressl.x509.store import TrustStore


@pytest.fixture(scope="module")
def roots(ca):
    return [ca.issue("first"), ca.issue("second")]


def encoded(*roots):
    return b"".join(pem.encode("CERTIFICATE", root.der) for root in roots)


def test_file_and_memory_give_the_same_store(tmp_path, roots):
    path = tmp_path / "roots.pem"
    path.write_bytes(encoded(*roots))
    from_file, from_memory = TrustStore.from_file(path), TrustStore.from_bytes(encoded(*roots), "memory")
    assert from_file.fingerprint == from_memory.fingerprint
    assert len(from_file) == 2


def test_fingerprint_ignores_order_and_repetition_but_not_contents(ca, roots):
    first, second = roots
    assert ca.store(first, second).fingerprint == ca.store(second, first, second).fingerprint
    assert ca.store(first).fingerprint != ca.store(second).fingerprint != TrustStore(()).fingerprint


def test_subjects_are_listed_once(ca, roots):
    again = ca.issue("first", key=ca.key_of("another"))
    assert ca.store(*roots, again).subjects == (roots[0].subject, roots[1].subject)


def test_lookup_is_by_normalised_subject(ca, roots):
    trust = ca.store(*roots)
    shouting = ca.issue("FIRST").certificate
    assert trust.issuers(shouting.subject) == (roots[0].certificate,)
    assert roots[0].certificate in trust
    assert shouting not in trust


@pytest.mark.parametrize(
    "data", [None, b"", b"junk", encoded() + b"-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n"]
)
def test_unusable_file_is_an_error_that_names_it(tmp_path, data):
    path = tmp_path / "roots.pem"
    if data is not None:
        path.write_bytes(data)
    with pytest.raises(SSLError, match=r"roots\.pem") as caught:
        TrustStore.from_file(path)
    assert caught.value.reason is Reason.ECACERTFILE


def test_system_takes_the_environments_file_and_directory(tmp_path, roots):
    first, second = roots
    bundle, folder = tmp_path / "bundle.pem", tmp_path / "certs"
    folder.mkdir()
    bundle.write_bytes(encoded(first))
    (folder / "second.pem").write_bytes(encoded(second))
    (folder / "0a1b2c3d.0").symlink_to("second.pem")
    assert TrustStore.system({"SSL_CERT_FILE": str(bundle)}).anchors == (first.certificate,)
    assert TrustStore.system({"SSL_CERT_DIR": str(folder)}).anchors == (second.certificate,)
    assert len(TrustStore.system({"SSL_CERT_FILE": str(bundle), "SSL_CERT_DIR": str(folder)})) == 2


def test_system_bundle_with_a_bad_certificate_gives_the_others_and_says_which(tmp_path, roots):
    first, second = roots
    bundle = tmp_path / "bundle.pem"
    bundle.write_bytes(encoded(first) + pem.encode("CERTIFICATE", b"junk") + encoded(second))
    trust = TrustStore.system({"SSL_CERT_FILE": str(bundle)})
    assert len(trust) == 2
    assert len(trust.skipped) == 1
    assert "bundle.pem: certificate 2" in trust.skipped[0]


@pytest.mark.parametrize(
    ("bad", "said"),
    [
        (pem.encode("CERTIFICATE", b"junk"), "certificate 2"),
        (b"-----BEGIN CERTIFICATE-----\n!\n-----END CERTIFICATE-----\n", "not base64"),
        (b"-----BEGIN CERTIFICATE-----\nMAA=\n", "no END line"),
    ],
    ids=["der", "base64", "end"],
)
def test_bundle_with_one_bad_certificate_gives_the_others_and_says_which_unless_strict(tmp_path, roots, bad, said):
    first, second = roots
    bundle = tmp_path / "bundle.pem"
    bundle.write_bytes(b"# comment\n" + encoded(first) + bad + encoded(second))
    trust = TrustStore.from_file(bundle)
    assert trust.anchors == (first.certificate, second.certificate)
    (skipped,) = trust.skipped
    assert "bundle.pem" in skipped
    assert said in skipped
    with pytest.raises(SSLError, match=r"bundle\.pem") as caught:
        TrustStore.from_file(bundle, strict=True)
    assert caught.value.reason is Reason.ECACERTFILE


def test_directory_gives_the_anchors_of_all_its_files(tmp_path, roots):
    for number, root in enumerate(roots):
        (tmp_path / f"{number}.pem").write_bytes(encoded(root))
    (tmp_path / "README").write_bytes(b"not a certificate")
    trust = TrustStore.from_file(tmp_path)
    assert len(trust) == 2
    assert "README" in trust.skipped[0]
    with pytest.raises(SSLError):
        TrustStore.from_file(tmp_path, strict=True)


def test_file_of_a_directory_that_cannot_be_read_spoils_no_other(tmp_path, roots):
    for number, root in enumerate(roots):
        (tmp_path / f"{number}.pem").write_bytes(encoded(root))
    (tmp_path / "huge.pem").write_bytes(encoded(roots[0]) + bytes(store.MAX_BUNDLE))
    for trust in (TrustStore.from_file(tmp_path), TrustStore.system({"SSL_CERT_DIR": str(tmp_path)})):
        assert len(trust) == 2
        assert "huge.pem" in trust.skipped[0]
    with pytest.raises(SSLError, match=r"huge\.pem"):
        TrustStore.from_file(tmp_path, strict=True)


def test_empty_directory_is_an_error(tmp_path):
    with pytest.raises(SSLError, match="no trusted certificate"):
        TrustStore.from_file(tmp_path)


def test_missing_file_of_the_environment_is_an_error(tmp_path):
    with pytest.raises(SSLError, match="nowhere") as caught:
        TrustStore.system({"SSL_CERT_FILE": str(tmp_path / "nowhere")})
    assert caught.value.reason is Reason.ECACERTFILE


def test_system_falls_back_to_certifi(monkeypatch):
    pytest.importorskip("certifi")
    monkeypatch.setattr(store, "SYSTEM_BUNDLES", ())
    trust = TrustStore.system({})
    assert len(trust) > 50
    assert trust.skipped == ()
