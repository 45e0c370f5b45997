"""A client that sends exactly what it is told to, and what tests push with it."""

import hashlib
import http.client
import json
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, urlencode

OCI_MANIFEST = "application/vnd.oci.image.manifest.v1+json"
OCI_INDEX = "application/vnd.oci.image.index.v1+json"
EMPTY = "application/vnd.oci.empty.v1+json"
LAYER = "application/vnd.oci.image.layer.v1.tar"

Json = dict[str, Any]


@dataclass(frozen=True)
class Answer:
    status: int
    headers: http.client.HTTPMessage
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def code(self) -> str:
        """The spec's error code."""
        errors = self.json()["errors"]
        assert set(errors[0]) == {"code", "message", "detail"}
        assert self.headers["content-type"] == "application/json"
        return str(errors[0]["code"])


@dataclass(frozen=True)
class Wire:
    address: str
    headers: Mapping[str, str] = field(default_factory=dict)
    tls: ssl.SSLContext | None = None

    def connect(self) -> http.client.HTTPConnection:
        if self.tls:
            return http.client.HTTPSConnection(self.address, timeout=20, context=self.tls)
        return http.client.HTTPConnection(self.address, timeout=20)

    def send(
        self, method: str, path: str, body: Any = None, headers: Mapping[str, str] | None = None, **query: str
    ) -> Answer:
        connection = self.connect()
        try:
            target = quote(path, safe="/:%?&=") + ("?" + urlencode(query) if query else "")
            connection.request(method, target, body, {**self.headers, **(headers or {})})
            response = connection.getresponse()
            return Answer(response.status, response.headers, response.read())
        finally:
            connection.close()

    def get(self, path: str, headers: Mapping[str, str] | None = None, **query: str) -> Answer:
        return self.send("GET", path, None, headers, **query)

    def begin(self, name: str, **query: str) -> Answer:
        return self.send("POST", f"/v2/{name}/blobs/uploads/", **query)

    def push_blob(self, name: str, content: bytes, algorithm: str = "sha256", media_type: str = LAYER) -> Json:
        described = describe(content, media_type, algorithm)
        answer = self.send("POST", f"/v2/{name}/blobs/uploads/", content, digest=described["digest"])
        assert answer.status == 201, answer.body
        return described

    def put(self, name: str, target: str, manifest: bytes, media_type: str = OCI_MANIFEST, **query: str) -> Answer:
        return self.send("PUT", f"/v2/{name}/manifests/{target}", manifest, {"content-type": media_type}, **query)

    def push_manifest(self, name: str, target: str = "latest", **members: Any) -> Json:
        """Push an artifact over one empty blob; `members` are added or replace the usual ones."""
        manifest = self.manifest(name, **members)
        answer = self.put(name, target, manifest)
        assert answer.status == 201, answer.body
        return describe(manifest, OCI_MANIFEST)

    def manifest(self, name: str, **members: Any) -> bytes:
        empty = self.push_blob(name, b"{}", media_type=EMPTY)
        return encode({"schemaVersion": 2, "mediaType": OCI_MANIFEST, "config": empty, "layers": [empty], **members})


def describe(content: bytes, media_type: str, algorithm: str = "sha256") -> Json:
    return {"mediaType": media_type, "digest": digest_of(content, algorithm), "size": len(content)}


def digest_of(content: bytes, algorithm: str = "sha256") -> str:
    return f"{algorithm}:{hashlib.new(algorithm, content).hexdigest()}"


def encode(document: Json) -> bytes:
    return json.dumps(document, separators=(", ", ": ")).encode()
