"""Tests of policies as files: what is not as it should be is refused by line and path."""

import pytest

from cosignpy.core.digest import Digest
from cosignpy.documents import DocumentError
from cosignpy.imagepolicy import cases
from cosignpy.imagepolicy.cases import Case, PolicyTest, Verdict, parse_policy_test
from tests.support.image_policies import text

FILE = "team.test.yaml"
DIGEST = Digest.of(b"")
WHOLE = f"""
    policies: [team.yaml, company]
    cases:
      - image: ghcr.io/team/app:1
        verdict: refused
        because: spec.authorities[0]
        digest: {DIGEST}
        matches: [team]
        evidence: app.json
      - image: nginx
        matches: []
    """


def test_a_case_says_all_that_is_expected() -> None:
    found = parse_policy_test(text(WHOLE), FILE)
    place = found.cases[0].place
    first = Case(place, "ghcr.io/team/app:1", "", Verdict.REFUSED, "spec.authorities[0]", DIGEST, ("team",), "app.json")
    assert found == PolicyTest(FILE, ("team.yaml", "company"), (first, Case(place, "nginx", matches=())))
    assert (place.file, place.line, place.key) == (FILE, 3, "cases[0]")


def test_evidence_of_the_file_is_that_of_its_cases_unless_they_have_their_own() -> None:
    changed = WHOLE.replace("cases:", "evidence: all.json\n    cases:")
    assert [each.evidence for each in parse_policy_test(text(changed), FILE).cases] == ["app.json", "all.json"]


def test_a_file_may_have_bundles_of_its_own() -> None:
    changed = WHOLE.replace("image: nginx", "file: dist/a.tar\n        verdict: admitted\n        bundles: [a.json]")
    found = parse_policy_test(text(changed.replace("cases:", "evidence: all.json\n    cases:")), FILE).cases[1]
    assert (found.subject, found.file, found.bundles, found.evidence) == ("dist/a.tar", "dist/a.tar", ("a.json",), "")


@pytest.mark.parametrize(
    ("old", "new", "line", "key", "why"),
    [
        ("verdict: refused", "verdct: refused", 4, "cases[0].verdct", "no such field"),
        ("verdict: refused", "verdict: denied", 4, "cases[0].verdict", "not one of the choices"),
        ("verdict: refused", "verdict: ''", 4, "cases[0].verdict", "empty"),
        ("policies:", "policy:", 1, "policy", "no such field"),
        ("policies: [team.yaml, company]", "policies: []", 1, "policies", "names no policies"),
        ("policies: [team.yaml, company]", "policies: ['']", 1, "policies[0]", "empty"),
        ("image: nginx", "image: No/Image", 9, "cases[1].image", "lower case"),
        ("image: nginx", "verdict: refused", 9, "cases[1]", "needs image or file"),
        ("image: nginx", "image: ''", 9, "cases[1].image", "empty"),
        ("image: nginx", "file: ''", 9, "cases[1].file", "empty"),
        ("verdict: refused", "file: a.tar", 4, "cases[0].file", "excludes image"),
        ("verdict: refused", "bundles: [a.json]", 4, "cases[0].bundles", "is not allowed beside image"),
        ("image: ghcr.io/team/app:1", "file: a.tar", 8, "cases[0].evidence", "is not allowed beside file"),
        ("matches: []", "digest: sha256:0", 10, "cases[1].digest", "means nothing without a verdict"),
        ("matches: []", "because: me", 10, "cases[1].because", "means nothing without a verdict"),
        ("matches: []", "evidence: a.json", 10, "cases[1].evidence", "means nothing without a verdict"),
        ("matches: []", "matches: ~", 9, "cases[1].verdict", "missing"),
        ("matches: []", "matches: team", 10, "cases[1].matches", "expected a list"),
        (f"digest: {DIGEST}", "digest: sha256:0", 6, "cases[0].digest", "hex digits"),
        ("because: spec.authorities[0]", "because: ''", 5, "cases[0].because", "empty"),
        ("because: spec.authorities[0]", "verdict: refused", 5, "cases[0].verdict", "given twice"),
    ],
)
def test_a_file_with_one_thing_wrong_is_refused_by_its_path(old: str, new: str, line: int, key: str, why: str) -> None:
    assert old in WHOLE
    with pytest.raises(DocumentError) as caught:
        parse_policy_test(text(WHOLE.replace(old, new, 1)), FILE)
    assert (caught.value.file, caught.value.line, caught.value.key) == (FILE, line, key)
    assert why in caught.value.problem


@pytest.mark.parametrize("content", ["policies: [a.yaml]\ncases: []\n", "policies: [a.yaml]\n"])
def test_a_file_without_cases_is_refused(content: str) -> None:
    with pytest.raises(DocumentError) as caught:
        parse_policy_test(content.encode(), FILE)
    assert "cases: no cases" in caught.value.problem


def test_too_many_cases_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cases, "MAX_CASES", 2)
    assert len(parse_policy_test(text(WHOLE), FILE).cases) == 2
    monkeypatch.setattr(cases, "MAX_CASES", 1)
    with pytest.raises(DocumentError):
        parse_policy_test(text(WHOLE), FILE)
