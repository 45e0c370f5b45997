"""Remove what cosign attached to an image. What other tools attached is never touched."""

import contextlib
from collections.abc import Callable, Mapping, Sequence
from enum import StrEnum
from typing import Final

from cosignpy.core.digest import Digest
from cosignpy.core.oci.manifest import OCI_INDEX, Manifest
from cosignpy.core.oci.reference import Tag
from cosignpy.core.oci.referrers import fallback_tag, is_referrers_list, remove_referrer
from cosignpy.errors import NoSuchTag, RemoteError
from cosignpy.operations.attachments import Attachment, AttachmentType, fetch_attachments
from cosignpy.operations.candidates import fetch_optional
from cosignpy.operations.ports import Repository
from cosignpy.values import value


class CleanType(StrEnum):
    """What `clean --type` may say; `referrer` is everything of cosign's that is not under a tag."""

    SIGNATURE = "signature"
    ATTESTATION = "attestation"
    SBOM = "sbom"
    REFERRER = "referrer"
    ALL = "all"


_SELECTS: Final[Mapping[CleanType, Callable[[Attachment], bool]]] = {
    CleanType.SIGNATURE: lambda found: found.type is AttachmentType.SIGNATURE,
    CleanType.ATTESTATION: lambda found: found.type is AttachmentType.ATTESTATION,
    CleanType.SBOM: lambda found: found.type is AttachmentType.SBOM,
    CleanType.REFERRER: lambda found: found.tag is None and found.type is not AttachmentType.OTHER,
    CleanType.ALL: lambda found: found.type is not AttachmentType.OTHER,
}

_TAGS_STAY: Final = frozenset({400, 405})
"""How registries refuse to delete a tag where they delete by digest only (distribution 2 does)."""


@value
class Removal:
    """One attachment to remove, or removed, and the image it belongs to."""

    image: Digest
    attachment: Attachment


def select_removals(repository: Repository, image: Digest, kind: CleanType) -> Sequence[Removal]:
    """Return what `clean` would remove from an image.

    Raises:
        MalformedError: A list of referrers or a manifest is not what it should be.
        RemoteError: The registry failed.
    """
    return [Removal(image, found) for found in fetch_attachments(repository, image) if _SELECTS[kind](found)]


def remove_attachments(repository: Repository, removals: Sequence[Removal]) -> None:
    """Remove attachments, then their entries in the fallback lists of referrers.

    Manifests first: a registry that does not allow deletion says so before anything has changed, and an
    entry left behind by a crash is found and removed by the next run.

    Raises:
        RemoteError: The registry failed, or does not allow deletion.
    """
    for removal in removals:
        _delete_attachment(repository, removal.attachment)
    for image in dict.fromkeys(removal.image for removal in removals):
        mine = [removal.attachment for removal in removals if removal.image == image]
        _forget(repository, image, frozenset(found.digest for found in mine if found.tag is None))


def _delete_attachment(repository: Repository, attachment: Attachment) -> None:
    """Delete the tag, where the registry deletes tags, then the manifest.

    Both: distribution 2 deletes by digest only, and go-containerregistry's registry keeps a tag whose manifest
    was deleted by digest. Signatures and attestations name their image, so no other tag can need the manifest;
    two images with the same SBOM share one, so there it stays once its tag is gone.
    """
    untagged = attachment.tag is not None and _delete_tag(repository, attachment.tag)
    if untagged and attachment.type is AttachmentType.SBOM:
        return
    _delete(repository, attachment.digest)


def _delete_tag(repository: Repository, tag: Tag) -> bool:
    """Delete a tag and tell whether the registry does that."""
    try:
        _delete(repository, tag)
    except RemoteError as error:
        if error.status not in _TAGS_STAY:
            raise
        return False
    return True


def _forget(repository: Repository, image: Digest, gone: frozenset[Digest]) -> None:
    """Take entries out of an image's fallback list, and the list away when it is empty.

    An empty list is deleted by its digest: had another writer added an entry meanwhile, the tag would name
    another list by now, and that one stays.
    """
    tag = fallback_tag(image)
    current = fetch_optional(repository, tag) if gone else None
    if current is None or current.media_type != OCI_INDEX or not is_referrers_list(current, image):
        return
    if all(entry.digest in gone for entry in current.manifests):
        _delete(repository, current.digest)
    elif any(entry.digest in gone for entry in current.manifests):
        repository.update_tag(tag, lambda found: _without(found or current, gone))


def _without(referrers: Manifest, gone: frozenset[Digest]) -> Manifest:
    for digest in gone:
        referrers = remove_referrer(referrers, digest)
    return referrers


def _delete(repository: Repository, name: Digest | Tag) -> None:
    """Delete what may be gone already: removal is what was asked for, not who did it."""
    with contextlib.suppress(NoSuchTag):
        repository.delete_manifest(name)
