"""`verify --output json` follows docs/formats/evidence.schema.json, whatever the outcome."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from cosignpy.cli.app import run
from cosignpy.localregistry.server import LocalRegistry
from tests.support.seed import seed_images, write_seed_keys

ROOT = Path(__file__).parents[3]
SCHEMA = json.loads((ROOT / "docs" / "formats" / "evidence.schema.json").read_text())


@pytest.fixture
def images(tmp_path: Path) -> Iterator[str]:
    write_seed_keys(tmp_path)
    with LocalRegistry() as registry:
        seed_images(registry.address)
        yield f"{registry.address}/team/app"


@pytest.mark.parametrize(
    ("tags", "key", "wanted"),
    [
        (["1"], "seed.pub", [None]),
        (["2"], "seed.pub", ["NoSignatures"]),
        (["3"], "seed.pub", ["NoSuchTag"]),
        (["1"], "other.pub", ["NoMatchingSignatures"]),
        (["1", "2", "multi"], "seed.pub", [None, "NoSignatures", None]),
    ],
    ids=["verified", "unsigned", "missing", "no match", "several"],
)
def test_evidence_follows_its_schema(
    images: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], tags: list[str], key: str, wanted: list[str | None]
) -> None:
    names = [f"{images}:{tag}" for tag in tags]
    code = run(["verify", "--key", str(tmp_path / key), "--insecure-ignore-tlog", "-o", "json", *names])
    document = json.loads(capsys.readouterr().out)
    Draft202012Validator(SCHEMA).validate(document)
    assert document["exitCode"] == code
    assert [image.get("error", {}).get("kind") for image in document["images"]] == wanted
    assert document["verified"] == (wanted == [None] * len(wanted))


def test_the_example_in_the_document_follows_the_schema() -> None:
    page = (ROOT / "docs" / "formats" / "evidence.md").read_text()
    example = json.loads(page.partition("```json\n")[2].partition("```")[0])
    Draft202012Validator.check_schema(SCHEMA)
    Draft202012Validator(SCHEMA).validate(example)
