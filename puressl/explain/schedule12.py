"""The key schedule of TLS 1.2 as a tree (RFC 5246 6.3, 7.4.9, 8.1; RFC 7627).

Theory of operation: the premaster secret becomes the master secret when ClientKeyExchange is there, over the session
hash or the two randoms; a resumed session brings its master secret along. The master secret becomes the key block,
which is cut in the order of RFC 5246 6.3, and the verify data of both Finished messages.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from puressl.codes import NamedGroup, name_of
from puressl.crypto import schedule12
from puressl.crypto.provider import PROVIDER
from puressl.crypto.suites import Suite
from puressl.crypto.transcript import Transcript
from puressl.errors import Problem, ProtocolError
from puressl.explain.model import Input
from puressl.explain.secrets import Told, Tree
from puressl.trace import PREMASTER_SECRET
from puressl.wire import (
    ClientHello,
    ClientKeyExchangeDHE,
    ClientKeyExchangeECDHE,
    ClientKeyExchangeRSA,
    EncryptThenMac,
    ExtendedMasterSecret,
    Finished,
    HelloRequest,
    ServerHello,
    ServerKeyExchangeDHE,
    ServerKeyExchangeECDHE,
)

_PRF, _MASTER, _BLOCK = "PRF", "master_secret", "key_block"
#: The key block's parts, in its order (RFC 5246 6.3), and the fields of ``TrafficKeys12`` they go to.
_PARTS = (("write_MAC_key", "mac_key"), ("write_key", "key"), ("write_IV", "iv"))


class Schedule12:
    """Reads the messages of one connection. tree: where the secrets go."""

    def __init__(self, tree: Tree) -> None:
        self._tree = tree
        self._transcript = Transcript()
        self._suite: Suite | None = None
        self._randoms = (b"", b"")
        self._extended = self._encrypt_then_mac = False
        self._exchange: tuple[str, tuple[Input, ...]] = ("RSA", ())
        self._exchanged = False
        self._hello_step = 0

    def read(self, told: Told) -> None:
        """Takes the next handshake message, whoever sent it."""
        if isinstance(told.message, HelloRequest):
            return  # RFC 5246 7.4.1.1: not hashed
        if isinstance(told.message, Finished):
            self._finished(told)
        self._transcript.add(told.raw)
        reader = self._READERS.get(type(told.message))
        if reader is not None:
            reader(self, told)

    # Messages -----------------------------------------------------------------------------------------------

    def _client_hello(self, told: Told) -> None:
        hello: ClientHello = told.message  # type: ignore[assignment]
        self._randoms = (hello.random, b"")

    def _server_hello(self, told: Told) -> None:
        hello: ServerHello = told.message  # type: ignore[assignment]
        self._randoms = (self._randoms[0], hello.random)
        self._hello_step = told.step
        self._extended = hello.extensions.get(ExtendedMasterSecret) is not None
        self._encrypt_then_mac = hello.extensions.get(EncryptThenMac) is not None
        self._suite = PROVIDER.suites.get(hello.cipher_suite)
        if self._suite is not None:
            self._transcript.start(self._suite.hash)

    def _server_ecdhe(self, told: Told) -> None:
        message: ServerKeyExchangeECDHE = told.message  # type: ignore[assignment]
        name = f"ECDHE {name_of(NamedGroup, message.group)}"
        self._exchange = (name, (Input("server's point", message.point),))

    def _server_dhe(self, told: Told) -> None:
        message: ServerKeyExchangeDHE = told.message  # type: ignore[assignment]
        inputs = (Input("dh_p", message.p), Input("dh_g", message.g), Input("dh_Ys", message.y))
        self._exchange = ("DHE", inputs)

    def _client_ecdhe(self, told: Told) -> None:
        message: ClientKeyExchangeECDHE = told.message  # type: ignore[assignment]
        self._agreed(Input("client's point", message.point), told.step)

    def _client_dhe(self, told: Told) -> None:
        message: ClientKeyExchangeDHE = told.message  # type: ignore[assignment]
        self._agreed(Input("dh_Yc", message.y), told.step)

    def _client_rsa(self, told: Told) -> None:
        message: ClientKeyExchangeRSA = told.message  # type: ignore[assignment]
        self._agreed(Input("encrypted premaster secret", message.encrypted), told.step)

    _READERS: dict[type[Any], Callable[[Schedule12, Told], None]] = {
        ClientHello: _client_hello,
        ServerHello: _server_hello,
        ServerKeyExchangeECDHE: _server_ecdhe,
        ServerKeyExchangeDHE: _server_dhe,
        ClientKeyExchangeECDHE: _client_ecdhe,
        ClientKeyExchangeDHE: _client_dhe,
        ClientKeyExchangeRSA: _client_rsa,
    }

    # Secrets ------------------------------------------------------------------------------------------------

    def _agreed(self, ours: Input, step: int) -> None:
        """RFC 5246 8.1, RFC 7627 4."""
        name, theirs = self._exchange
        premaster = self._tree.add(
            PREMASTER_SECRET,
            name,
            self._tree.inputs.get(PREMASTER_SECRET),
            *theirs,
            ours,
            clause="RFC 5246 8.1",
            step=step,
        )
        self._exchanged = True
        self._master(premaster, step)

    def _master(self, premaster: bytes | None, step: int) -> None:
        suite = self._suite
        if suite is None:
            return
        value = None
        secret = Input("secret", premaster or b"", PREMASTER_SECRET)
        label, seed = "master secret", Input("client and server random", b"".join(self._randoms))
        clause = "RFC 5246 8.1"
        if self._extended:
            label, seed = "extended master secret", Input("session_hash", self._transcript.digest())
            clause = "RFC 7627 4"
        if premaster is not None and self._extended:
            value = schedule12.extended_master_secret(suite.hash, premaster, seed.value)
        elif premaster is not None:
            value = schedule12.master_secret(suite.hash, premaster, *self._randoms)
        add, parent = self._tree.add, PREMASTER_SECRET
        if add(_MASTER, _PRF, value, secret, seed, clause=clause, step=step, label=label, parent=parent) is not None:
            self._key_block(suite, step)

    def _key_block(self, suite: Suite, step: int) -> None:
        """RFC 5246 6.3."""
        master = self._tree.value(_MASTER) or b""
        block = schedule12.key_block(suite, master, *self._randoms, self._encrypt_then_mac)
        sides = (("client", block.client), ("server", block.server))
        parts = {f"{side}_{name}": getattr(keys, source) for name, source in _PARTS for side, keys in sides}
        seed = Input("server and client random", self._randoms[1] + self._randoms[0])
        inputs = Input("secret", master, _MASTER), seed
        where: Mapping[str, Any] = {"clause": "RFC 5246 6.3", "step": step}
        value = b"".join(parts.values())
        self._tree.add(_BLOCK, _PRF, value, *inputs, label="key expansion", parent=_MASTER, **where)
        for name, part in parts.items():
            if part:
                self._tree.add(name, "cut", part, Input("key_block", value, _BLOCK), parent=_BLOCK, **where)

    def _finished(self, told: Told) -> None:
        """RFC 5246 7.4.9. In a resumption it is the first message that needs the master secret."""
        message: Finished = told.message  # type: ignore[assignment]
        if self._suite is None:
            return
        if not self._exchanged and self._tree.value(_MASTER) is None:
            self._resumed()
        master = self._tree.value(_MASTER)
        if master is None:
            return
        label, digest = f"{told.sender} finished", self._transcript.digest()
        value = schedule12.finished_verify_data(self._suite.hash, master, label.encode(), digest)
        if value != message.verify_data:
            raise ProtocolError(Problem.INTERNAL_ERROR, f"the {told.sender}'s Finished differs (RFC 5246 7.4.9)")
        inputs = Input("secret", master, _MASTER), Input("hash of the messages before", digest)
        name, where = f"{told.sender}_verify_data", {"clause": "RFC 5246 7.4.9", "label": label, "parent": _MASTER}
        self._tree.add(name, _PRF, value, *inputs, step=told.step, **where)

    def _resumed(self) -> None:
        """The session's master secret serves again from ServerHello on (RFC 5246 7.3)."""
        suite, step = self._suite, self._hello_step
        master = self._tree.add(_MASTER, "resumed session", None, clause="RFC 5246 7.3", step=step)
        if suite is not None and master is not None:
            self._key_block(suite, step)
