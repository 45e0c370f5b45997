"""Rekor v2: adding entries as the real server does, reading and searching them, and several logs on one server."""

import base64
import hashlib
import json
from collections.abc import Callable
from typing import Any, Final

import pytest

from cosignpy.core.dsse import Envelope
from cosignpy.core.encoding import encode_b64
from cosignpy.core.keys.algorithms import ECDSA_P256, ED25519
from cosignpy.core.keys.private import PrivateKey
from cosignpy.core.merkle.hashing import hash_leaf
from cosignpy.core.note.checkpoint import verify_checkpoint, verify_included
from cosignpy.core.note.verifier import log_verifier
from cosignpy.core.rekor.log_entry import LogEntry, parse_v2_entry
from cosignpy.serving.asgi import BodyLimits
from cosignpy.serving.routing import Router
from log_server.log import Shard
from log_server.rekor.accepted import Accepted
from log_server.rekor.draft import build_draft
from log_server.rekor.json_limits import MAX_VALUES
from log_server.rekor.submission import Duplicates
from log_server.rekor.v2_entries import MAX_PAGE
from log_server.rekor.v2_options import V2Options
from log_server.rekor.v2_routes import build_v2
from log_server.tlog.values import Draft, leaf_key
from tests.support.log_answers import write_v2_entry
from tests.support.memory_log import MemoryLog, build_log, rotate, v2_shard
from tests.support.rekor_calls import JSON, V2_ENTRIES, get, post, propose_v2

LOG_KEY: Final = PrivateKey.generate(ED25519)
SIGNER: Final = PrivateKey.generate(ECDSA_P256)
OLD: Final = "log2025-1.rekor.example"
NEW: Final = "log2025-2.rekor.example"


@pytest.fixture
def log() -> MemoryLog:
    return build_log(v2_shard(LOG_KEY, OLD))


@pytest.fixture
def app(log: MemoryLog) -> Router:
    return build_v2(log)


def verify(raw: bytes, shard: Shard) -> LogEntry:
    """Verify an answer as clients do: log id, checkpoint, inclusion."""
    entry = parse_v2_entry(raw)
    identity = shard.identity
    assert entry.log_id == identity.log_id
    assert entry.inclusion is not None
    verifier = log_verifier(identity.origin, identity.key)
    checkpoint = verify_checkpoint(entry.inclusion.checkpoint.encode(), verifier)
    assert checkpoint.root == entry.inclusion.root_hash
    verify_included(checkpoint, entry.inclusion.proof, hash_leaf(entry.body))
    assert entry.log_index == entry.inclusion.proof.index
    return entry


def test_a_new_entry_is_created_with_its_proof(app: Router, log: MemoryLog) -> None:
    answer = post(app, V2_ENTRIES, propose_v2(SIGNER))
    entry = verify(answer.body, log.active)
    assert (answer.status, answer.headers[b"content-type"]) == (201, b"application/json")
    assert (entry.log_index, entry.kind, entry.version) == (1, "hashedrekord", "0.0.2")
    digest = json.loads(entry.body)["spec"]["hashedRekordV002"]["data"]["digest"]
    assert base64.b64decode(digest) == hashlib.sha256(b"artifact").digest()


@pytest.mark.parametrize("duplicates", Duplicates)
def test_an_entry_whose_shortened_hash_another_has_is_not_said_to_be_in_the_log(
    log: MemoryLog, duplicates: Duplicates
) -> None:
    request = propose_v2(SIGNER, b"mine")
    body = parse_v2_entry(post(build_v2(build_log(v2_shard(LOG_KEY, OLD))), V2_ENTRIES, request).body).body
    log.append_now(Draft(b"another", leaf_key(hash_leaf(body))))
    answer = post(build_v2(log, V2Options(duplicates=duplicates)), V2_ENTRIES, request)
    assert (answer.status, answer.json["code"]) == (400, 3)
    assert "entry 1 is another" in answer.json["message"]


def test_a_request_of_too_many_values_is_refused(app: Router) -> None:
    answer = post(app, V2_ENTRIES, b'{"a":[' + b"[]," * MAX_VALUES + b"0]}")
    assert (answer.status, answer.json["code"]) == (400, 3)
    assert "values" in answer.json["message"]


def test_default_values_are_written_and_integers_are_texts(app: Router) -> None:
    answer = post(app, V2_ENTRIES, propose_v2(SIGNER)).json
    assert (answer["integratedTime"], answer["inclusionPromise"]) == ("0", None)
    assert (answer["logIndex"], answer["inclusionProof"]["logIndex"], answer["inclusionProof"]["treeSize"]) == (
        "1",
        "1",
        "2",
    )


def test_an_answer_has_its_members_in_the_real_servers_order(app: Router) -> None:
    raw = post(app, V2_ENTRIES, propose_v2(SIGNER)).body
    assert raw == write_v2_entry(parse_v2_entry(raw))


def test_an_envelope_is_logged_as_the_hash_of_what_was_signed(app: Router, log: MemoryLog) -> None:
    pae = Envelope("application/vnd.in-toto+json", b"{}", ()).pae
    signature = encode_b64(SIGNER.sign(pae))
    verifier = propose_v2(SIGNER)["hashedRekordRequestV002"]["signature"]["verifier"]
    envelope = {
        "payload": encode_b64(b"{}"),
        "payloadType": "application/vnd.in-toto+json",
        "signatures": [{"sig": signature}],
    }
    answer = post(app, V2_ENTRIES, {"dsseRequestV002": {"envelope": envelope, "verifiers": [verifier]}})
    spec = json.loads(verify(answer.body, log.active).body)["spec"]["hashedRekordV002"]
    assert spec["data"]["digest"] == encode_b64(hashlib.sha256(pae).digest())
    assert spec["signature"]["content"] == signature


def test_the_same_entry_again_is_the_original_with_a_fresh_proof_where_that_was_chosen(log: MemoryLog) -> None:
    app = build_v2(log, V2Options(duplicates=Duplicates.ORIGINAL))
    proposed = propose_v2(SIGNER)
    first = verify(post(app, V2_ENTRIES, proposed).body, log.active)
    post(app, V2_ENTRIES, propose_v2(SIGNER, b"another"))
    answer = post(app, V2_ENTRIES, proposed)
    again = verify(answer.body, log.active)
    assert (answer.status, again.log_index, again.body) == (201, first.log_index, first.body)
    assert again.inclusion
    assert (again.inclusion.proof.size, log.active.reader.tree().size) == (3, 3)


def test_the_same_entry_again_conflicts(app: Router) -> None:
    proposed = propose_v2(SIGNER)
    post(app, V2_ENTRIES, proposed)
    answer = post(app, V2_ENTRIES, proposed)
    assert (answer.status, answer.headers[b"x-log-index"]) == (409, b"1")
    message = "an equivalent entry already exists in the transparency log with index 1"
    assert answer.json == {"code": 6, "message": message, "details": []}


Change = Callable[[dict[str, Any]], object]


def inner(proposed: dict[str, Any]) -> Any:
    return proposed["hashedRekordRequestV002"]


def sign_by_another_key(proposed: dict[str, Any]) -> None:
    other = propose_v2(PrivateKey.generate(ECDSA_P256))
    inner(proposed)["signature"]["content"] = inner(other)["signature"]["content"]


def name_another_key(proposed: dict[str, Any]) -> None:
    key = PrivateKey.generate(ECDSA_P256).public_key
    inner(proposed)["signature"]["verifier"]["publicKey"]["rawBytes"] = encode_b64(key.spki)


CHANGES: Final[dict[str, Change]] = {
    "signature by another key": sign_by_another_key,
    "another key": name_another_key,
    "another digest": lambda p: inner(p).update(digest=encode_b64(bytes(32))),
    "digest too short": lambda p: inner(p).update(digest=encode_b64(bytes(31))),
    "malformed base64": lambda p: inner(p).update(digest="YQ"),
    "unknown algorithm": lambda p: inner(p)["signature"]["verifier"].update(keyDetails="PKIX_MD5"),
    "algorithm of another key": lambda p: inner(p)["signature"]["verifier"].update(keyDetails="PKIX_ED25519_PH"),
    "algorithm without digest": lambda p: inner(p)["signature"]["verifier"].update(keyDetails="PKIX_ED25519"),
    "unknown field": lambda p: p.update(zzz=1),
    "unknown kind": lambda p: p.update(intotoRequestV002=p.pop("hashedRekordRequestV002")),
    "no kind": lambda p: p.clear(),
    "no signature": lambda p: inner(p).pop("signature"),
    "number out of range": lambda p: inner(p)["signature"]["verifier"].update(keyDetails=2**70),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_a_request_with_one_thing_wrong_is_refused_and_nothing_logged(
    app: Router, log: MemoryLog, change: Change
) -> None:
    proposed = propose_v2(SIGNER)
    change(proposed)
    answer = post(app, V2_ENTRIES, proposed)
    assert (answer.status, answer.json["code"], answer.json["details"]) == (400, 3, [])
    assert log.active.reader.tree().size == 1


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"{",
        b"[]",
        b"\xff",
        b'{"hashedRekordRequestV002":{},"hashedRekordRequestV002":{}}',
        b'{"hashedRekordRequestV002":' + b"[" * 5000 + b"]" * 5000 + b"}",
    ],
    ids=["empty", "cut", "array", "not UTF-8", "duplicate key", "deep"],
)
def test_a_body_that_is_no_strict_json_object_is_refused(app: Router, log: MemoryLog, raw: bytes) -> None:
    answer = post(app, V2_ENTRIES, raw)
    assert (answer.status, answer.json["code"], log.active.reader.tree().size) == (400, 3, 1)


def test_a_body_over_the_limit_is_refused(log: MemoryLog) -> None:
    answer = post(build_v2(log, V2Options(body=BodyLimits(100))), V2_ENTRIES, propose_v2(SIGNER))
    assert (answer.status, answer.json["code"], log.active.reader.tree().size) == (413, 8, 1)


def test_an_entry_that_does_not_fit_is_refused(log: MemoryLog) -> None:
    app = build_v2(log, V2Options(accept=lambda _: Accepted(b"x" * 65_536)))
    answer = post(app, V2_ENTRIES, {})
    assert (answer.status, answer.json["code"], log.active.reader.tree().size) == (400, 3, 1)


def test_another_content_type_is_refused(app: Router) -> None:
    answer = post(app, V2_ENTRIES, propose_v2(SIGNER), (b"content-type", b"text/plain"))
    assert (answer.status, answer.json["code"]) == (415, 3)


def test_a_body_may_say_nothing_of_its_type(app: Router) -> None:
    assert post(app, V2_ENTRIES, propose_v2(SIGNER), (b"host", b"localhost")).status == 201


def test_a_busy_log_asks_to_come_again(app: Router, log: MemoryLog) -> None:
    log.busy = True
    answer = post(app, V2_ENTRIES, propose_v2(SIGNER))
    assert (answer.status, answer.json["code"], answer.headers[b"retry-after"]) == (503, 14, b"2")


def test_a_log_that_does_not_answer_is_not_waited_for_for_ever(log: MemoryLog) -> None:
    log.stuck = True
    answer = post(build_v2(log, V2Options(patience=0.001)), V2_ENTRIES, propose_v2(SIGNER))
    assert (answer.status, answer.json["code"]) == (504, 4)


def test_a_frozen_log_takes_no_entries_and_is_still_read(app: Router, log: MemoryLog) -> None:
    log.frozen = True
    answer = post(app, V2_ENTRIES, propose_v2(SIGNER))
    assert (answer.status, answer.json["code"]) == (405, 12)
    assert get(app, f"{V2_ENTRIES}/0").status == 200


def test_an_entry_is_read_by_its_index(app: Router, log: MemoryLog) -> None:
    created = verify(post(app, V2_ENTRIES, propose_v2(SIGNER)).body, log.active)
    post(app, V2_ENTRIES, propose_v2(SIGNER, b"another"))
    answer = get(app, f"{V2_ENTRIES}/1")
    entry = verify(answer.body, log.active)
    assert (answer.status, entry.body) == (200, created.body)
    assert entry.inclusion
    assert entry.inclusion.proof.size == 3


@pytest.mark.parametrize("index", ["1", str(2**63 - 1)])
def test_an_entry_beyond_the_tree_is_not_found(app: Router, index: str) -> None:
    answer = get(app, f"{V2_ENTRIES}/{index}")
    assert (answer.status, answer.json["code"], answer.json["details"]) == (404, 5, [])


@pytest.mark.parametrize("index", ["-1", "01", "one", str(2**63), "1.0"])
def test_what_is_no_index_is_refused(app: Router, index: str) -> None:
    answer = get(app, f"{V2_ENTRIES}/{index}")
    assert (answer.status, answer.json["code"]) == (400, 3)


ALICE: Final = "alice@example.com"
DIGEST: Final = "ab" * 32
KEY: Final = "cd" * 32


@pytest.fixture
def filled(log: MemoryLog) -> MemoryLog:
    """Five entries after the first: all by Alice, the even ones of one digest, the last by one key."""
    for number in range(1, 6):
        keys = (ALICE, *([f"sha256:{DIGEST}"] if number % 2 == 0 else []), *([KEY] if number == 5 else []))
        log.append_now(build_draft(Accepted(b"entry %d" % number, keys)))
    return log


@pytest.mark.parametrize(
    ("query", "found", "following"),
    [
        (f"email={ALICE}", [1, 2, 3, 4, 5], ""),
        (f"email={ALICE.upper()}&limit=2", [1, 2], "2"),
        (f"email={ALICE}&limit=2&after=2", [3, 4], "4"),
        (f"email={ALICE}&limit=2&after=4", [5], ""),
        (f"subject={ALICE}&after=5", [], ""),
        (f"hash={DIGEST}", [2, 4], ""),
        (f"hash=sha256:{DIGEST}&email={ALICE}&after=2", [4], ""),
        (f"key={KEY}", [5], ""),
        (f"key={KEY}&hash={DIGEST}", [], ""),
        ("email=alice%40example.com&limit=1", [1], "1"),
    ],
)
def test_entries_are_searched_by_what_they_all_have(
    filled: MemoryLog, query: str, found: list[int], following: str
) -> None:
    answer = get(build_v2(filled), f"{V2_ENTRIES}?{query}")
    entries = [verify(json.dumps(one).encode(), filled.active) for one in answer.json["entries"]]
    assert (answer.status, [entry.log_index for entry in entries]) == (200, found)
    assert answer.json["nextAfter"] == following


@pytest.mark.parametrize(
    "query",
    [
        "",
        "limit=5",
        "email=",
        "email=" + "a" * 513,
        "hash=abc",
        f"key=sha512:{'ab' * 64}",
        f"email={ALICE}&limit=0",
        f"email={ALICE}&limit={MAX_PAGE + 1}",
        f"email={ALICE}&after=-2",
        f"email={ALICE}&colour=red",
        f"email={ALICE}&" + "a" * 5000,
    ],
)
def test_a_search_for_what_cannot_be_is_refused(app: Router, query: str) -> None:
    answer = get(app, f"{V2_ENTRIES}?{query}")
    assert (answer.status, answer.json["code"]) == (400, 3)


@pytest.mark.parametrize("prefix", ["", "/api/v2"])
def test_checkpoint_and_tiles_stand_with_and_without_the_prefix(app: Router, log: MemoryLog, prefix: str) -> None:
    answer = get(app, f"{prefix}/checkpoint")
    assert (answer.body, answer.headers[b"cache-control"]) == (log.active.reader.tree().checkpoint, b"no-cache")
    assert get(app, f"{prefix}/tile/0/000.p/1").body == log.active.reader.tree().root
    assert get(app, f"{prefix}/tile/entries/000.p/1").status == 200
    missing = get(app, f"{prefix}/tile/0/000.p/2")
    assert (missing.status, missing.json["code"]) == (404, 5)


@pytest.fixture
def rotated(log: MemoryLog) -> MemoryLog:
    """Two logs on one server, of which the older is frozen."""
    log.fill(4)
    rotate(log, lambda signer: v2_shard(signer, NEW), PrivateKey.generate(ED25519))
    return log


@pytest.mark.parametrize(
    ("host", "shard"),
    [
        (OLD, 0),
        (f"{OLD}:3003", 0),
        (f"{OLD}:", 0),
        (f"{OLD}.", 0),
        (f"{OLD}.:3003", 0),
        (OLD.upper(), 0),
        (NEW, 1),
        ("localhost:3003", 1),
        ("[::1]:3003", 1),
        ("[::1]", 1),
        ("", 1),
    ],
)
def test_the_host_name_says_which_log_is_read(rotated: MemoryLog, host: str, shard: int) -> None:
    app, meant = build_v2(rotated), rotated.shards[shard]
    header = (b"host", host.encode())
    assert get(app, "/checkpoint", header).body == meant.reader.tree().checkpoint
    assert get(app, "/tile/0/000.p/1", header).body == meant.reader.root(1)
    verify(get(app, f"{V2_ENTRIES}/0", header).body, meant)


def test_an_index_begins_anew_in_each_log(rotated: MemoryLog) -> None:
    app = build_v2(rotated)
    assert get(app, f"{V2_ENTRIES}/4", (b"host", OLD.encode())).status == 200
    assert get(app, f"{V2_ENTRIES}/4", (b"host", NEW.encode())).status == 404


def test_a_search_is_within_one_log(rotated: MemoryLog) -> None:
    rotated.append_now(build_draft(Accepted(b"new", (ALICE,))))
    app = build_v2(rotated)
    target = f"{V2_ENTRIES}?email={ALICE}"
    assert len(get(app, target, (b"host", NEW.encode())).json["entries"]) == 1
    assert get(app, target, (b"host", OLD.encode())).json["entries"] == []


def test_entries_go_to_the_log_that_grows_and_not_to_one_that_was_meant_and_is_frozen(rotated: MemoryLog) -> None:
    app = build_v2(rotated)
    proposed = propose_v2(SIGNER)
    refused = post(app, V2_ENTRIES, proposed, JSON, (b"host", OLD.encode()))
    assert (refused.status, refused.json["code"]) == (405, 12)
    assert rotated.active.reader.tree().size == 1
    taken = post(app, V2_ENTRIES, proposed, JSON, (b"host", NEW.encode()))
    assert (taken.status, verify(taken.body, rotated.active).log_index) == (201, 1)


@pytest.mark.parametrize("method", ["PUT", "DELETE"])
def test_other_methods_are_refused_in_the_shape_of_the_protocol(app: Router, method: str) -> None:
    answer = get(app, V2_ENTRIES, method=method)
    assert (answer.status, answer.json["code"], answer.headers[b"allow"]) == (405, 12, b"GET, POST")


def test_other_paths_are_refused_in_the_shape_of_the_protocol(app: Router) -> None:
    answer = get(app, "/api/v2/nothing")
    assert (answer.status, answer.json) == (404, {"code": 5, "message": "Not Found", "details": []})


def test_a_failure_of_ours_is_told_apart(log: MemoryLog) -> None:
    def fail(_: bytes) -> Accepted:
        raise ZeroDivisionError

    answer = post(build_v2(log, V2Options(accept=fail)), V2_ENTRIES, {})
    assert (answer.status, answer.json["code"]) == (500, 13)
