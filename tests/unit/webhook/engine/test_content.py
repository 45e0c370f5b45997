"""Content that is kept by its digest."""

import pytest

from cosignpy.errors import NoSuchTag
from cosignpy.webhook.engine import content
from cosignpy.webhook.engine.content import Content


def test_content_is_fetched_once() -> None:
    known, fetched = Content(), list[str]()

    def fetch() -> bytes:
        fetched.append("x")
        return b"content"

    assert {known.get("a", fetch, len) for _ in range(3)} == {b"content"}
    assert known.get("b", fetch, len) == b"content"
    assert len(fetched) == 2


def test_an_error_is_not_kept() -> None:
    known = Content()

    def fail() -> bytes:
        raise NoSuchTag("a")

    with pytest.raises(NoSuchTag):
        known.get("a", fail, len)
    assert known.get("a", lambda: b"there now", len) == b"there now"


def test_large_content_is_not_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(content, "MAX_ONE", 1000)
    known = Content()
    assert [known.get("a", lambda each=each: each, len) for each in (b"x" * 900, b"y")] == [b"x" * 900, b"y"]  # type: ignore[misc]


def test_what_nobody_asked_for_the_longest_is_forgotten() -> None:
    known = Content(2000)
    for name in ("a", "b", "a", "c"):
        known.get(name, lambda: b"x" * 400, len)
    found = {name: known.get(name, lambda: b"new", len) for name in ("a", "c", "b")}
    assert found == {"a": b"x" * 400, "c": b"x" * 400, "b": b"new"}


def test_what_two_fetched_at_once_is_kept_once() -> None:
    known = Content(1500)

    def fetch() -> bytes:
        known.get("a", lambda: b"x" * 400, len)
        return b"x" * 400

    assert known.get("a", fetch, len) == b"x" * 400
    known.get("b", lambda: b"y", len)
    assert known.get("a", lambda: b"new", len) == b"x" * 400
