"""`cosignpy verify`."""

from cosignpy.cli.deny_flags import DenyFlags
from cosignpy.cli.flags import ImagesArgument, OutputFlag, RegistryFlags
from cosignpy.cli.identity_flags import IdentityFlags
from cosignpy.cli.image_verification import ClaimFlags, SelectionFlags, Wanted, verify_images
from cosignpy.cli.invocation import Output
from cosignpy.cli.own_pki_flags import CertificateFlag, OwnPkiFlags
from cosignpy.cli.render.verification import render_verification
from cosignpy.cli.signer_flags import SignerFlags
from cosignpy.cli.trust_source import Once


def verify(
    images: ImagesArgument,
    who: SignerFlags,
    identity: IdentityFlags,
    deny: DenyFlags,
    what: ClaimFlags,
    which: SelectionFlags,
    registry: RegistryFlags,
    pki: OwnPkiFlags,
    certificate: CertificateFlag = "",
    output: OutputFlag = Output.TEXT,
) -> int:
    """Verify the signatures of container images.

    Whoever signed has a key (--key), or a certificate that names them (--certificate-identity and
    --certificate-oidc-issuer). Bundles and legacy signatures are both read, and have to show the same. Without a
    transparency log (--insecure-ignore-tlog) a signature proves that the key signed this digest, not when, nor that
    anyone else could notice.
    """
    pki.check(who, certificate)
    policy, trust, beside = what.policy(who, identity, deny), Once(pki.trust(who)), pki.beside(certificate)
    return render_verification(verify_images(images, Wanted(policy, trust, which, beside), registry), policy)
