"""From options to the core's configurations.

Theory of operation: an option is a field of ``ClientConfig`` or ``ServerConfig`` by another name, or the answer to one
of a handshake's needs: ``sni_fun`` chooses the configuration, and a chain that is to be verified for no name in
particular is judged by a resolver of its own.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from puressl import events
from puressl.cipher_string import parse_ciphers
from puressl.codes import ProtocolVersion
from puressl.config import ClientConfig, ServerConfig, Verify
from puressl.crypto.suites import SUITES
from puressl.env import Env
from puressl.errors import Problem, ProtocolError, Reason, SSLError
from puressl.events import ChooseConfig, VerifyPeer
from puressl.io.transport import as_ssl_error
from puressl.session import SessionStore
from puressl.sockets.files import Files
from puressl.sockets.options import Options, Place
from puressl.trace import KeyLog
from puressl.x509.names import parse_server_name
from puressl.x509.policy import Policy, Profile, Purpose
from puressl.x509.store import TrustStore
from puressl.x509.verifier import VerifiedPeer, verify_peer

VERSIONS = {version.label: version for version in (ProtocolVersion.TLSv1_3, ProtocolVersion.TLSv1_2)}
#: ``server_name_indication``: go without.
DISABLE = "disable"
#: The answer of a ``sni_fun`` that would answer later.
PENDING = "pending"


@dataclass(frozen=True)
class Surroundings:
    """What configurations share within an application."""

    env: Env
    files: Files
    sessions: SessionStore


def client_config(options: Options, around: Surroundings, host: str | None, peer: tuple[str, int]) -> ClientConfig:
    """A client's configuration.

    host: whom it was asked to connect to, None for a socket that is connected already. peer: host or address, and port.
    Raises ``SSLError``: the reasons of own files, ``ecipher``, ``eoptions``.
    """
    named = options["server_name_indication"]
    verify = Verify(options["verify"])
    name = named if named not in (None, DISABLE) else _name_of(host, verify)
    trust = around.files.trust(options)
    fields = _common(options, around)
    if verify and trust is None:
        trust = around.files.system_trust()
    if verify and name is None:
        if named is None:
            raise SSLError(Reason.EOPTIONS, "server_name_indication: say whose certificate it must be, or disable")
        fields["resolvers"] = {VerifyPeer: _for_any_name(options, around.env, trust)}
        verify = Verify.NONE
    return ClientConfig(
        server_name=name,
        send_server_name=named != DISABLE,
        verify=verify,
        trust=trust,
        credential=around.files.credential(options),
        alpn=options["alpn_advertised_protocols"],
        sessions=around.sessions,
        # Sessions of one server are no good for another; that they are not shown to it is privacy.
        resumption_context=repr((peer, named, options["verify"])).encode(),
        **fields,
    )


def server_config(options: Options, around: Surroundings) -> ServerConfig:
    """A server's configuration. With a ``sni_fun`` it is for clients that ask for no name, and the need for the others'
    is left pending, for ``named_config``. Raises as ``client_config``, and ``enoservercert``, ``ecacertfile``.
    """

    def choose(need: ChooseConfig) -> Any:
        return config if need.server_name is None else events.PENDING

    resolvers = {ChooseConfig: choose} if "sni_fun" in options else {}
    config = ServerConfig(resolvers=resolvers, **_server_fields(options, around))
    return config


def named_config(options: Options, around: Surroundings, config: ServerConfig, name: str) -> ServerConfig:
    """The configuration for a name: what ``sni_fun`` says of it goes before the other options.

    Raises ``SSLError``: ``ex509lookup`` for an answer to come later, unrecognized_name for None (RFC 6066 3), those of
    ``server_config``, and what ``sni_fun`` raises.
    """
    answer = options["sni_fun"](name)
    if answer is None:
        raise ProtocolError(Problem.UNRECOGNIZED_NAME, repr(name))
    if isinstance(answer, str) and answer == PENDING:
        raise SSLError(Reason.EX509LOOKUP, f"sni_fun answered {PENDING!r} for {name}")
    named = options.changed(Options.read(answer, Place.NAMED))
    return replace(config, resolvers={}, **_server_fields(named, around))


def _server_fields(options: Options, around: Surroundings) -> dict[str, Any]:
    own, verify, trust = around.files.credential(options), Verify(options["verify"]), around.files.trust(options)
    if own is None and "sni_fun" not in options:
        raise SSLError(Reason.ENOSERVERCERT, "certfile or cert must name one, or sni_fun")
    if verify and trust is None:
        raise SSLError(Reason.ECACERTFILE, "cacertfile or cacerts must name the roots that clients are verified by")
    return _common(options, around) | {
        "credentials": (own,) if own is not None else (),
        "verify": verify,
        "trust": trust,
        "alpn": options["alpn_preferred_protocols"],
        "session_cache": options["reuse_sessions"],
    }


def _name_of(host: str | None, verify: Verify) -> str | None:
    """The name of a host, None for one that can be no name in a certificate, where none is verified."""
    name = host and host.partition("%")[0]  # RFC 4007 11: the zone of a link-local address is nobody else's matter
    try:
        if name:
            parse_server_name(name)
    except SSLError:
        if verify:
            raise
        return None
    return name


def _common(options: Options, around: Surroundings) -> dict[str, Any]:
    versions = tuple(sorted((VERSIONS[name] for name in options["versions"]), reverse=True))
    return {
        "versions": versions,
        "depth": options["depth"],
        "secure_renegotiate": options["secure_renegotiate"],
        "allow_mac_then_encrypt": options["allow_mac_then_encrypt"],
        "session_tickets": options["session_tickets"] and options["reuse_sessions"],
        "keylog": _key_log(options),
        "env": around.env,
        **_suites(options, versions),
    }


def _suites(options: Options, versions: tuple[ProtocolVersion, ...]) -> dict[str, Any]:
    """The suites asked for; a version that none of them is for is not spoken."""
    if "ciphers" not in options:
        return {}
    suites = parse_ciphers(options["ciphers"], SUITES)
    served = {SUITES[suite].version for suite in suites}
    spoken = tuple(version for version in versions if version in served)
    if not spoken:
        raise SSLError(Reason.ECIPHER, f"{options['ciphers']!r:.100} has none for {', '.join(options['versions'])}")
    return {"cipher_suites": suites, "versions": spoken}


def _key_log(options: Options) -> KeyLog | None:
    """Appends lines to a file that only its owner may read. Raises the POSIX reason where that cannot be."""
    path = options["keylog"] or os.environ.get("SSLKEYLOGFILE")
    if not path:
        return None

    def append(line: str = "") -> None:
        """One line is one write, so that programs may share the file; it stays open no longer, as nobody closes it."""
        try:
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
            try:
                os.write(descriptor, f"{line}\n".encode("ascii") if line else b"")
            finally:
                os.close(descriptor)
        except OSError as error:
            raise as_ssl_error(error, f"keylog: {path}") from None

    append()
    return append


def _for_any_name(options: Options, env: Env, trust: TrustStore | None) -> Callable[[VerifyPeer], VerifiedPeer]:
    anchors = trust or TrustStore(())
    profile = Profile.WEBPKI if anchors.is_public else Profile.PATH

    def judge(need: VerifyPeer) -> VerifiedPeer:
        policy = Policy(time=env.now(), purpose=Purpose.SERVER_AUTH, depth=options["depth"], profile=profile)
        return verify_peer(need.chain, trust=anchors, policy=policy)

    return judge
