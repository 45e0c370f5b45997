"""Whatever a server, a file or a person writes: the parsers of the HTTP side refuse it in one way only."""

import contextlib

from hypothesis import example, given
from hypothesis import strategies as st

from cosignpy.errors import MalformedError, UsageError
from cosignpy.net.proxy import Proxies
from cosignpy.net.redaction import redact_text, redact_url
from cosignpy.net.url import Url
from cosignpy.registry.auth import parse_challenges
from cosignpy.registry.credential_files import EntryKey

CHALLENGES = st.text(alphabet='aB=",\\ \t68/:{', max_size=60)
URLS = st.text(alphabet="ahtps:/@[]?#%.0189 x-", max_size=40)
TOKENS = st.text(alphabet="abcXYZ019-._~", min_size=1, max_size=20)
VALUES = st.text(alphabet=st.characters(min_codepoint=0x20, max_codepoint=0x7E), max_size=20)


@given(CHALLENGES | st.text(max_size=60))
def test_challenges_are_read_or_refused(text: str) -> None:
    with contextlib.suppress(MalformedError):
        parse_challenges([text])


@given(st.dictionaries(TOKENS.map(str.lower), VALUES, min_size=1, max_size=4))
def test_a_challenge_that_was_written_properly_is_read_back(parameters: dict[str, str]) -> None:
    quoted = [name + '="' + value.replace("\\", "\\\\").replace('"', '\\"') + '"' for name, value in parameters.items()]
    (found,) = parse_challenges([f"Bearer {', '.join(quoted)}"])
    assert found.parameters == parameters


@given(URLS | st.text(max_size=40))
@example("http://[::1%25x]/")
def test_urls_are_read_or_refused_and_read_the_same_again(text: str) -> None:
    with contextlib.suppress(MalformedError):
        url = Url.parse(text)
        assert Url.parse(str(url)) == url


@given(URLS | st.text(max_size=40))
def test_locations_are_resolved_or_refused(text: str) -> None:
    with contextlib.suppress(MalformedError):
        Url.parse("https://registry.example/v2/").join(text)


@given(URLS, st.text(alphabet="0123456789abcdef.:/*,[] ", max_size=30))
def test_proxies_are_read_or_refused(text: str, exempt: str) -> None:
    with contextlib.suppress(UsageError):
        proxies = Proxies.from_environment({"http_proxy": text, "no_proxy": exempt})
        proxies.select(Url.parse("http://registry.example/").origin)
        proxies.select(Url.parse("http://10.0.0.1/").origin)


@given(URLS | st.text(max_size=40))
def test_keys_of_entries_are_read_or_passed_over(text: str) -> None:
    key = EntryKey.parse(text)
    assert key is None or key.covers(key.registry, key.path)


@given(st.text(max_size=400))
def test_what_is_shown_is_one_short_line(text: str) -> None:
    shown = redact_text(text)
    assert len(shown) <= 300
    assert shown.isprintable()


@given(TOKENS, TOKENS)
def test_neither_passwords_nor_signatures_are_shown(password: str, signature: str) -> None:
    url = redact_url(f"https://user:pw{password}wp@host/path?X-Signature=sg{signature}gs")
    assert f"pw{password}wp" not in url
    assert f"sg{signature}gs" not in url
