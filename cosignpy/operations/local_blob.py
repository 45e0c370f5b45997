"""Files of this machine that become blobs: described by one reading, sent by another, and the same in both."""

import hashlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import BinaryIO, Final

from cosignpy.core.digest import Digest
from cosignpy.core.oci.manifest import Descriptor
from cosignpy.core.oci.media_types import SNIFFED, sniff_media_type
from cosignpy.errors import FileError
from cosignpy.files import explain
from cosignpy.values import value

_PIECE: Final = 1 << 20


@value
class LocalBlob:
    """A file, and what was in it when it was described."""

    path: Path
    descriptor: Descriptor

    @classmethod
    def describe(
        cls, path: Path, media_type: str = "", annotations: Mapping[str, str] = MappingProxyType({})
    ) -> "LocalBlob":
        """Read a file, piece by piece; a media type that is not given is guessed by its first bytes.

        Raises:
            FileError: It cannot be read, or not twice: a pipe, or a device.
        """
        hasher, size, head = hashlib.sha256(), 0, b""
        for piece in _read(path):
            head = head or piece[:SNIFFED]
            size += len(piece)
            hasher.update(piece)
        found = Digest("sha256", hasher.hexdigest())
        return cls(path, Descriptor(media_type or sniff_media_type(head), found, size, annotations))

    def stream_blob(self, descriptor: Descriptor) -> Iterator[bytes]:
        """Yield what is in the file.

        Raises:
            FileError: That is something else by now.
        """
        hasher, left = hashlib.sha256(), descriptor.size
        for piece in _read(self.path):
            hasher.update(piece)
            left -= len(piece)
            if left < 0:
                break
            yield piece
        if left or hasher.hexdigest() != descriptor.digest.hex:
            raise FileError(str(self.path), "it changed while it was uploaded", "upload it again when it is finished")


def _read(path: Path) -> Iterator[bytes]:
    if path.exists() and not path.is_file():
        kind = "a folder" if path.is_dir() else "a pipe or a device"
        raise FileError(str(path), f"is {kind}, and files are uploaded")
    with explain(path), path.open("rb") as file:
        yield from _pieces(file)


def _pieces(file: BinaryIO) -> Iterator[bytes]:
    while piece := file.read(_PIECE):
        yield piece
