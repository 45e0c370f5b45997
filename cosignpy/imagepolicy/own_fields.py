"""Fields that only our own kind has: how many have to vouch, how long ago, and when a key counts."""

import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final

from cosignpy.core.policy.key_window import KeyWindow
from cosignpy.core.trust.validity import parse_time
from cosignpy.documents import Word
from cosignpy.errors import MalformedError, UsageError
from cosignpy.imagepolicy.fields import Fields

UNITS: Final[Mapping[str, timedelta]] = {"h": timedelta(hours=1), "d": timedelta(days=1), "w": timedelta(weeks=1)}
"""What an age is given in."""

_AGE: Final = re.compile(r"(?P<count>[1-9][0-9]{0,3})(?P<unit>[hdw])")
_COUNT: Final = re.compile(r"[1-9][0-9]{0,3}")


def read_require(fields: Fields, total: int, what: str) -> int:
    """Return how many of some are needed: `any` is one, which is what an absent field means, and `all` is each.

    Raises:
        DocumentError: Something else, or more than there are.
    """
    if "require" not in fields:
        return 1
    node = fields.members["require"]
    text = node.text if isinstance(node, Word) else ""
    if text in ("any", "all"):
        return 1 if text == "any" else max(total, 1)
    if not isinstance(node, Word) or not node.plain or not _COUNT.fullmatch(text):
        raise fields.error("require", "is not how many are needed", "allowed: any, all, or a number from 1 on")
    if int(text) > total:
        raise fields.error("require", f"{text} is more than there are {what}: {total}", "all needs each of them")
    return int(text)


def read_max_age(fields: Fields) -> timedelta | None:
    """Return how long ago a signature may have been made; None where that does not matter.

    Raises:
        DocumentError: It is no age.
    """
    return fields.parsed("maxAge", _parse_age) if "maxAge" in fields else None


def _parse_age(text: str) -> timedelta:
    match = _AGE.fullmatch(text)
    if match is None:
        raise MalformedError("maxAge", f"{text!r} is no age: a number from 1 to 9999 and h, d or w, as in 30d")
    return int(match["count"]) * UNITS[match["unit"]]


def read_window(fields: Fields) -> KeyWindow | None:
    """Return when a key counts; None where it always does.

    Raises:
        DocumentError: A time that is none, or no time between them.
    """
    start, end = (fields.parsed(name, _parse_moment) if name in fields else None for name in WINDOW)
    if start is None and end is None:
        return None
    try:
        return KeyWindow(start, end)
    except UsageError as error:
        raise fields.error(WINDOW[-1], "is not after validFrom") from error


def _parse_moment(text: str) -> datetime:
    return parse_time(text, what="time")


WINDOW: Final = ("validFrom", "validUntil")
"""The first moment at which a key counts, and the first at which it does not any more."""
