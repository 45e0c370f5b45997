"""Keeping certificates: every replica serves with what the Secret has; the leader renews it, and fills the bundles."""

import asyncio
import logging
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from typing import Final

from cosignpy.errors import AlreadyThere, Conflict, CosignError
from cosignpy.serving.tls_reload import ReloadingContext
from cosignpy.values import field, value
from cosignpy.webhook.certificates.bundles import Bundles
from cosignpy.webhook.certificates.filling import BundleFilling
from cosignpy.webhook.certificates.kept import KEYS, Kept
from cosignpy.webhook.certificates.serving_file import ServingFile
from cosignpy.webhook.certificates.steps import SETTLING, next_moment, next_step, prepare
from cosignpy.webhook.kinds import SECRET
from cosignpy.webhook.lasting import LastingTasks
from cosignpy.webhook.ports import ClusterApi, Leadership, Object, ObjectCache

RETRY_SECONDS: Final = 2.0
"""After something failed, or for a change of ours to come back by a watch."""
REFUSED_SECONDS: Final = 10.0
"""After a bundle could not be filled; somebody has to allow it first, mostly."""
LONGEST_SECONDS: Final = 6 * 3600.0
"""Clocks are set; so long at most the keeper believes that nothing is due."""

_LOG: Final = logging.getLogger(__name__)


def _now() -> datetime:
    return datetime.now(UTC)


@value
class Place:
    """Where certificates are kept, for which names and addresses, and who is told of the authorities."""

    namespace: str
    secret: str = "webhook-certs"  # noqa: S105 - the name of an object
    names: tuple[str, ...] = ()
    bundles: Bundles = field(default_factory=Bundles)


def service_names(service: str, namespace: str, domain: str = "cluster.local") -> tuple[str, ...]:
    """Return the names of a Service: API servers use that with `.svc`, people the others."""
    return (f"{service}.{namespace}.svc", service, f"{service}.{namespace}", f"{service}.{namespace}.svc.{domain}")


class CertificateKeeper:
    """Started and closed in one event loop. `problem` says what keeps it from its work."""

    def __init__(
        self,
        api: ClusterApi,
        leadership: Leadership,
        place: Place,
        file: ServingFile,
        clock: Callable[[], datetime] = _now,
    ) -> None:
        self._api = api
        self._leadership = leadership
        self._place = place
        self._file = file
        self._clock = clock
        self._kept: Kept | None = None
        self._parsed: tuple[Object | None, Kept | None] = (None, None)
        self._filling = BundleFilling(api, place.bundles, self._look)
        self._wake = asyncio.Event()
        self._context = asyncio.get_running_loop().create_future()
        self._tasks = LastingTasks()
        self.problem = ""

    @property
    def expires_at(self) -> datetime | None:
        """The end of the certificate that is served with."""
        return self._file.served.certificate.not_after if self._file.served else None

    def start(self) -> None:
        """Begin."""
        self._tasks.start("certificates", self._run())

    async def watch_over(self) -> None:
        """Wait until keeping ends by a mistake of ours, and raise that."""
        await self._tasks.watch_over()

    async def context(self) -> ReloadingContext:
        """Return what to serve TLS with, as soon as there is a certificate; it follows all later ones."""
        return await asyncio.shield(self._context)

    async def close(self) -> None:
        """Stop."""
        await self._tasks.close()
        self._file.close()

    def _look(self, *_: object) -> None:
        self._wake.set()

    async def _run(self) -> None:
        place = self._place
        secrets = self._api.watch(SECRET, place.namespace, fields=f"metadata.name={place.secret}")
        secrets.on_change(self._look)
        self._leadership.on_change(self._look)
        while True:
            self._wake.clear()
            pause = RETRY_SECONDS
            try:
                pause = await self._turn(secrets)
            except (Conflict, AlreadyThere):
                pause = RETRY_SECONDS / 10
            except CosignError as error:
                self._complain(f"{error}{f'; {error.hint}' if error.hint else ''}")
            with suppress(TimeoutError):
                async with asyncio.timeout(pause):
                    await self._wake.wait()

    async def _turn(self, secrets: ObjectCache) -> float:
        """Serve with what there is; the leader goes one step on. Return in how many seconds to look again."""
        secret = await self._read(secrets)
        kept = self._parse(secret)
        if kept is None:
            if self._leadership.is_leader or (self._kept is None and not self.problem):
                await self._write(secret, self._restore())
            return RETRY_SECONDS
        self._kept = kept
        context = self._file.serve(kept.server)
        if not self._context.done():
            self._context.set_result(context)
        fault = kept.fault(self._place.names, self._clock())
        if self._leadership.is_leader:
            return await self._lead(secret, kept, fault)
        self._complain(fault)
        return LONGEST_SECONDS

    async def _lead(self, secret: Object | None, kept: Kept, fault: str) -> float:
        settled = await self._filling.fill(kept.bundle, self._clock())
        self._complain(self._filling.problem or fault)
        now = self._clock()
        step = next_step(kept, self._place.names, now, settled)
        if step != kept:
            if step.authority == kept.authority or await self._filling.is_complete(kept.bundle):
                await self._write(secret, step)
            return RETRY_SECONDS
        if settled is None:
            return REFUSED_SECONDS if self._filling.problem else RETRY_SECONDS
        due = SETTLING - settled if kept.following else next_moment(kept, now) - now
        return min(max(due.total_seconds(), RETRY_SECONDS), LONGEST_SECONDS)

    async def _read(self, secrets: ObjectCache) -> Object | None:
        place = self._place
        if secrets.is_synced:
            return secrets.get(place.namespace, place.secret)
        return await self._api.get(SECRET, place.namespace, place.secret)

    def _parse(self, secret: Object | None) -> Kept | None:
        """Return what is kept; None where that is nothing, or cannot be read, which only the leader may replace."""
        if secret is not self._parsed[0]:
            self._parsed = (secret, None)
            try:
                self._parsed = (secret, Kept.parse(secret) if secret else None)
            except CosignError as error:
                self._complain(f"secrets {self._place.namespace}/{self._place.secret} cannot be used: {error}")
        return self._parsed[1]

    def _restore(self) -> Kept:
        """Return what to keep where nothing is: what was, and another authority, as who deleted it may have wanted."""
        now = self._clock()
        return prepare(self._kept, now) if self._kept else Kept.begin(self._place.names, now)

    async def _write(self, secret: Object | None, kept: Kept) -> None:
        """Put it into the Secret, if that is still as it was read."""
        place = self._place
        if secret is None:
            body = {"metadata": {"name": place.secret, "namespace": place.namespace}, "data": kept.encode()}
            await self._api.create(SECRET, place.namespace, body)
        else:
            others = {name: text for name, text in (secret.get("data") or {}).items() if name not in KEYS}
            await self._api.update(SECRET, place.namespace, {**secret, "data": others | kept.encode()})
        _LOG.info("the certificate of the webhook is kept until %s", kept.server.certificate.not_after.isoformat())

    def _complain(self, problem: str) -> None:
        if problem and problem != self.problem:
            _LOG.error("certificates: %s", problem)
        self.problem = problem
