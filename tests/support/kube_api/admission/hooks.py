"""Webhooks as their configurations say it; what is left out has the defaults of the API."""

from collections.abc import Mapping
from typing import Any, Final

import re2

from cosignpy.values import field, value
from tests.support.cel.expression import Expression
from tests.support.cel.tokens import SyntaxProblem
from tests.support.kube_api.failures import Fault, invalid_value, required, unsupported
from tests.support.kube_api.store import Object, Store

GROUP: Final = "admissionregistration.k8s.io"
MUTATING: Final = (GROUP, "mutatingwebhookconfigurations")
VALIDATING: Final = (GROUP, "validatingwebhookconfigurations")
VARIABLES: Final = frozenset({"object", "oldObject", "request", "authorizer"})

_NAME: Final = re2.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?){2,}")
_LONGEST_SECONDS: Final = 30
_MOST_CONDITIONS: Final = 64
_CHOICES: Final[Mapping[str, list[str]]] = {
    "failurePolicy": ["Fail", "Ignore"],
    "matchPolicy": ["Equivalent", "Exact"],
    "sideEffects": ["None", "NoneOnDryRun"],
    "reinvocationPolicy": ["IfNeeded", "Never"],
}
_DEFAULTS: Final[Mapping[str, Any]] = {
    "failurePolicy": "Fail",
    "matchPolicy": "Equivalent",
    "namespaceSelector": {},
    "objectSelector": {},
    "timeoutSeconds": 10,
}


@value
class Hook:
    """One webhook; `index` is its place in its configuration."""

    configuration: str
    index: int
    settings: Mapping[str, Any] = field(repr=False)
    conditions: tuple[tuple[str, Expression], ...] = field(repr=False)

    @property
    def name(self) -> str:
        """Its name."""
        return str(self.settings["name"])

    @property
    def fails(self) -> bool:
        """Whether what it cannot be asked about is refused."""
        return bool(self.settings["failurePolicy"] == "Fail")

    @property
    def uid(self) -> str:
        """What tells it from all others."""
        return f"{self.configuration}/{self.name}/{self.index}"


def hooks_of(store: Store, storage: tuple[str, str]) -> list[Hook]:
    """Return all webhooks, by the names of their configurations and in their order there."""
    return [
        Hook(
            configuration["metadata"]["name"],
            number,
            settings,
            tuple((each["name"], Expression(each["expression"])) for each in settings.get("matchConditions") or []),
        )
        for _, configuration in store.all(storage)[0]
        for number, settings in enumerate(configuration.get("webhooks") or [])
    ]


def fill_mutating(made: Object) -> Object:
    """Fill in what configurations of webhooks that change objects have by default."""
    return _fill(made, {**_DEFAULTS, "reinvocationPolicy": "Never"})


def fill_validating(made: Object) -> Object:
    """Fill in what configurations of webhooks that refuse objects have by default."""
    return _fill(made, _DEFAULTS)


def _fill(made: Object, defaults: Mapping[str, Any]) -> Object:
    if "webhooks" not in made:
        return made
    return made | {"webhooks": [_fill_hook({**defaults, **hook}) for hook in made["webhooks"] or []]}


def _fill_hook(hook: Object) -> Object:
    service = (hook.get("clientConfig") or {}).get("service")
    if service is not None:
        hook["clientConfig"] = hook["clientConfig"] | {"service": {"port": 443} | service}
    hook["rules"] = [{"scope": "*"} | rule for rule in hook.get("rules") or []]
    return hook


def check_configuration(made: Object, _former: Object | None, _subresource: str) -> list[Fault]:
    """Return what is wrong with a configuration."""
    names = [hook.get("name", "") for hook in made.get("webhooks") or []]
    faults = [
        Fault(f"webhooks[{number}].name", f'Duplicate value: "{name}"', "FieldValueDuplicate")
        for number, name in enumerate(names)
        if name in names[:number]
    ]
    for number, hook in enumerate(made.get("webhooks") or []):
        faults += _check(hook, f"webhooks[{number}]")
    return faults


def _check(hook: Mapping[str, Any], path: str) -> list[Fault]:
    faults = []
    if not _NAME.fullmatch(hook.get("name", "")):
        said = "should be a domain with at least three segments separated by dots"
        faults.append(invalid_value(f"{path}.name", hook.get("name", ""), said))
    if not hook.get("admissionReviewVersions"):
        faults.append(required(f"{path}.admissionReviewVersions", "must specify one of v1, v1beta1"))
    elif not {"v1", "v1beta1"} & set(hook["admissionReviewVersions"]):
        said = "must include at least one of v1, v1beta1"
        faults.append(invalid_value(f"{path}.admissionReviewVersions", hook["admissionReviewVersions"], said))
    if hook.get("sideEffects") is None:
        faults.append(required(f"{path}.sideEffects", "must specify one of None, NoneOnDryRun"))
    for name, choices in _CHOICES.items():
        if hook.get(name) is not None and hook[name] not in choices:
            faults.append(unsupported(f"{path}.{name}", hook[name], choices))
    if not 1 <= hook["timeoutSeconds"] <= _LONGEST_SECONDS:
        said = "the timeout value must be between 1 and 30 seconds"
        faults.append(invalid_value(f"{path}.timeoutSeconds", hook["timeoutSeconds"], said))
    return faults + _check_rules(hook, path) + _check_conditions(hook, path) + _check_client(hook, path)


def _check_rules(hook: Mapping[str, Any], path: str) -> list[Fault]:
    return [
        required(f"{path}.rules[{number}].{name}")
        for number, rule in enumerate(hook["rules"])
        for name in ("operations", "apiGroups", "apiVersions", "resources")
        if not rule.get(name)
    ]


def _check_conditions(hook: Mapping[str, Any], path: str) -> list[Fault]:
    conditions = hook.get("matchConditions") or []
    if len(conditions) > _MOST_CONDITIONS:
        return [Fault(f"{path}.matchConditions", f"Too many: {len(conditions)}: must have at most 64 items")]
    faults = []
    for number, condition in enumerate(conditions):
        try:
            Expression(condition["expression"], VARIABLES)
        except SyntaxProblem as error:
            place = f"{path}.matchConditions[{number}].expression"
            faults.append(invalid_value(place, condition["expression"], f"compilation failed: {error}"))
    return faults


def _check_client(hook: Mapping[str, Any], path: str) -> list[Fault]:
    config = hook.get("clientConfig") or {}
    if ("url" in config) == ("service" in config):
        return [Fault(f"{path}.clientConfig", "Required value: exactly one of url or service is required")]
    service = config.get("service")
    if service is not None:
        is_whole = service.get("name") and service.get("namespace")
        return [] if is_whole else [required(f"{path}.clientConfig.service.name")]
    if not config["url"].startswith("https://"):
        said = "'https' is the only allowed URL scheme; desired format: https://host[/path]"
        return [invalid_value(f"{path}.clientConfig.url", config["url"].partition(":")[0], said)]
    return []
