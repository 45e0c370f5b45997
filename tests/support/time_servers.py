"""Time servers on loopback that say what a test wants them to."""

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Final

import ntplib  # type: ignore[import-untyped] # it has no annotations

from cosignpy.values import field, record

_WAIT: Final = 0.05


@record
class TimeServer:
    """A time server; what it answers may be changed while it runs.

    Attributes:
        offset: By how many seconds it is ahead of us.
        fields: Of the packet, such as `stratum`, that differ.
        answers: Makes the datagrams out of a good one.
        silent: Whether it says nothing.
    """

    sock: socket.socket
    offset: float = 0.0
    fields: dict[str, Any] = field(default_factory=dict)
    answers: Callable[[bytes], list[bytes]] = lambda good: [good]
    silent: bool = False
    asked: int = 0

    @property
    def name(self) -> str:
        """Return the name of the server for the settings."""
        return f"127.0.0.1:{self.sock.getsockname()[1]}"

    def serve(self, ended: threading.Event) -> None:
        """Answer until the end."""
        self.sock.settimeout(_WAIT)
        while not ended.is_set():
            try:
                question, address = self.sock.recvfrom(512)
            except TimeoutError:
                continue
            self.asked += 1
            if not self.silent:
                for datagram in self.answers(self._answer(question)):
                    self.sock.sendto(datagram, address)

    def _answer(self, question: bytes) -> bytes:
        packet = ntplib.NTPPacket(version=4, mode=4)
        packet.stratum = 2
        packet.recv_timestamp = packet.tx_timestamp = ntplib.system_to_ntp_time(time.time() + self.offset)
        for name, content in self.fields.items():
            setattr(packet, name, content)
        made = bytearray(packet.to_data())
        made[24:32] = question[40:48]
        return bytes(made)


@contextmanager
def time_servers(*offsets: float) -> Iterator[list[TimeServer]]:
    """Run time servers that are so many seconds ahead of us."""
    ended = threading.Event()
    servers = []
    for offset in offsets:
        sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        sock.bind(("127.0.0.1", 0))
        servers.append(TimeServer(sock, offset))
    threads = [threading.Thread(target=server.serve, args=(ended,)) for server in servers]
    for thread in threads:
        thread.start()
    try:
        yield servers
    finally:
        ended.set()
        for thread, server in zip(threads, servers, strict=True):
            thread.join()
            server.sock.close()
