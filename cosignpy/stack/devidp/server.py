"""The issuer on a real port: in a thread for tests and demos, or in the foreground for people.

`with DevIdp() as issuer:` serves at `issuer.url`; `issuer.token(Identity("a@example.com"))` makes a token without
asking anybody.
"""

import logging
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from starlette.types import ASGIApp, Receive, Scope, Send

from cosignpy.errors import UsageError
from cosignpy.net.url import Origin, Url
from cosignpy.serving.threaded import ServerOptions, ThreadedServer, serve_until_interrupted
from cosignpy.stack.devidp.app import build_app
from cosignpy.stack.devidp.clients import SIGSTORE, ServiceAccount, list_clients
from cosignpy.stack.devidp.devices import INTERVAL_SECONDS
from cosignpy.stack.devidp.expiring import Now
from cosignpy.stack.devidp.identity import Identity
from cosignpy.stack.devidp.key_ring import RETIRED_SECONDS, KeyRing, make_ring, open_or_make_ring, save_issuer
from cosignpy.stack.devidp.minting import Minter
from cosignpy.stack.devidp.pages import CONSEQUENCE, WARNING
from cosignpy.stack.devidp.signing_keys import TokenAlgorithm
from cosignpy.values import field, value

DEFAULT_PORT: Final = 5556
"""Dex's, which Sigstore's own examples use."""
TOKEN_SECONDS: Final = 600
MAX_TOKEN_SECONDS: Final = int(RETIRED_SECONDS)
"""A key that was rotated is forgotten then, and with it all tokens that it signed."""

_LOG: Final = logging.getLogger(__name__)


@value
class ExposedUnsafe:
    """Consent to listen where other machines can reach it, all of which can then be anybody; the log says why."""

    reason: str


@value
class DevIdpOptions:
    """Where the issuer keeps its keys and listens, and what it issues.

    Without a directory the keys are gone at the end; port 0 takes any free port. `url` is the issuer's name where
    clients know it by another than the address that it listens at.
    """

    directory: Path | None = None
    host: str = "127.0.0.1"
    port: int = 0
    url: str = ""
    algorithm: TokenAlgorithm = TokenAlgorithm.RS256
    service_accounts: tuple[ServiceAccount, ...] = ()
    token_seconds: int = TOKEN_SECONDS
    device_interval: int = INTERVAL_SECONDS
    exposed: ExposedUnsafe | None = None
    now: Now = field(default=time.time)

    def listening(self, ring: KeyRing) -> ServerOptions:
        """Return the part of it that any server needs.

        Raises:
            UsageError: Others could reach it, and nobody said that they may.
        """
        if not Origin("http", self.host, self.port).is_loopback and self.exposed is None:
            raise UsageError(
                f"{self.host} can be reached from other machines, and whoever reaches this issuer can be anybody",
                "listen on 127.0.0.1, or say why it has to be so with --exposed-unsafe REASON",
            )
        return ServerOptions(self.host, self.port, watched=(ring,), proxies=())

    def open_ring(self) -> KeyRing:
        """Open the keys, or make them.

        Raises:
            CosignError: They cannot be used, or not be written.
        """
        if self.directory is None:
            return make_ring(self.algorithm, self.now)
        return open_or_make_ring(self.directory, self.algorithm, self.now)


class _Issuer:
    """The app, which cannot be built before it is known at which port it is."""

    def __init__(self, options: DevIdpOptions, ring: KeyRing) -> None:
        if not 0 < options.token_seconds <= MAX_TOKEN_SECONDS:
            raise UsageError(f"tokens live from 1 to {MAX_TOKEN_SECONDS} seconds", "choose another lifetime")
        self._options = options
        self._clients = list_clients(options.service_accounts)
        self._url = _parse_issuer(options.url) if options.url else ""
        self._ring = ring
        self._app: ASGIApp | None = None

    def settle(self, address: str) -> Minter:
        """Become the issuer at an address."""
        options = self._options
        minter = Minter(self._url or f"http://{address}", self._ring, options.now, options.token_seconds)
        self._app = build_app(minter, self._clients, options.device_interval)
        if options.directory:
            save_issuer(options.directory, minter.issuer)
        _LOG.warning("%s. %s", WARNING, CONSEQUENCE)
        if options.exposed:
            _LOG.warning("other machines can reach %s: %s", address, options.exposed.reason)
        return minter

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        assert self._app is not None  # noqa: S101 - `settle` comes first
        await self._app(scope, receive, send)


class DevIdp:
    """An issuer that lives as long as its `with` block."""

    def __init__(self, options: DevIdpOptions | None = None) -> None:
        self._options = options or DevIdpOptions()

    def __enter__(self) -> Self:
        """Start to serve.

        Raises:
            CosignError: The port is taken, or the options cannot be.
        """
        self._ring = self._options.open_ring()
        issuer = _Issuer(self._options, self._ring)
        self._server = ThreadedServer(issuer, self._options.listening(self._ring))
        self.address = self._server.address
        self._minter = issuer.settle(self.address)
        self._server.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._server.stop()

    @property
    def url(self) -> str:
        """The issuer, as tokens and certificate authorities name it."""
        return self._minter.issuer

    def token(self, identity: Identity, audience: str = SIGSTORE) -> str:
        """Make a token at once."""
        return self._minter.mint(audience, identity.encode_claims())

    def rotate(self, algorithm: TokenAlgorithm | None = None) -> str:
        """Make another key sign, and return its id; what the old one signed is good for a while."""
        return self._ring.rotate(algorithm).key_id


def serve(options: DevIdpOptions, announce: Callable[[str], None]) -> None:
    """Serve in the foreground until SIGINT or SIGTERM; `announce` gets the issuer's URL first.

    Raises:
        CosignError: The port is taken, or the options cannot be.
    """
    ring = options.open_ring()
    issuer = _Issuer(options, ring)
    listening = options.listening(ring)
    serve_until_interrupted(issuer, listening, lambda address: announce(issuer.settle(address).issuer))


def _parse_issuer(text: str) -> str:
    """Return an issuer's URL.

    Raises:
        MalformedError: It is no URL.
        UsageError: It has a path, below which nothing would be found.
    """
    url = Url.parse(text)
    if url.target != "/" or text.rstrip("/") != str(url.origin):
        raise UsageError(f"the issuer {text} is more than scheme, host and port", f"did you mean {url.origin}?")
    return str(url.origin)
