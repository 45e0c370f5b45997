"""Which namespaces are audited: those that the API server asks the webhook about."""

from collections.abc import Iterable, Mapping
from typing import Any

from cosignpy.imagepolicy.matches import Operator, Requirement, Selector
from cosignpy.imagepolicy.workloads import selects
from cosignpy.values import value
from cosignpy.webhook.ports import Object


@value
class Scope:
    """The label selectors of a configuration's webhooks; a namespace that one of them selects is in scope."""

    selectors: tuple[Selector, ...] = ()

    @classmethod
    def of(cls, configuration: Object | None) -> "Scope":
        """Read the namespace selectors of a ValidatingWebhookConfiguration; without one, nothing is in scope."""
        webhooks = configuration.get("webhooks") if configuration is not None else None
        return cls(tuple([_read(each.get("namespaceSelector")) for each in _mappings(webhooks)]))

    def has(self, namespace: Object) -> bool:
        """Tell whether a namespace is in scope."""
        metadata = namespace.get("metadata")
        labels = metadata.get("labels") if isinstance(metadata, dict) else None
        found = {str(name): str(text) for name, text in labels.items()} if isinstance(labels, dict) else {}
        return any(selects(each, found) for each in self.selectors)


def _read(selector: object) -> Selector:
    """Read a selector as the API server took it; one that is missing selects everything."""
    members: Mapping[str, Any] = selector if isinstance(selector, dict) else {}
    labels, expressions = members.get("matchLabels"), members.get("matchExpressions")
    requirements = [
        Requirement(str(each.get("key")), Operator(str(each.get("operator"))), tuple(each.get("values") or ()))
        for each in _mappings(expressions)
    ]
    named = {str(name): str(text) for name, text in labels.items()} if isinstance(labels, dict) else {}
    return Selector(named, tuple(requirements))


def _mappings(items: object) -> Iterable[Mapping[str, Any]]:
    return [each for each in items if isinstance(each, dict)] if isinstance(items, list) else []
