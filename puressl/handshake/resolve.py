"""Answers to what a handshake cannot decide by itself.

Theory of operation: a need is put to the configuration's own resolver, else to the default for its kind; the defaults
are rows of a table. Whoever answers, and whenever, the answer is held to what the need allows before the handshake goes
on with it: a resolver that forgets its ``return`` must not pass for one that said yes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from puressl.codes import NamedGroup
from puressl.config import ClientConfig, Config, ServerConfig, Verify
from puressl.crypto.hashes import HashAlgorithm
from puressl.crypto.keys import ECPublicKey, PrivateKey, RSAPrivateKey
from puressl.crypto.suites import Authentication
from puressl.env import Purpose
from puressl.errors import Problem, ProtocolError
from puressl.events import (
    PENDING,
    ChooseConfig,
    ChooseCookie,
    ChooseCredential,
    DecryptPremaster,
    FindSession,
    IssueTicket,
    Need,
    Sign,
    Ticket,
    VerifyPeer,
)
from puressl.session import MAX_TICKET, MAX_TICKET_LIFETIME, Session
from puressl.x509.credential import Credential
from puressl.x509.policy import Policy, Profile, Revocation
from puressl.x509.policy import Purpose as CertificatePurpose
from puressl.x509.verifier import VerifiedPeer, danger_accept_unverified, verify_peer

#: RFC 5246 8.1.1.
PREMASTER_LENGTH = 48
#: RFC 8446 4.2.2, 4.6.1: a cookie and a ticket are opaque<1..2^16-1>, and share their block with others.
MAX_COOKIE = 16_384


def resolve(config: Config, need: Need) -> Any:
    """Answers a need, or says ``PENDING``. Raises what the resolver raises, and ``ProtocolError`` for an answer of
    another kind.
    """
    own = config.resolvers.get(type(need))
    answer = own(need) if own is not None else _DEFAULT_RESOLVERS[type(need)](config, need)
    return answer if answer is PENDING else accept(need, answer)


def accept(need: Need, answer: Any) -> Any:
    """The answer, if it is one that the need allows; else ``ProtocolError`` (internal_error)."""
    if not _ALLOWED[type(need)](need, answer):
        kind = type(need).__name__
        raise ProtocolError(Problem.INTERNAL_ERROR, f"{kind} was answered with {type(answer).__name__} of no use to it")
    return answer


def _is_ticket(answer: Any) -> bool:
    """RFC 8446 4.6.1: at most seven days; TLS 1.2 leaves a lifetime of 0 to the client (RFC 5077 3.3)."""
    if not isinstance(answer, Ticket):
        return False
    return 0 <= answer.lifetime <= MAX_TICKET_LIFETIME and 0 < len(answer.ticket) <= MAX_TICKET


_ALLOWED: Mapping[type[Any], Callable[[Any, Any], bool]] = {
    ChooseConfig: lambda need, answer: isinstance(answer, ServerConfig),
    ChooseCredential: lambda need, answer: answer is None or isinstance(answer, Credential),
    Sign: lambda need, answer: isinstance(answer, bytes) and bool(answer),
    DecryptPremaster: lambda need, answer: isinstance(answer, bytes) and len(answer) == PREMASTER_LENGTH,
    VerifyPeer: lambda need, answer: isinstance(answer, VerifiedPeer) and answer.chain == need.chain,
    FindSession: lambda need, answer: answer is None or isinstance(answer, Session),
    IssueTicket: lambda need, answer: answer is None or _is_ticket(answer),
    ChooseCookie: lambda need, answer: answer is None or (isinstance(answer, bytes) and 0 < len(answer) <= MAX_COOKIE),
}

# The defaults ---------------------------------------------------------------------------------------------------------


def _choose_credential(config: Config, need: ChooseCredential) -> Credential | None:
    if isinstance(config, ClientConfig):
        return config.credential if config.credential and _fits(config, config.credential, need) else None
    usable = [each for each in config.credentials if _fits(config, each, need)]
    if need.server_name is not None:
        named = [credential for credential in usable if credential.matches(need.server_name)]
        if not named and config.require_known_name:
            raise ProtocolError(Problem.UNRECOGNIZED_NAME, repr(need.server_name))
        usable = named or usable
    return usable[0] if usable else None


def _fits(config: Config, credential: Credential, need: ChooseCredential) -> bool:
    """Whether the peer can verify with this key (RFC 8446 4.4.2.2) and a TLS 1.2 suite allows it (RFC 5246 7.4.2)."""
    common = set(need.schemes) & set(config.schemes_for(need.version))
    if not common.intersection(credential.schemes(need.version)):
        return False
    if need.curves and not _is_on(credential, need.curves):
        return False
    if not need.authentication:
        return True
    return any(kind is Authentication.ANY or kind is credential.authentication for kind in need.authentication)


def _is_on(credential: Credential, curves: tuple[int, ...]) -> bool:
    """Whether an ECDSA key is on one of the curves; any other key has none."""
    key = credential.leaf.public_key
    return not isinstance(key, ECPublicKey) or NamedGroup[key.curve.name] in curves


def _sign(config: Config, need: Sign) -> bytes:
    return config.provider.sign(_private_key(need.credential), need.scheme, need.message, config.env)


def _decrypt_premaster(config: Config, need: DecryptPremaster) -> bytes:
    key = _private_key(need.credential)
    if not isinstance(key, RSAPrivateKey):
        raise ProtocolError(Problem.INTERNAL_ERROR, "RSA key exchange with a key of another kind")
    return config.provider.decrypt_premaster(key, need.encrypted, need.client_version, config.env)


def _private_key(credential: Credential) -> PrivateKey:
    if credential.key is None:
        raise ProtocolError(Problem.INTERNAL_ERROR, f"no resolver signs for {credential.leaf.subject.text}")
    return credential.key


def _verify_peer(config: Config, need: VerifyPeer) -> VerifiedPeer:
    if config.verify is Verify.NONE or config.trust is None:
        return danger_accept_unverified(need.chain)
    if isinstance(config, ClientConfig):
        purpose, name = CertificatePurpose.SERVER_AUTH, config.server_name
    else:
        purpose, name = CertificatePurpose.CLIENT_AUTH, None
    policy = Policy(
        time=config.env.now(),
        purpose=purpose,
        server_name=name,
        depth=config.depth,
        minimum_rsa_bits=config.minimum_rsa_bits,
        profile=Profile.of(config.profile or Profile.PATH),
        revocation=Revocation.of(config.revocation),
    )
    evidence = config.evidence
    if need.ocsp_responses:
        stapled, *others = need.ocsp_responses
        evidence = replace(evidence, stapled=stapled, ocsp_responses=[one for one in others if one])
    return verify_peer(need.chain, trust=config.trust, policy=policy, evidence=evidence)


def _find_session(config: Config, need: FindSession) -> Session | None:
    if not isinstance(config, ServerConfig) or not config.session_tickets:
        return None
    if need.ticket and config.ticket_keys is not None:
        return config.ticket_keys.open(need.ticket)
    if need.session_id and config.session_cache and config.sessions is not None:
        return config.sessions.find(need.session_id)
    return None


def _issue_ticket(config: Config, need: IssueTicket) -> Ticket | None:
    if not isinstance(config, ServerConfig) or not config.session_tickets or config.ticket_keys is None:
        return None
    left = need.session.expires - need.session.created
    lifetime = int(min(left, config.ticket_keys.lifetime))
    if lifetime <= 0:
        return None
    age_add = int.from_bytes(config.env.random(4, Purpose.TICKET_AGE_ADD), "big")
    session = replace(need.session, age_add=age_add, expires=need.session.created + lifetime)
    ticket = config.ticket_keys.seal(session)
    return Ticket(lifetime, ticket, age_add) if len(ticket) <= MAX_TICKET else None


def _choose_cookie(config: Config, need: ChooseCookie) -> bytes | None:
    if isinstance(config, ServerConfig) and config.cookie:
        return config.env.random(HashAlgorithm.SHA256.size, Purpose.COOKIE)
    return None


_DEFAULT_RESOLVERS: dict[type[Any], Callable[[Any, Any], Any]] = {
    ChooseConfig: lambda config, need: config,
    ChooseCredential: _choose_credential,
    Sign: _sign,
    DecryptPremaster: _decrypt_premaster,
    VerifyPeer: _verify_peer,
    FindSession: _find_session,
    IssueTicket: _issue_ticket,
    ChooseCookie: _choose_cookie,
}
