"""Blobs, kept per repository so that access to one says nothing about another."""

import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from cosignpy.core.digest import Digest
from cosignpy.localregistry.errors import ErrorCode, OciError
from cosignpy.localregistry.names import RepositoryName
from cosignpy.localregistry.storage.files import Files
from cosignpy.values import value


@value
class BlobStore:
    """Files named by the digest of their content."""

    files: Files

    def has(self, name: RepositoryName, digest: Digest) -> bool:
        """Tell whether the repository has this blob."""
        return self._path(name, digest).is_file()

    def find(self, name: RepositoryName, digest: Digest) -> Path:
        """Return the blob's file.

        Raises:
            OciError: `BLOB_UNKNOWN`.
        """
        path = self._path(name, digest)
        if not path.is_file():
            raise OciError(ErrorCode.BLOB_UNKNOWN, f"blob {digest} is not in this repository")
        return path

    def put(self, name: RepositoryName, digest: Digest, finished: Path) -> None:
        """Take over a file whose content has been checked against the digest."""
        self.files.move(finished, self._path(name, digest))

    def holders(self, digest: Digest) -> Iterator[RepositoryName]:
        """Yield the repositories that have this blob."""
        return self.files.holders("blobs", digest)

    def mount(self, name: RepositoryName, digest: Digest, source: RepositoryName) -> None:
        """Take a blob of another repository without copying it."""
        path = self._path(name, digest)
        path.parent.mkdir(parents=True, exist_ok=True)
        with suppress(FileExistsError):
            os.link(self._path(source, digest), path)

    def delete(self, name: RepositoryName, digest: Digest) -> None:
        """Forget a blob.

        Raises:
            OciError: `BLOB_UNKNOWN`.
        """
        self.find(name, digest).unlink()

    def _path(self, name: RepositoryName, digest: Digest) -> Path:
        return self.files.content(name, "blobs", digest)
