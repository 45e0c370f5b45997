"""Webhooks that are asked about a namespace of their own."""

import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.support.kube_api.client import KubeClient
from tests.support.kube_api.contract.checks import ApiServer, unique
from tests.support.kube_api.review_hook import ReviewHook, allow, configuration, install

Answer = Callable[[Mapping[str, Any]], dict[str, Any]]


@contextmanager
def hooked(server: ApiServer, kind: str, answer: Answer = allow, **settings: Any) -> Iterator[tuple[str, ReviewHook]]:
    """Yield a namespace and the webhook that is asked about it, until the block ends."""
    name = unique("n").replace("-", "")
    place = server.make_namespace(unique(), test=name)
    with tempfile.TemporaryDirectory() as folder, ReviewHook(Path(folder), answer) as hook:
        install(server.client(), hook, configuration(kind, name, hook.settings(name, **settings)), place)
        try:
            yield place, hook
        finally:
            uninstall(server.client(), kind, name)


def uninstall(api: KubeClient, kind: str, name: str) -> None:
    """Remove a configuration."""
    api.delete("admissionregistration.k8s.io/v1", f"{kind}WebhookConfiguration", "", name)
