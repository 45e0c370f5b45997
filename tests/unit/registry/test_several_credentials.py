"""Credentials that are tried one after another, by whom they are looked up, and when again."""

from collections.abc import Iterator

import pytest

from cosignpy.core.encoding import encode_json
from cosignpy.errors import UsageError
from cosignpy.net.clock import Clock
from cosignpy.net.http import Request, Response
from cosignpy.net.url import Url
from cosignpy.registry.authorization import RENEWAL_SECONDS, Authorizer, Scope
from cosignpy.registry.credential_selection import select_credential, select_credentials
from cosignpy.registry.credentials import Anonymous, BasicCredential, Credential
from cosignpy.registry.keyring import Keyring
from cosignpy.registry.options import CloudCredentials, RegistryOptions
from tests.support.answers import ManualTime, ScriptedSender, answer

HTTPS = Url.parse("https://registry.example/").origin
PULL = Scope.of("team/app", "pull")
BASIC = ["Basic realm=x"]
BEARER = ['Bearer realm="https://auth.example/token"']
FIRST, SECOND = BasicCredential("first", "1"), BasicCredential("second", "2")
KEYRING = Keyring.parse(
    encode_json(
        [
            {"auths": {"registry.example": {"username": "first", "password": "1"}}},
            {"auths": {"registry.example": {"username": "second", "password": "2"}}},
        ]
    ).decode()
)


class Lookup:
    """Counts how often credentials are looked up, and how many of them are taken."""

    def __init__(self) -> None:
        self.times = 0
        self.taken = 0

    def __call__(self, _repository: str) -> Iterator[Credential]:
        self.times += 1
        for credential in (FIRST, SECOND):
            self.taken += 1
            yield credential


def authorizer(lookup: Lookup, time: ManualTime) -> Authorizer:
    def respond(request: Request) -> Response:
        shown = request.headers["Authorization"]
        return answer(request.url, 200, encode_json({"token": f"for-{shown.partition(' ')[2].rstrip('=')}"}))

    clock = Clock(lambda: time.now, lambda: time.now, time.sleep, lambda: 0.0)
    return Authorizer(ScriptedSender(respond), clock, lookup)


def test_the_next_is_looked_up_when_the_first_was_refused() -> None:
    lookup, time = Lookup(), ManualTime()
    auth = authorizer(lookup, time)
    assert auth.answer(HTTPS, BASIC, PULL, None) == FIRST.header
    assert (lookup.times, lookup.taken, auth.shown_for("team/app")) == (1, 1, 0)
    assert auth.try_another("team/app", 0)
    assert auth.header(HTTPS, PULL) == SECOND.header
    assert (lookup.times, lookup.taken, auth.shown_for("team/app")) == (1, 2, 1)


def test_the_last_stays_and_is_not_tried_again() -> None:
    auth = authorizer(Lookup(), ManualTime())
    auth.answer(HTTPS, BASIC, PULL, None)
    assert auth.try_another("team/app", 0)
    assert not auth.try_another("team/app", 1)
    assert auth.header(HTTPS, PULL) == SECOND.header


def test_two_threads_that_were_refused_go_on_by_one() -> None:
    auth = authorizer(Lookup(), ManualTime())
    auth.answer(HTTPS, BASIC, PULL, None)
    assert auth.try_another("team/app", 0)
    assert auth.try_another("team/app", 0)
    assert auth.shown_for("team/app") == 1


def test_a_registry_that_never_asked_is_shown_no_other() -> None:
    lookup = Lookup()
    assert not authorizer(lookup, ManualTime()).try_another("team/app", 0)
    assert lookup.times == 0


def test_another_repository_begins_with_the_first() -> None:
    auth = authorizer(Lookup(), ManualTime())
    auth.answer(HTTPS, BASIC, PULL, None)
    auth.try_another("team/app", 0)
    assert auth.header(HTTPS, Scope.of("team/other", "pull")) == FIRST.header


def test_tokens_of_a_refused_credential_are_forgotten() -> None:
    auth = authorizer(Lookup(), ManualTime())
    first = auth.answer(HTTPS, BEARER, PULL, None)
    auth.answer(HTTPS, BEARER, Scope.of("team/other", "pull"), None)
    assert auth.try_another("team/app", 0)
    second = auth.header(HTTPS, PULL)
    assert first is not None
    assert second is not None
    assert first != second
    assert auth.header(HTTPS, Scope.of("team/other", "pull")) == first


def test_credentials_that_are_old_are_looked_up_again_when_they_are_refused() -> None:
    lookup, time = Lookup(), ManualTime()
    auth = authorizer(lookup, time)
    auth.answer(HTTPS, BASIC, PULL, None)
    auth.try_another("team/app", 0)
    time.now += RENEWAL_SECONDS
    assert auth.try_another("team/app", 1)
    assert (lookup.times, auth.shown_for("team/app")) == (2, 2)
    assert auth.header(HTTPS, PULL) == FIRST.header
    assert auth.try_another("team/app", 2)
    assert not auth.try_another("team/app", 3)


# --- where they come from


def select(**options: object) -> list[Credential]:
    return list(select_credentials(RegistryOptions(**options), "registry.example", "team/app"))  # type: ignore[arg-type]


def test_a_keyring_has_several_and_nobody_s_are_not_among_them() -> None:
    assert select(keyring=KEYRING) == [FIRST, SECOND]
    assert select(keyring=KEYRING, cloud=CloudCredentials.USED) == [FIRST, SECOND]


def test_a_keyring_comes_after_flags() -> None:
    assert select(keyring=KEYRING, username="me", password="mine") == [BasicCredential("me", "mine")]
    with pytest.raises(UsageError):
        select(keyring=KEYRING, username="me")


def test_without_anything_one_is_anonymous() -> None:
    for options in ({}, {"keyring": Keyring()}, {"cloud": CloudCredentials.USED}):
        assert select(**options) == [Anonymous()]
    assert select_credential(RegistryOptions(), "registry.example", "team/app") == Anonymous()
