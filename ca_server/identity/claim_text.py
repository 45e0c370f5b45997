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
    "\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"  # what turns the direction of writing around
    "\xad\u034f\u180e\u200b\u2060-\u2065\u206a-\u206f\ufeff\ufff9-\ufffb"  # what nobody sees
    "\u115f\u1160\u17b4\u17b5\u3164\uffa0"  # fillers: letters that nobody sees
    "\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e00ff"  # of shorthand and music, and tags
    "\ud800-\udfff]"  # halves of characters
    "|(?<![^\x00-\x7f\u200c\u200d])[\u200c\u200d]"  # what joins and parts, where there is nothing to
)
"""The format characters of Unicode (Cf) and what else is ignored when text is shown, but for what has a use in texts:
selectors of variants, and the joiners of emoji and of scripts that are not Latin."""
_UNSEEN: Final = re.compile("[\u180b-\u180f\u200c\u200d\ufe00-\ufe0f\U000e0100-\U000e0fff]")
"""That rest. In names it has no use either (RFC 8264 section 9.13)."""


def check_text(what: str, text: str) -> str:
    """Return a text that may stand in a certificate.

    Raises:
        TokenRefused: Longer than `MAX_TEXT`, or with characters that nobody sees, or that turn others around.
    """
    if len(text) > MAX_TEXT:
        raise TokenRefused(f"{what} has {len(text)} characters, at most {MAX_TEXT} are accepted")
    if _MISLEADING.search(text):
        raise TokenRefused(f"{what} has control characters, or others that nobody sees")
    return text


def check_name(what: str, text: str) -> str:
    """Return a text that may be the name of someone: no two names look alike only because a part of one is unseen.

    Raises:
        TokenRefused: As `check_text`.
    """
    if _UNSEEN.search(text):
        raise TokenRefused(f"{what} has characters that nobody sees")
    return check_text(what, text)


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
