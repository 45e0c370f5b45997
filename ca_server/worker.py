"""A process that issues certificates and gives timestamps. Signing and verifying happen where a request is served."""

import asyncio
import socket
from pathlib import Path
from typing import Final

import msgspec
import uvloop

from ca_server.app import open_app
from ca_server.authorities import Handover, open_authorities
from ca_server.config import Settings
from ca_server.tls import load_tls
from cosignpy.serving.draining import build_server
from cosignpy.serving.garbage import collect_rarely
from cosignpy.serving.request_log import configure_logging
from cosignpy.serving.settings import parse_settings
from cosignpy.serving.settings_text import show_settings
from cosignpy.serving.workers import failing_plainly, take_orders

_LOG_LAG_SECONDS: Final = 0.1
"""What is lost of the log of requests when a worker is killed."""


class Orders(msgspec.Struct):
    """What the first process tells a worker; keys never appear in arguments or environment."""

    data: str
    settings: str
    listener: int
    handover: Handover


def build_orders(data: Path, settings: Settings, handover: Handover, listener: int) -> Orders:
    """Say what a worker has to know."""
    return Orders(str(data), show_settings(settings), listener, handover)


def main() -> None:
    """Serve as the orders on standard input say, until told to stop."""
    orders = take_orders(Orders)
    settings = parse_settings(orders.settings.encode(), Settings)
    configure_logging(settings.log_level, lag_seconds=_LOG_LAG_SECONDS)
    with failing_plainly(), socket.socket(fileno=orders.listener) as listener:
        serve(Path(orders.data), settings, orders.handover, listener)


def serve(data: Path, settings: Settings, handover: Handover, listener: socket.socket) -> None:
    """Serve on a listening socket until SIGINT or SIGTERM; requests under way are answered first.

    Raises:
        CosignError: A file that the settings name cannot be used.
    """
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(_serve(data, settings, handover, listener))


async def _serve(data: Path, settings: Settings, handover: Handover, listener: socket.socket) -> None:
    opened = open_app(settings, data, open_authorities(settings, data, handover))
    server = build_server(opened.served, load_tls(settings))
    collect_rarely()
    try:
        await server.serve([listener])
    finally:
        opened.close()


if __name__ == "__main__":
    main()
