"""Admissions of former runs: used again while everything that they depend on is the same.

A decision depends on the digest, on the policies and the repositories it was made by, on the trusted root where one was
believed, and on the time. The time is settled beforehand: what would not be decided in the same way at the end of its
lifetime is not kept.
"""

import hashlib
from collections.abc import Callable
from datetime import timedelta
from typing import TYPE_CHECKING, Final, Protocol

from cosignpy.core.digest import Digest
from cosignpy.core.encoding import encode_json
from cosignpy.errors import CosignError, DeadlineExceeded, MalformedError
from cosignpy.imagepolicy.completeness import texts_of
from cosignpy.imagepolicy.kept_decision import LIFETIME, KeptDecision, summarize
from cosignpy.imagepolicy.model import ImagePolicyDocument
from cosignpy.operations.decide_once import Question
from cosignpy.operations.ports import TrustSource
from cosignpy.operations.verify_by_policies import DecidedImage, VerifyByPolicies
from cosignpy.values import field, record, replace, value

if TYPE_CHECKING:
    from cosignpy.core.trust.trusted_root import TrustedRoot

MAX_DECISIONS: Final = 1000
"""Admissions that are kept: those of a large cluster, in half a megabyte."""

_CLOCK: Final = "now_ns"
"""Rego's function, the only one of the three languages."""


class DecisionStore(Protocol):
    """Where admissions are kept by their keys, so many at the most."""

    def load(self, key: str) -> bytes | None:
        """Return what was saved last, or nothing."""
        ...

    def save(self, key: str, content: bytes) -> None:
        """Save it, in place of what was there, and of the oldest where there are too many."""
        ...


Decide = Callable[[VerifyByPolicies, TrustSource], DecidedImage]
"""Decides, believing a trusted root."""


@value
class DecisionCache:
    """Admissions in a store; `context` is all that a run's decisions depend on beside images and the trusted root."""

    store: DecisionStore
    context: bytes = field(repr=False)
    trust: TrustSource
    lifetime: timedelta = LIFETIME

    def decide(self, question: Question, request: VerifyByPolicies, decide: Decide) -> DecidedImage:
        """Return a decision that is kept, else what `decide` does, which is kept if it is an admission.

        Raises:
            CosignError: As `decide`.
        """
        if request.workload is not None or any(asks_the_time(policy) for policy in question.about):
            return decide(request, self.trust)
        key = self._key(question, request)
        kept = self._load(key, request)
        decision = None if kept is None else kept.restore(request.name, question.about)
        if decision is not None:
            return DecidedImage(question.digest, decision)
        noted = _NotedTrust(self.trust)
        found = decide(request, noted)
        verdicts = summarize(found.decision)
        if verdicts is not None:
            until = request.moment + self.lifetime
            later = decide(replace(request, moment=until), noted)
            if summarize(later.decision) == verdicts:
                made = KeptDecision(key, question.digest, request.moment, until, verdicts, noted.digest)
                self.store.save(key, made.encode())
        return found

    def _load(self, key: str, request: VerifyByPolicies) -> KeptDecision | None:
        raw = self.store.load(key)
        try:
            kept = None if raw is None else KeptDecision.parse(raw)
        except MalformedError:
            return None
        counts = kept is not None and kept.key == key and kept.covers(request.moment)
        return kept if kept is not None and counts and self._believes(kept) else None

    def _believes(self, kept: KeptDecision) -> bool:
        """Tell whether the trusted root that was believed is the one that is believed now."""
        if kept.trusted_root is None:
            return True
        try:
            return digest_of(self.trust.trusted_root()) == kept.trusted_root
        except DeadlineExceeded:
            raise
        except CosignError:
            return False  # whoever decides is told the same, and says so

    def _key(self, question: Question, request: VerifyByPolicies) -> str:
        depends = [
            str(question.digest),
            list(question.places),
            [policy.name for policy in question.about],
            request.no_match.value,
        ]
        return hashlib.sha256(self.context + encode_json(depends)).hexdigest()


def asks_the_time(policy: ImagePolicyDocument) -> bool:
    """Tell whether a condition has a clock of its own: what it says in an hour cannot be settled now."""
    return any(_CLOCK in text.data for text in texts_of(policy))


@record
class _NotedTrust:
    """A trusted root, and the digest of it once somebody asked for it."""

    source: TrustSource
    digest: Digest | None = None

    def trusted_root(self) -> "TrustedRoot":
        """Return it.

        Raises:
            CosignError: As the source does.
        """
        root = self.source.trusted_root()
        self.digest = digest_of(root)
        return root


def digest_of(root: "TrustedRoot") -> Digest:
    """Return the digest that tells a trusted root from others."""
    from cosignpy.core.trust.trusted_root import encode_trusted_root  # not needed by who verifies by a key alone

    return Digest.of(encode_trusted_root(root))


def build_context(tool: str, contents: tuple[tuple[str, bytes], ...], resolved: str) -> bytes:
    """Return what all decisions of a run depend on: who decides, by which files, and what these were resolved to."""
    files = [[file, hashlib.sha256(content).hexdigest()] for file, content in contents]
    return hashlib.sha256(encode_json([tool, files, resolved])).digest()
