"""The chains of the family ``x509`` that stand beside those of ``certs/reasons``: a row each.

Theory of operation: a row says in which parts a chain of leaf, CAs and root differs from a sound one, what is asked of
it, and whether it holds. The rules are those of RFC 5280 6, RFC 6125 and RFC 9525; a chain that holds stands beside
those that do not.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from puressl.crypto.hashes import HashAlgorithm
from puressl.crypto.signatures import Algorithm, Kind
from puressl.env import SeededEnv
from puressl.vectors import chains
from puressl.vectors.chains import SERVER_NAME, SOUND, TIME, VALID, Issued, Part
from puressl.vectors.documents import Json
from puressl.x509 import build
from puressl.x509 import extensions as ext
from puressl.x509.build import Extension, GeneralNames
from puressl.x509.build_revocation import CRLTemplate, RevokedEntry, crl_number, issue_crl
from puressl.x509.certificate import Certificate


@dataclass(frozen=True, slots=True)
class Row:
    """A chain. valid: whether it holds. presented: places of the chain in the order sent, leaf 0; None: all but the
    root. terms: what is asked besides. revoked: the places that their issuers' CRLs list; None: there are no CRLs.
    """

    name: str
    description: str
    clause: str
    valid: bool
    leaf: Part = SOUND
    cas: Sequence[Part] = (SOUND,)
    root: Part = SOUND
    presented: Sequence[int] | None = None
    terms: Mapping[str, Json] = field(default_factory=dict)
    revoked: Sequence[int] | None = None
    crl_validity: tuple[int, int] = VALID

    @property
    def given(self) -> Json:
        """The chain as presented, the anchors, the terms and the CRLs."""
        made = chains.chain(self.root, self.cas, self.leaf)
        order = range(len(made) - 1) if self.presented is None else self.presented
        terms = {"time": TIME, "purpose": "server", "server_name": SERVER_NAME, "profile": "rfc5280"}
        return {
            "chain": [made[place].der.hex() for place in order],
            "trust": [made[-1].der.hex()],
            "terms": {**terms, **self.terms},
            "crls": [] if self.revoked is None else [crl.hex() for crl in self._crls(made)],
        }

    def _crls(self, made: Sequence[Issued]) -> Iterator[bytes]:
        for place, issuer in enumerate(made[1:]):
            serials = [Certificate.decode(made[place].der).serial] if place in (self.revoked or ()) else []
            template = CRLTemplate(
                issuer=chains.subject(issuer.name),
                this_update=self.crl_validity[0],
                next_update=self.crl_validity[1],
                entries=tuple(RevokedEntry(serial, VALID[0], 1) for serial in serials),
                extensions=(build.authority_key_identifier(issuer.key.public), crl_number(1)),
            )
            yield issue_crl(template, issuer.key, SeededEnv(b"puressl vector crls 1 " + issuer.name.encode(), TIME))


def _with(*extensions: Extension, **more: Json) -> Part:
    return Part(extensions=extensions, **more)


def _limited(length: int | None) -> Part:
    return _with(build.basic_constraints(True, length))


def _names(*dns: str, **others: Any) -> Part:
    return _with(build.subject_alt_name(GeneralNames(dns=dns, **others)))


def _constrained(permitted: GeneralNames | None = None, excluded: GeneralNames | None = None) -> Part:
    return _with(build.name_constraints(permitted, excluded))


def _flip(der: bytes) -> bytes:
    return der[:-1] + bytes((der[-1] ^ 1,))


_UNKNOWN, _UNKNOWN_CRITICAL = (
    Extension("1.3.6.1.4.1.99999.9", b"\x05\x00"),
    Extension("1.3.6.1.4.1.99999.9", b"\x05\x00", critical=True),
)
_DAY = 86_400

_PATHS = (
    Row("one-ca", "Leaf, CA, root.", "5280 6.1", True),
    Row("no-ca", "The leaf is issued by the root.", "5280 6.1", True, cas=()),
    Row("three-cas", "Three CAs under the root.", "5280 6.1", True, cas=(SOUND,) * 3),
    Row("any-order", "The CAs stand in another order.", "8446 4.4.2", True, cas=(SOUND,) * 3, presented=(0, 3, 1, 2)),
    Row("root-presented", "The root is presented, too.", "8446 4.4.2", True, presented=(0, 1, 2)),
    Row("leaf-twice", "The leaf is presented twice.", "8446 4.4.2", True, presented=(0, 0, 1)),
    Row("no-issuer", "The CA is missing.", "5280 6.1", False, presented=(0,)),
    Row("gap", "The second of three CAs is missing.", "5280 6.1", False, cas=(SOUND,) * 3, presented=(0, 1, 3)),
    Row(
        "depth-2",
        "Three CAs where two are allowed between leaf and root.",
        "5280 6.1",
        False,
        cas=(SOUND,) * 3,
        terms={"depth": 2},
    ),
    Row("depth-3", "Three CAs where three are allowed.", "5280 6.1", True, cas=(SOUND,) * 3, terms={"depth": 3}),
    Row("other-issuer", "The leaf names another issuer.", "5280 6.1.3", False, leaf=Part(issuer="CA 9")),
)
_TIMES = (
    Row("first-second", "The leaf's first second.", "5280 4.1.2.5", True, leaf=Part(validity=(TIME, VALID[1]))),
    Row("last-second", "The leaf's last second.", "5280 4.1.2.5", True, leaf=Part(validity=(VALID[0], TIME))),
    Row(
        "a-second-early",
        "A second before the leaf is valid.",
        "5280 4.1.2.5",
        False,
        leaf=Part(validity=(TIME + 1, VALID[1])),
    ),
    Row(
        "a-second-late",
        "A second after the leaf was valid.",
        "5280 4.1.2.5",
        False,
        leaf=Part(validity=(VALID[0], TIME - 1)),
    ),
    Row("ca-expired", "The CA has expired.", "5280 6.1.3", False, cas=(Part(validity=(VALID[0], TIME - _DAY)),)),
    Row("ca-not-yet", "The CA is not yet valid.", "5280 6.1.3", False, cas=(Part(validity=(TIME + _DAY, VALID[1])),)),
    Row(
        "generalized-time",
        "notAfter in 2050: GeneralizedTime.",
        "5280 4.1.2.5",
        True,
        leaf=Part(validity=(VALID[0], 2_524_608_000)),
    ),
)
_CONSTRAINTS = (
    Row("path-length-0", "pathLenConstraint 0, and no CA below.", "5280 4.2.1.9", True, cas=(_limited(0),)),
    Row(
        "path-length-0-and-ca", "pathLenConstraint 0, and a CA below.", "5280 4.2.1.9", False, cas=(_limited(0), SOUND)
    ),
    Row("path-length-1", "pathLenConstraint 1, and a CA below.", "5280 4.2.1.9", True, cas=(_limited(1), SOUND)),
    Row(
        "path-length-1-and-two",
        "pathLenConstraint 1, and two CAs below.",
        "5280 4.2.1.9",
        False,
        cas=(_limited(1), SOUND, SOUND),
    ),
    Row("root-path-length-0", "The root's pathLenConstraint 0, and a CA.", "5937 3.2", False, root=_limited(0)),
    Row(
        "self-issued",
        "A self-issued CA does not count for pathLenConstraint.",
        "5280 6.1.4",
        True,
        cas=(_limited(0), Part(subject="CA 1")),
    ),
    Row(
        "no-ca-flag",
        "The CA's basicConstraints say that it is none.",
        "5280 6.1.4",
        False,
        cas=(_with(build.basic_constraints(False)),),
    ),
    Row(
        "no-basic-constraints",
        "The CA has no basicConstraints.",
        "5280 6.1.4",
        False,
        cas=(Part(without=(ext.BASIC_CONSTRAINTS,)),),
    ),
    Row("v1-ca", "The CA is of version 1.", "5280 6.1.4", False, cas=(Part(version=build.X509_V1),)),
    Row(
        "no-cert-sign",
        "The CA's keyUsage lacks keyCertSign.",
        "5280 6.1.4",
        False,
        cas=(_with(build.key_usage("digitalSignature")),),
    ),
    Row("no-key-usage", "The CA has no keyUsage.", "5280 6.1.4", True, cas=(Part(without=(ext.KEY_USAGE,)),)),
    Row(
        "leaf-cannot-sign",
        "The leaf's keyUsage lacks digitalSignature.",
        "8446 4.4.2.2",
        False,
        leaf=_with(build.key_usage("keyEncipherment")),
    ),
    Row("unknown-extension", "The leaf has an unknown extension.", "5280 4.2", True, leaf=_with(_UNKNOWN)),
    Row(
        "unknown-critical",
        "The leaf has an unknown critical extension.",
        "5280 4.2",
        False,
        leaf=_with(_UNKNOWN_CRITICAL),
    ),
    Row(
        "unknown-critical-ca",
        "The CA has an unknown critical extension.",
        "5280 4.2",
        False,
        cas=(_with(_UNKNOWN_CRITICAL),),
    ),
    Row(
        "client-leaf",
        "The leaf is for clients.",
        "5280 4.2.1.12",
        False,
        leaf=_with(build.extended_key_usage("clientAuth")),
    ),
    Row(
        "any-purpose",
        "The leaf is for any purpose.",
        "5280 4.2.1.12",
        True,
        leaf=_with(build.extended_key_usage("anyExtendedKeyUsage")),
    ),
    Row(
        "both-purposes",
        "The leaf is for servers and clients.",
        "5280 4.2.1.12",
        True,
        leaf=_with(build.extended_key_usage("clientAuth", "serverAuth")),
    ),
    Row(
        "no-purpose",
        "The leaf says nothing of its purpose.",
        "5280 4.2.1.12",
        True,
        leaf=Part(without=(ext.EXTENDED_KEY_USAGE,)),
    ),
    Row(
        "ca-for-clients",
        "The CA is for clients only.",
        "5280 4.2.1.12",
        False,
        cas=(_with(build.extended_key_usage("clientAuth")),),
    ),
)
_MATCHES = (
    Row("name-exact", "The name as it stands.", "9525 6.3", True, leaf=_names("other.example", SERVER_NAME)),
    Row("name-case", "The name in other capitals.", "9525 6.3", True, leaf=_names("SERVER.Example")),
    Row("name-other", "Another name.", "9525 6.3", False, leaf=_names("other.example")),
    Row(
        "name-wildcard",
        "A wildcard for the first label.",
        "9525 6.3",
        True,
        leaf=_names("*.server.example"),
        terms={"server_name": "a.server.example"},
    ),
    Row(
        "name-wildcard-two-labels",
        "A wildcard for two labels.",
        "9525 6.3",
        False,
        leaf=_names("*.server.example"),
        terms={"server_name": "a.b.server.example"},
    ),
    Row("name-wildcard-apex", "A wildcard for no label.", "9525 6.3", False, leaf=_names("*.server.example")),
    Row(
        "name-wildcard-part",
        "A wildcard in a part of a label.",
        "9525 6.3",
        False,
        leaf=_names("ser*.example"),
        terms={"server_name": SERVER_NAME},
    ),
    Row(
        "name-wildcard-second",
        "A wildcard in the second label.",
        "9525 6.3",
        False,
        leaf=_names("a.*.example"),
        terms={"server_name": "a.server.example"},
    ),
    Row(
        "name-alabel",
        "An A-label.",
        "9525 6.3",
        True,
        leaf=_names("xn--bcher-kva.example"),
        terms={"server_name": "xn--bcher-kva.example"},
    ),
    Row(
        "name-ip",
        "An IPv4 address.",
        "9525 6.4",
        True,
        leaf=_names(ips=["192.0.2.1"]),
        terms={"server_name": "192.0.2.1"},
    ),
    Row(
        "name-ip6",
        "An IPv6 address.",
        "9525 6.4",
        True,
        leaf=_names(ips=["2001:db8::1"]),
        terms={"server_name": "2001:db8:0::1"},
    ),
    Row(
        "name-ip-other",
        "Another address.",
        "9525 6.4",
        False,
        leaf=_names(ips=["192.0.2.2"]),
        terms={"server_name": "192.0.2.1"},
    ),
    Row(
        "name-ip-as-dns",
        "An address written as a DNS name.",
        "9525 6.4",
        False,
        leaf=_names("192.0.2.1"),
        terms={"server_name": "192.0.2.1"},
    ),
    Row(
        "name-common-name",
        "The name stands in the common name only.",
        "9525 2",
        False,
        leaf=Part(without=(ext.SUBJECT_ALT_NAME,)),
    ),
)
_SUBTREES = (
    Row(
        "dns-permitted",
        "A DNS name inside a permitted subtree.",
        "5280 4.2.1.10",
        True,
        cas=(_constrained(GeneralNames(dns=("example",))),),
    ),
    Row(
        "dns-permitted-itself",
        "A DNS name that is the permitted subtree.",
        "5280 4.2.1.10",
        True,
        cas=(_constrained(GeneralNames(dns=(SERVER_NAME,))),),
    ),
    Row(
        "dns-not-permitted",
        "A DNS name outside the permitted subtree.",
        "5280 4.2.1.10",
        False,
        cas=(_constrained(GeneralNames(dns=("other.example",))),),
    ),
    Row(
        "dns-label",
        "A subtree that ends inside a label permits nothing.",
        "5280 4.2.1.10",
        False,
        cas=(_constrained(GeneralNames(dns=("ver.example",))),),
    ),
    Row(
        "dns-excluded",
        "A DNS name inside an excluded subtree.",
        "5280 4.2.1.10",
        False,
        cas=(_constrained(excluded=GeneralNames(dns=("example",))),),
    ),
    Row(
        "dns-not-excluded",
        "A DNS name outside the excluded subtree.",
        "5280 4.2.1.10",
        True,
        cas=(_constrained(excluded=GeneralNames(dns=("other.example",))),),
    ),
    Row(
        "dns-both",
        "Excluded inside what is permitted.",
        "5280 4.2.1.10",
        False,
        cas=(_constrained(GeneralNames(dns=("example",)), GeneralNames(dns=(SERVER_NAME,))),),
    ),
    Row(
        "dns-narrowed",
        "Two CAs that permit nothing in common.",
        "5280 6.1.4",
        False,
        cas=(_constrained(GeneralNames(dns=("example",))), _constrained(GeneralNames(dns=("other.example",)))),
    ),
    Row(
        "dns-root",
        "The root's constraints count.",
        "5937 3.2",
        False,
        root=_constrained(GeneralNames(dns=("other.example",))),
    ),
    Row(
        "ip-permitted",
        "An address inside a permitted network.",
        "5280 4.2.1.10",
        True,
        leaf=_names(ips=["192.0.2.1"]),
        cas=(_constrained(GeneralNames(ips=("192.0.2.0/24",))),),
        terms={"server_name": "192.0.2.1"},
    ),
    Row(
        "ip-not-permitted",
        "An address outside the permitted network.",
        "5280 4.2.1.10",
        False,
        leaf=_names(ips=["198.51.100.1"]),
        cas=(_constrained(GeneralNames(ips=("192.0.2.0/24",))),),
        terms={"server_name": "198.51.100.1"},
    ),
    Row(
        "email-not-permitted",
        "A mailbox outside the permitted host.",
        "5280 4.2.1.10",
        False,
        leaf=_names(SERVER_NAME, emails=["a@b.example"]),
        cas=(_constrained(GeneralNames(emails=("a.example",))),),
    ),
    Row(
        "email-permitted",
        "A mailbox at the permitted host.",
        "5280 4.2.1.10",
        True,
        leaf=_names(SERVER_NAME, emails=["a@a.example"]),
        cas=(_constrained(GeneralNames(emails=("a.example",))),),
    ),
    Row(
        "uri-not-permitted",
        "A URI of a host outside the permitted domain.",
        "5280 4.2.1.10",
        False,
        leaf=_names(SERVER_NAME, uris=["https://b.example/"]),
        cas=(_constrained(GeneralNames(uris=(".a.example",))),),
    ),
    Row(
        "directory-not-permitted",
        "A subject outside the permitted directory.",
        "5280 4.2.1.10",
        False,
        cas=(_constrained(GeneralNames(directories=(build.distinguished_name(("O", "other")),))),),
    ),
    Row(
        "directory-permitted",
        "A subject inside the permitted directory.",
        "5280 4.2.1.10",
        True,
        cas=(_constrained(GeneralNames(directories=(build.distinguished_name(("O", "puressl vectors")),))),),
    ),
)
_P1, _P2 = "1.3.6.1.4.1.99999.1", "1.3.6.1.4.1.99999.2"
_P1_CA = _with(build.certificate_policies(_P1))
_EXPLICIT: Mapping[str, Json] = {"initial_explicit_policy": True}
_POLICIES = (
    Row(
        "policy",
        "A policy all along the path, and one is asked for.",
        "5280 6.1",
        True,
        leaf=_P1_CA,
        cas=(_P1_CA,),
        terms=_EXPLICIT,
    ),
    Row("policy-none", "No policy, and one is asked for.", "5280 6.1", False, terms=_EXPLICIT),
    Row(
        "policy-lost",
        "The leaf has another policy than the CA.",
        "5280 6.1",
        False,
        leaf=_with(build.certificate_policies(_P2)),
        cas=(_P1_CA,),
        terms=_EXPLICIT,
    ),
    Row(
        "policy-any",
        "The CA has anyPolicy.",
        "5280 6.1",
        True,
        leaf=_P1_CA,
        cas=(_with(build.certificate_policies("2.5.29.32.0")),),
        terms=_EXPLICIT,
    ),
    Row(
        "policy-any-inhibited",
        "anyPolicy, which is inhibited.",
        "5280 6.1",
        False,
        leaf=_P1_CA,
        cas=(_with(build.certificate_policies("2.5.29.32.0")),),
        terms={**_EXPLICIT, "initial_any_policy_inhibit": True},
    ),
    Row(
        "policy-set",
        "A policy of the user's set.",
        "5280 6.1.6",
        True,
        leaf=_P1_CA,
        cas=(_P1_CA,),
        terms={**_EXPLICIT, "initial_policy_set": [_P1]},
    ),
    Row(
        "policy-not-in-set",
        "A policy that is not in the user's set.",
        "5280 6.1.6",
        False,
        leaf=_P1_CA,
        cas=(_P1_CA,),
        terms={**_EXPLICIT, "initial_policy_set": [_P2]},
    ),
    Row(
        "policy-mapped",
        "The CA maps its policy to the leaf's.",
        "5280 6.1.4",
        True,
        leaf=_with(build.certificate_policies(_P2)),
        cas=(_with(build.certificate_policies(_P1), build.policy_mappings((_P1, _P2))),),
        terms=_EXPLICIT,
    ),
    Row(
        "policy-mapping-inhibited",
        "A mapping that is inhibited.",
        "5280 6.1.4",
        False,
        leaf=_with(build.certificate_policies(_P2)),
        cas=(_with(build.certificate_policies(_P1), build.policy_mappings((_P1, _P2))),),
        terms={**_EXPLICIT, "initial_policy_mapping_inhibit": True},
    ),
    Row(
        "policy-required",
        "The CA requires a policy, the leaf has none.",
        "5280 4.2.1.11",
        False,
        cas=(_with(build.certificate_policies(_P1), build.policy_constraints(explicit=0)),),
    ),
    Row(
        "policy-map-any",
        "A mapping of anyPolicy.",
        "5280 6.1.4",
        False,
        leaf=_P1_CA,
        cas=(_with(build.certificate_policies(_P1), build.policy_mappings(("2.5.29.32.0", _P1))),),
        terms=_EXPLICIT,
    ),
)
_SHA1 = Algorithm(Kind.ECDSA, HashAlgorithm.SHA1)
_SIGNATURES = (
    *(
        Row(f"signed-{kind}", f"A CA whose key is {kind}.", "5280 4.1.1.2", True, cas=(Part(kind=kind),))
        for kind in ("p384", "p521", "ed25519", "ed448", "rsa", "rsa-pss")
    ),
    Row(
        "signed-rsa-sha384",
        "Signed with RSA and SHA-384.",
        "4055 5",
        True,
        cas=(Part(kind="rsa"),),
        leaf=Part(algorithm=Algorithm(Kind.RSA_PKCS1, HashAlgorithm.SHA384)),
    ),
    Row(
        "signed-p256-sha512",
        "Signed with ECDSA on P-256 and SHA-512.",
        "5758 3.2",
        True,
        leaf=Part(algorithm=Algorithm(Kind.ECDSA, HashAlgorithm.SHA512)),
    ),
    Row("signed-sha1", "Signed with SHA-1.", "9155 1", False, leaf=Part(algorithm=_SHA1)),
    Row(
        "signature-flipped",
        "The last bit of the leaf's signature is changed.",
        "5280 6.1.3",
        False,
        leaf=Part(alter=_flip),
    ),
    Row(
        "signature-flipped-ca",
        "The last bit of the CA's signature is changed.",
        "5280 6.1.3",
        False,
        cas=(Part(alter=_flip),),
    ),
    Row("weak-key", "The leaf's key is RSA of 1024 bits.", "8446 4.4.2", False, leaf=Part(kind="rsa-1024")),
    Row("trailing-byte", "A byte after the leaf.", "5280 4.1", False, leaf=Part(alter=lambda der: der + b"\0")),
    Row("serial-zero", "The leaf's serial number is 0.", "5280 4.1.2.2", False, leaf=Part(serial=0)),
    Row("serial-long", "A serial number of 21 octets.", "5280 4.1.2.2", False, leaf=Part(serial=1 << 160)),
    Row("extension-twice", "The leaf has an extension twice.", "5280 4.2", False, leaf=_with(_UNKNOWN, _UNKNOWN)),
)
_REQUIRED: Mapping[str, Json] = {"revocation": "required"}
_REVOCATION = (
    Row("crl-good", "CRLs that list nothing.", "5280 6.3", True, revoked=(), terms=_REQUIRED),
    Row("crl-leaf", "The CA's CRL lists the leaf.", "5280 6.3", False, revoked=(0,)),
    Row("crl-ca", "The root's CRL lists the CA.", "5280 6.3", False, revoked=(1,)),
    Row("crl-none", "No CRL where one is required.", "5280 6.3", False, terms=_REQUIRED),
    Row(
        "crl-off",
        "A CRL that lists the leaf, and nobody asks.",
        "5280 6.3",
        True,
        revoked=(0,),
        terms={"revocation": "off"},
    ),
    Row(
        "crl-stale",
        "A CRL whose nextUpdate has passed.",
        "5280 6.3.3",
        False,
        revoked=(),
        terms=_REQUIRED,
        crl_validity=(VALID[0], TIME - _DAY),
    ),
    Row(
        "crl-future",
        "A CRL whose thisUpdate is to come.",
        "5280 6.3.3",
        False,
        revoked=(),
        terms=_REQUIRED,
        crl_validity=(TIME + _DAY, VALID[1]),
    ),
)


#: By document: what its rows are about, and the rows.
TABLES: Mapping[str, tuple[str, Sequence[Row]]] = {
    "paths": ("Which path there is, and how long it may be.", _PATHS),
    "times": ("Validity, to the second.", _TIMES),
    "constraints": ("CAs, lengths, usages, purposes, criticality.", _CONSTRAINTS),
    "names": ("The server's name.", _MATCHES),
    "subtrees": ("Name constraints.", _SUBTREES),
    "policies": ("Certificate policies.", _POLICIES),
    "signatures": ("Algorithms, keys, encoding.", _SIGNATURES),
    "revocation": ("CRLs.", _REVOCATION),
}
