"""What is asked of workers: once for all who ask the same, and kept for those who ask later."""

import asyncio
import logging
import time
from collections.abc import Iterator
from typing import Final

from cosignpy.core.encoding import JsonObject
from cosignpy.errors import CosignError, DeadlineExceeded
from cosignpy.imagepolicy.decision import Outcome
from cosignpy.imagepolicy.evidence_errors import parse_error
from cosignpy.values import record, replace, value
from cosignpy.webhook.engine.cache import KeptVerdict, VerdictCache, VerdictKey
from cosignpy.webhook.engine.flights import Flight, Flights
from cosignpy.webhook.engine.matching import Group
from cosignpy.webhook.engine.messages import Decide, Decided, Found, Lent, Resolve, Runs
from cosignpy.webhook.engine.names import ImageName
from cosignpy.webhook.engine.pool import Pool
from cosignpy.webhook.engine.settle import in_grace, read_decided, refuse
from cosignpy.webhook.engine.trust import DefaultTrust
from cosignpy.webhook.engine.turns import Turns
from cosignpy.webhook.live_settings import LiveSettings
from cosignpy.webhook.verdicts import Cause, ImageQuestion, ImageVerdict, Kept

MARGIN: Final = 0.2
"""Seconds before a deadline at which workers have to be done: their answer is on its way then."""
SAME_TAG_SECONDS: Final = 1.0
"""For how long a tag is taken for what it was: for the containers of one pod, and the pods of one deployment."""
MOST_TAGS: Final = 1000
RENEWAL_SECONDS: Final = 10.0
"""For deciding anew what is still known."""
AWAY: Final = "its registry cannot be reached"

_LOG: Final = logging.getLogger(__name__)


@record
class _Landed:
    """What came of a question, and whether that is only since a registry is away."""

    verdict: ImageVerdict
    is_away: bool


@value
class Asking:
    """What is asked of a worker, and what the answer is kept by."""

    name: ImageName
    group: Group
    key: VerdictKey
    inputs: bytes
    live: LiveSettings
    lent: tuple[Lent, ...] = ()


class Anew:
    """Asks workers; verdicts go into the cache, unless who is believed has changed meanwhile."""

    def __init__(
        self, pool: Pool, turns: Turns, cache: VerdictCache, trust: DefaultTrust, numbers: Iterator[int]
    ) -> None:
        self._pool = pool
        self._turns = turns
        self._cache = cache
        self._trust = trust
        self._flights: Flights[_Landed] = Flights(numbers, self._put_off)
        self._looks: Flights[str] = Flights(numbers, self._put_off)
        self._renewals: set[asyncio.Task[None]] = set()
        self._tags: dict[tuple[str, ...], tuple[str, float]] = {}

    def __len__(self) -> int:
        return len(self._flights) + len(self._looks)

    async def stop(self) -> None:
        """End what is under way."""
        for task in self._renewals:
            task.cancel()
        await self._flights.stop()
        await self._looks.stop()

    def begin(self, question: ImageQuestion, asking: Asking) -> None:
        """Begin to decide anew what was decided before, without waiting for it; what comes of it is kept."""
        put_off = replace(question, deadline=time.monotonic() + RENEWAL_SECONDS)
        task = asyncio.get_running_loop().create_task(self._try(put_off, asking))
        self._renewals.add(task)
        task.add_done_callback(self._renewals.discard)

    async def _try(self, question: ImageQuestion, asking: Asking) -> None:
        try:
            await self.decide(question, asking)
        except CosignError as error:
            _LOG.warning("%s is not decided anew yet: %s", question.image, error)

    async def resolve(self, question: ImageQuestion, name: ImageName, live: LiveSettings) -> str:
        """Return the digest that a tag names, at most a second ago.

        Raises:
            DeadlineExceeded: There was no time.
            CosignError: It cannot be had.
        """
        key = (name.name, question.credentials.identity, *live.allowed_registries)
        known = self._tags.get(key)
        if known is not None and time.monotonic() < known[1]:
            return known[0]
        if key not in self._looks:
            self._turns.enter(question.namespace)
        found = await self._looks.join(key, question.deadline, lambda flight: self._look(flight, name, question, live))
        if found is None:
            raise DeadlineExceeded(0, "the registry is slow; try again")
        if len(self._tags) >= MOST_TAGS:
            self._tags.clear()
        self._tags[key] = found, time.monotonic() + SAME_TAG_SECONDS
        return found

    async def decide(self, question: ImageQuestion, asking: Asking) -> ImageVerdict:
        """Ask a worker, or wait for who does; where a registry is away, what was decided before counts.

        Raises:
            Overloaded: There are too many questions.
            WorkerLost: The workers died.
            CosignError: The question cannot be asked.
        """
        key = (asking.key, question.credentials.identity)
        if key not in self._flights:
            self._turns.enter(question.namespace)
        landed = await self._flights.join(key, question.deadline, lambda flight: self._fly(flight, question, asking))
        if landed is not None and not landed.is_away:
            verdict = landed.verdict
            return verdict if verdict.image == question.image else replace(verdict, image=question.image)
        why = AWAY if landed is None else landed.verdict.problem or AWAY
        kept = self._cache.find_grace(asking.key)
        if kept is not None and asking.live.grace_period:
            return in_grace(kept.verdict, question.image, why)
        if landed is not None:
            return replace(landed.verdict, image=question.image)
        problem = "not decided in time: the registry is slow, or the webhook has too much to do; try again"
        return refuse(question.image, asking.name.digest, Cause.TIMEOUT, problem)

    async def _fly(self, flight: Flight[_Landed], question: ImageQuestion, asking: Asking) -> _Landed:
        name, live = asking.name, asking.live
        async with self._turns.turn(question.namespace):
            asked = Decide(
                flight.number,
                name.name,
                name.full_name,
                name.repository,
                name.digest,
                tuple([each.version for each in asking.group.policies]),
                _runs(question, asking.inputs),
                question.credentials.docker_config,
                question.credentials.identity,
                live.allowed_registries,
                flight.deadline - MARGIN,
                live.verdict_lifetime.total_seconds(),
                live.grace_period.total_seconds(),
                asking.lent,
            )
            decided = await self._pool.ask(asked, asking.group.policies, flight.latest)
        assert isinstance(decided, Decided)  # noqa: S101 # as it was asked
        verdict = read_decided(decided, asking.group, question.image, name.digest)
        self._keep(question, asking, decided, verdict)
        return _Landed(verdict, decided.is_away)

    def _keep(self, question: ImageQuestion, asking: Asking, decided: Decided, verdict: ImageVerdict) -> None:
        """Keep a verdict, unless who is believed has changed meanwhile."""
        key, identity = asking.key, question.credentials.identity
        if asking.group.believes and self._trust.version != key.trust:
            return
        if decided.cause == Cause.POLICY and not decided.is_away:
            self._cache.withdraw(key)
        if not decided.is_kept:
            return
        made, kept = decided.moment, replace(verdict, kept=Kept.REMEMBERED)
        if verdict.outcome is Outcome.PASSED:
            until = made + decided.lifetime
            self._cache.keep(key, identity, KeptVerdict(kept, made, until, until + decided.grace))
        else:
            self._cache.keep(
                key, identity, KeptVerdict(kept, made, made + asking.live.refusal_lifetime.total_seconds())
            )

    async def _look(self, flight: Flight[str], name: ImageName, question: ImageQuestion, live: LiveSettings) -> str:
        async with self._turns.turn(question.namespace):
            asked = Resolve(
                flight.number,
                name.repository,
                name.tag,
                question.credentials.docker_config,
                question.credentials.identity,
                live.allowed_registries,
                flight.deadline - MARGIN,
            )
            found = await self._pool.ask(asked, (), flight.latest)
        return read_content(found).decode()

    def _put_off(self, number: int, deadline: float) -> None:
        self._pool.extend(number, deadline - MARGIN)


def read_content(found: object) -> bytes:
    """Return what was found.

    Raises:
        CosignError: It was not.
    """
    assert isinstance(found, Found)  # noqa: S101 # as it was asked
    if found.error:
        raise parse_error(JsonObject.parse(found.error, what="answer of a worker"))
    return found.content


def _runs(question: ImageQuestion, inputs: bytes) -> Runs:
    workload = question.workload
    return Runs(workload.group, workload.version, workload.resource, dict(workload.labels), inputs)
