"""Patterns: whole texts, stars that stop where they should, and no time lost on hostile ones."""

import pytest

from ca_server.identity.wildcards import MAX_PATTERN, Wildcards
from cosignpy.errors import LimitExceeded, MalformedError

EKS = "https://oidc.eks.*.amazonaws.com/id/*"


@pytest.mark.parametrize(
    "text", ["https://oidc.eks.eu-1.amazonaws.com/id/B0_2", "https://oidc.eks.a.amazonaws.com/id/0"]
)
def test_a_star_in_a_url_is_one_or_more_of_a_name(text: str) -> None:
    assert Wildcards.parse_url(EKS).matches(text)


@pytest.mark.parametrize(
    "text",
    [
        "https://oidc.eks..amazonaws.com/id/0",
        "https://oidc.eks.eu.evil.example/x.amazonaws.com/id/0",
        "https://oidc.eks.eu.amazonaws.com/id/",
        "https://oidc.eks.eu.amazonaws.com/id/0/",
        "https://oidc.eks.eu.amazonaws.com/id/0/1",
        "http://localhost?https://oidc.eks.eu.amazonaws.com/id/0",
        "https://oidc.eks.eu.amazonaws.com/id/0\n",
        "https://oidcXeks.eu.amazonaws.com/id/0",
        "https://oidc.eks.\u00e9.amazonaws.com/id/0",
        "",
    ],
)
def test_it_never_reaches_another_host_or_path(text: str) -> None:
    assert not Wildcards.parse_url(EKS).matches(text)


@pytest.mark.parametrize(
    ("pattern", "good", "bad"),
    [
        ("refs/tags/v*", ["refs/tags/v", "refs/tags/v1.2"], ["refs/tags/v1/x", "refs/tags/w", "xrefs/tags/v1"]),
        ("refs/**/x", ["refs/a/x", "refs/a/b/x", "refs//x"], ["refs/x", "refs/a/xy"]),
        ("**", ["", "a/b\nc"], []),
        ("*", ["", "ab"], ["a/b"]),
        ("a*b*c", ["abc", "axbbxc"], ["ab", "acb"]),
        ("a.c", ["a.c"], ["abc"]),
        ("a?[b]", ["a?[b]"], ["axb"]),
        ("*a**", ["a", "xa/b"], ["x/a"]),
    ],
)
def test_stars_in_a_rule(pattern: str, good: list[str], bad: list[str]) -> None:
    wildcards = Wildcards.parse_claim(pattern)
    assert [text for text in good if not wildcards.matches(text)] == []
    assert [text for text in bad if wildcards.matches(text)] == []


def test_a_pattern_that_would_take_a_backtracking_matcher_for_ever() -> None:
    assert not Wildcards.parse_claim("*a" * 100 + "b").matches("a" * 2000)
    assert not Wildcards.parse_url("*-" * 20).matches("-" * 500 + "!")


def test_nothing_is_looked_at_behind_a_piece_that_does_not_fit() -> None:
    def look(_text: str, _places: frozenset[int]) -> frozenset[int]:
        raise AssertionError

    begin = Wildcards.parse_url("https://a").pieces
    assert not Wildcards("", (*begin, look)).matches("https://b")


def test_three_stars_mean_nothing() -> None:
    with pytest.raises(MalformedError):
        Wildcards.parse_claim("a***")


@pytest.mark.parametrize("parse", [Wildcards.parse_claim, Wildcards.parse_url])
def test_a_pattern_has_a_limit(parse: type[Wildcards]) -> None:
    parse("a" * MAX_PATTERN)
    with pytest.raises(LimitExceeded):
        parse("a" * (MAX_PATTERN + 1))


def test_patterns_are_equal_by_their_text() -> None:
    assert Wildcards.parse_claim("a*") == Wildcards.parse_claim("a*")
    assert Wildcards.parse_claim("a*") != Wildcards.parse_claim("a")
