"""What `policy explain` says of an image: which policies are about it, what decided, and what would make it pass.

The tree that people read is drawn from the document that programs read.
"""

from collections.abc import Iterator, Sequence
from typing import Final

from cosignpy.cli.exit_codes import combined_exit_code
from cosignpy.cli.invocation import CURRENT, Output
from cosignpy.cli.render.advice import advise
from cosignpy.cli.render.branches import Branch, Mark, draw
from cosignpy.cli.render.errors import MOST_REJECTIONS, error_to_json, rejection_to_json
from cosignpy.cli.render.explained_steps import fact_branches
from cosignpy.cli.render.image_policy import PolicyResult
from cosignpy.cli.render.policy_changes import demands_of, nearest_change, nearest_policy_change
from cosignpy.cli.render.proof import head_to_json
from cosignpy.core.encoding import JsonObject, JsonValue, encode_json
from cosignpy.core.oci.reference import Reference
from cosignpy.core.verify.evidence import VerifiedImage
from cosignpy.core.verify.shown import signature_to_json
from cosignpy.errors import CosignError, NoMatchingSignatures
from cosignpy.imagepolicy.attestations import VerifiedAttestations
from cosignpy.imagepolicy.decision import AuthorityVerdict, Outcome, PolicyVerdict
from cosignpy.imagepolicy.model import ImagePolicyDocument
from cosignpy.values import value

EXPLANATION_SCHEMA: Final = "cosignpy/policy-explanation/v1"
"""Of what `policy explain` says."""
MOST_PARTS: Final = 100_000
"""Policies, authorities and signatures of one image: no more than a run can have looked at."""
MOST_OTHERS: Final = 20
"""Policies about other images that are listed for a person."""

_AUTHORITIES: Final = "spec.authorities"
"""The clause of a policy none of whose authorities passed: each of them is shown."""

_MARKS: Final = {
    Outcome.PASSED.value: Mark.GOOD,
    Outcome.WARNED.value: Mark.WAIVED,
    Outcome.REFUSED.value: Mark.BAD,
    Outcome.NOT_ASKED.value: Mark.UNKNOWN,
}


@value
class Explained:
    """An image of a run, and the policies that were there."""

    result: PolicyResult
    policies: tuple[ImagePolicyDocument, ...]


def render_policy_explanations(explained: Sequence[Explained]) -> int:
    """Print what was decided and why, and return the exit code of the run."""
    code = combined_exit_code(each.result.exit_code for each in explained)
    images: list[JsonValue] = [explain_image(each) for each in explained]
    if CURRENT.output is Output.JSON:
        CURRENT.print(encode_json(head_to_json(EXPLANATION_SCHEMA, code) | {"images": images}).decode())
        return code
    for image in JsonObject({"images": images}, "explanation").children("images", most=MOST_PARTS):
        for line in draw(_image(image)):
            CURRENT.print(line)
    return code


def explain_image(explained: Explained) -> dict[str, JsonValue]:
    """Return all that is known of why an image is admitted or refused."""
    result, outcome = explained.result, explained.result.outcome
    found: dict[str, JsonValue] = {
        "image": result.name,
        "digest": str(result.digest) if result.digest is not None else None,
    }
    if isinstance(outcome, CosignError):
        return found | {"outcome": Outcome.REFUSED.value, "policies": [], "others": [], "error": error_to_json(outcome)}
    about = {verdict.policy.name for verdict in outcome.policies}
    found |= {
        "outcome": outcome.outcome.value,
        "policies": [_policy_to_json(each, result.name) for each in outcome.policies],
        "others": [_other_to_json(each) for each in explained.policies if each.name not in about],
    }
    if not outcome.policies:
        found["change"] = f"add a glob that is about it to spec.images of a policy: {_suggest_glob(result.name)}"
    return found


def _suggest_glob(image: str) -> str:
    reference = Reference.parse(image)
    return f"{reference.name}:*" if reference.digest is None else f"{reference.name}@*"


def _policy_to_json(verdict: PolicyVerdict, image: str) -> dict[str, JsonValue]:
    policy = verdict.policy
    errors = [] if verdict.decisive else [each for each in verdict.errors if each not in _authority_errors(verdict)]
    found: dict[str, JsonValue] = {
        "policy": policy.name,
        "file": policy.place.file,
        "line": policy.place.line,
        "mode": policy.mode.value,
        "outcome": verdict.outcome.value,
        "decidedBy": verdict.clause,
        "globs": [str(each.glob) for each in policy.images if each.glob.matches(image)],
        "authorities": [_authority_to_json(each) for each in verdict.authorities],
        "errors": [error_to_json(each) | {"change": nearest_policy_change(verdict, each)} for each in errors],
    }
    return found


def _authority_errors(verdict: PolicyVerdict) -> list[CosignError]:
    return [each.error for each in verdict.authorities if each.error is not None]


def _other_to_json(policy: ImagePolicyDocument) -> dict[str, JsonValue]:
    return {
        "policy": policy.name,
        "file": policy.place.file,
        "line": policy.place.line,
        "globs": [str(each.glob) for each in policy.images],
    }


def _authority_to_json(verdict: AuthorityVerdict) -> dict[str, JsonValue]:
    place, error = verdict.authority.place, verdict.error
    found: dict[str, JsonValue] = {
        "authority": verdict.authority.name,
        "clause": place.key,
        "line": place.line,
        "outcome": verdict.outcome.value,
        "demanded": list(demands_of(verdict.authority)),
    }
    if error is not None:
        rejections = error.rejections if isinstance(error, NoMatchingSignatures) else ()
        found |= {"error": error_to_json(error), "rejections": [rejection_to_json(each) for each in rejections]}
        change = nearest_change(verdict) or advise(error)
        found |= {"change": change} if change else {}
    if isinstance(verdict.evidence, VerifiedImage | VerifiedAttestations):
        found["signatures"] = [signature_to_json(each) for each in verdict.evidence.signatures]
    return found


def _image(image: JsonObject) -> Branch:
    outcome = image.text("outcome")
    error = image.optional_child("error")
    if error is not None:
        return Branch(f"{image.text('image')}: {error.text('message')}", Mark.BAD, list(_change(error, "hint")))
    below = [_policy(each) for each in image.children("policies", most=MOST_PARTS)]
    if not below:
        below = [Branch("no policy is about it, and without one nothing is admitted", Mark.BAD)]
    below += _others(image.children("others", most=MOST_PARTS))
    below += _change(image, "change")
    digest = image.optional_text("digest") if image.members["digest"] is not None else ""
    named = f" ({digest})" if digest and digest not in image.text("image") else ""
    return Branch(f"{image.text('image')}{named}: {_SAID[outcome]}", _MARKS[outcome], below)


_SAID: Final = {
    Outcome.PASSED.value: "admitted",
    Outcome.WARNED.value: "admitted with a warning",
    Outcome.REFUSED.value: "refused",
}


def _policy(policy: JsonObject) -> Branch:
    outcome = policy.text("outcome")
    globs = ", ".join(policy.texts("globs", most=MOST_PARTS))
    below = [Branch(f"is about it by {globs}")]
    below += [_authority(each) for each in policy.children("authorities", most=MOST_PARTS)]
    for error in policy.children("errors", most=MOST_PARTS):
        below += [Branch(error.text("message"), Mark.BAD), *_change(error, "change")]
    clause = policy.text("decidedBy")
    decided = f", by {clause}" if clause != _AUTHORITIES else ""
    place = f"{policy.text('file')}:{policy.integer('line')}"
    return Branch(f"policy {policy.text('policy')} ({place}): {outcome}{decided}", _MARKS[outcome], below)


def _authority(authority: JsonObject) -> Branch:
    """Show what an authority demands and what there is; one that was not asked has nothing to show."""
    outcome = authority.text("outcome")
    what = f"{authority.text('authority')} ({authority.text('clause')}, line {authority.integer('line')})"
    below = [Branch(f"wants {demand}") for demand in authority.texts("demanded", most=MOST_PARTS)]
    below += [_signature(each) for each in authority.children("signatures", most=MOST_PARTS)]
    rejections = authority.children("rejections", most=MOST_PARTS)
    below += [_rejection(each) for each in rejections[:MOST_REJECTIONS]]
    if len(rejections) > MOST_REJECTIONS:
        below.append(Branch(f"and {len(rejections) - MOST_REJECTIONS} more; --output json lists them"))
    error = authority.optional_child("error")
    if error is not None:
        below += _change(authority, "change")
        return Branch(f"{what}: {error.text('message')}", _MARKS[outcome], below)
    return Branch(f"{what}: {outcome}", _MARKS[outcome], below)


def _signature(signature: JsonObject) -> Branch:
    return Branch(signature.text("location"), Mark.GOOD, list(fact_branches(signature)))


def _rejection(rejection: JsonObject) -> Branch:
    below = [*fact_branches(rejection), Branch(rejection.text("reason"), Mark.BAD)]
    return Branch(f"{rejection.text('signature')}: does not count", Mark.BAD, below)


def _others(others: Sequence[JsonObject]) -> Iterator[Branch]:
    for other in others[:MOST_OTHERS]:
        globs = ", ".join(other.texts("globs", most=MOST_PARTS))
        place = f"{other.text('file')}:{other.integer('line')}"
        yield Branch(f"policy {other.text('policy')} ({place}) is about others: {globs}", Mark.UNKNOWN)
    if len(others) > MOST_OTHERS:
        yield Branch(f"and {len(others) - MOST_OTHERS} more policies about others", Mark.UNKNOWN)


def _change(found: JsonObject, name: str) -> Iterator[Branch]:
    if name in found:
        yield Branch(f"to make it pass: {found.text(name)}", Mark.ADVICE)
