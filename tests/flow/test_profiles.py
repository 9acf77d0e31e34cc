"""Whose rules a peer's chain must keep: the public web's for the system's roots, path validation's for one's own."""

from __future__ import annotations

import pytest

from puressl.env import SeededEnv
from puressl.errors import Reason, SSLError
from puressl.x509 import build, pem
from puressl.x509.certificate import Certificate
from puressl.x509.credential import Credential
from puressl.x509.policy import Profile
from puressl.x509.store import TrustStore

from support.authority import key
from support.configs import SERVER_NAME, TIME, client_config, server_config
from support.joined import exchange_data, join

DAY = 86_400


def home_made(*, ca: bool) -> tuple[Credential, TrustStore]:
    """As people make them: a name in the subjectAltName, and nothing else that an issuer should write.

    ca: a self-signed certificate with cA TRUE that is presented as it is; else a leaf below such a one.
    """
    root, own = key("p256", "home root"), key("p256", "home")
    authority = _issue("Home CA", "Home CA", root, root, build.basic_constraints(True))
    names = build.subject_alt_name(build.GeneralNames(dns=(SERVER_NAME,)))
    if ca:
        alone = _issue("my box", "my box", own, own, build.basic_constraints(True), names)
        return Credential.of((alone,), own), TrustStore((alone,))
    leaf = _issue("some.other.lan", "Home CA", own, root, names)
    return Credential.of((leaf,), own), TrustStore((authority,))


def _issue(subject, issuer, own, signer, *extensions):
    template = build.CertificateTemplate(
        build.distinguished_name(("CN", subject)),
        build.distinguished_name(("CN", issuer)),
        own.public,
        int(TIME) - DAY,
        int(TIME) + DAY,
        extensions,
    )
    return Certificate.decode(build.issue(template, signer, SeededEnv(subject.encode(), TIME)))


@pytest.mark.parametrize("ca", [False, True])
def test_home_made_certificates_are_good_under_anchors_of_ones_own(ca):
    credential, trust = home_made(ca=ca)
    exchange_data(join(client={"trust": trust}, server={"credentials": (credential,)}).handshake())


@pytest.mark.parametrize(
    ("ca", "profile"), [(False, Profile.WEBPKI), (False, "webpki"), (False, "rfc5280"), (True, "webpki")]
)
def test_stricter_profile_refuses_them_when_asked_to(ca, profile):
    credential, trust = home_made(ca=ca)
    joined = join(client={"trust": trust, "profile": profile}, server={"credentials": (credential,)}).handshake()
    assert joined.client.error.reason is Reason.EPEERCERT


def test_bundled_certificates_are_good_for_every_profile():
    for profile in Profile:
        exchange_data(join(client={"profile": profile}).handshake())


def test_default_is_the_webs_rules_for_the_systems_roots_and_no_others(monkeypatch, tmp_path):
    monkeypatch.delenv("SSL_CERT_FILE", raising=False)
    monkeypatch.delenv("SSL_CERT_DIR", raising=False)
    bundle = tmp_path / "bundle.pem"
    bundle.write_bytes(pem.encode("CERTIFICATE", home_made(ca=False)[1].anchors[0].der))
    monkeypatch.setattr("puressl.x509.store.SYSTEM_BUNDLES", (str(bundle),))
    assert client_config(trust=None).profile is Profile.WEBPKI
    assert client_config().profile is server_config().profile is Profile.PATH
    monkeypatch.setenv("SSL_CERT_FILE", str(bundle))
    assert client_config(trust=None).profile is Profile.PATH


def test_profile_is_part_of_what_a_session_resumes_under():
    scopes = {client_config(profile=profile).scope for profile in Profile}
    assert len(scopes) == len(Profile)
    assert client_config(profile="webpki").scope == client_config(profile=Profile.WEBPKI).scope


def test_unknown_profile_is_a_bad_option():
    with pytest.raises(SSLError) as caught:
        client_config(profile="browser")
    assert caught.value.reason is Reason.EOPTIONS
