"""Images in an OCI layout, as one more repository: the same operations as on a registry.

A layout has no referrers API. Its referrers are all manifests with a subject that it holds: named by
index.json or by an index below it, or lying among the blobs unnamed, which is how `cosign save` leaves them.
"""

from collections.abc import Callable, Iterator, Sequence

from cosignpy.core.digest import Digest
from cosignpy.core.encoding import JsonObject
from cosignpy.core.oci.attachment_tags import AttachmentTag
from cosignpy.core.oci.manifest import ACCEPT, MAX_MANIFEST, OCI_INDEX, OCI_MANIFEST, Descriptor, Manifest
from cosignpy.core.oci.reference import Tag
from cosignpy.core.oci.referrers import is_fallback_tag, join_referrers
from cosignpy.errors import MalformedError, NoSuchTag, UsageError
from cosignpy.registry.content import MAX_ATTACHMENT, BlobSource, over_attachment_limit, verify_chunks
from cosignpy.registry.layout_index import ATTACHMENT_KINDS, KIND, REF_NAME
from cosignpy.registry.layout_store import BlobFiles, iter_chunks, read_whole


class LayoutRepository:
    """A layout directory or archive, read and written like a remote repository."""

    def __init__(self, files: BlobFiles, max_attachment: int = MAX_ATTACHMENT) -> None:
        self._files = files
        self._max_attachment = max_attachment
        self._referrers: dict[Digest, list[Descriptor]] | None = None

    def fetch_manifest(self, name: Digest | Tag) -> Manifest:
        """Return a manifest, shown to have its digest.

        Raises:
            NoSuchTag: The layout does not have it.
            DigestMismatch: The file is not what its name says.
            MalformedError: Not a manifest.
        """
        index = self._files.load_index()
        if isinstance(name, Digest):
            named = index.find_digest(name)
            return self._parse_manifest(name, named.media_type if named else "")
        found = index.find_tag(name)
        if found is None:
            raise self._missing(name)
        return self._parse_manifest(found.digest, found.media_type)

    def fetch_only_image(self) -> Manifest:
        """Return the image of a layout that holds one, apart from what is attached to it.

        Raises:
            UsageError: It holds none, or several; the hint lists the tags.
        """
        index = self._files.load_index()
        images = {entry.digest: entry for entry in index.descriptors if not _is_attachment(entry)}
        manifests = [self._parse_manifest(entry.digest, entry.media_type) for entry in images.values()]
        roots = [manifest for manifest in manifests if manifest.subject is None]
        if not roots:  # the one that is kept may itself refer to what is elsewhere
            roots = [manifest for manifest in manifests if not self._has_subject(manifest)]
        if len(roots) != 1:
            tags = ", ".join(index.tags) or "none"
            raise UsageError(f"{self._files.name} holds {len(roots)} images, name one by its tag", f"tags: {tags}")
        return roots[0]

    def fetch_blob(self, descriptor: Descriptor) -> bytes:
        """Return a small blob whole, shown to have its digest and size.

        Raises:
            NoSuchTag: The layout does not have it.
            DigestMismatch: The file is not what its name says.
            LimitExceeded: Larger than an attachment may be.
        """
        if descriptor.size > self._max_attachment:
            raise over_attachment_limit(descriptor, self._max_attachment)
        return b"".join(self.stream_blob(descriptor))

    def fetch_referrers(self, subject: Digest) -> Sequence[Descriptor]:
        """Return all manifests here that refer to the subject.

        Raises:
            LimitExceeded: Too many, or too many blobs to look through.
        """
        if self._referrers is None:
            self._referrers = self._find_referrers()
        return join_referrers([self._referrers.get(subject, [])])

    def push_blob(self, content: bytes) -> None:
        """Store a blob under its sha256 digest, unless it is there already."""
        digest = Digest.of(content)
        if not self.has_blob(digest):
            self._files.save_blob(digest, [content])

    def push_manifest(self, manifest: Manifest, tag: Tag | None = None) -> None:
        """Store a manifest and name it in index.json."""
        with self._files.hold():
            self._save_manifest(manifest, tag)

    def update_tag(self, tag: Tag, merge: Callable[[Manifest | None], Manifest]) -> Manifest:
        """Replace what a tag names by `merge(what it names now)`; other writers wait meanwhile."""
        with self._files.hold():
            found = self._files.load_index().find_tag(tag)
            current = self._parse_manifest(found.digest, found.media_type) if found else None
            wanted = merge(current)
            if current is None or current.raw != wanted.raw:
                self._save_manifest(wanted, tag)
            return wanted

    def has_blob(self, digest: Digest) -> bool:
        """Tell whether a blob is here."""
        file = self._files.open_blob(digest)
        if file is None:
            return False
        file.close()
        return True

    def stream_blob(self, descriptor: Descriptor) -> Iterator[bytes]:
        """Yield a blob's content; the error comes after the last chunk where it is not what it should be.

        Raises:
            NoSuchTag: The layout does not have it.
            DigestMismatch: The content is not what the digest names, or not of the descriptor's size.
        """
        file = self._files.open_blob(descriptor.digest)
        if file is None:
            raise self._missing(descriptor.digest)
        with file:
            yield from verify_chunks(descriptor, iter_chunks(file))

    def push_stream(self, descriptor: Descriptor, chunks: Iterator[bytes]) -> None:
        """Store a blob from chunks; nothing is stored when they are not what the descriptor says.

        Raises:
            DigestMismatch: They are not.
        """
        if not self.has_blob(descriptor.digest):
            self._files.save_blob(descriptor.digest, verify_chunks(descriptor, chunks))

    def copy_blob(
        self,
        descriptor: Descriptor,
        source: BlobSource,
        watch: Callable[[Iterator[bytes]], Iterator[bytes]] = iter,
    ) -> None:
        """Store a blob that another place has, unless it is here already.

        Raises:
            NoSuchTag: The other place does not have it.
            DigestMismatch: What it has is not what the descriptor says.
        """
        if not self.has_blob(descriptor.digest):
            self.push_stream(descriptor, watch(source.stream_blob(descriptor)))

    def fetch_tags(self) -> Sequence[Tag]:
        """Return all tags, sorted."""
        return self._files.load_index().tags

    def delete_manifest(self, name: Digest | Tag) -> None:
        """Remove a tag, or a manifest by digest with all its tags.

        Raises:
            NoSuchTag: There is none.
        """
        with self._files.hold():
            index = self._files.load_index()
            if isinstance(name, Digest):
                if not self.has_blob(name):
                    raise self._missing(name)
                self._files.save_index(index.without_digest(name))
                self._files.delete_blob(name)
                self._referrers = None
            elif index.find_tag(name) is None:
                raise self._missing(name)
            else:
                self._files.save_index(index.without_tag(name))

    def _save_manifest(self, manifest: Manifest, tag: Tag | None) -> None:
        """Write the content first, then the name: a crash between leaves an unnamed blob and nothing worse."""
        self._files.save_blob(manifest.digest, [manifest.raw])
        self._files.save_index(self._files.load_index().with_manifest(manifest, tag))
        self._referrers = None

    def _parse_manifest(self, digest: Digest, media_type: str) -> Manifest:
        file = self._files.open_blob(digest)
        if file is None:
            raise self._missing(digest)
        with file:
            raw = read_whole(file, MAX_MANIFEST, f"manifest {digest}")
        digest.verify(raw, what=f"manifest {digest}")
        return Manifest.parse(raw, media_type or _own_media_type(raw), algorithm=digest.algorithm)

    def _find_referrers(self) -> dict[Digest, list[Descriptor]]:
        """Look through all blobs that can be manifests; what index.json names is among them."""
        found: dict[Digest, list[Descriptor]] = {}
        for digest, size in self._files.list_blobs():
            manifest = self._try_manifest(digest) if size <= MAX_MANIFEST else None
            if manifest is not None and manifest.subject is not None:
                found.setdefault(manifest.subject.digest, []).append(manifest.referrer_descriptor)
        return {subject: sorted(entries, key=lambda entry: entry.digest) for subject, entries in found.items()}

    def _try_manifest(self, digest: Digest) -> Manifest | None:
        """Return the manifest that a blob is, None for configs, layers and whatever else lies here."""
        file = self._files.open_blob(digest)
        if file is None:
            return None
        with file:
            raw = file.read(1)
            if raw != b"{":
                return None
            raw += file.read(MAX_MANIFEST)
        if b'"subject"' not in raw:
            return None
        try:
            manifest = Manifest.parse(raw, _own_media_type(raw), algorithm=digest.algorithm)
        except MalformedError:
            return None
        digest.verify(raw, what=f"manifest {digest}")
        return manifest

    def _has_subject(self, manifest: Manifest) -> bool:
        return manifest.subject is not None and self.has_blob(manifest.subject.digest)

    def _missing(self, name: Digest | Tag) -> NoSuchTag:
        separator = "@" if isinstance(name, Digest) else ":"
        return NoSuchTag(f"{self._files.name}{separator}{name}")


def _own_media_type(raw: bytes) -> str:
    """Read a manifest's own type; it may be absent (image spec), then its members tell."""
    found = JsonObject.parse(raw, what="manifest")
    implied = OCI_INDEX if "manifests" in found else OCI_MANIFEST
    return found.optional_text("mediaType", implied)


def _is_attachment(entry: Descriptor) -> bool:
    tag = Tag(entry.annotations.get(REF_NAME, ""))
    named = AttachmentTag.parse(tag) is not None or is_fallback_tag(tag)
    attached = entry.annotations.get(KIND) in ATTACHMENT_KINDS.values()
    return named or attached or entry.media_type not in ACCEPT
