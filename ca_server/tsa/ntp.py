"""Asking a time server (RFC 5905 section 14, the unauthenticated client).

The packets are ntplib's. Its client takes any datagram from the server's address for the answer, whoever sent it and
whatever the server said of its own clock; so the conversation is held here.
"""

import ipaddress
import re
import secrets
import socket
import time
from collections.abc import Callable
from typing import Final, Self

import ntplib  # type: ignore[import-untyped] # it has no annotations

from cosignpy.errors import CosignError, MalformedError
from cosignpy.values import record, value

PORT: Final = 123
_MAX_PORT: Final = 65_535
_PACKET: Final = 48
"""Octets of a packet without extensions."""
_ORIGIN: Final = slice(24, 32)
_TRANSMIT: Final = slice(40, 48)
"""Where the two timestamps lie: what we sent, given back, and when the server answered."""
_VERSION: Final = 4
_SERVER_MODE: Final = 4
_UNSYNCHRONIZED: Final = 3
_MAX_STRATUM: Final = 15
_MAX_DATAGRAMS: Final = 8
"""Datagrams that are looked at while waiting for the answer."""

_SPELLING: Final = re.compile(
    r"(?:\[(?P<bracketed>[0-9a-fA-F:.%]+)\]|(?P<host>[A-Za-z0-9_-]{1,63}(?:\.[A-Za-z0-9_-]{1,63})*\.?))"
    r"(?::(?P<port>[1-9][0-9]{0,4}))?",
    re.ASCII,
)
"""Labels of a name have 1 to 63 octets (RFC 1035 section 2.3.4)."""
_MAX_HOST: Final = 253
_ERA: Final = float(1 << 32)
"""Seconds after which the timestamps of NTP begin anew (RFC 5905 section 6), in 2036 for the first time."""


@record
class NtpFailed(CosignError):
    """A time server that did not say what time it is."""

    server: str
    why: str

    def __str__(self) -> str:
        return f"time server {self.server}: {self.why}"


@value
class NtpServer:
    """A time server: `host`, `host:port`, or `[IPv6 address]:port`."""

    host: str
    port: int = PORT

    @classmethod
    def parse(cls, text: str) -> Self:
        """Parse the name of one.

        Raises:
            MalformedError: Not a host, or a port that there is not.
        """
        match = _SPELLING.fullmatch(text)
        if match is None or int(match["port"] or PORT) > _MAX_PORT or not _is_host(match):
            raise MalformedError("time server", f"{text!r} is not one such as ntp.example or [2001:db8::1]:123")
        return cls(match["bracketed"] or match["host"], int(match["port"] or PORT))

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == PORT else f"{host}:{self.port}"


def _is_host(match: re.Match[str]) -> bool:
    if match["bracketed"] is None:
        return len(match["host"]) <= _MAX_HOST
    try:
        ipaddress.IPv6Address(match["bracketed"])
    except ipaddress.AddressValueError:
        return False
    return True


def ask(server: NtpServer, timeout: float, wall: Callable[[], float] = time.time) -> float:
    """Return by how many seconds the server's clock is ahead of ours.

    Raises:
        NtpFailed: No answer in time, or one from a server that does not know the time itself.
    """
    deadline = time.monotonic() + timeout
    try:
        family, _, _, _, address = socket.getaddrinfo(server.host, server.port, type=socket.SOCK_DGRAM)[0]
        with socket.socket(family, socket.SOCK_DGRAM) as sock:
            sock.connect(address)  # the system drops the datagrams of others
            return _converse(sock, server, deadline, wall)
    except OSError as error:  # a timeout among them
        raise NtpFailed(str(server), error.strerror or "no answer") from error
    except UnicodeError as error:  # what getaddrinfo makes of a label that is empty or too long
        raise NtpFailed(str(server), "no host can have this name") from error


def _converse(sock: socket.socket, server: NtpServer, deadline: float, wall: Callable[[], float]) -> float:
    # A number nobody can guess in the place of our time (draft-ietf-ntp-data-minimization): only who saw it can answer.
    cookie = secrets.token_bytes(8)
    packet = bytearray(ntplib.NTPPacket(version=_VERSION).to_data())
    packet[_TRANSMIT] = cookie
    sent = wall()
    sock.send(packet)
    for _ in range(_MAX_DATAGRAMS):
        sock.settimeout(max(deadline - time.monotonic(), 0.001))
        answer = sock.recv(_PACKET)
        received = wall()
        if len(answer) == _PACKET and answer[_ORIGIN] == cookie:
            return _offset(answer, server, sent, received)
    raise NtpFailed(str(server), "answers to questions that were not asked")


def _offset(answer: bytes, server: NtpServer, sent: float, received: float) -> float:
    """Compute the offset (RFC 5905 section 8); the two ways are taken to be equally long, and the era to be ours."""
    told = ntplib.NTPStats()
    told.from_data(answer)
    if told.mode != _SERVER_MODE:
        raise NtpFailed(str(server), f"not a server's answer (mode {told.mode})")
    if told.leap == _UNSYNCHRONIZED or not 1 <= told.stratum <= _MAX_STRATUM or not told.tx_timestamp:
        raise NtpFailed(str(server), "it does not know the time itself")
    told.orig_timestamp = ntplib.system_to_ntp_time(sent)
    told.dest_timestamp = ntplib.system_to_ntp_time(received)
    return (float(told.offset) + _ERA / 2) % _ERA - _ERA / 2
