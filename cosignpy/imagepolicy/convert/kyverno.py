"""Kyverno's ClusterPolicy and Policy, whose rules have `verifyImages`."""

from collections.abc import Iterator
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from cosignpy.documents import Node
from cosignpy.errors import MalformedError
from cosignpy.imagepolicy.convert.drafts import Draft
from cosignpy.imagepolicy.convert.findings import Findings, constant, is_on, read
from cosignpy.imagepolicy.convert.kyverno_attestors import Wanted, convert_set
from cosignpy.imagepolicy.convert.kyverno_conditions import convert_conditions
from cosignpy.imagepolicy.convert.kyverno_matches import convert_match, report_exclude, report_preconditions
from cosignpy.imagepolicy.convert.patterns import convert_pattern
from cosignpy.imagepolicy.convert.rego import module
from cosignpy.imagepolicy.fields import Fields, read_text
from cosignpy.imagepolicy.model import Mode
from cosignpy.imagepolicy.spec import MAX_IMAGES
from cosignpy.values import replace, value

if TYPE_CHECKING:
    from cosignpy.imagepolicy.convert.writing import Content

MAX_RULES: Final = 100
"""Of a policy, and of images in one."""

_SPEC: Final = (
    "rules",
    "validationFailureAction",
    "background",
    "admission",
    "emitWarning",
    "schemaValidation",
    "webhookTimeoutSeconds",
    "failurePolicy",
    "webhookConfiguration",
    "mutateExistingOnPolicyUpdate",
    "generateExisting",
    "generateExistingOnPolicyUpdate",
    "useServerSideApply",
)
_SPEC_UNSAYABLE: Final = {
    "validationFailureActionOverrides": "label namespaces with what the webhook does there, and leave it out",
    "applyRules": "all policies about an image have to pass: leave it out, which is stricter",
}
_OTHER_RULE: Final = "it is not about images: move it into a policy of its own, which stays with Kyverno"
_RULE: Final = (
    "name",
    "match",
    "exclude",
    "verifyImages",
    "preconditions",
    "context",
    "skipBackgroundRequests",
    "reportProperties",
)
_RULE_UNSAYABLE: Final = {
    "celPreconditions": "leave it out, which is stricter",
    "imageExtractors": "name the objects in the webhook's `pod-specs`, and leave it out",
    "validate": _OTHER_RULE,
    "mutate": _OTHER_RULE,
    "generate": _OTHER_RULE,
}
_IMAGES: Final = (
    "type",
    "imageReferences",
    "failureAction",
    "attestors",
    "attestations",
    "repository",
    "cosignOCI11",
    "mutateDigest",
    "verifyDigest",
    "required",
    "imageRegistryCredentials",
    "useCache",
)
_OLD: Final = "it is of an old version: write `attestors`"
_IMAGES_UNSAYABLE: Final = {
    "skipImageReferences": "no policy of ours leaves out images that its globs describe: write narrower ones",
    "annotations": "no policy of ours demands annotations of signatures: sign an attestation with them",
    "validate": "write `policy` over authorityMatches",
    **dict.fromkeys(("image", "key", "roots", "subject", "issuer", "additionalExtensions"), _OLD),
}
_NOTARY: Final = "signatures of Notary are not read: sign with cosignpy"


class Format(StrEnum):
    """How signatures are stored, as Kyverno calls it."""

    COSIGN = "Cosign"
    BUNDLE = "SigstoreBundle"
    NOTARY = "Notary"


@value
class _Scope:
    """What all that a rule says is for."""

    name: str
    mode: Mode
    namespaces: tuple[str, ...]


def convert_policy(name: str, namespace: str, node: Node, findings: Findings) -> Iterator[Draft]:
    """Yield the policies for the spec of one of Kyverno's; the namespace of a ClusterPolicy is empty.

    Raises:
        DocumentError: It cannot be said.
    """
    fields = read(node, _SPEC, _SPEC_UNSAYABLE)
    mode = _read_mode(fields, "validationFailureAction", Mode.WARN)
    fields.child("webhookConfiguration", _read_webhook)
    rules = fields.items("rules", lambda each: each, MAX_RULES)
    if not rules:
        raise fields.error("rules", "has none")
    for rule in rules:
        with findings.collected():
            yield from _convert_rule(rule, _Scope(name, mode, (namespace,) if namespace else ()), findings)


def _read_webhook(node: Node) -> Fields:
    hint = "set it with webhook.matchConditions of the chart, and leave it out"
    return read(node, ("timeoutSeconds", "failurePolicy"), {"matchConditions": hint})


def _read_mode(fields: Fields, name: str, default: Mode) -> Mode:
    return fields.parsed(name, _parse_mode) if name in fields else default


def _parse_mode(text: str) -> Mode:
    found = {"enforce": Mode.ENFORCE, "audit": Mode.WARN}.get(text.lower())
    if found is None:
        raise MalformedError("action", f"{text!r} is neither Enforce nor Audit")
    return found


def _convert_rule(node: Node, scope: _Scope, findings: Findings) -> Iterator[Draft]:
    fields = read(node, _RULE, _RULE_UNSAYABLE)
    namespaces = fields.child("match", convert_match)
    if namespaces is None:
        raise fields.error("match", "missing")
    if scope.namespaces and namespaces and set(namespaces) != set(scope.namespaces):
        raise fields.error("match", "names other namespaces than its own")
    report_exclude(fields, findings)
    fields.child("preconditions", report_preconditions)
    named = replace(scope, name=f"{scope.name}-{fields.required('name')}", namespaces=namespaces or scope.namespaces)
    images = fields.items("verifyImages", lambda each: each, MAX_RULES)
    if not images:
        raise fields.error("verifyImages", "missing", _OTHER_RULE)
    for each in images:
        with findings.collected():
            yield from _convert_images(each, named, findings)


def _convert_images(node: Node, scope: _Scope, findings: Findings) -> Iterator[Draft]:
    fields = read(node, _IMAGES, _IMAGES_UNSAYABLE)
    form = fields.choice("type", Format, Format.COSIGN)
    if form is Format.NOTARY:
        raise fields.error("type", "cannot be converted", _NOTARY)
    globs = read_globs(fields, "imageReferences")
    _report_settings(fields, findings)
    if form is Format.BUNDLE:
        why = "signatures of images in bundles count for identities where the webhook's `verdicts` is `cosignpy`"
        findings.warn(fields.place_of("type"), why)
    wanted = Wanted(_read_repository(fields), form is Format.BUNDLE)
    sets = [
        *[(each, wanted) for each in fields.items("attestors", lambda each: each, MAX_RULES)],
        *[
            pair
            for some in fields.items("attestations", lambda each: _read_attestation(each, wanted), MAX_RULES)
            for pair in some
        ],
    ]
    if not sets:
        raise fields.error("attestors", "missing", "say who has to have signed")
    mode = _read_mode(fields, "failureAction", scope.mode)
    for each, what in sets:
        for signers in convert_set(each, what, findings).spread():
            for namespace in scope.namespaces or ("",):
                yield Draft(each.place, scope.name, globs, signers, mode, namespace)


def read_globs(fields: Fields, name: str) -> tuple[str, ...]:
    """Return the globs for patterns of images.

    Raises:
        DocumentError: There are none, or one cannot be said.
    """
    patterns = fields.items(name, lambda each: (read_text(constant(each)), each.place), MAX_IMAGES)
    if not patterns:
        raise fields.error(name, "names no images")
    return tuple(dict.fromkeys(glob for text, place in patterns for glob in convert_pattern(text, place)))


def _read_repository(fields: Fields) -> str:
    return read_text(constant(fields.members["repository"])) if "repository" in fields else ""


def _read_attestation(node: Node, wanted: Wanted) -> list[tuple[Node, Wanted]]:
    """Return who has to have signed an attestation, each set with what is looked for."""
    old = {"predicateType": "it is of an old version: write `type`"}
    fields = read(node, ("name", "type", "attestors", "conditions"), old)
    sets = fields.items("attestors", lambda each: each, MAX_RULES)
    if not sets:
        raise fields.error("attestors", "missing", "whoever may push could attest it: say who has to have signed")
    some = fields.items("conditions", convert_conditions, MAX_RULES)
    conditions = [each for group in some for each in group]
    kind = fields.required("type")
    made: dict[str, Content] = {"name": fields.text("name") or "attestation", "predicateType": kind}
    if conditions:
        made["policy"] = {"type": "rego", "data": module(conditions)}
    what = replace(wanted, attestations=(made,))
    return [(each, what) for each in sets]


def _report_settings(fields: Fields, findings: Findings) -> None:
    """Say of what is set for one policy there, and for all here, where that is."""
    for name, why in (
        ("mutateDigest", "whether tags become digests is `pin-digests` of the webhook's settings, for all policies"),
        ("verifyDigest", "the webhook decides over digests always"),
        ("required", "an image that nobody vouches for is refused, which is stricter"),
    ):
        if not is_on(fields, name):
            findings.warn(fields.place_of(name), why)
    if "imageRegistryCredentials" in fields:
        why = "is not carried over: pods' own pull secrets are used, and an image that cannot be read is refused"
        findings.warn(fields.place_of("imageRegistryCredentials"), why)
