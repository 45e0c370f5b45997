"""The API reference is complete: every public name once, and every word about what may go wrong true."""

import ast
import re
from importlib import import_module
from pathlib import Path
from typing import Final

import pytest

import cosignpy
from cosignpy import errors
from tests import api_reference
from tests.api_reference import PAGES, render_pages, stale_pages

NAMES: Final = sorted(name for page in PAGES.values() for name in page.names)
HOMES: Final = cosignpy._MODULES
CALLS: Final = sorted(name for name, home in HOMES.items() if home.startswith("cosignpy.api.") and name[0].islower())


def docstring(name: str) -> str:
    return str(getattr(cosignpy, name).__doc__ or "")


def test_every_public_name_is_on_one_page() -> None:
    assert sorted(cosignpy.__all__) == NAMES


def test_every_name_is_told_in_a_sentence() -> None:
    index = next(content for path, content in render_pages().items() if path.name == "README.md")
    assert re.findall(r"^\| .* \|  \|$", index, flags=re.MULTILINE) == []
    assert index.count("\n| [`") == len(NAMES)


@pytest.mark.parametrize("name", CALLS)
def test_a_call_describes_each_parameter_and_what_may_go_wrong(name: str) -> None:
    source = Path(str(import_module(HOMES[name]).__file__)).read_text()
    node = next(each for each in ast.walk(ast.parse(source)) if isinstance(each, ast.FunctionDef) and each.name == name)
    described = docstring(name)
    assert [each.arg for each in node.args.args if f"    {each.arg}: " not in described] == []
    assert "Raises:" in described


def test_every_error_that_is_named_exists() -> None:
    pages = "\n".join(render_pages().values())
    named = set(re.findall(r"^- (?:\[)?`([A-Z]\w+)`", pages.partition("**Raises**")[2], flags=re.MULTILINE))
    assert {name for name in named if not hasattr(errors, name)} == set()


def test_a_page_that_is_old_or_no_page_is_noticed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert list(stale_pages()) == []
    monkeypatch.setattr(api_reference, "ROOT", tmp_path)
    monkeypatch.setattr(api_reference, "FOLDER", tmp_path / "api")
    api_reference.main()
    assert list(stale_pages()) == []
    (tmp_path / "api" / "keys.md").write_text("old")
    (tmp_path / "api" / "trust.md").unlink()
    (tmp_path / "api" / "other.md").write_text("")
    assert [line.partition(":")[0] for line in stale_pages()] == ["api/trust.md", "api/keys.md", "api/other.md"]
