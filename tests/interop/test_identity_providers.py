"""Tokens of real identity providers, and of ours, as our certificate authority takes them."""

import asyncio
import time
from collections.abc import Iterator
from typing import Final

import jwt
import pytest
from oauthlib.oauth2 import OAuth2Error

from ca_server.identity.discovery import FetchOptions, fetch_key_set
from ca_server.identity.identify import Identities
from ca_server.identity.issuer import Issuer, IssuerType
from ca_server.identity.issuer_keys import IssuerKeys, IssuerUnreachable, KeyOptions
from ca_server.identity.issuers import Issuers
from ca_server.identity.principal import Principal
from ca_server.identity.principals.table import build_principal
from cosignpy.net.clock import Clock
from tests.interop.identity_providers import PROVIDERS, IdentityProvider

OPTIONS: Final = KeyOptions(fresh=100.0, kept=1000.0, interval=10.0)
DOMAIN: Final = "machines.example"
PATIENCE_SECONDS: Final = 30.0


@pytest.fixture(scope="module", params=PROVIDERS)
def provider(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[IdentityProvider]:
    with PROVIDERS[request.param](tmp_path_factory.mktemp(request.param)) as running:
        yield running


class Authority:
    """The part of the certificate authority that says who presented a token; its clock can be set ahead."""

    def __init__(self, issuer: str, kind: IssuerType = IssuerType.EMAIL) -> None:
        self.ahead = 0.0
        table = Issuers([Issuer(issuer, kind, "sigstore", subject_domain=DOMAIN)])
        keys = IssuerKeys(
            lambda endpoint: fetch_key_set(endpoint, FetchOptions(), Clock()),
            OPTIONS,
            lambda: time.monotonic() + self.ahead,
        )
        self._identities = Identities(lambda: table, keys, build_principal, time.time)

    def identify(self, token: str) -> Principal:
        """Verify a token, with the issuer's keys as they are known or fetched."""
        identified = asyncio.run(asyncio.wait_for(self._identities.identify(token), PATIENCE_SECONDS))
        return identified.principal


@pytest.fixture
def authority(provider: IdentityProvider) -> Authority:
    return Authority(provider.issuer)


def key_of(token: str) -> str:
    return str(jwt.get_unverified_header(token)["kid"])


def test_a_person_signs_in_with_a_code_and_pkce(provider: IdentityProvider, authority: Authority) -> None:
    client = provider.client
    request = client.request_code()
    tokens = client.redeem(client.sign_in(request, provider.person), request.verifier)
    principal = authority.identify(tokens["id_token"])
    assert (principal.name.text, principal.issuer) == (provider.person.email, provider.issuer)
    claims = jwt.decode(tokens["id_token"], options={"verify_signature": False})
    assert claims["nonce"] == request.nonce


def test_a_code_without_its_verifier_is_worth_nothing(provider: IdentityProvider) -> None:
    client = provider.client
    code = client.sign_in(client.request_code(), provider.person)
    with pytest.raises(OAuth2Error) as caught:
        client.redeem(code, "x" * 64)
    assert caught.value.error == "invalid_grant"


def test_a_device_is_approved_in_a_browser(provider: IdentityProvider, authority: Authority) -> None:
    client = provider.client
    begun = client.begin_device()
    with pytest.raises(OAuth2Error) as caught:
        client.poll_device(begun)
    assert caught.value.error == "authorization_pending"
    client.approve_device(begun, provider.person)
    time.sleep(begun.get("interval", 0))
    principal = authority.identify(client.poll_device(begun)["id_token"])
    assert principal.name.text == provider.person.email


def test_a_service_account_shows_its_secret(provider: IdentityProvider) -> None:
    token = provider.machine_token()
    subject = jwt.decode(token, options={"verify_signature": False})["sub"]
    principal = Authority(provider.issuer, IssuerType.USERNAME).identify(token)
    assert (principal.name.text, principal.issuer) == (f"{subject}!{DOMAIN}", provider.issuer)


def test_another_key_signs_after_a_rotation(provider: IdentityProvider, authority: Authority) -> None:
    before = provider.token()
    authority.identify(before)
    provider.running.rotate()
    after = provider.token()
    assert key_of(after) != key_of(before)
    assert {key_of(before), key_of(after)} <= set(provider.keys())
    authority.ahead = OPTIONS.interval
    assert authority.identify(after).name.text == provider.person.email
    assert authority.identify(before).name.text == provider.person.email


def test_a_provider_that_stops_is_done_without_for_a_while(provider: IdentityProvider, authority: Authority) -> None:
    token = provider.token()
    authority.identify(token)
    provider.running.stop()  # the last of the tests with it
    authority.ahead = OPTIONS.fresh
    assert authority.identify(token).name.text == provider.person.email
    authority.ahead = OPTIONS.kept
    for without_keys in (authority, Authority(provider.issuer)):
        with pytest.raises(IssuerUnreachable) as caught:
            without_keys.identify(token)
        assert caught.value.issuer == provider.issuer
