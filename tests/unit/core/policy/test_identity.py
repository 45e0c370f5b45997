"""Whose certificates count: exact texts, patterns of RE2, extensions."""

from typing import Final

import pytest

from cosignpy.core.policy.identity import MAX_PATTERN, CertificateIdentity, Exactly, IdentityRule, Matching
from cosignpy.errors import UsageError

NAME: Final = "https://github.com/team/app/.github/workflows/release.yml@refs/heads/main"
ISSUER: Final = "https://token.actions.githubusercontent.com"
FOUND: Final = CertificateIdentity((NAME,), {8: ISSUER, 5: "team/app", 6: "refs/heads/main"})
RULE: Final = IdentityRule((Exactly(NAME),), (Exactly(ISSUER),))


def test_the_right_one_is_accepted() -> None:
    assert RULE.accepts(FOUND)
    assert RULE.accepts(CertificateIdentity(("another", NAME), {8: ISSUER}))


@pytest.mark.parametrize(
    "found",
    [
        CertificateIdentity((NAME.upper(),), {8: ISSUER}),
        CertificateIdentity((NAME[:-1],), {8: ISSUER}),
        CertificateIdentity((NAME + "2",), {8: ISSUER}),
        CertificateIdentity((), {8: ISSUER}),
        CertificateIdentity((NAME,), {8: ISSUER + "/"}),
        CertificateIdentity((NAME,), {8: ISSUER.replace("https", "http")}),
        CertificateIdentity((NAME,), {24: ISSUER}),
        CertificateIdentity((NAME,), {}),
        CertificateIdentity((NAME,), {8: "https://other.test", 1: ISSUER}),
    ],
)
def test_another_identity_or_issuer_is_not(found: CertificateIdentity) -> None:
    assert not RULE.accepts(found)


def test_the_issuer_of_old_certificates_is_read() -> None:
    assert CertificateIdentity((NAME,), {1: ISSUER}).issuer == ISSUER
    assert RULE.accepts(CertificateIdentity((NAME,), {1: ISSUER}))
    assert CertificateIdentity((NAME,)).issuer == ""


def test_patterns_find_their_match_anywhere_as_in_go() -> None:
    assert Matching.parse("team/app").accepts(NAME)
    assert not Matching.parse("^team/app").accepts(NAME)
    assert Matching.parse("^https://github.com/team/[a-z]+/.*@refs/heads/main$").accepts(NAME)
    assert not Matching.parse("^https://github.com/team/[a-z]+/.*@refs/heads/main$").accepts(NAME + "\n")
    assert not Matching.parse("TEAM").accepts(NAME)
    assert Matching.parse("(?i)TEAM").accepts(NAME)
    assert Matching.parse("a" * MAX_PATTERN).pattern == "a" * MAX_PATTERN


@pytest.mark.parametrize("pattern", ["", "(", "(?=look-ahead)", "(a)\\1", "a" * (MAX_PATTERN + 1)])
def test_what_is_no_pattern_of_re2_is_refused(pattern: str) -> None:
    with pytest.raises(UsageError) as refused:
        Matching.parse(pattern)
    assert "b'" not in refused.value.problem


def test_exact_and_pattern_have_to_hold_for_the_same_name() -> None:
    both = IdentityRule((Exactly(NAME), Matching.parse("refs/heads/main$")), (Exactly(ISSUER),))
    assert both.accepts(FOUND)
    other = IdentityRule((Exactly(NAME), Matching.parse("refs/tags")), (Exactly(ISSUER),))
    assert not other.accepts(CertificateIdentity((NAME, "refs/tags"), {8: ISSUER}))
    issuers = IdentityRule((Exactly(NAME),), (Exactly(ISSUER), Matching.parse("gitlab")))
    assert not issuers.accepts(FOUND)


def test_extensions_are_compared_each() -> None:
    def rule(**texts: str) -> IdentityRule:
        rules = {int(number[1:]): Exactly(text) for number, text in texts.items()}
        return IdentityRule((Exactly(NAME),), (Exactly(ISSUER),), rules)

    assert rule(_5="team/app", _6="refs/heads/main").accepts(FOUND)
    assert not rule(_5="team/app", _6="refs/heads/dev").accepts(FOUND)
    assert not rule(_5="team/app", _3="refs/heads/main").accepts(FOUND)


def test_a_rule_that_lets_strangers_in_is_refused() -> None:
    with pytest.raises(UsageError):
        IdentityRule((), (Exactly(ISSUER),))
    with pytest.raises(UsageError):
        IdentityRule((Exactly(NAME),), ())
    with pytest.raises(UsageError):
        Exactly("")


def test_rules_and_identities_are_shown_in_one_line() -> None:
    rule = IdentityRule((Exactly("a"), Matching.parse("b")), (Exactly("c"),), {5: Exactly("d")})
    assert str(rule) == "'a' and /b/ by 'c', extension 5 'd'"
    assert str(CertificateIdentity(("a", "b"), {8: "c"})) == "'a', 'b' by 'c'"
    assert str(CertificateIdentity(())) == "nobody by ''"
