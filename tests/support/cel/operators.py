"""Operators between two contents."""

import math
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from tests.support.cel.evaluation import EvaluationError, equal, is_number

_BOUND: Final = 1 << 63


def checked(content: Any) -> Any:
    """Return a number that is one of 64 bits."""
    if isinstance(content, int) and not isinstance(content, bool) and not -_BOUND <= content < _BOUND:
        raise EvaluationError("integer overflow")
    return content


def _same(left: Any, right: Any) -> bool:
    return type(left) is type(right) and not isinstance(left, bool)


def add(left: Any, right: Any) -> Any:
    """Add, or put one after the other."""
    moments = isinstance(left, datetime | timedelta) and isinstance(right, datetime | timedelta)
    if moments or (_same(left, right) and isinstance(left, int | float | str | bytes | list)):
        return checked(left + right)
    raise EvaluationError("no such overload")


def subtract(left: Any, right: Any) -> Any:
    """Subtract."""
    moments = isinstance(left, datetime | timedelta) and isinstance(right, datetime | timedelta)
    if moments or (_same(left, right) and isinstance(left, int | float)):
        return checked(left - right)
    raise EvaluationError("no such overload")


def multiply(left: Any, right: Any) -> Any:
    """Multiply."""
    if _same(left, right) and isinstance(left, int | float):
        return checked(left * right)
    raise EvaluationError("no such overload")


def divide(left: Any, right: Any) -> Any:
    """Divide; whole numbers towards zero."""
    if not (_same(left, right) and isinstance(left, int | float)):
        raise EvaluationError("no such overload")
    if isinstance(left, float):
        return left / right if right else math.copysign(math.inf, left) if left else math.nan
    if right == 0:
        raise EvaluationError("division by zero")
    return checked(abs(left) // abs(right) * (1 if (left < 0) == (right < 0) else -1))


def remainder(left: Any, right: Any) -> Any:
    """Return what is left of a division."""
    if not (_same(left, right) and isinstance(left, int)):
        raise EvaluationError("no such overload")
    if right == 0:
        raise EvaluationError("modulus by zero")
    return int(math.fmod(left, right))


def _ordered(test: Callable[[Any, Any], bool]) -> Callable[[Any, Any], bool]:
    def compare(left: Any, right: Any) -> bool:
        if (is_number(left) and is_number(right)) or (
            type(left) is type(right) and isinstance(left, str | bytes | bool | datetime | timedelta)
        ):
            return test(left, right)
        raise EvaluationError("no such overload")

    return compare


def contains(left: Any, right: Any) -> bool:
    """Tell whether a list has an item, or a map a member."""
    if isinstance(right, list):
        return any(equal(left, each) for each in right)
    if isinstance(right, dict):
        return left in right
    raise EvaluationError("no such overload")


RELATIONS: Final[Mapping[str, Callable[[Any, Any], Any]]] = {
    "==": equal,
    "!=": lambda left, right: not equal(left, right),
    "<": _ordered(lambda left, right: left < right),
    "<=": _ordered(lambda left, right: left <= right),
    ">": _ordered(lambda left, right: left > right),
    ">=": _ordered(lambda left, right: left >= right),
    "in": contains,
}
SUMS: Final[Mapping[str, Callable[[Any, Any], Any]]] = {"+": add, "-": subtract}
PRODUCTS: Final[Mapping[str, Callable[[Any, Any], Any]]] = {"*": multiply, "/": divide, "%": remainder}
