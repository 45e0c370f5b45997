"""A log in a worker process: reads from files, appends through the sequencer's socket."""

import asyncio
from collections.abc import Sequence

from cosignpy.core.keys.signatures import Signer
from cosignpy.values import value
from log_server.log import Appended, Frozen, Identity, TryLater
from log_server.sequencing.client import RETRY_SECONDS, SequencerClient
from log_server.tlog.reader import LogReader, Tree, split_hashes
from log_server.tlog.values import Draft


@value
class LocalShard:
    """One tree, for reading; it implements `Shard`."""

    identity: Identity
    reader: LogReader


class LocalLog:
    """Implements `Log` over shards on disk; without a sequencer, all of them are frozen."""

    def __init__(
        self, shards: Sequence[LocalShard], signer: Signer, client: SequencerClient | None, patience: float
    ) -> None:
        self.shards = shards
        self.signer = signer
        self._client = client
        self._patience = patience

    @property
    def active(self) -> LocalShard:
        """Return the newest shard."""
        return self.shards[-1]

    @property
    def ready(self) -> str | None:
        """Say why the log cannot commit now; None when it can."""
        if self._client is None:
            return None
        return None if self._client.connected else "the sequencer is not there"

    async def append(self, draft: Draft) -> Appended:
        """Sequence an entry; see `Log.append`.

        Raises:
            TryLater: Nothing is known to be in the log.
            Frozen: The log takes no entries.
        """
        if self._client is None:
            raise Frozen(self.active.identity.origin)
        try:
            async with asyncio.timeout(self._patience):
                answer = await self._client.submit(draft)
        except TimeoutError as error:
            raise TryLater(f"the log did not answer within {self._patience:g} s", RETRY_SECONDS) from error
        place, batch = answer.place, answer.batch
        if place.duplicate:
            return self._find_original(place.index)
        tree = Tree(batch.size, batch.root, batch.checkpoint)
        return Appended(place.index, place.timestamp_ms, duplicate=False, tree=tree, hashes=split_hashes(place.proof))

    def _find_original(self, index: int) -> Appended:
        reader = self.active.reader
        tree = reader.tree()
        annotation = reader.annotation(index)
        hashes = reader.inclusion(index, tree.size).hashes
        return Appended(index, annotation.timestamp_ms, duplicate=True, tree=tree, hashes=hashes)
