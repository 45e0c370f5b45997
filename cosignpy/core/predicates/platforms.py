"""What goes where in SLSA v1 provenance, for each CI system: tables of fields and the variables they are filled from.

Each follows the build type that the system's own people publish. Names in lower case are derived from variables.
"""

from collections.abc import Callable, Mapping
from typing import Final

from cosignpy.errors import UsageError
from cosignpy.values import value

Environment = Mapping[str, str]


@value
class Field:
    """A field of the predicate, and the text it gets: `{NAME}` stands for a variable.

    A field that is not needed is left out where a variable of its has no value. `[]` is the one item of a list.
    """

    path: str
    text: str
    needed: bool = True


@value
class Platform:
    """A CI system: the variable that is `true` in its jobs, the one with the commit, and all fields."""

    name: str
    marker: str
    commit: str
    fields: tuple[Field, ...]
    derive: Callable[[Environment], Environment]


_EXTERNAL: Final = "buildDefinition.externalParameters"
_INTERNAL: Final = "buildDefinition.internalParameters"
_SOURCE: Final = "buildDefinition.resolvedDependencies[]"
BUILDER: Final = "runDetails.builder.id"
_INVOCATION: Final = "runDetails.metadata.invocationId"

GITHUB_EVENTS: Final = ("create", "push", "release", "workflow_dispatch")
"""Events whose parameters GitHub's build type describes completely; it must not be used for any other."""


def _derive_github(environment: Environment) -> Environment:
    """Find the workflow's path between repository and reference, where there may be `@` in either."""
    event = environment.get("GITHUB_EVENT_NAME", "")
    if event not in GITHUB_EVENTS:
        raise UsageError(
            f"GitHub's build type does not describe runs that {event or 'no event'!r} started",
            f"only those of {', '.join(GITHUB_EVENTS)}",
        )
    before, after = f"{environment.get('GITHUB_REPOSITORY', '')}/", f"@{environment.get('GITHUB_REF', '')}"
    whole = environment.get("GITHUB_WORKFLOW_REF", "")
    if not (whole.startswith(before) and whole.endswith(after)):
        raise UsageError(
            f"GITHUB_WORKFLOW_REF is {whole!r}, not a workflow of {before[:-1]!r} at {after[1:]!r}",
            "GITHUB_REPOSITORY and GITHUB_REF say where it is",
        )
    return {"workflow_path": whole[len(before) : -len(after)]}


GITHUB: Final = Platform(
    "GitHub Actions",
    "GITHUB_ACTIONS",
    "GITHUB_SHA",
    (
        Field("buildDefinition.buildType", "https://actions.github.io/buildtypes/workflow/v1"),
        Field(f"{_EXTERNAL}.workflow.ref", "{GITHUB_REF}"),
        Field(f"{_EXTERNAL}.workflow.repository", "{GITHUB_SERVER_URL}/{GITHUB_REPOSITORY}"),
        Field(f"{_EXTERNAL}.workflow.path", "{workflow_path}"),
        Field(f"{_INTERNAL}.github.event_name", "{GITHUB_EVENT_NAME}"),
        Field(f"{_INTERNAL}.github.repository_id", "{GITHUB_REPOSITORY_ID}"),
        Field(f"{_INTERNAL}.github.repository_owner_id", "{GITHUB_REPOSITORY_OWNER_ID}"),
        Field(f"{_INTERNAL}.github.runner_environment", "{RUNNER_ENVIRONMENT}", needed=False),
        Field(f"{_SOURCE}.uri", "git+{GITHUB_SERVER_URL}/{GITHUB_REPOSITORY}@{GITHUB_REF}"),
        Field(f"{_SOURCE}.digest.gitCommit", "{GITHUB_SHA}"),
        Field(BUILDER, "{GITHUB_SERVER_URL}/{GITHUB_WORKFLOW_REF}"),
        Field(
            _INVOCATION,
            "{GITHUB_SERVER_URL}/{GITHUB_REPOSITORY}/actions/runs/{GITHUB_RUN_ID}/attempts/{GITHUB_RUN_ATTEMPT}",
        ),
    ),
    _derive_github,
)
"""github.com/actions/buildtypes, workflow/v1. The builder is the top-level workflow: no variable names a reusable one
that called us, as `--builder-id` can."""


def _derive_gitlab(environment: Environment) -> Environment:
    """Take the architecture out of what a runner was compiled for: `linux/amd64`."""
    return {"architecture": environment.get("CI_RUNNER_EXECUTABLE_ARCH", "").rpartition("/")[2]}


_GITLAB_VARIABLES: Final = (
    ("CI_COMMIT_REF_NAME", True),
    ("CI_PIPELINE_SOURCE", True),
    ("CI_CONFIG_PATH", False),
    ("CI_COMMIT_TAG", False),
)
"""What somebody outside decides about a job, besides what the commit holds; never a variable of the project's own."""

GITLAB: Final = Platform(
    "GitLab CI",
    "GITLAB_CI",
    "CI_COMMIT_SHA",
    (
        Field("buildDefinition.buildType", "https://docs.gitlab.com/ci/pipeline_security/slsa/provenance_v1"),
        Field(f"{_EXTERNAL}.source", "{CI_PROJECT_URL}"),
        Field(f"{_EXTERNAL}.entryPoint", "{CI_JOB_NAME}"),
        *(Field(f"{_EXTERNAL}.variables.{name}", f"{{{name}}}", needed) for name, needed in _GITLAB_VARIABLES),
        Field(f"{_INTERNAL}.name", "{CI_RUNNER_DESCRIPTION}", needed=False),
        Field(f"{_INTERNAL}.architecture", "{architecture}", needed=False),
        Field(f"{_INTERNAL}.job", "{CI_JOB_ID}"),
        Field(f"{_SOURCE}.uri", "{CI_PROJECT_URL}"),
        Field(f"{_SOURCE}.digest.gitCommit", "{CI_COMMIT_SHA}"),
        Field(BUILDER, "{CI_PROJECT_URL}/-/runners/{CI_RUNNER_ID}"),
        Field("runDetails.builder.version.gitlab-runner", "{CI_RUNNER_VERSION}", needed=False),
        Field(_INVOCATION, "{CI_JOB_ID}"),
        Field("runDetails.metadata.startedOn", "{CI_JOB_STARTED_AT}", needed=False),
    ),
    _derive_gitlab,
)
"""docs.gitlab.com, SLSA provenance specification, with those of its `variables` that are nobody's secret."""


def _derive_buildkite(environment: Environment) -> Environment:
    """Write the repository as a URL without credentials, and branch or tag as git names them."""
    tag = environment.get("BUILDKITE_TAG", "")
    repository = _as_url(environment.get("BUILDKITE_REPO", ""))
    return {
        "repository": repository,
        "source": repository.removesuffix(".git"),
        "ref": f"refs/tags/{tag}" if tag else f"refs/heads/{environment.get('BUILDKITE_BRANCH', '')}",
    }


def _as_url(repository: str) -> str:
    """Write `git@host:path` as the URL that it is short for, and leave passwords and tokens out of others."""
    if "://" not in repository:
        host, colon, path = repository.partition(":")
        return f"ssh://{host}/{path}" if colon else repository
    scheme, _, rest = repository.partition("://")
    authority, slash, path = rest.partition("/")
    user, at, host = authority.rpartition("@")
    login = f"{user.partition(':')[0]}@" if at and scheme == "ssh" else ""
    return f"{scheme}://{login}{host}{slash}{path}"


BUILDKITE: Final = Platform(
    "Buildkite",
    "BUILDKITE",
    "BUILDKITE_COMMIT",
    (
        Field("buildDefinition.buildType", "https://buildkite.github.io/slsa-buildtypes/job/v1"),
        Field(f"{_EXTERNAL}.pipeline", "https://buildkite.com/{BUILDKITE_ORGANIZATION_SLUG}/{BUILDKITE_PIPELINE_SLUG}"),
        Field(f"{_EXTERNAL}.repository", "{repository}"),
        Field(f"{_EXTERNAL}.build.branch", "{BUILDKITE_BRANCH}"),
        Field(f"{_EXTERNAL}.build.commit", "{BUILDKITE_COMMIT}"),
        Field(f"{_EXTERNAL}.build.tag", "{BUILDKITE_TAG}", needed=False),
        Field(f"{_EXTERNAL}.step.id", "{BUILDKITE_STEP_ID}"),
        Field(f"{_EXTERNAL}.step.command", "{BUILDKITE_COMMAND}", needed=False),
        Field(f"{_EXTERNAL}.step.key", "{BUILDKITE_STEP_KEY}", needed=False),
        Field(f"{_EXTERNAL}.job.id", "{BUILDKITE_JOB_ID}"),
        Field(f"{_INTERNAL}.buildkite.organization_id", "{BUILDKITE_ORGANIZATION_ID}", needed=False),
        Field(f"{_INTERNAL}.buildkite.pipeline_id", "{BUILDKITE_PIPELINE_ID}"),
        Field(f"{_INTERNAL}.buildkite.build_id", "{BUILDKITE_BUILD_ID}"),
        Field(f"{_INTERNAL}.buildkite.build_number", "{BUILDKITE_BUILD_NUMBER}"),
        Field(f"{_SOURCE}.uri", "git+{source}@{ref}"),
        Field(f"{_SOURCE}.digest.gitCommit", "{BUILDKITE_COMMIT}"),
        Field(BUILDER, "https://buildkite.com/{BUILDKITE_ORGANIZATION_SLUG}/{BUILDKITE_PIPELINE_SLUG}"),
        Field(_INVOCATION, "{BUILDKITE_BUILD_URL}#{BUILDKITE_JOB_ID}"),
    ),
    _derive_buildkite,
)
"""buildkite.github.io/slsa-buildtypes, job/v1, with the builder that Fulcio's certificates for Buildkite name."""
