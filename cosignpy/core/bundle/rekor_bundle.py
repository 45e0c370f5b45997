"""cosign's own form of a log entry, older than bundles: a Rekor v1 log's promise and what it is about.

It stands in the annotation `dev.sigstore.cosign/bundle` of a legacy signature, and as `rekorBundle` in the blob bundles
of cosign 2. Numbers are JSON integers here, the log's id is hex, and there is no inclusion proof; the kind of an entry
stands in its body alone.
"""

import re
from typing import Final

from cosignpy.core.encoding import JsonObject, JsonValue, encode_b64, encode_json
from cosignpy.core.rekor.body import parse_kind
from cosignpy.core.rekor.log_entry import LogEntry
from cosignpy.errors import LimitExceeded, MalformedError

MAX_REKOR_BUNDLE: Final = 1 << 20
"""Octets. A hashedrekord has two thousand; an intoto entry repeats certificates, and needs ten times that."""

_WHAT: Final = "rekor bundle"
_LOG_ID: Final = re.compile(r"[0-9a-f]{64}")


def parse_rekor_bundle(raw: bytes) -> LogEntry:
    """Parse a rekor bundle.

    Raises:
        MalformedError: Not strict JSON, not a rekor bundle, or its body is no entry's.
        LimitExceeded: Larger than any.
    """
    if len(raw) > MAX_REKOR_BUNDLE:
        raise LimitExceeded(_WHAT, f"{len(raw)} octets, at most {MAX_REKOR_BUNDLE} are accepted")
    return read_rekor_bundle(JsonObject.parse(raw, what=_WHAT))


def read_rekor_bundle(found: JsonObject) -> LogEntry:
    """Read a rekor bundle that is part of another document.

    Raises:
        MalformedError: A member is unknown, missing or of the wrong type, or the body is no entry's.
    """
    found.refuse_unknown("SignedEntryTimestamp", "Payload")
    payload = found.child("Payload")
    payload.refuse_unknown("body", "integratedTime", "logIndex", "logID")
    promise, log_id, body = found.b64("SignedEntryTimestamp"), payload.text("logID"), payload.b64("body")
    if not promise:
        raise found.malformed("SignedEntryTimestamp", "empty")
    if not _LOG_ID.fullmatch(log_id):
        raise payload.malformed("logID", "expected 64 lower-case hex digits")
    kind, version = parse_kind(body)
    return LogEntry(
        body=body,
        log_id=bytes.fromhex(log_id),
        log_index=payload.integer("logIndex"),
        integrated_time=payload.integer("integratedTime"),
        entry_timestamp=promise,
        kind=kind,
        version=version,
    )


def encode_rekor_bundle(entry: LogEntry) -> bytes:
    """Encode an entry as cosign 2 does, byte for byte; proofs are left out.

    Raises:
        MalformedError: The log promised nothing, as those of Rekor v2 never do.
    """
    return encode_json(rekor_bundle_members(entry))


def rekor_bundle_members(entry: LogEntry) -> dict[str, JsonValue]:
    """Return an entry as a JSON object, to become part of another document.

    Raises:
        MalformedError: The log promised nothing, as those of Rekor v2 never do.
    """
    if not entry.entry_timestamp:
        raise MalformedError(_WHAT, "its log entry holds no promise of the log, as only Rekor v1 makes it")
    return {
        "SignedEntryTimestamp": encode_b64(entry.entry_timestamp),
        "Payload": {
            "body": encode_b64(entry.body),
            "integratedTime": entry.integrated_time,
            "logIndex": entry.log_index,
            "logID": entry.log_id.hex(),
        },
    }
