"""Which verdicts are remembered, for how long, and by whom."""

from datetime import UTC, datetime

from cosignpy.imagepolicy.decision import Outcome
from cosignpy.webhook.engine import cache
from cosignpy.webhook.engine.cache import KeptVerdict, VerdictCache, VerdictKey
from cosignpy.webhook.verdicts import ImageVerdict

KEY = VerdictKey("registry.example/app@sha256:aa", "policies")


class Wall:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def kept(outcome: Outcome = Outcome.PASSED, until: float = 1100.0, grace: float = 1200.0) -> KeptVerdict:
    verdict = ImageVerdict(KEY.image, "sha256:aa", outcome, decided_at=datetime.fromtimestamp(1000, UTC))
    return KeptVerdict(verdict, 1000.0, until, grace)


def test_a_verdict_counts_for_its_time_and_not_before_it_was_made() -> None:
    wall = Wall()
    known, passed = VerdictCache(10, wall), kept()
    known.keep(KEY, "", passed)
    found = []
    for now in (999.0, 1000.0, 1099.9, 1100.0):
        wall.now = now
        found.append(known.find(KEY, "somebody") is passed)
    assert found == [False, True, True, False]


def test_whatever_differs_is_another_question() -> None:
    known = VerdictCache(10, Wall())
    known.keep(KEY, "", kept())
    others = [KEY._replace(**{name: "other"}) for name in KEY._fields]
    assert [known.find(each, "") for each in others] == [None] * 5
    assert len({each.digest() for each in (KEY, *others)}) == 6


def test_a_refusal_counts_for_the_same_credentials_only() -> None:
    known, refused = VerdictCache(10, Wall()), kept(Outcome.REFUSED)
    known.keep(KEY, "alice", refused)
    assert (known.find(KEY, "alice"), known.find(KEY, "bob"), known.find_grace(KEY)) == (refused, None, None)


def test_what_passes_takes_the_place_of_a_refusal() -> None:
    known, passed = VerdictCache(10, Wall()), kept()
    known.keep(KEY, "alice", kept(Outcome.REFUSED))
    known.keep(KEY, "alice", passed)
    assert (known.find(KEY, "alice"), len(known)) == (passed, 1)


def test_there_is_grace_until_somebody_looked() -> None:
    wall = Wall()
    known, passed = VerdictCache(10, wall), kept()
    known.keep(KEY, "", passed)
    wall.now = 1150.0
    assert known.find_grace(KEY) is passed
    known.withdraw(KEY)
    known.withdraw(KEY)
    assert known.find_grace(KEY) is None


def test_what_nobody_asked_for_the_longest_is_forgotten() -> None:
    known = VerdictCache(2, Wall())
    first, second, third = (KEY._replace(policies=each) for each in "abc")
    known.keep(first, "", kept())
    known.keep(second, "", kept())
    assert known.find(first, "") is not None
    known.keep(third, "", kept())
    assert [known.find(each, "") is not None for each in (first, second, third)] == [True, False, True]


def test_refusals_push_nothing_else_out() -> None:
    known = VerdictCache(1, Wall())
    known.keep(KEY, "", kept())
    for number in range(cache.MOST_REFUSALS + 5):
        known.keep(KEY._replace(policies=str(number)), "", kept(Outcome.REFUSED))
    assert len(known) == cache.MOST_REFUSALS + 1
    assert known.find(KEY, "") is not None


def test_verdicts_of_a_former_run_are_found_by_the_digests_of_keys() -> None:
    wall = Wall()
    known, passed = VerdictCache(10, wall), kept()
    other = KEY._replace(trust="other")
    known.restore({KEY.digest(): passed, other.digest(): passed, "old": kept(until=900, grace=0)})
    assert known.find(KEY._replace(trust="third"), "") is None
    assert known.find(KEY, "") is passed
    assert known.passed() == [(KEY, passed), (other.digest(), passed)]
    wall.now = 1201.0
    assert known.passed() == []
