"""Manifests, byte for byte as they were pushed, with the media type they were pushed as."""

from pathlib import Path

from cosignpy.core.digest import Digest
from cosignpy.localregistry.errors import ErrorCode, OciError
from cosignpy.localregistry.names import RepositoryName
from cosignpy.localregistry.storage.files import Files
from cosignpy.values import value


@value
class StoredManifest:
    """A manifest as it came in."""

    digest: Digest
    media_type: str
    content: bytes


@value
class ManifestStore:
    """Files named by the digest of the manifest; type and bytes lie in one file, so no crash can part them."""

    files: Files

    def has(self, name: RepositoryName, digest: Digest) -> bool:
        """Tell whether the repository has this manifest."""
        return self._path(name, digest).is_file()

    def load(self, name: RepositoryName, digest: Digest) -> StoredManifest:
        """Return a manifest.

        Raises:
            OciError: `MANIFEST_UNKNOWN`.
        """
        try:
            stored = self._path(name, digest).read_bytes()
        except FileNotFoundError as error:
            raise OciError(ErrorCode.MANIFEST_UNKNOWN, f"manifest {digest} is not in this repository") from error
        media_type, _, content = stored.partition(b"\n")
        return StoredManifest(digest, media_type.decode("ascii"), content)

    def save(self, name: RepositoryName, manifest: StoredManifest) -> None:
        """Keep a manifest that has been checked."""
        self.files.write(
            self._path(name, manifest.digest), manifest.media_type.encode("ascii") + b"\n" + manifest.content
        )

    def delete(self, name: RepositoryName, digest: Digest) -> None:
        """Forget a manifest."""
        self._path(name, digest).unlink(missing_ok=True)

    def _path(self, name: RepositoryName, digest: Digest) -> Path:
        return self.files.content(name, "manifests", digest)
