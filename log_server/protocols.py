"""The three kinds of log side by side: how each writes its entries, signs its checkpoints, and begins."""

from collections.abc import Callable, Mapping
from functools import partial
from types import MappingProxyType
from typing import Final

from cosignpy.core.keys.algorithms import ECDSA_P256, ED25519, Algorithm
from cosignpy.core.keys.signatures import Signer
from cosignpy.core.note.checkpoint import verify_checkpoint
from cosignpy.core.note.key_id import spki_key_id
from cosignpy.core.note.signed_note import NoteVerifier
from cosignpy.core.note.tree_head import sign_tree_head, tree_head_verifier
from cosignpy.core.note.verifier import log_verifier, rekor_v1_verifier
from cosignpy.values import value
from log_server.ct import entries as ct_entries
from log_server.log import Identity, LogKind
from log_server.rekor.draft import build_draft
from log_server.rekor.identity import build_genesis, build_v1_identity, build_v2_identity, sign_as_v1, sign_as_v2
from log_server.shard_files import ShardFiles
from log_server.tlog.entry_form import EntryForm, PlainForm
from log_server.tlog.publish import SignCheckpoint
from log_server.tlog.reader import Tree
from log_server.tlog.values import Draft


@value
class LogProtocol:
    """What makes a kind of log.

    `algorithm` is that of new keys: released clients verify SETs and SCTs with ECDSA only. `build_genesis`
    makes the entry at index 0 of a new log, which released clients could not read if it were theirs.
    """

    form: EntryForm
    algorithm: Algorithm
    identify: Callable[[ShardFiles], Identity]
    sign: Callable[[Identity, Signer], SignCheckpoint]
    verifier: Callable[[Identity], NoteVerifier]
    build_genesis: Callable[[Signer], Draft] | None = None


def _identify_rekor_v1(shard: ShardFiles) -> Identity:
    return build_v1_identity(shard.name, shard.tree_id, shard.public_key, shard.first)


def _identify_rekor_v2(shard: ShardFiles) -> Identity:
    return build_v2_identity(shard.name, shard.public_key)


def _identify_ct(shard: ShardFiles) -> Identity:
    return Identity(LogKind.CT, f"{shard.name}/ctlog", spki_key_id(shard.public_key), shard.public_key)


def _build_genesis(kind: LogKind, signer: Signer) -> Draft:
    return build_draft(build_genesis(kind, signer))


def _verifier_v1(identity: Identity) -> NoteVerifier:
    return rekor_v1_verifier(identity.origin.removesuffix(f" - {identity.tree_id}"), identity.key)


def _verifier_v2(identity: Identity) -> NoteVerifier:
    return log_verifier(identity.origin, identity.key)


def _verifier_ct(identity: Identity) -> NoteVerifier:
    return tree_head_verifier(identity.origin, identity.key)


def _sign_ct(_: Identity, signer: Signer) -> SignCheckpoint:
    return lambda checkpoint, timestamp_ms: sign_tree_head(checkpoint, timestamp_ms, signer)


class CtForm:
    """The entry form of static-CT (C2SP static-ct-api)."""

    data_path = "data"
    seal = staticmethod(ct_entries.seal)
    merkle_leaf = staticmethod(ct_entries.merkle_leaf)
    split = staticmethod(ct_entries.split)
    needed = staticmethod(ct_entries.needed)


def verify_published(kind: LogKind, identity: Identity, tree: Tree) -> None:
    """Show that a published checkpoint is this log's own; before the first there is nothing to show.

    Raises:
        MalformedError: It is not a checkpoint.
        VerificationError: Another key signed it, or it is that of another log.
    """
    if tree.checkpoint:
        verify_checkpoint(tree.checkpoint, PROTOCOLS[kind].verifier(identity), origin=identity.origin)


PROTOCOLS: Final[Mapping[LogKind, LogProtocol]] = MappingProxyType(
    {
        LogKind.REKOR_V1: LogProtocol(
            PlainForm(),
            ECDSA_P256,
            _identify_rekor_v1,
            sign_as_v1,
            _verifier_v1,
            partial(_build_genesis, LogKind.REKOR_V1),
        ),
        LogKind.REKOR_V2: LogProtocol(
            PlainForm(),
            ED25519,
            _identify_rekor_v2,
            sign_as_v2,
            _verifier_v2,
            partial(_build_genesis, LogKind.REKOR_V2),
        ),
        LogKind.CT: LogProtocol(CtForm(), ECDSA_P256, _identify_ct, _sign_ct, _verifier_ct),
    }
)
