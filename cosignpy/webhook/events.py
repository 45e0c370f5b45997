"""Events about objects that were refused, or admitted only because refusals do not count: for `kubectl describe`.

They are written after the answer, by a task of their own, and never for a dry run. Controllers try again and again, so
the same is said once in a while.
"""

import asyncio
import logging
import secrets
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, Final

from cosignpy.errors import CosignError
from cosignpy.imagepolicy.decision import Outcome
from cosignpy.values import field, record, value
from cosignpy.webhook.answer import Denial, Passed
from cosignpy.webhook.kinds import EVENT
from cosignpy.webhook.messages import clean_lines, cut, describe_refusals
from cosignpy.webhook.ports import ClusterApi, Object
from cosignpy.webhook.recording import Decision, Webhook
from cosignpy.webhook.request import AdmissionRequest

_LOG: Final = logging.getLogger(__name__)

CONTROLLER: Final = "cosignpy.dev/webhook"
MAX_NOTE: Final = 1024
"""Characters of what an event says (events.k8s.io/v1)."""
MAX_WAITING: Final = 100
"""Events that wait to be written; more are dropped, and counted in the log."""
AGAIN_SECONDS: Final = 300.0
"""After which the same is said once more."""
_OF_WORKLOADS: Final = (Webhook.MUTATING, Webhook.VALIDATING)
MAX_SAID: Final = 10_000
_DEFAULT_NAMESPACE: Final = "default"
"""Where events about objects without a namespace are."""


@value
class _Key:
    """What makes two events the same."""

    namespace: str
    kind: str
    name: str
    note: str


@record
class EventWriter:
    """Writes events; its call is a `Record`."""

    api: ClusterApi
    instance: str
    clock: Callable[[], float] = time.monotonic
    now: Callable[[], datetime] = lambda: datetime.now(UTC)
    dropped: int = 0
    _said: "OrderedDict[_Key, float]" = field(default_factory=OrderedDict)
    _waiting: "asyncio.Queue[Object]" = field(default_factory=lambda: asyncio.Queue(MAX_WAITING))

    def __call__(self, made: Decision) -> None:
        """Have an event written about a decision, where there is something to say."""
        request = made.request
        note = _note(made)
        if request is None or request.dry_run or made.webhook not in _OF_WORKLOADS or not note:
            return
        regarding = _regarding(request)
        key = _Key(request.namespace, regarding["kind"], regarding["name"], note)
        now = self.clock()
        if now - self._said.get(key, -AGAIN_SECONDS) < AGAIN_SECONDS:
            return
        self._said[key] = now
        self._said.move_to_end(key)
        if len(self._said) > MAX_SAID:
            self._said.popitem(last=False)
        try:
            self._waiting.put_nowait(self._build(made, regarding, note))
        except asyncio.QueueFull:
            self.dropped += 1

    async def run(self) -> None:
        """Write what waits, until cancelled."""
        while True:
            event = await self._waiting.get()
            try:
                await self.api.create(EVENT, event["metadata"]["namespace"], event)
            except CosignError as error:
                _LOG.warning("an event could not be written: %s", error)
            if self.dropped:
                dropped, self.dropped = self.dropped, 0
                _LOG.warning("%d events were dropped: too many at once", dropped)

    def _build(self, made: Decision, regarding: Mapping[str, Any], note: str) -> Object:
        return {
            "metadata": {
                "name": f"{regarding['name'][:200]}.{secrets.token_hex(8)}",
                "namespace": regarding.get("namespace", _DEFAULT_NAMESPACE),
            },
            "eventTime": self.now().strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
            "reportingController": CONTROLLER,
            "reportingInstance": self.instance,
            "action": "Admission",
            "reason": _reason(made),
            "type": "Warning",
            "note": note,
            "regarding": regarding,
        }


def _reason(made: Decision) -> str:
    if isinstance(made.answer.outcome, Denial):
        return "ImageRefused"
    excused = any(each.verdict.excuse is not None for each in made.findings)
    return "ImageAdmittedByException" if excused else "ImageWouldBeRefused"


def _note(made: Decision) -> str:
    """Return what is said: nothing where nothing was refused."""
    outcome = made.answer.outcome
    if isinstance(outcome, Denial):
        return cut(clean_lines(outcome.message), MAX_NOTE)
    excused = [str(each.verdict.excuse) for each in made.findings if each.verdict.excuse is not None]
    if excused:
        return cut(clean_lines(f"admitted by {'; '.join(dict.fromkeys(excused))}"), MAX_NOTE)
    refused = [each for each in made.findings if each.verdict.outcome is Outcome.REFUSED]
    if isinstance(outcome, Passed) and refused:
        return cut(f"{outcome.enforcement}: {describe_refusals(refused)}", MAX_NOTE)
    return ""


def _regarding(request: AdmissionRequest) -> Mapping[str, Any]:
    """Refer to who makes the object where it was not made: that is what people look at; else to itself."""
    metadata = (request.object or {}).get("metadata")
    members: Mapping[str, Any] = metadata if isinstance(metadata, dict) else {}
    placed = {"namespace": request.namespace} if request.namespace else {}
    references = members.get("ownerReferences")
    for each in references if isinstance(references, list) else ():
        if isinstance(each, dict) and each.get("controller") is True and isinstance(each.get("name"), str):
            known = {name: each.get(name) for name in ("apiVersion", "kind", "name", "uid")}
            return {name: text for name, text in known.items() if isinstance(text, str)} | placed
    kind = request.kind
    version = f"{kind.group}/{kind.version}" if kind.group else kind.version
    name = request.name or members.get("generateName") or "unnamed"
    uid = {"uid": members["uid"]} if isinstance(members.get("uid"), str) else {}
    return {"apiVersion": version, "kind": kind.kind, "name": str(name).rstrip("-")} | placed | uid
