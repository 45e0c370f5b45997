"""What `policy lint` says of globs and policies that do nothing beside others."""

from typing import Any, Final

import pytest

from cosignpy.core.trust.problems import Severity
from cosignpy.imagepolicy import lint_overlaps as module
from cosignpy.imagepolicy.globs import Glob
from cosignpy.imagepolicy.lint_overlaps import includes, lint_overlaps
from cosignpy.imagepolicy.model import ImagePolicyDocument
from tests.support.image_policies import BY_KEY, FAIL, KEYLESS, PASS, own, parsed

WARNING: Final = Severity.WARNING
PODS: Final = [{"version": "v1", "resource": "pods"}]


def about(*globs: str) -> dict[str, Any]:
    return {"images": [{"glob": glob} for glob in globs]}


def found(*policies: ImagePolicyDocument) -> list[tuple[str, str]]:
    problems = list(lint_overlaps(policies))
    assert all(each.severity is WARNING for each in problems)
    return [(each.place.rpartition(": ")[2], each.why) for each in problems]


@pytest.mark.parametrize(
    ("wide", "narrow", "holds"),
    [
        ("**", "ghcr.io/team/*", True),
        ("ghcr.io/**", "ghcr.io/team/*", True),
        ("ghcr.io/**", "ghcr.io/**", True),
        ("ghcr.io/*/*", "ghcr.io/team/*", True),
        ("ghcr.io/team/*", "ghcr.io/team/app:*", True),
        ("ghcr.io/team/*", "ghcr.io/team/app:1", True),
        ("ghcr.io/team/*", "ghcr.io/team/**", False),
        ("ghcr.io/team/*", "ghcr.io/*", False),
        ("ghcr.io/team/app:*", "ghcr.io/team/*", False),
        ("ghcr.io/team/*", "ghcr.io/other/*", False),
        ("ghcr.io/*", "ghcr.io/team/app", False),
        ("ghcr.io/team/app", "ghcr.io/team/app", True),
        ("ghcr.io/team/app", "ghcr.io/team/ap*", False),
        ("*", "index.docker.io/library/nginx:1", True),
        ("ghcr.io/**/app:*", "ghcr.io/team/**/app:1", True),
    ],
)
def test_a_glob_includes_another(wide: str, narrow: str, holds: bool) -> None:
    assert includes(Glob.parse(wide), Glob.parse(narrow)) is holds


def test_a_glob_that_is_about_nothing_else() -> None:
    told = "ghcr.io/team/* is about nothing that ghcr.io/** is not about"
    assert found(parsed(BY_KEY, **about("ghcr.io/team/*", "ghcr.io/**"))) == [("spec.images[0].glob", told)]
    assert found(parsed(BY_KEY, **about("ghcr.io/**", "ghcr.io/team/*"))) == [("spec.images[1].glob", told)]
    assert found(parsed(BY_KEY, **about("ghcr.io/team/*", "quay.io/**"))) == []


def test_of_two_globs_that_are_the_same_the_second_is_told() -> None:
    (problem,) = found(parsed(BY_KEY, **about("ghcr.io/**", "ghcr.io/**")))
    assert problem[0] == "spec.images[1].glob"


CLOSED: Final = parsed(FAIL, name="closed", **about("ghcr.io/**"))


@pytest.mark.parametrize("closed", [CLOSED, parsed(name="closed"), parsed(FAIL, FAIL, name="closed")])
def test_a_policy_that_another_shadows(closed: ImagePolicyDocument) -> None:
    team = parsed(BY_KEY, **about("ghcr.io/team/*"))
    told = [("spec.images", "never counts: closed (team.yaml:1) refuses all images it is about")]
    assert found(team, closed) == told
    assert found(closed, team) == told


@pytest.mark.parametrize(
    ("team", "closed"),
    [
        (parsed(BY_KEY, **about("ghcr.io/team/*", "quay.io/**")), CLOSED),
        (parsed(BY_KEY, **about("**")), CLOSED),
        (parsed(FAIL, **about("ghcr.io/team/*")), parsed(PASS, name="open")),
        (parsed(BY_KEY, **about("ghcr.io/team/*")), parsed(FAIL, name="closed", mode="warn")),
        (parsed(BY_KEY, **about("ghcr.io/team/*")), parsed(FAIL, name="closed", match=PODS)),
        (parsed(BY_KEY, **about("ghcr.io/team/*")), parsed(FAIL, KEYLESS, name="closed")),
        (own(BY_KEY, images=[], files=[{"glob": "*.tar"}]), parsed(FAIL, name="closed")),
    ],
)
def test_a_policy_that_counts_beside_another(team: ImagePolicyDocument, closed: ImagePolicyDocument) -> None:
    assert found(team, closed) == []


def test_a_policy_that_demands_what_another_demands() -> None:
    company = parsed(BY_KEY, name="company", **about("ghcr.io/**"))
    team = parsed(BY_KEY, **about("ghcr.io/team/*"))
    told = [("spec.authorities", "demands what company (team.yaml:1) demands of some of these images")]
    assert found(company, team) == told
    assert [place for place, _ in found(team, company)] == ["spec.authorities"]


@pytest.mark.parametrize(
    "other",
    [
        parsed(KEYLESS, name="other"),
        parsed(BY_KEY, name="other", mode="warn"),
        parsed(BY_KEY, name="other", match=PODS),
        parsed(BY_KEY, name="other", **about("quay.io/**")),
        own(BY_KEY, name="other", deny=[{"identity": {"subject": "bob@example.com"}}]),
    ],
)
def test_a_policy_that_demands_something_else(other: ImagePolicyDocument) -> None:
    assert found(parsed(BY_KEY, **about("ghcr.io/**")), other) == []


def test_not_all_are_compared_with_each_other(monkeypatch: pytest.MonkeyPatch) -> None:
    twice = parsed(BY_KEY, name="a"), parsed(BY_KEY, name="b")
    assert len(found(*twice)) == 1
    monkeypatch.setattr(module, "MAX_COMPARED", 1)
    assert found(*twice) == []
    assert found(parsed(BY_KEY, **about("ghcr.io/**", "ghcr.io/**"))) == []
