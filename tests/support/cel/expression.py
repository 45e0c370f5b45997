"""Expressions as they are used."""

from typing import Any

from tests.support.cel.evaluation import Names
from tests.support.cel.parser import Parser
from tests.support.cel.tokens import SyntaxProblem


class Expression:
    """An expression that can be evaluated; `names` are those that it needs.

    Raises:
        SyntaxProblem: The text is none, or uses names beside those that are known.
    """

    def __init__(self, text: str, known: frozenset[str] | None = None) -> None:
        parser = Parser(text)
        self.text = text
        self._step = parser.parse()
        self.names = frozenset(parser.used)
        if known is not None and self.names - known:
            missing = ", ".join(sorted(self.names - known))
            raise SyntaxProblem(f"undeclared reference to '{missing}' (in container '')")

    def evaluate(self, names: Names) -> Any:
        """Return what it is with these names.

        Raises:
            EvaluationError: It has no content.
        """
        return self._step(names)
