"""Claims as text: what may stand in a certificate, and how numbers are written."""

import pytest

from ca_server.identity.claim_text import (
    MAX_TEXT,
    check_text,
    member_at,
    optional_text,
    required_text,
    write_scalar,
)
from ca_server.identity.claims import TokenRefused


@pytest.mark.parametrize("text", ["", "a", "\U0001f680 \u00fc\u200d", "a" * MAX_TEXT])
def test_text_that_may_stand_in_a_certificate(text: str) -> None:
    assert check_text("it", text) == text


@pytest.mark.parametrize(
    "text",
    ["a\x00", "\x1b[2J", "a\nb", "\x7f", "\x85", "a\u2028b", "\u202eabc", "\u2066", "\ud800", "a" * (MAX_TEXT + 1)],
)
def test_text_that_misleads_or_is_too_long_is_refused(text: str) -> None:
    with pytest.raises(TokenRefused) as caught:
        check_text("it", text)
    assert caught.value.why.startswith("it has ")
    assert text not in caught.value.why


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
