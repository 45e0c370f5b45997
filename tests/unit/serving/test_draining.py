"""How many connections a worker takes: no more than it has files for."""

import resource
from collections.abc import Iterator

import pytest
from starlette.types import Receive, Scope, Send

from cosignpy.serving.draining import MAX_FILES, Served, build_server, raise_file_limit
from cosignpy.serving.slow_clients import ClientLimits, PatientProtocol
from cosignpy.serving.threaded import KEEP_ALIVE_SECONDS

HARD = resource.getrlimit(resource.RLIMIT_NOFILE)[1]


@pytest.fixture(autouse=True)
def limit_as_before() -> Iterator[None]:
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, before)


def allowed() -> int:
    return resource.getrlimit(resource.RLIMIT_NOFILE)[0]


def test_a_low_limit_is_raised_as_far_as_it_may_be() -> None:
    resource.setrlimit(resource.RLIMIT_NOFILE, (256, HARD))
    assert raise_file_limit() == allowed() == (MAX_FILES if HARD == resource.RLIM_INFINITY else min(HARD, MAX_FILES))


def test_a_limit_that_suffices_stays() -> None:
    resource.setrlimit(resource.RLIMIT_NOFILE, (MAX_FILES + 1, HARD))
    assert (raise_file_limit(), allowed()) == (MAX_FILES, MAX_FILES + 1)


async def app(_scope: Scope, _receive: Receive, send: Send) -> None:
    await send({"type": "http.response.start", "status": 200})


@pytest.mark.parametrize(
    ("idle", "kept", "head"), [(0, KEEP_ALIVE_SECONDS, ClientLimits().head_seconds), (120, 120, 120.0)]
)
def test_how_long_connections_are_kept_without_a_request(idle: int, kept: int, head: float) -> None:
    config = build_server(Served(app, idle_seconds=idle), None).config
    assert issubclass(protocol := config.http_protocol_class, PatientProtocol)
    assert (config.timeout_keep_alive, protocol.limits.head_seconds) == (kept, head)
