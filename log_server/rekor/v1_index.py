"""Rekor v1: searching for entries (rekor, openapi.yaml, `SearchIndex`).

The answer is a plain array, so its pages are asked for in the query, which the real server does not have:
`?limit=` and `?after=`. A header `x-next-after` tells the `after` of the next page, and is absent on the last.
"""

from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Final

import orjson
from starlette.types import Receive, Scope

from cosignpy.core.encoding import JsonObject
from cosignpy.core.merkle.hashing import Node
from cosignpy.errors import MalformedError
from cosignpy.serving.asgi import BodyLimits, read_body
from cosignpy.serving.routing import JSON, NO_STORE, Answer
from log_server.rekor.json_limits import parse_limited
from log_server.rekor.key_formats import fingerprint_of
from log_server.rekor.requests import (
    read_limit,
    read_number,
    read_query,
    refuse_other_answer,
    refuse_other_media,
)
from log_server.rekor.search import MAX_RESULTS, Found, Operator, Query, search
from log_server.rekor.search_terms import normalize_hash, normalize_name
from log_server.rekor.v1_answers import entry_id
from log_server.rekor.v1_errors import unprocessable
from log_server.rekor.v1_options import V1Face

MAX_SEARCH: Final = 1 << 20
"""Octets of a search: the largest has an OpenPGP key with many signatures on it."""


class V1Index:
    """The endpoint `/api/v1/index/retrieve`."""

    def __init__(self, face: V1Face) -> None:
        self._log = face.log

    async def retrieve(self, scope: Scope, receive: Receive) -> Answer:
        """POST what to search for; the ids of the entries, in the order of the log."""
        refuse_other_media(scope)
        refuse_other_answer(scope)
        raw = await read_body(scope, receive, BodyLimits(MAX_SEARCH))
        query = _build_query(parse_limited(raw, what="search"), read_query(scope))
        found = search(self._log.shards, query)
        more = ((b"x-next-after", b"%d" % found[-1].virtual_index),) if len(found) == query.limit else ()
        return Answer(HTTPStatus.OK, orjson.dumps([_id_of(one) for one in found]) + b"\n", (JSON, NO_STORE, *more))


def _id_of(found: Found) -> str:
    return entry_id(found.shard, found.shard.reader.node(Node(0, found.index)))


def _build_query(wanted: JsonObject, page: Mapping[str, str]) -> Query:
    """Read a search.

    Raises:
        Refused: 422: a member that breaks its schema.
        MalformedError: Nothing is searched for, a public key that cannot be read, or no such page.
    """
    texts = [read(wanted) for name, read in _READERS.items() if name in wanted]
    if not texts:
        raise MalformedError("search", f"it names none of {', '.join(_READERS)}")
    operator = _name(wanted, "operator") if "operator" in wanted else Operator.OR.value
    if operator not in set(Operator):
        raise unprocessable(f"operator is one of {', '.join(Operator)}")
    limit = read_limit(page, MAX_RESULTS)
    return Query(tuple(texts), Operator(operator), read_number(page, "after", -1), limit)


def _name(wanted: JsonObject, name: str) -> str:
    try:
        return normalize_name(wanted.text(name))
    except MalformedError as error:
        raise unprocessable(str(error)) from error


def _hash(wanted: JsonObject) -> str:
    try:
        return normalize_hash(wanted.text("hash"))
    except MalformedError as error:
        raise unprocessable(str(error)) from error


def _public_key(wanted: JsonObject) -> str:
    """Return the fingerprint of a public key.

    Raises:
        MalformedError: It cannot be read.
        KeyUnusable: A kind of key that no entry can have.
    """
    found = wanted.child("publicKey")
    if "url" in found:
        raise MalformedError("public key", "the log fetches nothing; send the key itself as `content`")
    return fingerprint_of(found.text("format"), found.b64("content"))


_READERS: Final[Mapping[str, Callable[[JsonObject], str]]] = {
    "email": lambda wanted: _name(wanted, "email"),
    "subject": lambda wanted: _name(wanted, "subject"),
    "hash": _hash,
    "publicKey": _public_key,
}
