"""Trust anchors: the certificates that end a path (RFC 5280 6.1.1 d).

Theory of operation: a store is immutable and knows its anchors by subject, in the normalised form that names compare
in. An anchor is a whole certificate, and its constraints, validity and usage count as those of any other. Files given
by the caller must be flawless; of the system's bundle, which nobody here wrote, a certificate that does not parse is
left out and named in ``skipped``.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from puressl.errors import CertificateError, Reason, SSLError
from puressl.x509.certificate import Certificate, certificate_blocks, load_certificates
from puressl.x509.distinguished_name import Name

#: Where systems keep their bundle; the first that exists counts.
SYSTEM_BUNDLES = (
    "/etc/ssl/certs/ca-certificates.crt",  # Debian, Alpine, Arch, Gentoo
    "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",  # Fedora, RHEL
    "/etc/pki/tls/certs/ca-bundle.crt",  # older RHEL
    "/etc/ssl/ca-bundle.pem",  # SUSE
    "/etc/ssl/cert.pem",  # macOS, the BSDs, Alpine
    "/usr/local/etc/ssl/cert.pem",  # FreeBSD
    "/opt/homebrew/etc/openssl@3/cert.pem",
    "/data/data/com.termux/files/usr/etc/tls/cert.pem",
)
#: A trust bundle of the web is a quarter of this.
MAX_BUNDLE = 4 << 20


class TrustStore:
    """A set of trust anchors.

    anchors: in the order given, each once. skipped: texts that say which certificates of a system's bundle were left
    out, and why.
    """

    __slots__ = ("_by_subject", "_fingerprint", "anchors", "skipped")

    def __init__(self, anchors: Iterable[Certificate], skipped: tuple[str, ...] = ()) -> None:
        self.anchors = tuple(dict.fromkeys(anchors))
        self.skipped = skipped
        self._by_subject: dict[object, tuple[Certificate, ...]] = {}
        for anchor in self.anchors:
            key = anchor.subject.normalized
            self._by_subject[key] = (*self._by_subject.get(key, ()), anchor)
        digests = sorted(hashlib.sha256(anchor.der).digest() for anchor in self.anchors)
        self._fingerprint = hashlib.sha256(b"".join(digests)).digest()

    @classmethod
    def from_file(cls, path: str | os.PathLike[str]) -> TrustStore:
        """The anchors of a PEM or DER file. Raises ``SSLError(ecacertfile)`` naming the file."""
        return cls.from_bytes(_read(Path(path)), os.fspath(path))

    @classmethod
    def from_bytes(cls, data: bytes, source: str = "cacerts") -> TrustStore:
        """The anchors of a PEM bundle or a DER certificate in memory. Raises ``SSLError(ecacertfile)`` naming
        ``source``.
        """
        return cls(load_certificates(data, source, Reason.ECACERTFILE))

    @classmethod
    def system(cls, environ: Mapping[str, str] | None = None) -> TrustStore:
        """The anchors of this machine: SSL_CERT_FILE and SSL_CERT_DIR if either is set, else the system's bundle, else
        certifi's.

        environ: None for the process's environment. Raises ``SSLError(ecacertfile)`` if nothing is found.
        """
        sources = tuple(_system_sources(os.environ if environ is None else environ))
        anchors: list[Certificate] = []
        skipped: list[str] = []
        for source in sources:
            _collect(source, anchors, skipped)
        if not anchors:
            where = ", ".join(map(str, sources)) or "no SSL_CERT_FILE, SSL_CERT_DIR, system bundle or certifi"
            raise SSLError(Reason.ECACERTFILE, f"no trusted certificate found: {where}")
        return cls(anchors, tuple(skipped))

    @property
    def fingerprint(self) -> bytes:
        """SHA-256 over the anchors, whatever their order: equal for stores that trust the same."""
        return self._fingerprint

    @property
    def subjects(self) -> tuple[bytes, ...]:
        """The anchors' distinguished names, DER, each once: what a CertificateRequest may list (RFC 8446 4.2.4)."""
        return tuple(dict.fromkeys(anchor.subject.der for anchor in self.anchors))

    def issuers(self, name: Name) -> tuple[Certificate, ...]:
        """The anchors with this subject (RFC 5280 7.1)."""
        return self._by_subject.get(name.normalized, ())

    def __contains__(self, certificate: Certificate) -> bool:
        return certificate in self.issuers(certificate.subject)

    def __len__(self) -> int:
        return len(self.anchors)

    def __repr__(self) -> str:
        return f"TrustStore({len(self.anchors)} anchors, {self.fingerprint.hex()[:16]})"


def _read(path: Path) -> bytes:
    try:
        data = path.read_bytes()
    except OSError as error:
        raise SSLError(Reason.ECACERTFILE, f"{path}: {error.strerror}") from None
    if len(data) > MAX_BUNDLE:
        raise SSLError(Reason.ECACERTFILE, f"{path}: {len(data)} bytes, at most {MAX_BUNDLE}")
    return data


def _system_sources(environ: Mapping[str, str]) -> Iterator[Path]:
    file, directories = environ.get("SSL_CERT_FILE"), environ.get("SSL_CERT_DIR")
    if file or directories:
        if file:
            yield Path(file)
        for directory in (directories or "").split(os.pathsep):
            if directory:
                yield from _directory(Path(directory))
        return
    bundle = next((Path(path) for path in SYSTEM_BUNDLES if Path(path).is_file()), None) or _certifi()
    if bundle is not None:
        yield bundle


def _directory(path: Path) -> Iterator[Path]:
    """The files of a directory in OpenSSL's layout: one certificate each, mostly linked a second time by its subject's
    hash.
    """
    try:
        files = sorted({entry.resolve() for entry in path.iterdir() if entry.is_file()})
    except OSError as error:
        raise SSLError(Reason.ECACERTFILE, f"{path}: {error.strerror}") from None
    yield from files


def _certifi() -> Path | None:
    try:
        import certifi
    except ImportError:
        return None
    return Path(certifi.where())


def _collect(source: Path, anchors: list[Certificate], skipped: list[str]) -> None:
    data = _read(source)
    try:
        blocks = certificate_blocks(data, str(source), Reason.ECACERTFILE)
    except SSLError as error:
        skipped.append(error.detail or str(source))
        return
    for number, der in enumerate(blocks, 1):
        try:
            anchors.append(Certificate.decode(der))
        except CertificateError as error:
            skipped.append(f"{source}: certificate {number}: {error.finding}")
