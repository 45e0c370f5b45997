"""Content on its way in or out: never more than its descriptor says, and never anything else."""

from collections.abc import Iterable, Iterator
from typing import Final, Protocol

from cosignpy.core.oci.manifest import Descriptor
from cosignpy.errors import DigestMismatch, LimitExceeded

MAX_ATTACHMENT: Final = 128 << 20
"""Bytes of a bundle or payload, which are held in memory: cosign's default for COSIGN_MAX_ATTACHMENT_SIZE."""


class BlobSource(Protocol):
    """Where a blob can be copied from."""

    def stream_blob(self, descriptor: Descriptor) -> Iterator[bytes]:
        """Yield a blob's content."""
        ...


def verify_chunks(descriptor: Descriptor, chunks: Iterable[bytes]) -> Iterator[bytes]:
    """Pass content through; the consumer must not act before the last chunk has gone by.

    Raises:
        DigestMismatch: It is not what the digest names, or is shorter or longer than the descriptor says.
    """
    what = f"blob {descriptor.digest}"
    yield from descriptor.digest.verify_stream(_bounded(descriptor, chunks, what), what=what)


def _bounded(descriptor: Descriptor, chunks: Iterable[bytes], what: str) -> Iterator[bytes]:
    """Stop at the first byte too many: content without end must not fill a disk before it is refused."""
    size = 0
    for chunk in chunks:
        size += len(chunk)
        if size > descriptor.size:
            raise DigestMismatch(what, f"{descriptor.size} bytes", "more")
        yield chunk
    if size < descriptor.size:
        raise DigestMismatch(what, f"{descriptor.size} bytes", f"{size} bytes")


def over_attachment_limit(descriptor: Descriptor, limit: int) -> LimitExceeded:
    """Build the error for an attachment that is too large to be fetched."""
    why = f"{descriptor.size} bytes, at most {limit} are accepted (COSIGN_MAX_ATTACHMENT_SIZE)"
    return LimitExceeded(f"attachment {descriptor.digest}", why)
