"""Blobs on their way from one place to another: in parallel, in chunks, and only those that are not there yet."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Final

from cosignpy.core.oci.manifest import Descriptor, Manifest
from cosignpy.operations.parallel import run_parallel
from cosignpy.operations.ports import BlobOrigin, BlobStreams, Progress, ProgressUnit
from cosignpy.values import value

_LABEL: Final = "copying"


@value
class Shipment:
    """A blob and where it is now."""

    blob: Descriptor
    origin: BlobOrigin


@value
class BlobTransfer:
    """Where blobs go, who is told how far that is, and how many go at once."""

    destination: BlobStreams
    progress: Progress
    workers: int

    def send(self, shipments: Iterable[Shipment]) -> int:
        """Send the blobs that the destination lacks, each once, and return how many bytes that were.

        Raises:
            NoSuchTag: A blob is not where it should be.
            DigestMismatch: Its content is not what its digest says; it is not stored.
            RemoteError: A registry failed.
        """
        unique = list({item.blob.digest: item for item in shipments}.values())
        present = self._each(lambda item: self.destination.has_blob(item.blob.digest), unique)
        wanted = [item for item, there in zip(unique, present, strict=True) if not there]
        total = sum(item.blob.size for item in wanted)
        self.progress.started(_LABEL, total, ProgressUnit.BYTES)
        try:
            self._each(self._send_one, wanted)
        finally:
            self.progress.finished(_LABEL)
        return total

    def _send_one(self, item: Shipment) -> None:
        moved = 0

        def watch(chunks: Iterator[bytes]) -> Iterator[bytes]:
            nonlocal moved
            for chunk in chunks:
                moved += len(chunk)
                self.progress.advanced(_LABEL, len(chunk))
                yield chunk

        self.destination.copy_blob(item.blob, item.origin, watch)
        self.progress.advanced(_LABEL, item.blob.size - moved)

    def _each(self, function: Callable[[Shipment], bool | None], items: Sequence[Shipment]) -> list[bool | None]:
        return [outcome.unwrap() for outcome in run_parallel(function, items, self.workers)]


def select_shipments(manifests: Iterable[Manifest], origin: BlobOrigin) -> Iterator[Shipment]:
    """Yield the blobs that manifests need; those that may not be distributed stay where they are."""
    for manifest in manifests:
        for blob in [*([manifest.config] if manifest.config else []), *manifest.layers]:
            if not _is_foreign(blob):
                yield Shipment(blob, origin)


def _is_foreign(blob: Descriptor) -> bool:
    """Tell a layer that clients fetch from its `urls` (image spec 1.0, layer.md, Non-Distributable Layers)."""
    return bool(blob.urls) and ("nondistributable" in blob.media_type or "foreign" in blob.media_type)
