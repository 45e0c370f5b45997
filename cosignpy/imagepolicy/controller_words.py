"""Why a policy does not let an image pass, in the words of the policy controller (`pkg/webhook/validator.go`).

Which of several authorities it names first depends on which was done first there; here it is the first of them.
"""

from collections.abc import Iterator, Mapping
from typing import Final

from cosignpy.core.keys.algorithms import Scheme
from cosignpy.errors import (
    ClaimMismatch,
    ConditionRefused,
    CosignError,
    NoMatchingSignatures,
    NoSignatures,
    PolicyRefused,
    SignatureMismatch,
)
from cosignpy.imagepolicy.decision import AuthorityVerdict, PolicyVerdict
from cosignpy.imagepolicy.languages import Language
from cosignpy.imagepolicy.model import Attestation, Authority, Key, PolicyText, Static
from cosignpy.places import DocumentError

_QUERY: Final = "isCompliant = data.sigstore.isCompliant"
_RULE: Final = "isCompliant "
"""What our own words about a rule begin with; others are those of the policy."""
_WARNING: Final = "warning: "


def describe_verdict(verdict: PolicyVerdict, image: str) -> Iterator[str]:
    """Yield why a policy does not let an image pass: what its authorities say, then its own condition.

    `image` is the full name, with its digest.
    """
    for each in verdict.authorities:
        if each.error is not None:
            yield _describe_authority(each, each.error, image)
    text = verdict.policy.policy
    if verdict.refusal is not None and text is not None:
        yield _describe_condition(verdict.refusal.error, text, "ClusterImagePolicy")


def _describe_authority(verdict: AuthorityVerdict, error: CosignError, image: str) -> str:
    authority, signer = verdict.authority, verdict.authority.signer
    if isinstance(signer, Static):
        return f"disallowed by static policy: {signer.message}"
    if isinstance(error, PolicyRefused) and not isinstance(error, ConditionRefused):
        return error.why
    for wanted in authority.attestations:
        said = _describe_attestation(error, wanted)
        if said:
            return said
    what = "attestation" if authority.attestations else "signature"
    kind = "key" if isinstance(signer, Key) else "keyless"
    why = _describe_failure(authority, error)
    return f"{what} {kind} validation failed for authority {authority.name} for {image}: {why}"


def _describe_attestation(error: CosignError, wanted: Attestation) -> str:
    """Say what is wrong with attestations that are proven; nothing where that is not what is wrong."""
    if isinstance(error, DocumentError) and wanted.policy is not None:
        return _describe_condition(error, wanted.policy, wanted.name)
    rejections = error.rejections if isinstance(error, NoMatchingSignatures) else ()
    refused = [each.error for each in rejections if isinstance(each.error, ConditionRefused)]
    if refused and wanted.policy is not None:
        return _describe_condition(refused[0], wanted.policy, wanted.name)
    types = [each.error.found for each in rejections if isinstance(each.error, ClaimMismatch) and _is_type(each.error)]
    if not types or len(types) < len(rejections):
        return ""
    found = ",".join(dict.fromkeys(types))
    return f'no matching attestations with type {wanted.predicate_type}, {_CHECKED}: "{found}"'


_CHECKED: Final = "checked the following predicateTypes"


def _is_type(error: ClaimMismatch) -> bool:
    return error.claim == "predicate type"


def _describe_failure(authority: Authority, error: CosignError) -> str:
    if isinstance(error, NoSignatures):
        return "no matching attestations: " if authority.attestations else "no signatures found"
    if isinstance(error, NoMatchingSignatures):
        reasons = "\n ".join(_describe_rejection(authority, each.error) for each in error.rejections)
        return f"no matching {'attestations' if authority.attestations else 'signatures'}: {reasons}"
    return str(error)


def _describe_rejection(authority: Authority, error: CosignError) -> str:
    """Say what is wrong with one signature, in the words of cosign's library where they are known."""
    if isinstance(error, ClaimMismatch) and error.claim == "image digest":
        about = f"invalid or missing digest in claim: {error.found}"
        return "no matching subject digest found" if authority.attestations else about
    if not isinstance(error, SignatureMismatch):
        return str(error)
    if not isinstance(authority.signer, Key):
        return "no certificate found on signature"
    if authority.attestations:
        return "accepted signatures do not match threshold, Found: 0, Expected 1"
    kind = authority.signer.data.algorithm.scheme if authority.signer.data is not None else None
    return _MISMATCHES.get(kind, _MISMATCHES[None])


_MISMATCHES: Final[Mapping[Scheme | None, str]] = {
    Scheme.ECDSA: "invalid signature when validating ASN.1 encoded signature",
    Scheme.RSA_PKCS1V15: "crypto/rsa: verification error",
    None: "failed to verify signature",
}


def _describe_condition(error: CosignError, text: PolicyText, name: str) -> str:
    why = error.why if isinstance(error, ConditionRefused) else str(error)
    if why.startswith(_WARNING):
        return why
    if text.type is Language.CUE:
        return f"failed evaluating cue policy for {name}: failed to evaluate the policy with error: {why}"
    said = f"failed evaluating rego policy for type {name}: "
    if not isinstance(error, ConditionRefused):
        return f"{said}1 error occurred: {why}"
    told = "" if why.startswith(_RULE) else f" with errors: {why}"
    return f"{said}policy is not compliant for query '{_QUERY}'{told}"
