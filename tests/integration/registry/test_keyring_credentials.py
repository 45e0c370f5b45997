"""Secrets to pull images with against registries that refuse some of them."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import pytest

from cosignpy.core.encoding import encode_json
from cosignpy.errors import AccessDenied
from cosignpy.localregistry.access import Action
from cosignpy.localregistry.auth.accounts import Account
from cosignpy.localregistry.auth.basic import BasicAuth
from cosignpy.localregistry.auth.bearer import BearerAuth
from cosignpy.localregistry.server import LocalRegistry
from cosignpy.localregistry.server import RegistryOptions as ServerOptions
from cosignpy.net.http import OneShotBody
from cosignpy.net.retry import NO_RETRIES
from cosignpy.registry.cloud.sources import CloudSource
from cosignpy.registry.keyring import Keyring
from cosignpy.registry.options import CloudCredentials, RegistryOptions
from cosignpy.registry.session import RegistrySession
from tests.support.raw_server import RawServer, reply, then

OWNER: Final = Account("owner", "owner password")
READER: Final = Account("reader", "reader password", frozenset({Action.PULL}))
AUTHS: Final = [BasicAuth((OWNER, READER)), BearerAuth((OWNER, READER))]


def keyring(address: str, *accounts: tuple[str, str]) -> Keyring:
    documents = [{"auths": {address: {"username": user, "password": password}}} for user, password in accounts]
    return Keyring.parse(encode_json(documents).decode())  # type: ignore[arg-type]


@contextmanager
def session(address: str, *accounts: tuple[str, str]) -> Iterator[RegistrySession]:
    options = RegistryOptions(keyring=keyring(address, *accounts), retry=NO_RETRIES, read_timeout=2.0)
    opened = RegistrySession(address, options)
    try:
        yield opened
    finally:
        opened.close()


def pull(opened: RegistrySession) -> int:
    with opened.send("GET", "/v2/team/app/tags/list", repository="team/app") as response:
        return response.status


WRONG: Final = ("owner", "wrong")
RIGHT: Final = ("owner", "owner password")
READS: Final = ("reader", "reader password")


@pytest.mark.parametrize("auth", AUTHS, ids=["basic", "bearer"])
def test_each_is_tried_until_one_is_accepted_and_that_one_is_kept(auth: BasicAuth | BearerAuth) -> None:
    with (
        LocalRegistry(ServerOptions(auth=auth)) as registry,
        session(registry.address, WRONG, ("nobody", "x"), RIGHT) as opened,
    ):
        assert pull(opened) == 404
        registry.clear_requests()
        assert pull(opened) == 404
        assert len(registry.requests) == 1


@pytest.mark.parametrize("auth", AUTHS, ids=["basic", "bearer"])
def test_where_none_is_accepted_the_last_refusal_is_told(auth: BasicAuth | BearerAuth) -> None:
    with (
        LocalRegistry(ServerOptions(auth=auth)) as registry,
        session(registry.address, WRONG, ("nobody", "secret")) as opened,
        pytest.raises(AccessDenied) as caught,
    ):
        pull(opened)
    assert "secret" not in f"{caught.value!r}{caught.value}{caught.value.hint}"


@pytest.mark.parametrize("auth", AUTHS, ids=["basic", "bearer"])
def test_one_that_may_not_is_followed_by_one_that_may(auth: BasicAuth | BearerAuth) -> None:
    with LocalRegistry(ServerOptions(auth=auth)) as registry, session(registry.address, READS, RIGHT) as opened:
        location = "/v2/team/app/blobs/uploads/"
        with opened.send("POST", location, repository="team/app", actions="pull,push") as response:
            assert response.status == 202


def test_a_refusal_of_what_is_allowed_to_nobody_stays_one() -> None:
    with (
        RawServer(then(reply(401, WWW_Authenticate="Basic realm=x"), reply(403))) as server,
        session(server.address, WRONG, RIGHT) as opened,
    ):
        assert pull(opened) == 403
        shown = [request.headers.get("authorization") for request in server.requests]
        assert len(set(shown)) == len(shown) == 3


def test_a_body_that_exists_once_is_not_sent_twice() -> None:
    with (
        RawServer(then(reply(401, WWW_Authenticate="Basic realm=x"), reply(200), reply(403))) as server,
        session(server.address, WRONG, RIGHT) as opened,
    ):
        assert pull(opened) == 200
        body = OneShotBody(3, [b"abc"])
        location = "/v2/team/app/blobs/uploads/"
        with opened.send("PUT", location, repository="team/app", actions="pull,push", body=body) as response:
            assert response.status == 403
        assert len(server.requests) == 3


def test_a_registry_of_a_cloud_is_refused_with_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    with RawServer(reply(401, WWW_Authenticate="Basic realm=x")) as server:
        absent = CloudSource("Nimbus", "nimbus", re.compile(re.escape(server.address)), "absent", ())
        monkeypatch.setattr("cosignpy.registry.cloud.sources.SOURCES", (absent,))
        hints = []
        for cloud in CloudCredentials:
            session = RegistrySession(server.address, RegistryOptions(cloud=cloud, retry=NO_RETRIES))
            with pytest.raises(AccessDenied) as caught:
                pull(session)
            session.close()
            hints.append("cosignpy[nimbus]" in (caught.value.hint or ""))
    assert hints == [False, True]
