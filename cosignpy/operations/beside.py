"""What verifiers are given beside signatures, and what they make of chains where the format has no place for them."""

from typing import TYPE_CHECKING

from cosignpy.core.bundle.versions import ChainRule
from cosignpy.values import field, value

if TYPE_CHECKING:
    from cosignpy.core.bundle.model import CertificateMaterial
    from cosignpy.core.ct.sct import Sct
    from cosignpy.core.trust.trusted_root import TrustedRoot
    from cosignpy.core.verify.bundle import Trust


@value
class Beside:
    """SCTs and the certificate of signatures that come without, and what becomes of chains in bundles of 0.3.

    `stamped_envelope` is an envelope of which timestamps may be over all octets, as cosign 2 had them made.
    """

    scts: "tuple[Sct, ...]" = ()
    certificate: "CertificateMaterial | None" = None
    chains: ChainRule = ChainRule.REFUSE
    stamped_envelope: bytes = field(default=b"", repr=False)

    def trust(self, root: "TrustedRoot") -> "Trust":
        """Return what a verification with a trusted root believes."""
        from cosignpy.core.verify.bundle import Trust  # not needed by who verifies by a key alone

        return Trust(root, self.scts, self.certificate, self.chains, self.stamped_envelope)
