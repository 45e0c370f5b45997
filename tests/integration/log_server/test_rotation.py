"""Rotation as clients see it: nothing is lost, old names go on answering, and only the newest takes entries."""

import base64
import json
from collections.abc import Iterator, Mapping, Sequence
from http import HTTPStatus
from pathlib import Path
from typing import Any, Final

import pytest

from cosignpy.core.encoding import encode_canonical_json
from cosignpy.core.keys.algorithms import ECDSA_P256
from cosignpy.core.keys.private import PrivateKey
from cosignpy.core.keys.public import PublicKey
from cosignpy.core.keys.signatures import verify_signature
from cosignpy.core.merkle.hashing import hash_leaf
from cosignpy.core.merkle.proofs import InclusionProof, verify_inclusion
from cosignpy.core.note.checkpoint import verify_checkpoint
from cosignpy.core.note.verifier import log_verifier, rekor_v1_verifier
from tests.support.certificates import POISONED
from tests.support.certificates import Authority as CertificateAuthority
from tests.support.ct_calls import ADD_PRE_CHAIN, body_of, read_sct, save_roots, verify_sth
from tests.support.http_calls import Caller
from tests.support.log_process import LogProcess, Shard, serve_logs
from tests.support.rekor_calls import V1_ENTRIES, V2_ENTRIES, propose_v1, propose_v2

SIGNER: Final = PrivateKey.generate(ECDSA_P256)
ROOT: Final = CertificateAuthority.root()
OLD_PROPOSAL: Final = propose_v1(SIGNER, b"old")
OLD_SEARCH: Final = OLD_PROPOSAL["spec"]["data"]["hash"]["value"]
PRECERTIFICATE: Final = ROOT.leaf(POISONED)


@pytest.fixture(scope="module")
def rotated(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LogProcess]:
    """Serve logs that were rotated after some entries."""
    data = tmp_path_factory.mktemp("rotated") / "data"
    data.mkdir()
    save_roots(data / "roots.pem", ROOT)
    with serve_logs(data, "hostname: old.example\nct: {roots: roots.pem}\n") as log:
        caller = Caller(log.url)
        for proposal in (OLD_PROPOSAL, propose_v1(SIGNER, b"more")):
            assert caller.post(V1_ENTRIES, proposal).status == HTTPStatus.CREATED
        assert caller.post(V2_ENTRIES, propose_v2(SIGNER, b"old")).status == HTTPStatus.CREATED
        assert caller.post(ADD_PRE_CHAIN, body_of((PRECERTIFICATE, ROOT.der))).status == HTTPStatus.OK
        log.stop()
        log.run("rotate", "--log", "rekor-v1")
        for name in ("rekor-v2", "ct"):
            log.run("rotate", "--log", name, "--hostname", "new.example")
        log.start()
        yield log


@pytest.fixture
def caller(rotated: LogProcess) -> Caller:
    return Caller(rotated.url)


def key_of(shard: Shard) -> PublicKey:
    return PublicKey.parse_pem(shard.public_key.encode(), what="shown")


def verify_v1(shards: Sequence[Shard], entry: Mapping[str, Any]) -> Shard:
    """Verify SET, checkpoint and proof by the key of the shard that the entry names, as clients do."""
    (shard,) = [shard for shard in shards if shard.log_id.hex() == entry["logID"]]
    promised = {name: entry[name] for name in ("body", "integratedTime", "logID", "logIndex")}
    promise = base64.b64decode(entry["verification"]["signedEntryTimestamp"])
    verify_signature(key_of(shard), promise, encode_canonical_json(promised))
    shown = entry["verification"]["inclusionProof"]
    verifier = rekor_v1_verifier("old.example", key_of(shard))
    checkpoint = verify_checkpoint(shown["checkpoint"].encode(), verifier, origin=shard.origin)
    hashes = tuple(bytes.fromhex(text) for text in shown["hashes"])
    proof = InclusionProof(shown["logIndex"], shown["treeSize"], hashes)
    verify_inclusion(proof, hash_leaf(base64.b64decode(entry["body"])), checkpoint.root)
    assert entry["logIndex"] == shard.first_index + shown["logIndex"]
    return shard


def test_rekor_v1_counts_over_its_shards_and_promises_each_entry_by_its_own_key(
    rotated: LogProcess, caller: Caller
) -> None:
    shards = rotated.shards("rekor-v1")
    assert [(shard.state, shard.size, shard.first_index) for shard in shards] == [("frozen", 3, 0), ("active", 1, 3)]
    found = [caller.get(f"{V1_ENTRIES}?logIndex={index}").json for index in range(4)]
    numbers = [verify_v1(shards, entry).number for answer in found for entry in answer.values()]
    assert numbers == ["0001"] * 3 + ["0002"]
    assert caller.get(f"{V1_ENTRIES}?logIndex=4").status == HTTPStatus.NOT_FOUND
    new = caller.post(V1_ENTRIES, propose_v1(SIGNER, b"new"))
    (entry,) = new.json.values()
    assert (new.status, entry["logIndex"], verify_v1(shards, entry).number) == (HTTPStatus.CREATED, 4, "0002")


def test_rekor_v1_searches_all_shards(rotated: LogProcess, caller: Caller) -> None:
    (uuid,) = caller.post("/api/v1/index/retrieve", {"hash": f"sha256:{OLD_SEARCH}"}).json
    old = rotated.shards("rekor-v1")[0]
    assert int(uuid[:16], 16) == int(old.tree_id)
    for name in (uuid, uuid[16:]):
        (entry,) = caller.get(f"{V1_ENTRIES}/{name}").json.values()
        assert entry["logIndex"] == 1


def test_rekor_v1_shows_the_frozen_tree_beside_the_growing_one(rotated: LogProcess, caller: Caller) -> None:
    old, new = rotated.shards("rekor-v1")
    shown = caller.get("/api/v1/log").json
    assert shown["treeID"] == new.tree_id
    (inactive,) = shown["inactiveShards"]
    assert (inactive["treeID"], inactive["treeSize"]) == (old.tree_id, 3)
    pem = caller.get(f"/api/v1/log/publicKey?treeID={old.tree_id}").body.decode()
    assert pem == old.public_key
    assert caller.get(f"/api/v1/log/proof?firstSize=1&lastSize=3&treeID={old.tree_id}").status == HTTPStatus.OK


@pytest.mark.parametrize(("host", "number"), [("old.example", 0), ("old.example:3000", 0), ("new.example", 1)])
def test_rekor_v2_answers_for_the_shard_whose_host_name_is_used(
    rotated: LogProcess, caller: Caller, host: str, number: int
) -> None:
    shard = rotated.shards("rekor-v2")[number]
    for prefix in ("", "/api/v2"):
        raw = caller.get(f"{prefix}/checkpoint", Host=host).body
        verifier = log_verifier(shard.origin, key_of(shard))
        assert verify_checkpoint(raw, verifier, origin=host.partition(":")[0]).size == shard.size


def test_rekor_v2_takes_nothing_under_an_old_name_and_names_the_new(caller: Caller) -> None:
    proposal = propose_v2(SIGNER, b"late")
    late = caller.post(V2_ENTRIES, proposal, Host="old.example")
    assert (late.status, "new.example" in late.json["message"]) == (HTTPStatus.METHOD_NOT_ALLOWED, True)
    assert caller.post(V2_ENTRIES, proposal, Host="new.example").status == HTTPStatus.CREATED


def test_ct_answers_for_the_shard_whose_host_name_is_used(rotated: LogProcess, caller: Caller) -> None:
    old, new = rotated.shards("ct")
    assert (old.origin, new.origin) == ("old.example/ctlog", "new.example/ctlog")
    assert verify_sth(caller.get("/ct/v1/get-sth", Host="old.example").json, key_of(old))[0] == 1
    assert verify_sth(caller.get("/ctlog/ct/v1/get-sth", Host="new.example").json, key_of(new))[0] == new.size
    assert caller.get("/ctlog/tile/data/000.p/1", Host="old.example").status == HTTPStatus.OK
    assert len(caller.get("/ct/v1/get-entries?start=0&end=5", Host="old.example").json["entries"]) == 1


def test_ct_promises_nothing_under_an_old_name(rotated: LogProcess, caller: Caller) -> None:
    body = body_of((PRECERTIFICATE, ROOT.der))
    late = caller.post(ADD_PRE_CHAIN, body, Host="old.example")
    assert (late.status, b"new.example/ctlog" in late.body) == (HTTPStatus.METHOD_NOT_ALLOWED, True)
    new = caller.post(ADD_PRE_CHAIN, body, Host="new.example")
    assert read_sct(new.json).log_id == rotated.shards("ct")[1].log_id, "it is another log, and logs it too"


def test_a_log_without_a_successor_is_read_only(tmp_path: Path) -> None:
    with serve_logs(tmp_path / "data", "", "--workers", "0") as log:
        log.stop()
        for name in ("rekor-v1", "rekor-v2", "ct"):
            log.run("freeze", "--log", name)
        log.start()
        caller = Caller(log.url)
        for path, proposal in ((V1_ENTRIES, propose_v1(SIGNER)), (V2_ENTRIES, propose_v2(SIGNER))):
            refused = caller.post(path, proposal)
            assert (refused.status, "is frozen" in refused.json["message"]) == (HTTPStatus.METHOD_NOT_ALLOWED, True)
        assert caller.get(f"{V1_ENTRIES}?logIndex=0").status == HTTPStatus.OK
        assert caller.get("/checkpoint").status == HTTPStatus.OK
        assert json.loads(log.run("show", "--output", "json"))[0]["state"] == "frozen"
