"""What is wrong with policies that can be read: what lets more in than meant, and what never lets anybody in.

A problem is an error where a policy never passes, is about nothing, or passes whatever its authorities say.
"""

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Final

from cosignpy.core.trust.problems import Problem
from cosignpy.documents import Place
from cosignpy.imagepolicy.attestations import LoadCondition
from cosignpy.imagepolicy.lint_conditions import lint_conditions
from cosignpy.imagepolicy.lint_globs import lint_glob
from cosignpy.imagepolicy.lint_overlaps import lint_overlaps
from cosignpy.imagepolicy.lint_own import lint_own
from cosignpy.imagepolicy.lint_problems import below, fail, warn
from cosignpy.imagepolicy.lint_signers import lint_signer
from cosignpy.imagepolicy.model import (
    Action,
    Authority,
    ImagePolicyDocument,
    Key,
    Keyless,
    SignatureFormat,
    Static,
)
from cosignpy.values import replace

DEPRECATED_TYPES: Final = ("custom", "slsaprovenance", "spdx", "spdxjson", "cyclonedx", "link", "vuln")
"""Short names of predicate types that the policy controller warns of."""


def lint_policies(
    policies: Iterable[ImagePolicyDocument], moment: datetime | None = None, load: LoadCondition | None = None
) -> tuple[Problem, ...]:
    """Return what is wrong with policies, with each and then with several.

    `moment` is now, for those with times, and `load` reads conditions; without them, neither is looked at.
    """
    found, first, ordered = list[Problem](), dict[str, Place](), tuple(policies)
    for policy in ordered:
        other = first.setdefault(policy.name, policy.place)
        if other is not policy.place:
            found.append(fail(below(policy.place, "metadata.name"), f"{policy.name} is a policy of {other.file} too"))
        found += _lint_policy(policy)
        found += lint_own(policy, moment)
        found += lint_conditions(policy, load) if load is not None else ()
    return (*found, *lint_overlaps(ordered))


def _lint_policy(policy: ImagePolicyDocument) -> Iterator[Problem]:
    globs = [pattern.glob for pattern in policy.images]
    for pattern in policy.images:
        for why in lint_glob(pattern.glob, globs):
            yield warn(pattern.place, f"{pattern.glob} {why}")
    yield from _lint_match(policy)
    yield from _lint_statics(policy)
    yield from _lint_repeated(policy)
    for authority in policy.authorities:
        yield from _lint_authority(authority)


def _lint_match(policy: ImagePolicyDocument) -> Iterator[Problem]:
    """Look for matches that are about nothing: an absent version is compared like any other."""
    for match in policy.match:
        missing = [name for name in ("version", "resource") if not getattr(match, name)]
        if missing:
            yield fail(match.place, f'is about no workload without {" and ".join(missing)}: version may be "*"')


def _lint_statics(policy: ImagePolicyDocument) -> Iterator[Problem]:
    """Look at answers that are always the same, beside authorities that look at signatures, or in their place."""
    if not policy.authorities:
        yield fail(below(policy.place, "spec.authorities"), "no authority, so that no image passes")
    others = len(policy.authorities) > 1 and policy.require == 1
    for authority in policy.authorities:
        if not isinstance(authority.signer, Static) or not others:
            continue
        if authority.signer.action is Action.PASS:
            yield fail(authority.place, "passes every image, so that the other authorities never count")
        else:
            yield warn(authority.place, "never passes, and the other authorities count without it: it does nothing")


def _lint_repeated(policy: ImagePolicyDocument) -> Iterator[Problem]:
    names: dict[str, str] = {}
    signers: dict[object, str] = {}
    for authority in policy.authorities:
        first = names.setdefault(authority.name, authority.place.key)
        if first != authority.place.key:
            yield warn(authority.place, f"has the name of {first}: conditions see one of them only")
        first = signers.setdefault(repr(replace(authority, name="")), authority.place.key)
        if first != authority.place.key:
            yield warn(authority.place, f"demands what {first} demands")


def _lint_authority(authority: Authority) -> Iterator[Problem]:
    yield from lint_signer(authority)
    if isinstance(authority.signer, Keyless):
        yield from _lint_keyless(authority, authority.signer)
    if isinstance(authority.signer, Key) and authority.signature_format is SignatureFormat.BUNDLE:
        yield warn(authority.place, "the policy controller takes bundles of certificates only, and refuses this key")
    if authority.ctlog is not None and authority.rfc3161timestamp is not None:
        yield warn(authority.ctlog.place, "is not looked at: rfc3161timestamp stands in for it")
    for attestation in authority.attestations:
        if attestation.predicate_type in DEPRECATED_TYPES:
            why = f"{attestation.predicate_type} is short for a type; the policy controller wants its URI"
            yield warn(below(attestation.place, "predicateType"), why)


def _lint_keyless(authority: Authority, signer: Keyless) -> Iterator[Problem]:
    if signer.ca_cert is not None:
        yield warn(signer.ca_cert.place, "the policy controller never reads it, and there no signature passes")
    if signer.insecure_ignore_sct:
        why = "certificates count that no certificate transparency log has seen"
        yield warn(below(signer.place, "insecureIgnoreSCT"), why)
    if authority.signature_format is SignatureFormat.BUNDLE:
        yield from _lint_trust_roots(authority, signer)


def _lint_trust_roots(authority: Authority, signer: Keyless) -> Iterator[Problem]:
    for other in (authority.ctlog, authority.rfc3161timestamp):
        if other is not None and other.trust_root_ref != signer.trust_root_ref:
            yield fail(other.place, "has another trustRootRef than keyless, so that no bundle passes")
