"""SLSA v1 provenance out of the variables of a CI job: what GitHub Actions, GitLab CI and Buildkite say of a build.

A job that describes itself reaches SLSA Build L1: it could as well say something else. What a verifier may rely on is
the identity that signs. Only the variables listed here are read, so that no secret of the job gets into provenance.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Final

from cosignpy.core.encoding import JsonValue, encode_json
from cosignpy.core.predicates.platforms import BUILDER, BUILDKITE, GITHUB, GITLAB, Field, Platform
from cosignpy.errors import UsageError

PLATFORMS: Final = (GITHUB, GITLAB, BUILDKITE)
"""All that are known; each has a variable that is `true` in its jobs only."""

_COMMIT: Final = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
_VARIABLE: Final = re.compile(r"\{(\w+)\}")


def build_provenance(environment: Mapping[str, str], builder_id: str = "") -> bytes:
    """Fill an SLSA v1 predicate from the variables of the job that this is.

    Args:
        environment: The variables of the process.
        builder_id: Whom to name as the builder instead of what the variables say.

    Raises:
        UsageError: No job of a CI system that is known, one without what provenance needs, or no URI as a builder.
    """
    platform = _select_platform(environment)
    if builder_id and ":" not in builder_id:
        raise UsageError(f"{builder_id!r} is no URI, and a builder is named by one")
    if not _COMMIT.fullmatch(commit := environment.get(platform.commit, "")):
        raise UsageError(
            f"{platform.commit} is {commit!r}, not a commit", "provenance names the source it was built from"
        )
    known = {**environment, **platform.derive(environment)}
    predicate: dict[str, JsonValue] = {}
    for field in platform.fields:
        text = builder_id if builder_id and field.path == BUILDER else _fill(field, known, platform)
        if text:
            _place(predicate, field.path.split("."), text)
    return encode_json(predicate)


def _select_platform(environment: Mapping[str, str]) -> Platform:
    found = [platform for platform in PLATFORMS if environment.get(platform.marker) == "true"]
    if len(found) != 1:
        *most, last = [platform.name for platform in found or PLATFORMS]
        names = ", ".join(most)
        problem = f"this is a job of {names} and {last} at once" if found else f"this is no job of {names} or {last}"
        raise UsageError(problem, f"one of {', '.join(platform.marker for platform in PLATFORMS)} is true in a job")
    return found[0]


def _fill(field: Field, known: Mapping[str, str], platform: Platform) -> str:
    """Return a field's text; none where a variable has no value that is not needed."""
    for name in _VARIABLE.findall(field.text):
        if not known.get(name):
            if field.needed:
                raise UsageError(f"{name} has no value in this job of {platform.name}", f"{field.path} is made of it")
            return ""
    return _VARIABLE.sub(lambda match: known[match[1]], field.text)


def _place(tree: dict[str, JsonValue], path: Sequence[str], text: str) -> None:
    *above, last = path
    for step in above:
        tree = tree.setdefault(step[:-2], [{}])[0] if step.endswith("[]") else tree.setdefault(step, {})
    tree[last] = text
