"""Globs and policies that do nothing beside others."""

from collections.abc import Iterator, Sequence
from typing import Final

from cosignpy.core.trust.problems import Problem
from cosignpy.imagepolicy.globs import Glob
from cosignpy.imagepolicy.lint_problems import below, warn
from cosignpy.imagepolicy.model import Action, ImagePolicyDocument, Mode, Static

MAX_COMPARED: Final = 200
"""Policies, and globs of a policy, that are compared with each other: a second for all pairs."""

_ALL: Final = "**"


def lint_overlaps(policies: Sequence[ImagePolicyDocument]) -> Iterator[Problem]:
    """Say which globs are about nothing that others of their policy are not about, and which policies never count."""
    for policy in policies:
        yield from _lint_globs(policy)
    compared = policies[:MAX_COMPARED]
    refusing = [each for each in compared if _refuses_all(each)]
    alike: dict[tuple[object, ...], list[ImagePolicyDocument]] = {}
    for policy in compared:
        yield from _lint_shadowed(policy, refusing)
        before = alike.setdefault(_demands(policy), [])
        yield from _lint_repeated(policy, before)
        before.append(policy)


def includes(wide: Glob, narrow: Glob) -> bool:
    """Tell whether a glob describes all that another one does; where that is not plain, it does not."""
    ends = {0}
    for piece in wide.pieces:
        ends = _advance(ends, piece, narrow.pieces)
    return _length(narrow.pieces) in ends


def _lint_globs(policy: ImagePolicyDocument) -> Iterator[Problem]:
    patterns = policy.images[:MAX_COMPARED]
    for number, pattern in enumerate(patterns):
        others = [*patterns[:number], *(each for each in patterns[number + 1 :] if each.glob != pattern.glob)]
        wide = next((each for each in others if includes(each.glob, pattern.glob)), None)
        if wide is not None:
            yield warn(pattern.place, f"{pattern.glob} is about nothing that {wide.glob} is not about")


def _lint_shadowed(policy: ImagePolicyDocument, others: Sequence[ImagePolicyDocument]) -> Iterator[Problem]:
    """Look for another policy that refuses all images that this one is about."""
    if policy in others:
        return
    for other in others:
        if _is_about_all_of(other, policy):
            why = f"never counts: {other.name} ({other.place.file}:{other.place.line}) refuses all images it is about"
            yield warn(below(policy.place, "spec.images"), why)
            return


def _lint_repeated(policy: ImagePolicyDocument, before: Sequence[ImagePolicyDocument]) -> Iterator[Problem]:
    """Look for an earlier policy that demands the same of the same images."""
    for other in before:
        alike = _is_about_all_of(other, policy) or _is_about_all_of(policy, other)
        if alike and other.name != policy.name:
            place = f"{other.name} ({other.place.file}:{other.place.line})"
            yield warn(below(policy.place, "spec.authorities"), f"demands what {place} demands of some of these images")
            return


def _refuses_all(policy: ImagePolicyDocument) -> bool:
    signers = [authority.signer for authority in policy.authorities]
    refused = all(isinstance(each, Static) and each.action is Action.FAIL for each in signers)
    return refused and policy.mode is Mode.ENFORCE and not policy.match


def _demands(policy: ImagePolicyDocument) -> tuple[object, ...]:
    rest = (policy.authorities, policy.policy, policy.deny, policy.match)
    return policy.mode, policy.require, *map(repr, rest)


def _is_about_all_of(wide: ImagePolicyDocument, narrow: ImagePolicyDocument) -> bool:
    if not narrow.images or narrow.files or wide.files:
        return False
    return all(any(includes(each.glob, pattern.glob) for each in wide.images) for pattern in narrow.images)


def _advance(ends: set[int], piece: str, narrow: Sequence[str]) -> set[int]:
    """Go on in the narrow glob, of which each wildcard counts as one character that only wildcards describe."""
    text = _spell(narrow)
    if piece == _ALL:
        return set(range(min(ends), len(text) + 1)) if ends else ends
    if piece != "*":
        return {end + len(piece) for end in ends if text[end : end + len(piece)] == tuple(piece)}
    found = set(ends)
    for end in range(len(text)):
        if end in found and text[end] not in {"/", _ALL}:
            found.add(end + 1)
    return found


def _spell(pieces: Sequence[str]) -> tuple[str, ...]:
    return tuple([sign for piece in pieces for sign in ((piece,) if piece in {"*", _ALL} else piece)])


def _length(pieces: Sequence[str]) -> int:
    return len(_spell(pieces))
