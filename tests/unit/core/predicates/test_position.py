"""The line a value stands on."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cosignpy.core.predicates.position import Path, cut_value, find_line, name_field

TEXT = b"""

{
  "a": {"a": 1, "\\u00e4\\"}": [1, "]}",
    [true, {"b": null}]]},
  "c":
    -1.5e3
}
"""


@pytest.mark.parametrize(
    ("path", "line"),
    [
        ((), 3),
        (("a",), 4),
        (("a", "a"), 4),
        (("a", 'ä"}', 1), 4),
        (("a", 'ä"}', 2, 0), 5),
        (("a", 'ä"}', 2, 1, "b"), 5),
        (("c",), 7),
    ],
)
def test_a_value_is_found_on_its_line(path: Path, line: int) -> None:
    assert find_line(TEXT, path) == line


@pytest.mark.parametrize(
    ("path", "written"),
    [((), TEXT.strip()), (("a", "a"), b"1"), (("a", 'ä"}', 1), b'"]}"'), (("c",), b"-1.5e3")],
)
def test_a_value_is_cut_out_as_it_is_written(path: Path, written: bytes) -> None:
    assert cut_value(TEXT, path) == written


def test_a_field_is_named_as_people_write_it() -> None:
    assert name_field(["components", 3, "licenses", 0, "license"]) == "components[3].licenses[0].license"
    assert name_field([0, "a"]) == "[0].a"
    assert not name_field([])


def places(value: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[tuple[str | int, ...], Any]]:
    yield path, value
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for step, below in items:
        yield from places(below, (*path, step))


LEAVES = st.none() | st.booleans() | st.integers() | st.text()


@given(
    st.recursive(
        LEAVES, lambda below: st.lists(below, max_size=4) | st.dictionaries(st.text(), below, max_size=4), max_leaves=20
    ),
    st.booleans(),
)
def test_every_value_is_found_where_the_encoder_put_it(value: Any, ascii_only: bool) -> None:
    """With one value a line, the order of the encoder is the order of the lines."""
    raw = json.dumps(value, indent=0, ensure_ascii=ascii_only).encode()
    lines = [find_line(raw, path) for path, _ in places(value)]
    assert lines == sorted(lines)
    shown = raw.decode().split("\n")
    for line, (path, found) in zip(lines, places(value), strict=True):
        ends = json.dumps(found, ensure_ascii=ascii_only) if not isinstance(found, dict | list) else "[{"
        text = shown[line - 1].removesuffix(",")
        assert text.endswith(ends) if not isinstance(found, dict | list) else text[-1] in "[{]}", path
