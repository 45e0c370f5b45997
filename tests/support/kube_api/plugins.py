"""The parts of admission that are built in: what Pods get from their service account, and where they may run."""

import secrets
from typing import Any, Final
from uuid import uuid4

from cosignpy.values import value
from tests.support.kube_api.calls import Admission, Asked
from tests.support.kube_api.failures import forbidden
from tests.support.kube_api.kinds import NAMESPACES
from tests.support.kube_api.metadata import timestamp
from tests.support.kube_api.store import Change, Object, Storage, Store

ACCOUNTS: Final = ("", "serviceaccounts")
_MOUNT: Final = "/var/run/secrets/kubernetes.io/serviceaccount"
_TOLERATIONS: Final = [
    {"key": f"node.kubernetes.io/{name}", "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 300}
    for name in ("not-ready", "unreachable")
]
_SOURCES: Final = [
    {"serviceAccountToken": {"expirationSeconds": 3607, "path": "token"}},
    {"configMap": {"name": "kube-root-ca.crt", "items": [{"key": "ca.crt", "path": "ca.crt"}]}},
    {
        "downwardAPI": {
            "items": [{"path": "namespace", "fieldRef": {"apiVersion": "v1", "fieldPath": "metadata.namespace"}}]
        }
    },
]


def add_accounts(store: Store) -> None:
    """Give each namespace its service account `default`, as a controller does."""

    def note(storage: Storage, change: Change) -> None:
        if storage != NAMESPACES.storage or change.former is not None:
            return
        name = change.last["metadata"]["name"]
        if store.read(ACCOUNTS, (name, "default")) is None:
            metadata = {"name": "default", "namespace": name, "uid": str(uuid4()), "creationTimestamp": timestamp()}
            account: Object = {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": metadata}
            store.swap(ACCOUNTS, (name, "default"), None, account)

    store.on_change(note)


@value
class Plugins:
    """Admission that is built in, then whatever comes after it."""

    store: Store
    rest: Admission

    def mutate(self, asked: Asked) -> Object:
        """Complete new Pods; then ask the rest.

        Raises:
            ApiFailure: There is no such service account, or the rest refuses.
        """
        if asked.operation == "CREATE" and asked.target.kind.plural == "pods" and not asked.target.subresource:
            asked.object = self._complete(asked)
        return self.rest.mutate(asked)

    def validate(self, asked: Asked) -> None:
        """Ask the rest.

        Raises:
            ApiFailure: It refuses.
        """
        self.rest.validate(asked)

    def _complete(self, asked: Asked) -> Object:
        assert asked.object is not None
        pod = asked.object
        spec: dict[str, Any] = {"priority": 0, "preemptionPolicy": "PreemptLowerPriority", "tolerations": _TOLERATIONS}
        spec |= pod["spec"]
        name = spec.get("serviceAccountName") or "default"
        account = self.store.read(ACCOUNTS, (asked.target.namespace, name))
        if account is None:
            said = (
                f'error looking up service account {asked.target.namespace}/{name}: serviceaccount "{name}" not found'
            )
            raise forbidden(asked.target.kind, asked.name, said)
        spec |= {"serviceAccountName": name, "serviceAccount": name}
        if not spec.get("imagePullSecrets") and account.get("imagePullSecrets"):
            spec["imagePullSecrets"] = account["imagePullSecrets"]
        if spec.get("automountServiceAccountToken", account.get("automountServiceAccountToken", True)):
            spec = _mount_token(spec)
        return pod | {"spec": spec}


def _mount_token(spec: Object) -> Object:
    name = f"kube-api-access-{secrets.token_hex(3)[:5]}"
    volume = {"name": name, "projected": {"sources": _SOURCES, "defaultMode": 420}}
    mount = {"name": name, "readOnly": True, "mountPath": _MOUNT}
    slots = {
        slot: [each | {"volumeMounts": [*(each.get("volumeMounts") or []), mount]} for each in spec[slot]]
        for slot in ("initContainers", "containers")
        if isinstance(spec.get(slot), list)
    }
    return spec | slots | {"volumes": [*(spec.get("volumes") or []), volume]}
