import json
from collections.abc import Callable
from typing import Any

import pytest

from cosignpy.core.merkle.proofs import InclusionProof
from cosignpy.core.rekor.log_entry import (
    MAX_ENTRIES,
    LogEntry,
    LoggedProof,
    parse_v1_entries,
    parse_v1_search,
    parse_v2_entry,
)
from cosignpy.errors import LimitExceeded, MalformedError
from cosignpy.values import replace
from tests.support.log_answers import write_v1_entry, write_v2_entry

ENTRY_ID = "0" * 15 + "7" + "ab" * 32
PROOF = LoggedProof(InclusionProof(2, 3, (b"\x01" * 32,)), b"\x02" * 32, "localhost\n3\nAA==\n\n— localhost AA==\n")
V1 = LogEntry(b"body", b"\x03" * 32, 12, PROOF, integrated_time=1_700_000_000, entry_timestamp=b"set")
V2 = LogEntry(b"body", b"\x03" * 32, 2, PROOF, kind="hashedrekord", version="0.0.2")

Mutation = Callable[[dict[str, Any]], object]


@pytest.mark.parametrize("entry", [V1, replace(V1, attestation=b"statement"), replace(V1, inclusion=None)])
def test_an_answer_of_v1_is_parsed_to_what_was_encoded(entry: LogEntry) -> None:
    assert parse_v1_entries(write_v1_entry(ENTRY_ID, entry)) == {ENTRY_ID: entry}


@pytest.mark.parametrize(
    "entry", [V2, replace(V2, inclusion=None), replace(V2, entry_timestamp=b"set", integrated_time=5)]
)
def test_an_answer_of_v2_is_parsed_to_what_was_encoded(entry: LogEntry) -> None:
    assert parse_v2_entry(write_v2_entry(entry)) == entry


def test_an_answer_of_v2_is_what_the_real_server_writes() -> None:
    assert write_v2_entry(V2).decode() == (
        '{"logIndex":"2","logId":{"keyId":"AwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwM="},'
        '"kindVersion":{"kind":"hashedrekord","version":"0.0.2"},"integratedTime":"0","inclusionPromise":null,'
        '"inclusionProof":{"logIndex":"2","rootHash":"AgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgI=","treeSize":"3",'
        '"hashes":["AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE="],'
        '"checkpoint":{"envelope":"localhost\\n3\\nAA==\\n\\n— localhost AA==\\n"}},"canonicalizedBody":"Ym9keQ=="}'
    )


def test_what_go_leaves_out_is_zero() -> None:
    members = json.loads(
        write_v2_entry(replace(V2, log_index=0, inclusion=LoggedProof(InclusionProof(0, 1, ()), bytes(32), "")))
    )
    for holder, name in (
        (members, "logIndex"),
        (members, "integratedTime"),
        (members, "inclusionPromise"),
        (members["inclusionProof"], "logIndex"),
        (members["inclusionProof"], "hashes"),
        (members["inclusionProof"], "checkpoint"),
    ):
        del holder[name]
    found = parse_v2_entry(json.dumps(members).encode())
    assert (found.log_index, found.integrated_time, found.entry_timestamp) == (0, 0, b"")
    assert found.inclusion == LoggedProof(InclusionProof(0, 1, ()), bytes(32), "")


def test_an_old_answer_of_v1_has_no_verification() -> None:
    members = json.loads(write_v1_entry(ENTRY_ID, replace(V1, inclusion=None)))
    del members[ENTRY_ID]["verification"]
    members[ENTRY_ID]["attestation"] = {}
    found = parse_v1_entries(json.dumps(members).encode())[ENTRY_ID]
    assert found == replace(V1, inclusion=None, entry_timestamp=b"")


def entry(members: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = members[ENTRY_ID]
    return found


def proof(members: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = members[ENTRY_ID]["verification"]["inclusionProof"]
    return found


BROKEN_V1: list[Mutation] = [
    lambda members: members.update({"ab": members.pop(ENTRY_ID)}),
    lambda members: members.update({ENTRY_ID.upper(): members.pop(ENTRY_ID)}),
    lambda members: members.update({f"{number:064x}": {} for number in range(11)}),
    lambda members: entry(members).update(more=1),
    lambda members: entry(members).update(logID="03" * 31),
    lambda members: entry(members).update(logIndex=-1),
    lambda members: entry(members).update(logIndex=2**63),
    lambda members: entry(members).update(logIndex="12"),
    lambda members: entry(members).update(integratedTime=True),
    lambda members: entry(members).update(body="?"),
    lambda members: entry(members)["verification"].update(more=1),
    lambda members: entry(members)["verification"].update(signedEntryTimestamp="?"),
    lambda members: proof(members).update(more=1),
    lambda members: proof(members).update(logIndex=3),
    lambda members: proof(members).update(treeSize=2),
    lambda members: proof(members).update(rootHash="02" * 33),
    lambda members: proof(members).update(hashes=["01" * 32] * 2),
    lambda members: proof(members).update(hashes=["AB" * 32]),
]


@pytest.mark.parametrize("mutate", BROKEN_V1)
def test_an_answer_of_v1_that_is_wrong_in_one_way_is_refused(mutate: Mutation) -> None:
    members = json.loads(write_v1_entry(ENTRY_ID, V1))
    mutate(members)
    with pytest.raises(MalformedError):
        parse_v1_entries(json.dumps(members).encode())


BROKEN_V2: list[Mutation] = [
    lambda members: members.update(more=1),
    lambda members: members["logId"].update(more=1),
    lambda members: members["kindVersion"].update(more=1),
    lambda members: members["kindVersion"].pop("kind"),
    lambda members: members.update(logIndex=2),
    lambda members: members.update(logIndex="-1"),
    lambda members: members.update(logIndex="02"),
    lambda members: members.update(logIndex=str(2**63)),
    lambda members: members.update(canonicalizedBody="?"),
    lambda members: members.update(inclusionPromise={"signedEntryTimestamp": "?"}),
    lambda members: members.update(inclusionPromise={"signedEntryTimestamp": "YQ==", "more": 1}),
    lambda members: members.update(inclusionPromise={"signedEntryTimestamp": ""}),
    lambda members: members.update(inclusionPromise={}),
    lambda members: members["inclusionProof"].update(more=1),
    lambda members: members["inclusionProof"].update(logIndex="3"),
    lambda members: members["inclusionProof"].update(rootHash="AA=="),
    lambda members: members["inclusionProof"].update(hashes=["AA=="]),
    lambda members: members["inclusionProof"].update(hashes=["?"]),
    lambda members: members["inclusionProof"]["checkpoint"].update(more=1),
]


@pytest.mark.parametrize("mutate", BROKEN_V2)
def test_an_answer_of_v2_that_is_wrong_in_one_way_is_refused(mutate: Mutation) -> None:
    members = json.loads(write_v2_entry(V2))
    mutate(members)
    with pytest.raises(MalformedError):
        parse_v2_entry(json.dumps(members).encode())


def test_more_hashes_than_any_tree_is_high_are_over_the_limit() -> None:
    members = json.loads(write_v2_entry(V2))
    members["inclusionProof"]["hashes"] *= 65
    with pytest.raises(LimitExceeded):
        parse_v2_entry(json.dumps(members).encode())


def search_answer(*answers: bytes) -> bytes:
    return b"[%b]" % b",".join(answers)


def test_an_answer_to_a_search_is_a_list_of_answers() -> None:
    other = replace(V1, log_index=13)
    answers = (write_v1_entry(ENTRY_ID, V1), write_v1_entry("f" * 64, other))
    assert parse_v1_search(search_answer(*answers)) == {ENTRY_ID: V1, "f" * 64: other}
    assert parse_v1_search(b"[]") == {}


@pytest.mark.parametrize("raw", [b"", b"{}", b"5", b"[5]", search_answer(write_v1_entry("nonsense", V1))])
def test_an_answer_to_a_search_of_another_form_is_refused(raw: bytes) -> None:
    with pytest.raises(MalformedError):
        parse_v1_search(raw)


def test_an_answer_to_a_search_has_no_more_than_was_asked_for() -> None:
    answers = [write_v1_entry(f"{number:064x}", V1) for number in range(MAX_ENTRIES + 1)]
    assert len(parse_v1_search(search_answer(*answers[1:]))) == MAX_ENTRIES
    with pytest.raises(LimitExceeded):
        parse_v1_search(search_answer(*answers))
