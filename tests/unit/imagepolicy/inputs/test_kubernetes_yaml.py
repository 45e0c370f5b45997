"""YAML as kubectl reads it, with limits."""

from typing import Any

import pytest
import yaml

from cosignpy.documents import DocumentError
from cosignpy.imagepolicy.inputs import kubernetes_yaml
from cosignpy.imagepolicy.inputs.kubernetes_yaml import (
    MAX_DEPTH,
    MAX_DOCUMENTS,
    Text,
    read_documents,
    write_path,
)


@pytest.fixture(params=["libyaml", "python"], autouse=True)
def parser(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Read with either parser: which one there is depends on how PyYAML was built."""
    chosen = yaml.CSafeLoader if request.param == "libyaml" else yaml.SafeLoader
    monkeypatch.setattr(kubernetes_yaml, "_PARSER", chosen)


def data(text: str) -> list[Any]:
    return [document.data() for document in read_documents(text, "x.yaml")]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("", []),
        ("---\n---\n# nothing\n---\n~\n", []),
        ("a: 1", [{"a": "1"}]),
        ("a: 'x'\nb: [1, ~, null, '']\nc:\n", [{"a": "x", "b": ["1", None, None, ""], "c": None}]),
        ("a: 1\n---\nb: 2\n--- # more\nc: 3\n...\n", [{"a": "1"}, {"b": "2"}, {"c": "3"}]),
        ("a: 1\r\n---\r\nb: 2\r\n", [{"a": "1"}, {"b": "2"}]),
        ('{"a": [true, {"b": "c"}]}', [{"a": ["true", {"b": "c"}]}]),
        ("a: &x {b: 1}\nc: *x\n", [{"a": {"b": "1"}, "c": {"b": "1"}}]),
        ("a: &x 1\nb: &x 2\nc: *x\n", [{"a": "1", "b": "2", "c": "2"}]),
        ("a: &x {b: 1, c: 2}\nd:\n  <<: *x\n  b: 3\n", [{"a": {"b": "1", "c": "2"}, "d": {"b": "3", "c": "2"}}]),
        ("d:\n  <<: [{b: 1}, {b: 2, c: 3}]\n", [{"d": {"b": "1", "c": "3"}}]),
        ("d:\n  '<<': {b: 1}\n", [{"d": {"<<": {"b": "1"}}}]),
        ("a: !!str 1\nb: !!map {}\nc: !!seq []\n", [{"a": "1", "b": {}, "c": []}]),
        ("a: |\n  ---\n  x\nb: >-\n  y\n  z\n", [{"a": "---\nx\n", "b": "y z"}]),
    ],
)
def test_documents_are_read(text: str, found: list[Any]) -> None:
    assert data(text) == found


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("a: 1\nb: {{ .Values.image }}\n", 2),
        ("a: 1\n{{- if .x }}\nb: 2\n", 2),
        ("a: 1\na: 2\n", 2),
        ("a:\n  b: 1\n  c: 2\n  b: 3\n", 4),
        ("a: 1\n---\nb: 2\nb: 3", 4),
        ("a:\n\tb: 1\n", 2),
        ("a: *x\n", 1),
        ("a: &x 1\n---\nb: *x\n", 3),
        ("a: &x [*x]\n", 1),
        ("? [a]\n: b\n", 1),
        ("a: !!binary eA==\n", 1),
        ("a: 1\nb: !x y\n", 2),
        ("a: 1\n--- {b: 2}\n", 2),
        ("a: 1\n---b\n", 2),
        ("--- {b: 2}\n", 1),
        ('a: "\n---x\nb"\n', 2),
        ("a: 1\n---\rb: 2\n", 2),
        ("d:\n  <<: 1\n", 2),
        ("d:\n  b: 1\n  <<: {b: 2}\n", 3),
        ("d:\n  <<: {b: 1}\n  <<: {c: 2}\n", 3),
        ("a: \x07\n", 1),
        ("a: 1\rb: 2\n", 1),
        ("a: 1\n# x\x85b: 2\n", 2),
        ("a: 1\n\nb: x\u2028y\n", 3),
        ("a: 1\n\ufeffb: 2\n", 2),
        ("[" * (MAX_DEPTH + 1) + "]" * (MAX_DEPTH + 1), 1),
    ],
)
def test_what_kubectl_reads_differently_or_not_at_all_is_refused(text: str, line: int) -> None:
    with pytest.raises(DocumentError) as refused:
        read_documents(text, "x.yaml")
    assert (refused.value.file, refused.value.line) == ("x.yaml", line)


@pytest.mark.parametrize("escape", ["\\ud800", "\\U00110000", "\\xg0"])
def test_escapes_for_no_character_are_refused(escape: str) -> None:
    with pytest.raises(DocumentError):
        list(read_documents(f'a: "{escape}"', "x.yaml"))


def test_levels_and_documents_up_to_the_limit_are_read() -> None:
    assert len(data("[" * MAX_DEPTH + "]" * MAX_DEPTH)) == 1
    assert len(data("---\na: 1\n" * MAX_DOCUMENTS)) == MAX_DOCUMENTS


def test_one_document_more_is_refused() -> None:
    with pytest.raises(DocumentError) as refused:
        read_documents("---\na: 1\n" * (MAX_DOCUMENTS + 1), "x.yaml")
    assert refused.value.line == 2 * MAX_DOCUMENTS + 2


def test_aliases_that_expand_to_too_much_are_refused_before_they_do() -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 9)]
    with pytest.raises(DocumentError) as refused:
        read_documents("\n".join(lines), "x.yaml")
    assert refused.value.line == 6


def test_tabs_and_templates_are_explained() -> None:
    with pytest.raises(DocumentError) as tabs:
        read_documents("a:\n\tb: 1\n", "x.yaml")
    with pytest.raises(DocumentError) as template:
        read_documents("a: {{ x }}", "x.yaml")
    assert "tabs" in (tabs.value.hint or "")
    assert "helm template" in (template.value.hint or "")


def test_texts_know_where_they_stand_and_aliases_where_their_anchor_does() -> None:
    text = "é: 1\na: &x 'y'\nb: *x\nc: z\n"
    (document,) = read_documents(text, "x.yaml")
    found = [document.at((name,)) for name in ("a", "b", "c")]
    texts = [each for each in found if isinstance(each, Text)]
    assert [each.line for each in texts] == [2, 2, 4]
    assert texts[0].span == texts[1].span
    assert [text[slice(*each.span)].removeprefix("&x ") for each in texts] == ["'y'", "'y'", "z"]


def test_paths_are_written_as_people_know_them() -> None:
    assert write_path(("spec", "containers", 0, "image")) == "spec.containers[0].image"
    assert write_path((0, "a")) == "[0].a"
