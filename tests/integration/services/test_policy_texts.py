"""Texts of policies on the web: fetched whole, or refused."""

from collections.abc import Iterator

import pytest

from cosignpy.cli.wiring_policies import MAX_TEXT, fetch_policy_text
from cosignpy.errors import LimitExceeded, RemoteError
from cosignpy.net.http import HttpClient, HttpOptions
from cosignpy.net.retry import NO_RETRIES
from tests.support.raw_server import Handler, RawServer, reply

TEXT = b"package sigstore\n"


@pytest.fixture
def client() -> Iterator[HttpClient]:
    made = HttpClient(HttpOptions(connect_timeout=1, read_timeout=1, retry=NO_RETRIES))
    yield made
    made.close()


def fetch(client: HttpClient, handler: Handler) -> bytes:
    with RawServer(handler) as server:
        return fetch_policy_text(client, f"http://{server.address}/policy.rego")


def test_a_text_as_it_is(client: HttpClient) -> None:
    assert fetch(client, reply(200, TEXT)) == TEXT


def test_a_text_somewhere_else(client: HttpClient) -> None:
    with RawServer(reply(200, TEXT)) as far:
        assert fetch(client, reply(302, Location=f"http://{far.address}/there")) == TEXT


@pytest.mark.parametrize("status", [404, 500])
def test_an_answer_that_is_no_text(client: HttpClient, status: int) -> None:
    with pytest.raises(RemoteError) as caught:
        fetch(client, reply(status, b"no"))
    assert caught.value.status == status


def test_a_text_that_is_too_large(client: HttpClient) -> None:
    with pytest.raises(LimitExceeded):
        fetch(client, reply(200, b"x" * (MAX_TEXT + 1)))
