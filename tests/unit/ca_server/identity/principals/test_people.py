"""E-mail addresses and user names."""

from typing import Final

import pytest

from ca_server.identity.claims import TokenRefused
from ca_server.identity.principal import Principal
from cosignpy.core.x509.subject_alt_name import NameKind, SubjectName, encode_subject_name
from tests.support.identity_examples import FEDERATION, MAIL, TRUSTING, USERS, principal_of

LONG: Final = "a" * 100_000


def refusal(url: str, **changes: object) -> str:
    with pytest.raises(TokenRefused) as caught:
        principal_of(url, **changes)
    return caught.value.why


def test_an_address_is_named_and_proved_possession_over() -> None:
    assert principal_of(MAIL) == Principal(
        issuer=MAIL,
        subject="1234",
        challenge="alice@example.com",
        name=SubjectName(NameKind.EMAIL, "alice@example.com"),
    )


def test_a_federating_issuer_says_who_vouches() -> None:
    found = principal_of(FEDERATION)
    assert (found.issuer, found.challenge) == ("https://github.com/login/oauth", "bob@example.org")


@pytest.mark.parametrize(
    "claims", [..., None, {}, {"connector_id": ""}, {"connector_id": 5}, "x", {"connector_id": LONG}]
)
def test_without_that_it_says_nothing(claims: object) -> None:
    assert "claim federated_claims.connector_id" in refusal(FEDERATION, federated_claims=claims)


@pytest.mark.parametrize("said", [True, "true", "True"])
def test_an_address_that_was_verified(said: object) -> None:
    assert principal_of(MAIL, email_verified=said).challenge == "alice@example.com"


@pytest.mark.parametrize("said", [False, "false", "False", ...])
def test_an_address_that_was_not(said: object) -> None:
    assert "not verified" in refusal(MAIL, email_verified=said)
    assert principal_of(TRUSTING, email_verified=said).challenge == "carol@example.net"


@pytest.mark.parametrize("said", ["TRUE", "yes", "", 1, 0, None, [], {"a": 1}])
def test_neither_verified_nor_not_is_refused_whoever_is_trusted(said: object) -> None:
    for url in (MAIL, TRUSTING):
        assert "email_verified" in refusal(url, email_verified=said)


@pytest.mark.parametrize(
    "address",
    [
        "a@b.cc",
        "a.b+c@sub.example.co.uk",
        "o'neil@example.com",
        "A@EXAMPLE.com",
        "x@xn--bcher-kva.example",
        "!#$%&'*+/=?^_`{|}~-@example.com",
        "a" * 64 + "@example.com",
        "a@" + "b" * 248 + ".com",
    ],
)
def test_an_address_that_a_certificate_can_name(address: str) -> None:
    found = principal_of(MAIL, email=address)
    assert found.name.text == found.challenge == address
    encode_subject_name(found.name)


@pytest.mark.parametrize(
    "address",
    [
        ...,
        None,
        "",
        5,
        ["a@example.com"],
        "a",
        "a@b",
        "@example.com",
        "a@",
        "a b@example.com",
        "a@exa mple.com",
        "a@b@example.com",
        "a..b@example.com",
        ".a@example.com",
        "a.@example.com",
        '"a"@example.com',
        "a@[127.0.0.1]",
        "a@127.0.0.1",
        "a@-example.com",
        "a@example-.com",
        "a@example..com",
        "a@example.com.",
        "a@ex_ample.com",
        "a@example.com\n",
        "a\x00@example.com",
        "\u00fc@example.com",
        "a@b\u00fccher.example",
        "a@example.com, b@example.com",
        "Alice <a@example.com>",
        "a" * 65 + "@example.com",
        "a@" + "b" * 249 + ".com",
        f"{LONG}@example.com",
    ],
)
def test_what_it_cannot_name_is_refused(address: object) -> None:
    assert "claim email" in refusal(MAIL, email=address)


def test_an_address_needs_no_subject_but_a_good_one_if_any() -> None:
    assert principal_of(MAIL, sub=...).subject == ""
    for sub in (5, "a\x07", LONG):
        assert "claim sub" in refusal(MAIL, sub=sub)


@pytest.mark.parametrize("user", ["dave", "J\u00fcrgen M.", "dave@host", "a.b"])
def test_a_user_name_carries_its_domain(user: str) -> None:
    assert principal_of(USERS, sub=user) == Principal(
        USERS, user, user, SubjectName(NameKind.USERNAME, f"{user}!example.com")
    )


@pytest.mark.parametrize(
    "user",
    [
        *[..., None, "", 5, "a!b", "a@example.com", "a b@c d.e", "\u00fc@\u00fc.\u00fc", "a@b@c.d", "a\nb", LONG],
        *["\u202ea", "a\u200bb", "\u00fc\u200d"],
    ],
)
def test_a_user_name_that_could_be_something_else_is_refused(user: object) -> None:
    assert "claim sub" in refusal(USERS, sub=user)


def test_a_user_name_with_its_domain_has_the_limit_of_all_texts() -> None:
    principal_of(USERS, sub="a" * (2048 - len("!example.com")))
    assert "2049 characters" in refusal(USERS, sub="a" * (2049 - len("!example.com")))
