"""Credentials: a certificate chain and the private key of its leaf, known to belong together.

Theory of operation: ``Credential`` is what a handshake presents and signs with. Its constructor demands that the leaf
certifies the key, so a mismatch shows when files are loaded and not in a handshake. The chain is kept as DER, as it
will be sent; only the leaf is kept decoded.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Union

from puressl.crypto.keys import PrivateKey, PssParameters, PublicKey, RSAPrivateKey, RSAPublicKey
from puressl.crypto.signatures import schemes_for
from puressl.crypto.suites import Authentication
from puressl.errors import Reason, SSLError
from puressl.x509 import keys, names
from puressl.x509.certificate import Certificate, load_certificates

PathLike = Union[str, "os.PathLike[str]"]

#: A chain of ten certificates takes 20 KiB as PEM; a file of this size is something else.
MAX_FILE = keys.MAX_FILE
#: A response shares a block of 2^16-1 bytes with its lengths and types (RFC 8446 4.4.2.1).
MAX_OCSP_RESPONSE = 2**16 - 1 - 4 - 4


@dataclass(frozen=True, slots=True)
class Credential:
    """A certificate chain with its private key.

    chain: DER, leaf first, as it is sent. key: the leaf's private key, None where another signs (a resolver of the need
    ``Sign``). leaf: the decoded first certificate. ocsp_response: DER, what a server staples for it to those who ask;
    it is not looked at.
    Raises ``SSLError(ekeymismatch)`` if the leaf certifies another key, ``SSLError(ecertfile)`` if that key is of an
    unsupported kind, ``SSLError(eoptions)`` for a response that is too long.
    """

    chain: tuple[bytes, ...] = field(repr=False)
    key: PrivateKey | None = field(repr=False)
    leaf: Certificate
    ocsp_response: bytes = field(default=b"", repr=False)

    def __post_init__(self) -> None:
        if self.leaf.public_key is None:
            raise SSLError(Reason.ECERTFILE, f"{self.leaf.subject.text}: {self.leaf.public_key_problem}")
        if self.key is not None and not _same_key(self.leaf.public_key, self.key.public):
            detail = f"the certificate of {self.leaf.subject.text or 'no subject'} is for another key"
            raise SSLError(Reason.EKEYMISMATCH, detail)
        if len(self.ocsp_response) > MAX_OCSP_RESPONSE:
            detail = f"ocsp_response: {len(self.ocsp_response)} bytes, at most {MAX_OCSP_RESPONSE}"
            raise SSLError(Reason.EOPTIONS, detail)
        if isinstance(self.key, RSAPrivateKey) and isinstance(self.leaf.public_key, RSAPublicKey):
            # What the certificate says of the key's use binds, whichever identifier the key file has (RFC 4055 1.2).
            object.__setattr__(self, "key", replace(self.key, pss=self.leaf.public_key.pss))

    @classmethod
    def load(
        cls, cert_file: PathLike, key_file: PathLike | None = None, password: bytes | str | None = None
    ) -> Credential:
        """From files. key_file: None if the key stands in ``cert_file`` too. password: of an encrypted key.

        Raises ``SSLError``: ecertfile, ekeyfile, ekeymismatch.
        """
        certificates = read_file(cert_file, Reason.ECERTFILE)
        key = certificates if key_file is None else read_file(key_file, Reason.EKEYFILE)
        return cls.from_bytes(certificates, key, password, source=str(cert_file), key_source=str(key_file or cert_file))

    @classmethod
    def from_bytes(
        cls,
        certificates: bytes,
        key: bytes | None = None,
        password: bytes | str | None = None,
        *,
        source: str = "cert",
        key_source: str = "key",
    ) -> Credential:
        """From what files hold: PEM or DER, leaf first. key: None if it stands among ``certificates``.

        source, key_source: names for errors, which are those of ``load``.
        """
        chain = load_certificates(certificates, source)
        own = keys.load_private_key(certificates if key is None else key, password, key_source)
        try:
            return cls.of(chain, own)
        except SSLError as error:
            raise SSLError(error.reason, f"{source} with {key_source}: {error.detail}") from None

    @classmethod
    def of(cls, chain: Sequence[Certificate], key: PrivateKey) -> Credential:
        """From decoded certificates, leaf first, at least one."""
        return cls(tuple(certificate.der for certificate in chain), key, _leaf_for(key, chain))

    @property
    def authentication(self) -> Authentication:
        """Which suites of TLS 1.2 it serves; EdDSA counts as ECDSA (RFC 8422 5.10)."""
        return Authentication.RSA if isinstance(self.leaf.public_key, RSAPublicKey) else Authentication.ECDSA

    def matches(self, server_name: str) -> bool:
        """Whether the leaf is for this host name or IP address (RFC 9525 6). What is neither matches nothing."""
        try:
            reference = names.parse_server_name(server_name)
        except SSLError:
            return False
        return names.matches(reference, self.leaf.extensions.subject_alt_name or ())

    def schemes(self, version: int) -> tuple[int, ...]:
        """The signature schemes the key has in a version of TLS, best first."""
        return () if self.leaf.public_key is None else schemes_for(self.leaf.public_key, version)


def _leaf_for(key: PrivateKey, chain: Sequence[Certificate]) -> Certificate:
    """The first certificate; the commonest mistake, a chain in another order, is named for what it is."""
    for number, certificate in enumerate(chain[1:], 2):
        if _certifies(certificate, key) and not _certifies(chain[0], key):
            detail = f"the first certificate is for another key; number {number} is the key's own and must be the first"
            raise SSLError(Reason.EKEYMISMATCH, detail)
    return chain[0]


def _certifies(certificate: Certificate, key: PrivateKey) -> bool:
    return certificate.public_key is not None and _same_key(certificate.public_key, key.public)


def _same_key(certified: PublicKey, own: PublicKey) -> bool:
    """The same numbers. A key file may say less of an RSA key's use than its certificate, never more (RFC 4055 1.2)."""
    if isinstance(certified, RSAPublicKey) and isinstance(own, RSAPublicKey):
        vaguer = (None,) if certified.pss is None else (None, PssParameters(), certified.pss)
        return own.pss in vaguer and (certified.modulus, certified.exponent) == (own.modulus, own.exponent)
    return certified == own


def read_file(path: PathLike, reason: Reason, limit: int = MAX_FILE) -> bytes:
    """What a file of one's own holds. Raises ``SSLError(reason)`` naming it, if it cannot be read or is too long."""
    try:
        with Path(path).open("rb") as file:
            data = file.read(limit + 1)
    except (OSError, ValueError) as error:
        raise SSLError(reason, f"{path!s}: {getattr(error, 'strerror', None) or error}") from None
    if len(data) > limit:
        raise SSLError(reason, f"{path}: more than {limit} bytes")
    return data
