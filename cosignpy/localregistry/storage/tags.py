"""Tags: one small file each, holding a digest."""

from pathlib import Path

from cosignpy.core.digest import Digest
from cosignpy.core.oci.reference import Tag
from cosignpy.localregistry.errors import ErrorCode, OciError
from cosignpy.localregistry.names import RepositoryName
from cosignpy.localregistry.storage.files import Files, names_in
from cosignpy.values import value


@value
class TagStore:
    """Names that move."""

    files: Files

    def resolve(self, name: RepositoryName, tag: Tag) -> Digest:
        """Return what a tag points at.

        Raises:
            OciError: `MANIFEST_UNKNOWN`.
        """
        try:
            return Digest.parse(self._path(name, tag).read_text("ascii"))
        except FileNotFoundError as error:
            raise OciError(ErrorCode.MANIFEST_UNKNOWN, f"tag {tag} is not in this repository") from error

    def point(self, name: RepositoryName, tag: Tag, digest: Digest) -> None:
        """Set or move a tag."""
        self.files.write(self._path(name, tag), str(digest).encode("ascii"))

    def delete(self, name: RepositoryName, tag: Tag) -> None:
        """Forget a tag, not the manifest.

        Raises:
            OciError: `MANIFEST_UNKNOWN`.
        """
        try:
            self._path(name, tag).unlink()
        except FileNotFoundError as error:
            raise OciError(ErrorCode.MANIFEST_UNKNOWN, f"tag {tag} is not in this repository") from error

    def delete_pointing_at(self, name: RepositoryName, digest: Digest) -> None:
        """Forget every tag of a manifest that is about to go."""
        for tag in self.list(name):
            if self.resolve(name, tag) == digest:
                self.delete(name, tag)

    def list(self, name: RepositoryName) -> list[Tag]:
        """Return all tags in ASCII order."""
        return [Tag(found) for found in names_in(self.files.folder(name, "tags"))]

    def _path(self, name: RepositoryName, tag: Tag) -> Path:
        return self.files.folder(name, "tags") / tag
