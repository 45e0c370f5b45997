"""docs/policies.md: its tables are rendered from what is tested, and its examples can be read.

To write down what the tables say now, review it, and commit it:

    UPDATE_PAGES=1 .venv/bin/pytest tests/unit/imagepolicy/test_documented.py
"""

import os
import re
from pathlib import Path
from typing import Any, Final

import pytest

from cosignpy.cli.render.image_policy import PolicyResult, decisions_to_json
from cosignpy.core.digest import Digest
from cosignpy.core.verify.evidence import VerifiedImage
from cosignpy.documents import DocumentError
from cosignpy.errors import MalformedError, NoSignatures
from cosignpy.imagepolicy import cases
from cosignpy.imagepolicy.cases import Verdict, parse_policy_test
from cosignpy.imagepolicy.decision import Subject, decide_image
from cosignpy.imagepolicy.lint import lint_policies
from cosignpy.imagepolicy.model import Authority, ImagePolicyDocument, Language
from cosignpy.imagepolicy.parse import parse_resources
from cosignpy.imagepolicy.references import link_policies
from cosignpy.imagepolicy.requirements import refuse_unsupported
from tests.support.image_policies import BY_KEY, KEYLESS, PEM, encode, parse_policies, parsed
from tests.support.policy_page import GLOBS, LINT, MEMBERS, TABLES, TEST_FIELDS, lint_one
from tests.support.policy_page_conditions import LANGUAGES
from tests.support.policy_page_fields import ROWS

FILE: Final = Path(__file__).parents[3] / "docs" / "policies.md"
UPDATE: Final = os.environ.get("UPDATE_PAGES") == "1"
TABLE: Final = re.compile(r"^<!-- table: (?P<name>[\w-]+) -->\n(?P<rows>(?:^\|.*\n)+)", re.MULTILINE)
ANY_TABLE: Final = re.compile(r"(?:^\|.*\n)+", re.MULTILINE)
EXAMPLE: Final = re.compile(r"```yaml\n(.*?)```", re.DOTALL)
KEY: Final = re.compile(r"^( *)-----BEGIN PUBLIC KEY-----.*?-----END PUBLIC KEY-----\n", re.DOTALL | re.MULTILINE)
DIGEST: Final = Digest.of(b"")
IMAGE: Final = "ghcr.io/team/app:1"


def page() -> str:
    return FILE.read_text()


def examples() -> list[str]:
    keyed = [KEY.sub(lambda at: "".join(f"{at[1]}{line}\n" for line in PEM.splitlines()), each) for each in found()]
    return [each for each in keyed if "kind:" in each]


def found() -> list[str]:
    return EXAMPLE.findall(page())


def test_every_table_is_what_is_tested() -> None:
    text = page()
    rendered = TABLE.sub(lambda match: f"<!-- table: {match['name']} -->\n{TABLES[match['name']].render()}", text)
    if UPDATE:
        FILE.write_text(rendered)
        text = rendered
    assert rendered == text


def test_every_table_is_rendered_and_every_one_that_is_rendered_is_shown() -> None:
    names = [match["name"] for match in TABLE.finditer(page())]
    assert sorted(names) == sorted(TABLES)
    assert len(ANY_TABLE.findall(page())) == len(names)


def test_globs_are_about_some_images_and_not_about_others() -> None:
    rows = TABLES["globs"].rows()
    assert len(rows) == len(GLOBS)
    assert {row[-1] for row in rows} == {"yes", "no"}


@pytest.mark.parametrize(("shown", "policies"), LINT)
def test_each_thing_that_lint_finds_is_found_alone(shown: str, policies: list[ImagePolicyDocument]) -> None:
    assert shown
    assert lint_one(policies).why


def test_the_fields_of_tests_are_those_that_are_read() -> None:
    read = {name for name in cases.TEST if name != "cases"} | {f"cases[].{name}" for name in cases.CASE}
    assert {name for name, _ in TEST_FIELDS} == read
    assert all(f"`{verdict}`" in dict(TEST_FIELDS)["cases[].verdict"] for verdict in Verdict)


@pytest.mark.parametrize(("names", "documents"), [(names, documents) for names, _, documents in ROWS])
def test_a_field_stands_in_documents_that_are_read(names: tuple[str, ...], documents: list[dict[str, Any]]) -> None:
    written = encode(*documents)
    (policy,) = link_policies(parse_resources(written, "page"))
    refuse_unsupported(policy)
    last = names[0].removesuffix("[]").rpartition(".")[2]
    assert f"{last}:".encode() in written
    with pytest.raises(DocumentError):
        parse_resources(written.replace(f"{last}:".encode(), f"{last}x:".encode(), 1), "page")


def test_every_language_of_conditions_is_there() -> None:
    assert {row[0].partition(" ")[0].lower() for row in LANGUAGES} == set(Language)


def test_the_members_of_a_decision_are_there() -> None:
    def verify(authority: Authority) -> object:
        if authority.name == "unsigned":
            raise NoSignatures(IMAGE)
        return VerifiedImage(DIGEST, ())

    policy = parsed({"name": "unsigned", **BY_KEY}, KEYLESS)
    decided = PolicyResult(IMAGE, DIGEST, decide_image(Subject(IMAGE), [policy], verify))
    document = decisions_to_json([decided, PolicyResult("No/Image", None, MalformedError("a", "b"))])
    paths = set(_paths(document, ""))
    assert {name for name, _ in MEMBERS} <= paths


def _paths(document: Any, path: str) -> list[str]:
    if isinstance(document, list):
        return [each for item in document for each in _paths(item, f"{path}[]")]
    if not isinstance(document, dict):
        return []
    names = {name: f"{path}.{name}".lstrip(".") for name in document}
    return [*names.values(), *(each for name, content in document.items() for each in _paths(content, names[name]))]


@pytest.mark.parametrize("example", examples())
def test_an_example_can_be_read_and_has_no_problems(example: str) -> None:
    assert lint_policies(parse_policies(example.encode(), "page")) == ()


def test_the_first_example_has_a_key_and_an_identity() -> None:
    (policy,) = parse_policies(examples()[0].encode(), "page")
    assert [authority.name for authority in policy.authorities] == ["release", "workflow"]


def test_the_tests_that_are_shown_can_be_read() -> None:
    (tests,) = [each for each in found() if each.startswith("policies:")]
    assert len(parse_policy_test(tests.encode(), "page").cases) == 3
