"""The connection under a request, for faults that no HTTP answer can express."""

import socket
import struct
from typing import Any, Final

from starlette.types import Receive, Scope
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from cosignpy.values import value

SCOPE_KEY: Final = "cosignpy.connection"
_RESET_ON_CLOSE: Final = struct.pack("ii", 1, 0)  # SO_LINGER, on, for no time


@value
class Connection:
    """One request's connection; `ordinal` counts the requests on it from 1."""

    protocol: HttpToolsProtocol
    ordinal: int

    @property
    def round_trips_before(self) -> int:
        """How many round trips it took to get here: TCP's, and TLS 1.3's, for the first request only."""
        if self.ordinal > 1:
            return 0
        return 1 if self.protocol.scheme == "http" else 2

    def close(self) -> None:
        """End the connection once what was sent has left."""
        self.protocol.transport.close()

    def reset(self) -> None:
        """End the connection so that the client sees a reset."""
        raw = self.protocol.transport.get_extra_info("socket")
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_ON_CLOSE)
        self.protocol.transport.abort()


class ObservedProtocol(HttpToolsProtocol):
    """uvicorn's protocol, which tells the application about its connection."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 - uvicorn's business
        super().__init__(*args, **kwargs)
        self._ordinal = 0

    def on_message_begin(self) -> None:
        """Note the connection in the request's scope."""
        super().on_message_begin()
        self._ordinal += 1
        self.scope["extensions"] = {SCOPE_KEY: {"connection": Connection(self, self._ordinal)}}


def connection_of(scope: Scope) -> Connection:
    """Return the connection a request came by."""
    connection: Connection = scope["extensions"][SCOPE_KEY]["connection"]
    return connection


async def wait_for_disconnect(receive: Receive) -> None:
    """Wait until the client gives up, or the server stops."""
    while (await receive())["type"] != "http.disconnect":
        pass
