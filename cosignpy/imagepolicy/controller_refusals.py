"""What the policy controller refuses of an authority before it looks at any signature, and after, of those that hold.

Each is asked for by a switch of `Conduct`; by ours nothing is refused here.
"""

from collections.abc import Iterator
from enum import StrEnum

from cosignpy.core.keys.algorithms import ED25519
from cosignpy.core.verify.evidence import SignatureFormat as Stored
from cosignpy.core.verify.evidence import VerifiedImage, VerifiedSignature
from cosignpy.errors import NoMatchingSignatures, PolicyRefused, Rejection, SignatureMismatch
from cosignpy.imagepolicy.completeness import trusting
from cosignpy.imagepolicy.model import Authority, Key, Keyless, SignatureFormat
from cosignpy.values import replace


class Forms(StrEnum):
    """How signatures may be stored that an authority takes."""

    EITHER = "either"
    LEGACY = "legacy"
    BUNDLE = "bundle"


def accepted_forms(authority: Authority) -> Forms:
    """Return how the signatures have to be stored that an authority takes."""
    conduct = authority.conduct
    if conduct.either_form or (isinstance(authority.signer, Key) and conduct.bundles_with_keys):
        return Forms.EITHER
    return Forms.BUNDLE if authority.signature_format is SignatureFormat.BUNDLE else Forms.LEGACY


def refuse_authority(authority: Authority, image: str) -> None:
    """Refuse an authority that nothing can satisfy.

    Raises:
        PolicyRefused: It is one; `why` is what the policy controller says.
    """
    for why in _reasons(authority, image):
        raise PolicyRefused("", why)


def _reasons(authority: Authority, image: str) -> Iterator[str]:
    conduct, signer, name = authority.conduct, authority.signer, authority.name
    making = "creating CheckOpts" if authority.attestations else f"constructing checkOpts for {name}"
    bundle = authority.signature_format is SignatureFormat.BUNDLE
    if not conduct.bundles_with_keys and bundle and isinstance(signer, Key):
        yield f"{making}: when using the new bundle format, the authority must be keyless"
    if not conduct.absent_refused:
        yield from (f"{making}: {why}" for why in _missing_trust(authority))
        if isinstance(signer, Key) and signer.data is None:
            why = f"there are no public keys for authority {name}"
            yield f"no matching attestations for authority {name} for {image}" if authority.attestations else why
    if not conduct.own_authorities and isinstance(signer, Keyless) and signer.ca_cert is not None:
        why = "no Keyless URL specified"
        yield f"no matching attestations for authority {name} for {image}" if authority.attestations else why
    if not conduct.either_form and bundle and isinstance(signer, Keyless) and not authority.attestations:
        why = "bundle support for image signatures is not yet implemented"
        yield f"signature keyless validation failed for authority {name} for {image}: {why}"


def _missing_trust(authority: Authority) -> Iterator[str]:
    """Say which trust roots are not there, or are not the one that a bundle is judged by."""
    for part in trusting(authority):
        if part.trust_root_ref and part.trust_root is None:
            yield f"trustRootRef {part.trust_root_ref} not found"
    signer = authority.signer
    if authority.signature_format is SignatureFormat.BUNDLE and isinstance(signer, Keyless):
        for other, what in ((authority.rfc3161timestamp, "TSA"), (authority.ctlog, "TLog")):
            if other is not None and other.trust_root_ref != signer.trust_root_ref:
                yield (
                    f"when using the new bundle format, the trustRootRef for the {what} must be the same as the "
                    "trustRootRef for the Keyless authority"
                )


def keep_named_hash(authority: Authority, found: VerifiedImage) -> VerifiedImage:
    """Return what was shown without the legacy signatures of another hash than a key is used with.

    Raises:
        NoMatchingSignatures: Nothing is left.
    """
    signer = authority.signer
    if authority.conduct.all_hashes or not isinstance(signer, Key):
        return found
    kept = tuple([each for each in found.signatures if _is_named(each, signer.hash_algorithm)])
    rejected = [
        Rejection(each.location, SignatureMismatch(f"made with {each.algorithm.name}"))
        for each in found.signatures
        if each not in kept
    ]
    if not kept:
        what = "attestations" if authority.attestations else "signatures"
        raise NoMatchingSignatures(str(found.digest), tuple(rejected), f"no matching {what}")
    return replace(found, signatures=kept, rejections=(*found.rejections, *rejected))


def _is_named(signature: VerifiedSignature, hash_algorithm: str) -> bool:
    algorithm = signature.algorithm
    is_legacy = signature.claim.format is Stored.LEGACY
    return not is_legacy or algorithm == ED25519 or (algorithm.hash == hash_algorithm and algorithm.key != ED25519.key)
