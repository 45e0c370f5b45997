"""Rekor v1: the log itself, its keys, its consistency proofs, and what stands around them."""

from typing import Final

import pytest

from cosignpy.core.keys.algorithms import ECDSA_P256
from cosignpy.core.keys.private import PrivateKey
from cosignpy.core.keys.public import PublicKey
from cosignpy.core.merkle.proofs import ConsistencyProof, verify_consistency
from cosignpy.core.note.checkpoint import verify_checkpoint
from cosignpy.core.note.verifier import rekor_v1_verifier
from cosignpy.serving.routing import Router
from cosignpy.version import VERSION
from log_server.rekor.v1_routes import build_v1
from tests.support.memory_log import MemoryLog, build_log, rotate, v1_shard
from tests.support.rekor_calls import get

OLD_KEY: Final = PrivateKey.generate(ECDSA_P256)
NEW_KEY: Final = PrivateKey.generate(ECDSA_P256)
OLD_TREE: Final = 1193050959916656506
NEW_TREE: Final = 77


@pytest.fixture(scope="module")
def log() -> MemoryLog:
    """A log of two shards, of 4 and of 20 entries."""
    made = build_log(v1_shard(OLD_KEY, OLD_TREE))
    made.fill(3)
    first = made.first_of_next
    rotate(made, lambda signer: v1_shard(signer, NEW_TREE, first), NEW_KEY)
    made.fill(19)
    return made


@pytest.fixture
def app(log: MemoryLog) -> Router:
    return build_v1(log)


@pytest.mark.parametrize("target", ["/api/v1/log", "/api/v1/log?stable=true"])
def test_the_log_shows_its_newest_tree_and_those_before(app: Router, log: MemoryLog, target: str) -> None:
    answer = get(app, target)
    info = answer.json
    assert (answer.status, info["treeSize"], info["treeID"]) == (200, 20, str(NEW_TREE))
    (old,) = info.pop("inactiveShards")
    assert (old["treeSize"], old["treeID"]) == (4, str(OLD_TREE))
    for shown, key, shard in ((info, NEW_KEY, log.active), (old, OLD_KEY, log.shards[0])):
        verifier = rekor_v1_verifier("rekor.example", key.public_key)
        origin = f"rekor.example - {shown['treeID']}"
        checkpoint = verify_checkpoint(shown["signedTreeHead"].encode(), verifier, origin=origin)
        assert (checkpoint.size, checkpoint.root.hex()) == (shown["treeSize"], shown["rootHash"])
        assert checkpoint.root == shard.reader.tree().root


def test_a_log_that_was_never_rotated_has_no_inactive_shards() -> None:
    app = build_v1(build_log(v1_shard(OLD_KEY)))
    assert get(app, "/api/v1/log").json["inactiveShards"] == []


@pytest.mark.parametrize(
    ("target", "key"),
    [("", NEW_KEY), (f"?treeID={NEW_TREE}", NEW_KEY), (f"?treeID={OLD_TREE}", OLD_KEY)],
)
def test_each_shard_shows_its_key(app: Router, target: str, key: PrivateKey) -> None:
    answer = get(app, f"/api/v1/log/publicKey{target}", (b"accept", b"application/x-pem-file"))
    assert (answer.status, answer.headers[b"content-type"]) == (200, b"application/x-pem-file")
    assert PublicKey.parse_pem(answer.body) == key.public_key


@pytest.mark.parametrize("path", ["publicKey?", "proof?lastSize=2&"])
@pytest.mark.parametrize(("tree", "status"), [("78", 400), ("0077", 400), ("", 422), ("abc", 422), ("-1", 422)])
def test_a_tree_that_is_not_there_is_refused(app: Router, path: str, tree: str, status: int) -> None:
    answer = get(app, f"/api/v1/log/{path}treeID={tree}")
    assert (answer.status, answer.json["code"]) == (status, status)


@pytest.mark.parametrize(("first", "last"), [(1, 20), (3, 7), (8, 20), (20, 20), (1, 1)])
def test_a_proof_shows_that_one_tree_extends_another(app: Router, log: MemoryLog, first: int, last: int) -> None:
    answer = get(app, f"/api/v1/log/proof?firstSize={first}&lastSize={last}")
    assert answer.status == 200
    hashes = tuple(bytes.fromhex(text) for text in answer.json["hashes"])
    root = bytes.fromhex(answer.json["rootHash"])
    assert root == log.active.reader.root(last)
    verify_consistency(ConsistencyProof(first, last, hashes), log.active.reader.root(first), root)


def test_a_proof_begins_at_the_first_entry_unless_told(app: Router) -> None:
    told = get(app, "/api/v1/log/proof?firstSize=1&lastSize=9")
    assert get(app, "/api/v1/log/proof?lastSize=9").body == told.body


def test_an_older_shard_has_proofs_too(app: Router, log: MemoryLog) -> None:
    answer = get(app, f"/api/v1/log/proof?firstSize=2&lastSize=4&treeID={OLD_TREE}")
    assert answer.json["rootHash"] == log.shards[0].reader.tree().root.hex()


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("firstSize=5&lastSize=4", 400),
        ("firstSize=1&lastSize=21", 400),
        (f"lastSize={2**63 - 1}", 400),
        (f"lastSize=5&treeID={OLD_TREE}", 400),
        ("", 422),
        ("firstSize=1", 422),
        ("lastSize=0", 422),
        ("firstSize=0&lastSize=4", 422),
        ("lastSize=-1", 422),
        ("lastSize=four", 422),
        (f"lastSize={2**63}", 422),
    ],
)
def test_sizes_that_make_no_proof_are_refused(app: Router, query: str, status: int) -> None:
    answer = get(app, f"/api/v1/log/proof?{query}")
    assert (answer.status, answer.json["code"]) == (status, status)


def test_a_query_without_end_is_refused(app: Router) -> None:
    answer = get(app, "/api/v1/log/proof?lastSize=2&x=" + "a" * 5000)
    assert (answer.status, answer.json["code"]) == (400, 400)


@pytest.mark.parametrize(
    "target", ["/api/v1/log", "/api/v1/log/proof?lastSize=2", "/api/v1/log/publicKey", "/api/v1/log/entries?logIndex=0"]
)
def test_a_client_that_would_not_take_the_answer_is_told(app: Router, target: str) -> None:
    answer = get(app, target, (b"accept", b"text/html"))
    assert (answer.status, answer.json["code"]) == (406, 406)


def test_tiles_and_checkpoint_of_each_shard_are_served(app: Router, log: MemoryLog) -> None:
    for shard in log.shards:
        below = f"/api/v1/log/shards/{shard.identity.tree_id}"
        assert get(app, f"{below}/checkpoint").body == shard.reader.tree().checkpoint
        assert get(app, f"{below}/tile/0/000.p/4").body[:32] == shard.reader.root(1)


@pytest.mark.parametrize("path", ["/api/v1/log/shards/78/checkpoint", "/api/v1/nothing", "/api/v1/log/"])
def test_other_paths_are_not_found_and_have_no_body(app: Router, path: str) -> None:
    answer = get(app, path)
    assert (answer.status, answer.body) == (404, b"")


def test_the_server_lives_and_says_what_it_is(app: Router) -> None:
    assert get(app, "/ping").body == b"."
    assert get(app, "/api/v1/version").json["version"] == VERSION


def test_a_browser_may_send_json(app: Router) -> None:
    answer = get(app, "/api/v1/log/entries", (b"origin", b"https://search.example"), method="OPTIONS")
    assert answer.headers[b"access-control-allow-origin"] == b"*"
    assert b"content-type" in answer.headers[b"access-control-allow-headers"]


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH"])
def test_other_methods_are_refused_in_the_shape_of_the_protocol(app: Router, method: str) -> None:
    answer = get(app, "/api/v1/log/entries", method=method)
    assert (answer.status, answer.json["code"], answer.headers[b"allow"]) == (405, 405, b"GET, POST")
