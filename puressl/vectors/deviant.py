"""A sound connection that follows a script of deviations.

Theory of operation: ``send`` is where every message of the handshake leaves the core, so a deviant end overrides it:
the script says what goes in place of a message, and the bytes it returns are what the end's own transcript hashes.
Records are taken from the sender piece by piece, so that one of them can be changed after it was sealed.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from puressl.codes import ContentType, Direction, Epoch, SignatureScheme
from puressl.config import ClientConfig, ServerConfig
from puressl.connection import ClientConnection, Connection, ServerConnection
from puressl.crypto.keys import PrivateKey
from puressl.crypto.provider import PROVIDER
from puressl.env import Env
from puressl.events import Event, HandshakeCompleted, Sign
from puressl.handshake.output import TrafficKeys
from puressl.handshake.resolve import resolve
from puressl.vectors import names
from puressl.vectors.deviations import Deviation, Raw, Script, edited, items_of
from puressl.vectors.recording import Watcher, message_name
from puressl.wire import ClientHello, ServerHello, decode_handshake_with_spans

#: TLSInnerPlaintext's type when the content brings its own type and padding (RFC 8446 5.4).
_OWN_TYPE = 0


class Deviant(Connection):
    """What deviant ends have in common. script: what they do differently."""

    script: Script

    def __init__(self, config: Any, script: Script) -> None:
        super().__init__(config)  # type: ignore[call-arg]
        self.script = script
        self._out: list[bytes] = []
        self._hellos = 0

    def data_to_send(self) -> bytes:
        self._out.append(super().data_to_send())
        data = b"".join(self._out)
        self._out.clear()
        return data

    def send(self, epoch: Epoch, message: Any) -> bytes:
        name = self._name_of(message)
        at = self.script.tampering(name)
        if at is not None:
            self._out.append(super().data_to_send())
        hashed = b"".join(self._put(epoch, item) for item in self.script.replaced(name, message))
        if at is not None:
            self._out.append(edited({"flip": at}, super().data_to_send()))
        return hashed

    def install(self, direction: Direction, epoch: Epoch, keys: TrafficKeys) -> None:
        if direction is Direction.WRITE and any(self.script.of("unprotected")):
            self.script.fired = True
            return
        super().install(direction, epoch, keys)

    def emit(self, event: Event) -> None:
        super().emit(event)
        if isinstance(event, HandshakeCompleted):
            for deviation in self.script.of("connected"):
                self.script.fired = True
                for item in items_of(deviation["connected"]):
                    self._put(Epoch.APPLICATION, item)

    def _name_of(self, message: Any) -> str:
        """A message's name in a script, which tells the two hellos of a retry apart."""
        if isinstance(message, ServerHello) and message.is_retry:
            return "hello_retry_request"
        if isinstance(message, ClientHello):
            self._hellos += 1
            return "client_hello" if self._hellos == 1 else "second_client_hello"
        return message_name(message, bytes([getattr(message, "handshake_type", 0)]))

    def _put(self, epoch: Epoch, item: Any) -> bytes:
        """Sends an item; what of it the transcript has."""
        if isinstance(item, Raw):
            self._sender.send(ContentType.HANDSHAKE, item.raw)
            self._config.tracer.message(Direction.WRITE, epoch, None, item.raw)
            return item.raw if item.hashed else b""
        if isinstance(item, dict):
            self._put_record(item)
            return b""
        return super().send(epoch, item)

    def _put_record(self, item: Deviation) -> None:
        self._out.append(super().data_to_send())
        zeros = bytes(item.get("zeros", 0))
        if "wire" in item:
            self._out.append(bytes.fromhex(item["wire"]) + zeros)
            return
        content_type, content = item["record"], bytes.fromhex(item["content"]) + zeros
        if "padding" in item:
            content_type, content = _OWN_TYPE, content + bytes([content_type]) + bytes(item["padding"] - 1)
        # The sender makes no empty records and no padding, so this asks the protection it holds.
        self._out.append(self._sender._protection.seal(content_type, content, self._sender.record_version))


class DeviantClient(Deviant, ClientConnection):
    """A client that follows a script."""


class DeviantServer(Deviant, ServerConnection):
    """A server that follows a script. watcher: its tracer."""

    def __init__(self, config: ServerConfig, script: Script, watcher: Watcher) -> None:
        super().__init__(config, script)
        script.resign = self._resigned
        self._credential = config.credentials[0]
        self._watcher = watcher

    def _resigned(self, message: Any, raw: bytes) -> bytes:
        """A ServerKeyExchange with the signature that fits its changed parameters (RFC 5246 7.4.3)."""
        _, spans = decode_handshake_with_spans(type(message), raw)
        scheme = next(span for span in spans if span.path.endswith(".scheme"))
        content = self._watcher.client_random + self._watcher.server_random + raw[4 : scheme.start]
        code_point = int.from_bytes(raw[scheme.start : scheme.end], "big")
        signature: bytes = resolve(self._config, Sign(self._credential, code_point, content))
        body = raw[4 : scheme.end] + len(signature).to_bytes(2, "big") + signature
        return bytes(raw[:1] + len(body).to_bytes(3, "big") + body)


def signing(deviations: Sequence[Deviation], stranger: PrivateKey, env: Env) -> dict[type[Any], Any]:
    """The resolver that signs as a script says; none where it says nothing of it. stranger: another key."""
    found = [each for each in deviations if "sign" in each]
    if not found:
        return {}
    (how,) = found

    def sign(need: Sign) -> bytes:
        content = need.message[how.get("skip", 0) :]
        if "was" in how:
            content = content.replace(bytes.fromhex(how["was"]), bytes.fromhex(how["becomes"]))
        if "flip" in how:
            content = edited(how, content)
        key = stranger if "key" in how else need.credential.key or stranger
        return PROVIDER.sign(key, names.code(SignatureScheme, how["sign"]), content, env)

    return {Sign: sign}


def connect(config: ClientConfig | ServerConfig, watcher: Watcher, deviations: Sequence[Deviation]) -> Deviant:
    """A deviant end with a configuration. watcher: its tracer."""
    script = Script(deviations)
    if isinstance(config, ClientConfig):
        return DeviantClient(config, script)
    return DeviantServer(config, script, watcher)
