"""Decisions by our own kind of policy: several authorities, and digests that nothing lets in."""

from datetime import UTC, datetime, timedelta
from typing import Any, Final

import pytest

from cosignpy.core.digest import Digest
from cosignpy.core.policy.key_window import KeyWindow
from cosignpy.errors import CosignError, DeadlineExceeded, Denied, NoSignatures, NoSuchTag, PolicyRefused
from cosignpy.imagepolicy.decision import Outcome, PolicyVerdict, Subject, decide_image, decide_policy
from cosignpy.imagepolicy.model import Authority, ImagePolicyDocument
from cosignpy.imagepolicy.requirements import build_image_policy
from tests.support.image_policies import ALICE, BY_KEY, FAIL, KEYLESS, PASS, PEM, own
from tests.support.signed import KEY

NOW: Final = datetime(2026, 7, 1, tzinfo=UTC)
IMAGE: Final = Digest("sha256", "a1" * 32)
OTHER: Final = Digest("sha256", "b2" * 32)
PASSED: Final = Outcome.PASSED
REFUSED: Final = Outcome.REFUSED
NOT_ASKED: Final = Outcome.NOT_ASKED


class Answers:
    """Says no for these authorities; remembers who was asked."""

    def __init__(self, *failing: str) -> None:
        self.failing = failing
        self.asked: list[str] = []

    def __call__(self, authority: Authority) -> object:
        self.asked.append(authority.name)
        if authority.name in self.failing:
            raise NoSignatures(authority.name)
        return authority.name


def policy(names: str, **spec: Any) -> ImagePolicyDocument:
    return own(*[{"name": name, **BY_KEY} for name in names], **spec)


def outcomes(verdict: PolicyVerdict) -> list[Outcome]:
    return [each.outcome for each in verdict.authorities]


def test_as_many_as_are_needed_are_asked() -> None:
    answers = Answers("b")
    found = decide_policy(policy("abcd", require=2), answers)
    assert (found.outcome, outcomes(found)) == (PASSED, [PASSED, REFUSED, PASSED, NOT_ASKED])
    assert answers.asked == ["a", "b", "c"]
    assert [each.evidence for each in found.passing] == ["a", "c"]
    assert found.decisive is found.authorities[0]
    assert (found.clause, found.errors) == ("spec.require", ())


def test_one_fewer_than_are_needed_refuses_with_every_reason() -> None:
    found = decide_policy(policy("abc", require="all"), Answers("b"))
    assert (found.outcome, outcomes(found)) == (REFUSED, [PASSED, REFUSED, PASSED])
    assert (found.decisive, found.clause) == (None, "spec.require")
    few, other = found.errors
    assert str(few) == "policy team: only 2 of the 3 authorities that are needed passed"
    assert isinstance(other, NoSignatures)


def test_where_none_passes_their_reasons_are_all() -> None:
    found = decide_policy(policy("ab", require=2), Answers("a", "b"))
    assert [type(error) for error in found.errors] == [NoSignatures, NoSignatures]
    assert found.clause == "spec.authorities"


def test_a_static_answer_counts_for_one() -> None:
    assert decide_policy(own(BY_KEY, PASS, require=2), Answers()).outcome is PASSED
    assert decide_policy(own(BY_KEY, PASS, require=2), Answers("authority-0")).outcome is REFUSED
    assert decide_policy(own(BY_KEY, FAIL, require="all"), Answers()).outcome is REFUSED


def test_a_policy_without_authorities_passes_nothing_however_many_are_needed() -> None:
    (error,) = decide_policy(own(require="all"), Answers()).errors
    assert str(error) == "policy team: has no authority, so that no image passes"


def deciding(digest: Digest | CosignError | None, **spec: Any) -> PolicyVerdict:
    def read() -> Digest:
        if isinstance(digest, CosignError):
            raise digest
        assert digest is not None
        return digest

    denying = policy("a", deny=[{"digest": str(OTHER)}, {"digest": str(IMAGE)}], **spec)
    return decide_policy(denying, Answers(), read if digest is not None else None)


def test_a_digest_that_is_denied_is_refused_whoever_signed_it() -> None:
    found = deciding(IMAGE)
    assert (found.outcome, outcomes(found), found.decisive) == (REFUSED, [NOT_ASKED], None)
    assert found.clause == "spec.deny[1].digest"
    (error,) = found.errors
    assert isinstance(error, Denied)
    assert str(error).startswith(f"{IMAGE} never counts: the deny list has the digest {IMAGE} (team.yaml:")
    assert deciding(Digest("sha256", "c3" * 32)).outcome is PASSED


def test_a_static_pass_lets_nothing_in_that_is_denied() -> None:
    denying = own(PASS, deny=[{"digest": str(IMAGE)}])
    assert decide_image(Subject("app:1", None, lambda: OTHER), [denying], Answers()).is_admitted
    assert not decide_image(Subject("app:1", None, lambda: IMAGE), [denying], Answers()).is_admitted


def test_a_policy_that_warns_only_warns_of_what_is_denied() -> None:
    assert deciding(IMAGE, mode="warn").outcome is Outcome.WARNED


@pytest.mark.parametrize("digest", [None, Digest("sha512", "a1" * 64)])
def test_what_cannot_be_compared_may_be_denied(digest: Digest | None) -> None:
    found = deciding(digest)
    assert (found.outcome, found.clause) == (REFUSED, "spec.deny")
    assert [type(error) for error in found.errors] == [PolicyRefused]


def test_what_cannot_be_found_is_refused_for_that() -> None:
    error = NoSuchTag("app:1")
    assert deciding(error).errors == (error,)
    with pytest.raises(DeadlineExceeded):
        deciding(DeadlineExceeded(1))


def test_nobody_finds_out_a_digest_that_no_policy_denies() -> None:
    def read() -> Digest:
        raise AssertionError

    assert decide_policy(policy("a"), Answers(), read).outcome is PASSED


BOB: Final = {"issuer": "https://accounts.example.com", "subject": "bob@example.com"}


def test_how_many_signers_there_have_to_be() -> None:
    both = own({"keyless": {"identities": [ALICE, BOB], "require": "all"}})
    assert build_image_policy(both.authorities[0], NOW).threshold == 2
    assert build_image_policy(own(KEYLESS).authorities[0], NOW).threshold == 1


@pytest.mark.parametrize("signer", [BY_KEY, KEYLESS])
def test_an_age_is_counted_back_from_now(signer: dict[str, Any]) -> None:
    aged = own({**signer, "maxAge": "30d"}).authorities[0]
    assert build_image_policy(aged, NOW).window == KeyWindow(NOW - timedelta(days=30))
    assert build_image_policy(own(signer).authorities[0], NOW).window is None


def test_a_key_counts_in_its_window() -> None:
    timed = own({"key": {"data": PEM, "validFrom": "2026-01-01T00:00:00Z"}}).authorities[0]
    window = KeyWindow(datetime(2026, 1, 1, tzinfo=UTC))
    assert build_image_policy(timed, NOW).windows == {KEY.public_key: window}
    assert build_image_policy(own(BY_KEY).authorities[0], NOW).windows == {}


def test_what_is_denied_is_denied_to_each_authority() -> None:
    denying = own(BY_KEY, KEYLESS, deny=[{"identity": {"subject": "eve"}}])
    assert [build_image_policy(each, NOW).deny for each in denying.authorities] == [denying.deny.signatures] * 2
