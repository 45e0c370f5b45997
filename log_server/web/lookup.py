"""The look-up form: one line of text, which may be an index, a hash, an entry id, or whom a certificate names."""

import re
from collections.abc import Iterator, Sequence
from typing import Final

from cosignpy.values import value
from log_server.rekor.draft import search_key
from log_server.tlog.values import leaf_key
from log_server.web.places import Place

MAX_QUERY: Final = 512
"""Characters: what Rekor v1's index accepts as a subject, and more than any digest has."""

PAGE: Final = 20
"""Entries of one log on one page of results, as many as other user interfaces show."""

_INDEX: Final = re.compile(r"[0-9]{1,19}", re.ASCII)
_DIGEST: Final = re.compile(r"(?:(?P<algorithm>sha(?:1|256|384|512)):)?(?P<hex>[0-9a-f]{40,128})", re.ASCII)
_ENTRY_ID: Final = re.compile(r"(?P<tree>[0-9a-f]{16})(?P<leaf>[0-9a-f]{64})", re.ASCII)
_ALGORITHMS: Final = {40: "sha1", 64: "sha256", 96: "sha384", 128: "sha512"}
_LEAF_DIGITS: Final = 64


@value
class Query:
    """What a text may stand for: a log index, keys of the search index, and the tree that an entry id names."""

    text: str
    index: int | None = None
    keys: tuple[bytes, ...] = ()
    tree_id: int | None = None


@value
class Found:
    """Log indices of one shard, ascending; `more` where there are others behind them."""

    place: Place
    indices: tuple[int, ...]
    more: bool = False


def parse_query(text: str) -> Query:
    """Say what a text may stand for; any text may be a name."""
    text = text.strip()
    lowered = text.lower()
    if _INDEX.fullmatch(lowered):
        return Query(text, int(lowered), (search_key(lowered),))
    if entry_id := _ENTRY_ID.fullmatch(lowered):
        return Query(text, None, (leaf_key(bytes.fromhex(entry_id["leaf"])),), int(entry_id["tree"], 16))
    if digest := _DIGEST.fullmatch(lowered):
        return Query(text, None, tuple(_digest_keys(digest["algorithm"], digest["hex"])))
    return Query(text, None, (search_key(text),) if text else ())


def _digest_keys(algorithm: str | None, digits: str) -> Iterator[bytes]:
    """Yield the ways in which a digest can be in the index: artifacts with algorithm, keys without, leaf hashes."""
    yield search_key(digits)
    if len(digits) == _LEAF_DIGITS:
        yield leaf_key(bytes.fromhex(digits))
    named = algorithm or _ALGORITHMS.get(len(digits))
    if named:
        yield search_key(f"{named}:{digits}")


def look_up(place: Place, query: Query, after: int = -1) -> Found:
    """Return the entries of one shard that a query finds, from behind an index on."""
    size = place.tree().size
    indices = set(_by_index(place, query, size))
    if query.tree_id in {None, place.shard.identity.tree_id}:
        for key in query.keys:
            indices |= set(place.shard.reader.index.search(key, after=after, limit=PAGE + 1))
    # The index may be ahead of the checkpoint; what is not published yet is not shown.
    ordered = sorted(index for index in indices if after < index < size)
    return Found(place, tuple(ordered[:PAGE]), len(ordered) > PAGE)


def _by_index(place: Place, query: Query, size: int) -> Sequence[int]:
    """Return the index inside a shard of the entry with a virtual index; without shards both are the same."""
    index = -1 if query.index is None else query.index - place.shard.identity.first
    return (index,) if 0 <= index < size else ()
