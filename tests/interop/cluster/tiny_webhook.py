"""An admission webhook of a few lines, which remembers what it is asked and answers what a test wants."""

import base64
import json
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from socket import socket
from types import TracebackType
from typing import Final, Self

from tests.interop.cluster.api_client import ApiClient, Json
from tests.interop.cluster.program import await_true
from tests.support.raw_server import RawRequest, RawServer, reply
from tests.support.tls_files import Authority, server_context

ANY_RULE: Final[Json] = {
    "operations": ["CREATE", "UPDATE", "DELETE"],
    "apiGroups": ["*"],
    "apiVersions": ["*"],
    "resources": ["*/*"],
}


def allow(_request: Json) -> Json:
    """Admit everything."""
    return {"allowed": True}


@dataclass(frozen=True, slots=True)
class Asked:
    """A review as it came, with the path and the query it was sent to."""

    target: str
    headers: Mapping[str, str]
    review: Json


@dataclass
class TinyWebhook:
    """Serves `answer` for as long as the `with` block lasts: a request of a review becomes its response."""

    folder: Path
    answer: Callable[[Json], Json] = allow
    asked: list[Asked] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        authority = Authority(self.folder, "webhook authority")
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
        """Return where the API server reaches it."""
        return f"https://{self._server.address}"

    @staticmethod
    def patched(operations: Sequence[Json]) -> Json:
        """Return the response that changes an object."""
        patch = base64.b64encode(json.dumps(operations).encode()).decode()
        return {"allowed": True, "patchType": "JSONPatch", "patch": patch}

    def reviews(self, namespace: str) -> Sequence[Json]:
        """Return the reviews of a namespace, the oldest first."""
        with self._lock:
            return [asked.review for asked in self.asked if asked.review["request"].get("namespace") == namespace]

    def _handle(self, connection: socket, request: RawRequest) -> None:
        review = json.loads(request.body)
        with self._lock:
            self.asked.append(Asked(request.target, request.headers, review))
        response = {"uid": review["request"]["uid"], **self.answer(review["request"])}
        document = {"apiVersion": review["apiVersion"], "kind": review["kind"], "response": response}
        reply(200, json.dumps(document).encode(), Content_Type="application/json")(connection, request)


def configuration(kind: str, name: str, webhook: TinyWebhook, **fields: object) -> Json:
    """Build a webhook configuration, `Validating` or `Mutating`, for the namespaces labelled `test: NAME`."""
    hook = {
        "name": f"{name}.example.com",
        "admissionReviewVersions": ["v1"],
        "sideEffects": "None",
        "clientConfig": {"url": f"{webhook.url}/{kind.lower()}", "caBundle": webhook.ca_bundle},
        "namespaceSelector": {"matchLabels": {"test": name}},
        "rules": [ANY_RULE],
        **fields,
    }
    return {
        "apiVersion": "admissionregistration.k8s.io/v1",
        "kind": f"{kind}WebhookConfiguration",
        "metadata": {"name": name},
        "webhooks": [hook],
    }


def install(client: ApiClient, webhook: TinyWebhook, manifest: Json, namespace: str) -> None:
    """Create a configuration and wait until the API server asks the webhook about a namespace.

    Raises:
        ApiRefusedError: The API server refuses the configuration.
        ProgramError: It does not ask.
    """
    client.create(manifest)
    probe = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "probe", "namespace": namespace}}
    path = str(manifest["webhooks"][0]["clientConfig"]["url"]).removeprefix(webhook.url)

    def is_asked() -> bool:
        client.try_create(probe, dryRun="All")
        return any(asked.target.startswith(path) for asked in tuple(webhook.asked))

    await_true(is_asked, f"the API server asks {manifest['metadata']['name']}")
    webhook.asked.clear()
