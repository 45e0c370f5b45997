"""When issuers are asked for their keys, and what is believed meanwhile: on a clock of the test's own."""

from typing import TYPE_CHECKING, Final

import pytest

from ca_server.identity import issuer_keys
from ca_server.identity.claims import TokenRefused
from ca_server.identity.discovery import IssuerEndpoint
from ca_server.identity.issuer_keys import (
    BUSY_SECONDS,
    MAX_FETCHES,
    Failure,
    IssuerKeys,
    IssuerUnreachable,
    KeyOptions,
    Outcome,
)
from cosignpy.errors import CosignError, FileError, LimitExceeded, MalformedError, RemoteError, Unreachable
from tests.support.answers import ManualTime
from tests.support.tokens import TokenIssuer, TokenKey

if TYPE_CHECKING:
    from collections.abc import Callable
    from concurrent.futures import Future

HERE: Final = IssuerEndpoint("https://issuer.example.com")
OPTIONS: Final = KeyOptions(fresh=100.0, kept=1000.0, interval=10.0)
DOWN: Final = Unreachable("issuer", "https://issuer.example.com", None, "connection refused")


class Bench:
    """Keys, with an issuer whose answers the test sets, and work that is done when the test says so."""

    def __init__(self) -> None:
        self.time = ManualTime()
        self.issuer = TokenIssuer()
        self.failure: CosignError | None = None
        self.asked: list[str] = []
        self.waiting: list[Callable[[], None]] = []
        self.keys = IssuerKeys(self.fetch, OPTIONS, lambda: self.time.now, self.waiting.append)

    def fetch(self, endpoint: IssuerEndpoint) -> bytes:
        self.asked.append(endpoint.url)
        if self.failure is not None:
            raise self.failure
        return self.issuer.jwks()

    def work(self) -> None:
        """Do what was started."""
        while self.waiting:
            self.waiting.pop(0)()

    def fetched(self, endpoint: IssuerEndpoint = HERE) -> Outcome:
        future = self.keys.fetched(endpoint)
        self.work()
        return future.result(0)

    def renewed(self) -> Outcome | None:
        future = self.keys.renewed(HERE)
        self.work()
        return None if future is None else future.result(0)

    def known_names(self) -> list[str] | None:
        known = self.keys.known(HERE)
        return None if known is None else [key.key_id for key in known]


@pytest.fixture
def bench() -> Bench:
    return Bench()


def rotate(bench: Bench, name: str = "key-2") -> None:
    bench.issuer.keys = [TokenKey.make("ES256", name)]


def test_keys_are_fetched_once_and_used_while_they_are_fresh(bench: Bench) -> None:
    assert bench.known_names() is None
    assert bench.fetched() == bench.keys.known(HERE)
    bench.time.now += 99.9
    assert bench.known_names() == ["key-1"]
    assert (len(bench.asked), bench.waiting) == (1, [])


def test_keys_that_are_old_are_not_used_before_the_issuer_is_asked(bench: Bench) -> None:
    bench.fetched()
    rotate(bench)
    bench.time.now += 100
    assert bench.known_names() is None
    bench.fetched()
    assert bench.known_names() == ["key-2"]


def test_those_who_wait_share_one_fetch(bench: Bench) -> None:
    futures = [bench.keys.fetched(HERE) for _ in range(50)]
    assert len(bench.waiting) == 1
    bench.work()
    assert {id(future) for future in futures} == {id(futures[0])}
    assert len(bench.asked) == 1


def test_one_who_goes_away_takes_the_keys_from_nobody(bench: Bench) -> None:
    impatient, patient = bench.keys.fetched(HERE), bench.keys.fetched(HERE)
    assert not impatient.cancel()
    bench.work()
    assert patient.result(0) == bench.keys.known(HERE)


# --- keys that are not known


def test_unknown_keys_are_asked_for_once_in_an_interval(bench: Bench) -> None:
    bench.fetched()
    assert bench.renewed() is None
    bench.time.now += 10
    rotate(bench)
    assert bench.renewed() == bench.keys.known(HERE)
    assert bench.known_names() == ["key-2"]
    assert [bench.renewed() for _ in range(1000)] == [None] * 1000
    assert len(bench.asked) == 2


def test_unknown_keys_at_the_same_time_share_one_fetch(bench: Bench) -> None:
    bench.fetched()
    bench.time.now += 10
    futures = [bench.keys.renewed(HERE) for _ in range(1000)]
    bench.work()
    assert all(future is futures[0] for future in futures)
    assert len(bench.asked) == 2


def test_an_unknown_key_during_an_outage_is_no_fault_of_the_token(bench: Bench) -> None:
    bench.fetched()
    bench.failure = DOWN
    bench.time.now += 10
    outcome = bench.renewed()
    assert isinstance(outcome, Failure)
    bench.time.now += 4
    with pytest.raises(IssuerUnreachable) as caught:
        bench.renewed()
    assert caught.value.retry_after == 6
    assert bench.known_names() == ["key-1"]
    assert len(bench.asked) == 2


# --- outages


def test_keys_are_used_through_an_outage_without_waiting(bench: Bench) -> None:
    bench.fetched()
    bench.failure = DOWN
    bench.time.now += 100
    assert bench.known_names() is None
    assert isinstance(bench.fetched(), Failure)
    assert bench.keys.kept(HERE) is not None
    for _ in range(5):
        bench.time.now += 10
        assert bench.known_names() == ["key-1"]
        assert len(bench.waiting) == 1
        bench.work()
    assert len(bench.asked) == 7


def test_an_issuer_that_is_down_is_asked_once_in_an_interval(bench: Bench) -> None:
    bench.fetched()
    bench.failure = DOWN
    bench.time.now += 100
    bench.fetched()
    for _ in range(100):
        assert bench.known_names() == ["key-1"]
    bench.time.now += 10
    for _ in range(100):
        assert bench.known_names() == ["key-1"]
    assert len(bench.waiting) == 1


def test_after_an_outage_keys_are_new(bench: Bench) -> None:
    bench.fetched()
    bench.failure = DOWN
    bench.time.now += 100
    bench.fetched()
    bench.failure = None
    rotate(bench)
    bench.time.now += 10
    assert bench.known_names() == ["key-1"]
    bench.work()
    assert bench.known_names() == ["key-2"]
    bench.time.now += 99
    assert bench.known_names() == ["key-2"]
    bench.time.now += 1
    assert bench.known_names() is None


def test_keys_are_not_kept_for_ever(bench: Bench) -> None:
    bench.fetched()
    bench.failure = DOWN
    bench.time.now += 989
    bench.fetched()
    bench.time.now += 10.5
    assert bench.known_names() == ["key-1"]
    bench.work()
    bench.time.now += 0.5
    assert bench.known_names() is None
    assert bench.keys.kept(HERE) is None
    with pytest.raises(IssuerUnreachable):
        bench.keys.fetched(HERE)


def test_an_issuer_that_never_answered_is_left_alone_for_a_while(bench: Bench) -> None:
    bench.failure = DOWN
    assert isinstance(bench.fetched(), Failure)
    for _ in range(100):
        with pytest.raises(IssuerUnreachable) as caught:
            bench.keys.fetched(HERE)
    assert (caught.value.issuer, caught.value.retry_after) == (HERE.url, 10)
    bench.failure = None
    bench.time.now += 10
    assert isinstance(bench.fetched(), tuple)
    assert len(bench.asked) == 2


def test_a_time_to_try_again_is_never_zero(bench: Bench) -> None:
    bench.failure = DOWN
    bench.fetched()
    bench.time.now += 9.9
    with pytest.raises(IssuerUnreachable) as caught:
        bench.keys.fetched(HERE)
    assert caught.value.retry_after == BUSY_SECONDS


@pytest.mark.parametrize(
    ("error", "reaction"),
    [
        (DOWN, IssuerUnreachable),
        (RemoteError("issuer", "url", 500, "no document"), IssuerUnreachable),
        (RemoteError("issuer", "url", 503, "no document"), IssuerUnreachable),
        (RemoteError("issuer", "url", 429, "no document"), IssuerUnreachable),
        (RemoteError("issuer", "url", 404, "no document"), TokenRefused),
        (RemoteError("issuer", "url", 302, "it redirects to another host"), TokenRefused),
        (MalformedError("discovery document", "it is that of another issuer"), TokenRefused),
        (LimitExceeded("JWK set", "too many"), TokenRefused),
        (FileError("token", "cannot be read (Too many open files)"), IssuerUnreachable),
    ],
)
def test_what_passes_is_told_from_what_does_not(bench: Bench, error: CosignError, reaction: type[CosignError]) -> None:
    bench.failure = error
    outcome = bench.fetched()
    assert isinstance(outcome, Failure)
    assert type(bench.keys.error_of(outcome, HERE)) is reaction
    with pytest.raises(reaction):
        bench.keys.fetched(HERE)


def test_keys_that_are_none_are_a_failure(bench: Bench) -> None:
    bench.issuer.keys = []
    outcome = bench.fetched()
    assert isinstance(outcome, Failure)
    assert not outcome.passing


def test_keys_that_are_passed_over_are_logged(bench: Bench, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO", issuer_keys.__name__)
    bench.issuer.keys = [TokenKey.make("ES256"), TokenKey.make("ES256", "other")]
    good = bench.issuer.jwks()
    bench.issuer.jwks = lambda: good.replace(b'"sig"', b'"enc"', 1)  # type: ignore[method-assign]
    bench.fetched()
    assert caplog.messages == ["a key of https://issuer.example.com is not used: key 0: not for signatures"]


def test_a_mistake_in_a_fetch_keeps_nobody_waiting(bench: Bench) -> None:
    def mistaken(_: IssuerEndpoint) -> bytes:
        raise ZeroDivisionError

    keys = IssuerKeys(mistaken, OPTIONS, lambda: bench.time.now, bench.waiting.append)
    future: Future[Outcome] = keys.fetched(HERE)
    with pytest.raises(ZeroDivisionError):
        bench.work()
    outcome = future.result(0)
    assert isinstance(outcome, Failure)
    assert outcome.passing


def test_a_system_without_threads_keeps_nobody_waiting(bench: Bench, caplog: pytest.LogCaptureFixture) -> None:
    def start(work: "Callable[[], None]") -> None:
        if bench.time.now < 10:
            raise RuntimeError("can't start new thread")
        work()

    bench.time.now = 0
    keys = IssuerKeys(bench.fetch, OPTIONS, lambda: bench.time.now, start)
    outcome = keys.fetched(HERE).result(0)
    assert isinstance(outcome, Failure)
    assert (outcome.passing, outcome.until) == (True, 10)
    assert caplog.messages == ["the keys of https://issuer.example.com cannot be had: can't start new thread"]
    bench.time.now = 10
    assert keys.fetched(HERE).result(0) == keys.known(HERE)


# --- many issuers


def numbered(number: int) -> IssuerEndpoint:
    return IssuerEndpoint(f"https://issuer.example.com/{number}")


def test_only_so_many_are_asked_at_a_time(bench: Bench) -> None:
    for number in range(MAX_FETCHES):
        bench.keys.fetched(numbered(number))
    assert bench.keys.fetched(numbered(0)) is bench.keys.fetched(numbered(0))
    with pytest.raises(IssuerUnreachable) as caught:
        bench.keys.fetched(HERE)
    assert caught.value.retry_after == BUSY_SECONDS
    assert len(bench.waiting) == MAX_FETCHES
    bench.work()
    assert isinstance(bench.fetched(), tuple)


def test_renewing_meanwhile_is_put_off_when_many_are_asked(bench: Bench) -> None:
    bench.fetched()
    bench.failure = DOWN
    bench.time.now += 100
    bench.fetched()
    for number in range(MAX_FETCHES):
        bench.keys.fetched(numbered(number))
    bench.time.now += 10
    assert bench.known_names() == ["key-1"]
    assert len(bench.waiting) == MAX_FETCHES


def test_made_up_issuers_push_out_no_real_one(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(issuer_keys, "MAX_ISSUERS", 3)
    monkeypatch.setattr(issuer_keys, "MAX_ASKED", 5)
    keys = IssuerKeys(bench.fetch, OPTIONS, lambda: bench.time.now, bench.waiting.append)
    keys.fetched(HERE)
    bench.work()
    bench.failure = RemoteError("issuer", "url", 404, "no document")
    for number in range(100):
        keys.fetched(numbered(number))
        bench.work()
    assert keys.known(HERE) is not None


def test_the_issuers_used_least_are_forgotten_first(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(issuer_keys, "MAX_ISSUERS", 3)
    keys = IssuerKeys(bench.fetch, OPTIONS, lambda: bench.time.now, bench.waiting.append)
    for number in range(3):
        keys.fetched(numbered(number))
        bench.work()
    assert keys.known(numbered(0)) is not None
    keys.fetched(numbered(3))
    bench.work()
    assert [keys.known(numbered(number)) is not None for number in range(4)] == [True, False, True, True]


def test_the_error_says_whose_keys_are_missing(bench: Bench) -> None:
    bench.failure = DOWN
    bench.fetched()
    with pytest.raises(IssuerUnreachable) as caught:
        bench.keys.fetched(HERE)
    assert str(caught.value) == "the keys of https://issuer.example.com cannot be had: connection refused"


def test_other_authorities_make_another_endpoint(bench: Bench) -> None:
    bench.fetched()
    assert bench.keys.known(IssuerEndpoint(HERE.url, b"-----BEGIN CERTIFICATE-----")) is None
