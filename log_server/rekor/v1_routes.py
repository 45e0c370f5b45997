"""The table of contents of Rekor v1's interface (rekor, openapi.yaml), and what we add to it.

The real server shows no tiles. Here each shard has them, and its checkpoint, below `/api/v1/log/shards/<tree id>`.
"""

from cosignpy.serving.routing import Route, Router
from log_server.log import Log
from log_server.rekor.v1_answers import ENTRIES_PATH
from log_server.rekor.v1_entries import V1Entries
from log_server.rekor.v1_errors import V1_MANNER
from log_server.rekor.v1_index import V1Index
from log_server.rekor.v1_options import V1Face, V1Options
from log_server.rekor.v1_tree import V1Tree
from log_server.tiles.routes import build_tile_routes


def build_v1(log: Log, options: V1Options | None = None) -> Router:
    """Build the face of a Rekor v1 log."""
    face = V1Face(log, options or V1Options())
    entries, tree, index = V1Entries(face), V1Tree(face), V1Index(face)
    return Router(
        (
            Route("POST", ENTRIES_PATH, entries.create),
            Route("GET", ENTRIES_PATH, entries.by_index),
            Route("POST", f"{ENTRIES_PATH}/retrieve", entries.retrieve),
            Route(
                "POST", f"{ENTRIES_PATH}/retrieve/", entries.retrieve
            ),  # as clients generated from the schema send it
            Route("GET", f"{ENTRIES_PATH}/{{id}}", entries.by_id),
            Route("GET", "/api/v1/log", tree.info),
            Route("GET", "/api/v1/log/publicKey", tree.public_key),
            Route("GET", "/api/v1/log/proof", tree.proof),
            Route("POST", "/api/v1/index/retrieve", index.retrieve),
            Route("GET", "/api/v1/version", tree.version),
            Route("GET", "/ping", tree.ping),
            *build_tile_routes(tree.select, "/api/v1/log/shards/{tree}"),
        ),
        V1_MANNER,
    )
