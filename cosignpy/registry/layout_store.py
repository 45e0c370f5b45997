"""The files of an OCI layout directory: blobs by digest, one index, replaced atomically.

Image spec 1.1, image-layout.md. A digest is hex and nothing else once parsed, so no name of a blob can lead
out of the directory; links inside are followed, as build tools make them, and what they lead to must still
have the digest.
"""

import contextlib
import fcntl
import os
import stat
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import BinaryIO, Final, Protocol

from cosignpy.core.digest import HEX_LENGTHS, Digest
from cosignpy.core.encoding import JsonObject, encode_json
from cosignpy.errors import FileError, LimitExceeded, MalformedError
from cosignpy.files import explain, replace_file
from cosignpy.registry.layout_index import MAX_LAYOUT_INDEX, LayoutIndex
from cosignpy.values import value

LAYOUT_FILE: Final = "oci-layout"
INDEX_FILE: Final = "index.json"
LAYOUT_VERSION: Final = "1.0.0"
MAX_LAYOUT_FILE: Final = 4096
"""Bytes of `oci-layout`, which has one short member."""
MAX_BLOBS: Final = 200_000
"""Blobs looked through in one layout."""
_CHUNK: Final = 1 << 18


class BlobFiles(Protocol):
    """Where a layout's bytes are: a directory or an archive."""

    @property
    def name(self) -> str:
        """What a person calls it."""
        ...

    def load_index(self) -> LayoutIndex:
        """Return the index as it is now."""
        ...

    def save_index(self, index: LayoutIndex) -> None:
        """Replace the index."""
        ...

    def open_blob(self, digest: Digest) -> BinaryIO | None:
        """Open a blob to read, None where it is not there."""
        ...

    def save_blob(self, digest: Digest, chunks: Iterable[bytes]) -> None:
        """Store a blob under its digest; chunks that end in an error leave nothing behind."""
        ...

    def delete_blob(self, digest: Digest) -> None:
        """Remove a blob, if it is there."""
        ...

    def list_blobs(self) -> Iterator[tuple[Digest, int]]:
        """Yield every blob with its size."""
        ...

    def hold(self) -> contextlib.AbstractContextManager[None]:
        """Keep other writers out for the duration of a `with` block."""
        ...


def check_layout_version(raw: bytes) -> None:
    """Check the content of an `oci-layout` file.

    Raises:
        MalformedError: Not one, or of a version that we do not know.
    """
    version = JsonObject.parse(raw, what=LAYOUT_FILE).text("imageLayoutVersion")
    if version != LAYOUT_VERSION:
        raise MalformedError(LAYOUT_FILE, f"version {version!r}, only {LAYOUT_VERSION} is known")


def encode_layout_version() -> bytes:
    """Return the content of an `oci-layout` file."""
    return encode_json({"imageLayoutVersion": LAYOUT_VERSION})


def read_whole(file: BinaryIO, cap: int, what: str) -> bytes:
    """Read a file that must not be longer than `cap`.

    Raises:
        LimitExceeded: It is.
    """
    content = file.read(cap + 1)
    if len(content) > cap:
        raise LimitExceeded(what, f"at most {cap} bytes are accepted")
    return content


def iter_chunks(file: BinaryIO) -> Iterator[bytes]:
    """Yield a file's content in pieces."""
    while chunk := file.read(_CHUNK):
        yield chunk


@value
class LayoutDirectory:
    """A layout in a directory."""

    path: Path

    @property
    def name(self) -> str:
        """The directory."""
        return f"oci-layout:{self.path}"

    def create(self) -> None:
        """Begin a layout where there is none; an existing one is left as it is.

        Raises:
            FileError: The directory holds something else, or cannot be written.
        """
        with explain(self.path):
            self.path.mkdir(parents=True, exist_ok=True)
            if (self.path / LAYOUT_FILE).exists():
                return
            if any(self.path.iterdir()):
                raise FileError(str(self.path), "neither empty nor an OCI layout")
            self._replace(self.path / INDEX_FILE, [LayoutIndex.empty().encode()])
            self._replace(self.path / LAYOUT_FILE, [encode_layout_version()])

    def load_index(self) -> LayoutIndex:
        """Return the index.

        Raises:
            FileError: No layout is here.
            MalformedError: A file of the layout does not follow its format.
        """
        hint = "an OCI layout is a directory with the files oci-layout and index.json"
        marker = self._open(self.path / LAYOUT_FILE)
        if marker is None:
            raise FileError(str(self.path), "not an OCI layout", hint)
        with marker:
            check_layout_version(read_whole(marker, MAX_LAYOUT_FILE, LAYOUT_FILE))
        index = self._open(self.path / INDEX_FILE)
        if index is None:
            raise FileError(str(self.path), "an OCI layout without index.json", hint)
        with index:
            return LayoutIndex.parse(read_whole(index, MAX_LAYOUT_INDEX, INDEX_FILE))

    def save_index(self, index: LayoutIndex) -> None:
        """Replace the index atomically.

        Raises:
            FileError: The directory cannot be written.
        """
        self._replace(self.path / INDEX_FILE, [index.encode()])

    def open_blob(self, digest: Digest) -> BinaryIO | None:
        """Open a blob to read, None where it is not there.

        Raises:
            FileError: It is there and cannot be read, or is no file.
        """
        return self._open(self._blob(digest))

    def save_blob(self, digest: Digest, chunks: Iterable[bytes]) -> None:
        """Store a blob atomically.

        Raises:
            FileError: The directory cannot be written.
        """
        with explain(self.path):
            self._blob(digest).parent.mkdir(parents=True, exist_ok=True)
        self._replace(self._blob(digest), chunks)

    def delete_blob(self, digest: Digest) -> None:
        """Remove a blob, if it is there.

        Raises:
            FileError: It cannot be removed.
        """
        with explain(self.path):
            self._blob(digest).unlink(missing_ok=True)

    def list_blobs(self) -> Iterator[tuple[Digest, int]]:
        """Yield every blob with its size; files that no digest names are not ours.

        Raises:
            LimitExceeded: More than `MAX_BLOBS`.
        """
        count = 0
        for algorithm in HEX_LENGTHS:
            folder = self.path / "blobs" / algorithm
            for path in folder.iterdir() if folder.is_dir() else ():
                count += 1
                if count > MAX_BLOBS:
                    raise LimitExceeded(self.name, f"more than {MAX_BLOBS} blobs")
                with contextlib.suppress(MalformedError, FileNotFoundError):
                    yield Digest(algorithm, path.name), path.stat().st_size

    def hold(self) -> contextlib.AbstractContextManager[None]:
        """Keep other writers out for the duration of a `with` block."""
        return lock_folder(self.path)

    def _blob(self, digest: Digest) -> Path:
        return self.path / "blobs" / digest.algorithm / digest.hex

    def _open(self, path: Path) -> BinaryIO | None:
        """Open a regular file; O_NONBLOCK so that a FIFO in its place cannot make us wait."""
        try:
            handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
        except FileNotFoundError:
            return None
        except OSError as error:
            raise FileError(str(path), error.strerror or "cannot be read") from error
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            os.close(handle)
            raise FileError(str(path), "not a regular file")
        return os.fdopen(handle, "rb")

    def _replace(self, path: Path, chunks: Iterable[bytes]) -> None:
        with replace_file(path) as file:
            for chunk in chunks:
                file.write(chunk)


@contextlib.contextmanager
def lock_folder(path: Path) -> Iterator[None]:
    """Keep the other writers of a folder out by a lock on the folder itself: no file of ours stays behind.

    Raises:
        FileError: It cannot be locked.
    """
    with explain(path):
        handle = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        with explain(path):
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)
