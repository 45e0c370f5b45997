"""Every way to a token from the development issuer, over a socket, by oauthlib's clients."""

import base64
import hashlib
from collections.abc import Iterator
from typing import Any, Final
from urllib.parse import urlencode

import jwt
import pytest
from oauthlib.oauth2 import OAuth2Error

from cosignpy.stack.devidp.clients import ServiceAccount
from cosignpy.stack.devidp.grants import CODE_SECONDS
from cosignpy.stack.devidp.identity import Identity
from cosignpy.stack.devidp.server import DevIdp, DevIdpOptions
from cosignpy.stack.devidp.signing_keys import TokenAlgorithm
from tests.support.form_browser import FormBrowser
from tests.support.http_calls import Caller
from tests.support.oidc_client import CALLBACK, OidcClient, Person

NOW: Final = 1_700_000_000.0
ADA: Final = Person("ada@example.com")
NOBODY: Final = Person("ada@example.com", willing=False)
OFFLINE: Final = "openid email offline_access"
MACHINE: Final = ServiceAccount("ci", "geheim+/%", Identity(claims={"repository": "o/r"}))


class Hands:
    """A clock that is moved by hand."""

    now = NOW

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def hands() -> Hands:
    return Hands()


@pytest.fixture
def issuer(hands: Hands) -> Iterator[DevIdp]:
    options = DevIdpOptions(algorithm=TokenAlgorithm.ES256, service_accounts=(MACHINE,), now=hands)
    with DevIdp(options) as running:
        yield running


@pytest.fixture
def client(issuer: DevIdp) -> OidcClient:
    return OidcClient.discover(issuer.url)


def verify(client: OidcClient, token: str, audience: str = "sigstore") -> dict[str, Any]:
    """Verify a token with the published keys, whatever the time."""
    keys = jwt.PyJWKSet.from_dict(Caller(client.described["jwks_uri"]).get("").json)
    key = keys[jwt.get_unverified_header(token)["kid"]]
    claims: dict[str, Any] = jwt.decode(
        token, key, audience=audience, issuer=client.described["issuer"], options={"verify_exp": False}
    )
    assert (claims["iat"], claims["exp"]) == (int(NOW), int(NOW) + 600)
    return claims


def refusal(client: OidcClient, *asked: str, **changed: str) -> str:
    """Redeem a code and return the error."""
    with pytest.raises(OAuth2Error) as caught:
        client.redeem(*asked, **changed)
    return str(caught.value.error)


# --- authorization code ---


def test_a_person_signs_in(client: OidcClient) -> None:
    request = client.request_code()
    tokens = client.redeem(client.sign_in(request, ADA), request.verifier)
    claims = verify(client, tokens["id_token"])
    assert (claims["email"], claims["email_verified"], claims["nonce"]) == (ADA.email, True, request.nonce)
    assert claims["auth_time"] == int(NOW)
    half = hashlib.sha256(tokens["access_token"].encode()).digest()[:16]
    assert claims["at_hash"] == base64.urlsafe_b64encode(half).rstrip(b"=").decode()
    assert (tokens["token_type"], tokens["expires_in"]) == ("Bearer", 600)
    assert "refresh_token" not in tokens


def test_a_nonce_is_optional(client: OidcClient) -> None:
    request = client.request_code(nonce="")
    tokens = client.redeem(client.sign_in(request, ADA), request.verifier)
    assert "nonce" not in verify(client, tokens["id_token"])


def test_the_same_person_has_the_same_subject(client: OidcClient) -> None:
    subjects = {verify(client, client.authorize(ADA)["id_token"])["sub"] for _ in range(2)}
    assert len(subjects) == 1


@pytest.mark.parametrize("callback", ["http://localhost:53682/", "http://[::1]:1/cb", "http://127.0.0.1:1/cb?x=1"])
def test_a_code_goes_to_any_port_of_this_machine(client: OidcClient, callback: str) -> None:
    request = client.request_code(redirect_uri=callback)
    arrived = FormBrowser(callback).answer_all(request.url, ADA.answers)
    assert arrived.startswith(callback)
    code = arrived.partition("code=")[2].partition("&")[0]
    assert client.redeem(code, request.verifier, redirect_uri=callback)["id_token"]


def test_a_public_client_may_have_an_empty_secret(client: OidcClient) -> None:
    request = client.request_code()
    code = client.sign_in(request, ADA)
    body = f"grant_type=authorization_code&code={code}&redirect_uri={CALLBACK}&code_verifier={request.verifier}"
    reply = client.post("token_endpoint", body, Authorization="Basic " + base64.b64encode(b"sigstore:").decode())
    assert verify(client, reply.json["id_token"])["email"] == ADA.email
    assert reply.headers["cache-control"] == "no-store"


def test_a_code_is_good_once(client: OidcClient) -> None:
    request = client.request_code(OFFLINE)
    code = client.sign_in(request, ADA)
    tokens = client.redeem(code, request.verifier)
    assert refusal(client, code, request.verifier) == "invalid_grant"
    with pytest.raises(OAuth2Error) as caught:  # whoever had it first may have been a thief
        client.refresh(tokens["refresh_token"])
    assert caught.value.error == "invalid_grant"


@pytest.mark.parametrize(
    ("changed", "error"),
    [
        ({"code_verifier": "x" * 64}, "invalid_grant"),
        ({"code_verifier": ""}, "invalid_request"),
        ({"redirect_uri": "http://127.0.0.1:1/other"}, "invalid_request"),
        ({"client_id": "ci", "client_secret": MACHINE.secret}, "unauthorized_client"),
        ({"client_id": "unknown"}, "invalid_client"),
    ],
    ids=["verifier", "no-verifier", "redirect", "client-without-codes", "unknown-client"],
)
def test_a_code_is_good_only_for_whom_it_was_made_for(client: OidcClient, changed: dict[str, str], error: str) -> None:
    request = client.request_code()
    code = client.sign_in(request, ADA)
    asked = {"grant_type": "authorization_code", "client_id": "sigstore", "code": code, "redirect_uri": CALLBACK}
    reply = client.post("token_endpoint", _encode({**asked, "code_verifier": request.verifier, **changed}))
    assert (reply.json["error"], reply.status) == (error, 401 if error == "invalid_client" else 400)


def test_a_wrong_verifier_uses_the_code_up(client: OidcClient) -> None:
    request = client.request_code()
    code = client.sign_in(request, ADA)
    assert refusal(client, code, "y" * 64) == "invalid_grant"
    assert refusal(client, code, request.verifier) == "invalid_grant"


def test_a_code_is_good_for_a_minute(client: OidcClient, hands: Hands) -> None:
    request = client.request_code()
    code = client.sign_in(request, ADA)
    hands.now += CODE_SECONDS
    assert refusal(client, code, request.verifier) == "invalid_grant"


def test_a_person_can_say_no(client: OidcClient) -> None:
    with pytest.raises(OAuth2Error) as caught:
        client.sign_in(client.request_code(), NOBODY)
    assert caught.value.error == "access_denied"


# --- refresh tokens ---


def test_a_refresh_token_gets_the_next(client: OidcClient) -> None:
    first = client.authorize(ADA, OFFLINE)
    second = client.refresh(first["refresh_token"])
    claims = verify(client, second["id_token"])
    assert claims["email"] == ADA.email
    assert "nonce" not in claims
    assert second["refresh_token"] != first["refresh_token"]
    assert client.refresh(second["refresh_token"])["id_token"]


def test_a_refresh_token_that_is_replayed_ends_all_of_its_family(client: OidcClient) -> None:
    first = client.authorize(ADA, OFFLINE)["refresh_token"]
    second = client.refresh(first)["refresh_token"]
    for token in (first, second):
        with pytest.raises(OAuth2Error) as caught:
            client.refresh(token)
        assert caught.value.error == "invalid_grant"


def test_a_refresh_token_does_not_grow(client: OidcClient) -> None:
    token = client.authorize(ADA, OFFLINE)["refresh_token"]
    with pytest.raises(OAuth2Error) as caught:
        client.refresh(token, scope="openid email profile")
    assert caught.value.error == "invalid_scope"
    less = client.refresh(token, scope="openid")
    assert less["scope"] == ["openid"]
    assert client.refresh(less["refresh_token"])["scope"] == OFFLINE.split()


# --- devices ---


def error_of_poll(client: OidcClient, begun: dict[str, Any]) -> str:
    with pytest.raises(OAuth2Error) as caught:
        client.poll_device(begun)
    return str(caught.value.error)


def test_a_device_is_approved_elsewhere(client: OidcClient, hands: Hands) -> None:
    begun = client.begin_device()
    assert (begun["interval"], begun["expires_in"]) == (5, 600)
    assert error_of_poll(client, begun) == "authorization_pending"
    assert "Approved" in client.approve_device(begun, ADA)
    assert error_of_poll(client, begun) == "slow_down"
    hands.now += 10
    tokens = client.poll_device(begun)
    hands.now = NOW
    claims = jwt.decode(tokens["id_token"], options={"verify_signature": False})
    assert (claims["email"], claims["aud"]) == (ADA.email, "sigstore")
    assert "refresh_token" not in tokens
    hands.now += 60
    assert error_of_poll(client, begun) == "invalid_grant"


def test_a_device_may_ask_for_a_refresh_token(client: OidcClient) -> None:
    begun = client.begin_device(OFFLINE)
    client.approve_device(begun, ADA)
    assert client.refresh(client.poll_device(begun)["refresh_token"])["id_token"]


def test_a_device_that_is_late_is_told_so(client: OidcClient, hands: Hands) -> None:
    begun = client.begin_device()
    hands.now += begun["expires_in"]
    assert error_of_poll(client, begun) == "expired_token"
    browser = FormBrowser(CALLBACK)
    assert "No device waits" in browser.submit(browser.open(begun["verification_uri_complete"]), ADA.answers).body


def test_a_device_whose_user_denies_gets_nothing(client: OidcClient) -> None:
    begun = client.begin_device()
    assert "Denied" in client.approve_device(begun, NOBODY)
    assert error_of_poll(client, begun) == "access_denied"


@pytest.mark.parametrize("verifier", ["x" * 64, ""])
def test_a_device_that_set_a_challenge_has_to_meet_it(client: OidcClient, verifier: str) -> None:
    begun = client.begin_device()
    client.approve_device(begun, ADA)
    assert error_of_poll(client, {**begun, "code_verifier": verifier}) == "invalid_grant"
    assert client.poll_device(begun)["id_token"]


def test_a_device_need_not_set_a_challenge(client: OidcClient) -> None:
    begun = client.post("device_authorization_endpoint", "client_id=sigstore&scope=openid").json
    client.approve_device(begun, ADA)
    assert client.poll_device(begun)["id_token"]


@pytest.mark.parametrize(
    ("changed", "error"),
    [
        ({"code_challenge": "x"}, "invalid_request"),
        ({"code_challenge": "x", "code_challenge_method": "plain"}, "invalid_request"),
        ({"client_id": ""}, "invalid_request"),
        ({"client_id": "unknown"}, "invalid_request"),
        ({"client_id": "ci"}, "invalid_client"),
        ({"scope": "openid everything"}, "invalid_scope"),
        ({"scope": "email"}, "invalid_scope"),
    ],
    ids=["no-method", "plain", "no-client", "unknown-client", "no-secret", "unknown-scope", "no-openid"],
)
def test_a_device_begins_properly(client: OidcClient, changed: dict[str, str], error: str) -> None:
    asked = {"client_id": "sigstore", "scope": "openid", **changed}
    reply = client.post("device_authorization_endpoint", _encode(asked))
    assert reply.json["error"] == error
    assert reply.status in {400, 401}


# --- service accounts ---


def test_a_service_account_gets_a_token_about_itself(client: OidcClient) -> None:
    tokens = client.client_credentials(MACHINE.name, MACHINE.secret)
    claims = verify(client, tokens["access_token"])
    assert (claims["sub"], claims["repository"]) == ("ci", "o/r")
    assert jwt.get_unverified_header(tokens["access_token"])["typ"] == "at+jwt"
    assert not {"refresh_token", "id_token"} & set(tokens)


def test_a_service_account_that_asks_for_an_id_token_finds_itself_in_the_audience(client: OidcClient) -> None:
    tokens = client.client_credentials(MACHINE.name, MACHINE.secret, scope="openid")
    claims = verify(client, tokens["id_token"])
    assert (claims["aud"], claims["sub"]) == (["ci", "sigstore"], "ci")
    assert "auth_time" not in claims


def test_a_service_account_chooses_its_audience(client: OidcClient) -> None:
    tokens = client.client_credentials(MACHINE.name, MACHINE.secret, audience="other")
    assert verify(client, tokens["access_token"], "other")["aud"] == "other"


@pytest.mark.parametrize(
    ("header", "status"),
    [
        (b"ci:geheim%2B%2F%25", 200),
        (b"ci:geheim", 401),
        (b"unknown:geheim", 401),
        (b"sigstore:", 400),
        (b"ci", 401),
        (b"\xff:\xff", 401),
    ],
)
def test_a_service_account_may_show_its_secret_in_the_header(client: OidcClient, header: bytes, status: int) -> None:
    basic = "Basic " + base64.b64encode(header).decode()
    reply = client.post("token_endpoint", "grant_type=client_credentials", Authorization=basic)
    assert reply.status == status


@pytest.mark.parametrize("header", ["Basic %%%", "Bearer abc", "Basic", ""])
def test_what_is_no_basic_header_is_no_secret(client: OidcClient, header: str) -> None:
    reply = client.post("token_endpoint", "grant_type=client_credentials", Authorization=header)
    assert (reply.status, reply.json["error"]) == (401, "invalid_client")


def test_one_client_does_not_authenticate_another(client: OidcClient) -> None:
    basic = "Basic " + base64.b64encode(b"ci:geheim%2B%2F%25").decode()
    reply = client.post("token_endpoint", "grant_type=client_credentials&client_id=other", Authorization=basic)
    assert (reply.status, reply.json["error"]) == (401, "invalid_client")


# --- what programs may send ---


@pytest.mark.parametrize(
    ("body", "error"),
    [
        ("grant_type=password&username=a&password=b&client_id=sigstore", "unsupported_grant_type"),
        ("grant_type=authorization_code&client_id=sigstore", "invalid_request"),
        ("grant_type=refresh_token&client_id=sigstore", "invalid_request"),
        ("grant_type=refresh_token&refresh_token=x&client_id=sigstore&user=x&issued=x", "invalid_grant"),
        ("grant_type=urn:ietf:params:oauth:grant-type:device_code&client_id=sigstore", "invalid_request"),
        ("grant_type=authorization_code&client_id=sigstore&client_id=sigstore&code=x", "invalid_request"),
        ("grant_type=authorization_code&client_id=sigstore&code=x&redirect_uri=x&user=x&issued=x", "invalid_grant"),
        ("", "unsupported_grant_type"),
        ("%zz", "unsupported_grant_type"),
        ("\0", "unsupported_grant_type"),
    ],
)
def test_requests_for_tokens_that_mean_nothing_are_refused(client: OidcClient, body: str, error: str) -> None:
    reply = client.post("token_endpoint", body)
    assert (reply.status, reply.json["error"]) == (400, error)
    assert reply.headers["cache-control"] == "no-store"


@pytest.mark.parametrize("endpoint", ["token_endpoint", "device_authorization_endpoint"])
def test_requests_have_a_limit_and_an_encoding(client: OidcClient, endpoint: str) -> None:
    assert client.post(endpoint, "a=" + "b" * 65536).status == 413
    caller = Caller(client.described[endpoint])
    assert caller.post("", b"a=\xff", Content_Type="application/x-www-form-urlencoded").status == 400
    assert caller.post("?a=b", b"grant_type=x", Content_Type="application/x-www-form-urlencoded").status == 400
    assert caller.post("?a=%zz", b"grant_type=x", Content_Type="application/x-www-form-urlencoded").status == 400
    assert caller.get("").status == 405


# --- in the same process ---


def test_a_test_asks_for_a_token_without_asking_anybody(issuer: DevIdp, client: OidcClient) -> None:
    before = issuer.token(Identity("ada@example.com"))
    key = issuer.rotate()
    after = issuer.token(Identity(subject="repo:o/r", claims={"ref": "main"}), "other")
    assert jwt.get_unverified_header(after)["kid"] == key
    assert verify(client, before)["email"] == "ada@example.com"
    assert verify(client, after, "other")["ref"] == "main"


def _encode(fields: dict[str, str]) -> str:
    return urlencode({name: content for name, content in fields.items() if content})
