"""Everything a registry holds of one repository, as an OCI image layout.

Each tag becomes an entry of index.json with its name in `org.opencontainers.image.ref.name`, so signature tags
(`sha256-….sig`) and the referrers fallback tag (`sha256-…`) are found there as on the registry.
"""

import hashlib
import json
import urllib.request
from pathlib import Path
from typing import Final

from seed import DOCKER_MANIFEST, OCI_INDEX, OCI_MANIFEST, Layout

REF_NAME: Final = "org.opencontainers.image.ref.name"
_ACCEPT: Final = f"{OCI_INDEX}, {OCI_MANIFEST}, {DOCKER_MANIFEST}"


class Repository:
    """One repository of a registry on loopback, read."""

    def __init__(self, host: str, name: str) -> None:
        self._base = f"http://{host}/v2/{name}"

    def _get(self, path: str) -> tuple[str, bytes]:
        request = urllib.request.Request(f"{self._base}/{path}", headers={"Accept": _ACCEPT})  # noqa: S310 - loopback
        with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310 - ditto
            return answer.headers["Content-Type"], answer.read()

    def tags(self) -> list[str]:
        """List the tags, sorted."""
        return sorted(json.loads(self._get("tags/list")[1])["tags"] or [])

    def save(self, folder: Path) -> None:
        """Write a layout that holds every tag and all that the tags reach."""
        layout = Layout(folder)
        layout.close(
            [{**self._copy_manifest(layout, tag), "annotations": {REF_NAME: tag}} for tag in self.tags()],
        )

    def _copy_manifest(self, layout: Layout, reference: str) -> dict[str, object]:
        media_type, content = self._get(f"manifests/{reference}")
        manifest = json.loads(content)
        for child in manifest.get("manifests", []):
            self._copy_manifest(layout, child["digest"])
        for blob in [manifest["config"], *manifest["layers"]] if "config" in manifest else []:
            self._copy_blob(layout, blob["digest"], blob["mediaType"])
        return layout.add(media_type, content)

    def _copy_blob(self, layout: Layout, digest: str, media_type: str) -> None:
        _, content = self._get(f"blobs/{digest}")
        if f"sha256:{hashlib.sha256(content).hexdigest()}" != digest:
            raise ValueError(digest)
        layout.add(media_type, content)
