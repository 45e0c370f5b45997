"""Builds described by templates: claims before defaults, empty ones left out, no name with a hole."""

import re
from typing import Any, Final

import pytest

from ca_server.identity.claims import TokenRefused
from ca_server.identity.principal import Principal
from ca_server.identity.principals.table import build_principal
from cosignpy.errors import UsageError
from cosignpy.values import replace
from tests.support.identity_examples import FORGE, claims_of, issuer_of, principal_of

LONG: Final = "a" * 100_000


def texts(principal: Principal) -> dict[int, str]:
    return {extension.number: extension.text for extension in principal.extensions}


def refusal(**changes: Any) -> str:
    with pytest.raises(TokenRefused) as caught:
        principal_of(FORGE, **changes)
    return caught.value.why


def test_templates_make_a_name_and_extensions() -> None:
    found = principal_of(FORGE)
    assert (found.name.text, found.challenge, found.subject) == (
        "https://forge.example/team/app/build.yml@v1.2",
        "job:7",
        "job:7",
    )
    assert texts(found) == {
        2: "push",
        3: "c0ffee",
        4: "Job 7",
        5: "team/app",
        6: "refs/tags/v1.2",
        9: "https://forge.example/team/app/build.yml",
        10: "c0ffee",
        11: "own",
        12: "https://forge.example/team/app",
        13: "c0ffee",
        15: "123456",
        16: "https://forge.example/team",
        17: "t-9",
        18: "https://forge.example",
        19: "0.25",
        20: "push, false",
        21: "https://forge.example/team/app/runs/17#7",
    }


def test_claims_come_before_defaults_unless_they_are_null() -> None:
    assert texts(principal_of(FORGE, stage="prod"))[23] == "prod"
    assert texts(principal_of(FORGE, home="https://other.example"))[16] == "https://other.example/team"
    assert principal_of(FORGE, home=None) == principal_of(FORGE)


def test_only_the_name_is_escaped() -> None:
    found = principal_of(FORGE, recipe="a b.yml")
    assert found.name.text == "https://forge.example/team/app/a%20b.yml@v1.2"
    assert texts(found)[9] == "https://forge.example/team/app/a b.yml"


@pytest.mark.parametrize("claim", ["event", "job", "project", "kind", "line", "recipe", "public"])
def test_a_missing_claim_is_named(claim: str) -> None:
    assert re.match(rf"claim {claim}\b", refusal(**{claim: ...}))
    assert re.match(rf"claim {claim}\b", refusal(**{claim: None}))


def test_what_index_does_not_find_is_left_out_of_extensions_but_never_of_the_name() -> None:
    issuer, claims = issuer_of(FORGE), claims_of(FORGE, **{"forge.example/commit": ...})
    assert 13 not in texts(build_principal(issuer, claims))
    assert issuer.provider is not None
    named = replace(issuer.provider, subject_alternative_name=issuer.provider.extensions[13])
    with pytest.raises(TokenRefused) as caught:
        build_principal(replace(issuer, provider=named), claims)
    assert "claim forge.example/commit" in caught.value.why


@pytest.mark.parametrize("content", [[1], {"a": 1}, "a\nb", "\u202e", LONG])
def test_a_claim_that_is_no_text_for_a_certificate_is_refused_where_it_is_used(content: object) -> None:
    assert "claim event" in refusal(event=content)
    assert principal_of(FORGE, unused=content) == principal_of(FORGE)


@pytest.mark.parametrize("home", ["forge", "", "https://h h", "https://u@forge.example", "https://forge.example/.."])
def test_what_makes_no_uri_is_refused(home: str) -> None:
    refusal(home=home)


def test_texts_that_are_too_long_together_are_refused() -> None:
    assert "2048" in refusal(project="a" * 2000, recipe="b" * 2000)


def test_a_token_needs_a_subject() -> None:
    assert "claim sub" in refusal(sub=...)


def test_an_issuer_without_its_provider_is_a_mistake_of_ours() -> None:
    with pytest.raises(UsageError):
        build_principal(replace(issuer_of(FORGE), provider=None), claims_of(FORGE))


def test_rules_come_before_everything_else() -> None:
    from ca_server.identity.claim_rules import ClaimRule

    issuer = replace(issuer_of(FORGE), rules=(ClaimRule(("owner",), ("other",)),))
    with pytest.raises(TokenRefused) as caught:
        build_principal(issuer, {"owner": "team"})
    assert "claim owner" in caught.value.why
