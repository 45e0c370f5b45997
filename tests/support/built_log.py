"""A data directory with a log of several tiles, whose journal has only the last of it: what a busy log leaves."""

import time
from pathlib import Path
from typing import Final

from cosignpy.keystore.server_key import environment_password
from log_server.config import Settings
from log_server.log import LogKind
from log_server.protocols import PROTOCOLS
from log_server.rotation import begin
from log_server.shard_files import ShardFiles, load_shards
from log_server.shard_keys import load_key
from log_server.storage.journal import FileJournal
from log_server.storage.lock import lock_directory
from log_server.storage.sqlite_index import SqliteIndex
from log_server.tlog.publish import CheckpointPublisher
from log_server.tlog.sequencer import Storage
from log_server.writer import LogWriter
from tests.support.whole_log import drafts

SETTINGS: Final = "workers: 0\nrekor_v1: {serve: false}\nct: {serve: false}\nlog_level: warning\n"
SIZE: Final = 601


def build_directory(data: Path) -> ShardFiles:
    """Make a data directory with a Rekor v2 log of `SIZE` entries, which its journal has from the 501st on."""
    data.mkdir()
    (data / "log.yaml").write_text(SETTINGS)
    with lock_directory(data):
        shard = begin(data, LogKind.REKOR_V2, Settings(), "log.example")
        protocol = PROTOCOLS[shard.kind]
        identity = protocol.identify(shard)
        journal = FileJournal(shard.directory / "journal", segment_size=1)
        storage = Storage(shard.open_objects(), journal, SqliteIndex(shard.directory / "index"))
        signer = load_key(shard, "", environment_password)
        publisher = CheckpointPublisher(storage.objects, identity.origin, protocol.sign(identity, signer), None)
        writer = LogWriter(storage, protocol.form, publisher, 0)
        for first in range(0, SIZE - 1, 100):
            writer.sequence(drafts(first, 100), time.time_ns() // 1_000_000)
        writer.close()
        journal.close()
    return load_shards(data, LogKind.REKOR_V2)[0]
