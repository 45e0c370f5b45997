"""Log entries as logs answer them, written member by member: to be parsed, and to compare with what our logs write."""

from cosignpy.core.encoding import JsonValue, encode_b64, encode_json
from cosignpy.core.rekor.log_entry import LogEntry, LoggedProof


def write_v1_entry(entry_id: str, entry: LogEntry) -> bytes:
    """Write what Rekor v1 answers, members in the real server's order."""
    verification: dict[str, JsonValue] = {}
    if entry.inclusion:
        verification["inclusionProof"] = _v1_proof_json(entry.inclusion)
    verification["signedEntryTimestamp"] = encode_b64(entry.entry_timestamp)
    members: dict[str, JsonValue] = {
        "body": encode_b64(entry.body),
        "integratedTime": entry.integrated_time,
        "logID": entry.log_id.hex(),
        "logIndex": entry.log_index,
        "verification": verification,
    }
    if entry.attestation is not None:
        members = {"attestation": {"data": encode_b64(entry.attestation)}, **members}
    return encode_json({entry_id: members})


def _v1_proof_json(inclusion: LoggedProof) -> JsonValue:
    return {
        "checkpoint": inclusion.checkpoint,
        "hashes": [item.hex() for item in inclusion.proof.hashes],
        "logIndex": inclusion.proof.index,
        "rootHash": inclusion.root_hash.hex(),
        "treeSize": inclusion.proof.size,
    }


def write_v2_entry(entry: LogEntry) -> bytes:
    """Write what Rekor v2 answers: 64-bit integers as texts, and members without a value written, not left out."""
    promise = {"signedEntryTimestamp": encode_b64(entry.entry_timestamp)} if entry.entry_timestamp else None
    return encode_json(
        {
            "logIndex": str(entry.log_index),
            "logId": {"keyId": encode_b64(entry.log_id)},
            "kindVersion": {"kind": entry.kind, "version": entry.version},
            "integratedTime": str(entry.integrated_time),
            "inclusionPromise": promise,
            "inclusionProof": _v2_proof_json(entry.inclusion) if entry.inclusion else None,
            "canonicalizedBody": encode_b64(entry.body),
        }
    )


def _v2_proof_json(inclusion: LoggedProof) -> JsonValue:
    return {
        "logIndex": str(inclusion.proof.index),
        "rootHash": encode_b64(inclusion.root_hash),
        "treeSize": str(inclusion.proof.size),
        "hashes": [encode_b64(item) for item in inclusion.proof.hashes],
        "checkpoint": {"envelope": inclusion.checkpoint},
    }
