"""`cosignpy verify-blob` and `cosignpy verify-blob-attestation`."""

from typing import TYPE_CHECKING, Annotated

import typer

from cosignpy.cli.artifacts import SUFFIX, select_artifact
from cosignpy.cli.checksum_flags import ChecksumFlags
from cosignpy.cli.condition_flags import ConditionFlags
from cosignpy.cli.deny_flags import DenyFlags
from cosignpy.cli.detached_flags import DetachedFlags, bundle_path
from cosignpy.cli.flags import DataOutputFlag
from cosignpy.cli.identity_flags import IdentityFlags
from cosignpy.cli.input_files import read_input
from cosignpy.cli.invocation import Output
from cosignpy.cli.own_pki_flags import OwnPkiFlags
from cosignpy.cli.provenance_flags import ProvenanceFlags
from cosignpy.cli.render.bundle import render_bundle, tells_refusals
from cosignpy.cli.signer_flags import SignerFlags
from cosignpy.cli.wanted_type import DEFAULT_TYPE, WantedTypeFlag
from cosignpy.core.bundle.model import Bundle
from cosignpy.core.bundle.protojson import parse_bundle
from cosignpy.core.digest import Digest
from cosignpy.core.policy.bundle import BundlePolicy
from cosignpy.core.policy.predicate import AnyPredicateUnsafe
from cosignpy.core.policy.transparency import RequireLog
from cosignpy.core.verify.findings import VerifiedBundle
from cosignpy.errors import TransparencyRequired, UsageError
from cosignpy.operations.artifacts import HeldContent, KnownDigest
from cosignpy.operations.beside import Beside
from cosignpy.operations.verify_bundle import VerifyBundle, verify_bundle
from cosignpy.values import replace

if TYPE_CHECKING:
    from cosignpy.operations.judge_attestations import Attestation

BlobArgument = Annotated[
    str, typer.Argument(metavar="BLOB", show_default=False, help="A file, - for standard input, or sha256:HEX.")
]
BundleFlag = Annotated[
    str,
    typer.Option(
        "--bundle", metavar="FILE", show_default=f"BLOB{SUFFIX}", help="The signature, as `sign-blob` wrote it."
    ),
]
TimestampFlag = Annotated[
    str,
    typer.Option("--rfc3161-timestamp", metavar="FILE", show_default=False, help="The timestamp of --signature."),
]
"""Of an attestation it may be over the whole envelope, as cosign 2 had it made."""


@tells_refusals
def verify_blob(
    blob: BlobArgument,
    who: SignerFlags,
    identity: IdentityFlags,
    deny: DenyFlags,
    parts: DetachedFlags,
    pki: OwnPkiFlags,
    files: ChecksumFlags,
    bundle: BundleFlag = "",
    timestamp: TimestampFlag = "",
    output: DataOutputFlag = Output.TEXT,
) -> None:
    """Verify the signature of a file.

    A bundle with a statement about the file is accepted too, whatever the statement says of it. With --check-files
    the file is a list of checksums, and the files that it names are verified by it.
    """
    files.refuse_alone()
    pki.check(who, parts.certificate)
    policy = BundlePolicy(who.signer(identity), who.transparency, AnyPredicateUnsafe("verify-blob"), deny.read())
    read = parts.read(blob, bundle, timestamp)
    signed = read if isinstance(read, bytes) else read.bundle()
    request = replace(_request(signed, policy, parts, offline=who.offline), beside=pki.beside())
    if not files.check_files:
        render_bundle(blob, verify_bundle(request, select_artifact(blob), pki.trust(who)), output)
        return
    from cosignpy.cli.render.files import render_listed

    content = _read_list(blob)
    found = verify_bundle(request, HeldContent(content), pki.trust(who))
    own = (blob, parts.signature or bundle_path(blob, bundle), parts.certificate, timestamp)
    render_listed(blob, found, files.check(files.check_files, content, own), output)


@tells_refusals
def verify_blob_attestation(
    blob: BlobArgument,
    who: SignerFlags,
    identity: IdentityFlags,
    deny: DenyFlags,
    parts: DetachedFlags,
    pki: OwnPkiFlags,
    provenance: ProvenanceFlags,
    conditions: ConditionFlags,
    predicate_type: WantedTypeFlag = DEFAULT_TYPE,
    bundle: BundleFlag = "",
    timestamp: TimestampFlag = "",
    output: DataOutputFlag = Output.TEXT,
) -> None:
    """Verify an attestation about a file.

    Provenance has to name the builder and the source that are asked for, if any are; and what it says has to satisfy
    every --policy.
    """
    pki.check(who, parts.certificate)
    policy = BundlePolicy(who.signer(identity), who.transparency, provenance.wanted(predicate_type), deny.read())
    read = parts.read(blob, bundle, timestamp)
    signed = read if isinstance(read, bytes) else read.envelope_bundle()
    beside = pki.beside()
    if timestamp and not isinstance(read, bytes):
        beside = replace(beside or Beside(), stamped_envelope=read.signature)
    conditions.begin()
    request = replace(_request(signed, policy, parts, offline=who.offline), beside=beside)
    found = verify_bundle(request, select_artifact(blob), pki.trust(who))
    judges = conditions.read()
    if judges.files:
        judges.judge(blob, [_judged(blob, parts.signature or bundle_path(blob, bundle), signed, found)])
    render_bundle(blob, found, output, judges.to_json())


def _judged(blob: str, location: str, signed: bytes | Bundle, found: VerifiedBundle) -> "Attestation":
    """Return what conditions judge: they see of a file what they see of an image."""
    from cosignpy.imagepolicy.conditions.beside import describe_signature
    from cosignpy.operations.file_signature import describe_file_signature
    from cosignpy.operations.judge_attestations import Attestation

    name = min(found.digests)
    digest = Digest(name, found.digests[name].hex())
    bundle = signed if isinstance(signed, Bundle) else parse_bundle(signed)
    shown = describe_signature(describe_file_signature(location, digest, bundle, found))
    return Attestation(blob, found.payload, shown)


def _request(signed: bytes | Bundle, policy: BundlePolicy, parts: DetachedFlags, *, offline: bool) -> VerifyBundle:
    """Say what is to be verified, and who is asked for a log entry.

    Raises:
        TransparencyRequired: One is demanded, the files have none, and nobody is to be asked.
    """
    log = parts.open_log(offline=offline)
    silent = isinstance(signed, Bundle) and not signed.log_entries and log is None
    if silent and isinstance(policy.transparency, RequireLog):
        raise TransparencyRequired(
            "these files have no log entry, and one is demanded",
            "a bundle has it; --rekor-url asks a log of Rekor v1 for it; --insecure-ignore-tlog does without",
        )
    return VerifyBundle(signed, policy, log)


def _read_list(blob: str) -> bytes:
    """Read a list once: what is verified is what its files are compared with.

    Raises:
        UsageError: Its digest is given in place of it.
        FileError: It cannot be read.
    """
    if isinstance(select_artifact(blob), KnownDigest):
        raise UsageError("a digest says nothing about the files of a list", "give the list itself")
    return read_input(blob)
