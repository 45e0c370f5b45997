"""What uvicorn is told, seen from a client."""

import pytest

from cosignpy.serving.metrics import MetricsPage
from cosignpy.serving.threaded import ServerOptions
from tests.integration.serving.conftest import serving


@pytest.mark.parametrize(
    ("proxies", "client"), [((), b"127.0.0.1"), (("192.0.2.1",), b"127.0.0.1"), (("127.0.0.1",), b"198.51.100.7")]
)
def test_only_the_proxies_named_are_believed(proxies: tuple[str, ...], client: bytes) -> None:
    with serving(ServerOptions(proxies=proxies)) as server:
        found = server.connect().ask("GET /client HTTP/1.1\r\nhost: x\r\nx-forwarded-for: 198.51.100.7\r\n\r\n")
    assert found.endswith(b"\r\n\r\n" + client)


def test_metrics_have_a_port_of_their_own() -> None:
    with serving(ServerOptions(), MetricsPage()) as server:
        found = server.connect().ask("GET /metrics HTTP/1.1\r\nhost: x\r\n\r\n")
    assert b"python_info{" in found
