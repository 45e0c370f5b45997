"""`match` of a policy: selectors of labels that Kubernetes would not take are mistakes, which are found late."""

import re
from typing import Final

from cosignpy.documents import Place
from cosignpy.imagepolicy.go_reader.typed import Fields
from cosignpy.imagepolicy.matches import Match, Operator, Requirement, Selector
from cosignpy.values import replace

MISTAKE: Final = "policy with wrong match label selector"
"""What the policy controller says of a selector that is none, once a workload is of the kind."""

_NAME: Final = re.compile(r"([A-Za-z0-9][-A-Za-z0-9_.]{0,61})?[A-Za-z0-9]")
_PREFIX: Final = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*")
_MAX_PREFIX: Final = 253
_WITH_VALUES: Final = (Operator.IN, Operator.NOT_IN)


def convert_match(place: Place, match: Fields) -> Match:
    """Return one item of `match`."""
    found = Match(place, match.text("group"), match.text("version"), match.text("resource"))
    selector = match.child("selector")
    if selector is None:
        return found
    labels = selector.labels("matchLabels")
    requirements = selector.children("matchExpressions")
    right = all(_is_key(name) and _is_value(text) for name, text in labels.items())
    if not right or not all(map(_is_requirement, requirements)):
        return replace(found, mistake=MISTAKE)
    return replace(found, selector=Selector(labels, tuple([_convert(each) for each in requirements])))


def _convert(requirement: Fields) -> Requirement:
    operator = Operator(requirement.text("operator"))
    return Requirement(requirement.text("key"), operator, requirement.texts("values"))


def _is_requirement(requirement: Fields) -> bool:
    operator, values = requirement.text("operator"), requirement.texts("values")
    if operator not in list(Operator) or (operator in _WITH_VALUES) != bool(values):
        return False
    return _is_key(requirement.text("key")) and all(map(_is_value, values))


def _is_key(text: str) -> bool:
    """Tell whether a text is the name of a label: with the name of a domain before it, or without."""
    prefix, slash, name = text.rpartition("/")
    is_domain = _PREFIX.fullmatch(prefix) is not None and len(prefix) <= _MAX_PREFIX
    return _NAME.fullmatch(name) is not None and (not slash or is_domain)


def _is_value(text: str) -> bool:
    return not text or _NAME.fullmatch(text) is not None
