"""Functions of Rego, by what they do with texts, which the interpreter keeps as JSON spells them.

Comparing spellings is right. A function that looks into them finds quotation marks, backslashes and line ends that are
spelled with two characters.
"""

from collections.abc import Collection
from typing import Final

STAND_INS: Final = {sign: 0xE000 + sign for sign in (*range(0x20), ord('"'), ord("\\"))}
"""Characters of nobody's for those that JSON spells with two: with them a spelling is the text itself."""

READS_JSON: Final = "json.unmarshal"
"""It undoes one spelling, and is right where the text that it reads has no spelling of its own in it."""

_NO_TEXTS: Final = frozenset(
    {"abs", "ceil", "count", "floor", "intersection", "max", "min", "product", "round", "sort", "sum", "to_number"}
    | {"type_name", "union"}
)
"""Functions that do not look into texts; `count` may, and is needed too much to be left out."""
_NO_TEXTS_BELOW: Final = ("array.", "bits.", "is_", "numbers.", "object.", "time.")
"""How the names of others begin."""

_FINDING: Final = frozenset(
    {"concat", "contains", "endswith", "indexof", "indexof_n", "lower", "replace", "split", "sprintf", "startswith"}
    | {"strings.any_prefix_match", "strings.any_suffix_match", "strings.count", "substring", "trim_prefix"}
    | {"trim_suffix", "upper"}
)
"""Functions for which a character is only equal to itself, so that another may stand for it everywhere."""


def find_in_texts(calls: Collection[str]) -> bool:
    """Tell whether stand-ins are right for all functions that are called, and are needed for one."""
    others = [name for name in calls if name not in _FINDING]
    return len(others) < len(calls) and READS_JSON not in others and all(map(is_not_misled, others))


def is_not_misled(name: str) -> bool:
    """Tell whether a function does the same however its texts are spelled."""
    return name == READS_JSON or name in _NO_TEXTS or name.startswith(_NO_TEXTS_BELOW)
