"""What a pod's images, and signatures, are fetched with: Secrets of the pod's namespace, as the kubelet uses them.

Service accounts are watched, since every pod has one; Secrets are asked for when they are named (`kept_secrets`).
"""

import asyncio
import hashlib
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from typing import Any, Final

from cosignpy.core.encoding import JsonValue, encode_json
from cosignpy.values import field, record
from cosignpy.webhook.credentials.docker_secrets import DockerSecret
from cosignpy.webhook.credentials.kept_secrets import KeptSecrets
from cosignpy.webhook.credentials.pods import MAX_SECRETS, read_names, read_pod
from cosignpy.webhook.kinds import SERVICE_ACCOUNT
from cosignpy.webhook.ports import ClusterApi, Object, ObjectCache
from cosignpy.webhook.verdicts import PullCredentials

MAX_BUILT: Final = 2000
"""Credentials that are kept as they were put together, by the Secrets that they were made of."""
_DEFAULT_NAMESPACE: Final = "default"


@record
class ClusterPullSecrets:
    """A `PullSecrets` over a cluster; used in one event loop."""

    api: ClusterApi
    accounts: ObjectCache
    secrets: KeptSecrets
    _built: OrderedDict[tuple[str, ...], PullCredentials] = field(default_factory=OrderedDict, repr=False)

    @classmethod
    def of(cls, api: ClusterApi) -> "ClusterPullSecrets":
        """Begin to follow the service accounts of a cluster."""
        return cls(api, api.watch(SERVICE_ACCOUNT), KeptSecrets(api))

    async def find(self, namespace: str, pod_spec: Mapping[str, Any]) -> PullCredentials:
        """Return what the pod's `imagePullSecrets` have, then its service account's; warnings say what is missing.

        Raises:
            CosignError: The cluster does not say, or a Secret is not in the format of its type.
        """
        named, place = read_pod(pod_spec), namespace or _DEFAULT_NAMESPACE
        account = await self._account(place, named.service_account)
        missing = () if account is not None else (f"there is no service account {place}/{named.service_account}",)
        names = dict.fromkeys((*named.secrets, *read_names(account or {})))
        return await self._join(place, tuple(names), missing)

    async def find_named(self, namespace: str, names: Sequence[str]) -> PullCredentials:
        """Return what Secrets of a namespace have: those that a policy's `signaturePullSecrets` name.

        Raises:
            CosignError: As `find`.
        """
        return await self._join(namespace or _DEFAULT_NAMESPACE, tuple(dict.fromkeys(names))[:MAX_SECRETS], ())

    async def _account(self, namespace: str, name: str) -> Object | None:
        """Return a service account; one that the watch does not know may be younger than its last event."""
        found = self.accounts.get(namespace, name)
        return found if found is not None else await self.api.get(SERVICE_ACCOUNT, namespace, name)

    async def _join(self, namespace: str, names: tuple[str, ...], missing: tuple[str, ...]) -> PullCredentials:
        found = [self.secrets.peek(namespace, name) for name in names]
        if all(at_hand for at_hand, _ in found):
            secrets = [secret for _, secret in found]
        else:
            secrets = await asyncio.gather(*[self.secrets.get(namespace, name) for name in names])
        warnings = [*missing, *_complaints(namespace, names, secrets)]
        return self._build([each for each in secrets if each is not None and each.auths is not None], warnings)

    def _build(self, secrets: Sequence[DockerSecret], warnings: Sequence[str]) -> PullCredentials:
        """Put credentials together; the same as before where nothing changed."""
        key = (*[each.version for each in secrets], "", *warnings)
        built = self._built.get(key)
        if built is None:
            built = self._built[key] = _build(secrets, tuple(warnings))
            if len(self._built) > MAX_BUILT:
                self._built.popitem(last=False)
        else:
            self._built.move_to_end(key)
        return built


def _complaints(namespace: str, names: Sequence[str], secrets: Sequence[DockerSecret | None]) -> Sequence[str]:
    told = []
    for name, secret in zip(names, secrets, strict=True):
        if secret is None:
            told.append(f"there is no Secret {namespace}/{name}")
        elif secret.auths is None:
            told.append(f"the Secret {namespace}/{name} is of no type to pull images with")
    return told


def _build(secrets: Sequence[DockerSecret], warnings: tuple[str, ...]) -> PullCredentials:
    if not secrets:
        return PullCredentials(warnings=warnings)
    documents: list[JsonValue] = [{"auths": dict(each.auths or {})} for each in secrets]
    identity = hashlib.sha256("\n".join(each.version for each in secrets).encode()).hexdigest()
    return PullCredentials(encode_json(documents).decode(), f"sha256:{identity}", warnings)
