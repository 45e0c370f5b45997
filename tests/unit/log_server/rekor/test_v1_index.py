"""Rekor v1: searching for entries, over all shards."""

import base64
import hashlib
from typing import Any, Final

import pytest

from cosignpy.core.encoding import encode_b64
from cosignpy.core.keys.algorithms import ECDSA_P256
from cosignpy.core.keys.private import PrivateKey
from cosignpy.serving.routing import Router
from log_server.rekor.accepted import Accepted
from log_server.rekor.draft import build_draft, search_key
from log_server.rekor.search import MAX_RESULTS
from log_server.rekor.v1_routes import build_v1
from log_server.storage.protocol import IndexRow
from tests.support.memory_log import MemoryLog, build_log, rotate, v1_shard
from tests.support.rekor_calls import V1_ENTRIES, get, post, propose_v1

PATH: Final = "/api/v1/index/retrieve"
SIGNER: Final = PrivateKey.generate(ECDSA_P256)
ALICE: Final = "alice@example.com"
BOB: Final = "bob@example.com"
ARTIFACT: Final = "sha256:" + hashlib.sha256(b"artifact").hexdigest()


def append(log: MemoryLog, number: int, *keys: str) -> None:
    log.append_now(build_draft(Accepted(b"entry %d" % number, keys)))


@pytest.fixture(scope="module")
def log() -> MemoryLog:
    """Two shards: entries 0 to 3 and 4 to 8, where 0 and 4 are those with which shards begin."""
    made = build_log(v1_shard(PrivateKey.generate(ECDSA_P256), 1))
    append(made, 1, ALICE)
    append(made, 2, BOB, ARTIFACT)
    append(made, 3, ALICE, ARTIFACT)
    first = made.first_of_next
    rotate(made, lambda signer: v1_shard(signer, 2, first), PrivateKey.generate(ECDSA_P256))
    append(made, 5, ALICE, BOB)
    append(made, 6, "https://ci.example/workflow")
    append(made, 7, ALICE, ARTIFACT)
    app = build_v1(made)
    assert post(app, V1_ENTRIES, propose_v1(SIGNER)).status == 201
    return made


@pytest.fixture
def app(log: MemoryLog) -> Router:
    return build_v1(log)


def search(app: Router, query: object, page: str = "") -> list[int]:
    """Return the virtual indices of what is found."""
    answer = post(app, PATH + page, query)
    assert answer.status == 200
    found = [get(app, f"{V1_ENTRIES}/{entry_id}").json for entry_id in answer.json]
    assert [list(entry) for entry in found] == [[entry_id] for entry_id in answer.json]
    return [next(iter(entry.values()))["logIndex"] for entry in found]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({"email": ALICE}, [1, 3, 5, 7]),
        ({"email": "ALICE@Example.Com"}, [1, 3, 5, 7]),
        ({"subject": BOB}, [2, 5]),
        ({"subject": "HTTPS://ci.example/workflow"}, [6]),
        ({"hash": ARTIFACT}, [2, 3, 7, 8]),
        ({"hash": ARTIFACT.removeprefix("sha256:")}, [2, 3, 7, 8]),
        ({"hash": ARTIFACT.upper()}, [2, 3, 7, 8]),
        ({"email": "nobody@example.com"}, []),
        ({"email": ALICE, "hash": ARTIFACT}, [1, 2, 3, 5, 7, 8]),
        ({"email": ALICE, "hash": ARTIFACT, "operator": "or"}, [1, 2, 3, 5, 7, 8]),
        ({"email": ALICE, "hash": ARTIFACT, "operator": "and"}, [3, 7]),
        ({"email": ALICE, "subject": BOB, "operator": "and"}, [5]),
        ({"email": ALICE, "subject": "nobody", "operator": "and"}, []),
        ({"email": ALICE, "subject": BOB, "hash": ARTIFACT, "operator": "and"}, []),
        ({"email": ALICE, "subject": "nobody"}, [1, 3, 5, 7]),
    ],
)
def test_a_search_finds_what_has_the_keys(app: Router, query: object, found: list[int]) -> None:
    assert search(app, query) == found


def test_a_key_finds_what_it_signed(app: Router) -> None:
    pem = SIGNER.public_key.encode_pem()
    assert search(app, {"publicKey": {"format": "x509", "content": encode_b64(pem)}}) == [8]


def test_a_key_is_found_however_its_pem_is_written(app: Router) -> None:
    lines = base64.encodebytes(SIGNER.public_key.spki).decode().split()
    pem = "\n".join(["-----BEGIN PUBLIC KEY-----", "".join(lines), "-----END PUBLIC KEY-----"])
    assert search(app, {"publicKey": {"format": "x509", "content": encode_b64(pem.encode())}}) == [8]


@pytest.mark.parametrize(
    ("page", "found"),
    [
        ("?limit=2", [1, 3]),
        ("?limit=2&after=3", [5, 7]),
        ("?after=5", [7]),
        ("?after=6&limit=1", [7]),
        ("?after=7", []),
        ("?after=100", []),
        ("?limit=4", [1, 3, 5, 7]),
    ],
)
def test_a_search_has_pages_that_go_on_over_shards(app: Router, page: str, found: list[int]) -> None:
    assert search(app, {"email": ALICE}, page) == found


def test_a_full_page_says_where_the_next_one_begins(app: Router) -> None:
    full, rest = post(app, f"{PATH}?limit=3", {"email": ALICE}), post(app, f"{PATH}?after=5&limit=3", {"email": ALICE})
    assert full.headers[b"x-next-after"] == b"5"
    assert b"x-next-after" not in rest.headers


def test_a_page_has_a_limit() -> None:
    log = build_log(v1_shard(PrivateKey.generate(ECDSA_P256)))
    for number in range(MAX_RESULTS + 1):
        append(log, number, ALICE)
    for page in ("", f"?limit={MAX_RESULTS}"):
        answer = post(build_v1(log), PATH + page, {"email": ALICE})
        assert (len(answer.json), answer.headers[b"x-next-after"]) == (MAX_RESULTS, b"%d" % MAX_RESULTS)


def test_a_rare_key_is_found_among_many_of_a_frequent_one() -> None:
    """More than one page of the index lies between what both keys have."""
    log = build_log(v1_shard(PrivateKey.generate(ECDSA_P256)))
    for number in range(600):
        append(log, number, ALICE, *([BOB] if number in {0, 599} else []))
    answer = post(build_v1(log), PATH, {"email": ALICE, "subject": BOB, "operator": "and"})
    assert len(answer.json) == 2


def test_what_is_indexed_and_not_published_is_not_found() -> None:
    made = build_log(v1_shard(PrivateKey.generate(ECDSA_P256)))
    made.active.storage.index.add([IndexRow(1, (search_key(ALICE),))])
    assert post(build_v1(made), PATH, {"email": ALICE}).json == []


def key(**changes: Any) -> dict[str, Any]:
    return {"publicKey": {"format": "x509", "content": encode_b64(SIGNER.public_key.encode_pem()), **changes}}


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ({}, 400),
        ({"operator": "and"}, 400),
        ({"email": None}, 400),
        ({"email": ""}, 422),
        ({"subject": "a" * 513}, 422),
        ({"email": 7}, 422),
        ({"email": ALICE, "operator": "xor"}, 422),
        ({"email": ALICE, "operator": 7}, 422),
        ({"hash": "abc"}, 422),
        ({"hash": "sha512:" + "ab" * 32}, 422),
        ({"hash": "md5:" + "ab" * 16}, 422),
        ({"hash": "zz" * 32}, 422),
        ({"hash": 7}, 422),
        (key(format="unknown"), 400),
        (key(content="a"), 400),
        (key(content=encode_b64(b"not a key")), 400),
        (key(content=encode_b64(b"-----BEGIN " * 200_000)), 413),
        (key(url="https://example.com/key.pem"), 400),
        ({"publicKey": "key"}, 400),
        ([], 400),
    ],
)
def test_a_search_for_what_cannot_be_is_refused(app: Router, query: object, status: int) -> None:
    answer = post(app, PATH, query)
    assert (answer.status, answer.json["code"]) == (status, status)


@pytest.mark.parametrize(
    "page", ["?limit=0", "?limit=1001", "?limit=-1", "?after=x", "?after=9223372036854775808", "?limit="]
)
def test_a_page_that_cannot_be_is_refused(app: Router, page: str) -> None:
    assert post(app, PATH + page, {"email": ALICE}).status == 400


def test_another_content_type_is_refused(app: Router) -> None:
    assert post(app, PATH, {"email": ALICE}, (b"content-type", b"text/plain")).status == 415


def test_digests_of_all_kinds_are_found() -> None:
    log = build_log(v1_shard(PrivateKey.generate(ECDSA_P256)))
    digests = [f"{name}:{hashlib.new(name, b'x').hexdigest()}" for name in ("sha1", "sha256", "sha384", "sha512")]
    for number, digest in enumerate(digests):
        append(log, number, digest)
    app = build_v1(log)
    for number, digest in enumerate(digests):
        assert search(app, {"hash": digest.partition(":")[2]}) == [number + 1]
