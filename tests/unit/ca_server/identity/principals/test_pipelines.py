"""Builds of services whose claims are known: names, extensions, and every claim that has to be there."""

from typing import Final

import pytest

from ca_server.identity.claim_text import MAX_TEXT
from ca_server.identity.claims import TokenRefused
from ca_server.identity.principal import Principal
from tests.support.identity_examples import BUILDKITE, CLAIMS, CODEFRESH, GITHUB, GITLAB, principal_of

OPTIONAL: Final = {
    GITLAB: {"ci_config_sha", "project_visibility"},
    CODEFRESH: {"scm_repo_url", "scm_ref", "runner_environment"},
}
REQUIRED: Final = [
    (url, name)
    for url in (GITHUB, GITLAB, BUILDKITE, CODEFRESH)
    for name in CLAIMS[url].keys() - OPTIONAL.get(url, set())
]


def texts(principal: Principal) -> dict[int, str]:
    return {extension.number: extension.text for extension in principal.extensions}


def refusal(url: str, **changes: object) -> str:
    with pytest.raises(TokenRefused) as caught:
        principal_of(url, **changes)
    return caught.value.why


@pytest.mark.parametrize(("url", "name"), sorted(REQUIRED))
@pytest.mark.parametrize("content", [..., None, "", [], 0.5])
def test_a_claim_that_has_to_be_there(url: str, name: str, content: object) -> None:
    assert f"claim {name}" in refusal(url, **{name: content})


@pytest.mark.parametrize(("url", "name"), sorted(REQUIRED))
def test_a_claim_may_not_mislead_nor_be_endless(url: str, name: str) -> None:
    for content in ("a\x1b[31m", "a" * 100_000):
        refusal(url, **{name: content})


def test_a_workflow_is_named_as_it_stands_in_a_url() -> None:
    found = principal_of(GITHUB)
    name = "https://github.com/octo/shared/.github/workflows/sign%20it.yml@refs/heads/m%C3%BCller"
    assert (found.name.text, found.challenge) == (name, "repo:octo/app:ref:refs/heads/main")
    assert texts(found)[9] == name
    assert texts(found)[21] == "https://github.com/octo/app/actions/runs/5381532010/attempts/2"
    assert list(texts(found)) == [*range(2, 7), *range(9, 23)]


@pytest.mark.parametrize("ref", ["octo/app/../../evil/x@main", "octo/app/%zz", "octo/./app"])
def test_a_workflow_elsewhere_than_it_seems_is_refused(ref: str) -> None:
    refusal(GITHUB, job_workflow_ref=ref)


def test_what_claims_are_put_together_to_is_not_endless_either() -> None:
    longest = MAX_TEXT - len("refs/heads/")
    assert texts(principal_of(GITLAB, ref_type="branch", ref="a" * longest))[14] == f"refs/heads/{'a' * longest}"
    assert "source repository ref" in refusal(GITLAB, ref_type="branch", ref="a" * (longest + 1))


@pytest.mark.parametrize(("kind", "ref"), [("tag", "refs/tags/v1"), ("branch", "refs/heads/v1")])
def test_a_pipeline_is_named_by_its_configuration(kind: str, ref: str) -> None:
    found = principal_of(GITLAB, ref_type=kind)
    assert found.name.text == "https://gitlab.com/group/sub/app//.gitlab-ci.yml@refs/tags/v1"
    assert texts(found)[14] == ref
    assert texts(found)[21] == "https://gitlab.com/group/sub/app/-/jobs/9001"
    assert list(texts(found)) == list(range(9, 23))


def test_a_pipeline_may_be_configured_elsewhere() -> None:
    found = principal_of(
        GITLAB, ci_config_ref_uri="ci.example:8443/a//b.yml@main", ci_config_sha=..., project_visibility=None
    )
    assert found.name.text == "https://ci.example:8443/a//b.yml@main"
    assert {10, 19, 22}.isdisjoint(texts(found))


@pytest.mark.parametrize("changes", [{"ref_type": "note"}, {"runner_id": "5"}, {"runner_id": 0}, {"runner_id": True}])
def test_a_pipeline_that_gitlab_does_not_have(changes: dict[str, object]) -> None:
    (name,) = changes
    assert f"claim {name}" in refusal(GITLAB, **changes)


def test_a_job_of_buildkite_is_named_by_its_pipeline() -> None:
    found = principal_of(BUILDKITE)
    assert (found.name.text, found.extensions) == ("https://buildkite.com/acme/super-duper", ())


def test_a_workflow_of_codefresh_is_named_by_names_and_numbers() -> None:
    found = principal_of(CODEFRESH, scm_ref=...)
    assert found.name.text == (
        "https://g.codefresh.io/acme/tools/sign:628a80b693a15c0f9c13ab75/65e5a53e52853dc51a5b0cc1"
    )
    assert texts(found) == {
        9: "https://g.codefresh.io/build/6669f0b3",
        11: "hybrid",
        12: "https://github.com/acme/tools",
        18: "https://g.codefresh.io/api/pipelines/65e5a53e52853dc51a5b0cc1",
        21: "https://g.codefresh.io/build/6669f0b3",
    }


def test_a_platform_of_ones_own() -> None:
    assert (
        texts(principal_of(CODEFRESH, platform_url="http://cf.example/x/"))[9] == "http://cf.example/x/build/6669f0b3"
    )
    for url in ("cf.example", "https://cf.example/?x", "https://u@cf.example", "urn:x"):
        refusal(CODEFRESH, platform_url=url)
