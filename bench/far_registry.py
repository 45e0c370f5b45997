"""A registry that is far away: a proxy that holds back every byte for half a round trip, each way.

TCP's own handshake with the proxy takes no time on loopback, so the first byte of a connection waits for a
whole round trip more. TLS ends at the registry behind it, and its handshake pays like everything else.
"""

import asyncio
import contextlib
import threading
from dataclasses import dataclass, field
from typing import Self

_CHUNK = 1 << 16


@dataclass(slots=True)
class DelayProxy:
    """Listens on a free port of loopback and forwards to `host:port`, with `round_trip` seconds there and back."""

    upstream: str
    round_trip: float
    port: int = 0
    _loop: asyncio.AbstractEventLoop = field(default_factory=asyncio.new_event_loop)
    _ready: threading.Event = field(default_factory=threading.Event)

    def __enter__(self) -> Self:
        threading.Thread(target=self._run, daemon=True).start()
        self._ready.wait()
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._stop)

    def _stop(self) -> None:
        tasks = asyncio.all_tasks(self._loop)
        for task in tasks:
            task.cancel()
        ended = asyncio.gather(*tasks, return_exceptions=True)
        ended.add_done_callback(lambda _: self._loop.stop())

    def _run(self) -> None:
        async def listen() -> None:
            server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
            self.port = server.sockets[0].getsockname()[1]
            self._ready.set()

        self._loop.run_until_complete(listen())
        self._loop.run_forever()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(asyncio.CancelledError):  # the proxy ends; asyncio would report it as a failure
            await asyncio.sleep(self.round_trip)
            far_reader, far_writer = await asyncio.open_connection(*self.upstream.split(":"))
            await asyncio.gather(self._forward(reader, far_writer), self._forward(far_reader, writer))

    async def _forward(self, source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
        """Pass chunks on in order, each half a round trip after it came; the delay is a pipe, not a queue."""
        pending: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue()

        async def deliver() -> None:
            while True:
                due, chunk = await pending.get()
                await asyncio.sleep(max(0.0, due - self._loop.time()))
                if not chunk:
                    break
                target.write(chunk)
                await target.drain()
            target.close()

        delivery = asyncio.ensure_future(deliver())
        while True:
            try:
                chunk = await source.read(_CHUNK)
            except ConnectionResetError:
                chunk = b""
            await pending.put((self._loop.time() + self.round_trip / 2, chunk))
            if not chunk:
                break
        try:
            await delivery
        except ConnectionError:
            return
