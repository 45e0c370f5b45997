"""Whether what is undefined can make a module of Rego say yes.

A function that fails is undefined, here and in OPA. They do not fail for all the same arguments, and only where nothing
follows from what is undefined this makes no difference but that of a module that says no.
"""

from collections.abc import Sequence
from typing import Final

from cosignpy.imagepolicy.conditions.rego_tokens import Kind, Token

_FOLLOWS: Final = frozenset({"contains", "default", "else", "every", "not"})


def is_strict(tokens: Sequence[Token]) -> bool:
    """Tell whether a function that fails has to end the whole evaluation: something may follow from it."""
    said = [token for token in tokens if not token.is_silent]
    for number, token in enumerate(said):
        if token.kind is Kind.NAME and token.text in _FOLLOWS and not _is_no(said[number : number + 4]):
            return True
        if token.text == "|" and token.kind is Kind.SIGN:
            return True
    return _has_collecting_head(tokens)


def _is_no(said: Sequence[Token]) -> bool:
    """Tell whether this is the default `false` of the rule that is asked."""
    texts = [token.text for token in said]
    return texts in [["default", rule, sign, "false"] for rule in ("allow", "isCompliant") for sign in ("=", ":=")]


def _has_collecting_head(tokens: Sequence[Token]) -> bool:
    """Tell whether a line begins with a name and a bracket, as `deny[reason]`."""
    for number, token in enumerate(tokens[:-1]):
        begins = number == 0 or tokens[number - 1].kind is Kind.NEWLINE
        if begins and token.kind is Kind.NAME and tokens[number + 1].text == "[":
            return True
    return False
