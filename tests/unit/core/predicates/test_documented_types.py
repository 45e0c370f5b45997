"""docs/formats/predicates.md says of every type what the code does."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from cosignpy.core.predicates.documents import SHAPES
from cosignpy.core.predicates.platforms import BUILDKITE, GITHUB, GITHUB_EVENTS, GITLAB
from cosignpy.core.predicates.sbom import TYPE_OF, SbomFormat
from cosignpy.core.predicates.shapes import Shape
from cosignpy.core.predicates.statement import MAX_PREDICATE
from cosignpy.core.predicates.types import TYPES

PAGE: Final = (Path(__file__).resolve().parents[4] / "docs" / "formats" / "predicates.md").read_text()


def rows(heading: str) -> list[list[str]]:
    """Return the table under a heading, cell by cell."""
    (section,) = re.findall(rf"^## {heading}\n(.*?)(?=^## |\Z)", PAGE, re.DOTALL | re.MULTILINE)
    lines = [line for line in section.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:]]


def test_every_type_is_described_as_it_is() -> None:
    wanted = [
        [f"`{kind.name}`", f"`{kind.uri}`", "<br>".join(f"`{uri}`" for uri in kind.aliases), kind.specification]
        for kind in TYPES
    ]
    assert rows("Types") == wanted


def demanded(shape: Shape, path: str = "") -> Iterator[str]:
    """Return the fields that a shape demands, and those that it demands of what may be left out."""
    for name, below in shape.get("properties", {}).items():
        inner = [*demanded(below, f"{path}{name}."), *demanded(below.get("items", {}), f"{path}{name}[].")]
        yield from inner or ([path + name] if name in shape.get("required", ()) else [])


def test_every_field_that_is_demanded_is_named() -> None:
    wanted = [
        [f"`{kind.name}`", ", ".join(f"`{field}`" for field in demanded(SHAPES[kind.name])) or "any object"]
        for kind in TYPES
        if kind.name in SHAPES
    ]
    assert rows("Fields that are demanded") == wanted


def test_every_form_of_sbom_is_described_as_it_is() -> None:
    described = {row[1]: row[2] for row in rows("SBOMs of tools")}
    assert sorted(described) == sorted(SbomFormat)
    for form, name in described.items():
        kind = TYPE_OF.get(SbomFormat(form))
        assert name == f"`{kind}`" if kind else name.startswith("refused")


def test_every_ci_system_is_described_as_it_is() -> None:
    table = {row[0]: row[1:] for row in rows("Provenance")}
    platforms = (GITHUB, GITLAB, BUILDKITE)
    assert table["told by"] == [f"`{platform.marker}`" for platform in platforms]
    assert table["build type"] == [f"`{platform.fields[0].text}`" for platform in platforms]
    assert table["commit"] == [f"`{platform.commit}`" for platform in platforms]
    assert all(f"`{event}`" in PAGE for event in GITHUB_EVENTS)


def test_the_limit_is_described_as_it_is() -> None:
    assert f"at most {MAX_PREDICATE >> 20} MiB" in PAGE
