"""The front's end of the socket to a worker: messages in, messages out."""

import asyncio
import logging
from typing import TYPE_CHECKING, Final, cast

import msgspec

from cosignpy.webhook.engine.messages import LENGTH, MAX_MESSAGE, Answer, decode_answer

if TYPE_CHECKING:
    from collections.abc import Callable

_LOG: Final = logging.getLogger(__name__)


class Connection(asyncio.Protocol):
    """One worker; `answered` is called for each answer, and `lost` once there will be no more."""

    def __init__(self, answered: "Callable[[Connection, Answer], None]", lost: "Callable[[Connection], None]") -> None:
        self._answered = answered
        self._lost = lost
        self._transport: asyncio.Transport | None = None
        self._received = bytearray()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Remember what to send on."""
        self._transport = cast("asyncio.Transport", transport)  # a stream's, which uvloop has classes of its own for

    def data_received(self, data: bytes) -> None:
        """Take what came, and hand on what is whole."""
        self._received += data
        while len(self._received) >= LENGTH.size:
            (size,) = LENGTH.unpack_from(self._received)
            end = LENGTH.size + size
            if size > MAX_MESSAGE:
                self._give_up(f"a message of {size} bytes")
                return
            if len(self._received) < end:
                return
            content = bytes(self._received[LENGTH.size : end])
            del self._received[:end]
            try:
                answer = decode_answer(content)
            except msgspec.MsgspecError as error:
                self._give_up(str(error))
                return
            self._answered(self, answer)

    def connection_lost(self, exc: Exception | None) -> None:
        """Tell that it is over."""
        del exc
        self._lost(self)

    def send(self, message: bytes) -> None:
        """Send a message; where nobody reads any more, the end of the connection tells."""
        if self._transport is not None and not self._transport.is_closing():
            self._transport.write(message)

    def close(self) -> None:
        """End it."""
        if self._transport is not None:
            self._transport.close()

    def _give_up(self, why: str) -> None:
        _LOG.error("a worker says what nobody understands: %s", why)
        if self._transport is not None:
            self._transport.abort()
