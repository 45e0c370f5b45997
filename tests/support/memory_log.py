"""A log in memory: the real sequencer, reader and checkpoints over storage in dictionaries. It implements `Log`."""

import asyncio
from collections.abc import Callable, Sequence
from typing import Final

from cosignpy.core.keys.signatures import Signer
from cosignpy.core.merkle.hashing import Node
from cosignpy.values import record, value
from log_server.log import Appended, Frozen, Identity, TryLater
from log_server.rekor.draft import build_draft
from log_server.rekor.identity import (
    build_genesis,
    build_v1_identity,
    build_v2_identity,
    sign_as_v1,
    sign_as_v2,
)
from log_server.storage.memory import MemoryIndex, MemoryJournal, MemoryObjects
from log_server.tlog.batch import Tip
from log_server.tlog.entry_form import EntryForm, PlainForm
from log_server.tlog.publish import CheckpointPublisher, SignCheckpoint
from log_server.tlog.reader import LogReader
from log_server.tlog.sequencer import Sequencer, Storage
from log_server.tlog.values import Draft

START_MS: Final = 1_700_000_000_000
"""The time of the first batch; each later one comes a second after the one before."""


@value
class MemoryShard:
    """One tree."""

    identity: Identity
    reader: LogReader
    signer: Signer
    sequencer: Sequencer
    storage: Storage


@record
class MemoryLog:
    """Shards, of which the last takes entries, unless it was told to be busy, frozen or stuck."""

    kept: list[MemoryShard]
    busy: bool = False
    frozen: bool = False
    stuck: bool = False
    now_ms: int = START_MS

    @property
    def shards(self) -> Sequence[MemoryShard]:
        """Return all shards."""
        return self.kept

    @property
    def active(self) -> MemoryShard:
        """Return the last shard."""
        return self.kept[-1]

    @property
    def signer(self) -> Signer:
        """Return its key."""
        return self.active.signer

    @property
    def first_of_next(self) -> int:
        """Return the virtual index of the first entry of a shard to come."""
        return self.active.identity.first + self.active.reader.tree().size

    async def append(self, draft: Draft) -> Appended:
        """Sequence an entry.

        Raises:
            TryLater: The log was told to be busy.
            Frozen: The log was told to be frozen.
        """
        if self.busy:
            raise TryLater("4096 entries wait already", 2)
        if self.frozen:
            raise Frozen(self.active.identity.origin)
        if self.stuck:
            await asyncio.Event().wait()
        return self.append_now(draft)

    def append_now(self, draft: Draft) -> Appended:
        """Sequence an entry, in a batch of its own."""
        self.now_ms += 1000
        shard = self.active
        (place,) = shard.sequencer.sequence([draft], self.now_ms).places
        tree = shard.reader.tree()
        proof = shard.reader.inclusion(place.index, tree.size)
        timestamp_ms = shard.reader.annotation(place.index).timestamp_ms if place.duplicate else place.timestamp_ms
        return Appended(place.index, timestamp_ms, place.duplicate, tree, proof.hashes)

    def fill(self, count: int) -> None:
        """Append synthetic entries, in one batch."""
        start = self.active.sequencer.tip.edge.size
        drafts = [Draft(b"entry %d" % index, b"identity%08d" % index) for index in range(start, start + count)]
        self.now_ms += 1000
        self.active.sequencer.sequence(drafts, self.now_ms)

    def leaf_hash(self, index: int) -> bytes:
        """Return a leaf hash of the active shard."""
        return self.active.reader.node(Node(0, index))


def build_shard(identity: Identity, signer: Signer, sign: SignCheckpoint, form: EntryForm | None = None) -> MemoryShard:
    """Build an empty shard."""
    storage = Storage(MemoryObjects(), MemoryJournal(), MemoryIndex())
    used = form or PlainForm()
    publisher = CheckpointPublisher(storage.objects, identity.origin, sign, None)
    reader = LogReader(storage.objects, storage.index, used)
    return MemoryShard(identity, reader, signer, Sequencer(storage, used, publisher, Tip()), storage)


def v1_shard(signer: Signer, tree_id: int = 0x1234, first: int = 0) -> MemoryShard:
    """Build an empty shard of a Rekor v1 log."""
    identity = build_v1_identity("rekor.example", tree_id, signer.public_key, first)
    return build_shard(identity, signer, sign_as_v1(identity, signer))


def v2_shard(signer: Signer, host: str = "log2025-1.rekor.example") -> MemoryShard:
    """Build an empty shard of a Rekor v2 log."""
    identity = build_v2_identity(host, signer.public_key)
    return build_shard(identity, signer, sign_as_v2(identity, signer))


def build_log(shard: MemoryShard) -> MemoryLog:
    """Build a log of one shard, which begins with its genesis entry."""
    log = MemoryLog([shard])
    begin(log)
    return log


def begin(log: MemoryLog) -> None:
    """Append the genesis entry of the active shard."""
    shard = log.active
    log.append_now(build_draft(build_genesis(shard.identity.kind, shard.signer)))


def rotate(log: MemoryLog, build: Callable[[Signer], MemoryShard], signer: Signer) -> None:
    """Continue the log in a new shard, with a genesis entry of its own."""
    log.kept = [*log.kept, build(signer)]
    begin(log)
