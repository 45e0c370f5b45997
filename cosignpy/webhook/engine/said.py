"""From a decision to what is said of it: texts and digests, in the words of the policy controller."""

import re
from collections.abc import Iterator, Sequence
from typing import Final

from cosignpy.core.verify.evidence import VerifiedImage, VerifiedSignature
from cosignpy.errors import CosignError
from cosignpy.imagepolicy.attestations import VerifiedAttestations
from cosignpy.imagepolicy.controller_words import describe_verdict
from cosignpy.imagepolicy.decision import ImageDecision, Outcome, PolicyVerdict
from cosignpy.imagepolicy.model import ImagePolicyDocument
from cosignpy.webhook.engine.causes import cause_of, cause_of_decision, failed_policies
from cosignpy.webhook.engine.messages import Said
from cosignpy.webhook.verdicts import Cause

BROKEN: Final = "the webhook failed to decide; its log says why, whoever runs it has to look"
TOO_LARGE: Final = "its signatures and attestations take more memory to verify than there may be"
MAX_REASON: Final = 2000
"""Characters of one reason: what a condition or a registry says may be long."""
MAX_REASONS: Final = 20
"""Of one policy."""
MAX_EVIDENCE: Final = 20
"""Digests of one policy."""

_DIGEST: Final = re.compile(r"sha256[:-]([0-9a-f]{64})")
_UNPRINTABLE: Final = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\u2028\u2029]")


def describe(decision: ImageDecision, image: str, policies: Sequence[ImagePolicyDocument]) -> tuple[Said, ...]:
    """Say what each policy said, by its place among these."""
    numbers = {id(each): number for number, each in enumerate(policies)}
    return tuple([_describe_policy(numbers[id(each.policy)], each, image) for each in decision.policies])


def explain(decision: ImageDecision) -> str:
    """Say what went wrong, and what to do; nothing where it is a policy that refuses the image."""
    if cause_of_decision(decision) in {None, Cause.POLICY}:
        return ""
    errors = [error for each in failed_policies(decision) for error in each.errors]
    wrong = next((error for error in errors if cause_of(error) is not Cause.POLICY), None)
    return explain_error(wrong or next(iter((*decision.errors, *decision.warnings))))


def explain_error(error: CosignError) -> str:
    """Say in one line what is wrong, and what to do where that is known; flags of commands are of no use here."""
    hint = f"; {error.hint}" if error.hint and "--" not in error.hint else ""
    return shorten(f"{error}{hint}").replace("\n", " ")


def shorten(text: str) -> str:
    """Return a text as it may be shown: printable, and not too long."""
    text = _UNPRINTABLE.sub(" ", text)
    return text if len(text) <= MAX_REASON else f"{text[:MAX_REASON]}..."


def _describe_policy(number: int, verdict: PolicyVerdict, image: str) -> Said:
    if verdict.outcome is Outcome.PASSED:
        decisive = verdict.decisive
        name = "" if decisive is None else decisive.authority.name
        evidence = dict.fromkeys(digest for each in verdict.passing for digest in _digests(each.evidence))
        return Said(number, verdict.outcome.value, name, (), tuple(evidence)[:MAX_EVIDENCE])
    reasons = [shorten(text) for text in _reasons(verdict, image)][:MAX_REASONS]
    return Said(number, verdict.outcome.value, "", tuple(reasons), ())


def _reasons(verdict: PolicyVerdict, image: str) -> Sequence[str]:
    """Return the policy controller's words, else ours: it has none for what only our policies can say."""
    words = list(describe_verdict(verdict, image))
    if verdict.refusal is not None and verdict.policy.policy is None:
        words.append(str(verdict.refusal.error))
    return words or [str(error) for error in verdict.errors]


def _digests(evidence: object) -> Iterator[str]:
    if isinstance(evidence, VerifiedImage | VerifiedAttestations):
        for each in evidence.signatures:
            yield from _where(each)


def _where(signature: VerifiedSignature) -> Iterator[str]:
    """Yield the digest of a bundle; of legacy signatures, that of the payload that was signed."""
    if signature.location.startswith("bundle "):
        found = _DIGEST.search(signature.location)
        if found is not None:
            yield f"sha256:{found[1]}"
    else:
        from cosignpy.core.digest import Digest

        yield str(Digest.of(signature.stored_envelope or signature.claim.payload))
