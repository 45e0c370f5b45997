"""An admission webhook that answers what a test wants, and remembers what it was asked."""

import base64
import json
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from socket import socket
from types import TracebackType
from typing import Any, Final, Self

from cosignpy.values import value
from tests.support.kube_api.client import KubeClient, namespace_of
from tests.support.raw_server import Handler, RawRequest, RawServer, reply
from tests.support.tls_files import Authority, server_context

EVERYTHING: Final = {"operations": ["*"], "apiGroups": ["*"], "apiVersions": ["*"], "resources": ["*/*"]}
_PATIENCE: Final = 15.0
_POLL: Final = 0.05


def allow(_request: Mapping[str, Any]) -> dict[str, Any]:
    """Admit everything."""
    return {"allowed": True}


def deny(**status: Any) -> Callable[[Mapping[str, Any]], dict[str, Any]]:
    """Refuse everything, with a status."""
    return lambda _: {"allowed": False, "status": status}


def patch(*operations: Mapping[str, Any]) -> Callable[[Mapping[str, Any]], dict[str, Any]]:
    """Admit everything with a JSON patch."""
    encoded = base64.b64encode(json.dumps(operations).encode()).decode()
    return lambda _: {"allowed": True, "patchType": "JSONPatch", "patch": encoded}


@value
class Consulted:
    """A review as it came: the target with its query, the headers, the request."""

    target: str
    headers: Mapping[str, str]
    request: Mapping[str, Any]


class ReviewHook:
    """Serves for as long as the `with` block lasts. `handler`, where there is one, answers instead of `answer`."""

    def __init__(self, folder: Path, answer: Callable[[Mapping[str, Any]], dict[str, Any]] = allow) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        authority = Authority(folder, "hook authority")
        self.answer = answer
        self.handler: Handler | None = None
        self.consulted: list[Consulted] = []
        self.ca_bundle = base64.b64encode(authority.certificate.read_bytes()).decode()
        self._server = RawServer(self._handle, server_context(authority.issue("127.0.0.1")))
        self._lock = threading.Lock()

    def __enter__(self) -> Self:
        self._server.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.__exit__(kind, error, trace)

    @property
    def url(self) -> str:
        """Where it is."""
        return f"https://{self._server.address}"

    def stop_listening(self) -> None:
        """Take no more connections."""
        self._server.stop_listening()

    def requests(self) -> list[Mapping[str, Any]]:
        """Return what it was asked, without probes."""
        with self._lock:
            return [each.request for each in self.consulted if not each.request["name"].startswith("probe")]

    def settings(self, name: str, **fields: Any) -> dict[str, Any]:
        """Return a webhook of a configuration: for namespaces labelled `test: NAME`, on all that is done there."""
        return {
            "name": f"{name}.example.com",
            "admissionReviewVersions": ["v1"],
            "sideEffects": "None",
            "clientConfig": {"url": f"{self.url}/{name}", "caBundle": self.ca_bundle},
            "namespaceSelector": {"matchLabels": {"test": name.partition("-")[0]}},
            "rules": [EVERYTHING],
            **fields,
        }

    def _handle(self, connection: socket, raw: RawRequest) -> None:
        review = json.loads(raw.body)
        with self._lock:
            self.consulted.append(Consulted(raw.target, raw.headers, review["request"]))
        if self.handler is not None and not review["request"]["name"].startswith("probe"):
            self.handler(connection, raw)
            return
        answered = allow if review["request"]["name"].startswith("probe") else self.answer
        document = answer_document(review, answered(review["request"]))
        reply(200, json.dumps(document).encode(), Content_Type="application/json")(connection, raw)


def answer_document(review: Mapping[str, Any], response: Mapping[str, Any]) -> dict[str, Any]:
    """Return an answer to a review."""
    made = {"uid": review["request"]["uid"], **response}
    return {"apiVersion": review["apiVersion"], "kind": review["kind"], "response": made}


def configuration(kind: str, name: str, *hooks: Mapping[str, Any]) -> dict[str, Any]:
    """Return a configuration, `Mutating` or `Validating`."""
    return {
        "apiVersion": "admissionregistration.k8s.io/v1",
        "kind": f"{kind}WebhookConfiguration",
        "metadata": {"name": name},
        "webhooks": list(hooks),
    }


def install(client: KubeClient, hook: ReviewHook, document: Mapping[str, Any], namespace: str) -> None:
    """Create a configuration, and wait until its webhooks are asked about things in a namespace.

    Raises:
        AssertionError: They are not, or the configuration is refused.
    """
    client.create(document)
    probe = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "probe", "namespace": namespace}}
    wanted = {each["clientConfig"]["url"].removeprefix(hook.url) for each in document["webhooks"]}
    ends = time.monotonic() + _PATIENCE
    while time.monotonic() < ends:
        client.try_create(probe, dryRun="All")
        if wanted <= {each.target.partition("?")[0] for each in hook.consulted}:
            hook.consulted.clear()
            return
        time.sleep(_POLL)
    raise AssertionError(f"{namespace_of(probe)}: nobody asks {wanted}")
