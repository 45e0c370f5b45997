"""What is wrong with policies of our own kind: what never passes, and what passes otherwise than it seems."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from hashlib import sha256
from typing import Final

from cosignpy.core.policy.transparency import SkipLogUnsafe
from cosignpy.core.trust.problems import Problem
from cosignpy.imagepolicy.contradictions import contradict
from cosignpy.imagepolicy.lint_problems import below, fail, warn
from cosignpy.imagepolicy.model import Action, Authority, FieldCondition, ImagePolicyDocument, Key, Static
from cosignpy.imagepolicy.own_conditions import build_condition
from cosignpy.imagepolicy.requirements import build_image_policy

_NO_TIME: Final = datetime(1970, 1, 1, tzinfo=UTC)
"""Stands in where what is demanded of logs is wanted, which is the same at all times."""


def lint_own(policy: ImagePolicyDocument, moment: datetime | None) -> Iterator[Problem]:
    """Say what is wrong with what only our own kind has; nothing about times without a moment to compare them with."""
    yield from _lint_require(policy)
    for authority in policy.authorities:
        yield from _lint_times(authority)
        yield from _lint_denied(policy, authority)
        for attestation in authority.attestations:
            yield from _lint_conditions(attestation.conditions)
        if moment is not None:
            yield from _lint_window(authority, moment)


def _lint_require(policy: ImagePolicyDocument) -> Iterator[Problem]:
    """Look at static answers where several authorities have to pass."""
    if policy.require == 1:
        return
    statics = [each for each in policy.authorities if isinstance(each.signer, Static)]
    failing = [each for each in statics if isinstance(each.signer, Static) and each.signer.action is Action.FAIL]
    possible = len(policy.authorities) - len(failing)
    if policy.require > possible:
        yield fail(below(policy.place, "spec.require"), f"{policy.require} are needed, and only {possible} can pass")
    for each in statics:
        if each not in failing:
            yield warn(each.place, "passes every image: it counts for one of those that are needed")


def _lint_times(authority: Authority) -> Iterator[Problem]:
    """Look for signatures that have to be of some time where nobody is demanded who says of which they are."""
    signer = authority.signer
    timed = authority.max_age is not None or (isinstance(signer, Key) and signer.window is not None)
    if not timed or authority.rfc3161timestamp is not None or (isinstance(signer, Key) and signer.data is None):
        return
    if isinstance(build_image_policy(authority, _NO_TIME).transparency, SkipLogUnsafe):
        why = "no log is asked, and only signatures with a timestamp pass: give ctlog a url, or say rfc3161timestamp"
        yield warn(authority.place, why)
    elif authority.max_age is not None and isinstance(signer, Key):
        why = "says little of a key: whoever has an old signature can have it stamped or logged anew"
        yield warn(below(authority.place, "maxAge"), why)


def _lint_denied(policy: ImagePolicyDocument, authority: Authority) -> Iterator[Problem]:
    """Look for keys that have to sign and never count."""
    signer = authority.signer
    if isinstance(signer, Key) and signer.data is not None:
        digest = sha256(signer.data.spki).digest()
        for entry in policy.deny.signatures.keys:
            if entry.digest == digest:
                yield fail(authority.place, f"never passes: the policy denies its key ({entry.origin})")


def _lint_conditions(conditions: Sequence[FieldCondition]) -> Iterator[Problem]:
    """Look for conditions on one field that never hold together."""
    last = {each.path: each.place for each in conditions}
    for path, place in last.items():
        if contradict([build_condition(each).wanted for each in conditions if each.path == path]):
            yield fail(place, f"never holds together with what else is said of {path}")


def _lint_window(authority: Authority, moment: datetime) -> Iterator[Problem]:
    window = authority.signer.window if isinstance(authority.signer, Key) else None
    if window is None:
        return
    place = authority.signer.place
    if window.start is not None and moment < window.start:
        yield warn(below(place, "validFrom"), f"is to come: nothing counts before {window.start.isoformat()}")
    if window.end is None or moment < window.end:
        return
    if authority.max_age is not None and window.end <= moment - authority.max_age:
        yield fail(below(place, "validUntil"), "never passes: what is recent enough was signed after the key's end")
    else:
        yield warn(below(place, "validUntil"), "is over: nothing counts that is signed from now on")
