"""Verifying in one call: what is proved is returned, and everything else is raised."""

from collections.abc import Iterator
from contextlib import contextmanager

from cosignpy.api.artifacts import Blob, select_artifact
from cosignpy.api.trust import GivenTrust
from cosignpy.core.digest import Digest
from cosignpy.core.oci.reference import Reference
from cosignpy.core.policy.bundle import BundlePolicy
from cosignpy.core.policy.image import ImagePolicy
from cosignpy.core.trust.trusted_root import TrustedRoot
from cosignpy.core.verify.evidence import VerifiedImage
from cosignpy.core.verify.findings import VerifiedBundle
from cosignpy.operations import verify_bundle as bundles
from cosignpy.operations import verify_image as images
from cosignpy.registry.options import RegistryOptions
from cosignpy.registry.repository import RemoteRepository, open_repository


def verify_blob(blob: Blob, bundle: bytes, policy: BundlePolicy, trust: TrustedRoot | None = None) -> VerifiedBundle:
    """Show that a bundle is a signature of a file, or an attestation about it, that the policy accepts.

    Args:
        blob: The file, its content, or its digest.
        bundle: The content of the bundle's file (`FILE.sigstore.json`).
        policy: Whose signature it has to be, who must have seen it, and, of an attestation, its predicate type.
        trust: Whom to believe about certificates, logs and times; without it nobody is, and a key alone can verify.

    Returns:
        What was shown: by whose key, when, and where it can be seen.

    Raises:
        VerificationError: Something that the policy demands was not shown; the class says what, and `trail_of` how far
            the verification came.
        MalformedError: Not a bundle.
        FileError: The file cannot be read.
        LimitExceeded: The file is larger than what such a key signs whole.
    """
    request = bundles.VerifyBundle(bundle, policy)
    return bundles.verify_bundle(request, select_artifact(blob), GivenTrust(trust or TrustedRoot()))


def verify_image(
    image: str, policy: ImagePolicy, trust: TrustedRoot | None = None, options: RegistryOptions | None = None
) -> VerifiedImage:
    """Show that enough of the policy's signers signed an image on a registry.

    Args:
        image: `registry/name@sha256:...`, or a tag, which is resolved once: pull the digest in the answer, not the tag.
        policy: Whose signatures count, how many signers there must be, and what they must say.
        trust: Whom to believe about certificates, logs and times; without it nobody is, and keys alone can verify.
        options: How to reach the registry; by default as Docker's configuration and the proxies of the environment say.

    Returns:
        The digest that was verified, and what was shown of each signature.

    Raises:
        NoSignatures: The image has none.
        NoMatchingSignatures: Too few of them satisfy the policy; each reason is in the error.
        NoSuchTag: There is no such image.
        RemoteError: The registry failed.
        MalformedError: Not a reference, or what the registry has is not what it should be.
    """
    reference = Reference.parse(image)
    with opened(reference, options) as repository:
        digest = resolve(repository, reference)
        request = images.VerifyImage(image, digest, policy)
        return images.verify_image(request, repository, repository, GivenTrust(trust or TrustedRoot()))


@contextmanager
def opened(reference: Reference, options: RegistryOptions | None) -> Iterator[RemoteRepository]:
    """Open the repository of an image, and close its connections behind.

    Raises:
        UsageError: The options cannot be used.
    """
    repository = open_repository(reference, options)
    try:
        yield repository
    finally:
        repository.endpoint.session.close()


def resolve(repository: RemoteRepository, reference: Reference) -> Digest:
    """Return the digest that a reference has, or its tag names now.

    Raises:
        NoSuchTag: It names nothing.
        RemoteError: The registry failed.
    """
    target = reference.target
    return target if isinstance(target, Digest) else repository.fetch_manifest(target).digest
