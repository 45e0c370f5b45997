"""What `policy lint` finds in our own kind of policy: each document differs in one thing from one without problems."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

import pytest

from cosignpy.core.trust.problems import Severity
from cosignpy.imagepolicy.lint import lint_policies
from cosignpy.imagepolicy.model import ImagePolicyDocument
from tests.support.image_policies import ALICE, BY_KEY, FAIL, KEYLESS, PASS, PEM, own
from tests.support.signed import OTHER_KEY

ERROR: Final = Severity.ERROR
WARNING: Final = Severity.WARNING
NOW: Final = datetime(2026, 7, 1, tzinfo=UTC)
LOG: Final = {"ctlog": {"url": "https://rekor.example"}}
OTHER: Final = {"key": {"data": OTHER_KEY.public_key.encode_pem().decode()}}


def found(policy: ImagePolicyDocument, moment: datetime | None = NOW) -> list[tuple[Severity, str, str]]:
    problems = lint_policies([policy], moment)
    return [(each.severity, each.place.rpartition(": ")[2], each.why) for each in problems]


def only(policy: ImagePolicyDocument) -> tuple[Severity, str, str]:
    (problem,) = found(policy)
    return problem


def keyed(**window: str) -> dict[str, Any]:
    return {"key": {"data": PEM, **window}, **LOG}


@pytest.mark.parametrize(
    "policy",
    [
        own(BY_KEY, KEYLESS, require="all"),
        own(BY_KEY, KEYLESS, FAIL, require=2),
        own({**KEYLESS, "maxAge": "30d"}),
        own({**KEYLESS, "rfc3161timestamp": {}, "maxAge": "30d"}),
        own({**KEYLESS, "maxAge": "30d"}, {**KEYLESS, "maxAge": "60d"}),
        own({"key": {"kms": "gcpkms://x"}, "maxAge": "30d"}),
        own(keyed(validFrom="2026-01-01T00:00:00Z", validUntil="2026-07-01T00:00:01Z")),
        own(BY_KEY, deny=[{"key": dict(OTHER["key"])}]),
        own(BY_KEY, images=[], files=[{"glob": "*.whl"}]),
    ],
)
def test_policies_in_order_have_no_problems(policy: ImagePolicyDocument) -> None:
    assert found(policy) == []


def test_more_are_needed_than_can_pass() -> None:
    error = (ERROR, "spec.require", "2 are needed, and only 1 can pass")
    assert only(own(BY_KEY, FAIL, require="all")) == error


def test_a_static_pass_counts_for_one() -> None:
    severity, place, why = only(own(BY_KEY, PASS, require=2))
    assert (severity, place, "counts for one" in why) == (WARNING, "spec.authorities[1]", True)


@pytest.mark.parametrize(
    "authority",
    [
        {**BY_KEY, "maxAge": "30d"},
        {**KEYLESS, "ctlog": {}, "maxAge": "30d"},
        {"key": {"data": PEM, "validFrom": "2026-01-01T00:00:00Z"}},
    ],
)
def test_nobody_is_asked_who_says_when_it_was_signed(authority: Mapping[str, Any]) -> None:
    severity, place, why = only(own(authority))
    assert (severity, place, "timestamp" in why) == (WARNING, "spec.authorities[0]", True)


def test_what_a_key_signed_is_as_old_as_anybody_says() -> None:
    severity, place, why = only(own({**BY_KEY, **LOG, "maxAge": "30d"}))
    assert (severity, place, "anew" in why) == (WARNING, "spec.authorities[0].maxAge", True)


@pytest.mark.parametrize(
    ("window", "severity", "name"),
    [
        ({"validFrom": "2026-07-01T00:00:01Z"}, WARNING, "validFrom"),
        ({"validUntil": "2026-07-01T00:00:00Z"}, WARNING, "validUntil"),
    ],
)
def test_a_key_that_counts_in_another_time_than_now(window: dict[str, str], severity: Severity, name: str) -> None:
    assert only(own(keyed(**window)))[:2] == (severity, f"spec.authorities[0].key.{name}")
    assert found(own(keyed(**window)), None) == []


@pytest.mark.parametrize(("age", "severity", "why"), [("1d", ERROR, "never passes"), ("31d", WARNING, "from now on")])
def test_a_key_that_counted_before_anything_that_is_recent(age: str, severity: Severity, why: str) -> None:
    *_, (found_severity, place, said) = found(own({**keyed(validUntil="2026-06-01T00:00:00Z"), "maxAge": age}))
    assert (found_severity, place, why in said) == (severity, "spec.authorities[0].key.validUntil", True)


@pytest.mark.parametrize("entry", [{"data": PEM}])
def test_a_key_that_has_to_sign_and_is_denied(entry: dict[str, str]) -> None:
    severity, place, why = only(own(BY_KEY, deny=[{"key": entry}]))
    assert (severity, place, "denies its key" in why) == (ERROR, "spec.authorities[0]", True)


def conditioned(*fields: tuple[str, str, object]) -> ImagePolicyDocument:
    conditions = [{"field": path, comparison: operand} for path, comparison, operand in fields]
    return own({**KEYLESS, "attestations": [{"name": "a", "predicateType": "https://a", "conditions": conditions}]})


def test_conditions_that_never_hold_together() -> None:
    score = "predicate.score"
    assert found(conditioned((score, "atLeast", 7), ("predicate.other", "atMost", 6), (score, "atMost", 7))) == []
    severity, place, why = only(conditioned((score, "atLeast", 7), (score, "atMost", 6), ("predicate", "exists", True)))
    assert (severity, score in why) == (ERROR, True)
    assert place == "spec.authorities[0].attestations[0].conditions[1]"


def test_patterns_are_looked_at_as_in_the_other_kind() -> None:
    loose = {name: text for name, text in ALICE.items() if name != "subject"} | {"subjectRegExp": "alice"}
    severity, place, _ = only(own({"keyless": {"identities": [loose], "require": "all"}}))
    assert (severity, place) == (WARNING, "spec.authorities[0].keyless.identities[0].subjectRegExp")
