"""Conditions in Rego, as cosign asks them and as the policy controller does; `regopy` evaluates them."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any, Final, TypeGuard

from cosignpy.core.encoding import JsonValue, encode_json
from cosignpy.errors import ConditionRefused
from cosignpy.imagepolicy.conditions.condition import ConditionInput
from cosignpy.imagepolicy.conditions.evaluator import EvaluationFailed, Evaluator, Program
from cosignpy.imagepolicy.conditions.rego_functions import READS_JSON
from cosignpy.imagepolicy.conditions.rego_module import read_module
from cosignpy.imagepolicy.conditions.rego_negation import ask_before_negating
from cosignpy.imagepolicy.conditions.rego_order import MODULE, order_values
from cosignpy.imagepolicy.conditions.rego_prelude import FUNCTIONS, find_replaced, replace_functions
from cosignpy.imagepolicy.languages import Language
from cosignpy.places import Place
from cosignpy.values import value


class Dialect(StrEnum):
    """Who is asked for: cosign's `--policy`, or a ClusterImagePolicy, perhaps in version 0 unless it says otherwise."""

    COSIGN = "cosign"
    POLICY_CONTROLLER = "policy-controller"
    POLICY_CONTROLLER_0 = "policy-controller, version 0"


_RULES: Final = {
    Dialect.COSIGN: ("signature", "allow"),
    Dialect.POLICY_CONTROLLER: ("sigstore", "isCompliant"),
    Dialect.POLICY_CONTROLLER_0: ("sigstore", "isCompliant"),
}
"""The package and the rule that answers."""

_RESULT: Final = {"result": bool, "error": str, "warning": str}
"""The members of a result; one that Go would take for them in other letters is refused."""


@value
class RegoCondition:
    """A module whose rule has to be true; the policy controller's may also be a set of results."""

    place: Place
    rule_line: int
    program: Program
    dialect: Dialect
    evaluator: Evaluator

    def check(self, given: ConditionInput) -> tuple[str, ...]:
        """Return the warnings of a condition that holds.

        Raises:
            ConditionRefused: It does not.
        """
        rule = _RULES[self.dialect][1]
        try:
            answer = self.evaluator.evaluate(self.program, given.document, given.evidence)
        except EvaluationFailed as error:
            raise self._refused(error.why, error.line) from error
        if "value" not in answer:
            raise self._refused(f"{rule} is undefined")
        found = answer["value"]
        if found is True:
            return ()
        if self.dialect is not Dialect.COSIGN and isinstance(found, list):
            return self._judge_results(found)
        raise self._refused(f"{rule} is {_shorten(found)}, not true")

    def _judge_results(self, found: list[JsonValue]) -> tuple[str, ...]:
        """Take the first result that is true, with its warning; without one, the last error is why."""
        why = ""
        for each in found:
            if not _is_result(each):
                raise self._refused(f"{_shorten(each)} is no result")
            if each.get("result") is True:
                warning = each.get("warning")
                return (warning,) if warning else ()
            why = each.get("error") or why
        raise self._refused(why or "isCompliant has no result that is true")

    def _refused(self, why: str, line: int = 0) -> ConditionRefused:
        return ConditionRefused("", why, None, self.place.file, line or self.rule_line)


def load_rego(text: str, place: Place, dialect: Dialect, evaluator: Evaluator) -> RegoCondition:
    """Compile a module of Rego 0 or 1.

    Raises:
        DocumentError: It does not compile, or has not the package or the rule that is asked.
        UsageError: regopy is not installed.
    """
    module = read_module(text, place, needs_import=dialect is Dialect.POLICY_CONTROLLER_0)
    package, rule = _RULES[dialect]
    if module.package != package:
        raise place.error(f"the package is {module.package}", f"package {package}")
    if rule not in module.rules:
        raise place.error(f"there is no rule {rule}", f"{rule} {{ ... }} is what is asked")
    replaced = find_replaced(module.calls, is_1=module.is_1)
    written = order_values(ask_before_negating(module.text, place), place)
    query = f"answer := data.{package}.{rule}"
    program = Program(
        Language.REGO,
        replace_functions(written, place, replaced),
        query,
        {name: line for name, line in module.calls.items() if name not in replaced},
        module.reads_evidence,
        module.reads,
        module.looks_into_texts,
        READS_JSON in module.calls,
        module.finds_in_texts,
        module.is_strict,
        (MODULE, FUNCTIONS),
    )
    try:
        evaluator.load(program)
    except EvaluationFailed as error:
        line = error.line if error.line in module.calls.values() else max(error.line - 1, 0) + place.line
        raise Place(place.file, line).error(error.why) from error
    return RegoCondition(place, module.rules[rule], program, dialect, evaluator)


def _is_result(found: JsonValue) -> TypeGuard[Mapping[str, Any]]:
    """Tell whether Go would read it as one: of each member the type is right, if it is there."""
    if not isinstance(found, Mapping) or any(name.casefold() in _RESULT and name not in _RESULT for name in found):
        return False
    return all(found.get(name) is None or isinstance(found[name], type_) for name, type_ in _RESULT.items())


def _shorten(found: JsonValue) -> str:
    text = encode_json(found).decode()
    return text if len(text) <= 200 else f"{text[:200]}..."  # noqa: PLR2004
