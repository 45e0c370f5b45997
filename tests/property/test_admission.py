"""Answers to admission requests: whatever is added to what is refused, nothing more is admitted."""

import asyncio
import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from cosignpy.errors import NoSuchTag
from cosignpy.imagepolicy.decision import Outcome
from cosignpy.values import replace
from cosignpy.webhook.answer import Denial, Finding
from cosignpy.webhook.decide import decide
from cosignpy.webhook.live_settings import Enforcement, LiveSettings
from cosignpy.webhook.ports import CompiledPolicy, PolicySnapshot
from cosignpy.webhook.request import AdmissionRequest
from cosignpy.webhook.review import ReviewRefused, encode_answer, parse_review
from cosignpy.webhook.settled import SettledImages
from cosignpy.webhook.verdicts import Cause, ImageQuestion, ImageVerdict, PolicyAnswer, PullCredentials
from tests.support.admission import (
    DIGEST,
    PINNED,
    TAGGED,
    UID,
    FakePolicies,
    Site,
    pod,
    refused,
    request_of,
    review_of,
)
from tests.support.image_policies import FAIL, PASS, parsed

PATH = ("spec", "containers", 0, "image")
OUTCOMES = st.sampled_from([Outcome.PASSED, Outcome.WARNED, Outcome.REFUSED])
CAUSES = st.none() | st.sampled_from(list(Cause))
ANSWERS = st.builds(PolicyAnswer, st.text(max_size=5), st.text(max_size=5), OUTCOMES, reasons=st.just(("why",)))
VERDICTS = st.builds(
    ImageVerdict,
    st.text(max_size=20),
    st.sampled_from(["", DIGEST]),
    OUTCOMES,
    st.lists(ANSWERS, max_size=3).map(tuple),
    CAUSES,
    st.text(max_size=20),
)
FINDINGS = st.lists(st.builds(Finding, st.just(PATH), st.text(max_size=20), VERDICTS), max_size=4)


@given(FINDINGS, VERDICTS, st.sampled_from(Enforcement))
def test_one_more_image_only_takes_away_from_what_is_admitted(
    findings: list[Finding], more: ImageVerdict, enforcement: Enforcement
) -> None:
    before, after = decide(findings, enforcement), decide([*findings, Finding(PATH, more.image, more)], enforcement)
    assert before.allowed or not after.allowed


@given(FINDINGS, st.integers(0, 3), st.sampled_from(Enforcement))
def test_a_refusal_in_place_of_a_verdict_never_admits(
    findings: list[Finding], place: int, enforcement: Enforcement
) -> None:
    worse = [replace(each, verdict=refused()) if n == place else each for n, each in enumerate(findings)]
    before, after = decide(findings, enforcement), decide(worse, enforcement)
    assert before.allowed or not after.allowed


@given(FINDINGS)
def test_what_is_denied_is_admitted_nowhere_where_refusals_count(findings: list[Finding]) -> None:
    is_good = all(each.verdict.outcome is not Outcome.REFUSED for each in findings)
    assert decide(findings, Enforcement.DENY).allowed is is_good


@given(FINDINGS, st.sampled_from(Enforcement))
def test_all_that_is_said_can_be_sent(findings: list[Finding], enforcement: Enforcement) -> None:
    answer = decide(findings, enforcement)
    for text in (*answer.warnings, *answer.annotations.values()):
        assert "\n" not in text
        text.encode()
    assert all(len(text) <= 256 for text in answer.warnings)
    if isinstance(answer.outcome, Denial):
        answer.outcome.message.encode()


GLOBS = st.sampled_from(["**", "registry.example/**", "registry.example/shop/*", "registry.other/**"])
STATIC = st.sampled_from([PASS, FAIL])
MODES = st.sampled_from(["enforce", "warn"])
COMPILED = st.builds(
    lambda number, glob, authority, mode, namespace: CompiledPolicy(
        parsed(authority, name=f"p{number}", images=[{"glob": glob}], mode=mode), b"", f"{number}", namespace=namespace
    ),
    st.integers(0, 5),
    GLOBS,
    STATIC,
    MODES,
    st.sampled_from(["", "shop", "elsewhere"]),
)
RANK = {Outcome.REFUSED: 0, Outcome.WARNED: 1, Outcome.PASSED: 2}


@given(st.lists(COMPILED, max_size=4), COMPILED, st.sampled_from([TAGGED, PINNED]), st.booleans())
def test_one_more_policy_lets_nothing_run_that_another_refuses(
    policies: list[CompiledPolicy], more: CompiledPolicy, image: str, covers: bool
) -> None:
    """Only an image that no policy is about may run by a further one."""
    settings = LiveSettings(namespaced_policies_cover=covers)

    def settle(*found: CompiledPolicy) -> ImageVerdict:
        settled = SettledImages(FakePolicies(PolicySnapshot(found, "1")), lambda: settings)
        verdict = settled.settle(ImageQuestion(image, "shop", request_of().workload, PullCredentials(), 0.0))
        assert verdict is not None
        return verdict

    before, after = settle(*policies), settle(*policies, more)
    assert before.cause is Cause.UNCOVERED or RANK[after.outcome] <= RANK[before.outcome]


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)
MEMBERS = st.sampled_from([*review_of()["request"], "subResource"])
PLACES = st.sampled_from(["containers", "initContainers", "volumes", "ephemeralContainers"])


def read(raw: bytes) -> AdmissionRequest | ReviewRefused:
    """Return the request of a review, or why there is none; nothing else may leave the parser."""
    try:
        return parse_review(raw, 10.0)
    except ReviewRefused as error:
        return error


@given(st.binary(max_size=200))
def test_whatever_octets_come_they_are_a_request_or_refused(raw: bytes) -> None:
    found = read(raw)
    assert isinstance(found, AdmissionRequest) or (found.why and not found.denial.allowed)


@given(MEMBERS, VALUES)
def test_whatever_stands_in_a_review_it_is_a_request_or_refused(name: str, content: Any) -> None:
    raw = json.dumps(review_of(**{name: content})).encode()
    found = read(raw)
    assert isinstance(found, AdmissionRequest) or (found.uid in {"", UID} and not found.denial.allowed)


@given(st.dictionaries(PLACES, VALUES, max_size=4) | VALUES, st.sampled_from(["CREATE", "UPDATE"]))
def test_whatever_stands_in_a_pod_nothing_runs_that_nobody_let_pass(spec: Any, operation: str) -> None:
    """Here nothing passes: only pods without an image are admitted."""
    site = Site()
    site.decider.error = NoSuchTag("app", "1")
    found = pod() | {"spec": spec}
    raw = json.dumps(review_of(found, operation=operation), allow_nan=True).encode()
    request = read(raw)
    if isinstance(request, ReviewRefused):
        return
    handled = asyncio.run(site.handler.validate(request))
    assert handled.answer.allowed is (not handled.findings)
    encode_answer(request.uid, handled.answer)
    encode_answer(request.uid, asyncio.run(site.handler.mutate(request)).answer)
