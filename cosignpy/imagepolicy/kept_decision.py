"""An admission that is kept for a while: by whom, over which digest, and until when; nothing of what was seen.

Refusals are not kept, since somebody may sign meanwhile, and neither is what only warned.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from cosignpy.core.digest import Digest
from cosignpy.core.encoding import JsonObject, JsonValue, encode_json
from cosignpy.errors import MalformedError
from cosignpy.imagepolicy.authorities import MAX_AUTHORITIES
from cosignpy.imagepolicy.decision import AuthorityVerdict, ImageDecision, Outcome, PolicyVerdict
from cosignpy.imagepolicy.evidence import encode_moment, parse_moment
from cosignpy.imagepolicy.model import ImagePolicyDocument
from cosignpy.values import value

SCHEMA: Final = "cosignpy/kept-decision/v1"
"""Of an admission that is kept."""

LIFETIME: Final = timedelta(hours=1)
"""How long an admission is kept: as long as it may take until somebody notices that a signature was removed."""

MAX_KEPT: Final = 64 << 10
"""Bytes of one; those of few policies have some hundred."""
_MAX_POLICIES: Final = 1000

_WHAT: Final = "kept decision"


@value
class Kept:
    """What stands in place of evidence in a decision that was kept: when it was made."""

    decided: datetime


@value
class KeptVerdict:
    """What one policy said: which of its authorities passed, and that it was enough."""

    policy: str
    authorities: tuple[Outcome, ...]


@value
class KeptDecision:
    """An admission under the key of all that it depends on; `trusted_root` is that which was believed, if one was."""

    key: str
    digest: Digest
    decided: datetime
    until: datetime
    verdicts: tuple[KeptVerdict, ...]
    trusted_root: Digest | None = None

    def encode(self) -> bytes:
        """Write it."""
        verdicts: list[JsonValue] = [
            {"policy": each.policy, "authorities": [one.value for one in each.authorities]} for each in self.verdicts
        ]
        return encode_json(
            {
                "schema": SCHEMA,
                "key": self.key,
                "digest": str(self.digest),
                "decided": encode_moment(self.decided),
                "until": encode_moment(self.until),
                "trustedRoot": None if self.trusted_root is None else str(self.trusted_root),
                "verdicts": verdicts,
            }
        )

    @classmethod
    def parse(cls, raw: bytes) -> "KeptDecision":
        """Parse what `encode` writes.

        Raises:
            MalformedError: It is something else.
        """
        found = JsonObject.parse(raw, what=_WHAT)
        if found.text("schema") != SCHEMA:
            raise found.malformed("schema", f"not {SCHEMA}")
        root = found.optional_text("trustedRoot")
        return cls(
            found.text("key"),
            Digest.parse(found.text("digest")),
            parse_moment(found, "decided"),
            parse_moment(found, "until"),
            tuple([_parse_verdict(each) for each in found.children("verdicts", most=_MAX_POLICIES)]),
            Digest.parse(root) if root else None,
        )

    def covers(self, moment: datetime) -> bool:
        """Tell whether it counts at a moment: neither before it was made, nor when it is too old."""
        return self.decided <= moment < self.until

    def restore(self, image: str, about: Sequence[ImagePolicyDocument]) -> ImageDecision | None:
        """Return the decision over an image by the policies about it; None where it was made by others."""
        pairs = list(zip(about, self.verdicts, strict=False))
        same = len(about) == len(self.verdicts) > 0 and all(_is_of(policy, verdict) for policy, verdict in pairs)
        if not same:
            return None
        verdicts = tuple([_restore(policy, verdict, Kept(self.decided)) for policy, verdict in pairs])
        return ImageDecision(image, Outcome.PASSED, verdicts)


def summarize(decision: ImageDecision) -> tuple[KeptVerdict, ...] | None:
    """Return what is kept of a decision, nothing where it is no admission by policies that all passed."""
    if not decision.policies or any(each.outcome is not Outcome.PASSED for each in decision.policies):
        return None
    return tuple(
        [KeptVerdict(each.policy.name, tuple([one.outcome for one in each.authorities])) for each in decision.policies]
    )


def _parse_verdict(found: JsonObject) -> KeptVerdict:
    outcomes = found.texts("authorities", most=MAX_AUTHORITIES)
    try:
        return KeptVerdict(found.text("policy"), tuple([Outcome(each) for each in outcomes]))
    except ValueError as error:
        raise MalformedError(_WHAT, f"an outcome that there is not: {error}") from error


def _is_of(policy: ImagePolicyDocument, verdict: KeptVerdict) -> bool:
    enough = verdict.authorities.count(Outcome.PASSED) >= policy.require
    return policy.name == verdict.policy and len(policy.authorities) == len(verdict.authorities) and enough


def _restore(policy: ImagePolicyDocument, verdict: KeptVerdict, kept: Kept) -> PolicyVerdict:
    authorities = [
        AuthorityVerdict(authority, outcome, kept if outcome is Outcome.PASSED else None)
        for authority, outcome in zip(policy.authorities, verdict.authorities, strict=True)
    ]
    return PolicyVerdict(policy, Outcome.PASSED, tuple(authorities))
