"""`cosignpy sign`."""

from collections.abc import Callable
from datetime import datetime
from typing import Annotated

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
from cosignpy.cli.invocation import CURRENT, Output
from cosignpy.cli.progress import run_counted
from cosignpy.cli.render.signing import SigningResult, render_signing, save_bundle
from cosignpy.core.keys.signatures import Signer
from cosignpy.core.oci.manifest import Descriptor
from cosignpy.core.verify.evidence import SignatureFormat
from cosignpy.errors import CosignError, DeadlineExceeded, TransparencyRequired, UsageError
from cosignpy.operations.expand import expand_index, resolve
from cosignpy.operations.parallel import run_parallel
from cosignpy.operations.sign_image import Claims, FormatChoice, SignImage, sign_image
from cosignpy.values import field, value


@value
class SignatureFlags:
    """What the signature says, in which form, and what becomes of it."""

    key: Annotated[str, typer.Option("--key", metavar="KEY", show_default=False, help=SIGNING_KEY_HELP)] = ""
    annotations: AnnotationsFlag = field(default_factory=list)
    recursive: RecursiveFlag = False
    signature_format: Annotated[
        FormatChoice | None,
        typer.Option("--signature-format", show_default="bundle", help="An OCI referrer, cosign 2's tag, or both."),
    ] = None
    new_bundle_format: Annotated[
        bool | None,
        typer.Option("--new-bundle-format/--no-new-bundle-format", help="cosign's spelling of bundle or legacy."),
    ] = None
    sign_container_identity: Annotated[
        str, typer.Option("--sign-container-identity", metavar="NAME", show_default=False, help="Sign this name along.")
    ] = ""
    tlog_upload: Annotated[
        bool, typer.Option("--tlog-upload/--no-tlog-upload", help="Record the signature in a transparency log.")
    ] = True
    upload: Annotated[bool, typer.Option("--upload/--no-upload", help="Push the signature to the registry.")] = True
    bundle: Annotated[
        str, typer.Option("--bundle", metavar="FILE", show_default=False, help="Also write the bundle here.")
    ] = ""
    record_creation_timestamp: Annotated[
        bool, typer.Option("--record-creation-timestamp", help="Put the time into a legacy signature's image.")
    ] = False
    yes: YesFlag = False
    use_signing_config: Annotated[bool, typer.Option("--use-signing-config/--no-use-signing-config", hidden=True)] = (
        False
    )

    @property
    def formats(self) -> tuple[SignatureFormat, ...]:
        """The formats to write.

        Raises:
            UsageError: Both spellings are given and disagree.
        """
        spelled = {None: None, True: FormatChoice.BUNDLE, False: FormatChoice.LEGACY}[self.new_bundle_format]
        if spelled and self.signature_format and spelled is not self.signature_format:
            raise UsageError(f"--signature-format {self.signature_format} and --new-bundle-format disagree")
        return (self.signature_format or spelled or FormatChoice.BUNDLE).formats

    def check(self, images: list[str]) -> None:
        """Refuse what cannot be done, before anything is read.

        Raises:
            TransparencyRequired: The log was not waived.
            UsageError: No key, nothing to do with the signature, or one file for several bundles.
        """
        if not self.key:
            raise UsageError("no key to sign with", "name one with --key; make one with: cosignpy generate-key-pair")
        if self.tlog_upload:
            raise TransparencyRequired(
                "signatures are recorded in a transparency log, and this version cannot reach one",
                "pass --tlog-upload=false to sign without a log",
            )
        if not self.upload and not self.bundle:
            raise UsageError("the signature would go nowhere", "with --upload=false, name a file with --bundle")
        if self.bundle and (len(images) > 1 or self.recursive):
            raise UsageError("--bundle is one file for one image", "sign the images one by one to get their bundles")
        formats = self.formats
        if self.bundle and SignatureFormat.BUNDLE not in formats:
            raise UsageError("a legacy signature is no bundle", "add --signature-format both")
        parse_annotations(self.annotations)


def sign(
    images: ImagesArgument, what: SignatureFlags, registry: RegistryFlags, output: DataOutputFlag = Output.TEXT
) -> int:
    """Sign container images.

    The signature is stored beside the image, as a Sigstore bundle that refers to it. A tag is resolved
    once, and what it names at that moment is signed.
    """
    what.check(images)
    work = _Work(what, registry, wiring_keys.start_loading_signer(what.key), wiring_keys.signing_time())
    found = run_counted("signing", work.sign_named, images)
    results = [result for outcome in found for result in outcome.unwrap()]
    if what.bundle:
        save_bundle(what.bundle, results[0])
    return render_signing(results)


@value
class _Work:
    """What is the same for every image of a run. The signer is being loaded while images are resolved."""

    flags: SignatureFlags
    registry: RegistryFlags
    signer: Callable[[], Signer]
    moment: datetime

    def sign_named(self, name: str) -> list[SigningResult]:
        """Sign everything one name stands for; what goes wrong is a result like any other."""
        try:
            image = wiring.open_image(name, self.registry, wiring.Access.WRITE)
            top = resolve(image.repository, image.target)
            subjects = expand_index(image.repository, top) if self.flags.recursive else [top]
        except DeadlineExceeded:
            raise
        except CosignError as error:
            return [SigningResult(name, error)]
        signer = self.signer()
        if image.digest is None:
            CURRENT.warn(f"{name} is a tag, which can be moved: signing what it names now, {top.digest}")
        outcomes = run_parallel(lambda subject: self._sign_subject(image, subject, signer), subjects)
        return [outcome.unwrap() for outcome in outcomes]

    def _sign_subject(self, image: wiring.OpenImage, subject: Descriptor, signer: Signer) -> SigningResult:
        label = f"{image.name}@{subject.digest}"
        claims = Claims(image.identity, parse_annotations(self.flags.annotations), self.flags.sign_container_identity)
        style = wiring_keys.legacy_style(self.moment if self.flags.record_creation_timestamp else None)
        request = SignImage(subject, claims, self.flags.formats, self.moment, style)
        try:
            return SigningResult(label, sign_image(request, signer, image.attachments if self.flags.upload else None))
        except DeadlineExceeded:
            raise
        except CosignError as error:
            return SigningResult(label, error)
