"""docs/policies.md about our own kind: its tables are what is read, and its example has no problems."""

import re
from datetime import UTC, datetime
from pathlib import Path, PurePath
from typing import Any, Final

import pytest
import yaml

from cosignpy.documents import DocumentError
from cosignpy.imagepolicy.denial import Denials
from cosignpy.imagepolicy.dialect import ELSEWHERE, OWN_FIELDS
from cosignpy.imagepolicy.file_globs import FileGlob
from cosignpy.imagepolicy.lint import lint_policies
from tests.support.image_policies import ALICE, FILE, PEM, document, encode, own, own_document, parse_policies
from tests.support.policy_page_own import COMPARISONS

PAGE: Final = (Path(__file__).parents[3] / "docs" / "policies.md").read_text()
_, SECTION = PAGE.split("## What only our own kind can say\n")
SECTION = SECTION.partition("\n## ")[0]
FIELDS: Final = re.findall(r"^\| `(spec\.[^`]+)` \| `([^`]+)` \| .* \|$", SECTION, re.MULTILINE)
GLOBS: Final = re.findall(r"^\| `([^`]+)` \| `([^`]+)` \| (is about it|is not) \|$", SECTION, re.MULTILINE)
ENTRIES: Final = re.findall(r"`(\w+): ([^`]+)`", "".join(re.findall(r"^\| (`\w+: [^|]*) \|", SECTION, re.MULTILINE)))
SHA256: Final = "sha256:" + "a1" * 32


def placed(path: str, example: str) -> dict[str, Any]:
    """Return the spec of a policy in which the example stands where the page says."""
    attestations = [{"name": "a", "predicateType": "https://example.com/a", "policy": {"type": "cue", "data": "true"}}]
    keyed = {"key": {"data": PEM}, "attestations": attestations}
    made: dict[str, Any] = {"authorities": [keyed, {"keyless": {"identities": [dict(ALICE)]}}]}
    *parents, last = path.removeprefix("spec.").split(".")
    found: Any = made
    for name in parents:
        found = found[name.removesuffix("[]")]
        if name.endswith("[]"):
            found = found[1 if "keyless" in path else 0]
    found[last] = example if example[0].isalpha() or "T" in example else yaml.safe_load(example)
    return made


@pytest.mark.parametrize(("path", "example"), FIELDS)
def test_a_field_stands_where_the_page_says_and_in_our_own_kind_only(path: str, example: str) -> None:
    spec = placed(path, example)
    authorities = spec.pop("authorities")
    parse_policies(encode(own_document(*authorities, **spec)), FILE)
    with pytest.raises(DocumentError) as refused:
        parse_policies(encode(document(*authorities, **spec)), FILE)
    assert refused.value.hint == ELSEWHERE


@pytest.mark.parametrize(("comparison", "example", "_holds"), COMPARISONS)
def test_a_comparison_is_written_as_the_page_says(comparison: str, example: str, _holds: str) -> None:
    content = yaml.safe_load(example)
    attestation = {"name": "a", "predicateType": "https://example.com/a", "conditions": [content]}
    policy = own({"key": {"data": PEM}, "attestations": [attestation]})
    (condition,) = policy.authorities[0].attestations[0].conditions
    assert (condition.comparison, condition.operand) == (comparison, content[comparison])


def test_the_page_has_all_fields() -> None:
    own = {f"{where}.{name}" for where, names in OWN_FIELDS.items() for name in names}
    assert {path for path, _ in FIELDS} == own | {"spec.authorities[].attestations[].policy.type"}


def test_the_page_has_all_entries_of_a_deny_list() -> None:
    for name, content in ENTRIES:
        meant = yaml.load(content.replace("sha256:HEX", f'"{SHA256}"'), yaml.BaseLoader)
        entry = {"data": PEM} if meant == {"data": "PEM"} else meant
        assert own(deny=[{name: entry}]).deny != Denials()
    assert [name for name, _ in ENTRIES] == ["digest", "key", "key", "certificate", "identity"]


@pytest.mark.parametrize(("glob", "file", "about"), GLOBS)
def test_a_glob_is_about_the_files_that_the_page_says(glob: str, file: str, about: str) -> None:
    assert FileGlob.parse(glob).matches(PurePath(file).name) is (about == "is about it")


def test_the_page_has_globs_of_both_kinds() -> None:
    assert {about for *_, about in GLOBS} == {"is about it", "is not"}


def test_the_example_can_be_read_and_has_no_problems() -> None:
    (example,) = re.findall(r"```yaml\n(.*?)```", SECTION, re.DOTALL)
    (policy,) = parse_policies(example.encode(), "page")
    assert (policy.require, [authority.name for authority in policy.authorities]) == (2, ["two-people", "recent"])
    assert lint_policies([policy], datetime.now(UTC)) == ()
