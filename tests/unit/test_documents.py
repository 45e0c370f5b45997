"""Anchors and aliases, where a format needs them: as far as a document does not grow by them."""

from pathlib import Path

import pytest

from cosignpy.documents import (
    MAX_DEPTH,
    MAX_NODES,
    Anchors,
    DocumentError,
    Items,
    Members,
    Node,
    Word,
    load_document,
    parse_document,
)
from cosignpy.errors import FileError


def parsed(text: str) -> dict[str, Node]:
    found = parse_document(text.encode(), "f", Anchors.EXPANDED)
    assert isinstance(found, Members)
    return found.members


def refused(text: str) -> DocumentError:
    with pytest.raises(DocumentError) as caught:
        parsed(text)
    return caught.value


def test_an_alias_is_what_its_anchor_is_at() -> None:
    found = parsed("a: &one {x: &two y}\nb: *one\nc: [*two]\n*two : z\n")
    assert isinstance(found["b"], Members)
    assert isinstance(found["c"], Items)
    assert found["b"].members.keys() == {"x"}
    assert [item.text for item in found["c"].items if isinstance(item, Word)] == ["y"]
    assert "y" in found


def test_errors_name_the_line_of_a_key_that_is_an_alias() -> None:
    error = refused("a: &k key\nkey: 1\n*k : 2\n")
    assert (error.line, error.key) == (3, "key")


def test_a_quoted_word_stays_one() -> None:
    assert parsed('a: &x "null"\nb: *x\n')["b"] == Word("null", parsed('a: 1\nb: "null"\n')["b"].place, plain=False)


def test_a_graph_without_end_is_too_deep() -> None:
    error = refused("a: &a\n  - *a\n")
    assert str(MAX_DEPTH) in error.problem


def test_aliases_of_aliases_are_counted_each_time() -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 8)]
    error = refused("\n".join(lines))
    assert error.hint is not None
    assert str(MAX_NODES) in error.hint


def test_as_many_words_are_allowed_where_nothing_repeats_them() -> None:
    text = "a:\n" + "- x\n" * (MAX_NODES + 1)
    parse_document(text.encode(), "f")
    with pytest.raises(DocumentError):
        parse_document(text.encode(), "f", Anchors.EXPANDED)


@pytest.mark.parametrize("text", ["a: *b", "a: &b 1\nc: &b 2", "a: !!str 1"])
def test_what_has_no_meaning_is_refused(text: str) -> None:
    refused(text)


@pytest.mark.parametrize("text", ["a: &b 1", "a: *b"])
def test_nothing_of_it_is_allowed_unless_asked_for(text: str) -> None:
    with pytest.raises(DocumentError):
        parse_document(text.encode(), "f")


def test_a_file_is_read_with_them(tmp_path: Path) -> None:
    path = tmp_path / "f.yaml"
    path.write_text("a: &b 1\nc: *b\n")
    found = load_document(path, Anchors.EXPANDED)
    assert isinstance(found, Members)
    with pytest.raises(FileError):
        load_document(tmp_path / "none", Anchors.EXPANDED)
