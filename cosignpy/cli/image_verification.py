"""Verifying images by what flags say: the flags about it, and what is the same for all images of a run."""

from typing import TYPE_CHECKING, Annotated

import typer

from cosignpy.cli import wiring
from cosignpy.cli.deny_flags import DenyFlags
from cosignpy.cli.flags import AnnotationsFlag, RecursiveFlag, RegistryFlags, parse_annotations
from cosignpy.cli.identity_flags import IdentityFlags
from cosignpy.cli.progress import run_counted
from cosignpy.cli.render.verification import ImageResult
from cosignpy.cli.signer_flags import SignerFlags
from cosignpy.core.digest import Digest
from cosignpy.core.oci.manifest import Platform
from cosignpy.core.policy.bundle import BundlePolicy
from cosignpy.core.policy.image import ImagePolicy
from cosignpy.core.policy.predicate import AnyPredicateUnsafe, PredicateTypeIs
from cosignpy.errors import CosignError, DeadlineExceeded, UsageError
from cosignpy.operations.expand import Scope, select_subjects
from cosignpy.operations.parallel import DEFAULT_WORKERS, run_parallel
from cosignpy.operations.ports import TrustSource
from cosignpy.operations.verify_image import VerifyImage, verify_image
from cosignpy.values import field, value

if TYPE_CHECKING:
    from cosignpy.operations.beside import Beside


ThresholdFlag = Annotated[
    int, typer.Option("--threshold", min=1, metavar="N", help="How many of the keys or identities must have signed.")
]


@value
class ClaimFlags:
    """What signatures must say, and how many of the keys or identities must have made one."""

    threshold: ThresholdFlag = 1
    annotations: AnnotationsFlag = field(default_factory=list)
    any_predicate: Annotated[
        bool, typer.Option("--any-predicate", help="UNSAFE: let any attestation of the signer count as a signature.")
    ] = False
    # cosign must be told the digest of P-384 and P-521 signatures; here every one that it has used is tried.
    signature_digest_algorithm: Annotated[str, typer.Option("--signature-digest-algorithm", hidden=True)] = ""
    check_claims: Annotated[bool, typer.Option("--check-claims/--no-check-claims", hidden=True)] = True

    def policy(self, who: SignerFlags, identity: IdentityFlags, deny: DenyFlags) -> ImagePolicy:
        """Build the policy.

        Raises:
            UsageError: Nobody to verify against, a threshold that cannot be met, or `--check-claims=false`.
        """
        if not self.check_claims:
            raise UsageError("--check-claims=false would accept a signature of any other image", "leave the flag out")
        predicate = AnyPredicateUnsafe("--any-predicate") if self.any_predicate else PredicateTypeIs()
        bundle = BundlePolicy(who.signer(identity), who.transparency, predicate, deny.read())
        return ImagePolicy.of_bundle(bundle, self.threshold, parse_annotations(self.annotations))


@value
class SelectionFlags:
    """Which images are meant."""

    recursive: RecursiveFlag = False
    platform: Annotated[
        str | None,
        typer.Option("--platform", metavar="OS/ARCH", show_default=False, help="The image of an index for this."),
    ] = None
    local_image: Annotated[bool, typer.Option("--local-image", help="IMAGE is a directory that `save` wrote.")] = False
    max_workers: Annotated[
        int, typer.Option("--max-workers", min=1, metavar="N", help="Signatures, and images, looked at at once.")
    ] = DEFAULT_WORKERS
    new_bundle_format: Annotated[bool, typer.Option("--new-bundle-format/--no-new-bundle-format", hidden=True)] = True

    @property
    def scope(self) -> Scope:
        """How much of an index is meant."""
        return Scope.RECURSIVE if self.recursive else Scope.NAMED

    @property
    def wanted_platform(self) -> Platform | None:
        """The platform, parsed.

        Raises:
            MalformedError: Not a platform.
        """
        return Platform.parse(self.platform) if self.platform else None


@value
class Wanted:
    """What is the same for all images of a run."""

    policy: ImagePolicy
    trust: TrustSource
    which: SelectionFlags
    beside: "Beside | None"


def verify_images(images: list[str], wanted: Wanted, registry: RegistryFlags) -> list[ImageResult]:
    """Verify all images at once, and return what became of each."""
    names = [f"oci-layout:{image}" for image in images] if wanted.which.local_image else images
    return [result for results in verify_each(names, wanted, registry) for result in results]


def verify_each(names: list[str], wanted: Wanted, registry: RegistryFlags) -> list[list[ImageResult]]:
    """Verify all images at once, and return what became of all that each name stands for."""
    workers = wanted.which.max_workers
    found = run_counted("verifying", lambda name: _verify_named(name, wanted, registry), names, workers)
    return [outcome.unwrap() for outcome in found]


def _verify_named(name: str, wanted: Wanted, flags: RegistryFlags) -> list[ImageResult]:
    """Verify everything one name stands for; what goes wrong is a result like any other."""
    which = wanted.which
    try:
        image = wiring.open_image(name, flags)
        subjects = select_subjects(image.repository, image.target, which.scope, which.wanted_platform)
    except DeadlineExceeded:
        raise
    except CosignError as error:
        return [ImageResult(name, None, error)]

    def verify_subject(digest: Digest) -> ImageResult:
        label = name if len(subjects) == 1 and not which.platform else f"{image.name}@{digest}"
        request = VerifyImage(label, digest, wanted.policy, which.max_workers, wanted.beside)
        try:
            return ImageResult(label, digest, verify_image(request, image.repository, image.attachments, wanted.trust))
        except DeadlineExceeded:
            raise
        except CosignError as error:
            return ImageResult(label, digest, error)

    return [outcome.unwrap() for outcome in run_parallel(verify_subject, subjects, which.max_workers)]
