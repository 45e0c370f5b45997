"""What is below an object: its status, its scale, tokens of service accounts, evictions."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.support.kube_api.calls import Call, service_account
from tests.support.kube_api.failures import ApiFailure, conflict, invalid, invalid_value, not_allowed
from tests.support.kube_api.kinds import SCALE, Kind
from tests.support.kube_api.metadata import timestamp
from tests.support.kube_api.paths import Target
from tests.support.kube_api.rest import Changer, Rest
from tests.support.kube_api.rights import Tokens
from tests.support.kube_api.store import Object


def scale_of(found: Object) -> Object:
    """Return the `Scale` of a workload."""
    metadata = {
        name: found["metadata"][name]
        for name in ("name", "namespace", "uid", "resourceVersion", "creationTimestamp")
        if name in found["metadata"]
    }
    labels = (found["spec"].get("selector") or {}).get("matchLabels") or {}
    status = {
        "replicas": (found.get("status") or {}).get("replicas", 0),
        "selector": ",".join(f"{name}={content}" for name, content in labels.items()),
    }
    return {
        "apiVersion": SCALE.api_version,
        "kind": SCALE.kind,
        "metadata": metadata,
        "spec": {"replicas": found["spec"].get("replicas", 0)},
        "status": status,
    }


def with_scale(found: Object, scale: Mapping[str, Any]) -> Object:
    """Return a workload with the replicas of a `Scale`."""
    metadata = found["metadata"] | {
        name: scale["metadata"][name] for name in ("resourceVersion", "uid") if scale["metadata"].get(name)
    }
    replicas = (scale.get("spec") or {}).get("replicas", 0)
    return found | {"metadata": metadata, "spec": found["spec"] | {"replicas": replicas}}


class Subresources:
    """Reads and writes them."""

    def __init__(self, rest: Rest, tokens: Tokens) -> None:
        self._rest = rest
        self._tokens = tokens

    def kind(self, target: Target) -> Kind:
        """Return the kind of what is written at a path."""
        return SCALE if target.subresource == "scale" else target.kind

    def get(self, target: Target) -> Object:
        """Return what is at a path.

        Raises:
            ApiFailure: There is nothing.
        """
        found = self._rest.get(target)
        if target.subresource == "scale":
            return scale_of(found)
        if target.subresource in {"status", "ephemeralcontainers"}:
            return found
        raise not_allowed()

    def change(self, target: Target, changer: Changer, call: Call, options: str = "UpdateOptions") -> Object:
        """Change what is at a path."""
        if target.subresource != "scale":
            return self._rest.change(target, changer, call, options)

        def change(before: Object) -> Object:
            scale = changer(scale_of(before))
            replicas = (scale.get("spec") or {}).get("replicas", 0)
            if not isinstance(replicas, int) or replicas < 0:
                fault = invalid_value("spec.replicas", replicas, "must be greater than or equal to 0")
                raise invalid(SCALE, target.name, [fault])
            return with_scale(before, scale)

        return scale_of(self._rest.change(target, change, call, options))

    def write(self, verb: str, target: Target, body: Any, call: Call) -> Object:
        """Replace what is at a path, or do what the path is for.

        Raises:
            ApiFailure: It cannot be done.
        """
        if verb == "update" and target.subresource == "scale":
            return self.change(target, lambda _: body, call, "UpdateOptions")
        if verb == "update" and target.subresource in {"status", "ephemeralcontainers", "finalize", "resize"}:
            return self._rest.replace(target, body, call)
        if verb == "create" and target.subresource == "token":
            return self._token(target, body)
        if verb == "create" and target.subresource == "eviction":
            self._rest.delete(Target(target.kind, target.namespace, target.name, ""), body.get("deleteOptions"), call)
            return {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success", "code": 201}
        if verb == "create" and target.subresource == "binding":
            return self._bind(target, body, call)
        raise not_allowed()

    def _token(self, target: Target, body: Any) -> Object:
        self._rest.get(target)
        spec = body.get("spec") or {}
        seconds = spec.get("expirationSeconds", 3600)
        if seconds < 600:
            fault = invalid_value("spec.expirationSeconds", seconds, "may not specify a duration less than 10 minutes")
            raise invalid(Kind("authentication.k8s.io", "v1", "TokenRequest", "tokenrequests"), "", [fault])
        token = self._tokens.add(service_account(target.namespace, target.name))
        expires = timestamp(datetime.now(UTC) + timedelta(seconds=seconds))
        made: Object = body | {"status": {"token": token, "expirationTimestamp": expires}}
        return made

    def _bind(self, target: Target, body: Any, call: Call) -> Object:
        def change(before: Object) -> Object:
            if before["spec"].get("nodeName"):
                raise conflict(target.kind, target.name, f"pod {target.name} is already assigned to node")
            return before | {"spec": before["spec"] | {"nodeName": body["target"]["name"]}}

        if not isinstance(body.get("target"), dict):
            raise ApiFailure(422, "Invalid", "Binding is invalid: target.name: Required value")
        self._rest.change(Target(target.kind, target.namespace, target.name, ""), change, call)
        return {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success", "code": 201}
