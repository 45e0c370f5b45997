"""Quantities as people write them in settings: `10s`, `4MiB`, and the range a number must be in."""

import re
from collections.abc import Mapping
from typing import Final, Self

from cosignpy.errors import MalformedError
from cosignpy.values import value

_DURATION: Final = re.compile(r"(?P<number>0|[1-9][0-9]{0,14})(?P<unit>ms|s|m|h|d)")
_MILLISECONDS: Final[Mapping[str, int]] = {"d": 86_400_000, "h": 3_600_000, "m": 60_000, "s": 1000, "ms": 1}
_SIZE: Final = re.compile(r"(?P<number>0|[1-9][0-9]{0,14})(?P<unit>B|KiB|MiB|GiB|TiB)")
_BYTES: Final[Mapping[str, int]] = {"TiB": 2**40, "GiB": 2**30, "MiB": 2**20, "KiB": 2**10, "B": 1}


class Duration(float):
    """Seconds, written with a unit."""

    __slots__ = ()

    @classmethod
    def parse(cls, text: str) -> Self:
        """Parse a whole number and its unit.

        Raises:
            MalformedError: It is not one number and one unit.
        """
        parts = _DURATION.fullmatch(text)
        if parts is None:
            raise MalformedError("duration", f"{text!r} is not one such as 500ms, 10s, 5m, 2h or 7d")
        return cls(int(parts["number"]) * _MILLISECONDS[parts["unit"]] / 1000)

    def __str__(self) -> str:
        """Write it in the largest unit that needs no fraction; milliseconds are the smallest."""
        milliseconds = round(self * 1000)
        for unit, length in _MILLISECONDS.items():
            if milliseconds and milliseconds % length == 0:
                return f"{milliseconds // length}{unit}"
        return "0s"


class Size(int):
    """Bytes, written with a unit of powers of 1024."""

    __slots__ = ()

    @classmethod
    def parse(cls, text: str) -> Self:
        """Parse a whole number and its unit.

        Raises:
            MalformedError: It is not one number and one unit.
        """
        parts = _SIZE.fullmatch(text)
        if parts is None:
            raise MalformedError("size", f"{text!r} is not one such as 512B, 64KiB, 4MiB or 1GiB")
        return cls(int(parts["number"]) * _BYTES[parts["unit"]])

    def __str__(self) -> str:
        """Write it in the largest unit that needs no fraction."""
        for unit, size in _BYTES.items():
            if self and self % size == 0:
                return f"{self // size}{unit}"
        return "0B"


@value
class Range:
    """The smallest and the largest a number may be; for `Annotated`, on numbers, durations and sizes."""

    smallest: float
    largest: float

    def __contains__(self, number: float) -> bool:
        return self.smallest <= number <= self.largest
