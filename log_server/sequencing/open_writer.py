"""From a shard on disk to the writer that drives it."""

import time

from cosignpy.errors import VerificationError
from log_server.data_directory import LogFiles
from log_server.protocols import PROTOCOLS, verify_published
from log_server.shard_files import ShardFiles
from log_server.storage.room import RESERVE
from log_server.tlog.publish import CheckpointPublisher, Cosigner
from log_server.tlog.reader import CHECKPOINT, LogDamaged, LogReader
from log_server.writer import LogWriter


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
