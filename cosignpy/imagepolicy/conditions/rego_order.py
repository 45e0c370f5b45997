"""Comparisons in Rego as OPA makes them: every value is before or after every other, whatever its type.

The interpreter leaves `1 < "a"` undefined, so that `not` of it holds. Comparisons become calls of functions that stand
in a module of their own. Of lists, sets and objects only lists of one length and one type are compared: all else fails.
"""

from collections.abc import Mapping, Sequence
from typing import Final

from cosignpy.imagepolicy.conditions.rego_tokens import Kind, Token, tokenize
from cosignpy.places import Place

_NAMES: Final = {"<": "less", "<=": "not_more", ">": "more", ">=": "not_less"}
_FUNCTION: Final = """
{name}(a, b) := a {sign} b if {{
	is_number(a)
	is_number(b)
}} else := a {sign} b if {{
	is_string(a)
	is_string(b)
}} else := r if {{
	rank(a) != rank(b)
	r := rank(a) {sign} rank(b)
}} else := {equal} if {{
	a == b
}} else := a {strict} b if {{
	is_array(a)
	count(a) == count(b)
	count(kinds(a) | kinds(b)) < 2
	max(kinds(a) | kinds(b) | {{0}}) < 4
}} else := to_number("what is not compared")
"""
MODULE: Final = """package cosignpy_order

defined(values) := true

rank(x) := 0 if is_null(x)
rank(x) := 1 if is_boolean(x)
rank(x) := 2 if is_number(x)
rank(x) := 3 if is_string(x)
rank(x) := 4 if is_array(x)
rank(x) := 5 if is_object(x)
rank(x) := 6 if is_set(x)

kinds(x) := {rank(x)} if rank(x) < 4
kinds(x) := {rank(y) | y := x[_]} if rank(x) >= 4
""" + "".join(
    [
        _FUNCTION.format(name=name, sign=sign, strict=sign[0], equal=str("=" in sign).lower())
        for sign, name in _NAMES.items()
    ]
)
"""What the calls are of."""

_OPEN: Final = {"{": "}", "[": "]", "(": ")"}
_CLOSE: Final = {close: open_ for open_, close in _OPEN.items()}
_LOOSER: Final = frozenset({";", ",", ":", ":=", "=", "==", "!=", *_NAMES})
_WORDS: Final = frozenset({"not", "if", "else", "in", "with", "as", "some", "every", "contains", "default", "import"})
_TIGHTER: Final = frozenset({*"+-*/%&|", "."})
_BEFORE_VALUES: Final = frozenset({*_LOOSER, *_TIGHTER, "(", "[", "{", "", "contains", "in", "not", "else"})


def order_values(text: str, place: Place) -> str:
    """Make calls of the comparisons of a module; nothing moves to another line."""
    tokens = tokenize(text, place)
    reader = _Reader(tokens)
    before, after = dict[int, str](), dict[int, str]()
    for number, token in enumerate(tokens):
        if token.kind is Kind.SIGN and token.text in _NAMES:
            begin, end = reader.begin(number), reader.end(number)
            before[begin] = f"{before.get(begin, '')}data.cosignpy_order.{_NAMES[token.text]}("
            after[end] = f"){after.get(end, '')}"
            before[number] = ","
            after[number] = ""
    return "".join([_write(number, token, before, after) for number, token in enumerate(tokens)])


def _write(number: int, token: Token, before: Mapping[int, str], after: Mapping[int, str]) -> str:
    is_sign = token.kind is Kind.SIGN and token.text in _NAMES
    return f"{before.get(number, '')}{'' if is_sign else token.text}{after.get(number, '')}"


class _Reader:
    """Finds where the values begin and end that stand beside a sign."""

    def __init__(self, tokens: Sequence[Token]) -> None:
        self._tokens = tokens
        self._pairs = pair_brackets(tokens)
        self._bars = find_bars(tokens)

    def begin(self, sign: int) -> int:
        """Return the first token of the value before a sign."""
        found = at = self._skip(sign - 1, -1)
        while at >= 0 and not self._stops(at, -1):
            found = at = self._pairs.get(at, at)
            at -= 1
            while at >= 0 and self._tokens[at].is_silent:
                at -= 1
            if self._is_over(at, found):
                break
        return found

    def end(self, sign: int) -> int:
        """Return the last token of the value behind a sign."""
        found = at = self._skip(sign + 1, 1)
        while at < len(self._tokens) and not self._stops(at, 1):
            found = at = self._pairs.get(at, at)
            at = self._skip(at + 1, 1)
            if self._is_over(found, at):
                break
        return found

    def _skip(self, at: int, step: int) -> int:
        while 0 <= at < len(self._tokens) and self._tokens[at].is_silent:
            at += step
        return at

    def _stops(self, at: int, step: int) -> bool:
        token = self._tokens[at]
        if token.kind is Kind.NAME:
            return token.text in _WORDS
        brackets = _CLOSE if step > 0 else _OPEN
        return token.kind is Kind.SIGN and (token.text in _LOOSER or token.text in brackets or at in self._bars)

    def _is_over(self, one: int, other: int) -> bool:
        """Tell whether a line ends between two tokens, and a value with it."""
        if one < 0 or other >= len(self._tokens):
            return True
        lines = any(token.kind is Kind.NEWLINE for token in self._tokens[one + 1 : other])
        return lines and not {self._tokens[one].text, self._tokens[other].text} & _TIGHTER


def pair_brackets(tokens: Sequence[Token]) -> dict[int, int]:
    """Return of each bracket the other one; they were counted before."""
    opened, pairs = list[int](), dict[int, int]()
    for number, token in enumerate(tokens):
        if token.kind is Kind.SIGN and token.text in _OPEN:
            opened.append(number)
        elif token.kind is Kind.SIGN and token.text in _CLOSE:
            other = opened.pop()
            pairs |= {number: other, other: number}
    return pairs


def find_bars(tokens: Sequence[Token]) -> frozenset[int]:
    """Find the signs that are those of comprehensions: the first behind a bracket, with one value or pair before it."""
    found, opened, previous = set[int](), list[bool](), ""
    for number, token in enumerate(tokens):
        if token.is_silent:
            continue
        if token.kind is Kind.SIGN and token.text in _OPEN:
            opened.append(token.text == "[" or (token.text == "{" and previous in _BEFORE_VALUES))
        elif token.kind is Kind.SIGN and token.text in _CLOSE:
            opened.pop()
        elif opened and opened[-1] and token.text in {"|", ",", ";"} and token.kind is Kind.SIGN:
            opened[-1] = False
            if token.text == "|":
                found.add(number)
        previous = token.text
    return frozenset(found)
