"""The first thing to do: said for every refusal, and by the signature of which the most was shown."""

import pytest

from cosignpy.cli.render.advice import advise, closest
from cosignpy.core.verify.steps import Step
from cosignpy.core.verify.trail import Trail
from cosignpy.errors import (
    CertificateError,
    ClaimMismatch,
    CosignError,
    IdentityMismatch,
    MalformedError,
    NoMatchingSignatures,
    Rejection,
    SignatureMismatch,
    Unreachable,
    UsageError,
    VerificationError,
)
from tests.unit.test_errors import EVERY


def refused(error: CosignError, step: Step, *passed: Step) -> Rejection:
    """A signature whose verification came this far."""
    error.shown = Trail((), passed=set(passed), current=step)
    return Rejection(step.value, error)


def test_a_hint_of_the_error_itself_comes_first() -> None:
    assert advise(IdentityMismatch("alice", "mallory", "ask alice")) == "ask alice"


@pytest.mark.parametrize(
    "error",
    [one for one in EVERY if isinstance(one, VerificationError) and not isinstance(one, NoMatchingSignatures)],
    ids=lambda error: type(error).__name__,
)
def test_every_refusal_has_something_to_do(error: VerificationError) -> None:
    assert advise(error) or type(error).__name__ in {"TransparencyRequired", "UntrustedRepository"}


def test_the_same_error_means_another_thing_at_another_step() -> None:
    entry = refused(ClaimMismatch("signature", "a", "b"), Step.CLAIMS).error
    stamp = refused(ClaimMismatch("imprint", "a", "b"), Step.TIME).error
    artifact = refused(ClaimMismatch("digest", "a", "b"), Step.ARTIFACT).error
    assert len({advise(entry), advise(stamp), advise(artifact)}) == 3
    assert "log entry" in advise(entry)


def test_the_more_special_class_decides() -> None:
    assert "network" in advise(Unreachable("registry", "https://r.test", None, "refused"))
    assert advise(UsageError("nobody can help")) == ""
    assert "registry/name:tag" in advise(MalformedError("image reference", "not ASCII"))


def test_of_several_signatures_the_one_that_came_furthest_is_meant() -> None:
    near = refused(CertificateError("leaf", "expired"), Step.CERTIFICATE, Step.FORM, Step.TIME, Step.LOG)
    far = refused(SignatureMismatch("no"), Step.SIGNATURE, Step.FORM)
    bare = Rejection("bare", SignatureMismatch("no"))
    assert closest([bare, far, near]) is near
    assert advise(NoMatchingSignatures("app", (bare, far, near))) == advise(near.error)
    assert advise(NoMatchingSignatures("app", ())) == ""
