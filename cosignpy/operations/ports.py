"""What operations need from the outside world, as small protocols.

A registry, an OCI layout directory and an archive all implement them, so that every operation
works on every place an image can be. Adapters do not inherit from these.
"""

from collections.abc import Callable, Iterator, Sequence
from enum import StrEnum
from typing import TYPE_CHECKING, Protocol, TypeAlias

from cosignpy.core.digest import Digest
from cosignpy.core.oci.manifest import Descriptor, Manifest
from cosignpy.core.oci.reference import Tag

if TYPE_CHECKING:
    from cosignpy.core.trust.trusted_root import TrustedRoot

Watch: TypeAlias = Callable[[Iterator[bytes]], Iterator[bytes]]
"""Looks at chunks on their way, and hands them on unchanged."""


class ProgressUnit(StrEnum):
    """What is counted while something takes its time."""

    BYTES = "bytes"
    IMAGES = "images"


class ManifestSource(Protocol):
    """Where images and their attachments are read from."""

    def fetch_manifest(self, name: Digest | Tag) -> Manifest:
        """Return the manifest, shown to have its digest.

        Raises:
            NoSuchTag: There is none by this name.
            DigestMismatch: The content is not what the digest names.
            RemoteError: The registry failed; never mistaken for "not there".
        """
        ...

    def fetch_blob(self, descriptor: Descriptor) -> bytes:
        """Return a small blob (bundle, payload) whole, shown to have its digest and size.

        Raises:
            NoSuchTag: There is none.
            DigestMismatch: The content is not what the digest names.
            LimitExceeded: Larger than an attachment may be.
            RemoteError: The registry failed.
        """
        ...

    def fetch_referrers(self, subject: Digest) -> Sequence[Descriptor]:
        """Return all manifests that refer to the subject, by the API or by the fallback tag.

        Raises:
            MalformedError: The list is not one.
            RemoteError: The registry failed.
        """
        ...


class ManifestSink(Protocol):
    """Where images and their attachments are written to."""

    def push_blob(self, content: bytes) -> None:
        """Make a blob available under its sha256 digest, unless it is there already."""
        ...

    def push_manifest(self, manifest: Manifest, tag: Tag | None = None) -> None:
        """Push by digest, or under a tag.

        A manifest with a subject becomes one of its referrers on registries without the referrers API too
        (fallback tag, merged, no entry lost).
        """
        ...

    def update_tag(self, tag: Tag, merge: Callable[[Manifest | None], Manifest]) -> Manifest:
        """Replace what a tag names by `merge(what it names now)`, so that concurrent writers lose nothing.

        `merge` is called again whenever another writer came between; it must be idempotent: merging into
        its own result returns an equal manifest. Blobs must be pushed before.
        """
        ...


class BlobOrigin(Protocol):
    """Where large content comes from: a repository, or a file of this machine."""

    def stream_blob(self, descriptor: Descriptor) -> Iterator[bytes]:
        """Yield a blob's content, checked against its digest after the last chunk."""
        ...


class BlobStreams(Protocol):
    """Large content, never held in memory: layers on their way from one place to another."""

    def has_blob(self, digest: Digest) -> bool:
        """Tell whether a blob is there."""
        ...

    def stream_blob(self, descriptor: Descriptor) -> Iterator[bytes]:
        """Yield a blob's content, checked against its digest after the last chunk."""
        ...

    def push_stream(self, descriptor: Descriptor, chunks: Iterator[bytes]) -> None:
        """Store a blob from chunks; nothing becomes visible when the digest does not match."""
        ...

    def copy_blob(self, descriptor: Descriptor, source: BlobOrigin, watch: Watch = iter) -> None:
        """Store a blob that another place has, unless it is here already; within a registry nothing moves.

        What does move passes through `watch`.
        """
        ...


class TagSource(Protocol):
    """Names in a repository, and their removal."""

    def fetch_tags(self) -> Sequence[Tag]:
        """Return all tags, sorted."""
        ...

    def delete_manifest(self, name: Digest | Tag) -> None:
        """Remove a tag, or a manifest by digest with all its tags.

        Raises:
            NoSuchTag: There is none.
            RemoteError: The registry does not allow deletion.
        """
        ...


class Repository(ManifestSource, ManifestSink, BlobStreams, TagSource, Protocol):
    """All of it: a remote repository, a layout directory, an archive."""


class Progress(Protocol):
    """Who is told how far a long piece of work is; called from several threads at once."""

    def started(self, label: str, total: int, unit: ProgressUnit) -> None:
        """Begin a piece of work; `label` names it in the calls that follow."""
        ...

    def advanced(self, label: str, amount: int) -> None:
        """Add to what is done."""
        ...

    def finished(self, label: str) -> None:
        """End the piece of work, also when it failed."""
        ...


class SilentProgress:
    """Tells nobody."""

    def started(self, label: str, total: int, unit: ProgressUnit) -> None:
        """Do nothing."""

    def advanced(self, label: str, amount: int) -> None:
        """Do nothing."""

    def finished(self, label: str) -> None:
        """Do nothing."""


class TrustSource(Protocol):
    """Where it is written whom to believe."""

    def trusted_root(self) -> "TrustedRoot":
        """Return the trusted root.

        Raises:
            CosignError: It cannot be had.
        """
        ...
