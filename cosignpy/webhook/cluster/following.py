"""Following objects of a type: all of them once, then every change (Kubernetes API concepts, efficient detection).

A watch goes on where the last one ended. Where the server does not remember that any more (410), all objects are listed
again, and what changed meanwhile is found by comparison, so that nobody misses a deletion.
"""

import asyncio
import logging
import random
from collections.abc import Callable
from http import HTTPStatus
from typing import Any, Final

import msgspec

from cosignpy.errors import ClusterError, ClusterUnreachable
from cosignpy.values import value
from cosignpy.webhook.cluster.asked import Asked, Status, Unreadable, decode, refusal
from cosignpy.webhook.cluster.backoff import Backoff
from cosignpy.webhook.cluster.conversation import AnswerTooLarge, Conversation
from cosignpy.webhook.cluster.objects import FollowedObjects, key_of
from cosignpy.webhook.ports import Object, ResourceType

PAGE: Final = 250
"""Objects of one answer; fewer where they are so large that an answer is refused."""
RENEWED_AFTER: Final = (300, 600)
"""Seconds after which the server ends a watch, by chance, so that they do not all end together."""
SLICE_SECONDS: Final = 0.002
"""How long events are worked at before others get their turn."""

_SHORT_SECONDS: Final = 1.0
"""A watch that ended sooner and brought nothing has failed, whatever the server thinks of it."""
_LOST: Final = "too large resource version"
"""What a server says that came back with an older state than the one we know."""
_JITTER: Final = random.SystemRandom()
_LOG: Final = logging.getLogger(__name__)


class _Metadata(msgspec.Struct):
    resource_version: str = msgspec.field(name="resourceVersion", default="")
    proceed: str = msgspec.field(name="continue", default="")


class _Page(msgspec.Struct):
    metadata: _Metadata
    items: list[msgspec.Raw] | None = None


class _Event(msgspec.Struct):
    type: str
    object: msgspec.Raw


class _Versioned(msgspec.Struct):
    metadata: _Metadata


class _Name(msgspec.Struct):
    name: str
    namespace: str = ""


class _Named(msgspec.Struct):
    metadata: _Name


@value
class Selection:
    """Which objects are followed, and what is kept of them; `keep` may change what it gets, and return it."""

    kind: ResourceType
    namespace: str
    labels: str
    fields: str
    keep: Callable[[dict[str, Any]], Object]

    @property
    def params(self) -> dict[str, str]:
        """As a request has it."""
        return {name: text for name, text in (("labelSelector", self.labels), ("fieldSelector", self.fields)) if text}


class Follower:
    """Keeps `objects` as the cluster has them, until it is cancelled."""

    def __init__(self, conversation: Conversation, selection: Selection, objects: FollowedObjects) -> None:
        self._conversation = conversation
        self._selection = selection
        self._objects = objects
        self._version = ""
        self._page = PAGE
        self._backoff = Backoff()
        self._turn = 0.0

    async def run(self) -> None:
        """Follow."""
        while True:
            try:
                if not self._version:
                    await self._list()
                await self._watch()
            except ClusterError as error:
                self._fail(error)
                await asyncio.sleep(self._backoff.fail())

    def _fail(self, error: ClusterError) -> None:
        """Say what is wrong, once for each new reason, and forget where we were if the server has."""
        if error.status == HTTPStatus.GONE or _LOST in error.why.lower():
            self._version = ""
            return
        if isinstance(error, Unreadable | AnswerTooLarge):
            self._version = ""
        if str(error) != self._objects.problem:
            self._objects.problem = str(error)
            _LOG.warning("%s; what was seen before stays in force%s", error, f" ({error.hint})" if error.hint else "")

    def _recover(self) -> None:
        if self._objects.problem:
            self._objects.problem = ""
            _LOG.info("%s are followed again", self._selection.kind.plural)

    async def _list(self) -> None:
        """See all objects, page by page; those that were there and are no more are gone."""
        asked = Asked("list", self._selection.kind, self._selection.namespace)
        seen = set()
        proceed = ""
        while True:
            page = await self._fetch(asked, proceed)
            for raw in page.items or ():
                seen.add(self._objects.put(self._read(raw, asked)))
                await self._give_way()
            proceed = page.metadata.proceed
            if not proceed:
                break
        self._objects.complete(seen)
        self._version = page.metadata.resource_version
        self._recover()

    async def _fetch(self, asked: Asked, proceed: str) -> _Page:
        while True:
            params = self._selection.params | {"limit": str(self._page)} | ({"continue": proceed} if proceed else {})
            try:
                raw = await self._conversation.ask(asked, params)
            except AnswerTooLarge:
                if self._page == 1:
                    raise
                self._page = max(self._page // 8, 1)
                continue
            return decode(raw, _Page, asked, self._conversation.where)

    async def _watch(self) -> None:
        """Take changes over until the server ends the watch.

        Raises:
            ClusterError: It failed, or ended at once.
        """
        asked = Asked("watch", self._selection.kind, self._selection.namespace)
        loop = asyncio.get_running_loop()
        begun, events = loop.time(), 0
        params = self._selection.params | {
            "watch": "true",
            "allowWatchBookmarks": "true",
            "resourceVersion": self._version,
            "timeoutSeconds": str(_JITTER.randint(*RENEWED_AFTER)),
        }
        async with self._conversation.listen(asked, params) as lines:
            self._recover()
            async for line in lines:
                self._take(decode(line, _Event, asked, self._conversation.where), asked)
                self._backoff.succeed()
                events += 1
                await self._give_way()
        if not events and loop.time() - begun < _SHORT_SECONDS:
            raise ClusterUnreachable(str(asked), self._conversation.where, "the watch ended at once")

    def _take(self, event: _Event, asked: Asked) -> None:
        where = self._conversation.where
        if event.type == "ERROR":
            raise refusal(asked, where, decode(event.object, Status, asked, where).tidy())
        if event.type != "BOOKMARK":
            found = self._read(event.object, asked)
            if event.type == "DELETED":
                self._objects.remove(key_of(found))
            else:
                self._objects.put(found)
        self._version = decode(event.object, _Versioned, asked, where).metadata.resource_version

    def _read(self, raw: msgspec.Raw, asked: Asked) -> Object:
        """Read an object; in a list it does not say what it is."""
        kind = self._selection.kind
        decode(raw, _Named, asked, self._conversation.where)
        found = decode(raw, dict[str, Any], asked, self._conversation.where)
        return self._selection.keep({"apiVersion": kind.api_version, "kind": kind.kind} | found)

    async def _give_way(self) -> None:
        """Let others have the event loop, after each slice of time."""
        now = asyncio.get_running_loop().time()
        if now - self._turn > SLICE_SECONDS:
            await asyncio.sleep(0)
            self._turn = asyncio.get_running_loop().time()
