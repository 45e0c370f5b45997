"""What issuers can do to us, over real sockets: each attack or outage beside the case in which all is well."""

import asyncio
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from ca_server.identity.claims import TokenRefused
from ca_server.identity.cluster import ClusterFiles
from ca_server.identity.discovery import MAX_DOCUMENT, MAX_REDIRECTS, FetchOptions, IssuerEndpoint, fetch_key_set
from ca_server.identity.identify import Identified, Identities
from ca_server.identity.issuer import Issuer, IssuerType
from ca_server.identity.issuer_keys import MAX_FETCHES, IssuerKeys, IssuerUnreachable, KeyOptions
from ca_server.identity.issuers import Issuers
from ca_server.identity.jwks import MAX_JWKS
from ca_server.identity.principals.table import build_principal
from cosignpy.errors import CosignError
from cosignpy.net.clock import Clock
from cosignpy.net.proxy import Proxies
from tests.support.hostile_issuer import DOCUMENT, KEYS, HostileIssuer, gate
from tests.support.raw_server import Handler, RawServer, hang_up, head, raw, repeat, reply, reset, stall, tunnel_to
from tests.support.tls_files import Authority, server_context
from tests.support.tokens import AUDIENCE, EMAIL, TokenIssuer, TokenKey

IMPATIENT: Final = 1.5
"""Seconds for a fetch that nothing will come of."""
PATIENT: Final = 20.0
"""Seconds for one that has to succeed: longer than it takes on a busy machine."""


@pytest.fixture
def hostile() -> Iterator[HostileIssuer]:
    with HostileIssuer() as issuer:
        yield issuer


class Bench:
    """Identities with real fetches in real threads, and a clock that can be set ahead."""

    def __init__(self, *urls: str, ca_cert: str = "", timeout: float = PATIENT) -> None:
        self.ahead = 0.0
        table = Issuers([Issuer(url, IssuerType.EMAIL, AUDIENCE, ca_cert=ca_cert) for url in urls])
        self.keys = IssuerKeys(
            lambda endpoint: fetch_key_set(endpoint, FetchOptions(timeout), Clock()),
            KeyOptions(fresh=100.0, kept=1000.0, interval=10.0),
            lambda: time.monotonic() + self.ahead,
        )
        self.identities = Identities(lambda: table, self.keys, build_principal, time.time)

    def identify(self, *texts: str) -> list[Identified | BaseException]:
        """Identify all at once."""

        async def all_of_them() -> list[Identified | BaseException]:
            return await asyncio.gather(*map(self.identities.identify, texts), return_exceptions=True)

        return asyncio.run(asyncio.wait_for(all_of_them(), 2 * PATIENT))

    def accepts(self, text: str) -> bool:
        """Identify one token, which is good or refused; nothing else may happen."""
        (found,) = self.identify(text)
        assert isinstance(found, Identified | TokenRefused | IssuerUnreachable), found
        return isinstance(found, Identified)


def outcome(hostile: HostileIssuer, timeout: float = PATIENT) -> CosignError:
    """Return what becomes of a good token of an issuer that misbehaves."""
    text = hostile.issuer.token()
    started = time.monotonic()
    (found,) = Bench(hostile.issuer.url, timeout=timeout).identify(text)
    assert time.monotonic() - started < timeout + 4
    assert isinstance(found, CosignError)
    assert EMAIL not in f"{found!r} {found}"
    return found


def test_a_good_issuer_is_asked_for_its_document_and_its_keys(hostile: HostileIssuer) -> None:
    bench = Bench(hostile.issuer.url)
    (found,) = bench.identify(hostile.issuer.token())
    assert isinstance(found, Identified)
    assert found.principal.challenge == EMAIL
    assert hostile.asked == [DOCUMENT, KEYS]
    assert all(
        request.method == "GET" and "authorization" not in request.headers for request in hostile.server.requests
    )


def test_an_issuer_that_is_not_there_is_asked_later(hostile: HostileIssuer) -> None:
    hostile.server.stop_listening()
    assert isinstance(outcome(hostile), IssuerUnreachable)


HALF: Final = head(200, Content_Length="1000") + b"{"


@pytest.mark.parametrize("path", [DOCUMENT, KEYS])
@pytest.mark.parametrize(
    "handler",
    [
        reset,
        hang_up,
        stall(),
        stall(HALF),
        raw(HALF),
        repeat(HALF, b" ", pause=0.05),
        repeat(b"HTTP/1.1 200 OK\r\n", b"X: y\r\n", pause=0.05),
        repeat(head(200, Transfer_Encoding="chunked"), b"1\r\n \r\n", pause=0.05),
        reply(500),
        reply(503, Retry_After="3600"),
        reply(429),
        raw(b"SSH-2.0-OpenSSH_9.2\r\n"),
    ],
)
def test_an_issuer_that_does_not_answer_properly_is_asked_later(
    hostile: HostileIssuer, path: str, handler: Handler
) -> None:
    hostile.instead[path] = handler
    found = outcome(hostile, IMPATIENT)
    assert isinstance(found, IssuerUnreachable)
    assert 0 < found.retry_after <= 10


@pytest.mark.parametrize("path", [DOCUMENT, KEYS])
@pytest.mark.parametrize(
    "handler",
    [
        reply(200, b"<!doctype html><html><body>Please log in</body></html>", Content_Type="text/html"),
        reply(200, b"", Content_Type="application/json"),
        reply(200, b"[]", Content_Type="application/json"),
        reply(200, b"{}", Content_Type="application/json"),
        reply(200, b'{"keys":[]}', Content_Type="application/json"),
        reply(404),
        reply(401),
        reply(403),
        reply(204),
        reply(302),
        reply(200, b" " * (10 << 20)),
        repeat(head(200, Transfer_Encoding="chunked"), b"10000\r\n%b\r\n" % (b" " * 0x10000)),
        repeat(b"HTTP/1.1 200 OK\r\n\r\n", b" " * 0x10000),
    ],
)
def test_an_issuer_that_answers_with_something_else_is_none(
    hostile: HostileIssuer, path: str, handler: Handler
) -> None:
    hostile.instead[path] = handler
    assert isinstance(outcome(hostile), TokenRefused)


@pytest.mark.parametrize("said", ["https://issuer.example.com", "", None])
def test_an_issuer_that_says_it_is_another_is_none(hostile: HostileIssuer, said: str | None) -> None:
    hostile.instead[DOCUMENT] = reply(200, hostile.issuer.discovery(issuer=said))
    assert isinstance(outcome(hostile), TokenRefused)


def test_a_slash_makes_another_issuer(hostile: HostileIssuer) -> None:
    """Configured with a slash, it is asked at the same place, and says that it has none."""
    text = hostile.issuer.token(iss=f"{hostile.issuer.url}/")
    assert not Bench(f"{hostile.issuer.url}/").accepts(text)
    assert hostile.asked == [DOCUMENT]


@pytest.mark.parametrize(("path", "cap"), [(DOCUMENT, MAX_DOCUMENT), (KEYS, MAX_JWKS)])
def test_an_answer_may_be_large_and_no_larger(hostile: HostileIssuer, path: str, cap: int) -> None:
    content = hostile.issuer.discovery() if path == DOCUMENT else hostile.issuer.jwks()
    text = hostile.issuer.token()
    hostile.instead[path] = reply(200, content.ljust(cap))
    assert Bench(hostile.issuer.url).accepts(text)
    hostile.instead[path] = reply(200, content.ljust(cap + 1))
    assert not Bench(hostile.issuer.url).accepts(text)


# --- redirects


@pytest.mark.parametrize("path", [DOCUMENT, KEYS])
@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_within_the_host_is_followed(hostile: HostileIssuer, path: str, status: int) -> None:
    content = hostile.issuer.discovery() if path == DOCUMENT else hostile.issuer.jwks()
    hostile.instead |= {path: reply(status, Location="/moved?a=b"), "/moved?a=b": reply(200, content)}
    assert Bench(hostile.issuer.url).accepts(hostile.issuer.token())


@pytest.mark.parametrize("path", [DOCUMENT, KEYS])
def test_a_redirect_to_another_host_is_not_followed(hostile: HostileIssuer, path: str) -> None:
    """Not even to one that has the right answer."""
    with HostileIssuer() as other:
        other.issuer = hostile.issuer
        port = other.server.port
        for location in (
            f"http://127.0.0.1:{port}{path}",
            f"//127.0.0.1:{port}{path}",
            f"http://localhost:{hostile.server.port}{path}",
            f"https://127.0.0.1:{hostile.server.port}{path}",
            "http://169.254.169.254/latest/meta-data",
            "file:///etc/passwd",
            "http://[",
        ):
            hostile.instead = {path: reply(302, Location=location)}
            assert isinstance(outcome(hostile), TokenRefused)
        assert other.asked == []


@pytest.mark.parametrize("path", [DOCUMENT, KEYS])
def test_redirects_come_to_an_end(hostile: HostileIssuer, path: str) -> None:
    hostile.instead[path] = reply(302, Location=path)
    assert isinstance(outcome(hostile), TokenRefused)
    assert hostile.asked.count(path) == MAX_REDIRECTS + 1


# --- new keys, unknown keys


def test_a_new_key_is_found_when_it_is_first_used(hostile: HostileIssuer) -> None:
    bench = Bench(hostile.issuer.url)
    old = hostile.issuer.token()
    assert bench.accepts(old)
    hostile.issuer.keys = [TokenKey.make("RS256", "key-2")]
    bench.ahead += 10
    assert bench.accepts(hostile.issuer.token())
    assert not bench.accepts(old)
    assert hostile.asked == [DOCUMENT, KEYS] * 2


def test_unknown_keys_cause_no_storm(hostile: HostileIssuer) -> None:
    bench = Bench(hostile.issuer.url)
    assert bench.accepts(hostile.issuer.token())
    bench.ahead += 10
    strangers = [
        TokenIssuer(
            hostile.issuer.url, [TokenKey(f"stranger-{number}", "ES256", TokenKey.make().handle)], now=time.time()
        ).token()
        for number in range(300)
    ]
    for found in (*bench.identify(*strangers), *bench.identify(*strangers)):
        assert isinstance(found, TokenRefused)
    assert hostile.asked == [DOCUMENT, KEYS] * 2


def test_forged_signatures_cause_no_storm(hostile: HostileIssuer) -> None:
    bench = Bench(hostile.issuer.url)
    header, payload, _ = hostile.issuer.token().split(".")
    for found in bench.identify(*[f"{header}.{payload}.AAAA"] * 300):
        assert isinstance(found, TokenRefused)
    assert hostile.asked == [DOCUMENT, KEYS]


def test_a_key_of_another_issuer_is_none(hostile: HostileIssuer) -> None:
    with HostileIssuer() as other:
        other.issuer.keys = [TokenKey.make("ES256", "key-1"), TokenKey.make("RS256", "key-2")]
        hostile.issuer.keys = [TokenKey.make("EdDSA", "key-3")]
        bench = Bench(hostile.issuer.url, other.issuer.url)
        assert bench.accepts(other.issuer.token())
        assert not bench.accepts(other.issuer.token(iss=hostile.issuer.url))


# --- outages


def test_keys_outlive_an_outage_until_they_are_too_old(hostile: HostileIssuer) -> None:
    bench = Bench(hostile.issuer.url)
    text = hostile.issuer.token()
    assert bench.accepts(text)
    hostile.do(hang_up)
    bench.ahead += 100
    assert bench.accepts(text)
    bench.ahead += 890
    assert bench.accepts(text)
    bench.ahead += 20
    assert isinstance(bench.identify(text)[0], IssuerUnreachable)
    hostile.recover()
    bench.ahead += 10
    assert bench.accepts(text)


def test_nobody_waits_for_an_issuer_that_is_known_to_be_down(hostile: HostileIssuer) -> None:
    bench = Bench(hostile.issuer.url, timeout=2 * IMPATIENT)
    text = hostile.issuer.token()
    assert bench.accepts(text)
    hostile.do(stall())
    bench.ahead += 100
    assert bench.accepts(text)
    for _ in range(3):
        bench.ahead += 11
        started = time.monotonic()
        assert all(isinstance(found, Identified) for found in bench.identify(*[text] * 50))
        assert time.monotonic() - started < IMPATIENT


def test_an_issuer_that_is_down_is_not_hammered(hostile: HostileIssuer) -> None:
    hostile.do(hang_up)
    bench = Bench(hostile.issuer.url)
    text = hostile.issuer.token()
    for found in (*bench.identify(*[text] * 100), *bench.identify(*[text] * 100)):
        assert isinstance(found, IssuerUnreachable)
    assert hostile.asked == [DOCUMENT] * 2  # once, and once more because of the broken connection


def test_those_who_come_first_share_one_fetch(hostile: HostileIssuer) -> None:
    bench = Bench(hostile.issuer.url)
    assert all(isinstance(found, Identified) for found in bench.identify(*[hostile.issuer.token()] * 100))
    assert hostile.asked == [DOCUMENT, KEYS]


def test_slow_issuers_do_not_pile_up(hostile: HostileIssuer) -> None:
    """So many are waited for at a time; one more is put off, and one whose keys are known is served at once."""
    opened = threading.Event()
    slow = [f"{hostile.issuer.url}/{number}" for number in range(MAX_FETCHES + 1)]
    for url in slow:
        hostile.instead[f"{url.removeprefix(hostile.issuer.url)}{DOCUMENT}"] = gate(opened, reply(404))
    bench = Bench(hostile.issuer.url, *slow)
    assert bench.accepts(hostile.issuer.token())
    texts = [hostile.issuer.token(iss=url) for url in slow]

    async def scenario() -> list[Identified | BaseException]:
        waiting = [asyncio.create_task(bench.identities.identify(text)) for text in texts[:-1]]
        await asyncio.sleep(0)
        late = await asyncio.gather(*[bench.identities.identify(texts[-1]) for _ in range(50)], return_exceptions=True)
        good = await bench.identities.identify(hostile.issuer.token())
        # The thread of the first fetch may be about to end.
        assert [thread.name for thread in threading.enumerate()].count("issuer-keys") <= MAX_FETCHES + 1
        opened.set()
        return [*await asyncio.gather(*waiting, return_exceptions=True), *late, good]

    found = asyncio.run(asyncio.wait_for(scenario(), 2 * PATIENT))
    assert all(isinstance(each, TokenRefused) for each in found[:MAX_FETCHES])
    assert all(isinstance(each, IssuerUnreachable) for each in found[MAX_FETCHES:-1])
    assert isinstance(found[-1], Identified)


# --- TLS


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"))


def test_an_issuer_may_have_an_authority_of_its_own(authority: Authority) -> None:
    with HostileIssuer(server_context(authority.issue("localhost"))) as hostile:
        text = hostile.issuer.token()
        assert Bench(hostile.issuer.url, ca_cert=authority.certificate.read_text()).accepts(text)
        (found,) = Bench(hostile.issuer.url).identify(text)
        assert isinstance(found, IssuerUnreachable)
        assert "not trusted" in found.why


def test_a_certificate_is_for_the_name_of_the_issuer(authority: Authority) -> None:
    with HostileIssuer(server_context(authority.issue("other.example.com"))) as hostile:
        bench = Bench(hostile.issuer.url, ca_cert=authority.certificate.read_text())
        (found,) = bench.identify(hostile.issuer.token())
    assert isinstance(found, IssuerUnreachable)


def test_authorities_that_are_none_are_an_error_of_the_configuration(hostile: HostileIssuer) -> None:
    with RawServer(reply(200)) as server:
        url = f"https://127.0.0.1:{server.port}"
        (found,) = Bench(url, ca_cert="no certificates").identify(hostile.issuer.token(iss=url))
    assert isinstance(found, TokenRefused)


def test_keys_come_by_tls_also_from_elsewhere(authority: Authority) -> None:
    """Of the same host without TLS they are not fetched."""
    with HostileIssuer() as plain, HostileIssuer(server_context(authority.issue("localhost"))) as hostile:
        plain.issuer = hostile.issuer
        hostile.instead[DOCUMENT] = reply(
            200, hostile.issuer.discovery(jwks_uri=f"http://127.0.0.1:{plain.server.port}/keys")
        )
        bench = Bench(hostile.issuer.url, ca_cert=authority.certificate.read_text())
        assert not bench.accepts(hostile.issuer.token())
        assert plain.asked == []


def test_the_cluster_s_issuer_is_asked_with_our_token(authority: Authority, tmp_path: Path) -> None:
    """Its authority and our token come from the pod's files; others, asked through the same door, get no token."""
    cluster = "https://kubernetes.default.svc"
    (tmp_path / "token").write_text("the-token\n")
    files = ClusterFiles(authority.certificate, tmp_path / "token")
    pair = authority.issue("kubernetes.default.svc", "localhost")
    with HostileIssuer(server_context(pair)) as hostile, RawServer(tunnel_to(hostile.server.port)) as proxy:
        proxies = Proxies.from_environment({"https_proxy": f"http://{proxy.address}"})
        hostile.issuer.url = cluster
        assert fetch_key_set(IssuerEndpoint(cluster), FetchOptions(5.0, proxies, files), Clock())
        assert [request.headers["authorization"] for request in hostile.server.requests] == ["Bearer the-token"] * 2
        hostile.issuer.url = f"https://localhost:{hostile.server.port}"
        endpoint = IssuerEndpoint(hostile.issuer.url, authority.certificate.read_bytes())
        assert fetch_key_set(endpoint, FetchOptions(5.0, proxies, files), Clock())
        assert "authorization" not in hostile.server.requests[-1].headers
