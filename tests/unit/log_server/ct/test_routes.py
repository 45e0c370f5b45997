"""Where a certificate transparency log answers: RFC 6962's paths, and the static ones of static-ct-api."""

from hashlib import sha256
from pathlib import Path
from typing import Final

import pytest

from cosignpy.core.ct.tile_leaf import split_data_tile
from cosignpy.core.keys.algorithms import ECDSA_P256
from cosignpy.core.keys.private import PrivateKey
from cosignpy.core.merkle.hashing import hash_leaf
from cosignpy.core.note.checkpoint import verify_checkpoint
from cosignpy.core.note.tree_head import tree_head_verifier
from cosignpy.serving.routing import Router
from log_server.ct.entries import merkle_leaf
from log_server.ct.routes import PREFIX, SUBMISSIONS
from tests.support.certificates import POISONED, Authority
from tests.support.ct_calls import ADD_PRE_CHAIN, body_of, build_app, ct_shard, save_roots
from tests.support.memory_log import MemoryLog
from tests.support.rekor_calls import get, post

KEY: Final = PrivateKey.generate(ECDSA_P256)
ROOT: Final = Authority.root()


@pytest.fixture
def log() -> MemoryLog:
    return MemoryLog([ct_shard(KEY)])


@pytest.fixture
def app(log: MemoryLog, tmp_path: Path) -> Router:
    made = build_app(log, save_roots(tmp_path / "roots.pem", ROOT))
    assert post(made, PREFIX + ADD_PRE_CHAIN, body_of((ROOT.leaf(POISONED), ROOT.der))).status == 200
    return made


def test_the_checkpoint_says_what_the_tree_head_does(app: Router, log: MemoryLog) -> None:
    answer = get(app, f"{PREFIX}/checkpoint")
    verifier = tree_head_verifier("ct.example/ctlog", KEY.public_key)
    checkpoint = verify_checkpoint(answer.body, verifier, origin="ct.example/ctlog")
    assert (checkpoint.size, checkpoint.root) == (1, log.active.reader.tree().root)
    assert answer.headers[b"access-control-allow-origin"] == b"*"


def test_the_data_tile_has_the_leaf_that_the_hash_tile_hashes(app: Router) -> None:
    (entry,) = split_data_tile(get(app, f"{PREFIX}/tile/data/000.p/1").body, 1)
    assert get(app, f"{PREFIX}/tile/0/000.p/1").body == hash_leaf(merkle_leaf(entry))


def test_entry_bundles_of_other_logs_are_not_there(app: Router) -> None:
    assert get(app, f"{PREFIX}/tile/entries/000.p/1").status == 404


def test_an_issuer_is_found_by_its_hash(app: Router) -> None:
    answer = get(app, f"{PREFIX}/issuer/{sha256(ROOT.der).hexdigest()}")
    assert (answer.body, answer.headers[b"content-type"]) == (ROOT.der, b"application/pkix-cert")


@pytest.mark.parametrize("name", ["0" * 64, "..%2f..", "a.b", "a" * 300, "F" * 64, "٣" * 64, "²", "①"])
def test_a_certificate_that_is_in_no_chain_is_not_there(app: Router, name: str) -> None:
    assert get(app, f"{PREFIX}/issuer/{name}").status == 404


@pytest.mark.parametrize("prefix", ["", PREFIX])
@pytest.mark.parametrize("path", SUBMISSIONS)
def test_what_takes_chains_is_not_read(app: Router, prefix: str, path: str) -> None:
    answer = get(app, prefix + path)
    assert (answer.status, answer.headers[b"allow"]) == (405, b"POST")


def test_a_shard_that_is_frozen_is_read_under_its_host_name(app: Router, log: MemoryLog) -> None:
    log.kept.append(ct_shard(PrivateKey.generate(ECDSA_P256), "next.example"))
    issuer = f"{PREFIX}/issuer/{sha256(ROOT.der).hexdigest()}"
    for path in (f"{PREFIX}/tile/data/000.p/1", issuer):
        found = [get(app, path, (b"host", host)).status for host in (b"ct.example", b"next.example")]
        assert found == [200, 404]
