"""Conditions in CEL: an expression that has to be true; `common-expression-language` evaluates it."""

from cosignpy.errors import ConditionRefused
from cosignpy.imagepolicy.conditions.condition import ConditionInput
from cosignpy.imagepolicy.conditions.evaluator import EvaluationFailed, Evaluator, Program
from cosignpy.imagepolicy.languages import Language
from cosignpy.places import Place
from cosignpy.values import value


@value
class CelCondition:
    """An expression over `statement`, its `subject`, `predicateType` and `predicate`, and `evidence`."""

    place: Place
    program: Program
    evaluator: Evaluator

    def check(self, given: ConditionInput) -> tuple[str, ...]:
        """Return no warnings: an expression has none.

        Raises:
            ConditionRefused: It is not true.
        """
        try:
            answer = self.evaluator.evaluate(self.program, given.document, given.evidence)
        except EvaluationFailed as error:
            raise self._refused(error.why) from error
        found = answer.get("value")
        if found is not True:
            raise self._refused(f"the expression is {'false' if found is False else 'neither true nor false'}")
        return ()

    def _refused(self, why: str) -> ConditionRefused:
        return ConditionRefused("", why, None, self.place.file, self.place.line)


def load_cel(text: str, place: Place, evaluator: Evaluator) -> CelCondition:
    """Compile an expression.

    Raises:
        DocumentError: It does not compile.
        UsageError: common-expression-language is not installed.
    """
    program = Program(Language.CEL, text)
    try:
        evaluator.load(program)
    except EvaluationFailed as error:
        raise Place(place.file, place.line + max(error.line - 1, 0)).error(error.why) from error
    return CelCondition(place, program, evaluator)
