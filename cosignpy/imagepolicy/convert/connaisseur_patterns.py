"""Which of Connaisseur's rules are about the same images: the most specific counts there, and here all do."""

from typing import Final

from cosignpy.core.oci.reference import DOCKER_HUB

_HUB: Final = "docker.io/"
_LIBRARY: Final = "library/"


def normalize(pattern: str) -> str:
    """Write a pattern with all that is left out of it: the registry, `library`, and any tag."""
    host, slash, _ = pattern.partition("/")
    if pattern.replace("*", "").strip(":/") == "":
        return "*"
    if not slash:
        pattern = f"{_HUB}{_LIBRARY}{pattern}" if not host.startswith("*") else pattern
    elif "." not in host and ":" not in host and "*" not in host and host != "localhost":
        pattern = f"{_HUB}{pattern}"
    pattern = pattern.replace(f"{DOCKER_HUB}/", _HUB, 1) if pattern.startswith(f"{DOCKER_HUB}/") else pattern
    return pattern if ":" in pattern.rpartition("/")[2] or pattern.endswith("*") else f"{pattern}:*"


def meets(one: str, other: str) -> bool:
    """Tell whether some text is described by both patterns, in which `*` is any characters."""
    ends = {(0, 0)}
    todo = [(0, 0)]
    while todo:
        i, j = todo.pop()
        for step in _steps(one, other, i, j):
            if step not in ends:
                ends.add(step)
                todo.append(step)
    return (len(one), len(other)) in ends


def _steps(one: str, other: str, i: int, j: int) -> list[tuple[int, int]]:
    """Return where both may go on: over the same character, or over one that a `*` of either takes."""
    found = []
    first, second = one[i : i + 1], other[j : j + 1]
    if first == "*":
        found += [(i + 1, j), *([(i, j + 1)] if second else [])]
    if second == "*":
        found += [(i, j + 1), *([(i + 1, j)] if first else [])]
    if first and first == second:
        found.append((i + 1, j + 1))
    return found


def is_within(one: str, other: str) -> bool:
    """Tell whether all that one pattern describes is described by the other: a `*` is within a `*` only."""
    ends = {0}
    for piece in other:
        if piece == "*":
            ends = set(range(min(ends, default=len(one) + 1), len(one) + 1))
        else:
            ends = {end + 1 for end in ends if one[end : end + 1] == piece}
    return len(one) in ends
