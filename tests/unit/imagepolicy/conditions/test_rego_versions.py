"""Rego of version 0, as OPA 1.4 reads it with `RegoV0`."""

import pytest

from cosignpy.imagepolicy.conditions.rego_module import read_module
from cosignpy.imagepolicy.conditions.rego_tokens import tokenize
from cosignpy.imagepolicy.conditions.rego_versions import find_imports
from cosignpy.places import DocumentError, Place

PLACE = Place("policy.rego", 1)
PACKAGE = "package sigstore\n"


@pytest.mark.parametrize(
    "rules",
    [
        "isCompliant { true }",
        "isCompliant[r] { r := {} }",
        'isCompliant { contains("ab", "a") }',
        "isCompliant { input.if; input.in.every }",
        "isCompliant { true } # if",
        'isCompliant { "if" == "in" }',
        "import rego.v1\nisCompliant if { true }",
        "import rego.v1 # all of it\nisCompliant contains r if { some r in [1] }",
        "import future.keywords\nisCompliant if { every x in [1] { x > 0 } }",
        "import future.keywords.if\nisCompliant if { true }",
        "import future.keywords.contains; import future.keywords.if\nisCompliant contains r if { r := 1 }",
        "import future.keywords.every\nisCompliant { every x in [1] { x > 0 } }",
    ],
)
def test_what_is_version_0(rules: str) -> None:
    assert "isCompliant" in read_module(PACKAGE + rules, PLACE, needs_import=True).rules


@pytest.mark.parametrize(
    "rules",
    [
        "isCompliant if { true }",
        "isCompliant contains r { r := 1 }",
        "isCompliant { some r in [1] }",
        "isCompliant { every x in [1] { x > 0 } }",
        "import future.keywords.in\nisCompliant if { true }",
        "import rego.v1\nisCompliant { true }",
        "import rego.v1\nisCompliant[r] { r := 1 }",
    ],
)
def test_what_needs_an_import_or_has_one_too_many(rules: str) -> None:
    read_module(PACKAGE + rules, PLACE)
    with pytest.raises(DocumentError, match="rego_parse_error"):
        read_module(PACKAGE + rules, PLACE, needs_import=True)


def test_imports() -> None:
    text = "import rego.v1\nimport future.keywords.in\nimport input.a as b\nx { input.import }"
    assert find_imports(tokenize(text, PLACE)) == {"rego.v1", "future.keywords.in", "input.a"}
    assert find_imports(tokenize("import rego.v1", PLACE)) == {"rego.v1"}
