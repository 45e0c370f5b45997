"""Events about refusals: after the answer, once in a while, and never for a dry run."""

import asyncio
import logging
from datetime import UTC, datetime
from typing import Any

import pytest

from cosignpy.errors import ClusterError
from cosignpy.imagepolicy.decision import Outcome
from cosignpy.values import replace
from cosignpy.webhook import events
from cosignpy.webhook.answer import Answer, Finding
from cosignpy.webhook.decide import decide, patch, refuse
from cosignpy.webhook.events import AGAIN_SECONDS, MAX_NOTE, MAX_WAITING, EventWriter
from cosignpy.webhook.kinds import EVENT
from cosignpy.webhook.live_settings import Enforcement
from cosignpy.webhook.recording import Decision, Webhook
from cosignpy.webhook.request import AdmissionRequest
from cosignpy.webhook.verdicts import Excuse, ImageVerdict
from tests.support.admission import PINNED, passed, pod, refused, request_of
from tests.support.cluster_fakes import FakeCluster

NOW = datetime(2026, 11, 30, 12, 0, 0, 5, tzinfo=UTC)


def decision(
    request: AdmissionRequest | None = None, verdict: ImageVerdict | None = None, how: Enforcement = Enforcement.DENY
) -> Decision:
    findings = (Finding(("spec", "containers", 0, "image"), PINNED, verdict or refused()),)
    return Decision(Webhook.VALIDATING, request or request_of(), decide(findings, how), findings, 0.001)


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


def written(*made: Decision, cluster: FakeCluster | None = None, clock: Clock | None = None) -> list[Any]:
    cluster = cluster or FakeCluster()

    async def write() -> None:
        writer = EventWriter(cluster, "webhook-0", clock or Clock(), lambda: NOW)
        for each in made:
            writer(each)
        task = asyncio.create_task(writer.run())
        while writer._waiting.qsize():  # noqa: ASYNC110 - a test looks from outside
            await asyncio.sleep(0)
        await asyncio.sleep(0)
        task.cancel()

    asyncio.run(write())
    return list(cluster.watch(EVENT).list())


def test_a_refusal_is_an_event_about_the_object() -> None:
    (event,) = written(decision())
    assert event["metadata"]["namespace"] == "shop"
    assert event["metadata"]["name"].startswith("web.")
    assert event["note"].startswith("validation failed: failed policy: keys: spec.containers[0].image\n")
    del event["metadata"], event["note"]
    assert event == {
        "eventTime": "2026-11-30T12:00:00.000005Z",
        "reportingController": "cosignpy.dev/webhook",
        "reportingInstance": "webhook-0",
        "action": "Admission",
        "reason": "ImageRefused",
        "type": "Warning",
        "regarding": {"apiVersion": "v1", "kind": "Pod", "name": "web", "namespace": "shop"},
    }


def test_of_a_pod_that_was_not_made_its_owner_is_told() -> None:
    made = pod(PINNED)
    reference = {"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": "web-1", "uid": "u1", "controller": True}
    made["metadata"]["ownerReferences"] = [{"kind": "Other", "name": "o"}, "text", reference]
    (event,) = written(decision(request_of(made)))
    del reference["controller"]
    assert event["regarding"] == {**reference, "namespace": "shop"}


def test_an_object_without_a_name_or_a_namespace_has_an_event_too() -> None:
    made = pod(PINNED)
    made["apiVersion"], made["metadata"] = "example.com/v1", {"generateName": "web-", "uid": "u1"}
    (event,) = written(decision(replace(request_of(made), name="", namespace="")))
    assert event["regarding"] == {"apiVersion": "example.com/v1", "kind": "Pod", "name": "web", "uid": "u1"}
    assert event["metadata"]["namespace"] == "default"
    (unnamed,) = written(decision(replace(request_of(made | {"metadata": None}), name="")))
    assert unnamed["regarding"]["name"] == "unnamed"


@pytest.mark.parametrize("how", [Enforcement.WARN, Enforcement.AUDIT])
def test_where_refusals_do_not_count_they_are_events(how: Enforcement) -> None:
    (event,) = written(decision(how=how))
    assert event["reason"] == "ImageWouldBeRefused"
    assert event["note"].startswith(f"{how}: validation failed: ")


def test_an_image_that_runs_by_an_exception_is_an_event() -> None:
    excuse = Excuse("fire", ("alice",), "it burns", NOW)
    (event,) = written(decision(verdict=replace(refused(), outcome=Outcome.WARNED, excuse=excuse)))
    assert event["reason"] == "ImageAdmittedByException"
    assert event["note"] == "admitted by break-glass fire of alice, until 2026-11-30T12:00:00Z: it burns"


def test_what_is_no_news_is_no_event() -> None:
    request = request_of()
    quiet = [
        decision(verdict=passed()),
        decision(replace(request, dry_run=True)),
        replace(decision(), webhook=Webhook.DEFAULTING),
        replace(decision(), webhook=Webhook.RESOURCES),
        replace(decision(), request=None),
        Decision(Webhook.VALIDATING, request, patch([]), (), 0.0),
    ]
    assert written(*quiet) == []


def test_what_was_not_looked_at_is_an_event_as_well() -> None:
    answer: Answer = refuse(400, "nobody knows")
    (event,) = written(Decision(Webhook.VALIDATING, request_of(), answer, (), 0.0))
    assert event["note"] == "nobody knows"


def test_a_note_is_cut() -> None:
    (event,) = written(decision(verdict=refused(why="x" * 5000)))
    assert len(event["note"]) == MAX_NOTE


def test_the_same_is_said_again_after_a_while_only() -> None:
    clock, cluster = Clock(), FakeCluster()
    writer = EventWriter(cluster, "webhook-0", clock, lambda: NOW)
    writer(decision())
    clock.now += AGAIN_SECONDS - 1
    writer(decision())
    writer(decision(verdict=refused(why="another reason")))
    assert writer._waiting.qsize() == 2
    clock.now += 1
    writer(decision())
    assert writer._waiting.qsize() == 3


def test_what_was_said_is_forgotten_beyond_a_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(events, "MAX_SAID", 1)
    writer = EventWriter(FakeCluster(), "webhook-0")
    for why in ("one", "two", "one"):
        writer(decision(verdict=refused(why=why)))
    assert writer._waiting.qsize() == 3


def test_a_cluster_that_takes_no_events_stops_nothing(caplog: pytest.LogCaptureFixture) -> None:
    cluster = FakeCluster()
    cluster.refusal = ClusterError("create events", "https://cluster", "forbidden", 403)
    many = [decision(verdict=refused(why=str(number))) for number in range(MAX_WAITING + 3)]
    with caplog.at_level(logging.WARNING):
        assert written(*many, cluster=cluster) == []
    assert "an event could not be written" in caplog.text
    assert "3 events were dropped: too many at once" in caplog.text


@pytest.mark.parametrize("webhook", [Webhook.MUTATING, Webhook.VALIDATING])
def test_whichever_webhook_refuses_it_is_news(webhook: Webhook) -> None:
    assert len(written(replace(decision(), webhook=webhook))) == 1
