"""The `index.json` of an OCI layout: what it names, and edits that keep what others wrote into it.

Image spec 1.1, image-layout.md: a tag is a descriptor's `org.opencontainers.image.ref.name` annotation.
"""

from collections.abc import Iterable, Iterator, Mapping
from types import MappingProxyType
from typing import Final

from cosignpy.core.digest import Digest
from cosignpy.core.encoding import JsonObject, JsonValue, encode_json
from cosignpy.core.oci.attachment_tags import AttachmentKind, AttachmentTag
from cosignpy.core.oci.manifest import OCI_INDEX, Descriptor, Manifest
from cosignpy.core.oci.reference import Tag, parse_tag
from cosignpy.errors import MalformedError
from cosignpy.values import value

REF_NAME: Final = "org.opencontainers.image.ref.name"
KIND: Final = "kind"
"""How `cosign save` tells a layout's image from what is attached to it, and what `cosign load` looks for."""
IMAGE_KIND: Final = "dev.cosignproject.cosign/image"
INDEX_KIND: Final = "dev.cosignproject.cosign/imageIndex"
ATTACHMENT_KINDS: Final = MappingProxyType(
    {
        AttachmentKind.SIGNATURE: "dev.cosignproject.cosign/sigs",
        AttachmentKind.ATTESTATION: "dev.cosignproject.cosign/atts",
    }
)

MAX_LAYOUT_INDEX: Final = 16 << 20
"""Bytes of an index.json: a mirror of 30,000 tags stays below."""
MAX_LAYOUT_ENTRIES: Final = 50_000
_WHAT: Final = "layout index.json"

_Entry = Mapping[str, JsonValue]


@value
class LayoutIndex:
    """An index.json as its members, the manifests among them as they stand there."""

    members: Mapping[str, JsonValue]
    entries: tuple[_Entry, ...]

    @classmethod
    def parse(cls, raw: bytes) -> "LayoutIndex":
        """Parse an index.json.

        Raises:
            MalformedError: Not an OCI index, or with a malformed descriptor.
        """
        found = JsonObject.parse(raw, what=_WHAT)
        if found.optional_text("mediaType", OCI_INDEX) != OCI_INDEX:
            raise MalformedError(_WHAT, "not an OCI index")
        entries = found.children("manifests", most=MAX_LAYOUT_ENTRIES)
        for entry in entries:
            Descriptor.parse(entry)
        return cls(found.members, tuple(entry.members for entry in entries))

    @classmethod
    def empty(cls) -> "LayoutIndex":
        """Return the index of a layout that holds nothing yet."""
        return cls({"schemaVersion": 2, "mediaType": OCI_INDEX}, ())

    def encode(self) -> bytes:
        """Return the document, every member that we do not know included."""
        return encode_json(dict(self.members) | {"manifests": [dict(entry) for entry in self.entries]})

    @property
    def descriptors(self) -> tuple[Descriptor, ...]:
        """The manifests that the index names."""
        return tuple(Descriptor.parse(JsonObject(entry, _WHAT)) for entry in self.entries)

    @property
    def tags(self) -> list[Tag]:
        """The tags, sorted; names that no registry would take as a tag are not ours to list."""
        names = {descriptor.annotations.get(REF_NAME, "") for descriptor in self.descriptors}
        return sorted(_valid_tags(names))

    def find_tag(self, tag: Tag) -> Descriptor | None:
        """Return what a tag names, None where it is not there.

        An attachment tag also names what `cosign save` left for a layout's one image without any tag.

        Raises:
            MalformedError: Two entries claim the tag for different manifests.
        """
        found = {entry.digest: entry for entry in self.descriptors if entry.annotations.get(REF_NAME) == tag}
        if len(found) > 1:
            raise MalformedError(_WHAT, f"the tag {tag} is there {len(found)} times with different digests")
        return next(iter(found.values()), None) or self._find_saved(tag)

    def find_digest(self, digest: Digest) -> Descriptor | None:
        """Return an entry for a manifest, None where the index does not name it."""
        return next((entry for entry in self.descriptors if entry.digest == digest), None)

    def with_manifest(self, manifest: Manifest, tag: Tag | None) -> "LayoutIndex":
        """Name a manifest here, under a tag or without; an entry that had the tag gives way.

        Children of a pushed index that stand here only for lack of a parent go.
        """
        digest = str(manifest.digest)
        children = {str(child.digest) for child in manifest.manifests}
        surplus = children if tag is None else children | {digest}
        kept = [entry for entry in self.entries if _tag_of(entry) is not None or entry["digest"] not in surplus]
        if tag is None and any(entry["digest"] == digest for entry in kept):
            return LayoutIndex(self.members, tuple(kept))
        replaced = None if tag is None else self.find_tag(tag)
        others = [entry for entry in kept if replaced is None or not _is_entry_of(entry, replaced)]
        entry = manifest.descriptor.encode() | _annotate(manifest, tag)
        return LayoutIndex(self.members, (*others, entry))

    def without_tag(self, tag: Tag) -> "LayoutIndex":
        """Take a tag away; an entry that stood for it alone goes with it."""
        return LayoutIndex(self.members, tuple(entry for entry in self.entries if _tag_of(entry) != tag))

    def without_digest(self, digest: Digest) -> "LayoutIndex":
        """Take a manifest away with all its tags."""
        return LayoutIndex(self.members, tuple(entry for entry in self.entries if entry["digest"] != str(digest)))

    def _find_saved(self, tag: Tag) -> Descriptor | None:
        attachment = AttachmentTag.parse(tag)
        kind = ATTACHMENT_KINDS.get(attachment.kind) if attachment else None
        kinds = [(entry.annotations.get(KIND), entry) for entry in self.descriptors]
        images = [entry.digest for name, entry in kinds if name in {IMAGE_KIND, INDEX_KIND}]
        if kind is None or attachment is None or images != [attachment.subject]:
            return None
        untagged = [entry for name, entry in kinds if name == kind and REF_NAME not in entry.annotations]
        return untagged[0] if len(untagged) == 1 else None


def _is_entry_of(entry: _Entry, descriptor: Descriptor) -> bool:
    """Tell whether an entry is the one that this descriptor was read from."""
    return entry["digest"] == str(descriptor.digest) and _tag_of(entry) == descriptor.annotations.get(REF_NAME)


def _annotate(manifest: Manifest, tag: Tag | None) -> dict[str, JsonValue]:
    """Return the annotations of a new entry: its tag, and what it is to `cosign load`."""
    attachment = AttachmentTag.parse(tag) if tag is not None else None
    if attachment is not None:
        kind = ATTACHMENT_KINDS.get(attachment.kind)
    elif manifest.subject is not None and tag is None:
        kind = None
    else:
        kind = INDEX_KIND if manifest.is_index() else IMAGE_KIND
    annotations = {name: value for name, value in ((KIND, kind), (REF_NAME, tag)) if value is not None}
    return {"annotations": annotations} if annotations else {}


def _valid_tags(names: Iterable[str]) -> Iterator[Tag]:
    for name in names:
        try:
            yield parse_tag(name)
        except MalformedError:
            continue


def _tag_of(entry: _Entry) -> str | None:
    return (entry.get("annotations") or {}).get(REF_NAME)
