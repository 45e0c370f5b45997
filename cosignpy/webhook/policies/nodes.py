"""Objects of a cluster, for the reader of files: JSON as nodes, each with the path that it stands at."""

from collections.abc import Mapping
from typing import Any

from cosignpy.core.encoding import encode_json
from cosignpy.documents import MAX_DEPTH, Items, Members, Node, Place, Word


def read_object(found: Mapping[str, Any], file: str) -> Node:
    """Return an object as the strict reader wants it; `file` is what errors call it.

    Raises:
        DocumentError: It is nested deeper than documents are.
    """
    return _read(dict(found), Place(file, 1), MAX_DEPTH)


def _read(content: Any, place: Place, depth: int) -> Node:  # noqa: ANN401 - JSON
    if depth < 0:
        raise place.error(f"nested deeper than {MAX_DEPTH} levels")
    if isinstance(content, dict):
        members = {name: _read(each, _below(place, f".{name}"), depth - 1) for name, each in content.items()}
        return Members(members, place)
    if isinstance(content, list):
        items = [_read(each, _below(place, f"[{at}]"), depth - 1) for at, each in enumerate(content)]
        return Items(tuple(items), place)
    if isinstance(content, str):
        return Word(content, place, plain=False)
    return Word(encode_json(content).decode(), place, plain=True)


def _below(place: Place, step: str) -> Place:
    return Place(place.file, place.line, f"{place.key}{step}".lstrip("."))
