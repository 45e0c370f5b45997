"""Predicate types by name, and statements around predicates whose octets stay as they are."""

import json

import pytest

from cosignpy.core.digest import Digest
from cosignpy.core.intoto import MAX_SUBJECTS, Statement
from cosignpy.core.predicates import (
    MAX_PREDICATE,
    PREDICATE_TYPES,
    NamedArtifact,
    build_statement,
    check_statement,
    select_predicate_type,
)
from cosignpy.errors import LimitExceeded, MalformedError, UsageError

APP = NamedArtifact("app.tar", Digest.of(b"app"))
OTHER = NamedArtifact("other.tar", Digest.of(b"other"))
URI = "https://example.com/review/v1"


@pytest.mark.parametrize("name", PREDICATE_TYPES)
def test_names_stand_for_uris(name: str) -> None:
    assert select_predicate_type(name) == PREDICATE_TYPES[name]


def test_uris_stand_for_themselves() -> None:
    assert select_predicate_type(URI) == URI


@pytest.mark.parametrize("name", ["nonsense", "", "https://example.com/a b", "https://example.com/\x00"])
def test_what_is_neither_is_refused(name: str) -> None:
    with pytest.raises(UsageError, match="is not a predicate type"):
        select_predicate_type(name)


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
