"""URIs: spelled as Go spells them, and refused where they are none."""

import pytest

from ca_server.identity.uris import MAX_URI, Uri
from cosignpy.errors import LimitExceeded, MalformedError


@pytest.mark.parametrize(
    ("text", "spelled"),
    [
        ("https://h", "https://h"),
        ("HTTPS://Ex.com/a", "https://Ex.com/a"),
        ("https://h/a b/\u00fc", "https://h/a%20b/%C3%BC"),
        ("https://h//x//y@z:1", "https://h//x//y@z:1"),
        ("https://h/a!b(c)", "https://h/a!b(c)"),
        ("https://h/a!b(c) d", "https://h/a%21b%28c%29%20d"),
        ("https://h/%41[1]", "https://h/%41[1]"),
        ("https://h/%41[1] ", "https://h/A%5B1%5D%20"),
        ("https://h?x=y/z", "https://h?x=y/z"),
        ("https://h/a?b?c#d/e", "https://h/a?b?c#d/e"),
        ("https://[::1]:80/x", "https://[::1]:80/x"),
        ("spiffe://td/a", "spiffe://td/a"),
        ("urn:a:b%20c", "urn:a:b%20c"),
        ("https://h/a\u0085b", "https://h/a%C2%85b"),
    ],
)
def test_a_uri_is_spelled_in_one_way(text: str, spelled: str) -> None:
    assert Uri.parse(text).text == spelled
    assert Uri.parse(spelled).text == spelled


def test_its_parts() -> None:
    found = Uri.parse("HTTP://[::1]:80/x?y")
    assert (found.scheme, found.host, found.path, found.behind_path) == ("http", "::1", "/x", "?y")
    assert Uri.parse("urn:a").host == ""


@pytest.mark.parametrize(
    "text",
    [
        "",
        "foo",
        "//h/x",
        ":x",
        "1a:b",
        "https://",
        "https:///x",
        "https://a@h/",
        "https://h h/",
        "https://\u00fc/",
        "https://h%41/",
        "https://h:8x/",
        "https://h:123456/",
        "https://h/%zz",
        "https://h/%4",
        "https://h/a\tb",
        "https://h/\ud800",
        "https://h/../a",
        "https://h/a/%2e%2E",
        "https://h/.",
        "https://h/a%2Fb c",
        "https://h/?a b",
        "https://h/?\u00fc",
        "https://h/?%",
        "https://h/#a#b",
        "https://h/a\n",
        "urn:a b",
        "urn:%",
        "urn:",
    ],
)
def test_what_is_no_uri_is_refused(text: str) -> None:
    with pytest.raises(MalformedError):
        Uri.parse(text)


@pytest.mark.parametrize(
    ("base", "parts", "joined"),
    [
        ("https://h", ["a"], "https://h/a"),
        ("https://h/", ["/a//b/", "c"], "https://h/a/b/c"),
        ("https://h/x/", ["a/"], "https://h/x/a/"),
        ("https://h/", [""], "https://h/"),
        ("https://h/", ["a?b#c d"], "https://h/a%3Fb%23c%20d"),
        ("https://h:1/%41", ["b"], "https://h:1/%41/b"),
    ],
)
def test_a_path_is_appended(base: str, parts: list[str], joined: str) -> None:
    assert Uri.parse(base).join(*parts) == joined


@pytest.mark.parametrize(
    ("base", "part"),
    [("https://h/?a", "b"), ("https://h#a", "b"), ("urn:a", "b"), ("https://h", "../a"), ("https://h", "%z")],
)
def test_what_cannot_be_appended_is_refused(base: str, part: str) -> None:
    with pytest.raises(MalformedError):
        Uri.parse(base).join(part)


def test_a_uri_has_a_limit_before_and_after_it_is_escaped() -> None:
    base = "https://h/"
    longest = base + "a" * (MAX_URI - len(base))
    assert Uri.parse(longest).text == longest
    for text in (f"{longest}a", base + "\u00fc" * 400):
        with pytest.raises(LimitExceeded):
            Uri.parse(text)
    with pytest.raises(LimitExceeded):
        Uri.parse(longest).join("b")
