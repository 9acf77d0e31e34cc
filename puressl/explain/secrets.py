"""The tree of secrets while it grows, and what it is checked against.

Theory of operation: a secret is added with the operation that makes it, its inputs and the value computed here. What
the core reported under the key log's labels is held against it: a difference is an error of one of the two. A value
that could not be computed, because an input was not told (a recorded connection has only its key log), is the reported
one, and then the secret has no parent; what is not known at all is not in the tree.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from puressl.codes import ProtocolVersion
from puressl.crypto.schedule13 import TrafficSecret
from puressl.crypto.suites import Suite
from puressl.errors import Problem, ProtocolError
from puressl.explain.model import Input, Secret

#: Labels of the key log, and the secrets' names in RFC 8446 7.1 and RFC 5246 8.1.
KEY_LOG_NAMES: Mapping[str, str] = {
    "CLIENT_RANDOM": "master_secret",
    "CLIENT_EARLY_TRAFFIC_SECRET": "client_early_traffic_secret",
    "EARLY_EXPORTER_SECRET": "early_exporter_master_secret",
    "CLIENT_HANDSHAKE_TRAFFIC_SECRET": "client_handshake_traffic_secret",
    "SERVER_HANDSHAKE_TRAFFIC_SECRET": "server_handshake_traffic_secret",
    "CLIENT_TRAFFIC_SECRET_0": "client_application_traffic_secret_0",
    "SERVER_TRAFFIC_SECRET_0": "server_application_traffic_secret_0",
    "EXPORTER_SECRET": "exporter_master_secret",
}
_KEY_LOG_CLAUSES = {"CLIENT_RANDOM": "RFC 5246 8.1"}
_LABELS = {name: label for label, name in KEY_LOG_NAMES.items()}


@dataclass(frozen=True, slots=True)
class Told:
    """A handshake message: the step it is, who sent it, decoded and as bytes with its header."""

    step: int
    sender: str
    message: object
    raw: bytes = field(repr=False)


@dataclass(slots=True)
class Tree:
    """Secrets in the order in which they can be derived.

    inputs: what goes in from outside, by the names of ``puressl.trace``. reported: by the key log's labels.
    """

    inputs: Mapping[str, bytes] = field(repr=False)
    reported: Mapping[str, bytes] = field(repr=False)
    secrets: dict[str, Secret] = field(default_factory=dict, repr=False)

    def value(self, name: str) -> bytes | None:
        """The value of a secret that is in the tree."""
        secret = self.secrets.get(name)
        return None if secret is None else secret.value

    def add(
        self,
        name: str,
        operation: str,
        value: bytes | None,
        *inputs: Input,
        clause: str,
        step: int,
        label: str = "",
        parent: str = "",
    ) -> bytes | None:
        """Adds a secret once and returns its value. value: None where it cannot be computed."""
        if name in self.secrets:
            return self.secrets[name].value
        known = self._known(name)
        if value is not None and known is not None and value != known:
            raise ProtocolError(Problem.INTERNAL_ERROR, f"{name} is not what the connection uses ({clause})")
        taken = known if value is None else value
        if taken is None:
            return None
        above = parent if parent in self.secrets else ""
        self.secrets[name] = Secret(name, operation, label, above, inputs, taken, clause, step)
        return taken

    def _known(self, name: str) -> bytes | None:
        return self.reported.get(_LABELS.get(name, ""))


def add_reported(tree: Tree, suite: Suite | None, step: int) -> None:
    """Adds what was reported and could not be derived as roots, with the keys of TLS 1.3's traffic secrets.

    suite: None where it is not known. step: after which they are there for sure.
    """
    for label, name in KEY_LOG_NAMES.items():
        value = tree.reported.get(label)
        if value is None or name in tree.secrets:
            continue
        tree.add(name, "key log", value, clause=_KEY_LOG_CLAUSES.get(label, "RFC 8446 7.1"), step=step)
        if suite is not None and suite.version is ProtocolVersion.TLSv1_3 and "traffic" in name:
            traffic = TrafficSecret(suite, value)
            prefix = name.replace("_traffic_secret_0", "").replace("_traffic_secret", "")
            for part, key in (("key", traffic.key()), ("iv", traffic.iv())):
                secret, where = Input("Secret", value, name), {"clause": "RFC 8446 7.3", "label": part, "parent": name}
                tree.add(f"{prefix}_write_{part}", "HKDF-Expand-Label", key, secret, step=step, **where)
