"""From text to principal: who is asked for what, and in which order things are refused."""

import asyncio
from collections.abc import Callable
from typing import Final

import pytest

from ca_server.identity.claims import Claims, TokenRefused
from ca_server.identity.discovery import IssuerEndpoint
from ca_server.identity.identify import Identified, Identities
from ca_server.identity.issuer import Issuer, IssuerType
from ca_server.identity.issuer_keys import IssuerKeys, IssuerUnreachable, KeyOptions
from ca_server.identity.principals.table import build_principal
from ca_server.identity.token import SignatureRefused
from cosignpy.errors import CosignError, RemoteError, Unreachable
from tests.support.answers import ManualTime
from tests.support.tokens import AUDIENCE, EMAIL, NOW, TokenIssuer, TokenKey

DOWN: Final = Unreachable("issuer", "https://issuer.example.com", None, "connection refused")


class Bench:
    """Identities of one issuer in memory, whose answers come at once; implements `IssuerTable`."""

    def __init__(self, start: Callable[[Callable[[], None]], None] = lambda work: work()) -> None:
        self.time = ManualTime()
        self.issuer = TokenIssuer()
        self.failure: CosignError | None = None
        self.asked: list[IssuerEndpoint] = []
        self.configured = Issuer(self.issuer.url, IssuerType.EMAIL, AUDIENCE, ca_cert="PEM")
        self.keys = IssuerKeys(self.fetch, KeyOptions(100, 1000, 10), lambda: self.time.now, start)
        self.identities = Identities(lambda: self, self.keys, build_principal, lambda: NOW)

    def find(self, iss: str) -> Issuer:
        if iss != self.configured.url:
            raise TokenRefused("not configured")
        return self.configured

    def fetch(self, endpoint: IssuerEndpoint) -> bytes:
        self.asked.append(endpoint)
        if self.failure is not None:
            raise self.failure
        return self.issuer.jwks()

    def identify(self, text: str) -> Identified:
        return asyncio.run(self.identities.identify(text))


@pytest.fixture
def bench() -> Bench:
    return Bench()


def test_a_token_names_its_holder(bench: Bench) -> None:
    found = bench.identify(bench.issuer.token())
    assert found.issuer == bench.configured
    assert (found.principal.issuer, found.principal.challenge) == (bench.issuer.url, EMAIL)


def test_the_issuer_is_asked_once_with_its_authorities(bench: Bench) -> None:
    for _ in range(5):
        bench.identify(bench.issuer.token())
    assert bench.asked == [IssuerEndpoint(bench.issuer.url, b"PEM")]


def test_what_is_no_token_asks_nobody(bench: Bench) -> None:
    with pytest.raises(TokenRefused):
        bench.identify("no token")
    assert bench.asked == []


@pytest.mark.parametrize(
    "issuer", ["https://issuer.example.com/", "https://ISSUER.example.com", "http://issuer.example.com", "", "other"]
)
def test_an_issuer_that_is_not_configured_is_not_asked(bench: Bench, issuer: str) -> None:
    with pytest.raises(TokenRefused):
        bench.identify(bench.issuer.token(iss=issuer))
    assert bench.asked == []


@pytest.mark.parametrize("changes", [{"aud": "other"}, {"exp": NOW - 1}, {"email": None}, {"email_verified": False}])
def test_a_token_that_says_something_else_is_refused(bench: Bench, changes: dict[str, object]) -> None:
    with pytest.raises(TokenRefused):
        bench.identify(bench.issuer.token(**changes))


def test_a_new_key_is_found_when_it_is_first_used(bench: Bench) -> None:
    bench.identify(bench.issuer.token())
    bench.issuer.keys = [TokenKey.make("RS256", "key-2"), *bench.issuer.keys]
    bench.time.now += 10
    assert bench.identify(bench.issuer.token())
    assert len(bench.asked) == 2


@pytest.mark.parametrize("key_id", ["key-1", ""])
def test_a_key_that_took_the_place_of_another_is_found(bench: Bench, key_id: str) -> None:
    """Some issuers name their keys not at all, or always the same."""
    bench.issuer.keys = [TokenKey(key_id, "ES256", TokenKey.make("ES256", "first").handle)]
    bench.identify(bench.issuer.token())
    bench.issuer.keys = [TokenKey(key_id, "ES256", TokenKey.make("ES256", "second").handle)]
    bench.time.now += 10
    assert bench.identify(bench.issuer.token())


def test_unknown_keys_cause_no_storm(bench: Bench) -> None:
    bench.identify(bench.issuer.token())
    stranger = TokenIssuer(bench.issuer.url, [TokenKey.make("ES256", "stranger")]).token()
    for _ in range(20):
        bench.time.now += 1
        for _ in range(3):
            with pytest.raises(SignatureRefused):
                bench.identify(stranger)
    assert len(bench.asked) == 3


@pytest.mark.parametrize("changes", [{"aud": "other"}, {"exp": NOW - 1}])
def test_a_token_that_the_keys_verify_asks_for_no_others(bench: Bench, changes: dict[str, object]) -> None:
    bench.identify(bench.issuer.token())
    bench.time.now += 10
    with pytest.raises(TokenRefused):
        bench.identify(bench.issuer.token(**changes))
    assert len(bench.asked) == 1


def test_an_issuer_that_is_down_is_not_the_token_s_fault(bench: Bench) -> None:
    bench.failure = DOWN
    with pytest.raises(IssuerUnreachable) as caught:
        bench.identify(bench.issuer.token())
    assert (caught.value.issuer, caught.value.retry_after) == (bench.issuer.url, 10)


def test_an_issuer_that_is_none_is_the_token_s_fault(bench: Bench) -> None:
    bench.failure = RemoteError("issuer", "url", 404, "no document")
    with pytest.raises(TokenRefused):
        bench.identify(bench.issuer.token())


@pytest.mark.parametrize("failure", [DOWN, RemoteError("issuer", "url", 404, "no document")])
def test_an_outage_is_not_noticed_by_those_whose_keys_are_known(bench: Bench, failure: CosignError) -> None:
    bench.identify(bench.issuer.token())
    bench.failure = failure
    for _ in range(8):
        bench.time.now += 110
        assert bench.identify(bench.issuer.token())
    bench.time.now += 120
    with pytest.raises((IssuerUnreachable, TokenRefused)):
        bench.identify(bench.issuer.token())


def test_a_key_that_is_not_known_during_an_outage_may_come(bench: Bench) -> None:
    bench.identify(bench.issuer.token())
    bench.failure = DOWN
    bench.time.now += 10
    stranger = TokenIssuer(bench.issuer.url, [TokenKey.make("ES256", "stranger")]).token()
    for _ in range(2):
        with pytest.raises(IssuerUnreachable):
            bench.identify(stranger)
    assert len(bench.asked) == 2


def test_one_client_that_goes_away_costs_the_others_nothing() -> None:
    waiting: list[Callable[[], None]] = []
    bench = Bench(waiting.append)

    async def scenario() -> list[Identified]:
        text = bench.issuer.token()
        tasks = [asyncio.create_task(bench.identities.identify(text)) for _ in range(3)]
        await asyncio.sleep(0)
        tasks[0].cancel()
        await asyncio.sleep(0)
        (work,) = waiting
        work()
        return list(await asyncio.gather(*tasks[1:]))

    assert len(asyncio.run(scenario())) == 2


def test_the_table_may_change(bench: Bench) -> None:
    bench.identify(bench.issuer.token())
    bench.configured = Issuer("https://other.example.com", IssuerType.EMAIL, AUDIENCE)
    with pytest.raises(TokenRefused):
        bench.identify(bench.issuer.token())


def test_claims_are_described_only_when_they_are_verified(bench: Bench) -> None:
    described: list[Claims] = []

    def describe(issuer: Issuer, claims: Claims) -> object:
        described.append(claims)
        return build_principal(issuer, claims)

    identities = Identities(lambda: bench, bench.keys, describe, lambda: NOW)  # type: ignore[arg-type]
    header, payload, _ = bench.issuer.token().split(".")
    with pytest.raises(SignatureRefused):
        asyncio.run(identities.identify(f"{header}.{payload}.AAAA"))
    assert described == []
