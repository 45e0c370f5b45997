"""docs/formats/policy-evidence.md: its example is written by the code, and follows the schema beside it.

To write down what the example is now, review it, and commit it:

    UPDATE_PAGES=1 .venv/bin/pytest tests/unit/imagepolicy/test_evidence_documented.py
"""

import json
import os
import re
from pathlib import Path
from typing import Any, Final

import pytest
from jsonschema import Draft202012Validator, ValidationError

from cosignpy.imagepolicy import evidence
from cosignpy.imagepolicy.evidence import Question
from tests.support.policy_evidence import EVIDENCE

FORMATS: Final = Path(__file__).parents[3] / "docs" / "formats"
PAGE: Final = FORMATS / "policy-evidence.md"
SCHEMA: Final = json.loads((FORMATS / "policy-evidence.schema.json").read_text())
UPDATE: Final = os.environ.get("UPDATE_PAGES") == "1"
EXAMPLE: Final = re.compile(r"(?<=```json example=policy-evidence\n)(.*?)(?=```)", re.DOTALL)


def test_the_example_is_laid_out_as_it_is_written() -> None:
    text = PAGE.read_text()
    written = json.dumps(json.loads(EVIDENCE.encode()), indent=2) + "\n"
    if UPDATE:
        PAGE.write_text(EXAMPLE.sub(lambda _: written, text))
        text = PAGE.read_text()
    assert EXAMPLE.findall(text) == [written]


def test_the_example_follows_the_schema() -> None:
    Draft202012Validator.check_schema(SCHEMA)
    Draft202012Validator(SCHEMA).validate(json.loads(EVIDENCE.encode()))


@pytest.mark.parametrize(
    "change",
    [{"schema": "x"}, {"more": 1}, {"checkedAt": "today"}, {"answers": [{}]}, {"contents": {"x": ""}}],
    ids=str,
)
def test_the_schema_refuses_what_is_something_else(change: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        Draft202012Validator(SCHEMA).validate(json.loads(EVIDENCE.encode()) | change)


def test_the_schema_has_our_limits_and_questions() -> None:
    members = SCHEMA["properties"]
    limits = [members[name]["maxItems"] for name in ("images", "files", "policies", "answers")]
    assert limits == [evidence.MAX_IMAGES, evidence.MAX_IMAGES, evidence.MAX_POLICIES, evidence.MAX_ANSWERS]
    assert members["files"]["items"]["properties"]["bundles"]["maxItems"] == evidence.MAX_BUNDLES
    assert SCHEMA["$defs"]["answer"]["properties"]["question"]["enum"] == [each.value for each in Question]
