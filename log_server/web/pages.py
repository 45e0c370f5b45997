"""View models: what each page shows, as values that come from the logs and nothing else."""

from collections.abc import Mapping, Sequence
from typing import Final

from cosignpy.values import field, value
from log_server.log import Log, LogKind
from log_server.web.entries import EntryView, view_entries
from log_server.web.lookup import Found, Query, look_up
from log_server.web.places import Place, places_of
from log_server.web.proofs import ProofView, prove
from log_server.web.signers import KeyView, view_key

HOME_ENTRIES: Final = 5
"""Newest entries of each log on the first page."""
PAGE_ENTRIES: Final = 25
"""Entries on one page of a log."""

_API_PATHS: Final[Mapping[LogKind, str]] = {
    LogKind.REKOR_V1: "/api/v1/log/entries?logIndex={virtual}",
    LogKind.CT: "/ct/v1/get-entry-and-proof?leaf_index={index}&tree_size={size}",
}
"""Where the protocols answer with one entry. Rekor v2 has tiles only, and RFC 6962 knows nothing of shards."""


@value
class LogView:
    """One shard: who it is, how large it is, and what it signed last."""

    title: str
    path: str
    frozen: bool
    origin: str
    log_id: str
    key: KeyView
    first: int
    size: int
    root: str
    checkpoint: str = field(repr=False)


@value
class LogBrief:
    """A log on the first page, with its newest entries and its earlier shards."""

    log: LogView
    entries: tuple[EntryView, ...]
    earlier: tuple[LogView, ...]


@value
class HomePage:
    """The first page."""

    logs: tuple[LogBrief, ...]


@value
class LogPage:
    """One page of a shard's entries, the newest first; `newer` and `older` are the addresses of its neighbours."""

    log: LogView
    entries: tuple[EntryView, ...]
    newer: str | None
    older: str | None


@value
class EntryPage:
    """One entry in full; `api_path` is where the log's own protocol has it, empty where it has no such address."""

    log: LogView
    entry: EntryView
    proof: ProofView
    virtual_index: int
    entry_id: str
    json_path: str
    api_path: str


@value
class FoundView:
    """What was found in one log; `more` is the address of the rest."""

    log: LogView
    entries: tuple[EntryView, ...]
    more: str | None


@value
class SearchPage:
    """What was looked up, and what was found, log by log; `problem` says why nothing was looked up."""

    query: str
    found: tuple[FoundView, ...] = ()
    problem: str = ""


@value
class ErrorPage:
    """Why there is nothing to see here."""

    title: str
    detail: str


def view_log(place: Place) -> LogView:
    """Describe a shard."""
    identity, tree = place.shard.identity, place.tree()
    return LogView(
        place.title,
        place.path,
        place.frozen,
        identity.origin,
        identity.log_id.hex(),
        view_key(identity.key),
        identity.first,
        tree.size,
        tree.root.hex(),
        tree.checkpoint.decode("utf-8"),
    )


def view_home(logs: Sequence[Log]) -> HomePage:
    """Build the first page: every log's newest shard, and the way to those before it.

    Raises:
        LogDamaged: A file is missing or wrong.
    """
    places = tuple(places_of(logs))
    return HomePage(tuple([_brief(place, places) for place in places if place.newest]))


def view_page(place: Place, before: int | None) -> LogPage:
    """Build a page of a shard's entries: the newest, or those before an index.

    Raises:
        LogDamaged: A file is missing or wrong.
    """
    log = view_log(place)
    end = log.size if before is None else min(before, log.size)
    start = max(0, end - PAGE_ENTRIES)
    newer = None
    if end < log.size:
        newer = place.path if end + PAGE_ENTRIES >= log.size else f"{place.path}?before={end + PAGE_ENTRIES}"
    older = f"{place.path}?before={start}" if start else None
    return LogPage(log, view_entries(place, range(start, end)[::-1]), newer, older)


def view_entry_page(place: Place, index: int) -> EntryPage:
    """Build the page of one entry, with the proof that it is in the newest published tree.

    Raises:
        NoSuchEntry: The published log is shorter.
        LogDamaged: A file is missing or wrong.
    """
    proven, identity = prove(place, index), place.shard.identity
    tree = f"{identity.tree_id:016x}" if identity.tree_id else ""
    log, virtual = view_log(place), identity.first + index
    api = _API_PATHS.get(identity.kind, "") if place.newest or identity.kind is not LogKind.CT else ""
    return EntryPage(
        log,
        proven.entry,
        proven.proof,
        virtual,
        tree + proven.entry.leaf_hash,
        f"{proven.entry.path}/json",
        api.format(virtual=virtual, index=index, size=proven.proof.inclusion.size),
    )


def view_search(found: Sequence[Found], query: Query, more_of: str) -> SearchPage:
    """Build the results; `more_of` is the address of this look-up, to which a log and an index are added.

    Raises:
        LogDamaged: A file is missing or wrong.
    """
    return SearchPage(query.text, tuple([_found(one, more_of) for one in found if one.indices]))


def search(places: Sequence[Place], query: Query, after: int = -1) -> tuple[Found, ...]:
    """Look a query up in several shards, and keep those that have something."""
    return tuple([found for place in places if (found := look_up(place, query, after)).indices])


def _brief(place: Place, places: Sequence[Place]) -> LogBrief:
    log = view_log(place)
    newest = range(max(0, log.size - HOME_ENTRIES), log.size)[::-1]
    earlier = [view_log(other) for other in places if not other.newest and other.kind is place.kind]
    return LogBrief(log, view_entries(place, newest), tuple(earlier))


def _found(found: Found, more_of: str) -> FoundView:
    more = f"{more_of}&log={found.place.name}&after={found.indices[-1]}" if found.more else None
    return FoundView(view_log(found.place), view_entries(found.place, found.indices), more)
