"""Static reads: every width a tree has or had, cut from what is there now."""

import hashlib
from typing import Final

import pytest

from cosignpy.core.keys.algorithms import ECDSA_P256
from cosignpy.core.keys.private import PrivateKey
from cosignpy.core.merkle.tiles import parse_entry_bundle
from cosignpy.core.note.checkpoint import verify_checkpoint
from cosignpy.core.note.verifier import log_verifier
from cosignpy.serving.routing import Router
from log_server.log import Shard
from log_server.tiles.routes import build_tile_routes
from tests.support.memory_log import MemoryLog, build_log, v2_shard
from tests.support.rekor_calls import get

SIGNER: Final = PrivateKey.generate(ECDSA_P256)
HASH: Final = 32


def serve(log: MemoryLog, prefix: str = "/some/prefix") -> Router:
    def select(_: object) -> Shard:
        return log.active

    return Router(build_tile_routes(select, prefix))


@pytest.fixture(scope="module")
def log() -> MemoryLog:
    """A log of 300 entries, which came in batches of 1, 9, 290."""
    made = build_log(v2_shard(SIGNER))
    made.fill(9)
    made.fill(290)
    return made


def test_the_checkpoint_is_text_that_caches_ask_for_anew(log: MemoryLog) -> None:
    answer = get(serve(log), "/some/prefix/checkpoint")
    assert (answer.status, answer.headers[b"content-type"]) == (200, b"text/plain; charset=utf-8")
    assert answer.headers[b"cache-control"] == b"no-cache"
    origin = log.active.identity.origin
    assert verify_checkpoint(answer.body, log_verifier(origin, SIGNER.public_key)).size == 300


def test_a_log_without_a_checkpoint_has_none_to_show() -> None:
    assert get(serve(MemoryLog([v2_shard(SIGNER)])), "/some/prefix/checkpoint").status == 404


def test_a_full_tile_is_immutable(log: MemoryLog) -> None:
    answer = get(serve(log), "/some/prefix/tile/0/000")
    assert (answer.status, len(answer.body)) == (200, 256 * HASH)
    assert answer.headers[b"cache-control"] == b"public, max-age=31536000, immutable"
    assert answer.headers[b"content-type"] == b"application/octet-stream"
    assert answer.body[HASH * 7 : HASH * 8] == log.leaf_hash(7)


@pytest.mark.parametrize("width", [1, 2, 10, 43, 44])
def test_a_partial_tile_is_served_at_every_width_it_has_or_could_have_had(log: MemoryLog, width: int) -> None:
    widest = get(serve(log), "/some/prefix/tile/0/001.p/44").body
    answer = get(serve(log), f"/some/prefix/tile/0/001.p/{width}")
    assert (answer.status, answer.body) == (200, widest[: width * HASH])


def test_a_tile_that_is_full_by_now_is_still_served_at_a_width_it_had(log: MemoryLog) -> None:
    full = get(serve(log), "/some/prefix/tile/0/000").body
    assert get(serve(log), "/some/prefix/tile/0/000.p/10").body == full[: 10 * HASH]


def test_the_level_above_has_the_root_of_the_full_tile(log: MemoryLog) -> None:
    answer = get(serve(log), "/some/prefix/tile/1/000.p/1")
    assert (answer.status, len(answer.body)) == (200, HASH)


@pytest.mark.parametrize(("path", "first", "width"), [("000", 0, 256), ("000.p/10", 0, 10), ("001.p/44", 256, 44)])
def test_entry_bundles_hold_the_entries_of_their_tile(log: MemoryLog, path: str, first: int, width: int) -> None:
    answer = get(serve(log), f"/some/prefix/tile/entries/{path}")
    entries = parse_entry_bundle(answer.body, width)
    hashes = [hashlib.sha256(b"\0" + entry).digest() for entry in entries]
    assert hashes == [log.leaf_hash(index) for index in range(first, first + width)]


@pytest.mark.parametrize(
    "path",
    [
        "tile/0/001.p/45",  # wider than the tree
        "tile/0/001",  # not full yet
        "tile/0/002.p/1",  # beyond the tree
        "tile/1/000.p/2",
        "tile/2/000.p/1",
        "tile/entries/001.p/45",
        "tile/entries/002.p/1",
        "tile/data/000",  # those of certificate transparency
        "tile/0/0",
        "tile/0/000.p/0",
        "tile/0/000.p/256",
        "tile/64/000",
        "tile/0/../checkpoint",
        "tile/0/x000/000",
        "tile/",
        "tiles/0/000",
    ],
)
def test_what_the_tree_does_not_have_is_not_found(log: MemoryLog, path: str) -> None:
    assert get(serve(log), f"/some/prefix/{path}").status == 404


def test_paths_without_a_prefix_are_served_too(log: MemoryLog) -> None:
    assert get(serve(log, ""), "/tile/0/000").status == 200


def test_head_has_no_body(log: MemoryLog) -> None:
    answer = get(serve(log), "/some/prefix/tile/0/000", method="HEAD")
    assert (answer.status, answer.body, answer.headers[b"content-length"]) == (200, b"", b"8192")


def test_only_reads_are_allowed(log: MemoryLog) -> None:
    answer = get(serve(log), "/some/prefix/checkpoint", method="PUT")
    assert (answer.status, answer.headers[b"allow"]) == (405, b"GET")
