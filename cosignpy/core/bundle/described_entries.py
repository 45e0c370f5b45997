"""The log entries of a bundle as plain values: where they are, what they are about, and what the log states of them."""

import hashlib
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Final

from cosignpy.core.encoding import JsonValue, encode_b64
from cosignpy.core.merkle.hashing import hash_leaf
from cosignpy.core.note.checkpoint import parse_checkpoint
from cosignpy.core.note.signed_note import parse_note
from cosignpy.core.rekor import dsse, dsse_v2, hashedrekord, intoto
from cosignpy.core.rekor.log_entry import LogEntry, LoggedProof
from cosignpy.errors import MalformedError

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


def describe_entry(entry: LogEntry) -> JsonValue:
    """Return what stands in a log entry, and beside it."""
    return {
        "kind": entry.kind,
        "version": entry.version,
        "about": _describe_subject(entry),
        "logIndex": entry.log_index,
        "logId": entry.log_id.hex(),
        "integratedTime": describe_seconds(entry.integrated_time) if entry.integrated_time else None,
        "promise": encode_b64(entry.entry_timestamp) if entry.entry_timestamp else None,
        "leafHash": hash_leaf(entry.body).hex(),
        "inclusion": _describe_proof(entry.inclusion) if entry.inclusion is not None else None,
    }


def describe_seconds(seconds: int) -> str:
    """Write a time in seconds since 1970; one beyond all dates as its number."""
    try:
        return (_EPOCH + timedelta(seconds=seconds)).isoformat()
    except OverflowError:
        return f"{seconds} seconds after 1970"


def _describe_subject(entry: LogEntry) -> str | None:
    """Return the digest of what was logged: of the artifact, of the payload, or of what an envelope signs."""
    read = _SUBJECTS.get((entry.kind, entry.version))
    try:
        return read(entry.body) if read is not None else None
    except MalformedError:
        return None


def _hashedrekord_v002(body: bytes) -> str:
    found = hashedrekord.HashedRekordV002.parse(body)
    return _digest(found.algorithm, found.digest)


def _dsse_v002(body: bytes) -> str:
    found = dsse_v2.DsseV002.parse(body)
    return _digest(found.algorithm, found.payload_digest)


def _digest(algorithm: str, digest: bytes) -> str:
    return f"{algorithm.replace('SHA2_', 'sha')}:{digest.hex()}"


_SUBJECTS: Final[Mapping[tuple[str, str], Callable[[bytes], str]]] = {
    (hashedrekord.KIND, hashedrekord.V001): lambda body: str(hashedrekord.HashedRekordV001.parse(body).hash),
    (hashedrekord.KIND, hashedrekord.V002): _hashedrekord_v002,
    (dsse.KIND, dsse.V001): lambda body: str(dsse.DsseV001.parse(body).payload_hash),
    (dsse.KIND, dsse_v2.V002): _dsse_v002,
    (intoto.KIND, intoto.V002): lambda body: str(intoto.IntotoV002.parse(body).payload_hash),
}
"""Kinds and versions of entries whose body names a digest; an intoto 0.0.1 need not."""


def _describe_proof(logged: LoggedProof) -> JsonValue:
    return {
        "index": logged.proof.index,
        "treeSize": logged.proof.size,
        "rootHash": logged.root_hash.hex(),
        "hashes": [sibling.hex() for sibling in logged.proof.hashes],
        "checkpoint": _describe_checkpoint(logged.checkpoint) if logged.checkpoint else None,
    }


def _describe_checkpoint(text: str) -> JsonValue:
    found: dict[str, JsonValue] = {"fingerprint": f"sha256:{hashlib.sha256(text.encode()).hexdigest()}"}
    try:
        note = parse_note(text.encode())
        checkpoint = parse_checkpoint(note.text)
    except MalformedError as error:
        return {**found, "problem": str(error)}
    return {
        **found,
        "origin": checkpoint.origin,
        "size": checkpoint.size,
        "rootHash": checkpoint.root.hex(),
        "extensions": list(checkpoint.extensions),
        "signatures": [{"name": line.name, "keyHint": line.hint.hex()} for line in note.signatures],
    }
