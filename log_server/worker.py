"""A process that accepts, parses and verifies entries, hands them to the sequencer, and answers reads.

Verification happens right where a request is served: a worker has one thread, and there are several workers.
In a pool of threads beside a busy event loop the same verification takes a hundred times longer.
"""

import asyncio
import socket
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

import msgspec
import uvloop

from cosignpy.core.keys.private import PrivateKey
from cosignpy.keystore.server_key import environment_password
from cosignpy.serving.draining import build_server
from cosignpy.serving.garbage import collect_rarely
from cosignpy.serving.request_log import configure_logging
from cosignpy.serving.settings import parse_settings
from cosignpy.serving.settings_text import show_settings
from cosignpy.serving.workers import failing_plainly, take_orders
from log_server.app import build_app
from log_server.config import Settings
from log_server.config_files import load_tls
from log_server.data_directory import LogFiles
from log_server.local_log import LocalLog, LocalShard
from log_server.log import LogKind
from log_server.protocols import PROTOCOLS
from log_server.sequencing.client import SequencerClient
from log_server.sequencing.host import socket_path
from log_server.shard_files import load_shards
from log_server.shard_keys import load_key

if TYPE_CHECKING:
    from cosignpy.core.keys.signatures import Signer


_LOG_LAG_SECONDS: Final = 0.1
"""What is lost of the log of requests when a worker is killed; all else is written at once."""


class Orders(msgspec.Struct):
    """What the supervisor tells a worker on its standard input; keys never appear in arguments or environment."""

    data: str
    sockets: str
    settings: str
    listener: int
    keys: dict[str, bytes]
    former: dict[str, list[bytes]]


def build_orders(data: Path, sockets: Path, settings: Settings, logs: Sequence[LogFiles], listener: int) -> Orders:
    """Say what a worker has to know. Keys that cannot leave where they are, it loads itself."""
    keys = {log.kind.value: log.signer.encode_pkcs8() for log in logs if isinstance(log.signer, PrivateKey)}
    former = {log.kind.value: [key.encode_pkcs8() for key in log.former if isinstance(key, PrivateKey)] for log in logs}
    return Orders(str(data), str(sockets), show_settings(settings), listener, keys, former)


def main() -> None:
    """Serve as the orders on standard input say, until told to stop."""
    orders = take_orders(Orders)
    settings = parse_settings(orders.settings.encode(), Settings)
    configure_logging(settings.log_level, lag_seconds=_LOG_LAG_SECONDS)
    data = Path(orders.data)
    with failing_plainly(), socket.socket(fileno=orders.listener) as listener:
        logs = [_load(orders, settings, data, kind) for kind in settings.served]
        serve(logs, settings, data, Path(orders.sockets), listener)


def _load(orders: Orders, settings: Settings, data: Path, kind: LogKind) -> LogFiles:
    shards = tuple(load_shards(data, kind))
    pkcs8 = orders.keys.get(kind)
    signer: Signer = (
        PrivateKey.parse_pkcs8(pkcs8) if pkcs8 else load_key(shards[-1], settings.key_of(kind), environment_password)
    )
    former = tuple(PrivateKey.parse_pkcs8(key) for key in orders.former[kind])
    return LogFiles(kind, shards, signer, former)


def serve(logs: Sequence[LogFiles], settings: Settings, data: Path, sockets: Path, listener: socket.socket) -> None:
    """Serve logs on a listening socket until SIGINT or SIGTERM; requests under way are answered first.

    Raises:
        UsageError: The TLS files or other files of the settings cannot be used.
    """
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(_serve(logs, settings, data, sockets, listener))


async def _serve(
    logs: Sequence[LogFiles], settings: Settings, data: Path, sockets: Path, listener: socket.socket
) -> None:
    clients: list[SequencerClient] = []
    opened = [_open(log, settings, sockets, clients) for log in logs]
    server = build_server(build_app(opened, settings, data), load_tls(settings))
    for client in clients:
        client.start()
    collect_rarely()
    try:
        await server.serve([listener])
    finally:
        for client in clients:
            client.close()


def _open(files: LogFiles, settings: Settings, sockets: Path, clients: list[SequencerClient]) -> LocalLog:
    """Open a log for reading, and a way to its sequencer if it takes entries."""
    protocol = PROTOCOLS[files.kind]
    shards = [LocalShard(protocol.identify(shard), shard.open_reader(protocol.form)) for shard in files.shards]
    client = None
    if files.active is not None:
        client = SequencerClient(socket_path(sockets, files.kind), settings.limits.waiting)
        clients.append(client)
    return LocalLog(shards, files.signer, client, files.former)


if __name__ == "__main__":
    main()
