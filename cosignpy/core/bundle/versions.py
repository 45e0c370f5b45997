"""What each version of the format demands (protobuf-specs, sigstore_bundle.proto, comments of `Bundle`).

Reading a bundle and believing it are two things: commands that only show or copy bundles read those that break these
rules as well.
"""

from enum import Enum

from cosignpy.core.bundle.model import Bundle, CertificateMaterial
from cosignpy.core.rekor.log_entry import LogEntry
from cosignpy.errors import MalformedError
from cosignpy.values import replace

_WHAT = "bundle"


class ChainRule(Enum):
    """What becomes of issuers that come with a signature; the trusted root alone says where a path may end.

    Attributes:
        REFUSE: They are passed over, and bundles of 0.3 that have some are refused, as that version demands.
        ALLOW: They are passed over in all bundles.
        COMPLETE: They lead from the leaf to a certificate of the trusted root, for roots without intermediates.
    """

    REFUSE = "refuse"
    ALLOW = "allow"
    COMPLETE = "complete"


def verify_form(bundle: Bundle, chains: ChainRule = ChainRule.REFUSE) -> None:
    """Show that a bundle has what its version demands, and nothing twice.

    Raises:
        MalformedError: A log entry without promise (0.1) or without proof and checkpoint (later), issuers in a bundle
            of 0.3, or a log entry or a timestamp given twice.
    """
    for entry in bundle.log_entries:
        _verify_entry(entry, bundle.version)
    if chains is ChainRule.REFUSE:
        _verify_certificates(bundle)
    if len({(entry.log_id, entry.log_index) for entry in bundle.log_entries}) != len(bundle.log_entries):
        raise MalformedError(_WHAT, "the same log entry is in it twice")
    if len(set(bundle.timestamps)) != len(bundle.timestamps):
        raise MalformedError(_WHAT, "the same timestamp is in it twice")


def without_unproved_inclusion(bundle: Bundle) -> Bundle:
    """Return the bundle without the proofs that lead nowhere, because no checkpoint comes with them.

    Bundles of 0.1 have such, and are believed for the log's promise alone.
    """
    if all(entry.inclusion is None or entry.inclusion.checkpoint for entry in bundle.log_entries):
        return bundle
    return replace(bundle, log_entries=tuple([_without_proof(entry) for entry in bundle.log_entries]))


def _without_proof(entry: LogEntry) -> LogEntry:
    return entry if entry.inclusion is None or entry.inclusion.checkpoint else replace(entry, inclusion=None)


def _verify_entry(entry: LogEntry, version: str) -> None:
    if version == "0.1":
        if not entry.entry_timestamp:
            raise MalformedError(_WHAT, "a log entry has no inclusion promise, which version 0.1 demands")
    elif entry.inclusion is None or not entry.inclusion.checkpoint:
        raise MalformedError(
            _WHAT, f"a log entry has no inclusion proof with checkpoint, which version {version} demands"
        )


def _verify_certificates(bundle: Bundle) -> None:
    if bundle.version == "0.3" and isinstance(bundle.material, CertificateMaterial) and not bundle.material.alone:
        raise MalformedError(_WHAT, "a chain of certificates, of which version 0.3 allows the first alone")
