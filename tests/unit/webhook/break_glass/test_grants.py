"""The exceptions of a cluster: when they count, and what is said of them."""

import asyncio
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from cosignpy.core.trust.trusted_root import TrustedRoot
from cosignpy.errors import ClusterError, MalformedError
from cosignpy.imagepolicy.decision import Outcome
from cosignpy.imagepolicy.model import ImagePolicyDocument
from cosignpy.values import replace
from cosignpy.webhook.break_glass import grants as module
from cosignpy.webhook.break_glass.grant import SignedGrant, VerifiedGrant
from cosignpy.webhook.break_glass.grants import GrantPorts, Grants
from cosignpy.webhook.break_glass.verify import verify_grant
from cosignpy.webhook.kinds import BREAK_GLASS
from cosignpy.webhook.ports import CompiledPolicy, PolicySnapshot
from cosignpy.webhook.verdicts import Cause, Excuse, ImageVerdict
from tests.support.cluster_fakes import FakeCache, FakeCluster, FakeLeadership
from tests.support.grants import GRANT, NOW, carry, sign, signers
from tests.support.virtual_sigstore import LEAF_KEY

IMAGE = f"registry.example.com/shop/cart@sha256:{'1' * 64}"
REFUSED = ImageVerdict(IMAGE, "", Outcome.REFUSED, cause=Cause.POLICY)
FIRE = Excuse("fire", ("oncall",), "INC-1", GRANT.not_after)
GOOD = carry(sign())


class Site:
    """Exceptions with everything around them."""

    def __init__(self, *objects: Any) -> None:
        self.objects = FakeCache(*objects)
        self.cluster = FakeCluster({BREAK_GLASS: self.objects})
        self.leadership = FakeLeadership()
        self.policies: tuple[CompiledPolicy, ...] = (self.compiled(signers()),)
        self.is_on = True
        self.now = NOW
        self.cluster_name = ""
        self.told: list[Callable[[], None]] = []
        self.looking = 0

    def compiled(self, document: ImagePolicyDocument, namespace: str = "cosign-system", problem: str = "") -> Any:
        return CompiledPolicy(document, b"", "", namespace=namespace, problem=problem)

    def current(self) -> PolicySnapshot:
        return PolicySnapshot(self.policies)

    def on_change(self, tell: Callable[[], None]) -> None:
        self.told.append(tell)

    def trusted_root(self) -> TrustedRoot:
        return TrustedRoot()

    def change(self, *policies: CompiledPolicy) -> None:
        self.policies = policies
        for tell in self.told:
            tell()

    def excuse(
        self, verdict: ImageVerdict = REFUSED, *steps: Callable[[], object], namespace: str = "shop"
    ) -> ImageVerdict:
        return asyncio.run(self._excuse(verdict, namespace, steps))

    async def _excuse(self, verdict: ImageVerdict, namespace: str, steps: Any) -> ImageVerdict:
        ports = GrantPorts(
            self.objects, self.cluster, self.leadership, self, "cosign-system", lambda: self, lambda: self.is_on,
            self.cluster_name, lambda: self.now,
        )  # fmt: skip
        grants = Grants(ports)
        self._watch(grants)
        task = asyncio.create_task(grants.run())
        await self._rest(grants)
        for step in steps:
            step()
            await self._rest(grants)
        task.cancel()
        await asyncio.wait((task,))
        return grants.excuse(namespace, verdict)

    async def _rest(self, grants: Grants) -> None:
        """Wait until nothing is marked, and nothing under way; a little later too, for what comes by time."""
        await self._settle(grants)
        await asyncio.sleep(0.05)
        await self._settle(grants)

    async def _settle(self, grants: Grants) -> None:
        idle = 0
        while idle < 5:
            await asyncio.sleep(0.001)
            idle = 0 if grants._marked or grants._wake.is_set() or self.looking else idle + 1

    def _watch(self, grants: Grants) -> None:
        """Know while an exception is looked at."""
        look = grants._look

        async def watched(key: tuple[str, str]) -> None:
            self.looking += 1
            try:
                await look(key)
            finally:
                self.looking -= 1

        grants._look = watched  # type: ignore[method-assign]

    @property
    def condition(self) -> Any:
        return self.condition_of("shop", "fire")

    def condition_of(self, namespace: str, name: str) -> Any:
        found: Any = self.objects.get(namespace, name)
        (condition,) = found["status"]["conditions"]
        return condition


def test_refused_image_runs_with_a_warning() -> None:
    site = Site(GOOD)
    assert site.excuse() == replace(REFUSED, outcome=Outcome.WARNED, excuse=FIRE)
    assert (site.condition["status"], site.condition["reason"]) == ("True", "Signed")
    assert site.condition["message"] == "until 2026-01-02T13:00:00Z, signed by oncall"
    assert str(FIRE) == "break-glass fire of oncall, until 2026-01-02T13:00:00Z: INC-1"


def test_image_that_may_run_needs_no_excuse() -> None:
    passed = ImageVerdict(IMAGE, "", Outcome.PASSED)
    assert Site(GOOD).excuse(passed) is passed


def refused(site: Site, *steps: Callable[[], object], **others: Any) -> bool:
    return site.excuse(REFUSED, *steps, **others) is REFUSED


def test_image_that_it_is_not_about() -> None:
    other = replace(REFUSED, image="registry.example.com/other/cart")
    assert Site(GOOD).excuse(other) is other


@pytest.mark.parametrize("seconds", [-3601, 3600])
def test_outside_its_time(seconds: int) -> None:
    site = Site(GOOD)
    site.now = NOW + timedelta(seconds=seconds)
    assert refused(site)


def test_in_another_namespace() -> None:
    assert refused(Site(GOOD), namespace="bank")


def test_object_in_another_namespace_than_it_was_signed_for() -> None:
    site = Site(carry(sign(), namespace="bank"))
    assert refused(site, namespace="bank")
    found: Any = site.objects.get("bank", "fire")
    assert "it is for the namespace shop, and lies in bank" in found["status"]["conditions"][0]["message"]


@pytest.mark.parametrize(("signed", "here"), [("prod", "test"), ("", "prod"), ("prod", "")])
def test_for_another_cluster(signed: str, here: str) -> None:
    site = Site(carry(sign(cluster=signed)))
    site.cluster_name = here
    assert refused(site)


def test_for_this_cluster() -> None:
    site = Site(carry(sign(cluster="prod")))
    site.cluster_name = "prod"
    assert not refused(site)


def test_turned_off() -> None:
    site = Site(GOOD)
    site.is_on = False
    assert refused(site)
    assert (site.condition["status"], site.condition["reason"]) == ("False", "TurnedOff")
    assert "config-policy-controller" in site.condition["message"]


def test_signed_by_somebody_else() -> None:
    site = Site(carry(sign(key=LEAF_KEY)))
    assert refused(site)
    assert (site.condition["status"], site.condition["reason"]) == ("False", "Refused")


@pytest.mark.parametrize("spec", [None, {}, {"grant": "x"}, {"grant": 1, "bundle": "x"}, {"grant": "", "bundle": ""}])
def test_object_without_an_exception(spec: Any) -> None:
    assert refused(Site({**GOOD, "spec": spec}))


def test_bundle_that_is_too_large() -> None:
    spec = {**GOOD["spec"], "bundle": " " * module.MAX_BUNDLE + GOOD["spec"]["bundle"]}
    site = Site({**GOOD, "spec": spec})
    assert refused(site)
    assert "at most 262144 are accepted" in site.condition["message"]


def test_policy_of_another_namespace_gives_nobody_the_right() -> None:
    site = Site(GOOD)
    site.policies = (site.compiled(signers(), namespace="shop"),)
    assert refused(site)


def test_policy_that_cannot_be_used_gives_nobody_the_right() -> None:
    site = Site(GOOD)
    site.policies = (*site.policies, site.compiled(signers(), problem="a key is missing"))
    assert refused(site)
    assert "a key is missing" in site.condition["message"]


def test_exception_that_is_taken_back() -> None:
    site = Site(GOOD)
    assert refused(site, lambda: site.objects.remove("shop", "fire"))


def test_exception_that_is_changed() -> None:
    site = Site(GOOD)
    assert refused(site, lambda: site.objects.put(carry(sign(key=LEAF_KEY))))


def test_exception_that_comes_later() -> None:
    site = Site()
    assert not refused(site, lambda: site.objects.put(GOOD))


def test_right_that_is_taken_away() -> None:
    site = Site(GOOD)
    assert refused(site, lambda: site.change(site.compiled(signers(LEAF_KEY))))


def test_right_that_is_given_later() -> None:
    site = Site(GOOD)
    site.policies = ()
    assert not refused(site, lambda: site.change(site.compiled(signers())))


def test_too_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_GRANTS", 1)
    first = carry(sign(), name="a")
    site = Site(first, GOOD)
    assert not refused(site)
    assert site.condition["reason"] == "TooMany"


def test_follower_writes_no_status() -> None:
    site = Site(GOOD)
    site.leadership.is_leader = False
    assert not refused(site)
    assert site.cluster.done == []
    assert not refused(site, lambda: site.leadership.lead(is_leader=True))
    assert site.condition["reason"] == "Signed"


def test_status_that_is_there_is_not_written_again() -> None:
    site = Site(GOOD)
    assert not refused(site, lambda: site.change(*site.policies))
    assert [verb for verb, _, _ in site.cluster.done] == ["update status"]


def test_status_that_cannot_be_written_changes_nothing() -> None:
    site = Site(GOOD)
    site.cluster.refusal = ClusterError("update breakglasses", "https://cluster.example", "forbidden", 403)
    assert not refused(site)


def test_what_does_not_count_is_looked_at_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "AGAIN_SECONDS", 0.01)
    site = Site(GOOD)
    good, site.policies = site.policies, ()
    assert not refused(site, lambda: setattr(site, "policies", good))


def test_exception_that_breaks_the_verification_ends_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail_over_one(signed: SignedGrant, *others: Any) -> VerifiedGrant:
        if signed.bundle == b"odd":
            raise RecursionError
        return verify_grant(signed, *others)

    monkeypatch.setattr("cosignpy.webhook.break_glass.verify.verify_grant", fail_over_one)
    odd = {**carry(sign(), name="a"), "spec": {"grant": "odd", "bundle": "odd"}}
    site = Site(odd, GOOD)
    assert not refused(site)
    condition = site.condition_of("shop", "a")
    assert (condition["status"], condition["message"]) == ("False", "it cannot be read (RecursionError)")


def test_nothing_is_verified_where_exceptions_do_not_count(monkeypatch: pytest.MonkeyPatch) -> None:
    verified: list[object] = []
    monkeypatch.setattr("cosignpy.webhook.break_glass.verify.verify_grant", lambda *asked: verified.append(asked))
    site = Site(GOOD)
    site.is_on = False
    assert refused(site)
    assert verified == []


def test_copies_leave_room_for_other_namespaces(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_OF_NAMESPACE", 2)
    copies = [carry(sign(namespace="other"), name=f"copy{number}", namespace="other") for number in range(3)]
    site = Site(*copies, GOOD)
    assert not refused(site)
    reasons = [site.condition_of("other", f"copy{each}")["reason"] for each in range(3)]
    assert reasons == ["Signed", "Signed", "TooMany"]


def test_exceptions_that_are_over_leave_room() -> None:
    site = Site(GOOD, carry(sign(not_after=NOW + timedelta(hours=4)), name="later"))

    def wait_and_add() -> None:
        site.now = NOW + timedelta(hours=2)
        site.objects.put(carry(sign(not_after=NOW + timedelta(hours=3)), name="third"))

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "MAX_OF_NAMESPACE", 2)
        site.excuse(REFUSED, wait_and_add)
    assert site.condition_of("shop", "third")["reason"] == "Signed"


def test_one_that_is_over_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "AGAIN_SECONDS", 0.01)
    site = Site(GOOD)
    assert refused(site, lambda: setattr(site, "now", GRANT.not_after))
    condition = site.condition
    assert (condition["status"], condition["reason"]) == ("False", "Expired")
    assert condition["message"] == "over since 2026-01-02T13:00:00Z"


def test_one_that_was_over_before_does_not_count_in_the_log(caplog: pytest.LogCaptureFixture) -> None:
    site = Site(GOOD)
    site.now = GRANT.not_after
    assert refused(site)
    assert (site.condition["reason"], caplog.messages) == ("Expired", [])


def test_why_one_does_not_count_is_logged_once(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(module, "AGAIN_SECONDS", 0.01)
    site = Site(GOOD)
    site.policies = ()
    assert refused(site)
    (said,) = caplog.messages
    assert said.startswith("the exception shop/fire does not count: ")


def test_turned_off_counts_at_once() -> None:
    site = Site(GOOD)
    assert refused(site, lambda: setattr(site, "is_on", False))


def test_what_was_turned_off_is_verified_again() -> None:
    site = Site(GOOD)

    def turn_off() -> None:
        site.is_on = False
        site.change(*site.policies)

    assert refused(site, turn_off, lambda: setattr(site, "is_on", True))
    assert not refused(site, turn_off, lambda: setattr(site, "is_on", True), lambda: site.change(*site.policies))


def test_not_all_that_does_not_count_is_looked_at_again(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[bytes] = []

    def refuse(signed: SignedGrant, *_others: Any) -> VerifiedGrant:
        seen.append(signed.document)
        raise MalformedError("exception", "it is none")

    monkeypatch.setattr("cosignpy.webhook.break_glass.verify.verify_grant", refuse)
    monkeypatch.setattr(module, "AGAIN_SECONDS", 0.01)
    monkeypatch.setattr(module, "MAX_OF_NAMESPACE", 1)
    names = ("a", "b")
    site = Site(*[{**carry(sign(), name=each), "spec": {"grant": each, "bundle": "x"}} for each in names])
    assert refused(site)
    assert seen.count(b"b") <= 2 < seen.count(b"a")  # its status is a change
