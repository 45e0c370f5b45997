"""`match` of a policy: the kinds of workload, and the labels of their own, that it is about."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final

from cosignpy.documents import Node, Place
from cosignpy.imagepolicy.fields import Fields, read_text
from cosignpy.values import field, value

MAX_MATCHES: Final = 100
"""Kinds of workload, of which the policy controller knows seven."""
MAX_LABELS: Final = 100
"""Labels, and values of a label."""

RESOURCES: Final = ("replicasets", "deployments", "pods", "cronjobs", "jobs", "statefulsets", "daemonsets")


class Operator(StrEnum):
    """How a label is compared."""

    IN = "In"
    NOT_IN = "NotIn"
    EXISTS = "Exists"
    DOES_NOT_EXIST = "DoesNotExist"


@value
class Requirement:
    """What a label of a workload has to be."""

    key: str
    operator: Operator
    values: tuple[str, ...] = ()


@value
class Selector:
    """Labels that a workload has to have, all of them."""

    match_labels: Mapping[str, str] = field(default_factory=dict)
    match_expressions: tuple[Requirement, ...] = ()


@value
class Match:
    """A kind of workload, and labels of its own, that a policy is about. A version is exact, or `*`.

    `mistake` is what is wrong with the labels, where that was not refused when they were read.
    """

    place: Place = field(compare=False, repr=False)
    group: str = ""
    version: str = ""
    resource: str = ""
    selector: Selector | None = None
    mistake: str = ""


def parse_match(node: Node) -> Match:
    """Parse one item of `match`.

    Raises:
        DocumentError: Something in it is not as it should be.
    """
    fields = Fields.read(node, ("group", "version", "resource", "selector"))
    group, version, resource = (fields.text(name) for name in ("group", "version", "resource"))
    if resource and resource not in RESOURCES:
        raise fields.error("resource", f"{resource!r} is not one of the choices", f"allowed: {', '.join(RESOURCES)}")
    selector = fields.child("selector", _parse_selector)
    if selector is not None and not (group or version or resource):
        raise fields.error("selector", "needs a resource whose labels it is about", f"{', '.join(RESOURCES)}")
    return Match(node.place, group, version, resource, selector)


def _parse_selector(node: Node) -> Selector:
    fields = Fields.read(node, ("matchLabels", "matchExpressions"))
    labels = fields.texts("matchLabels", MAX_LABELS)
    return Selector(labels, fields.items("matchExpressions", _parse_requirement, MAX_LABELS))


def _parse_requirement(node: Node) -> Requirement:
    """Parse a requirement of a label selector: `In` and `NotIn` have values, the others have none."""
    fields = Fields.read(node, ("key", "operator", "values"))
    operator = fields.choice("operator", Operator)
    values = fields.items("values", read_text, MAX_LABELS)
    if (operator in {Operator.IN, Operator.NOT_IN}) != bool(values):
        raise fields.error("values", f"{operator} has no values" if values else f"{operator} needs values")
    return Requirement(fields.required("key"), operator, values)
