"""A small client of API servers, ours and real ones: what is answered is looked at as it came."""

import http.client
import json
import ssl
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlencode, urlsplit

import yaml

from cosignpy.values import field, record, value

if TYPE_CHECKING:
    import builtins

_SECONDS: Final = 30.0
_PLURALS: Final = {
    "NetworkPolicy": "networkpolicies",
    "Ingress": "ingresses",
    "PriorityClass": "priorityclasses",
    "StorageClass": "storageclasses",
    "Endpoints": "endpoints",
    "BreakGlass": "breakglasses",
    "ClusterImagePolicy": "clusterimagepolicies",
    "ImagePolicy": "imagepolicies",
    "ValidatingAdmissionPolicy": "validatingadmissionpolicies",
}
_CLUSTER_KINDS: Final = frozenset({
    "Namespace", "Node", "PersistentVolume", "ClusterRole", "ClusterRoleBinding", "CustomResourceDefinition",
    "MutatingWebhookConfiguration", "ValidatingWebhookConfiguration", "PriorityClass", "ClusterImagePolicy",
    "TrustRoot", "ValidatingAdmissionPolicy", "ValidatingAdmissionPolicyBinding",
})  # fmt: skip


@value
class Answered:
    """What a server answered; `document` is the JSON, `warnings` are the texts of Warning headers."""

    code: int
    document: Any
    warnings: tuple[str, ...] = ()

    @property
    def message(self) -> str:
        """The message of a `Status`."""
        return str(self.document.get("message", "")) if isinstance(self.document, dict) else str(self.document)

    @property
    def reason(self) -> str:
        """The reason of a `Status`."""
        return str(self.document.get("reason", ""))


@record
class Refused(AssertionError):
    """An answer that is none of success where there had to be one."""

    answered: Answered

    def __str__(self) -> str:
        return f"{self.answered.code} {self.answered.document}"


def path_of(api_version: str, kind: str, namespace: str = "", name: str = "", subresource: str = "") -> str:
    """Return where objects of a kind are."""
    plural = _PLURALS.get(kind, f"{kind.lower()}s")
    parts = ["/api" if "/" not in api_version else "/apis", api_version]
    parts += ["namespaces", namespace] if namespace else []
    return "/".join([*parts, plural, *filter(None, (name, subresource))])


@record
class KubeClient:
    """Asks an API server; a connection for each request."""

    url: str
    authority: Path
    token: str = field(repr=False)

    def _connect(self, seconds: float | None = _SECONDS) -> http.client.HTTPSConnection:
        parts = urlsplit(self.url)
        context = ssl.create_default_context(cafile=str(self.authority))
        return http.client.HTTPSConnection(parts.hostname or "", parts.port, timeout=seconds, context=context)

    def ask(
        self, method: str, path: str, body: Any = None, *, content_type: str = "application/json", **query: str
    ) -> Answered:
        """Ask, and return whatever is answered."""
        connection = self._connect()
        try:
            raw = body if isinstance(body, bytes) else json.dumps(body).encode() if body is not None else None
            connection.request(method, path + _encode(query), raw, self._headers(content_type))
            answer = connection.getresponse()
            content = answer.read()
        finally:
            connection.close()
        told = tuple(_warning(text) for text in answer.headers.get_all("Warning") or [])
        is_json = content.startswith(b"{")
        return Answered(answer.status, json.loads(content) if is_json else content.decode(), told)

    def _headers(self, content_type: str) -> dict[str, str]:
        sent = {"Content-Type": content_type, "Accept": "application/json", "User-Agent": "tester/1"}
        return sent | ({"Authorization": f"Bearer {self.token}"} if self.token else {})

    def get(self, api_version: str, kind: str, namespace: str, name: str) -> Any:
        """Return an object; None where there is none."""
        found = self.ask("GET", path_of(api_version, kind, namespace, name))
        return None if found.code == 404 else done(found).document

    def list(self, api_version: str, kind: str, namespace: str = "", **query: str) -> Any:
        """Return a list."""
        return done(self.ask("GET", path_of(api_version, kind, namespace), **query)).document

    def create(self, document: Mapping[str, Any], **query: str) -> Any:
        """Create an object where it says that it is, in `default` if it does not."""
        return done(self.try_create(document, **query)).document

    def try_create(self, document: Mapping[str, Any], **query: str) -> Answered:
        """Create an object, and return whatever is answered."""
        path = path_of(document["apiVersion"], document["kind"], namespace_of(document))
        return self.ask("POST", path, document, **query)

    def replace(self, document: Mapping[str, Any], subresource: str = "", **query: str) -> Any:
        """Replace an object."""
        return done(self.try_replace(document, subresource, **query)).document

    def try_replace(self, document: Mapping[str, Any], subresource: str = "", **query: str) -> Answered:
        """Replace an object, and return whatever is answered."""
        return self.ask("PUT", place_of(document, subresource), document, **query)

    def apply(self, document: Mapping[str, Any], subresource: str = "", **query: str) -> Any:
        """Apply an object, taking fields over."""
        return done(self.try_apply(document, subresource, **({"force": "true"} | query))).document

    def try_apply(self, document: Mapping[str, Any], subresource: str = "", **query: str) -> Answered:
        """Apply an object, and return whatever is answered."""
        sent = {"fieldManager": "tester"} | query
        kind = "application/apply-patch+yaml"
        return self.ask("PATCH", place_of(document, subresource), document, content_type=kind, **sent)

    def merge(self, document: Mapping[str, Any], patch: Any, subresource: str = "", **query: str) -> Answered:
        """Patch an object by a JSON merge patch."""
        kind = "application/merge-patch+json"
        return self.ask("PATCH", place_of(document, subresource), patch, content_type=kind, **query)

    def delete(self, api_version: str, kind: str, namespace: str, name: str, **query: str) -> Answered:
        """Delete an object."""
        return self.ask("DELETE", path_of(api_version, kind, namespace, name), **query)

    def apply_manifests(self, text: str) -> "builtins.list[Any]":
        """Apply all documents of a YAML file, in its order."""
        return [self.apply(document) for document in yaml.safe_load_all(text) if document]

    def watch(self, path: str, *, seconds: float = 5.0, **query: str) -> Iterator[Any]:
        """Yield the events of a watch until it ends; it is asked to end by itself after some seconds."""
        connection = self._connect(seconds + _SECONDS)
        try:
            asked = {"watch": "true", "timeoutSeconds": str(max(1, round(seconds)))} | query
            connection.request("GET", path + _encode(asked), headers=self._headers("application/json"))
            answer = connection.getresponse()
            if answer.status != 200:
                raise Refused(Answered(answer.status, json.loads(answer.read())))
            for line in answer:
                yield json.loads(line)
        finally:
            connection.close()


def namespace_of(document: Mapping[str, Any]) -> str:
    """Return where an object is."""
    return "" if document["kind"] in _CLUSTER_KINDS else document["metadata"].get("namespace", "default")


def place_of(document: Mapping[str, Any], subresource: str = "") -> str:
    """Return the path of an object."""
    name = document["metadata"]["name"]
    return path_of(document["apiVersion"], document["kind"], namespace_of(document), name, subresource)


def done(found: Answered) -> Answered:
    """Return an answer of success.

    Raises:
        Refused: It is none.
    """
    if found.code >= 300:
        raise Refused(found)
    return found


def _encode(query: Mapping[str, str]) -> str:
    return "?" + urlencode(query) if query else ""


def _warning(header: str) -> str:
    return header.partition('"')[2].rpartition('"')[0].replace('\\"', '"').replace("\\\\", "\\")
