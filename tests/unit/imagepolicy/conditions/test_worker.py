"""The program that evaluates, asked without a process around it."""

import json
from io import BytesIO
from typing import Any

import pytest

from cosignpy.imagepolicy.conditions import worker
from cosignpy.imagepolicy.conditions.rego_functions import STAND_INS
from cosignpy.imagepolicy.conditions.rego_module import read_module
from cosignpy.imagepolicy.conditions.worker import MAX_ANSWER, Worker, read_frame, serve
from cosignpy.places import Place

LOAD: dict[str, Any] = {
    "number": 1, "query": "answer := data.p.x", "calls": {}, "evidence": False, "reads": [[]], "texts": False,
    "json": False, "finds": False,
}  # fmt: skip
PLACE = Place("policy.rego", 1)
LIMITS: dict[str, Any] = {"seconds": 5, "bytes": 1 << 29}


def make() -> Worker:
    return Worker(lambda *_: None)


def ask(answering: Worker, request: dict[str, Any], document: bytes = b"", evidence: bytes = b"") -> Any:
    return json.loads(answering.answer(request | LIMITS, document, evidence))


def loaded(language: str, text: str, **changes: object) -> Worker:
    answering = make()
    assert ask(answering, LOAD | {"language": language, "text": text} | changes) == {}
    return answering


@pytest.mark.parametrize(
    ("text", "document", "answer"),
    [
        ("x := input.a", b'{"a": "\\u00e4\\/\\n\\"\\\\"}', {"value": 'ä/\n"\\'}),
        ("x := input.a", b'{"a": [1, 1.5, null, true]}', {"value": [1, 1.5, None, True]}),
        ('x if input.a == "ä"', b'{"a": "\\u00e4"}', {"value": True}),
        ("x if input.a == 2", b'{"a": 1}', {}),
        ("x contains 1 if true", b"{}", {"value": [1]}),
        ("y := 1", b"{}", {}),
        ("x := f(1)\nf(y) := f(y + 1)", b"{}", {"error": worker._FAILED}),
        ("x := 1\nx := 2", b"{}", {"error": "it fails when it is evaluated, or takes too many steps", "line": 0}),
    ],
)
def test_rego_answers(text: str, document: bytes, answer: object) -> None:
    assert ask(loaded("rego", f"package p\n{text}"), {"number": 1}, document) == answer


def test_rego_is_asked_again_with_another_document() -> None:
    answering = loaded("rego", "package p\nx := input.a")
    assert [ask(answering, {"number": 1}, b'{"a": %d}' % each)["value"] for each in (1, 2)] == [1, 2]


def test_rego_sees_the_evidence_where_it_asks() -> None:
    answering = loaded("rego", "package p\nx := data.evidence.a", evidence=True)
    assert ask(answering, {"number": 1}, b"{}", b'{"a": 3}') == {"value": 3}
    assert ask(answering, {"number": 1}, b"{}") == {}


@pytest.mark.parametrize("spelled", [b'\\"', b"\\\\", b"\\n", b"\\u0001"])
def test_rego_does_not_look_into_texts_that_it_would_misread(spelled: bytes) -> None:
    """For regopy a new line is a backslash and an n: `not contains(text, "n")` would be wrong."""
    text = 'package p\nx if not contains(input.a.b, "z")'
    document = b'{"a": {"b": "%s"}, "c": "ok"}' % spelled
    answering = loaded("rego", text, reads=[["a", "b"]], texts=True)
    assert "a text that it reads has a quotation mark" in ask(answering, {"number": 1}, document)["error"]
    assert ask(answering, {"number": 1}, b'{"a": {"b": "ok"}, "c": "%s"}' % spelled) == {"value": True}
    compared = loaded("rego", 'package p\nx if input.a.b != "z"', reads=[["a", "b"]])
    assert ask(compared, {"number": 1}, document) == {"value": True}


def test_rego_reads_json_in_texts_that_have_no_spelling_of_their_own() -> None:
    """What cosign signs as `custom` is a text; a backslash in that would be undone once too often."""
    answering = loaded("rego", "package p\nx := json.unmarshal(input.a)", json=True)
    inner = {"reviewed": True, "by": ["älice", 2.5, None], "a/b": {}}
    document = json.dumps({"a": json.dumps(inner, indent=1, ensure_ascii=False) + "\n"}).encode()
    assert ask(answering, {"number": 1}, document) == {"value": inner}
    document = json.dumps({"a": json.dumps({"by": '"'})}).encode()
    assert "a text that it reads has a quotation mark" in ask(answering, {"number": 1}, document)["error"]


@pytest.mark.parametrize("sign", ['"', "\\", "\n", "\x01"])
def test_rego_finds_what_it_looks_for_where_others_stand_in(sign: str) -> None:
    text = read_module('package p\nx[y] { y := contains(input.a, "n") }\nx[y] { y := split(input.a, "o")[0] }', PLACE)
    assert text.finds_in_texts
    answering = loaded("rego", text.text, finds=True)
    answer = ask(answering, {"number": 1}, json.dumps({"a": f"f{sign}o", sign: 1}).encode())
    assert sorted(answer["value"], key=str) == [False, f"f{sign}"]
    answer = ask(answering, {"number": 1}, json.dumps({"a": "f\ue00ao"}).encode())
    assert "a character that is nobody's" in answer["error"]


def test_rego_does_not_look_into_evidence_that_it_would_misread() -> None:
    answering = loaded("rego", 'package p\nx if not contains(data.evidence.a, "z")', evidence=True, texts=True)
    assert "error" in ask(answering, {"number": 1}, b"{}", b'{"a": "\\n"}')
    assert ask(answering, {"number": 1}, b"{}", b'{"a": "n"}') == {"value": True}


@pytest.mark.parametrize(
    ("reads", "seen"),
    [
        ([[]], {"a": {"b": 1, "c": [2]}, "d": 3}),
        ([[], ["a", "b"]], {"a": {"b": 1, "c": [2]}, "d": 3}),
        ([["a", "b"]], {"a": {"b": 1}}),
        ([["a", "c", "e"], ["d"], ["z"]], {"a": {"c": [2]}, "d": 3}),
        ([["a", "b"], ["a"]], {"a": {"b": 1, "c": [2]}}),
        ([["a", "b"], ["a", "c"]], {"a": {"b": 1, "c": [2]}}),
    ],
)
def test_rego_is_given_what_it_reads(reads: list[list[str]], seen: object) -> None:
    answering = loaded("rego", "package p\nx := input", reads=reads)
    assert ask(answering, {"number": 1}, b'{"a": {"b": 1, "c": [2]}, "d": 3}') == {"value": seen}


@pytest.mark.parametrize(
    ("text", "calls", "answer"),
    [
        ("x if { input.a == = 1 }", {}, {"error": "Invalid boolean operator", "line": 2}),
        ("x if http.send({})", {"http.send": 2, "count": 9}, {"error": "there is no function http.send", "line": 2}),
        ("x if { count([1]) == 1 with 3 as 4 }", {"count": 2}, {"error": "it does not compile", "line": 0}),
    ],
)
def test_rego_that_does_not_compile(text: str, calls: dict[str, int], answer: object) -> None:
    assert ask(make(), LOAD | {"language": "rego", "text": f"package p\n{text}", "calls": calls}) == answer


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("statement.a == 1 && document.a == 1 && predicate.b && evidence.c == 2", {"value": True}),
        ("statement.a", {"value": 1}),
        ("statement.z == 1", {"error": "there is no 'z'"}),
        ("1 / 0 == 1", {"error": "division by zero in CEL expression", "line": 0}),
    ],
)
def test_cel_answers(text: str, answer: object) -> None:
    document = b'{"a": 1, "predicate": {"b": true}}'
    assert ask(loaded("cel", text), {"number": 1}, document, b'{"c": 2}') == answer


def test_cel_takes_documents_that_are_no_objects() -> None:
    assert ask(loaded("cel", "document == [1]"), {"number": 1}, b"[1]") == {"value": True}


def test_cel_says_the_line() -> None:
    found = ask(make(), LOAD | {"language": "cel", "text": "true &&\n= 1"})
    assert found["line"] == 2
    assert found["error"].startswith("Syntax error")


@pytest.mark.parametrize(
    ("document", "why"),
    [
        (b'{"a": NaN}', "NaN is no number"),
        (b'{"a": -Infinity}', "-Infinity is no number"),
        (b'{"a": 1e999}', "1e999 is too large"),
        (b'{"a": ' + b"9" * 5000 + b"}", "Exceeds the limit"),
        (b'{"a": 1, "a": 2}', "a member is given twice"),
        (b'{"a": 1', "Expecting"),
        (b"[" * 100_000, "nested too deeply"),
        (b"\xff", "codec"),
    ],
)
def test_documents_that_are_not_judged(document: bytes, why: str) -> None:
    assert why in ask(loaded("cel", "true"), {"number": 1}, document)["error"]


def test_an_answer_has_a_limit() -> None:
    answering = loaded("cel", "statement.a")
    found = ask(answering, {"number": 1}, json.dumps({"a": "x" * MAX_ANSWER}).encode())
    assert found == {"error": "it says too much"}


def test_an_answer_that_is_no_json_is_an_error() -> None:
    assert "error" in ask(loaded("cel", "timestamp('2024-01-01T00:00:00Z')"), {"number": 1}, b"{}")


@pytest.mark.parametrize("language", ["rego", "cel"])
def test_everything_is_loaded_beforehand(language: str) -> None:
    worker.prepare(language)


def frame(content: bytes) -> bytes:
    return len(content).to_bytes(8) + content


def test_it_serves_until_nobody_asks() -> None:
    asked = frame(json.dumps(LOAD | LIMITS | {"language": "cel", "text": "true"}).encode()) + frame(b"") * 2
    sink = BytesIO()
    serve(BytesIO(asked * 2), sink, make())
    assert sink.getvalue() == frame(b"{}") * 2


def test_it_ends_where_a_request_is_cut_off() -> None:
    sink = BytesIO()
    serve(BytesIO(frame(b"{}") + frame(b"")), sink, make())
    assert sink.getvalue() == b""
    assert read_frame(BytesIO(b"1234567")) is None


def test_both_programs_know_what_stands_in_for_what() -> None:
    assert worker._STAND_INS == STAND_INS
