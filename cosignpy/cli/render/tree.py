"""A tree of attachments, drawn as `cosign tree` draws it, or as JSON."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from cosignpy.cli.invocation import printable
from cosignpy.core.encoding import JsonValue
from cosignpy.operations.attachments import Attachment, AttachmentType
from cosignpy.operations.tree import ImageTree

_TAGGED: Final[Mapping[AttachmentType, str]] = {
    AttachmentType.SIGNATURE: "🔐 Signatures",
    AttachmentType.ATTESTATION: "💾 Attestations",
    AttachmentType.SBOM: "📦 SBOMs",
}


def tree_lines(tree: ImageTree, name: str, repository: str) -> Iterator[str]:
    """Draw a tree; `repository` is where the attachments are."""
    yield f"📦 Supply Chain Security Related artifacts for an image: {name}"
    for attachment in tree.attachments:
        yield f"└── {_headline(attachment, repository)}"
        last = len(attachment.layers) - 1
        for number, layer in enumerate(attachment.layers):
            yield f"   {'└' if number == last else '├'}── 🍒 {layer.digest}"
    for child in tree.children:
        platform = f" ({printable(str(child.image.platform))})" if child.image.platform else ""
        below = tree_lines(child, f"{name.partition('@')[0]}@{child.image.digest}{platform}", repository)
        yield from (f"   {line}" for line in below)


def _headline(attachment: Attachment, repository: str) -> str:
    if attachment.tag is not None:
        return f"{_TAGGED[attachment.type]} for an image tag: {_place(attachment, repository)}"
    return f"🔗 {printable(attachment.label)} artifacts via OCI referrer: {_place(attachment, repository)}"


def _place(attachment: Attachment, repository: str) -> str:
    return f"{repository}:{attachment.tag}" if attachment.tag else f"{repository}@{attachment.digest}"


def tree_to_json(tree: ImageTree, repository: str) -> dict[str, JsonValue]:
    """Return a tree as a JSON object."""
    found: dict[str, JsonValue] = {
        "digest": str(tree.image.digest),
        "mediaType": tree.image.media_type,
        "attachments": attachments_to_json(tree.attachments, repository),
    }
    if tree.image.platform:
        found["platform"] = str(tree.image.platform)
    if tree.children:
        found["images"] = [tree_to_json(child, repository) for child in tree.children]
    return found


def attachments_to_json(attachments: Sequence[Attachment], repository: str) -> list[JsonValue]:
    """Return attachments as JSON objects."""
    return [
        {
            "type": attachment.type.value,
            "reference": _place(attachment, repository),
            "digest": str(attachment.digest),
            "artifactType": attachment.artifact_type or None,
            "predicateType": attachment.predicate_type or None,
            "layers": [layer.encode() for layer in attachment.layers],
        }
        for attachment in attachments
    ]
