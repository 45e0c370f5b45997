"""The decision over an object, from the verdicts over its images. It asks nobody, and depends on nothing but these.

An object is admitted where every image that needs a look passes. Where refusals do not count (`warn`, `audit`), they
are told, and the answer says that they did not.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final

from cosignpy.imagepolicy.decision import Outcome
from cosignpy.imagepolicy.pod_images import Path
from cosignpy.values import value
from cosignpy.webhook.answer import (
    Answer,
    Denial,
    Finding,
    LeftToValidation,
    NothingToDecide,
    Passed,
    PatchOperation,
    Skip,
)
from cosignpy.webhook.live_settings import Enforcement
from cosignpy.webhook.messages import clean, cut, describe, describe_refusals, fit_warnings, name_policy
from cosignpy.webhook.verdicts import Cause, Kept

MAX_ANNOTATION: Final = 4096
"""Characters of an annotation, which stands in every audit event of the object."""

_CODES: Final[Mapping[Cause, int]] = {
    Cause.POLICY: 403,
    Cause.UNCOVERED: 403,
    Cause.NOT_FOUND: 403,
    Cause.CREDENTIALS: 403,
    Cause.IMAGE_NAME: 400,
    Cause.TRUST: 500,
    Cause.CONFIGURATION: 500,
    Cause.UNREACHABLE: 503,
    Cause.TIMEOUT: 503,
    Cause.OVERLOADED: 503,
}
"""HTTP statuses, those first that trying again would not change: of several causes, the first of these is the
answer's."""
_REASONS: Final = {
    400: "BadRequest",
    403: "Forbidden",
    500: "InternalError",
    503: "ServiceUnavailable",
}
"""As `metav1.StatusReason` has them."""


@value
class Pin:
    """An image, and what it is to be instead: the same with the digest that its tag names."""

    path: Path
    image: str
    pinned: str


def decide(findings: Sequence[Finding], enforcement: Enforcement) -> Answer:
    """Decide over an object by what became of its images, and by what refusals mean where it runs."""
    refused = [each for each in findings if not each.verdict.is_admitted]
    warnings = list(describe(_warned(findings), Outcome.WARNED))
    annotations = _annotate(findings, _name_outcome(refused, enforcement))
    if not refused:
        return Answer(Passed(tuple(findings), enforcement), fit_warnings(warnings), annotations=annotations)
    message = describe_refusals(refused)
    if enforcement is Enforcement.DENY:
        code = code_of(refused)
        return Answer(Denial(code, _REASONS[code], message), fit_warnings(warnings), annotations=annotations)
    if enforcement is Enforcement.WARN:
        warnings = [*message.removeprefix("validation failed: ").splitlines(), *warnings]
    return Answer(Passed(tuple(findings), enforcement), fit_warnings(warnings), annotations=annotations)


def _warned(findings: Iterable[Finding]) -> list[Finding]:
    """Return those that policies warn of, whatever others say about them."""
    return [
        each
        for each in findings
        if each.verdict.outcome is Outcome.WARNED
        or any(policy.outcome is Outcome.WARNED for policy in each.verdict.policies)
    ]


def code_of(refused: Iterable[Finding]) -> int:
    """Return the HTTP status that a refusal has."""
    causes = {each.verdict.cause or Cause.POLICY for each in refused}
    return next(code for cause, code in _CODES.items() if cause in causes)


def skip(why: Skip) -> Answer:
    """Answer where there is nothing to decide."""
    return Answer(NothingToDecide(why), annotations={"verdict": f"skipped: {why}"})


def refuse(code: int, message: str) -> Answer:
    """Answer where no image was looked at, and none may run for that."""
    return Answer(Denial(code, _REASONS[code], message), annotations={"verdict": "refused"})


def patch(pins: Iterable[Pin]) -> Answer:
    """Answer with what images are to be instead of what they are.

    Each place is tested before: where another webhook moved the list, the API server refuses the patch, and so the
    object, instead of giving one container the image of another.
    """
    wanted = tuple(pins)
    operations = tuple([operation for pin in wanted for operation in _replace(pin)])
    pinned = {"pinned": _join(pin.pinned for pin in wanted)} if wanted else {}
    return Answer(LeftToValidation(), patch=operations, annotations=pinned)


def _replace(pin: Pin) -> Iterator[PatchOperation]:
    pointer = "".join(f"/{str(step).replace('~', '~0').replace('/', '~1')}" for step in pin.path)
    yield PatchOperation("test", pointer, pin.image)
    yield PatchOperation("replace", pointer, pin.pinned)


def _name_outcome(refused: Sequence[Finding], enforcement: Enforcement) -> str:
    if not refused:
        return "admitted"
    return "refused" if enforcement is Enforcement.DENY else f"admitted in spite of refusals: {enforcement}"


def _annotate(findings: Sequence[Finding], outcome: str) -> Mapping[str, str]:
    """Say in the audit event what was decided, over which digests, by whom, why, and how old that is."""
    verdicts = [each.verdict for each in findings]
    policies = (f"{name_policy(each)}={each.outcome}" for verdict in verdicts for each in verdict.policies)
    evidence = (digest for verdict in verdicts for each in verdict.policies for digest in each.evidence)
    kept = {each.kept for each in verdicts}
    texts = {
        "verdict": outcome,
        "images": _join(f"{each.image} {each.verdict.digest}".strip() for each in findings),
        "policies": _join(policies),
        "evidence": _join(evidence),
        "break-glass": _join(str(each.excuse) for each in verdicts if each.excuse is not None),
        "cause": _join(each.cause for each in verdicts if each.cause is not None),
        "decided": next((each for each in (Kept.GRACE, Kept.REMEMBERED, Kept.FRESH) if each in kept), ""),
    }
    return {name: text for name, text in texts.items() if text}


def _join(texts: Iterable[str]) -> str:
    return cut(", ".join(dict.fromkeys(clean(each) for each in texts)), MAX_ANNOTATION)
