"""Why an authority fails, in the words of the policy controller and of cosign's library."""

from typing import Final

import pytest

from cosignpy.cli.render.policy_tester import Said, describe_decision
from cosignpy.errors import (
    ClaimMismatch,
    ConditionRefused,
    CosignError,
    MalformedError,
    NoMatchingSignatures,
    NoSignatures,
    NoSuchTag,
    Rejection,
    SignatureMismatch,
)
from cosignpy.imagepolicy.decision import AuthorityVerdict, ImageDecision, Outcome, PolicyVerdict
from cosignpy.imagepolicy.denial import Refusal
from cosignpy.imagepolicy.model import Mode
from cosignpy.places import DocumentError
from cosignpy.values import replace
from tests.support.image_policies import BY_KEY, KEYLESS, PASS, parsed

NAME: Final = "registry.example/app:1"
ATTESTED: Final = {"attestations": [{"name": "m", "predicateType": "custom"}]}
CONDITION: Final = {"type": "rego", "data": "package sigstore"}
REGO: Final = "failed evaluating rego policy for type m"
THRESHOLD: Final = "accepted signatures do not match threshold, Found: 0, Expected 1"
QUERY: Final = "policy is not compliant for query 'isCompliant = data.sigstore.isCompliant'"


def said(authority: object, error: CosignError, outcome: Outcome = Outcome.REFUSED) -> Said:
    policy = parsed(dict(authority))  # type: ignore[call-overload] # a mapping
    verdict = AuthorityVerdict(policy.authorities[0], Outcome.REFUSED, None, error)
    decision = ImageDecision(NAME, outcome, (PolicyVerdict(policy, outcome, (verdict,)),))
    return describe_decision(decision, NAME, NAME)


def unmatched(*errors: CosignError) -> NoMatchingSignatures:
    return NoMatchingSignatures(NAME, tuple([Rejection("where", each) for each in errors]))


@pytest.mark.parametrize(
    ("authority", "error", "text"),
    [
        (BY_KEY, NoSignatures(NAME), "no signatures found"),
        (BY_KEY, NoSuchTag(NAME), f"no such image: {NAME}"),
        (
            BY_KEY,
            unmatched(SignatureMismatch("x")),
            "no matching signatures: invalid signature when validating ASN.1 encoded signature",
        ),
        (
            BY_KEY,
            unmatched(ClaimMismatch("image digest", "sha256:a", "sha256:b")),
            "no matching signatures: invalid or missing digest in claim: sha256:b",
        ),
        (
            BY_KEY,
            unmatched(ClaimMismatch("critical.type", "a", "b")),
            "no matching signatures: the signed critical.type is b, wanted a",
        ),
        (
            BY_KEY,
            unmatched(MalformedError("payload", "x"), MalformedError("payload", "y")),
            "no matching signatures: malformed payload: x\n malformed payload: y",
        ),
    ],
)
def test_signatures(authority: object, error: CosignError, text: str) -> None:
    assert said(authority, error).errors == (
        f"signature key validation failed for authority authority-0 for {NAME}: {text}: ",
    )


def test_certificates() -> None:
    text = "no matching signatures: no certificate found on signature"
    assert said(KEYLESS, unmatched(SignatureMismatch("x"))).errors == (
        f"signature keyless validation failed for authority authority-0 for {NAME}: {text}: ",
    )


@pytest.mark.parametrize(
    ("error", "text"),
    [
        (NoSignatures(NAME, what="attestations"), "no matching attestations: "),
        (
            unmatched(ClaimMismatch("image digest", "a", "b")),
            "no matching attestations: no matching subject digest found",
        ),
        (
            unmatched(SignatureMismatch("x"), ClaimMismatch("predicate type", "a", "b")),
            f"no matching attestations: {THRESHOLD}\n the signed predicate type is b, wanted a",
        ),
    ],
)
def test_attestations(error: CosignError, text: str) -> None:
    assert said(BY_KEY | ATTESTED, error).errors == (
        f"attestation key validation failed for authority authority-0 for {NAME}: {text}: ",
    )


def test_attestations_of_other_types() -> None:
    errors = [ClaimMismatch("predicate type", "a", found) for found in ("b", "c", "b")]
    assert said(BY_KEY | ATTESTED, unmatched(*errors)).errors == (
        'no matching attestations with type custom, checked the following predicateTypes: "b,c": ',
    )


@pytest.mark.parametrize(
    ("language", "error", "text"),
    [
        (
            "rego",
            ConditionRefused("m", "isCompliant is undefined"),
            f"failed evaluating rego policy for type m: {QUERY}",
        ),
        ("rego", ConditionRefused("m", "low"), f"failed evaluating rego policy for type m: {QUERY} with errors: low"),
        ("rego", ConditionRefused("m", "warning: low"), "warning: low"),
        (
            "cue",
            ConditionRefused("m", "conflict"),
            "failed evaluating cue policy for m: failed to evaluate the policy with error: conflict",
        ),
    ],
)
def test_conditions_of_attestations(language: str, error: CosignError, text: str) -> None:
    wanted = {"attestations": [ATTESTED["attestations"][0] | {"policy": {"type": language, "data": "x"}}]}
    assert said(BY_KEY | wanted, unmatched(error)).errors == (f"{text}: ",)


def test_a_condition_that_does_not_compile() -> None:
    wanted = {"attestations": [ATTESTED["attestations"][0] | {"policy": CONDITION}]}
    assert said(BY_KEY | wanted, DocumentError("p.rego:1: wrong")).errors == (
        "failed evaluating rego policy for type m: 1 error occurred: p.rego:1: wrong: ",
    )


def test_the_condition_of_a_policy_comes_after_its_authorities() -> None:
    policy = parsed(PASS, BY_KEY, policy=CONDITION)
    passed = AuthorityVerdict(policy.authorities[0], Outcome.PASSED)
    failed = AuthorityVerdict(policy.authorities[1], Outcome.REFUSED, None, NoSignatures(NAME))
    refusal = Refusal(ConditionRefused("p", "no"), "spec.policy")
    for authorities, text in (((passed,), "failed evaluating rego"), ((passed, failed), "signature key validation")):
        verdict = PolicyVerdict(policy, Outcome.REFUSED, authorities, refusal)
        (error,) = describe_decision(ImageDecision(NAME, Outcome.REFUSED, (verdict,)), NAME, NAME).errors
        assert error.startswith(text)


def test_what_is_warned_of_is_no_error() -> None:
    policy = replace(parsed(BY_KEY), mode=Mode.WARN)
    verdict = AuthorityVerdict(policy.authorities[0], Outcome.REFUSED, None, NoSignatures(NAME))
    warned = PolicyVerdict(policy, Outcome.WARNED, (verdict,))
    found = describe_decision(ImageDecision(NAME, Outcome.WARNED, (warned,)), NAME, NAME)
    assert found.errors == ()
    assert found.warnings[0].endswith("no signatures found: ")


def test_signs_of_html_are_escaped() -> None:
    assert Said(("<&>\u2028",), ()).encode() == '{"errors":["\\u003c\\u0026\\u003e\\u2028"]}'
