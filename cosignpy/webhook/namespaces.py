"""What the labels of a namespace say about refusals in it."""

from typing import Final

from cosignpy.webhook.ports import ObjectCache

ENFORCEMENT: Final = "policy.cosignpy.dev/enforcement"
"""`deny`, `warn` or `audit`; what is none of these counts as `deny`."""


def read_enforcement(namespaces: ObjectCache, name: str) -> str:
    """Return what a namespace's label says; nothing where it has none, or is not known."""
    found = namespaces.get("", name)
    metadata = found.get("metadata") if found is not None else None
    labels = metadata.get("labels") if isinstance(metadata, dict) else None
    text = labels.get(ENFORCEMENT) if isinstance(labels, dict) else None
    return text if isinstance(text, str) else ""
