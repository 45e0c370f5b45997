"""Provenance out of the variables of CI jobs, as the vendors document them with these examples."""

import json
from collections.abc import Mapping
from typing import Any

import pytest

from cosignpy.core.predicates.provenance import build_provenance
from cosignpy.core.predicates.statement import Predicate
from cosignpy.core.predicates.validation import validate
from cosignpy.errors import UsageError
from cosignpy.schemas import load_cyclonedx
from tests.support.predicates import GITHUB_JOB

COMMIT = "c27d339ee6075c1f744c5d4b200f7901aad2c369"
SECRET = "the secret"
GITHUB = GITHUB_JOB | {"GITHUB_TOKEN": SECRET}
GITLAB = {
    "GITLAB_CI": "true",
    "CI_COMMIT_REF_NAME": "main",
    "CI_COMMIT_SHA": COMMIT,
    "CI_CONFIG_PATH": ".gitlab-ci.yml",
    "CI_JOB_ID": "412",
    "CI_JOB_NAME": "build-job",
    "CI_JOB_STARTED_AT": "2026-01-31T16:47:55Z",
    "CI_JOB_TOKEN": SECRET,
    "CI_PIPELINE_SOURCE": "push",
    "CI_PROJECT_URL": "https://gitlab.example/root/repo_name",
    "CI_REPOSITORY_URL": f"https://gitlab-ci-token:{SECRET}@gitlab.example/root/repo_name.git",
    "CI_RUNNER_DESCRIPTION": "9-mfdkBG",
    "CI_RUNNER_EXECUTABLE_ARCH": "linux/arm64",
    "CI_RUNNER_ID": "33",
    "CI_RUNNER_VERSION": "18.3.0",
}
BUILDKITE = {
    "BUILDKITE": "true",
    "BUILDKITE_AGENT_ACCESS_TOKEN": SECRET,
    "BUILDKITE_BRANCH": "main",
    "BUILDKITE_BUILD_ID": "d3ce1ab5-df3c-4197-901d-a2339201046d",
    "BUILDKITE_BUILD_NUMBER": "49387",
    "BUILDKITE_BUILD_URL": "https://buildkite.com/acme-corp/awesome-logger/builds/49387",
    "BUILDKITE_COMMAND": "gem build awesome-logger.gemspec",
    "BUILDKITE_COMMIT": COMMIT,
    "BUILDKITE_JOB_ID": "2792d082-f400-4346-993c-72c4947c82b6",
    "BUILDKITE_ORGANIZATION_ID": "19299724-43b4-4812-b823-9ea5a62b388e",
    "BUILDKITE_ORGANIZATION_SLUG": "acme-corp",
    "BUILDKITE_PIPELINE_ID": "ac95cb65-7589-41fa-9142-9cfb27f65249",
    "BUILDKITE_PIPELINE_SLUG": "awesome-logger",
    "BUILDKITE_REPO": "https://github.com/acme-corp/awesome-logger.git",
    "BUILDKITE_STEP_ID": "3f9c0598-5b82-4b62-8f5d-6d2d08f78733",
    "BUILDKITE_STEP_KEY": "build-gem",
    "BUILDKITE_TAG": "",
}
ALL = {"github": GITHUB, "gitlab": GITLAB, "buildkite": BUILDKITE}
OPTIONAL = {
    "github": {"RUNNER_ENVIRONMENT", "GITHUB_TOKEN"},
    "gitlab": {
        "CI_CONFIG_PATH",
        "CI_JOB_STARTED_AT",
        "CI_JOB_TOKEN",
        "CI_REPOSITORY_URL",
        "CI_RUNNER_DESCRIPTION",
        "CI_RUNNER_EXECUTABLE_ARCH",
        "CI_RUNNER_VERSION",
    },
    "buildkite": {
        "BUILDKITE_AGENT_ACCESS_TOKEN",
        "BUILDKITE_COMMAND",
        "BUILDKITE_ORGANIZATION_ID",
        "BUILDKITE_STEP_KEY",
        "BUILDKITE_TAG",
    },
}


def build(environment: Mapping[str, str], builder: str = "") -> Any:
    made = build_provenance(environment, builder)
    validate("slsaprovenance1", Predicate.parse(made), load_cyclonedx)
    assert SECRET.encode() not in made
    return json.loads(made)


def test_github_is_as_its_build_type_has_it() -> None:
    assert build(GITHUB) == {
        "buildDefinition": {
            "buildType": "https://actions.github.io/buildtypes/workflow/v1",
            "externalParameters": {
                "workflow": {
                    "ref": "refs/heads/main",
                    "repository": "https://github.com/octocat/hello-world",
                    "path": ".github/workflows/release.yml",
                }
            },
            "internalParameters": {
                "github": {
                    "event_name": "workflow_dispatch",
                    "repository_id": "1296269",
                    "repository_owner_id": "583231",
                    "runner_environment": "github-hosted",
                }
            },
            "resolvedDependencies": [
                {
                    "uri": "git+https://github.com/octocat/hello-world@refs/heads/main",
                    "digest": {"gitCommit": COMMIT},
                }
            ],
        },
        "runDetails": {
            "builder": {"id": "https://github.com/octocat/hello-world/.github/workflows/release.yml@refs/heads/main"},
            "metadata": {"invocationId": "https://github.com/octocat/hello-world/actions/runs/1536140711/attempts/1"},
        },
    }


def test_gitlab_is_as_its_build_type_has_it() -> None:
    assert build(GITLAB) == {
        "buildDefinition": {
            "buildType": "https://docs.gitlab.com/ci/pipeline_security/slsa/provenance_v1",
            "externalParameters": {
                "source": "https://gitlab.example/root/repo_name",
                "entryPoint": "build-job",
                "variables": {
                    "CI_COMMIT_REF_NAME": "main",
                    "CI_PIPELINE_SOURCE": "push",
                    "CI_CONFIG_PATH": ".gitlab-ci.yml",
                },
            },
            "internalParameters": {"name": "9-mfdkBG", "architecture": "arm64", "job": "412"},
            "resolvedDependencies": [{"uri": "https://gitlab.example/root/repo_name", "digest": {"gitCommit": COMMIT}}],
        },
        "runDetails": {
            "builder": {
                "id": "https://gitlab.example/root/repo_name/-/runners/33",
                "version": {"gitlab-runner": "18.3.0"},
            },
            "metadata": {"invocationId": "412", "startedOn": "2026-01-31T16:47:55Z"},
        },
    }


def test_buildkite_is_as_its_build_type_has_it() -> None:
    assert build(BUILDKITE) == {
        "buildDefinition": {
            "buildType": "https://buildkite.github.io/slsa-buildtypes/job/v1",
            "externalParameters": {
                "pipeline": "https://buildkite.com/acme-corp/awesome-logger",
                "repository": "https://github.com/acme-corp/awesome-logger.git",
                "build": {"branch": "main", "commit": COMMIT},
                "step": {
                    "id": "3f9c0598-5b82-4b62-8f5d-6d2d08f78733",
                    "command": "gem build awesome-logger.gemspec",
                    "key": "build-gem",
                },
                "job": {"id": "2792d082-f400-4346-993c-72c4947c82b6"},
            },
            "internalParameters": {
                "buildkite": {
                    "organization_id": "19299724-43b4-4812-b823-9ea5a62b388e",
                    "pipeline_id": "ac95cb65-7589-41fa-9142-9cfb27f65249",
                    "build_id": "d3ce1ab5-df3c-4197-901d-a2339201046d",
                    "build_number": "49387",
                }
            },
            "resolvedDependencies": [
                {
                    "uri": "git+https://github.com/acme-corp/awesome-logger@refs/heads/main",
                    "digest": {"gitCommit": COMMIT},
                }
            ],
        },
        "runDetails": {
            "builder": {"id": "https://buildkite.com/acme-corp/awesome-logger"},
            "metadata": {
                "invocationId": "https://buildkite.com/acme-corp/awesome-logger/builds/49387"
                "#2792d082-f400-4346-993c-72c4947c82b6"
            },
        },
    }


@pytest.mark.parametrize("name", ALL)
def test_what_is_optional_may_be_absent(name: str) -> None:
    left = {key: value for key, value in ALL[name].items() if key not in OPTIONAL[name]}
    assert build(left)["runDetails"]["builder"]["id"]


@pytest.mark.parametrize(
    ("name", "variable"), [(name, each) for name in ALL for each in sorted(ALL[name].keys() - OPTIONAL[name])]
)
def test_each_other_variable_is_needed(name: str, variable: str) -> None:
    with pytest.raises(UsageError) as refused:
        build_provenance({key: value for key, value in ALL[name].items() if key != variable})
    assert refused.value.hint


@pytest.mark.parametrize(
    ("name", "variable", "value"),
    [
        ("github", "GITHUB_ACTIONS", "false"),
        ("github", "GITHUB_SHA", "HEAD"),
        ("github", "GITHUB_SHA", COMMIT.upper()),
        ("github", "GITHUB_EVENT_NAME", "pull_request"),
        ("github", "GITHUB_REPOSITORY", "octocat/other"),
        ("github", "GITHUB_REF", "refs/heads/other"),
        ("gitlab", "CI_COMMIT_SHA", ""),
        ("buildkite", "BUILDKITE_COMMIT", "HEAD"),
    ],
)
def test_variables_that_do_not_fit_are_refused(name: str, variable: str, value: str) -> None:
    with pytest.raises(UsageError):
        build_provenance(ALL[name] | {variable: value})


def test_one_job_is_of_one_system() -> None:
    with pytest.raises(UsageError, match="no job of GitHub Actions, GitLab CI or Buildkite"):
        build_provenance({})
    with pytest.raises(UsageError, match="GitHub Actions and GitLab CI at once"):
        build_provenance(GITHUB | GITLAB)


def test_a_path_and_a_reference_may_have_an_at_sign() -> None:
    odd = {
        "GITHUB_REF": "refs/heads/a@b",
        "GITHUB_WORKFLOW_REF": "octocat/hello-world/.github/workflows/x@y.yml@refs/heads/a@b",
    }
    made = build(GITHUB | odd)
    assert made["buildDefinition"]["externalParameters"]["workflow"]["path"] == ".github/workflows/x@y.yml"


def test_a_builder_may_be_named() -> None:
    assert build(GITHUB, "https://builder.example/v1")["runDetails"]["builder"]["id"] == "https://builder.example/v1"
    with pytest.raises(UsageError, match="no URI"):
        build_provenance(GITHUB, "builder")


def test_a_tag_of_buildkite_is_the_reference() -> None:
    made = build(BUILDKITE | {"BUILDKITE_TAG": "v1.6.0"})["buildDefinition"]
    assert made["externalParameters"]["build"]["tag"] == "v1.6.0"
    assert made["resolvedDependencies"][0]["uri"].endswith("@refs/tags/v1.6.0")


@pytest.mark.parametrize(
    ("repository", "shown"),
    [
        ("git@github.com:acme/app.git", "ssh://git@github.com/acme/app.git"),
        (f"https://x-token:{SECRET}@github.com/acme/app.git", "https://github.com/acme/app.git"),
        (f"https://{SECRET}@github.com/acme/app.git", "https://github.com/acme/app.git"),
        (f"ssh://git:{SECRET}@git.example/acme/app", "ssh://git@git.example/acme/app"),
        ("ssh://git.example/acme/app", "ssh://git.example/acme/app"),
        ("https://git.example", "https://git.example"),
        ("/srv/git/app.git", "/srv/git/app.git"),
    ],
)
def test_a_repository_of_buildkite_is_a_url_without_secrets(repository: str, shown: str) -> None:
    made = build(BUILDKITE | {"BUILDKITE_REPO": repository})["buildDefinition"]
    assert made["externalParameters"]["repository"] == shown
