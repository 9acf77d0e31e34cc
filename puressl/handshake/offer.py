"""An answer may contain only what was offered (RFC 8446 4.2, RFC 5246 7.4.1.4)."""

from __future__ import annotations

from puressl.codes import CertificateStatusType, CipherSuite, ExtensionType, name_of
from puressl.errors import Problem, ProtocolError
from puressl.events import PeerCertificate
from puressl.handshake.output import Output
from puressl.wire import CertificateStatus12, CertificateStatusEntry, ClientHello, Extensions


def check_solicited(
    hello: ClientHello, answer: Extensions, where: str, output: Output, *, also: frozenset[int] = frozenset()
) -> None:
    """Refuses an extension that the ClientHello did not offer, with unsupported_extension.

    where: the message, for the error. also: types that may come unasked (the cookie of HelloRetryRequest).
    """
    offered = set(hello.extensions.types()) | also
    if CipherSuite.TLS_EMPTY_RENEGOTIATION_INFO_SCSV in hello.cipher_suites:
        offered.add(int(ExtensionType.RENEGOTIATION_INFO))  # RFC 5746 3.6: the extension answers it
    unsolicited = [name_of(ExtensionType, extension) for extension in answer.types() if extension not in offered]
    output.check(
        not unsolicited,
        f"{where} answers only extensions that were offered",
        "RFC 8446 4.2",
        Problem.UNSOLICITED_EXTENSION,
        f"{unsolicited[0]} in {where}" if unsolicited else "",
    )


def check_alpn(offered: tuple[bytes, ...], protocols: tuple[bytes, ...], output: Output) -> bytes:
    """The one protocol a server selected; it must be one that was offered (RFC 7301 3.1)."""
    selected = protocols[0]
    output.check(
        selected in offered,
        "the application protocol is one that was offered",
        "RFC 7301 3.1",
        Problem.ILLEGAL_PARAMETER,
        f"server selected ALPN {selected!r}, which was not offered",
    )
    return selected


def report_chain(chain: tuple[bytes, ...], output: Output) -> None:
    """Tells the user which certificates came, before they are judged."""
    output.emit(PeerCertificate(chain))


def stapled_response(status: CertificateStatusEntry | CertificateStatus12 | None) -> bytes:
    """The OCSP response of a certificate's status, empty where there is none (RFC 6066 8, RFC 8446 4.4.2.1)."""
    if status is None:
        return b""
    if status.status_type != CertificateStatusType.OCSP:
        name = name_of(CertificateStatusType, status.status_type)
        raise ProtocolError(Problem.ILLEGAL_PARAMETER, f"certificate status of type {name}, which was not asked for")
    return status.response
