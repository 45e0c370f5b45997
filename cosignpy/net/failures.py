"""What sockets, TLS and HTTP parsers raise, told as one clear line."""

import errno
import socket
import ssl
from collections.abc import Callable
from http.client import HTTPException, RemoteDisconnected
from typing import Final

from cosignpy.errors import Unreachable
from cosignpy.net.url import Origin
from cosignpy.values import record


@record
class UntrustedCertificate(Unreachable):
    """The server's certificate does not lead to an authority we trust, or is for another name."""


@record
class WrongProtocol(Unreachable):
    """TLS was spoken to a server of plain HTTP, or the other way round."""


class TooSlow(TimeoutError):
    """The peer sends, but slower than anyone should wait for."""


class TooMuch(HTTPException):
    """More bytes than the part of an answer being read can need."""


_PLAIN_HTTP_REASONS: Final = frozenset(
    {"HTTP_REQUEST", "HTTPS_PROXY_REQUEST", "PACKET_LENGTH_TOO_LONG", "RECORD_LAYER_FAILURE", "WRONG_VERSION_NUMBER"}
)
"""How OpenSSL's versions name `HTTP/1.1 400` read as a TLS record."""

_TLS_ALERT: Final = ("\x15\x03", "\x16\x03")


def _explain_certificate(error: BaseException) -> str:
    reason = getattr(error, "verify_message", "") or "verification failed"
    return f"certificate not trusted ({reason})"


def _explain_tls(error: BaseException) -> str:
    reason = (getattr(error, "reason", None) or "handshake failed").replace("_", " ").lower()
    return f"TLS failed ({reason})"


def _explain_os(error: BaseException) -> str:
    number = getattr(error, "errno", None)
    return (errno.errorcode.get(number, "") if isinstance(number, int) else "") or type(error).__name__


_EXPLANATIONS: Final[tuple[tuple[type[BaseException], Callable[[BaseException], str]], ...]] = (
    (TooSlow, lambda _: "it sends too slowly"),
    (TimeoutError, lambda _: "no answer in time"),
    (ssl.SSLCertVerificationError, _explain_certificate),
    (ssl.SSLEOFError, lambda _: "the connection was closed during TLS"),
    (ssl.SSLError, _explain_tls),
    (socket.gaierror, lambda _: "the host name cannot be resolved"),
    (ConnectionRefusedError, lambda _: "connection refused"),
    (RemoteDisconnected, lambda _: "the connection was closed without an answer"),
    (ConnectionError, lambda _: "the connection was reset"),
    (OSError, _explain_os),
    (TooMuch, str),
    (HTTPException, lambda _: "the answer is not HTTP"),
)

_PERMANENT: Final = (socket.gaierror, ssl.SSLCertVerificationError, TooSlow, TooMuch)
_TRANSIENT: Final = (RemoteDisconnected, ConnectionError, TimeoutError, ssl.SSLEOFError)


def explain(error: OSError | HTTPException, origin: Origin) -> Unreachable:
    """Tell a transport failure; only what may pass by itself is marked retryable."""
    kind: type[Unreachable] = Unreachable
    detail = next(tell(error) for known, tell in _EXPLANATIONS if isinstance(error, known))
    if isinstance(error, ssl.SSLCertVerificationError):
        kind = UntrustedCertificate
    elif isinstance(error, ssl.SSLError) and error.reason in _PLAIN_HTTP_REASONS:
        kind, detail = WrongProtocol, "it speaks plain HTTP, not HTTPS"
    elif isinstance(error, HTTPException) and str(error).startswith(_TLS_ALERT):
        kind, detail = WrongProtocol, "it speaks HTTPS, not plain HTTP"
    retryable = isinstance(error, _TRANSIENT) and not isinstance(error, _PERMANENT)
    failure = kind(origin.authority, str(origin), None, detail, retryable=retryable)
    failure.__cause__ = error
    return failure
