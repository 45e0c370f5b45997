import pytest
from starlette.types import Receive, Scope, Send

from cosignpy.errors import MalformedError
from cosignpy.serving.asgi import answer
from cosignpy.serving.rate_limit import (
    MAX_FORWARDED,
    ClientAddresses,
    LimitRate,
    Network,
    Rate,
    TokenBuckets,
    client_key,
)
from tests.support.asgi_calls import ask, scope_of

PROXIES = (Network.parse("10.0.0.0/8"), Network.parse("fd00::/8"))


def client_of(peer: str, forwarded: str | None = None, trusted: tuple[Network, ...] = PROXIES) -> str:
    headers = [] if forwarded is None else [(b"x-forwarded-for", forwarded.encode())]
    return ClientAddresses(trusted)(scope_of(headers=headers, client=(peer, 1)))


def test_a_burst_is_served_and_what_is_beyond_it_waits() -> None:
    buckets = TokenBuckets(Rate(per_second=2, burst=3))
    assert [buckets.take("a", 100.0) for _ in range(4)] == [0, 0, 0, 0.5]


def test_tokens_come_back_at_the_rate() -> None:
    buckets = TokenBuckets(Rate(per_second=2, burst=1))
    assert [buckets.take("a", now) for now in (0.0, 0.25, 0.5, 0.5, 1.0)] == [0, 0.25, 0, 0.5, 0]


def test_a_refused_request_costs_no_token() -> None:
    buckets = TokenBuckets(Rate(per_second=1, burst=1))
    assert [buckets.take("a", now) for now in (0.0, 0.5, 0.5, 1.0)] == [0, 0.5, 0.5, 0]


def test_no_more_than_the_burst_is_saved_up() -> None:
    buckets = TokenBuckets(Rate(per_second=1, burst=2))
    buckets.take("a", 0.0)
    assert [buckets.take("a", 1000.0) for _ in range(3)] == [0, 0, 1]


def test_clients_do_not_share_a_bucket() -> None:
    buckets = TokenBuckets(Rate(per_second=1, burst=1))
    assert (buckets.take("a", 0.0), buckets.take("b", 0.0)) == (0, 0)


def test_the_client_not_seen_for_longest_is_forgotten() -> None:
    buckets = TokenBuckets(Rate(per_second=0.001, burst=1), max_clients=2)
    for client in ("old", "other", "old", "new"):
        buckets.take(client, 0.0)
    assert len(buckets) == 2
    assert buckets.take("old", 0.0) > 0
    assert buckets.take("other", 0.0) == 0


def test_workers_share_a_rate_and_each_serves_one_at_least() -> None:
    assert Rate(10, 5).share(2) == Rate(5, 3)
    assert Rate(1, 1).share(4) == Rate(0.25, 1)


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("192.0.2.1", "192.0.2.2", False),
        ("192.0.2.1", "::ffff:192.0.2.1", True),
        ("2001:db8:0:1::1", "2001:db8:0:1:ffff::2", True),
        ("2001:db8:0:1::1", "2001:db8:0:2::1", False),
        ("", "192.0.2.1", False),
    ],
)
def test_a_client_is_an_ipv4_address_or_an_ipv6_subscriber(one: str, other: str, same: bool) -> None:
    assert (client_key(one) == client_key(other)) is same


@pytest.mark.parametrize(
    ("peer", "forwarded", "client"),
    [
        ("192.0.2.1", "198.51.100.7", "192.0.2.1"),
        ("10.1.1.1", None, "10.1.1.1"),
        ("10.1.1.1", "198.51.100.7", "198.51.100.7"),
        ("fd00::1", "198.51.100.7", "198.51.100.7"),
        ("10.1.1.1", "203.0.113.9, 198.51.100.7", "198.51.100.7"),
        ("10.1.1.1", "198.51.100.7, 10.2.2.2", "198.51.100.7"),
        ("10.1.1.1", "10.3.3.3,10.2.2.2", "10.3.3.3"),
        ("10.1.1.1", "198.51.100.7, nonsense", "10.1.1.1"),
        ("10.1.1.1", "nonsense, 10.2.2.2", "10.2.2.2"),
        ("10.1.1.1", "", "10.1.1.1"),
        ("10.1.1.1", "198.51.100.7" + ", 10.2.2.2" * MAX_FORWARDED, "10.2.2.2"),
    ],
)
def test_only_trusted_proxies_are_believed(peer: str, forwarded: str | None, client: str) -> None:
    assert client_of(peer, forwarded) == client


@pytest.mark.parametrize("lines", [["203.0.113.9", "198.51.100.7"], ["203.0.113.9, 198.51.100.7", "10.2.2.2"]])
def test_a_line_that_the_client_sent_does_not_hide_the_proxys(lines: list[str]) -> None:
    """Whoever believed the first line alone would give a client a new name with each request."""
    headers = [(b"x-forwarded-for", line.encode()) for line in lines]
    assert ClientAddresses(PROXIES)(scope_of(headers=headers, client=("10.1.1.1", 1))) == "198.51.100.7"


def test_without_trusted_proxies_nobody_is_believed() -> None:
    assert client_of("10.1.1.1", "198.51.100.7", trusted=()) == "10.1.1.1"


def test_a_local_socket_has_no_address() -> None:
    assert ClientAddresses(PROXIES)(scope_of(client=None)) == ""


@pytest.mark.parametrize("text", ["", "10.0.0.1/8", "10.0.0.0/33", "example.com", "010.0.0.0/8"])
def test_what_is_no_network_is_refused(text: str) -> None:
    with pytest.raises(MalformedError) as refused:
        Network.parse(text)
    assert refused.value.what == "network"


def test_who_asks_too_often_is_told_when_to_come_back() -> None:
    async def app(_scope: Scope, _receive: Receive, send: Send) -> None:
        await answer(send, 200, b"served")

    limited = LimitRate(app, TokenBuckets(Rate(per_second=0.4, burst=1)), ClientAddresses())
    assert ask(limited).body == b"served"
    refused = ask(limited)
    assert (refused.status, refused.headers[b"retry-after"]) == (429, b"3")
    assert ask(limited, scope_of(client=("192.0.2.2", 1))).status == 200
