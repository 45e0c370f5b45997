"""What `attest` does: images are found, statements made and signed, and stored beside them."""

from datetime import datetime
from pathlib import Path
from threading import Semaphore
from typing import Annotated, Final

import typer

from cosignpy.cli import wiring, wiring_keys
from cosignpy.cli.flags import SIGNING_KEY_HELP, RecursiveFlag, RegistryFlags, YesFlag
from cosignpy.cli.format_flags import FormatFlag, ModernFlag, select_formats
from cosignpy.cli.invocation import CURRENT
from cosignpy.cli.predicate_flags import Said
from cosignpy.cli.progress import run_counted
from cosignpy.cli.render.attesting import Attested, AttestingResult, Stored
from cosignpy.cli.wiring_signing import Signing
from cosignpy.core.oci.manifest import Descriptor
from cosignpy.core.predicates import NamedArtifact
from cosignpy.core.verify.evidence import SignatureFormat
from cosignpy.errors import CosignError, DeadlineExceeded, UsageError
from cosignpy.files import check_place
from cosignpy.operations.attest_image import MadeAttestation, make_attestation, remove_older
from cosignpy.operations.attest_legacy import LegacyMade, OwnLayers, make_legacy, refuse_tagless
from cosignpy.operations.complete_bundle import SigningServices
from cosignpy.operations.expand import expand_index, resolve
from cosignpy.operations.parallel import DEFAULT_WORKERS, run_parallel
from cosignpy.operations.turns import InTurn
from cosignpy.values import field, value

_WAITING: Final = 64
"""Images under way at once where a log takes part, as when they are signed."""

_LARGE: Final = 4 << 20
"""Octets of a predicate with which one image is attested after the other: each takes ten times as much memory."""


@value
class AttestationFlags:
    """What images the attestation is about, and what becomes of it."""

    key: Annotated[str, typer.Option("--key", metavar="KEY", show_default=False, help=SIGNING_KEY_HELP)] = ""
    recursive: RecursiveFlag = False
    one_bundle: Annotated[
        bool,
        typer.Option("--one-bundle/--no-one-bundle", help="One statement about all images, stored beside each."),
    ] = False
    with_file: Annotated[
        list[str],
        typer.Option(
            "--with-file",
            metavar="FILE|sha256:HEX",
            show_default=False,
            help="A file that each statement is about as well; repeat for several.",
        ),
    ] = field(default_factory=list)
    replace: Annotated[
        bool,
        typer.Option("--replace/--no-replace", help="Remove your older attestations of this type from the images."),
    ] = False
    signature_format: FormatFlag = None
    new_bundle_format: ModernFlag = None
    upload: Annotated[bool, typer.Option("--upload/--no-upload", help="Push the attestation to the registry.")] = True
    bundle: Annotated[
        str, typer.Option("--bundle", metavar="FILE", show_default=False, help="Also write the bundle here.")
    ] = ""
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
            UsageError: Nothing to do with the attestation, or one file for several bundles.
            FileError: The bundle's is no place for a file.
        """
        if not self.upload and not self.bundle:
            raise UsageError("the attestation would go nowhere", "with --upload=false, name a file with --bundle")
        if not self.upload and self.replace:
            raise UsageError("--replace replaces nothing where nothing is pushed", "leave --upload=false out")
        if self.bundle and not self.one_bundle and (len(images) > 1 or self.recursive):
            raise UsageError(
                "--bundle is one file for one statement", "add --one-bundle, or attest the images one by one"
            )
        if self.bundle and SignatureFormat.BUNDLE not in self.formats:
            raise UsageError("a legacy attestation is no bundle", "add --signature-format both")
        if self.bundle:
            check_place(Path(self.bundle))


def select_workers(said: Said, services: SigningServices) -> int:
    """Return how many images are attested at once, where each has a statement of its own."""
    if said.size > _LARGE:
        return 1
    return _WAITING if services.logs else DEFAULT_WORKERS


@value
class _Target:
    """One image that something is to be said about."""

    image: wiring.OpenImage
    subject: Descriptor

    @property
    def label(self) -> str:
        return f"{self.image.name}@{self.subject.digest}"

    @property
    def artifact(self) -> NamedArtifact:
        """The subject of the statement: by the image's name on its registry, as cosign has it."""
        return NamedArtifact(self.image.identity, self.subject.digest)


@value
class Work:
    """What is the same for every image of a run. A key is being loaded while images are resolved."""

    said: Said
    how: AttestationFlags
    registry: RegistryFlags
    signing: Signing
    moment: datetime
    files: tuple[NamedArtifact, ...] = ()
    turns: Semaphore = field(default_factory=lambda: Semaphore(DEFAULT_WORKERS))

    def attest_all(self, names: list[str]) -> list[AttestingResult]:
        """Attest it of everything that the names stand for; what goes wrong is a result like any other."""
        outcomes = run_parallel(self._resolve, names)
        found = [target for outcome in outcomes for target in outcome.unwrap()]
        failures = [target for target in found if isinstance(target, AttestingResult)]
        targets = [target for target in found if isinstance(target, _Target)]
        if self.how.one_bundle:
            return failures or self._attest_together(targets)
        workers = select_workers(self.said, self.signing.services)
        made = [outcome.unwrap() for outcome in run_counted("attesting", self._attest_one, targets, workers)]
        return [*failures, *made]

    def _resolve(self, name: str) -> list[_Target | AttestingResult]:
        try:
            image = wiring.open_image(name, self.registry, wiring.Access.WRITE)
            if self.how.upload:
                wiring.expect_pushes(image)
            top = resolve(image.repository, image.target)
            subjects = expand_index(image.repository, top) if self.how.recursive else [top]
            if SignatureFormat.LEGACY in self.how.formats:
                for subject in subjects:
                    refuse_tagless(subject.digest)
        except DeadlineExceeded:
            raise
        except CosignError as error:
            return [AttestingResult(name, error)]
        if image.digest is None:
            CURRENT.warn(f"{name} is a tag, which can be moved: attesting about what it names now, {top.digest}")
        return [_Target(image, subject) for subject in subjects]

    def _attest_one(self, target: _Target) -> AttestingResult:
        self.signing.key()  # whatever is wrong with it is wrong for all images
        try:
            return AttestingResult(target.label, self._store(target, self._make([target])))
        except DeadlineExceeded:
            raise
        except CosignError as error:
            return AttestingResult(target.label, error)

    def _attest_together(self, targets: list[_Target]) -> list[AttestingResult]:
        different = list({target.label: target for target in targets}.values())
        made = self._make(different)

        def store(target: _Target) -> AttestingResult:
            try:
                return AttestingResult(target.label, self._store(target, made))
            except DeadlineExceeded:
                raise
            except CosignError as error:
                return AttestingResult(target.label, error)

        return [outcome.unwrap() for outcome in run_parallel(store, different)]

    def _make(self, targets: list[_Target]) -> list[MadeAttestation | LegacyMade]:
        """Sign in each format before anything is pushed."""
        statement = self.said.about([*(target.artifact for target in targets), *self.files])
        key, services, trust = self.signing.key(), self.signing.services, self.signing.trust
        return [
            make_attestation(statement, self.said.type, key, services, trust)
            if form is SignatureFormat.BUNDLE
            else make_legacy(statement, self.said.type, key, services, trust)
            for form in self.how.formats
        ]

    def _store(self, target: _Target, made: list[MadeAttestation | LegacyMade]) -> Attested:
        bundle = next((one for one in made if isinstance(one, MadeAttestation)), None)
        if not self.how.upload:
            return Attested(bundle)
        return Attested(bundle, tuple([self._store_one(target, one) for one in made]))

    def _store_one(self, target: _Target, made: MadeAttestation | LegacyMade) -> Stored:
        where, key, image = target.image.attachments, self.signing.key(), target.subject.digest
        sink = InTurn(where, self.turns)
        if isinstance(made, MadeAttestation):
            manifest = made.store(sink, target.subject, self.moment)
            if not self.how.replace:
                return Stored(SignatureFormat.BUNDLE, manifest.digest)
            with self.turns:
                return Stored(
                    SignatureFormat.BUNDLE, manifest.digest, tuple(remove_older(where, image, manifest, made, key))
                )
        style = wiring_keys.legacy_style(None)
        if not self.how.replace:
            return Stored(SignatureFormat.LEGACY, made.store(sink, image, style).digest)
        older = OwnLayers(where, made.predicate_type, key)
        manifest = made.store(sink, image, style, older)
        return Stored(SignatureFormat.LEGACY, manifest.digest, older.replaced)
