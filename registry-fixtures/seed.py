"""The artifacts that get signed: two tiny images and one index, the same bytes on every run.

Layers are tar archives without compression, since compressors differ in their output.
"""

import hashlib
import io
import json
import tarfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

OCI_INDEX: Final = "application/vnd.oci.image.index.v1+json"
OCI_MANIFEST: Final = "application/vnd.oci.image.manifest.v1+json"
_OCI_CONFIG: Final = "application/vnd.oci.image.config.v1+json"
_OCI_LAYER: Final = "application/vnd.oci.image.layer.v1.tar"
DOCKER_MANIFEST: Final = "application/vnd.docker.distribution.manifest.v2+json"
_DOCKER_CONFIG: Final = "application/vnd.docker.container.image.v1+json"
_DOCKER_LAYER: Final = "application/vnd.docker.image.rootfs.diff.tar"


_TAR_BYTES: Final = 512 + 512 + 1024
"""Header, one block of content, end marker; Python pads further, to a tape record."""


@dataclass(frozen=True, slots=True)
class _Types:
    manifest: str
    config: str
    layer: str


_OCI: Final = _Types(OCI_MANIFEST, _OCI_CONFIG, _OCI_LAYER)
_DOCKER: Final = _Types(DOCKER_MANIFEST, _DOCKER_CONFIG, _DOCKER_LAYER)


class Layout:
    """An OCI image layout directory in the making."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        (folder / "blobs" / "sha256").mkdir(parents=True)
        (folder / "oci-layout").write_text('{"imageLayoutVersion":"1.0.0"}\n')

    def add(self, media_type: str, content: bytes) -> dict[str, object]:
        """Store a blob and return its descriptor."""
        found = hashlib.sha256(content).hexdigest()
        (self._folder / "blobs" / "sha256" / found).write_bytes(content)
        return {"mediaType": media_type, "digest": f"sha256:{found}", "size": len(content)}

    def close(self, manifests: Sequence[dict[str, object]]) -> None:
        """Write index.json, one line per manifest so that differences are readable."""
        lines = ",\n".join(f"    {json.dumps(item)}" for item in manifests)
        text = f'{{\n  "schemaVersion": 2,\n  "mediaType": "{OCI_INDEX}",\n  "manifests": [\n{lines}\n  ]\n}}\n'
        (self._folder / "index.json").write_text(text)


def _encode(value: object) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode()


def _tar(name: str, content: bytes) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.USTAR_FORMAT) as archive:
        entry = tarfile.TarInfo(name)
        entry.size = len(content)
        archive.addfile(entry, io.BytesIO(content))
    return out.getvalue()[:_TAR_BYTES]


def _image(layout: Layout, types: _Types, architecture: str) -> dict[str, object]:
    layer = _tar("hello", f"hello from {architecture}\n".encode())
    diff = f"sha256:{hashlib.sha256(layer).hexdigest()}"
    config = {
        "architecture": architecture,
        "os": "linux",
        "config": {"Cmd": ["/hello"]},
        "rootfs": {"type": "layers", "diff_ids": [diff]},
    }
    manifest = {
        "schemaVersion": 2,
        "mediaType": types.manifest,
        "config": layout.add(types.config, _encode(config)),
        "layers": [layout.add(types.layer, layer)],
    }
    return layout.add(types.manifest, _encode(manifest))


def save_oci_image(folder: Path) -> str:
    """Save an image of OCI's media types; return its digest."""
    layout = Layout(folder)
    image = _image(layout, _OCI, "amd64")
    layout.close([image])
    return str(image["digest"])


def save_docker_image(folder: Path) -> str:
    """Save an image of Docker's media types; return its digest."""
    layout = Layout(folder)
    image = _image(layout, _DOCKER, "amd64")
    layout.close([image])
    return str(image["digest"])


def save_index(folder: Path) -> str:
    """Save an index over two platforms; return its digest."""
    layout = Layout(folder)
    children = []
    for architecture in ("amd64", "arm64"):
        child = _image(layout, _OCI, architecture)
        children.append({**child, "platform": {"architecture": architecture, "os": "linux"}})
    index = {"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": children}
    root = layout.add(OCI_INDEX, _encode(index))
    layout.close([root])
    return str(root["digest"])
