"""Blobs on their way in: one file per upload, whose size is the upload's offset."""

import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, Final, NewType

from cosignpy.localregistry.errors import ErrorCode, OciError
from cosignpy.localregistry.names import RepositoryName
from cosignpy.localregistry.storage.files import Files
from cosignpy.values import field, value

UploadId = NewType("UploadId", str)

MAX_IDLE_SECONDS: Final = 24 * 3600
"""An upload untouched for a day has no client any more; its bytes are dropped with the next new upload."""


@value
class UploadStore:
    """Uploads that have begun and not ended; they survive a restart of the registry."""

    files: Files
    claimed: set[UploadId] = field(default_factory=set)

    def begin(self, name: RepositoryName) -> tuple[UploadId, Path]:
        """Start an upload and return its empty file."""
        self._drop_idle(name)
        upload = UploadId(str(uuid.uuid4()))
        path = self._path(name, upload)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch(exist_ok=False)
        return upload, path

    def find(self, name: RepositoryName, text: str) -> tuple[UploadId, Path]:
        """Return the upload a URL names, and its file.

        Raises:
            OciError: `BLOB_UPLOAD_UNKNOWN`.
        """
        upload = _parse_upload_id(text)
        path = self._path(name, upload)
        if not path.is_file():
            raise OciError(ErrorCode.BLOB_UPLOAD_UNKNOWN, "no such upload in this repository")
        return upload, path

    @contextmanager
    def claim(self, upload: UploadId) -> Iterator[None]:
        """Hold an upload while its bytes arrive: two writers at once would mix theirs.

        Raises:
            OciError: `BLOB_UPLOAD_INVALID`, 409: someone else holds it.
        """
        if upload in self.claimed:
            raise OciError(ErrorCode.BLOB_UPLOAD_INVALID, "another request is writing to this upload", status=409)
        self.claimed.add(upload)
        try:
            yield
        finally:
            self.claimed.discard(upload)

    def drop(self, name: RepositoryName, upload: UploadId) -> None:
        """Forget an upload and what has arrived of it."""
        self._path(name, upload).unlink(missing_ok=True)

    def _drop_idle(self, name: RepositoryName) -> None:
        folder = self.files.folder(name, "uploads")
        if not folder.is_dir():
            return
        oldest = time.time() - MAX_IDLE_SECONDS
        for path in folder.iterdir():
            if path.stat().st_mtime < oldest:
                path.unlink()

    def _path(self, name: RepositoryName, upload: UploadId) -> Path:
        return self.files.folder(name, "uploads") / upload


def arrived(path: Path) -> int:
    """Return how many bytes of an upload have arrived."""
    return path.stat().st_size


@contextmanager
def appending(path: Path) -> Iterator[BinaryIO]:
    """Append to an upload, all of it or nothing, so that a chunk that broke off can be sent again."""
    before = arrived(path)
    with path.open("ab") as file:
        try:
            yield file
        except BaseException:
            file.truncate(before)
            raise


def _parse_upload_id(text: str) -> UploadId:
    try:
        parsed = str(uuid.UUID(text))
    except ValueError as error:
        raise OciError(ErrorCode.BLOB_UPLOAD_UNKNOWN, "no such upload") from error
    if parsed != text:
        raise OciError(ErrorCode.BLOB_UPLOAD_UNKNOWN, "no such upload")
    return UploadId(parsed)
