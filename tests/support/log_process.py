"""`python -m log_server` as a process: a data directory, a free port, all faces."""

import base64
import json
import ssl
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, ClassVar

from cosignpy.values import record, value
from tests.support.server_process import ServerProcess


@value
class Shard:
    """What `show` tells of a shard."""

    log: str
    number: str
    state: str
    size: int
    first_index: int
    origin: str
    tree_id: str
    log_id: bytes
    public_key: str

    @property
    def log_id_base64(self) -> str:
        """Return the log id as trusted roots write it."""
        return base64.b64encode(self.log_id).decode()


@record
class LogProcess(ServerProcess):
    """The server of logs."""

    module: ClassVar[str] = "log_server"

    def show(self) -> Sequence[Shard]:
        """Return all shards of all logs, the oldest of each first."""
        return [_parse_shard(shown) for shown in json.loads(self.run("show", "-o", "json"))]

    def shards(self, log: str) -> Sequence[Shard]:
        """Return the shards of a log (`rekor-v1`, `rekor-v2`, `ct`), the oldest first."""
        return [shard for shard in self.show() if shard.log == log]


@contextmanager
def serve_logs(
    directory: Path, settings: str = "", *options: str, tls: ssl.SSLContext | None = None
) -> Iterator[LogProcess]:
    """Serve all logs of a new data directory, with these settings (YAML), and stop at the end."""
    directory.mkdir(parents=True, exist_ok=True)
    if settings:
        (directory / "log.yaml").write_text(settings)
    running = LogProcess(directory, options, tls=tls)
    running.start()
    try:
        yield running
    finally:
        running.kill() if sys.exc_info()[0] else running.stop()


def _parse_shard(shown: dict[str, Any]) -> Shard:
    return Shard(
        log=shown["log"],
        number=shown["shard"],
        state=shown["state"],
        size=shown["treeSize"],
        first_index=shown["firstIndex"],
        origin=shown["origin"],
        tree_id=shown["treeId"],
        log_id=bytes.fromhex(shown["logId"]),
        public_key=shown["publicKey"],
    )
