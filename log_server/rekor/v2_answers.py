"""A log entry as Rekor v2 shows it: `TransparencyLogEntry` in JSON (protobuf-specs, sigstore_rekor.proto).

The real server writes members that have their default value too: `integratedTime` is "0" and there is no promise,
since version 2 leaves the time to timestamp authorities. Integers of 64 bits are strings.
"""

from binascii import b2a_base64
from collections.abc import Mapping, Sequence
from typing import Final

import orjson

from log_server.rekor.placed import Placed

_KIND_VERSION: Final = {"kind": "hashedrekord", "version": "0.0.2"}
"""The only kind there is: envelopes are logged as the hash of what was signed."""


def build_entry(placed: Placed) -> Mapping[str, object]:
    """Build the answer for one entry."""
    index, tree = str(placed.log_index), placed.tree
    return {
        "logIndex": index,
        "logId": {"keyId": _b64(placed.shard.identity.log_id)},
        "kindVersion": _KIND_VERSION,
        "integratedTime": "0",
        "inclusionPromise": None,
        "inclusionProof": {
            "logIndex": index,
            "rootHash": _b64(tree.root),
            "treeSize": str(tree.size),
            "hashes": [_b64(node) for node in placed.hashes],
            "checkpoint": {"envelope": tree.checkpoint.decode()},
        },
        "canonicalizedBody": _b64(placed.body),
    }


def encode_entry(placed: Placed) -> bytes:
    """Encode the answer for one entry."""
    return orjson.dumps(build_entry(placed))


def encode_page(page: Sequence[Placed], following: str) -> bytes:
    """Encode one page of a search: the entries, and the `after` of the next page, empty on the last."""
    return orjson.dumps({"entries": [build_entry(placed) for placed in page], "nextAfter": following})


def _b64(raw: bytes) -> str:
    return b2a_base64(raw, newline=False).decode("ascii")
