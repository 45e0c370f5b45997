"""Legacy attestations: envelope, certificate, promise and timestamp become a bundle of 0.1, and are judged as one."""

from typing import TYPE_CHECKING

from cosignpy.core.bundle.legacy_attestation import LegacyAttestation
from cosignpy.core.bundle.parts import SignatureParts, assemble_bundle
from cosignpy.core.digest import Digest
from cosignpy.core.dsse import Envelope
from cosignpy.core.encoding import JsonObject
from cosignpy.core.policy.image import ImagePolicy
from cosignpy.core.verify.evidence import SignatureFormat, VerifiedSignature
from cosignpy.core.verify.signature import verify_bundle
from cosignpy.values import replace

if TYPE_CHECKING:
    from cosignpy.core.verify.bundle import Trust


def verify_legacy_attestation(
    found: LegacyAttestation, image: Digest, policy: ImagePolicy, trust: "Trust | None" = None
) -> VerifiedSignature:
    """Show that a legacy attestation is about this image and accepted by the policy.

    A certificate counts for no policy about keys: nobody signed the annotation that holds it. Timestamps may be over
    the whole envelope, as cosign 2 had them made.

    Raises:
        MalformedError: It is not an envelope with one signed in-toto statement, or an annotation cannot be read.
        TransparencyRequired: The policy demands more than a key, and there is no trusted root.
        SignatureMismatch: Not made by any of the policy's keys.
        ClaimMismatch: It says something else.
        VerificationError: Certificate, log or timestamp do not show what the policy demands.
    """
    envelope = Envelope.parse(JsonObject.parse(found.envelope, what="envelope"))
    bundle = assemble_bundle(envelope, _select_parts(found, policy))
    believed = None if trust is None else replace(trust, stamped_envelope=found.envelope)
    verified = verify_bundle(bundle, image, policy, found.location, believed)
    claim = replace(verified.claim, format=SignatureFormat.LEGACY)
    return replace(verified, claim=claim, stored_envelope=found.envelope)


def _select_parts(found: LegacyAttestation, policy: ImagePolicy) -> SignatureParts:
    """Read what counts for the policy; of a key alone nothing does."""
    if policy.asks_a_key_alone:
        return SignatureParts()
    parts = SignatureParts.of_annotations(found.annotations)
    return replace(parts, certificate=b"", chain=b"") if policy.identities is None else parts
