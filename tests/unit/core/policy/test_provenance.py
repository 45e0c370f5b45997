"""What provenance must say: builder, source, tag, commit and build type, in each form that builders write."""

from collections.abc import Callable
from contextlib import suppress
from copy import deepcopy
from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cosignpy.core.intoto import Statement
from cosignpy.core.policy.provenance import PROVENANCE_TYPES, ProvenanceRule, read_provenance
from cosignpy.errors import ClaimMismatch, MalformedError, UsageError
from tests.support.predicates import EXAMPLES

V1: Final = "https://slsa.dev/provenance/v1"
V02: Final = "https://slsa.dev/provenance/v0.2"
COMMIT: Final = "00" * 20
TAGGED: Final = "git+https://github.com/octo/app@refs/tags/v1.2.3"
BUILDER: Final = "https://github.com/octo/builders/.github/workflows/build.yml@refs/tags/v2.0.0"

Edit = Callable[[dict[str, Any]], object]


def github(edit: Edit | None = None) -> Statement:
    """Return provenance as GitHub's own attestations have it."""
    made: dict[str, Any] = {
        "buildDefinition": {
            "buildType": "https://actions.github.io/buildtypes/workflow/v1",
            "externalParameters": {
                "workflow": {"ref": "refs/tags/v1.2.3", "repository": "https://github.com/octo/app", "path": "a.yml"}
            },
            "resolvedDependencies": [{"uri": TAGGED, "digest": {"gitCommit": COMMIT}}],
        },
        "runDetails": {"builder": {"id": BUILDER}},
    }
    if edit is not None:
        edit(made)
    return Statement((), V1, made)


def v02(edit: Edit | None = None) -> Statement:
    """Return provenance of v0.2 as slsa-github-generator has it."""
    made: dict[str, Any] = {
        "builder": {"id": BUILDER},
        "buildType": "https://github.com/slsa-framework/slsa-github-generator/go@v1",
        "invocation": {"configSource": {"uri": TAGGED, "digest": {"sha1": COMMIT}}},
        "materials": [{"uri": TAGGED, "digest": {"sha1": COMMIT}}],
    }
    if edit is not None:
        edit(made)
    return Statement((), V02, made)


BOTH: Final = pytest.mark.parametrize("made", [github(), v02()], ids=["v1", "v0.2"])


@BOTH
@pytest.mark.parametrize(
    "rule",
    [
        ProvenanceRule(),
        ProvenanceRule(BUILDER),
        ProvenanceRule(BUILDER.partition("@")[0]),
        ProvenanceRule(BUILDER.replace("refs/tags/", "")),
        ProvenanceRule(source="github.com/octo/app"),
        ProvenanceRule(source="https://github.com/octo/app"),
        ProvenanceRule(source="git+https://github.com/octo/app"),
        ProvenanceRule(source=TAGGED),
        ProvenanceRule(tag="v1.2.3"),
        ProvenanceRule(tag="refs/tags/v1.2.3"),
        ProvenanceRule(commit=COMMIT.upper()),
    ],
)
def test_provenance_that_says_it_is_accepted(made: Statement, rule: ProvenanceRule) -> None:
    rule.verify(made)


@BOTH
@pytest.mark.parametrize(
    ("rule", "claim", "found"),
    [
        (ProvenanceRule(BUILDER.partition("@")[0][:-1]), "builder id", BUILDER),
        (ProvenanceRule(BUILDER.replace("v2.0.0", "v2.0.1")), "builder id", BUILDER),
        (ProvenanceRule(BUILDER.replace("refs/tags/v2.0.0", "v2.0")), "builder id", BUILDER),
        (ProvenanceRule(BUILDER + "@more"), "builder id", BUILDER),
        (ProvenanceRule(source="github.com/octo/ap"), "source URI", TAGGED),
        (ProvenanceRule(source="http://github.com/octo/app"), "source URI", TAGGED),
        (ProvenanceRule(source="github.com/Octo/app"), "source URI", TAGGED),
        (ProvenanceRule(source="github.com/octo/app@refs/heads/main"), "source URI", TAGGED),
        (ProvenanceRule(tag="v1.2"), "source tag", "refs/tags/v1.2.3"),
        (ProvenanceRule(commit="11" * 20), "source digest", COMMIT),
        (ProvenanceRule(build_type="https://ci.example/make@v1"), "build type", None),
    ],
)
def test_provenance_that_says_something_else_is_refused_and_told(
    made: Statement, rule: ProvenanceRule, claim: str, found: str | None
) -> None:
    with pytest.raises(ClaimMismatch) as refused:
        rule.verify(made)
    assert refused.value.claim == claim
    assert refused.value.found == (found or read_provenance(made).build_type)


def put(path: str, content: object) -> Edit:
    """Return an edit that sets one member, or the first item's."""

    def edit(made: dict[str, Any]) -> None:
        *above, last = path.split(".")
        at: Any = made
        for step in above:
            at = at[0] if step == "0" else at[step]
        at[last] = content

    return edit


SOURCE: Final = ProvenanceRule(source="github.com/octo/app", tag="v1.2.3", commit=COMMIT)
OTHER: Final = TAGGED.replace("octo", "mallory")


@pytest.mark.parametrize(
    ("made", "claim"),
    [
        (github(put("buildDefinition.resolvedDependencies.0.uri", OTHER)), "source URI"),
        (
            github(put("buildDefinition.externalParameters.workflow.repository", "https://github.com/m/app")),
            "source URI",
        ),
        (github(put("buildDefinition.externalParameters.workflow.ref", "refs/heads/main")), "source tag"),
        (github(put("buildDefinition.externalParameters.source", OTHER)), "source URI"),
        (github(put("buildDefinition.externalParameters.source", {"uri": OTHER})), "source URI"),
        (github(put("buildDefinition.resolvedDependencies.0.digest", {"gitCommit": "11" * 20})), "source digest"),
        (github(put("buildDefinition.resolvedDependencies.0.digest", {"sha256": COMMIT})), "source digest"),
        (v02(put("materials.0.uri", OTHER)), "source URI"),
        (v02(put("invocation.configSource.uri", OTHER)), "source URI"),
        (v02(put("invocation.configSource.digest", {"sha1": "11" * 20})), "source digest"),
    ],
)
def test_a_predicate_that_names_two_sources_is_believed_neither(made: Statement, claim: str) -> None:
    with pytest.raises(ClaimMismatch) as refused:
        SOURCE.verify(made)
    assert refused.value.claim == claim


@pytest.mark.parametrize(
    "made",
    [
        github(put("buildDefinition.resolvedDependencies", None)),
        github(put("buildDefinition.externalParameters", {"workflow": "build", "source": ["a"]})),
        github(put("buildDefinition.externalParameters.workflow.repository", 7)),
        v02(put("materials", [])),
        v02(put("invocation", None)),
        v02(put("invocation.configSource", None)),
    ],
)
def test_one_place_that_names_the_source_is_enough(made: Statement) -> None:
    ProvenanceRule(source=TAGGED, tag="v1.2.3").verify(made)


@pytest.mark.parametrize(
    ("rule", "claim"),
    [
        (ProvenanceRule(source="github.com/octo/app"), "source URI"),
        (ProvenanceRule(tag="v1"), "source tag"),
        (ProvenanceRule(commit=COMMIT), "source digest"),
    ],
)
def test_provenance_without_a_source_shows_none(rule: ProvenanceRule, claim: str) -> None:
    for nothing in ([], [{}], [{"digest": {}}]):
        made = v02(lambda found, given=nothing: found.update(invocation={}, materials=deepcopy(given)))  # type: ignore[misc]
        with pytest.raises(ClaimMismatch) as refused:
            rule.verify(made)
        assert (refused.value.claim, refused.value.found) == (claim, "absent")


@BOTH
def test_a_build_of_the_type_that_is_wanted_is_accepted(made: Statement) -> None:
    ProvenanceRule(build_type=read_provenance(made).build_type).verify(made)


def test_a_ref_that_nothing_names_is_not_shown() -> None:
    repository = "https://gitlab.example/root/app"
    made = github(put("buildDefinition.externalParameters", {"source": repository}))
    put("buildDefinition.resolvedDependencies.0.uri", repository)(made.predicate)
    ProvenanceRule(source=repository, commit=COMMIT).verify(made)
    with pytest.raises(ClaimMismatch) as refused:
        ProvenanceRule(source=f"{repository}@refs/heads/main").verify(made)
    assert refused.value.found == f"{repository}, {repository}"


def test_credentials_of_a_url_are_not_its_ref() -> None:
    made = github(put("buildDefinition.externalParameters", {}))
    uri = "git+ssh://git@git.example/app@refs/heads/main"
    put("buildDefinition.resolvedDependencies.0.uri", uri)(made.predicate)
    ProvenanceRule(source="ssh://git@git.example/app").verify(made)
    with pytest.raises(ClaimMismatch):
        ProvenanceRule(source="ssh://git.example/app").verify(made)


def test_what_is_no_url_is_compared_as_it_is() -> None:
    made = v02(put("materials", [{"uri": "://nothing"}]))
    put("invocation", {})(made.predicate)
    ProvenanceRule(source="://nothing").verify(made)


@pytest.mark.parametrize(
    "predicate",
    [None, [], {}, {"buildDefinition": {}}, {**EXAMPLES["slsaprovenance1"], "runDetails": {"builder": {}}}],
)
def test_a_predicate_that_lacks_what_it_must_have_is_malformed(predicate: object) -> None:
    with pytest.raises(MalformedError):
        ProvenanceRule("https://ci.example/builder").verify(Statement((), V1, predicate))


@pytest.mark.parametrize("kind", sorted(PROVENANCE_TYPES))
def test_every_name_of_a_type_is_read(kind: str) -> None:
    name = "slsaprovenance" if kind == V02 else "slsaprovenance1"
    ProvenanceRule("https://ci.example/builder").verify(Statement((), kind, EXAMPLES[name]))


def test_other_types_are_no_provenance() -> None:
    with pytest.raises(UsageError, match="is no provenance"):
        ProvenanceRule("https://ci.example/builder").verify(Statement((), "https://cyclonedx.org/bom", {}))


@pytest.mark.parametrize("uri", [f"https://{'a' * 500_000}/{'b' * 500_000}@\n", f"https://{'@' * 1_000_000}"])
def test_a_long_uri_takes_no_longer_than_its_length(uri: str) -> None:
    with pytest.raises(ClaimMismatch):
        ProvenanceRule(source="github.com/octo/app").verify(v02(put("materials.0.uri", uri)))


NAMES: Final = st.sampled_from(
    (
        *(
            "buildDefinition",
            "runDetails",
            "builder",
            "id",
            "buildType",
            "externalParameters",
            "workflow",
            "repository",
        ),
        *("ref", "source", "uri", "digest", "sha1", "resolvedDependencies", "invocation", "configSource", "materials"),
    )
)
ANYTHING: Final = st.recursive(
    st.none() | st.integers() | st.sampled_from(["", "a", TAGGED, COMMIT]),
    lambda below: st.lists(below, max_size=2) | st.dictionaries(NAMES, below, max_size=6),
)


@given(st.sampled_from([V1, V02]), ANYTHING, st.booleans())
def test_whatever_a_predicate_holds_it_is_refused_or_agrees(kind: str, found: Any, whole: bool) -> None:
    """Nothing but the two refusals leaves, and what passes names the builder that is wanted."""
    predicate = found
    if whole and isinstance(found, dict):
        made = github().predicate if kind == V1 else v02().predicate
        predicate = {**made, **found}
    rule = ProvenanceRule(BUILDER, "github.com/octo/app")
    with suppress(MalformedError, ClaimMismatch):
        rule.verify(Statement((), kind, predicate))
        assert BUILDER in str(predicate)
        assert "github.com/octo/app" in str(predicate)
