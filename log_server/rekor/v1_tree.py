"""Rekor v1: the log itself, its keys and its consistency proofs (rekor, openapi.yaml, tags `tlog` and `pubkey`)."""

from collections.abc import Mapping
from http import HTTPStatus

import orjson
from starlette.types import Receive, Scope

from cosignpy.errors import MalformedError
from cosignpy.serving.routing import JSON, NO_STORE, Answer
from cosignpy.version import VERSION
from log_server.log import Shard
from log_server.rekor.requests import read_number, read_query, refuse_other_answer
from log_server.rekor.v1_errors import no_such_entry, unprocessable
from log_server.rekor.v1_lookup import find_tree
from log_server.rekor.v1_options import V1Face

_PEM_TYPE = b"application/x-pem-file"


class V1Tree:
    """The endpoints below `/api/v1/log`, but for entries."""

    def __init__(self, face: V1Face) -> None:
        self._log = face.log

    async def info(self, scope: Scope, _receive: Receive) -> Answer:
        """GET the tree that grows, and those before it. Old clients send `stable`, which means nothing here."""
        refuse_other_answer(scope)
        active = self._log.active
        inactive = [_describe(shard) for shard in self._log.shards if shard is not active]
        return _json({**_describe(active), "inactiveShards": inactive})

    async def public_key(self, scope: Scope, _receive: Receive) -> Answer:
        """GET the key of a shard, as PEM."""
        refuse_other_answer(scope, _PEM_TYPE)
        pem = self._shard(read_query(scope)).identity.key.encode_pem()
        return Answer(HTTPStatus.OK, pem, ((b"content-type", _PEM_TYPE), NO_STORE))

    async def proof(self, scope: Scope, _receive: Receive) -> Answer:
        """GET the proof that the tree of `lastSize` extends that of `firstSize`, and the root of the larger.

        Raises:
            Refused: 422: a size is missing or not a size.
            MalformedError: The sizes are not in order, or beyond the tree.
        """
        refuse_other_answer(scope)
        query = read_query(scope)
        first, last = _read_size(query, "firstSize", 1), _read_size(query, "lastSize")
        reader = self._shard(query).reader
        size = reader.tree().size
        if first > last:
            raise MalformedError("query", f"firstSize ({first}) must not be larger than lastSize ({last})")
        if last > size:
            raise MalformedError("query", f"lastSize ({last}) is larger than the tree ({size})")
        hashes = [node.hex() for node in reader.consistency(first, last).hashes]
        return _json({"hashes": hashes, "rootHash": reader.root(last).hex()})

    async def version(self, _scope: Scope, _receive: Receive) -> Answer:
        """GET what runs here."""
        return _json({"builddate": "unknown", "commit": "unknown", "treestate": "unknown", "version": VERSION})

    async def ping(self, _scope: Scope, _receive: Receive) -> Answer:
        """GET a sign of life."""
        return Answer(HTTPStatus.OK, b".", ((b"content-type", b"text/plain"), NO_STORE))

    def select(self, scope: Scope) -> Shard:
        """Return the shard whose tree id is in the path.

        Raises:
            Refused: 404: there is none.
        """
        shard = find_tree(self._log, scope["path_params"]["tree"])
        if shard is None:
            raise no_such_entry()
        return shard

    def _shard(self, query: Mapping[str, str]) -> Shard:
        """Return the shard that a query names by `treeID`.

        Raises:
            Refused: 422: not a number.
            MalformedError: There is no such shard.
        """
        wanted = query.get("treeID")
        if wanted is not None and not (wanted.isascii() and wanted.isdecimal()):
            raise unprocessable("treeID is not a decimal number")
        shard = find_tree(self._log, wanted)
        if shard is None:
            raise MalformedError("query", f"this log has no tree {wanted}")
        return shard


def _describe(shard: Shard) -> Mapping[str, object]:
    tree = shard.reader.tree()
    return {
        "rootHash": tree.root.hex(),
        "signedTreeHead": tree.checkpoint.decode(),
        "treeID": str(shard.identity.tree_id),
        "treeSize": tree.size,
    }


def _read_size(query: Mapping[str, str], name: str, default: int | None = None) -> int:
    """Return the size of a tree that is not empty.

    Raises:
        Refused: 422.
    """
    try:
        size = read_number(query, name, default)
    except MalformedError as error:
        raise unprocessable(str(error)) from error
    if not size:
        raise unprocessable(f"{name} must be 1 or more")
    return size


def _json(content: Mapping[str, object]) -> Answer:
    return Answer(HTTPStatus.OK, orjson.dumps(content) + b"\n", (JSON, NO_STORE))
