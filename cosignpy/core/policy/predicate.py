"""What a signed statement must be: a signature of cosign's, an attestation of one type, or whatever its signer says."""

from cosignpy.core.intoto import COSIGN_SIGN_V1
from cosignpy.values import value


@value
class PredicateTypeIs:
    """A statement of this predicate type must be signed.

    Where that is cosign's own, which says "signed" and no more, a signature over the artifact itself does as well.
    """

    wanted: str = COSIGN_SIGN_V1


@value
class AnyPredicateUnsafe:
    """Any statement by the signer counts as a signature, an attestation that says "vulnerable" too."""

    reason: str
