"""Rekor v2: adding an entry as the real server does, and what it does not have: reading and searching entries."""

from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Final

from starlette.types import Receive, Scope

from cosignpy.errors import MalformedError
from cosignpy.serving.asgi import read_body
from cosignpy.serving.problem import Problem
from cosignpy.serving.routing import JSON, NO_STORE, Answer, Refused
from cosignpy.values import value
from log_server.log import Frozen, Log
from log_server.rekor.placed import place_new, read_placed
from log_server.rekor.requests import read_limit, read_number, read_query, refuse_other_media
from log_server.rekor.search import Operator, Query, search
from log_server.rekor.search_terms import normalize_fingerprint, normalize_hash, normalize_name
from log_server.rekor.submission import Duplicates, append
from log_server.rekor.v2_answers import encode_entry, encode_page
from log_server.rekor.v2_options import V2Options, select_shard

MAX_PAGE: Final = 100
"""Entries of one page of a search, each with its proof: some hundred kilobytes."""

_HEADERS: Final = (JSON, NO_STORE)


@value
class V2Entries:
    """The endpoints below `/api/v2/log/entries`."""

    log: Log
    options: V2Options

    async def create(self, scope: Scope, receive: Receive) -> Answer:
        """POST: verify a request, and answer with the entry when a published checkpoint covers it.

        Raises:
            Refused: The entry is in the log already, and the log was told to say so.
            Frozen: The log that the client means takes no entries.
        """
        refuse_other_media(scope, untyped=True)
        raw = await read_body(scope, receive, self.options.body)
        shard = self.log.active
        meant = select_shard(self.log, scope)
        if meant is not shard:
            raise Frozen(meant.identity.origin, shard.identity.origin)
        accepted = self.options.accept(raw)
        appended = await append(self.log, accepted, self.options.patience)
        if appended.duplicate and self.options.duplicates is Duplicates.CONFLICT:
            problem = f"an equivalent entry already exists in the transparency log with index {appended.index}"
            raise Refused(Problem(HTTPStatus.CONFLICT, problem, ((b"x-log-index", b"%d" % appended.index),)))
        return Answer(HTTPStatus.CREATED, encode_entry(place_new(shard, accepted, appended)), _HEADERS)

    async def by_index(self, scope: Scope, _receive: Receive) -> Answer:
        """GET the entry at an index, with a proof in the newest tree.

        Raises:
            NoSuchEntry: The log is shorter; 404.
        """
        index = read_number(scope["path_params"], "index")
        placed = read_placed(select_shard(self.log, scope), index)
        return Answer(HTTPStatus.OK, encode_entry(placed), _HEADERS)

    async def search(self, scope: Scope, _receive: Receive) -> Answer:
        """GET what has all of `hash`, `email`, `subject` and `key`, by `limit` entries, above the index `after`."""
        query = build_query(read_query(scope))
        found = search([select_shard(self.log, scope)], query)
        page = [read_placed(one.shard, one.index) for one in found]
        following = str(found[-1].virtual_index) if len(found) == query.limit else ""
        return Answer(HTTPStatus.OK, encode_page(page, following), _HEADERS)


def build_query(given: Mapping[str, str]) -> Query:
    """Read a search.

    Raises:
        MalformedError: Nothing is searched for, or something that no entry can have.
    """
    unknown = sorted(given.keys() - _TERMS.keys() - {"limit", "after"})
    if unknown:
        raise MalformedError("query", f"unknown parameter {unknown[0]!r}")
    texts = tuple(normalize(given[name]) for name, normalize in _TERMS.items() if name in given)
    if not texts:
        raise MalformedError("query", f"it names none of {', '.join(_TERMS)}")
    limit = read_limit(given, MAX_PAGE)
    return Query(texts, Operator.AND, read_number(given, "after", -1), limit)


_TERMS: Final[Mapping[str, Callable[[str], str]]] = {
    "hash": normalize_hash,
    "email": normalize_name,
    "subject": normalize_name,
    "key": normalize_fingerprint,
}
