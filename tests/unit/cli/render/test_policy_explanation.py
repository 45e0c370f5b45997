"""What is said of decisions that no command makes in a test: many signatures, and evidence of attestations."""

from typing import Any, Final

import pytest

from cosignpy.cli.invocation import CURRENT, Output
from cosignpy.cli.render.errors import MOST_REJECTIONS
from cosignpy.cli.render.image_policy import PolicyResult
from cosignpy.cli.render.policy_explanation import Explained, explain_image, render_policy_explanations
from cosignpy.core.digest import Digest
from cosignpy.errors import CosignError, NoMatchingSignatures, Rejection, SignatureMismatch
from cosignpy.imagepolicy.attestations import VerifiedAttestations
from cosignpy.imagepolicy.decision import Subject, decide_image
from cosignpy.imagepolicy.model import Authority, ImagePolicyDocument
from tests.support.image_policies import BY_KEY, KEYLESS, own, parsed

IMAGE: Final = "ghcr.io/team/app:1"
DIGEST: Final = Digest.of(b"")


def explained(policy: ImagePolicyDocument, answer: object) -> Explained:
    def verify(authority: Authority) -> object:
        found = answer[authority.name] if isinstance(answer, dict) else answer
        if isinstance(found, CosignError):
            raise found
        return found

    decision = decide_image(Subject(IMAGE), [policy], verify)
    return Explained(PolicyResult(IMAGE, DIGEST, decision), (policy,))


def printed(found: Explained, capsys: pytest.CaptureFixture[str]) -> list[str]:
    CURRENT.output = Output.TEXT
    render_policy_explanations([found])
    return capsys.readouterr().out.splitlines()


def test_of_many_signatures_some_are_shown_to_people_and_all_to_programs(capsys: pytest.CaptureFixture[str]) -> None:
    mismatch = SignatureMismatch("not by this key")
    rejections = tuple(Rejection(f"bundle {number}", mismatch) for number in range(MOST_REJECTIONS + 2))
    found = explained(parsed(BY_KEY), NoMatchingSignatures(IMAGE, rejections))
    lines = printed(found, capsys)
    assert sum("does not count" in line for line in lines) == MOST_REJECTIONS
    assert any("and 2 more; --output json lists them" in line for line in lines)
    document: Any = explain_image(found)
    assert len(document["policies"][0]["authorities"][0]["rejections"]) == MOST_REJECTIONS + 2


def test_attestations_are_evidence_too() -> None:
    document: Any = explain_image(explained(parsed(KEYLESS), VerifiedAttestations(DIGEST, {"a": ()}, {})))
    assert document["policies"][0]["authorities"][0]["signatures"] == []


def test_too_few_authorities_are_said_beside_what_each_would_need(capsys: pytest.CaptureFixture[str]) -> None:
    policy = own({"name": "a", **BY_KEY}, {"name": "b", **KEYLESS}, require="all")
    lines = printed(explained(policy, {"a": "evidence", "b": NoMatchingSignatures(IMAGE, ())}), capsys)
    assert lines[1] == "└─ ✗ policy team (team.yaml:1): refused, by spec.require"
    assert any("only 1 of the 2 authorities that are needed passed" in line for line in lines)
