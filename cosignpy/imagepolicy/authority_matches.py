"""The document that the condition of a whole policy is about: what each authority that passed was shown.

Its members are those of the policy controller (`PolicyResult`): what is not there is not in it.
"""

from collections.abc import Mapping, Sequence
from hashlib import sha256
from typing import Final

from cosignpy.core.digest import Digest
from cosignpy.core.encoding import JsonValue, PemBlock, encode_json
from cosignpy.core.policy.identity import CertificateIdentity
from cosignpy.core.verify.evidence import VerifiedImage, VerifiedSignature
from cosignpy.core.x509.fulcio_names import NUMBERS
from cosignpy.imagepolicy.attestations import VerifiedAttestations
from cosignpy.imagepolicy.conditions.beside import describe_signature
from cosignpy.imagepolicy.model import PolicyText
from cosignpy.imagepolicy.workloads import Workload
from cosignpy.values import field, value

_GITHUB: Final[Mapping[str, int]] = {
    "githubWorkflowTrigger": NUMBERS["github-workflow-trigger"],
    "githubWorkflowSha": NUMBERS["github-workflow-sha"],
    "githubWorkflowName": NUMBERS["github-workflow-name"],
    "githubWorkflowRepo": NUMBERS["github-workflow-repository"],
    "githubWorkflowRef": NUMBERS["github-workflow-ref"],
}
"""What a certificate of GitHub Actions says, by the last number of Fulcio's extension."""


@value
class Passed:
    """An authority that passed: what it was shown; nothing where it passes whatever is shown."""

    authority: str
    evidence: object = None


@value
class Surroundings:
    """What a condition may be about besides: the configurations of the image, by platform, and what runs it."""

    configs: Mapping[str, JsonValue] = field(default_factory=dict)
    workload: Workload | None = None


def encode_matches(text: PolicyText, passed: Sequence[Passed], around: Surroundings) -> bytes:
    """Return the document; of two authorities with one name the last counts."""
    members: dict[str, JsonValue] = {
        "authorityMatches": {each.authority: _match_to_json(each.evidence) for each in passed} or None,
        "config": (dict(around.configs) or None) if text.fetch_config_file else None,
        **_workload_to_json(text, around.workload),
    }
    return encode_json({name: content for name, content in members.items() if content is not None})


def _workload_to_json(text: PolicyText, workload: Workload | None) -> dict[str, JsonValue]:
    """Return what is asked of a workload, empty or not; None stands for what there is not."""
    if workload is None:
        return {}
    document = workload.document
    types: JsonValue = {name: document[name] for name in ("kind", "apiVersion") if name in document}
    return {
        "spec": document.get("spec") if text.include_spec else None,
        "metadata": document.get("metadata") if text.include_object_meta else None,
        "typemeta": types if text.include_type_meta else None,
    }


def encode_evidence(passed: Sequence[Passed]) -> bytes:
    """Return what was shown to each authority, by the names that the document has."""
    return encode_json({"authorityMatches": {each.authority: _evidence_to_json(each.evidence) for each in passed}})


def _evidence_to_json(evidence: object) -> dict[str, JsonValue]:
    if isinstance(evidence, VerifiedAttestations):
        found = evidence.found.items()
        return {"attestations": {name: [describe_signature(each) for each in several] for name, several in found}}
    if isinstance(evidence, VerifiedImage):
        return {"signatures": [describe_signature(each) for each in evidence.signatures]}
    return {"static": True}


def _match_to_json(evidence: object) -> dict[str, JsonValue]:
    if isinstance(evidence, VerifiedAttestations):
        return {
            "attestations": {
                name: [_attestation_to_json(each, evidence.types[name]) for each in several]
                for name, several in evidence.found.items()
            }
        }
    if isinstance(evidence, VerifiedImage):
        return {"signatures": [_signature_to_json(each) for each in evidence.signatures]}
    return {"static": True}


def _attestation_to_json(found: VerifiedSignature, predicate_type: str) -> dict[str, JsonValue]:
    digest = str(Digest.of(found.encoded_envelope))
    return {**_signature_to_json(found), "predicateType": predicate_type, "digest": digest}


def _signature_to_json(found: VerifiedSignature) -> dict[str, JsonValue]:
    certificate = found.proof.certificate if found.proof is not None else None
    if certificate is None:
        return {"id": sha256(found.signature).hexdigest()}
    pem = PemBlock("CERTIFICATE", certificate.der).encode()
    identity = _identity_to_json(certificate.identity)
    return {"id": sha256(found.signature + pem).hexdigest(), **identity}


def _identity_to_json(identity: CertificateIdentity) -> dict[str, JsonValue]:
    members = {"subject": identity.names[0] if identity.names else "", "issuer": identity.issuer}
    members |= {name: identity.extensions.get(number, "") for name, number in _GITHUB.items()}
    return {name: text for name, text in members.items() if text}
