"""What a pod names to fetch its images with. Of objects of other types nobody has checked the form.

What is no name of an object is passed over: there is nothing of that name, and API servers take no pod with it.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from cosignpy.values import value

MAX_SECRETS: Final = 50
"""Secrets that a pod or a service account names; each is a request when it is seen first."""
DEFAULT_ACCOUNT: Final = "default"
"""The service account of pods that name none."""

_NAME: Final = re.compile(r"[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?")
"""https://kubernetes.io/docs/concepts/overview/working-with-objects/names/#dns-subdomain-names"""


@value
class NamedSecrets:
    """Names of Secrets, in their order, and of the service account that may have more."""

    secrets: tuple[str, ...]
    service_account: str


def read_pod(spec: Mapping[str, Any]) -> NamedSecrets:
    """Read `imagePullSecrets` and `serviceAccountName` of a pod (or `serviceAccount`, its old name)."""
    accounts = (spec.get(name) for name in ("serviceAccountName", "serviceAccount"))
    account = next((each for each in accounts if isinstance(each, str) and _NAME.fullmatch(each)), DEFAULT_ACCOUNT)
    return NamedSecrets(read_names(spec), account)


def read_names(holder: Mapping[str, Any]) -> tuple[str, ...]:
    """Read `imagePullSecrets` of a pod or a service account, each name once, and not more than a few."""
    return tuple(dict.fromkeys(_names(holder.get("imagePullSecrets"))))[:MAX_SECRETS]


def _names(entries: object) -> Iterator[str]:
    for entry in entries if isinstance(entries, list) else ():
        name = entry.get("name") if isinstance(entry, dict) else None
        if isinstance(name, str) and _NAME.fullmatch(name):
            yield name
