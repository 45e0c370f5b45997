"""A Rekor v2 log with witnesses, all of them on real ports, each of which can be stopped and started again."""

import asyncio
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from starlette.types import ASGIApp, Receive, Scope, Send

from cosignpy.core.note.key_id import VerifierKey, encode_vkey, log_signature_type
from cosignpy.serving.threaded import ServerOptions, ThreadedServer
from log_server.config import CtSettings, RekorV1Settings, Settings
from log_server.data_directory import LogFiles, open_logs
from log_server.local_log import LocalLog, LocalShard
from log_server.log import Identity
from log_server.protocols import PROTOCOLS
from log_server.rekor.v2_options import V2Options
from log_server.rekor.v2_routes import build_v2
from log_server.sequencing.client import SequencerClient
from log_server.sequencing.open_writer import open_writer
from log_server.sequencing.service import SequencerService
from log_server.shard_files import ShardFiles
from log_server.tlog.publish import Cosigner
from log_server.witness.serve import build_router
from tests.support.witnesses import make_witness

SETTINGS = Settings(hostname="rekor.example", rekor_v1=RekorV1Settings(serve=False), ct=CtSettings(serve=False))


class WitnessServer:
    """A witness of some logs that keeps its port while it is down."""

    def __init__(self, data: Path, name: str, logs: Sequence[str]) -> None:
        data.mkdir()
        self.name = name
        self.witness = make_witness(data, name, logs)
        self._server = ThreadedServer(build_router(self.witness), ServerOptions())
        self.address = self._server.address
        self.policy_line = f"witness {name} {self.witness.vkey} http://{self.address}/witness"

        self._up = False

    def start(self) -> None:
        self._server.start()
        self._up = True

    def stop(self) -> None:
        if self._up:
            self._server.stop()
        self._up = False

    def restart(self) -> None:
        port = int(self.address.rpartition(":")[2])
        self._server = ThreadedServer(build_router(self.witness), ServerOptions(port=port))
        self.start()


class WitnessedLog:
    """The Rekor v2 log of a data directory."""

    def __init__(self, data: Path) -> None:
        data.mkdir(exist_ok=True)
        (self.files,) = open_logs(data, SETTINGS)
        self.protocol = PROTOCOLS[self.files.kind]

    @property
    def shard(self) -> ShardFiles:
        return self.files.shards[-1]

    @property
    def identity(self) -> Identity:
        return self.protocol.identify(self.shard)

    @property
    def vkey(self) -> str:
        key = self.identity.key
        return encode_vkey(VerifierKey(self.identity.origin, log_signature_type(key), key))

    @contextmanager
    def serve(self, cosigner: Cosigner) -> Iterator[str]:
        """Serve it; yields the address."""
        with tempfile.TemporaryDirectory() as sockets:
            failures: list[Exception] = []
            writer = open_writer(self.files, self.shard, cosigner)
            service = SequencerService(writer, Path(sockets) / "s", failures.append)
            worker = _Worker(self.files, Path(sockets) / "s")
            server = ThreadedServer(worker, ServerOptions())
            service.start()
            server.start()
            try:
                yield server.address
            finally:
                worker.close()
                server.stop()
                service.stop()
                writer.close()
            assert failures == []


class _Worker:
    """Connects to the sequencer in the loop that serves, before the first request, and lets go of it there."""

    def __init__(self, files: LogFiles, socket_path: Path) -> None:
        protocol = PROTOCOLS[files.kind]
        shard = files.shards[-1]
        self._client = SequencerClient(socket_path, 100)
        local = LocalShard(protocol.identify(shard), shard.open_reader(protocol.form))
        self._app: ASGIApp = build_v2(LocalLog([local], files.signer, self._client), V2Options())
        self._loop: asyncio.AbstractEventLoop | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self._loop is None:
            self._loop = asyncio.get_running_loop()
            self._client.start()
        for _ in range(1000):
            if self._client.connected:
                break
            await asyncio.sleep(0.01)
        await self._app(scope, receive, send)

    def close(self) -> None:
        if self._loop is not None:
            asyncio.run_coroutine_threadsafe(self._close(), self._loop).result()

    async def _close(self) -> None:
        self._client.close()
        for _ in range(1000):
            if not self._client.connected:
                break
            await asyncio.sleep(0.01)
