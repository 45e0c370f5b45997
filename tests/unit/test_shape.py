"""The size budgets and core's short list of foreign imports: what ruff and import-linter cannot measure."""

import ast
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

ROOT: Final = Path(__file__).resolve().parents[2]
PACKAGES: Final = ("ca_server", "cosignpy", "log_server")
MODULES: Final = sorted(file for package in PACKAGES for file in (ROOT / package).rglob("*.py"))

MAX_FUNCTION_LINES: Final = 40
MAX_MODULE_LINES: Final = 300
MAX_PARAMETERS: Final = 5
FLAGS_ARE_PARAMETERS: Final = tuple(
    ROOT / name / "commands" for name in ("ca_server", "cosignpy/cli", "cosignpy/stack/devidp", "log_server")
)
"""Exempt from the parameter budget: typer makes a flag of each parameter of a command."""
IMPOSED_SIGNATURES: Final = {("cosignpy/registry/oras_transport.py", "do_request")}
"""Exempt as well: methods that override one of a library's, with the parameters it chose."""

CORE_IMPORTS: Final = {"cryptography", "jsonschema_rs", "nacl", "re2", "rfc8785"}


def functions(module: Path) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in ast.walk(ast.parse(module.read_text())):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def body_lines(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    body = function.body[1:] if ast.get_docstring(function, clean=False) is not None else function.body
    return (body[-1].end_lineno or 0) - body[0].lineno + 1 if body else 0


def parameters(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    declared = function.args
    names = [argument.arg for argument in (*declared.posonlyargs, *declared.args, *declared.kwonlyargs)]
    return len([name for name in names if name not in {"self", "cls"}])


def exempt(module: Path, function: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    imposed = (module.relative_to(ROOT).as_posix(), function.name) in IMPOSED_SIGNATURES
    return imposed or any(module.is_relative_to(folder) for folder in FLAGS_ARE_PARAMETERS)


def foreign_imports(module: Path) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(ast.parse(module.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            found.add((node.module or "").partition(".")[0])
    return found - sys.stdlib_module_names - set(PACKAGES)


@pytest.mark.parametrize("module", MODULES, ids=lambda module: str(module.relative_to(ROOT)))
def test_a_module_stays_within_the_size_budgets(module: Path) -> None:
    lines = len(module.read_text().splitlines())
    long = {f.name: body_lines(f) for f in functions(module) if body_lines(f) > MAX_FUNCTION_LINES}
    wide = {
        f.name: parameters(f) for f in functions(module) if parameters(f) > MAX_PARAMETERS and not exempt(module, f)
    }
    assert (lines <= MAX_MODULE_LINES, long, wide) == (True, {}, {})


def test_core_imports_nothing_foreign_but_the_listed_packages() -> None:
    core = [module for module in MODULES if module.is_relative_to(ROOT / "cosignpy" / "core")]
    assert set().union(*(foreign_imports(module) for module in core)) <= CORE_IMPORTS


def test_every_part_of_the_log_server_but_its_commands_is_kept_from_the_terminal() -> None:
    linter = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]
    (terminal,) = (contract for contract in linter["contracts"] if contract["id"] == "terminal")
    found = {f"log_server.{entry.stem}" for entry in (ROOT / "log_server").iterdir() if not entry.name.startswith("__")}
    assert found - set(terminal["source_modules"]) == {"log_server.commands"}
