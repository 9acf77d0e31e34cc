"""``puressl certs``: makes the test certificates of ``certs/``.

Theory of operation: for each type of key there is the same small CA in a directory of its own, under the same file
names, so that a test runs over all of them by name. Everything is made from fixed seeds, one for each certificate,
and fixed dates: whoever makes them again gets the same bytes. ``ENTITIES`` says who is certified, by whom, and for
what. The chains that are refused are those of ``reasons.py``.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timezone
from pathlib import Path

import rich_click as click

from puressl.cli import reasons
from puressl.crypto.hashes import HashAlgorithm
from puressl.crypto.keys import Curve, KeyType, PrivateKey, generate_ec, generate_ed, generate_rsa
from puressl.env import Env, SeededEnv
from puressl.errors import SSLError
from puressl.x509 import build, pem
from puressl.x509.build import CertificateTemplate, Extension, GeneralNames
from puressl.x509.keys import encode_private_key

NOT_BEFORE = datetime(2026, 1, 1, tzinfo=timezone.utc)
NOT_AFTER = datetime(2046, 1, 1, tzinfo=timezone.utc)

#: Part of every seed. Another one makes other keys under the same names.
SEED = b"puressl test certificates 1"


@dataclass(frozen=True, slots=True)
class KeyKind:
    """A directory of ``certs/``. key_transport: whether a peer may encrypt to the key, as RSA key exchange does."""

    description: str
    generate: Callable[[Env], PrivateKey]
    key_transport: bool = False


KEY_KINDS: Mapping[str, KeyKind] = {
    "rsa2048": KeyKind("RSA, 2048 bits", lambda env: generate_rsa(2048, env), key_transport=True),
    "p256": KeyKind("ECDSA on P-256", lambda env: generate_ec(Curve.SECP256R1, env)),
    "p384": KeyKind("ECDSA on P-384", lambda env: generate_ec(Curve.SECP384R1, env)),
    "ed25519": KeyKind("Ed25519", lambda env: generate_ed(KeyType.ED25519, env)),
}


@dataclass(frozen=True, slots=True)
class Entity:
    """Who is certified. name: of the files. issuer: another entity's name. purpose: of a leaf; None for a CA."""

    name: str
    common_name: str
    issuer: str
    path_length: int | None = None
    purpose: str | None = None
    names: GeneralNames = field(default_factory=GeneralNames)


ENTITIES = (
    Entity("root", "puressl Test Root", "root"),
    Entity("intermediate", "puressl Test Intermediate", "root", path_length=0),
    Entity(
        "server",
        "server.example",
        "intermediate",
        purpose="serverAuth",
        names=GeneralNames(dns=("server.example", "*.wild.example", "localhost"), ips=("127.0.0.1", "::1")),
    ),
    Entity(
        "client",
        "client.example",
        "intermediate",
        purpose="clientAuth",
        names=GeneralNames(dns=("client.example",), emails=("client@client.example",)),
    ),
)


@dataclass(frozen=True, slots=True)
class Issued:
    """What was made for an entity."""

    entity: Entity
    certificate: bytes
    key: PrivateKey = field(repr=False)


def make(kind_name: str) -> dict[str, Issued]:
    """The certificates and keys of one kind, by entity, issuers first. kind_name: a key of ``KEY_KINDS``."""
    kind = KEY_KINDS[kind_name]
    made: dict[str, Issued] = {}
    for entity in ENTITIES:
        env = SeededEnv(b"/".join((SEED, kind_name.encode(), entity.name.encode())), NOT_BEFORE.timestamp())
        key = kind.generate(env)
        issuer = made[entity.issuer].key if entity.issuer in made else key
        made[entity.name] = Issued(entity, build.issue(_template(entity, kind_name, key, issuer), issuer, env), key)
    return made


def _template(entity: Entity, kind_name: str, key: PrivateKey, issuer_key: PrivateKey) -> CertificateTemplate:
    kind = KEY_KINDS[kind_name]
    issuer = next(other for other in ENTITIES if other.name == entity.issuer)
    return CertificateTemplate(
        subject=_subject(entity, kind_name),
        issuer=_subject(issuer, kind_name),
        public_key=key.public,
        not_before=int(NOT_BEFORE.timestamp()),
        not_after=int(NOT_AFTER.timestamp()),
        extensions=(
            *(_ca_extensions(entity) if entity.purpose is None else _leaf_extensions(entity, kind)),
            build.subject_key_identifier(key.public),
            build.authority_key_identifier(issuer_key.public),
        ),
    )


def _subject(entity: Entity, kind_name: str) -> bytes:
    """A CA's name has its type of key, so that the root of one type is a stranger to the others."""
    common_name = f"{entity.common_name} {kind_name}" if entity.purpose is None else entity.common_name
    return build.distinguished_name(("O", "puressl test certificates"), ("CN", common_name))


def _ca_extensions(entity: Entity) -> tuple[Extension, ...]:
    return (build.basic_constraints(True, entity.path_length), build.key_usage("keyCertSign", "cRLSign"))


def _leaf_extensions(entity: Entity, kind: KeyKind) -> tuple[Extension, ...]:
    usages = ("digitalSignature", "keyEncipherment") if kind.key_transport else ("digitalSignature",)
    return (
        build.basic_constraints(False),
        build.key_usage(*usages),
        build.extended_key_usage(entity.purpose or ""),
        build.subject_alt_name(entity.names),
    )


def files_of(made: Mapping[str, Issued]) -> Iterator[tuple[str, bytes]]:
    """The files of one kind: name and content. A chain is the leaf and its issuer, without the root."""
    for name, issued in made.items():
        certificate = pem.encode("CERTIFICATE", issued.certificate)
        yield f"{name}.pem", certificate
        if issued.entity.purpose is not None:
            issuer = made[issued.entity.issuer].certificate
            yield f"{name}-chain.pem", certificate + pem.encode("CERTIFICATE", issuer)
            yield f"{name}.key", pem.encode("PRIVATE KEY", encode_private_key(issued.key))


def manifest(made: Mapping[str, Mapping[str, Issued]]) -> str:
    """``manifest.json``: what the directory holds, for programs. made: by kind, then by entity."""
    return json.dumps(
        {
            "not_before": _date(NOT_BEFORE),
            "not_after": _date(NOT_AFTER),
            "entities": {entity.name: _described(entity) for entity in ENTITIES},
            "key_types": {
                kind: {
                    "description": KEY_KINDS[kind].description,
                    "files": sorted(name for name, _ in files_of(entities)),
                    "sha256": {
                        name: HashAlgorithm.SHA256.digest(issued.certificate).hex() for name, issued in entities.items()
                    },
                }
                for kind, entities in made.items()
            },
        },
        indent=2,
    )


def _described(entity: Entity) -> dict[str, object]:
    return {
        "subject": entity.common_name,
        "issuer": entity.issuer,
        "purpose": entity.purpose or "CA",
        "dns": list(entity.names.dns),
        "ip": list(entity.names.ips),
        "email": list(entity.names.emails),
    }


def _date(moment: datetime) -> str:
    return f"{moment:%Y-%m-%dT%H:%M:%SZ}"


_README = """\
# Test certificates

**The private keys here are public.** Whoever trusts one of these roots trusts everybody. They are for tests, lessons
and benchmarks only.

`puressl certs make` writes this directory: fixed seeds, fixed dates ({not_before} to {not_after}), the same bytes every
time. `manifest.json` says the same as this page, for programs, with the SHA-256 of each certificate.

Each directory is the same small CA, all of its keys of one type:

| directory | keys |
|---|---|
{kinds}

and has the same files:

| file | holds |
|---|---|
{entities}
| `server-chain.pem`, `client-chain.pem` | the leaf, then the intermediate: what is presented |
| `server.key`, `client.key` | the leaf's private key, PKCS#8, not encrypted |

`reasons/` holds chains that are refused, for each reason there is; it has a page and a manifest of its own.
"""


def readme() -> str:
    """``README.md``: what the directory holds, for people."""
    return _README.format(
        not_before=f"{NOT_BEFORE:%Y-%m-%d}",
        not_after=f"{NOT_AFTER:%Y-%m-%d}",
        kinds="\n".join(f"| `{name}/` | {kind.description} |" for name, kind in KEY_KINDS.items()),
        entities="\n".join(f"| `{entity.name}.pem` | {_sentence(entity)} |" for entity in ENTITIES),
    )


def _sentence(entity: Entity) -> str:
    if entity.issuer == entity.name:
        return f"CN={entity.common_name} and the directory's name, self-signed: the trust anchor"
    if entity.purpose is None:
        by = f"CN={entity.common_name} and the directory's name, issued by the {entity.issuer}"
        return f"{by}: a CA with path length {entity.path_length}"
    by = f"CN={entity.common_name}, issued by the {entity.issuer}"
    names = (*entity.names.dns, *entity.names.ips, *entity.names.emails)
    return f"{by} for {entity.purpose}: " + ", ".join(f"`{name}`" for name in names)


@click.group()
def command() -> None:
    """Make the test certificates: a small CA for each type of key."""


@command.command("make")
@click.option(
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("certs"),
    show_default=True,
    help="The directory to write to.",
)
@click.option("--force", is_flag=True, help="Replace files of the same names that hold something else.")
def make_command(out: Path, force: bool) -> None:
    """Write the test certificates: root, intermediate, server and client, with RSA, P-256, P-384 and Ed25519 keys; and
    in reasons/ the chains that are refused.

    They are the same bytes every time, and their private keys are public: never trust them outside tests. Making the
    RSA keys takes some seconds. A file that is there already and holds something else is left alone, and nothing is
    written at all, unless --force.

    Examples:

    \b
      puressl certs make
      puressl certs make --out /tmp/certs
    """
    files = dict(_everything(out))
    others = [path for path, content in files.items() if path.exists() and path.read_bytes() != content]
    if others and not force:
        more = f", and {len(others) - 1} more do" if len(others) > 1 else ""
        raise SSLError("eexist", f"{others[0]} holds something else{more}; --force replaces them")
    for path, content in files.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)


def _everything(out: Path) -> Iterator[tuple[Path, bytes]]:
    """Every file of the directory, with progress on standard error while it is made."""
    made = {}
    for kind, row in KEY_KINDS.items():
        click.echo(f"{out / kind}: {row.description}", err=True)
        made[kind] = make(kind)
        for name, content in files_of(made[kind]):
            yield out / kind / name, content
    click.echo(f"{out / 'reasons'}: chains that are refused", err=True)
    for path, content in reasons.files_of(reasons.make()):
        yield out / "reasons" / path, content
    yield out / "manifest.json", manifest(made).encode() + b"\n"
    yield out / "README.md", readme().encode()
