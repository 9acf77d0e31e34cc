"""A server's first state: START of RFC 8446 appendix A.2, up to where the version is known."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

from puressl.codes import CompressionMethod
from puressl.config import ServerConfig
from puressl.crypto.transcript import Transcript
from puressl.errors import Problem
from puressl.events import ChooseConfig
from puressl.handshake import select, server12, server13
from puressl.handshake.client_hello import TLS13
from puressl.handshake.machine import State, on
from puressl.handshake.output import Output
from puressl.wire import ClientHello


@dataclass(slots=True)
class ServerStart(State):
    """START: waits for ClientHello."""

    config: ServerConfig
    messages: Transcript

    @property
    def transcript(self) -> Transcript:
        return self.messages

    def client_hello(self, message: ClientHello, output: Output) -> State:
        output.check(
            CompressionMethod.NULL in message.compression_methods,
            "the null compression method is offered",
            "RFC 5246 7.4.1.2",
            Problem.ILLEGAL_PARAMETER,
            "ClientHello without null compression (RFC 5246 7.4.1.2)",
        )
        return output.ask(ChooseConfig(select.server_name(message)), partial(self._configured, message))

    def _configured(self, message: ClientHello, config: ServerConfig, output: Output) -> State:
        output.configure(config)
        with output.checking("there is a common version, and no needless fallback", "RFC 8446 4.2.1, RFC 7507 3"):
            version = select.version(config, message)
        if version is TLS13:
            return server13.client_hello(config, self.messages, message, output)
        return server12.client_hello(config, self.messages, message, output)

    expects = (on(ClientHello, client_hello, *server13.AFTER_CLIENT_HELLO, *server12.AFTER_CLIENT_HELLO),)
