"""Expressions from texts."""

from typing import Any, Final

from tests.support.cel import evaluation, macros, operators
from tests.support.cel.evaluation import EvaluationError, Names, Optional, Step, truth
from tests.support.cel.functions import GLOBAL, METHODS
from tests.support.cel.tokens import SyntaxProblem, Token, split

_OF_OTHERS: Final = frozenset({
    "group", "serviceAccount", "resource", "namespace", "name", "subresource", "check", "allowed", "reason", "errored",
})  # fmt: skip
"""Methods of contents that bring their own (`cel_methods`)."""
_SPACES: Final = frozenset({"optional", "sets", "cel"})
_CONSTANTS: Final = {"true": True, "false": False, "null": None}
_TYPES: Final = {
    name: name for name in ("bool", "int", "uint", "double", "string", "bytes", "list", "map", "null_type")
}


class Parser:
    """Reads one expression; `used` are the names from outside that it needs."""

    def __init__(self, text: str) -> None:
        self._tokens = split(text)
        self._place = 0
        self._bound: list[str] = []
        self.used: set[str] = set()

    @property
    def _next(self) -> Token:
        return self._tokens[self._place]

    def _take(self, *texts: str) -> str:
        """Return the next token and go on, if it is an operator, or `in`, of these."""
        token = self._next
        if token.text in texts and token.kind in {"operator", "name"}:
            self._place += 1
            return token.text
        return ""

    def _need(self, text: str) -> None:
        if not self._take(text):
            raise SyntaxProblem(f"mismatched input {self._next.text!r} at {self._next.place}, expecting {text!r}")

    def _name(self) -> str:
        token = self._next
        if token.kind != "name":
            raise SyntaxProblem(f"mismatched input {token.text!r} at {token.place}, expecting a name")
        self._place += 1
        return token.text

    def parse(self) -> Step:
        """Read all of the text."""
        found = self._conditional()
        if self._next.kind != "end":
            raise SyntaxProblem(f"extraneous input {self._next.text!r} at {self._next.place}")
        return found

    def _conditional(self) -> Step:
        test = self._either()
        if not self._take("?"):
            return test
        then = self._either()
        self._need(":")
        other = self._conditional()
        return lambda names: then(names) if truth(test(names)) else other(names)

    def _either(self) -> Step:
        left = self._both()
        while self._take("||"):
            left = evaluation.either(left, self._both(), ends=True)
        return left

    def _both(self) -> Step:
        left = self._relation()
        while self._take("&&"):
            left = evaluation.either(left, self._relation(), ends=False)
        return left

    def _relation(self) -> Step:
        left = self._sum()
        while operator := self._take(*operators.RELATIONS):
            left = _between(operators.RELATIONS[operator], left, self._sum())
        return left

    def _sum(self) -> Step:
        left = self._product()
        while operator := self._take(*operators.SUMS):
            left = _between(operators.SUMS[operator], left, self._product())
        return left

    def _product(self) -> Step:
        left = self._unary()
        while operator := self._take(*operators.PRODUCTS):
            left = _between(operators.PRODUCTS[operator], left, self._unary())
        return left

    def _unary(self) -> Step:
        if self._take("!"):
            operand = self._unary()
            return lambda names: not truth(operand(names))
        if self._take("-"):
            operand = self._unary()
            return lambda names: operators.multiply(content := operand(names), type(content)(-1))
        return self._member()

    def _member(self) -> Step:
        found = self._primary()
        while sign := self._take(".", ".?", "[", "[?"):
            if sign == ".":
                found = self._select(found)
            elif sign == ".?":
                found = evaluation.select_optionally(found, _constant(self._name()))
            else:
                place = self._conditional()
                self._need("]")
                found = (evaluation.index if sign == "[" else evaluation.select_optionally)(found, place)
        return found

    def _select(self, operand: Step) -> Step:
        name = self._name()
        if not self._take("("):
            return evaluation.select(operand, name)
        if name in macros.MACROS:
            return self._macro(name, operand)
        if name not in METHODS and name not in _OF_OTHERS:
            raise SyntaxProblem(f"undeclared reference to '{name}' (in container '')")
        arguments = self._list(")")
        return _method(name, operand, arguments)

    def _macro(self, name: str, operand: Step) -> Step:
        """Read the arguments of a macro: names first; what follows them may use them."""
        build, shapes = macros.MACROS[name]
        variables = [self._name()]
        self._need(",")
        if any(count == 2 for count, _ in shapes) and self._next.kind == "name" and self._after_name(","):
            variables.append(self._name())
            self._need(",")
        self._bound += variables
        bodies = self._list(")")
        del self._bound[-len(variables) :]
        if (len(variables), len(bodies)) not in shapes:
            raise SyntaxProblem(f"undeclared reference to {name!r} with {len(variables) + len(bodies)} arguments")
        return build(operand, variables, bodies)

    def _after_name(self, text: str) -> bool:
        return self._tokens[self._place + 1].text == text

    def _list(self, end: str) -> list[Step]:
        found: list[Step] = []
        while not self._take(end):
            if found:
                self._need(",")
                if self._take(end):
                    break
            found.append(self._conditional())
        return found

    def _primary(self) -> Step:
        token = self._next
        if token.kind in {"int", "uint", "double", "string"}:
            self._place += 1
            return _constant(token.content)
        if self._take("("):
            found = self._conditional()
            self._need(")")
            return found
        if self._take("["):
            return self._list_literal()
        if self._take("[?"):
            self._place -= 1
            raise SyntaxProblem("optional items of lists are not known here")
        if self._take("{"):
            return self._map_literal()
        return self._named(self._name())

    def _named(self, name: str) -> Step:
        if name in _SPACES and name not in self._bound and self._take("."):
            return self._call_global(f"{name}.{self._name()}")
        if self._next.text == "(":
            return self._call_global(name)
        if name in _CONSTANTS:
            return _constant(_CONSTANTS[name])
        if name in _TYPES and name not in self._bound:
            return _constant(_TYPES[name])
        if name not in self._bound:
            self.used.add(name)
        return lambda names: _look_up(names, name)

    def _call_global(self, name: str) -> Step:
        self._need("(")
        if name == "has":
            return self._has()
        if name == "cel.bind":
            return self._bind()
        arguments = self._list(")")
        if name not in GLOBAL:
            raise SyntaxProblem(f"undeclared reference to {name!r}")
        function = GLOBAL[name]
        return lambda names: _call(function, [argument(names) for argument in arguments])

    def _has(self) -> Step:
        operand = self._primary()
        steps: list[str] = []
        while sign := self._take(".", ".?"):
            if sign == ".?":
                raise SyntaxProblem("invalid argument to has() macro")
            steps.append(self._name())
        self._need(")")
        if not steps:
            raise SyntaxProblem("invalid argument to has() macro")
        for name in steps[:-1]:
            operand = evaluation.select(operand, name)
        return evaluation.is_there(operand, steps[-1])

    def _bind(self) -> Step:
        name = self._name()
        self._need(",")
        content = self._conditional()
        self._need(",")
        self._bound.append(name)
        body = self._conditional()
        self._bound.pop()
        self._need(")")
        return macros.bind(name, content, body)

    def _list_literal(self) -> Step:
        items = self._list("]")
        return lambda names: [item(names) for item in items]

    def _map_literal(self) -> Step:
        entries: list[tuple[Step, Step, bool]] = []
        while not self._take("}"):
            if entries:
                self._need(",")
                if self._take("}"):
                    break
            is_optional = bool(self._take("?"))
            name = self._either()
            self._need(":")
            entries.append((name, self._conditional(), is_optional))

        def step(names: Names) -> Any:
            made = {}
            for name, content, is_optional in entries:
                found = content(names)
                if not is_optional:
                    made[name(names)] = found
                elif isinstance(found, Optional) and found.is_there:
                    made[name(names)] = found.content
            return made

        return step


def _constant(content: Any) -> Step:
    return lambda _: content


def _look_up(names: Names, name: str) -> Any:
    if name not in names:
        raise EvaluationError(f"no such attribute: {name}")
    return names[name]


def _between(operator: Any, left: Step, right: Step) -> Step:
    return lambda names: operator(left(names), right(names))


def _method(name: str, operand: Step, arguments: list[Step]) -> Step:
    function = METHODS.get(name)

    def step(names: Names) -> Any:
        content = operand(names)
        given = [argument(names) for argument in arguments]
        own = getattr(content, "cel_methods", {}).get(name)
        if own is not None:
            return own(*given)
        if function is None:
            raise EvaluationError(f"no such overload: {name}")
        return _call(function, [content, *given])

    return step


def _call(function: Any, arguments: list[Any]) -> Any:
    try:
        return function(*arguments)
    except (TypeError, ValueError, KeyError, IndexError, AttributeError) as error:
        raise EvaluationError("no such overload") from error
