"""URLs as `net/url` of Go 1.24 parses them: what is below was compared with it."""

import pytest

from cosignpy.errors import MalformedError
from cosignpy.imagepolicy.go_reader.go_url import parse_url


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("", ("", "")),
        ("*", ("", "")),
        ("https://a.example:1/b", ("https", "a.example:1")),
        ("HTTPS://A.example", ("https", "A.example")),
        ("https://u:p@a.example/", ("https", "a.example")),
        ("https://a.example?q=[ ]", ("https", "a.example")),
        ("http:", ("http", "")),
        ("mailto:a b", ("mailto", "")),
        ("//a.example", ("", "a.example")),
        ("///a", ("", "")),
        ("//a:b:1", ("", "a:b:1")),
        ("//a:", ("", "a:")),
        ("//[::1]:5000/a", ("", "[::1]:5000")),
        ("//]a", ("", "]a")),
        ("//a%C3%A4", ("", "a\u00e4")),
        ("//<a>", ("", "<a>")),
        ("/a/b:c", ("", "")),
        ("a/b:c", ("", "")),
        ("a#\tb:c", ("", "")),
        ("custom", ("", "")),
    ],
)
def test_urls(text: str, found: tuple[str, str]) -> None:
    assert parse_url(text) == found


@pytest.mark.parametrize(
    "text",
    [
        ":a", "1a:b", "a b:c", "a%zz", "/%zz", "#%", "/\x01", "http://a b/", "http://a:x/", "http://a%41/", "http://a\\b/",
        "http://[::1", "http://[::1]a", "http://a[", "http://u<@a/", "http://%@a/",
    ],
)  # fmt: skip
def test_what_is_no_url(text: str) -> None:
    with pytest.raises(MalformedError):
        parse_url(text)


@pytest.mark.parametrize("text", ["https://a.example", "/a", "a:b", "//a b", "*"])
def test_uris_of_requests(text: str) -> None:
    parse_url(text, of_request=True)


@pytest.mark.parametrize("text", ["", "custom", "a/b", "#a", "http://a b"])
def test_what_is_no_uri_of_a_request(text: str) -> None:
    with pytest.raises(MalformedError):
        parse_url(text, of_request=True)
