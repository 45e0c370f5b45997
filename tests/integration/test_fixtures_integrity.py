"""The fixtures are the files that the real cosign made: nothing altered, missing, added or misnamed."""

import hashlib
import json
from pathlib import Path
from typing import Final

FIXTURES: Final = Path(__file__).resolve().parents[2] / "registry-fixtures"
SUMMED: Final = ("cases.json", "layouts", "test-keys")
MAX_BYTES: Final = 2_000_000


def sha256(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()


def recorded() -> dict[str, str]:
    lines = (FIXTURES / "SHA256SUMS").read_text().splitlines()
    return {name: digest for digest, _, name in (line.partition("  ") for line in lines)}


def present() -> list[Path]:
    return [file for top in SUMMED for file in [FIXTURES / top, *(FIXTURES / top).rglob("*")] if file.is_file()]


def test_sha256sums_names_every_file_with_its_digest() -> None:
    assert recorded() == {file.relative_to(FIXTURES).as_posix(): sha256(file) for file in present()}


def test_every_blob_of_a_layout_is_named_by_its_digest() -> None:
    blobs = [file for file in present() if file.parent.name == "sha256"]
    assert blobs
    assert [file for file in blobs if file.name != sha256(file)] == []


def test_every_case_has_its_layout_and_key_and_every_layout_its_case() -> None:
    cases = json.loads((FIXTURES / "cases.json").read_text())["cases"]
    assert {case["layout"] for case in cases} == {f"layouts/{folder.name}" for folder in FIXTURES.glob("layouts/*")}
    assert [case["name"] for case in cases if not (FIXTURES / case["key"]).is_file()] == []


def test_the_fixtures_stay_small() -> None:
    assert sum(file.stat().st_size for file in present()) < MAX_BYTES
