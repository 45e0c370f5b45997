"""What is wrong with policies that can be read: what lets more in than meant, and what never lets anybody in.

A problem is an error where a policy never passes, is about nothing, or passes whatever its authorities say.
"""

from collections.abc import Iterable, Iterator
from typing import Final

from cosignpy.core.policy.identity import Containing, Exactly
from cosignpy.core.trust.problems import Problem, Severity
from cosignpy.documents import Place
from cosignpy.imagepolicy.lint_globs import lint_glob
from cosignpy.imagepolicy.model import (
    Action,
    Authority,
    ImagePolicyDocument,
    Key,
    Keyless,
    SignatureFormat,
    Static,
)

DEPRECATED_TYPES: Final = ("custom", "slsaprovenance", "spdx", "spdxjson", "cyclonedx", "link", "vuln")
"""Short names of predicate types that the policy controller warns of."""

_STRANGER: Final = "https://stranger.invalid/\u2603"
"""What no pattern about a signer is meant to accept."""


def lint_policies(policies: Iterable[ImagePolicyDocument]) -> tuple[Problem, ...]:
    """Return what is wrong with policies, in the order of their lines."""
    found, first = list[Problem](), dict[str, Place]()
    for policy in policies:
        other = first.setdefault(policy.name, policy.place)
        if other is not policy.place:
            found.append(_fail(_below(policy.place, "metadata.name"), f"{policy.name} is a policy of {other.file} too"))
        found += _lint_policy(policy)
    return tuple(found)


def _lint_policy(policy: ImagePolicyDocument) -> Iterator[Problem]:
    globs = [pattern.glob for pattern in policy.images]
    for pattern in policy.images:
        for why in lint_glob(pattern.glob, globs):
            yield _warn(pattern.place, f"{pattern.glob} {why}")
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
            yield _fail(match.place, f'is about no workload without {" and ".join(missing)}: version may be "*"')


def _lint_statics(policy: ImagePolicyDocument) -> Iterator[Problem]:
    """Look at answers that are always the same, beside authorities that look at signatures, or in their place."""
    if not policy.authorities:
        yield _fail(_below(policy.place, "spec.authorities"), "no authority, so that no image passes")
    others = len(policy.authorities) > 1
    for authority in policy.authorities:
        if not isinstance(authority.signer, Static) or not others:
            continue
        if authority.signer.action is Action.PASS:
            yield _fail(authority.place, "passes every image, so that the other authorities never count")
        else:
            yield _warn(authority.place, "never passes, and the other authorities count without it: it does nothing")


def _lint_repeated(policy: ImagePolicyDocument) -> Iterator[Problem]:
    names: dict[str, str] = {}
    signers: dict[object, str] = {}
    for authority in policy.authorities:
        first = names.setdefault(authority.name, authority.place.key)
        if first != authority.place.key:
            yield _warn(authority.place, f"has the name of {first}: conditions see one of them only")
        demanded = (authority.signer, authority.source, authority.ctlog, authority.attestations)
        first = signers.setdefault(repr(demanded), authority.place.key)
        if first != authority.place.key:
            yield _warn(authority.place, f"demands what {first} demands")


def _lint_authority(authority: Authority) -> Iterator[Problem]:
    if isinstance(authority.signer, Keyless):
        yield from _lint_keyless(authority, authority.signer)
    if isinstance(authority.signer, Key) and authority.signature_format is SignatureFormat.BUNDLE:
        yield _warn(authority.place, "the policy controller takes bundles of certificates only, and refuses this key")
    if authority.ctlog is not None and authority.rfc3161timestamp is not None:
        yield _warn(authority.ctlog.place, "is not looked at: rfc3161timestamp stands in for it")
    for attestation in authority.attestations:
        if attestation.predicate_type in DEPRECATED_TYPES:
            why = f"{attestation.predicate_type} is short for a type; the policy controller wants its URI"
            yield _warn(_below(attestation.place, "predicateType"), why)


def _lint_keyless(authority: Authority, signer: Keyless) -> Iterator[Problem]:
    if signer.ca_cert is not None:
        yield _fail(signer.ca_cert.place, "the policy controller never reads it, and no signature passes without url")
    if signer.insecure_ignore_sct:
        why = "certificates count that no certificate transparency log has seen"
        yield _warn(_below(signer.place, "insecureIgnoreSCT"), why)
    if authority.signature_format is SignatureFormat.BUNDLE:
        yield from _lint_trust_roots(authority, signer)
    for identity in signer.identities:
        yield from _lint_rule(identity.issuer_place, identity.issuer)
        yield from _lint_rule(identity.subject_place, identity.subject)


def _lint_trust_roots(authority: Authority, signer: Keyless) -> Iterator[Problem]:
    for other in (authority.ctlog, authority.rfc3161timestamp):
        if other is not None and other.trust_root_ref != signer.trust_root_ref:
            yield _fail(other.place, "has another trustRootRef than keyless, so that no bundle passes")


def _lint_rule(place: Place, rule: Exactly | Containing) -> Iterator[Problem]:
    if isinstance(rule, Exactly):
        if "*" in rule.wanted:
            yield _fail(place, f"{rule} is compared character by character, * too: patterns are RegExp fields")
    elif rule.accepts(_STRANGER):
        yield _warn(place, f"{rule} accepts everybody")
    elif not rule.is_anchored:
        yield _warn(place, f"{rule} is found anywhere, in a stranger's name too: let it begin with ^ and end with $")


def _below(place: Place, name: str) -> Place:
    return Place(place.file, place.line, f"{place.key}.{name}".lstrip("."))


def _fail(place: Place, why: str) -> Problem:
    return Problem(Severity.ERROR, _write(place), why)


def _warn(place: Place, why: str) -> Problem:
    return Problem(Severity.WARNING, _write(place), why)


def _write(place: Place) -> str:
    return f"{place.file}:{place.line}: {place.key}"
