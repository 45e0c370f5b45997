"""Rekor bundles: what cosign keeps of a log entry in legacy signatures and old blob bundles."""

from collections.abc import Callable
from typing import Any

import pytest

from cosignpy.core.bundle.rekor_bundle import (
    MAX_REKOR_BUNDLE,
    encode_rekor_bundle,
    parse_rekor_bundle,
    read_rekor_bundle,
    rekor_bundle_members,
)
from cosignpy.core.encoding import JsonObject, encode_b64, encode_json, parse_json
from cosignpy.core.rekor.log_entry import LogEntry
from cosignpy.errors import LimitExceeded, MalformedError
from cosignpy.values import replace
from tests.support.virtual_sigstore import v1_bundle, v2_bundle

ENTRY: LogEntry = replace(v1_bundle().log_entries[0], inclusion=None)
ENCODED: bytes = encode_rekor_bundle(ENTRY)


def test_an_entry_is_read_back_without_its_proof() -> None:
    assert parse_rekor_bundle(encode_rekor_bundle(v1_bundle().log_entries[0])) == ENTRY
    assert (ENTRY.kind, ENTRY.version) == ("hashedrekord", "0.0.1")


def test_members_have_cosigns_order_and_types() -> None:
    assert encode_rekor_bundle(ENTRY) == (
        b'{"SignedEntryTimestamp":"%b","Payload":{"body":"%b","integratedTime":%d,"logIndex":%d,"logID":"%b"}}'
        % (
            encode_b64(ENTRY.entry_timestamp).encode(),
            encode_b64(ENTRY.body).encode(),
            ENTRY.integrated_time,
            ENTRY.log_index,
            ENTRY.log_id.hex().encode(),
        )
    )


def test_one_may_be_part_of_another_document() -> None:
    found = JsonObject.parse(encode_json({"rekorBundle": rekor_bundle_members(ENTRY)}), what="blob bundle")
    assert read_rekor_bundle(found.child("rekorBundle")) == ENTRY


def test_an_entry_without_promise_cannot_be_written() -> None:
    with pytest.raises(MalformedError):
        encode_rekor_bundle(v2_bundle().log_entries[0])


def _change(name: str, content: object) -> Callable[[Any], None]:
    return lambda members: members.__setitem__(name, content)


def _change_payload(name: str, content: object) -> Callable[[Any], None]:
    return lambda members: members["Payload"].__setitem__(name, content)


@pytest.mark.parametrize(
    "mutate",
    [
        pytest.param(_change("SignedEntryTimestamp", ""), id="empty promise"),
        pytest.param(_change("SignedEntryTimestamp", "YR=="), id="promise in another spelling of base64"),
        pytest.param(_change("SignedEntryTimestamp", None), id="no promise"),
        pytest.param(_change("Payload", []), id="payload of another type"),
        pytest.param(_change("inclusionProof", {}), id="unknown member"),
        pytest.param(_change_payload("treeSize", 1), id="unknown member of the payload"),
        pytest.param(_change_payload("logIndex", "7"), id="index as text"),
        pytest.param(_change_payload("logIndex", -1), id="negative index"),
        pytest.param(_change_payload("logIndex", 2**63), id="index of 64 bits"),
        pytest.param(_change_payload("integratedTime", 1.5), id="time with a fraction"),
        pytest.param(_change_payload("integratedTime", True), id="time that is a boolean"),
        pytest.param(_change_payload("logID", ENTRY.log_id.hex().upper()), id="log id in upper case"),
        pytest.param(_change_payload("logID", ENTRY.log_id.hex()[2:]), id="log id too short"),
        pytest.param(_change_payload("logID", encode_b64(ENTRY.log_id)), id="log id in base64"),
        pytest.param(_change_payload("body", {}), id="body that is not encoded"),
        pytest.param(_change_payload("body", encode_b64(b"{}")), id="body of no entry"),
    ],
)
def test_what_differs_in_one_member_is_refused(mutate: Callable[[Any], None]) -> None:
    members = parse_json(ENCODED, what="test")
    mutate(members)
    with pytest.raises(MalformedError):
        parse_rekor_bundle(encode_json(members))


def test_the_size_is_limited() -> None:
    padding = b" " * (MAX_REKOR_BUNDLE - len(ENCODED))
    assert parse_rekor_bundle(ENCODED + padding) == ENTRY
    with pytest.raises(LimitExceeded):
        parse_rekor_bundle(ENCODED + padding + b" ")
