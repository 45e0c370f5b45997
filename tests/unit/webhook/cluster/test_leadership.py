"""Leader election by a Lease: one leads, another takes over in time, and at once where the first lets go."""

import asyncio
from typing import Any, Final

import pytest

from cosignpy.errors import ClusterError
from cosignpy.webhook.cluster.leadership import Candidate, LeaseElection, Timing
from cosignpy.webhook.kinds import LEASE
from tests.support.memory_cluster import MemoryCluster, Replica
from tests.support.virtual_time import run

NAMESPACE: Final = "cosign-system"
NAME: Final = "webhook"
TIMING: Final = Timing()
STEP: Final = 0.1
"""Seconds: as long as a request and the watch may take together."""


class Contest:
    """Candidates for one Lease, and who was told what."""

    def __init__(self) -> None:
        self.cluster = MemoryCluster()
        self.told: list[tuple[str, bool]] = []

    def enter(self, identity: str, offset: float = 0.0) -> tuple[LeaseElection, Replica]:
        """Let somebody compete whose clock is so many seconds ahead."""
        loop = asyncio.get_running_loop()
        replica = self.cluster.replica()
        candidate = Candidate(NAMESPACE, NAME, identity)
        election = LeaseElection(replica, candidate, clock=lambda: loop.time() + offset)
        election.on_change(lambda leads: self.told.append((identity, leads)))
        election.start()
        return election, replica

    @property
    def spec(self) -> dict[str, Any]:
        found: dict[str, Any] = self.cluster.objects[LEASE, NAMESPACE, NAME]["spec"]
        return found


def leads(election: LeaseElection) -> bool:
    """Ask each time anew."""
    return election.is_leader


def test_the_first_leads_and_the_second_waits_without_asking() -> None:
    async def main() -> None:
        contest = Contest()
        first, _ = contest.enter("first")
        await asyncio.sleep(STEP)
        second, waiting = contest.enter("second")
        await asyncio.sleep(300)
        assert (first.is_leader, second.is_leader) == (True, False)
        assert contest.told == [("first", True)]
        assert list(waiting.asked) == ["get leases"]
        assert contest.spec["holderIdentity"] == "first"
        assert (contest.spec["leaseDurationSeconds"], contest.spec["leaseTransitions"]) == (15, 0)
        assert contest.spec["acquireTime"] < contest.spec["renewTime"]
        await first.close()
        await second.close()

    run(main())


def test_two_that_start_at_once_do_not_both_lead() -> None:
    async def main() -> None:
        contest = Contest()
        both = [contest.enter("first")[0], contest.enter("second")[0]]
        await asyncio.sleep(60)
        assert [one.is_leader for one in both].count(True) == 1
        assert len(contest.told) == 1
        for one in both:
            await one.close()

    run(main())


def test_a_successor_takes_over_at_once_where_the_leader_lets_go() -> None:
    async def main() -> None:
        contest = Contest()
        first, _ = contest.enter("first")
        await asyncio.sleep(STEP)
        second, _ = contest.enter("second")
        await asyncio.sleep(5)
        await first.close()
        await asyncio.sleep(STEP)
        assert (first.is_leader, second.is_leader) == (False, True)
        assert contest.told == [("first", True), ("first", False), ("second", True)]
        assert (contest.spec["holderIdentity"], contest.spec["leaseTransitions"]) == ("second", 1)
        await second.close()

    run(main())


@pytest.mark.parametrize("offset", [-1e6, 0.0, 1e6])
def test_a_leader_that_is_gone_is_succeeded_after_the_duration_of_its_lease(offset: float) -> None:
    """However wrong the clocks are: what the record says of the time is not read."""

    async def main() -> None:
        contest = Contest()
        first, gone = contest.enter("first")
        await asyncio.sleep(STEP)
        second, _ = contest.enter("second", offset)
        await asyncio.sleep(5)
        gone.hangs = True
        await asyncio.sleep(TIMING.lease - TIMING.retry - STEP)
        assert not leads(second)
        await asyncio.sleep(TIMING.retry + 2 * STEP)
        assert (first.is_leader, second.is_leader) == (False, True)
        await second.close()
        await first._tasks.close()  # it was killed

    run(main())


def test_a_leader_that_cannot_renew_steps_down_before_others_may_lead() -> None:
    async def main() -> None:
        contest = Contest()
        first, replica = contest.enter("first")
        await asyncio.sleep(STEP)
        replica.is_cut_off = True
        await asyncio.sleep(TIMING.give_up + TIMING.retry)
        assert not leads(first)
        assert contest.told == [("first", True), ("first", False)]
        replica.is_cut_off = False
        await asyncio.sleep(TIMING.lease)
        assert leads(first)
        await first.close()

    run(main())


def test_a_renewal_without_an_answer_is_tried_again_in_time() -> None:
    async def main() -> None:
        contest = Contest()
        first, replica = contest.enter("first")
        await asyncio.sleep(STEP)
        replica.hangs = True
        await asyncio.sleep(TIMING.retry + STEP)
        replica.hangs = False
        await asyncio.sleep(60)
        assert leads(first)
        assert contest.told == [("first", True)]
        await first.close()

    run(main())


def test_a_leader_whose_process_stood_still_knows_that_it_does_not_lead_any_more() -> None:
    async def main() -> None:
        contest = Contest()
        election, replica = contest.enter("first")
        await asyncio.sleep(STEP)
        replica.hangs = True
        await asyncio.sleep(TIMING.give_up - 2 * STEP)
        assert leads(election)
        asyncio.get_running_loop()._impatient.passed += 1  # type: ignore[attr-defined] # nothing ran meanwhile
        assert not leads(election)
        await election._tasks.close()  # it was killed

    run(main())


def test_a_lease_that_somebody_took_is_not_taken_back() -> None:
    async def main() -> None:
        contest = Contest()
        first, _ = contest.enter("first")
        await asyncio.sleep(STEP)
        stored = contest.cluster.objects[LEASE, NAMESPACE, NAME]
        contest.cluster.store(LEASE, NAMESPACE, {**stored, "spec": contest.spec | {"holderIdentity": "other"}})
        await asyncio.sleep(TIMING.retry + STEP)
        assert not leads(first)
        assert contest.spec["holderIdentity"] == "other"
        await first.close()
        assert contest.spec["holderIdentity"] == "other"

    run(main())


def test_a_lease_that_somebody_deleted_is_made_again() -> None:
    async def main() -> None:
        contest = Contest()
        first, _ = contest.enter("first")
        await asyncio.sleep(STEP)
        contest.cluster.remove(LEASE, NAMESPACE, NAME)
        await asyncio.sleep(2 * TIMING.retry + STEP)
        assert leads(first)
        assert contest.spec["holderIdentity"] == "first"
        assert contest.told == [("first", True)]
        await first.close()

    run(main())


def test_an_empty_lease_is_taken() -> None:
    async def main() -> None:
        contest = Contest()
        contest.cluster.store(LEASE, NAMESPACE, {"metadata": {"name": NAME}})
        first, _ = contest.enter("first")
        await asyncio.sleep(STEP)
        assert leads(first)
        await first.close()
        assert contest.spec["holderIdentity"] == ""

    run(main())


def test_a_lease_that_claims_for_ever_is_succeeded_after_an_hour() -> None:
    async def main() -> None:
        contest = Contest()
        spec = {"holderIdentity": "gone", "leaseDurationSeconds": 10**9}
        contest.cluster.store(LEASE, NAMESPACE, {"metadata": {"name": NAME}, "spec": spec})
        first, _ = contest.enter("first")
        await asyncio.sleep(3600 - STEP)
        assert not leads(first)
        await asyncio.sleep(2 * STEP)
        assert leads(first)
        await first.close()

    run(main())


def test_a_cluster_that_is_away_at_first_is_asked_again() -> None:
    async def main() -> None:
        contest = Contest()
        first, replica = contest.enter("first")
        replica.is_cut_off = True
        await asyncio.sleep(60)
        assert not leads(first)
        replica.is_cut_off = False
        await asyncio.sleep(TIMING.retry + STEP)
        assert leads(first)
        replica.is_cut_off = True
        await first.close()  # nothing is raised; a successor has to wait
        assert contest.spec["holderIdentity"] == "first"

    run(main())


def test_a_change_at_the_end_does_not_keep_a_candidate_from_ending() -> None:
    async def main() -> None:
        contest = Contest()
        first, _ = contest.enter("first")
        await asyncio.sleep(STEP)
        first._changed.set()
        async with asyncio.timeout(1):
            await first.close()

    run(main())


def test_a_candidate_that_never_began_is_closed() -> None:
    async def main() -> None:
        await LeaseElection(MemoryCluster().replica(), Candidate(NAMESPACE, NAME, "first")).close()

    run(main())


def test_a_lease_that_was_taken_at_the_last_moment_is_not_released() -> None:
    async def main() -> None:
        contest = Contest()
        first, _ = contest.enter("first")
        await asyncio.sleep(STEP)
        stored = contest.cluster.objects[LEASE, NAMESPACE, NAME]
        contest.cluster.store(LEASE, NAMESPACE, {**stored, "spec": contest.spec | {"holderIdentity": "other"}})
        await first.close()
        assert contest.spec["holderIdentity"] == "other"
        assert not leads(first)

    run(main())


def test_nobody_is_told_of_a_lease_that_comes_back_to_its_holder() -> None:
    """The leader was cut off until just before it would have given up."""

    async def main() -> None:
        contest = Contest()
        first, replica = contest.enter("first")
        await asyncio.sleep(STEP)
        replica.is_cut_off = True
        await asyncio.sleep(TIMING.give_up - TIMING.retry - STEP)
        replica.is_cut_off = False
        await asyncio.sleep(60)
        assert contest.told == [("first", True)]
        await first.close()

    run(main())


def test_a_mistake_of_ours_ends_it_and_shows() -> None:
    async def main() -> None:
        contest = Contest()
        contest.cluster.store(LEASE, NAMESPACE, {"metadata": {"name": NAME}, "spec": {"holderIdentity": "x"}})
        contest.cluster.objects[LEASE, NAMESPACE, NAME]["spec"]["leaseDurationSeconds"] = "no number"
        first, _ = contest.enter("first")
        with pytest.raises(TypeError):
            await first.watch_over()
        await first.close()

    run(main())


def test_what_keeps_it_from_leading_is_told_once_with_what_to_do(caplog: pytest.LogCaptureFixture) -> None:
    async def main() -> None:
        contest = Contest()
        first, replica = contest.enter("first")
        missing = ClusterError("create leases", "https://cluster.example", "forbidden", 403, hint="allow it")
        replica.refused["create", LEASE] = missing
        await asyncio.sleep(60)
        assert [each for each in caplog.messages if "leadership" in each] == [
            f"cannot compete for leadership: {missing} (allow it)"
        ]
        del replica.refused["create", LEASE]
        await asyncio.sleep(TIMING.retry + STEP)
        assert leads(first)
        await first.close()

    run(main())
