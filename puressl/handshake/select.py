"""A server's choices, as pure functions of the ClientHello and the configuration.

Theory of operation: each function takes what was offered and what is configured and returns the choice, or raises the
``ProtocolError`` that says why there is none. The server's order of preference decides throughout.
"""

from __future__ import annotations

from collections.abc import Sequence

from puressl.codes import CertificateStatusType, CipherSuite, ProtocolVersion
from puressl.config import ServerConfig
from puressl.errors import Problem, ProtocolError
from puressl.wire import (
    ApplicationProtocols,
    ClientHello,
    KeyShareEntry,
    KeyShareOffer,
    ServerNameOffer,
    StatusRequest,
    SupportedGroups,
    SupportedVersionsOffer,
)
from puressl.x509.credential import Credential


def version(config: ServerConfig, hello: ClientHello) -> ProtocolVersion:
    """The highest common version (RFC 8446 4.2.1, and D.2 for clients without supported_versions)."""
    if hello.legacy_version <= ProtocolVersion.SSLv3:
        raise ProtocolError(Problem.UNSUPPORTED_VERSION, "ClientHello of SSL 3.0 or before (RFC 8446 D.5)")
    offer = hello.extensions.get(SupportedVersionsOffer)
    if offer is not None:
        common = [each for each in config.versions if each in offer.versions]
        text = " ".join(f"{each:#06x}" for each in offer.versions)
    else:
        newest = min(hello.legacy_version, ProtocolVersion.TLSv1_2)
        common = [each for each in config.versions if each <= newest and each is ProtocolVersion.TLSv1_2]
        text = f"up to {hello.legacy_version:#06x}"
    if not common:
        spoken = ", ".join(each.label for each in config.versions)
        raise ProtocolError(Problem.UNSUPPORTED_VERSION, f"client offers {text}; we speak {spoken}")
    chosen = max(common)
    if CipherSuite.TLS_FALLBACK_SCSV in hello.cipher_suites and chosen < config.newest:
        raise ProtocolError(Problem.INAPPROPRIATE_FALLBACK, "the client fell back, and we speak more (RFC 7507 3)")
    return chosen


def server_name(hello: ClientHello) -> str | None:
    """The DNS name the client asks for, in lower case (RFC 6066 3)."""
    offer = hello.extensions.get(ServerNameOffer)
    return offer.host_name.lower() if offer is not None else None


def stapled_response(hello: ClientHello, credential: Credential) -> bytes:
    """The OCSP response to staple, empty for a client that does not ask or a certificate without (RFC 6066 8)."""
    request = hello.extensions.get(StatusRequest)
    asked = request is not None and request.status_type == CertificateStatusType.OCSP
    return credential.ocsp_response if asked else b""


def application_protocol(config: ServerConfig, hello: ClientHello) -> bytes | None:
    """Our first choice of the client's protocols; none in common ends the handshake (RFC 7301 3.2)."""
    offer = hello.extensions.get(ApplicationProtocols)
    if offer is None or not config.alpn:
        return None
    for protocol in config.alpn:
        if protocol in offer.protocols:
            return protocol
    raise ProtocolError(
        Problem.NO_COMMON_APPLICATION_PROTOCOL, f"client offers {list(offer.protocols)}, we have {list(config.alpn)}"
    )


def group(hello: ClientHello, usable: Sequence[int]) -> tuple[int, KeyShareEntry | None]:
    """The key exchange group, and the client's share of it; None asks for one by HelloRetryRequest (RFC 8446 4.1.1).

    usable: our groups in order. A group the client sent a share of comes before one that costs a round trip.
    """
    supported, offer = hello.extensions.get(SupportedGroups), hello.extensions.get(KeyShareOffer)
    if supported is None or offer is None:
        missing = "supported_groups" if supported is None else "key_share"
        raise ProtocolError(Problem.MISSING_EXTENSION, f"{missing} in ClientHello (RFC 8446 9.2)")
    shares = {share.group: share for share in offer.shares}
    if not set(shares) <= set(supported.groups):
        raise ProtocolError(Problem.ILLEGAL_PARAMETER, "key_share for a group that is not in supported_groups")
    common = [each for each in usable if each in supported.groups]
    if not common:
        raise ProtocolError(Problem.NO_COMMON_GROUP, f"client supports {[hex(each) for each in supported.groups]}")
    for each in common:
        if each in shares:
            return each, shares[each]
    return common[0], None
