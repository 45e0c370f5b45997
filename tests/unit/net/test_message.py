import pytest

from cosignpy.errors import MalformedError
from cosignpy.net.message import Body, BodyFactory, Headers, OneShotBody, Request
from cosignpy.net.url import Url

URL = Url.parse("https://registry.example/")


def test_headers_are_found_in_any_case_and_keep_their_order() -> None:
    headers = Headers([("Link", "a"), ("Other", "x"), ("LINK", "b")])
    assert (headers.get("link"), list(headers.get_all("Link"))) == ("a", ["a", "b"])
    assert "oTHER" in headers
    assert headers.get("absent") is None
    assert list(headers)[1] == ("Other", "x")


@pytest.mark.parametrize(
    ("method", "headers"),
    [
        ("GE T", {}), ("", {}), ("GET\r\n", {}), ("GET", {"X": "a\r\nY: b"}), ("GET", {"X\r\n": "a"}),
        ("GET", {"X": "ä"}), ("GET", {"X": " a"}), ("GET", {"": "a"}),
    ],
)  # fmt: skip
def test_what_would_break_the_framing_is_refused(method: str, headers: dict[str, str]) -> None:
    with pytest.raises(MalformedError):
        Request(method, URL, headers)


def test_a_header_may_be_empty() -> None:
    assert Request("GET", URL, {"X": ""}).headers == {"X": ""}


@pytest.mark.parametrize(
    ("method", "body", "length", "idempotent"),
    [
        ("GET", None, None, True),
        ("PUT", b"abc", 3, True),
        ("PUT", None, 0, True),
        ("POST", None, 0, False),
        ("PATCH", b"abc", 3, False),
        ("PUT", BodyFactory(4, lambda: [b"ab", b"cd"]), 4, True),
        ("PUT", OneShotBody(4, [b"ab", b"cd"]), 4, False),
    ],
)
def test_what_a_request_says_of_itself(method: str, body: object, length: int | None, idempotent: bool) -> None:
    request = Request(method, URL, body=body)
    assert (request.content_length, request.is_idempotent) == (length, idempotent)
    assert len(b"".join(request.chunks())) == (length or 0)


@pytest.mark.parametrize(("body", "idempotent"), [(b"abc", True), (OneShotBody(3, [b"abc"]), False)])
def test_a_post_may_be_declared_harmless_to_repeat(body: Body, idempotent: bool) -> None:
    assert Request("POST", URL, body=body, repeatable=True).is_idempotent is idempotent


def test_secrets_do_not_show_in_a_request() -> None:
    assert "secret" not in repr(Request("PUT", URL, {"Authorization": "Basic secret"}, b"secret"))
