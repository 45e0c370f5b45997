"""Where the parts of a signature go: into a bundle, and into files of their own where flags name them."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated, Final

import typer

from cosignpy.cli.input_files import read_input
from cosignpy.cli.invocation import CURRENT
from cosignpy.core.bundle.blob_files import encode_blob_bundle, encode_signature, encode_timestamp_file
from cosignpy.core.bundle.model import Bundle, CertificateMaterial
from cosignpy.core.bundle.protojson import encode_bundle, parse_bundle
from cosignpy.core.dsse import Envelope
from cosignpy.core.encoding import PemBlock, encode_b64
from cosignpy.core.x509.chain import LABEL
from cosignpy.errors import FileError, MalformedError, UsageError
from cosignpy.files import PRIVATE, check_place, write_file
from cosignpy.values import value

_SIGNATURE_HELP: Final = "Write the signature to a file; a bundle is written where --bundle names one."
_CERTIFICATE_HELP: Final = "Write the certificate to a file too."
_TIMESTAMP_HELP: Final = "Write the timestamp to a file too."
_FORMAT_HELP: Final = "Write --bundle in the format of Sigstore, or with =false in the one that only cosign 2 had."


@value
class SignatureFiles:
    """The files of one signature by what they hold; what has no name is not written.

    Attributes:
        wrapped: Signature and certificate are in base64, as `sign-blob` of cosign writes them.
        modern: The bundle is Sigstore's, and not cosign 2's.
    """

    bundle: str = ""
    signature: str = ""
    certificate: str = ""
    timestamp: str = ""
    attestation: str = ""
    wrapped: bool = False
    modern: bool = True

    def write(self, made: Bundle) -> None:
        """Write all of them, or none where one has nothing to hold.

        Raises:
            UsageError: There is no such part, or the bundle's format has no place for one.
            FileError: One cannot be written.
        """
        for what, path, content in list(self._contents(made)):
            write_file(Path(path), content, PRIVATE)
            CURRENT.say(f"Wrote {what} to file {path}")
        if not self.bundle and made.log_entries:
            CURRENT.warn("the log entry is in none of these files: verifiers have to ask the log, or need a --bundle")

    def _contents(self, made: Bundle) -> Iterator[tuple[str, str, bytes]]:
        if self.bundle:
            yield "bundle", self.bundle, encode_bundle(made) if self.modern else _encode_old(made)
        if self.signature:
            yield "signature", self.signature, self._wrap(encode_signature(made))
        if self.certificate:
            yield "certificate", self.certificate, self._wrap(_encode_certificate(made))
        if self.timestamp:
            yield "timestamp", self.timestamp, _encode_timestamp(made)
        if self.attestation and isinstance(made.content, Envelope):
            yield "attestation", self.attestation, made.content.payload

    def _wrap(self, content: bytes) -> bytes:
        return encode_b64(content).encode("ascii") if self.wrapped else content


def _encode_old(made: Bundle) -> bytes:
    if len(made.log_entries) > 1 or not all(entry.entry_timestamp for entry in made.log_entries):
        raise UsageError(
            "cosign 2's bundles have a place for one entry of Rekor v1, and this was logged otherwise",
            "name one log with --rekor-url, or leave --new-bundle-format=false out",
        )
    return encode_blob_bundle(made)


def _encode_certificate(made: Bundle) -> bytes:
    if not isinstance(made.material, CertificateMaterial):
        raise UsageError("there is no certificate: it was signed with a key", "leave --output-certificate out")
    return PemBlock(LABEL, made.material.certificates[0]).encode()


def _encode_timestamp(made: Bundle) -> bytes:
    if len(made.timestamps) != 1:
        raise UsageError(
            f"{len(made.timestamps)} timestamps were made, and one file holds one",
            "name one authority with --timestamp-server-url, or leave the flag for the file out",
        )
    return encode_timestamp_file(made.timestamps[0])


@value
class BlobOutputs:
    """What `sign-blob` writes besides bundles, or in place of them."""

    output_signature: Annotated[
        str, typer.Option("--output-signature", metavar="FILE", show_default=False, help=_SIGNATURE_HELP)
    ] = ""
    output_certificate: Annotated[
        str, typer.Option("--output-certificate", metavar="FILE", show_default=False, help=_CERTIFICATE_HELP)
    ] = ""
    rfc3161_timestamp: Annotated[
        str, typer.Option("--rfc3161-timestamp", metavar="FILE", show_default=False, help=_TIMESTAMP_HELP)
    ] = ""
    b64: Annotated[bool, typer.Option("--b64/--no-b64", help="Signature and certificate files are in base64.")] = True
    new_bundle_format: Annotated[
        bool, typer.Option("--new-bundle-format/--no-new-bundle-format", help=_FORMAT_HELP)
    ] = True

    def place(self, files: Sequence[str], bundle: str) -> SignatureFiles:
        """Say where everything goes; the bundle's own name may be open still.

        Raises:
            UsageError: One file for several signatures, or no name for a bundle of cosign 2.
            FileError: A place where no file can be: that is said before anything is signed.
        """
        found = SignatureFiles(
            bundle,
            self.output_signature,
            self.output_certificate,
            self.rfc3161_timestamp,
            wrapped=self.b64,
            modern=self.new_bundle_format,
        )
        return _check(found, files)


@value
class AttestationOutputs:
    """What `attest-blob` writes besides a bundle, or in place of one."""

    output_signature: Annotated[
        str, typer.Option("--output-signature", metavar="FILE", show_default=False, help=_SIGNATURE_HELP)
    ] = ""
    output_certificate: Annotated[
        str, typer.Option("--output-certificate", metavar="FILE", show_default=False, help=_CERTIFICATE_HELP)
    ] = ""
    output_attestation: Annotated[
        str,
        typer.Option(
            "--output-attestation", metavar="FILE", show_default=False, help="Write the statement to a file, unsigned."
        ),
    ] = ""
    rfc3161_timestamp: Annotated[
        str, typer.Option("--rfc3161-timestamp-bundle", metavar="FILE", show_default=False, help=_TIMESTAMP_HELP)
    ] = ""
    new_bundle_format: Annotated[
        bool, typer.Option("--new-bundle-format/--no-new-bundle-format", help=_FORMAT_HELP)
    ] = True

    def place(self, bundle: str) -> SignatureFiles:
        """Say where everything goes.

        Raises:
            UsageError: There is no name for a bundle of cosign 2.
            FileError: As `BlobOutputs.place`.
        """
        found = SignatureFiles(
            bundle,
            self.output_signature,
            self.output_certificate,
            self.rfc3161_timestamp,
            attestation=self.output_attestation,
            modern=self.new_bundle_format,
        )
        return _check(found, ())


def refuse_other(path: str, *, attests: bool) -> None:
    """Refuse to put an attestation in place of a signature, or the reverse, where both have the same usual name.

    Raises:
        UsageError: The other kind is there.
    """
    try:
        held = parse_bundle(read_input(path)).content
    except (FileError, MalformedError):
        return  # nothing that anybody would miss
    if isinstance(held, Envelope) is not attests:
        kind, other = ("an attestation", "a signature") if attests else ("a signature", "an attestation")
        raise UsageError(f"{path} is {other}, and would be replaced by {kind}", "name another place with --bundle")


def _check(found: SignatureFiles, files: Sequence[str]) -> SignatureFiles:
    for path in (found.bundle, found.signature, found.certificate, found.timestamp, found.attestation):
        if path:
            check_place(Path(path))
    if len(files) > 1 and (found.signature or found.certificate or found.timestamp):
        raise UsageError("one file is named for it, and several signatures are made", "sign one file at a time")
    if not found.modern and not found.bundle:
        raise UsageError("cosign 2's bundles have no usual name", "name one with --bundle")
    return found
