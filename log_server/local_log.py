"""A log in a worker process: reads from files, appends through the sequencer's socket."""

from collections.abc import Mapping, Sequence

from cosignpy.core.keys.signatures import Signer
from cosignpy.values import value
from log_server.log import Appended, Frozen, Identity
from log_server.sequencing.client import SequencerClient
from log_server.tlog.reader import LogReader, split_hashes
from log_server.tlog.values import Draft


@value
class LocalShard:
    """One tree, for reading; it implements `Shard`."""

    identity: Identity
    reader: LogReader


class LocalLog:
    """Implements `Log` over shards on disk; without a sequencer, all of them are frozen."""

    def __init__(
        self,
        shards: Sequence[LocalShard],
        signer: Signer,
        client: SequencerClient | None,
        former: Sequence[Signer] = (),
    ) -> None:
        self.shards = shards
        self.signer = signer
        self._former = former
        self._client = client

    @property
    def active(self) -> LocalShard:
        """Return the newest shard."""
        return self.shards[-1]

    @property
    def frozen(self) -> bool:
        """Tell whether it takes no entries any more."""
        return self._client is None

    @property
    def former_signers(self) -> Mapping[bytes, Signer]:
        """Return the keys of frozen shards that are at hand, by log id."""
        return {
            shard.identity.log_id: signer
            for shard in self.shards
            for signer in self._former
            if signer.public_key == shard.identity.key
        }

    @property
    def trouble(self) -> str:
        """Say why the log cannot take an entry now; nothing when it can."""
        return self._client.trouble if self._client is not None else ""

    @property
    def waiting(self) -> int:
        """Count the entries that wait for their place."""
        return self._client.waiting if self._client is not None else 0

    async def append(self, draft: Draft) -> Appended:
        """Sequence an entry; see `Log.append`.

        Raises:
            TryLater: Nothing is known to be in the log.
            Frozen: The log takes no entries.
        """
        if self._client is None:
            raise Frozen(self.active.identity.origin)
        answer = await self._client.submit(draft)
        place = answer.place
        if place.duplicate:
            return self._find_original(place.index)
        hashes = split_hashes(place.proof)
        return Appended(place.index, place.timestamp_ms, duplicate=False, tree=answer.tree, hashes=hashes)

    def _find_original(self, index: int) -> Appended:
        reader = self.active.reader
        tree = reader.tree()
        annotation = reader.annotation(index)
        hashes = reader.inclusion(index, tree.size).hashes
        return Appended(index, annotation.timestamp_ms, duplicate=True, tree=tree, hashes=hashes)
