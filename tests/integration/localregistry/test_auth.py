"""Basic and bearer authentication of the embedded registry."""

import base64
import re
from collections.abc import Iterator
from urllib.parse import urlencode

import pytest

from cosignpy.localregistry.access import Action
from cosignpy.localregistry.auth.accounts import Account
from cosignpy.localregistry.auth.basic import BasicAuth
from cosignpy.localregistry.auth.bearer import BearerAuth
from cosignpy.localregistry.faults import Faults
from cosignpy.localregistry.server import LocalRegistry, RegistryOptions
from tests.integration.localregistry.wire import Answer, Json, Wire, digest_of

OWNER = Account("owner", "pass:wörd")
READER = Account("reader", "secret", frozenset({Action.PULL}))
ACCOUNTS = (OWNER, READER)


def basic(name: str, password: str) -> dict[str, str]:
    return {"authorization": "Basic " + base64.b64encode(f"{name}:{password}".encode()).decode()}


@pytest.fixture(scope="module")
def with_basic() -> Iterator[Wire]:
    with LocalRegistry(RegistryOptions(auth=BasicAuth(ACCOUNTS))) as registry:
        yield Wire(registry.address)


@pytest.fixture(scope="module")
def with_bearer() -> Iterator[Wire]:
    auth = BearerAuth(ACCOUNTS, anonymous=frozenset({Action.PULL}))
    with LocalRegistry(RegistryOptions(auth=auth)) as registry:
        yield Wire(registry.address)


def as_owner(wire: Wire) -> Wire:
    return Wire(wire.address, basic(OWNER.name, OWNER.password))


@pytest.mark.parametrize(
    "headers",
    [
        {},
        basic("owner", "wrong"),
        basic("nobody", OWNER.password),
        basic("reader", OWNER.password),
        {"authorization": "Basic !!!"},
        {"authorization": "Basic /w=="},
        {"authorization": "Bearer x"},
    ],
)
@pytest.mark.parametrize("path", ["/v2/", "/v2/a/tags/list", "/elsewhere"])
def test_basic_asks_strangers_for_a_password(with_basic: Wire, headers: dict[str, str], path: str) -> None:
    answer = with_basic.get(path, headers)
    assert (answer.status, answer.code) == (401, "UNAUTHORIZED")
    assert answer.headers["www-authenticate"].startswith("Basic realm=")


def test_basic_lets_the_owner_do_everything(with_basic: Wire) -> None:
    wire = as_owner(with_basic)
    assert wire.get("/v2/").status == 200
    digest = wire.push_manifest("a")["digest"]
    assert wire.send("DELETE", f"/v2/a/manifests/{digest}").status == 202


@pytest.mark.parametrize(
    ("method", "path"), [("POST", "blobs/uploads/"), ("PUT", "manifests/x"), ("DELETE", "manifests/x")]
)
def test_basic_lets_a_reader_only_read(with_basic: Wire, method: str, path: str) -> None:
    as_owner(with_basic).push_manifest("a")
    reader = basic(READER.name, READER.password)
    assert with_basic.get("/v2/a/manifests/latest", reader).status == 200
    answer = with_basic.send(method, f"/v2/a/{path}", b"", reader)
    assert (answer.status, answer.code) == (403, "DENIED")


def challenge_of(answer: Answer) -> dict[str, str]:
    assert answer.status == 401
    scheme, _, fields = answer.headers["www-authenticate"].partition(" ")
    assert scheme == "Bearer"
    return dict(re.findall(r'(\w+)="([^"]*)"', fields))


def token_of(wire: Wire, scope: str, headers: dict[str, str] | None = None) -> dict[str, str]:
    answer = wire.get("/token", headers, scope=scope, service="cosignpy-registry")
    assert (answer.status, answer.headers["cache-control"]) == (200, "no-store")
    assert answer.json()["token"] == answer.json()["access_token"]
    return {"authorization": f"Bearer {answer.json()['token']}"}


OWN = basic(OWNER.name, OWNER.password)


def test_bearer_says_where_tokens_are_to_be_had(with_bearer: Wire) -> None:
    realm = {"realm": f"http://{with_bearer.address}/token", "service": "cosignpy-registry"}
    assert challenge_of(with_bearer.get("/v2/")) == realm
    assert challenge_of(with_bearer.get("/v2/a/b/tags/list")) == realm | {"scope": "repository:a/b:pull"}
    assert challenge_of(with_bearer.begin("a/b")) == realm | {"scope": "repository:a/b:pull,push"}


def test_a_challenge_leads_to_a_token_that_works(with_bearer: Wire) -> None:
    scope = challenge_of(with_bearer.begin("a/b"))["scope"]
    wire = Wire(with_bearer.address, token_of(with_bearer, scope, OWN))
    assert wire.get("/v2/").status == 200
    wire.push_manifest("a/b")
    assert wire.get("/v2/a/b/manifests/latest").status == 200


@pytest.mark.parametrize(
    ("method", "path", "scope"),
    [
        ("POST", "/v2/a/blobs/uploads/", "repository:a:pull,push"),
        ("DELETE", "/v2/a/manifests/x", "repository:a:delete"),
        ("GET", "/v2/other/tags/list", "repository:other:pull"),
    ],
)
def test_a_token_is_good_for_its_scope_only(with_bearer: Wire, method: str, path: str, scope: str) -> None:
    token = token_of(with_bearer, "repository:a:pull", OWN)
    challenge = challenge_of(with_bearer.send(method, path, headers=token))
    assert (challenge["error"], challenge["scope"]) == ("insufficient_scope", scope)


@pytest.mark.parametrize("headers", [None, basic(READER.name, READER.password)], ids=["anonymous", "reader"])
def test_nobody_gets_more_than_allowed(with_bearer: Wire, headers: dict[str, str] | None) -> None:
    token = token_of(with_bearer, "repository:a:* repository:b:pull", headers)
    assert with_bearer.get("/v2/a/tags/list", token).status in {200, 404}
    assert with_bearer.get("/v2/b/tags/list", token).status == 404
    assert challenge_of(with_bearer.send("DELETE", "/v2/a/manifests/x", headers=token))["error"] == "insufficient_scope"


def test_a_mount_needs_the_right_to_read_the_source(with_bearer: Wire) -> None:
    owner = Wire(with_bearer.address, token_of(with_bearer, "repository:hidden:* repository:mine:*", OWN))
    digest = owner.push_blob("hidden", b"secret content")["digest"]
    mine = Wire(with_bearer.address, token_of(with_bearer, "repository:mine:pull,push", OWN))
    for source in ({}, {"from": "hidden"}):
        assert mine.begin("mine", mount=digest, **source).status == 202
        assert mine.get(f"/v2/mine/blobs/{digest}").status == 404
    assert owner.begin("mine", mount=digest, **{"from": "hidden"}).status == 201


@pytest.mark.parametrize("path", ["/v2/", "/v2/a/tags/list"])
def test_an_unknown_token_is_refused(with_bearer: Wire, path: str) -> None:
    answer = with_bearer.get(path, {"authorization": "Bearer forged"})
    assert challenge_of(answer)["error"] == "invalid_token"


def test_a_wrong_password_gets_no_token(with_bearer: Wire) -> None:
    assert with_bearer.get("/token", basic("owner", "wrong")).code == "UNAUTHORIZED"


def post_form(wire: Wire, **form: str) -> Answer:
    headers = {"content-type": "application/x-www-form-urlencoded"}
    return wire.send("POST", "/token", urlencode(form).encode(), headers)


def test_oauth2_password_then_refresh(with_bearer: Wire) -> None:
    credentials = {"username": OWNER.name, "password": OWNER.password}
    first = post_form(with_bearer, grant_type="password", access_type="offline", **credentials).json()
    second = post_form(
        with_bearer, grant_type="refresh_token", refresh_token=first["refresh_token"], scope="repository:c:pull,push"
    ).json()
    assert "refresh_token" not in second
    wire = Wire(with_bearer.address, {"authorization": f"Bearer {second['access_token']}"})
    wire.push_manifest("c")


def test_an_offline_token_refreshes(with_bearer: Wire) -> None:
    refresher = with_bearer.get("/token", OWN, offline_token="true").json()["refresh_token"]
    assert post_form(with_bearer, grant_type="refresh_token", refresh_token=refresher).status == 200
    assert "refresh_token" not in with_bearer.get("/token", offline_token="true").json(), "nobody to refresh for"


@pytest.mark.parametrize(
    ("form", "error"),
    [
        ({"grant_type": "password", "username": "owner", "password": "wrong"}, "invalid_grant"),
        ({"grant_type": "refresh_token", "refresh_token": "forged"}, "invalid_grant"),
        ({"grant_type": "client_credentials"}, "unsupported_grant_type"),
        ({}, "unsupported_grant_type"),
    ],
)
def test_oauth2_refusals(with_bearer: Wire, form: Json, error: str) -> None:
    answer = post_form(with_bearer, **form)
    assert (answer.status, answer.json()) == (400, {"error": error})


def test_a_token_request_has_a_limit(with_bearer: Wire) -> None:
    assert post_form(with_bearer, scope="x" * 70_000).status == 413


def test_a_token_expires() -> None:
    with LocalRegistry(RegistryOptions(auth=BearerAuth(ACCOUNTS, lifetime=0.0))) as registry:
        wire = Wire(registry.address)
        token = token_of(wire, "repository:a:pull", OWN)
        assert challenge_of(wire.get("/v2/", token))["error"] == "invalid_token"


def test_a_token_is_used_up_by_a_fault() -> None:
    options = RegistryOptions(auth=BearerAuth(ACCOUNTS), faults=Faults(token_uses=2))
    with LocalRegistry(options) as registry:
        wire = Wire(registry.address)
        token = token_of(wire, "repository:a:pull", OWN)
        assert [wire.get("/v2/", token).status for _ in range(3)] == [200, 200, 401]
        assert wire.get("/v2/", token_of(wire, "", OWN)).status == 200


def test_no_answer_and_no_description_shows_a_password(with_bearer: Wire) -> None:
    assert OWNER.password not in repr(BearerAuth(ACCOUNTS))
    for answer in (with_bearer.get("/token", basic("x", OWNER.password)), with_bearer.get("/v2/", OWN)):
        assert OWNER.password.encode() not in answer.body
        assert digest_of(OWNER.password.encode()) not in str(answer.headers)
