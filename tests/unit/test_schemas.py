"""The schemas that a package brings are where they are looked for, and complete."""

import json
import re

import pytest

from cosignpy.core.predicates.validation import CYCLONEDX_VERSIONS
from cosignpy.schemas import load_cyclonedx


@pytest.mark.parametrize("version", CYCLONEDX_VERSIONS)
def test_a_schema_comes_with_all_that_it_refers_to(version: str) -> None:
    parts = load_cyclonedx(version)
    main, schema = next(iter(parts.items()))
    assert schema["$schema"] == "http://json-schema.org/draft-07/schema#"
    assert version in main
    named = set(re.findall(r'"\$ref": "([^#"]+\.json)', json.dumps(schema)))
    assert {f"http://cyclonedx.org/schema/{name.rpartition('/')[2]}" for name in named} <= set(parts)
