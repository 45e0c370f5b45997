"""Reading one entry of a Rekor v2 log from its tiles, with a proof of our own making (C2SP tlog-tiles).

The log answers a request for an entry that it has already with nothing but the index. Checkpoint, entry bundle and
tiles are public files below the same address, so entry and proof are put together from these.
"""

from collections.abc import Callable
from functools import cache
from typing import Final

from cosignpy.core.merkle.hashing import Node, hash_leaf
from cosignpy.core.merkle.proofs import build_inclusion
from cosignpy.core.merkle.tiles import (
    TILE_HEIGHT,
    TILE_WIDTH,
    EntryBundleId,
    Tile,
    node_hash,
    node_in_tile,
    parse_entry_bundle,
)
from cosignpy.core.note.checkpoint import Checkpoint, parse_checkpoint, verify_included
from cosignpy.core.note.signed_note import parse_note
from cosignpy.core.rekor.body import parse_kind
from cosignpy.core.rekor.log_entry import LogEntry, LoggedProof
from cosignpy.net.clock import Clock
from cosignpy.net.http import Request
from cosignpy.services.conversation import Answer, Conversation, Expected, endpoint
from cosignpy.values import field, value

PREFIX: Final = "/api/v2/"
"""Where the public service has its files."""
MAX_FILE: Final = 17 << 20
"""Octets of a file: an entry bundle of 256 entries of 65,535; real ones have 300 KB."""
CHECKPOINT_WAITS: Final = (0.5, 1.0, 2.0, 4.0, 8.0)
"""Seconds between looks at a checkpoint that does not cover the entry yet: it may have been sequenced just now, and
the real server publishes every 10 s by default."""

_FOUND: Final = Expected((200,), MAX_FILE, "file of the log")
_FOUND_OR_NOT: Final = Expected((200, 404), MAX_FILE, "file of the log")
_NOT_FOUND: Final = 404


@value
class TiledLog:
    """The public files of a log; `log_id` is the id of its key, which stands in none of them."""

    url: str
    log_id: bytes
    conversation: Conversation = field(repr=False)
    clock: Clock = field(repr=False, compare=False)

    def find(self, index: int) -> LogEntry:
        """Return the entry at an index, in the tree of the newest checkpoint; that this is the log's is not shown.

        Raises:
            RemoteError: The files are not there, or are not what they must be.
            TransparencyError: The tiles do not lead to the root in the checkpoint.
        """
        answer, checkpoint = self._await_checkpoint(index)
        with self.conversation.understanding(answer):
            body = self._entry(index, checkpoint.size)
            proof = build_inclusion(index, checkpoint.size, self._nodes(checkpoint.size))
            verify_included(checkpoint, proof, hash_leaf(body))
            kind, version = parse_kind(body)
            return LogEntry(
                body=body,
                log_id=self.log_id,
                log_index=index,
                inclusion=LoggedProof(proof, checkpoint.root, answer.body.decode("utf-8")),
                kind=kind,
                version=version,
            )

    def _await_checkpoint(self, index: int) -> tuple[Answer, Checkpoint]:
        """Fetch the checkpoint until it covers an entry."""
        for pause in (*CHECKPOINT_WAITS, 0.0):
            answer = self._get("checkpoint", _FOUND)
            with self.conversation.understanding(answer):
                checkpoint = parse_checkpoint(parse_note(answer.body).text)
            if index < checkpoint.size:
                return answer, checkpoint
            self.clock.sleep(pause)
        why = f"its checkpoint does not cover its entry {index}"
        raise self.conversation.refusal(endpoint(self.url, PREFIX + "checkpoint"), None, why)

    def _entry(self, index: int, size: int) -> bytes:
        number, place = divmod(index, TILE_WIDTH)
        raw, width = self._file(lambda width: EntryBundleId(number, width).path(), _width(number, 0, size))
        return parse_entry_bundle(raw, width)[place]

    def _nodes(self, size: int) -> Callable[[Node], bytes]:
        """Return what knows the hashes of the tree, and fetches each tile once."""

        @cache
        def tile(level: int, number: int) -> bytes:
            return self._file(lambda width: Tile(level, number, width).path(), _width(number, level, size))[0]

        def fetch(node: Node) -> bytes:
            span = node_in_tile(node)
            return node_hash(node, tile(span.level, span.index))

        return fetch

    def _file(self, path: Callable[[int], str], width: int) -> tuple[bytes, int]:
        """Return a file and its width: partial ones are removed once there is the full one (tlog-tiles)."""
        if width == TILE_WIDTH:
            return self._get(path(width), _FOUND).body, width
        partial = self._get(path(width), _FOUND_OR_NOT)
        if partial.status == _NOT_FOUND:
            return self._get(path(TILE_WIDTH), _FOUND).body, TILE_WIDTH
        return partial.body, width

    def _get(self, path: str, expected: Expected) -> Answer:
        return self.conversation.ask(Request("GET", endpoint(self.url, PREFIX + path)), expected)


def _width(number: int, level: int, size: int) -> int:
    """Return how many hashes a tile has in a tree of a size."""
    return min(TILE_WIDTH, (size >> TILE_HEIGHT * level) - number * TILE_WIDTH)
