"""The log of decisions, and what is counted of them."""

import json
import logging
from collections.abc import Iterator
from datetime import UTC, datetime
from io import StringIO
from typing import Any

import pytest
from prometheus_client import REGISTRY

from cosignpy.imagepolicy.decision import Outcome
from cosignpy.serving.request_log import JsonLines
from cosignpy.values import replace
from cosignpy.webhook import metrics
from cosignpy.webhook.answer import Finding, Skip
from cosignpy.webhook.audit_log import LOG, describe_decision, log_decision
from cosignpy.webhook.decide import Pin, decide, patch, skip
from cosignpy.webhook.live_settings import Enforcement, LiveSettings
from cosignpy.webhook.metrics import CountAudit, CountDecisions, Registries, count_engine, count_settings, name_outcome
from cosignpy.webhook.recording import Decision, Webhook
from cosignpy.webhook.review import ReviewRefused
from cosignpy.webhook.verdicts import Cause, Excuse, ImageVerdict, Kept
from tests.support.admission import DIGEST, OTHER, PINNED, TAGGED, UID, passed, pod, refused, request_of, workload

PATH = ("spec", "containers", 0, "image")
MOMENT = datetime(2026, 11, 30, 12, 0, 0, tzinfo=UTC)


def decision(verdict: ImageVerdict, how: Enforcement = Enforcement.DENY, **request: Any) -> Decision:
    findings = (Finding(PATH, verdict.image, verdict),)
    return Decision(Webhook.VALIDATING, request_of(**request), decide(findings, how), findings, 0.0015)


SKIPPED = Decision(Webhook.VALIDATING, request_of(), skip(Skip.UNCHANGED), (), 0.0)
PATCHED = Decision(Webhook.MUTATING, request_of(), patch([Pin(PATH, TAGGED, f"{TAGGED}@{DIGEST}")]), (), 0.0)
LEFT = replace(PATCHED, answer=patch([]))
MALFORMED = Decision(Webhook.VALIDATING, None, ReviewRefused("no operation", UID).denial, (), 0.0)
EXCUSED = replace(passed(), outcome=Outcome.WARNED, excuse=Excuse("fire", ("alice",), "it burns", MOMENT))


@pytest.fixture
def stream() -> Iterator[StringIO]:
    text = StringIO()
    handler = logging.StreamHandler(text)
    handler.setFormatter(JsonLines())
    before = LOG.level
    LOG.addHandler(handler)
    LOG.setLevel(logging.INFO)
    yield text
    LOG.removeHandler(handler)
    LOG.setLevel(before)


def test_a_decision_is_a_line_with_all_that_is_asked_later(stream: StringIO) -> None:
    log_decision(decision(replace(passed(), decided_at=MOMENT, kept=Kept.REMEMBERED), dryRun=True))
    line = json.loads(stream.getvalue())
    assert (line.pop("level"), line.pop("message"), line.pop("logger")) == ("info", "decision", LOG.name)
    del line["time"]
    assert line == {
        "webhook": "validating",
        "outcome": "admitted",
        "uid": UID,
        "operation": "CREATE",
        "kind": "Pod",
        "namespace": "shop",
        "name": "web",
        "user": "alice",
        "dry_run": True,
        "images": [
            {
                "path": "spec.containers[0].image",
                "image": PINNED,
                "digest": DIGEST,
                "outcome": "passed",
                "kept": "remembered",
                "decided_at": "2026-11-30T12:00:00Z",
                "policies": [{"policy": "keys", "outcome": "passed", "authority": "alice", "evidence": [OTHER]}],
            }
        ],
        "ms": 1.5,
    }


def test_a_refusal_says_why() -> None:
    made = decision(replace(refused(), problem="it is unsigned"))
    told = describe_decision(made)
    assert (told["outcome"], told["code"]) == ("denied", 403)
    assert told["reason"].startswith("validation failed: failed policy: keys")
    (image,) = told["images"]
    assert (image["cause"], image["problem"]) == ("policy-denied", "it is unsigned")
    assert image["policies"][0]["reasons"] == ["no signatures"]


def test_what_else_happened_is_told_too() -> None:
    assert describe_decision(SKIPPED)["skipped"] == "images-unchanged"
    assert describe_decision(PATCHED)["pinned"] == [f"{TAGGED}@{DIGEST}"]
    assert describe_decision(MALFORMED) == {
        "webhook": "validating",
        "outcome": "denied",
        "code": 400,
        "reason": "malformed AdmissionReview: no operation",
        "ms": 0.0,
    }
    found = workload("Deployment", PINNED)
    told = describe_decision(replace(SKIPPED, request=request_of(found, subResource="resize")))
    assert (told["kind"], told["subresource"]) == ("Deployment.apps", "resize")
    assert describe_decision(decision(EXCUSED))["images"][0]["break_glass"].startswith(
        "break-glass fire of alice, until"
    )


def test_what_nobody_asks_about_is_logged_at_debug_alone(stream: StringIO) -> None:
    log_decision(SKIPPED)
    log_decision(LEFT)
    assert stream.getvalue() == ""
    log_decision(PATCHED)
    assert len(stream.getvalue().splitlines()) == 1
    LOG.setLevel(logging.DEBUG)
    log_decision(SKIPPED)
    assert json.loads(stream.getvalue().splitlines()[1])["level"] == "debug"


@pytest.mark.parametrize(
    ("made", "name"),
    [
        (decision(passed()), "admitted"),
        (decision(refused()), "denied"),
        (decision(refused(), Enforcement.WARN), "tolerated"),
        (decision(refused(), Enforcement.AUDIT), "tolerated"),
        (decision(EXCUSED), "excused"),
        (SKIPPED, "skipped"),
        (PATCHED, "patched"),
        (LEFT, "unchanged"),
        (MALFORMED, "denied"),
    ],
)
def test_each_outcome_has_a_name(made: Decision, name: str) -> None:
    assert name_outcome(made) == name


def number(name: str, **labels: str) -> float:
    return REGISTRY.get_sample_value(f"cosignpy_admission_{name}", labels) or 0.0


def test_decisions_are_counted_by_what_they_were() -> None:
    count = CountDecisions()
    review = {"webhook": "validating", "operation": "CREATE", "kind": "Pod", "dry_run": "true", "outcome": "denied"}
    image = {"outcome": "refused", "cause": "policy-denied", "kept": "fresh"}
    policy = {"policy": "keys", "outcome": "refused"}
    registry = {"registry": "registry.example", "outcome": "refused"}

    def all_numbers() -> tuple[float, ...]:
        return (
            number("reviews_total", **review),
            number("images_total", **image),
            number("policy_results_total", **policy),
            number("registry_images_total", **registry),
            number("review_seconds_count", webhook="validating", outcome="denied"),
            number("pinned_images_total"),
        )

    before = all_numbers()
    count(decision(refused(), dryRun=True))
    count(PATCHED)
    assert [after - former for after, former in zip(all_numbers(), before, strict=True)] == [1, 1, 1, 1, 1, 1]
    malformed = {"webhook": "validating", "operation": "", "kind": "", "dry_run": "false", "outcome": "denied"}
    before_malformed = number("reviews_total", **malformed)
    count(MALFORMED)
    assert number("reviews_total", **malformed) == before_malformed + 1


def test_what_is_filled_in_is_no_pinned_image() -> None:
    before = number("pinned_images_total")
    CountDecisions()(replace(PATCHED, webhook=Webhook.DEFAULTING))
    assert number("pinned_images_total") == before


def test_registries_that_are_many_have_one_number() -> None:
    registries = Registries(most=2)
    assert [registries.name(f"r{each}.example/app") for each in (1, 2, 3, 1)] == [
        "r1.example",
        "r2.example",
        "other",
        "r1.example",
    ]
    assert registries.name("a b") == "other"
    assert registries.name("") == "other"


def test_numbers_of_others_are_taken_over() -> None:
    count_engine({"verdicts": 5})
    assert number("engine", what="verdicts") == 5
    count_settings(LiveSettings(problems=("one", "two")))
    assert number("settings_problems") == 2
    audit = CountAudit()
    audit("shop", {"pass": 3, "fail": 1})
    audit("shop", {"pass": 2})
    assert number("running_images", namespace="shop", result="pass") == 2
    assert (
        REGISTRY.get_sample_value("cosignpy_admission_running_images", {"namespace": "shop", "result": "fail"}) is None
    )
    audit("shop", {})
    assert (
        REGISTRY.get_sample_value("cosignpy_admission_running_images", {"namespace": "shop", "result": "pass"}) is None
    )


def test_exceptions_are_counted_by_namespace() -> None:
    before = number("break_glass_total", namespace="shop")
    CountDecisions()(decision(EXCUSED))
    assert number("break_glass_total", namespace="shop") == before + 1


def test_causes_are_those_of_verdicts() -> None:
    assert metrics.IMAGES._labelnames == ("outcome", "cause", "kept")
    assert {each.value for each in Cause} >= {"policy-denied", "timeout"}


def test_kinds_that_somebody_made_up_have_no_numbers_of_their_own() -> None:
    count = CountDecisions(most_kinds=1)
    kinds = ("Pod", "Rollout", "MadeUp", "Rollout")
    for each in kinds:
        made = request_of({**pod(PINNED), "kind": each, "apiVersion": "odd.example/v1"})
        count(Decision(Webhook.RESOURCES, made, skip(Skip.NO_IMAGES), (), 0.0))
    labels = {"webhook": "resources", "operation": "CREATE", "dry_run": "false", "outcome": "skipped"}
    found = [REGISTRY.get_sample_value("cosignpy_admission_reviews_total", {**labels, "kind": each}) for each in kinds]
    assert found == [1.0, 2.0, None, 2.0]
    assert REGISTRY.get_sample_value("cosignpy_admission_reviews_total", {**labels, "kind": "other"}) == 1.0


def test_policies_that_come_and_go_have_no_numbers_of_their_own_for_ever() -> None:
    count = CountDecisions(most_policies=1)
    for each in ("first-made-up", "second-made-up"):
        count(decision(passed(policy=each)))
    name, labels = "cosignpy_admission_policy_results_total", {"outcome": "passed"}
    assert REGISTRY.get_sample_value(name, {"policy": "first-made-up", **labels}) == 1.0
    assert REGISTRY.get_sample_value(name, {"policy": "second-made-up", **labels}) is None
