"""Reports of what runs."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from cosignpy.imagepolicy.decision import Outcome
from cosignpy.imagepolicy.workloads import Workload
from cosignpy.webhook.audit.report import MAX_PODS, MAX_RESULTS, Checked, build_report, without_times
from cosignpy.webhook.audit.running import PodName, RunningImage
from cosignpy.webhook.verdicts import Cause, ImageVerdict, PolicyAnswer

NOW = datetime(2026, 1, 2, tzinfo=UTC)
DIGEST = f"sha256:{'1' * 64}"


def running(pod: str = "cart", image: str = "r.example/a") -> RunningImage:
    named = PodName("shop", pod, f"uid-{pod}")
    return RunningImage(named, f"{image}:v1", f"{image}@{DIGEST}", Workload("", "v1", "pods"), {})


def verdict(*policies: PolicyAnswer, outcome: Outcome = Outcome.PASSED, **others: Any) -> ImageVerdict:
    return ImageVerdict(f"r.example/a@{DIGEST}", DIGEST, outcome, policies, **others)


def results(*checked: Checked) -> Any:
    return build_report("shop", checked, NOW)["results"]


PASSED = verdict(PolicyAnswer("signed", "", Outcome.PASSED, "release"))
REFUSED = verdict(
    PolicyAnswer("signed", "", Outcome.REFUSED, reasons=("no signatures found", "wrong identity")),
    outcome=Outcome.REFUSED,
    cause=Cause.POLICY,
)


def test_whole_report() -> None:
    assert build_report("shop", [Checked(running(), PASSED)], NOW) == {
        "apiVersion": "wgpolicyk8s.io/v1alpha2",
        "kind": "PolicyReport",
        "metadata": {
            "name": "cosignpy-webhook",
            "namespace": "shop",
            "labels": {"app.kubernetes.io/managed-by": "cosignpy"},
            "annotations": {"cosignpy.dev/results-left-out": "0"},
        },
        "summary": {"pass": 1, "fail": 0, "warn": 0, "error": 0, "skip": 0},
        "results": [
            {
                "source": "cosignpy",
                "category": "Image signatures",
                "policy": "signed",
                "rule": f"r.example/a@{DIGEST}",
                "result": "pass",
                "severity": "info",
                "scored": True,
                "message": "vouched for by release",
                "timestamp": {"seconds": 1767312000, "nanos": 0},
                "properties": {"image": "r.example/a:v1", "digest": DIGEST},
                "resources": [
                    {"apiVersion": "v1", "kind": "Pod", "namespace": "shop", "name": "cart", "uid": "uid-cart"}
                ],
            }
        ],
    }


def test_pods_with_the_same_result_are_in_one() -> None:
    (found,) = results(Checked(running("a"), PASSED), Checked(running("b"), PASSED))
    assert [each["name"] for each in found["resources"]] == ["a", "b"]


def test_refusal_fails_with_its_reasons() -> None:
    (found,) = results(Checked(running(), REFUSED))
    assert (found["result"], found["severity"]) == ("fail", "high")
    assert found["message"] == "no signatures found; wrong identity"
    assert found["properties"]["cause"] == "policy-denied"


@pytest.mark.parametrize("cause", [Cause.UNREACHABLE, Cause.CREDENTIALS, Cause.TIMEOUT, Cause.TRUST, Cause.OVERLOADED])
def test_what_could_not_be_looked_at_is_an_error_and_no_failure(cause: Cause) -> None:
    answer = PolicyAnswer("signed", "", Outcome.REFUSED, reasons=("connection refused",))
    (found,) = results(Checked(running(), verdict(answer, outcome=Outcome.REFUSED, cause=cause)))
    assert found["result"] == "error"


@pytest.mark.parametrize(
    ("said", "policy", "result"),
    [
        (verdict(outcome=Outcome.REFUSED, cause=Cause.UNCOVERED, problem="none"), "no-matching-policy", "fail"),
        (verdict(outcome=Outcome.WARNED, cause=Cause.UNCOVERED, problem="none"), "no-matching-policy", "warn"),
        (verdict(outcome=Outcome.REFUSED, cause=Cause.NOT_FOUND, problem="none"), "undecided", "error"),
        (verdict(outcome=Outcome.PASSED), "no-matching-policy", "skip"),
        (None, "undecided", "skip"),
    ],
)
def test_without_policies(said: ImageVerdict | None, policy: str, result: str) -> None:
    (found,) = results(Checked(running(), said))
    assert (found["policy"], found["result"]) == (policy, result)


def test_namespaced_policy_has_its_namespace() -> None:
    (found,) = results(Checked(running(), verdict(PolicyAnswer("signed", "shop", Outcome.WARNED, reasons=("x",)))))
    assert (found["policy"], found["result"]) == ("shop/signed", "warn")


def test_failures_come_first_and_what_is_left_out_passes() -> None:
    many = [Checked(running(image=f"r.example/{number:04}"), PASSED) for number in range(MAX_RESULTS)]
    report: Any = build_report("shop", [*many, Checked(running(), REFUSED)], NOW)
    assert len(report["results"]) == MAX_RESULTS
    assert report["results"][0]["result"] == "fail"
    assert report["metadata"]["annotations"] == {"cosignpy.dev/results-left-out": "1"}
    assert report["summary"]["pass"] == MAX_RESULTS
    assert report["summary"]["fail"] == 1


def test_long_results_leave_out_others_so_that_the_report_can_be_stored() -> None:
    answer = PolicyAnswer("signed", "", Outcome.REFUSED, reasons=("\N{BLACK HEART SUIT}" * 1000,))
    said = verdict(answer, outcome=Outcome.REFUSED)
    many = [
        Checked(running(f"{'p' * 200}{pod}", image=f"r.example/{number:04}"), said)
        for number in range(MAX_RESULTS)
        for pod in range(MAX_PODS)
    ]
    report: Any = build_report("shop", many, NOW)
    assert 500_000 < len(json.dumps(report, ensure_ascii=False).encode()) < 1_500_000
    assert report["metadata"]["annotations"] == {
        "cosignpy.dev/results-left-out": str(MAX_RESULTS - len(report["results"]))
    }
    assert report["summary"]["fail"] == MAX_RESULTS


def test_pods_beyond_the_limit_are_counted() -> None:
    (found,) = results(*[Checked(running(f"p{number}"), PASSED) for number in range(MAX_PODS + 3)])
    assert len(found["resources"]) == MAX_PODS
    assert found["properties"]["more-pods"] == "3"


def test_long_message_is_cut() -> None:
    answer = PolicyAnswer("signed", "", Outcome.REFUSED, reasons=("x" * 5000,))
    (found,) = results(Checked(running(), verdict(answer, outcome=Outcome.REFUSED)))
    assert len(found["message"]) == 1024
    assert found["message"].endswith("...")


def test_reports_are_compared_without_their_times() -> None:
    early, late = (
        build_report("shop", [Checked(running(), PASSED)], when) for when in (NOW, datetime(2027, 1, 1, tzinfo=UTC))
    )
    other = build_report("shop", [Checked(running(), REFUSED)], NOW)
    assert early != late
    assert without_times(early) == without_times(late)
    assert without_times(early) != without_times(other)
