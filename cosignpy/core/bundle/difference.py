"""What differs between two bundles, by what they say and not by how it is written.

The order of log entries and timestamps is no difference, nor are two spellings of one version's media type. Everything
else is: where there is none, a verifier that reads both finds the same in them.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from cosignpy.core.bundle.description import describe_bundle
from cosignpy.core.bundle.model import Bundle
from cosignpy.core.encoding import JsonValue
from cosignpy.values import value

_SPELLING: Final = "mediaType"
_SETS: Final[Mapping[str, tuple[str, ...]]] = {"logEntries": ("logId", "logIndex"), "timestamps": ("fingerprint",)}
"""Lists whose order says nothing, and by what their items are told apart."""


@value
class Difference:
    """A place, named as in the description, and what each bundle has there; None where it has nothing."""

    place: str
    left: JsonValue
    right: JsonValue


def diff_bundles(left: Bundle, right: Bundle) -> tuple[Difference, ...]:
    """Return all that differs, in the order of the description."""
    return tuple(_compare("", _comparable(left), _comparable(right)))


def _comparable(bundle: Bundle) -> dict[str, JsonValue]:
    found = describe_bundle(bundle)
    del found[_SPELLING]
    return found | {name: _by_identity(found[name], names) for name, names in _SETS.items()}


def _by_identity(items: Sequence[Mapping[str, JsonValue]], names: Sequence[str]) -> dict[str, JsonValue]:
    """Name items by what tells them apart; one that is there twice gets a number."""
    found: dict[str, JsonValue] = {}
    for item in items:
        name = " ".join(str(item[each]) for each in names)
        copies = sum(known.partition("#")[0] == name for known in found)
        found[f"{name}#{copies + 1}" if copies else name] = item
    return found


def _compare(place: str, left: JsonValue, right: JsonValue) -> Iterator[Difference]:
    if left == right:
        return
    if isinstance(left, dict) and isinstance(right, dict):
        for name in [*left, *(name for name in right if name not in left)]:
            yield from _compare(f"{place}.{name}" if place else name, left.get(name), right.get(name))
    elif _are_objects(left) and _are_objects(right):
        numbered = [{str(number): item for number, item in enumerate(items)} for items in (left, right)]
        yield from _compare(place, *numbered)
    else:
        yield Difference(place, left, right)


def _are_objects(found: JsonValue) -> bool:
    return isinstance(found, list) and all(isinstance(item, dict) for item in found)
