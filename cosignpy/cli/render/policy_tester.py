"""What `policy-tester` says, in the words of the policy controller's tester: one line of JSON where it refuses.

Which of several authorities it names depends on which was done first there; here it is the first of them.
"""

import json
from collections.abc import Iterator
from typing import Final

from cosignpy.imagepolicy.controller_words import describe_verdict
from cosignpy.imagepolicy.decision import ImageDecision, Outcome
from cosignpy.imagepolicy.model import ImagePolicyDocument
from cosignpy.values import value


@value
class Said:
    """The errors, of which there is one at the most, and the warnings."""

    errors: tuple[str, ...]
    warnings: tuple[str, ...]

    def encode(self) -> str:
        """Write them as `encoding/json` does: what is empty is left out, and signs of HTML are escaped."""
        members = {name: list(texts) for name, texts in (("errors", self.errors), ("warnings", self.warnings)) if texts}
        text = json.dumps(members, ensure_ascii=False, separators=(",", ":"))
        return text.translate(_ESCAPED)


_ESCAPED: Final = {ord(sign): f"\\u{ord(sign):04x}" for sign in "<>&\u2028\u2029"}


def describe_decision(decision: ImageDecision, image: str, written: str) -> Said:
    """Say why an image is refused, `image` by its full name, `written` as somebody wrote it."""
    warnings: list[str] = []
    if not decision.policies and not decision.is_admitted:
        return Said((f"{written} is uncovered by policy",), ())
    for verdict in decision.policies:
        texts = [f"{text}: " for text in describe_verdict(verdict, image)] or ["failed to process policy"]
        if verdict.outcome is Outcome.REFUSED:
            return Said((texts[0],), tuple(warnings))
        if verdict.outcome is Outcome.WARNED:
            warnings += texts
    return Said((), tuple(warnings))


def list_pull_secrets(policies: tuple[ImagePolicyDocument, ...]) -> Iterator[str]:
    """Yield the names of Secrets that policies would have signatures fetched with."""
    for policy in policies:
        for authority in policy.authorities:
            if authority.source is not None:
                yield from authority.source.signature_pull_secrets
