"""What `policy replay` found: the same decision, or where it differs."""

from collections.abc import Mapping
from typing import Final

from cosignpy.cli import exit_codes
from cosignpy.cli.invocation import CURRENT, Output
from cosignpy.cli.render.errors import one_line
from cosignpy.cli.render.image_policy import PolicyResult, render_decisions
from cosignpy.core.encoding import JsonValue, encode_json
from cosignpy.imagepolicy.comparison import Difference, compare_documents
from cosignpy.imagepolicy.evidence import PolicyEvidence, Question, encode_moment
from cosignpy.values import value
from cosignpy.version import VERSION

TOOL: Final = f"cosignpy {VERSION}"
"""Who decides, as documents have it."""

REPLAY_SCHEMA: Final = "cosignpy/policy-replay/v1"
"""Of how a decision compares with the one that was recorded."""


@value
class Replayed:
    """What is decided now, from evidence alone; `missing` is what it has no answer to."""

    results: tuple[PolicyResult, ...]
    document: dict[str, JsonValue]
    missing: tuple[str, ...]


def render_replay(evidence: PolicyEvidence, found: Replayed) -> int:
    """Say whether the decision is the recorded one, and return the exit code."""
    differences = compare_documents(evidence.decision, found.document)
    if CURRENT.output is Output.JSON:
        CURRENT.print(encode_json(_to_json(evidence, found, differences)).decode())
        return exit_codes.FAILURE if differences else exit_codes.OK
    _explain(evidence, found)
    if differences:
        for difference in differences:
            CURRENT.say(one_line(f"  {difference}"))
        CURRENT.say("Error: the decision is not the one that was recorded")
        return exit_codes.FAILURE
    CURRENT.print(f"Same decision over {_describe(evidence)}, as of {encode_moment(evidence.moment)}")
    for each in evidence.policies:
        CURRENT.print(one_line(f"  policy        {each.digest}  {each.file}"))
    for digest in _trusted_roots(evidence):
        CURRENT.print(f"  trusted root  {digest}")
    return exit_codes.OK


def render_other(evidence: PolicyEvidence, found: Replayed) -> int:
    """Print what is decided by other policies, or with another trusted root, and where that is another verdict."""
    _explain(evidence, found)
    recorded = {_name(each): each.get("admitted") for each in _subjects(evidence.decision)}
    for each in _subjects(found.document):
        before = recorded.get(_name(each))
        if before is not each["admitted"]:
            CURRENT.say(one_line(f"{_name(each)}: {_verdict(before)} when it was recorded"))
    return render_decisions(found.results, evidence.moment)


def _explain(evidence: PolicyEvidence, found: Replayed) -> None:
    if evidence.tool != TOOL:
        CURRENT.say(one_line(f"recorded by {evidence.tool}, decided again by {TOOL}"))
    for missing in found.missing:
        CURRENT.warn(one_line(f"nobody asked for {missing} when it was recorded: what depends on it is refused"))


def _to_json(evidence: PolicyEvidence, found: Replayed, differences: tuple[Difference, ...]) -> JsonValue:
    return {
        "schema": REPLAY_SCHEMA,
        "tool": TOOL,
        "recordedBy": evidence.tool,
        "recordedAt": encode_moment(evidence.moment),
        "same": not differences,
        "policies": [{"file": each.file, "digest": str(each.digest)} for each in evidence.policies],
        "trustedRoots": list(_trusted_roots(evidence)),
        "missing": list(found.missing),
        "differences": [{"path": each.path, "recorded": each.recorded, "found": each.found} for each in differences],
        "decision": found.document,
    }


def _trusted_roots(evidence: PolicyEvidence) -> tuple[str, ...]:
    answers = sorted(evidence.answers.items(), key=lambda each: each[0])
    roots = [each.content for asked, each in answers if asked.question is Question.TRUSTED_ROOT]
    return tuple([str(digest) for digest in roots if digest is not None])


def _describe(evidence: PolicyEvidence) -> str:
    counted = ((len(evidence.images), "image"), (len(evidence.files), "file"))
    return " and ".join(f"{count} {what}{'s' * (count > 1)}" for count, what in counted if count) or "nothing"


def _subjects(decision: Mapping[str, JsonValue]) -> list[dict[str, JsonValue]]:
    """Return the images and files of a decision, of which only our own is known to have any."""
    lists = [decision.get(name) for name in ("images", "files")]
    return [each for found in lists if isinstance(found, list) for each in found if isinstance(each, dict)]


def _name(found: dict[str, JsonValue]) -> str:
    return str(found.get("image") or found.get("file"))


def _verdict(admitted: JsonValue) -> str:
    return "admitted" if admitted is True else "refused" if admitted is False else "not decided over"
