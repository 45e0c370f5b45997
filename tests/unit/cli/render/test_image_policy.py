"""With which code an image that policies refuse ends the command."""

import pytest

from cosignpy.cli.render.image_policy import PolicyResult
from cosignpy.errors import (
    AccessDenied,
    CosignError,
    MalformedError,
    NoMatchingSignatures,
    NoSignatures,
    NoSuchTag,
    Unreachable,
)
from cosignpy.imagepolicy.decision import Subject, decide_image
from cosignpy.imagepolicy.model import Authority
from tests.support.image_policies import BY_KEY, PASS, parsed

IMAGE = "ghcr.io/team/app:1"
UNREACHABLE = Unreachable("registry", "https://ghcr.io", None, "refused")
DENIED = AccessDenied("registry", "https://ghcr.io", 401, "no")
UNSIGNED = NoSignatures(IMAGE)
UNMATCHED = NoMatchingSignatures(IMAGE, ())


@pytest.mark.parametrize(
    ("errors", "code"),
    [
        ([UNSIGNED], 10),
        ([UNSIGNED, UNSIGNED], 10),
        ([NoSuchTag(IMAGE)], 11),
        ([UNMATCHED], 12),
        ([UNSIGNED, UNMATCHED], 12),
        ([UNREACHABLE], 20),
        ([UNMATCHED, UNREACHABLE], 20),
        ([UNREACHABLE, DENIED], 20),
        ([DENIED, UNSIGNED], 21),
    ],
)
def test_a_registry_that_could_not_be_asked_is_no_proof_of_anything(errors: list[CosignError], code: int) -> None:
    def refuse(authority: Authority) -> object:
        raise errors[int(authority.name)]

    policy = parsed(*({"name": str(number), **BY_KEY} for number in range(len(errors))))
    assert PolicyResult(IMAGE, None, decide_image(Subject(IMAGE), [policy], refuse)).exit_code == code


def test_what_ended_before_a_decision_has_its_own_code() -> None:
    assert PolicyResult(IMAGE, None, MalformedError("a", "b")).exit_code == 4
    assert PolicyResult(IMAGE, None, decide_image(Subject(IMAGE), [parsed(PASS)], lambda _: None)).exit_code == 0
