"""Trust anchors: the certificates that end a path (RFC 5280 6.1.1 d).

Theory of operation: a store is immutable and knows its anchors by subject, in the normalised form that names compare
in. An anchor is a whole certificate, and its constraints, validity and usage count as those of any other. A certificate
of a bundle that does not parse is left out and named in ``skipped``, and so is a file that cannot be read where there
are several: one bad root among a hundred must not take away the others, and what is not trusted can do no harm.
``strict`` refuses the bundle instead, for files of which the caller says that they are flawless. A source without any
usable certificate is an error in either case.
"""

from __future__ import annotations

import hashlib
import os
import re
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

    anchors: in the order given, each once. skipped: texts that say which certificates of a bundle were left out, and
    why. is_public: whether they are the system's own choice, that is, roots of the public web.
    """

    __slots__ = ("_by_subject", "_fingerprint", "anchors", "is_public", "skipped")

    def __init__(
        self, anchors: Iterable[Certificate], skipped: tuple[str, ...] = (), *, is_public: bool = False
    ) -> None:
        self.anchors = tuple(dict.fromkeys(anchors))
        self.skipped = skipped
        self.is_public = is_public
        self._by_subject: dict[object, tuple[Certificate, ...]] = {}
        for anchor in self.anchors:
            key = anchor.subject.normalized
            self._by_subject[key] = (*self._by_subject.get(key, ()), anchor)
        digests = sorted(hashlib.sha256(anchor.der).digest() for anchor in self.anchors)
        self._fingerprint = hashlib.sha256(b"".join(digests)).digest()

    @classmethod
    def from_file(cls, path: str | os.PathLike[str], *, strict: bool = False) -> TrustStore:
        """The anchors of a PEM or DER file, or of all files of a directory.

        Raises ``SSLError(ecacertfile)`` naming it.
        """
        source = Path(path)
        if not source.is_dir():
            return cls.from_bytes(_read(source), os.fspath(path), strict=strict)
        return cls._collected(tuple(_directory(source)), os.fspath(path), strict)

    @classmethod
    def from_bytes(cls, data: bytes, source: str = "cacerts", *, strict: bool = False) -> TrustStore:
        """The anchors of a PEM bundle or a DER certificate in memory. Raises ``SSLError(ecacertfile)`` naming
        ``source``.
        """
        if strict:
            return cls(load_certificates(data, source, Reason.ECACERTFILE))
        anchors: list[Certificate] = []
        skipped: list[str] = []
        _collect(data, source, anchors, skipped)
        if not anchors:
            raise SSLError(Reason.ECACERTFILE, skipped[0])
        return cls(anchors, tuple(skipped))

    @classmethod
    def system(cls, environ: Mapping[str, str] | None = None) -> TrustStore:
        """The anchors of this machine: SSL_CERT_FILE and SSL_CERT_DIR if either is set, else the system's bundle, else
        certifi's.

        environ: None for the process's environment. Raises ``SSLError(ecacertfile)`` if nothing is found.
        """
        environ = os.environ if environ is None else environ
        sources = tuple(_system_sources(environ))
        where = ", ".join(map(str, sources)) or "no SSL_CERT_FILE, SSL_CERT_DIR, system bundle or certifi"
        is_own = bool(environ.get("SSL_CERT_FILE") or environ.get("SSL_CERT_DIR"))
        return cls._collected(sources, where, strict=False, is_public=not is_own)

    @classmethod
    def _collected(cls, sources: Iterable[Path], where: str, strict: bool, is_public: bool = False) -> TrustStore:
        anchors: list[Certificate] = []
        skipped: list[str] = []
        for source in sources:
            try:
                _collect(_read(source), str(source), anchors, skipped)
            except SSLError as error:  # unreadable: the other files of its directory are not
                skipped.append(str(error.detail))
        if strict and skipped:
            raise SSLError(Reason.ECACERTFILE, skipped[0])
        if not anchors:
            why = f" ({skipped[0]})" if skipped else ""
            raise SSLError(Reason.ECACERTFILE, f"no trusted certificate found: {where}{why}")
        return cls(anchors, tuple(skipped), is_public=is_public)

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


def _collect(data: bytes, source: str, anchors: list[Certificate], skipped: list[str]) -> None:
    parts = _parts(data)
    for number, part in enumerate(parts, 1):
        where = source if len(parts) == 1 else f"{source}: certificate {number}"
        try:
            anchors += [Certificate.decode(der) for der in certificate_blocks(part, where, Reason.ECACERTFILE)]
        except CertificateError as error:
            skipped.append(f"{where}: {error.finding}")
        except SSLError as error:
            skipped.append(str(error.detail))


def _parts(data: bytes) -> list[bytes]:
    """The blocks of a bundle that hold certificates, cut at BEGIN lines: one without an end spoils no other. What has
    none is left whole.
    """
    return _CERTIFICATE.findall(data) or [data]


#: A block up to the next one, with the labels that OpenSSL knows for a certificate.
_CERTIFICATE = re.compile(rb"-----BEGIN (?:X509 |TRUSTED )?CERTIFICATE-----.*?(?=-----BEGIN |\Z)", re.DOTALL)
