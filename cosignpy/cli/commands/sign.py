"""`cosignpy sign`."""

from datetime import datetime
from pathlib import Path
from threading import Semaphore
from typing import Annotated, Final

import typer

from cosignpy.cli import wiring, wiring_keys
from cosignpy.cli.flags import (
    SIGNING_KEY_HELP,
    AnnotationsFlag,
    DataOutputFlag,
    ImagesArgument,
    RecursiveFlag,
    RegistryFlags,
    YesFlag,
    parse_annotations,
)
from cosignpy.cli.format_flags import FormatFlag, ModernFlag, select_formats
from cosignpy.cli.invocation import CURRENT, Output
from cosignpy.cli.oidc_flags import OidcFlags
from cosignpy.cli.own_certificate import OwnCertificateFlags
from cosignpy.cli.progress import run_counted
from cosignpy.cli.render.signing import SigningResult, render_signing, save_bundle
from cosignpy.cli.service_flags import ServiceFlags
from cosignpy.cli.wiring_signing import Signing, open_signing
from cosignpy.core.oci.manifest import Descriptor
from cosignpy.core.verify.evidence import SignatureFormat
from cosignpy.errors import CosignError, DeadlineExceeded, UsageError
from cosignpy.files import check_place
from cosignpy.operations.expand import expand_index, resolve
from cosignpy.operations.parallel import DEFAULT_WORKERS, run_parallel
from cosignpy.operations.sign_image import Claims, SignImage, Vouching, sign_image
from cosignpy.operations.turns import InTurn
from cosignpy.values import field, value

_WAITING: Final = 64
"""Images under way at once where a log takes part: it answers with its next checkpoint, the real one a second later."""


@value
class SignatureFlags:
    """What the signature says, in which form, and what becomes of it."""

    key: Annotated[str, typer.Option("--key", metavar="KEY", show_default=False, help=SIGNING_KEY_HELP)] = ""
    annotations: AnnotationsFlag = field(default_factory=list)
    recursive: RecursiveFlag = False
    signature_format: FormatFlag = None
    new_bundle_format: ModernFlag = None
    sign_container_identity: Annotated[
        str, typer.Option("--sign-container-identity", metavar="NAME", show_default=False, help="Sign this name along.")
    ] = ""
    upload: Annotated[bool, typer.Option("--upload/--no-upload", help="Push the signature to the registry.")] = True
    bundle: Annotated[
        str, typer.Option("--bundle", metavar="FILE", show_default=False, help="Also write the bundle here.")
    ] = ""
    record_creation_timestamp: Annotated[
        bool, typer.Option("--record-creation-timestamp", help="Put the time into a legacy signature's image.")
    ] = False
    yes: YesFlag = False

    @property
    def formats(self) -> tuple[SignatureFormat, ...]:
        """The formats to write.

        Raises:
            UsageError: Both spellings are given and disagree.
        """
        return select_formats(self.signature_format, self.new_bundle_format)

    def check(self, images: list[str]) -> None:
        """Refuse what cannot be done, before anything is read.

        Raises:
            UsageError: Nothing to do with the signature, or one file for several bundles.
            FileError: The bundle's is no place for a file.
        """
        if not self.upload and not self.bundle:
            raise UsageError("the signature would go nowhere", "with --upload=false, name a file with --bundle")
        if self.bundle and (len(images) > 1 or self.recursive):
            raise UsageError("--bundle is one file for one image", "sign the images one by one to get their bundles")
        formats = self.formats
        if self.bundle and SignatureFormat.BUNDLE not in formats:
            raise UsageError("a legacy signature is no bundle", "add --signature-format both")
        parse_annotations(self.annotations)
        if self.bundle:
            check_place(Path(self.bundle))


def sign(
    images: ImagesArgument,
    what: SignatureFlags,
    who: OidcFlags,
    services: ServiceFlags,
    registry: RegistryFlags,
    own: OwnCertificateFlags,
    output: DataOutputFlag = Output.TEXT,
) -> int:
    """Sign container images.

    Without --key you sign as yourself, or as the CI job that runs this: an authority certifies a key that lives for
    minutes and is forgotten. The signature is recorded in a transparency log, verified as users will, and stored beside
    the image, as a Sigstore bundle that refers to it. A tag is resolved once, and what it names at that moment is
    signed. One sign-in and one certificate serve for all images. A key may have a certificate of its own
    (--certificate), which verifiers then ask for.
    """
    what.check(images)
    own.check(what.key)
    signing = own.certify(open_signing(what.key, services, who, yes=what.yes))
    if SignatureFormat.LEGACY in what.formats:
        signing.services.for_legacy()  # refuses before anybody is asked to sign in
    work = _Work(what, registry, signing, wiring_keys.signing_time())
    found = run_counted("signing", work.sign_named, images, _WAITING if signing.services.logs else DEFAULT_WORKERS)
    results = [result for outcome in found for result in outcome.unwrap()]
    if what.bundle:
        save_bundle(what.bundle, results[0])
    return render_signing(results)


@value
class _Work:
    """What is the same for every image of a run. A key is being loaded while images are resolved."""

    flags: SignatureFlags
    registry: RegistryFlags
    signing: Signing
    moment: datetime
    turns: Semaphore = field(default_factory=lambda: Semaphore(DEFAULT_WORKERS))

    def sign_named(self, name: str) -> list[SigningResult]:
        """Sign everything one name stands for; what goes wrong is a result like any other."""
        try:
            image = wiring.open_image(name, self.registry, wiring.Access.WRITE)
            if self.flags.upload:
                wiring.expect_pushes(image)
            with self.turns:
                top = resolve(image.repository, image.target)
                subjects = expand_index(image.repository, top) if self.flags.recursive else [top]
        except DeadlineExceeded:
            raise
        except CosignError as error:
            return [SigningResult(name, error)]
        self.signing.key()  # whatever is wrong with it is wrong for all images
        if image.digest is None:
            CURRENT.warn(f"{name} is a tag, which can be moved: signing what it names now, {top.digest}")
        outcomes = run_parallel(lambda subject: self._sign_subject(image, subject), subjects)
        return [outcome.unwrap() for outcome in outcomes]

    def _sign_subject(self, image: wiring.OpenImage, subject: Descriptor) -> SigningResult:
        label = f"{image.name}@{subject.digest}"
        claims = Claims(image.identity, parse_annotations(self.flags.annotations), self.flags.sign_container_identity)
        style = wiring_keys.legacy_style(self.moment if self.flags.record_creation_timestamp else None)
        vouching = Vouching(self.signing.services, self.signing.trust)
        request = SignImage(subject, claims, self.flags.formats, self.moment, style, vouching)
        key = self.signing.key()
        try:
            sink = InTurn(image.attachments, self.turns) if self.flags.upload else None
            return SigningResult(label, sign_image(request, key, sink))
        except DeadlineExceeded:
            raise
        except CosignError as error:
            return SigningResult(label, error)
