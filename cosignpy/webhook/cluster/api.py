"""The API server of a cluster, as the parts of the webhook see it."""

from collections.abc import Callable, Mapping, Sequence
from http import HTTPStatus
from typing import Any, Final

from cosignpy.errors import ClusterError
from cosignpy.webhook.cluster.asked import Asked, decode
from cosignpy.webhook.cluster.connection import Connection
from cosignpy.webhook.cluster.conversation import APPLY_PATCH, Body, Conversation
from cosignpy.webhook.cluster.following import Follower, Selection
from cosignpy.webhook.cluster.objects import FollowedObjects, essence, without_managers
from cosignpy.webhook.cluster.paths import may_be_named
from cosignpy.webhook.kinds import NAMESPACE, SERVICE_ACCOUNT
from cosignpy.webhook.lasting import LastingTasks
from cosignpy.webhook.ports import Object, ResourceType

MANAGER: Final = "cosignpy-webhook"
"""Who we are among those that set fields (`metadata.managedFields`)."""


_KEPT: Final = {NAMESPACE: essence, SERVICE_ACCOUNT: essence}


class KubernetesApi:
    """A `ClusterApi`; made, used and closed in one event loop."""

    def __init__(self, connection: Connection) -> None:
        self._conversation = Conversation(connection)
        self._followed: dict[Selection, FollowedObjects] = {}
        self._tasks = LastingTasks()

    async def close(self) -> None:
        """Stop following, and close all connections."""
        await self._tasks.close()
        await self._conversation.close()

    async def watch_over(self) -> None:
        """Wait until a watch ends by a mistake of ours, and raise that: what it has seen would grow old unnoticed."""
        await self._tasks.watch_over()

    def problems(self) -> Sequence[str]:
        """Say which objects are not followed now, and why."""
        ended = [f"{task.get_name()} ended: {task.exception()!r}" for task in self._tasks.failed]
        return (*[objects.problem for objects in self._followed.values() if objects.problem], *ended)

    def watch(
        self,
        kind: ResourceType,
        namespace: str = "",
        *,
        labels: str = "",
        fields: str = "",
        keep: Callable[[dict[str, Any]], Object] | None = None,
    ) -> FollowedObjects:
        """Return objects that are followed from now on: of a namespace, or of all; selected as Kubernetes does.

        Who asks for the same gets the same. `keep` makes of an object what is kept of it, for types of which there are
        many; it must leave `metadata` with name, namespace, uid and resourceVersion.
        """
        selection = Selection(kind, namespace, labels, fields, keep or _KEPT.get(kind, without_managers))
        if selection not in self._followed:
            objects = self._followed[selection] = FollowedObjects()
            follower = Follower(self._conversation, selection, objects)
            self._tasks.start(f"watch {kind.plural}", follower.run())
        return self._followed[selection]

    async def get(self, kind: ResourceType, namespace: str, name: str) -> Object | None:
        """Return an object; None where there is none, and where none can have that name.

        Raises:
            ClusterError: It was refused, or failed.
        """
        if not may_be_named(name):
            return None
        try:
            return await self._ask(Asked("get", kind, namespace, name))
        except ClusterError as error:
            if error.status == HTTPStatus.NOT_FOUND and error.hint is None:
                return None
            raise

    async def create(self, kind: ResourceType, namespace: str, body: Object) -> Object:
        """Create an object.

        Raises:
            AlreadyThere: One has its name.
            ClusterError: It was refused, or failed.
        """
        asked = Asked("create", kind, namespace, body["metadata"].get("name", ""))
        return await self._ask(asked, {"fieldManager": MANAGER}, Body(_typed(kind, body)))

    async def update(self, kind: ResourceType, namespace: str, body: Object, subresource: str = "") -> Object:
        """Replace an object.

        Raises:
            Conflict: Its `metadata.resourceVersion` is not the one that it has.
            ClusterError: It was refused, or failed.
        """
        asked = Asked("update", kind, namespace, body["metadata"]["name"], subresource)
        return await self._ask(asked, {"fieldManager": MANAGER}, Body(_typed(kind, body)))

    async def apply(self, kind: ResourceType, namespace: str, body: Object, subresource: str = "") -> Object:
        """Set what the body has, by server-side apply under our own name, taking fields over from others.

        Raises:
            ClusterError: It was refused, or failed.
        """
        asked = Asked("patch", kind, namespace, body["metadata"]["name"], subresource)
        params = {"fieldManager": MANAGER, "force": "true"}
        return await self._ask(asked, params, Body(_typed(kind, body), APPLY_PATCH))

    async def delete(self, kind: ResourceType, namespace: str, name: str) -> None:
        """Delete an object; that there is none is fine.

        Raises:
            ClusterError: It was refused, or failed.
        """
        try:
            await self._ask(Asked("delete", kind, namespace, name))
        except ClusterError as error:
            if error.status != HTTPStatus.NOT_FOUND:
                raise

    async def _ask(self, asked: Asked, params: Mapping[str, str] | None = None, body: Body | None = None) -> Object:
        raw = await self._conversation.ask(asked, params, body)
        return decode(raw, dict[str, Any], asked, self._conversation.where)


def _typed(kind: ResourceType, body: Object) -> dict[str, Any]:
    return {"apiVersion": kind.api_version, "kind": kind.kind} | dict(body)
