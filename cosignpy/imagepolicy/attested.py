"""What shows that an authority vouches: enough signers, of the thing itself or of each attestation that is demanded."""

from collections.abc import Sequence

from cosignpy.core.policy.threshold import count_satisfied, distinct_rules
from cosignpy.core.verify.evidence import VerifiedImage, VerifiedSignature
from cosignpy.errors import NoMatchingSignatures
from cosignpy.imagepolicy.attestations import LoadCondition, VerifiedAttestations, match_attestations
from cosignpy.imagepolicy.model import Authority, Keyless


def match_wanted(
    authority: Authority, name: str, verified: VerifiedImage, load: LoadCondition
) -> VerifiedImage | VerifiedAttestations:
    """Return what was proven where signatures are wanted, else the attestations that are.

    That there are enough signers was shown of all that was proven; here it is of each attestation, for one that does
    not satisfy its condition counts for nobody.

    Raises:
        NoMatchingSignatures: An attestation is not there, or not by enough signers.
        ConditionRefused: A condition is none.
    """
    if not authority.attestations:
        return verified
    found = match_attestations(name, authority.attestations, verified, load)
    if isinstance(authority.signer, Keyless) and authority.signer.require > 1:
        _refuse_few_signers(authority.signer, name, found)
    return found


def _refuse_few_signers(signer: Keyless, name: str, found: VerifiedAttestations) -> None:
    for wanted, signatures in found.found.items():
        count = _count(signer, signatures)
        if count < signer.require:
            why = f"only {count} of the {signer.require} signers demanded attested {wanted}"
            raise NoMatchingSignatures(name, tuple(found.rejections), why)


def _count(signer: Keyless, signatures: Sequence[VerifiedSignature]) -> int:
    rules = distinct_rules([identity.rule for identity in signer.identities])
    certificates = [each.proof.certificate for each in signatures if each.proof is not None]
    return count_satisfied(rules, [each.identity for each in certificates if each is not None])
