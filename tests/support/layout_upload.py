"""Everything an OCI layout holds, put on a registry as it is: plain uploads, none of our own client in between."""

import json
from contextlib import closing
from http import HTTPStatus
from http.client import HTTPConnection
from pathlib import Path
from typing import Final

REF_NAME: Final = "org.opencontainers.image.ref.name"
_INDEX_SUFFIXES: Final = ("image.index.v1+json", "manifest.list.v2+json")


class LayoutUpload:
    """One layout on its way to one repository."""

    def __init__(self, http: HTTPConnection, repository: str, folder: Path) -> None:
        self._http = http
        self._base = f"/v2/{repository}"
        self._blobs = folder / "blobs" / "sha256"
        self._index = json.loads((folder / "index.json").read_text())

    def run(self) -> None:
        """Upload manifests with what they need, children first, and tag the named ones."""
        for entry in self._index["manifests"]:
            self._put_manifest(entry, entry["annotations"][REF_NAME])

    def _put_manifest(self, descriptor: dict[str, str], name: str) -> None:
        content = self._read(descriptor["digest"])
        manifest = json.loads(content)
        if descriptor["mediaType"].endswith(_INDEX_SUFFIXES):
            for child in manifest["manifests"]:
                self._put_manifest(child, child["digest"])
        else:
            for blob in (manifest["config"], *manifest["layers"]):
                self._put_blob(blob["digest"])
        self._put(f"{self._base}/manifests/{name}", content, descriptor["mediaType"])

    def _put_blob(self, digest: str) -> None:
        self._http.request("POST", f"{self._base}/blobs/uploads/")
        answer = self._http.getresponse()
        answer.read()
        place = answer.headers["Location"]
        self._put(f"{place}{'&' if '?' in place else '?'}digest={digest}", self._read(digest))

    def _put(self, path: str, content: bytes, media_type: str = "application/octet-stream") -> None:
        self._http.request("PUT", path, content, {"Content-Type": media_type})
        answer = self._http.getresponse()
        assert (answer.status, answer.read()) == (HTTPStatus.CREATED, b"")

    def _read(self, digest: str) -> bytes:
        return (self._blobs / digest.removeprefix("sha256:")).read_bytes()


def upload_layout(address: str, repository: str, folder: Path) -> None:
    """Upload a layout whose entries all have tags."""
    with closing(HTTPConnection(address, timeout=10)) as http:
        LayoutUpload(http, repository, folder).run()
