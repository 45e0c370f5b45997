"""The names of time servers. What they say is tested with real ones, in tests/integration."""

import pytest

from ca_server.tsa.ntp import NtpFailed, NtpServer
from cosignpy.errors import MalformedError

LABEL = "a" * 63
LONGEST = ".".join((LABEL, LABEL, LABEL, "a" * 61))


@pytest.mark.parametrize(
    ("text", "server"),
    [
        ("ntp.example", NtpServer("ntp.example")),
        ("ntp.example:1123", NtpServer("ntp.example", 1123)),
        ("ntp.example.", NtpServer("ntp.example.")),
        (f"{LABEL}.example:1123", NtpServer(f"{LABEL}.example", 1123)),
        (LONGEST, NtpServer(LONGEST)),
        ("192.0.2.1", NtpServer("192.0.2.1", 123)),
        ("[2001:db8::1]", NtpServer("2001:db8::1")),
        ("[2001:db8::1]:65535", NtpServer("2001:db8::1", 65535)),
    ],
)
def test_names(text: str, server: NtpServer) -> None:
    assert NtpServer.parse(text) == server
    assert str(server) == text


@pytest.mark.parametrize(
    "text",
    [
        "a..b",
        ".a",
        ".",
        "a..",
        f"{LABEL}a.example",
        f"{LONGEST}a",
        "[192.0.2.1]",
        "[..]",
        "[2001:db8::1::2]",
        f"[{'a' * 64}]",
    ],
)
def test_names_that_no_host_has_are_refused(text: str) -> None:
    """The system's own reading of names fails over some of them in its own way."""
    with pytest.raises(MalformedError):
        NtpServer.parse(text)


@pytest.mark.parametrize(
    "text", ["", "a b", "a:0", "a:65536", "a:", "a:b", "[a", "2001:db8::1", "ntp://a", "a\n", "[]:1"]
)
def test_other_names_are_refused(text: str) -> None:
    with pytest.raises(MalformedError):
        NtpServer.parse(text)


def test_a_failure_names_the_server() -> None:
    assert str(NtpFailed("ntp.example", "no answer")) == "time server ntp.example: no answer"
