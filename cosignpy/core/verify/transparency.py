"""The log entries of a bundle: which log has them, what it promised, what is proved (client specification).

Entries of logs that nobody trusts are passed over, since a signature may be in many logs. An entry of a trusted log has
to hold in every respect: promise and proof, whichever of them is there.
"""

import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Final

from cosignpy.core.keys.public import PublicKey
from cosignpy.core.merkle.hashing import hash_leaf
from cosignpy.core.note.checkpoint import Checkpoint, parse_checkpoint, verify_included
from cosignpy.core.note.key_id import spki_key_id
from cosignpy.core.note.signed_note import HINT_SIZE, parse_note, verify_note
from cosignpy.core.note.verifier import LogVerifier
from cosignpy.core.rekor.entry_timestamp import EntryTimestamp, verify_entry_timestamp
from cosignpy.core.rekor.log_entry import LogEntry, LoggedProof
from cosignpy.core.trust.trusted_root import TransparencyLog, TrustedRoot
from cosignpy.core.verify.findings import LogEntryFinding, ObservedTime, ProvenInclusion
from cosignpy.errors import ClaimMismatch, TransparencyError
from cosignpy.values import value

_NUMBERED: Final = re.compile(r" - (?:0|[1-9][0-9]{0,18})\Z")
"""What Rekor v1 puts behind its name: the number of the tree."""
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_PORT: Final = re.compile(r":[0-9]+\Z")


@value
class TrustedEntry:
    """An entry, the trusted log that it names, and what was shown about it."""

    entry: LogEntry
    log: TransparencyLog
    finding: LogEntryFinding

    def verify_at(self, times: Sequence[ObservedTime]) -> None:
        """Show that the log's key was in use when it signed: at the time that it states, else at all that others saw.

        Of a log that is over, some time has to be known: else a bundle would count for lack of its timestamp.

        Raises:
            TransparencyError: It was not, according to the trusted root, which has to say since when it is.
        """
        stated = self.finding.integrated_time
        moments = [stated] if stated is not None else [time.moment for time in times]
        for moment in moments:
            if not self.log.validity.covers(moment):
                raise TransparencyError(f"entry of {self.log.base_url}", "of a time when it is trusted", str(moment))
        if self.log.validity.start is None:
            raise TransparencyError(f"trust in {self.log.base_url}", "from a time on", "from none on")
        if not moments and self.log.validity.end is not None:
            ended = self.log.validity.end.isoformat()
            raise TransparencyError(
                f"time of the entry of {self.log.base_url}", f"known, since the log ended at {ended}", "not known"
            )


def verify_entries(entries: Sequence[LogEntry], trust: TrustedRoot) -> tuple[TrustedEntry, ...]:
    """Show that trusted logs have these entries; those of other logs are left out.

    Raises:
        TransparencyError: A proof that leads elsewhere, or an entry with neither proof nor promise.
        SignatureMismatch: A promise or a checkpoint that the log did not sign.
        ClaimMismatch: A checkpoint of another log, or an index that the log did not state.
        MalformedError: A checkpoint that is none.
    """
    found = []
    for entry in entries:
        log = _select_log(entry, trust)
        if log is not None and log.key is not None:
            found.append(TrustedEntry(entry, log, _verify_entry(entry, log, log.key)))
    return tuple(found)


def _select_log(entry: LogEntry, trust: TrustedRoot) -> TransparencyLog | None:
    """Choose by the id of the log's key, which is all that an entry says about where it is."""
    return next((log for log in trust.logs if log.log_id == entry.log_id), None)


def _verify_entry(entry: LogEntry, log: TransparencyLog, key: PublicKey) -> LogEntryFinding:
    if entry.inclusion is None and not entry.entry_timestamp:
        raise TransparencyError("log entry", "with a promise or a proof", "without both")
    moment = _verify_promise(entry, key) if entry.entry_timestamp else None
    inclusion = _verify_inclusion(entry, entry.inclusion, log, key) if entry.inclusion is not None else None
    proved = inclusion.index if inclusion is not None else entry.log_index
    index = entry.log_index if moment is not None else proved
    return LogEntryFinding(log.base_url, entry.log_id, f"{entry.kind} {entry.version}", inclusion, moment, index)


def _verify_promise(entry: LogEntry, key: PublicKey) -> datetime:
    """Show that the log promised to have the entry at this index, and return when."""
    stated = EntryTimestamp(entry.body, entry.integrated_time, entry.log_id, entry.log_index)
    verify_entry_timestamp(stated, entry.entry_timestamp, key)
    try:
        return _EPOCH + timedelta(seconds=entry.integrated_time)
    except OverflowError as error:
        raise TransparencyError("time of the log entry", "a date", str(entry.integrated_time)) from error


def _verify_inclusion(entry: LogEntry, logged: LoggedProof, log: TransparencyLog, key: PublicKey) -> ProvenInclusion:
    """Show that the entry is in the tree of a checkpoint that the log signed (RFC 9162 section 2.1.3.2)."""
    checkpoint, numbered = _verify_checkpoint(logged.checkpoint.encode("utf-8"), log, key)
    if logged.root_hash != checkpoint.root:
        raise TransparencyError("root hash of the inclusion proof", checkpoint.root.hex(), logged.root_hash.hex())
    verify_included(checkpoint, logged.proof, hash_leaf(entry.body))
    if not numbered and entry.log_index != logged.proof.index:
        raise TransparencyError("index of the log entry", str(logged.proof.index), str(entry.log_index))
    return ProvenInclusion(checkpoint.origin, checkpoint.size, checkpoint.root, logged.proof.index, logged.checkpoint)


def _verify_checkpoint(raw: bytes, log: TransparencyLog, key: PublicKey) -> tuple[Checkpoint, bool]:
    """Show that the log signed the checkpoint, and as one of its own; tell whether it is that of a numbered tree.

    Rekor v1 has many trees under one name, and puts the number of the tree behind it in the origin alone; indices of
    entries count on from tree to tree there. Any other log has its origin as its name, which is its host.
    """
    note = parse_note(raw)
    checkpoint = parse_checkpoint(note.text)
    name, numbered = _NUMBERED.subn("", checkpoint.origin)
    verify_note(note, LogVerifier(name, (log.checkpoint_key_id or log.log_id)[:HINT_SIZE], key))
    if numbered and log.log_id != spki_key_id(key):
        raise ClaimMismatch("origin", "one without a number", checkpoint.origin)
    if not numbered and name not in log_names(log.base_url):
        raise ClaimMismatch("origin", " or ".join(sorted(log_names(log.base_url))), name)
    return checkpoint, bool(numbered)


@lru_cache(maxsize=64)
def log_names(base_url: str) -> frozenset[str]:
    """Return what a log at this address may call itself: its host, with or without port and path."""
    _, _, rest = base_url.rstrip("/").rpartition("://")
    authority, _, _ = rest.partition("/")
    return frozenset({_PORT.sub("", authority), authority, rest})
