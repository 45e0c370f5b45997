"""Whose certificates count: exact texts, patterns of RE2, extensions."""

import re
from pathlib import Path
from typing import Final

import pytest

from cosignpy.core.policy.identity import (
    MAX_PATTERN,
    CertificateIdentity,
    Containing,
    Exactly,
    IdentityRule,
    Matching,
)
from cosignpy.core.x509.fulcio_names import NUMBERS
from cosignpy.errors import UsageError
from cosignpy.values import replace

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


PATTERNS: Final = (Matching, Containing)
MAIN: Final = "^https://github.com/team/[a-z]+/.*@refs/heads/main$"


def test_what_contains_a_pattern_has_it_anywhere_as_in_go() -> None:
    assert Containing.parse("team/app").accepts(NAME)
    assert not Containing.parse("^team/app").accepts(NAME)
    assert Containing.parse(MAIN).accepts(NAME)
    assert not Containing.parse(MAIN).accepts(NAME + "\n")
    assert not Containing.parse("TEAM").accepts(NAME)
    assert Containing.parse("(?i)TEAM").accepts(NAME)


def test_what_matches_a_pattern_is_described_from_end_to_end() -> None:
    assert not Matching.parse("team/app").accepts(NAME)
    assert not Matching.parse("https://github.com/team/app").accepts(NAME)
    assert not Matching.parse("app/.*").accepts(NAME)
    assert Matching.parse("https://github.com/team/[a-z]+/.*@refs/heads/main").accepts(NAME)
    assert Matching.parse(MAIN).accepts(NAME)
    assert not Matching.parse(MAIN).accepts(NAME + "\n")
    assert not Matching.parse("x|team/app").accepts(NAME)
    assert Matching.parse("(?i)HTTPS.*MAIN").accepts(NAME)


@pytest.mark.parametrize("kind", PATTERNS)
def test_a_pattern_may_have_this_many_characters(kind: type[Matching | Containing]) -> None:
    assert kind.parse("a" * MAX_PATTERN).pattern == "a" * MAX_PATTERN


@pytest.mark.parametrize("kind", PATTERNS)
@pytest.mark.parametrize("pattern", ["", "(", "(?=look-ahead)", "(a)\\1", "a" * (MAX_PATTERN + 1)])
def test_what_is_no_pattern_of_re2_is_refused(pattern: str, kind: type[Matching | Containing]) -> None:
    with pytest.raises(UsageError) as refused:
        kind.parse(pattern)
    assert "b'" not in refused.value.problem


@pytest.mark.parametrize(
    "pattern",
    [
        "^a$",
        r"\Aa\z",
        "^a$|^b$",
        "^(a|b)$",
        "(?i)^a$",
        "(?s)^a$",
        r"^a\\$",
        "^[|]$",
        "^[]|]$",
        "^[^|]$",
        "^[[:alpha:]|]$",
        r"^[\]|]$",
        r"^\|$",
        "^$",
    ],
)
def test_a_pattern_for_whole_texts_is_seen(pattern: str) -> None:
    assert Containing.parse(pattern).is_anchored


@pytest.mark.parametrize(
    "pattern",
    [
        "a",
        "^a",
        "a$",
        "^a$|b",
        "^a|b$",
        "^a$|",
        r"^a\$",
        "^a[$]",
        "[^]a]$",
        "(?m)^a$",
        "(?im)^a$",
        "^(?m)a$",
        r"^\Qa$",
        "(^a$)",
        "^a$ ",
        "x(?i)^a$",
        "^*a$",
        "^?a$",
        "^{0,1}a$",
    ],
)
def test_a_pattern_that_is_found_elsewhere_is_seen(pattern: str) -> None:
    assert not Containing.parse(pattern).is_anchored


def test_exact_and_pattern_have_to_hold_for_the_same_name() -> None:
    both = IdentityRule((Exactly(NAME), Containing.parse("refs/heads/main$")), (Exactly(ISSUER),))
    assert both.accepts(FOUND)
    other = IdentityRule((Exactly(NAME), Containing.parse("refs/tags")), (Exactly(ISSUER),))
    assert not other.accepts(CertificateIdentity((NAME, "refs/tags"), {8: ISSUER}))
    issuers = IdentityRule((Exactly(NAME),), (Exactly(ISSUER), Containing.parse("gitlab")))
    assert not issuers.accepts(FOUND)


def test_extensions_are_compared_each_by_name() -> None:
    def rule(**texts: str) -> IdentityRule:
        rules = {name.replace("_", "-"): Exactly(text) for name, text in texts.items()}
        return IdentityRule((Exactly(NAME),), (Exactly(ISSUER),), rules)

    assert rule(github_workflow_repository="team/app", github_workflow_ref="refs/heads/main").accepts(FOUND)
    assert not rule(github_workflow_repository="team/app", github_workflow_ref="refs/heads/dev").accepts(FOUND)
    assert not rule(github_workflow_repository="team/app", github_workflow_sha="refs/heads/main").accepts(FOUND)


@pytest.mark.parametrize(("name", "number"), NUMBERS.items())
def test_every_extension_of_fulcio_can_be_asked_for(name: str, number: int) -> None:
    rule = IdentityRule((Exactly(NAME),), (Containing.parse("."),), {name: Exactly("this")})
    assert rule.accepts(CertificateIdentity((NAME,), {8: ISSUER} | {number: "this"}))
    anything = replace(rule, extensions={name: Matching.parse(".*")})
    assert anything.accepts(CertificateIdentity((NAME,), {8: ISSUER} | {number: "this"}))
    assert not anything.accepts(CertificateIdentity((NAME,), {1 if number == NUMBERS["issuer"] else 8: ISSUER}))
    for other in (*(set(NUMBERS.values()) - {number}), None):
        said = {8: ISSUER} | ({} if other is None else {other: "this"})
        assert not rule.accepts(CertificateIdentity((NAME,), said))


@pytest.mark.parametrize(
    ("name", "near"),
    [
        ("source-repository-url", "source-repository-uri"),
        ("build_signer_uri", "build-signer-uri"),
        ("Runner-Environment", "runner-environment"),
        ("zzz", "there are issuer-deprecated,"),
        ("", "there are"),
    ],
)
def test_an_extension_that_is_none_is_refused_with_those_that_look_like_it(name: str, near: str) -> None:
    with pytest.raises(UsageError) as refused:
        IdentityRule((Exactly(NAME),), (Exactly(ISSUER),), {name: Exactly("a")})
    assert near in str(refused.value.hint)


def test_a_rule_that_lets_strangers_in_is_refused() -> None:
    with pytest.raises(UsageError):
        IdentityRule((), (Exactly(ISSUER),))
    with pytest.raises(UsageError):
        IdentityRule((Exactly(NAME),), ())
    with pytest.raises(UsageError):
        Exactly("")


def test_rules_and_identities_are_shown_in_one_line() -> None:
    rule = IdentityRule(
        (Exactly("a"), Containing.parse("b")), (Matching.parse("c"),), {"github-workflow-repository": Exactly("d")}
    )
    assert str(rule) == "'a' and /b/ by /^c$/, github-workflow-repository 'd'"
    assert str(CertificateIdentity(("a", "b"), {8: "c"})) == "'a', 'b' by 'c'"
    assert str(CertificateIdentity(())) == "nobody by ''"
    assert CertificateIdentity(("a",), {8: "c", 11: "d"}).describe(["runner-environment", "build-trigger"]) == (
        "'a' by 'c', runner-environment 'd', no build-trigger"
    )


def test_the_page_has_every_extension_with_its_number() -> None:
    page = (Path(__file__).parents[4] / "docs" / "formats" / "policies.md").read_text()
    rows = dict(re.findall(r"^\| `([a-z-]+)` \| ([0-9]+) \|", page, re.MULTILINE))
    assert {name: int(number) for name, number in rows.items()} == {
        name: number for name, number in NUMBERS.items() if not name.startswith("github-workflow-")
    }
