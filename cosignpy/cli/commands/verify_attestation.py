"""`cosignpy verify-attestation`."""

from typing import Annotated

import typer

from cosignpy.cli.condition_flags import ConditionFlags, Conditions
from cosignpy.cli.deny_flags import DenyFlags
from cosignpy.cli.flags import AttestedOutputFlag, ImagesArgument, RegistryFlags
from cosignpy.cli.identity_flags import IdentityFlags
from cosignpy.cli.image_verification import SelectionFlags, ThresholdFlag, Wanted, verify_images
from cosignpy.cli.invocation import Output
from cosignpy.cli.own_pki_flags import CertificateFlag, OwnPkiFlags
from cosignpy.cli.provenance_flags import ProvenanceFlags
from cosignpy.cli.render.verification import ImageResult, render_verification
from cosignpy.cli.signer_flags import SignerFlags
from cosignpy.cli.trust_source import Once
from cosignpy.cli.wanted_type import DEFAULT_TYPE, WantedTypeFlag
from cosignpy.core.policy.bundle import BundlePolicy
from cosignpy.core.policy.image import ImagePolicy
from cosignpy.errors import AttestationsRefused, CosignError, UsageError
from cosignpy.values import replace, value


@value
class AttestedFlags:
    """What has to be attested, and by how many of the keys or identities."""

    predicate_type: WantedTypeFlag = DEFAULT_TYPE
    threshold: ThresholdFlag = 1
    check_claims: Annotated[bool, typer.Option("--check-claims/--no-check-claims", hidden=True)] = True

    def policy(
        self, who: SignerFlags, identity: IdentityFlags, deny: DenyFlags, provenance: ProvenanceFlags
    ) -> ImagePolicy:
        """Build the policy.

        Raises:
            UsageError: No predicate type, nobody to verify against, a threshold that cannot be met, or
                `--check-claims=false`.
        """
        if not self.check_claims:
            raise UsageError("--check-claims=false would accept what is said of any other image", "leave the flag out")
        wanted = provenance.wanted(self.predicate_type)
        bundle = BundlePolicy(who.signer(identity), who.transparency, wanted, deny.read())
        return ImagePolicy.of_bundle(bundle, self.threshold)


def verify_attestation(
    images: ImagesArgument,
    who: SignerFlags,
    identity: IdentityFlags,
    deny: DenyFlags,
    what: AttestedFlags,
    provenance: ProvenanceFlags,
    conditions: ConditionFlags,
    which: SelectionFlags,
    registry: RegistryFlags,
    pki: OwnPkiFlags,
    certificate: CertificateFlag = "",
    output: AttestedOutputFlag = Output.TEXT,
) -> int:
    """Verify the attestations about container images.

    One of the type that is wanted has to be there, about this very image, by a signer whom the policy accepts. Bundles
    and cosign 2's attestations are both read. Each that counts has to satisfy every --policy. With --output cosign the
    envelopes that passed are printed, one in each line, and with --output predicate what they say, as it was given.
    """
    pki.check(who, certificate)
    policy, trust, beside = what.policy(who, identity, deny, provenance), Once(pki.trust(who)), pki.beside(certificate)
    conditions.begin()
    results = verify_images(images, Wanted(policy, trust, which, beside), registry)
    judges = conditions.read()
    return render_verification([_judge(result, judges) for result in results], policy, judges.to_json())


def _judge(result: ImageResult, judges: Conditions) -> ImageResult:
    """Refuse an image of which something is attested that does not satisfy the conditions."""
    if isinstance(result.outcome, CosignError):
        return result
    from cosignpy.imagepolicy.conditions.beside import describe_signature
    from cosignpy.operations.judge_attestations import Attestation

    found = [
        Attestation(each.location, each.claim.payload, describe_signature(each)) for each in result.outcome.signatures
    ]
    try:
        judges.judge(result.name, found)
    except AttestationsRefused as error:
        return replace(result, outcome=error)
    return result
