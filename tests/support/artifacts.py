"""OCI artifacts that are not images, of every shape that the image specification allows."""

from collections.abc import Mapping
from typing import Final

from cosignpy.core.encoding import JsonValue, encode_json
from cosignpy.core.oci.manifest import OCI_INDEX, OCI_MANIFEST, Descriptor, Manifest
from cosignpy.core.oci.reference import Tag
from cosignpy.operations.ports import ManifestSink

_EMPTY: Final = "application/vnd.oci.empty.v1+json"
_HELM: Final = b'{"name":"app","version":"1.0.0","apiVersion":"v2"}'
_CONTENT: Final = b"content of an artifact"


def _describe(content: bytes, media_type: str) -> JsonValue:
    return Descriptor.of(content, media_type).encode()


def _manifest(config: JsonValue, *layers: JsonValue, **members: JsonValue) -> dict[str, JsonValue]:
    return {"schemaVersion": 2, "mediaType": OCI_MANIFEST, "config": config, "layers": list(layers), **members}


_NOTHING: Final = _describe(b"{}", _EMPTY)
_CHART: Final = _manifest(
    _describe(_HELM, "application/vnd.cncf.helm.config.v1+json"),
    _describe(_CONTENT, "application/vnd.cncf.helm.chart.content.v1.tar+gzip"),
    annotations={"org.opencontainers.image.title": "app"},
)

SHAPES: Final[Mapping[str, dict[str, JsonValue]]] = {
    "chart": _CHART,
    "wasm": _manifest(
        _describe(b"{}", "application/vnd.wasm.config.v1+json"),
        _describe(_CONTENT, "application/vnd.wasm.content.layer.v1+wasm"),
    ),
    "sbom": _manifest(_NOTHING, _describe(_CONTENT, "application/spdx+json"), artifactType="application/spdx+json"),
    "any-type": _manifest(_describe(_HELM, "text/x-config"), _describe(_CONTENT, "text/x-anything")),
    "no-layers": _manifest(_NOTHING, artifactType="application/vnd.example.nothing", annotations={"a": "b"}),
    "empty-layer": _manifest(_NOTHING, _NOTHING, artifactType="application/vnd.example.empty"),
    "without-media-type": {name: member for name, member in _CHART.items() if name != "mediaType"},
    "index": {
        "schemaVersion": 2,
        "mediaType": OCI_INDEX,
        "artifactType": "application/vnd.example.many",
        "manifests": [_describe(encode_json(_CHART), OCI_MANIFEST)],
    },
}


def push_artifact(sink: ManifestSink, shape: str, subject: Descriptor | None = None, tag: str = "") -> Manifest:
    """Push an artifact of one of `SHAPES`, as a referrer of a subject where one is given."""
    for blob in (b"{}", _HELM, _CONTENT):
        sink.push_blob(blob)
    document = SHAPES[shape] | ({"subject": subject.encode()} if subject else {})
    if "manifests" in document:
        sink.push_manifest(Manifest.parse(encode_json(_CHART), OCI_MANIFEST))
    media_type = OCI_INDEX if "manifests" in document else OCI_MANIFEST
    manifest = Manifest.parse(encode_json(document), media_type)
    sink.push_manifest(manifest, Tag(tag) if tag else None)
    return manifest
