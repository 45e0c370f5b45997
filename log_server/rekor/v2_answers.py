"""A log entry as Rekor v2 shows it: `TransparencyLogEntry` in JSON (protobuf-specs, sigstore_rekor.proto).

The real server writes members that have their default value too: `integratedTime` is "0" and there is no promise,
since version 2 leaves the time to timestamp authorities. Integers of 64 bits are strings, and octets base64, as which
`msgspec` writes them.
"""

from collections.abc import Mapping, Sequence
from typing import Final

import msgspec

from log_server.rekor.placed import Placed

_KIND_VERSION: Final = {"kind": "hashedrekord", "version": "0.0.2"}
"""The only kind there is: envelopes are logged as the hash of what was signed."""

_encode: Final = msgspec.json.Encoder().encode


def build_entry(placed: Placed) -> Mapping[str, object]:
    """Build the answer for one entry."""
    index, tree = str(placed.log_index), placed.tree
    return {
        "logIndex": index,
        "logId": {"keyId": placed.shard.identity.log_id},
        "kindVersion": _KIND_VERSION,
        "integratedTime": "0",
        "inclusionPromise": None,
        "inclusionProof": {
            "logIndex": index,
            "rootHash": tree.root,
            "treeSize": str(tree.size),
            "hashes": placed.hashes,
            "checkpoint": {"envelope": tree.checkpoint.decode()},
        },
        "canonicalizedBody": placed.body,
    }


def encode_entry(placed: Placed) -> bytes:
    """Encode the answer for one entry."""
    return _encode(build_entry(placed))


def encode_page(page: Sequence[Placed], following: str) -> bytes:
    """Encode one page of a search: the entries, and the `after` of the next page, empty on the last."""
    return _encode({"entries": [build_entry(placed) for placed in page], "nextAfter": following})
