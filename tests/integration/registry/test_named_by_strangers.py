"""Registries that somebody else names: what they lead to is refused, whatever they answer or resolve to."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from time import monotonic
from typing import Any, Final

import pytest

from cosignpy.core.digest import Digest
from cosignpy.core.oci.reference import Tag
from cosignpy.errors import AccessDenied, LimitExceeded, MalformedError, RemoteError, Unreachable
from cosignpy.net.address_rule import AddressRule, LocalAddresses
from cosignpy.net.deadline import requests_end_by
from cosignpy.net.failures import ForbiddenServer
from cosignpy.net.retry import NO_RETRIES, RetryPolicy
from cosignpy.registry.options import RegistryOptions
from cosignpy.registry.repository import RemoteRepository
from cosignpy.registry.session import RegistrySession
from tests.support.raw_server import Handler, RawServer, repeat, reply, stall, then
from tests.support.tls_files import Authority, server_context

METADATA: Final = "169.254.169.254"


@dataclass
class Site:
    """A registry with TLS on this machine, which is allowed; and what resolvers say."""

    server: RawServer
    options: RegistryOptions
    names: dict[str, list[str]]

    def ask(self, path: str = "/v2/", registry: str = "", **options: Any) -> int:
        session = RegistrySession(registry or f"localhost:{self.server.port}", replace(self.options, **options))
        try:
            with session.send("GET", path, repository="team/app") as response:
                response.read(1 << 20, "answer")
                return response.status
        finally:
            session.close()


@pytest.fixture
def names(monkeypatch: pytest.MonkeyPatch) -> dict[str, list[str]]:
    """What names resolve to: one address of the list for each time it is asked, the last from then on."""
    known: dict[str, list[str]] = {}
    real = socket.getaddrinfo

    def resolve(host: Any, port: Any, *arguments: Any, **options: Any) -> Any:
        name = host.decode() if isinstance(host, bytes) else host
        if name not in known or options.get("flags", 0) & socket.AI_NUMERICHOST:
            return real(host, port, *arguments, **options)
        addresses = known[name]
        return real(addresses.pop(0) if len(addresses) > 1 else addresses[0], port, *arguments, **options)

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    return known


@pytest.fixture
def tls(tmp_path_factory: pytest.TempPathFactory) -> tuple[Any, Path]:
    authority = Authority(tmp_path_factory.mktemp("tls"))
    pair = authority.issue("localhost", "rebound.example", "127.0.0.1")
    return server_context(pair), authority.certificate


@contextmanager
def serve(handler: Handler, tls: tuple[Any, Path], names: dict[str, list[str]]) -> Iterator[Site]:
    context, authority = tls
    with RawServer(handler, context) as server:
        rule = AddressRule(LocalAddresses.ALLOWED)
        options = RegistryOptions(
            cacert=str(authority), rule=rule, retry=NO_RETRIES, read_timeout=2.0, connect_timeout=2.0
        )
        yield Site(server, options, names)


def test_a_registry_that_answers_is_read(tls: tuple[Any, Path], names: dict[str, list[str]]) -> None:
    with serve(reply(200), tls, names) as site:
        assert site.ask() == 200


def test_this_machine_is_not_spoken_to_unless_it_is_allowed(tls: tuple[Any, Path], names: dict[str, list[str]]) -> None:
    with serve(reply(200), tls, names) as site:
        with pytest.raises(ForbiddenServer) as caught:
            site.ask(rule=AddressRule())
        assert "this machine's own" in caught.value.detail
        assert site.server.connections == 0


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_to_metadata_is_refused(tls: tuple[Any, Path], names: dict[str, list[str]], status: int) -> None:
    with serve(reply(status, Location=f"https://{METADATA}/latest/meta-data/"), tls, names) as site:
        with pytest.raises(ForbiddenServer) as caught:
            site.ask()
        assert caught.value.service == METADATA
        assert not caught.value.retryable


def test_a_redirect_to_a_name_of_metadata_is_refused(tls: tuple[Any, Path], names: dict[str, list[str]]) -> None:
    names["metadata.example"] = [METADATA]
    with serve(reply(307, Location="https://metadata.example/"), tls, names) as site, pytest.raises(ForbiddenServer):
        site.ask()


def test_a_redirect_to_plain_http_is_refused(tls: tuple[Any, Path], names: dict[str, list[str]]) -> None:
    with (
        serve(reply(307, Location="http://storage.example/"), tls, names) as site,
        pytest.raises(RemoteError) as caught,
    ):
        site.ask()
    assert "plain HTTP" in caught.value.detail


def test_a_registry_of_plain_http_leads_nobody_to_another(tls: tuple[Any, Path], names: dict[str, list[str]]) -> None:
    with (
        RawServer(reply(200)) as other,
        RawServer(reply(307, Location=f"http://localhost:{other.port}/")) as server,
        serve(reply(200), tls, names) as site,
    ):
        rule = AddressRule(LocalAddresses.ALLOWED, plain_http=frozenset({f"localhost:{server.port}"}))
        with pytest.raises(ForbiddenServer) as caught:
            site.ask(registry=f"localhost:{server.port}", rule=rule)
        assert "plain HTTP" in caught.value.detail
        assert other.requests == []


def test_plain_http_is_not_tried_where_nobody_allowed_it(tls: tuple[Any, Path], names: dict[str, list[str]]) -> None:
    with RawServer(reply(200)) as server, serve(reply(200), tls, names) as site:
        with pytest.raises(Unreachable):
            site.ask(registry=f"localhost:{server.port}")
        assert server.requests == []
        rule = AddressRule(LocalAddresses.ALLOWED, plain_http=frozenset({f"localhost:{server.port}"}))
        assert site.ask(registry=f"localhost:{server.port}", rule=rule) == 200


def test_redirects_in_a_circle_come_to_an_end(tls: tuple[Any, Path], names: dict[str, list[str]]) -> None:
    with serve(reply(307, Location="/v2/"), tls, names) as site:
        with pytest.raises(LimitExceeded):
            site.ask()
        assert len(site.server.requests) == 6


def test_a_token_server_on_metadata_is_refused(tls: tuple[Any, Path], names: dict[str, list[str]]) -> None:
    challenge = f'Bearer realm="https://{METADATA}/token",service="x"'
    with (
        serve(reply(401, WWW_Authenticate=challenge), tls, names) as site,
        pytest.raises(ForbiddenServer) as caught,
    ):
        site.ask(username="user", password="secret")
    assert caught.value.service == METADATA
    assert "secret" not in str(caught.value)


def test_a_name_that_resolves_to_metadata_is_refused(tls: tuple[Any, Path], names: dict[str, list[str]]) -> None:
    names["rebound.example"] = [METADATA]
    with serve(reply(200), tls, names) as site, pytest.raises(ForbiddenServer) as caught:
        site.ask(registry="rebound.example")
    assert METADATA in caught.value.detail


def test_a_name_is_judged_by_the_address_that_is_connected_to(
    tls: tuple[Any, Path], names: dict[str, list[str]]
) -> None:
    """DNS rebinding: what a name meant before says nothing about the next connection."""
    names["rebound.example"] = ["127.0.0.1", METADATA]
    with serve(then(reply(200, Connection="close"), reply(200)), tls, names) as site:
        session = RegistrySession(f"rebound.example:{site.server.port}", site.options)
        with session.send("GET", "/v2/", repository="") as response:
            assert response.status == 200
        with pytest.raises(ForbiddenServer):
            session.send("GET", "/v2/", repository="")
        session.close()


def test_of_several_addresses_those_that_are_allowed_are_used(
    tls: tuple[Any, Path], names: dict[str, list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    real = socket.getaddrinfo

    def resolve(host: Any, port: Any, *arguments: Any, **options: Any) -> Any:
        if host == "rebound.example":
            return [*real(METADATA, port, *arguments, **options), *real("127.0.0.1", port, *arguments, **options)]
        return real(host, port, *arguments, **options)

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    with serve(reply(200), tls, names) as site:
        assert site.ask(registry=f"rebound.example:{site.server.port}") == 200


def test_a_next_page_on_another_host_is_not_fetched(tls: tuple[Any, Path], names: dict[str, list[str]]) -> None:

    page = reply(
        200,
        b'{"schemaVersion":2,"mediaType":"application/vnd.oci.image.index.v1+json","manifests":[]}',
        Content_Type="application/vnd.oci.image.index.v1+json",
        Link=f'<https://{METADATA}/v2/x>; rel="next"',
    )
    with serve(page, tls, names) as site:
        session = RegistrySession(f"localhost:{site.server.port}", site.options)
        with pytest.raises(MalformedError):
            RemoteRepository(session, "team/app").fetch_referrers(Digest.of(b"image"))
        session.close()


def test_through_a_proxy_addresses_are_refused_all_the_same(tls: tuple[Any, Path], names: dict[str, list[str]]) -> None:
    with RawServer(reply(200)) as proxy, serve(reply(200), tls, names) as site:
        environment = {"HTTPS_PROXY": f"http://{proxy.address}"}
        with pytest.raises(ForbiddenServer):
            site.ask(registry=METADATA, environment=environment, rule=AddressRule())
        assert proxy.connections == 0


# --- time and size


@pytest.mark.parametrize(
    "handler",
    [
        stall(),
        stall(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n"),
        repeat(b"HTTP/1.1 200 OK\r\n\r\n", b"x", pause=0.05),
    ],
    ids=["silent", "no-body", "drip"],
)
def test_everything_ends_with_the_deadline(
    tls: tuple[Any, Path], names: dict[str, list[str]], handler: Handler
) -> None:
    with serve(handler, tls, names) as site:
        started = monotonic()
        with pytest.raises(Unreachable), requests_end_by(lambda: started + 0.4):
            site.ask(read_timeout=30.0, retry=RetryPolicy())
        assert monotonic() - started < 2.0


def test_a_deadline_that_is_over_sends_nothing(tls: tuple[Any, Path], names: dict[str, list[str]]) -> None:
    with serve(reply(200), tls, names) as site:
        over = monotonic() - 1
        with pytest.raises(Unreachable), requests_end_by(lambda: over):
            site.ask(retry=RetryPolicy())
        assert site.server.requests == []


def test_what_is_compressed_is_not_unpacked(tls: tuple[Any, Path], names: dict[str, list[str]]) -> None:
    """Nobody asked for it, so a registry cannot have us unpack a thousand times what it sends."""

    packed = reply(
        200,
        b"\x1f\x8b\x08" + b"\0" * 100,
        Content_Type="application/vnd.oci.image.manifest.v1+json",
        Content_Encoding="gzip",
    )
    with serve(packed, tls, names) as site:
        session = RegistrySession(f"localhost:{site.server.port}", site.options)
        with pytest.raises(MalformedError):
            RemoteRepository(session, "team/app").fetch_manifest(Tag("v1"))
        session.close()
        assert site.server.requests[0].headers["accept-encoding"] == "identity"


def test_credentials_do_not_follow_a_redirect_to_another_host(
    tls: tuple[Any, Path], names: dict[str, list[str]]
) -> None:
    context, _ = tls
    with RawServer(reply(200), context) as storage:
        handler = then(
            reply(401, WWW_Authenticate="Basic realm=x"), reply(307, Location=f"https://localhost:{storage.port}/blob")
        )
        with serve(handler, tls, names) as site:
            assert site.ask(username="user", password="secret") == 200
        assert "authorization" in site.server.requests[-1].headers
        assert "authorization" not in storage.requests[0].headers


@pytest.mark.parametrize(
    "handler",
    [
        reply(401, WWW_Authenticate="Basic realm=x"),
        reply(403),
        then(reply(401, WWW_Authenticate="Basic realm=x"), reply(403)),
    ],
    ids=["401", "403", "401-403"],
)
def test_a_refusal_has_no_secret_in_it_and_no_hint_to_log_in(
    tls: tuple[Any, Path], names: dict[str, list[str]], handler: Handler
) -> None:
    with serve(handler, tls, names) as site:
        options = replace(site.options, username="user", password="secret")
        session = RegistrySession(f"localhost:{site.server.port}", options)
        with pytest.raises(AccessDenied) as caught:
            RemoteRepository(session, "team/app").fetch_manifest(Tag("v1"))
        session.close()
    assert "secret" not in f"{caught.value!r} {caught.value}"
    assert caught.value.hint is None
