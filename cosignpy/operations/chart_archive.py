"""The archive that a Helm chart is: all in one folder, gzipped, and no larger than Helm takes."""

import gzip
import io
import tarfile
import zlib
from pathlib import Path, PurePosixPath
from typing import BinaryIO, Final, cast

from cosignpy.documents import MAX_FILE
from cosignpy.errors import LimitExceeded, MalformedError
from cosignpy.files import explain

MAX_UNPACKED: Final = 100 << 20
"""Bytes of a chart once decompressed: Helm's own limit."""
MAX_MEMBERS: Final = 20_000
"""Files and folders in a chart; large ones have some hundred."""

CHART_FILE: Final = "Chart.yaml"
_WHAT: Final = "Helm chart"


class _BoundedReader(io.RawIOBase):
    """What is unpacked, up to the limit: a few kilobytes of gzip can claim as much as they like."""

    def __init__(self, file: gzip.GzipFile) -> None:
        super().__init__()
        self._file = file
        self._left = MAX_UNPACKED

    def read(self, size: int = -1, /) -> bytes:
        piece = self._file.read(size)
        self._left -= len(piece)
        if self._left < 0:
            raise LimitExceeded(_WHAT, f"it unpacks to more than {MAX_UNPACKED} bytes")
        return piece


def read_chart_file(path: Path) -> bytes:
    """Return a chart's Chart.yaml; the archive is read to its end.

    Raises:
        FileError: It cannot be read.
        MalformedError: It is no gzipped tar archive, or it has no Chart.yaml, or two.
        LimitExceeded: It unpacks to more than Helm takes.
    """
    with explain(path), path.open("rb") as file:
        try:
            with gzip.open(file) as unpacked, tarfile.open(fileobj=_stream(unpacked), mode="r|") as archive:
                found = _list_chart_files(archive)
        except (tarfile.TarError, gzip.BadGzipFile, EOFError, zlib.error, ValueError) as error:
            raise MalformedError(_WHAT, f"{path} is no archive that helm package made") from error
    if len(found) != 1:
        raise MalformedError(_WHAT, f"{path} has {len(found) or 'no'} files CHART/{CHART_FILE}")
    return found[0]


def _stream(unpacked: gzip.GzipFile) -> BinaryIO:
    return cast("BinaryIO", _BoundedReader(unpacked))


def _list_chart_files(archive: tarfile.TarFile) -> list[bytes]:
    """Return every Chart.yaml of the chart itself; those of charts within it lie deeper."""
    found: list[bytes] = []
    for count, member in enumerate(archive):
        if count >= MAX_MEMBERS:
            raise LimitExceeded(_WHAT, f"more than {MAX_MEMBERS} files")
        *folders, name = PurePosixPath(member.name).parts or ("",)
        content = archive.extractfile(member) if name == CHART_FILE and len(folders) == 1 and member.isreg() else None
        if content is not None:
            found.append(content.read(MAX_FILE + 1))
    return found
