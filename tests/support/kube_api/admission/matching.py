"""Whether a webhook is asked about a request, and in what version."""

from collections.abc import Mapping
from typing import Any, Final

from cosignpy.values import value
from tests.support.cel.evaluation import EvaluationError
from tests.support.kube_api.admission.authorizing import Authorizer
from tests.support.kube_api.admission.hooks import GROUP, Hook
from tests.support.kube_api.admission.reviews import describe_request
from tests.support.kube_api.calls import Asked
from tests.support.kube_api.failures import forbidden
from tests.support.kube_api.kinds import NAMESPACES, Kind, Kinds
from tests.support.kube_api.rights import Rights
from tests.support.kube_api.selectors import labels_of, match_selector
from tests.support.kube_api.store import Store

_EXEMPT: Final = frozenset({
    "mutatingwebhookconfigurations", "validatingwebhookconfigurations", "validatingadmissionpolicies",
    "validatingadmissionpolicybindings", "mutatingadmissionpolicies", "mutatingadmissionpolicybindings",
})  # fmt: skip


def is_exempt(kind: Kind) -> bool:
    """Tell whether no webhook is ever asked about a kind: else nobody could remove a broken webhook."""
    return kind.group == GROUP and kind.plural in _EXEMPT


@value
class Matching:
    """Compares requests with what webhooks want to be asked about."""

    store: Store
    kinds: Kinds
    rights: Rights

    def find(self, hook: Hook, asked: Asked) -> Kind | None:
        """Return the kind in whose version a webhook is asked; None where it is not.

        Raises:
            ApiFailure: One of its conditions fails, and it is one that must not be passed by.
        """
        if is_exempt(asked.target.kind):
            return None
        kind = self._by_rules(hook.settings, asked)
        if kind is None or not self.selects(hook.settings, asked):
            return None
        return kind if self._meets(hook, asked, kind) else None

    def selects(self, settings: Mapping[str, Any], asked: Asked) -> bool:
        """Tell whether the selectors of namespaces and of objects select a request."""
        selector = settings.get("objectSelector") or {}
        objects = [each for each in (asked.object, asked.former) if each is not None]
        if selector and not any(match_selector(selector, labels_of(each)) for each in objects):
            return False
        return self._selects_namespace(settings.get("namespaceSelector") or {}, asked)

    def _selects_namespace(self, selector: Mapping[str, Any], asked: Asked) -> bool:
        if not selector:
            return True
        if asked.target.kind.storage == NAMESPACES.storage:
            return match_selector(selector, labels_of(asked.object or asked.former or {}))
        if not asked.target.namespace:
            return True
        found = self.store.read(NAMESPACES.storage, ("", asked.target.namespace))
        return found is not None and match_selector(selector, labels_of(found))

    def _by_rules(self, settings: Mapping[str, Any], asked: Asked) -> Kind | None:
        return self.by_rules(settings.get("rules") or [], settings["matchPolicy"], asked)

    def by_rules(self, rules: list[Mapping[str, Any]], policy: str, asked: Asked) -> Kind | None:
        """Return the kind in whose version rules cover a request."""
        kind = asked.target.kind
        if any(covers(rule, asked, kind) for rule in rules):
            return kind
        if policy != "Equivalent":
            return None
        others = [each for each in self.kinds.versions_of(kind.storage) if each.version != kind.version]
        return next((each for rule in rules for each in others if covers(rule, asked, each)), None)

    def _meets(self, hook: Hook, asked: Asked, kind: Kind) -> bool:
        if not hook.conditions:
            return True
        known = {
            "object": asked.object,
            "oldObject": asked.former,
            "request": describe_request(asked, kind, ""),
            "authorizer": Authorizer(self.rights, asked.call.user),
        }
        failures = []
        for name, expression in hook.conditions:
            try:
                if expression.evaluate(known) is not True:
                    return False
            except EvaluationError as error:
                failures.append(f"expression '{expression.text}' resulted in error: {error}")
                _ = name
        if failures and hook.fails:
            said = failures[0] if len(failures) == 1 else f"[{', '.join(failures)}]"
            raise forbidden(asked.target.kind, asked.name, said)
        return not failures


def covers(rule: Mapping[str, Any], asked: Asked, kind: Kind) -> bool:
    """Tell whether a rule covers a request for a kind."""
    scopes = {"Namespaced": kind.namespaced, "Cluster": not kind.namespaced}
    return (
        scopes.get(rule.get("scope") or "*", True)
        and _has(rule.get("operations"), asked.operation)
        and _has(rule.get("apiGroups"), kind.group)
        and _has(rule.get("apiVersions"), kind.version)
        and any(_covers_resource(each, kind.plural, asked.target.subresource) for each in rule.get("resources") or [])
    )


def _has(listed: list[str] | None, wanted: str) -> bool:
    return "*" in (listed or []) or wanted in (listed or [])


def _covers_resource(pattern: str, plural: str, subresource: str) -> bool:
    resource, _, below = pattern.partition("/")
    return resource in {"*", plural} and below in {subresource, "*"}
