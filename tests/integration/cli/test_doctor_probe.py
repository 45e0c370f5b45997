"""Services that are asked over real sockets: what is in the way of each, and what time it thinks it is."""

import ssl
from email.utils import formatdate
from pathlib import Path

import pytest

from cosignpy.cli.doctor.probe import MAX_ANSWER, HttpProber, probe_options
from cosignpy.net.clock import Clock
from cosignpy.net.http import HttpClient, HttpOptions
from cosignpy.net.proxy import Proxies, ProxyServer
from cosignpy.net.retry import NO_RETRIES
from cosignpy.operations.doctor.facts import Asked, NoReply, Obstacle, Reply, ServiceAddress, ServiceRole
from cosignpy.values import replace
from tests.support.raw_server import Handler, RawServer, head, raw, reply, reset, stall, tunnel
from tests.support.tls_files import Authority, server_context

NOW = 1_790_000_000.0
TLS_ALERT = bytes.fromhex("15030100020246")
QUICK = HttpOptions(0.5, 0.5, retry=NO_RETRIES)


def ask(url: str, options: HttpOptions = QUICK, role: ServiceRole = ServiceRole.AUTHORITY) -> Asked:
    client = HttpClient(options)
    try:
        return HttpProber(client, options.proxies, Clock(wall=lambda: NOW)).ask(ServiceAddress.of(role, url), url)
    finally:
        client.close()


def obstacle(asked: Asked) -> Obstacle:
    assert isinstance(asked.result, NoReply)
    return asked.result.obstacle


def served(handler: Handler, role: ServiceRole = ServiceRole.AUTHORITY, tls: ssl.SSLContext | None = None) -> Asked:
    with RawServer(handler, tls=tls) as server:
        return ask(f"{'https' if tls else 'http'}://{server.address}/x", role=role)


def test_an_answer() -> None:
    asked = served(reply(418, b"a teapot"))
    assert isinstance(asked.result, Reply)
    assert (asked.result.status, asked.result.body, asked.proxy) == (418, b"a teapot", "")
    assert asked.result.ahead is None
    assert 0 <= asked.result.seconds < 1


@pytest.mark.parametrize(
    ("headers", "ahead"),
    [
        ({"Date": formatdate(NOW, usegmt=True)}, 0),
        ({"Date": formatdate(NOW - 3600, usegmt=True)}, 3600),
        ({"Date": formatdate(NOW + 3600, usegmt=True)}, -3600),
        ({"Date": formatdate(NOW - 3600, usegmt=True), "Age": "3600"}, 0),
        ({"Date": formatdate(NOW - 3600, usegmt=True), "Age": "-3600"}, 3600),
        ({"Date": formatdate(NOW - 3600, usegmt=True), "Age": "9" * 30}, 3600),
        ({"Date": formatdate(NOW).replace("-0000", "")}, 0),
        ({"Date": formatdate(NOW)}, 0),
    ],
)
def test_the_time_of_an_answer(headers: dict[str, str], ahead: float) -> None:
    asked = served(reply(200, b"", **headers))
    assert isinstance(asked.result, Reply)
    assert asked.result.ahead == pytest.approx(ahead, abs=1)


@pytest.mark.parametrize("date", ["", "yesterday", "Thu, 99 Foo 2026 00:00:00 GMT", "Mon, 01 Jan 99999 00:00:00 GMT"])
def test_what_is_no_time_says_nothing(date: str) -> None:
    asked = served(reply(200, Date=date))
    assert isinstance(asked.result, Reply)
    assert asked.result.ahead is None


@pytest.mark.parametrize(
    ("handler", "wanted"),
    [
        (stall(b""), Obstacle.TIMEOUT),
        (stall(head(200, Content_Length="9")), Obstacle.TIMEOUT),
        (reset, Obstacle.OTHER),
        (raw(b"SSH-2.0-OpenSSH_9.6\r\n"), Obstacle.OTHER),
        (reply(200, b" " * (MAX_ANSWER + 1)), Obstacle.OTHER),
    ],
    ids=["silent", "half", "reset", "not HTTP", "endless"],
)
def test_what_is_in_the_way(handler: Handler, wanted: Obstacle) -> None:
    assert obstacle(served(handler)) is wanted


def test_nobody_listens() -> None:
    with RawServer(reply(200)) as server:
        url = f"http://{server.address}"
    assert obstacle(ask(url)) is Obstacle.REFUSED


def test_a_name_that_nobody_has() -> None:
    assert obstacle(ask("http://service.invalid")) is Obstacle.NAME


@pytest.mark.parametrize("url", ["ftp://service.example", "https://user:secret@service.example", "service"])
def test_an_address_that_is_none(url: str) -> None:
    asked = ask(url)
    assert obstacle(asked) is Obstacle.ADDRESS
    assert "secret" not in repr(asked)


def test_a_certificate_that_nobody_trusts(tmp_path: Path) -> None:
    tls = server_context(Authority(tmp_path).issue("127.0.0.1"))
    assert obstacle(served(reply(200), tls=tls)) is Obstacle.CERTIFICATE


def test_the_other_protocol() -> None:
    with RawServer(reply(200)) as server:
        assert obstacle(ask(f"https://{server.address}")) is Obstacle.PROTOCOL
    assert obstacle(served(raw(TLS_ALERT))) is Obstacle.PROTOCOL


def through(proxy: RawServer) -> HttpOptions:
    named = ProxyServer.parse(f"http://user:secret@{proxy.address}", "HTTPS_PROXY")
    return replace(QUICK, proxies=Proxies(http=named, https=named, loopback=True))


def test_a_proxy_is_named_without_what_it_wants_to_see() -> None:
    with RawServer(reply(200)) as proxy:
        asked = ask("http://service.example", through(proxy))
        assert isinstance(asked.result, Reply)
        assert asked.proxy == f"http://{proxy.address}"
    assert "secret" not in repr(asked)


@pytest.mark.parametrize("handler", [reply(502), reply(407), reset], ids=["refuses", "denies", "breaks off"])
def test_a_proxy_that_does_not_connect(handler: Handler) -> None:
    with RawServer(handler) as proxy:
        assert obstacle(ask("https://service.example", through(proxy))) is Obstacle.PROXY


def test_behind_a_proxy_a_certificate_is_still_one(tmp_path: Path) -> None:
    tls = server_context(Authority(tmp_path).issue("127.0.0.1"))
    with RawServer(tunnel) as proxy, RawServer(reply(200), tls=tls) as server:
        assert obstacle(ask(f"https://{server.address}", through(proxy))) is Obstacle.CERTIFICATE


def test_only_a_mirror_may_send_on_to_another_server() -> None:
    with RawServer(reply(200, b"here")) as other:
        handler = reply(302, Location=f"http://{other.address}/there")
        for role, status in ((ServiceRole.MIRROR, 200), (ServiceRole.AUTHORITY, 302)):
            asked = served(handler, role)
            assert isinstance(asked.result, Reply)
            assert asked.result.status == status


def test_patience_is_short_and_nothing_is_tried_twice() -> None:
    with RawServer(reply(503)) as server:
        options = probe_options({"NO_PROXY": "*"})
        asked = ask(f"http://{server.address}", options)
        assert len(server.requests) == 1
    assert isinstance(asked.result, Reply)
    assert options.connect_timeout + options.read_timeout < 15
