"""Where a browser brings the answer of a sign-in: a listener on this machine, for one answer (RFC 8252 section 7.3).

Others on this machine can reach it too. What does not carry the state, which only the issuer and the browser know, is
answered and has no effect.
"""

import errno
import hmac
import threading
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from queue import Empty, SimpleQueue
from types import TracebackType
from typing import Final, Self
from urllib.parse import parse_qsl

from cosignpy.errors import IdentityUnusable
from cosignpy.services.oidc.landing import FOREIGN, HEADERS, STRAY, USED, Page, failed
from cosignpy.services.oidc.redirect import Redirect
from cosignpy.values import field, value

_MAX_FIELDS: Final = 20
_READ_SECONDS: Final = 5.0
"""A browser on this machine sends its request at once; whoever does not is let go."""
_POLL_SECONDS: Final = 0.05
_NO_SUCH_ADDRESS: Final = frozenset({errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT})
"""What a machine without IPv6 says."""
_LAST_SECONDS: Final = 2.0
"""How long the program stays for the page to reach the browser; nobody else can make it stay."""
_PAGE_SECONDS: Final = 60.0
"""How long the page waits for what the issuer says to the code."""
_WHERE: Final = "the sign-in page"

Fields = Mapping[str, str]


@value
class Received:
    """An answer that has our state: a code, or an error."""

    fields: Fields = field(repr=False)
    answers: "SimpleQueue[Page]" = field(repr=False, compare=False)

    def show(self, page: Page) -> None:
        """Have the browser, which still waits, show a page."""
        self.answers.put(page)


class Loopback:
    """Listens for as long as its `with` block lasts."""

    def __init__(self, redirect: Redirect, state: str) -> None:
        """Begin to listen.

        Raises:
            IdentityUnusable: The port is taken, or may not be had.
        """
        self.received: SimpleQueue[Received] = SimpleQueue()
        self.state = state
        self.path = redirect.path
        self._taken = threading.Lock()
        self._pending: Received | None = None
        self.shown = threading.Event()
        self.page_seconds = _PAGE_SECONDS
        self._servers: list[ThreadingHTTPServer] = []
        try:
            port = self._listen(redirect)
        except OSError as error:
            self._close()
            raise IdentityUnusable(
                _WHERE,
                f"cannot listen at {redirect.host}:{redirect.port}: {(error.strerror or str(error)).lower()}",
                "name another port with --oidc-redirect-url, or port 0 for any that is free",
            ) from error
        self.url = redirect.at(port)
        self.hosts = {f"{redirect.host}:{port}", redirect.host} if port == 80 else {f"{redirect.host}:{port}"}  # noqa: PLR2004

    def __enter__(self) -> Self:
        for server in self._servers:
            threading.Thread(target=server.serve_forever, args=(_POLL_SECONDS,), daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for server in self._servers:
            server.shutdown()
        self._close()
        if self._pending is not None:
            self._pending.show(failed("the sign-in was broken off"))
            self.shown.wait(_LAST_SECONDS)

    def _listen(self, redirect: Redirect) -> int:
        port = redirect.port
        for address in redirect.addresses:
            try:
                self._servers.append(_server_class(address)((address, port), _handler_for(self)))
            except OSError as error:
                if not self._servers or error.errno not in _NO_SUCH_ADDRESS:
                    raise
            port = self._servers[0].server_address[1]
        return port

    def _close(self) -> None:
        for server in self._servers:
            server.server_close()

    def wait(self, seconds: float) -> Received:
        """Wait for the answer.

        Raises:
            IdentityUnusable: It did not come in time.
        """
        try:
            return self.received.get(timeout=seconds)
        except Empty:
            why = f"nobody signed in within {seconds:g} seconds"
            raise IdentityUnusable(_WHERE, why, "try again, or try --fulcio-auth-flow device") from None

    def answer(self, host: str, target: str) -> Page:
        """Decide what a request gets; the one that was waited for waits here for its page."""
        path, _, query = target.partition("?")
        # A page elsewhere whose name leads here must not be able to read what is answered (DNS rebinding).
        if path != self.path or host not in self.hosts:
            return STRAY
        fields = parse_answer(query)
        if fields is None or not is_state(fields, self.state):
            return FOREIGN
        if not self._taken.acquire(blocking=False):
            return USED
        self._pending = received = Received(fields, SimpleQueue())
        self.received.put(received)
        try:
            return received.answers.get(timeout=self.page_seconds)
        except Empty:
            return failed("the issuer took too long to answer")

    def sent(self, page: Page) -> None:
        """Note that a page has left; the one that was waited for is the last that matters."""
        if page not in _OTHERS:
            self.shown.set()


_OTHERS: Final = (STRAY, FOREIGN, USED)


def parse_answer(query: str) -> Fields | None:
    """Parse the query of an answer; None for one with a field that is repeated, which RFC 6749 section 3.1 forbids."""
    try:
        pairs = parse_qsl(query, keep_blank_values=True, max_num_fields=_MAX_FIELDS)
    except ValueError:
        return None
    return dict(pairs) if len(dict(pairs)) == len(pairs) else None


def is_state(fields: Fields, state: str) -> bool:
    """Tell whether an answer has the state, in a time that tells nothing about how much of it was right."""
    return hmac.compare_digest(fields.get("state", "").encode("utf-8", "surrogatepass"), state.encode())


def _server_class(address: str) -> type[ThreadingHTTPServer]:
    import socket

    class Server(ThreadingHTTPServer):
        daemon_threads = True
        block_on_close = False
        allow_reuse_address = True
        address_family = socket.AF_INET6 if ":" in address else socket.AF_INET

        def handle_error(self, request: object, client_address: object) -> None:
            """Say nothing: whoever broke the connection off does not want an answer."""

    return Server


def _handler_for(loopback: Loopback) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        timeout = _READ_SECONDS
        protocol_version = "HTTP/1.1"
        server_version, sys_version = "cosignpy", ""

        def do_GET(self) -> None:
            """Answer a browser."""
            page = loopback.answer(self.headers.get("Host", ""), self.path)
            content = page.encode()
            self.send_response(page.status)
            for name, text in {**HEADERS, "Content-Length": str(len(content))}.items():
                self.send_header(name, text)
            self.end_headers()
            self.wfile.write(content)
            self.close_connection = True
            loopback.sent(page)

        def log_message(self, *_: object) -> None:
            """Log nothing: the code is in the address."""

    return Handler
