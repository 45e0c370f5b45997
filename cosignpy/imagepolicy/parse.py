"""ClusterImagePolicy documents, read strictly: an unknown field is refused with its path, and so is a wrong one.

What Kubernetes adds to a document that it gives out (`status`, and what is in `metadata`) is known and has no meaning
here. The rules are those of the policy controller's own webhook.
"""

import re
from typing import Final

from cosignpy.documents import MAX_DOCUMENTS, DocumentError, Node, parse_documents
from cosignpy.errors import MalformedError
from cosignpy.imagepolicy.authorities import MAX_AUTHORITIES, parse_authority
from cosignpy.imagepolicy.fields import Fields, read_text
from cosignpy.imagepolicy.globs import Glob
from cosignpy.imagepolicy.model import (
    ImagePattern,
    ImagePolicyDocument,
    Match,
    Mode,
    Operator,
    Requirement,
    Selector,
)
from cosignpy.imagepolicy.texts import parse_image_policy_text

VERSIONS: Final = ("policy.sigstore.dev/v1beta1", "policy.sigstore.dev/v1alpha1")
"""Both have the same fields."""
KIND: Final = "ClusterImagePolicy"

MAX_IMAGES: Final = 1000
"""Globs of a policy; more have something in common."""
MAX_MATCHES: Final = 100
"""Kinds of workload, of which the policy controller knows seven."""
MAX_LABELS: Final = 100
"""Labels and annotations, and values of a label."""

RESOURCES: Final = ("replicasets", "deployments", "pods", "cronjobs", "jobs", "statefulsets", "daemonsets")

_NAME: Final = re.compile(r"[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?")
_DOCUMENT: Final = ("apiVersion", "kind", "metadata", "spec", "status")
_METADATA: Final = (
    "name",
    "labels",
    "annotations",
    "creationTimestamp",
    "deletionGracePeriodSeconds",
    "deletionTimestamp",
    "finalizers",
    "generation",
    "managedFields",
    "ownerReferences",
    "resourceVersion",
    "selfLink",
    "uid",
)
_SPEC: Final = ("images", "authorities", "mode", "match", "policy")


def parse_policies(raw: bytes, file: str) -> tuple[ImagePolicyDocument, ...]:
    """Parse a file with one policy or several.

    Raises:
        DocumentError: It is not YAML as `cosignpy.documents` wants it, a document is no ClusterImagePolicy, a field
            is unknown or wrong, two policies have one name, or there is none.
    """
    nodes = parse_documents(raw, file)
    found: dict[str, ImagePolicyDocument] = {}
    for node in nodes:
        policy = parse_policy(node)
        if policy.name in found:
            first = found[policy.name].place.line
            raise policy.place.error(f"a policy {policy.name} stands on line {first} as well")
        found[policy.name] = policy
    if not found:
        raise DocumentError(f"{file}:1: no policy in it", f"a {KIND}, {MAX_DOCUMENTS} at the most", file, 1)
    return tuple(found.values())


def parse_policy(node: Node) -> ImagePolicyDocument:
    """Parse one policy.

    Raises:
        DocumentError: As `parse_policies`.
    """
    document = Fields.read(node, _DOCUMENT)
    _check_kind(document)
    name = _required_child(document, "metadata", _METADATA).parsed("name", _parse_name)
    spec = _required_child(document, "spec", _SPEC)
    images = spec.items("images", _parse_pattern, MAX_IMAGES)
    if not images:
        raise spec.error("images", "names no images", '`- glob: "**"` is about all of them')
    return ImagePolicyDocument(
        node.place,
        name,
        images,
        spec.items("authorities", parse_authority, MAX_AUTHORITIES),
        spec.choice("mode", Mode, Mode.ENFORCE),
        spec.items("match", _parse_match, MAX_MATCHES),
        spec.child("policy", parse_image_policy_text),
    )


def _check_kind(document: Fields) -> None:
    kind = document.required("kind")
    if kind != KIND:
        raise document.error("kind", f"{kind!r} is not read", f"allowed: {KIND}")
    version = document.required("apiVersion")
    if version not in VERSIONS:
        raise document.error("apiVersion", f"{version!r} is not known", f"allowed: {', '.join(VERSIONS)}")


def _required_child(document: Fields, name: str, known: tuple[str, ...]) -> Fields:
    found = document.child(name, lambda node: Fields.read(node, known))
    if found is None:
        raise document.error(name, "missing")
    return found


def _parse_name(text: str) -> str:
    if not _NAME.fullmatch(text):
        raise MalformedError("name", f"{text!r} is not a name: small letters, digits, dashes and dots, at most 253")
    return text


def _parse_pattern(node: Node) -> ImagePattern:
    fields = Fields.read(node, ("glob",))
    return ImagePattern(fields.place_of("glob"), fields.parsed("glob", Glob.parse))


def _parse_match(node: Node) -> Match:
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
