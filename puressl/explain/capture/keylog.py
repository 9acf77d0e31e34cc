"""The NSS key log, read.

Theory of operation: a line is a label, a client random and a secret in hexadecimal (``puressl.trace`` writes them).
Lines that are anything else, comments among them, are passed over, as other programs add labels and files grow while
they are read. Where a label is said twice for a connection, the last counts.

Source: draft-ietf-tls-keylogfile.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from puressl.explain.secrets import KEY_LOG_NAMES

#: The key log of one connection: secrets by label.
Secrets = Mapping[str, bytes]

_LINE = re.compile(rb"([A-Z0-9_]+) ([0-9A-Fa-f]{64}) ((?:[0-9A-Fa-f]{2})+)")


def read_keylog(logs: Iterable[bytes]) -> dict[bytes, dict[str, bytes]]:
    """The secrets of all connections in some logs, by client random."""
    found: dict[bytes, dict[str, bytes]] = {}
    for log in logs:
        for line in log.splitlines():
            match = _LINE.fullmatch(line.strip())
            label = match[1].decode() if match else ""
            if match and label in KEY_LOG_NAMES:
                of = found.setdefault(bytes.fromhex(match[2].decode()), {})
                of[label] = bytes.fromhex(match[3].decode())
    return found
