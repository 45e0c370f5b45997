"""Whose an older attestation is: before a new one takes its place, it has to be by the same key or identity.

What others attested stays: nobody can replace what somebody else says. What cannot be read is not known to be the
signer's own. Nobody is believed about certificates here: whoever put a false one there loses no more than that.
"""

from collections.abc import Callable

from cosignpy.core.bundle.model import Bundle, CertificateMaterial
from cosignpy.core.dsse import Envelope
from cosignpy.core.keys.public import PublicKey
from cosignpy.core.keys.signatures import verify_signature
from cosignpy.core.policy.predicate import PredicateTypeIs
from cosignpy.errors import CosignError, DeadlineExceeded, RemoteError
from cosignpy.operations.complete_bundle import SigningKey


def is_own(read: Callable[[], Bundle], predicate_type: str, key: SigningKey) -> bool:
    """Tell whether what can be read there is a statement of this type that this signer signed.

    Raises:
        RemoteError: The registry failed, which says nothing about what it has.
    """
    try:
        bundle = read()
        signer = _select_key(bundle, key)
        if signer is None or not isinstance(bundle.content, Envelope) or len(bundle.content.signatures) != 1:
            return False
        verify_signature(signer, bundle.content.signatures[0].signature, bundle.content.pae)
        return PredicateTypeIs(predicate_type).accepts(bundle.content.statement.predicate_type)
    except (RemoteError, DeadlineExceeded):
        raise
    except CosignError:
        return False


def _select_key(bundle: Bundle, key: SigningKey) -> PublicKey | None:
    """Return the key that has to have signed; None where it is said to be another signer's."""
    if key.certificate is None:
        return None if isinstance(bundle.material, CertificateMaterial) else key.signer.public_key
    if not isinstance(bundle.material, CertificateMaterial):
        return None
    from cosignpy.core.verify.certificate import parse_leaf, read_identity

    own, other = (parse_leaf(material) for material in (CertificateMaterial((key.certificate,)), bundle.material))
    identities = [read_identity(leaf.certificate) for leaf in (own, other)]
    same = identities[0].names == identities[1].names and identities[0].issuer == identities[1].issuer
    return other.key if same else None
