"""Rekor v1: adding an entry, and reading entries (rekor, openapi.yaml, tag `entries`)."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from http import HTTPStatus
from typing import Final, TypeVar

from starlette.types import Receive, Scope

from cosignpy.core.encoding import JsonObject
from cosignpy.core.merkle.hashing import hash_leaf
from cosignpy.errors import LimitExceeded, MalformedError
from cosignpy.serving.asgi import read_body
from cosignpy.serving.problem import Problem
from cosignpy.serving.routing import JSON, NO_STORE, Answer, Refused
from log_server.rekor.json_limits import parse_limited
from log_server.rekor.kinds_table import accept, accept_proposed
from log_server.rekor.placed import Placed, place_new
from log_server.rekor.requests import (
    read_number,
    read_query,
    refuse_other_answer,
    refuse_other_media,
)
from log_server.rekor.submission import Duplicates, append
from log_server.rekor.v1_answers import ENTRIES_PATH, build_entry, encode_entries, encode_entry, entry_id
from log_server.rekor.v1_errors import no_such_entry, unprocessable
from log_server.rekor.v1_lookup import EntryId, find_by_id, find_by_index, parse_entry_id
from log_server.rekor.v1_options import V1Face

MAX_WANTED: Final = 10
"""Entries of one search, of all three ways to name them together (rekor, openapi.yaml, `SearchLogQuery`)."""

T = TypeVar("T")


class V1Entries:
    """The endpoints below `/api/v1/log/entries`."""

    def __init__(self, face: V1Face) -> None:
        self._face = face

    async def create(self, scope: Scope, receive: Receive) -> Answer:
        """POST: verify a proposed entry, and answer with its place when it is in the log.

        Raises:
            Refused: The entry is in the log already, and the log was told to say so.
        """
        refuse_other_media(scope)
        refuse_other_answer(scope)
        face = self._face
        raw = await read_body(scope, receive, face.options.body)
        accepted = accept(raw, face.options.kinds)
        shard = face.log.active
        appended = await append(face.log, accepted, face.options.patience)
        identifier = entry_id(shard, hash_leaf(accepted.body))
        location = (b"location", f"{ENTRIES_PATH}/{identifier}".encode())
        if appended.duplicate and face.options.duplicates is Duplicates.CONFLICT:
            problem = f"an equivalent entry already exists in the transparency log with UUID {identifier}"
            raise Refused(Problem(HTTPStatus.CONFLICT, problem, (location,)))
        placed = place_new(shard, accepted, appended)
        body = encode_entry(build_entry(identifier, placed, face.signer_of(shard)))
        return Answer(HTTPStatus.CREATED, body, (JSON, (b"etag", identifier.encode()), location, NO_STORE))

    async def by_index(self, scope: Scope, _receive: Receive) -> Answer:
        """GET with `logIndex`, which counts over all shards."""
        refuse_other_answer(scope)
        index = _read(lambda: read_number(read_query(scope), "logIndex"))
        return self._show(find_by_index(self._face.log, index))

    async def by_id(self, scope: Scope, _receive: Receive) -> Answer:
        """GET by UUID, with or without the tree id."""
        refuse_other_answer(scope)
        return self._show(find_by_id(self._face.log, parse_entry_id(scope["path_params"]["id"])))

    async def retrieve(self, scope: Scope, receive: Receive) -> Answer:
        """POST of what to look for; what is not there is left out of the answer.

        Raises:
            Refused: The client proposes entries too often.
        """
        refuse_other_media(scope)
        refuse_other_answer(scope)
        options = self._face.options
        query = parse_limited(await read_body(scope, receive, options.search), what="search")
        # Anyone may search, so no writer is asked for. But a proposal is verified before its entry is looked for, which
        # costs what a write costs; only the body tells, so it is counted here, once: ten of them are smaller together
        # than one write may be.
        if query.members.get("entries"):
            options.admit(scope)
        entries = [self._build(placed) for placed in self._search(query)]
        return Answer(HTTPStatus.OK, encode_entries(entries), (JSON, NO_STORE))

    def _show(self, placed: Placed | None) -> Answer:
        if placed is None:
            raise no_such_entry()
        return Answer(HTTPStatus.OK, encode_entry(self._build(placed)), (JSON, NO_STORE))

    def _build(self, placed: Placed) -> Mapping[str, object]:
        shard = placed.shard
        return build_entry(entry_id(shard, placed.leaf_hash), placed, self._face.signer_of(shard))

    def _search(self, query: JsonObject) -> Iterator[Placed]:
        identifiers = [parse_entry_id(text) for text in _read(lambda: query.texts("entryUUIDs", most=MAX_WANTED))]
        proposed = _read(lambda: query.children("entries", most=MAX_WANTED))
        indices = _read(lambda: _integers(query, "logIndexes"))
        if len(identifiers) + len(proposed) + len(indices) > MAX_WANTED:
            raise unprocessable(f"at most {MAX_WANTED} entries can be asked for at once")
        kinds = self._face.options.kinds
        identifiers += [EntryId(hash_leaf(accept_proposed(entry, kinds).body)) for entry in proposed]
        log = self._face.log
        found = [
            *(find_by_id(log, wanted) for wanted in identifiers),
            *(find_by_index(log, index) for index in indices),
        ]
        yield from (placed for placed in found if placed is not None)


def _read(parse: Callable[[], T]) -> T:
    """Read a parameter as the real server does: one that breaks its schema is 422.

    Raises:
        Refused: 422.
    """
    try:
        return parse()
    except (MalformedError, LimitExceeded) as error:
        raise unprocessable(str(error)) from error


def _integers(query: JsonObject, name: str) -> Sequence[int]:
    found = query.members.get(name)
    if found is None:  # Go writes null for a list without elements
        return []
    if not isinstance(found, list):
        raise query.malformed(name, "expected an array")
    if len(found) > MAX_WANTED:
        raise LimitExceeded(query.what, f"{name} has {len(found)} items, at most {MAX_WANTED} are accepted")
    return [JsonObject({name: item}, query.what).integer(name) for item in found]
