"""The images that manifests of Kubernetes name, and what may name others that nobody finds."""

import re
from collections.abc import Iterator, Mapping
from enum import StrEnum
from typing import Final

from cosignpy.core.encoding import JsonValue
from cosignpy.documents import Place
from cosignpy.imagepolicy.inputs.kubernetes_yaml import Document, Text, Tree, read_documents, unrendered, write_path
from cosignpy.imagepolicy.inputs.named_image import NamedImage, Notice
from cosignpy.imagepolicy.pod_images import Kind, Path, PodImage, find_image_fields, find_pod_specs, list_pod_images
from cosignpy.values import value

_LIST: Final = "List"
_PROPERTIES: Final = re.compile(r"^(?:[&!]\S*\s+)+")
"""Anchor and tag, which some parsers take for the beginning of a text."""


@value
class Manifest:
    """What a file has: images in its order, and notices."""

    images: tuple[NamedImage, ...]
    notices: tuple[Notice, ...]


class OtherFields(StrEnum):
    """What becomes of fields `image` that are not a container's."""

    TOLD = "told"
    TAKEN = "taken"


def parse_manifest(text: str, file: str, others: OtherFields = OtherFields.TOLD) -> Manifest:
    """Find the images of a manifest.

    Raises:
        DocumentError: It is not what kubectl reads, or a template.
    """
    found: list[NamedImage | Notice] = []
    for document in read_documents(text, file):
        data = document.data()
        if not isinstance(data, dict):
            raise document.place.error(
                "no object of Kubernetes", "fields like apiVersion and kind, or - for a list of them"
            )
        found += _Reading(text, document, others).read(data, (), Kind.read(data))
    return Manifest(
        tuple([each for each in found if isinstance(each, NamedImage)]),
        tuple([each for each in found if isinstance(each, Notice)]),
    )


@value
class _Reading:
    """One document of a file."""

    text: str
    document: Document
    others: OtherFields

    def read(self, data: Mapping[str, JsonValue], path: Path, kind: Kind) -> Iterator[NamedImage | Notice]:
        """Yield what an object names, and those in it if it is a list."""
        items = data.get("items")
        if isinstance(items, list):
            yield from self._read_items(items, (*path, "items"), kind)
            data = {name: each for name, each in data.items() if name != "items"}
        found = [image for spec in find_pod_specs(data, kind) for image in list_pod_images(data, spec)]
        rest = list[PodImage]()
        if not kind.is_known:
            seen = {image.path for image in found}
            rest = [image for image in find_image_fields(data) if image.path not in seen]
        if rest and self.others is OtherFields.TOLD:
            where = write_path((*path, *rest[0].path)) + (f" and {len(rest) - 1} more" if len(rest) > 1 else "")
            place = self._place((*path, *rest[0].path))
            yield Notice(place, f"not looked at: {where}, of {kind}", "--image-fields verifies them too")
            rest = []
        for image in (*found, *rest):
            yield self._read_image(data, path, kind, image)

    def _read_items(self, items: list[JsonValue], path: Path, kind: Kind) -> Iterator[NamedImage | Notice]:
        """Read the objects of a list; those that do not say what they are, are what the list is of."""
        for number, item in enumerate(items):
            if isinstance(item, dict):
                own = Kind.read(item)
                of_list = Kind(kind.group, kind.version, kind.kind.removesuffix(_LIST))
                yield from self.read(item, (*path, number), own if own.kind else of_list)
            elif kind.kind.endswith(_LIST):
                raise self.document.place.error(f"{write_path((*path, number))} is no object of Kubernetes")

    def _read_image(
        self, data: Mapping[str, JsonValue], path: Path, kind: Kind, found: PodImage
    ) -> NamedImage | Notice:
        metadata = data.get("metadata")
        name = metadata.get("name") if isinstance(metadata, dict) else None
        role = f"{kind.kind} {name}" if isinstance(name, str) else str(kind)
        where = (*path, *found.path)
        place = self._place(where)
        if found.image is None:
            return Notice(place, f"{role} has no image at {place.key}: who fills it in decides what runs")
        if "{{" in found.image:
            raise unrendered(place)
        text = self._find(where)
        span = self._span(text) if isinstance(text, Text) else None
        return NamedImage(found.image, place, role, span, kind.workload(data))

    def _place(self, path: Path) -> Place:
        """Return where a field stands; for one that is not there, what is nearest to it."""
        nearest = (self._find(path[:length]) for length in range(len(path), -1, -1))
        found = next(filter(None, map(_first_text, nearest)), None)
        line = found.line if found is not None else self.document.place.line
        return Place(self.document.place.file, line, write_path(path))

    def _span(self, found: Text) -> tuple[int, int] | None:
        """Return where a text stands as it is, without its quotes; None where it is written otherwise."""
        start, end = found.span
        written = _PROPERTIES.sub("", self.text[start:end])
        start = end - len(written)
        if written == found.text:
            return start, end
        return (start + 1, end - 1) if written[1:-1] == found.text and written[0] in "'\"" else None

    def _find(self, path: Path) -> "Tree | None":
        try:
            return self.document.at(path)
        except (KeyError, TypeError):
            return None


def _first_text(tree: "Tree | None") -> Text | None:
    """Return the first text of a part of a document that has one."""
    while isinstance(tree, dict | list):
        tree = next(iter(tree.values() if isinstance(tree, dict) else tree), None)
    return tree
