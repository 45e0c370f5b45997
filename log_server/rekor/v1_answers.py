"""A log entry as Rekor v1 shows it: the SET, the inclusion proof and the checkpoint (rekor, openapi.yaml, `LogEntry`).

Numbers are JSON numbers and hashes are hex, unlike in version 2. Members come in the order of the real server.
"""

import logging
from collections.abc import Mapping, Sequence
from typing import Final

import msgspec

from cosignpy.core.digest import Digest
from cosignpy.core.encoding import JsonObject
from cosignpy.core.keys.signatures import Signer
from cosignpy.core.rekor.entry_timestamp import EntryTimestamp, issue_entry_timestamp
from log_server.log import Shard
from log_server.rekor.draft import attestation_path
from log_server.rekor.placed import Placed

ENTRIES_PATH: Final = "/api/v1/log/entries"

_ATTESTED: Final[Mapping[bytes, tuple[str, str]]] = {
    b'{"apiVersion":"0.0.1","kind":"cose",': ("data", "envelopeHash"),
    b'{"apiVersion":"0.0.1","kind":"intoto",': ("content", "payloadHash"),
    b'{"apiVersion":"0.0.2","kind":"intoto",': ("content", "payloadHash"),
}
"""How canonical bodies of the kinds begin that have something kept with them, and where its hash stands in the spec."""

_LOG: Final = logging.getLogger(__name__)

_encode: Final = msgspec.json.Encoder().encode


def entry_id(shard: Shard, leaf_hash: bytes) -> str:
    """Return the id of an entry: tree id and leaf hash, 80 hex digits."""
    return f"{shard.identity.tree_id:016x}{leaf_hash.hex()}"


def build_entry(identifier: str, placed: Placed, signer: Signer | None) -> Mapping[str, object]:
    """Build the answer for one entry, under its id; octets among its members are written in base64."""
    log_id = placed.shard.identity.log_id
    stated = EntryTimestamp(placed.body, placed.timestamp_ms // 1000, log_id, placed.virtual_index)
    verification: dict[str, object] = {"inclusionProof": _proof(placed)}
    if signer is not None:
        verification["signedEntryTimestamp"] = issue_entry_timestamp(stated, signer)
    attestation = load_attestation(placed)
    shown = {"attestation": {"data": attestation}} if attestation is not None else {}
    members = {
        **shown,
        "body": stated.body,
        "integratedTime": stated.integrated_time,
        "logID": log_id.hex(),
        "logIndex": stated.log_index,
        "verification": verification,
    }
    return {identifier: members}


def _proof(placed: Placed) -> Mapping[str, object]:
    """Show that the entry is in the tree of its shard; the index is that within the shard."""
    tree = placed.tree
    return {
        "checkpoint": tree.checkpoint.decode(),
        "hashes": [node.hex() for node in placed.hashes],
        "logIndex": placed.log_index,
        "rootHash": tree.root.hex(),
        "treeSize": tree.size,
    }


def load_attestation(placed: Placed) -> bytes | None:
    """Return what was kept with an entry, None if nothing was.

    What is not what its name says is left out, and told to the operator: the entry can be verified without it.
    """
    name = attestation_name(placed.body)
    kept = placed.shard.reader.objects.get(attestation_path(name)) if name else None
    if kept is not None and str(Digest.of(kept)) != name:
        _LOG.error("%s of %s is damaged: fsck tells more", attestation_path(name), placed.shard.identity.origin)
        return None
    return kept


def attestation_name(body: bytes) -> str:
    """Return under which name something may have been kept with an entry; empty for kinds with which nothing is."""
    for beginning, (holder, member) in _ATTESTED.items():
        if body.startswith(beginning):
            found = JsonObject.parse(body, what="entry").child("spec").child(holder).child(member)
            return f"{found.text('algorithm')}:{found.text('value').lower()}"
    return ""


def encode_entries(entries: Sequence[Mapping[str, object]]) -> bytes:
    """Encode the answer of a search: an array."""
    return _encode(entries) + b"\n"


def encode_entry(entry: Mapping[str, object]) -> bytes:
    """Encode the answer for one entry."""
    return _encode(entry) + b"\n"
