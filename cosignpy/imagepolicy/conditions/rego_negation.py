"""What is under `not` in Rego: as OPA reads it, arguments have to be there before anything is negated.

`not startswith(input.a, "x")` does not hold where there is no `input.a`: OPA takes arguments out of the negation, and
what is on either side of a comparison; of `==` what is more than a name. The interpreter does not. Here they are asked
for before it.
"""

from collections.abc import Mapping, Sequence
from typing import Final

from cosignpy.imagepolicy.conditions.rego_order import find_bars, pair_brackets
from cosignpy.imagepolicy.conditions.rego_tokens import Kind, Token, tokenize
from cosignpy.places import Place

_EQUAL: Final = frozenset({"==", "="})
_COMPARING: Final = frozenset({*_EQUAL, "!=", "<", "<=", ">", ">=", "in"})
_JOINING: Final = frozenset({*_COMPARING, *"+-*/%&|.,"})
_OPEN: Final = frozenset("([{")
_CLOSE: Final = frozenset(")]}")


def ask_before_negating(text: str, place: Place) -> str:
    """Write before each `not` what has to be there; nothing moves to another line.

    Raises:
        DocumentError: Every item is negated at once, which OPA does not read.
    """
    tokens = tokenize(text, place)
    pairs, bars = pair_brackets(tokens), find_bars(tokens)
    before, after = dict[int, str](), dict[int, str]()
    for number, token in enumerate(tokens):
        if (token.kind, token.text) != (Kind.NAME, "not"):
            continue
        end, whole = _find_ends(tokens, number, pairs, bars)
        asked = _find_asked(tokens, number + 1, end, pairs)
        if not asked and any(each.text == "_" and each.kind is Kind.NAME for each in tokens[number:end]):
            raise Place(place.file, token.line).error("rego_unsafe_var_error: var _ is unsafe", "some i, before `not`")
        if not asked:
            continue
        is_bare = _before(tokens, number) == "if"
        before[number] = f"{'{ ' if is_bare else ''}data.cosignpy_order.defined([{', '.join(asked)}]); "
        if is_bare:
            after[whole - 1] = f"{after.get(whole - 1, '')} }}"
    return "".join(
        [f"{before.get(number, '')}{token.text}{after.get(number, '')}" for number, token in enumerate(tokens)]
    )


def _before(tokens: Sequence[Token], number: int) -> str:
    return next((token.text for token in reversed(tokens[:number]) if not token.is_silent), "")


def _find_ends(tokens: Sequence[Token], number: int, pairs: Mapping[int, int], bars: frozenset[int]) -> tuple[int, int]:
    """Return where what is negated ends, and where its line does: behind the last token of each."""
    at = end = number + 1
    with_ = 0
    while at < len(tokens):
        token = tokens[at]
        if token.kind is Kind.NEWLINE and not _goes_on(tokens, at, end):
            break
        if token.text in {";", "else"} or at in bars or (token.kind is Kind.SIGN and token.text in _CLOSE | {","}):
            break
        if token.kind is Kind.NAME and token.text == "with" and not with_:
            with_ = end
        if token.kind is Kind.SIGN and token.text in _OPEN:
            at = pairs[at]
        at += 1
        if not tokens[at - 1].is_silent:
            end = at
    return with_ or end, end


def _goes_on(tokens: Sequence[Token], at: int, end: int) -> bool:
    following = next((token.text for token in tokens[at:] if not token.is_silent), "")
    return tokens[end - 1].text in _JOINING | {"not"} or following in _JOINING - {"in"}


def _find_asked(tokens: Sequence[Token], begin: int, end: int, pairs: Mapping[int, int]) -> list[str]:
    """Return what has to be there, each in one line."""
    sides, signs, start, at = list[tuple[int, int]](), list[str](), begin, begin
    while at < end:
        token = tokens[at]
        if token.text in _COMPARING and token.kind in {Kind.SIGN, Kind.NAME}:
            sides.append((start, at))
            signs.append(token.text)
            start = at + 1
        at = pairs.get(at, at) + 1
    sides.append((start, end))
    if not signs:
        return _find_arguments(tokens, begin, end, pairs)
    if set(signs) <= _EQUAL:
        sides = [each for each in sides if not _is_mere(tokens[each[0] : each[1]])]
    return [_write(tokens[first:last]) for first, last in sides]


def _find_arguments(tokens: Sequence[Token], begin: int, end: int, pairs: Mapping[int, int]) -> list[str]:
    """Return the arguments of a call; of anything else that is more than a name, all of it."""
    said = [number for number in range(begin, end) if not tokens[number].is_silent]
    opened = next((number for number in said if tokens[number].text == "(" and tokens[number].kind is Kind.SIGN), -1)
    if said and opened > said[0] and pairs[opened] == said[-1]:
        names = tokens[said[0] : opened]
        if all(token.kind is Kind.NAME or token.text == "." for token in names):
            inner = _write(tokens[opened + 1 : pairs[opened]])
            return [inner] if inner else []
    return [] if _is_mere(tokens[begin:end]) else [_write(tokens[begin:end])]


def _is_mere(tokens: Sequence[Token]) -> bool:
    """Tell whether this is a value that is written, or a name with what follows it: no call, sum or collection."""
    said = [token for token in tokens if not token.is_silent]
    signs = {token.text for token in said if token.kind is Kind.SIGN}
    return not signs & {"(", "{", *"+-*/%&|"} and bool(said) and said[0].text != "["


def _write(tokens: Sequence[Token]) -> str:
    kept = [" " if token.is_silent else token.text for token in tokens]
    return "".join(kept).strip()
