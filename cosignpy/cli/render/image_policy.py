"""What `policy verify` decided: for a person, and as JSON with the evidence of every authority that passed."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Final

from cosignpy.cli.exit_codes import EXIT_CODES, combined_exit_code, exit_code
from cosignpy.cli.invocation import CURRENT, Output
from cosignpy.cli.render.errors import error_to_json, explain_error, one_line
from cosignpy.cli.render.proof import head_to_json
from cosignpy.cli.render.verification import name_signer, waivers_of
from cosignpy.core.digest import Digest
from cosignpy.core.encoding import JsonValue, encode_json
from cosignpy.core.verify.evidence import VerifiedImage
from cosignpy.core.verify.shown import signature_to_json
from cosignpy.errors import CosignError, RemoteError, VerificationError
from cosignpy.imagepolicy.attestations import VerifiedAttestations
from cosignpy.imagepolicy.decision import AuthorityVerdict, ImageDecision, Outcome, PolicyVerdict
from cosignpy.imagepolicy.evidence import encode_moment
from cosignpy.imagepolicy.kept_decision import Kept
from cosignpy.values import value

DECISION_SCHEMA: Final = "cosignpy/policy-decision/v1"
"""Of what was decided by policies."""


class ResultKind(StrEnum):
    """What was decided over."""

    IMAGE = "image"
    FILE = "file"


@value
class PolicyResult:
    """One image of a run, or file: what it was called, what was decided, or why nothing could be; where it is named."""

    name: str
    digest: Digest | None
    outcome: ImageDecision | CosignError
    kind: ResultKind = ResultKind.IMAGE
    used_at: tuple[JsonValue, ...] = ()

    @property
    def exit_code(self) -> int:
        """That of a registry that could not be asked, else what all reasons share, else that of a missing proof."""
        if isinstance(self.outcome, CosignError):
            return exit_code(self.outcome)
        errors = self.outcome.errors
        unasked = [error for error in errors if isinstance(error, RemoteError)]
        codes = {exit_code(error) for error in unasked[:1] or errors}
        return combined_exit_code(codes) if len(codes) <= 1 else EXIT_CODES[VerificationError]


def render_decisions(results: Sequence[PolicyResult], moment: datetime | None = None) -> int:
    """Print the results in the form asked for and return the exit code of the run, which began at a moment."""
    code = decision_code(results)
    for result in results:
        _explain(result)
    if CURRENT.output is Output.JSON:
        CURRENT.print(encode_json(decisions_to_json(results, moment)).decode())
        return code
    for result in results:
        if isinstance(result.outcome, ImageDecision) and result.outcome.is_admitted:
            for line in _admitted_lines(result, result.outcome):
                CURRENT.print(one_line(line))
    return code


def decision_code(results: Sequence[PolicyResult]) -> int:
    """Return the exit code of a run."""
    return combined_exit_code(result.exit_code for result in results)


def decisions_to_json(results: Sequence[PolicyResult], moment: datetime | None = None) -> dict[str, JsonValue]:
    """Return what was decided over all images of a run, as docs/policies.md describes it."""
    head = head_to_json(DECISION_SCHEMA, decision_code(results))
    if moment is not None:
        head["checkedAt"] = encode_moment(moment)
    found = {kind: [_image_to_json(each) for each in results if each.kind is kind] for kind in ResultKind}
    files: dict[str, JsonValue] = {"files": list(found[ResultKind.FILE])} if found[ResultKind.FILE] else {}
    return head | {"images": list(found[ResultKind.IMAGE])} | files


def _explain(result: PolicyResult) -> None:
    """Tell a person why an image is refused, and what it would be refused for if policies did not only warn."""
    if isinstance(result.outcome, CosignError):
        explain_error(result.outcome)
        return
    for warning in result.outcome.warnings:
        CURRENT.warn(one_line(f"{result.name}: {warning}"))
    if not result.outcome.is_admitted:
        CURRENT.say(one_line(f"{result.name} is refused"))
        for verdict in result.outcome.policies:
            if verdict.outcome is Outcome.REFUSED:
                place = verdict.policy.place
                CURRENT.say(one_line(f"  by the policy {verdict.policy.name} ({place.file}:{place.line})"))
        for error in result.outcome.errors:
            explain_error(error)


def _admitted_lines(result: PolicyResult, decision: ImageDecision) -> Iterator[str]:
    yield f"Admitted {result.name}"
    if result.digest is not None and str(result.digest) not in result.name:
        yield f"  digest       {result.digest}"
    for verdict in decision.policies:
        yield f"  policy       {verdict.policy.name}: {_reason(verdict)}"
        for passed in verdict.passing:
            if isinstance(passed.evidence, VerifiedImage | VerifiedAttestations):
                yield from _evidence_lines(passed.evidence)
            elif isinstance(passed.evidence, Kept):
                yield f"    decided      {encode_moment(passed.evidence.decided)}, and kept since"


def _reason(verdict: PolicyVerdict) -> str:
    if verdict.decisive is None:
        return "warns only"
    file = verdict.policy.place.file
    named = [f"{each.authority.name} ({file}:{each.authority.place.line})" for each in verdict.passing]
    return f"passed by {' and '.join(named)}"


def _evidence_lines(found: VerifiedImage | VerifiedAttestations) -> Iterator[str]:
    for signer in dict.fromkeys(name_signer(signature) for signature in found.signatures):
        yield f"    signed by    {signer}"
        for signature in [each for each in found.signatures if name_signer(each) == signer]:
            if isinstance(found, VerifiedAttestations):
                yield f"    attests      {signature.claim.type} ({', '.join(found.names_of(signature))})"
            yield f"    found in     {signature.location}"
    for waiver in dict.fromkeys(waiver for signature in found.signatures for waiver in waivers_of(signature)):
        yield f"    not checked  {waiver}"


def _image_to_json(result: PolicyResult) -> dict[str, JsonValue]:
    found: dict[str, JsonValue] = {result.kind: result.name, "digest": str(result.digest) if result.digest else None}
    if result.used_at:
        found["usedAt"] = list(result.used_at)
    if isinstance(result.outcome, CosignError):
        return found | {"admitted": False, "policies": [], "error": error_to_json(result.outcome)}
    return found | {
        "admitted": result.outcome.is_admitted,
        "outcome": result.outcome.outcome.value,
        "policies": [_policy_to_json(verdict) for verdict in result.outcome.policies],
    }


def _policy_to_json(verdict: PolicyVerdict) -> dict[str, JsonValue]:
    place = verdict.policy.place
    return {
        "policy": verdict.policy.name,
        "file": place.file,
        "line": place.line,
        "mode": verdict.policy.mode.value,
        "outcome": verdict.outcome.value,
        "decidedBy": verdict.clause,
        "authorities": [_authority_to_json(each) for each in verdict.authorities],
    }


def _authority_to_json(verdict: AuthorityVerdict) -> dict[str, JsonValue]:
    found: dict[str, JsonValue] = {
        "authority": verdict.authority.name,
        "clause": verdict.authority.place.key,
        "line": verdict.authority.place.line,
        "outcome": verdict.outcome.value,
    }
    if verdict.error is not None:
        found["error"] = error_to_json(verdict.error)
    if isinstance(verdict.evidence, VerifiedImage):
        found["signatures"] = [signature_to_json(signature) for signature in verdict.evidence.signatures]
    elif isinstance(verdict.evidence, VerifiedAttestations):
        proven = verdict.evidence.found.items()
        found["attestations"] = {name: [signature_to_json(each) for each in several] for name, several in proven}
    elif isinstance(verdict.evidence, Kept):
        found["keptSince"] = encode_moment(verdict.evidence.decided)
    return found
