"""Attestations that an authority demands: of those that are proven, which are of a type, and satisfy its condition.

An authority demands all of its attestations; for each of them one that satisfies it is enough. As for the policy
controller, a condition that holds with a warning is one that does not hold.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import TypeAlias

from cosignpy.core.digest import Digest
from cosignpy.core.encoding import encode_json, parse_json
from cosignpy.core.policy.predicate import PredicateTypeIs
from cosignpy.core.predicates.types import PREDICATE_TYPES, accepted_predicate_types
from cosignpy.core.verify.evidence import VerifiedImage, VerifiedSignature
from cosignpy.documents import Place
from cosignpy.errors import ConditionRefused, CosignError, DeadlineExceeded, NoMatchingSignatures, Rejection
from cosignpy.imagepolicy.conditions.beside import describe_signature
from cosignpy.imagepolicy.conditions.condition import Condition, ConditionInput
from cosignpy.imagepolicy.model import Attestation, PolicyText
from cosignpy.imagepolicy.own_conditions import build_condition
from cosignpy.values import value

LoadCondition: TypeAlias = Callable[[PolicyText], Condition]
"""Returns the condition that a text is."""


@value
class VerifiedAttestations:
    """An image with all the attestations that an authority demands, by the names that the policy has for them."""

    digest: Digest
    found: Mapping[str, tuple[VerifiedSignature, ...]]
    types: Mapping[str, str]
    rejections: Sequence[Rejection] = ()

    @property
    def signatures(self) -> tuple[VerifiedSignature, ...]:
        """All of them, each once."""
        return tuple({id(each): each for several in self.found.values() for each in several}.values())

    def names_of(self, signature: VerifiedSignature) -> tuple[str, ...]:
        """Return what the policy calls an attestation; it may be several that are demanded."""
        return tuple([name for name, several in self.found.items() if any(each is signature for each in several)])


def accepted_types(attestation: Attestation) -> tuple[str, ...]:
    """Return the predicate types that an attestation may have: a name has older URIs too, a URI is only itself."""
    named = attestation.predicate_type
    if attestation.types:
        return attestation.types
    return accepted_predicate_types(named) if named in PREDICATE_TYPES else (named,)


def accept_wanted(attestations: Sequence[Attestation]) -> PredicateTypeIs:
    """Return the rule that accepts statements of all types that are demanded, so that each is fetched once."""
    first, *others = dict.fromkeys(kind for each in attestations for kind in accepted_types(each))
    return PredicateTypeIs(first, tuple(others))


def match_attestations(
    image: str, attestations: Sequence[Attestation], verified: VerifiedImage, load: LoadCondition
) -> VerifiedAttestations:
    """Show that all attestations are there that are demanded, among those that are proven.

    Raises:
        NoMatchingSignatures: One is not there, or none of its type satisfies its condition.
        ConditionRefused: A condition is none.
    """
    found = {each.name: _match(image, each, verified, load) for each in attestations}
    types = {each.name: each.predicate_type for each in attestations}
    return VerifiedAttestations(verified.digest, found, types, verified.rejections)


def first_line(text: PolicyText) -> Place:
    """Return where the first line of a text stands: of several lines below the field, if the text is in a document."""
    place = text.text_place or text.place
    below = "\n" in text.data and text.remote is None
    return Place(place.file, place.line + below, place.key)


def check_condition(condition: Condition, text: PolicyText, given: ConditionInput, policy: str) -> None:
    """Show that a condition holds, and that nothing has to be warned of.

    Raises:
        ConditionRefused: It does not hold, or not without a warning.
    """
    warnings = condition.check(given)
    if warnings:
        place = first_line(text)
        raise ConditionRefused(policy, f"warning: {', '.join(warnings)}", None, place.file, place.line)


def _match(
    image: str, wanted: Attestation, verified: VerifiedImage, load: LoadCondition
) -> tuple[VerifiedSignature, ...]:
    types = accepted_types(wanted)
    candidates = [each for each in verified.signatures if each.claim.type in types]
    if not candidates:
        others = ", ".join(dict.fromkeys(each.claim.type for each in verified.signatures)) or "none"
        why = f"no matching attestations of the type {wanted.predicate_type} (found: {others})"
        raise NoMatchingSignatures(image, tuple(verified.rejections), why)
    if wanted.policy is None and not wanted.conditions:
        return tuple(candidates)
    passed, rejections = list[VerifiedSignature](), list[Rejection]()
    check = _build_check(wanted, load)
    for each in candidates:
        try:
            check(each)
        except DeadlineExceeded:
            raise
        except CosignError as error:
            rejections.append(Rejection(each.location, error))
        else:
            passed.append(each)
    if not passed:
        raise NoMatchingSignatures(image, tuple(rejections), f"no attestation satisfies the policy of {wanted.name}")
    return tuple(passed)


def _build_check(wanted: Attestation, load: LoadCondition) -> Callable[[VerifiedSignature], None]:
    """Return what shows that all conditions hold for an attestation."""
    fields, text = [build_condition(each) for each in wanted.conditions], wanted.policy
    condition = load(text) if text is not None else None

    def check(attested: VerifiedSignature) -> None:
        statement = attested.claim.payload
        parsed = parse_json(statement, what="statement") if fields else None
        for each in fields:
            each.check_parsed(parsed)
        if condition is not None and text is not None:
            given = ConditionInput(statement, encode_json(describe_signature(attested)))
            check_condition(condition, text, given, wanted.name)

    return check
