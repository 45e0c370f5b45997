"""Admissions that are kept: for the same image, policies, places and trusted root, and no longer than they hold."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import pytest

from cosignpy.core.digest import Digest
from cosignpy.core.trust.trusted_root import TrustedRoot
from cosignpy.core.verify.evidence import VerifiedImage
from cosignpy.errors import DeadlineExceeded, NoSuchTarget, SignatureMismatch
from cosignpy.imagepolicy.decision import Outcome, Subject, decide_image
from cosignpy.imagepolicy.kept_decision import LIFETIME, Kept, KeptDecision, KeptVerdict
from cosignpy.imagepolicy.model import Authority, ImagePolicyDocument
from cosignpy.imagepolicy.workloads import Workload
from cosignpy.operations.decide_once import Question
from cosignpy.operations.decision_cache import DecisionCache, build_context
from cosignpy.operations.ports import TrustSource
from cosignpy.operations.verify_by_policies import DecidedImage, VerifyByPolicies
from cosignpy.values import replace
from tests.support.decisions import MemoryStore
from tests.support.image_policies import BY_KEY, FAIL, KEYLESS, parsed
from tests.support.virtual_sigstore import ROOT

NOW: Final = datetime(2026, 7, 1, tzinfo=UTC)
DIGEST: Final = Digest.of(b"image")
PLACES: Final = ("registry.test/app", "registry.test/app")
POLICY: Final = parsed({"name": "first", **BY_KEY}, {"name": "second", **KEYLESS})
CONTEXT: Final = build_context("cosignpy 1", (("team.yaml", b"policy"),), "resolved")


class Root:
    """A trusted root, which may become another, or go."""

    def __init__(self, root: TrustedRoot = ROOT) -> None:
        self.root = root
        self.error: Exception | None = None

    def trusted_root(self) -> TrustedRoot:
        if self.error is not None:
            raise self.error
        return self.root


@dataclass
class Decider:
    """Decides as it is told, and counts how often; `ends` is when what it decides by does."""

    passing: Sequence[str] = ("first", "second")
    asks_trust: bool = False
    ends: datetime | None = None
    decided: int = 0

    def decide(self, request: VerifyByPolicies, trust: TrustSource) -> DecidedImage:
        self.decided += 1
        if self.asks_trust:
            trust.trusted_root()
        over = self.ends is not None and request.moment >= self.ends

        def verify(authority: Authority) -> VerifiedImage:
            if authority.name not in self.passing or over:
                raise SignatureMismatch("not by this key")
            return VerifiedImage(DIGEST, (), ())

        subject = Subject(request.name, request.workload)
        return DecidedImage(DIGEST, decide_image(subject, request.policies, verify, conclude=lambda *_: None))


@dataclass
class Run:
    """One run after another over the same store."""

    cache: DecisionCache
    decider: Decider

    def decide(self, cache: DecisionCache | None = None, **changes: Any) -> DecidedImage:
        policies = changes.pop("policies", (POLICY,))
        request = replace(VerifyByPolicies("registry.test/app:v1", DIGEST, policies, NOW), **changes)
        question = Question(DIGEST, policies, PLACES)
        return (cache or self.cache).decide(question, request, self.decider.decide)

    @property
    def kept(self) -> KeptDecision:
        (raw,) = self.cache.store.kept.values()
        return KeptDecision.parse(raw)


@pytest.fixture
def root() -> Root:
    return Root()


@pytest.fixture
def run(root: Root) -> Run:
    return Run(DecisionCache(MemoryStore(), CONTEXT, root), Decider())


def is_kept(found: DecidedImage) -> bool:
    return isinstance(found.decision.policies[0].passing[0].evidence, Kept)


def test_an_admission_is_used_again_and_says_so(run: Run) -> None:
    first, again = run.decide(), run.decide(name="registry.test/app:v2", moment=NOW + timedelta(minutes=59))
    assert (is_kept(first), is_kept(again), run.decider.decided) == (False, True, 2)
    assert (again.digest, again.decision.image, again.decision.outcome) == (
        DIGEST,
        "registry.test/app:v2",
        Outcome.PASSED,
    )
    assert [each.outcome for each in again.decision.policies[0].authorities] == [Outcome.PASSED, Outcome.NOT_ASKED]
    assert again.decision.policies[0].passing[0].evidence == Kept(NOW)


def test_which_authority_passed_is_kept(run: Run) -> None:
    run.decider.passing = ("second",)
    run.decide()
    (verdict,) = run.decide().decision.policies
    assert [each.outcome for each in verdict.authorities] == [Outcome.REFUSED, Outcome.PASSED]
    assert (verdict.clause, verdict.errors) == ("spec.authorities[1]", ())


@pytest.mark.parametrize("moment", [NOW - timedelta(seconds=1), NOW + LIFETIME])
def test_neither_before_nor_when_it_is_too_old(run: Run, moment: datetime) -> None:
    run.decide()
    assert not is_kept(run.decide(moment=moment))


def test_what_does_not_hold_for_its_lifetime_is_not_kept(run: Run) -> None:
    run.decider.ends = NOW + LIFETIME
    run.decide()
    assert not is_kept(run.decide())
    run.decider.ends = NOW + LIFETIME + timedelta(seconds=1)
    run.decide()
    assert is_kept(run.decide())


@pytest.mark.parametrize(
    "policies",
    [
        (parsed({"name": "first", **BY_KEY}, mode="warn"),),
        (parsed(FAIL), parsed(BY_KEY, name="second")),
        (),
    ],
    ids=["warned", "refused", "nobody"],
)
def test_neither_refusals_nor_warnings_are_kept(run: Run, policies: tuple[ImagePolicyDocument, ...]) -> None:
    run.decider.passing = ()
    for count in (1, 2):
        run.decide(policies=policies)
        assert run.decider.decided == count


def test_another_image_is_decided_over(run: Run) -> None:
    run.decide()
    other = Digest.of(b"other")
    request = VerifyByPolicies("registry.test/app:v1", other, (POLICY,), NOW)
    run.cache.decide(Question(other, (POLICY,), PLACES), request, run.decider.decide)
    assert run.decider.decided == 4


@pytest.mark.parametrize("places", [("registry.test/copy", PLACES[1]), (PLACES[0], "registry.test/copy")])
def test_other_places_are_another_decision(run: Run, places: tuple[str, ...]) -> None:
    run.decide()
    request = VerifyByPolicies("registry.test/app:v1", DIGEST, (POLICY,), NOW)
    run.cache.decide(Question(DIGEST, (POLICY,), places), request, run.decider.decide)
    assert run.decider.decided == 4


@pytest.mark.parametrize(
    "context",
    [
        build_context("cosignpy 2", (("team.yaml", b"policy"),), "resolved"),
        build_context("cosignpy 1", (("team.yaml", b"Policy"),), "resolved"),
        build_context("cosignpy 1", (("other.yaml", b"policy"),), "resolved"),
        build_context("cosignpy 1", (("team.yaml", b"policy"), ("team.yaml", b"policy")), "resolved"),
        build_context("cosignpy 1", (("team.yaml", b"policy"),), "resolved to another key"),
    ],
    ids=["tool", "content", "file", "files", "resolved"],
)
def test_another_context_is_another_decision(run: Run, context: bytes) -> None:
    run.decide()
    run.decide(replace(run.cache, context=context))
    assert run.decider.decided == 4


def test_the_policies_that_are_about_the_name_are_part_of_it(run: Run) -> None:
    run.decide()
    run.decide(policies=(POLICY, parsed({"name": "first", **BY_KEY}, name="more")))
    assert run.decider.decided == 4


def test_a_trusted_root_counts_once_it_was_believed(run: Run, root: Root) -> None:
    run.decide()
    root.root = replace(ROOT, timestamp_authorities=())
    assert (is_kept(run.decide()), run.kept.trusted_root) == (True, None)
    run = Run(DecisionCache(MemoryStore(), CONTEXT, root), Decider(asks_trust=True))
    run.decide()
    assert is_kept(run.decide())
    root.root = ROOT
    assert not is_kept(run.decide())


def test_a_trusted_root_that_cannot_be_had_is_not_the_one_that_was_believed(run: Run, root: Root) -> None:
    run.decider.asks_trust = True
    run.decide()
    root.error = NoSuchTarget("root", "mirror")
    with pytest.raises(NoSuchTarget):
        run.decide()
    root.error = DeadlineExceeded(1)
    with pytest.raises(DeadlineExceeded):
        run.decide()
    assert run.decider.decided == 3


def test_decisions_about_workloads_are_not_kept(run: Run) -> None:
    for count in (1, 2):
        run.decide(workload=Workload("", "v1", "pods"))
        assert run.decider.decided == count


@pytest.mark.parametrize(("text", "kept"), [("x := time.now_ns()", False), ("x := time.parse_ns()", True)])
def test_what_a_condition_with_a_clock_of_its_own_says_is_not_kept(run: Run, text: str, kept: bool) -> None:
    policies = (parsed({"name": "first", **BY_KEY}, policy={"type": "rego", "data": text}),)
    run.decide(policies=policies)
    assert is_kept(run.decide(policies=policies)) is kept


def forge(kept: KeptDecision, **changes: Any) -> bytes:
    return replace(kept, **changes).encode()


@pytest.mark.parametrize(
    "changed",
    [
        lambda kept: forge(kept, key="0" * 64),
        lambda kept: forge(kept, until=NOW),
        lambda kept: forge(kept, verdicts=()),
        lambda kept: forge(kept, verdicts=kept.verdicts * 2),
        lambda kept: forge(kept, verdicts=(KeptVerdict("other", kept.verdicts[0].authorities),)),
        lambda kept: forge(kept, verdicts=(KeptVerdict("team", (Outcome.PASSED,)),)),
        lambda kept: forge(kept, verdicts=(KeptVerdict("team", (Outcome.REFUSED, Outcome.REFUSED)),)),
        lambda kept: kept.encode()[:-1],
        lambda kept: kept.encode().replace(b"not asked", b"not known"),
        lambda kept: kept.encode().replace(b"decision/v1", b"decision/v2"),
        lambda kept: kept.encode().replace(b"00:00Z", b"00:00"),
    ],
    ids=["key", "until", "no verdict", "two", "policy", "authorities", "refused", "cut", "outcome", "schema", "time"],
)
def test_what_was_changed_in_one_thing_is_not_used(run: Run, changed: Callable[[KeptDecision], bytes]) -> None:
    run.decide()
    (key,) = run.cache.store.kept
    run.cache.store.save(key, changed(run.kept))
    assert not is_kept(run.decide())
