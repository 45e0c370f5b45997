import json

import pytest

from cosignpy.core.encoding import encode_b64, encode_canonical_json
from cosignpy.core.rekor.entry_timestamp import EntryTimestamp, issue_entry_timestamp, verify_entry_timestamp
from cosignpy.errors import MalformedError, SignatureMismatch
from cosignpy.values import replace
from tests.support.rekor_proposals import second_signer, signer

STATED = EntryTimestamp(b"body", 1_700_000_000, b"\x01" * 32, 12)


def test_what_is_signed_is_canonical_json() -> None:
    members = {"body": encode_b64(b"body"), "integratedTime": 1_700_000_000, "logID": "01" * 32, "logIndex": 12}
    assert STATED.encode() == encode_canonical_json(members)
    assert json.loads(STATED.encode()) == members


def test_a_promise_verifies_with_the_key_of_its_log() -> None:
    verify_entry_timestamp(STATED, issue_entry_timestamp(STATED, signer()), signer().public_key)


@pytest.mark.parametrize(
    "change", [{"body": b"bodz"}, {"integrated_time": 1}, {"log_id": b"\x02" * 32}, {"log_index": 13}], ids=str
)
def test_a_promise_of_something_else_is_refused(change: dict[str, object]) -> None:
    promise = issue_entry_timestamp(STATED, signer())
    with pytest.raises(SignatureMismatch):
        verify_entry_timestamp(replace(STATED, **change), promise, signer().public_key)


def test_a_promise_of_another_log_is_refused() -> None:
    with pytest.raises(SignatureMismatch):
        verify_entry_timestamp(STATED, issue_entry_timestamp(STATED, second_signer()), signer().public_key)


@pytest.mark.parametrize("member", ["integrated_time", "log_index"])
@pytest.mark.parametrize("number", [-1, 2**53])
def test_numbers_that_canonical_json_cannot_hold_are_refused(member: str, number: int) -> None:
    with pytest.raises(MalformedError):
        replace(STATED, **{member: number})
