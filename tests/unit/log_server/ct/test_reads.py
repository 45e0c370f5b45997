"""What RFC 6962 lets anyone read, verified as a monitor does."""

from hashlib import sha256
from pathlib import Path
from typing import Final
from urllib.parse import quote

import pytest

from cosignpy.core.ct.entry import EntryType
from cosignpy.core.encoding import decode_b64, encode_b64
from cosignpy.core.keys.algorithms import ECDSA_P256
from cosignpy.core.keys.private import PrivateKey
from cosignpy.core.merkle.hashing import hash_leaf
from cosignpy.core.merkle.proofs import ConsistencyProof, InclusionProof, verify_consistency, verify_inclusion
from cosignpy.serving.routing import Router
from log_server.ct.reads import MAX_ENTRIES
from log_server.tlog.values import Draft
from tests.support.asgi_calls import Answer
from tests.support.certificates import POISONED, Authority
from tests.support.ct_calls import (
    ADD_CHAIN,
    ADD_PRE_CHAIN,
    body_of,
    build_app,
    ct_shard,
    hashes_of,
    read_leaf,
    save_roots,
    verify_sth,
)
from tests.support.memory_log import MemoryLog
from tests.support.rekor_calls import get, post

KEY: Final = PrivateKey.generate(ECDSA_P256)
ROOT: Final = Authority.root()
ISSUER: Final = ROOT.authority()
ABOVE: Final = (ISSUER.der, ROOT.der)
LEAF: Final = ISSUER.leaf()
PRECERTIFICATES: Final = 5
SIZE: Final = PRECERTIFICATES + 1


def fill(app: Router) -> None:
    """Log some precertificates, which differ in their signatures only, and a certificate."""
    for number in range(PRECERTIFICATES):
        issuer = ROOT.authority(f"issuer {number}")
        assert post(app, ADD_PRE_CHAIN, body_of((issuer.leaf(POISONED), issuer.der))).status == 200
    assert post(app, ADD_CHAIN, body_of((LEAF, *ABOVE))).status == 200


@pytest.fixture
def log() -> MemoryLog:
    return MemoryLog([ct_shard(KEY)])


@pytest.fixture
def app(log: MemoryLog, tmp_path: Path) -> Router:
    made = build_app(log, save_roots(tmp_path / "roots.pem", ROOT))
    fill(made)
    return made


def ask(app: Router, name: str, **query: object) -> Answer:
    joined = "&".join(f"{key}={quote(str(text), safe='')}" for key, text in query.items())
    return get(app, f"/ct/v1/{name}?{joined}")


def sth(app: Router) -> tuple[int, bytes]:
    return verify_sth(ask(app, "get-sth").json, KEY.public_key)


def leaf_hash(app: Router, index: int) -> bytes:
    (entry,) = ask(app, "get-entries", start=index, end=index).json["entries"]
    return hash_leaf(read_leaf(entry)[0])


def test_the_tree_head_is_signed_and_of_all_entries(app: Router) -> None:
    assert sth(app)[0] == SIZE


def test_the_tree_head_of_an_empty_log_is_signed(log: MemoryLog) -> None:
    assert sth(build_app(log, None)) == (0, sha256(b"").digest())


def test_entries_are_what_was_submitted(app: Router) -> None:
    entries = ask(app, "get-entries", start=0, end=SIZE - 1).json["entries"]
    kinds = [read_leaf(entry)[1].entry.kind for entry in entries]
    assert kinds == [EntryType.PRECERTIFICATE] * PRECERTIFICATES + [EntryType.X509]
    extra = decode_b64(entries[-1]["extra_data"], what="extra")
    chain = b"".join(len(der).to_bytes(3, "big") + der for der in ABOVE)
    assert extra == len(chain).to_bytes(3, "big") + chain
    assert LEAF in read_leaf(entries[-1])[0]


@pytest.mark.parametrize(("start", "end", "count"), [(0, 0, 1), (2, 3, 2), (4, 1000, 2)])
def test_entries_are_given_as_far_as_there_are_any(app: Router, start: int, end: int, count: int) -> None:
    assert len(ask(app, "get-entries", start=start, end=end).json["entries"]) == count


def test_one_answer_ends_where_a_tile_does(app: Router, log: MemoryLog) -> None:
    """So that the next begins with one, and reads no tile twice."""
    shard = log.active
    (sealed,) = shard.reader.entries(0)[-1:]
    head = 8 + 2 + 3  # time, kind, length
    size = int.from_bytes(sealed[10:13], "big")
    content = (2 + 3 + size).to_bytes(4, "big") + sealed[8 : head + size] + sealed[head + size + 10 :]
    drafts = [Draft(content, sha256(b"%d" % number).digest()[:16]) for number in range(MAX_ENTRIES)]
    shard.sequencer.sequence(drafts, log.now_ms + 1)
    assert len(ask(app, "get-entries", start=1, end=10_000).json["entries"]) == MAX_ENTRIES - 1
    assert len(ask(app, "get-entries", start=MAX_ENTRIES, end=10_000).json["entries"]) == SIZE


@pytest.mark.parametrize("first", [1, 2, 5, SIZE])
def test_consistency_is_proved_between_any_sizes(app: Router, log: MemoryLog, first: int) -> None:
    hashes = hashes_of(ask(app, "get-sth-consistency", first=first, second=SIZE).json["consistency"])
    old, new = log.active.reader.root(first), sth(app)[1]
    if first == SIZE:
        assert hashes == ()
    else:
        verify_consistency(ConsistencyProof(first, SIZE, hashes), old, new)


def test_from_the_empty_tree_nothing_is_proved(app: Router) -> None:
    assert ask(app, "get-sth-consistency", first=0, second=SIZE).json == {"consistency": []}


@pytest.mark.parametrize("index", range(SIZE))
def test_inclusion_is_proved_by_hash(app: Router, index: int) -> None:
    leaf = leaf_hash(app, index)
    answer = ask(app, "get-proof-by-hash", hash=encode_b64(leaf), tree_size=SIZE).json
    assert answer["leaf_index"] == index
    verify_inclusion(InclusionProof(index, SIZE, hashes_of(answer["audit_path"])), leaf, sth(app)[1])


def test_a_hash_whose_plus_signs_came_as_spaces_is_understood(app: Router) -> None:
    for index in range(SIZE):
        text = encode_b64(leaf_hash(app, index)).replace("+", "%20").replace("/", "%2F").replace("=", "%3D")
        assert get(app, f"/ct/v1/get-proof-by-hash?hash={text}&tree_size={SIZE}").json["leaf_index"] == index


@pytest.mark.parametrize("index", [0, SIZE - 1])
def test_an_entry_comes_with_its_proof(app: Router, index: int) -> None:
    answer = ask(app, "get-entry-and-proof", leaf_index=index, tree_size=SIZE).json
    leaf = hash_leaf(read_leaf(answer)[0])
    verify_inclusion(InclusionProof(index, SIZE, hashes_of(answer["audit_path"])), leaf, sth(app)[1])
    (entry,) = ask(app, "get-entries", start=index, end=index).json["entries"]
    assert (answer["leaf_input"], answer["extra_data"]) == (entry["leaf_input"], entry["extra_data"])


def test_the_roots_are_those_of_the_file(app: Router) -> None:
    assert ask(app, "get-roots").json == {"certificates": [encode_b64(ROOT.der)]}


NOWHERE: Final = encode_b64(bytes(32))


@pytest.mark.parametrize(
    ("target", "status"),
    [
        (f"get-sth-consistency?first=1&second={SIZE + 1}", 400),
        ("get-sth-consistency?first=1&second=0", 400),
        ("get-sth-consistency?first=3&second=2", 400),
        ("get-sth-consistency?first=-1&second=2", 400),
        ("get-sth-consistency?second=2", 400),
        (f"get-proof-by-hash?hash={NOWHERE}&tree_size={SIZE}", 404),
        (f"get-proof-by-hash?hash={NOWHERE}&tree_size={SIZE + 1}", 400),
        (f"get-proof-by-hash?hash=AAAA&tree_size={SIZE}", 400),
        (f"get-proof-by-hash?hash=%%%&tree_size={SIZE}", 400),
        (f"get-proof-by-hash?tree_size={SIZE}", 400),
        (f"get-entries?start={SIZE}&end={SIZE}", 404),
        ("get-entries?start=2&end=1", 400),
        ("get-entries?start=1_0&end=11", 400),
        ("get-entries?start=0", 400),
        (f"get-entry-and-proof?leaf_index={SIZE}&tree_size={SIZE}", 404),
        (f"get-entry-and-proof?leaf_index=0&tree_size={SIZE + 1}", 400),
        ("get-entry-and-proof?leaf_index=0&tree_size=0", 400),
        ("get-nothing", 404),
    ],
)
def test_what_is_not_there_and_what_makes_no_sense(app: Router, target: str, status: int) -> None:
    answer = get(app, f"/ct/v1/{target}")
    assert (answer.status, answer.headers[b"content-type"]) == (status, b"text/plain; charset=utf-8")


def test_a_leaf_beyond_the_asked_tree_is_not_found(app: Router) -> None:
    """A proof for it would be for another tree."""
    last = encode_b64(leaf_hash(app, SIZE - 1))
    assert ask(app, "get-proof-by-hash", hash=last, tree_size=SIZE - 1).status == 404


def test_a_hash_that_only_begins_like_one_of_ours_is_not_found(app: Router, log: MemoryLog) -> None:
    """The index knows beginnings of digests; what it finds is compared."""

    class Confused:
        def first(self, keys: list[bytes]) -> dict[bytes, int]:
            return dict.fromkeys(keys, 2)

    log.active.reader.index = Confused()  # type: ignore[assignment]
    assert ask(app, "get-proof-by-hash", hash=NOWHERE, tree_size=SIZE).status == 404


def test_an_index_that_is_ahead_of_the_tree_finds_nothing(app: Router, log: MemoryLog) -> None:
    class Ahead:
        def first(self, keys: list[bytes]) -> dict[bytes, int]:
            return dict.fromkeys(keys, SIZE)

    log.active.reader.index = Ahead()  # type: ignore[assignment]
    assert ask(app, "get-proof-by-hash", hash=NOWHERE, tree_size=SIZE).status == 404


@pytest.mark.parametrize("target", ["/ct/v1/get-sth", "/ctlog/ct/v1/get-sth"])
def test_each_shard_answers_under_its_own_host_name(app: Router, log: MemoryLog, target: str) -> None:
    new = PrivateKey.generate(ECDSA_P256)
    log.kept.append(ct_shard(new, "next.example"))
    old = get(app, target, (b"host", b"CT.example:8080")).json
    assert verify_sth(old, KEY.public_key)[0] == SIZE
    for host in (b"next.example", b"127.0.0.1"):
        assert verify_sth(get(app, target, (b"host", host)).json, new.public_key)[0] == 0


@pytest.mark.parametrize("path", ["get-entries?start=0&end=5", f"get-entry-and-proof?leaf_index=5&tree_size={SIZE}"])
@pytest.mark.parametrize("left", [None, b"another certificate"])
def test_an_issuer_that_is_damaged_is_no_fault_of_the_client(
    app: Router, log: MemoryLog, path: str, left: bytes | None
) -> None:
    name = f"issuer/{sha256(ISSUER.der).hexdigest()}"
    objects = log.active.reader.objects
    objects.delete(name)
    if left is not None:
        objects.put(name, left)
    assert get(app, f"/ct/v1/{path}").status == 500
