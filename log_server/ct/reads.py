"""What can be read of a certificate transparency log (RFC 6962 sections 4.3 to 4.8)."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Final

import orjson
from starlette.types import Receive, Scope

from cosignpy.core.encoding import decode_b64, encode_b64
from cosignpy.core.merkle.hashing import HASH_SIZE, hash_leaf
from cosignpy.core.merkle.tiles import TILE_WIDTH
from cosignpy.core.note.signed_note import parse_note
from cosignpy.core.note.tree_head import split_tree_head_signature
from cosignpy.errors import MalformedError
from cosignpy.serving.problem import Problem
from cosignpy.serving.routing import JSON, NO_STORE, Answer, Refused
from log_server.ct.entries import build_extra_data, merkle_leaf
from log_server.ct.submissions import WatchedRoots
from log_server.log import Log
from log_server.rekor.requests import read_number, read_query
from log_server.rekor.v2_options import select_shard
from log_server.tlog.reader import LogDamaged, LogReader, NoSuchEntry
from log_server.tlog.values import leaf_key

MAX_ENTRIES: Final = TILE_WIDTH
"""Entries of one answer; a client that asks for more is given the first (RFC 6962 section 4.6)."""


class CtReads:
    """The endpoints that read, each from the shard whose host name the client used."""

    def __init__(self, log: Log, roots: WatchedRoots) -> None:
        self._log = log
        self._roots = roots

    async def tree_head(self, scope: Scope, _receive: Receive) -> Answer:
        """get-sth: the published checkpoint says the same in another spelling."""
        tree = self._read(scope).tree()
        note = parse_note(tree.checkpoint)
        moment, signed = split_tree_head_signature(note.signatures[0].signature)
        return _answer(
            {
                "tree_size": tree.size,
                "timestamp": moment,
                "sha256_root_hash": encode_b64(tree.root),
                "tree_head_signature": encode_b64(signed),
            }
        )

    async def consistency(self, scope: Scope, _receive: Receive) -> Answer:
        """get-sth-consistency; from the empty tree, there is nothing to prove."""
        query = read_query(scope)
        first, second = read_number(query, "first"), read_number(query, "second")
        reader = self._read(scope)
        _require_size(reader, second)
        if first > second:
            raise MalformedError("first", f"{first} is not below {second}")
        hashes = reader.consistency(first, second).hashes if 0 < first < second else ()
        return _answer({"consistency": [encode_b64(one) for one in hashes]})

    async def proof_by_hash(self, scope: Scope, _receive: Receive) -> Answer:
        """get-proof-by-hash."""
        query = read_query(scope)
        size = read_number(query, "tree_size")
        reader = self._read(scope)
        _require_size(reader, size)
        # In a query `+` is a space, and many a client forgets to write it otherwise.
        wanted = decode_b64(query.get("hash", "").replace(" ", "+"), what="hash")
        index = _find(reader, wanted)
        if index is None or index >= size:
            raise Refused(Problem(HTTPStatus.NOT_FOUND, f"the first {size} entries have none with this leaf hash"))
        proof = reader.inclusion(index, size)
        return _answer({"leaf_index": index, "audit_path": [encode_b64(one) for one in proof.hashes]})

    async def entries(self, scope: Scope, _receive: Receive) -> Answer:
        """get-entries: from `start` to `end`, both included, or as many as one answer holds."""
        query = read_query(scope)
        start, end = read_number(query, "start"), read_number(query, "end")
        reader = self._read(scope)
        size = reader.tree().size
        if start > end:
            raise MalformedError("start", f"{start} is above the end, {end}")
        if start >= size:
            raise NoSuchEntry(start, size)
        last = min(end, size - 1, start // MAX_ENTRIES * MAX_ENTRIES + MAX_ENTRIES - 1)  # to the end of a tile
        first_place = start % TILE_WIDTH
        found = reader.entries(start // TILE_WIDTH)[first_place : first_place + last - start + 1]
        return _answer({"entries": [_describe(reader, entry) for entry in found]})

    async def entry_and_proof(self, scope: Scope, _receive: Receive) -> Answer:
        """get-entry-and-proof."""
        query = read_query(scope)
        index, size = read_number(query, "leaf_index"), read_number(query, "tree_size")
        reader = self._read(scope)
        _require_size(reader, size)
        if index >= size:
            raise NoSuchEntry(index, size)
        proof = reader.inclusion(index, size)
        described = _describe(reader, reader.entry(index))
        return _answer({**described, "audit_path": [encode_b64(one) for one in proof.hashes]})

    async def roots(self, _scope: Scope, _receive: Receive) -> Answer:
        """get-roots."""
        return _answer({"certificates": [encode_b64(der) for der in self._roots.paths.roots.encode()]})

    def _read(self, scope: Scope) -> LogReader:
        return select_shard(self._log, scope).reader


def _find(reader: LogReader, leaf_hash: bytes) -> int | None:
    """Find an entry by its leaf hash, of which the index knows the beginning only."""
    if len(leaf_hash) != HASH_SIZE:
        raise MalformedError("hash", f"{len(leaf_hash)} bytes instead of {HASH_SIZE}")
    key = leaf_key(leaf_hash)
    index = reader.index.first([key]).get(key)
    if index is None or index >= reader.tree().size:
        return None
    return index if hash_leaf(merkle_leaf(reader.entry(index))) == leaf_hash else None


def _describe(reader: LogReader, entry: bytes) -> Mapping[str, str]:
    """Describe an entry.

    Raises:
        LogDamaged: The certificate of an issuer is missing or wrong.
    """
    try:
        extra = build_extra_data(entry, reader.objects.get)
    except MalformedError as error:  # nothing of it came with the request
        raise LogDamaged(error.what, error.why) from error
    return {"leaf_input": encode_b64(merkle_leaf(entry)), "extra_data": encode_b64(extra)}


def _require_size(reader: LogReader, size: int) -> None:
    tree = reader.tree()
    if not 0 < size <= tree.size:
        raise MalformedError("tree size", f"{size} is not the size of a tree of this log, which has {tree.size}")


def _answer(members: Mapping[str, object]) -> Answer:
    return Answer(HTTPStatus.OK, orjson.dumps(members), (JSON, NO_STORE))
