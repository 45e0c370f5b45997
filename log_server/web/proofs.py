"""What the reader's browser needs to verify that an entry is in the log; its script gets nothing else.

The hint and the name say which signature of the checkpoint is the log's. They are not secret and prove
nothing: the script verifies that signature with the key, and the reader compares the key with one he trusts.
"""

from collections.abc import Callable, Mapping
from typing import Final

from cosignpy.core.encoding import JsonValue, encode_b64
from cosignpy.core.keys.public import PublicKey
from cosignpy.core.merkle.proofs import InclusionProof
from cosignpy.core.note.signed_note import NoteVerifier
from cosignpy.core.note.tree_head import tree_head_verifier
from cosignpy.core.note.verifier import log_verifier, rekor_v1_verifier
from cosignpy.values import field, value
from log_server.log import Identity, LogKind
from log_server.tlog.reader import NoSuchEntry
from log_server.web.entries import EntryView, view_entry
from log_server.web.places import Place

NOTE: Final = "note"
"""The signature is over the text of the checkpoint (C2SP signed-note)."""
TREE_HEAD: Final = "tree-head"
"""The signature is over the TreeHeadSignature of RFC 6962 section 3.5 (C2SP static-ct-api)."""


@value
class ProofView:
    """An inclusion proof, the checkpoint it leads to, and how that is signed."""

    inclusion: InclusionProof
    root: bytes
    checkpoint: str = field(repr=False)
    signer: str
    hint: bytes
    form: str

    @property
    def hashes(self) -> tuple[str, ...]:
        """The hashes beside the path, from the leaf up, in hex."""
        return tuple([entry.hex() for entry in self.inclusion.hashes])


@value
class Proven:
    """One entry with its proof, taken from one and the same published tree."""

    entry: EntryView
    proof: ProofView


def prove(place: Place, index: int) -> Proven:
    """Read an entry and build its proof in the newest published tree.

    Raises:
        NoSuchEntry: The published log is shorter.
        LogDamaged: A file is missing or wrong.
    """
    tree = place.tree()
    if index >= tree.size:
        raise NoSuchEntry(index, tree.size)
    identity = place.shard.identity
    verifier = _VERIFIERS[identity.kind](identity.origin, identity.key)
    proof = ProofView(
        place.shard.reader.inclusion(index, tree.size),
        tree.root,
        tree.checkpoint.decode("utf-8"),
        verifier.name,
        verifier.hint,
        TREE_HEAD if identity.kind is LogKind.CT else NOTE,
    )
    return Proven(view_entry(place, index), proof)


def encode_proven(identity: Identity, proven: Proven) -> JsonValue:
    """Build the JSON of an entry and its proof, for programs that verify for themselves."""
    entry, proof = proven.entry, proven.proof
    return {
        "log": {
            "kind": identity.kind.value,
            "origin": identity.origin,
            "logId": encode_b64(identity.log_id),
            "publicKey": encode_b64(identity.key.spki),
        },
        "logIndex": entry.index,
        "timestamp": entry.moment.isoformat(timespec="milliseconds"),
        "kind": entry.kind,
        "leaf": encode_b64(entry.leaf),
        "inclusionProof": {
            "logIndex": entry.index,
            "treeSize": proof.inclusion.size,
            "rootHash": encode_b64(proof.root),
            "hashes": [encode_b64(hashed) for hashed in proof.inclusion.hashes],
            "checkpoint": proof.checkpoint,
        },
    }


def _rekor_v1(origin: str, key: PublicKey) -> NoteVerifier:
    """Rekor v1 signs with its host name, to which the origin adds the tree's number."""
    return rekor_v1_verifier(origin.rpartition(" - ")[0], key)


_VERIFIERS: Final[Mapping[LogKind, Callable[[str, PublicKey], NoteVerifier]]] = {
    LogKind.REKOR_V1: _rekor_v1,
    LogKind.REKOR_V2: log_verifier,
    LogKind.CT: tree_head_verifier,
}
