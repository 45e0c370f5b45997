"""From a shard on disk to the writer that drives it."""

import time

from log_server.data_directory import LogFiles
from log_server.protocols import PROTOCOLS, verify_published
from log_server.shard_files import ShardFiles
from log_server.storage.room import RESERVE
from log_server.tlog.publish import CheckpointPublisher, Cosigner
from log_server.tlog.reader import LogReader
from log_server.writer import LogWriter


def open_writer(log: LogFiles, shard: ShardFiles, cosigner: Cosigner | None, reserve: int = RESERVE) -> LogWriter:
    """Open a shard for writing, recover and publish it; a new log of a kind that has one gets its first entry.

    Raises:
        LogDamaged: It does not verify.
        VerificationError: Its checkpoint is signed with another key.
        StorageError: It cannot be read or stored.
    """
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
