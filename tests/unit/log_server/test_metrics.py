"""Under which names requests are counted."""

import asyncio

import pytest
from prometheus_client import REGISTRY

from cosignpy.serving.metrics import expose
from log_server.metrics import BARE, MeasureFaces, name_route
from tests.support.asgi_calls import scope_of


@pytest.mark.parametrize(
    ("path", "route"),
    [
        ("/api/v1/log", "/api/v1/log"),
        ("/api/v1/log/entries", "/api/v1/log/entries"),
        ("/api/v1/log/entries/24296fb24b8ad77a", "/api/v1/log/entries"),
        ("/api/v1/log/entries/retrieve", "/api/v1/log/entries/retrieve"),
        ("/ct/v1/add-pre-chain", "/ct/v1/add-pre-chain"),
        ("/ctlog/ct/v1/get-sth", "/ct/v1/get-sth"),
        ("/ct/v1/made-up-by-a-client", "other"),
        ("/ctlog/tile/0/000", "/ctlog/tile"),
        ("/witness/add-checkpoint", "/witness"),
        ("/made-up-by-a-client", "other"),
        ("/", "other"),
    ],
)
def test_a_route_is_one_of_a_fixed_list(path: str, route: str) -> None:
    assert name_route(scope_of(path)) == route


def count(name: str, **labels: str) -> float:
    return REGISTRY.get_sample_value(name, labels) or 0.0


def measure(*requests: tuple[str, str, int]) -> None:
    """Measure requests that took half a second each."""

    async def run() -> None:
        measured = MeasureFaces()
        for method, path, status in requests:
            measured(scope_of(path, method=method), status, 0.5)
        measured.write_down()

    asyncio.run(run())


def test_each_protocol_has_the_names_and_units_of_its_real_server() -> None:
    v1 = {"method": "GET", "path": "/ping"}
    v2 = {"code": "201", "method": "post"}
    other = {"method": "GET", "path": "/readyz"}

    def numbers() -> list[float]:
        return [
            count("rekor_qps_by_api_total", code="200", **v1),
            count("rekor_latency_by_api_sum", **v1),
            count("rekor_v2_http_requests_total", **v2),
            count("rekor_v2_http_api_latency_sum", **v2),
            count("log_requests_total", code="503", **other),
            count("log_request_seconds_sum", **other),
        ]

    before = numbers()
    requests = [("GET", "/ping", 200), ("POST", "/api/v2/log/entries", 201), ("GET", "/readyz", 503)]
    measure(*requests, *requests)
    assert [after - old for after, old in zip(numbers(), before, strict=True)] == [2, 1e9, 2, 1, 2, 1]


@pytest.mark.parametrize("path", ["/checkpoint", "/tile/0/000", "/api/v2/checkpoint"])
def test_tiles_are_of_rekor_v2(path: str) -> None:
    labels = {"code": "200", "method": "get"}
    before = count("rekor_v2_http_requests_total", **labels)
    measure(("GET", path, 200))
    assert count("rekor_v2_http_requests_total", **labels) == before + 1


def test_names_of_go_servers_end_as_they_do_there() -> None:
    text = expose(BARE)[0].decode()
    for name in BARE:
        assert f"# TYPE {name} counter\n" in text
        assert f"{name}_total" not in text
    assert "# TYPE rekor_v2_http_requests_total counter\n" in text
