"""A certificate transparency log in memory, submissions to it, and its answers as RFC 6962 describes them."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from cosignpy.core.ct.entry import TimestampedEntry
from cosignpy.core.ct.sct import Sct
from cosignpy.core.encoding import decode_b64, encode_b64
from cosignpy.core.keys.digitally_signed import DigitallySigned
from cosignpy.core.keys.private import PrivateKey
from cosignpy.core.keys.public import PublicKey
from cosignpy.core.note.checkpoint import Checkpoint
from cosignpy.core.note.key_id import spki_key_id
from cosignpy.core.note.tree_head import encode_tree_head
from cosignpy.serving.routing import Router
from log_server.ct.routes import CtOptions, build_ct
from log_server.ct.submissions import WatchedRoots
from log_server.log import Identity, LogKind
from log_server.protocols import PROTOCOLS
from tests.support.certificates import Authority
from tests.support.memory_log import MemoryLog, MemoryShard, build_shard

ADD_CHAIN: Final = "/ct/v1/add-chain"
ADD_PRE_CHAIN: Final = "/ct/v1/add-pre-chain"


def ct_shard(signer: PrivateKey, host: str = "ct.example") -> MemoryShard:
    """Build an empty shard."""
    identity = Identity(LogKind.CT, f"{host}/ctlog", spki_key_id(signer.public_key), signer.public_key)
    protocol = PROTOCOLS[LogKind.CT]
    shard = build_shard(identity, signer, protocol.sign(identity, signer), protocol.form)
    shard.sequencer.republish(0)
    return shard


def build_app(log: MemoryLog, roots: Path | None) -> Router:
    """Build the face of a log that takes what ends in the roots of a file."""
    return build_ct(log, CtOptions(WatchedRoots(roots)))


def save_roots(path: Path, *authorities: Authority) -> Path:
    """Write the file of accepted roots."""
    path.write_bytes(b"".join(one.pem for one in authorities))
    return path


def body_of(chain: Sequence[bytes]) -> dict[str, Any]:
    """Write a submission."""
    return {"chain": [encode_b64(der) for der in chain]}


def read_sct(answer: Mapping[str, Any]) -> Sct:
    """Read the answer to a submission."""
    assert answer["sct_version"] == 0
    return Sct(
        decode_b64(answer["id"], what="id"),
        answer["timestamp"],
        decode_b64(answer["extensions"], what="extensions"),
        DigitallySigned.parse(decode_b64(answer["signature"], what="signature")),
    )


def verify_sth(answer: Mapping[str, Any], key: PublicKey) -> tuple[int, bytes]:
    """Verify the answer of get-sth, and return size and root."""
    size, root = answer["tree_size"], decode_b64(answer["sha256_root_hash"], what="root")
    signed = DigitallySigned.parse(decode_b64(answer["tree_head_signature"], what="signature"))
    signed.verify(key, encode_tree_head(Checkpoint("-", size, root), answer["timestamp"]))
    return size, root


def read_leaf(answer: Mapping[str, str]) -> tuple[bytes, TimestampedEntry]:
    """Read the leaf of get-entries and get-entry-and-proof: as it is hashed, and as it is meant."""
    raw = decode_b64(answer["leaf_input"], what="leaf")
    return raw, TimestampedEntry.parse_leaf(raw)


def hashes_of(texts: Sequence[str]) -> tuple[bytes, ...]:
    """Read the hashes of a proof."""
    return tuple(decode_b64(text, what="hash") for text in texts)
