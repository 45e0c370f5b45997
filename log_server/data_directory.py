"""The data directory: made by `init` or by the first `serve`, and what there is in it."""

import logging
from pathlib import Path
from typing import Final

from cosignpy.core.keys.signatures import Signer
from cosignpy.core.merkle.hashing import EMPTY_ROOT
from cosignpy.core.note.checkpoint import Checkpoint
from cosignpy.errors import UsageError
from cosignpy.files import explain
from cosignpy.keystore.reference import load_signer
from cosignpy.keystore.server_key import environment_password
from cosignpy.values import value
from log_server.config import Settings
from log_server.log import LogKind
from log_server.protocols import PROTOCOLS
from log_server.shard_files import ShardFiles, describe_shard, load_shards, next_directory
from log_server.shard_keys import load_former_keys, load_key, make_key

_PRIVATE_FOLDER: Final = 0o700

_LOG: Final = logging.getLogger(__name__)


@value
class LogFiles:
    """One log on disk, the key of its newest shard, and those of older ones that still sign answers.

    `begun` is set by the start that made the log, because the data directory had none.
    """

    kind: LogKind
    shards: tuple[ShardFiles, ...]
    signer: Signer
    former: tuple[Signer, ...] = ()
    begun: bool = False

    @property
    def active(self) -> ShardFiles | None:
        """Return the shard that takes entries; None if the log is frozen."""
        newest = self.shards[-1]
        return None if newest.frozen is not None else newest


def open_logs(data: Path, settings: Settings) -> tuple[LogFiles, ...]:
    """Return the logs that are served, and begin those that are not there yet. The caller holds the lock.

    Raises:
        CosignError: A log cannot be read, or a key is not there or not its own.
    """
    return tuple(_open_log(data, kind, settings) for kind in settings.served)


def begin_shard(data: Path, kind: LogKind, reference: str, name: str) -> ShardFiles:
    """Begin the next shard of a log: its folder, its key unless `reference` names one, its description.

    The description comes last, so that what a crash leaves behind is not taken for a shard.

    Raises:
        UsageError: The shard before it is not frozen, or had the same key.
        CosignError: A file cannot be written, or the key cannot sign for such a log.
    """
    directory = next_directory(data, kind)
    with explain(directory):
        directory.mkdir(mode=_PRIVATE_FOLDER, parents=True, exist_ok=True)
    protocol = PROTOCOLS[kind]
    signer = load_signer(reference, environment_password) if reference else make_key(directory, protocol.algorithm)
    if any(signer.public_key == earlier.public_key for earlier in load_shards(data, kind)):
        raise UsageError(f"{reference} is the key of an earlier shard of {kind}", "name a new one in the settings")
    shard = describe_shard(directory, kind, name, signer.public_key)
    protocol.sign(protocol.identify(shard), signer)(Checkpoint("-", 0, EMPTY_ROOT), 0)  # refuses keys of other kinds
    shard.save()
    return shard


def _open_log(data: Path, kind: LogKind, settings: Settings) -> LogFiles:
    found = load_shards(data, kind)
    shards = found or (_begin_log(data, kind, settings),)
    signer = load_key(shards[-1], settings.key_of(kind), environment_password)
    # Rekor v1 signs a promise anew whenever an entry is read; the other protocols sign each thing once.
    former = load_former_keys(shards[:-1], environment_password) if kind is LogKind.REKOR_V1 else ()
    return LogFiles(kind, tuple(shards), signer, former, begun=not found)


def _begin_log(data: Path, kind: LogKind, settings: Settings) -> ShardFiles:
    """Begin a log, and say so: where the disk with the real one is not mounted, its directory is empty as well."""
    shard = begin_shard(data, kind, settings.key_of(kind), settings.name)
    _LOG.warning(
        "there was no %s log in %s, and one begins; if there should be one, stop: is the disk there?", kind, data
    )
    return shard
