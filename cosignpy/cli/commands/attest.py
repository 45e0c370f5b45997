"""`cosignpy attest`."""

from cosignpy.cli import wiring_keys
from cosignpy.cli.artifacts import name_artifact
from cosignpy.cli.attesting import AttestationFlags, Work
from cosignpy.cli.flags import DataOutputFlag, ImagesArgument, RegistryFlags
from cosignpy.cli.invocation import Output
from cosignpy.cli.oidc_flags import OidcFlags
from cosignpy.cli.own_certificate import OwnCertificateFlags
from cosignpy.cli.predicate_flags import PredicateFlags
from cosignpy.cli.render.attesting import render_attesting, save_attestation
from cosignpy.cli.service_flags import ServiceFlags
from cosignpy.cli.wiring_signing import open_signing
from cosignpy.core.verify.evidence import SignatureFormat
from cosignpy.operations.parallel import run_parallel


def attest(
    images: ImagesArgument,
    what: PredicateFlags,
    how: AttestationFlags,
    who: OidcFlags,
    services: ServiceFlags,
    registry: RegistryFlags,
    own: OwnCertificateFlags,
    output: DataOutputFlag = Output.TEXT,
) -> int:
    """Attest something about container images.

    The predicate goes into the statement as it is, to the last digit, and the signed statement beside the image, as a
    Sigstore bundle that refers to it. Without --key you sign as yourself, or as the CI job that runs this; what is
    signed is recorded and verified as by `sign`. One sign-in and one certificate serve for all images.
    """
    how.check(images)
    own.check(how.key)
    said = what.read()
    files = tuple([outcome.unwrap() for outcome in run_parallel(name_artifact, how.with_file)])
    signing = own.certify(open_signing(how.key, services, who, yes=how.yes))
    if SignatureFormat.LEGACY in how.formats:
        signing.services.for_legacy()  # refuses before anybody is asked to sign in
    results = Work(said, how, registry, signing, wiring_keys.signing_time(), files).attest_all(images)
    if how.bundle:
        save_attestation(how.bundle, results[0])
    return render_attesting(results, said.type)
