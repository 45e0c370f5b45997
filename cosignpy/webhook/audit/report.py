"""Reports of what runs, as objects that other tools read: PolicyReport of wgpolicyk8s.io/v1alpha2.

https://github.com/kubernetes-sigs/wg-policy-prototypes/tree/master/policy-report
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

from cosignpy.core.encoding import encode_json
from cosignpy.imagepolicy.decision import Outcome
from cosignpy.values import field, value
from cosignpy.webhook.audit.running import PodName, RunningImage
from cosignpy.webhook.kinds import POLICY_REPORT
from cosignpy.webhook.ports import Object
from cosignpy.webhook.verdicts import Cause, ImageVerdict, PolicyAnswer

NAME: Final = "cosignpy-webhook"
"""Of the report, one in each namespace."""
SOURCE: Final = "cosignpy"
CATEGORY: Final = "Image signatures"
UNCOVERED: Final = "no-matching-policy"
"""What stands for the policy where there is none."""
UNDECIDED: Final = "undecided"
"""What stands for the policy where nothing could be decided."""

MAX_RESULTS: Final = 1000
"""Results of one report; one takes about one KiB."""
MAX_OCTETS: Final = 1_000_000
"""Of all results: an object of a cluster is limited to 1.5 MiB, and who runs pods must not keep failures out of it."""
MAX_PODS: Final = 20
"""Pods that one result names; the others are counted."""
MAX_MESSAGE: Final = 1024
"""Characters of a message."""


class Result(StrEnum):
    """What became of a check, in the words of the report's schema."""

    PASS = "pass"  # noqa: S105 - not a password
    FAIL = "fail"
    WARN = "warn"
    ERROR = "error"
    SKIP = "skip"


@value
class Checked:
    """An image that runs, and what is said of it; no verdict where its digest is not known."""

    running: RunningImage
    verdict: ImageVerdict | None


@value
class _Finding:
    """One result of a report, but for the pods that it is about."""

    policy: str
    result: Result
    image: str
    message: str
    properties: tuple[tuple[str, str], ...] = field(default=())


def build_report(namespace: str, checked: Iterable[Checked], now: datetime) -> Object:
    """Build the report of a namespace: a result for each policy and image, with the pods that run it.

    Where there are too many, those that are left out are the ones that pass; how many is an annotation.
    """
    pods = dict[_Finding, dict[PodName, None]]()
    for each in checked:
        for finding in _describe(each):
            pods.setdefault(finding, {})[each.running.pod] = None
    ordered = sorted(pods, key=lambda each: (_SEVERITY[each.result], each.policy, each.image, each.message))
    results = list(_fit(_encode(each, list(pods[each]), now) for each in ordered[:MAX_RESULTS]))
    left_out = len(ordered) - len(results)
    return {
        "apiVersion": POLICY_REPORT.api_version,
        "kind": POLICY_REPORT.kind,
        "metadata": {
            "name": NAME,
            "namespace": namespace,
            "labels": {"app.kubernetes.io/managed-by": SOURCE},
            "annotations": {"cosignpy.dev/results-left-out": str(left_out)},
        },
        "summary": summarize(each.result for each in ordered),
        "results": results,
    }


def _fit(results: Iterable[Mapping[str, Any]]) -> Iterator[Mapping[str, Any]]:
    """Yield as many as a report has room for."""
    size = 0
    for each in results:
        size += len(encode_json(each))
        if size > MAX_OCTETS:
            return
        yield each


def summarize(results: Iterable[Result]) -> Mapping[str, int]:
    """Count results of each kind; all kinds are there."""
    found = list(results)
    return {each.value: found.count(each) for each in Result}


def without_times(report: Object) -> Object:
    """Return a report but for when its results were found, so that two can be compared."""
    results = [{name: part for name, part in each.items() if name != "timestamp"} for each in report.get("results", ())]
    return {"summary": report.get("summary"), "results": results}


def _describe(checked: Checked) -> Sequence[_Finding]:
    running, verdict = checked.running, checked.verdict
    if verdict is None:
        why = "which digest runs is not known: the node does not say, and the pod names a tag"
        return (_Finding(UNDECIDED, Result.SKIP, running.image, why),)
    if verdict.policies:
        return [_of_policy(running, verdict, each) for each in verdict.policies]
    if verdict.outcome is Outcome.PASSED:
        return (_Finding(UNCOVERED, Result.SKIP, running.pinned, "no policy is about it, and that is allowed"),)
    policy = UNCOVERED if verdict.cause in {Cause.UNCOVERED, None} else UNDECIDED
    result = _UNDECIDED_RESULTS.get(policy, _RESULTS[verdict.outcome])
    return (_Finding(policy, result, running.pinned, _cut(verdict.problem), _properties(running, verdict)),)


def _of_policy(running: RunningImage, verdict: ImageVerdict, answer: PolicyAnswer) -> _Finding:
    name = f"{answer.namespace}/{answer.name}" if answer.namespace else answer.name
    message = "; ".join(answer.reasons) or (f"vouched for by {answer.authority}" if answer.authority else "passed")
    result = _RESULTS[answer.outcome]
    if result is Result.FAIL and verdict.cause in _COULD_NOT_LOOK:
        result = Result.ERROR
    return _Finding(name, result, running.pinned, _cut(message), _properties(running, verdict))


def _properties(running: RunningImage, verdict: ImageVerdict) -> tuple[tuple[str, str], ...]:
    named = {"image": running.image, "digest": verdict.digest, "cause": str(verdict.cause or "")}
    return tuple([(name, text) for name, text in named.items() if text])


def _encode(finding: _Finding, pods: Sequence[PodName], now: datetime) -> Mapping[str, Any]:
    properties = dict(finding.properties)
    if len(pods) > MAX_PODS:
        properties["more-pods"] = str(len(pods) - MAX_PODS)
    return {
        "source": SOURCE,
        "category": CATEGORY,
        "policy": finding.policy,
        "rule": finding.image[:_MAX_RULE],
        "result": finding.result.value,
        "severity": "high" if finding.result is Result.FAIL else "info",
        "scored": finding.result is not Result.SKIP,
        "message": finding.message,
        "timestamp": {"seconds": int(now.timestamp()), "nanos": 0},
        "properties": properties,
        "resources": [
            {"apiVersion": "v1", "kind": "Pod", "namespace": each.namespace, "name": each.name, "uid": each.uid}
            for each in pods[:MAX_PODS]
        ],
    }


def _cut(message: str) -> str:
    return message if len(message) <= MAX_MESSAGE else f"{message[: MAX_MESSAGE - 3]}..."


_MAX_RULE: Final = 512
_SEVERITY: Final = {
    each: number for number, each in enumerate((Result.FAIL, Result.ERROR, Result.WARN, Result.SKIP, Result.PASS))
}
_RESULTS: Final = {
    Outcome.PASSED: Result.PASS,
    Outcome.WARNED: Result.WARN,
    Outcome.REFUSED: Result.FAIL,
    Outcome.NOT_ASKED: Result.SKIP,
}
_UNDECIDED_RESULTS: Final = {UNDECIDED: Result.ERROR}
_COULD_NOT_LOOK: Final = frozenset({Cause.UNREACHABLE, Cause.CREDENTIALS, Cause.TIMEOUT, Cause.TRUST, Cause.OVERLOADED})
"""Why there is no verdict rather than a bad one."""
