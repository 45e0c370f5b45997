"""Rego of version 0 as OPA reads it: words that version 1 has are no keywords until they are imported."""

from collections.abc import Sequence
from typing import Final

from cosignpy.imagepolicy.conditions.rego_tokens import Kind, Token
from cosignpy.places import Place

VERSION_1: Final = "rego.v1"
FUTURE: Final = "future.keywords"

_KEYWORDS: Final = frozenset({"if", "in", "every", "contains"})


def find_imports(tokens: Sequence[Token]) -> frozenset[str]:
    """Return what a module imports, by its path."""
    said = [token for token in tokens if token.kind is not Kind.SPACE]
    found: set[str] = set()
    for number, token in enumerate(said):
        if token.text == "import" and (number == 0 or said[number - 1].kind in _BEFORE or said[number - 1].text == ";"):
            found.add(_path(said[number + 1 :]))
    return frozenset(found)


_BEFORE: Final = {Kind.NEWLINE, Kind.COMMENT}


def _path(tokens: Sequence[Token]) -> str:
    path = ""
    for token in tokens:
        if token.text != "." and (token.kind is not Kind.NAME or (path and not path.endswith("."))):
            break
        path += token.text
    return path


def refuse_unimported(tokens: Sequence[Token], place: Place) -> None:
    """Refuse words of version 1 that are not imported.

    Raises:
        DocumentError: There is one.
    """
    imports = find_imports(tokens)
    if imports & {VERSION_1, FUTURE}:
        return
    known = {each.removeprefix(f"{FUTURE}.") for each in imports if each.startswith(FUTURE)}
    known |= {"in"} if "every" in known else set()
    said = [token for token in tokens if not token.is_silent]
    for before, token, after in zip([None, *said], said, [*said[1:], None], strict=False):
        is_function = token.text == "contains" and after is not None and after.text == "("
        is_member = before is not None and before.text == "."
        if token.kind is Kind.NAME and token.text in _KEYWORDS - known and not is_function and not is_member:
            why = f"rego_parse_error: {token.text} is no keyword of version 0"
            raise Place(place.file, token.line).error(why, f"import {VERSION_1}")
