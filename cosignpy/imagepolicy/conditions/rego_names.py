"""Names in a rule that stand for nothing: a word that is misspelled must not make `not` of it true.

The interpreter takes such a name for undefined. Every name has to be that of a rule, an import or a function, or has to
get its value somewhere in its rule: by `:=` or `=`, by `some` or `every`, as a parameter, or between the brackets of
an index. What is under `not` gives no value to anything.
"""

from collections.abc import Collection, Iterator, Sequence
from typing import Final

from cosignpy.imagepolicy.conditions.rego_tokens import Kind, Token
from cosignpy.values import field, record

KEYWORDS: Final = frozenset(
    {"as", "default", "else", "every", "false", "if", "import", "in", "not", "null", "package", "some", "true", "with"}
)
_GIVEN: Final = frozenset({"input", "data", "_"})
_CLOSING: Final = {"{": "}", "[": "]", "(": ")"}
_ENDING: Final = frozenset("])}")


def find_unbound(tokens: Collection[Token], known: Collection[str]) -> Iterator[Token]:
    """Return the names of a rule that have no value, each where it stands first."""
    scan = _Scan([token for token in tokens if token.kind not in {Kind.SPACE, Kind.COMMENT}])
    used: dict[str, Token] = {}
    bound = set[str]()
    for number, token in enumerate(scan.words):
        if scan.step(number) and token.text not in known:
            used.setdefault(token.text, token)
            if scan.gives_value(number):
                bound.add(token.text)
    return (token for name, token in used.items() if name not in bound)


def find_data(words: Sequence[Token]) -> Iterator[tuple[Token, str]]:
    """Return each `data`, and the name that follows it behind a dot: empty where none does."""
    texts = ["", *[word.text for word in words], "", ""]
    for number, word in enumerate(words, start=1):
        if (word.kind, word.text) == (Kind.NAME, "data") and texts[number - 1] != ".":
            yield word, texts[number + 2] if texts[number + 1] == "." else ""


@record
class _Scan:
    """Where in a rule the reader is: between which brackets, after `not` or `some`, in the head or in the body."""

    words: list[Token]
    opened: list[int] = field(default_factory=list)
    ends: dict[int, int] = field(default_factory=dict)
    negated: int = -1
    declares: bool = False
    in_body: bool = False
    in_value: bool = False

    def step(self, number: int) -> bool:
        """Take one token, and tell whether it is a name that needs a value."""
        token = self.words[number]
        if token.kind is Kind.NEWLINE or token.text == ";":
            self.declares = False
            self._end_negation(len(self.opened))
        elif token.kind is Kind.SIGN and token.text in _CLOSING:
            self.in_body = self.in_body or (token.text == "{" and not self.opened and self._ends_term(number - 1))
            self.opened.append(number)
        elif token.kind is Kind.SIGN and token.text in _ENDING:
            self.opened.pop()
            self._end_negation(len(self.opened) + 1)
        elif token.kind is Kind.NAME:
            return self._is_name(number, token.text)
        elif token.text in {"=", ":="} and not self.opened:
            self.in_value = True
        return False

    def _is_name(self, number: int, text: str) -> bool:
        if text == "not":
            self.negated = len(self.opened)
        elif text in {"some", "every", "in"}:
            self.declares = text != "in"
        elif text == "if" and not self.opened:
            self.in_body = True
        heads = text == "contains" and not self.in_body
        return not (heads or text in KEYWORDS | _GIVEN or self._text(number - 1) == "." or self._is_called(number))

    def gives_value(self, number: int) -> bool:
        """Tell whether a name gets its value where it stands."""
        if not self.in_body:
            return self._gives_value_in_head(number)
        if self.declares or self._text(number + 1) == ":=" or any(map(self._is_assigned, self.opened)):
            return True
        if self.negated >= 0:
            return False
        unified = "=" in {self._text(number - 1), self._text(number + 1)}
        return unified or any(map(self._is_index, self.opened)) or any(map(self._is_walk, self.opened))

    def _gives_value_in_head(self, number: int) -> bool:
        """Parameters have values; beside them only what is collected between brackets."""
        if not self.in_value:
            return bool(self.opened) and self.opened[0] == 1 and self._text(1) == "("
        return self.declares or self._text(number + 1) == ":=" or any(map(self._is_index, self.opened[1:]))

    def _end_negation(self, depth: int) -> None:
        if self.negated >= depth:
            self.negated = -1

    def _is_assigned(self, opening: int) -> bool:
        """Whether brackets are a pattern whose names get values."""
        if self._text(opening) == "(" or self._is_index(opening):
            return False
        after = self._text(self._find_end(opening) + 1)
        return after == ":=" or (self.negated < 0 and "=" in {after, self._text(opening - 1)})

    def _is_index(self, opening: int) -> bool:
        return self._text(opening) == "[" and self._ends_term(opening - 1)

    def _is_walk(self, opening: int) -> bool:
        return self._text(opening) == "(" and self._text(opening - 1) == "walk"

    def _ends_term(self, number: int) -> bool:
        while number >= 0 and self.words[number].kind is Kind.NEWLINE:
            number -= 1
        token = self.words[number] if number >= 0 else None
        if token is None or token.text in KEYWORDS - {"else", "false", "null", "true"}:
            return False
        return token.kind is not Kind.SIGN or token.text in _ENDING

    def _find_end(self, opening: int) -> int:
        """Return where brackets are closed, which they are in every rule that was read; all are looked for at once."""
        if not self.ends:
            opened: list[int] = []
            for number, word in enumerate(self.words):
                if word.kind is Kind.SIGN and word.text in _CLOSING:
                    opened.append(number)
                elif word.kind is Kind.SIGN and word.text in _ENDING:
                    self.ends[opened.pop()] = number
        return self.ends[opening]

    def _is_called(self, number: int) -> bool:
        while self._text(number + 1) == "." and number + 2 < len(self.words):
            number += 2
        return self._text(number + 1) == "("

    def _text(self, number: int) -> str:
        return self.words[number].text if 0 <= number < len(self.words) else ""


def find_calls(tokens: tuple[Token, ...]) -> Iterator[tuple[str, int]]:
    """Find what is called: a name, or several with dots between them, right before a bracket."""
    name, ended = "", False
    for token in tokens:
        if token.kind is Kind.NAME:
            name, ended = (name + token.text if name.endswith(".") else token.text), False
        elif token.text == "." and name and not ended:
            name += "."
        else:
            if token.text == "(" and name and name not in KEYWORDS | {"set"} and not name.endswith("."):
                yield name, token.line
            name, ended = "", True


def find_reads(tokens: tuple[Token, ...]) -> Iterator[tuple[str, ...]]:
    """Find what is named of the document: `input`, and the names that follow it with nothing but dots between them."""
    kinds = [(token.kind, token.text) for token in tokens]
    for number, found in enumerate(kinds):
        if found != (Kind.NAME, "input") or (Kind.SIGN, ".") in kinds[max(number - 1, 0) : number]:
            continue
        path = list[str]()
        for at in range(number + 1, len(kinds) - 1, 2):
            if kinds[at] != (Kind.SIGN, ".") or kinds[at + 1][0] is not Kind.NAME:
                break
            path.append(kinds[at + 1][1])
        yield tuple(path)
