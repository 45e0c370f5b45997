"""The table of contents of Rekor v2's interface (rekor-tiles, `rekor_service.proto`), and what we add to it.

The real server leaves tiles and checkpoints to another web server; on the public service they stand below
`/api/v2`. Here they are answered with and without that prefix.
"""

from typing import Final

from cosignpy.serving.routing import Route, Router
from log_server.log import Log
from log_server.rekor.v2_entries import V2Entries
from log_server.rekor.v2_errors import V2_MANNER
from log_server.rekor.v2_options import V2Options, select_shard
from log_server.tiles.routes import build_tile_routes

V2_PREFIX: Final = "/api/v2"
V2_ENTRIES: Final = f"{V2_PREFIX}/log/entries"


def build_v2(log: Log, options: V2Options | None = None) -> Router:
    """Build the face of a Rekor v2 log; each of its shards answers under its own host name."""
    entries = V2Entries(log, options or V2Options())
    return Router(
        (
            Route("POST", V2_ENTRIES, entries.create),
            Route("GET", V2_ENTRIES, entries.search),
            Route("GET", f"{V2_ENTRIES}/{{index}}", entries.by_index),
            *build_tile_routes(lambda scope: select_shard(log, scope), V2_PREFIX),
            *build_tile_routes(lambda scope: select_shard(log, scope), ""),
        ),
        V2_MANNER,
    )
