import logging
import sys

import pytest
from prometheus_client import CollectorRegistry, Counter, Histogram
from prometheus_client.parser import text_string_to_metric_families
from starlette.types import Receive, Scope, Send

from cosignpy.serving.asgi import answer
from cosignpy.serving.metrics import MeasureRequests, MetricsPage, RequestMetrics, forget_worker, share_metrics
from cosignpy.serving.request_log import LogRequests
from tests.support.asgi_calls import ask, scope_of


async def app(scope: Scope, _receive: Receive, send: Send) -> None:
    if scope["path"] == "/fail":
        raise ValueError("broken")
    await answer(send, 404 if scope["path"] == "/none" else 200, b"")


def test_requests_are_counted_and_timed_by_route() -> None:
    registry = CollectorRegistry()
    metrics = RequestMetrics(
        Counter("requests", "all", ["method", "path", "code"], registry=registry),
        Histogram("latency", "all", ["method", "path"], registry=registry),
    )
    measure = MeasureRequests(metrics, lambda scope: scope["path"].removesuffix("/7"))
    measured = LogRequests(app, logging.getLogger("test"), measure)
    for path in ("/entries/7", "/entries", "/none", "/entries"):
        ask(measured, scope_of(path))
    ask(measured, scope_of("/entries", method="POST"))
    with pytest.raises(ValueError, match="broken"):
        ask(measured, scope_of("/fail"))

    measure.write_down()

    def total(**labels: str) -> float | None:
        return registry.get_sample_value("requests_total", labels)

    assert total(method="GET", path="/entries", code="200") == 3
    assert total(method="POST", path="/entries", code="200") == 1
    assert total(method="GET", path="/none", code="404") == 1
    assert total(method="GET", path="/fail", code="500") == 1
    assert registry.get_sample_value("latency_count", {"method": "GET", "path": "/entries"}) == 3


def test_the_page_is_prometheus_text() -> None:
    found = ask(MetricsPage(), scope_of("/metrics"))
    assert found.status == 200
    assert found.headers[b"content-type"].startswith(b"text/plain")
    assert "python_info" in {family.name for family in text_string_to_metric_families(found.body.decode())}


@pytest.mark.parametrize(("method", "path", "status"), [("POST", "/metrics", 405), ("GET", "/", 404)])
def test_the_page_is_all_there_is(method: str, path: str, status: int) -> None:
    assert ask(MetricsPage(), scope_of(path, method=method)).status == status


def test_numbers_cannot_be_shared_once_they_are_counted() -> None:
    assert "prometheus_client" in sys.modules
    with pytest.raises(RuntimeError), share_metrics():
        pass


def test_a_process_alone_has_no_workers_to_forget() -> None:
    forget_worker(1)
