"""Which Authorization header a request gets, from challenges and token servers that answer from memory."""

from collections.abc import Callable
from itertools import count
from urllib.parse import parse_qs

import pytest

from cosignpy.core.encoding import encode_json
from cosignpy.errors import AccessDenied, MalformedError, RateLimited, RemoteError
from cosignpy.net.clock import Clock
from cosignpy.net.http import Request, Response
from cosignpy.net.url import Url
from cosignpy.registry.authorization import Authorizer, Scope
from cosignpy.registry.credentials import (
    Anonymous,
    BasicCredential,
    Credential,
    IdentityToken,
    RegistryToken,
)
from tests.support.answers import ManualTime, ScriptedSender, answer

HTTPS = Url.parse("https://registry.example/").origin
HTTP = Url.parse("http://registry.example:5000/").origin
REALM = "https://auth.example/token"
BEARER = f'Bearer realm="{REALM}",service="registry.example"'
OWNER = BasicCredential("owner", "secret")
OWNER_HEADER = "Basic b3duZXI6c2VjcmV0"
PULL = Scope.of("team/app", "pull")
PUSH = Scope.of("team/app", "pull,push")


def tokens(lifetime: int | None = None, status: int = 200) -> ScriptedSender:
    """A token server that numbers its tokens."""
    numbers = count(1)

    def respond(request: Request) -> Response:
        body = {"token": f"token-{next(numbers)}", **({} if lifetime is None else {"expires_in": lifetime})}
        return answer(request.url, status, encode_json(body))

    return ScriptedSender(respond)


def authorizer(sender: ScriptedSender, credential: Credential = OWNER, time: ManualTime | None = None) -> Authorizer:
    passing = time or ManualTime()
    clock = Clock(lambda: passing.now, lambda: passing.now, passing.sleep, lambda: 0.0)
    return Authorizer(sender, clock, lambda _: (credential,))


def query(request: Request) -> dict[str, list[str]]:
    return parse_qs(request.url.target.partition("?")[2])


def test_nothing_is_shown_unasked() -> None:
    asked: list[str] = []

    def credential_for(repository: str) -> Credential:
        asked.append(repository)
        return OWNER

    assert Authorizer(tokens(), Clock(), credential_for).header(HTTPS, PULL) is None
    assert asked == []


def test_basic_credentials_answer_a_basic_challenge_and_are_kept() -> None:
    auth = authorizer(tokens())
    assert auth.answer(HTTPS, ["Basic realm=x"], PULL, None) == OWNER_HEADER
    assert auth.header(HTTPS, PUSH) == OWNER_HEADER
    assert auth.was_challenged


def test_what_was_rejected_is_not_tried_again() -> None:
    assert authorizer(tokens()).answer(HTTPS, ["Basic realm=x"], PULL, OWNER_HEADER) is None


@pytest.mark.parametrize("credential", [Anonymous(), IdentityToken("secret")])
def test_without_a_password_there_is_no_answer_to_basic(credential: Credential) -> None:
    assert authorizer(tokens(), credential).answer(HTTPS, ["Basic realm=x"], PULL, None) is None


@pytest.mark.parametrize("challenge", ["Basic realm=x", BEARER])
def test_a_registry_token_is_its_own_answer(challenge: str) -> None:
    sender = tokens()
    assert authorizer(sender, RegistryToken("mine")).answer(HTTPS, [challenge], PULL, None) == "Bearer mine"
    assert sender.requests == []


def test_bearer_is_preferred_to_basic() -> None:
    assert authorizer(tokens()).answer(HTTPS, ["Basic realm=x", BEARER], PULL, None) == "Bearer token-1"


def test_a_token_is_asked_for_with_service_scope_and_password() -> None:
    sender = tokens()
    authorizer(sender).answer(HTTPS, [BEARER], PUSH, None)
    (request,) = sender.requests
    assert query(request) == {"service": ["registry.example"], "scope": ["repository:team/app:pull,push"]}
    assert request.headers["Authorization"] == OWNER_HEADER


def test_a_realm_with_a_query_keeps_it() -> None:
    sender = tokens()
    authorizer(sender).answer(HTTPS, [f'Bearer realm="{REALM}?a=b"'], PULL, None)
    assert query(sender.requests[0]) == {"a": ["b"], "scope": ["repository:team/app:pull"]}


def test_nothing_in_particular_needs_no_scope() -> None:
    sender = tokens()
    authorizer(sender, Anonymous()).answer(HTTPS, [f'Bearer realm="{REALM}"'], Scope.of("", "pull"), None)
    assert (sender.requests[0].url.target, dict(sender.requests[0].headers)) == (
        "/token",
        {"Accept": "application/json"},
    )


def test_a_token_serves_what_it_covers_and_nothing_else() -> None:
    sender = tokens()
    auth = authorizer(sender)
    auth.answer(HTTPS, [BEARER], PUSH, None)
    assert auth.header(HTTPS, PULL) == "Bearer token-1"
    assert auth.header(HTTPS, Scope.of("team/other", "pull")) == "Bearer token-2"
    assert auth.header(HTTPS, Scope.of("team/app", "delete")) == "Bearer token-3"


@pytest.mark.parametrize(
    ("lifetime", "passed", "fresh"), [(300, 269, False), (300, 271, True), (None, 53, False), (None, 55, True)]
)
def test_a_token_is_replaced_before_it_expires(lifetime: int | None, passed: float, fresh: bool) -> None:
    time = ManualTime()
    auth = authorizer(tokens(lifetime), time=time)
    auth.answer(HTTPS, [BEARER], PULL, None)
    time.now += passed
    assert auth.header(HTTPS, PULL) == ("Bearer token-2" if fresh else "Bearer token-1")


def test_a_rejected_token_is_replaced() -> None:
    auth = authorizer(tokens())
    first = auth.answer(HTTPS, [BEARER], PULL, None)
    assert auth.answer(HTTPS, [BEARER], PULL, first) == "Bearer token-2"


def test_a_token_that_another_thread_has_fetched_meanwhile_is_used() -> None:
    sender = tokens()
    auth = authorizer(sender)
    auth.answer(HTTPS, [BEARER], PULL, None)
    assert auth.answer(HTTPS, [BEARER], PULL, "Bearer an older one") == "Bearer token-1"
    assert len(sender.requests) == 1


@pytest.mark.parametrize(
    ("named", "wanted"),
    [
        ("repository:team/app:pull", ["repository:team/app:pull"]),
        ("repository:team/app:pull,push", ["repository:team/app:pull,push"]),
        ("repository:team/app:delete", ["repository:team/app:delete,pull"]),
        ("repository:other:pull", ["repository:team/app:pull", "repository:other:pull"]),
        ("registry:catalog:*", ["repository:team/app:pull", "registry:catalog:*"]),
    ],
)
def test_scopes_of_a_challenge_are_asked_for_too(named: str, wanted: list[str]) -> None:
    sender = tokens()
    authorizer(sender).answer(HTTPS, [f'{BEARER},scope="{named}"'], PULL, None)
    assert query(sender.requests[0])["scope"] == wanted


def test_too_many_scopes_are_refused() -> None:
    scope = " ".join(f"repository:r{index}:pull" for index in range(9))
    with pytest.raises(MalformedError):
        authorizer(tokens()).answer(HTTPS, [f'{BEARER},scope="{scope}"'], PULL, None)


def test_an_identity_token_is_exchanged_by_post() -> None:
    sender = tokens()
    assert authorizer(sender, IdentityToken("long")).answer(HTTPS, [BEARER], PULL, None) == "Bearer token-1"
    (request,) = sender.requests
    assert isinstance(request.body, bytes)
    assert (request.method, "Authorization" in request.headers) == ("POST", False)
    assert parse_qs(request.body.decode()) == {
        "grant_type": ["refresh_token"],
        "refresh_token": ["long"],
        "service": ["registry.example"],
        "client_id": ["cosignpy"],
        "scope": ["repository:team/app:pull"],
    }


@pytest.mark.parametrize(
    "realm", ["http://auth.example/token", "http://registry.example/token", "nothing", "ftp://auth/"]
)
def test_a_registry_with_tls_does_not_send_us_to_a_realm_without(realm: str) -> None:
    sender = tokens()
    with pytest.raises(RemoteError):
        authorizer(sender).answer(HTTPS, [f'Bearer realm="{realm}"'], PULL, None)
    assert sender.requests == []


@pytest.mark.parametrize("credential", [OWNER, IdentityToken("secret")])
def test_a_plain_registry_does_not_send_credentials_to_another_plain_host(credential: Credential) -> None:
    sender = tokens()
    with pytest.raises(RemoteError) as caught:
        authorizer(sender, credential).answer(HTTP, ['Bearer realm="http://auth.example/token"'], PULL, None)
    assert sender.requests == []
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    ("realm", "credential"),
    [
        ("http://registry.example:5001/token", OWNER),
        ("https://auth.example/token", OWNER),
        ("http://auth.example/token", Anonymous()),
    ],
)
def test_a_plain_registry_may_name_its_own_host_or_one_with_tls(realm: str, credential: Credential) -> None:
    challenge = f'Bearer realm="{realm}"'
    assert authorizer(tokens(), credential).answer(HTTP, [challenge], PULL, None) == "Bearer token-1"


@pytest.mark.parametrize(
    ("status", "error"),
    [(400, AccessDenied), (401, AccessDenied), (403, AccessDenied), (429, RateLimited), (500, RemoteError)],
)
def test_a_token_server_that_refuses_is_told_apart_from_one_that_fails(status: int, error: type[RemoteError]) -> None:
    with pytest.raises(error) as caught:
        authorizer(tokens(status=status)).answer(HTTPS, [BEARER], PULL, None)
    assert (type(caught.value), caught.value.status) == (error, status)


@pytest.mark.parametrize(
    ("values", "error"), [([], AccessDenied), (["Digest realm=x"], AccessDenied), (['Basic realm="'], RemoteError)]
)
def test_challenges_we_cannot_meet(values: list[str], error: type[RemoteError]) -> None:
    with pytest.raises(error):
        authorizer(tokens()).answer(HTTPS, values, PULL, None)


@pytest.mark.parametrize("show", [repr, str])
@pytest.mark.parametrize("value", [OWNER, IdentityToken("secret"), RegistryToken("secret")])
def test_secrets_do_not_show(show: Callable[[object], str], value: Credential) -> None:
    assert "secret" not in show(value)
