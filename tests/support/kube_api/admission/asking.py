"""Asking a webhook: over TLS, in the time that it has, over connections that are kept."""

import base64
import gzip
import http.client
import json
import select
import socket
import ssl
import threading
import time
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import urlsplit

from cosignpy.values import record, value
from tests.support.kube_api.store import Store

_HEADERS: Final = {
    "User-Agent": "kube-apiserver-admission",
    "Accept": "application/json, */*",
    "Accept-Encoding": "gzip",
    "Content-Type": "application/json",
}
_MAX_ANSWER: Final = 3 << 20
SERVICES: Final = ("", "services")


class CallFails(Exception):
    """A webhook cannot be asked; the message is the one of the real API server."""


@value
class Address:
    """Where a webhook is: what is in messages and in its certificate, and where it really listens."""

    url: str
    server_name: str
    host: str
    port: int
    ca_bundle: str


@record
class Asking:
    """Asks webhooks. `services` says where services are that nothing routes to here: by namespace and name.

    Services of type ExternalName are found without it.
    """

    store: Store
    services: dict[tuple[str, str], int]

    def __post_init__(self) -> None:
        self._idle: dict[Address, list[http.client.HTTPSConnection]] = {}
        self._lock = threading.Lock()

    def ask(self, config: Mapping[str, Any], review: Mapping[str, Any], seconds: int, deadline: float) -> Any:
        """Return what a webhook answers within `seconds`, which it is told, and before the deadline.

        Raises:
            CallFails: Nothing comes, or what comes is no JSON.
        """
        address = self._find(config)
        url = f"{address.url}?timeout={seconds}s"
        left = min(deadline - time.monotonic(), float(seconds))
        try:
            if left <= 0:
                raise TimeoutError
            status, content = self._exchange(address, url, json.dumps(review).encode(), time.monotonic() + left)
        except (OSError, http.client.HTTPException) as error:
            raise CallFails(f'failed to call webhook: Post "{url}": {_say(error, address)}') from error
        if status != http.client.OK:
            raise CallFails(f"failed to call webhook: {_say_status(status, content)}")
        try:
            return json.loads(content)
        except ValueError as error:
            raise CallFails(f"failed to call webhook: couldn't get version/kind; json parse error: {error}") from error

    def close(self) -> None:
        """Close what is kept."""
        with self._lock:
            found = [each for kept in self._idle.values() for each in kept]
            self._idle.clear()
        for each in found:
            each.close()

    def _find(self, config: Mapping[str, Any]) -> Address:
        bundle = config.get("caBundle") or ""
        if "url" in config:
            parts = urlsplit(config["url"])
            host = parts.hostname or ""
            return Address(config["url"], host, host, parts.port or 443, bundle)
        service = config["service"]
        name, namespace, port = service["name"], service["namespace"], service.get("port", 443)
        full = f"{name}.{namespace}.svc"
        url = f"https://{full}:{port}{service.get('path') or '/'}"
        if (namespace, name) in self.services:
            return Address(url, full, "127.0.0.1", self.services[namespace, name], bundle)
        found = self.store.read(SERVICES, (namespace, name))
        if found is None:
            raise CallFails(f'failed to call webhook: Post "{url}?timeout=10s": service "{name}" not found')
        if found["spec"].get("type") == "ExternalName":
            return Address(url, full, found["spec"]["externalName"], port, bundle)
        raise CallFails(
            f'failed to call webhook: Post "{url}?timeout=10s": no endpoints available for service "{name}"'
        )

    def _exchange(self, address: Address, url: str, body: bytes, ends: float) -> tuple[int, bytes]:
        connection = self._take(address) or _connect(address, ends)
        parts = urlsplit(url)
        try:
            connection.sock.settimeout(max(ends - time.monotonic(), 0.001))
            connection.request("POST", f"{parts.path}?{parts.query}", body, _HEADERS | {"Host": parts.netloc})
            answer = connection.getresponse()
            content = _read(answer, connection.sock, ends)
        except BaseException:
            connection.close()
            raise
        if answer.will_close:
            connection.close()
        else:
            with self._lock:
                self._idle.setdefault(address, []).append(connection)
        return answer.status, content

    def _take(self, address: Address) -> http.client.HTTPSConnection | None:
        """Return a connection that nobody has closed meanwhile."""
        while True:
            with self._lock:
                kept = self._idle.get(address)
                connection = kept.pop() if kept else None
            if connection is None:
                return None
            if connection.sock is not None and not select.select([connection.sock], [], [], 0)[0]:
                return connection
            connection.close()


def _read(answer: http.client.HTTPResponse, sock: socket.socket | None, ends: float) -> bytes:
    if sock is not None:
        sock.settimeout(max(ends - time.monotonic(), 0.001))
    content = answer.read(_MAX_ANSWER + 1)
    if len(content) > _MAX_ANSWER:
        raise http.client.HTTPException("the answer is too long")
    return gzip.decompress(content) if answer.headers.get("Content-Encoding") == "gzip" else content


def _connect(address: Address, ends: float) -> http.client.HTTPSConnection:
    context = ssl.create_default_context(cadata=base64.b64decode(address.ca_bundle).decode() or None)
    left = max(ends - time.monotonic(), 0.001)
    connection = _Named(address.host, address.port, timeout=left, context=context)
    connection.server_name = address.server_name
    connection.connect()
    return connection


class _Named(http.client.HTTPSConnection):
    """Connects to an address, and wants the certificate of a name."""

    server_name = ""
    _context: ssl.SSLContext

    def connect(self) -> None:
        """Connect, without waiting for more to send together."""
        plain = socket.create_connection((self.host, self.port), self.timeout)
        plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        try:
            self.sock = self._context.wrap_socket(plain, server_hostname=self.server_name)
        except BaseException:
            plain.close()
            raise


def _say(error: Exception, address: Address) -> str:
    place = f"{address.host}:{address.port}"
    if isinstance(error, ssl.SSLCertVerificationError):
        wrong_name = "not valid for" in str(error) or "mismatch" in str(error)
        why = f"not valid for {address.server_name}" if wrong_name else "signed by unknown authority"
        return f"tls: failed to verify certificate: x509: certificate {why}"
    table: tuple[tuple[type[Exception], str], ...] = (
        (TimeoutError, "context deadline exceeded"),
        (ConnectionRefusedError, f"dial tcp {place}: connect: connection refused"),
        (ConnectionResetError, f"read tcp {place}: read: connection reset by peer"),
        (http.client.RemoteDisconnected, "EOF"),
    )
    return next((text for kind, text in table if isinstance(error, kind)), str(error))


def _say_status(status: int, content: bytes) -> str:
    reasons: dict[int, str] = {
        404: "the server could not find the requested resource",
        503: "the server is currently unable to handle the request",
    }
    shown = content[:200].decode(errors="replace").strip()
    if status >= http.client.INTERNAL_SERVER_ERROR and status not in reasons:
        return f'an error on the server ("{shown}") has prevented the request from succeeding'
    return reasons.get(status, "the server rejected our request for an unknown reason")
