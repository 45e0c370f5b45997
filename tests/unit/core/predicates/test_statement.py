"""Statements around predicates whose octets stay as they are."""

import json

import pytest

from cosignpy.core.digest import Digest
from cosignpy.core.intoto import MAX_SUBJECTS, Statement
from cosignpy.core.predicates import MAX_PREDICATE, NamedArtifact, Predicate, build_statement, check_statement
from cosignpy.errors import InvalidPredicate, LimitExceeded, MalformedError, UsageError

APP = NamedArtifact("app.tar", Digest.of(b"app"))
OTHER = NamedArtifact("other.tar", Digest.of(b"other"))
URI = "https://example.com/review/v1"


@pytest.mark.parametrize(
    "predicate", [b"{}", b'{"n":12345678901234567890.10}', b' {"a" : [1 ,2]}\n', '{"ä":"ö"}'.encode()]
)
def test_a_predicate_stays_as_it_is(predicate: bytes) -> None:
    made = build_statement([APP, OTHER], URI, predicate)
    assert predicate.strip() in made
    statement = Statement.parse(made)
    assert [subject.name for subject in statement.subjects] == ["app.tar", "other.tar"]
    assert [subject.digests for subject in statement.subjects] == [(APP.digest,), (OTHER.digest,)]
    assert (statement.predicate_type, statement.predicate) == (URI, json.loads(predicate))


def test_a_predicate_is_parsed_once() -> None:
    known = Predicate.parse(b' {"n":1.10}\n')
    assert known.content == {"n": 1.1}
    assert build_statement([APP], URI, known) == build_statement([APP], URI, known.octets)


def test_a_text_goes_in_as_one_string() -> None:
    text = 'SPDXVersion: SPDX-2.3\n"ä"\n'
    statement = Statement.parse(build_statement([APP], URI, Predicate.of_text(text)))
    assert statement.predicate == text
    assert [Predicate.of_text(text).is_text, Predicate.parse(b' {"a": 1}').is_text] == [True, False]


def test_a_large_predicate_may_be_forgotten() -> None:
    known = Predicate.parse(b'{"n":1.10}')
    assert known.forget().content is None
    assert build_statement([APP], URI, known.forget()) == build_statement([APP], URI, known)


@pytest.mark.parametrize(("predicate", "line"), [(b"{", 1), (b'{\n"a": 1,\n"b": }\n', 3), (b'{\n"a": 01}', 2)])
def test_errors_of_syntax_name_their_line(predicate: bytes, line: int) -> None:
    with pytest.raises(InvalidPredicate) as refused:
        Predicate.parse(predicate)
    assert (refused.value.line, refused.value.field) == (line, "")


@pytest.mark.parametrize("predicate", [b'{"a":1,"a":2}', b'{"a":NaN}', b'{"a":"\xff"}'])
def test_what_parsers_disagree_on_is_no_predicate(predicate: bytes) -> None:
    with pytest.raises(InvalidPredicate) as refused:
        Predicate.parse(predicate)
    assert refused.value.line == 1


def test_a_predicate_that_nests_too_deep_is_refused() -> None:
    with pytest.raises(LimitExceeded):
        Predicate.parse(b'{"a":' * 65 + b"1" + b"}" * 65)


@pytest.mark.parametrize("predicate", [b"", b"[]", b"{", b'{"a":1,"a":2}', b"{}{}", b'{}, "subject": []'])
def test_what_is_not_one_object_is_no_predicate(predicate: bytes) -> None:
    with pytest.raises(MalformedError):
        build_statement([APP], URI, predicate)


def test_predicates_and_statements_have_a_limit() -> None:
    largest = b'{"a":"' + b"x" * (MAX_PREDICATE - 8) + b'"}'
    assert build_statement([APP], URI, largest)
    for make in (lambda raw: build_statement([APP], URI, raw), lambda raw: check_statement(raw, [])):
        with pytest.raises(LimitExceeded):
            make(largest + b" ")


def test_a_statement_is_about_as_many_as_verifiers_read() -> None:
    assert build_statement([APP] * MAX_SUBJECTS, URI, b"{}")
    with pytest.raises(LimitExceeded, match="about 1025 artifacts"):
        build_statement([APP] * (MAX_SUBJECTS + 1), URI, b"{}")


def test_a_whole_statement_is_about_what_is_named() -> None:
    whole = build_statement([APP], URI, b"{}")
    assert check_statement(whole, []) == check_statement(whole, [APP]) == whole
    with pytest.raises(UsageError, match=r"not about other\.tar"):
        check_statement(whole, [APP, OTHER])
    with pytest.raises(MalformedError):
        check_statement(b"{}", [])
