"""Whether an exception was signed by those who may: policies about files say who, in the webhook's own namespace."""

from datetime import datetime
from typing import TYPE_CHECKING, Final

from cosignpy.core.verify.evidence import VerifiedImage
from cosignpy.errors import PolicyRefused
from cosignpy.imagepolicy.attestations import VerifiedAttestations
from cosignpy.imagepolicy.decision import ImageDecision
from cosignpy.imagepolicy.model import ImagePolicyDocument
from cosignpy.operations.artifacts import HeldContent
from cosignpy.operations.verify_file_by_policies import FileBundle, VerifyFileByPolicies, verify_file_by_policies
from cosignpy.webhook.break_glass.grant import FILE_NAME, Grant, SignedGrant, VerifiedGrant

if TYPE_CHECKING:
    from cosignpy.operations.ports import TrustSource

_BUNDLE: Final = "spec.bundle"


def verify_grant(
    signed: SignedGrant, policies: tuple[ImagePolicyDocument, ...], trust: "TrustSource", moment: datetime
) -> VerifiedGrant:
    """Verify an exception by the policies about files of its name; all of them have to pass, and there has to be one.

    A policy in warn mode is no help: what it would refuse is refused.

    Raises:
        PolicyRefused: No policy is about it, or one refuses it.
        CosignError: The document or a policy is not as it should be.
    """
    about = tuple([each for each in policies if each.covers_file(FILE_NAME)])
    if not about:
        hint = f"write an ImagePolicy with spec.files[].glob {FILE_NAME} in the webhook's own namespace"
        raise PolicyRefused("", "no policy says who may sign exceptions", hint)
    bundles = (FileBundle(_BUNDLE, signed.bundle),)
    request = VerifyFileByPolicies(FILE_NAME, FILE_NAME, bundles, about, moment)
    decision = verify_file_by_policies(request, HeldContent(signed.document), trust).decision
    for error in (*decision.errors, *decision.warnings):
        raise error
    return VerifiedGrant(Grant.parse(signed.document), tuple(_signers(decision)))


def _signers(decision: ImageDecision) -> list[str]:
    """Name who vouched for the exception: those that certificates name, else the authorities."""
    found = dict[str, None]()
    for verdict in decision.policies:
        for each in verdict.passing:
            if isinstance(each.evidence, VerifiedImage | VerifiedAttestations):
                for signature in each.evidence.signatures:
                    named = signature.signer if isinstance(signature.signer, str) else each.authority.name
                    found[named] = None
    return list(found)
