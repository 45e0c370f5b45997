"""HTTP/1.1 over TLS on a loopback port, a thread for each connection."""

import contextlib
import json
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final
from urllib.parse import parse_qsl, urlsplit

from tests.support.kube_api.requests import Answer, Request
from tests.support.kube_api.warnings import encode_warnings

_HANDSHAKE_SECONDS: Final = 10.0
_MAX_BODY: Final = 8 << 20


class Server(ThreadingHTTPServer):
    """Answers with what a function says; `close_all` ends also what is open."""

    daemon_threads = True
    block_on_close = False
    allow_reuse_address = True
    request_queue_size = 256

    def __init__(self, port: int, context: ssl.SSLContext, answer: Callable[[Request], Answer]) -> None:
        self.answer = answer
        self._context = context
        self._open: set[socket.socket] = set()
        self._lock = threading.Lock()
        super().__init__(("127.0.0.1", port), _Handler)

    def finish_request(self, request: Any, client_address: Any) -> None:
        """Serve one connection; who speaks no TLS, or goes in the middle, gets nothing."""
        with contextlib.suppress(OSError, ssl.SSLError):
            request.settimeout(_HANDSHAKE_SECONDS)
            secured = self._context.wrap_socket(request, server_side=True)
            secured.settimeout(None)
            with self._lock:
                self._open.add(secured)
            try:
                super().finish_request(secured, client_address)
            finally:
                with self._lock:
                    self._open.discard(secured)
                secured.close()

    def close_all(self) -> None:
        """Cut all connections."""
        with self._lock:
            found = list(self._open)
        for connection in found:
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1
    disable_nagle_algorithm = True
    server: Server

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 # the name of the parameter is the library's
        """Say nothing."""

    def do_GET(self) -> None:  # the library's name
        """Answer one request."""
        parts = urlsplit(self.path)
        length = int(self.headers.get("Content-Length") or 0)
        if length > _MAX_BODY:
            self.close_connection = True
        body = self.rfile.read(min(length, _MAX_BODY))
        headers = {name.lower(): content for name, content in self.headers.items()}
        query = dict(parse_qsl(parts.query, keep_blank_values=True))
        found = self.server.answer(Request(self.command, parts.path, query, headers, body))
        if found.events is not None:
            self._stream(found.events)
        else:
            self._send(found)

    do_POST = do_PUT = do_PATCH = do_DELETE = do_GET  # noqa: N815

    def _send(self, found: Answer) -> None:
        is_text = isinstance(found.document, str)
        raw = found.document.encode() if is_text else json.dumps(found.document, separators=(",", ":")).encode()
        self.send_response(found.code)
        for warning in encode_warnings(found.warnings):
            self.send_header("Warning", warning)
        self.send_header("Content-Type", "text/plain" if is_text else "application/json")
        self.send_header("Content-Length", str(len(raw)))
        self.end_headers()
        self.wfile.write(raw)
        self.wfile.flush()

    def _stream(self, events: Iterator[dict[str, Any]]) -> None:
        with contextlib.closing(events):  # type: ignore[type-var] # a generator
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Transfer-Encoding", "chunked")
            self.end_headers()
            self.wfile.flush()
            for event in events:
                raw = json.dumps(event, separators=(",", ":")).encode() + b"\n"
                self.wfile.write(b"%x\r\n%b\r\n" % (len(raw), raw))
                self.wfile.flush()
            self.wfile.write(b"0\r\n\r\n")
            self.wfile.flush()
