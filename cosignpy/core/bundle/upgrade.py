"""An older bundle as one of version 0.3: the same signature, with a proof for every log entry and no issuers.

What the log promised stays as it is; a proof that it lacks comes from the log, and has to be one of the same entry.
"""

from collections.abc import Iterator, Sequence
from typing import Final

from cosignpy.core.bundle.model import BUNDLE_V03, Bundle, CertificateMaterial
from cosignpy.core.bundle.versions import verify_form
from cosignpy.core.merkle.hashing import hash_leaf
from cosignpy.core.note.checkpoint import parse_checkpoint, verify_included
from cosignpy.core.note.signed_note import parse_note
from cosignpy.core.rekor.log_entry import LogEntry, LoggedProof
from cosignpy.errors import ClaimMismatch, MalformedError, TransparencyError
from cosignpy.values import replace

_CURRENT: Final = "0.3"


def is_current(bundle: Bundle) -> bool:
    """Tell whether a bundle is one of version 0.3, with everything that it demands."""
    try:
        verify_form(bundle)
    except MalformedError:
        return False
    return bundle.version == _CURRENT


def needs_proof(entry: LogEntry) -> bool:
    """Tell whether an entry lacks the inclusion proof with checkpoint that version 0.3 demands."""
    return entry.inclusion is None or not entry.inclusion.checkpoint


def prove_entry(entry: LogEntry, found: LogEntry) -> LogEntry:
    """Return an entry with the proof that its log gave, once it is one of this entry and leads to its checkpoint.

    Whether the log signed the checkpoint is for the verification to show.

    Raises:
        ClaimMismatch: The log's answer is about another entry, or about one of another log.
        TransparencyError: The proof leads elsewhere.
        MalformedError: The checkpoint is none, or there is no proof at all.
    """
    if found.log_id != entry.log_id:
        raise ClaimMismatch("log of the entry", entry.log_id.hex(), found.log_id.hex())
    if (found.log_index, found.body) != (entry.log_index, entry.body):
        wanted, other = [f"{one.log_index} with {hash_leaf(one.body).hex()}" for one in (entry, found)]
        raise ClaimMismatch("entry of the log", wanted, other)
    if found.inclusion is None:
        raise MalformedError("log entry", "it has no inclusion proof")
    verify_proof(found.body, found.inclusion)
    return replace(entry, inclusion=found.inclusion)


def verify_proof(body: bytes, logged: LoggedProof) -> None:
    """Show that a proof leads from an entry to the root of its own checkpoint, whoever signed that.

    Raises:
        TransparencyError: It leads elsewhere.
        MalformedError: The checkpoint is none.
    """
    checkpoint = parse_checkpoint(parse_note(logged.checkpoint.encode()).text)
    if logged.root_hash != checkpoint.root:
        raise TransparencyError("root hash of the inclusion proof", checkpoint.root.hex(), logged.root_hash.hex())
    verify_included(checkpoint, logged.proof, hash_leaf(body))


def upgrade_bundle(bundle: Bundle, entries: Sequence[LogEntry]) -> Bundle:
    """Return a bundle of version 0.3 with these entries, which are its own and proved; of certificates the first stays.

    Raises:
        MalformedError: One of the entries is not proved, or something is in the bundle twice.
    """
    material = bundle.material
    if isinstance(material, CertificateMaterial):
        material = CertificateMaterial(material.certificates[:1], alone=True)
    made = replace(bundle, media_type=BUNDLE_V03, material=material, log_entries=tuple(entries))
    verify_form(made)
    return made


def tell_changes(before: Bundle, after: Bundle) -> Iterator[str]:
    """Say for people what an upgrade did."""
    yield f"from version {before.version} to {after.version}"
    if isinstance(before.material, CertificateMaterial) and len(before.material.certificates) > 1:
        yield f"without the {len(before.material.certificates) - 1} issuers of the certificate"
    proved = sum(needs_proof(entry) for entry in before.log_entries)
    if proved:
        yield f"with a proof of the log for {proved} log entr{'y' if proved == 1 else 'ies'}"
