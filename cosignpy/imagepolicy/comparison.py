"""Where two JSON documents differ: member by member, so that a person sees what changed."""

from collections.abc import Iterator
from typing import Final

from cosignpy.core.encoding import JsonValue, encode_json
from cosignpy.values import value

MAX_DIFFERENCES: Final = 100
"""Differences that are listed; who has more has two different documents."""

_ABSENT: Final = object()


@value
class Difference:
    """A member by its path, and what stands there in JSON; None where it is absent."""

    path: str
    recorded: str | None
    found: str | None

    def __str__(self) -> str:
        return f"{self.path}: recorded {self.recorded or 'nothing'}, now {self.found or 'nothing'}"


def compare_documents(recorded: JsonValue, found: JsonValue) -> tuple[Difference, ...]:
    """Return where two documents differ, in their order; none where their bytes are the same."""
    differences: list[Difference] = []
    for each in _compare("", recorded, found):
        differences.append(each)
        if len(differences) == MAX_DIFFERENCES:
            break
    if not differences and encode_json(recorded) != encode_json(found):
        return (Difference("the order of members", "one", "another"),)
    return tuple(differences)


def _compare(path: str, recorded: JsonValue, found: JsonValue) -> Iterator[Difference]:
    if isinstance(recorded, dict) and isinstance(found, dict):
        for name in dict.fromkeys((*recorded, *found)):
            yield from _compare(f"{path}.{name}", recorded.get(name, _ABSENT), found.get(name, _ABSENT))
    elif isinstance(recorded, list) and isinstance(found, list):
        for number in range(max(len(recorded), len(found))):
            pair = [each[number] if number < len(each) else _ABSENT for each in (recorded, found)]
            yield from _compare(f"{path}[{number}]", *pair)
    elif _show(recorded) != _show(found):
        yield Difference(path.lstrip("."), _show(recorded), _show(found))


def _show(content: JsonValue) -> str | None:
    return None if content is _ABSENT else encode_json(content).decode()
