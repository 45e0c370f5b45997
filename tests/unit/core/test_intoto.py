"""in-toto statements: built as cosign builds them, read strictly."""

import pytest

from cosignpy.core.digest import Digest
from cosignpy.core.encoding import JsonValue, encode_json
from cosignpy.core.intoto import (
    COSIGN_SIGN_V1,
    MAX_SUBJECTS,
    STATEMENT_V01,
    STATEMENT_V1,
    Statement,
    Subject,
    build_signature_statement,
)
from cosignpy.errors import LimitExceeded, MalformedError
from tests.support.cosign_example import HEX, IMAGE, STATEMENT

SHA512 = Digest.of(b"", "sha512")
MEMBERS: dict[str, JsonValue] = {
    "_type": STATEMENT_V1,
    "subject": [{"digest": {"sha256": HEX}}],
    "predicateType": COSIGN_SIGN_V1,
    "predicate": {},
}


def parse(change: dict[str, JsonValue]) -> Statement:
    return Statement.parse(encode_json(MEMBERS | change))


def test_the_statement_is_cosigns_byte_for_byte() -> None:
    assert build_signature_statement(IMAGE, {}) == STATEMENT
    assert len(STATEMENT) == 230


def test_a_statement_with_everything_is_read_back() -> None:
    built = build_signature_statement(SHA512, {"b": "2", "a": "ü"}, "registry.example/app")
    assert '"name":"registry.example/app"' in built.decode()
    subject = Subject((SHA512,), "registry.example/app", {"a": "ü", "b": "2"})
    assert Statement.parse(built) == Statement((subject,), COSIGN_SIGN_V1, {})
    assert built.index(b'"a"') < built.index(b'"b"')


def test_both_statement_versions_and_any_predicate_are_read() -> None:
    assert parse({"_type": STATEMENT_V01}).subjects == (Subject((IMAGE,)),)
    assert parse({"predicate": None}).predicate is None
    assert parse({"predicate": ["any"]}).predicate == ["any"]
    assert parse({"subject": []}).subjects == ()


def test_a_subject_may_have_several_digests_and_unknown_ones_do_not_count() -> None:
    digests = {"sha1": "00", "sha512": SHA512.hex, "sha256": HEX, "gitCommit": "abc"}
    assert parse({"subject": [{"digest": digests}]}).subjects[0].digests == (IMAGE, SHA512)
    assert parse({"subject": [{"digest": {"sha1": "00"}}, {}]}).subjects == (Subject(()), Subject(()))


@pytest.mark.parametrize(
    "change",
    [
        {"_type": None},
        {"_type": "https://in-toto.io/Statement/v2"},
        {"_type": STATEMENT_V1 + "/"},
        {"_type": 1},
        {"predicateType": None},
        {"predicateType": 1},
        {"subject": {}},
        {"subject": ["x"]},
        {"subject": [{"digest": HEX}]},
        {"subject": [{"digest": {"sha256": HEX.upper()}}]},
        {"subject": [{"digest": {"sha256": HEX[1:]}}]},
        {"subject": [{"digest": {"sha512": HEX}}]},
        {"subject": [{"digest": {"sha384": HEX}}]},
        {"subject": [{"digest": {"sha256": 1}}]},
        {"subject": [{"digest": {"sha256": HEX}, "annotations": {"a": True}}]},
        {"subject": [{"digest": {"sha256": HEX}, "name": ["x"]}]},
    ],
)
def test_a_statement_with_one_wrong_member_is_refused(change: dict[str, JsonValue]) -> None:
    with pytest.raises(MalformedError):
        parse(change)


def test_subjects_are_limited() -> None:
    subject = {"digest": {"sha256": HEX}}
    assert len(parse({"subject": [subject] * MAX_SUBJECTS}).subjects) == MAX_SUBJECTS
    with pytest.raises(LimitExceeded):
        parse({"subject": [subject] * (MAX_SUBJECTS + 1)})
