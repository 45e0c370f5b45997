"""When what runs is decided over again, and what is written of it."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import pytest

from cosignpy.errors import ClusterError
from cosignpy.imagepolicy.decision import Outcome
from cosignpy.webhook.audit import auditor as module
from cosignpy.webhook.audit.auditor import Auditor, AuditParts
from cosignpy.webhook.kinds import NAMESPACE, POD, POLICY_REPORT, VALIDATING_WEBHOOKS
from cosignpy.webhook.verdicts import Cause, ImageQuestion, ImageVerdict, PolicyAnswer, PullCredentials
from tests.support.cluster_fakes import FakeCache, FakeCluster, FakeLeadership, build_object

DIGEST = f"sha256:{'1' * 64}"
WEBHOOKS = [{"namespaceSelector": {"matchLabels": {"audited": "yes"}}}]
CONFIGURATION = build_object(VALIDATING_WEBHOOKS, "", "policy.sigstore.dev", webhooks=WEBHOOKS)


def pod(name: str = "cart", namespace: str = "shop", image: str = f"r.example/a@{DIGEST}") -> Any:
    return build_object(POD, namespace, name, spec={"containers": [{"name": "main", "image": image}]})


def namespace(name: str = "shop", audited: str = "yes") -> Any:
    return build_object(NAMESPACE, "", name, metadata={"labels": {"audited": audited}})


class Site:
    """An auditor with everything around it."""

    def __init__(self, *pods: Any, is_leader: bool = True) -> None:
        self.pods, self.namespaces = FakeCache(*pods), FakeCache(namespace())
        self.reports, self.configurations = FakeCache(), FakeCache(CONFIGURATION)
        self.cluster = FakeCluster({POLICY_REPORT: self.reports})
        self.leadership = FakeLeadership(is_leader=is_leader)
        self.asked: list[ImageQuestion] = []
        self.outcome = Outcome.PASSED
        self.credentials: Exception | None = None
        self.observed: dict[str, Mapping[str, int]] = {}

    async def find(self, namespace: str, _spec: Any) -> PullCredentials:
        if self.credentials is not None:
            raise self.credentials
        return PullCredentials(identity=namespace)

    async def decide(self, question: ImageQuestion) -> ImageVerdict:
        self.asked.append(question)
        answer = PolicyAnswer("signed", "", self.outcome, "release", ("no signatures found",))
        return ImageVerdict(question.image, DIGEST, self.outcome, (answer,), Cause.POLICY)

    async def resolve(self, question: ImageQuestion) -> str:
        raise AssertionError(question)

    def audit(self, *steps: Callable[[], object], again: float = 100.0) -> None:
        """Let an auditor look at everything, and again after each step."""
        asyncio.run(self._audit(steps, again))

    async def _audit(self, steps: tuple[Callable[[], object], ...], again: float) -> None:
        parts = AuditParts(
            self.cluster,
            self.pods,
            self.namespaces,
            self.configurations,
            "policy.sigstore.dev",
            self.reports,
            self,
            self,
            self.leadership,
            self.observed.__setitem__,
        )
        auditor = Auditor(parts, settle=0.0, again=again)
        task = asyncio.create_task(auditor.run())
        auditor.recheck()
        await self._rest()
        for step in steps:
            made = step()
            if isinstance(made, Awaitable):
                await made
            await self._rest()
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        assert task.cancelled()

    async def _rest(self) -> None:
        for _ in range(50):
            await asyncio.sleep(0)

    @property
    def report(self) -> Any:
        return self.reports.get("shop", "cosignpy-webhook")


def test_report_of_what_runs() -> None:
    site = Site(pod())
    site.audit()
    assert site.report["summary"] == {"pass": 1, "fail": 0, "warn": 0, "error": 0, "skip": 0}
    assert site.observed["shop"] == site.report["summary"]
    asked = site.asked[0]
    assert (asked.image, asked.namespace, asked.credentials.identity) == (f"r.example/a@{DIGEST}", "shop", "shop")


def test_report_that_is_there_is_not_written_again() -> None:
    site = Site(pod())
    site.audit(lambda: site.pods.put(pod()))
    assert [verb for verb, _, _ in site.cluster.done] == ["apply"]


def test_verdict_that_changed_is_written() -> None:
    site = Site(pod())

    def refuse() -> None:
        site.outcome = Outcome.REFUSED
        site.pods.put(pod())

    site.audit(refuse)
    assert site.report["summary"]["fail"] == 1
    assert [verb for verb, _, _ in site.cluster.done] == ["apply", "apply"]


def test_everything_is_looked_at_again_after_its_time() -> None:
    site = Site(pod())

    async def wait() -> None:
        site.outcome = Outcome.REFUSED
        await asyncio.sleep(0.05)

    site.audit(wait, again=0.01)
    assert site.report["summary"]["fail"] == 1


def test_namespace_that_is_not_audited_has_no_report() -> None:
    site = Site(pod())
    site.namespaces = FakeCache(namespace(audited="no"))
    site.audit()
    assert (site.report, site.asked, site.cluster.done) == (None, [], [])


def test_report_goes_with_the_last_pod() -> None:
    site = Site(pod())
    site.audit(lambda: site.pods.remove("shop", "cart"))
    assert site.report is None
    assert site.observed["shop"] == {}


def test_report_goes_with_the_label_of_its_namespace() -> None:
    site = Site(pod())
    site.audit(lambda: site.namespaces.put(namespace(audited="no")))
    assert site.report is None


def test_report_of_a_former_leader_goes_where_nothing_is_audited() -> None:
    site = Site()
    site.reports.put(build_object(POLICY_REPORT, "gone", "cosignpy-webhook"))
    site.audit()
    assert site.cluster.done == [("delete", "gone", "cosignpy-webhook")]


def test_report_that_somebody_changed_is_written_again() -> None:
    site = Site(pod())
    site.audit(lambda: site.reports.put(build_object(POLICY_REPORT, "shop", "cosignpy-webhook", results=[])))
    assert site.report["summary"]["pass"] == 1


def test_follower_writes_nothing_until_it_leads() -> None:
    site = Site(pod(), is_leader=False)
    site.audit()
    assert site.cluster.done == []
    site.audit(lambda: site.leadership.lead(is_leader=True))
    assert site.report is not None


def test_nothing_is_said_before_all_is_known() -> None:
    site = Site(pod())
    site.pods.is_synced = False
    site.audit()
    assert site.cluster.done == []
    site.audit(lambda: setattr(site.pods, "is_synced", True))
    assert site.report is not None


def test_change_of_the_configuration_is_heard() -> None:
    site = Site(pod())
    site.configurations = FakeCache()
    site.audit(lambda: site.configurations.put(CONFIGURATION))
    assert site.report is not None


def test_other_configurations_are_not_ours() -> None:
    site = Site(pod())
    before = list[int]()

    def put() -> None:
        before.append(len(site.asked))
        site.configurations.put(build_object(VALIDATING_WEBHOOKS, "", "another"))

    site.audit(put)
    assert len(site.asked) == before[0] > 0


def test_image_whose_digest_is_unknown_is_said_to_be() -> None:
    site = Site(pod(image="r.example/a:v1"))
    site.audit()
    assert site.report["summary"]["skip"] == 1
    assert site.asked == []


def test_credentials_that_cannot_be_had_are_an_error_of_that_image_only() -> None:
    site = Site(pod())
    site.credentials = ClusterError("get secrets shop/pull", "https://cluster.example", "forbidden", 403)
    site.audit()
    assert site.report["results"][0]["result"] == "error"
    assert "get secrets shop/pull" in site.report["results"][0]["message"]


def test_namespace_on_slow_registries_keeps_others_waiting_for_a_while_only(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "NAMESPACE_SECONDS", 7.0)
    site = Site(pod(), pod("other", image=f"r.example/b@{DIGEST}"))
    began = time.monotonic()
    site.audit()
    assert len(site.asked) > 1
    assert all(6.0 < each.deadline - began < 12.0 for each in site.asked)


def test_report_that_cannot_be_written_does_not_end_the_audit() -> None:
    site = Site(pod())
    site.cluster.refusal = ClusterError("apply policyreports", "https://cluster.example", "not found", 404)

    def mend() -> None:
        site.cluster.refusal = None
        site.pods.put(pod())

    site.audit(mend)
    assert site.report is not None
