"""Principals that are builds, by types older than CI providers: each knows the claims of one service."""

from collections.abc import Mapping
from typing import Final

from ca_server.identity.claim_text import optional_text, required_text
from ca_server.identity.claims import Claims, TokenRefused
from ca_server.identity.issuer import Issuer
from ca_server.identity.principal import Principal
from ca_server.identity.principals.assembly import refusing_malformed, uri_principal
from ca_server.identity.uris import Uri

GITHUB: Final = Uri.parse("https://github.com/")
GITLAB: Final = Uri.parse("https://gitlab.com/")
CODEFRESH: Final = "https://g.codefresh.io"

_GITHUB_CLAIMS: Final = (
    "job_workflow_ref",
    "sha",
    "event_name",
    "repository",
    "workflow",
    "ref",
    "job_workflow_sha",
    "runner_environment",
    "repository_id",
    "repository_owner",
    "repository_owner_id",
    "repository_visibility",
    "workflow_ref",
    "workflow_sha",
    "run_id",
    "run_attempt",
)
_GITLAB_CLAIMS: Final = (
    "project_path",
    "project_id",
    "pipeline_source",
    "pipeline_id",
    "ci_config_ref_uri",
    "job_id",
    "ref",
    "ref_type",
    "namespace_path",
    "namespace_id",
    "sha",
    "runner_environment",
)
_GITLAB_REFS: Final[Mapping[str, str]] = {"branch": "refs/heads/", "tag": "refs/tags/"}
_CODEFRESH_CLAIMS: Final = ("account_id", "account_name", "pipeline_id", "pipeline_name", "workflow_id")


def build_github(issuer: Issuer, claims: Claims) -> Principal:
    """Name the workflow that builds, a reusable one by itself and not by who calls it.

    Raises:
        TokenRefused: A claim is missing or cannot stand in a certificate.
    """
    said = {name: required_text(claims, name) for name in _GITHUB_CLAIMS}
    with refusing_malformed():
        workflow = GITHUB.join(said["job_workflow_ref"])
        extensions = {
            2: said["event_name"],
            3: said["sha"],
            4: said["workflow"],
            5: said["repository"],
            6: said["ref"],
            9: workflow,
            10: said["job_workflow_sha"],
            11: said["runner_environment"],
            12: GITHUB.join(said["repository"]),
            13: said["sha"],
            14: said["ref"],
            15: said["repository_id"],
            16: GITHUB.join(said["repository_owner"]),
            17: said["repository_owner_id"],
            18: GITHUB.join(said["workflow_ref"]),
            19: said["workflow_sha"],
            20: said["event_name"],
            21: GITHUB.join(said["repository"], "actions/runs", said["run_id"], "attempts", said["run_attempt"]),
            22: said["repository_visibility"],
        }
    return uri_principal(issuer, claims, workflow, extensions)


def build_gitlab(issuer: Issuer, claims: Claims) -> Principal:
    """Name the file that configures a pipeline, at its branch or tag.

    Raises:
        TokenRefused: A claim is missing or cannot stand in a certificate.
    """
    said = {name: required_text(claims, name) for name in _GITLAB_CLAIMS}
    runner = claims.get("runner_id")
    if not isinstance(runner, int) or isinstance(runner, bool) or not runner:
        raise TokenRefused("claim runner_id is missing, or not a number")
    if said["ref_type"] not in _GITLAB_REFS:
        raise TokenRefused("claim ref_type is neither branch nor tag")
    config_digest = optional_text(claims, "ci_config_sha")
    with refusing_malformed():
        config = Uri.parse(f"https://{said['ci_config_ref_uri']}").text
        extensions = {
            9: config,
            10: config_digest,
            11: said["runner_environment"],
            12: GITLAB.join(said["project_path"]),
            13: said["sha"],
            14: _GITLAB_REFS[said["ref_type"]] + said["ref"],
            15: said["project_id"],
            16: GITLAB.join(said["namespace_path"]),
            17: said["namespace_id"],
            18: config,
            19: config_digest,
            20: said["pipeline_source"],
            21: GITLAB.join(said["project_path"], "-/jobs", said["job_id"]),
            22: optional_text(claims, "project_visibility"),
        }
    return uri_principal(issuer, claims, config, extensions)


def build_buildkite(issuer: Issuer, claims: Claims) -> Principal:
    """Name a pipeline.

    Raises:
        TokenRefused: A claim is missing or cannot stand in a certificate.
    """
    organization, pipeline = required_text(claims, "organization_slug"), required_text(claims, "pipeline_slug")
    return uri_principal(issuer, claims, f"https://buildkite.com/{organization}/{pipeline}", {})


def build_codefresh(issuer: Issuer, claims: Claims) -> Principal:
    """Name a pipeline by its name, which may change, and by its number.

    Raises:
        TokenRefused: A claim is missing or cannot stand in a certificate.
    """
    said = {name: required_text(claims, name) for name in _CODEFRESH_CLAIMS}
    with refusing_malformed():
        platform = Uri.parse(optional_text(claims, "platform_url") or CODEFRESH)
        pipeline = f"{said['pipeline_name']}:{said['account_id']}/{said['pipeline_id']}"
        name = platform.join(said["account_name"], pipeline)
        build = platform.join("build", said["workflow_id"])
        extensions = {
            9: build,
            11: optional_text(claims, "runner_environment"),
            12: optional_text(claims, "scm_repo_url"),
            14: optional_text(claims, "scm_ref"),
            18: platform.join("api", "pipelines", said["pipeline_id"]),
            21: build,
        }
    return uri_principal(issuer, claims, name, extensions)
