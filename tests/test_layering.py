"""The architecture, enforced: a module imports only from layers below its own, and the outside world has few doors."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "puressl"

#: From the top down. A module's layer is that of its longest listed prefix; those of one line do not import each other.
LAYERS: tuple[tuple[str, ...], ...] = (
    ("puressl.__main__",),
    ("puressl.cli", "puressl"),
    ("puressl.vectors", "puressl.explain", "puressl.bench"),
    ("puressl.sockets",),
    ("puressl.io",),
    ("puressl.connection",),
    ("puressl.handshake", "puressl.record"),
    ("puressl.config",),
    ("puressl.events", "puressl.trace", "puressl.cipher_string"),
    ("puressl.session",),
    ("puressl.x509",),
    ("puressl.crypto", "puressl.wire"),
    ("puressl.errors",),
    ("puressl.codes", "puressl.env"),
    ("puressl._version", "puressl.drbg"),
)
LAYER_OF = {name: number for number, layer in enumerate(LAYERS) for name in layer}

#: Third-party packages and the only modules that may import them.
WRAPPERS = {
    "tlslite": {"puressl.bench"},  # a peer to measure
    "ecdsa": set(),  # a second opinion in tests only
    "asn1crypto": set(),  # the same
    "kyber_py": {"puressl.crypto.mlkem"},
    "dpkt": {"puressl.explain.capture.packets"},
}
#: What reaches the outside world: only ``env`` and what lies above the connection may use it.
WORLD = {"socket", "time", "secrets", "random", "threading", "selectors", "select", "asyncio"}
WORLD_ATTRIBUTES = {("os", "urandom"), ("datetime", "now"), ("datetime", "utcnow"), ("date", "today")}
FIRST_PURE_LAYER = LAYER_OF["puressl.connection"]
NATIVE = {"ssl", "_ssl", "_hashlib", "cryptography", "OpenSSL", "M2Crypto", "Crypto", "gmpy2"}


def module_name(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def prefix_of(name: str, names: object) -> str:
    """The longest of ``names`` that is ``name`` or a package above it."""
    parts = name.split(".")
    for length in range(len(parts), 0, -1):
        prefix = ".".join(parts[:length])
        if prefix in names:  # type: ignore[operator]
            return prefix
    return ""


def imports_of(tree: ast.AST) -> list[str]:
    """Every module imported anywhere in a file, in functions too; not those under ``if TYPE_CHECKING``."""
    skipped = {
        id(node)
        for block in ast.walk(tree)
        if isinstance(block, ast.If) and "TYPE_CHECKING" in ast.dump(block.test)
        for child in block.body
        for node in ast.walk(child)
    }
    found: list[str] = []
    for node in ast.walk(tree):
        if id(node) in skipped:
            continue
        if isinstance(node, ast.Import):
            found += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            assert node.level == 0, "imports are absolute"
            found += [f"{node.module}.{alias.name}" for alias in node.names]
        elif isinstance(node, ast.Call) and getattr(node.func, "attr", "") == "import_module" and node.args:
            argument = node.args[0]
            if isinstance(argument, ast.Constant):
                found.append(str(argument.value))
            elif isinstance(argument, ast.JoinedStr) and isinstance(argument.values[0], ast.Constant):
                found.append(str(argument.values[0].value).rstrip("."))
    return found


MODULES = sorted(PACKAGE.rglob("*.py"))


@pytest.mark.parametrize("path", MODULES, ids=module_name)
def test_module_imports_only_from_layers_below(path: Path) -> None:
    name = module_name(path)
    own_prefix = prefix_of(name, LAYER_OF)
    assert own_prefix, f"{name} is in no layer"
    own = LAYER_OF[own_prefix]
    for imported in imports_of(ast.parse(path.read_text())):
        if imported.split(".")[0] != "puressl":
            continue
        target = prefix_of(imported, LAYER_OF)
        same_package = target == own_prefix and "." in target
        is_entry = own_prefix == "puressl.__main__"
        assert same_package or is_entry or LAYER_OF[target] > own, f"{name} imports {imported}"


@pytest.mark.parametrize("path", MODULES, ids=module_name)
def test_module_uses_the_outside_world_only_through_env(path: Path) -> None:
    name = module_name(path)
    if name == "puressl.env" or LAYER_OF[prefix_of(name, LAYER_OF)] < FIRST_PURE_LAYER:
        return
    tree = ast.parse(path.read_text())
    for imported in imports_of(tree):
        assert imported.split(".")[0] not in WORLD, f"{name} imports {imported}"
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            assert (node.value.id, node.attr) not in WORLD_ATTRIBUTES, f"{name} uses {node.value.id}.{node.attr}"


@pytest.mark.parametrize("path", MODULES, ids=module_name)
def test_dependencies_are_imported_by_their_wrapper_only(path: Path) -> None:
    name = module_name(path)
    for imported in imports_of(ast.parse(path.read_text())):
        top = imported.split(".")[0]
        allowed = WRAPPERS.get(top)
        assert allowed is None or prefix_of(name, allowed), f"{name} imports {imported}"
        assert top not in NATIVE or name.startswith("puressl.bench"), f"{name} imports {imported}"


def test_dependencies_are_not_imported_before_they_are_used() -> None:
    """tlslite-ng imports ``socket`` and costs time: module level must not mention it."""
    for path in MODULES:
        tree = ast.parse(path.read_text())
        for node in tree.body:
            if isinstance(node, (ast.Import, ast.ImportFrom)):
                for imported in imports_of(ast.Module([node], [])):
                    assert imported.split(".")[0] != "tlslite", f"{module_name(path)}"


def test_top_level_holds_what_the_design_says_and_nothing_else() -> None:
    expected = {"pyproject.toml", "puressl", "certs", "tests", "vectors", "README.md", "LICENSE"}
    import subprocess

    try:
        listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("not a git checkout")
    top = {line.split("/")[0] for line in listed.splitlines()}
    assert {name for name in top if not name.startswith(".")} <= expected
