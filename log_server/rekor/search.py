"""Which entries have all, or any, of some search keys; across all shards, in the order of the log.

Each key has a list of indices in ascending order, as long as the log in the worst case. The lists are read in
pages and only where another list has not ruled out what they hold: a rare key makes a frequent one cheap.
"""

from bisect import bisect_left
from collections.abc import Callable, Iterator, Mapping, Sequence
from enum import StrEnum
from itertools import islice
from typing import Final

from cosignpy.values import value
from log_server.log import Shard
from log_server.rekor.draft import search_key
from log_server.storage.protocol import IndexReader

MAX_RESULTS: Final = 1_000
"""Entries in one answer; who wants more asks for those after the last."""

_PAGE: Final = 256


class Operator(StrEnum):
    """How several keys are combined."""

    AND = "and"
    OR = "or"


@value
class Query:
    """What is searched for: texts as in `Accepted.search_keys`, and which page of the answer."""

    texts: tuple[str, ...]
    operator: Operator = Operator.OR
    after: int = -1
    limit: int = MAX_RESULTS


@value
class Found:
    """An entry that has the keys; `index` is that within its shard."""

    shard: Shard
    index: int

    @property
    def virtual_index(self) -> int:
        """Return its index over all shards."""
        return self.shard.identity.first + self.index


def search(shards: Sequence[Shard], query: Query) -> Sequence[Found]:
    """Return the entries that a query finds, in ascending order of their virtual index."""
    return list(islice(_search(shards, query), query.limit))


def _search(shards: Sequence[Shard], query: Query) -> Iterator[Found]:
    keys = [search_key(text) for text in dict.fromkeys(query.texts)]
    for shard in shards:
        size = shard.reader.tree().size
        start = max(0, query.after + 1 - shard.identity.first)
        if start >= size:
            continue
        for index in _combine([_Indices(shard.reader.index, key) for key in keys], query.operator, start):
            if index >= size:  # the index may be ahead of what is published
                break
            yield Found(shard, index)


class _Indices:
    """The log indices of one key, read in pages."""

    def __init__(self, index: IndexReader, key: bytes) -> None:
        self._index = index
        self._key = key
        self._page: Sequence[int] = (-1,)

    def from_(self, position: int) -> int | None:
        """Return the lowest index that is not below a position, None if there is none; positions only grow."""
        if self._page and self._page[-1] < position:
            self._page = self._index.search(self._key, after=position - 1, limit=_PAGE)
        return self._page[bisect_left(self._page, position)] if self._page else None


def _combine(keys: Sequence[_Indices], operator: Operator, position: int) -> Iterator[int]:
    step = _STEPS[operator]
    while True:
        lowest = [key.from_(position) for key in keys]
        target = step(lowest)
        if target is None:
            return
        if operator is Operator.OR or set(lowest) == {target}:
            yield target
            position = target + 1
        else:
            position = target  # no list holds anything common below it


def _highest_of_all(lowest: Sequence[int | None]) -> int | None:
    present = [index for index in lowest if index is not None]
    return max(present) if present and len(present) == len(lowest) else None


_STEPS: Final[Mapping[Operator, Callable[[Sequence[int | None]], int | None]]] = {
    Operator.AND: _highest_of_all,
    Operator.OR: lambda lowest: min((index for index in lowest if index is not None), default=None),
}
