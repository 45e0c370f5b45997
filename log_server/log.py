"""One log as the faces see it: append a draft, read what is published.

A log may have had earlier shards, each with its own tree, key and origin. They are frozen and readable for
ever; only the last takes entries. `LogId`s and indices are those of a shard unless a name says `virtual`.
"""

from collections.abc import Sequence
from enum import StrEnum
from typing import Protocol

import msgspec

from cosignpy.core.keys.public import PublicKey
from cosignpy.core.keys.signatures import Signer
from cosignpy.core.merkle.hashing import Node
from cosignpy.errors import CosignError
from cosignpy.values import record, value
from log_server.tlog.reader import LogReader, Tree
from log_server.tlog.values import Draft


class LogKind(StrEnum):
    """The protocols; each has its own trees."""

    REKOR_V1 = "rekor-v1"
    REKOR_V2 = "rekor-v2"
    CT = "ct"


@value
class Identity:
    """Who a shard is: `origin` heads its checkpoints, `log_id` is what entries and SCTs name, 32 octets.

    `tree_id` is Rekor v1's number of the tree, 0 elsewhere. `first` is the virtual index of its entry 0.
    """

    kind: LogKind
    origin: str
    log_id: bytes
    key: PublicKey
    tree_id: int = 0
    first: int = 0


class Appended(msgspec.Struct, frozen=True):
    """An entry's place in the log, and the published tree that shows it is there.

    A `msgspec` structure and no value, because one is made for each entry.
    """

    index: int
    timestamp_ms: int
    duplicate: bool
    tree: Tree
    hashes: tuple[bytes, ...]


@record
class NotTheOriginal(CosignError):
    """The log has another entry under the shortened hash of this one, and cannot tell the two apart."""

    index: int

    def __str__(self) -> str:
        return f"entry {self.index} is another, and has the same shortened hash: change something about this one"


def verify_original(shard: "Shard", index: int, leaf_hash: bytes) -> None:
    """Show that a duplicate is what the log has where its index says.

    Index keys are the first half of a hash. Whoever spends 2**64 hashes finds two entries that share one, and must not
    be told that both are in the log, nor get a promise for the one that is not.

    Raises:
        NotTheOriginal: The log has another entry there.
        LogDamaged: A tile is missing or wrong.
    """
    if shard.reader.node(Node(0, index)) != leaf_hash:
        raise NotTheOriginal(index)


@record
class TryLater(Exception):
    """The log cannot take the entry now: too much is waiting, or it is recovering. 503 with Retry-After."""

    why: str
    retry_after: int

    def __str__(self) -> str:
        return self.why


@record
class Frozen(Exception):
    """The log takes no entries any more; `successor` is the origin of the one that does, if there is one."""

    origin: str
    successor: str = ""

    def __str__(self) -> str:
        return f"the log {self.origin} is frozen: send entries to {self.successor or 'the log that succeeds it'}"


class Shard(Protocol):
    """One tree, for reading."""

    @property
    def identity(self) -> Identity:
        """Return who it is."""
        ...

    @property
    def reader(self) -> LogReader:
        """Return what reads it."""
        ...


class Log(Protocol):
    """What a face is given."""

    @property
    def active(self) -> Shard:
        """Return the shard that takes entries, or took them last."""
        ...

    @property
    def shards(self) -> Sequence[Shard]:
        """Return all shards, the oldest first, the active one last."""
        ...

    @property
    def frozen(self) -> bool:
        """Tell whether the active shard takes no entries any more, and has no successor."""
        ...

    @property
    def signer(self) -> Signer:
        """Return the key of the active shard: SETs and SCTs are signed by those who answer, not by the sequencer."""
        ...

    async def append(self, draft: Draft) -> Appended:
        """Sequence an entry; it is durable and covered by the published tree in the answer.

        A caller that stops waiting disturbs nobody; its entry may be in the log all the same.

        Raises:
            TryLater: Nothing is known to be in the log; the same draft may be submitted again.
            Frozen: The log takes no entries.
        """
        ...
