"""Log entries as logs answer them.

Rekor v1 has its `LogEntry` (rekor, openapi.yaml); Rekor v2 and bundles have the `TransparencyLogEntry` of
protobuf-specs (sigstore_rekor.proto) in its JSON mapping.

Go leaves members out of JSON whose value is zero or empty, so an index of 0 and an empty list of hashes may be
missing. Only logs write these forms, each its own (`log_server.rekor`).
"""

import re
from collections.abc import Mapping
from typing import Final

from cosignpy.core.encoding import MAX_INTEGER, JsonObject, parse_json
from cosignpy.core.merkle.proofs import InclusionProof
from cosignpy.values import field, value

MAX_HASHES: Final = 64
"""A tree of 2**63 entries is 63 levels high."""

MAX_ENTRIES: Final = 10
"""Rekor v1 answers a search with no more (`/api/v1/log/entries/retrieve`)."""

_INT64: Final = re.compile(r"0|[1-9][0-9]{0,18}")
_ENTRY_ID: Final = re.compile(r"(?:[0-9a-f]{16})?[0-9a-f]{64}")
"""The leaf hash, and the id of the tree before it where the log has shards."""
_HASH_SIZE: Final = 32
_WHAT: Final = "log entry"


@value
class LoggedProof:
    """An inclusion proof as it was answered: the tree it leads into, and the checkpoint that vouches for that."""

    proof: InclusionProof
    root_hash: bytes
    checkpoint: str


@value
class LogEntry:
    """One entry of a log. `log_index` is global in Rekor v1, while the one in `inclusion` is of the shard.

    Rekor v2 makes no promises: `integrated_time` is 0 and `entry_timestamp` empty. `kind` and `version` stand in
    the JSON of v2 only; in v1 the body alone says them. Attestations are v1's.
    """

    body: bytes = field(repr=False)
    log_id: bytes
    log_index: int
    inclusion: LoggedProof | None = None
    integrated_time: int = 0
    entry_timestamp: bytes = b""
    kind: str = ""
    version: str = ""
    attestation: bytes | None = field(default=None, repr=False)


def parse_v1_entries(raw: bytes) -> Mapping[str, LogEntry]:
    """Parse an answer of Rekor v1: entries by their ids.

    Raises:
        MalformedError: Not strict JSON, not log entries, or an id that is none.
    """
    return _read_v1_entries(JsonObject.parse(raw, what=_WHAT))


def parse_v1_search(raw: bytes) -> Mapping[str, LogEntry]:
    """Parse what Rekor v1 answers to a search: a list of such answers.

    Raises:
        MalformedError: Not strict JSON, not a list of log entries, or an id that is none.
        LimitExceeded: More than a search is answered with.
    """
    answer = JsonObject({"answer": parse_json(raw, what=_WHAT)}, _WHAT)
    found: dict[str, LogEntry] = {}
    for item in answer.children("answer", most=MAX_ENTRIES):
        found |= _read_v1_entries(item)
    return found


def _read_v1_entries(found: JsonObject) -> Mapping[str, LogEntry]:
    if len(found.members) > MAX_ENTRIES:
        raise found.malformed("", f"{len(found.members)} entries, at most {MAX_ENTRIES} are answered")
    for entry_id in found.members:
        if not _ENTRY_ID.fullmatch(entry_id):
            raise found.malformed(entry_id, "not the id of an entry")
    return {entry_id: _parse_v1_entry(found.child(entry_id)) for entry_id in found.members}


def _parse_v1_entry(found: JsonObject) -> LogEntry:
    found.refuse_unknown("attestation", "body", "integratedTime", "logID", "logIndex", "verification")
    verification = found.optional_child("verification") or JsonObject({}, found.what)
    verification.refuse_unknown("inclusionProof", "signedEntryTimestamp")
    proof = verification.optional_child("inclusionProof")
    attestation = found.optional_child("attestation")
    return LogEntry(
        body=found.b64("body"),
        log_id=_parse_hash(found, found.text("logID"), "logID"),
        log_index=found.integer("logIndex"),
        inclusion=_parse_v1_proof(proof) if proof else None,
        integrated_time=found.integer("integratedTime"),
        entry_timestamp=_optional_b64(verification, "signedEntryTimestamp"),
        attestation=attestation.b64("data") if attestation and "data" in attestation else None,
    )


def _parse_v1_proof(found: JsonObject) -> LoggedProof:
    found.refuse_unknown("checkpoint", "hashes", "logIndex", "rootHash", "treeSize")
    hashes = tuple(_parse_hash(found, text, "hashes") for text in found.texts("hashes", most=MAX_HASHES))
    return LoggedProof(
        proof=InclusionProof(found.integer("logIndex"), found.integer("treeSize"), hashes),
        root_hash=_parse_hash(found, found.text("rootHash"), "rootHash"),
        checkpoint=found.optional_text("checkpoint"),
    )


def _parse_hash(found: JsonObject, text: str, name: str) -> bytes:
    if not re.fullmatch(r"[0-9a-f]{64}", text):
        raise found.malformed(name, "expected 64 lower-case hex digits")
    return bytes.fromhex(text)


def parse_v2_entry(raw: bytes) -> LogEntry:
    """Parse an answer of Rekor v2.

    Raises:
        MalformedError: Not strict JSON, or not a log entry.
    """
    return read_v2_entry(JsonObject.parse(raw, what=_WHAT))


def read_v2_entry(found: JsonObject) -> LogEntry:
    """Read a `TransparencyLogEntry`, as bundles hold them too.

    Raises:
        MalformedError: A member is unknown, of the wrong type or out of range.
    """
    found.refuse_unknown(
        "logIndex", "logId", "kindVersion", "integratedTime", "inclusionPromise", "inclusionProof", "canonicalizedBody"
    )
    log_id, kind_version = found.child("logId"), found.child("kindVersion")
    log_id.refuse_unknown("keyId")
    kind_version.refuse_unknown("kind", "version")
    promise = found.optional_child("inclusionPromise")
    proof = found.optional_child("inclusionProof")
    return LogEntry(
        body=found.b64("canonicalizedBody"),
        log_id=log_id.b64("keyId"),
        log_index=_int64(found, "logIndex"),
        inclusion=_parse_v2_proof(proof) if proof else None,
        integrated_time=_int64(found, "integratedTime"),
        entry_timestamp=_parse_promise(promise) if promise else b"",
        kind=kind_version.text("kind"),
        version=kind_version.text("version"),
    )


def _parse_promise(found: JsonObject) -> bytes:
    """Read a promise: an empty one would be none, and nobody writes it."""
    found.refuse_unknown("signedEntryTimestamp")
    promise = found.b64("signedEntryTimestamp")
    if not promise:
        raise found.malformed("signedEntryTimestamp", "empty")
    return promise


def _parse_v2_proof(found: JsonObject) -> LoggedProof:
    found.refuse_unknown("logIndex", "rootHash", "treeSize", "hashes", "checkpoint")
    checkpoint = found.optional_child("checkpoint") or JsonObject({}, found.what)
    checkpoint.refuse_unknown("envelope")
    root_hash = found.b64("rootHash")
    if len(root_hash) != _HASH_SIZE:
        raise found.malformed("rootHash", f"expected {_HASH_SIZE} bytes")
    return LoggedProof(
        proof=InclusionProof(_int64(found, "logIndex"), _int64(found, "treeSize"), _parse_v2_hashes(found)),
        root_hash=root_hash,
        checkpoint=checkpoint.optional_text("envelope"),
    )


def _parse_v2_hashes(found: JsonObject) -> tuple[bytes, ...]:
    texts = found.texts("hashes", most=MAX_HASHES)
    return tuple(JsonObject({"hash": text}, found.what, f"{found.path}hashes.").b64("hash") for text in texts)


def _int64(found: JsonObject, name: str) -> int:
    """Read an int64 of the JSON mapping, which is a text; absent means 0."""
    text = found.optional_text(name, "0")
    if not _INT64.fullmatch(text) or int(text) > MAX_INTEGER:
        raise found.malformed(name, "expected the decimal digits of a number of 63 bits")
    return int(text)


def _optional_b64(found: JsonObject, name: str) -> bytes:
    return found.b64(name) if name in found else b""
