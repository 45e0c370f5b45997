"""Policies over bundles: nothing is demanded by leaving it out."""

import pytest

from cosignpy.core.policy.bundle import SignedByIdentity, SignedByKey
from cosignpy.core.policy.transparency import RequireLog, RequireSct, RequireSignedTime, RequireTime
from cosignpy.errors import UsageError
from tests.support.virtual_sigstore import ALICE


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


def test_times_and_scts_are_demanded_unless_waived() -> None:
    assert SignedByIdentity((ALICE,)) == SignedByIdentity((ALICE,), RequireTime(1), RequireSct(1))
