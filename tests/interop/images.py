"""Small images and indexes, each unlike any other, pushed by crane."""

import hashlib
import json
import tempfile
from pathlib import Path
from typing import Final

from tests.interop.programs import Workshop

INDEX: Final = "application/vnd.oci.image.index.v1+json"
MANIFEST: Final = "application/vnd.oci.image.manifest.v1+json"
CONFIG: Final = "application/vnd.oci.image.config.v1+json"


class Layout:
    """An OCI layout directory in the making."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        (folder / "blobs" / "sha256").mkdir(parents=True)
        (folder / "oci-layout").write_text('{"imageLayoutVersion":"1.0.0"}')

    def add(self, media_type: str, document: object) -> dict[str, object]:
        """Store a JSON document and return its descriptor."""
        content = json.dumps(document, separators=(",", ":")).encode()
        found = hashlib.sha256(content).hexdigest()
        (self._folder / "blobs" / "sha256" / found).write_bytes(content)
        return {"mediaType": media_type, "digest": f"sha256:{found}", "size": len(content)}

    def add_image(self, label: str, architecture: str) -> dict[str, object]:
        """Store an image without layers; the label makes its digest its own."""
        config = {
            "architecture": architecture,
            "os": "linux",
            "config": {"Labels": {"org.opencontainers.image.title": label}},
            "rootfs": {"type": "layers", "diff_ids": []},
        }
        manifest = {"schemaVersion": 2, "mediaType": MANIFEST, "config": self.add(CONFIG, config), "layers": []}
        return {
            **self.add(MANIFEST, manifest),
            "platform": {"architecture": architecture, "os": "linux"},
        }

    def close(self, *manifests: dict[str, object]) -> None:
        """Write index.json."""
        index = {"schemaVersion": 2, "mediaType": INDEX, "manifests": manifests}
        (self._folder / "index.json").write_text(json.dumps(index))


def push_image(shop: Workshop, repository: str, label: str) -> str:
    """Push an image of its own under the tag `label`; return its reference by digest."""
    with tempfile.TemporaryDirectory(dir=shop.folder) as folder:
        layout = Layout(Path(folder))
        layout.close(layout.add_image(label, "amd64"))
        return shop.run("crane", "push", folder, f"{repository}:{label}").expect_success().stdout.strip()


def push_index(shop: Workshop, repository: str, label: str) -> tuple[str, ...]:
    """Push an index of its own under the tag `label`; return the references of it and of its images, by digest."""
    with tempfile.TemporaryDirectory(dir=shop.folder) as folder:
        layout = Layout(Path(folder))
        images = [layout.add_image(label, architecture) for architecture in ("amd64", "arm64")]
        layout.close(*images)
        index = shop.run("crane", "push", "--index", folder, f"{repository}:{label}").expect_success().stdout.strip()
    return (index, *(f"{repository}@{image['digest']}" for image in images))
