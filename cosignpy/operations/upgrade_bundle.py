"""Bring an older bundle, or cosign's own JSON from before there were bundles, to version 0.3."""

from cosignpy.core.bundle.blob_files import BlobSignature, parse_blob_bundle
from cosignpy.core.bundle.logged_signer import complete_by_entry
from cosignpy.core.bundle.model import Bundle
from cosignpy.core.bundle.protojson import parse_bundle
from cosignpy.core.bundle.upgrade import is_current, needs_proof, prove_entry, upgrade_bundle
from cosignpy.operations.create_bundle import EntrySource


def read_old_bundle(raw: bytes) -> Bundle:
    """Parse a bundle of any version, or cosign's own JSON: of what that is stands in its log entry alone.

    Raises:
        MalformedError: Neither, or a signature that nothing says of what it is.
        KeyUnusable: The key in the log entry is one that nobody should use.
        LimitExceeded: More of something than a verifier accepts.
    """
    found = parse_blob_bundle(raw)
    return parse_bundle(raw) if found is None else complete_by_entry(assemble_signature(found))


def assemble_signature(found: BlobSignature) -> Bundle:
    """Return cosign's own JSON as a bundle: an envelope stands in the place of the signature, if there is one.

    Raises:
        MalformedError: One of the parts cannot be read.
    """
    return found.bundle()


def upgrade(bundle: Bundle, log: EntrySource) -> Bundle:
    """Return a bundle of version 0.3 of the same signature; the log is asked only for proofs that are missing.

    Raises:
        VerificationError: What the log answers is no proof of the bundle's entries.
        RemoteError: The log does not have them, or does not answer.
        MalformedError: Something is in the bundle twice.
    """
    if is_current(bundle):
        return bundle
    entries = [
        prove_entry(entry, log.fetch(entry.log_index)) if needs_proof(entry) else entry for entry in bundle.log_entries
    ]
    return upgrade_bundle(bundle, entries)
