"""Pods that a controller makes for an owner that had its look: exempt where that cannot be forged, and switched on.

Anybody who may create pods may write that a Deployment owns them. So it is believed only where the API server says that
the requester is the controller itself, where it has the owner, of that uid, with the very same images in it, and where
each of them is named by its digest: then the owner was decided over when it got them, or was there before the webhook.
"""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final, TypeAlias

from cosignpy.imagepolicy.pod_images import POD_SPECS, Kind, list_pod_images
from cosignpy.values import value
from cosignpy.webhook.images import ToDecide, sort_of
from cosignpy.webhook.kinds import WORKLOADS
from cosignpy.webhook.live_settings import LiveSettings
from cosignpy.webhook.ports import Object, ResourceType
from cosignpy.webhook.references import read_name
from cosignpy.webhook.request import AdmissionRequest, Operation

FindObject: TypeAlias = Callable[[ResourceType, str, str], Awaitable[Object | None]]
"""Returns an object of a type, by namespace and name, as the API server has it now; raises `ClusterError`s."""

_SERVICE_ACCOUNT: Final = "system:serviceaccount:"
_TYPES: Final[Mapping[tuple[str, str], ResourceType]] = {(each.group, each.kind): each for each in WORKLOADS}


@value
class ClusterOwners:
    """Asks the API server for owners."""

    find: FindObject
    settings: Callable[[], LiveSettings]

    async def vouch(self, request: AdmissionRequest, wanted: ToDecide) -> bool:
        """Tell whether a controller that is believed makes an object for an owner that has the very same images.

        Raises:
            ClusterError: The API server does not say.
            MalformedError: An image is the name of nothing.
        """
        settings = self.settings()
        account = request.requester.username.removeprefix(_SERVICE_ACCOUNT)
        is_account = account != request.requester.username
        if not is_account or account not in settings.exempt_controllers:
            return False
        pinned = all(_names_digest(each.image, settings) for each in wanted.images)
        if request.operation is not Operation.CREATE or not pinned:
            return False
        reference = _controller(request.object or {})
        kind = Kind.read(reference)
        found = _TYPES.get((kind.group, kind.kind))
        if found is None or not isinstance(reference.get("name"), str):
            return False
        owner = await self.find(found, request.namespace, reference["name"])
        return owner is not None and _is(owner, reference.get("uid")) and _has_all(owner, found, wanted)


def _names_digest(image: str | None, settings: LiveSettings) -> bool:
    return image is not None and read_name(image, settings.verdicts).digest != ""


def _controller(document: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the reference to the owner that manages an object, of which there is one at the most."""
    metadata = document.get("metadata")
    found = metadata.get("ownerReferences") if isinstance(metadata, dict) else None
    references = found if isinstance(found, list) else []
    return next((each for each in references if isinstance(each, dict) and each.get("controller") is True), {})


def _is(owner: Object, uid: object) -> bool:
    metadata = owner.get("metadata")
    return isinstance(metadata, dict) and isinstance(uid, str) and uid != "" and metadata.get("uid") == uid


def _has_all(owner: Object, kind: ResourceType, wanted: ToDecide) -> bool:
    images = list_pod_images(owner, POD_SPECS[kind.group, kind.kind])
    held = {(sort_of(each.path), each.image) for each in images}
    return all((sort_of(each.path), each.image) in held for each in wanted.images)
