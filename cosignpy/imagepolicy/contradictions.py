"""Comparisons of one field that never hold together, as far as that is plain."""

from collections.abc import Sequence

from cosignpy.core.encoding import JsonValue
from cosignpy.imagepolicy.conditions.inline import AtLeast, AtMost, Comparison, Equals, Exists, Matches, OneOf


def contradict(comparisons: Sequence[Comparison]) -> bool:
    """Tell whether no field satisfies all of them: for certain, so that no is also what is not known."""
    absent = [each for each in comparisons if isinstance(each, Exists) and not each.wanted]
    if absent:
        return len(absent) < len(comparisons)
    compared = [each for each in comparisons if not isinstance(each, Exists)]
    named = [each for each in compared if isinstance(each, Equals | OneOf)]
    if named:
        return not any(all(not each.explain(choice) for each in compared) for choice in _choices(named[0]))
    lowest = [each.limit for each in compared if isinstance(each, AtLeast)]
    highest = [each.limit for each in compared if isinstance(each, AtMost)]
    if any(isinstance(each, Matches) for each in compared):
        return bool(lowest or highest)
    return bool(lowest and highest) and max(lowest) > min(highest)


def _choices(named: Equals | OneOf) -> Sequence[JsonValue]:
    return named.wanted if isinstance(named, OneOf) else (named.wanted,)
