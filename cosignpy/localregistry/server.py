"""The registry on a real port: in a thread for tests and demos, or in the foreground for people.

`with LocalRegistry(RegistryOptions()) as registry:` serves at `registry.address` and remembers what it was
asked in `registry.requests`.
"""

import tempfile
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Self

from cosignpy.localregistry.app import Authentication, build_registry
from cosignpy.localregistry.connection import ObservedProtocol
from cosignpy.localregistry.faults import Faults
from cosignpy.localregistry.requestlog import RecordedRequest
from cosignpy.serving.threaded import ServerOptions, ThreadedServer, TlsFiles, serve_until_interrupted
from cosignpy.values import field, value

__all__ = ["LocalRegistry", "RegistryOptions", "TlsFiles", "serve"]


@value
class RegistryOptions:
    """Where the registry keeps its content, where it listens, and how it behaves.

    Without a directory it uses a temporary one and deletes it at the end; port 0 takes any free port.
    """

    directory: Path | None = None
    host: str = "127.0.0.1"
    port: int = 0
    faults: Faults = field(default_factory=Faults)
    auth: Authentication | None = None
    tls: TlsFiles | None = None

    def listening(self) -> ServerOptions:
        """Return the part of it that any server needs."""
        return ServerOptions(self.host, self.port, self.tls, ObservedProtocol)


class LocalRegistry:
    """A registry that lives as long as its `with` block."""

    def __init__(self, options: RegistryOptions | None = None) -> None:
        self._options = options or RegistryOptions()
        self._closing = ExitStack()

    def __enter__(self) -> Self:
        """Start to serve.

        Raises:
            UsageError: The port is taken, or the TLS files cannot be used.
        """
        options = self._options
        with ExitStack() as stack:
            directory = options.directory or Path(stack.enter_context(tempfile.TemporaryDirectory()))
            built = build_registry(directory, options.faults, options.auth)
            server = ThreadedServer(built.app, options.listening())
            server.start()
            stack.callback(server.stop)
            self._closing = stack.pop_all()
        self.address = server.address
        self._log = built.log
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._closing.close()

    @property
    def requests(self) -> list[RecordedRequest]:
        """The requests so far, oldest first; status 0 where there was no answer."""
        return self._log.requests()

    def clear_requests(self) -> None:
        """Forget the requests so far."""
        self._log.clear()


def serve(options: RegistryOptions, announce: Callable[[str], None]) -> None:
    """Serve in the foreground until SIGINT or SIGTERM; `announce` gets the address first.

    Raises:
        UsageError: The port is taken, or the TLS files cannot be used.
    """
    with ExitStack() as stack:
        directory = options.directory or Path(stack.enter_context(tempfile.TemporaryDirectory()))
        built = build_registry(directory, options.faults, options.auth)
        serve_until_interrupted(built.app, options.listening(), announce)
