"""Authentication against real servers: the embedded registry, and ones that ask for the wrong thing."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Final

import pytest

from cosignpy.core.digest import Digest
from cosignpy.core.encoding import encode_b64, encode_json
from cosignpy.errors import (
    AccessDenied,
    CosignError,
    LimitExceeded,
    MalformedError,
    RateLimited,
    RemoteError,
    Unreachable,
)
from cosignpy.localregistry.access import Action
from cosignpy.localregistry.auth.accounts import Account
from cosignpy.localregistry.auth.basic import BasicAuth
from cosignpy.localregistry.auth.bearer import BearerAuth
from cosignpy.localregistry.faults import BodyFault, Faults
from cosignpy.localregistry.server import LocalRegistry
from cosignpy.localregistry.server import RegistryOptions as ServerOptions
from cosignpy.net.failures import UntrustedCertificate, WrongProtocol
from cosignpy.net.http import OneShotBody
from cosignpy.net.retry import NO_RETRIES, RetryPolicy
from cosignpy.registry.login import LoginProof, verify_login
from cosignpy.registry.options import RegistryOptions
from cosignpy.registry.session import RegistrySession
from tests.support.raw_server import Handler, RawServer, hang_up, reply, then
from tests.support.tls_files import Authority, server_context

OWNER: Final = Account("owner", "owner password")
READER: Final = Account("reader", "reader password", frozenset({Action.PULL}))
AS_OWNER: Final = RegistryOptions(username="owner", password="owner password", retry=NO_RETRIES, read_timeout=2.0)
ANONYMOUS: Final = RegistryOptions(retry=NO_RETRIES, read_timeout=2.0)
BASIC: Final = BasicAuth((OWNER, READER))
BEARER: Final = BearerAuth((OWNER, READER))
NOT_LOOPBACK: Final = "0.0.0.0"
"""This machine, by a name that is not recognised as such."""

CHALLENGE: Final = 'Bearer realm="{realm}",service="raw"'


@contextmanager
def session(address: str, options: RegistryOptions) -> Iterator[RegistrySession]:
    opened = RegistrySession(address, options)
    try:
        yield opened
    finally:
        opened.close()


def pull(opened: RegistrySession, repository: str = "team/app") -> int:
    location = f"/v2/{repository}/tags/list"
    with opened.send("GET", location, repository=repository) as response:
        return response.status


def pull_once(server: RawServer, options: RegistryOptions) -> int:
    with session(server.address, options) as opened:
        return pull(opened)


def push(opened: RegistrySession, repository: str = "team/app") -> int:
    content = b"content"
    location = f"/v2/{repository}/blobs/uploads/?digest={Digest.of(content)}"
    with opened.send("POST", location, repository=repository, actions="pull,push", body=content) as response:
        return response.status


def statuses(registry: LocalRegistry, path: str = "") -> list[int]:
    return [asked.status for asked in registry.requests if path in asked.path]


@pytest.mark.parametrize("auth", [BASIC, BEARER], ids=["basic", "bearer"])
def test_credentials_open_the_registry(auth: BasicAuth | BearerAuth) -> None:
    with LocalRegistry(ServerOptions(auth=auth)) as registry, session(registry.address, AS_OWNER) as opened:
        assert push(opened) == 201
        assert not opened.registry.startswith("http")
        assert opened.was_challenged


def test_basic_credentials_are_sent_at_once_after_the_first_challenge() -> None:
    with LocalRegistry(ServerOptions(auth=BASIC)) as registry, session(registry.address, AS_OWNER) as opened:
        for repository in ("team/app", "team/other"):
            push(opened, repository)
        assert statuses(registry) == [401, 201, 201]


def test_a_token_is_kept_for_its_repository_and_fetched_at_once_for_the_next() -> None:
    with LocalRegistry(ServerOptions(auth=BEARER)) as registry, session(registry.address, AS_OWNER) as opened:
        for repository in ("team/app", "team/app", "team/other"):
            push(opened, repository)
        assert statuses(registry, "/v2/") == [401, 201, 201, 201]
        assert statuses(registry, "/token") == [200, 200]


def test_the_scope_is_widened_from_pull_to_push() -> None:
    with LocalRegistry(ServerOptions(auth=BEARER)) as registry, session(registry.address, AS_OWNER) as opened:
        push(opened)
        registry.clear_requests()
    with LocalRegistry(ServerOptions(auth=BEARER)) as registry, session(registry.address, AS_OWNER) as opened:
        assert pull(opened) == 404
        assert push(opened) == 201
        assert pull(opened) == 200
        assert [asked.query for asked in registry.requests if asked.path == "/token"] == [
            "service=cosignpy-registry&scope=repository%3Ateam%2Fapp%3Apull",
            "service=cosignpy-registry&scope=repository%3Ateam%2Fapp%3Apull%2Cpush",
        ]


def test_a_token_used_up_early_is_replaced() -> None:
    options = ServerOptions(auth=BEARER, faults=Faults(token_uses=2))
    with LocalRegistry(options) as registry, session(registry.address, AS_OWNER) as opened:
        assert [push(opened) for _ in range(4)] == [201, 201, 201, 201]
        assert 401 in statuses(registry, "/v2/")[1:]


def test_a_token_whose_time_is_over_is_not_sent() -> None:
    options = ServerOptions(auth=replace(BEARER, lifetime=0.0))
    with LocalRegistry(options) as registry, session(registry.address, AS_OWNER) as opened, pytest.raises(AccessDenied):
        push(opened)


def test_anonymous_tokens_are_asked_for_without_credentials() -> None:
    auth = replace(BEARER, anonymous=frozenset({Action.PULL}))
    with LocalRegistry(ServerOptions(auth=auth)) as registry:
        with session(registry.address, ANONYMOUS) as opened:
            assert pull(opened) == 404
        with session(registry.address, ANONYMOUS) as opened, pytest.raises(AccessDenied):
            push(opened)


@pytest.mark.parametrize("auth", [BASIC, BEARER], ids=["basic", "bearer"])
@pytest.mark.parametrize(
    "options", [ANONYMOUS, replace(AS_OWNER, password="wrong"), replace(AS_OWNER, username="nobody")]
)
def test_wrong_credentials_are_denied(auth: BasicAuth | BearerAuth, options: RegistryOptions) -> None:
    with LocalRegistry(ServerOptions(auth=auth)) as registry, session(registry.address, options) as opened:
        with pytest.raises(AccessDenied) as caught:
            push(opened)
        assert caught.value.status == 401
        assert registry.address in str(caught.value.hint)
        assert len(registry.requests) <= 4


def test_rights_that_do_not_suffice_are_denied() -> None:
    options = replace(AS_OWNER, username="reader", password="reader password")
    with LocalRegistry(ServerOptions(auth=BEARER)) as registry, session(registry.address, options) as opened:
        assert pull(opened) == 404
        with pytest.raises(AccessDenied):
            push(opened)


def test_a_registry_token_is_shown_as_it_is() -> None:
    server = RawServer(then(reply(401, WWW_Authenticate="Bearer realm=x"), reply(200)))
    with server, session(server.address, RegistryOptions(token="mine")) as opened:
        for _ in range(2):
            assert pull(opened) == 200
        shown = [asked.headers.get("authorization") for asked in server.requests]
        assert shown == [None, "Bearer mine", "Bearer mine"]


def test_a_registry_token_that_is_refused_is_denied() -> None:
    with RawServer(reply(401, b"<html>", WWW_Authenticate="Bearer realm=x")) as server:
        with session(server.address, RegistryOptions(token="mine")) as opened, pytest.raises(AccessDenied):
            pull(opened)
        assert len(server.requests) == 2


def config(folder: Path, address: str, entry: dict[str, str]) -> dict[str, str]:
    (folder / "config.json").write_bytes(encode_json({"auths": {address: entry}}))
    return {"DOCKER_CONFIG": str(folder)}


def token_server(*answers: Handler) -> RawServer:
    return RawServer(then(*answers))


def test_an_identity_token_is_exchanged(tmp_path: Path) -> None:
    with token_server(reply(200, b'{"access_token":"fresh","expires_in":100}')) as realm:
        challenge = CHALLENGE.format(realm=f"http://{realm.address}/token")
        with RawServer(then(reply(401, WWW_Authenticate=challenge), reply(200))) as server:
            environment = config(tmp_path, server.address, {"identitytoken": "long lived"})
            assert pull_once(server, RegistryOptions(environment=environment)) == 200
        assert server.requests[1].headers["authorization"] == "Bearer fresh"
        (asked,) = realm.requests
    assert asked.method == "POST"
    assert b"grant_type=refresh_token" in asked.body
    assert b"refresh_token=long+lived" in asked.body
    assert b"scope=repository%3Ateam%2Fapp%3Apull" in asked.body


def test_an_identity_token_is_not_posted_after_a_redirect(tmp_path: Path) -> None:
    with RawServer(reply(200)) as thief, token_server(reply(307, Location=f"http://{thief.address}/")) as realm:
        challenge = CHALLENGE.format(realm=f"http://{realm.address}/token")
        with RawServer(reply(401, WWW_Authenticate=challenge)) as server:
            environment = config(tmp_path, server.address, {"identitytoken": "long lived"})
            with pytest.raises(RemoteError):
                pull_once(server, RegistryOptions(environment=environment))
        assert thief.requests == []


def test_a_token_server_without_get_is_asked_by_post() -> None:
    with token_server(reply(405), reply(200, b'{"token":"fresh"}')) as realm:
        challenge = CHALLENGE.format(realm=f"http://{realm.address}/token")
        with RawServer(then(reply(401, WWW_Authenticate=challenge), reply(200))) as server:
            assert pull_once(server, AS_OWNER) == 200
        assert b"grant_type=password" in realm.requests[1].body


@pytest.mark.parametrize(
    "answer",
    [
        reply(200, b"{}"),
        reply(200, b'{"token":""}'),
        reply(200, b'{"token":"a b"}'),
        reply(200, b'{"token":"a\\r\\nX: y"}'),
        reply(200, b'{"token":1}'),
        reply(200, b'{"token":"a","expires_in":-1}'),
        reply(200, b"[]"),
        reply(200, b"no json"),
        reply(200, b'"' + b"x" * 300_000 + b'"'),
    ],
)
def test_a_token_answer_that_is_none_is_malformed(answer: Handler) -> None:
    with token_server(answer) as realm:
        challenge = CHALLENGE.format(realm=f"http://{realm.address}/token")
        with RawServer(reply(401, WWW_Authenticate=challenge)) as server, pytest.raises(MalformedError):
            pull_once(server, ANONYMOUS)


@pytest.mark.parametrize(("status", "error"), [(401, AccessDenied), (429, RemoteError), (500, RemoteError)])
def test_a_token_server_that_fails_is_named(status: int, error: type[RemoteError]) -> None:
    with token_server(reply(status)) as realm:
        challenge = CHALLENGE.format(realm=f"http://{realm.address}/token")
        with RawServer(reply(401, WWW_Authenticate=challenge)) as server, pytest.raises(error) as caught:
            pull_once(server, ANONYMOUS)
        assert caught.value.url == f"http://{realm.address}/token"


@pytest.mark.parametrize(
    "challenge",
    [
        "Bearer",
        'Bearer realm="',
        'Bearer realm="not a url"',
        'Bearer realm="ftp://127.0.0.1/"',
        'Bearer realm="http://token.example/"',
        'Bearer realm=a,realm="b"',
        "Negotiate",
        "Digest realm=x",
        "",
    ],
)
def test_a_challenge_that_cannot_be_met_is_an_error_without_secrets(challenge: str) -> None:
    with RawServer(reply(401, WWW_Authenticate=challenge)) as server, session(server.address, AS_OWNER) as opened:
        with pytest.raises(RemoteError) as caught:
            pull(opened)
        assert "owner password" not in str(caught.value)
        assert all("authorization" not in asked.headers for asked in server.requests)


def test_credentials_do_not_follow_a_redirect() -> None:
    with RawServer(reply(200, b"blob")) as storage:
        away = reply(307, Location=f"http://{storage.address}/blob?signature=1")
        with RawServer(then(reply(401, WWW_Authenticate="Basic realm=x"), away)) as server:
            assert pull_once(server, AS_OWNER) == 200
        assert "authorization" in server.requests[1].headers
        assert "authorization" not in storage.requests[0].headers


def test_a_challenge_of_another_host_is_not_met() -> None:
    with RawServer(reply(401, WWW_Authenticate="Basic realm=x")) as storage:
        away = reply(307, Location=f"http://{storage.address}/blob")
        with RawServer(then(reply(401, WWW_Authenticate="Basic realm=x"), away)) as server:
            assert pull_once(server, AS_OWNER) == 401
        assert all("authorization" not in asked.headers for asked in storage.requests)


def test_an_absolute_location_elsewhere_gets_no_credentials() -> None:
    with (
        RawServer(reply(201)) as storage,
        RawServer(then(reply(401, WWW_Authenticate="Basic realm=x"), reply(200))) as server,
    ):
        with session(server.address, AS_OWNER) as opened:
            pull(opened)
            with opened.send("PUT", f"http://{storage.address}/upload", repository="team/app", body=b"x") as response:
                assert response.status == 201
        assert "authorization" not in storage.requests[0].headers


def test_a_body_that_exists_once_cannot_answer_a_challenge() -> None:
    body = OneShotBody(1, [b"x"])
    with RawServer(reply(401, WWW_Authenticate="Basic realm=x")) as server, session(server.address, AS_OWNER) as opened:
        with pytest.raises(AccessDenied):
            opened.send("PUT", "/v2/x", repository="x", body=body)
        assert len(server.requests) == 1


def test_other_statuses_are_the_callers() -> None:
    body = b'{"errors":[{"code":"DENIED","message":"not for you"}]}'
    with RawServer(reply(403, body)) as server, session(server.address, ANONYMOUS) as opened:
        error = opened.error(opened.send("GET", "/v2/x", repository="x"), "manifest of x")
        assert isinstance(error, AccessDenied)
        assert error.detail == "manifest of x: DENIED: not for you"


# --- finding out what a registry speaks


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path)


def test_loopback_is_plain_http_by_default() -> None:
    with RawServer(reply(200)) as server, session(server.address, ANONYMOUS) as opened:
        assert [pull(opened), pull(opened)] == [200, 200]
        assert server.connections == 1


def test_a_loopback_registry_behind_tls_is_found(authority: Authority) -> None:
    pair = authority.issue("localhost", "127.0.0.1")
    options = replace(ANONYMOUS, cacert=str(authority.certificate))
    with RawServer(reply(200), server_context(pair)) as server, session(server.address, options) as opened:
        assert [pull(opened), pull(opened)] == [200, 200]


def test_a_loopback_registry_behind_tls_says_what_is_missing(authority: Authority) -> None:
    pair = authority.issue("localhost", "127.0.0.1")
    with RawServer(reply(200), server_context(pair)) as server, session(server.address, ANONYMOUS) as opened:
        with pytest.raises(UntrustedCertificate) as caught:
            pull(opened)
        assert "--registry-cacert" in str(caught.value.hint)


def test_a_400_of_a_registry_without_tls_is_the_callers() -> None:
    with RawServer(reply(400)) as server, session(server.address, ANONYMOUS) as opened:
        assert pull(opened) == 400
        assert pull(opened) == 400


def test_a_registry_that_hangs_up_is_unreachable() -> None:
    with RawServer(hang_up) as server, session(server.address, ANONYMOUS) as opened, pytest.raises(Unreachable):
        pull(opened)


def test_plain_http_elsewhere_must_be_allowed() -> None:
    with RawServer(reply(200)) as server:
        host = f"{NOT_LOOPBACK}:{server.port}"
        with session(host, ANONYMOUS) as opened, pytest.raises(WrongProtocol) as caught:
            pull(opened)
        assert "--allow-http-registry" in str(caught.value.hint)
        assert server.requests == []
        with session(host, replace(ANONYMOUS, allow_http=True)) as opened:
            assert pull(opened) == 200


def test_a_refused_https_port_leads_to_http_where_that_is_allowed_and_the_ports_differ() -> None:
    with session(NOT_LOOPBACK, replace(ANONYMOUS, allow_http=True)) as opened, pytest.raises(Unreachable) as caught:
        pull(opened)
    assert caught.value.url.startswith("https://")


def test_a_registry_that_calls_itself_http_behind_tls_is_asked_by_tls(authority: Authority) -> None:
    pair = authority.issue("localhost", "127.0.0.1")
    options = replace(ANONYMOUS, cacert=str(authority.certificate))
    with RawServer(reply(201), server_context(pair)) as server, session(server.address, options) as opened:
        pull(opened)
        with opened.send("PUT", f"http://{server.address}/upload/1", repository="team/app", body=b"x") as response:
            assert response.status == 201
        assert server.requests[-1].target == "/upload/1"


def test_a_registry_with_tls_does_not_send_uploads_to_plain_http(authority: Authority) -> None:
    pair = authority.issue("localhost", "127.0.0.1")
    options = replace(ANONYMOUS, cacert=str(authority.certificate))
    with RawServer(reply(201), server_context(pair)) as server, session(server.address, options) as opened:
        pull(opened)
        with pytest.raises(RemoteError):
            opened.send("PUT", "http://storage.example/upload/1", repository="team/app", body=b"x")


# --- what registries do on bad days: issue 3 part 7


@pytest.mark.parametrize("status", [403, 404, 500])
def test_a_status_reaches_the_caller(status: int) -> None:
    options = ServerOptions(faults=Faults(status=status))
    with LocalRegistry(options) as registry, session(registry.address, ANONYMOUS) as opened:
        assert pull(opened) == status


@pytest.mark.parametrize(
    "faults", [Faults(rate_limit=2, retry_after=0), Faults(server_errors=2, retry_after=0), Faults(resets=2)]
)
def test_a_registry_that_recovers_is_waited_for(faults: Faults) -> None:
    options = RegistryOptions(retry=RetryPolicy(first_wait=0.001))
    with LocalRegistry(ServerOptions(faults=faults)) as registry, session(registry.address, options) as opened:
        assert pull(opened) == 404
        assert len(registry.requests) == 3


def test_a_registry_that_asks_for_hours_is_not_waited_for() -> None:
    with LocalRegistry(ServerOptions(faults=Faults(rate_limit=9, retry_after=7200))) as registry:
        with session(registry.address, RegistryOptions()) as opened:
            error = opened.error(opened.send("GET", "/v2/", repository=""), "ping")
        assert isinstance(error, RateLimited)
        assert error.retry_after == 7200
        assert len(registry.requests) == 1


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        (BodyFault.TRUNCATE, Unreachable),
        (BodyFault.STALL, Unreachable),
        (BodyFault.ENDLESS, LimitExceeded),
    ],
)
def test_a_body_that_goes_wrong_is_an_error(fault: BodyFault, error: type[CosignError]) -> None:
    options = RegistryOptions(read_timeout=0.2, retry=RetryPolicy(attempts=2, first_wait=0.001))
    server = ServerOptions(faults=Faults(body=fault))
    with LocalRegistry(server) as registry, session(registry.address, options) as opened, pytest.raises(error):
        opened.send("GET", "/v2/", repository="").read(1000, "answer")


# --- login


def test_login_proves_credentials() -> None:
    with LocalRegistry(ServerOptions(auth=BEARER)) as registry:
        assert verify_login(registry.address, AS_OWNER) is LoginProof.ACCEPTED
        with pytest.raises(AccessDenied):
            verify_login(registry.address, replace(AS_OWNER, password="wrong"))


def test_login_says_when_nobody_asked() -> None:
    with LocalRegistry() as registry:
        assert verify_login(registry.address, AS_OWNER) is LoginProof.NOT_ASKED


def test_login_to_what_is_no_registry_fails() -> None:
    with RawServer(reply(404)) as server, pytest.raises(RemoteError):
        verify_login(server.address, AS_OWNER)


def test_credentials_of_a_file_are_used(tmp_path: Path) -> None:
    with LocalRegistry(ServerOptions(auth=BASIC)) as registry:
        environment = config(tmp_path, registry.address, {"auth": encode_b64(b"owner:owner password")})
        with session(registry.address, RegistryOptions(environment=environment)) as opened:
            assert push(opened) == 201
