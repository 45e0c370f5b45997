"""How many values a JSON text may have, and who asks."""

import json

import pytest

from cosignpy.core.encoding import encode_b64
from cosignpy.errors import LimitExceeded, MalformedError
from log_server.rekor.json_limits import MAX_STATEMENT_VALUES, MAX_VALUES, parse_limited, refuse_many_values
from log_server.rekor.kinds.envelopes import build_statement_keys, parse_envelope
from tests.support.rekor_kinds import accept, load, replaced

IN_TOTO = "application/vnd.in-toto+json"


@pytest.mark.parametrize("more", [b",", b"[", b"{"])
def test_what_begins_or_parts_values_is_counted(more: bytes) -> None:
    refuse_many_values(b"[[],{}", most=4, what="test")
    with pytest.raises(LimitExceeded) as refused:
        refuse_many_values(b"[[],{}" + more, most=4, what="test")
    assert refused.value.what == "test"


def test_an_object_within_its_limit_is_parsed() -> None:
    assert parse_limited(b'{"a":[1,2]}', what="test", most=3).members == {"a": [1, 2]}
    with pytest.raises(LimitExceeded):
        parse_limited(b'{"a":[1,2]}', what="test", most=2)


def test_an_envelope_of_many_values_is_refused() -> None:
    good = {"payloadType": "a", "payload": "", "signatures": [{"sig": ""}]}
    assert parse_envelope(json.dumps(good | {"unknown": [0] * 9_000}))
    with pytest.raises(LimitExceeded):
        parse_envelope(json.dumps(good | {"unknown": [0] * 10_001}))


def test_a_statement_of_many_values_is_refused_rather_than_not_found() -> None:
    many = b"{" + b"," * MAX_STATEMENT_VALUES
    assert build_statement_keys(IN_TOTO, many[:-1]) == []
    assert build_statement_keys("text/plain", many) == []
    with pytest.raises(LimitExceeded):
        build_statement_keys(IN_TOTO, many)


def test_metadata_of_many_values_is_refused() -> None:
    many = encode_b64(b"[" * MAX_VALUES + b",")
    with pytest.raises(MalformedError) as refused:
        accept(replaced(load("tuf").proposed, "root.content", many))
    assert "values" in refused.value.why
