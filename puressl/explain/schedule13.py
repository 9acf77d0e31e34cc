"""The key schedule of TLS 1.3 as a tree (RFC 8446 7.1 to 7.3, 4.2.11.2, 4.4.4, 4.6).

Theory of operation: messages are read in order into a transcript of its own; each that makes secrets available has a
method here, and the three stages of RFC 8446 7.1 follow ClientHello (with a PSK), ServerHello and the server's
Finished. The secrets are computed by ``crypto.schedule13``, whose stages hand out only what may be derived from them.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from puressl.codes import NamedGroup, name_of
from puressl.crypto.hashes import HashAlgorithm
from puressl.crypto.kdf import hkdf_expand_label, hmac_digest
from puressl.crypto.provider import PROVIDER
from puressl.crypto.schedule13 import EarlySecret, HandshakeSecret, MasterSecret, TrafficSecret, resumption_psk
from puressl.crypto.suites import Suite
from puressl.crypto.transcript import Transcript
from puressl.errors import Problem, ProtocolError
from puressl.explain.model import CLIENT, SERVER, Input
from puressl.explain.secrets import Told, Tree
from puressl.trace import PSK, SHARED_SECRET
from puressl.wire import (
    ClientHello,
    EarlyData,
    Finished,
    KeyShareOffer,
    KeyShareServer,
    KeyUpdate,
    NewSessionTicket,
    PreSharedKeyOffer,
    PreSharedKeySelected,
    ServerHello,
    binders_length,
)

_EXTRACT, _DERIVE, _EXPAND, _HMAC = "HKDF-Extract", "Derive-Secret", "HKDF-Expand-Label", "HMAC"
_SCHEDULE, _TRAFFIC = "RFC 8446 7.1", "RFC 8446 7.3"
#: Binders of a PSK whose suite is not known have the length of its hash (RFC 8446 4.2.11.2).
_HASH_OF_LENGTH = {each.size: each for each in (HashAlgorithm.SHA256, HashAlgorithm.SHA384)}


class Schedule13:
    """Reads the messages of one connection. tree: where the secrets go."""

    def __init__(self, tree: Tree) -> None:
        self._tree = tree
        self._transcript = Transcript()
        self._hello: ClientHello | None = None
        self._suite: Suite | None = None
        self._handshake: HandshakeSecret | None = None
        self._master: MasterSecret | None = None
        self._generation = {CLIENT: 0, SERVER: 0}
        self._tickets = 0
        self._finished: set[str] = set()

    def read(self, told: Told) -> None:
        """Takes the next handshake message, whoever sent it."""
        reader = self._READERS.get(type(told.message))
        if reader is not None:
            reader(self, told)
        elif not self._is_complete:
            self._transcript.add(told.raw)

    @property
    def _is_complete(self) -> bool:
        return len(self._finished) == 2

    # Messages -----------------------------------------------------------------------------------------------

    def _client_hello(self, told: Told) -> None:
        hello: ClientHello = told.message  # type: ignore[assignment]
        self._transcript.add(told.raw)
        self._hello = hello
        psk, offer = self._tree.inputs.get(PSK), hello.extensions.get(PreSharedKeyOffer)
        algorithm = _HASH_OF_LENGTH.get(len(offer.binders[0])) if offer is not None else None
        if psk is not None and algorithm is not None:
            self._binder(EarlySecret(algorithm, psk), hello, told.step)

    def _binder(self, early: EarlySecret, hello: ClientHello, step: int) -> None:
        """RFC 8446 4.2.11.2."""
        tree, size, name = self._tree, early.hash.size, "early_secret"
        self._early(early, step)
        key = early.binder_key()
        self._derive("binder_key", key, "res binder", name, early.hash.digest(b""), "no messages", step)
        finished_key = hkdf_expand_label(early.hash, key, "finished", b"", size)
        self._expand("binder_finished_key", finished_key, "finished", "binder_key", step, "RFC 8446 4.2.11.2")
        truncated = self._transcript.digest_for(early.hash, truncate=binders_length(hello))
        binder = hmac_digest(early.hash, finished_key, truncated)
        offer = hello.extensions.get(PreSharedKeyOffer)
        if offer is None or binder != offer.binders[0]:
            raise ProtocolError(Problem.INTERNAL_ERROR, "the binder is not that of ClientHello (RFC 8446 4.2.11.2)")
        over = Input("Transcript-Hash of the truncated ClientHello", truncated)
        number = f"binder_{sum(each.startswith('binder_') and each[7:].isdecimal() for each in tree.secrets)}"
        self._mac(number, binder, "binder_finished_key", over, step, "RFC 8446 4.2.11.2")
        if hello.extensions.get(EarlyData) is not None:
            whole = self._transcript.digest_for(early.hash)
            traffic, exporter = early.client_early_traffic(whole), early.early_exporter(whole)
            self._derive("client_early_traffic_secret", traffic, "c e traffic", name, whole, "ClientHello", step)
            self._derive("early_exporter_master_secret", exporter, "e exp master", name, whole, "ClientHello", step)

    def _server_hello(self, told: Told) -> None:
        hello: ServerHello = told.message  # type: ignore[assignment]
        suite = PROVIDER.suites.get(hello.cipher_suite)
        if suite is None:
            return
        self._suite = suite
        self._transcript.start(suite.hash)
        if hello.is_retry:
            self._transcript.replace_with_message_hash()
        self._transcript.add(told.raw)
        if not hello.is_retry:
            self._start_handshake(hello, suite, told.step)

    def _start_handshake(self, hello: ServerHello, suite: Suite, step: int) -> None:
        tree, algorithm = self._tree, suite.hash
        resumed = hello.extensions.get(PreSharedKeySelected) is not None
        early = EarlySecret(algorithm, tree.inputs.get(PSK) if resumed else None)
        shared = self._shared_secret(hello, step)
        if shared is not None and not (resumed and PSK not in tree.inputs):
            name = self._early(early, step)
            salt = early.derived()
            self._derive("derived_for_handshake", salt, "derived", name, algorithm.digest(b""), "no messages", step)
            self._handshake = early.handshake(shared)
            inputs = Input("Salt", salt, "derived_for_handshake"), Input("IKM", shared, SHARED_SECRET)
            self._extract("handshake_secret", self._handshake.secret, "derived_for_handshake", inputs, step)
        digest = self._transcript.digest()
        for sender, label in ((CLIENT, "c hs traffic"), (SERVER, "s hs traffic")):
            stage, name = self._handshake, f"{sender}_handshake_traffic_secret"
            value = None if stage is None else getattr(stage, f"{sender}_traffic")(digest)
            secret = self._derive(name, value, label, "handshake_secret", digest, "ClientHello to ServerHello", step)
            self._traffic(sender, "handshake", name, secret, step)
            if secret is not None:
                key = hkdf_expand_label(algorithm, secret, "finished", b"", algorithm.size)
                self._expand(f"{sender}_finished_key", key, "finished", name, step, "RFC 8446 4.4.4")

    def _shared_secret(self, hello: ServerHello, step: int) -> bytes | None:
        share, offer = hello.extensions.get(KeyShareServer), None
        if self._hello is not None:
            offer = self._hello.extensions.get(KeyShareOffer)
        shared = self._tree.inputs.get(SHARED_SECRET)
        if share is None or offer is None:
            return None
        group = share.share.group
        client = next((each.key_exchange for each in offer.shares if each.group == group), b"")
        inputs = Input("client's key_share", client), Input("server's key_share", share.share.key_exchange)
        operation = name_of(NamedGroup, group)
        return self._tree.add(SHARED_SECRET, operation, shared, *inputs, clause="RFC 8446 7.4", step=step)

    def _finished_message(self, told: Told) -> None:
        message: Finished = told.message  # type: ignore[assignment]
        if self._suite is None:
            return
        digest = self._transcript.digest()
        key = self._tree.value(f"{told.sender}_finished_key")
        if key is not None:
            verify_data = hmac_digest(self._suite.hash, key, digest)
            if verify_data != message.verify_data:
                raise ProtocolError(Problem.INTERNAL_ERROR, f"the {told.sender}'s Finished differs (RFC 8446 4.4.4)")
            over = Input("Transcript-Hash before Finished", digest)
            parent = f"{told.sender}_finished_key"
            self._mac(f"{told.sender}_verify_data", verify_data, parent, over, told.step, "RFC 8446 4.4.4")
        self._transcript.add(told.raw)
        self._finished.add(told.sender)
        if told.sender == SERVER:
            self._start_application(told.step)
        else:
            self._resumption(told.step)

    def _start_application(self, step: int) -> None:
        stage, digest = self._handshake, self._transcript.digest()
        if stage is not None:
            salt, size = stage.derived(), stage.hash.size
            nothing = stage.hash.digest(b"")
            self._derive("derived_for_master", salt, "derived", "handshake_secret", nothing, "no messages", step)
            self._master = stage.master()
            inputs = Input("Salt", salt, "derived_for_master"), Input("IKM", bytes(size))
            self._extract("master_secret", self._master.secret, "derived_for_master", inputs, step)
        messages = "ClientHello to server Finished"
        for sender, label in ((CLIENT, "c ap traffic"), (SERVER, "s ap traffic")):
            name = f"{sender}_application_traffic_secret_0"
            value = None if self._master is None else getattr(self._master, f"{sender}_traffic")(digest)
            secret = self._derive(name, value, label, "master_secret", digest, messages, step)
            self._traffic(sender, "application", name, secret, step)
        value = None if self._master is None else self._master.exporter(digest)
        self._derive("exporter_master_secret", value, "exp master", "master_secret", digest, messages, step)

    def _resumption(self, step: int) -> None:
        if self._master is None:
            return
        digest = self._transcript.digest()
        value, messages = self._master.resumption(digest), "ClientHello to client Finished"
        self._derive("resumption_master_secret", value, "res master", "master_secret", digest, messages, step)

    def _ticket(self, told: Told) -> None:
        """RFC 8446 4.6.1."""
        message: NewSessionTicket = told.message  # type: ignore[assignment]
        parent, name = "resumption_master_secret", f"ticket_{self._tickets}_PSK"
        above = self._tree.value(parent)
        if self._suite is None or above is None:
            return
        self._tickets += 1
        value, nonce = resumption_psk(self._suite.hash, above, message.ticket_nonce), message.ticket_nonce
        inputs = Input("Secret", above, parent), Input("ticket_nonce", nonce)
        add, where = self._tree.add, {"clause": "RFC 8446 4.6.1", "label": "resumption", "parent": parent}
        add(name, _EXPAND, value, *inputs, step=told.step, **where)

    def _key_update(self, told: Told) -> None:
        """RFC 8446 7.2."""
        number = self._generation[told.sender]
        above = f"{told.sender}_application_traffic_secret_{number}"
        secret = self._tree.value(above)
        if self._suite is None or secret is None:
            return
        self._generation[told.sender] = number + 1
        name, value = f"{above[: above.rindex('_')]}_{number + 1}", TrafficSecret(self._suite, secret).next().secret
        self._expand(name, value, "traffic upd", above, told.step, "RFC 8446 7.2")
        self._traffic(told.sender, f"application_{number + 1}", name, value, told.step)

    _READERS: dict[type[Any], Callable[[Schedule13, Told], None]] = {
        ClientHello: _client_hello,
        ServerHello: _server_hello,
        Finished: _finished_message,
        NewSessionTicket: _ticket,
        KeyUpdate: _key_update,
    }

    # Operations ---------------------------------------------------------------------------------------------

    def _early(self, early: EarlySecret, step: int) -> str:
        """Adds the early secret and returns its name; one that was only offered stands beside the one in use."""
        name, psk = "early_secret", self._tree.inputs.get(PSK)
        offered = self._tree.value(name)
        if offered is not None and offered != early.secret:
            name, psk = "early_secret_without_PSK", None
        zeros = bytes(early.hash.size)
        is_zero = psk is None or EarlySecret(early.hash, psk).secret != early.secret
        if psk is not None and not is_zero:
            self._tree.add(PSK, "pre-shared key", psk, clause="RFC 8446 4.2.11", step=step)
        keying = Input("IKM", zeros) if is_zero or psk is None else Input("IKM", psk, PSK)
        self._extract(name, early.secret, "" if is_zero else PSK, (Input("Salt", zeros), keying), step)
        return name

    def _extract(self, name: str, value: bytes, parent: str, inputs: tuple[Input, ...], step: int) -> None:
        self._tree.add(name, _EXTRACT, value, *inputs, clause=_SCHEDULE, step=step, parent=parent)

    def _derive(
        self, name: str, value: bytes | None, label: str, parent: str, digest: bytes, messages: str, step: int
    ) -> bytes | None:
        secret = Input("Secret", self._tree.value(parent) or b"", parent)
        over = Input(f"Transcript-Hash of {messages}", digest)
        return self._tree.add(
            name, _DERIVE, value, secret, over, clause=_SCHEDULE, step=step, label=label, parent=parent
        )

    def _expand(self, name: str, value: bytes, label: str, parent: str, step: int, clause: str) -> None:
        secret = Input("Secret", self._tree.value(parent) or b"", parent)
        self._tree.add(name, _EXPAND, value, secret, clause=clause, step=step, label=label, parent=parent)

    def _mac(self, name: str, value: bytes, parent: str, over: Input, step: int, clause: str) -> None:
        key = Input("key", self._tree.value(parent) or b"", parent)
        self._tree.add(name, _HMAC, value, key, over, clause=clause, step=step, parent=parent)

    def _traffic(self, sender: str, epoch: str, parent: str, secret: bytes | None, step: int) -> None:
        """Key and IV of one direction and epoch (RFC 8446 7.3)."""
        if secret is None or self._suite is None:
            return
        traffic = TrafficSecret(self._suite, secret)
        self._expand(f"{sender}_{epoch}_write_key", traffic.key(), "key", parent, step, _TRAFFIC)
        self._expand(f"{sender}_{epoch}_write_iv", traffic.iv(), "iv", parent, step, _TRAFFIC)
