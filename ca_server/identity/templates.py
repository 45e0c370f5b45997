"""Templates of CI providers: the part of Go's text/template that Fulcio's configuration is written in.

    {{ .url }}/{{ .repository }}
    refs/{{if eq .ref_type "branch"}}heads/{{else}}tags/{{end}}{{ .ref }}
    {{ index . "oidc.circleci.com/project-id" }}

There are no loops, no variables and no calls of anything but the few functions below, so that the work is bounded by
the size of the template. `ca_server.identity.template_syntax` reads them.
"""

from collections.abc import Callable, Mapping
from typing import Final, TypeAlias

from ca_server.identity.claim_text import MAX_TEXT
from ca_server.identity.claims import TokenRefused
from cosignpy.values import value

ClaimTexts: TypeAlias = Callable[[str], str | None]
"""Finds the text that a name stands for; None where there is none."""

Result: TypeAlias = str | bool


@value
class Text:
    """Text that stands for itself."""

    text: str


@value
class Field:
    """`.name`, which has to be there; a template without braces is one of these."""

    name: str


@value
class Index:
    """`index . "name"`, which is empty where it is not there, as in Go."""

    name: str


@value
class Call:
    """A function with its arguments."""

    function: str
    arguments: "tuple[Operand, ...]"


@value
class Choice:
    """`{{if}}`: the first branch whose condition holds, else the other one."""

    branches: "tuple[tuple[Operand, tuple[Node, ...]], ...]"
    otherwise: "tuple[Node, ...]" = ()


Operand: TypeAlias = Text | Field | Index | Call
Node: TypeAlias = Operand | Choice


@value
class Template:
    """A template that was read: what it was written as, and what it means."""

    source: str
    nodes: tuple[Node, ...]


def expand(template: Template, texts: ClaimTexts) -> str:
    """Write what a template says about a token.

    Raises:
        TokenRefused: A claim it names is missing, or the text is longer than `MAX_TEXT`.
    """
    return _expand(template.nodes, texts)


def _expand(nodes: tuple[Node, ...], texts: ClaimTexts) -> str:
    written = ""
    for node in nodes:
        written += _choose(node, texts) if isinstance(node, Choice) else _show(_evaluate(node, texts))
        if len(written) > MAX_TEXT:
            raise TokenRefused(f"a template makes more than {MAX_TEXT} characters of it")
    return written


def _choose(choice: Choice, texts: ClaimTexts) -> str:
    for condition, branch in choice.branches:
        if _evaluate(condition, texts):
            return _expand(branch, texts)
    return _expand(choice.otherwise, texts)


def _show(result: Result) -> str:
    return result if isinstance(result, str) else str(result).lower()


def _evaluate(operand: Operand, texts: ClaimTexts) -> Result:
    match operand:
        case Text(text):
            return text
        case Field(name):
            found = texts(name)
            if found is None:
                raise TokenRefused(f"claim {name} is missing, and has no default")
            return found
        case Index(name):
            return texts(name) or ""
        case Call(function, arguments):
            return _FUNCTIONS[function](arguments, texts)


def _equal(arguments: tuple[Operand, ...], texts: ClaimTexts) -> Result:
    first, *others = [_evaluate(argument, texts) for argument in arguments]
    return first in others


def _and(arguments: tuple[Operand, ...], texts: ClaimTexts) -> Result:
    """Return the first argument that is empty or false, else the last; what comes behind it is not looked at."""
    result: Result = ""
    for argument in arguments:
        result = _evaluate(argument, texts)
        if not result:
            break
    return result


def _or(arguments: tuple[Operand, ...], texts: ClaimTexts) -> Result:
    """Return the first argument that is neither empty nor false, else the last."""
    result: Result = ""
    for argument in arguments:
        result = _evaluate(argument, texts)
        if result:
            break
    return result


_FUNCTIONS: Final[Mapping[str, Callable[[tuple[Operand, ...], ClaimTexts], Result]]] = {
    "eq": _equal,
    "ne": lambda arguments, texts: not _equal(arguments, texts),
    "and": _and,
    "or": _or,
    "not": lambda arguments, texts: not _evaluate(arguments[0], texts),
}
