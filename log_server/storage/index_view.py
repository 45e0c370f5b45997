"""All there is to look into at one moment: the runs, oldest first, then the parts in memory."""

import sqlite3
from collections.abc import Sequence
from typing import Final

from cosignpy.values import value
from log_server.storage.index_catalogue import Catalogue
from log_server.storage.index_database import explain_database
from log_server.storage.index_runs import Run
from log_server.storage.index_young import Part

PART_KEYS: Final = 1 << 17
"""Keys of a part: 20 MB while they are in memory, a tenth of a second to sort."""

_ATTEMPTS: Final = 20
"""Times that a reader asks again which runs there are, since one it was told of has been merged meanwhile."""


@value
class View:
    """Runs and parts that cover all entries without a gap. Only the last part grows."""

    epoch: int
    runs: tuple[Run, ...]
    parts: tuple[Part, ...]

    @property
    def sources(self) -> Sequence[Run | Part]:
        """Return what there is to look into, by the entries it covers."""
        return (*self.runs, *self.parts)

    @property
    def size(self) -> int:
        """Say for how many entries the keys are here."""
        return self.parts[-1].end

    def first(self, keys: Sequence[bytes]) -> dict[bytes, int]:
        """Return the lowest log index of each key that is here."""
        return self.first_of(keys, keys)

    def first_of(self, keys: Sequence[bytes], sorted_keys: Sequence[bytes]) -> dict[bytes, int]:
        """Return the same, where only `sorted_keys` can be in runs."""
        found = _first(self.runs, sorted_keys)
        return found | _first(self.parts, [key for key in keys if key not in found])

    def search(self, key: bytes, after: int, limit: int) -> Sequence[int]:
        """Return log indices of a key above `after`, ascending, at most `limit`."""
        found: list[int] = []
        for source in self.sources:
            if len(found) < limit:
                found += source.search(key, after, limit - len(found))
        return found

    def count(self) -> int:
        """Count the records, each of which is one key of one entry."""
        return sum(source.count() for source in self.sources)

    def extended(self, end: int, records: bytes, part_keys: int) -> "View":
        """Give the last part the next records; where that fills it, the view returned has a new one."""
        last = self.parts[-1]
        last.extend(end, records)
        return self if len(last) < part_keys else View(self.epoch, self.runs, (*self.parts, Part(end)))


def _first(sources: Sequence[Run | Part], keys: Sequence[bytes]) -> dict[bytes, int]:
    found: dict[bytes, int] = {}
    for source in sources:
        if not keys:
            break
        here = source.first(keys)
        if here:
            found |= here
            keys = [key for key in keys if key not in here]
    return found


_NO_PART: Final = Part(0)
NOTHING: Final = View(-1, (), (_NO_PART,))
"""What is known of an index that was not looked into yet; no index has that epoch."""


def follow(view: View, catalogue: Catalogue, part_keys: int = PART_KEYS) -> View:
    """Bring a view up to what the database says now.

    Raises:
        StorageError: The index is damaged.
    """
    for _ in range(_ATTEMPTS - 1):
        try:
            return _follow(view, catalogue, part_keys)
        except sqlite3.Error:  # merged into another since, and deleted
            continue
    with explain_database(catalogue.directory):
        return _follow(view, catalogue, part_keys)


def _follow(view: View, catalogue: Catalogue, part_keys: int) -> View:
    contents = catalogue.contents(view.size)
    if contents.epoch != view.epoch or any(part.begin < contents.sorted_to < part.end for part in view.parts):
        view, contents = NOTHING, catalogue.contents(0)
    known = {run.name: run for run in view.runs}
    runs = tuple(known.get(name) or Run(catalogue.directory, name) for name in contents.runs)
    parts = tuple(part for part in view.parts if part.begin >= contents.sorted_to and part is not _NO_PART)
    now = View(contents.epoch, runs, parts or (Part(contents.sorted_to),))
    for end, records in contents.batches:
        now = now.extended(end, records, part_keys)
    return now
