"""Rotation: a shard is frozen at the size it has, and the next begins with a key and an origin of its own."""

from pathlib import Path

from cosignpy.errors import UsageError
from cosignpy.keystore.server_key import environment_password
from cosignpy.values import replace
from log_server.config import Settings
from log_server.data_directory import LogFiles, begin_shard
from log_server.log import LogKind
from log_server.sequencing.open_writer import asking_witnesses, open_writer
from log_server.shard_files import ShardFiles, load_shards
from log_server.shard_keys import load_key
from log_server.tlog.publish import NotCosigned


def freeze(data: Path, kind: LogKind, settings: Settings) -> ShardFiles:
    """End a log's newest shard: nothing is appended to it any more, and all of it stays readable.

    The caller holds the data directory's lock. Its description is written last, so that what a crash interrupts
    is a shard that still takes entries. What it was when it ended, its witnesses have to have cosigned: nobody asks
    them again.

    Raises:
        UsageError: There is no such log, or it is frozen.
        LogDamaged: It does not verify.
        NotCosigned: Too few of its witnesses cosigned its last checkpoint.
        StorageError: It cannot be read or made durable.
    """
    shards = tuple(load_shards(data, kind))
    if not shards:
        raise UsageError(f"there is no {kind} log in {data}")
    newest = shards[-1]
    if newest.frozen is not None:
        raise UsageError(f"{newest.directory} is frozen already, with a tree of size {newest.frozen}")
    signer = load_key(newest, settings.key_of(kind), environment_password)
    with asking_witnesses(newest, settings) as cosigner:
        writer = open_writer(LogFiles(kind, shards, signer), newest, cosigner)
        writer.close()
    if writer.trouble:
        raise NotCosigned(str(newest.directory), writer.trouble)
    frozen = replace(newest, frozen=writer.size)
    frozen.save()
    return frozen


def rotate(data: Path, kind: LogKind, settings: Settings, name: str) -> tuple[ShardFiles, ShardFiles]:
    """Freeze a log's newest shard, unless it is, and begin the next; return both.

    Clients tell logs of Rekor v2 and of certificate transparency apart by their host names alone, so these need a
    new one. Rekor v1 has the tree id in its origin.

    Raises:
        UsageError: The name is that of an earlier shard of such a log, or so is the key.
        CosignError: As for `freeze` and `begin_shard`.
    """
    shards = load_shards(data, kind)
    if kind is not LogKind.REKOR_V1 and any(shard.name == name for shard in shards):
        raise UsageError(
            f"{name} is the name of an earlier shard, and clients could not tell them apart",
            "give the new one a host name of its own: --hostname",
        )
    if shards and shards[-1].frozen is None and settings.key_of(kind):
        raise UsageError(
            f"the next shard of {kind} needs a key of its own, and the settings name that of this one",
            "freeze the log, name the new key in the settings, then rotate",
        )
    old = shards[-1] if shards and shards[-1].frozen is not None else freeze(data, kind, settings)
    return old, begin(data, kind, settings, name)


def begin(data: Path, kind: LogKind, settings: Settings, name: str) -> ShardFiles:
    """Begin a shard, and publish it with the entry it begins with; if witnesses do not let it, the server does later.

    Raises:
        CosignError: As for `begin_shard`.
        StorageError: It cannot be stored.
    """
    shard = begin_shard(data, kind, settings.key_of(kind), name)
    signer = load_key(shard, settings.key_of(kind), environment_password)
    with asking_witnesses(shard, settings) as cosigner:
        open_writer(LogFiles(kind, (shard,), signer), shard, cosigner).close()
    return shard
