"""Deciding over images from the event loop: `ports.Decider`.

What was decided before is answered at once, without waiting for anything. Everything else is asked of a worker, once
for all who ask the same at that time. Whatever goes wrong is a verdict that refuses.
"""

import itertools
import logging
import time
from collections.abc import Awaitable, Callable, Sequence
from typing import Final, TypeAlias

from cosignpy.errors import CosignError, MalformedError
from cosignpy.values import replace, value
from cosignpy.webhook.engine.anew import Anew, Asking, read_content
from cosignpy.webhook.engine.cache import VerdictCache, VerdictKey
from cosignpy.webhook.engine.cache_file import CacheFile
from cosignpy.webhook.engine.causes import cause_of
from cosignpy.webhook.engine.matching import Group, Matcher, digest_parts, select_parts
from cosignpy.webhook.engine.messages import Lent, Renew, Setup
from cosignpy.webhook.engine.names import read_name
from cosignpy.webhook.engine.pool import Known, Pool, Spawn, WorkerLost, spawn_worker
from cosignpy.webhook.engine.said import BROKEN, explain_error
from cosignpy.webhook.engine.saving import Saving
from cosignpy.webhook.engine.settings import EngineSettings
from cosignpy.webhook.engine.settle import add_preface, preface, refuse, settle
from cosignpy.webhook.engine.trust import DefaultTrust
from cosignpy.webhook.engine.turns import Overloaded, Turns
from cosignpy.webhook.live_settings import LiveSettings
from cosignpy.webhook.ports import Policies
from cosignpy.webhook.verdicts import Cause, ImageQuestion, ImageVerdict, PullCredentials

RENEWAL_SECONDS: Final = 90.0
"""For asking a mirror for a trusted root."""

NOBODYS: Final = "[]"
"""Docker's configuration where the Secrets that a policy names are not there: nobody else's are used for them."""

_LOG: Final = logging.getLogger(__name__)


Lend: TypeAlias = Callable[[str, Sequence[str]], Awaitable[PullCredentials]]
"""Returns what Secrets of a namespace have, by their names; raises CosignErrors."""


@value
class EnginePorts:
    """What the engine needs of the world: processes, the time in seconds of the calendar, and Secrets of policies."""

    spawn: Spawn = spawn_worker
    wall: Callable[[], float] = time.time
    lend: Lend | None = None


class Engine:
    """Decides over images by the policies that are in force.

    `policies` knows them, and `live` returns the settings that count now.
    """

    def __init__(
        self,
        policies: Policies,
        live: Callable[[], LiveSettings],
        settings: EngineSettings,
        ports: EnginePorts | None = None,
    ) -> None:
        self._policies = policies
        self._live = live
        self._settings = settings
        self._ports = ports or EnginePorts()
        self._numbers = itertools.count(1)
        self._matcher = Matcher(policies.current())
        self._cache = VerdictCache(settings.most_verdicts, self._ports.wall)
        disabled = settings.trust.disabled
        self.trust = DefaultTrust(None if disabled else self._renew)
        self._pool = Pool(settings.workers, Known(_setup(settings), self.trust.current), self._ports.spawn)
        turns = Turns(settings.most_waiting, settings.workers * settings.threads)
        self._anew = Anew(self._pool, turns, self._cache, self.trust, self._numbers)
        self._saving: Saving | None = None

    @property
    def pool(self) -> Pool:
        """The workers."""
        return self._pool

    @property
    def is_ready(self) -> bool:
        """Whether somebody can be asked."""
        return self._pool.running > 0

    def numbers(self) -> dict[str, int]:
        """Return what metrics are made of."""
        return {
            "verdicts": len(self._cache),
            "under_way": len(self._anew),
            "workers": self._pool.running,
            "worker_deaths": self._pool.deaths,
        }

    async def start(self) -> None:
        """Start the workers, read what is kept in the file, and begin to renew the default trusted root.

        Raises:
            UsageError: Verdicts are to be kept in a file, and there is no secret for it.
        """
        settings = self._settings
        if settings.cache_file is not None:
            file = CacheFile(settings.cache_file, settings.cache_key)
            self._saving = Saving(file, self._cache, settings.most_verdicts)
            await self._saving.start()
        await self._pool.start()
        self.trust.start()

    async def stop(self) -> None:
        """End everything that was started; what is under way is not answered."""
        await self.trust.stop()
        await self._anew.stop()
        await self._pool.stop()
        if self._saving is not None:
            await self._saving.stop()

    async def decide(self, question: ImageQuestion) -> ImageVerdict:
        """Decide over an image that is named by a digest. What goes wrong is in the verdict, which refuses."""
        try:
            return await self._decide(question)
        except Overloaded as error:
            return refuse(question.image, "", Cause.OVERLOADED, str(error))
        except WorkerLost as error:
            return refuse(question.image, "", Cause.TIMEOUT, f"could not decide: {error}; try again")
        except CosignError as error:
            cause = Cause.IMAGE_NAME if isinstance(error, MalformedError) else cause_of(error)
            return refuse(question.image, "", cause, explain_error(error))
        except Exception:  # noqa: BLE001 # a bug of ours must not end in an admission
            _LOG.exception("deciding over %s failed", question.image)
            return refuse(question.image, "", Cause.CONFIGURATION, BROKEN)

    async def resolve(self, question: ImageQuestion) -> str:
        """Return the digest that a tag names, at most a second ago; of the octets that were fetched.

        Raises:
            MalformedError: The image has the name of nothing.
            DeadlineExceeded: There was no time.
            CosignError: It cannot be had.
        """
        live = self._live()
        name = read_name(question.image, live.verdicts)
        if name.digest:
            return name.digest
        return await self._anew.resolve(question, name, live)

    async def _decide(self, question: ImageQuestion) -> ImageVerdict:
        live, image = self._live(), question.image
        name = read_name(image, live.verdicts)
        group = self._matching().find(name, question.namespace, question.workload)
        before = preface(group, image, live)
        settled = settle(group, name, image, before)
        if settled is not None:
            return settled
        inputs = select_parts(question.workload, group.parts)
        trust = self.trust.version if group.believes else ""
        allowed = live.allowed_registries
        decisive = " ".join((live.verdicts, *allowed)) if allowed else live.verdicts
        question, lent = await self._borrow(question, group)
        key = VerdictKey(name.name, group.version, trust, digest_parts(inputs), decisive)
        kept = self._cache.find(key, question.credentials.identity)
        if kept is None:
            verdict = await self._anew.decide(question, Asking(name, group, key, inputs, live, lent))
        else:
            verdict = kept.verdict if kept.verdict.image == image else replace(kept.verdict, image=image)
            if self._cache.is_due(kept):
                self._anew.begin(question, Asking(name, group, key, inputs, live, lent))
        return add_preface(before, verdict)

    async def _borrow(self, question: ImageQuestion, group: Group) -> tuple[ImageQuestion, tuple[Lent, ...]]:
        """Return what signatures are fetched with where policies name Secrets; who asks is told apart by them too."""
        if not group.pull_secrets or self._ports.lend is None:
            return question, ()
        found = [await self._ports.lend(question.namespace, names) for names in group.pull_secrets]
        asker = question.credentials
        identity = " ".join((asker.identity, *[each.identity for each in found]))
        lent = [
            Lent(names, each.docker_config or NOBODYS) for names, each in zip(group.pull_secrets, found, strict=True)
        ]
        return replace(question, credentials=replace(asker, identity=identity)), tuple(lent)

    async def _renew(self) -> bytes:
        """Have a worker renew the default trusted root: what that takes is imported there."""
        trust, deadline = self._settings.trust, time.monotonic() + RENEWAL_SECONDS
        folder = "" if trust.folder is None else str(trust.folder)
        asked = Renew(next(self._numbers), trust.mirror, trust.root or b"", trust.root is not None, folder, deadline)
        return read_content(await self._pool.ask(asked, (), lambda: deadline))

    def _matching(self) -> Matcher:
        """Return the policies as they are now; workers forget those that are gone."""
        snapshot, former = self._policies.current(), self._matcher
        if snapshot is not former.snapshot:
            self._matcher = Matcher(snapshot)
            gone = {each.version for each in former.snapshot.policies} - {each.version for each in snapshot.policies}
            self._pool.forget(gone)
        return self._matcher


def _setup(settings: EngineSettings) -> Setup:
    reach, workers = settings.registries, settings.workers
    return Setup(
        settings.threads,
        settings.memory,
        reach.cacert,
        reach.plain_http,
        reach.allow_local,
        reach.allow_private,
        reach.cloud,
        max(1, reach.at_once // workers),
        max(1, reach.at_once_each // workers),
    )
