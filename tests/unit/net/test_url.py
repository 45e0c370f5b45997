import pytest

from cosignpy.errors import LimitExceeded, MalformedError
from cosignpy.net.url import MAX_URL, Origin, Url


@pytest.mark.parametrize(
    ("text", "origin", "target"),
    [
        ("https://registry.example", Origin("https", "registry.example", 443), "/"),
        (
            "http://registry.example:5000/v2/?n=1&last=a%2Fb#x",
            Origin("http", "registry.example", 5000),
            "/v2/?n=1&last=a%2Fb",
        ),
        ("http://[::1]:5000/v2/", Origin("http", "::1", 5000), "/v2/"),
        ("http://[::1]/v2/", Origin("http", "::1", 80), "/v2/"),
        ("http://x:80/", Origin("http", "x", 80), "/"),
    ],
)
def test_a_url_is_taken_apart(text: str, origin: Origin, target: str) -> None:
    assert Url.parse(text) == Url(origin, target)


@pytest.mark.parametrize(
    "text",
    [
        "", "registry.example", "ftp://registry.example/", "https://", "https://user@registry.example/",
        "https://user:secret@registry.example/", "https://@registry.example/", "https://registry.example:0/",
        "https://registry.example:65536/", "https://registry.example:1_0/", "https://registry.example:/",
        "https://registry.example:x/", "https://registry.example/a b", "https://registry.example/\n",
        "https://registry.exämple/", "https://[::1/", "https://reg!stry/",
    ],
)  # fmt: skip
def test_what_is_no_url_is_refused(text: str) -> None:
    with pytest.raises(MalformedError) as caught:
        Url.parse(text)
    assert "secret" not in str(caught.value)


def test_an_address_without_its_scheme_is_named() -> None:
    """Somebody who gave five addresses has to know which one it is; one with a password is not shown."""
    with pytest.raises(MalformedError, match=r"URL 'registry\.example:5000'"):
        Url.parse("registry.example:5000")
    with pytest.raises(MalformedError) as caught:
        Url.parse("user:secret@registry.example")
    assert "secret" not in str(caught.value)


def test_a_long_url_is_refused() -> None:
    with pytest.raises(LimitExceeded):
        Url.parse("https://registry.example/" + "x" * MAX_URL)


@pytest.mark.parametrize(
    ("location", "joined"),
    [
        ("/v2/x", "http://a:1/v2/x"),
        ("x?y=1", "http://a:1/v2/x?y=1"),
        ("https://b/z", "https://b/z"),
        ("//b/z", "http://b/z"),
        ("../z", "http://a:1/z"),
    ],
)
def test_a_location_is_resolved(location: str, joined: str) -> None:
    assert str(Url.parse("http://a:1/v2/").join(location)) == joined


@pytest.mark.parametrize("location", ["", "/a b", "http://[::1/", "gopher://x/", "/\r\nX: y"])
def test_a_location_that_is_none_is_refused(location: str) -> None:
    with pytest.raises(MalformedError):
        Url.parse("http://a:1/v2/").join(location)


@pytest.mark.parametrize(
    ("url", "authority"),
    [("https://a/", "a"), ("https://a:80/", "a:80"), ("http://[::1]/", "[::1]"), ("http://[::1]:1/", "[::1]:1")],
)
def test_the_host_header_leaves_out_default_ports(url: str, authority: str) -> None:
    assert Url.parse(url).origin.authority == authority


@pytest.mark.parametrize(
    ("host", "loopback"),
    [
        ("localhost", True), ("LOCALHOST", True), ("127.0.0.1", True), ("127.9.9.9", True), ("::1", True),
        ("127.0.0.1.example", False), ("localhost.example", False), ("10.0.0.1", False), ("::2", False),
    ],
)  # fmt: skip
def test_loopback_is_recognised_by_name(host: str, loopback: bool) -> None:
    assert Origin("http", host, 1).is_loopback is loopback
