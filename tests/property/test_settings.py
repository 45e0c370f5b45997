"""Settings files: whatever is in them, what leaves is settings or one error; what we write, we read."""

from collections.abc import Mapping
from typing import Annotated

from hypothesis import given
from hypothesis import strategies as st

from cosignpy.serving.quantities import Duration, Range, Size
from cosignpy.serving.settings import DocumentError, parse_settings
from cosignpy.serving.settings_text import show_settings
from cosignpy.values import value


@value
class Part:
    """One of several."""

    name: str
    size: Size = Size(1)


@value
class Settings:
    """A little of everything."""

    name: str = ""
    number: Annotated[int, Range(-(10**17), 10**17)] = 0
    share: float | None = None
    wait: Duration = Duration(1)
    parts: tuple[Part, ...] = ()
    weights: Mapping[str, bool] | None = None


UNICODE = st.text(st.characters(codec="utf-8", exclude_categories=["Cs", "Cc"]))
SETTINGS = st.builds(
    Settings,
    name=UNICODE,
    number=st.integers(-(10**17), 10**17),
    share=st.none() | st.integers(0, 10**6).map(lambda number: number / 1000),
    wait=st.integers(0, 10**9).map(lambda number: Duration(number / 1000)),
    parts=st.lists(st.builds(Part, name=UNICODE, size=st.integers(0, 10**8).map(Size))).map(tuple),
    weights=st.none() | st.dictionaries(UNICODE, st.booleans()),
)
YAML_LIKE = st.lists(
    st.sampled_from(
        [
            "name",
            "parts",
            "weights",
            ": ",
            ":",
            "\n",
            "  ",
            "- ",
            "[",
            "]",
            "{",
            "}",
            ",",
            "'",
            '"',
            "|",
            ">",
            "%YAML 9.9",
            "---",
            "...",
            "&a",
            "*a",
            "!",
            "!!map",
            "\\U00110000",
            "\\ud800",
            "?",
            "#",
            "<<",
            "\t",
            "null",
            "\0",
            "\ufeff",
        ]
    )
    | st.text(max_size=5)
).map("".join)


def line_of_mistake(raw: bytes) -> int:
    """Return 0 for what can be read; anything but a DocumentError leaves."""
    try:
        parse_settings(raw, Settings)
    except DocumentError as error:
        return error.line
    return 0


@given(SETTINGS)
def test_what_is_written_reads_back_as_the_same(settings: Settings) -> None:
    assert parse_settings(show_settings(settings).encode(), Settings) == settings


@given(YAML_LIKE)
def test_text_is_settings_or_one_error(text: str) -> None:
    raw = text.encode("utf-8", "surrogatepass")
    assert 0 <= line_of_mistake(raw) <= len(text.splitlines()) + 1


@given(st.binary())
def test_bytes_are_settings_or_one_error(raw: bytes) -> None:
    assert line_of_mistake(raw) >= 0
