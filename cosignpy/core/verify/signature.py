"""The steps for one signature, in the order of the client spec (sigstore architecture-docs, client-spec.md section 4).

Log and certificate steps come before the signature; claims are read only from bytes whose signature held.
"""

from typing import TYPE_CHECKING

from cosignpy.core.bundle.legacy import LegacySignature
from cosignpy.core.bundle.model import Bundle, CertificateMaterial, MessageSignature
from cosignpy.core.digest import Digest
from cosignpy.core.dsse import IN_TOTO_PAYLOAD, Envelope, is_in_toto
from cosignpy.core.keys.algorithms import Algorithm
from cosignpy.core.keys.public import PublicKey
from cosignpy.core.keys.signatures import verify_signature
from cosignpy.core.policy.image import ImagePolicy
from cosignpy.core.policy.transparency import SkipLogUnsafe
from cosignpy.core.verify.claims import verify_simple_signing_claims, verify_statement_claims
from cosignpy.core.verify.evidence import VerifiedSignature
from cosignpy.core.verify.log import LogFinding
from cosignpy.core.verify.steps import Step
from cosignpy.core.verify.trail import Trail
from cosignpy.errors import MalformedError, SignatureMismatch, TransparencyRequired
from cosignpy.values import replace

if TYPE_CHECKING:
    from cosignpy.core.verify.bundle import Trust


def verify_bundle(
    bundle: Bundle, image: Digest, policy: ImagePolicy, location: str, trust: "Trust | None" = None
) -> VerifiedSignature:
    """Show that a bundle is a signature of this image that the policy accepts.

    Raises:
        MalformedError: The bundle does not hold one signed in-toto statement.
        TransparencyRequired: The policy demands more than a key, and there is no trusted root.
        SignatureMismatch: Not made by any of the policy's keys.
        ClaimMismatch: It says something else.
        VerificationError: Certificate, log or timestamp do not show what the policy demands.
    """
    envelope = _select_envelope(bundle, keyless=policy.identities is not None)
    rule = policy.transparency
    if policy.identities is not None or policy.asks_when or not isinstance(rule, SkipLogUnsafe):
        believed = _require_trust(trust)
        # Half of what a verification by a key takes is imports, and it needs none of these.
        from cosignpy.core.verify.artifact import Artifact
        from cosignpy.core.verify.bundle import verify_bundle as verify_steps

        artifact = Artifact({image.algorithm: bytes.fromhex(image.hex)})
        found = verify_steps(bundle, artifact, believed, policy.bundle)
        with Trail.after(found) as trail:
            claim = trail.step(Step.ARTIFACT, verify_statement_claims, envelope, image, policy)
        return VerifiedSignature(
            location, image, found.key, found.algorithm, claim, found.log_waived, found, found.steps, envelope
        )
    with Trail.of_key_alone(rule.reason) as trail:
        trail.passed.add(Step.FORM)
        signature = envelope.signatures[0].signature
        key, algorithm = trail.step(Step.SIGNATURE, _verify_with_any, policy.keys, signature, envelope.pae)
        trail.step(Step.DENY_LIST, policy.deny.refuse_key, key)
        claim = trail.step(Step.ARTIFACT, verify_statement_claims, envelope, image, policy)
    waived = LogFinding(rule.reason)
    return VerifiedSignature(location, image, key, algorithm, claim, waived, steps=trail.steps(), envelope=envelope)


def verify_legacy(
    payload: bytes, legacy: LegacySignature, image: Digest, policy: ImagePolicy, trust: "Trust | None" = None
) -> VerifiedSignature:
    """Show that a legacy payload and signature are of this image and accepted by the policy.

    Where more than a key is asked for, signature, certificate, promise and timestamp become a bundle of version 0.1,
    and are judged as one. A certificate counts for no policy about keys: nobody signed the annotation that holds it.

    Raises:
        MalformedError: The payload is not a simple-signing payload, or an annotation cannot be read.
        TransparencyRequired: The policy demands more than a key, and there is no trusted root.
        SignatureMismatch: Not made by any of the policy's keys.
        ClaimMismatch: It says something else.
        VerificationError: Certificate, log or timestamp do not show what the policy demands.
    """
    rule, where = policy.transparency, legacy.location
    if policy.identities is None and not policy.asks_when and isinstance(rule, SkipLogUnsafe):
        with Trail.of_key_alone(rule.reason) as trail:
            trail.passed.add(Step.FORM)
            key, algorithm = trail.step(Step.SIGNATURE, _verify_with_any, policy.keys, legacy.signature, payload)
            trail.step(Step.DENY_LIST, policy.deny.refuse_key, key)
            claim = trail.step(Step.ARTIFACT, verify_simple_signing_claims, payload, image, policy)
        waived, steps = LogFinding(rule.reason), trail.steps()
        return VerifiedSignature(
            where, image, key, algorithm, claim, waived, steps=steps, bare_signature=legacy.signature
        )
    believed = _require_trust(trust)
    from cosignpy.core.bundle.parts import SignatureParts, assemble_bundle
    from cosignpy.core.verify.artifact import Artifact
    from cosignpy.core.verify.bundle import verify_bundle as verify_steps

    parts = SignatureParts.of_annotations(legacy.layer.annotations)
    if policy.identities is None:
        parts = replace(parts, certificate=b"", chain=b"")
    bundle = assemble_bundle(MessageSignature("", b"", legacy.signature), parts)
    found = verify_steps(bundle, Artifact.of(payload), believed, policy.bundle)
    with Trail.after(found) as trail:
        claim = trail.step(Step.ARTIFACT, verify_simple_signing_claims, payload, image, policy)
    verified = VerifiedSignature(where, image, found.key, found.algorithm, claim, found.log_waived, found, found.steps)
    return replace(verified, bare_signature=legacy.signature)


def _require_trust(trust: "Trust | None") -> "Trust":
    if trust is None:
        raise TransparencyRequired(
            "certificates and log entries are believed by a trusted root, and there is none",
            "give one, or verify by a key and pass --insecure-ignore-tlog",
        )
    return trust


def _select_envelope(bundle: Bundle, *, keyless: bool) -> Envelope:
    if isinstance(bundle.content, MessageSignature):
        raise MalformedError("image signature", "a signature over a file, not a signed statement about an image")
    if isinstance(bundle.material, CertificateMaterial) and not keyless:
        raise SignatureMismatch("made with a certificate, not with a key")
    if not is_in_toto(bundle.content.payload_type):
        raise MalformedError("envelope", f"payload type is {bundle.content.payload_type!r}, not {IN_TOTO_PAYLOAD!r}")
    if len(bundle.content.signatures) != 1:
        raise MalformedError("envelope", f"exactly one signature is needed, found {len(bundle.content.signatures)}")
    return bundle.content


def _verify_with_any(keys: tuple[PublicKey, ...], signature: bytes, message: bytes) -> tuple[PublicKey, Algorithm]:
    """Try each key; the hint in a bundle is not authenticated and decides nothing."""
    failures: list[SignatureMismatch] = []
    for key in keys:
        try:
            return key, verify_signature(key, signature, message)
        except SignatureMismatch as error:
            failures.append(error)
    why = failures[0].why if len(failures) == 1 else f"made by none of the {len(failures)} keys given"
    raise SignatureMismatch(why) from failures[-1]
