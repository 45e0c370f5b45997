"""One decision for all names of an image that the same policies are about: only what it is called differs."""

from collections.abc import Callable, Hashable
from typing import Final

from cosignpy.core.digest import Digest
from cosignpy.errors import CosignError, DeadlineExceeded
from cosignpy.imagepolicy.decision import Subject, select_policies
from cosignpy.imagepolicy.model import Action, ImagePolicyDocument, Static
from cosignpy.operations.expand import Scope, select_subjects
from cosignpy.operations.ports import ManifestSource
from cosignpy.operations.remembered import Memory
from cosignpy.operations.verify_by_policies import DecidedImage, VerifyByPolicies
from cosignpy.values import replace, value

_WEIGHT: Final = 32 << 10
"""Bytes that a decision takes in memory, with certificates and log entries of a few signatures."""


@value
class Question:
    """What a decision depends on, where the digest is known: which policies, and where everything is looked up."""

    digest: Digest
    about: tuple[ImagePolicyDocument, ...]
    places: tuple[str, ...]


def decide_once(
    request: VerifyByPolicies,
    places: tuple[str, ...],
    image: ManifestSource,
    memory: Memory,
    decide: Callable[[VerifyByPolicies, Question | None], DecidedImage],
) -> DecidedImage:
    """Return what was decided in this run for another name of the same, else what `decide` does.

    `places` are the names of where the image and its signatures are. Names that nobody looks anything up for are
    decided over by themselves, without a question.

    Raises:
        CosignError: As `decide`.
    """
    question = ask_for(request, places, image)
    if question is None:
        return decide(request, None)
    asked = (question.digest, _Same(*question.about), _Same(request.workload), request.no_match, question.places)
    pinned = replace(request, target=question.digest)
    found = memory.ask(asked, lambda: decide(pinned, question), lambda _: _WEIGHT)
    return replace(found, decision=replace(found.decision, image=request.name))


def ask_for(request: VerifyByPolicies, places: tuple[str, ...], image: ManifestSource) -> Question | None:
    """Return what the decision depends on; None where no signature counts, or the digest cannot be had."""
    about = select_policies(Subject(request.name, request.workload), request.policies)
    if not any(looks_at_signatures(each) for each in about):
        return None
    try:
        (digest,) = select_subjects(image, request.target, Scope.NAMED)
    except DeadlineExceeded:
        raise
    except CosignError:
        return None  # whoever decides is told the same, and says so
    return Question(digest, about, places)


def looks_at_signatures(policy: ImagePolicyDocument) -> bool:
    """Tell whether signatures are looked at: not where enough static answers pass, and no condition asks all."""
    statics = [each.signer for each in policy.authorities if isinstance(each.signer, Static)]
    passing = sum(each.action is Action.PASS for each in statics)
    return len(statics) < len(policy.authorities) and (passing < policy.require or policy.policy is not None)


class _Same(Hashable):
    """Objects by which they are, not by what they are like: policies live as long as a run."""

    def __init__(self, *contents: object) -> None:
        self._contents = contents
        self._ids = tuple([id(each) for each in contents])

    def __hash__(self) -> int:
        return hash(self._ids)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Same) and self._ids == other._ids
