"""Kyverno's ImageValidatingPolicy, as far as its expressions say that signers vouch for all images of a pod."""

import re
from collections.abc import Iterator, Mapping
from typing import Final

from cosignpy.documents import Node
from cosignpy.imagepolicy.convert.drafts import REKOR, Draft, Signers
from cosignpy.imagepolicy.convert.findings import Findings, constant, is_on, read
from cosignpy.imagepolicy.convert.keys import IDENTITY, TRUST, identity_of, key_of, split_keys
from cosignpy.imagepolicy.convert.kyverno_matches import MAX_FILTERS
from cosignpy.imagepolicy.convert.patterns import convert_pattern
from cosignpy.imagepolicy.convert.writing import Content
from cosignpy.imagepolicy.fields import Fields, read_text
from cosignpy.imagepolicy.model import Mode
from cosignpy.imagepolicy.spec import MAX_IMAGES
from cosignpy.values import value

_SPEC: Final = (
    "validationActions",
    "matchConstraints",
    "matchImageReferences",
    "validationConfigurations",
    "credentials",
    "attestors",
    "attestations",
    "validations",
    "failurePolicy",
    "webhookConfiguration",
    "evaluation",
    "autogen",
)
_NARROW: Final = "no policy of ours is about some objects only: leave it out, which is stricter"
_SPEC_UNSAYABLE: Final = {
    "matchConditions": _NARROW,
    "variables": "write what they stand for",
    "images": "name the objects in the webhook's `pod-specs`, and leave it out",
    "auditAnnotations": "the webhook has annotations of its own: leave it out",
}
_DYNAMIC: Final = "only texts can be converted: write what the expression stands for"
_ACTIONS: Final = {"Deny": Mode.ENFORCE, "Warn": Mode.WARN, "Audit": Mode.WARN}
_LIST: Final = r"\[(?P<attestors>attestors\.\w+(?:,attestors\.\w+)*)\]"
_COUNTED: Final = r"\.all\((?P<item>\w+),(?P=item)(?P<test>>|>=|==)(?P<number>[0-9]{1,3})\)"
_SLOTS: Final = r"images\.(?:containers|initContainers|ephemeralContainers)"
_EXPRESSION: Final = re.compile(
    rf"{_SLOTS}\.map\((?P<image>\w+),(?:verifyImageSignatures\((?P=image),"
    rf"|verifyAttestationSignatures\((?P=image),attestations\.(?P<attestation>\w+),){_LIST}\)\){_COUNTED}"
)
"""`images.containers.map(image, verifyImageSignatures(image, [attestors.a])).all(e, e > 0)`, without blanks."""
_SHAPES: Final = (
    "allowed: images.containers.map(image, verifyImageSignatures(image, [attestors.NAME])).all(e, e > 0), "
    "and the same with verifyAttestationSignatures(image, attestations.NAME, [attestors.NAME])"
)


@value
class _Parts:
    """What expressions name."""

    attestors: Mapping[str, Mapping[str, Content]]
    attestations: Mapping[str, str]


def convert_validating(name: str, namespace: str, node: Node, findings: Findings) -> Iterator[Draft]:
    """Yield the policies for the spec of an ImageValidatingPolicy.

    Raises:
        DocumentError: It cannot be said.
    """
    fields = read(node, _SPEC, _SPEC_UNSAYABLE)
    mode = _read_mode(fields)
    _check_constraints(fields)
    globs = tuple(
        dict.fromkeys(glob for some in fields.items("matchImageReferences", _read_globs, MAX_IMAGES) for glob in some)
    )
    if not globs:
        raise fields.error("matchImageReferences", "names no images")
    _report_settings(fields, findings)
    attestors = dict(fields.items("attestors", lambda each: _read_attestor(each, findings), MAX_FILTERS))
    parts = _Parts(attestors, dict(fields.items("attestations", _read_attestation, MAX_FILTERS)))
    validations = fields.items("validations", lambda each: each, MAX_FILTERS)
    if not validations:
        raise fields.error("validations", "has none")
    for each in validations:
        with findings.collected():
            for signers in _convert_validation(each, parts).spread():
                yield Draft(each.place, name, globs, signers, mode, namespace)


def _read_mode(fields: Fields) -> Mode:
    actions = fields.items("validationActions", read_text, len(_ACTIONS))
    unknown = [each for each in actions if each not in _ACTIONS]
    if unknown:
        raise fields.error("validationActions", f"{unknown[0]} is unknown", f"allowed: {', '.join(_ACTIONS)}")
    return Mode.ENFORCE if "Deny" in actions or not actions else Mode.WARN


def _check_constraints(fields: Fields) -> None:
    """Check that pods are looked at, of which all others follow, and all of them."""
    constraints = fields.child(
        "matchConstraints",
        lambda each: read(
            each,
            ("resourceRules", "matchPolicy"),
            dict.fromkeys(("namespaceSelector", "objectSelector", "excludeResourceRules"), _NARROW),
        ),
    )
    if constraints is None:
        raise fields.error("matchConstraints", "missing")
    resources = [name for some in constraints.items("resourceRules", _read_resources, MAX_FILTERS) for name in some]
    if "pods" not in resources:
        raise constraints.error(
            "resourceRules", "leaves out pods", "whatever runs becomes Pods: add them, which is stricter"
        )


def _read_resources(node: Node) -> tuple[str, ...]:
    known = ("apiGroups", "apiVersions", "operations", "resources", "scope")
    return read(node, known, {"resourceNames": _NARROW}).items("resources", read_text, MAX_FILTERS)


def _read_globs(node: Node) -> tuple[str, ...]:
    fields = read(constant(node), ("glob",), {"expression": _DYNAMIC})
    return convert_pattern(fields.required("glob"), fields.place_of("glob"))


def _report_settings(fields: Fields, findings: Findings) -> None:
    settings = fields.child(
        "validationConfigurations", lambda each: read(each, ("mutateDigest", "verifyDigest", "required"))
    )
    if settings is not None and not is_on(settings, "mutateDigest"):
        why = "whether tags become digests is `pin-digests` of the webhook's settings, for all policies"
        findings.warn(settings.place_of("mutateDigest"), why)
    if "credentials" in fields:
        why = "is not carried over: pods' own pull secrets are used, and an image that cannot be read is refused"
        findings.warn(fields.place_of("credentials"), why)


def _read_attestor(node: Node, findings: Findings) -> tuple[str, Mapping[str, Content]]:
    """Return the name of an attestor, and its authority."""
    fields = read(
        constant(node), ("name", "cosign"), {"notary": "signatures of Notary are not read: sign with cosignpy"}
    )
    name = fields.required("name")
    cosign = fields.child("cosign", _read_cosign)
    if cosign is None:
        raise fields.error("cosign", "missing")
    made = _convert_key(cosign, findings) if cosign.only_one("key", "keyless") == "key" else _convert_keyless(cosign)
    authority: dict[str, Content] = {"name": name, **made}
    source = cosign.child(
        "source", lambda each: read(each, ("repository",), {"PullSecrets": _DYNAMIC, "tagPrefix": _DYNAMIC})
    )
    if source is not None:
        authority["source"] = [{"oci": source.required("repository")}]
    return name, authority


def _read_cosign(node: Node) -> Fields:
    unsayable = {
        "annotations": "no policy of ours demands annotations of signatures: sign an attestation with them",
        "certificate": "name the identities of its certificates, and who issues them in a TrustRoot",
        "tuf": "write a TrustRoot with `remote`, and name that in the authority's trustRootRef",
    }
    return read(node, ("key", "keyless", "ctlog", "source"), unsayable)


def _convert_key(cosign: Fields, findings: Findings) -> dict[str, Content]:
    fields = read(cosign.members["key"], ("data", "kms", "hashAlgorithm"), {"expression": _DYNAMIC})
    kind = fields.only_one("data", "kms")
    place = fields.place_of(kind)
    keys = split_keys(fields.required(kind), place)
    if len(keys) > 1:
        raise place.error("has several keys", "write an attestor for each")
    key = key_of(keys[0], place, findings)
    if "hashAlgorithm" in fields:
        key["hashAlgorithm"] = fields.required("hashAlgorithm")
    log = _read_log(cosign)
    if log is not None and log.flag("insecureIgnoreTlog"):
        return {"key": key}
    return {"key": key, "ctlog": {"url": (log.text("url") if log else "") or REKOR}}


def _convert_keyless(cosign: Fields) -> dict[str, Content]:
    fields = read(cosign.members["keyless"], ("identities",), {"roots": TRUST})
    identities = fields.items("identities", _read_identity, MAX_FILTERS)
    keyless: dict[str, Content] = {"identities": list(identities)}
    log = _read_log(cosign)
    if log is not None and log.flag("insecureIgnoreSCT"):
        keyless["insecureIgnoreSCT"] = True
    return {"keyless": keyless, "ctlog": {"url": (log.text("url") if log else "") or REKOR}}


def _read_identity(node: Node) -> Mapping[str, Content]:
    unsayable = dict.fromkeys(("issuerExpression", "subjectExpression"), _DYNAMIC)
    return identity_of(read(node, (*IDENTITY, *IDENTITY.values()), unsayable), IDENTITY)


def _read_log(cosign: Fields) -> Fields | None:
    unsayable = dict.fromkeys(("rekorPubKey", "ctLogPubKey", "tsaCertChain"), TRUST)
    return cosign.child("ctlog", lambda each: read(each, ("url", "insecureIgnoreTlog", "insecureIgnoreSCT"), unsayable))


def _read_attestation(node: Node) -> tuple[str, str]:
    other = {"referrer": "only attestations of in-toto are read"}
    fields = read(constant(node), ("name", "intoto"), other)
    intoto = fields.child("intoto", lambda each: read(each, ("type",)))
    if intoto is None:
        raise fields.error("intoto", "missing")
    return fields.required("name"), intoto.required("type")


def _convert_validation(node: Node, parts: _Parts) -> Signers:
    fields = read(node, ("expression", "message", "messageExpression", "reason"))
    match = _EXPRESSION.fullmatch(re.sub(r"\s+", "", fields.required("expression")))
    if match is None:
        raise fields.error("expression", "cannot be converted", _SHAPES)
    names = [each.removeprefix("attestors.") for each in match["attestors"].split(",")]
    missing = [each for each in names if each not in parts.attestors]
    if missing or len(set(names)) < len(names):
        raise fields.error("expression", f"attestors.{(missing or names)[0]} is not one attestor", "name each once")
    authorities = [parts.attestors[each] for each in names]
    if match["attestation"]:
        kind = parts.attestations.get(match["attestation"])
        if kind is None:
            raise fields.error("expression", f"attestations.{match['attestation']} is not there")
        wanted: Content = [{"name": match["attestation"], "predicateType": kind}]
        authorities = [{**each, "attestations": wanted} for each in authorities]
    number = int(match["number"]) + (match["test"] == ">")
    if not 0 < number <= len(names) or (match["test"] == "==" and number < len(names)):
        raise fields.error("expression", "cannot be converted: the number is none that signers can reach, or exceed")
    return Signers(tuple(authorities), number)
