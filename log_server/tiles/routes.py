"""Checkpoints, tiles and entry bundles as C2SP tlog-tiles serves them, of any log.

Every width that a partial tile has or had is answered, cut from the wider one that is there now: a client that
read an older checkpoint is not sent away.
"""

from collections.abc import Callable, Sequence
from http import HTTPStatus
from typing import Final, TypeAlias

from starlette.types import Receive, Scope

from cosignpy.core.merkle.hashing import HASH_SIZE
from cosignpy.core.merkle.tiles import EntryBundleId, Tile, parse_tile_path
from cosignpy.errors import MalformedError
from cosignpy.serving.problem import Problem
from cosignpy.serving.routing import Answer, Refused, Route
from log_server.log import Shard
from log_server.tlog.reader import LogReader

SelectShard: TypeAlias = Callable[[Scope], Shard]
"""Says which log a request means: paths of several may differ in their host only."""

IMMUTABLE: Final = (b"cache-control", b"public, max-age=31536000, immutable")
"""A tile of a width never changes, partial or not; a year is what RFC 9111 calls the longest."""
NO_CACHE: Final = (b"cache-control", b"no-cache")
"""A checkpoint is asked for anew each time, though a cache may keep it to compare."""

_TILE_TYPE: Final = (b"content-type", b"application/octet-stream")
_TEXT_TYPE: Final = (b"content-type", b"text/plain; charset=utf-8")


def build_tile_routes(select: SelectShard, prefix: str) -> Sequence[Route]:
    """Build the static reads of a log below a prefix, which is empty or begins with a slash."""

    async def checkpoint(scope: Scope, _receive: Receive) -> Answer:
        raw = select(scope).reader.tree().checkpoint
        if not raw:
            raise _not_found("the log has published no checkpoint yet")
        return Answer(HTTPStatus.OK, raw, (_TEXT_TYPE, NO_CACHE))

    async def tile(scope: Scope, _receive: Receive) -> Answer:
        content = read_tile(select(scope).reader, f"tile/{scope['path_params']['path']}")
        return Answer(HTTPStatus.OK, content, (_TILE_TYPE, IMMUTABLE))

    return (Route("GET", f"{prefix}/checkpoint", checkpoint), Route("GET", f"{prefix}/tile/{{path*}}", tile))


def read_tile(reader: LogReader, path: str) -> bytes:
    """Return a tile or an entry bundle of the published tree.

    Raises:
        Refused: 404: not the path of one, or the tree has none there, or none as wide.
        LogDamaged: Its file is missing.
    """
    try:
        wanted = parse_tile_path(path)
    except MalformedError as error:
        raise _not_found("no such tile") from error
    return _read_hashes(reader, wanted) if isinstance(wanted, Tile) else _read_entries(reader, wanted)


def _read_hashes(reader: LogReader, wanted: Tile) -> bytes:
    if wanted.width > reader.width(wanted.index, wanted.level):
        raise _not_found("the log has no such tile, or not as wide")
    return reader.tile(wanted.index, wanted.level)[: wanted.width * HASH_SIZE]


def _read_entries(reader: LogReader, wanted: EntryBundleId) -> bytes:
    if wanted.kind != reader.form.data_path or wanted.width > reader.width(wanted.index):
        raise _not_found("the log has no such entry bundle, or not as wide")
    return b"".join(reader.entries(wanted.index)[: wanted.width])


def _not_found(detail: str) -> Refused:
    return Refused(Problem(HTTPStatus.NOT_FOUND, detail))
