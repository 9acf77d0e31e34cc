"""Certificates that the bundled ones are not: for other names, expired, from a root that nobody trusts."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path

from puressl.crypto.keys import Curve, PrivateKey, generate_ec
from puressl.env import SYSTEM_ENV
from puressl.x509 import build, pem
from puressl.x509.credential import Credential
from puressl.x509.keys import encode_private_key
from puressl.x509.store import TrustStore

DAY = 86_400


@dataclass(frozen=True)
class Authority:
    """A root of its own. file: its certificate, PEM."""

    folder: Path
    key: PrivateKey
    subject: bytes

    @classmethod
    def make(cls, folder: Path) -> Authority:
        authority = cls(
            folder, generate_ec(Curve.SECP256R1, SYSTEM_ENV), build.distinguished_name(("CN", "Other Root"))
        )
        extensions = (
            build.basic_constraints(True),
            build.key_usage("keyCertSign"),
            build.subject_key_identifier(authority.key.public),
        )
        der = authority._issue(authority.subject, authority.key, (-DAY, DAY), extensions)
        authority.file.write_bytes(pem.encode("CERTIFICATE", der))
        return authority

    @property
    def file(self) -> Path:
        return self.folder / "root.pem"

    @property
    def trust(self) -> TrustStore:
        return TrustStore.from_file(self.file)

    def files(self, name: str, *, purpose: str = "serverAuth", valid: tuple[int, int] = (-DAY, DAY)) -> tuple[str, str]:
        """A P-256 leaf's certificate and key files. valid: from and to, seconds from now."""
        key = generate_ec(Curve.SECP256R1, SYSTEM_ENV)
        extensions = (
            build.basic_constraints(False),
            build.key_usage("digitalSignature"),
            build.extended_key_usage(purpose),
            build.subject_alt_name(build.GeneralNames(dns=(name,))),
            build.subject_key_identifier(key.public),
            build.authority_key_identifier(self.key.public),
        )
        der = self._issue(build.distinguished_name(("CN", name)), key, valid, extensions)
        certificate, private = self.folder / f"{name}.pem", self.folder / f"{name}.key"
        certificate.write_bytes(pem.encode("CERTIFICATE", der))
        private.write_bytes(pem.encode("PRIVATE KEY", encode_private_key(key)))
        return str(certificate), str(private)

    def credential(self, name: str, *, purpose: str = "serverAuth", valid: tuple[int, int] = (-DAY, DAY)) -> Credential:
        return Credential.load(*self.files(name, purpose=purpose, valid=valid))

    def _issue(
        self, subject: bytes, key: PrivateKey, valid: tuple[int, int], extensions: tuple[build.Extension, ...]
    ) -> bytes:
        now = int(time.time())
        start, end = (now + offset for offset in valid)
        template = build.CertificateTemplate(subject, self.subject, key.public, start, end, extensions)
        return build.issue(template, self.key, SYSTEM_ENV)
