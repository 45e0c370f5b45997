"""How what goes wrong below HTTP is told: kind, sentence and whether it is worth another try."""

import socket
import ssl
import sys
from typing import Final

import pytest

from cosignpy.errors import Unreachable
from cosignpy.net.failures import (
    BrokenOff,
    NoAnswer,
    NotHttp,
    TooMuch,
    TooSlow,
    UntrustedCertificate,
    WrongProtocol,
    explain,
    is_disconnection,
)
from cosignpy.net.url import Origin

ORIGIN: Final = Origin("https", "registry.example", 443)


def tls(error: ssl.SSLError, reason: str) -> ssl.SSLError:
    error.reason = reason
    return error


@pytest.mark.parametrize(
    ("error", "kind", "retryable"),
    [
        (TooSlow(), Unreachable, False),
        (TimeoutError(), Unreachable, True),
        (socket.gaierror(), Unreachable, False),
        (ConnectionRefusedError(), Unreachable, True),
        (NoAnswer(), Unreachable, True),
        (ConnectionResetError(), Unreachable, True),
        (OSError(), Unreachable, False),
        (TooMuch("it sends"), Unreachable, False),
        (BrokenOff(), Unreachable, True),
        (NotHttp("garbage"), Unreachable, False),
        (NotHttp("\x15\x03\x01"), WrongProtocol, False),
        (ssl.SSLCertVerificationError(), UntrustedCertificate, False),
        (ssl.SSLEOFError(), Unreachable, True),
        (tls(ssl.SSLError(), "WRONG_VERSION_NUMBER"), WrongProtocol, False),
        (tls(ssl.SSLError(), "NO_SHARED_CIPHER"), Unreachable, False),
    ],
)
def test_failures_are_told(error: OSError | NotHttp, kind: type[Unreachable], retryable: bool) -> None:
    failure = explain(error, ORIGIN)
    assert (type(failure), failure.retryable, failure.__cause__) == (kind, retryable, error)
    assert (failure.service, failure.url) == ("registry.example", "https://registry.example")


def test_each_failure_is_told_in_other_words() -> None:
    errors = [TooSlow(), TimeoutError(), socket.gaierror(), ConnectionRefusedError(), NoAnswer(), BrokenOff()]
    errors += [ConnectionResetError(), ssl.SSLEOFError(), ssl.SSLError(), ssl.SSLCertVerificationError(), NotHttp()]
    assert len({explain(error, ORIGIN).detail for error in errors}) == len(errors)


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (NoAnswer(), True),
        (ConnectionResetError(), True),
        (BrokenPipeError(), True),
        (ssl.SSLEOFError(), True),
        (ssl.SSLError(), False),
        (TimeoutError(), False),
        (BrokenOff(), False),
        (None, False),
    ],
)
def test_who_went_away_is_told(error: BaseException | None, expected: bool) -> None:
    assert is_disconnection(error) is expected


def test_failures_are_told_before_anything_has_imported_tls(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "ssl")
    failure = explain(ConnectionResetError(), Origin("http", "registry.example", 80))
    assert (failure.retryable, is_disconnection(TimeoutError())) == (True, False)
    assert "ssl" not in sys.modules
