"""What all Kubernetes documents begin with: kind, version and metadata, of which the name alone means something."""

import re
from collections.abc import Callable
from typing import Final

from cosignpy.documents import Node
from cosignpy.errors import MalformedError
from cosignpy.imagepolicy.fields import Fields
from cosignpy.values import value

_NAME: Final = re.compile(r"[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?")
_DOCUMENT: Final = ("apiVersion", "kind", "metadata")
_METADATA: Final = (
    "name",
    "labels",
    "annotations",
    "creationTimestamp",
    "deletionGracePeriodSeconds",
    "deletionTimestamp",
    "finalizers",
    "generation",
    "managedFields",
    "ownerReferences",
    "resourceVersion",
    "selfLink",
    "uid",
)


@value
class Kind:
    """A kind of document: its name, its versions, the members it has, and whether it lies in a namespace."""

    name: str
    versions: tuple[str, ...]
    members: tuple[str, ...] = ("spec", "status")
    namespaced: bool = False


@value
class Header:
    """A document by its kind and its name, and its members."""

    kind: Kind
    name: str
    fields: Fields
    metadata: Fields

    @property
    def namespace(self) -> str:
        """Where it lies; empty where it does not say so."""
        return self.metadata.text("namespace")

    def child(self, name: str, read: Callable[[Node], Fields]) -> Fields:
        """Return a member that has to be there.

        Raises:
            DocumentError: It is absent, or something in it is not as it should be.
        """
        return _required_child(self.fields, name, read)


def read_header(node: Node, *kinds: Kind) -> Header:
    """Read what a document of one of these kinds begins with.

    Raises:
        DocumentError: It is of another kind or version, has no name, or a member that is unknown.
    """
    fields = Fields.read(node, (*_DOCUMENT, *dict.fromkeys(name for each in kinds for name in each.members)))
    named = fields.required("kind")
    kind = next((each for each in kinds if each.name == named), None)
    if kind is None:
        raise fields.error("kind", f"{named!r} is not read", f"allowed: {', '.join(each.name for each in kinds)}")
    version = fields.required("apiVersion")
    if version not in kind.versions:
        raise fields.error("apiVersion", f"{version!r} is not known", f"allowed: {', '.join(kind.versions)}")
    known = (*_METADATA, "namespace") if kind.namespaced else _METADATA
    metadata = _required_child(fields, "metadata", lambda each: Fields.read(each, known))
    return Header(kind, metadata.parsed("name", _parse_name), fields, metadata)


def _required_child(fields: Fields, name: str, read: Callable[[Node], Fields]) -> Fields:
    found = fields.child(name, read)
    if found is None:
        raise fields.error(name, "missing")
    return found


def _parse_name(text: str) -> str:
    if not _NAME.fullmatch(text):
        raise MalformedError("name", f"{text!r} is not a name: small letters, digits, dashes and dots, at most 253")
    return text
