"""What the listener makes of requests; that it listens is for tests with sockets."""

import pytest

from cosignpy.errors import UsageError
from cosignpy.services.oidc.landing import FOREIGN, STRAY, Page, failed, signed_in
from cosignpy.services.oidc.loopback import is_state, parse_answer
from cosignpy.services.oidc.redirect import DEFAULT_REDIRECT, Redirect


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (DEFAULT_REDIRECT, Redirect("localhost", 0, "/auth/callback")),
        ("http://127.0.0.1:8080", Redirect("127.0.0.1", 8080, "/")),
        ("http://[::1]/x", Redirect("[::1]", 80, "/x")),
    ],
)
def test_addresses_on_this_machine_are_taken(text: str, expected: Redirect) -> None:
    assert Redirect.parse(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "",
        "https://localhost:1/",
        "http://localhost.example:1/",
        "http://192.168.0.1:1/",
        "http://0.0.0.0:1/",
        "http://user@localhost:1/",
        "http://localhost:65536/",
        "http://localhost:1/?a=b",
        "http://localhost:1/#a",
        "http://localhost:1/a b",
        "urn:ietf:wg:oauth:2.0:oob",
    ],
)
def test_other_addresses_are_refused(text: str) -> None:
    with pytest.raises(UsageError):
        Redirect.parse(text)


def test_localhost_is_listened_for_wherever_a_resolver_may_lead() -> None:
    addresses = [Redirect.parse(f"http://{host}:1/").addresses for host in ("localhost", "127.0.0.1", "[::1]")]
    assert addresses == [("127.0.0.1", "::1"), ("127.0.0.1",), ("::1",)]
    assert Redirect.parse(DEFAULT_REDIRECT).at(7) == "http://localhost:7/auth/callback"


def test_an_answer_is_parsed_whole_or_not_at_all() -> None:
    assert parse_answer("code=a&state=b&empty=") == {"code": "a", "state": "b", "empty": ""}
    assert parse_answer("code=a&code=b") is None
    assert parse_answer("&".join(f"n{number}=x" for number in range(21))) is None


@pytest.mark.parametrize("fields", [{}, {"state": ""}, {"state": "right "}, {"state": "\udc80"}, {"state": "é"}])
def test_only_the_state_itself_is_the_state(fields: dict[str, str]) -> None:
    assert is_state({"state": "right"}, "right")
    assert not is_state(fields, "right")


@pytest.mark.parametrize("page", [signed_in("<b>@example.com"), failed("<script> failed"), STRAY, FOREIGN])
def test_a_page_is_escaped_and_says_what_to_do_next(page: Page) -> None:
    text = page.encode().decode()
    assert "<script>" not in text
    assert "<b>" not in text
    assert page.title in text
    assert '<p class="next">' in text
