"""`cosignpy bundle create` and `upgrade`."""

import stat
from pathlib import Path
from typing import Annotated, Final

import typer

from cosignpy.cli import exit_codes
from cosignpy.cli.artifacts import select_artifact
from cosignpy.cli.input_files import read_input
from cosignpy.cli.invocation import CURRENT
from cosignpy.cli.render.errors import explain_error
from cosignpy.cli.wiring_search import open_search
from cosignpy.core.bundle.blob_files import (
    BlobSignature,
    parse_blob_bundle,
    parse_certificate_file,
    parse_signature_file,
    parse_timestamp_file,
)
from cosignpy.core.bundle.protojson import encode_bundle
from cosignpy.core.bundle.upgrade import is_current, tell_changes
from cosignpy.core.dsse import Envelope
from cosignpy.core.encoding import JsonObject
from cosignpy.core.keys.public import PublicKey
from cosignpy.errors import CosignError, UsageError
from cosignpy.files import PRIVATE, write_file
from cosignpy.operations.create_bundle import EntrySource, Found, create_bundle
from cosignpy.operations.upgrade_bundle import assemble_signature, read_old_bundle
from cosignpy.operations.upgrade_bundle import upgrade as upgrade_one
from cosignpy.values import replace

PUBLIC_LOG: Final = "https://rekor.sigstore.dev"
_STDOUT: Final = "-"
_KEY_HELP: Final = "Who signed: a public key in a file, env://VARIABLE or https://..."

OutFlag = Annotated[str, typer.Option("--out", metavar="FILE", help="Where the bundle goes; - is standard output.")]
LogFlag = Annotated[str, typer.Option("--rekor-url", metavar="URL", help="The log of Rekor v1 that has the signature.")]


def _file_option(name: str, text: str) -> object:
    return typer.Option(name, metavar="FILE", show_default=False, help=text)


def create(
    artifact: Annotated[
        str,
        typer.Option("--artifact", metavar="FILE|sha256:HEX", show_default=False, help="What is signed."),
    ],
    signature: Annotated[str, _file_option("--signature", "The signature, in base64 or as it is.")] = "",
    attestation: Annotated[str, _file_option("--attestation", "The envelope, in place of a signature.")] = "",
    bundle: Annotated[
        str, _file_option("--bundle", "All of it in cosign's own JSON, which is older than bundles.")
    ] = "",
    certificate: Annotated[str, _file_option("--certificate", "Who signed, in PEM or in base64 of it.")] = "",
    key: Annotated[str, typer.Option("--key", metavar="KEY", show_default=False, help=_KEY_HELP)] = "",
    rfc3161_timestamp: Annotated[str, _file_option("--rfc3161-timestamp", "A timestamp of the signature.")] = "",
    ignore_tlog: Annotated[
        bool, typer.Option("--ignore-tlog/--no-ignore-tlog", help="Make a bundle without a log entry.")
    ] = False,
    rekor_url: LogFlag = PUBLIC_LOG,
    out: OutFlag = _STDOUT,
) -> None:
    """Make a bundle of a signature that was kept in parts, with the entry that the log has of it.

    Whatever gets into the bundle is shown to be of this signature, this artifact and this signer. Whether to believe
    the signer, the log and the timestamp authority is for `bundle verify`.
    """
    found = _read_signature(signature, attestation, bundle)
    parts = found.parts
    if certificate:
        parts = replace(parts, certificate=parse_certificate_file(read_input(certificate)))
    if rfc3161_timestamp:
        parts = replace(parts, timestamp=parse_timestamp_file(read_input(rfc3161_timestamp)))
    log = None if ignore_tlog else open_search(rekor_url)
    request = Found(assemble_signature(replace(found, parts=parts)), _load_key(key))
    _write(encode_bundle(create_bundle(request, select_artifact(artifact), log)), out)


def upgrade(
    files: Annotated[
        list[str],
        typer.Argument(metavar="FILE...", show_default=False, help="Bundles, or - for one from standard input."),
    ],
    in_place: Annotated[bool, typer.Option("--in-place/--no-in-place", "-i", help="Replace the files.")] = False,
    rekor_url: LogFlag = PUBLIC_LOG,
    out: OutFlag = _STDOUT,
) -> int:
    """Bring bundles of versions 0.1 and 0.2, and cosign's own older JSON, to version 0.3.

    The log is asked for proofs that a bundle lacks, and for nothing else. A file that cannot be upgraded stays as it
    is, and the exit code tells.
    """
    if in_place and (out != _STDOUT or _STDOUT in files):
        raise UsageError("--in-place replaces the files themselves", "leave --out and - out, or --in-place")
    if len(files) > 1 and not in_place:
        raise UsageError("several bundles have no one place to go", "replace them all with --in-place")
    log = open_search(rekor_url)
    return exit_codes.combined_exit_code([_upgrade(file, file if in_place else out, log) for file in files])


def _upgrade(file: str, target: str, log: EntrySource) -> int:
    """Upgrade one file, and return the exit code that it alone would give."""
    try:
        raw = read_input(file)
        bundle = read_old_bundle(raw)
        if is_current(bundle):
            CURRENT.say(f"{file}: of version {bundle.version} already, left as it is")
            if target != file:
                _write(raw, target)
            return exit_codes.OK
        made = upgrade_one(bundle, log)
        _write(encode_bundle(made), target)
    except CosignError as error:
        CURRENT.say(f"{file}: not upgraded")
        explain_error(error)
        return exit_codes.exit_code(error)
    CURRENT.say(f"{file}: upgraded {', '.join(tell_changes(bundle, made))}")
    return exit_codes.OK


def _read_signature(signature: str, attestation: str, bundle: str) -> BlobSignature:
    """Read what was signed with, from the one file that has it.

    Raises:
        UsageError: None of them, or several.
        CosignError: It cannot be read.
    """
    if bool(bundle) == bool(signature or attestation):
        raise UsageError("a signature is needed, and one alone", "give --signature, --attestation or --bundle")
    if attestation:
        return _read_attestation(attestation, signature)
    if signature:
        return BlobSignature(parse_signature_file(read_input(signature)))
    found = parse_blob_bundle(read_input(bundle))
    if found is None:
        raise UsageError(f"{bundle} is not cosign's own JSON", "a bundle of an older version: cosignpy bundle upgrade")
    return found


def _read_attestation(attestation: str, signature: str) -> BlobSignature:
    """Read an envelope; cosign wants a signature beside it, which then has to be the one in it.

    Raises:
        UsageError: It is another.
        CosignError: One of them cannot be read.
    """
    raw = read_input(attestation)
    envelope = Envelope.parse(JsonObject.parse(raw, what="envelope"))
    known = {raw, *(made.signature for made in envelope.signatures)}
    if signature and parse_signature_file(read_input(signature)) not in known:
        raise UsageError("the signature is not that of the attestation", "leave --signature out: it is in the envelope")
    return BlobSignature(raw)


def _load_key(reference: str) -> PublicKey | None:
    if not reference:
        return None
    from cosignpy.cli import wiring_keys  # brings the registry along

    return wiring_keys.load_public_keys((reference,))[0]


def _write(content: bytes, target: str) -> None:
    """Write to standard output, or replace a file: one that is there keeps its mode, and a link to it stays."""
    if target == _STDOUT:
        CURRENT.print(content.decode().rstrip("\n"))
        return
    path, mode = Path(target), PRIVATE
    if path.is_file():
        path, mode = path.resolve(), stat.S_IMODE(path.stat().st_mode)
    write_file(path, content, mode)
    CURRENT.say(f"Wrote bundle to file {target}")
