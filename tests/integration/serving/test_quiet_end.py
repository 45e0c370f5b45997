"""A server that is told to stop: it serves on for a while, and then waits for nobody who has all their answers."""

import asyncio
import os
import signal
import socket
import ssl
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from starlette.types import Receive, Scope, Send

from cosignpy.serving.asgi import answer
from cosignpy.serving.draining import DrainingServer, Served, build_server
from cosignpy.serving.threaded import ServerOptions, TlsFiles, address_of, bind
from cosignpy.serving.tls_reload import ReloadingContext
from tests.support.tls_files import Authority


async def serve_all(_scope: Scope, _receive: Receive, send: Send) -> None:
    await answer(send, 200, b"here")


def run(served: Served, visit: Callable[[int], None], tls: ReloadingContext | None = None) -> float:
    """Serve, let somebody visit in a thread, and return how long the end took after that."""

    async def serve() -> float:
        listener = bind(ServerOptions())
        port = int(address_of(listener).rpartition(":")[2])
        server: DrainingServer = build_server(served, tls)
        task = asyncio.create_task(server.serve([listener]))
        while not server.started:  # noqa: ASYNC110 - a test looks from outside
            await asyncio.sleep(0.01)
        await asyncio.to_thread(visit, port)
        started = time.monotonic()
        await task
        return time.monotonic() - started

    return asyncio.run(serve())


def get(port: int) -> bytes:
    with socket.create_connection(("127.0.0.1", port), timeout=5.0) as client:
        client.sendall(b"GET / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n")
        return client.recv(4096)


def test_who_comes_after_the_signal_is_still_served() -> None:
    left = list[str]()

    def visit(port: int) -> None:
        os.kill(os.getpid(), signal.SIGTERM)
        time.sleep(0.2)
        assert get(port).startswith(b"HTTP/1.1 200")
        assert left == ["left"]

    assert 0.1 < run(Served(serve_all, quiet_seconds=0.6, leave=lambda: left.append("left")), visit) < 3.0


def test_a_second_signal_ends_the_quiet_time() -> None:
    def visit(_port: int) -> None:
        os.kill(os.getpid(), signal.SIGTERM)
        time.sleep(0.2)
        os.kill(os.getpid(), signal.SIGTERM)

    assert run(Served(serve_all, quiet_seconds=30.0), visit) < 3.0


def test_without_a_quiet_time_the_first_signal_is_enough() -> None:
    assert run(Served(serve_all), lambda _port: os.kill(os.getpid(), signal.SIGTERM)) < 3.0


@pytest.fixture
def tls(tmp_path: Path) -> tuple[ReloadingContext, ssl.SSLContext]:
    authority = Authority(tmp_path, "ca")
    files = authority.issue("127.0.0.1")
    client = ssl.create_default_context(cafile=str(authority.certificate))
    return ReloadingContext.load(TlsFiles(files.certificate, files.key)), client


def test_a_client_that_never_agrees_to_the_end_of_tls_is_not_waited_for(
    tls: tuple[ReloadingContext, ssl.SSLContext],
) -> None:
    clients = list[socket.socket]()

    def visit(port: int) -> None:
        plain = socket.create_connection(("127.0.0.1", port), timeout=5.0)
        client = tls[1].wrap_socket(plain, server_hostname="127.0.0.1")
        client.sendall(b"GET / HTTP/1.1\r\nhost: a\r\n\r\n")
        assert client.recv(4096).startswith(b"HTTP/1.1 200")
        clients.append(client)
        os.kill(os.getpid(), signal.SIGTERM)

    assert run(Served(serve_all), visit, tls[0]) < 3.0
    clients[0].close()
