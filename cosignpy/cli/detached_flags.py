"""Flags that name what cosign 2 keeps of a signature in files of their own, for those who verify it."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from cosignpy.cli.artifacts import SUFFIX, select_artifact
from cosignpy.cli.input_files import read_input
from cosignpy.core.encoding import decode_b64
from cosignpy.errors import FileError, MalformedError, UsageError
from cosignpy.operations.artifacts import KnownDigest
from cosignpy.values import replace, value

if TYPE_CHECKING:
    from cosignpy.core.bundle.blob_files import BlobSignature
    from cosignpy.operations.find_entry import EntrySearch


_LOOKED_BESIDE: Final = "a bundle is looked for beside its file: name another with --bundle, or cosign 2's --signature"
_IT_IS_A_BUNDLE: Final = "name the file that was signed, and this as its --bundle"
_SHORTEST: Final = 48
"""Octets of a signature; what is shorter is the name of a file that is not there, and happens to be base64."""


@value
class DetachedFlags:
    """Where the parts of a signature are that is not in a bundle, and whom to ask for its log entry."""

    signature: Annotated[
        str,
        typer.Option(
            "--signature", metavar="FILE|BASE64", show_default=False, help="A signature alone, or an envelope alone."
        ),
    ] = ""
    certificate: Annotated[
        str,
        typer.Option(
            "--certificate", "--cert", metavar="FILE", show_default=False, help="The certificate of --signature."
        ),
    ] = ""
    rekor_url: Annotated[
        str,
        typer.Option(
            "--rekor-url",
            metavar="URL",
            show_default=False,
            help="Ask this log of Rekor v1 for the entry of a --signature.",
        ),
    ] = ""
    # cosign must be told which format a bundle has; here that is seen.
    new_bundle_format: Annotated[bool, typer.Option("--new-bundle-format/--no-new-bundle-format", hidden=True)] = True

    def read(self, blob: str, bundle: str, timestamp: str = "") -> "bytes | BlobSignature":
        """Read a Sigstore bundle as it is, or put together what is in other files.

        Raises:
            UsageError: Something is given twice, or there is no file beside which a bundle could lie.
            MalformedError: One of the files is not what it should be.
            FileError: One of them cannot be read.
        """
        if (blob, bundle, self.signature, self.certificate, timestamp).count("-") > 1:
            raise UsageError("standard input can be read once", "name files for the others")
        if self.signature and bundle:
            raise UsageError("two signatures are given", "leave --signature or --bundle out")
        if self.signature:
            from cosignpy.core.bundle.blob_files import BlobSignature, parse_signature_file

            return self._complete(BlobSignature(parse_signature_file(_read_signature(self.signature))), timestamp)
        raw = read_input(bundle) if bundle else _read_beside(blob)
        old = _read_old(raw)
        if old is not None:
            return self._complete(old, timestamp)
        if self.certificate or timestamp:
            raise UsageError(
                "a bundle holds certificate and timestamp itself", "name their --signature too, or leave them out"
            )
        return raw

    def open_log(self, *, offline: bool) -> "EntrySearch | None":
        """Return the log that is to be asked, None where none is.

        Raises:
            CosignError: Its address is none.
        """
        if not self.rekor_url or offline:
            return None
        from cosignpy.cli.wiring_search import open_search

        return open_search(self.rekor_url)

    def _complete(self, found: "BlobSignature", timestamp: str) -> "BlobSignature":
        """Add what is in files of its own."""
        from cosignpy.core.bundle.blob_files import parse_certificate_file, parse_timestamp_file

        parts = found.parts
        if self.certificate:
            if parts.certificate:
                raise UsageError("two certificates are given", "leave --certificate out: the bundle has one")
            parts = replace(parts, certificate=parse_certificate_file(read_input(self.certificate)))
        if timestamp:
            parts = replace(parts, timestamp=parse_timestamp_file(read_input(timestamp)))
        return replace(found, parts=parts)


def bundle_path(blob: str, bundle: str) -> str:
    """Return the bundle that is named, else the one beside the file.

    Raises:
        UsageError: Nothing is beside what has no name.
    """
    if not bundle and (blob == "-" or isinstance(select_artifact(blob), KnownDigest)):
        raise UsageError("there is no file beside which a bundle could lie", "name the bundle with --bundle")
    return bundle or f"{blob}{SUFFIX}"


def _read_beside(blob: str) -> bytes:
    """Read the bundle that lies beside a file.

    Raises:
        FileError: It cannot be read; where the file is missing itself, that is said.
    """
    try:
        return read_input(bundle_path(blob, ""))
    except FileError as error:
        if not Path(blob).is_file():
            read_input(blob)
        error.hint = _IT_IS_A_BUNDLE if blob.endswith(SUFFIX) else _LOOKED_BESIDE
        raise


def _read_old(raw: bytes) -> "BlobSignature | None":
    """Return cosign 2's bundle, None where it is another: then nothing is imported for it."""
    if b'"base64Signature"' not in raw:
        return None
    from cosignpy.core.bundle.blob_files import parse_blob_bundle

    return parse_blob_bundle(raw)


def _read_signature(text: str) -> bytes:
    """Read a file, or take the text itself where it is base64 and no file has such a name."""
    try:
        return read_input(text)
    except FileError as error:
        try:
            signature = decode_b64(text, what="signature")
        except MalformedError:
            raise error from None
        if len(signature) < _SHORTEST:
            raise
        return signature
