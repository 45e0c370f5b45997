"""ValidatingAdmissionPolicies: rules in CEL that the server evaluates itself; those with parameters are refused."""

import json
from collections.abc import Iterator, Mapping
from typing import Any, Final

from cosignpy.values import value
from tests.support.cel.evaluation import EvaluationError
from tests.support.cel.expression import Expression
from tests.support.cel.tokens import SyntaxProblem
from tests.support.kube_api.admission.authorizing import Authorizer
from tests.support.kube_api.admission.hooks import GROUP, VARIABLES
from tests.support.kube_api.admission.matching import Matching, covers, is_exempt
from tests.support.kube_api.admission.reviews import describe_request
from tests.support.kube_api.calls import Asked
from tests.support.kube_api.failures import ApiFailure, Fault, forbidden, invalid_value
from tests.support.kube_api.kinds import NAMESPACES
from tests.support.kube_api.store import Object

POLICIES: Final = (GROUP, "validatingadmissionpolicies")
BINDINGS: Final = (GROUP, "validatingadmissionpolicybindings")
NAMES: Final = VARIABLES | {"namespaceObject", "variables"}
_CODES: Final = {"Forbidden": 403, "Unauthorized": 401, "RequestEntityTooLarge": 413, "Invalid": 422}


class Variables:
    """The variables of a policy, each evaluated when it is asked for."""

    def __init__(self, expressions: Mapping[str, str], known: Mapping[str, Any]) -> None:
        self._expressions, self._known = expressions, known
        self._found: dict[str, Any] = {}

    @property
    def cel_fields(self) -> "Variables":
        """Its members."""
        return self

    def __contains__(self, name: object) -> bool:
        return name in self._expressions

    def __getitem__(self, name: str) -> Any:
        if name not in self._found:
            self._found[name] = Expression(self._expressions[name]).evaluate({**self._known, "variables": self})
        return self._found[name]


@value
class Policies:
    """Evaluates the policies that are bound."""

    matching: Matching

    def validate(self, asked: Asked) -> None:
        """Admit what is to be written.

        Raises:
            ApiFailure: A policy refuses it.
        """
        store = self.matching.store
        for _, binding in store.all(BINDINGS)[0] if not is_exempt(asked.target.kind) else []:
            policy = store.read(POLICIES, ("", binding["spec"]["policyName"]))
            if policy is None or not self._matches(binding["spec"].get("matchResources") or {}, asked, bound=True):
                continue
            if self._matches(policy["spec"]["matchConstraints"], asked, bound=False):
                self._apply(policy, binding, asked)

    def _matches(self, constraints: Mapping[str, Any], asked: Asked, *, bound: bool) -> bool:
        if not self.matching.selects(constraints, asked):
            return False
        kind = asked.target.kind
        if any(covers(rule, asked, kind) for rule in constraints.get("excludeResourceRules") or []):
            return False
        rules = constraints.get("resourceRules") or []
        policy = constraints.get("matchPolicy") or "Equivalent"
        return (bound and not rules) or self.matching.by_rules(rules, policy, asked) is not None

    def _apply(self, policy: Object, binding: Object, asked: Asked) -> None:
        names = f"ValidatingAdmissionPolicy '{policy['metadata']['name']}' with binding '{binding['metadata']['name']}'"
        for said, reason in self._faults(policy["spec"], asked):
            actions = binding["spec"]["validationActions"]
            if "Warn" in actions:
                asked.call.warn([f"Validation failed for {names}: {said}"])
            if "Audit" in actions:
                note = [{"message": said, "policy": policy["metadata"]["name"], "binding": binding["metadata"]["name"]}]
                asked.call.annotations["validation.policy.admission.k8s.io/validation_failure"] = json.dumps(note)
            if "Deny" in actions:
                failure = forbidden(asked.target.kind, asked.name, f"{names} denied request: {said}")
                raise ApiFailure(_CODES[reason], reason, failure.message, failure.details)

    def _faults(self, spec: Mapping[str, Any], asked: Asked) -> Iterator[tuple[str, str]]:
        known = self._known(spec, asked)
        try:
            conditions = [Expression(each["expression"]) for each in spec.get("matchConditions") or []]
            if not all(condition.evaluate(known) is True for condition in conditions):
                return
        except EvaluationError as error:
            if spec["failurePolicy"] == "Fail":
                yield str(error), "Invalid"
            return
        for validation in spec.get("validations") or []:
            try:
                if Expression(validation["expression"]).evaluate(known) is not True:
                    yield _message(validation, known), validation.get("reason") or "Invalid"
            except EvaluationError as error:
                if spec["failurePolicy"] == "Fail":
                    yield f"expression '{validation['expression']}' resulted in error: {error}", "Invalid"

    def _known(self, spec: Mapping[str, Any], asked: Asked) -> Mapping[str, Any]:
        known = {
            "object": asked.object,
            "oldObject": asked.former,
            "request": describe_request(asked, asked.target.kind, ""),
            "authorizer": Authorizer(self.matching.rights, asked.call.user),
            "namespaceObject": self.matching.store.read(NAMESPACES.storage, ("", asked.target.namespace)),
        }
        expressions = {each["name"]: each["expression"] for each in spec.get("variables") or []}
        return {**known, "variables": Variables(expressions, known)}


def _message(validation: Mapping[str, Any], known: Mapping[str, Any]) -> str:
    if text := validation.get("messageExpression"):
        try:
            said = Expression(text).evaluate(known)
        except EvaluationError:
            said = None
        if isinstance(said, str) and said.strip() and "\n" not in said:
            return said.strip()
    return validation.get("message") or f"failed expression: {validation['expression'].strip()}"


def fill_policy(made: Object) -> Object:
    """Fill in what policies have by default."""
    constraints = {"matchPolicy": "Equivalent", "namespaceSelector": {}, "objectSelector": {}}
    spec = {"failurePolicy": "Fail"} | made["spec"]
    filled = constraints | (spec.get("matchConstraints") or {})
    filled["resourceRules"] = [{"scope": "*"} | rule for rule in filled.get("resourceRules") or []]
    return made | {"spec": spec | {"matchConstraints": filled}}


def check_policy(made: Object, _former: Object | None, _subresource: str) -> list[Fault]:
    """Return what is wrong with a policy."""
    spec = made["spec"]
    faults = [
        Fault(f"spec.{name}", "Forbidden: this server for tests does not know it", "FieldValueForbidden")
        for name in ("paramKind", "auditAnnotations")
        if spec.get(name)
    ]
    for part, field in (("variables", ""), ("matchConditions", ""), ("validations", ""), ("validations", "message")):
        name = f"{field}Expression" if field else "expression"
        for number, each in enumerate(spec.get(part) or []):
            faults += _check_expression(each.get(name), f"spec.{part}[{number}].{name}")
    return faults


def _check_expression(text: str | None, path: str) -> list[Fault]:
    try:
        if text is not None:
            Expression(text, NAMES)
    except SyntaxProblem as error:
        return [invalid_value(path, text, f"compilation failed: {error}")]
    return []
