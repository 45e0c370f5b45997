"""What is looked at of an object of ours that is created or changed."""

from collections.abc import Mapping
from typing import Any, Final

from cosignpy.errors import MalformedError
from cosignpy.imagepolicy.go_reader.conversion import Version
from cosignpy.imagepolicy.go_reader.documents import CheckedPolicy, check_policy
from cosignpy.webhook.request import AdmissionRequest, Operation

_UNREADABLE: Final = "unable to unmarshal: "


def is_about_spec(request: AdmissionRequest) -> bool:
    """Tell whether a request may change what an object demands: no status, no deletion, and no spec that stays.

    Whoever removes a finalizer of an object that is being deleted does not have to mend it first.
    """
    document = request.object
    if document is None or request.subresource or request.operation not in {Operation.CREATE, Operation.UPDATE}:
        return False
    metadata, old = document.get("metadata"), request.old_object
    is_deleted = isinstance(metadata, dict) and metadata.get("deletionTimestamp") is not None
    return not (is_deleted and old is not None and old.get("spec") == document.get("spec"))


def read_cluster_policy(document: Mapping[str, Any]) -> CheckedPolicy:
    """Read a ClusterImagePolicy as Go does, without what the API server says of an object.

    Raises:
        MalformedError: A field is of another type, or unknown; `why` says so as Go does.
    """
    metadata = document.get("metadata")
    name = str(metadata.get("name", "")) if isinstance(metadata, dict) else ""
    if document.get("apiVersion") not in list(Version):
        raise MalformedError(name, f"unknown version {document.get('apiVersion')}")
    if not isinstance(document.get("spec"), dict):
        raise MalformedError(name, "json: cannot unmarshal: spec is missing")
    essence = {each: document[each] for each in ("apiVersion", "kind", "spec")} | {"metadata": {"name": name}}
    try:
        return check_policy(essence, Version(document["apiVersion"]), name)
    except MalformedError as error:
        raise MalformedError(name, error.why.removeprefix(_UNREADABLE)) from error
