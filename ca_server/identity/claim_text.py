"""Claims as text: what goes into a certificate is short, and nothing in it pretends to be something else.

Issuers put into tokens what their users wrote: names of branches, workflows, environments. All of it ends up in
certificates that people read on terminals and programs compare.
"""

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Final

from ca_server.identity.claims import Claims, TokenRefused

MAX_TEXT: Final = 2048
"""Characters of one text in a certificate: SPIFFE ids, the longest names there are, may have as many bytes."""

_MISLEADING: Final = re.compile(
    "[\x00-\x1f\x7f-\x9f"  # control characters
    "\u2028\u2029"  # separators of lines and paragraphs
    "\u202a-\u202e\u2066-\u2069"  # what turns the direction of writing around
    "\ud800-\udfff]"  # halves of characters
)


def check_text(what: str, text: str) -> str:
    """Return a text that may stand in a certificate.

    Raises:
        TokenRefused: Longer than `MAX_TEXT`, or with control characters and their like.
    """
    if len(text) > MAX_TEXT:
        raise TokenRefused(f"{what} has {len(text)} characters, at most {MAX_TEXT} are accepted")
    if _MISLEADING.search(text):
        raise TokenRefused(f"{what} has control characters")
    return text


def required_text(claims: Claims, name: str) -> str:
    """Return a claim that has to be there, a text and not empty.

    Raises:
        TokenRefused: It is not, or it may not stand in a certificate.
    """
    found = optional_text(claims, name)
    if not found:
        raise TokenRefused(f"claim {name} is missing")
    return found


def optional_text(claims: Claims, name: str) -> str:
    """Return a claim that is a text; empty where it is absent or null.

    Raises:
        TokenRefused: It is something else, or may not stand in a certificate.
    """
    found = claims.get(name)
    if found is None:
        return ""
    if not isinstance(found, str):
        raise TokenRefused(f"claim {name} is not a text")
    return check_text(f"claim {name}", found)


def member_at(claims: Claims, path: tuple[str, ...]) -> object:
    """Return what lies at a path through nested objects, None where there is nothing."""
    found: object = claims
    for name in path:
        found = found.get(name) if isinstance(found, Mapping) else None
    return found


def write_scalar(found: object) -> str | None:
    """Write a claim as the text that templates and rules see; None for what has none: null, lists and objects.

    Whole numbers are written with all their digits, however they were spelled.
    """
    if isinstance(found, bool):
        return "true" if found else "false"
    if isinstance(found, float):
        return str(int(found)) if found.is_integer() else _write_fraction(found)
    return str(found) if isinstance(found, str | int) else None


def _write_fraction(number: float) -> str:
    """Write the shortest decimal that is this number and no other, without an exponent."""
    return format(Decimal(repr(number)), "f")
