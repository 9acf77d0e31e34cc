"""The family ``schedule``: every secret of both versions, from its inputs.

Theory of operation: one operation for each step of the key schedules (RFC 8446 7.1 to 7.5, RFC 5246 5, 6.3, 7.4.9 and
8.1, RFC 7627 4, RFC 5705 4); inputs are bytes without a meaning, so nothing has to be computed before a step is tried.
"""

from __future__ import annotations

from collections.abc import Iterator

from puressl.codes import ProtocolVersion
from puressl.crypto import schedule12, schedule13
from puressl.crypto.hashes import HashAlgorithm
from puressl.crypto.schedule13 import EarlySecret, TrafficSecret
from puressl.vectors import names
from puressl.vectors.documents import Case, Document, Family, Json
from puressl.vectors.octets import hexadecimal
from puressl.vectors.questions import Questions

_HASHES = (HashAlgorithm.SHA256, HashAlgorithm.SHA384)


def _octets(value: str | None) -> bytes | None:
    return None if value is None else bytes.fromhex(value)


def _stages(given: Json) -> Json:
    """The whole diagram of RFC 8446 7.1."""
    hash_of = {key: bytes.fromhex(value) for key, value in given["transcript_hashes"].items()}
    early = EarlySecret(names.algorithm(given["hash"]), _octets(given["psk"]))
    handshake = early.handshake(_octets(given["shared_secret"]))
    master = handshake.master()
    secrets = {
        "early_secret": early.secret,
        "ext_binder_key": early.binder_key(external=True),
        "res_binder_key": early.binder_key(),
        "client_early_traffic_secret": early.client_early_traffic(hash_of["client_hello"]),
        "early_exporter_master_secret": early.early_exporter(hash_of["client_hello"]),
        "handshake_secret": handshake.secret,
        "client_handshake_traffic_secret": handshake.client_traffic(hash_of["server_hello"]),
        "server_handshake_traffic_secret": handshake.server_traffic(hash_of["server_hello"]),
        "master_secret": master.secret,
        "client_application_traffic_secret_0": master.client_traffic(hash_of["server_finished"]),
        "server_application_traffic_secret_0": master.server_traffic(hash_of["server_finished"]),
        "exporter_master_secret": master.exporter(hash_of["server_finished"]),
        "resumption_master_secret": master.resumption(hash_of["client_finished"]),
    }
    return {name: secret.hex() for name, secret in secrets.items()}


def _traffic_keys(given: Json) -> Json:
    secret = TrafficSecret(names.suite(given["suite"]), bytes.fromhex(given["secret"]))
    return {"key": secret.key().hex(), "iv": secret.iv().hex(), "next_secret": secret.next().secret.hex()}


def _verify_data(given: Json) -> Json:
    verify_data = schedule13.finished_verify_data(
        names.algorithm(given["hash"]), bytes.fromhex(given["base_key"]), bytes.fromhex(given["transcript_hash"])
    )
    return {"verify_data": verify_data.hex()}


def _binder(given: Json) -> Json:
    algorithm = names.algorithm(given["hash"])
    key = EarlySecret(algorithm, bytes.fromhex(given["psk"])).binder_key(given["external"])
    return {
        "binder": schedule13.finished_verify_data(algorithm, key, bytes.fromhex(given["truncated_client_hello"])).hex()
    }


def _resumption(given: Json) -> Json:
    secret = bytes.fromhex(given["resumption_master_secret"])
    psk = schedule13.resumption_psk(names.algorithm(given["hash"]), secret, bytes.fromhex(given["ticket_nonce"]))
    return {"psk": psk.hex()}


def _exporter13(given: Json) -> Json:
    made = schedule13.export(
        names.algorithm(given["hash"]),
        bytes.fromhex(given["exporter_master_secret"]),
        given["label"].encode(),
        bytes.fromhex(given["context"]),
        given["length"],
    )
    return {"output": made.hex()}


def _master12(given: Json) -> Json:
    randoms = bytes.fromhex(given["client_random"]), bytes.fromhex(given["server_random"])
    premaster = bytes.fromhex(given["premaster_secret"])
    return {"master_secret": schedule12.master_secret(names.algorithm(given["hash"]), premaster, *randoms).hex()}


def _extended12(given: Json) -> Json:
    premaster, session_hash = bytes.fromhex(given["premaster_secret"]), bytes.fromhex(given["session_hash"])
    made = schedule12.extended_master_secret(names.algorithm(given["hash"]), premaster, session_hash)
    return {"master_secret": made.hex()}


def _key_block(given: Json) -> Json:
    made = schedule12.key_block(
        names.suite(given["suite"]),
        bytes.fromhex(given["master_secret"]),
        bytes.fromhex(given["client_random"]),
        bytes.fromhex(given["server_random"]),
        encrypt_then_mac=False,
    )
    return {
        f"{side}_write_{part}": value.hex()
        for side, keys in (("client", made.client), ("server", made.server))
        for part, value in (("MAC_key", keys.mac_key), ("key", keys.key), ("IV", keys.iv))
    }


def _finished12(given: Json) -> Json:
    label, digest = given["label"].encode(), bytes.fromhex(given["handshake_hash"])
    made = schedule12.finished_verify_data(
        names.algorithm(given["hash"]), bytes.fromhex(given["master_secret"]), label, digest
    )
    return {"verify_data": made.hex()}


def _exporter12(given: Json) -> Json:
    made = schedule12.export(
        names.algorithm(given["hash"]),
        bytes.fromhex(given["master_secret"]),
        given["label"].encode(),
        bytes.fromhex(given["client_random"]),
        bytes.fromhex(given["server_random"]),
        _octets(given["context"]),
        given["length"],
    )
    return {"output": made.hex()}


_QUESTIONS = Questions(
    {
        "tls13_stages": _stages,
        "tls13_traffic_keys": _traffic_keys,
        "tls13_verify_data": _verify_data,
        "tls13_binder": _binder,
        "tls13_resumption_psk": _resumption,
        "tls13_exporter": _exporter13,
        "tls12_master_secret": _master12,
        "tls12_extended_master_secret": _extended12,
        "tls12_key_block": _key_block,
        "tls12_verify_data": _finished12,
        "tls12_exporter": _exporter12,
    }
)


# Rows ----------------------------------------------------------------------------------------------------------------


def _make() -> Iterator[Document]:
    yield Document("tls13", "The key schedule of TLS 1.3 (RFC 8446 7).", tuple(_tls13()))
    yield Document("tls12", "The key schedule of TLS 1.2 (RFC 5246 6.3, 8.1).", tuple(_tls12()))


def _tls13() -> Iterator[Case]:
    ask = _QUESTIONS.case
    for algorithm in _HASHES:
        name, size = algorithm.value, algorithm.size
        for kind, (with_psk, with_shared) in {"full": (0, 1), "psk-dhe": (1, 1), "psk": (1, 0)}.items():
            given = {
                "hash": name,
                "psk": hexadecimal(f"{name} psk", size) if with_psk else None,
                "shared_secret": hexadecimal(f"{name} shared", 32) if with_shared else None,
                "transcript_hashes": {
                    upto: hexadecimal(f"{name} {kind} {upto}", size)
                    for upto in ("client_hello", "server_hello", "server_finished", "client_finished")
                },
            }
            what = {"full": "Without a PSK", "psk-dhe": "PSK with (EC)DHE", "psk": "PSK alone"}[kind]
            yield ask(f"stages-{name}-{kind}", f"{what}, {name}.", "RFC 8446 7.1", "tls13_stages", given)
        for length in (66, 48, 256):
            given = {
                "hash": name,
                "psk": None,
                "shared_secret": hexadecimal(f"{name} long", length),
                "transcript_hashes": dict.fromkeys(
                    ("client_hello", "server_hello", "server_finished", "client_finished"), hexadecimal(name, size)
                ),
            }
            text = f"A shared secret of {length} bytes, {name}."
            yield ask(f"stages-{name}-shared-{length}", text, "RFC 8446 7.4", "tls13_stages", given)
        yield from _tls13_of(algorithm)
    for suite in names.suites(ProtocolVersion.TLSv1_3):
        given = {"suite": suite.name, "secret": hexadecimal(suite.name, suite.hash.size)}
        text = f"Key and IV of {suite.name}, and the secret after a KeyUpdate."
        yield ask(f"keys-{suite.name.lower()}", text, "RFC 8446 7.3", "tls13_traffic_keys", given)


def _tls13_of(algorithm: HashAlgorithm) -> Iterator[Case]:
    ask, name, size = _QUESTIONS.case, algorithm.value, algorithm.size
    base = {"hash": name, "base_key": hexadecimal("base", size), "transcript_hash": hexadecimal("hash", size)}
    yield ask(f"finished-{name}", f"verify_data of Finished, {name}.", "RFC 8446 4.4.4", "tls13_verify_data", base)
    for external in (False, True):
        given = {
            "hash": name,
            "psk": hexadecimal("binder psk", size),
            "external": external,
            "truncated_client_hello": hexadecimal("truncated", size),
        }
        kind = "external" if external else "resumption"
        text = f"The binder of {'an external' if external else 'a resumption'} PSK, {name}; the hash is given."
        yield ask(f"binder-{name}-{kind}", text, "RFC 8446 4.2.11.2", "tls13_binder", given)
    for length in (0, 1, 8, 255):
        given = {
            "hash": name,
            "resumption_master_secret": hexadecimal("resumption", size),
            "ticket_nonce": hexadecimal("nonce", length),
        }
        text = f"The PSK of a ticket with a nonce of {length} bytes, {name}."
        yield ask(f"resumption-{name}-nonce-{length}", text, "RFC 8446 4.6.1", "tls13_resumption_psk", given)
    for label, context, length in (
        ("EXPORTER-test", "", 32),
        ("EXPORTER-test", "00", 32),
        ("EXPORTER-Channel-Binding", "", 32),
        ("EXPORTER-long", hexadecimal("context", 300), 255 * size),
        ("", "", 1),
    ):
        given = {
            "hash": name,
            "exporter_master_secret": hexadecimal("exporter", size),
            "label": label,
            "context": context,
            "length": length,
        }
        text = f"{length} bytes for the label {label!r} and a context of {len(context) // 2}, {name}."
        case = f"exporter-{name}-{label.lower() or 'no-label'}-{len(context) // 2}-{length}"
        yield ask(case, text, "RFC 8446 7.5", "tls13_exporter", given)


def _tls12() -> Iterator[Case]:
    ask = _QUESTIONS.case
    randoms = {"client_random": hexadecimal("client random", 32), "server_random": hexadecimal("server random", 32)}
    for algorithm in _HASHES:
        name, size = algorithm.value, algorithm.size
        master = {"hash": name, "master_secret": hexadecimal("master", 48)}
        for length in (32, 48, 256):
            given = {"hash": name, "premaster_secret": hexadecimal("premaster", length), **randoms}
            text = f"From a premaster secret of {length} bytes, {name}."
            yield ask(f"master-{name}-{length}", text, "RFC 5246 8.1", "tls12_master_secret", given)
        given = {
            "hash": name,
            "premaster_secret": hexadecimal("premaster", 48),
            "session_hash": hexadecimal("session", size),
        }
        yield ask(
            f"extended-{name}", f"Over the session hash, {name}.", "RFC 7627 4", "tls12_extended_master_secret", given
        )
        for label in ("client finished", "server finished"):
            given = {**master, "label": label, "handshake_hash": hexadecimal(label, size)}
            case = f"finished-{name}-{label.split()[0]}"
            yield ask(case, f"verify_data for {label!r}, {name}.", "RFC 5246 7.4.9", "tls12_verify_data", given)
        for context, words in ((None, "no context"), ("", "an empty context"), ("0102", "a context of 2")):
            given = {**master, "label": "EXPORTER-test", **randoms, "context": context, "length": 40}
            case = f"exporter-{name}-{words.replace(' ', '-')}"
            yield ask(case, f"40 bytes, {words}, {name}.", "RFC 5705 4", "tls12_exporter", given)
    for suite in names.suites(ProtocolVersion.TLSv1_2):
        given = {"suite": suite.name, "master_secret": hexadecimal(suite.name, 48), **randoms}
        text = f"The six parts of the key block of {suite.name}; those it does not use are empty."
        yield ask(f"key-block-{suite.name.lower()}", text, "RFC 5246 6.3", "tls12_key_block", given)


_README = """\
One operation for each step of the key schedules, its inputs, and what comes out of it. Bytes are hexadecimal; `hash` is
the hash of HKDF or of the PRF; `null` means that there is none (a PSK, a shared secret, an exporter's context).

| operation | computes | of |
|---|---|---|
| `tls13_stages` | every secret of the diagram, given the transcript hashes up to each message | RFC 8446 7.1 |
| `tls13_traffic_keys` | key, IV, and the secret after a KeyUpdate | RFC 8446 7.2, 7.3 |
| `tls13_verify_data` | Finished, from the traffic secret of its sender | RFC 8446 4.4.4 |
| `tls13_binder` | a PSK binder, given the hash of the truncated ClientHello | RFC 8446 4.2.11.2 |
| `tls13_resumption_psk` | the PSK of a ticket | RFC 8446 4.6.1 |
| `tls13_exporter`, `tls12_exporter` | exported keying material | RFC 8446 7.5, RFC 5705 4 |
| `tls12_master_secret`, `tls12_extended_master_secret` | the master secret | RFC 5246 8.1, RFC 7627 4 |
| `tls12_key_block` | the keys of both sides | RFC 5246 6.3 |
| `tls12_verify_data` | Finished | RFC 5246 7.4.9 |
"""

TITLE = "Key schedules: secrets from their inputs"
FAMILY = Family(
    name="schedule",
    title=TITLE,
    readme=_README,
    schema=_QUESTIONS.schema(TITLE),
    make=_make,
    check=_QUESTIONS.check,
    answer=_QUESTIONS.answer,
)
