"""Secrets to pull images with, as Docker's configuration.

https://kubernetes.io/docs/concepts/configuration/secret/#docker-config-secrets
"""

from collections.abc import Mapping
from typing import Any, Final

from cosignpy.core.encoding import JsonObject, JsonValue, decode_b64
from cosignpy.errors import MalformedError
from cosignpy.values import field, value

_ENTRIES: Final[Mapping[str, str]] = {
    "kubernetes.io/dockerconfigjson": ".dockerconfigjson",
    "kubernetes.io/dockercfg": ".dockercfg",
}
"""The types, and the entry that each has."""


@value
class DockerSecret:
    """What a Secret has.

    Attributes:
        version: Which Secret in which state, from which nothing of its content can be told.
        auths: The member `auths` of Docker's configuration; None where the Secret is of another type, or empty.
    """

    version: str
    auths: Mapping[str, JsonValue] | None = field(default=None, repr=False)


def read_secret(secret: Mapping[str, Any]) -> DockerSecret:
    """Read a Secret of the cluster.

    Raises:
        MalformedError: It is not in the format of its type; nothing of it is repeated.
    """
    metadata = secret.get("metadata") or {}
    version = f"{metadata.get('uid', '')}/{metadata.get('resourceVersion', '')}"
    entry = _ENTRIES.get(str(secret.get("type", "")))
    encoded = (secret.get("data") or {}).get(entry) if entry is not None else None
    if entry is None or not encoded:
        return DockerSecret(version)
    what = f"Secret {metadata.get('namespace', '')}/{metadata.get('name', '')}"
    try:
        found = JsonObject.parse(decode_b64(str(encoded), what=what), what=what)
        auths = found.optional_child("auths") if entry == ".dockerconfigjson" else found
    except MalformedError as error:
        raise MalformedError(what, f"its {entry} is not what {secret['type']} has") from error
    return DockerSecret(version, auths.members if auths is not None else {})
