"""What is in the way of a service, by what its client raised."""

import errno
import socket
import ssl

import pytest

from cosignpy.cli.doctor.probe import classify
from cosignpy.errors import AccessDenied, RemoteError
from cosignpy.net.failures import NoAnswer, NotHttp, TooSlow, explain
from cosignpy.net.url import Url
from cosignpy.operations.doctor.facts import Obstacle

ORIGIN = Url.parse("https://service.example").origin


def tls_error(reason: str) -> ssl.SSLError:
    error = ssl.SSLError(1, reason)
    error.reason = reason
    return error


@pytest.mark.parametrize(
    ("error", "wanted"),
    [
        (socket.gaierror(-2, "Name or service not known"), Obstacle.NAME),
        (ConnectionRefusedError(), Obstacle.REFUSED),
        (TimeoutError(), Obstacle.TIMEOUT),
        (TooSlow(), Obstacle.TIMEOUT),
        (ssl.SSLCertVerificationError(1, "self-signed certificate"), Obstacle.CERTIFICATE),
        (tls_error("WRONG_VERSION_NUMBER"), Obstacle.PROTOCOL),
        (tls_error("NO_SHARED_CIPHER"), Obstacle.TLS),
        (ssl.SSLEOFError(8, "EOF"), Obstacle.TLS),
        (ConnectionResetError(), Obstacle.OTHER),
        (NoAnswer(), Obstacle.OTHER),
        (NotHttp("nonsense"), Obstacle.OTHER),
        (OSError(errno.ENETUNREACH, "unreachable"), Obstacle.OTHER),
    ],
    ids=lambda value: value.name if isinstance(value, Obstacle) else type(value).__name__,
)
def test_obstacles_are_told_apart(error: OSError | NotHttp, wanted: Obstacle) -> None:
    assert classify(explain(error, ORIGIN), by_proxy=False) is wanted


def test_with_a_proxy_on_the_way_it_is_to_blame_but_for_tls() -> None:
    assert classify(explain(ConnectionRefusedError(), ORIGIN), by_proxy=True) is Obstacle.PROXY
    refused = explain(ssl.SSLCertVerificationError(1, "self-signed"), ORIGIN)
    assert classify(refused, by_proxy=True) is Obstacle.CERTIFICATE


@pytest.mark.parametrize("kind", [RemoteError, AccessDenied])
def test_what_a_proxy_says_is_the_proxy_s(kind: type[RemoteError]) -> None:
    assert (
        classify(kind("the proxy", "http://proxy.example", 502, "it will not connect"), by_proxy=True) is Obstacle.PROXY
    )
