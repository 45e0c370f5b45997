"""Claims as text: what may stand in a certificate, and how numbers are written."""

import re
import sys
import unicodedata
from contextlib import suppress

import pytest

from ca_server.identity.claim_text import (
    MAX_TEXT,
    check_name,
    check_text,
    member_at,
    optional_text,
    required_text,
    write_scalar,
)
from ca_server.identity.claims import TokenRefused


@pytest.mark.parametrize(
    "text",
    [
        "",
        "a",
        "a" * MAX_TEXT,
        "alice+tag@example.com",
        "https://example.com/a%20b?c=d#e",
        "\U0001f680 \u00fc",
        "\u2699\ufe0f build",
        "\U0001f469\U0001f3fd\u200d\U0001f4bb",
        "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645",
        "\u0915\u094d\u200d\u0937",
        "\u05d0\u05d1\u05d2",
    ],
)
def test_text_that_may_stand_in_a_certificate(text: str) -> None:
    assert check_text("it", text) == text


@pytest.mark.parametrize(
    "text",
    [
        *["a\x00", "\x1b[2J", "a\nb", "\x7f", "\x85", "a\u2028b", "\ud800", "a" * (MAX_TEXT + 1)],
        *["\u202eabc", "\u2066", "a\u200eb", "a\u200fb", "a\u061cb"],
        *["a\u200bb", "a\u2060b", "\ufeffab", "a\xadb", "a\u034fb", "a\u3164b", "a\u206ab", "a\U000e0041b"],
        *["a\u200cb", "a\u200db", "\u200da", "\u00fc\u200d\u200da"],
    ],
)
def test_text_that_misleads_or_is_too_long_is_refused(text: str) -> None:
    with pytest.raises(TokenRefused) as caught:
        check_text("it", text)
    assert caught.value.why.startswith("it has ")
    assert text not in caught.value.why


def test_a_text_has_no_format_character_of_unicode_that_is_not_seen() -> None:
    """What is in the category Cf and is seen: signs that stand under or around digits, and the joiners of above."""
    passed = set()
    for character in filter(lambda one: unicodedata.category(one) == "Cf", map(chr, range(sys.maxunicode + 1))):
        with suppress(TokenRefused):
            check_text("it", f"\u0645{character}")
            passed.add(unicodedata.name(character))
    marks = r"ARABIC .*|SYRIAC ABBREVIATION MARK|KAITHI NUMBER SIGN.*|EGYPTIAN HIEROGLYPH .*|ZERO WIDTH (?:NON-)?JOINER"
    assert passed
    assert not [name for name in passed if not re.fullmatch(marks, name)]


@pytest.mark.parametrize("text", ["alice", "\u0645\u06cc", "\u5c71\u7530", "\U0001f680"])
def test_text_that_may_be_a_name(text: str) -> None:
    assert check_name("it", text) == text


@pytest.mark.parametrize(
    "text", ["\u0645\u06cc\u200c\u062e", "\u00fc\u200d", "\u2699\ufe0f", "\u5c71\U000e0100", "a\u200bb", "a\x00"]
)
def test_a_name_with_a_part_that_nobody_sees_is_refused(text: str) -> None:
    with pytest.raises(TokenRefused):
        check_name("it", text)


@pytest.mark.parametrize("claims", [{}, {"a": None}, {"a": ""}])
def test_a_missing_claim(claims: dict[str, object]) -> None:
    assert optional_text(claims, "a") == ""
    with pytest.raises(TokenRefused):
        required_text(claims, "a")


@pytest.mark.parametrize("content", [1, 1.5, True, ["x"], {"x": "y"}])
def test_a_claim_of_another_type(content: object) -> None:
    with pytest.raises(TokenRefused):
        optional_text({"a": content}, "a")


def test_what_lies_in_nested_objects() -> None:
    claims = {"a": {"b": {"c": 1}}, "d": 2}
    assert member_at(claims, ("a", "b", "c")) == 1
    assert member_at(claims, ("a", "x", "c")) is None
    assert member_at(claims, ("d", "e")) is None


@pytest.mark.parametrize(
    ("content", "text"),
    [
        ("", ""),
        ("x", "x"),
        (True, "true"),
        (False, "false"),
        (7, "7"),
        (-3, "-3"),
        (9_007_199_254_740_993, "9007199254740993"),
        (1e6, "1000000"),
        (2.0, "2"),
        (0.1, "0.1"),
        (1.5e-7, "0.00000015"),
        (123_456.75, "123456.75"),
    ],
)
def test_a_claim_is_written(content: object, text: str) -> None:
    assert write_scalar(content) == text


@pytest.mark.parametrize("content", [None, [], {}, ["a"]])
def test_what_has_no_text(content: object) -> None:
    assert write_scalar(content) is None
