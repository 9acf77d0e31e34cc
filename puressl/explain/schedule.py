"""The key schedule of a connection, computed again from its messages and inputs.

Theory of operation: handshake messages go to the schedule of each version in order; ServerHello says which version it
is, and until then both may listen: the binder of a ClientHello is there before. Post-handshake messages go on: tickets
and KeyUpdates make secrets, too.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from puressl.codes import ProtocolVersion
from puressl.explain.model import Secret
from puressl.explain.schedule12 import Schedule12
from puressl.explain.schedule13 import Schedule13
from puressl.explain.secrets import Told, Tree
from puressl.wire import ServerHello


def key_schedule(
    messages: Iterable[Told], inputs: Mapping[str, bytes], reported: Mapping[str, bytes]
) -> tuple[Secret, ...]:
    """All secrets that can be derived, parents before children.

    messages: of the handshake and after it, in order. inputs: by the names of ``puressl.trace``. reported: by the key
    log's labels. Raises ``ProtocolError`` where one is not what was reported, or a MAC of the messages differs.
    """
    tree = Tree(inputs, reported)
    grow(tree, messages)
    return tuple(tree.secrets.values())


def grow(tree: Tree, messages: Iterable[Told]) -> None:
    """The same, into a tree, which has what was derived before an error."""
    told = tuple(messages)
    hello = next((each.message for each in told if isinstance(each.message, ServerHello)), None)
    is_12 = hello is not None and hello.selected_version != ProtocolVersion.TLSv1_3
    schedule = Schedule12(tree) if is_12 else Schedule13(tree)
    for each in told:
        schedule.read(each)
