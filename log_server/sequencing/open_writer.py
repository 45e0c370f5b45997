"""From a shard on disk to the writer that drives it."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

from cosignpy.errors import VerificationError
from log_server.config import Settings
from log_server.data_directory import LogFiles
from log_server.log import LogKind
from log_server.protocols import PROTOCOLS, verify_published
from log_server.shard_files import ShardFiles
from log_server.storage.room import RESERVE
from log_server.tlog.publish import CheckpointPublisher, Cosigner
from log_server.tlog.reader import CHECKPOINT, LogDamaged, LogReader
from log_server.witness.cosigner import open_cosigner
from log_server.witness.policy import load_policy
from log_server.writer import LogWriter


@contextmanager
def asking_witnesses(shard: ShardFiles, settings: Settings) -> Iterator[Cosigner | None]:
    """Ask the witnesses of a log about its checkpoints while the block runs, if it has any.

    Raises:
        CosignError: Their policy cannot be used.
    """
    path = settings.rekor_v2.witnesses
    if shard.kind is not LogKind.REKOR_V2 or path is None:
        yield None
        return
    with open_cosigner(load_policy(path), shard.open_objects(), settings.rekor_v2.without_quorum) as cosigner:
        yield cosigner


def open_writer(log: LogFiles, shard: ShardFiles, cosigner: Cosigner | None, reserve: int = RESERVE) -> LogWriter:
    """Open a shard for writing, recover and publish it; a new log of a kind that has one gets its first entry.

    Raises:
        LogDamaged: It does not verify.
        StorageError: It cannot be read or stored.
    """
    try:
        return _open_writer(log, shard, cosigner, reserve)
    except LogDamaged as error:
        raise LogDamaged(f"{shard.directory}: {error.name}", error.why) from error
    except VerificationError as error:
        raise LogDamaged(f"{shard.directory}: {CHECKPOINT}", str(error)) from error


def _open_writer(log: LogFiles, shard: ShardFiles, cosigner: Cosigner | None, reserve: int) -> LogWriter:
    protocol = PROTOCOLS[log.kind]
    identity = protocol.identify(shard)
    storage = shard.open_storage(reserve)
    verify_published(log.kind, identity, LogReader(storage.objects, storage.index, protocol.form).tree())
    publisher = CheckpointPublisher(storage.objects, identity.origin, protocol.sign(identity, log.signer), cosigner)
    now_ms = time.time_ns() // 1_000_000
    writer = LogWriter(storage, protocol.form, publisher, now_ms)
    if writer.size == 0 and protocol.build_genesis is not None:
        writer.begin(protocol.build_genesis(log.signer), now_ms)
    return writer
