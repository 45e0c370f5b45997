"""A certificate authority and a monitor at the CT log, over HTTP."""

import os
import signal
import time
from collections.abc import Iterator, Sequence
from http import HTTPStatus
from pathlib import Path
from typing import Final
from urllib.parse import quote

import pytest

from cosignpy.core.ct.precertificate import build_certificate_entry, verify_embedded_sct, verify_sct
from cosignpy.core.encoding import encode_b64
from cosignpy.core.keys.public import PublicKey
from cosignpy.core.merkle.hashing import hash_leaf
from cosignpy.core.merkle.proofs import ConsistencyProof, InclusionProof, verify_consistency, verify_inclusion
from cosignpy.core.note.checkpoint import verify_checkpoint
from cosignpy.core.note.tree_head import tree_head_verifier
from cosignpy.net.http import HttpClient, HttpOptions, Request
from cosignpy.net.retry import NO_RETRIES
from cosignpy.net.url import Url
from tests.support.certificates import NAMED, POISONED, Authority
from tests.support.ct_calls import (
    ADD_CHAIN,
    ADD_PRE_CHAIN,
    body_of,
    hashes_of,
    read_leaf,
    read_sct,
    save_roots,
    verify_sth,
)
from tests.support.http_calls import Caller, Reply
from tests.support.log_process import LogProcess, serve_logs

ROOT: Final = Authority.root()
ISSUER: Final = ROOT.authority()
STRANGER: Final = Authority.root("stranger")


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LogProcess]:
    data = tmp_path_factory.mktemp("ct") / "data"
    data.mkdir()
    save_roots(data / "roots.pem", ROOT)
    settings = "hostname: ct.example\nct: {roots: roots.pem}\nrekor_v1: {serve: false}\nrekor_v2: {serve: false}\n"
    with serve_logs(data, settings) as running:
        yield running


@pytest.fixture
def caller(log: LogProcess) -> Caller:
    return Caller(log.url)


@pytest.fixture(scope="module")
def key(log: LogProcess) -> PublicKey:
    (shard,) = log.shards("ct")
    return PublicKey.parse_pem(shard.public_key.encode(), what="shown")


def submit(caller: Caller, path: str, leaf: bytes, above: Sequence[bytes] = (ISSUER.der, ROOT.der)) -> Reply:
    return caller.post(path, body_of((leaf, *above)))


def test_a_precertificate_submitted_twice_has_one_sct_time(caller: Caller, key: PublicKey) -> None:
    leaf = ISSUER.leaf(POISONED)
    first, second = (read_sct(submit(caller, ADD_PRE_CHAIN, leaf).json) for _ in range(2))
    assert (first.timestamp_ms, first.extensions) == (second.timestamp_ms, second.extensions)
    for sct in (first, second):
        verify_embedded_sct(sct, ISSUER.leaf_with([sct]), ISSUER.der, key)


def test_a_monitor_follows_the_log(caller: Caller, key: PublicKey) -> None:
    before, old_root = verify_sth(caller.get("/ct/v1/get-sth").json, key)
    leaves = [ROOT.authority(f"issuer {number}").leaf() for number in range(5)]
    for number, leaf in enumerate(leaves):
        reply = submit(caller, ADD_CHAIN, leaf, (ROOT.authority(f"issuer {number}").der,))
        verify_sct(read_sct(reply.json), build_certificate_entry(leaf), key)
    size, root = verify_sth(caller.get("/ct/v1/get-sth").json, key)
    assert size == before + len(leaves)
    if before:
        hashes = caller.get(f"/ct/v1/get-sth-consistency?first={before}&second={size}").json["consistency"]
        verify_consistency(ConsistencyProof(before, size, hashes_of(hashes)), old_root, root)
    entries = caller.get(f"/ct/v1/get-entries?start={before}&end={size - 1}").json["entries"]
    for offset, entry in enumerate(entries):
        raw, shown = read_leaf(entry)
        assert shown.entry == build_certificate_entry(leaves[offset])
        digest = hash_leaf(raw)
        query = f"hash={quote(encode_b64(digest), safe='')}&tree_size={size}"
        proof = caller.get(f"/ct/v1/get-proof-by-hash?{query}").json
        assert proof["leaf_index"] == before + offset
        found = InclusionProof(before + offset, size, hashes_of(proof["audit_path"]))
        verify_inclusion(found, digest, root)
        both = caller.get(f"/ct/v1/get-entry-and-proof?leaf_index={before + offset}&tree_size={size}").json
        assert (both["leaf_input"], hashes_of(both["audit_path"])) == (entry["leaf_input"], found.hashes)


def test_the_static_checkpoint_is_the_tree_head(caller: Caller, key: PublicKey) -> None:
    raw = caller.get("/ctlog/checkpoint").body
    checkpoint = verify_checkpoint(raw, tree_head_verifier("ct.example/ctlog", key), origin="ct.example/ctlog")
    assert (checkpoint.size, checkpoint.root) == verify_sth(caller.get("/ct/v1/get-sth").json, key)


def test_certificates_are_found_on_the_pages_by_name(caller: Caller) -> None:
    submit(caller, ADD_CHAIN, ISSUER.leaf())
    page = caller.get("/search?q=someone%40example.com").body.decode()
    assert "/log/ct/" in page


@pytest.mark.parametrize(
    ("path", "body", "reason"),
    [
        (ADD_CHAIN, body_of((STRANGER.leaf(), STRANGER.der)), "no accepted root"),
        (ADD_CHAIN, body_of((ISSUER.leaf(POISONED), ISSUER.der)), "poison"),
        (ADD_PRE_CHAIN, body_of((ISSUER.leaf(NAMED), ISSUER.der)), "no poison"),
        (ADD_CHAIN, {"chain": ["A"]}, "base64"),
        (ADD_CHAIN, {"chain": []}, "chain"),
        (ADD_CHAIN, b"{", "JSON"),
        (ADD_CHAIN, body_of((ISSUER.leaf(),) * 11), "10"),
    ],
    ids=["unknown-root", "poison", "no-poison", "base64", "empty", "no-json", "too-many"],
)
def test_a_refusal_is_a_line_of_text(caller: Caller, key: PublicKey, path: str, body: object, reason: str) -> None:
    size = verify_sth(caller.get("/ct/v1/get-sth").json, key)[0]
    refused = caller.post(path, body)
    assert (refused.status, refused.headers["content-type"]) == (400, "text/plain; charset=utf-8")
    assert reason in refused.body.decode()
    assert refused.body.count(b"\n") == 1
    assert verify_sth(caller.get("/ct/v1/get-sth").json, key)[0] == size, "nothing was logged"


def test_a_chain_that_is_too_large_is_413(log: LogProcess) -> None:
    """On a connection that stays open: where the client has it closed, the answer may not outrun what is sent."""
    client = HttpClient(HttpOptions(retry=NO_RETRIES))
    request = Request("POST", Url.parse(log.url + ADD_CHAIN), {}, b" " * (513 << 10))
    with client.send(request) as response:
        assert response.status == HTTPStatus.REQUEST_ENTITY_TOO_LARGE
    client.close()


def test_roots_are_taken_up_without_a_restart(log: LogProcess, caller: Caller) -> None:
    newcomer = Authority.root("newcomer")
    chain = body_of((newcomer.leaf(), newcomer.der))
    assert caller.post(ADD_CHAIN, chain).status == HTTPStatus.BAD_REQUEST
    save_roots(log.directory / "new.pem", ROOT, newcomer).replace(log.directory / "roots.pem")
    assert log.process is not None
    os.kill(log.process.pid, signal.SIGHUP)
    until = time.monotonic() + 20

    def taken_up() -> tuple[bool, bool]:
        """Whether a chain is accepted and the root listed: each asks one of the workers, which reload on their own."""
        listed = encode_b64(newcomer.der) in caller.get("/ct/v1/get-roots").json["certificates"]
        return caller.post(ADD_CHAIN, chain).status == HTTPStatus.OK, listed

    while taken_up() != (True, True):
        assert time.monotonic() < until
        time.sleep(0.05)


def test_a_log_may_refuse_what_has_expired_or_is_for_another_purpose(tmp_path: Path) -> None:
    data = tmp_path / "data"
    data.mkdir()
    save_roots(data / "roots.pem", ROOT)
    for rule, reason in (("refuse_expired: true", "which is not now"), ("purposes: [CodeSigning]", "CodeSigning")):
        settings = f"ct:\n  roots: roots.pem\n  {rule}\nrekor_v1: {{serve: false}}\nrekor_v2: {{serve: false}}\n"
        with serve_logs(data, settings, "--workers", "0") as log:
            refused = submit(Caller(log.url), ADD_CHAIN, ISSUER.leaf())
            assert (refused.status, reason in refused.body.decode()) == (HTTPStatus.BAD_REQUEST, True), refused.body
