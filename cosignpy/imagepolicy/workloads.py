"""Which workloads of a cluster a policy is about: kind, version and labels, as `match` has them."""

from collections.abc import Callable, Mapping
from typing import Final

from cosignpy.core.encoding import JsonValue
from cosignpy.errors import PolicyRefused
from cosignpy.imagepolicy.matches import Match, Operator, Requirement, Selector
from cosignpy.imagepolicy.model import ImagePolicyDocument
from cosignpy.values import field, value


@value
class Workload:
    """What runs images: its kind, and the labels of its own, not those of the pods that it makes.

    `document` is all of it, for conditions that are about it.
    """

    group: str
    version: str
    resource: str
    labels: Mapping[str, str] = field(default_factory=dict)
    document: Mapping[str, JsonValue] = field(default_factory=dict, repr=False)


def is_about(policy: ImagePolicyDocument, workload: Workload | None) -> bool:
    """Tell whether a policy is about a workload: one of its matches is, or it has none.

    An image by itself (None) is no workload of any kind, so that only policies without matches are about it.

    Raises:
        PolicyRefused: The labels that it would be about are none.
    """
    if workload is None:
        return not policy.match
    return not policy.match or any(_agrees(match, workload) for match in policy.match)


def _agrees(match: Match, workload: Workload) -> bool:
    """Compare as the policy controller does: exactly, but for a version of `*`."""
    same = (match.group, match.resource) == (workload.group, workload.resource)
    version = match.version in {"*", workload.version}
    if same and version and match.mistake:
        raise PolicyRefused("", match.mistake)
    return same and version and (match.selector is None or selects(match.selector, workload.labels))


def selects(selector: Selector, labels: Mapping[str, str]) -> bool:
    """Apply a label selector of Kubernetes (apimachinery, LabelSelector): all of it has to hold."""
    named = all(labels.get(name) == content for name, content in selector.match_labels.items())
    return named and all(_OPERATORS[each.operator](each, labels) for each in selector.match_expressions)


def _is_in(requirement: Requirement, labels: Mapping[str, str]) -> bool:
    return labels.get(requirement.key) in requirement.values


_OPERATORS: Final[Mapping[Operator, Callable[[Requirement, Mapping[str, str]], bool]]] = {
    Operator.IN: _is_in,
    Operator.NOT_IN: lambda requirement, labels: not _is_in(requirement, labels),
    Operator.EXISTS: lambda requirement, labels: requirement.key in labels,
    Operator.DOES_NOT_EXIST: lambda requirement, labels: requirement.key not in labels,
}
