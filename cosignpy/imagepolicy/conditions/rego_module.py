"""Modules in Rego, and their rewriting from version 0, which cosign reads, to version 1, which is evaluated.

Only heads of rules differ: `allow { ... }` is `allow if { ... }`, `deny[x] { ... }` is `deny contains x if { ... }`.
Heads that have `if` or `contains` are left alone, so that a text of version 1 stays as it is. Nothing moves to
another line. What has a meaning in version 0 that has no place here is refused by its line.
"""

from collections.abc import Iterator, Mapping
from typing import Final

from cosignpy.imagepolicy.conditions.rego_functions import STAND_INS, find_in_texts, is_not_misled
from cosignpy.imagepolicy.conditions.rego_names import KEYWORDS, find_calls, find_data, find_reads, find_unbound
from cosignpy.imagepolicy.conditions.rego_strictness import is_strict
from cosignpy.imagepolicy.conditions.rego_tokens import Kind, Token, tokenize
from cosignpy.imagepolicy.conditions.rego_versions import VERSION_1, find_imports, refuse_unimported
from cosignpy.places import DocumentError, Place
from cosignpy.values import field, record, replace, value

_OPEN: Final = {"{": "}", "[": "]", "(": ")"}
_JOINING: Final = frozenset({":=", "=", "==", "!=", "<", ">", "<=", ">=", *"+-*/%&|,:."})
"""After them a line goes on, and a brace begins a value and not a body."""
_IMPORTS: Final = ("input", "rego.v1", "future.keywords", "data.evidence")
"""What may be imported: of `data` there is nothing else but the module itself."""

_EVIDENCE: Final = "evidence"
"""What `data` has beside the module."""


@value
class RegoModule:
    """A module in version 1: its package, its rules and what it calls and does not define, each with a line.

    `reads` are the members of the document that it can see, by their paths. Where it finds something in texts, others
    stand in them for characters that are spelled with two. `is_strict` says that no function may fail,
    `is_1` that version 1 is imported.
    """

    text: str
    package: str
    rules: Mapping[str, int]
    calls: Mapping[str, int]
    reads: frozenset[tuple[str, ...]]
    reads_evidence: bool
    finds_in_texts: bool = False
    is_strict: bool = False
    is_1: bool = False

    @property
    def looks_into_texts(self) -> bool:
        """Whether it calls functions that may be given a text, and are misled by how it is spelled."""
        return not self.finds_in_texts and not all(map(is_not_misled, self.calls))


@value
class _Statement:
    """A package, import, default or rule, with all that is silent after it."""

    tokens: tuple[Token, ...]

    @property
    def said(self) -> tuple[Token, ...]:
        """The tokens that mean something."""
        return tuple([token for token in self.tokens if not token.is_silent and token.text != ";"])


@record
class _Rewriting:
    """What is known of a module while its statements are read."""

    place: Place
    package: str = ""
    rules: dict[str, int] = field(default_factory=dict)
    functions: set[str] = field(default_factory=set)
    sets: set[str] = field(default_factory=set)
    only_1: bool = False
    imports: set[str] = field(default_factory=set)

    def refuse_body(self, token: Token) -> None:
        """Refuse a body as version 0 has it where version 1 was imported."""
        if self.only_1:
            raise self.error(token, "rego_parse_error: `if` keyword is required before rule body")

    def error(self, token: Token, why: str, allowed: str | None = None) -> DocumentError:
        """Build the error about one token."""
        return Place(self.place.file, token.line).error(why, allowed)


def read_module(text: str, place: Place, *, needs_import: bool = False) -> RegoModule:
    """Read a module of version 0 or 1; where that needs an import, one without it is of version 0.

    Raises:
        DocumentError: It is not understood, or needs another module.
    """
    tokens, known = tokenize(text, place), _Rewriting(place)
    if needs_import:
        refuse_unimported(tokens, place)
        known.only_1 = VERSION_1 in find_imports(tokens)
    found = _read(tokens, known)
    if find_in_texts(found.calls):
        found = replace(_read(tokenize(text, place, STAND_INS), known), finds_in_texts=True)
    return replace(found, is_strict=is_strict(tokens), is_1=VERSION_1 in find_imports(tokens))


def _read(tokens: tuple[Token, ...], known: _Rewriting) -> RegoModule:
    statements = [_Statement(tuple(each)) for each in _split(tokens, known)]
    rewritten = [_rewrite(each, known) for each in statements]
    if not known.package:
        raise known.place.error("no package", "it begins with one: package signature")
    for statement in statements:
        _check_names(statement, known)
    kept = [_drop_default(each, known) for each in rewritten]
    calls = {
        name: line for name, line in find_calls(tokens) if not known.functions & {name, _local(name, known.package)}
    }
    evidence = any(name == _EVIDENCE for statement in statements for _, name in find_data(statement.said))
    return RegoModule("".join(kept), known.package, known.rules, calls, frozenset(find_reads(tokens)), evidence)


def _local(name: str, package: str) -> str:
    return name.removeprefix(f"data.{package}.")


def _split(tokens: tuple[Token, ...], known: _Rewriting) -> Iterator[list[Token]]:
    """Split a module into statements; one ends with its line, if no bracket is open and nothing says it goes on."""
    current: list[Token] = []
    open_: list[Token] = []
    for number, token in enumerate(tokens):
        if token.kind is Kind.SIGN and token.text in _OPEN:
            open_.append(token)
        elif _closes(token) and (not open_ or _OPEN[open_.pop().text] != token.text):
            raise known.error(token, f"{token.text} closes nothing")
        current.append(token)
        ends = token.kind is Kind.NEWLINE or token.text == ";"
        if ends and not open_ and not _goes_on(current, tokens, number + 1):
            yield current
            current = []
    if open_:
        raise known.error(open_[-1], f"{open_[-1].text} is not closed")
    yield current


def _closes(token: Token) -> bool:
    return token.kind is Kind.SIGN and token.text in _OPEN.values()


def _goes_on(current: list[Token], tokens: tuple[Token, ...], start: int) -> bool:
    """Tell whether a statement is not over though its line is."""
    said = [token.text for token in current if not token.is_silent]
    if not said or said[0] in {"package", "import"}:
        return False
    following = next((tokens[at].text for at in range(start, len(tokens)) if not tokens[at].is_silent), "")
    return said[-1] in _JOINING | {"if", "contains"} or following in {"{", "else", "if", "contains", ":=", "="}


def _rewrite(statement: _Statement, known: _Rewriting) -> str | tuple[str, _Statement]:
    """Rewrite one statement; a default is given back with its name, as sets have none."""
    said = statement.said
    text = "".join([token.text for token in statement.tokens])
    if not said:
        return text
    first = said[0]
    if first.text == "package":
        known.package = "".join([token.text for token in said[1:]])
        return text
    if not known.package:
        raise known.error(first, "no package before it", "it begins with one: package signature")
    if first.text == "import":
        _check_import(said, known)
        return text
    if first.text == "default":
        name = said[1].text if len(said) > 1 else ""
        known.rules.setdefault(name, first.line)
        return name, statement
    return _rewrite_rule(statement, known)


def _drop_default(rewritten: str | tuple[str, _Statement], known: _Rewriting) -> str:
    """Leave out the default of a set: it means nothing, and version 1 refuses it."""
    if isinstance(rewritten, str):
        return rewritten
    name, statement = rewritten
    kept = [token.text for token in statement.tokens if name not in known.sets or token.is_silent]
    return "".join(kept)


def _check_names(statement: _Statement, known: _Rewriting) -> None:
    if not statement.said or statement.said[0].text in {"package", "import", "default"}:
        return
    for token in find_unbound(statement.tokens, known.rules.keys() | known.imports):
        hint = f"{token.text} is a rule, or gets a value: some {token.text}, or {token.text} := ..."
        raise known.error(token, f"{token.text} stands for nothing", hint)
    for token, name in find_data(statement.said):
        if name not in {_EVIDENCE, known.package.split(".")[0]}:
            raise known.error(token, "of data there is nothing else", f"data.{_EVIDENCE}, or data.{known.package}")


def _check_import(said: tuple[Token, ...], known: _Rewriting) -> None:
    known.imports.add(said[-1].text)
    name = "".join([token.text for token in said[1:]])
    if not any(name == each or name.startswith((f"{each}.", f"{each}as")) for each in _IMPORTS):
        hint = "the module is alone: write what it needs into it"
        raise known.error(said[0], f"import {name}: there is nothing to import", hint)


@record
class _Clause:
    """A head, or an `else`: where its signs stand among the tokens of the rule."""

    begin: int
    body: int = -1
    is_new: bool = False
    is_set: bool = False
    value: int = -1
    brackets: list[tuple[int, int]] = field(default_factory=list)
    dots: int = 0


def _rewrite_rule(statement: _Statement, known: _Rewriting) -> str:
    """Rewrite a rule: its head, and those of its `else`."""
    said = statement.said
    if said[0].kind is not Kind.NAME or said[0].text in KEYWORDS:
        raise known.error(said[0], f"a rule does not begin with {said[0].text}")
    name = said[0].text
    known.rules.setdefault(name, said[0].line)
    if len(said) > 1 and said[1].text == "(":
        known.functions.add(name)
    written: dict[int, str] = {}
    clauses = _read_clauses(statement, known)
    for clause in clauses:
        if clause.body >= 0:
            known.refuse_body(said[0])
            written[clause.body] = "if {"
    first = clauses[0]
    if first.brackets and not (first.is_new or first.is_set) and first.value < 0:
        written |= _rewrite_set(first, said[0], known)
        first.is_set = True
    if first.is_set:
        known.sets.add(name)
    return "".join([written.get(number, token.text) for number, token in enumerate(statement.tokens)])


def _rewrite_set(head: _Clause, name: Token, known: _Rewriting) -> dict[int, str]:
    """Rewrite `name[x]`, which is an element of a set in version 0 and something else in version 1."""
    if len(head.brackets) > 1 or head.dots:
        raise known.error(name, f"{name.text}: a set of several names is not understood", "write contains, and if")
    if head.body < 0:
        why = f"{name.text}[...] without a body has two meanings"
        raise known.error(name, why, f"write: {name.text} contains ... if true, or {name.text}[...] = true if true")
    opened, closed = head.brackets[0]
    return {opened: " contains ", closed: ""}


def _read_clauses(statement: _Statement, known: _Rewriting) -> list[_Clause]:
    """Find the heads of a rule, and the bodies of those that are of version 0."""
    clauses, depth, opened, previous = [_Clause(0)], 0, 0, ""
    for number, token in enumerate(statement.tokens):
        if token.is_silent or (token.text == ";" and not depth):
            continue
        clause = clauses[-1]
        if _closes(token):
            depth -= 1
            if not depth and token.text == "]" and clause.value < 0 and clause.body < 0:
                clause.brackets.append((opened, number))
        elif not depth and token.text == "else":
            clauses.append(_Clause(number))
        elif not depth:
            opened = number
            _read_sign(clause, number, token, previous, known)
        if token.text in _OPEN and token.kind is Kind.SIGN:
            depth += 1
        previous = token.text
    return clauses


def _read_sign(clause: _Clause, number: int, token: Token, previous: str, known: _Rewriting) -> None:
    """Take note of what a token between brackets means for a head; nothing that comes after `if` is one."""
    if clause.is_new:
        return
    if clause.body >= 0:
        raise known.error(token, f"{token.text} after the body of a rule is not understood", "begin another rule")
    if token.text == "if":
        clause.is_new = True
    elif token.text == "contains":
        clause.is_set = True
    elif token.text == "." and clause.value < 0:
        clause.dots += 1
    elif token.text in {"=", ":="} and clause.value < 0:
        clause.value = number
    elif token.text == "{" and previous not in _JOINING | {"contains", "in"}:
        clause.body = number
