"""Decides over what runs again, whenever something changed that the verdicts rest on, and writes reports of it."""

import asyncio
import logging
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Final

from cosignpy.errors import CosignError
from cosignpy.imagepolicy.decision import Outcome
from cosignpy.values import value
from cosignpy.webhook.audit.report import (
    NAME,
    Checked,
    build_report,
    without_times,
)
from cosignpy.webhook.audit.running import RunningImage, list_running
from cosignpy.webhook.audit.scope import Scope
from cosignpy.webhook.kinds import POLICY_REPORT
from cosignpy.webhook.ports import ClusterApi, Decider, Leadership, Object, ObjectCache, PullSecrets
from cosignpy.webhook.verdicts import Cause, ImageQuestion, ImageVerdict

_LOG: Final = logging.getLogger(__name__)

SETTLE_SECONDS: Final = 1.0
"""How long changes are gathered before namespaces are looked at: pods come and go in crowds."""
AGAIN_SECONDS: Final = 3600.0
"""After how long everything is looked at again, though nothing changed: certificates and keys have their times."""
IMAGE_SECONDS: Final = 30.0
"""How long one image may take."""
NAMESPACE_SECONDS: Final = 300.0
"""How long those of a namespace may take together: the next one is not kept waiting by registries that stall. What is
not known by then is an error in the report, and is looked at again."""
AT_ONCE: Final = 4
"""Images that are looked at together, so that admissions find workers that are free."""

Observe = Callable[[str, Mapping[str, int]], None]
"""Is told how many results of each kind a namespace has now; nothing where it is no longer audited."""


@value
class AuditParts:
    """What an auditor asks and tells.

    `configurations` are validating webhooks', of which `configuration` is the name of ours; `reports` are ours.
    """

    cluster: ClusterApi
    pods: ObjectCache
    namespaces: ObjectCache
    configurations: ObjectCache
    configuration: str
    reports: ObjectCache
    decider: Decider
    secrets: PullSecrets
    leadership: Leadership
    observe: Observe


class Auditor:
    """Audits the namespaces that the webhook is asked about, in one replica: the leader."""

    def __init__(self, parts: AuditParts, settle: float = SETTLE_SECONDS, again: float = AGAIN_SECONDS) -> None:
        self._parts = parts
        self._settle = settle
        self._again = again
        self._dirty = set[str]()
        self._all = False
        self._wake = asyncio.Event()
        self._written = dict[str, tuple[object, object]]()
        self._turns = asyncio.Semaphore(AT_ONCE)
        parts.pods.on_change(lambda namespace, _name: self.recheck(namespace))
        parts.reports.on_change(lambda namespace, _name: None if self._is_own(namespace) else self.recheck(namespace))
        parts.namespaces.on_change(lambda _namespace, name: self.recheck(name))
        parts.configurations.on_change(lambda _namespace, name: self.recheck() if name == parts.configuration else None)
        parts.leadership.on_change(lambda leads: self.recheck() if leads else None)

    def recheck(self, namespace: str | None = None) -> None:
        """Look at a namespace again, or at all of them."""
        if namespace is None:
            self._all = True
        else:
            self._dirty.add(namespace)
        self._wake.set()

    async def run(self) -> None:
        """Audit until cancelled."""
        while True:
            try:
                async with asyncio.timeout(self._again):  # wait_for of 3.11 can lose a cancellation
                    await self._wake.wait()
            except TimeoutError:
                self._all = True
            await asyncio.sleep(self._settle)
            if not self._parts.leadership.is_leader:
                self._take()  # whoever leads later looks at everything
            elif self._is_synced():
                await self._look(self._take())

    def _is_synced(self) -> bool:
        parts = self._parts
        return all(each.is_synced for each in (parts.pods, parts.namespaces, parts.configurations, parts.reports))

    def _take(self) -> Sequence[str]:
        """Return which namespaces are to be looked at, and begin to gather anew."""
        self._wake.clear()
        found = set(self._dirty)
        if self._all:
            found |= {_named(each, "name") for each in self._parts.namespaces.list()}
            found |= {_named(each, "namespace") for each in self._parts.reports.list()}
        self._dirty.clear()
        self._all = False
        return sorted(found)

    async def _look(self, namespaces: Sequence[str]) -> None:
        scope = Scope.of(self._parts.configurations.get("", self._parts.configuration))
        running: dict[str, list[RunningImage]] = {each: [] for each in namespaces}
        for pod in self._parts.pods.list():
            for each in list_running(pod) if _named(pod, "namespace") in running else ():
                running[each.pod.namespace].append(each)
        for namespace in namespaces:
            found = self._parts.namespaces.get("", namespace)
            audited = found is not None and scope.has(found)
            try:
                await self._report(namespace, running[namespace] if audited else [])
            except CosignError as error:
                _LOG.warning("no report of what runs in %s: %s", namespace, error)

    async def _report(self, namespace: str, running: Sequence[RunningImage]) -> None:
        """Write the report of a namespace, if it is not there already; remove it where nothing runs."""
        if not running:
            self._parts.observe(namespace, {})
            self._written.pop(namespace, None)
            if self._parts.reports.get(namespace, NAME) is not None:
                await self._parts.cluster.delete(POLICY_REPORT, namespace, NAME)
            return
        until = time.monotonic() + NAMESPACE_SECONDS
        checked = await asyncio.gather(*[self._check(each, until) for each in running])
        report = build_report(namespace, checked, datetime.now(UTC))
        self._parts.observe(namespace, report["summary"])
        said = without_times(report)
        if not self._is_own(namespace) or self._written[namespace][0] != said:
            made = await self._parts.cluster.apply(POLICY_REPORT, namespace, report)
            self._written[namespace] = (said, _version(made))

    def _is_own(self, namespace: str) -> bool:
        """Tell whether the report that is there is the one that we wrote last, whatever the cluster made of it."""
        there, written = self._parts.reports.get(namespace, NAME), self._written.get(namespace)
        return there is not None and written is not None and _version(there) == written[1]

    async def _check(self, running: RunningImage, until: float) -> Checked:
        if not running.pinned:
            return Checked(running, None)
        namespace = running.pod.namespace
        async with self._turns:
            deadline = min(until, time.monotonic() + IMAGE_SECONDS)
            try:
                credentials = await self._parts.secrets.find(namespace, running.pod_spec)
            except CosignError as error:
                return Checked(
                    running, ImageVerdict(running.pinned, "", Outcome.REFUSED, (), Cause.CREDENTIALS, str(error))
                )
            asked = ImageQuestion(running.pinned, namespace, running.workload, credentials, deadline)
            return Checked(running, await self._parts.decider.decide(asked))


def _version(found: Object) -> object:
    metadata = found.get("metadata")
    return metadata.get("resourceVersion") if isinstance(metadata, dict) else None


def _named(found: Object, part: str) -> str:
    """Return the name of an object, or its namespace."""
    metadata = found.get("metadata")
    return str(metadata.get(part, "")) if isinstance(metadata, dict) else ""
