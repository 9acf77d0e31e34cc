"""The table of families, and the files that each one is."""

from __future__ import annotations

import importlib
from collections.abc import Iterator, Mapping

from puressl.vectors.documents import SCHEMA_FILE, Family, json_text

#: A family's name to the module that has it as ``FAMILY``; a module is imported when its family is used.
_MODULES: Mapping[str, str] = {
    "record": "puressl.vectors.record",
    "schedule": "puressl.vectors.schedule",
    "handshake": "puressl.vectors.handshake",
    "negative": "puressl.vectors.negative",
    "x509": "puressl.vectors.x509",
    "decode": "puressl.vectors.decode",
    "packet": "puressl.vectors.packet",
}

NAMES = tuple(_MODULES)


def family(name: str) -> Family:
    """A family by name, one of ``NAMES``."""
    found: Family = importlib.import_module(_MODULES[name]).FAMILY
    return found


def files_of(made: Family) -> Iterator[tuple[str, str]]:
    """The files of a family's directory: name and content."""
    for document in made.make():
        yield f"{made.name}/{document.name}.json", document.text(made.name)
    yield f"{made.name}/{SCHEMA_FILE}", json_text(dict(made.schema))
    yield f"{made.name}/README.md", _README.format(name=made.name, title=made.title, text=made.readme)


_README = """\
# {title}

{text}
Each case has an `id` of its own in the family, a `description` and the `clause` it is about. `schema.json` describes
the files (JSON Schema); `puressl vectors make --family {name}` writes them again, the same bytes, and
`puressl vectors check --family {name}` holds puressl to them.

License: Apache-2.0, as puressl.
"""


OVERVIEW = """\
# Conformance vectors

What TLS 1.2 and TLS 1.3 demand, as data: deterministic, with every secret and every random byte, for whoever writes an
implementation. `puressl vectors make` writes this directory, the same bytes every time; `puressl vectors check` holds
puressl to it; `puressl vectors run` holds another implementation to it, as a TLS client or server over loopback or as a
process that is asked line by line.

| directory | holds |
|---|---|
{families}

`peers/` has a directory for each implementation they were run against: how it is started, and each of its deviations
with the clause. `reports/` has the results.

{reading}
{running}
License: Apache-2.0, as puressl.
"""

_READING = """\
## Reading a case

A file is one object: `family`, `license`, `description`, `cases`, and in the families of connections `identities`, the
certificates and keys by name, PEM. Bytes are a string of lower-case hexadecimal digits, lengths are in bytes, times in
POSIX seconds; `null` is a value that is not there. Versions are `tlsv1.2` and `tlsv1.3`; cipher suites, groups,
signature schemes, alerts and content types have IANA's names in lower case, extensions in `deviations` their numbers.
Members of `input` that a family's page does not explain are named in the words of the RFC.
"""

_RUNNING = """\
## Asking a process

For `record`, `schedule`, `x509`, `decode` and `packet`, whose cases are an `operation` on an `input`. The process that
`--peer-process` names is started once. A question comes to its standard input as one line of JSON; within 10 s it
writes one line to its standard output, and flushes it, before it gets the next question:

    {"family": "packet", "id": "encode-0-3", "operation": "encode", "input": {"packet": 0, "data": "ababab"}}
    {"id": "encode-0-3", "output": {"bytes": "ababab", "error": null}}
    {"id": "encode-0-3", "not applicable": "raw packets are not built"}

`output` has the members of the case's `expected`, all of them unless the family's page says which may be left out.
The second answer is for what an implementation does not have; it counts neither way. `puressl vectors answer` is such a
process.

## Running a server or a client

For `handshake` and `negative`. A command is started for each case, without a shell: a server listens on `{port}` of
127.0.0.1 within 10 s, a client connects to it once. Standard input stays open and empty; data need not be answered. A
server goes on after a connection that failed, and is terminated at the end of its case. A part in brackets is left out
where a placeholder in it has no value in the case:

| placeholder | is |
|---|---|
| `{port}` | to listen on, or to connect to |
| `{cert}`, `{key}` | files with the peer's own chain and its key, PEM |
| `{ca}` | a file with the root to verify the other end by, PEM; a server that has one asks for a certificate |
| `{server_name}`, `{verify_name}` | the name a client sends, and the one the certificate must be for |
| `{alpn}` | application protocols, comma separated |
| `{settings}` | a file with all settings of the peer, JSON, as in the case |
| `{python}` | the interpreter that runs puressl |
| `{openssl_version}`, `{openssl_ciphers}`, `{openssl_ciphersuites}`, `{openssl_groups}`, `{openssl_signatures}`, \
`{openssl_verify}` | the settings in the words of openssl's `s_server` and `s_client` |
| `{gnutls_priority}`, `{gnutls_require}` | the settings in GnuTLS's |

A case asks for certain versions, suites and groups: a command without `{settings}` or a dialect's words passes those
that fit its defaults, and fails others for no fault of its own.

## A peer's file

`--peer FILE.toml` has the commands, and what is known of the peer:

    [peer]
    name = "mine"
    version = "my-server --version"           # its first line goes into the report; may be left out
    server = "my-server {port} {cert} {key} [--ca {ca}] --settings {settings}"
    client = "my-client {port} {ca} [--cert {cert} --key {key}] --settings {settings}"
    process = "my-answers"

    [[expected]]
    cases = ["13-server-a-clienthello-*"]     # patterns of ids
    observed = "alert decode_error"           # a pattern of what is seen; anything if left out
    roles = ["server"]                        # or "client", "process"; server and client if left out
    verdict = "deviation"                     # or "bug", "not applicable"
    clause = "RFC 8446 6.2"                   # the case's own if left out
    reason = "Why it is so."

What is seen is `alert NAME`, `closed`, `no answer`, `accepted`, or why there was no connection. A failure that no entry
fits fails the run, and so, where all cases are run, does an entry that fits none.
"""


def overview() -> str:
    """``README.md`` of the whole directory."""
    rows = "\n".join(f"| [`{name}/`]({name}/README.md) | {family(name).title} |" for name in NAMES)
    return OVERVIEW.format(families=rows, reading=_READING, running=_RUNNING)
