"""Lists of referrers: what the referrers API answers and the fallback tag holds.

Distribution spec 1.1, "Listing Referrers" and "Referrers Tag Schema"; image spec 1.1, image-index.md.
A list that we write back is edited as JSON, so that what other tools wrote into it survives.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from cosignpy.core.digest import HEX_LENGTHS, Digest
from cosignpy.core.encoding import JsonObject, JsonValue, encode_json
from cosignpy.core.oci.manifest import MAX_MANIFEST, OCI_INDEX, Descriptor, Manifest
from cosignpy.core.oci.reference import Tag
from cosignpy.errors import LimitExceeded, MalformedError

MAX_REFERRERS: Final = 10_000
"""Referrers of one subject, over all pages. A fallback index of 4 MiB holds about as many; an image with
more is not signed by people, and each of them costs a verifier two requests."""

_WHAT: Final = "referrers list"
_MAX_ALGORITHM: Final = 32
_MAX_ENCODED: Final = 64
_FALLBACK_TAG: Final = re.compile(rf"(?:{'|'.join(HEX_LENGTHS)})-[0-9a-f]{{{_MAX_ENCODED}}}")


def fallback_tag(subject: Digest) -> Tag:
    """Name the tag that lists a subject's referrers where the registry has no referrers API.

    The spec cuts the algorithm after 32 characters and the encoded part after 64, which sha512 exceeds;
    no digest we accept has a character that a tag may not have.
    """
    return Tag(f"{subject.algorithm[:_MAX_ALGORITHM]}-{subject.hex[:_MAX_ENCODED]}")


def is_fallback_tag(tag: Tag) -> bool:
    """Tell whether a tag has the form of one that lists referrers."""
    return _FALLBACK_TAG.fullmatch(tag) is not None


def parse_referrers(raw: bytes) -> tuple[Descriptor, ...]:
    """Parse one answer of the referrers API, or the index under a fallback tag.

    Raises:
        MalformedError: Not an OCI index, or one of its descriptors is malformed; an unreadable entry
            may be the signature that is looked for, so it is never passed over.
        LimitExceeded: More than `MAX_REFERRERS` entries.
    """
    return tuple(Descriptor.parse(entry) for entry in _entries(_parse_index(raw)))


def join_referrers(pages: Iterable[Sequence[Descriptor]]) -> tuple[Descriptor, ...]:
    """Join the pages of one list; an entry shown twice, as when the list grew meanwhile, counts once.

    Raises:
        LimitExceeded: More than `MAX_REFERRERS` entries on all pages together.
    """
    found: dict[Digest, Descriptor] = {}
    for page in pages:
        for entry in page:
            found.setdefault(entry.digest, entry)
        if len(found) > MAX_REFERRERS:
            raise LimitExceeded(_WHAT, f"more than {MAX_REFERRERS} referrers")
    return tuple(found.values())


def is_referrers_list(manifest: Manifest, subject: Digest) -> bool:
    """Tell whether what a subject's fallback tag names can be its list.

    `cosign copy` gives each image of an index just this tag, and an image does not list itself.
    """
    return manifest.digest != subject


def merge_referrer(current: Manifest | None, entry: Descriptor, subject: Digest) -> Manifest:
    """Add an entry to the list under a subject's fallback tag; a list that has it stays as it is.

    Foreign entries and members keep what their writers put into them; entries are sorted by digest,
    as the Go tools leave them.

    Raises:
        MalformedError: The tag names something else than an OCI index.
        LimitExceeded: The list is full.
    """
    if current is None or not is_referrers_list(current, subject):
        return _build_list({}, [entry.encode()])
    index = _parse_index(current.raw)
    entries = [dict(found.members) for found in _entries(index)]
    if any(found.get("digest") == str(entry.digest) for found in entries):
        return current
    if len(entries) >= MAX_REFERRERS:
        raise LimitExceeded(_WHAT, f"it has {MAX_REFERRERS} entries, and another is to be added")
    return _build_list(index.members, sorted([*entries, entry.encode()], key=_digest_of))


def remove_referrer(current: Manifest, digest: Digest) -> Manifest:
    """Take an entry out of a list; the others stay as they are, in their order.

    Raises:
        MalformedError: Not an OCI index.
    """
    index = _parse_index(current.raw)
    entries = [dict(found.members) for found in _entries(index)]
    kept = [found for found in entries if found.get("digest") != str(digest)]
    return current if len(kept) == len(entries) else _build_list(index.members, kept)


def _parse_index(raw: bytes) -> JsonObject:
    index = JsonObject.parse(raw, what=_WHAT)
    media_type = index.optional_text("mediaType", OCI_INDEX)
    if media_type != OCI_INDEX:
        raise MalformedError(_WHAT, f"media type {media_type!r} is not that of an OCI index")
    if "config" in index or "layers" in index:
        raise MalformedError(_WHAT, "both image and index")
    return index


def _entries(index: JsonObject) -> Sequence[JsonObject]:
    return index.children("manifests", most=MAX_REFERRERS)


def _digest_of(entry: Mapping[str, JsonValue]) -> str:
    return str(entry.get("digest"))


def _build_list(members: Mapping[str, JsonValue], entries: Sequence[Mapping[str, JsonValue]]) -> Manifest:
    frame = {"schemaVersion": 2, "mediaType": OCI_INDEX}
    raw = encode_json(frame | dict(members) | {"manifests": list(entries)})
    if len(raw) > MAX_MANIFEST:
        raise LimitExceeded(_WHAT, f"{len(raw)} bytes, registries take {MAX_MANIFEST}")
    return Manifest.parse(raw, OCI_INDEX)
