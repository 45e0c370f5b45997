"""What stands around certificates and timestamps: limits, health, who answers which path."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from starlette.types import ASGIApp

from ca_server.app import Opened, open_app
from ca_server.authorities import MAIN, Authorities, begin_authorities, open_authorities
from ca_server.config import (
    AuthoritySettings,
    Backend,
    Embedding,
    LimitSettings,
    Settings,
    TimestampSettings,
    TransparencySettings,
)
from cosignpy.serving.rate_limit import Network, Rate
from cosignpy.values import replace
from tests.support.asgi_calls import Answer, ask, scope_of
from tests.support.issuance import FixedAuthority, build_issuing

SETTINGS = Settings(
    authority=AuthoritySettings(Backend.EPHEMERAL), transparency=TransparencySettings(sct=Embedding.NONE), workers=1
)
Open = Callable[..., ASGIApp]


@pytest.fixture
def opening(tmp_path: Path) -> Iterator[Open]:
    opened: list[Opened] = []

    def open_one(settings: Settings = SETTINGS, authorities: Authorities | None = None) -> ASGIApp:
        made = authorities or open_authorities(settings, tmp_path, begin_authorities(settings, tmp_path))
        opened.append(open_app(settings, tmp_path, made))
        return opened[-1].served.app

    yield open_one
    for one in opened:
        one.close()


def get(app: ASGIApp, path: str, client: str = "192.0.2.1", *headers: tuple[bytes, bytes]) -> Answer:
    return ask(app, scope_of(path, headers, client=(client, 50_000)))


def with_limits(**limits: Any) -> Settings:
    return replace(SETTINGS, limits=LimitSettings(**limits))


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/healthz", 200),
        ("/readyz", 200),
        ("/metrics", 200),
        ("/api/v2/trustBundle", 200),
        ("/api/v2/configuration", 200),
        ("/api/v1/rootCert", 200),
        ("/api/v1/timestamp/certchain", 200),
        ("/ping", 200),
        ("/api/v2/signingCert", 405),
        ("/api/v1/timestamp", 405),
        ("/", 404),
        ("/api/v2/trustBundle/", 404),
    ],
)
def test_every_path_has_its_service(opening: Open, path: str, status: int) -> None:
    assert get(opening(), path).status == status


def test_errors_have_the_shape_of_their_service(opening: Open) -> None:
    app = opening()
    assert get(app, "/nowhere").json == {"code": 5, "message": "Not Found", "details": []}
    assert get(app, "/api/v1/timestamp/nowhere").json == {"code": 404, "message": "Not Found"}


def test_without_timestamps_nobody_answers_there(opening: Open) -> None:
    app = opening(replace(SETTINGS, timestamps=TimestampSettings(serve=False)))
    assert [get(app, path).status for path in ("/api/v1/timestamp/certchain", "/ping", "/readyz")] == [404, 404, 200]


def test_metrics_may_have_a_port_of_their_own(opening: Open) -> None:
    assert get(opening(replace(SETTINGS, metrics=9000)), "/metrics").status == 404


def test_one_address_may_ask_so_often_and_health_always(opening: Open) -> None:
    app = opening(with_limits(address=Rate(0.001, 2)))
    assert [get(app, "/api/v2/trustBundle").status for _ in range(3)] == [200, 200, 429]
    refused = get(app, "/api/v2/trustBundle")
    assert (refused.json["code"], int(refused.headers[b"retry-after"]) > 0) == (8, True)
    assert get(app, "/api/v2/trustBundle", "192.0.2.2").status == 200
    assert get(app, "/healthz").status == 200


@pytest.mark.parametrize(("trusted", "statuses"), [((), [200, 429]), (("192.0.2.1",), [200, 200])])
def test_only_proxies_that_are_named_say_who_asks(opening: Open, trusted: tuple[str, ...], statuses: list[int]) -> None:
    networks = tuple(Network.parse(text) for text in trusted)
    app = opening(with_limits(address=Rate(0.001, 1), trusted_proxies=networks))
    forwarded = [(b"x-forwarded-for", b"198.51.100.%d" % number) for number in range(2)]
    assert [get(app, "/api/v1/rootCert", "192.0.2.1", one).status for one in forwarded] == statuses


def test_an_authority_whose_time_is_over_is_not_ready(opening: Open, tmp_path: Path) -> None:
    past = build_issuing(end=datetime.now(UTC).replace(microsecond=0) - timedelta(minutes=1))
    made = open_authorities(SETTINGS, tmp_path, begin_authorities(SETTINGS, tmp_path))
    answer = get(opening(SETTINGS, replace(made, issuing={MAIN: FixedAuthority(past)})), "/readyz")
    assert (answer.status, "the certificate of the authority is not valid now" in answer.json["message"]) == (503, True)


def test_a_private_authority_is_named_where_it_is_not_ready(opening: Open, tmp_path: Path) -> None:
    past = build_issuing(end=datetime.now(UTC).replace(microsecond=0) - timedelta(minutes=1))
    made = open_authorities(SETTINGS, tmp_path, begin_authorities(SETTINGS, tmp_path))
    private = replace(made, issuing={**made.issuing, "https://private.example.com": FixedAuthority(past)})
    assert "https://private.example.com" in get(opening(SETTINGS, private), "/readyz").json["message"]


def test_chains_that_authorities_share_are_told_once(opening: Open, tmp_path: Path) -> None:
    made = open_authorities(SETTINGS, tmp_path, begin_authorities(SETTINGS, tmp_path))
    twice = replace(made, issuing={MAIN: made.issuing[MAIN], "https://private.example.com": made.issuing[MAIN]})
    assert len(get(opening(SETTINGS, twice), "/api/v2/trustBundle").json["chains"]) == 1
