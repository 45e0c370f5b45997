"""What sockets, TLS and HTTP parsers raise, told as one clear line."""

import errno
import socket
import sys
from collections.abc import Callable
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


@record
class ForbiddenServer(Unreachable):
    """A server that must not be spoken to, by the rule that whoever runs the program set."""


class RefusedAddress(OSError):
    """What must not be connected to; the text says why."""


class TooSlow(TimeoutError):
    """The peer sends, but slower than anyone should wait for."""


class NotHttp(Exception):
    """What the peer sends is not an answer of HTTP/1.x; the text is the status line, or the part at fault."""


class TooMuch(NotHttp):
    """More bytes than the part of an answer being read can need."""


class BrokenOff(NotHttp):
    """The connection ended within an answer."""


class NoAnswer(ConnectionResetError):
    """The connection ended, orderly, before the first byte of an answer."""


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
    (RefusedAddress, str),
    (TooSlow, lambda _: "it sends too slowly"),
    (TimeoutError, lambda _: "no answer in time"),
    (socket.gaierror, lambda _: "the host name cannot be resolved"),
    (ConnectionRefusedError, lambda _: "connection refused"),
    (NoAnswer, lambda _: "the connection was closed without an answer"),
    (ConnectionError, lambda _: "the connection was reset"),
    (OSError, _explain_os),
    (TooMuch, str),
    (BrokenOff, lambda _: "the answer broke off before its end"),
    (NotHttp, lambda _: "the answer is not HTTP"),
)

_PERMANENT: Final = (socket.gaierror, TooSlow, TooMuch)
_TRANSIENT: Final = (BrokenOff, ConnectionError, TimeoutError)


def is_disconnection(error: BaseException | None) -> bool:
    """Tell whether the peer went away, with an answer under way or without one."""
    return isinstance(error, ConnectionError) or _is_tls_end(error)


def explain(error: OSError | NotHttp, origin: Origin) -> Unreachable:
    """Tell a transport failure; only what may pass by itself is marked retryable."""
    failure = _explain_tls_error(error, origin) or _explain_other(error, origin)
    failure.__cause__ = error
    return failure


def _explain_other(error: OSError | NotHttp, origin: Origin) -> Unreachable:
    kind: type[Unreachable] = Unreachable
    detail = next(tell(error) for known, tell in _EXPLANATIONS if isinstance(error, known))
    if isinstance(error, NotHttp) and str(error).startswith(_TLS_ALERT):
        kind, detail = WrongProtocol, "it speaks HTTPS, not plain HTTP"
    if isinstance(error, RefusedAddress):
        kind = ForbiddenServer
    retryable = isinstance(error, _TRANSIENT) and not isinstance(error, _PERMANENT)
    return kind(origin.authority, str(origin), None, detail, retryable=retryable)


def _explain_tls_error(error: BaseException, origin: Origin) -> Unreachable | None:
    """Tell an error of TLS; None for all others, which is certain while nothing has imported `ssl`."""
    if "ssl" not in sys.modules:
        return None
    import ssl

    kind: type[Unreachable] = Unreachable
    if not isinstance(error, ssl.SSLError):
        return None
    if isinstance(error, ssl.SSLCertVerificationError):
        kind, detail = UntrustedCertificate, _explain_certificate(error)
    elif getattr(error, "reason", None) in _PLAIN_HTTP_REASONS:
        kind, detail = WrongProtocol, "it speaks plain HTTP, not HTTPS"
    elif _is_tls_end(error):
        detail = "the connection was closed during TLS"
    else:
        detail = _explain_tls(error)
    return kind(origin.authority, str(origin), None, detail, retryable=_is_tls_end(error))


def _is_tls_end(error: BaseException | None) -> bool:
    if "ssl" not in sys.modules:
        return False
    import ssl

    return isinstance(error, ssl.SSLEOFError)
