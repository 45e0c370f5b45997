"""Rekor v1: adding and reading entries; every answer is verified as a client would."""

import base64
import hashlib
import json
from collections.abc import Callable
from typing import Any, Final

import pytest

from cosignpy.core.encoding import encode_b64
from cosignpy.core.keys.algorithms import ECDSA_P256, ECDSA_P384, ED25519
from cosignpy.core.keys.private import PrivateKey
from cosignpy.core.merkle.hashing import hash_leaf
from cosignpy.core.note.checkpoint import verify_checkpoint, verify_included
from cosignpy.core.note.verifier import rekor_v1_verifier
from cosignpy.core.rekor.entry_timestamp import EntryTimestamp, verify_entry_timestamp
from cosignpy.core.rekor.log_entry import LogEntry, parse_v1_entries
from cosignpy.serving.asgi import BodyLimits
from cosignpy.serving.routing import Router
from log_server.log import Shard
from log_server.rekor.accepted import Accepted, Attestation
from log_server.rekor.draft import attestation_path
from log_server.rekor.json_limits import MAX_VALUES
from log_server.rekor.submission import MAX_SEARCH_KEYS, Duplicates
from log_server.rekor.v1_options import V1Options
from log_server.rekor.v1_routes import build_v1
from log_server.storage.protocol import IndexRow
from log_server.tlog.values import Draft, leaf_key
from tests.support.asgi_calls import Answer
from tests.support.log_answers import write_v1_entry
from tests.support.memory_log import START_MS, MemoryLog, build_log, rotate, v1_shard
from tests.support.rekor_calls import JSON, V1_ENTRIES, get, post, propose_v1

LOG_KEY: Final = PrivateKey.generate(ECDSA_P256)
SIGNER: Final = PrivateKey.generate(ECDSA_P256)
TREE: Final = 0x1234


@pytest.fixture
def log() -> MemoryLog:
    return build_log(v1_shard(LOG_KEY, TREE))


@pytest.fixture
def app(log: MemoryLog) -> Router:
    return build_v1(log)


def only(answer: Answer) -> tuple[str, LogEntry]:
    """Return the one entry of an answer."""
    ((entry_id, entry),) = parse_v1_entries(answer.body).items()
    return entry_id, entry


def verify(answer: Answer, shard: Shard) -> LogEntry:
    """Verify an answer as clients do: id, SET, checkpoint, inclusion."""
    entry_id, entry = only(answer)
    identity = shard.identity
    leaf = hash_leaf(entry.body)
    assert entry_id == f"{identity.tree_id:016x}{leaf.hex()}"
    assert entry.log_id == identity.log_id
    stated = EntryTimestamp(entry.body, entry.integrated_time, entry.log_id, entry.log_index)
    verify_entry_timestamp(stated, entry.entry_timestamp, identity.key)
    assert entry.inclusion is not None
    verifier = rekor_v1_verifier("rekor.example", identity.key)
    checkpoint = verify_checkpoint(entry.inclusion.checkpoint.encode(), verifier, origin=identity.origin)
    assert checkpoint.root == entry.inclusion.root_hash
    verify_included(checkpoint, entry.inclusion.proof, leaf)
    assert entry.log_index == identity.first + entry.inclusion.proof.index
    return entry


@pytest.mark.parametrize("duplicates", Duplicates)
def test_an_entry_whose_shortened_hash_another_has_is_not_said_to_be_in_the_log(
    log: MemoryLog, duplicates: Duplicates
) -> None:
    """Finding such an entry takes 2**64 hashes, which some have; here the log is told that it has found one."""
    app = build_v1(log, V1Options(duplicates))
    body = only(post(build_v1(build_log(v1_shard(LOG_KEY))), V1_ENTRIES, propose_v1(SIGNER, b"mine")))[1].body
    log.append_now(Draft(b"another", leaf_key(hash_leaf(body))))
    signed = propose_v1(SIGNER, b"mine")
    signed["spec"]["signature"]["content"] = json.loads(body)["spec"]["signature"]["content"]
    answer = post(app, V1_ENTRIES, signed)
    assert (answer.status, answer.json["code"]) == (400, 400)
    assert "entry 1 is another" in answer.json["message"]


@pytest.mark.parametrize("path", [V1_ENTRIES, f"{V1_ENTRIES}/retrieve", "/api/v1/index/retrieve"])
def test_a_request_of_too_many_values_is_refused(app: Router, path: str) -> None:
    answer = post(app, path, b'{"a":[' + b"[]," * MAX_VALUES + b"0]}")
    assert (answer.status, answer.json["code"]) == (400, 400)
    assert "values" in answer.json["message"]


def test_a_new_entry_is_created_with_all_that_proves_it(app: Router, log: MemoryLog) -> None:
    answer = post(app, V1_ENTRIES, propose_v1(SIGNER))
    entry = verify(answer, log.active)
    entry_id, _ = only(answer)
    assert answer.status == 201
    assert answer.headers[b"etag"].decode() == entry_id
    assert answer.headers[b"location"].decode() == f"{V1_ENTRIES}/{entry_id}"
    assert answer.headers[b"content-type"] == b"application/json"
    assert (entry.log_index, entry.integrated_time) == (1, START_MS // 1000 + 2)
    assert json.loads(entry.body) == propose_v1_as_logged(entry)


def propose_v1_as_logged(entry: LogEntry) -> Any:
    """Return the proposal that the entry's signature belongs to: hashedrekord is logged as it is proposed."""
    logged = json.loads(entry.body)
    proposed = propose_v1(SIGNER)
    proposed["spec"]["signature"]["content"] = logged["spec"]["signature"]["content"]
    return proposed


def test_an_answer_has_its_members_in_the_real_servers_order(app: Router) -> None:
    answer = post(app, V1_ENTRIES, propose_v1(SIGNER))
    assert answer.body == write_v1_entry(*only(answer)) + b"\n"


def test_an_entry_is_read_by_index_and_by_both_forms_of_its_id(app: Router, log: MemoryLog) -> None:
    entry_id, created = only(post(app, V1_ENTRIES, propose_v1(SIGNER)))
    post(app, V1_ENTRIES, propose_v1(SIGNER, b"another"))
    for target in ("?logIndex=1", f"/{entry_id}", f"/{entry_id[16:]}", f"/{entry_id.upper()}"):
        answer = get(app, V1_ENTRIES + target)
        entry = verify(answer, log.active)
        assert (answer.status, entry.body, entry.integrated_time) == (200, created.body, created.integrated_time)
        assert entry.inclusion
        assert entry.inclusion.proof.size == 3


def test_reads_are_not_cached_and_may_be_made_by_any_page(app: Router) -> None:
    answer = get(app, f"{V1_ENTRIES}?logIndex=0")
    assert answer.headers[b"cache-control"] == b"no-cache, no-store, max-age=0"
    assert answer.headers[b"access-control-allow-origin"] == b"*"


@pytest.mark.parametrize("target", ["?logIndex=2", f"?logIndex={2**63 - 1}", f"/{'ab' * 32}"])
def test_what_is_not_in_the_log_is_not_found_and_has_no_body(app: Router, target: str) -> None:
    post(app, V1_ENTRIES, propose_v1(SIGNER))
    answer = get(app, V1_ENTRIES + target)
    assert (answer.status, answer.body) == (404, b"")


def test_an_entry_is_not_found_in_another_tree(app: Router) -> None:
    entry_id, _ = only(post(app, V1_ENTRIES, propose_v1(SIGNER)))
    answer = get(app, f"{V1_ENTRIES}/{TREE + 1:016x}{entry_id[16:]}")
    assert (answer.status, answer.body) == (404, b"")


@pytest.mark.parametrize(
    "target",
    [
        "",
        "?logIndex=",
        "?logIndex=-1",
        "?logIndex=1.0",
        "?logIndex=0x1",
        "?logIndex=01",
        "?logIndex=%D9%A1",
        f"?logIndex={2**63}",
        "?logIndex=" + "9" * 5000,
        "?logIndex=%ff",
        "/abc",
        "/" + "g" * 64,
        "/" + "a" * 65,
        "/" + "a" * 72,
    ],
)
def test_a_parameter_that_breaks_its_schema_is_unprocessable(app: Router, target: str) -> None:
    answer = get(app, V1_ENTRIES + target)
    assert (answer.status, answer.json["code"]) == (422, 422)


def test_the_same_entry_again_is_the_original_with_a_fresh_proof_where_that_was_chosen(log: MemoryLog) -> None:
    app = build_v1(log, V1Options(Duplicates.ORIGINAL))
    proposed = propose_v1(SIGNER)
    _, first = only(post(app, V1_ENTRIES, proposed))
    post(app, V1_ENTRIES, propose_v1(SIGNER, b"another"))
    answer = post(app, V1_ENTRIES, proposed)
    again = verify(answer, log.active)
    assert (answer.status, again.log_index, again.integrated_time) == (201, 1, first.integrated_time)
    assert again.inclusion
    assert (again.inclusion.proof.size, log.active.reader.tree().size) == (3, 3)


def test_the_same_entry_again_conflicts(app: Router) -> None:
    proposed = propose_v1(SIGNER)
    entry_id, _ = only(post(app, V1_ENTRIES, proposed))
    answer = post(app, V1_ENTRIES, proposed)
    assert (answer.status, answer.json["code"]) == (409, 409)
    assert answer.headers[b"location"].decode() == f"{V1_ENTRIES}/{entry_id}"
    assert entry_id in answer.json["message"]


Change = Callable[[dict[str, Any]], object]


def sign_by_another_key(proposed: dict[str, Any]) -> None:
    other = propose_v1(PrivateKey.generate(ECDSA_P256))
    proposed["spec"]["signature"]["content"] = other["spec"]["signature"]["content"]


def name_another_key(proposed: dict[str, Any]) -> None:
    pem = PrivateKey.generate(ECDSA_P256).public_key.encode_pem()
    proposed["spec"]["signature"]["publicKey"]["content"] = encode_b64(pem)


def send_a_key_that_signs_other_digests(proposed: dict[str, Any]) -> None:
    pem = PrivateKey.generate(ECDSA_P384).public_key.encode_pem()
    proposed["spec"]["signature"]["publicKey"]["content"] = encode_b64(pem)


def send_a_key_that_signs_no_digests(proposed: dict[str, Any]) -> None:
    pem = PrivateKey.generate(ED25519).public_key.encode_pem()
    proposed["spec"]["signature"]["publicKey"]["content"] = encode_b64(pem)


def change_the_digest(proposed: dict[str, Any]) -> None:
    proposed["spec"]["data"]["hash"]["value"] = "00" * 32


CHANGES: Final[dict[str, Change]] = {
    "signature by another key": sign_by_another_key,
    "another key": name_another_key,
    "key of another curve": send_a_key_that_signs_other_digests,
    "key that signs no digests": send_a_key_that_signs_no_digests,
    "another digest": change_the_digest,
    "unknown hash": lambda p: p["spec"]["data"]["hash"].update(algorithm="md5"),
    "unknown kind": lambda p: p.update(kind="hashedrecord"),
    "unknown version": lambda p: p.update(apiVersion="0.0.2"),
    "no kind": lambda p: p.pop("kind"),
    "no version": lambda p: p.pop("apiVersion"),
    "no spec": lambda p: p.pop("spec"),
    "spec of another type": lambda p: p.update(spec=[]),
    "kind of another type": lambda p: p.update(kind=7),
    "malformed base64": lambda p: p["spec"]["signature"].update(content="a"),
    "not PEM": lambda p: p["spec"]["signature"]["publicKey"].update(content=encode_b64(b"key")),
    "no signature": lambda p: p["spec"].pop("signature"),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_a_proposal_with_one_thing_wrong_is_refused_and_nothing_logged(
    app: Router, log: MemoryLog, change: Change
) -> None:
    proposed = propose_v1(SIGNER)
    change(proposed)
    answer = post(app, V1_ENTRIES, proposed)
    assert (answer.status, answer.json["code"]) == (400, 400)
    assert answer.json["message"]
    assert log.active.reader.tree().size == 1


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"{",
        b"[]",
        b"7",
        b"\xff",
        b'{"kind":"hashedrekord","kind":"hashedrekord","apiVersion":"0.0.1","spec":{}}',
        b'{"kind":"hashedrekord","apiVersion":"0.0.1","spec":' + b"[" * 5000 + b"]" * 5000 + b"}",
        b'{"kind":"hashedrekord","apiVersion":"0.0.1","spec":NaN}',
        b'{"kind":"hashedrekord","apiVersion":"0.0.1","spec":1e999}',
        b'{"kind":"hashedrekord","apiVersion":"0.0.1","spec":' + b"9" * 5000 + b"}",
    ],
    ids=["empty", "cut", "array", "number", "not UTF-8", "duplicate key", "deep", "NaN", "infinite", "long number"],
)
def test_a_body_that_is_no_strict_json_object_is_refused(app: Router, log: MemoryLog, raw: bytes) -> None:
    answer = post(app, V1_ENTRIES, raw)
    assert (answer.status, answer.json["code"], log.active.reader.tree().size) == (400, 400, 1)


def test_a_body_over_the_limit_is_refused(log: MemoryLog) -> None:
    app = build_v1(log, V1Options(body=BodyLimits(100)))
    answer = post(app, V1_ENTRIES, propose_v1(SIGNER))
    assert (answer.status, answer.json["code"], log.active.reader.tree().size) == (413, 413, 1)


def fake(accepted: Accepted) -> V1Options:
    """Accept a kind whose entries are always the same."""
    return V1Options(kinds={("fake", "0.0.1"): lambda _: accepted})


@pytest.mark.parametrize(
    "accepted",
    [Accepted(b"x" * 65_536), Accepted(b"x", tuple(f"sha256:{n:064x}" for n in range(MAX_SEARCH_KEYS + 1)))],
    ids=["long entry", "many keys"],
)
def test_an_entry_that_does_not_fit_is_refused(log: MemoryLog, accepted: Accepted) -> None:
    answer = post(build_v1(log, fake(accepted)), V1_ENTRIES, {"kind": "fake", "apiVersion": "0.0.1", "spec": {}})
    assert (answer.status, log.active.reader.tree().size) == (400, 1)


@pytest.mark.parametrize(
    "accepted",
    [Accepted(b"x" * 65_535), Accepted(b"x", tuple(f"sha256:{n:064x}" for n in range(MAX_SEARCH_KEYS)))],
    ids=["longest entry", "most keys"],
)
def test_the_largest_entry_fits(log: MemoryLog, accepted: Accepted) -> None:
    answer = post(build_v1(log, fake(accepted)), V1_ENTRIES, {"kind": "fake", "apiVersion": "0.0.1", "spec": {}})
    assert (answer.status, log.active.reader.tree().size) == (201, 2)


@pytest.mark.parametrize(
    "content_type", [b"", b"text/plain", b"application/jsonp", b"application/x-www-form-urlencoded"]
)
def test_another_content_type_is_refused(app: Router, content_type: bytes) -> None:
    headers = ((b"content-type", content_type),) if content_type else ((b"x-none", b""),)
    answer = post(app, V1_ENTRIES, propose_v1(SIGNER), *headers)
    assert (answer.status, answer.json["code"]) == (415, 415)


def test_a_content_type_may_have_parameters(app: Router) -> None:
    header = (b"content-type", b"Application/JSON; charset=utf-8")
    assert post(app, V1_ENTRIES, propose_v1(SIGNER), header).status == 201


@pytest.mark.parametrize(
    ("accept", "status"),
    [
        (b"application/json", 201),
        (b"application/json;q=1", 201),
        (b"*/*", 201),
        (b"text/html, application/*;q=0.5", 201),
        (b"text/html", 406),
        (b"application/x-pem-file", 406),
    ],
)
def test_a_client_that_would_not_take_the_answer_is_told(app: Router, accept: bytes, status: int) -> None:
    assert post(app, V1_ENTRIES, propose_v1(SIGNER), JSON, (b"accept", accept)).status == status


def test_a_busy_log_asks_to_come_again(app: Router, log: MemoryLog) -> None:
    log.busy = True
    answer = post(app, V1_ENTRIES, propose_v1(SIGNER))
    assert (answer.status, answer.json["code"], answer.headers[b"retry-after"]) == (503, 503, b"2")


def test_a_frozen_log_takes_no_entries_and_is_still_read(app: Router, log: MemoryLog) -> None:
    log.frozen = True
    answer = post(app, V1_ENTRIES, propose_v1(SIGNER))
    assert (answer.status, answer.json["code"]) == (405, 405)
    assert get(app, f"{V1_ENTRIES}?logIndex=0").status == 200


def test_a_log_that_does_not_answer_is_not_waited_for_for_ever(log: MemoryLog) -> None:
    log.stuck = True
    answer = post(build_v1(log, V1Options(patience=0.001)), V1_ENTRIES, propose_v1(SIGNER))
    assert (answer.status, answer.json["code"]) == (504, 504)


def test_several_entries_are_retrieved_at_once(app: Router, log: MemoryLog) -> None:
    proposed = propose_v1(SIGNER)
    entry_id, _ = only(post(app, V1_ENTRIES, proposed))
    absent = propose_v1(SIGNER, b"never sent")
    query = {"entryUUIDs": [entry_id[16:], "ab" * 32], "entries": [proposed, absent], "logIndexes": [0, 77]}
    answer = post(app, f"{V1_ENTRIES}/retrieve", query)
    assert answer.status == 200
    found = [verify(Answer(200, {}, json.dumps(one).encode()), log.active).log_index for one in answer.json]
    assert found == [1, 1, 0]


@pytest.mark.parametrize("path", ["/retrieve", "/retrieve/"])
def test_nothing_found_is_an_empty_array(app: Router, path: str) -> None:
    answer = post(app, V1_ENTRIES + path, {"logIndexes": [5]})
    assert (answer.status, answer.json) == (200, [])


@pytest.mark.parametrize(
    "query",
    [
        {"logIndexes": list(range(11))},
        {"entryUUIDs": ["ab" * 32] * 11},
        {"entries": [{}] * 11},
        {"logIndexes": [0] * 5, "entryUUIDs": ["ab" * 32] * 6},
        {"logIndexes": [-1]},
        {"logIndexes": [True]},
        {"logIndexes": ["0"]},
        {"logIndexes": 0},
        {"logIndexes": [2**63]},
        {"entryUUIDs": ["abc"]},
        {"entryUUIDs": [7]},
        {"entries": ["abc"]},
    ],
)
def test_a_search_that_breaks_its_schema_is_unprocessable(app: Router, query: object) -> None:
    answer = post(app, f"{V1_ENTRIES}/retrieve", query)
    assert (answer.status, answer.json["code"]) == (422, 422)


def test_a_list_without_elements_may_be_null(app: Router) -> None:
    """As clients in Go write it."""
    query = {"entryUUIDs": None, "entries": None, "logIndexes": None}
    answer = post(app, f"{V1_ENTRIES}/retrieve", query)
    assert (answer.status, answer.json) == (200, [])


def test_ten_entries_are_not_too_many(app: Router) -> None:
    answer = post(app, f"{V1_ENTRIES}/retrieve", {"logIndexes": [0] * 10})
    assert (answer.status, len(answer.json)) == (200, 10)


def test_a_proposal_that_does_not_verify_is_not_searched_for(app: Router) -> None:
    proposed = propose_v1(SIGNER)
    change_the_digest(proposed)
    assert post(app, f"{V1_ENTRIES}/retrieve", {"entries": [proposed]}).status == 400


def test_a_search_has_a_limit_of_its_own(log: MemoryLog) -> None:
    app = build_v1(log, V1Options(search=BodyLimits(100)))
    assert post(app, f"{V1_ENTRIES}/retrieve", {"entries": [propose_v1(SIGNER)]}).status == 413
    assert post(app, V1_ENTRIES, propose_v1(SIGNER)).status == 201


@pytest.mark.parametrize(
    ("query", "counted"),
    [
        ({"entries": [propose_v1(SIGNER)]}, 1),
        ({"entries": [propose_v1(SIGNER)] * 10}, 1),
        ({"entries": [{}]}, 1),
        ({"entries": "none"}, 1),
        ({"logIndexes": [0], "entries": []}, 0),
        ({"entryUUIDs": ["ab" * 32], "entries": None}, 0),
        ({}, 0),
    ],
)
def test_a_search_with_proposals_counts_as_a_write(log: MemoryLog, query: object, counted: int) -> None:
    """Each of them is verified before its entry is looked for."""
    admitted: list[object] = []
    post(build_v1(log, V1Options(admit=admitted.append)), f"{V1_ENTRIES}/retrieve", query)
    assert len(admitted) == counted


def attested(kind: str, version: str, member: str) -> Accepted:
    """Accept an entry that names the hash of what is kept with it."""
    kept = f"kept with {kind}".encode()
    digest = hashlib.sha256(kept).hexdigest()
    holder, name = member.split(".")
    spec = {holder: {name: {"algorithm": "sha256", "value": digest}}}
    body = json.dumps({"apiVersion": version, "kind": kind, "spec": spec}, separators=(",", ":")).encode()
    return Accepted(body, (), Attestation(f"sha256:{digest}", kept))


ATTESTED: Final = (
    ("intoto", "0.0.1", "content.payloadHash"),
    ("intoto", "0.0.2", "content.payloadHash"),
    ("cose", "0.0.1", "data.envelopeHash"),
)


@pytest.mark.parametrize(("kind", "version", "member"), ATTESTED)
def test_an_attestation_is_shown_with_its_entry(log: MemoryLog, kind: str, version: str, member: str) -> None:
    app = build_v1(log, fake(attested(kind, version, member)))
    created = post(app, V1_ENTRIES, {"kind": "fake", "apiVersion": "0.0.1", "spec": {}})
    read = get(app, f"{V1_ENTRIES}?logIndex=1")
    for answer in (created, read):
        (entry,) = answer.json.values()
        assert base64.b64decode(entry["attestation"]["data"]) == f"kept with {kind}".encode()


def test_an_attestation_that_was_not_kept_is_not_shown(log: MemoryLog) -> None:
    """One over the limit is logged without being kept."""
    app = build_v1(log, fake(Accepted(attested(*ATTESTED[0]).body)))
    post(app, V1_ENTRIES, {"kind": "fake", "apiVersion": "0.0.1", "spec": {}})
    (entry,) = get(app, f"{V1_ENTRIES}?logIndex=1").json.values()
    assert "attestation" not in entry


def test_an_attestation_that_is_another_is_left_out_and_told(log: MemoryLog, caplog: pytest.LogCaptureFixture) -> None:
    """The entry can be verified without it; who served anything under its name would vouch for what nobody signed."""
    accepted = attested(*ATTESTED[0])
    app = build_v1(log, fake(accepted))
    post(app, V1_ENTRIES, {"kind": "fake", "apiVersion": "0.0.1", "spec": {}})
    assert accepted.attestation is not None
    path = attestation_path(accepted.attestation.name)
    log.active.storage.objects.put(path, b"something else")
    answer = get(app, f"{V1_ENTRIES}?logIndex=1")
    (entry,) = answer.json.values()
    (line,) = caplog.messages
    assert ("attestation" in entry, path in line) == (False, True)
    verify(answer, log.active)


@pytest.fixture
def rotated(log: MemoryLog) -> MemoryLog:
    """A log of two shards: entries 0 to 4, and from 5 on."""
    log.fill(4)
    first = log.first_of_next
    rotate(log, lambda signer: v1_shard(signer, TREE + 1, first), PrivateKey.generate(ECDSA_P256))
    return log


def test_an_index_counts_over_all_shards(rotated: MemoryLog) -> None:
    old = rotated.shards[0]
    app = build_v1(rotated, V1Options(signers={old.identity.log_id: LOG_KEY}))
    answer = post(app, V1_ENTRIES, propose_v1(SIGNER))
    assert verify(answer, rotated.active).log_index == 6
    for index in range(7):
        shard = rotated.shards[index >= 5]
        assert verify(get(app, f"{V1_ENTRIES}?logIndex={index}"), shard).log_index == index
    assert get(app, f"{V1_ENTRIES}?logIndex=7").status == 404


def test_an_entry_of_a_frozen_shard_is_found_by_its_id(rotated: MemoryLog) -> None:
    app = build_v1(rotated, V1Options(signers={rotated.shards[0].identity.log_id: LOG_KEY}))
    entry_id, _ = only(get(app, f"{V1_ENTRIES}?logIndex=2"))
    for text in (entry_id, entry_id[16:]):
        assert verify(get(app, f"{V1_ENTRIES}/{text}"), rotated.shards[0]).log_index == 2
    assert get(app, f"{V1_ENTRIES}/{TREE + 1:016x}{entry_id[16:]}").status == 404


def test_an_entry_of_a_shard_whose_key_is_gone_has_a_proof_and_no_promise(rotated: MemoryLog) -> None:
    (entry,) = get(build_v1(rotated), f"{V1_ENTRIES}?logIndex=2").json.values()
    assert "signedEntryTimestamp" not in entry["verification"]
    assert entry["verification"]["inclusionProof"]["treeSize"] == 5


def test_an_entry_of_the_index_that_is_not_published_is_not_found(app: Router, log: MemoryLog) -> None:
    """The index is written before the checkpoint; what nobody can prove is not there."""
    log.active.storage.index.add([IndexRow(1, (leaf_key(hash_leaf(b"ahead")),))])
    assert get(app, f"{V1_ENTRIES}/{hash_leaf(b'ahead').hex()}").status == 404


def test_an_index_key_alone_finds_nothing(app: Router, log: MemoryLog) -> None:
    """Half a hash is compared with the whole one in the tree."""
    log.append_now(Draft(b"entry", b"identity of 16 b", (leaf_key(bytes(32)),)))
    assert get(app, f"{V1_ENTRIES}/{hash_leaf(b'entry').hex()}").status == 200
    assert get(app, f"{V1_ENTRIES}/{bytes(32).hex()}").status == 404
