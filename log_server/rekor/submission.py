"""From an accepted entry to its place: the way into the log that both versions share."""

from enum import StrEnum
from typing import Final

from cosignpy.core.merkle.hashing import hash_leaf
from cosignpy.errors import LimitExceeded
from cosignpy.serving.asgi import Deadline
from log_server.log import Appended, Log, verify_original
from log_server.rekor.accepted import Accepted
from log_server.rekor.draft import build_draft
from log_server.tlog.values import MAX_ENTRY, MAX_KEYS, Draft

PATIENCE_SECONDS: Final = 20.0
"""How long a request waits for its place: the real servers wait as long, and tell clients to."""

MAX_SEARCH_KEYS: Final = MAX_KEYS - 1
"""Search keys of one entry: one place is taken by the hash of its leaf."""


class Duplicates(StrEnum):
    """What a submitter is told whose entry is in the log already."""

    CONFLICT = "conflict"
    """409 with the place of the original, as the real servers do; many released clients take it for a failure."""
    ORIGINAL = "original"
    """201 with the original entry and a fresh proof, so that a lost answer can be asked for again."""


def build_checked_draft(accepted: Accepted) -> Draft:
    """Make the draft of an entry that fits into the log.

    Raises:
        LimitExceeded: It is longer than an entry may be, or would be found by more keys than can be remembered.
    """
    if len(accepted.body) > MAX_ENTRY:
        raise LimitExceeded("entry", f"{len(accepted.body)} bytes in its canonical form, the log takes {MAX_ENTRY}")
    if len(accepted.search_keys) > MAX_SEARCH_KEYS:
        raise LimitExceeded("entry", f"it names {len(accepted.search_keys)} things, at most {MAX_SEARCH_KEYS} are kept")
    return build_draft(accepted)


async def append(log: Log, accepted: Accepted, patience: float) -> Appended:
    """Wait for an entry's place in the log.

    Raises:
        LimitExceeded: It does not fit.
        NotTheOriginal: Another entry has its shortened hash.
        TryLater: The log is busy.
        Frozen: The log takes no entries.
        TimeoutError: There was no answer in time. The entry may be in the log; it can be submitted again.
    """
    draft = build_checked_draft(accepted)
    shard = log.active
    with Deadline(patience):
        appended = await log.append(draft)
    if appended.duplicate:
        verify_original(shard, appended.index, hash_leaf(accepted.body))
    return appended
