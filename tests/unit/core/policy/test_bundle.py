"""Policies over bundles: nothing is demanded by leaving it out."""

import pytest

from cosignpy.core.policy.bundle import MAX_RULES, SignedByIdentity, SignedByKey
from cosignpy.core.policy.key_window import KeyWindow
from cosignpy.core.policy.transparency import RequireLog, RequireSct, RequireSignedTime, RequireTime
from cosignpy.errors import UsageError
from tests.support.certificates import START
from tests.support.virtual_sigstore import ALICE, LEAF_KEY, USER_KEY


def test_somebody_has_to_be_named() -> None:
    with pytest.raises(UsageError):
        SignedByKey(())
    with pytest.raises(UsageError):
        SignedByIdentity(())


@pytest.mark.parametrize("rule", [RequireLog, RequireTime, RequireSignedTime, RequireSct])
def test_a_threshold_of_nothing_is_refused(
    rule: type[RequireLog | RequireTime | RequireSignedTime | RequireSct],
) -> None:
    assert rule().threshold == 1
    with pytest.raises(UsageError):
        rule(0)


def test_there_is_a_limit_to_identities() -> None:
    assert len(SignedByIdentity((ALICE,) * MAX_RULES).rules) == MAX_RULES
    with pytest.raises(UsageError, match="at most 100"):
        SignedByIdentity((ALICE,) * (MAX_RULES + 1))


def test_a_time_is_for_a_key_that_may_have_signed() -> None:
    window = KeyWindow(START)
    assert SignedByKey((USER_KEY.public_key,), {USER_KEY.public_key: window}).windows
    with pytest.raises(UsageError, match="not one to verify with"):
        SignedByKey((USER_KEY.public_key,), {LEAF_KEY.public_key: window})


def test_times_and_scts_are_demanded_unless_waived() -> None:
    assert SignedByIdentity((ALICE,)) == SignedByIdentity((ALICE,), RequireTime(1), RequireSct(1))
