"""A small client of the API server, for tests: JSON over TLS, with the standard library."""

import json
import ssl
import threading
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from http import HTTPStatus
from http.client import HTTPException, HTTPSConnection
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote, urlencode, urlsplit

Json = dict[str, Any]

PATIENCE_SECONDS: Final = 60.0
MERGE: Final = "application/merge-patch+json"
STRATEGIC: Final = "application/strategic-merge-patch+json"
JSON_PATCH: Final = "application/json-patch+json"
APPLY: Final = "application/apply-patch+yaml"


@dataclass(frozen=True, slots=True)
class Answer:
    """What the API server answered; `warnings` are its `Warning` headers, without number and quotes."""

    status: int
    body: Json
    warnings: tuple[str, ...] = ()

    @property
    def message(self) -> str:
        """Return why it refused."""
        return str(self.body.get("message", ""))


@dataclass(eq=False)
class ApiRefusedError(Exception):
    """The API server did not do what it was asked to."""

    asked: str
    answer: Answer

    def __str__(self) -> str:
        return f"{self.asked}: {self.answer.status} {self.answer.message or self.answer.body}"


@dataclass
class ApiClient:
    """One user of the API server; a connection for each thread."""

    url: str
    ca_file: Path
    token: str
    _local: threading.local = field(default_factory=threading.local, init=False, repr=False)
    _connections: list[HTTPSConnection] = field(default_factory=list, init=False, repr=False)
    _plurals: dict[str, Mapping[str, Json]] = field(default_factory=dict, init=False, repr=False)

    def __post_init__(self) -> None:
        self._tls = ssl.create_default_context(cafile=str(self.ca_file))
        self._host = urlsplit(self.url).netloc

    def call(self, method: str, path: str, body: object = None, content_type: str = "application/json") -> Answer:
        """Ask anything, and return the answer, whatever it is."""
        content = None if body is None else json.dumps(body).encode()
        try:
            return self._call(method, path, content, content_type)
        except (HTTPException, OSError):  # an idle connection that the server has closed
            self._drop_connection()
            return self._call(method, path, content, content_type)

    def expect(self, method: str, path: str, body: object = None, content_type: str = "application/json") -> Json:
        """Ask, and return the object that is answered.

        Raises:
            ApiRefusedError: The answer is an error.
        """
        answer = self.call(method, path, body, content_type)
        if answer.status >= HTTPStatus.BAD_REQUEST:
            raise ApiRefusedError(f"{method} {path}", answer)
        return answer.body

    def get(self, path: str) -> Json:
        """Return an object, or a list of them; raises as `expect`."""
        return self.expect("GET", path)

    def delete(self, path: str, options: Json | None = None) -> Json:
        """Delete; raises as `expect`."""
        return self.expect("DELETE", path, options)

    def patch(self, path: str, patch: object, content_type: str = MERGE) -> Json:
        """Change an object; raises as `expect`."""
        return self.expect("PATCH", path, patch, content_type)

    def create(self, manifest: Json, **query: str) -> Json:
        """Create the object of a manifest; raises as `expect`."""
        return self.expect("POST", self.collection(manifest, **query), manifest)

    def try_create(self, manifest: Json, **query: str) -> Answer:
        """Create the object of a manifest if that is possible, and return the answer."""
        return self.call("POST", self.collection(manifest, **query), manifest)

    def apply(self, manifest: Json) -> Json:
        """Create an object, or make it what its manifest says (server-side apply); raises as `expect`."""
        path = f"{self.path(manifest)}?{urlencode({'fieldManager': 'tests', 'force': 'true'})}"
        return self.expect("PATCH", path, manifest, APPLY)

    def watch(self, path: str, resource_version: str = "", seconds: int = 10) -> Iterator[Json]:
        """Yield the events of a list from a version on, until the server ends it."""
        query = urlencode({"watch": "1", "resourceVersion": resource_version, "timeoutSeconds": seconds})
        with closing(HTTPSConnection(self._host, timeout=PATIENCE_SECONDS, context=self._tls)) as connection:
            connection.request("GET", f"{path}?{query}", headers=self._headers("application/json"))
            response = connection.getresponse()
            while line := response.readline():
                yield json.loads(line)

    def collection(self, manifest: Json, **query: str) -> str:
        """Return the path of the list that an object belongs to."""
        version = str(manifest["apiVersion"])
        root = f"/apis/{version}" if "/" in version else f"/api/{version}"
        resource = self._resource(root, str(manifest["kind"]))
        namespace = manifest["metadata"].get("namespace", "default")
        inside = f"/namespaces/{quote(namespace)}" if resource["namespaced"] else ""
        return f"{root}{inside}/{resource['name']}{f'?{urlencode(query)}' if query else ''}"

    def path(self, manifest: Json) -> str:
        """Return the path of an object with a name."""
        return f"{self.collection(manifest)}/{quote(manifest['metadata']['name'])}"

    def close(self) -> None:
        """Close the connections of all threads; each may be opened again."""
        for connection in self._connections:
            connection.close()

    def _drop_connection(self) -> None:
        self._local.connection.close()
        self._connections.remove(self._local.connection)
        self._local.connection = None

    def _call(self, method: str, path: str, content: bytes | None, content_type: str) -> Answer:
        connection = getattr(self._local, "connection", None)
        if connection is None:
            connection = HTTPSConnection(self._host, timeout=PATIENCE_SECONDS, context=self._tls)
            self._local.connection = connection
            self._connections.append(connection)
        connection.request(method, path, content, self._headers(content_type))
        response = connection.getresponse()
        text = response.read()
        body = json.loads(text) if text.startswith(b"{") else {"message": text.decode(errors="replace")}
        warnings = response.headers.get_all("Warning") or []
        return Answer(response.status, body, tuple(_warning_text(warning) for warning in warnings))

    def _headers(self, content_type: str) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}", "Content-Type": content_type, "Accept": "application/json"}

    def _resource(self, root: str, kind: str) -> Json:
        if kind not in self._plurals.get(root, {}):
            found = [r for r in self.get(root)["resources"] if "/" not in r["name"]]
            self._plurals[root] = {resource["kind"]: resource for resource in found}
        return self._plurals[root][kind]


def _warning_text(header: str) -> str:
    """Read a header like `299 - "text"` (RFC 7234 section 5.5), which the API server writes in UTF-8."""
    quoted = header.encode("latin-1").decode().split(" ", 2)[2]
    return quoted[1:-1].replace('\\"', '"').replace("\\\\", "\\")
