"""Entries that public logs hold, as bundles of others recorded them."""

import json
from pathlib import Path
from typing import Any

import pytest

from cosignpy.core.encoding import JsonObject, decode_b64
from cosignpy.core.keys.public import PublicKey
from cosignpy.core.rekor.dsse import DsseV001
from cosignpy.core.rekor.entry_timestamp import EntryTimestamp, verify_entry_timestamp
from cosignpy.core.rekor.hashedrekord import HashedRekordV001, HashedRekordV002
from cosignpy.core.rekor.intoto import IntotoV002
from cosignpy.core.rekor.log_entry import (
    LogEntry,
    parse_v1_entries,
    parse_v2_entry,
    read_v2_entry,
)
from cosignpy.errors import MalformedError, SignatureMismatch
from cosignpy.values import replace
from tests.support import vectors
from tests.support.log_answers import write_v1_entry, write_v2_entry

pytestmark = vectors.NEEDED

KINDS = {
    ("hashedrekord", "0.0.1"): HashedRekordV001,
    ("hashedrekord", "0.0.2"): HashedRekordV002,
    ("dsse", "0.0.1"): DsseV001,
    ("intoto", "0.0.2"): IntotoV002,
}
REFUSED = {
    # What their name says is wrong with them stands in the entry itself.
    "java-rekor2-body-sha1_fail",
    "java-rekor2-version-3_fail",
    "bundle-negative-log-index_fail",
    # Their signatures or promises are not base64.
    "slsa-gha-invalid-dsse-sig_fail",
    "slsa-gha-invalid-set_fail",
}


def recorded(folder: Path) -> list[JsonObject]:
    bundle: dict[str, Any] = json.loads((folder / "bundle.sigstore.json").read_bytes())
    entries = (bundle.get("verificationMaterial") or {}).get("tlogEntries", [])
    return [JsonObject(entry, "log entry") for entry in entries]


FOLDERS = [
    file.parent
    for pattern in ("sigstore-conformance/*/bundle.sigstore.json", "extra-bundles/*/bundle.sigstore.json")
    for file in vectors.files(pattern)
]
GOOD = [pytest.param(folder, id=folder.name) for folder in FOLDERS if folder.name not in REFUSED]


def round_trip(entry: LogEntry) -> None:
    assert KINDS[entry.kind, entry.version].parse(entry.body).encode() == entry.body
    assert parse_v2_entry(write_v2_entry(entry)) == entry


@pytest.mark.parametrize("folder", GOOD)
def test_a_recorded_entry_is_encoded_to_the_bytes_it_was_parsed_from(folder: Path) -> None:
    for found in recorded(folder):
        round_trip(read_v2_entry(found))


@pytest.mark.parametrize("name", sorted(REFUSED))
def test_a_broken_entry_is_refused(name: str) -> None:
    folder = next(folder for folder in FOLDERS if folder.name == name)
    with pytest.raises((MalformedError, KeyError)):
        round_trip(read_v2_entry(recorded(folder)[0]))


def logs() -> dict[bytes, PublicKey]:
    found = {}
    for name in ("production", "staging"):
        trusted = json.loads(vectors.path(f"trusted_roots/{name}_trusted_root.json").read_bytes())
        for log in trusted["tlogs"]:
            key = PublicKey.parse_der(decode_b64(log["publicKey"]["rawBytes"], what="key"))
            found[decode_b64(log["logId"]["keyId"], what="id")] = key
    return found


def promised() -> list[tuple[str, LogEntry]]:
    entries = [
        (folder.name, read_v2_entry(found))
        for folder in FOLDERS
        if folder.name not in REFUSED
        for found in recorded(folder)
    ]
    return [(name, entry) for name, entry in entries if entry.entry_timestamp and entry.log_id in logs()]


def stated(entry: LogEntry) -> EntryTimestamp:
    return EntryTimestamp(entry.body, entry.integrated_time, entry.log_id, entry.log_index)


FORGED = {
    "set-invalid-signature_fail",
    "java-with-timestamp-bad-set_fail",
    # Somebody wrote another signature or key into the entry and kept the promise.
    "bundle-invalid-base64-signature_fail",
    "incorrect-public-key_fail",
}
PROMISED = [pytest.param(entry, id=name) for name, entry in promised()] if vectors.available() else []


@pytest.mark.parametrize("entry", [case for case in PROMISED if case.id not in FORGED])
def test_a_recorded_promise_verifies_with_the_key_of_its_log(entry: LogEntry) -> None:
    verify_entry_timestamp(stated(entry), entry.entry_timestamp, logs()[entry.log_id])


@pytest.mark.parametrize("entry", [case for case in PROMISED if case.id in FORGED])
def test_a_forged_promise_is_refused(entry: LogEntry) -> None:
    with pytest.raises(SignatureMismatch):
        verify_entry_timestamp(stated(entry), entry.entry_timestamp, logs()[entry.log_id])


@pytest.mark.parametrize("entry", PROMISED)
def test_a_recorded_promise_is_of_its_time_alone(entry: LogEntry) -> None:
    late = replace(stated(entry), integrated_time=entry.integrated_time + 1)
    with pytest.raises(SignatureMismatch):
        verify_entry_timestamp(late, entry.entry_timestamp, logs()[entry.log_id])


@pytest.mark.parametrize("name", ["entry.json", "entry-no-inclusion-proof.json", "jar-entry.json"])
def test_an_answer_of_rekor_v1_says_the_same_after_a_round_trip(name: str) -> None:
    raw = vectors.path(f"sigstore-java/rekor-response/valid/{name}").read_bytes()
    entries = parse_v1_entries(raw)
    [(entry_id, entry)] = entries.items()
    assert json.loads(write_v1_entry(entry_id, entry)) == json.loads(raw)


def test_an_answer_of_rekor_v2_says_the_same_after_a_round_trip() -> None:
    raw = vectors.path("sigstore-java/rekor-response/valid/entry-v2.json").read_bytes()
    written = json.loads(write_v2_entry(parse_v2_entry(raw)))
    assert written == json.loads(raw) | {"integratedTime": "0", "inclusionPromise": None}
