"""Issuing CRLs and OCSP responses: for tests, for conformance vectors, and for ``puressl certs make``.

Theory of operation: as in ``build.py``, what will be signed is said in plain values and nothing is checked against the
rules, so that what breaks them can be made too.
"""

from __future__ import annotations

from dataclasses import dataclass

from puressl.crypto.hashes import HashAlgorithm
from puressl.crypto.keys import PrivateKey
from puressl.crypto.signatures import sign_algorithm
from puressl.env import Env
from puressl.x509 import der
from puressl.x509.algorithms import HASHES, default_algorithm, signature_algorithm
from puressl.x509.build import Extension, GeneralNames, distribution_point_name, reason_flags
from puressl.x509.certificate import Certificate
from puressl.x509.crl import (
    CERTIFICATE_ISSUER,
    CRL_NUMBER,
    DELTA_CRL_INDICATOR,
    ISSUING_DISTRIBUTION_POINT,
    REASON_CODE,
)
from puressl.x509.ocsp import Status, key_bits

CRL_V2 = 1
#: Of a UTCTime with its Z, at most.
_UTC_TIME_LENGTH = 13


@dataclass(frozen=True, slots=True)
class RevokedEntry:
    """One entry of a CRL (RFC 5280 5.3). time: POSIX seconds. reason: CRLReason, None leaves it out. issuer: a Name,
    DER, for certificateIssuer. extensions: beside these.
    """

    serial: int
    time: int
    reason: int | None = None
    issuer: bytes | None = None
    extensions: tuple[Extension, ...] = ()

    def encode(self) -> bytes:
        """DER."""
        extensions = list(self.extensions)
        if self.reason is not None:
            extensions.append(Extension(REASON_CODE, der.element(der.ENUMERATED, bytes((self.reason,)))))
        if self.issuer is not None:
            names = der.sequence(*GeneralNames(directories=(self.issuer,)).encode())
            extensions.append(Extension(CERTIFICATE_ISSUER, names, critical=True))
        encoded = der.sequence(*(one.encode() for one in extensions)) if extensions else b""
        return der.sequence(der.integer(self.serial), der.time(self.time), encoded)


@dataclass(frozen=True, slots=True)
class CRLTemplate:
    """What a CRL will say. issuer: a Name, DER. this_update, next_update: POSIX seconds; None leaves the latter out.
    version: 1 for v2, None leaves it out. extensions: in this order.
    """

    issuer: bytes
    this_update: int
    next_update: int | None
    entries: tuple[RevokedEntry, ...] = ()
    extensions: tuple[Extension, ...] = ()
    version: int | None = CRL_V2


def crl_number(number: int, *, critical: bool = False) -> Extension:
    """RFC 5280 5.2.3."""
    return Extension(CRL_NUMBER, der.integer(number), critical)


def delta_crl_indicator(base: int) -> Extension:
    """RFC 5280 5.2.4."""
    return Extension(DELTA_CRL_INDICATOR, der.integer(base), critical=True)


def issuing_distribution_point(
    names: GeneralNames | None = None,
    *,
    relative: bytes | None = None,
    reasons: frozenset[int] | None = None,
    flags: frozenset[int] = frozenset(),
) -> Extension:
    """RFC 5280 5.2.5. flags: tags of the booleans that are TRUE: 1 onlyContainsUserCerts, 2 onlyContainsCACerts,
    4 indirectCRL, 5 onlyContainsAttributeCerts.
    """
    booleans = {flag: der.element(der.context(flag, constructed=False), b"\xff") for flag in flags}
    parts = {**booleans, 0: distribution_point_name(names, relative), 3: reason_flags(3, reasons)}
    value = der.sequence(*(parts[number] for number in sorted(parts)))
    return Extension(ISSUING_DISTRIBUTION_POINT, value, critical=True)


def issue_crl(template: CRLTemplate, issuer_key: PrivateKey, env: Env) -> bytes:
    """The CRL, signed: DER (RFC 5280 5.1)."""
    algorithm = default_algorithm(issuer_key.public)
    identifier = signature_algorithm(algorithm, issuer_key.key_type)
    entries = [entry.encode() for entry in template.entries]
    extensions = [extension.encode() for extension in template.extensions]
    tbs = der.sequence(
        b"" if template.version is None else der.integer(template.version),
        identifier,
        template.issuer,
        der.time(template.this_update),
        b"" if template.next_update is None else der.time(template.next_update),
        der.sequence(*entries) if entries else b"",
        der.element(der.context(0), der.sequence(*extensions)) if extensions else b"",
    )
    return der.sequence(tbs, identifier, der.bit_string(sign_algorithm(issuer_key, algorithm, tbs, env)))


# --- OCSP -----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class OCSPAnswer:
    """One SingleResponse (RFC 6960 4.2.1). this_update, next_update, revoked_at: POSIX seconds."""

    certificate: Certificate
    issuer: Certificate
    this_update: int
    next_update: int | None
    status: Status = Status.GOOD
    revoked_at: int = 0
    reason: int | None = None
    hash: HashAlgorithm = HashAlgorithm.SHA1
    extensions: tuple[Extension, ...] = ()

    def encode(self) -> bytes:
        """DER."""
        cert_id = der.sequence(
            der.sequence(der.oid(HASHES[self.hash]), der.null()),
            der.octet_string(self.hash.digest(self.certificate.issuer.der)),
            der.octet_string(self.hash.digest(key_bits(self.issuer))),
            der.integer(self.certificate.serial),
        )
        until = b"" if self.next_update is None else der.element(der.context(0), generalized_time(self.next_update))
        return der.sequence(
            cert_id, self._status(), generalized_time(self.this_update), until, _extensions(1, self.extensions)
        )

    def _status(self) -> bytes:
        if self.status is not Status.REVOKED:
            return der.element(der.context(self.status.value, constructed=False))
        reason = b""
        if self.reason is not None:
            reason = der.element(der.context(0), der.element(der.ENUMERATED, bytes((self.reason,))))
        return der.element(der.context(1), generalized_time(self.revoked_at), reason)


def issue_ocsp(
    answers: tuple[OCSPAnswer, ...],
    responder: Certificate,
    key: PrivateKey,
    env: Env,
    *,
    by_key: bool = False,
    certificates: tuple[bytes, ...] = (),
    extensions: tuple[Extension, ...] = (),
) -> bytes:
    """A successful OCSPResponse: DER (RFC 6960 4.2.1).

    responder, key: who signs; its name is the responder identifier, or with ``by_key`` the hash of its key.
    certificates: DER that goes along. extensions: responseExtensions.
    """
    algorithm = default_algorithm(key.public)
    identifier = signature_algorithm(algorithm, key.key_type)
    if by_key:
        name = der.element(der.context(2), der.octet_string(HashAlgorithm.SHA1.digest(key_bits(responder))))
    else:
        name = der.element(der.context(1), responder.subject.der)
    produced = generalized_time(max(answer.this_update for answer in answers))
    tbs = der.sequence(
        name, produced, der.sequence(*(answer.encode() for answer in answers)), _extensions(1, extensions)
    )
    chain = der.element(der.context(0), der.sequence(*certificates)) if certificates else b""
    signature = der.bit_string(sign_algorithm(key, algorithm, tbs, env))
    basic = der.octet_string(der.sequence(tbs, identifier, signature, chain))
    body = der.sequence(der.oid("1.3.6.1.5.5.7.48.1.1"), basic)
    return der.sequence(der.element(der.ENUMERATED, b"\x00"), der.element(der.context(0), body))


def generalized_time(seconds: int) -> bytes:
    """GeneralizedTime whatever the year, as OCSP has it. seconds: POSIX."""
    element = der.time(seconds)
    content = element[2:]
    if len(content) <= _UTC_TIME_LENGTH:
        content = (b"19" if content[:1] >= b"5" else b"20") + content
    return der.element(der.GENERALIZED_TIME, content)


def _extensions(number: int, extensions: tuple[Extension, ...]) -> bytes:
    encoded = [extension.encode() for extension in extensions]
    return der.element(der.context(number), der.sequence(*encoded)) if encoded else b""
