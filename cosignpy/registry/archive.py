"""An OCI layout in one tar file, plain or gzipped: read in place, written by replacing the file.

Nothing is extracted: members are read where they lie, so that no name in an archive ever becomes the name
of a file. Changes are gathered beside the archive and written as a new one when all have succeeded.
"""

import contextlib
import gzip
import io
import tarfile
import tempfile
import threading
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import BinaryIO, Final, cast

from cosignpy.core.digest import HEX_LENGTHS, Digest
from cosignpy.errors import FileError
from cosignpy.files import replace_file
from cosignpy.registry.archive_members import Member, list_members, open_member
from cosignpy.registry.layout_index import MAX_LAYOUT_INDEX, LayoutIndex
from cosignpy.registry.layout_store import (
    INDEX_FILE,
    LAYOUT_FILE,
    MAX_LAYOUT_FILE,
    LayoutDirectory,
    check_layout_version,
    encode_layout_version,
    lock_folder,
    read_whole,
)
from cosignpy.values import field, record

_BLOB_DEPTH: Final = 3


@record
class ArchiveFiles:
    """The blobs and the index of an archive; with a staging directory it can be changed."""

    path: Path
    members: Mapping[str, Member]
    staging: LayoutDirectory | None = None
    _index: LayoutIndex | None = None
    _deleted: set[Digest] = field(default_factory=set)
    _lock: threading.RLock = field(default_factory=threading.RLock, repr=False)

    @property
    def name(self) -> str:
        """The archive."""
        return f"oci-archive:{self.path}"

    def load_index(self) -> LayoutIndex:
        """Return the index.

        Raises:
            FileError: The archive holds no OCI layout.
            MalformedError: A file of the layout does not follow its format.
        """
        if self._index is None:
            check_layout_version(self._read(LAYOUT_FILE, MAX_LAYOUT_FILE))
            self._index = LayoutIndex.parse(self._read(INDEX_FILE, MAX_LAYOUT_INDEX))
        return self._index

    def save_index(self, index: LayoutIndex) -> None:
        """Remember the index for the new archive.

        Raises:
            FileError: The archive was opened to read.
        """
        self._staged()
        self._index = index

    def open_blob(self, digest: Digest) -> BinaryIO | None:
        """Open a blob to read, None where it is not there."""
        staged = self.staging.open_blob(digest) if self.staging else None
        if staged is not None or digest in self._deleted:
            return staged
        return self._open(_blob_name(digest))

    def save_blob(self, digest: Digest, chunks: Iterable[bytes]) -> None:
        """Keep a blob for the new archive.

        Raises:
            FileError: The archive was opened to read.
        """
        self._staged().save_blob(digest, chunks)

    def delete_blob(self, digest: Digest) -> None:
        """Leave a blob out of the new archive.

        Raises:
            FileError: The archive was opened to read.
        """
        self._staged().delete_blob(digest)
        self._deleted.add(digest)

    def list_blobs(self) -> Iterator[tuple[Digest, int]]:
        """Yield every blob with its size."""
        staged = dict(self.staging.list_blobs()) if self.staging else {}
        yield from staged.items()
        for name, member in self.members.items():
            digest = _parse_blob_name(name)
            if digest is not None and digest not in staged and digest not in self._deleted:
                yield digest, member.size

    @contextlib.contextmanager
    def hold(self) -> Iterator[None]:
        """Keep our other threads out: other processes cannot write while this one has the archive open."""
        with self._lock:
            yield

    def write(self) -> None:
        """Replace the archive by one with all changes in it.

        Raises:
            FileError: It cannot be written; the old archive is still there.
        """
        with replace_file(self.path) as file, _packer(file, self.path) as packer:
            for name, content in ((LAYOUT_FILE, encode_layout_version()), (INDEX_FILE, self.load_index().encode())):
                _pack(packer, name, io.BytesIO(content), len(content))
            for digest, size in self.list_blobs():
                _pack(packer, _blob_name(digest), self._present(self.open_blob(digest)), size)
            for name, member in self.members.items():
                if _parse_blob_name(name) is None and name not in {LAYOUT_FILE, INDEX_FILE}:
                    _pack(packer, name, self._present(self._open(name)), member.size)

    def _staged(self) -> LayoutDirectory:
        if self.staging is None:
            raise FileError(str(self.path), "opened to read, not to write")
        return self.staging

    def _open(self, name: str) -> BinaryIO | None:
        member = self.members.get(name)
        return None if member is None else open_member(self.path, member)

    def _read(self, name: str, cap: int) -> bytes:
        with self._present(self._open(name)) as file:
            return read_whole(file, cap, name)

    def _present(self, file: BinaryIO | None) -> BinaryIO:
        if file is None:
            raise FileError(str(self.path), "not an OCI archive: oci-layout or index.json is not in it")
        return file


def open_archive(path: Path) -> ArchiveFiles:
    """Open an archive to read.

    Raises:
        FileError: It is not there or cannot be read.
        MalformedError: No tar archive, or one with members that no OCI archive has.
    """
    return ArchiveFiles(path, list_members(path))


@contextlib.contextmanager
def edit_archive(path: Path) -> Iterator[ArchiveFiles]:
    """Open an archive to change it, or a new one; it is written when the `with` block ends without error.

    Raises:
        FileError: It cannot be read or written, or no OCI archive is there.
        MalformedError: No tar archive, or one with members that no OCI archive has.
    """
    with (
        lock_folder(path.parent),
        tempfile.TemporaryDirectory(dir=path.parent, prefix=".cosignpy-") as staging,
    ):
        if path.exists():
            files = ArchiveFiles(path, list_members(path), LayoutDirectory(Path(staging)))
            files.load_index()
        else:
            files = ArchiveFiles(path, {}, LayoutDirectory(Path(staging)), LayoutIndex.empty())
        yield files
        files.write()


def _blob_name(digest: Digest) -> str:
    return f"blobs/{digest.algorithm}/{digest.hex}"


def _parse_blob_name(name: str) -> Digest | None:
    parts = name.split("/")
    if len(parts) != _BLOB_DEPTH or parts[0] != "blobs" or parts[1] not in HEX_LENGTHS:
        return None
    return Digest(parts[1], parts[2])


@contextlib.contextmanager
def _packer(file: BinaryIO, path: Path) -> Iterator[tarfile.TarFile]:
    """Open a tar writer; the archive is gzipped when its name says so."""
    with contextlib.ExitStack() as stack:
        if path.name.endswith((".gz", ".tgz")):
            packed = gzip.GzipFile(filename="", fileobj=file, mode="wb", mtime=0)
            file = cast("BinaryIO", stack.enter_context(packed))
        yield stack.enter_context(tarfile.open(fileobj=file, mode="w"))


def _pack(packer: tarfile.TarFile, name: str, file: BinaryIO, size: int) -> None:
    """Add a file, always with the same owner, mode and time, so that equal content is an equal archive."""
    entry = tarfile.TarInfo(name)
    entry.size = size
    with file:
        packer.addfile(entry, file)
