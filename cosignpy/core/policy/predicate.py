"""What a signed statement must be: a signature of cosign's, an attestation of one type, or whatever its signer says."""

from typing import TYPE_CHECKING

from cosignpy.core.intoto import COSIGN_SIGN_V1
from cosignpy.values import value

if TYPE_CHECKING:
    from cosignpy.core.policy.provenance import ProvenanceRule


@value
class PredicateTypeIs:
    """A statement of this predicate type must be signed.

    Where that is cosign's own, which says "signed" and no more, a signature over the artifact itself does as well.
    `aliases` are other names of the same type; `provenance` is what must be in it besides, where it is provenance.
    """

    wanted: str = COSIGN_SIGN_V1
    aliases: tuple[str, ...] = ()
    provenance: "ProvenanceRule | None" = None

    def accepts(self, found: str) -> bool:
        """Tell whether this is the type, by its own name or an older one."""
        return found == self.wanted or found in self.aliases


@value
class AnyPredicateUnsafe:
    """Any statement by the signer counts as a signature, an attestation that says "vulnerable" too."""

    reason: str
