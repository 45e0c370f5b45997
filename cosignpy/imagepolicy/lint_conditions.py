"""Conditions that cannot be asked: a policy with one never passes."""

from collections.abc import Iterator

from cosignpy.core.trust.problems import Problem
from cosignpy.documents import DocumentError, Place
from cosignpy.errors import ConditionRefused, CosignError, MalformedError
from cosignpy.imagepolicy.attestations import LoadCondition
from cosignpy.imagepolicy.lint_problems import fail, warn
from cosignpy.imagepolicy.model import ImagePolicyDocument, PolicyText


def lint_conditions(policy: ImagePolicyDocument, load: LoadCondition) -> Iterator[Problem]:
    """Say which conditions cannot be read, and which nobody here can read; texts that are elsewhere are left out."""
    attestations = [each for authority in policy.authorities for each in authority.attestations]
    for text in (*[each.policy for each in attestations], policy.policy):
        if text is not None and text.data:
            yield from _lint_text(text, load)


def _lint_text(text: PolicyText, load: LoadCondition) -> Iterator[Problem]:
    place = text.text_place or text.place
    try:
        load(text)
    except DocumentError as error:
        why = str(error).removeprefix(f"{error.file}:{error.line}: ")
        yield fail(Place(error.file, error.line, place.key), f"never holds: {why}")
    except (ConditionRefused, MalformedError) as error:
        yield fail(place, f"never holds: {error}")
    except CosignError as error:
        yield warn(place, f"cannot be looked at here: {error}" + (f" ({error.hint})" if error.hint else ""))
