"""What a ServerHello of TLS 1.2 may choose (RFC 5246 7.4.1.3, 7.4.1.4).

Theory of operation: everything the server chooses is held to what the client offered, one rule after the other; what is
left are the parameters of the connection and, in a resumption, its session.
"""

from __future__ import annotations

from puressl.codes import CipherSuite, ExtensionType, is_grease, name_of
from puressl.config import ClientConfig
from puressl.crypto.suites import CipherKind, Suite
from puressl.errors import Problem, ProtocolError
from puressl.handshake.client_hello import Offer, sent_server_name
from puressl.handshake.offer import check_alpn
from puressl.handshake.output import Output
from puressl.handshake.parameters12 import TLS12, Parameters12, mac_is_sound
from puressl.session import Session
from puressl.wire import (
    ApplicationProtocols,
    ECPointFormats,
    EncryptThenMac,
    ExtendedMasterSecret,
    RawExtension,
    RenegotiationInfo,
    ServerHello,
)

_KNOWN_EXTENSIONS = frozenset(ExtensionType)


def server_choice(
    config: ClientConfig, offer: Offer, message: ServerHello, output: Output
) -> tuple[Parameters12, Session | None]:
    """The parameters, and the session that is resumed, None in a full handshake. Raises ``ProtocolError``."""
    with output.checking("the extensions have their place in ServerHello of TLS 1.2", "RFC 8446 4.2, RFC 8701 3"):
        _check_places(message)
    _check_extensions(config, message, output)
    suite = _selected_suite(config, offer, message, output)
    with output.checking("a session that is resumed was offered", "RFC 5246 7.4.1.3"):
        session = _resumed_session(offer, message)
    parameters = _parameters(config, offer, suite, message, output)
    if session is not None:
        _check_resumption(session, parameters, output)
    return parameters, session


def _check_places(message: ServerHello) -> None:
    for extension in message.extensions:
        if isinstance(extension, RawExtension) and _is_misplaced(extension.extension_type):
            # RFC 8446 4.2: known, but not specified for this message. RFC 8701 3: GREASE is never answered.
            name = name_of(ExtensionType, extension.extension_type)
            raise ProtocolError(Problem.MISPLACED_EXTENSION, f"{name} in ServerHello of TLS 1.2")


def _check_extensions(config: ClientConfig, message: ServerHello, output: Output) -> None:
    """What the answers must be like whatever the suite; that they were asked for is checked already."""
    _check_renegotiation_info(config, message, output)
    formats = message.extensions.get(ECPointFormats)
    output.check(
        formats is None or 0 in formats.formats,
        "ec_point_formats, where it is there, has uncompressed",
        "RFC 8422 5.1.2",
        Problem.ILLEGAL_PARAMETER,
        "ec_point_formats without uncompressed (RFC 8422 5.1.2)",
    )


def _is_misplaced(extension_type: int) -> bool:
    return extension_type in _KNOWN_EXTENSIONS or is_grease(extension_type)


def _check_renegotiation_info(config: ClientConfig, message: ServerHello, output: Output) -> None:
    """RFC 5746 3.4: in an initial handshake it is empty; a server without it is open to the attack of its section 1."""
    info = message.extensions.get(RenegotiationInfo)
    output.check(
        info is not None or not config.secure_renegotiate,
        "renegotiation_info is there where it is insisted on",
        "RFC 5746 3.4",
        Problem.INSECURE_RENEGOTIATION,
        "no renegotiation_info in ServerHello",
    )
    output.check(
        info is None or not info.renegotiated_connection,
        "renegotiation_info of an initial handshake is empty",
        "RFC 5746 3.4",
        Problem.INSECURE_RENEGOTIATION,
        "renegotiation_info of an initial handshake is not empty",
    )


def _selected_suite(config: ClientConfig, offer: Offer, message: ServerHello, output: Output) -> Suite:
    """RFC 5246 7.4.1.3: one of those offered, and null compression."""
    output.check(
        message.compression_method == 0,
        "compression_method is null",
        "RFC 5246 7.4.1.3",
        Problem.ILLEGAL_PARAMETER,
        f"compression_method {message.compression_method}",
    )
    with output.checking("the cipher suite is one that was offered", "RFC 5246 7.4.1.3"):
        return _offered_suite(config, offer, message)


def _offered_suite(config: ClientConfig, offer: Offer, message: ServerHello) -> Suite:
    suite = config.provider.suites.get(message.cipher_suite)
    if suite is None or suite.version is not TLS12 or message.cipher_suite not in offer.hello.cipher_suites:
        name = name_of(CipherSuite, message.cipher_suite)
        raise ProtocolError(Problem.ILLEGAL_PARAMETER, f"server selected {name}, which TLS 1.2 was not offered with")
    return suite


def _resumed_session(offer: Offer, message: ServerHello) -> Session | None:
    """The session the server resumes: it says so by echoing the session identifier (RFC 5246 7.4.1.3, RFC 5077 3.4)."""
    if not message.session_id or message.session_id != offer.hello.session_id:
        return None
    session = offer.session
    if session is None or session.version is not TLS12:
        # RFC 8446 D.4: the identifier was made up; no server can know a session by it.
        raise ProtocolError(Problem.ILLEGAL_PARAMETER, "server resumes a session that was not offered")
    return session


def _parameters(config: ClientConfig, offer: Offer, suite: Suite, message: ServerHello, output: Output) -> Parameters12:
    extensions = message.extensions
    encrypt_then_mac = extensions.get(EncryptThenMac) is not None
    output.check(
        suite.cipher.kind is CipherKind.CBC or not encrypt_then_mac,
        "encrypt_then_mac is there only with a block cipher",
        "RFC 7366 3",
        Problem.ILLEGAL_PARAMETER,
        f"encrypt_then_mac with {suite.name} (RFC 7366 3)",
    )
    output.check(
        mac_is_sound(suite, encrypt_then_mac, allow_mac_then_encrypt=config.allow_mac_then_encrypt),
        "records are not encrypted after their MAC, where that is not allowed",
        "RFC 7366",
        Problem.NO_COMMON_CIPHER_SUITE,  # Lucky Thirteen lives on it
        f"{suite.name} without encrypt-then-MAC (RFC 7366)",
    )
    offered, selected = offer.hello.extensions.get(ApplicationProtocols), extensions.get(ApplicationProtocols)
    alpn = None if offered is None or selected is None else check_alpn(offered.protocols, selected.protocols, output)
    return Parameters12(
        suite=suite,
        client_random=offer.hello.random,
        server_random=message.random,
        extended_master_secret=extensions.get(ExtendedMasterSecret) is not None,
        encrypt_then_mac=encrypt_then_mac,
        alpn=alpn,
        server_name=sent_server_name(config),
    )


def _check_resumption(session: Session, parameters: Parameters12, output: Output) -> None:
    """What must be as it was when the session was made."""
    output.check(
        parameters.suite.id == session.suite,
        "the cipher suite is that of the session",
        "RFC 5246 7.4.1.3",
        Problem.ILLEGAL_PARAMETER,
        "cipher suite differs from the session's (RFC 5246 7.4.1.3)",
    )
    output.check(
        parameters.extended_master_secret == session.extended_master_secret,
        "the extended master secret is used as in the session",
        "RFC 7627 5.3",
        Problem.EXTENDED_MASTER_SECRET_CHANGED,
    )
    output.check(
        parameters.encrypt_then_mac or not session.encrypt_then_mac,
        "encrypt-then-MAC is not dropped in a resumption",
        "RFC 7366 3.1",
        Problem.ILLEGAL_PARAMETER,
        "encrypt_then_mac dropped in a resumption (RFC 7366 3.1)",
    )
